//! Mailings to a client: a few at any time, and to some clients too many in one month.

use super::clock::{Clock, DAY, Second};
use super::company::{MAILED_TOO_OFTEN, MAILINGS_TOO_MANY};
use super::streams::{Draws, Stream};

/// Days that a month must have left for too many mailings to be spread over it.
const SPREAD_DAYS: i64 = 18;

/// Makes mailings.
pub struct Mailings {
    usual: Stream,
    too_many: Stream,
    /// The days of each calendar month of the history: from, and up to.
    months: Vec<(i64, i64)>,
}

impl Mailings {
    /// The mailings of one seed.
    pub fn new(seed: u64, clock: &Clock) -> Mailings {
        let mut months: Vec<(i64, i64)> = Vec::new();
        for day in 0..clock.days as i64 {
            match months.last_mut() {
                Some((first, end)) if clock.month(*first * DAY) == clock.month(day * DAY) => *end = day + 1,
                _ => months.push((day, day + 1)),
            }
        }
        Mailings {
            usual: Stream::new(seed, "client.mailings"),
            too_many: Stream::new(seed, "client.mailed_too_often"),
            months,
        }
    }

    /// When mailings reach a client, in order: at noon of days after it first came.
    pub fn of(&self, number: u64, first_seen: Second, clock: &Clock) -> Vec<Second> {
        let mut draws = self.usual.of(number);
        let count = draws.pick(&[0.35, 0.35, 0.20, 0.10]);
        let from = first_seen / DAY + 1;
        let days = clock.days as f64;
        let mut at: Vec<Second> = (0..count)
            .map(|_| noon(draws.between(from as f64, days.max(from as f64)) as i64, &mut draws))
            .filter(|at| *at < clock.cut())
            .collect();
        let mut draws = self.too_many.of(number);
        if draws.chance(MAILED_TOO_OFTEN) {
            let left: Vec<(i64, i64)> = self
                .months
                .iter()
                .map(|(first, end)| ((*first).max(from), *end))
                .filter(|(first, end)| end - first >= SPREAD_DAYS)
                .collect();
            if !left.is_empty() {
                let (first, end) = left[draws.below(left.len())];
                // one per equal part of the month
                let part = (end - first) as f64 / MAILINGS_TOO_MANY as f64;
                at.extend((0..MAILINGS_TOO_MANY).map(|number| {
                    let day = first + ((number as f64 + draws.unit()) * part) as i64;
                    noon(day, &mut draws)
                }));
            }
        }
        at.sort_unstable();
        at
    }
}

/// About noon of a day.
fn noon(day: i64, draws: &mut Draws) -> Second {
    day * DAY + 11 * 3600 + draws.below(3600) as Second
}
