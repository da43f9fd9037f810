//! Days, weeks and working hours in the company's time zone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

/// A stretch of working time, in minutes from the midnight of the day on which it begins. A night shift ends beyond
/// [`Hours::DAY`], on the next day, and belongs to the day on which it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hours {
    /// When work begins: before [`Hours::DAY`].
    pub from: u16,
    /// When work ends: after `from`, by a day at most.
    pub to: u16,
}

impl Hours {
    /// The minutes of a day.
    pub const DAY: u16 = 1440;

    /// How many minutes of the next day it takes.
    pub fn next_day(self) -> u16 {
        self.to.saturating_sub(Hours::DAY)
    }
}

/// The company's calendar: time zone, working hours by weekday and by date, holidays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// The time zone that decides what a day and a week are.
    pub zone: Tz,
    /// Working hours from Monday to Sunday, in order; `None` for a day off.
    pub week: [Vec<Hours>; 7],
    /// Days off beside the weekly ones.
    pub holidays: BTreeSet<NaiveDate>,
    /// Days with hours of their own: working Saturdays, short days before holidays.
    pub dates: BTreeMap<NaiveDate, Vec<Hours>>,
}

impl Calendar {
    /// Days and weeks of a time zone in which nobody works.
    pub fn of_zone(zone: Tz) -> Calendar {
        Calendar { zone, week: Default::default(), holidays: BTreeSet::new(), dates: BTreeMap::new() }
    }

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
            // gaps are at most a few hours, a day where the date line moved: step forward to the first time that exists
            Gap => (1..=288)
                .find_map(|step| {
                    let later = local + Duration::minutes(step * 5);
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

    /// Working hours that begin on a day; none on days off. A night shift that began the evening before is that day's.
    pub fn hours(&self, day: NaiveDate) -> &[Hours] {
        match self.dates.get(&day) {
            Some(hours) => hours,
            None if self.holidays.contains(&day) => &[],
            None => &self.week[day.weekday().num_days_from_monday() as usize],
        }
    }

    /// The working time that begins on a day, as instants: from when until when.
    pub fn shifts(&self, day: NaiveDate) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> {
        let at = move |minutes: u16| self.instant(day.and_time(NaiveTime::MIN) + Duration::minutes(i64::from(minutes)));
        self.hours(day).iter().map(move |hours| (at(hours.from), at(hours.to)))
    }

    /// Whether an instant lies within working hours. Where they end, they are over.
    pub fn open(&self, at: DateTime<Utc>) -> bool {
        let day = self.day(at);
        let nights = day.pred_opt().into_iter().flat_map(|before| self.shifts(before));
        nights.chain(self.shifts(day)).any(|(opens, closes)| (opens..closes).contains(&at))
    }
}

/// The Russian name of a day's month, in the genitive: `14 марта`, `продажи марта`.
pub fn month_ru(day: NaiveDate) -> &'static str {
    match day.month() {
        1 => "января",
        2 => "февраля",
        3 => "марта",
        4 => "апреля",
        5 => "мая",
        6 => "июня",
        7 => "июля",
        8 => "августа",
        9 => "сентября",
        10 => "октября",
        11 => "ноября",
        _ => "декабря",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar() -> Calendar {
        let day = |month, day| NaiveDate::from_ymd_opt(2025, month, day).unwrap();
        let nine_to_six = || vec![Hours { from: 9 * 60, to: 18 * 60 }];
        let night = vec![Hours { from: 22 * 60, to: 30 * 60 }];
        Calendar {
            zone: chrono_tz::Europe::Moscow,
            week: [nine_to_six(), nine_to_six(), nine_to_six(), nine_to_six(), night, vec![], vec![]],
            holidays: [day(3, 4)].into(),
            dates: [(day(3, 15), vec![Hours { from: 600, to: 780 }, Hours { from: 840, to: 900 }])].into(),
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        calendar().instant(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap())
    }

    #[test]
    fn hours_end_where_they_say_and_holidays_have_none() {
        let open = |text| calendar().open(at(text));
        let thursday = ["2025-03-06 08:59", "2025-03-06 09:00", "2025-03-06 17:59", "2025-03-06 18:00"];
        assert_eq!(thursday.map(open), [false, true, true, false]);
        assert!(!open("2025-03-04 12:00") && !open("2025-03-09 12:00"));
    }

    #[test]
    fn a_night_runs_into_the_next_day_and_a_date_has_hours_of_its_own() {
        let open = |text| calendar().open(at(text));
        let night = ["2025-03-07 21:59", "2025-03-07 22:00", "2025-03-08 05:59", "2025-03-08 06:00"];
        assert_eq!(night.map(open), [false, true, true, false]);
        // a Saturday that works, with a break
        let saturday =
            ["2025-03-15 05:59", "2025-03-15 10:00", "2025-03-15 13:30", "2025-03-15 14:00", "2025-03-15 15:00"];
        assert_eq!(saturday.map(open), [true, true, false, true, false]);
    }

    #[test]
    fn a_day_is_local_and_a_week_starts_on_monday() {
        let late = Utc.with_ymd_and_hms(2025, 3, 2, 22, 30, 0).unwrap();
        assert_eq!(calendar().day(late), NaiveDate::from_ymd_opt(2025, 3, 3).unwrap());
        let sunday = NaiveDate::from_ymd_opt(2025, 3, 9).unwrap();
        assert_eq!(Calendar::monday(sunday), NaiveDate::from_ymd_opt(2025, 3, 3).unwrap());
        // weeks before 1970 and before Christ are weeks
        for (day, monday) in [("1969-12-31", "1969-12-29"), ("1900-01-01", "1900-01-01"), ("0001-01-03", "0001-01-01")]
        {
            assert_eq!(Calendar::monday(day.parse().unwrap()), monday.parse::<NaiveDate>().unwrap());
        }
    }
}
