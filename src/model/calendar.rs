//! Days, weeks and working hours in the company's time zone.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

/// Opening hours of one weekday, `from` before `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// When work begins.
    pub from: NaiveTime,
    /// When work ends.
    pub to: NaiveTime,
}

/// The company's calendar: time zone, working hours by weekday, holidays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// The time zone that decides what a day and a week are.
    pub zone: Tz,
    /// Working hours from Monday to Sunday; none: a day off.
    pub week: [Option<Hours>; 7],
    /// Days off beside the weekly ones.
    pub holidays: BTreeSet<NaiveDate>,
}

impl Calendar {
    /// The local day of an instant.
    pub fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    /// The instant at which a local day begins. Where a clock change skips midnight, the first moment after it.
    pub fn midnight(&self, day: NaiveDate) -> DateTime<Utc> {
        self.instant(day.and_time(NaiveTime::MIN))
    }

    /// The instant of a local time: the earlier of two where the clock goes back, the first after the gap where it
    /// goes forward.
    pub fn instant(&self, local: NaiveDateTime) -> DateTime<Utc> {
        use chrono::LocalResult::{Ambiguous, None as Gap, Single};
        match self.zone.from_local_datetime(&local) {
            Single(at) | Ambiguous(at, _) => at.with_timezone(&Utc),
            // gaps are at most a few hours: step forward to the first time that exists
            Gap => (1..=288)
                .find_map(|step| {
                    let later = local + chrono::Duration::minutes(step * 5);
                    self.zone.from_local_datetime(&later).earliest()
                })
                .map_or_else(|| Utc.from_utc_datetime(&local), |at| at.with_timezone(&Utc)),
        }
    }

    /// The Monday of a day's week.
    pub fn monday(day: NaiveDate) -> NaiveDate {
        day - Days::new(u64::from(day.weekday().num_days_from_monday()))
    }

    /// The first day of a day's month.
    pub fn first_of_month(day: NaiveDate) -> NaiveDate {
        day - Days::new(u64::from(day.day0()))
    }

    /// Working hours of a day; none on days off.
    pub fn hours(&self, day: NaiveDate) -> Option<Hours> {
        match self.holidays.contains(&day) {
            true => None,
            false => self.week[day.weekday().num_days_from_monday() as usize],
        }
    }

    /// Whether an instant lies within working hours. Where they end, they are over.
    pub fn open(&self, at: DateTime<Utc>) -> bool {
        let day = self.day(at);
        self.hours(day).is_some_and(|hours| {
            let [opens, closes] = [hours.from, hours.to].map(|time| self.instant(day.and_time(time)));
            (opens..closes).contains(&at)
        })
    }

    /// Working seconds between two instants; 0 where `to` is not after `from`.
    ///
    /// Walks day by day: fine for a deal's life, meant for spans of up to a few years.
    pub fn working_seconds(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
        if to <= from {
            return 0;
        }
        let (first, last) = (self.day(from), self.day(to));
        let mut total = 0;
        let mut day = first;
        while day <= last {
            if let Some(hours) = self.hours(day) {
                let opens = self.instant(day.and_time(hours.from)).max(from);
                let closes = self.instant(day.and_time(hours.to)).min(to);
                total += (closes - opens).num_seconds().max(0);
            }
            day = day + Days::new(1);
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar() -> Calendar {
        let nine_to_six = Some(Hours {
            from: NaiveTime::from_hms_opt(9, 0, 0).unwrap(),
            to: NaiveTime::from_hms_opt(18, 0, 0).unwrap(),
        });
        Calendar {
            zone: chrono_tz::Europe::Moscow,
            week: [nine_to_six, nine_to_six, nine_to_six, nine_to_six, nine_to_six, None, None],
            holidays: [NaiveDate::from_ymd_opt(2025, 3, 4).unwrap()].into(),
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        calendar().instant(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap())
    }

    #[test]
    fn nights_weekends_and_holidays_do_not_count() {
        let c = calendar();
        // Monday 17:00 to Wednesday 10:00 over a Tuesday holiday: one hour on each side
        assert_eq!(c.working_seconds(at("2025-03-03 17:00"), at("2025-03-05 10:00")), 2 * 3600);
        // Friday evening to Monday morning
        assert_eq!(c.working_seconds(at("2025-03-07 19:00"), at("2025-03-10 09:30")), 1800);
        assert_eq!(c.working_seconds(at("2025-03-07 12:00"), at("2025-03-07 12:00")), 0);
    }

    #[test]
    fn hours_end_where_they_say_and_holidays_have_none() {
        let open = |text| calendar().open(at(text));
        let thursday = ["2025-03-06 08:59", "2025-03-06 09:00", "2025-03-06 17:59", "2025-03-06 18:00"];
        assert_eq!(thursday.map(open), [false, true, true, false]);
        assert!(!open("2025-03-04 12:00") && !open("2025-03-08 12:00"));
    }

    #[test]
    fn a_day_is_local_and_a_week_starts_on_monday() {
        let late = Utc.with_ymd_and_hms(2025, 3, 2, 22, 30, 0).unwrap();
        assert_eq!(calendar().day(late), NaiveDate::from_ymd_opt(2025, 3, 3).unwrap());
        let sunday = NaiveDate::from_ymd_opt(2025, 3, 9).unwrap();
        assert_eq!(Calendar::monday(sunday), NaiveDate::from_ymd_opt(2025, 3, 3).unwrap());
    }
}
