//! The calendar as a table of days, so that the day of an instant and the working time between two cost a look-up
//! instead of a walk. It gives what [`Calendar`] gives; outside of the table it asks it.

use chrono::{DateTime, Datelike, NaiveDate};

use crate::model::calendar::Calendar;

/// Microseconds of a second.
const SECOND: i64 = 1_000_000;
/// Microseconds of a day without a clock change.
const DAY: i64 = 86_400 * SECOND;
/// The table's first and last year.
const YEARS: std::ops::Range<i32> = 2000..2050;
/// Days between 0001-01-01 (chrono's day 1) and 1970-01-01.
const EPOCH: i32 = 719_163;

/// The days of a calendar. Days are counted and instants are measured in microseconds from 1970-01-01, UTC.
#[derive(Debug)]
pub struct Days {
    calendar: Calendar,
    first: i32,
    days: Vec<Day>,
}

#[derive(Debug, Clone, Copy)]
struct Day {
    begins: i64,
    opens: i64,
    closes: i64,
    /// Working time of all days of the table before this one.
    worked: i64,
}

impl Days {
    /// Lays the table out.
    pub fn new(calendar: &Calendar) -> Days {
        let first = NaiveDate::from_ymd_opt(YEARS.start, 1, 1).unwrap_or_default();
        let mut worked = 0;
        let mut days = Vec::new();
        for day in first.iter_days().take_while(|day| day.year() < YEARS.end) {
            let begins = calendar.midnight(day).timestamp_micros();
            let (opens, closes) = calendar.hours(day).map_or((begins, begins), |hours| {
                let at = |time| calendar.instant(day.and_time(time)).timestamp_micros();
                (at(hours.from), at(hours.to).max(at(hours.from)))
            });
            days.push(Day { begins, opens, closes, worked });
            worked += closes - opens;
        }
        Days { calendar: calendar.clone(), first: number(first), days }
    }

    /// The local day of an instant.
    pub fn day(&self, at: i64) -> Option<i32> {
        match self.index(at) {
            Some(index) => Some(self.first + index as i32),
            None => Some(number(self.calendar.day(DateTime::from_timestamp_micros(at)?))),
        }
    }

    /// The instant at which a local day begins.
    pub fn midnight(&self, day: i32) -> Option<i64> {
        match usize::try_from(day - self.first).ok().and_then(|index| self.days.get(index)) {
            Some(day) => Some(day.begins),
            None => Some(self.calendar.midnight(date(day)?).timestamp_micros()),
        }
    }

    /// Whether an instant is the beginning of its local day: exports write days so, and it says no moment.
    pub fn is_day(&self, at: i64) -> Option<bool> {
        Some(self.midnight(self.day(at)?)? == at)
    }

    /// Working microseconds from one instant to another; 0 where `to` is not after `from`.
    pub fn worked(&self, from: i64, to: i64) -> Option<i64> {
        if to <= from {
            return Some(0);
        }
        match (self.index(from), self.index(to)) {
            (Some(first), Some(last)) => Some(self.worked_before(last, to) - self.worked_before(first, from)),
            _ => {
                let at = DateTime::from_timestamp_micros;
                Some(self.calendar.working_seconds(at(from)?, at(to)?) * SECOND)
            }
        }
    }

    /// The instant by which so many working microseconds have passed since `from`; none: not within the table.
    pub fn due(&self, from: i64, working: i64) -> Option<i64> {
        let reached = self.worked_before(self.index(from)?, from) + working.max(0);
        // the first day by whose end that much was worked; of no work at all, the moment itself
        let index = self.days.partition_point(|day| day.worked + day.closes - day.opens < reached);
        let day = self.days.get(index)?;
        Some((day.opens + reached - day.worked).max(from))
    }

    /// Whether an instant lies within working hours, their end no longer.
    pub fn open(&self, at: i64) -> Option<bool> {
        match self.index(at) {
            Some(index) => Some((self.days[index].opens..self.days[index].closes).contains(&at)),
            None => Some(self.calendar.open(DateTime::from_timestamp_micros(at)?)),
        }
    }

    fn worked_before(&self, index: usize, at: i64) -> i64 {
        let Day { opens, closes, worked, .. } = self.days[index];
        worked + at.clamp(opens, closes) - opens
    }

    /// Where in the table the instant's day stands. The local day is the UTC day or one of its neighbours.
    fn index(&self, at: i64) -> Option<usize> {
        let guess = usize::try_from(at.div_euclid(DAY) - i64::from(self.first) + 1).ok()?;
        // the last day of the table has no successor that would tell where it ends
        (guess + 1 < self.days.len()).then_some(())?;
        (guess.saturating_sub(2)..=guess).rev().find(|index| self.days[*index].begins <= at)
    }
}

/// A day's number, counted from 1970-01-01.
pub fn number(day: NaiveDate) -> i32 {
    day.num_days_from_ce() - EPOCH
}

/// The day of a number.
pub fn date(number: i32) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(number.checked_add(EPOCH)?)
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveTime, TimeZone, Utc};

    use super::*;
    use crate::model::calendar::Hours;

    fn calendar(zone: chrono_tz::Tz) -> Calendar {
        let time = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).unwrap();
        let long = Some(Hours { from: time(9, 0), to: time(18, 30) });
        let short = Some(Hours { from: time(10, 0), to: time(15, 0) });
        let holiday = |month, day| NaiveDate::from_ymd_opt(2025, month, day).unwrap();
        let holidays = [holiday(1, 1), holiday(3, 8), holiday(5, 9), holiday(6, 12)].into();
        Calendar { zone, week: [long, long, long, long, long, short, None], holidays }
    }

    /// Instants that jump about over two years, by whole seconds.
    fn instants() -> impl Iterator<Item = i64> {
        let start = Utc.with_ymd_and_hms(2024, 6, 1, 0, 0, 0).unwrap().timestamp();
        (0..3000_i64).map(move |i| (start + (i * 7_654_321) % (2 * 365 * 86_400)) * SECOND)
    }

    #[test]
    fn says_what_the_calendar_says() {
        let at = |micros| DateTime::from_timestamp_micros(micros).unwrap();
        use chrono_tz::{America::Sao_Paulo, Asia::Vladivostok, Europe::Berlin, Europe::Moscow, Pacific::Honolulu};
        for zone in [Moscow, Berlin, Vladivostok, Honolulu, Sao_Paulo] {
            let calendar = calendar(zone);
            let days = Days::new(&calendar);
            let mut previous = instants().last().unwrap();
            for instant in instants() {
                let day = calendar.day(at(instant));
                assert_eq!(days.day(instant), Some(number(day)), "{zone} {}", at(instant));
                assert_eq!(days.midnight(number(day)), Some(calendar.midnight(day).timestamp_micros()));
                assert_eq!(days.open(instant), Some(calendar.open(at(instant))), "{zone} {}", at(instant));
                let worked = calendar.working_seconds(at(previous), at(instant)) * SECOND;
                assert_eq!(days.worked(previous, instant), Some(worked), "{zone} {} {}", at(previous), at(instant));
                previous = instant;
            }
        }
    }

    #[test]
    fn due_is_the_first_moment_by_which_so_much_was_worked() {
        let days = Days::new(&calendar(chrono_tz::Europe::Moscow));
        let minute = 60 * SECOND;
        for (from, minutes) in instants().zip((0..).map(|i| (i * 37) % 5000)) {
            let due = days.due(from, minutes * minute).unwrap();
            assert_eq!(days.worked(from, due), Some(minutes * minute));
            assert!(minutes == 0 || days.worked(from, due - 1) < Some(minutes * minute));
        }
    }

    #[test]
    fn the_edges_of_days_and_of_the_table_are_right() {
        let calendar = calendar(chrono_tz::Europe::Moscow);
        let days = Days::new(&calendar);
        for year in [1990, 1999, 2000, 2001, 2025, 2049, 2050, 2060] {
            for (month, day) in [(1, 1), (1, 2), (12, 30), (12, 31)] {
                let day = NaiveDate::from_ymd_opt(year, month, day).unwrap();
                let begins = days.midnight(number(day)).unwrap();
                assert_eq!(begins, calendar.midnight(day).timestamp_micros());
                assert_eq!(days.day(begins), Some(number(day)), "{day}");
                assert_eq!(days.day(begins - 1), Some(number(day) - 1), "before {day}");
                assert_eq!(date(number(day)), Some(day));
            }
        }
    }

    #[test]
    fn hours_are_half_open_inside_and_outside_of_the_table() {
        let calendar = calendar(chrono_tz::Europe::Moscow);
        let days = Days::new(&calendar);
        // Thursdays, all of them, and a holiday
        for (day, works) in
            [((1998, 6, 18), true), ((2025, 6, 19), true), ((2060, 6, 17), true), ((2025, 6, 12), false)]
        {
            let day = NaiveDate::from_ymd_opt(day.0, day.1, day.2).unwrap();
            let at = |hour, minute| calendar.instant(day.and_hms_opt(hour, minute, 0).unwrap()).timestamp_micros();
            let opens_and_closes =
                [at(9, 0) - 1, at(9, 0), at(18, 30) - 1, at(18, 30)].map(|at| days.open(at).unwrap());
            assert_eq!(opens_and_closes, [false, works, works, false], "{day}");
        }
    }
}
