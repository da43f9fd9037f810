//! What was to be expected on one day, from nothing but what was known on it.

use super::book::{Book, End, Kept, Stay};
use super::clock::Pace;
use super::hazards::{AGES, Hazards, age};
use super::leads::Leads;
use super::ledger::{Ledger, OfDay};
use super::pair::Pair;

/// Wins that the company's average deal is worth beside a group's own.
const PRIOR_WINS: f64 = 20.0;
/// Endings that the company's win rate is worth beside a group's own.
const PRIOR_ENDINGS: f64 = 30.0;
/// Amounts and rates of groups are learnt from so many days back.
const SPAN: i32 = 365;
/// An amount of so many days ago counts half.
const AMOUNT_HALF_LIFE: f64 = 120.0;
/// A lead of so many days ago counts half for its group's share of the leads.
const LEADS_HALF_LIFE: f64 = 90.0;

/// The parts of a forecast: what is expected until a day, and its variance.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Parts {
    /// Won so far in the period.
    pub won: Pair,
    /// Of open deals.
    pub open: Pair,
    /// Of deals that are still to come.
    pub coming: Pair,
    /// Variance of what is not won yet.
    pub variance: Pair,
}

/// How much a deal brings.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Size {
    mean: f64,
    /// Mean square over the square of the mean.
    spread: f64,
}

/// The state of the company on one day: it can be asked for any day ahead.
#[derive(Debug)]
pub struct View<'a> {
    book: &'a Book,
    ledger: &'a Ledger,
    /// The day on which it is asked: nothing of it or later is seen.
    pub day: i32,
    at: usize,
    clock: Vec<f64>,
    hazards: Hazards,
    leads: Leads,
    /// The stays of the deals that were open, and of those of which from that day on nobody knows how they ended.
    pub open: Vec<Stay>,
    /// By group, and at last of all: the size of a deal, odds of a win beside those of all, share of the leads.
    sizes: Vec<Size>,
    odds: Vec<f64>,
    shares: Vec<f64>,
    /// What a deal brings, of what it was to bring before the discount.
    kept: f64,
    /// Wins within the year before, by group and at last of all: those with an amount, and all.
    pub recent: Vec<Pair>,
    memo: Vec<Vec<Option<f64>>>,
}

impl<'a> View<'a> {
    /// Of one day, to be asked for so many days ahead.
    pub fn of(book: &'a Book, ledger: &'a Ledger, day: i32, ahead: usize) -> View<'a> {
        let at = book.at(day);
        let clock = Pace::of(book, &ledger.moved, at).clock(book);
        let last = (at + ahead).min(book.days.len());
        let steps = (clock[last] - clock[at]).ceil() as usize + 2;
        let hazards = Hazards::of(book, ledger, &clock, at, steps.min(AGES));
        let leads = Leads::of(book, &ledger.begun(), ledger.begin.min(at), at, ahead);
        let open = open(book, day);
        let mut view = View {
            book,
            ledger,
            day,
            at,
            clock,
            hazards,
            leads,
            open,
            sizes: Vec::new(),
            odds: Vec::new(),
            shares: Vec::new(),
            kept: 1.0,
            recent: Vec::new(),
            memo: Vec::new(),
        };
        view.learn_groups();
        view
    }

    fn learn_groups(&mut self) {
        let (book, ledger, all) = (self.book, self.ledger, self.book.groups);
        let mut amounts = vec![[0.0_f64; 3]; all + 1];
        let (mut wins, mut ends, mut leads) = (vec![0.0; all + 1], vec![0.0; all + 1], vec![0.0; all + 1]);
        let mut priced = vec![0.0; all + 1];
        let memory = |day: &OfDay, half_life: f64| (-((self.at - day.at as usize) as f64) / half_life).exp2();
        for of in 0..=all {
            for day in ledger.days(book, of, [self.day - SPAN, self.day]) {
                leads[of] += day.begun * memory(day, LEADS_HALF_LIFE);
                ends[of] += day.ended;
                wins[of] += day.wins;
                priced[of] += day.priced;
                let weight = memory(day, AMOUNT_HALF_LIFE);
                let sums = [day.priced, day.money, day.squares];
                amounts[of].iter_mut().zip(sums).for_each(|(sum, more)| *sum += weight * more);
            }
        }
        let from = self.at.saturating_sub(SPAN as usize);
        let kept = ledger.kept[from..self.at].iter().fold([0.0; 2], |sum, day| [sum[0] + day[0], sum[1] + day[1]]);
        if kept[1] > 0.0 {
            self.kept = (kept[0] / kept[1]).clamp(0.2, 1.0);
        }
        let [n, sum, squares] = amounts[all];
        let mean = if n > 0.0 { sum / n } else { 0.0 };
        let spread = if n > 0.0 && mean > 0.0 { (squares / n / (mean * mean)).max(1.0) } else { 1.0 };
        let size = |[n, sum, _]: &[f64; 3]| Size { mean: (sum + PRIOR_WINS * mean) / (n + PRIOR_WINS), spread };
        self.sizes = amounts.iter().map(size).collect();
        self.sizes[all].mean = mean;
        let rate = (wins[all] + 1.0) / (ends[all] + 2.0);
        let odds = |rate: f64| rate / (1.0 - rate);
        self.odds = (0..=all)
            .map(|of| odds((wins[of] + PRIOR_ENDINGS * rate) / (ends[of] + PRIOR_ENDINGS)) / odds(rate))
            .map(|ratio| if ratio.is_finite() { ratio } else { 1.0 })
            .collect();
        self.odds[all] = 1.0;
        self.shares = leads.iter().map(|n| if leads[all] > 0.0 { n / leads[all] } else { 0.0 }).collect();
        self.recent = priced.into_iter().zip(wins).map(|(money, wins)| Pair { money, wins }).collect();
    }

    /// What is expected until the day `to`, of a period that began on the day `from`, by group and at last of all. The groups' parts add up to
    /// those of all.
    pub fn until(&mut self, from: i32, to: i32) -> Vec<Parts> {
        let all = self.book.groups;
        let mut parts = vec![Parts::default(); all + 1];
        let won = self.ledger.won(self.book, from, self.day);
        parts.iter_mut().zip(won).for_each(|(parts, won)| parts.won = won);
        let end = self.book.at(to).max(self.at);
        self.open_until(end, &mut parts);
        self.coming_until(end, &mut parts);
        reconcile(&mut parts);
        parts
    }

    /// What is paid for an open deal: its own amount, less the usual discount; else the usual size.
    fn size(&self, deal: &Kept, group: usize) -> Size {
        let own = deal.amount_at(self.day, self.kept).filter(|own| *own > 0.0);
        own.map_or(self.sizes[group], |mean| Size { mean, spread: 1.0 })
    }

    fn open_until(&mut self, end: usize, parts: &mut [Parts]) {
        let all = self.book.groups;
        let span = self.clock[end] - self.clock[self.at];
        self.memo = vec![vec![None; AGES]; self.book.states];
        for stay in &self.open {
            let deal = &self.book.deals[stay.deal as usize];
            if stay.to == self.day && deal.end == End::Unknown {
                continue;
            }
            let age = age(&self.clock, self.book.at(stay.from), self.at);
            let (hazards, state) = (&self.hazards, usize::from(stay.state));
            let chance = *self.memo[state][age].get_or_insert_with(|| hazards.win(state, age, span, 0.0));
            for of in [deal.group(), all] {
                let odds = self.odds[of];
                let chance = chance * odds / (1.0 - chance + chance * odds);
                let Size { mean, spread } = self.size(deal, of);
                parts[of].open.add(Pair { money: chance * mean, wins: chance });
                let money = chance * mean * mean * (spread - chance);
                parts[of].variance.add(Pair { money, wins: chance * (1.0 - chance) });
            }
        }
    }

    fn coming_until(&self, end: usize, parts: &mut [Parts]) {
        let mut wins = 0.0;
        for at in self.at..end {
            let come = self.leads.daily.get(at - self.at).copied().unwrap_or(0.0);
            wins += come * self.hazards.new_deal(self.clock[end] - self.clock[at]);
        }
        for (of, parts) in parts.iter_mut().enumerate() {
            let Size { mean, spread } = self.sizes[of];
            let wins = wins * self.shares[of] * self.odds[of].min(3.0);
            parts.coming.add(Pair { money: wins * mean, wins });
            let level = wins * wins * self.leads.level_variance;
            let number = wins * self.leads.dispersion.min(4.0) + level;
            let money = mean * mean * (wins * (spread - 1.0) + number);
            parts.variance.add(Pair { money, wins: number });
        }
    }
}

/// The stays in which deals stood on a day, those included that left on it.
pub fn open(book: &Book, day: i32) -> Vec<Stay> {
    // later deals have no earlier stays
    let begun = book.deals.partition_point(|deal| deal.entered < day) as u32;
    let until = book.stays.partition_point(|stay| stay.deal < begun);
    book.stays[..until].iter().filter(|stay| stay.from < day && stay.to >= day).copied().collect()
}

/// Scales the groups' parts so that they add up to those of all.
fn reconcile(parts: &mut [Parts]) {
    let Some((all, groups)) = parts.split_last_mut() else { return };
    let sum = |of: fn(&Parts) -> Pair| groups.iter().fold(Pair::default(), |sum, parts| sum.plus(of(parts)));
    let scale = |all: Pair, sum: Pair| {
        let one = |all: f64, sum: f64| if sum > 0.0 { all / sum } else { 1.0 };
        Pair { money: one(all.money, sum.money), wins: one(all.wins, sum.wins) }
    };
    let open = scale(all.open, sum(|parts| parts.open));
    let coming = scale(all.coming, sum(|parts| parts.coming));
    for parts in groups {
        parts.open = Pair { money: parts.open.money * open.money, wins: parts.open.wins * open.wins };
        parts.coming = Pair { money: parts.coming.money * coming.money, wins: parts.coming.wins * coming.wins };
    }
}
