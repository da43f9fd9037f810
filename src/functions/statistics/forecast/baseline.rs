//! What people do without a model: last year, the pace so far, the pipeline as the CRM weighs it.

use super::book::{Book, Stay};
use super::ledger::{Ledger, Outcome};
use super::pair::Pair;
use super::view::View;

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

    /// Of each group, and at last of all: what it expects on the day of a view of the period `[from, to)`. None where it cannot tell.
    pub fn of(self, book: &Book, ledger: &Ledger, view: &View<'_>, [from, to]: [i32; 2]) -> Vec<Option<Pair>> {
        let (day, begin) = (view.day, book.days[ledger.begin].day);
        let won = |from: i32, to: i32| ledger.won(book, from, to);
        let so_far = won(from, day);
        match self {
            Baseline::LastYear if day - YEAR < begin => vec![None; book.groups + 1],
            Baseline::LastYear => {
                let then = won(day - YEAR, to - YEAR);
                so_far.iter().zip(then).map(|(now, then)| Some(now.plus(then))).collect()
            }
            Baseline::RunRate => {
                // a period that has not begun, or whose first week is not over, has no pace of its own
                let own = book.working(from, day) >= 5.0 * book.working(from, to) / f64::from(to - from).max(1.0);
                let since = if own { from } else { day - PACE_DAYS };
                let (passed, left) = (book.working(since, day), book.working(day, to));
                let paced = won(since, day);
                let pace = |(now, paced): (&Pair, Pair)| {
                    (passed > 0.0).then(|| now.plus(paced.map(|sum| sum * left / passed)))
                };
                so_far.iter().zip(paced).map(pace).collect()
            }
            Baseline::Weighted => {
                let open = weighted(book, ledger, &view.open, day, to);
                so_far.iter().zip(open).map(|(now, open)| Some(now.plus(open))).collect()
            }
        }
    }
}

/// Chance times amount of the deals that were open on a day and planned to close before `to`: by the CRM's chance, or the share of deals that
/// were won of all that came to their stage and ended within the year before. Where no deal bore a plan, all that are open.
pub fn weighted(book: &Book, ledger: &Ledger, open: &[Stay], day: i32, to: i32) -> Vec<Pair> {
    let has_plans = ledger.has_plans(day);
    let at = book.at(day);
    let year = at.saturating_sub(YEAR as usize)..at;
    let by_stage = |days: &Vec<Outcome>| {
        let (won, ended) =
            days[year.clone()].iter().fold((0.0, 0.0), |(won, ended), day| (won + day.won, ended + day.ended));
        if ended > 0.0 { won / ended } else { 0.0 }
    };
    let by_stage: Vec<f64> = ledger.outcomes.iter().map(by_stage).collect();
    let (sum, n) = ledger.usual[year.clone()].iter().fold((0.0, 0.0), |(sum, n), day| (sum + day[0], n + day[1]));
    let usual = if n > 0.0 { sum / n } else { 0.0 };
    let mut sums = vec![Pair::default(); book.groups + 1];
    for stay in open {
        let deal = &book.deals[stay.deal as usize];
        if has_plans && deal.planned_at(day).is_none_or(|planned| planned >= to) {
            continue;
        }
        let chance = deal.chance_at(day).unwrap_or(by_stage[usize::from(stay.state)]);
        let amount = deal.amount_at(day, 1.0).unwrap_or(usual);
        for of in [deal.group(), book.groups] {
            sums[of].add(Pair { money: chance * amount, wins: chance });
        }
    }
    sums
}
