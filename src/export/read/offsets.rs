//! The offsets of a zone from UTC by day: asking the zone's rules for each of millions of times takes longer than reading them.

use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime, Offset, TimeZone};
use chrono_tz::Tz;

/// The years of which offsets are kept. Times of others are rare.
const YEARS: [i32; 2] = [1990, 2060];

/// The offsets of a zone from UTC on days on which its clocks do not change.
#[derive(Debug, Clone)]
pub(super) struct Offsets {
    first: i32,
    /// In seconds, for each day from the first on.
    days: Arc<[Option<i32>]>,
}

impl Offsets {
    /// Those of a zone.
    pub(super) fn of(zone: Tz) -> Offsets {
        let day = |year: i32| NaiveDate::from_ymd_opt(year, 1, 1).map_or(0, |day| day.to_epoch_days());
        let [first, end] = YEARS.map(day);
        let at = |day: i32| {
            let midnight = NaiveDate::from_epoch_days(day)?.and_time(NaiveTime::MIN);
            Some(zone.offset_from_utc_datetime(&midnight).fix().local_minus_utc())
        };
        // no zone is further than a day from UTC, and none changes its clocks and back within three days
        let around: Vec<Option<i32>> = (first - 1..end + 2).map(at).collect();
        let of_day = |days: &[Option<i32>]| days[1].filter(|_| days.iter().all(|offset| *offset == days[1]));
        Offsets { first, days: around.windows(4).map(of_day).collect() }
    }

    /// That of a local day, if it is the same all day long.
    pub(super) fn of_day(&self, day: NaiveDate) -> Option<i32> {
        let place = usize::try_from(day.to_epoch_days() - self.first).ok()?;
        self.days.get(place).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;
    use crate::model::calendar::Calendar;

    #[test]
    fn a_day_has_the_offset_that_each_of_its_hours_has() {
        for zone in [
            Tz::UTC,
            Tz::Europe__Moscow,
            Tz::Europe__Berlin,
            Tz::Pacific__Apia,
            Tz::America__New_York,
            Tz::Asia__Kathmandu,
        ] {
            let (offsets, calendar) = (Offsets::of(zone), Calendar::of_zone(zone));
            let first = NaiveDate::from_ymd_opt(1989, 12, 20).unwrap();
            let mut known = 0;
            for day in first.iter_days().take_while(|day| *day < NaiveDate::from_ymd_opt(2060, 1, 10).unwrap()) {
                let Some(offset) = offsets.of_day(day) else { continue };
                known += 1;
                for hour in [0, 3, 12, 23] {
                    let local = day.and_time(NaiveTime::MIN) + Duration::minutes(hour * 60 + 59);
                    let at = local.and_utc() - Duration::seconds(offset.into());
                    assert_eq!(calendar.instant(local), at, "{zone} {local}");
                }
            }
            assert!(known > 24_000, "{zone}: {known}");
        }
    }
}
