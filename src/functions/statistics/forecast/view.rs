//! What was to be expected on one day, from nothing but what was known on it.

use super::book::{Book, End, NEVER, Stay};
use super::clock::Pace;
use super::hazards::{AGES, Hazards, age};
use super::leads::Leads;

/// Wins that the company's average deal is worth beside a group's own.
const PRIOR_WINS: f64 = 20.0;
/// Endings that the company's win rate is worth beside a group's own.
const PRIOR_ENDINGS: f64 = 30.0;
/// Amounts and rates of groups are learnt from so many days back.
const SPAN: i32 = 365;
/// An amount of so many days ago counts half.
const AMOUNT_HALF_LIFE: f64 = 120.0;

/// Money and wins.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pair {
    /// The money.
    pub money: f64,
    /// The number of wins.
    pub wins: f64,
}

impl Pair {
    /// The sum of two.
    pub fn plus(self, other: Pair) -> Pair {
        Pair { money: self.money + other.money, wins: self.wins + other.wins }
    }

    /// Each part by its own function.
    pub fn map(self, of: impl Fn(f64) -> f64) -> Pair {
        Pair { money: of(self.money), wins: of(self.wins) }
    }

    fn add(&mut self, other: Pair) {
        *self = self.plus(other);
    }
}

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
    /// The day on which it is asked: nothing of it or later is seen.
    pub day: i32,
    at: usize,
    clock: Vec<f64>,
    hazards: Hazards,
    leads: Leads,
    /// The stays of open deals, and how old each is.
    open: Vec<(Stay, usize)>,
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

/// Counts by day of the calendar that the views of one book share.
#[derive(Debug)]
pub struct Daily {
    /// Deals that began.
    pub begun: Vec<f64>,
    /// Moves and ends of deals: how busy the day was.
    pub moved: Vec<f64>,
    /// The first day on which a deal began.
    pub begin: usize,
}

impl Daily {
    /// Of all deals.
    pub fn of(book: &Book) -> Daily {
        let (mut begun, mut moved) = (vec![0.0; book.days.len()], vec![0.0; book.days.len()]);
        for deal in &book.deals {
            begun[book.at(deal.entered)] += 1.0;
        }
        for stay in book.stays.iter().filter(|stay| stay.to != NEVER) {
            moved[book.at(stay.to)] += 1.0;
        }
        let begin = book.deals.first().map_or(0, |deal| book.at(deal.entered));
        Daily { begun, moved, begin }
    }
}

impl<'a> View<'a> {
    /// Of one day, to be asked for so many days ahead.
    pub fn of(book: &'a Book, daily: &Daily, day: i32, ahead: usize) -> View<'a> {
        let at = book.at(day);
        let clock = Pace::of(book, &daily.moved, at).clock(book);
        let last = (at + ahead).min(book.days.len());
        let steps = (clock[last] - clock[at]).ceil() as usize + 2;
        let hazards = Hazards::of(book, &clock, at, steps.min(AGES));
        let leads = Leads::of(book, &daily.begun, daily.begin.min(at), at, ahead);
        let is_here = |stay: &&Stay| {
            stay.from < day && stay.to >= day && !(stay.to == day && book.deals[stay.deal].end == End::Unknown)
        };
        let open = book.stays.iter().filter(is_here).map(|stay| (*stay, age(&clock, book.at(stay.from), at))).collect();
        let mut view = View {
            book,
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
        let (book, all) = (self.book, self.book.groups);
        let mut amounts = vec![[0.0_f64; 3]; all + 1];
        let (mut wins, mut ends, mut leads) = (vec![0.0; all + 1], vec![0.0; all + 1], vec![0.0; all + 1]);
        let (mut priced, mut kept) = (vec![0.0; all + 1], [0.0; 2]);
        for deal in book.deals.iter().filter(|deal| deal.entered < self.day) {
            let is_won = deal.end == End::Won;
            if deal.entered >= self.day - SPAN {
                let weight = (-f64::from(self.day - deal.entered) / 90.0).exp2();
                [deal.group, all].into_iter().for_each(|of| leads[of] += weight);
            }
            if deal.ended >= self.day || deal.ended < self.day - SPAN || deal.end == End::Unknown {
                continue;
            }
            let weight = (-f64::from(self.day - deal.ended) / AMOUNT_HALF_LIFE).exp2();
            for of in [deal.group, all] {
                ends[of] += 1.0;
                wins[of] += f64::from(u8::from(is_won));
                if let (true, Some(amount)) = (is_won, deal.amount) {
                    priced[of] += 1.0;
                    let sums = [weight, weight * amount, weight * amount * amount];
                    amounts[of].iter_mut().zip(sums).for_each(|(sum, more)| *sum += more);
                }
            }
            if let (true, Some(amount), Some(list)) = (is_won, deal.amount, deal.list) {
                kept = [kept[0] + amount, kept[1] + list];
            }
        }
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
        for deal in &self.book.deals {
            if deal.end == End::Won && deal.ended >= from && deal.ended < self.day {
                let one = Pair { money: deal.amount.unwrap_or(0.0), wins: 1.0 };
                [deal.group, all].into_iter().for_each(|of| parts[of].won.add(one));
            }
        }
        let end = self.book.at(to).max(self.at);
        self.open_until(end, &mut parts);
        self.coming_until(end, &mut parts);
        reconcile(&mut parts);
        parts
    }

    /// What is paid for an open deal: its own amount, less the usual discount; else the usual size.
    fn size(&self, deal: usize, group: usize) -> Size {
        let deal = &self.book.deals[deal];
        let own = deal.amount_at(self.day, self.kept).filter(|own| *own > 0.0);
        own.map_or(self.sizes[group], |mean| Size { mean, spread: 1.0 })
    }

    fn open_until(&mut self, end: usize, parts: &mut [Parts]) {
        let all = self.book.groups;
        let span = self.clock[end] - self.clock[self.at];
        self.memo = vec![vec![None; AGES]; self.book.states];
        for (stay, age) in &self.open {
            let hazards = &self.hazards;
            let chance = *self.memo[stay.state][*age].get_or_insert_with(|| hazards.win(stay.state, *age, span, 0.0));
            let group = self.book.deals[stay.deal].group;
            for of in [group, all] {
                let odds = self.odds[of];
                let chance = chance * odds / (1.0 - chance + chance * odds);
                let Size { mean, spread } = self.size(stay.deal, of);
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
