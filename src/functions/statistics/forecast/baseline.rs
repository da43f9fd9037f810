//! What people do without a model: last year, the pace so far, the pipeline as the CRM weighs it.

use super::book::{Book, End};
use super::view::Pair;

/// Days of a year of whole weeks.
const YEAR: i32 = 364;
/// Before so much of the period has passed, the pace is that of the weeks before.
const PACE_DAYS: i32 = 28;

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Baseline {
    /// Won so far, and what the same days of last year brought.
    LastYear,
    /// Won so far per working day, until the end.
    RunRate,
    /// Won so far, and the chance times the amount of open deals that are planned to close in time.
    Weighted,
}

impl Baseline {
    /// All of them, in the order of results.
    pub const ALL: [Baseline; 3] = [Baseline::LastYear, Baseline::RunRate, Baseline::Weighted];

    /// Of each group, and at last of all: what it expects on the day `day` of the period `[from, to)`. None where it cannot tell.
    pub fn of(self, book: &Book, begin: i32, day: i32, [from, to]: [i32; 2]) -> Vec<Option<Pair>> {
        let so_far = won(book, from, day);
        match self {
            Baseline::LastYear if day - YEAR < begin => vec![None; book.groups + 1],
            Baseline::LastYear => {
                let then = won(book, day - YEAR, to - YEAR);
                so_far.iter().zip(then).map(|(now, then)| Some(now.plus(then))).collect()
            }
            Baseline::RunRate => {
                // a period that has not begun, or whose first week is not over, has no pace of its own
                let own = book.working(from, day) >= 5.0 * book.working(from, to) / f64::from(to - from).max(1.0);
                let since = if own { from } else { day - PACE_DAYS };
                let (passed, left) = (book.working(since, day), book.working(day, to));
                let paced = won(book, since, day);
                let pace = |(now, paced): (&Pair, Pair)| {
                    (passed > 0.0).then(|| now.plus(paced.map(|sum| sum * left / passed)))
                };
                so_far.iter().zip(paced).map(pace).collect()
            }
            Baseline::Weighted => {
                let open = weighted(book, day, to);
                so_far.iter().zip(open).map(|(now, open)| Some(now.plus(open))).collect()
            }
        }
    }
}

/// What was won in `[from, to)`, by group and at last of all.
pub fn won(book: &Book, from: i32, to: i32) -> Vec<Pair> {
    let mut sums = vec![Pair::default(); book.groups + 1];
    for deal in book.deals.iter().filter(|deal| deal.end == End::Won && (from..to).contains(&deal.ended)) {
        let one = Pair { money: deal.amount.unwrap_or(0.0), wins: 1.0 };
        for of in [deal.group, book.groups] {
            sums[of] = sums[of].plus(one);
        }
    }
    sums
}

/// Chance times amount of the deals that were open on a day and planned to close before `to`: by the CRM's chance, or the share of deals that
/// were won of all that came to their stage and ended within the year before. Where no deal bears a plan, all that are open.
pub fn weighted(book: &Book, day: i32, to: i32) -> Vec<Pair> {
    let has_plans = book.deals.iter().any(|deal| deal.entered < day && deal.planned_at(day).is_some());
    let (mut won, mut ended) = (vec![0.0; book.states], vec![0.0; book.states]);
    let (mut sum, mut n) = (0.0, 0.0);
    for stay in &book.stays {
        let deal = &book.deals[stay.deal];
        if deal.ended < day && deal.ended >= day - YEAR && deal.end != End::Unknown {
            ended[stay.state] += 1.0;
            if deal.end == End::Won {
                won[stay.state] += 1.0;
                if let (Some(amount), super::book::Way::Won) = (deal.amount, stay.way) {
                    (sum, n) = (sum + amount, n + 1.0);
                }
            }
        }
    }
    let usual = if n > 0.0 { sum / n } else { 0.0 };
    let mut sums = vec![Pair::default(); book.groups + 1];
    for stay in book.stays.iter().filter(|stay| stay.from < day && stay.to >= day) {
        let deal = &book.deals[stay.deal];
        if has_plans && deal.planned_at(day).is_none_or(|planned| planned >= to) {
            continue;
        }
        let by_stage = if ended[stay.state] > 0.0 { won[stay.state] / ended[stay.state] } else { 0.0 };
        let chance = deal.chance_at(day).unwrap_or(by_stage);
        let amount = deal.amount_at(day, 1.0).unwrap_or(usual);
        for of in [deal.group, book.groups] {
            sums[of] = sums[of].plus(Pair { money: chance * amount, wins: chance });
        }
    }
    sums
}
