//! Instants that say a day: exports write a day without a time, and it is read as that day's midnight.

use chrono::DateTime;
use chrono_tz::Tz;

use crate::model::calendar::Calendar;

/// Recognises the instants that stand for a whole day: the midnights of one time zone.
#[derive(Debug, Clone)]
pub(crate) struct DayOf(Calendar);

/// A local midnight lies on a quarter of an hour: nearly all instants are told by that.
const QUARTER: i64 = 900_000_000;

impl DayOf {
    pub(crate) fn new(zone: Tz) -> DayOf {
        DayOf(Calendar::of_zone(zone))
    }

    /// The last moment that an instant may stand for: of a local midnight the end of its day, of any other itself.
    pub(crate) fn ends_at(&self, at: i64) -> i64 {
        if at.rem_euclid(QUARTER) != 0 {
            return at;
        }
        let Some(moment) = DateTime::from_timestamp_micros(at) else { return at };
        let day = self.0.day(moment);
        match day.succ_opt() {
            Some(next) if self.0.midnight(day) == moment => self.0.midnight(next).timestamp_micros() - 1,
            _ => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    #[test]
    fn a_midnight_is_a_day_and_any_other_instant_is_itself() {
        const HOUR: i64 = 3_600_000_000;
        for (zone, hours) in [(chrono_tz::Europe::Moscow, 24), (chrono_tz::Europe::Berlin, 23)] {
            let of = DayOf::new(zone);
            // in Berlin the clocks go forward on this day
            let midnight = of.0.midnight(NaiveDate::from_ymd_opt(2025, 3, 30).unwrap()).timestamp_micros();
            assert_eq!(of.ends_at(midnight), midnight + hours * HOUR - 1, "{zone}");
            assert_eq!([1, HOUR, -HOUR].map(|more| of.ends_at(midnight + more) - midnight), [1, HOUR, -HOUR], "{zone}");
        }
        assert_eq!([i64::MIN, i64::MAX].map(|at| DayOf::new(Tz::UTC).ends_at(at)), [i64::MIN, i64::MAX]);
    }
}
