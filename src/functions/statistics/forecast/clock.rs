//! A clock that runs as business does: slower on weekends and holidays.

use super::book::Book;

/// Kinds of days: seven weekdays and the holiday.
pub const KINDS: usize = 8;
/// What is known of a kind of day before any was seen: so many days at the pace of all.
const PRIOR_DAYS: f64 = 4.0;
/// Kinds of days are learnt from so many days back.
const SPAN: i32 = 364;

/// How much of an average day's business a day of each kind sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace(pub [f64; KINDS]);

impl Pace {
    /// From counts by day (places of the calendar) before the day at place `until`.
    pub fn of(book: &Book, counts: &[f64], until: usize) -> Pace {
        let from = until.saturating_sub(SPAN as usize);
        let (mut sums, mut days) = ([0.0; KINDS], [0.0; KINDS]);
        for at in from..until {
            sums[book.kinds[at]] += counts[at];
            days[book.kinds[at]] += 1.0;
        }
        let mean = sums.iter().sum::<f64>() / days.iter().sum::<f64>().max(1.0);
        let mut pace = [1.0; KINDS];
        if mean > 0.0 {
            for kind in 0..KINDS {
                pace[kind] = (sums[kind] / mean + PRIOR_DAYS) / (days[kind] + PRIOR_DAYS);
            }
        }
        Pace(pace)
    }

    /// The clock's time at the beginning of each day of the calendar, and after the last.
    pub fn clock(&self, book: &Book) -> Vec<f64> {
        let mut time = 0.0;
        let mut clock = Vec::with_capacity(book.kinds.len() + 1);
        clock.push(0.0);
        for kind in &book.kinds {
            time += self.0[*kind];
            clock.push(time);
        }
        clock
    }
}
