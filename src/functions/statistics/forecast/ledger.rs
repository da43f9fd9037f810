//! Sums by day, made once: what every past day asks again of deals and stays that were over by then.

use super::book::{Book, End, Kept, NEVER, Way};
use super::pair::Pair;

/// What happened to the deals of one group on one day of the calendar.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct OfDay {
    /// The place of the day.
    pub at: u32,
    /// Deals that began.
    pub begun: f64,
    /// Deals that ended as won or lost.
    pub ended: f64,
    /// Won.
    pub wins: f64,
    /// Won with an amount.
    pub priced: f64,
    /// Their amounts.
    pub money: f64,
    /// The squares of these.
    pub squares: f64,
}

impl OfDay {
    fn add(&mut self, deal: &Kept) {
        self.ended += 1.0;
        if deal.end == End::Won {
            self.wins += 1.0;
            if let Some(amount) = deal.amount() {
                self.priced += 1.0;
                self.money += amount;
                self.squares += amount * amount;
            }
        }
    }
}

/// What the stays of one state came to, by the day on which their deals ended.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Outcome {
    /// Stays of deals that ended as won or lost.
    pub ended: f64,
    /// Of deals that were won.
    pub won: f64,
}

/// Stays of one state that began and ended alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alike {
    /// The state.
    pub state: u16,
    /// The place of the day of the entry.
    pub from: u32,
    /// That of the day on which they left; beyond all days if they stand there.
    pub to: u32,
    /// Where to.
    pub way: Way,
    /// How many.
    pub count: u32,
}

impl Alike {
    fn key(&self) -> (u16, u32, u32, Way) {
        (self.state, self.from, self.to, self.way)
    }
}

/// The sums.
#[derive(Debug)]
pub struct Ledger {
    /// By group, and at last of all: the days on which something happened, in order.
    pub groups: Vec<Vec<OfDay>>,
    /// By day: what won deals brought and what they were to bring before a discount, where both are known.
    pub kept: Vec<[f64; 2]>,
    /// By state and day.
    pub outcomes: Vec<Vec<Outcome>>,
    /// By day: the amounts of deals that were won from the state in which they stood, and how many they are.
    pub usual: Vec<[f64; 2]>,
    /// The stays.
    pub stays: Vec<Alike>,
    /// By day: moves and ends of deals: how busy it was.
    pub moved: Vec<f64>,
    /// The place of the first day on which a deal began.
    pub begin: usize,
    /// The first day from which on a plan of a deal was known.
    plans_from: Option<i32>,
}

impl Ledger {
    /// Of all deals. The sums of a day are the same whatever became of deals later.
    pub fn of(book: &Book) -> Ledger {
        let days = book.days.len();
        let mut ledger = Ledger {
            groups: groups(book),
            kept: vec![[0.0; 2]; days],
            outcomes: vec![vec![Outcome::default(); days]; book.states],
            usual: vec![[0.0; 2]; days],
            stays: alike(book),
            moved: vec![0.0; days],
            begin: book.deals.first().map_or(0, |deal| book.at(deal.entered)),
            plans_from: book.deals.iter().filter_map(Kept::plan_known_from).min(),
        };
        for deal in book.deals.iter().filter(|deal| deal.end == End::Won) {
            if let (Some(amount), Some(list)) = (deal.amount(), deal.list()) {
                let kept = &mut ledger.kept[book.at(deal.ended)];
                *kept = [kept[0] + amount, kept[1] + list];
            }
        }
        for (place, stay) in book.stays.iter().enumerate() {
            if stay.to != NEVER {
                ledger.moved[book.at(stay.to)] += 1.0;
            }
            let deal = &book.deals[stay.deal as usize];
            if !matches!(deal.end, End::Won | End::Lost) {
                continue;
            }
            let at = book.at(deal.ended);
            let outcome = &mut ledger.outcomes[usize::from(stay.state)][at];
            outcome.ended += 1.0;
            if deal.end == End::Won {
                outcome.won += 1.0;
                if let (Some(amount), Way::Won) = (deal.amount(), book.way(place)) {
                    let usual = &mut ledger.usual[at];
                    *usual = [usual[0] + amount, usual[1] + 1.0];
                }
            }
        }
        ledger
    }

    /// The deals that began on each day.
    pub fn begun(&self) -> Vec<f64> {
        let mut begun = vec![0.0; self.moved.len()];
        self.groups.last().into_iter().flatten().for_each(|day| begun[day.at as usize] = day.begun);
        begun
    }

    /// The days of a group within `[from, to)`.
    pub fn days(&self, book: &Book, group: usize, [from, to]: [i32; 2]) -> &[OfDay] {
        let of = &self.groups[group];
        let place = |day: i32| {
            let first = book.days.first().map_or(0, |day| day.day);
            of.partition_point(|known| i64::from(known.at) < i64::from(day) - i64::from(first))
        };
        let (from, to) = (place(from), place(to));
        &of[from..to.max(from)]
    }

    /// What was won in `[from, to)`, by group and at last of all.
    pub fn won(&self, book: &Book, from: i32, to: i32) -> Vec<Pair> {
        let sum = |days: &[OfDay]| {
            days.iter().fold(Pair::default(), |sum, day| sum.plus(Pair { money: day.money, wins: day.wins }))
        };
        (0..=book.groups).map(|group| sum(self.days(book, group, [from, to]))).collect()
    }

    /// Whether a deal bore a plan before a day.
    pub fn has_plans(&self, day: i32) -> bool {
        self.plans_from.is_some_and(|from| from < day)
    }
}

fn groups(book: &Book) -> Vec<Vec<OfDay>> {
    let mut by_group: Vec<Vec<&Kept>> = vec![Vec::new(); book.groups];
    book.deals.iter().for_each(|deal| by_group[deal.group()].push(deal));
    let mut days = vec![OfDay::default(); book.days.len()];
    let mut sum = |deals: &mut dyn Iterator<Item = &Kept>| {
        days.fill(OfDay::default());
        for deal in deals {
            days[book.at(deal.entered)].begun += 1.0;
            if matches!(deal.end, End::Won | End::Lost) {
                days[book.at(deal.ended)].add(deal);
            }
        }
        let told = (0..).zip(&days).filter(|(_, day)| day.begun > 0.0 || day.ended > 0.0);
        told.map(|(at, day)| OfDay { at, ..*day }).collect()
    };
    let mut groups: Vec<Vec<OfDay>> = by_group.into_iter().map(|deals| sum(&mut deals.into_iter())).collect();
    groups.push(sum(&mut book.deals.iter()));
    groups
}

/// So many stays are sorted at once: of all of a large company the keys alone would take more room than the stays.
const SORTED_AT_ONCE: usize = 4 << 20;

/// Stays counted by what a hazard knows of them: state, way, first and last day. In an order that what became of others does not change.
fn alike(book: &Book) -> Vec<Alike> {
    let beyond = book.days.len() as u32;
    let key = |place: usize| {
        let stay = &book.stays[place];
        let to = if stay.to == NEVER { beyond } else { book.at(stay.to) as u32 };
        Alike { state: stay.state, from: book.at(stay.from) as u32, to, way: book.way(place), count: 1 }
    };
    let mut all: Vec<Alike> = Vec::new();
    for from in (0..book.stays.len()).step_by(SORTED_AT_ONCE) {
        let to = (from + SORTED_AT_ONCE).min(book.stays.len());
        let mut some: Vec<Alike> = (from..to).map(key).collect();
        some.sort_unstable_by_key(Alike::key);
        counted(&mut some);
        all.append(&mut some);
        // two runs that are sorted already
        all.sort_by_key(Alike::key);
        counted(&mut all);
    }
    all
}

/// Puts neighbours with one key together.
fn counted(sorted: &mut Vec<Alike>) {
    sorted.dedup_by(|next, kept| {
        let is_same = next.key() == kept.key();
        kept.count += if is_same { next.count } else { 0 };
        is_same
    });
}
