//! The calendar as tables of days and shifts, so that the day of an instant and the working time between two cost a look-up
//! instead of a walk.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use chrono::{DateTime, Datelike, NaiveDate};

use crate::model::calendar::Calendar;

/// Microseconds of a second.
const SECOND: i64 = 1_000_000;
/// Microseconds of a day without a clock change.
const DAY: i64 = 86_400 * SECOND;
/// The years of nearly everything that is asked: a table that is laid out at once.
const NEAR: Range<i32> = 2000..2050;
/// The years in which anybody worked by a schedule. Their table is laid out when somebody asks for another year than the near ones.
const FAR: Range<i32> = 1900..2100;
/// Days between 0001-01-01 (chrono's day 1) and 1970-01-01.
const EPOCH: i32 = 719_163;
/// Beyond this many days from 1970 chrono's dates end.
const LAST_DAY: i32 = 90_000_000;

/// The days of a calendar. Days are counted and instants are measured in microseconds from 1970-01-01, UTC.
#[derive(Debug)]
pub struct Days {
    calendar: Calendar,
    near: Table,
    far: OnceLock<Table>,
}

/// The days of some years, and the working time that begins on them.
#[derive(Debug)]
struct Table {
    first: i32,
    days: Vec<Day>,
    shifts: Vec<Shift>,
}

#[derive(Debug, Clone, Copy)]
struct Day {
    begins: i64,
    /// How many shifts of the table open before it.
    shifts: usize,
}

/// A stretch of working time. None overlaps another.
#[derive(Debug, Clone, Copy)]
struct Shift {
    opens: i64,
    closes: i64,
    /// Working time of all shifts of the table before this one.
    worked: i64,
}

impl Days {
    /// The days of a calendar, one table for all sessions: it takes longer to lay out than a question of little data.
    pub fn of(calendar: &Calendar) -> Arc<Days> {
        /// A process seldom has more than the two of its regulation; a server may have those of several.
        const KEPT: usize = 16;
        static ALL: Mutex<VecDeque<Arc<Days>>> = Mutex::new(VecDeque::new());
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(days) = all.iter().find(|days| days.calendar == *calendar) {
            return Arc::clone(days);
        }
        let days = Arc::new(Days::new(calendar));
        all.truncate(KEPT - 1);
        all.push_front(Arc::clone(&days));
        days
    }

    fn new(calendar: &Calendar) -> Days {
        Days { calendar: calendar.clone(), near: Table::new(calendar, NEAR), far: OnceLock::new() }
    }

    /// The local day of an instant. `None` if out of the calendar's range.
    pub fn day(&self, at: i64) -> Option<i32> {
        match self.near.index(at) {
            Some(index) => Some(self.near.first + index as i32),
            None => Some(number(self.calendar.day(moment(at)?))),
        }
    }

    /// The instant at which a local day begins. `None` if out of the calendar's range.
    pub fn midnight(&self, day: i32) -> Option<i64> {
        let place = day.checked_sub(self.near.first).and_then(|place| usize::try_from(place).ok());
        match place.and_then(|place| self.near.days.get(place)) {
            Some(day) => Some(day.begins),
            None => Some(self.calendar.midnight(date(day)?).timestamp_micros()),
        }
    }

    /// Whether an instant is the beginning of its local day: exports write days so, and it says no moment.
    pub fn is_day(&self, at: i64) -> Option<bool> {
        Some(self.midnight(self.day(at)?)? == at)
    }

    /// Working microseconds from one instant to another; 0 where `to` is not after `from`. None before 1900 and after 2099.
    pub fn worked(&self, from: i64, to: i64) -> Option<i64> {
        let between = |table: &Table| Some(table.worked_before(to)? - table.worked_before(from)?);
        match to <= from {
            true => Some(0),
            false => between(&self.near).or_else(|| between(self.far())),
        }
    }

    /// The first instant by which so many working microseconds have passed since `from`; the instant itself for 0. None
    /// for less than that, and where it lies before 1900 or after 2099.
    pub fn due(&self, from: i64, working: i64) -> Option<i64> {
        match working {
            ..0 => None,
            0 => Some(from),
            _ => self.near.due(from, working).or_else(|| self.far().due(from, working)),
        }
    }

    /// Whether an instant lies within working hours, their end no longer.
    pub fn open(&self, at: i64) -> Option<bool> {
        match self.near.index(at) {
            Some(index) => Some(self.near.shift(index, at).is_some_and(|shift| at < shift.closes)),
            None => Some(self.calendar.open(moment(at)?)),
        }
    }

    fn far(&self) -> &Table {
        self.far.get_or_init(|| Table::new(&self.calendar, FAR))
    }
}

impl Table {
    fn new(calendar: &Calendar, years: Range<i32>) -> Table {
        let first = NaiveDate::from_ymd_opt(years.start, 1, 1).unwrap_or_default();
        let mut table = Table { first: number(first), days: Vec::new(), shifts: Vec::new() };
        // the night before the first day runs into it
        table.lay_out(calendar, first.pred_opt().unwrap_or_default());
        for day in first.iter_days().take_while(|day| day.year() < years.end) {
            let begins = calendar.midnight(day).timestamp_micros();
            let shifts = table.shifts.partition_point(|shift| shift.opens < begins);
            table.days.push(Day { begins, shifts });
            table.lay_out(calendar, day);
        }
        table
    }

    fn lay_out(&mut self, calendar: &Calendar, day: NaiveDate) {
        for (opens, closes) in calendar.shifts(day) {
            let last = self.shifts.last().copied().unwrap_or(Shift { opens: i64::MIN, closes: i64::MIN, worked: 0 });
            // a clock that goes back may have a shift begin before the one before it ends: no minute is worked twice
            let (opens, closes) = (opens.timestamp_micros().max(last.closes), closes.timestamp_micros());
            if opens < closes {
                let worked = last.worked + last.closes.saturating_sub(last.opens);
                self.shifts.push(Shift { opens, closes, worked });
            }
        }
    }

    /// The last shift that opened by then; `index` is the instant's day.
    fn shift(&self, index: usize, at: i64) -> Option<&Shift> {
        let before = self.days[index].shifts;
        let today = self.shifts[before..].iter().take_while(|shift| shift.opens <= at).count();
        self.shifts.get((before + today).checked_sub(1)?)
    }

    /// Working time from the table's beginning until then. `None` if outside of the table.
    fn worked_before(&self, at: i64) -> Option<i64> {
        let shift = self.shift(self.index(at)?, at);
        Some(shift.map_or(0, |shift| shift.worked + at.min(shift.closes) - shift.opens))
    }

    fn due(&self, from: i64, working: i64) -> Option<i64> {
        let reached = self.worked_before(from)?.checked_add(working)?;
        // the first shift by whose end that much was worked
        let index = self.shifts.partition_point(|shift| shift.worked + shift.closes - shift.opens < reached);
        let shift = self.shifts.get(index)?;
        Some(shift.opens + reached - shift.worked)
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

/// The day of a day number. `None` if out of the calendar's range.
pub fn date(number: i32) -> Option<NaiveDate> {
    (-LAST_DAY..=LAST_DAY).contains(&number).then(|| NaiveDate::from_num_days_from_ce_opt(number + EPOCH))?
}

/// The instant so many microseconds after 1970. `None` if out of the calendar's range.
fn moment(at: i64) -> Option<DateTime<chrono::Utc>> {
    let last = i64::from(LAST_DAY) * DAY;
    (-last..=last).contains(&at).then(|| DateTime::from_timestamp_micros(at))?
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};

    use super::*;
    use crate::model::calendar::Hours;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn hours(from: u16, to: u16) -> Hours {
        Hours { from, to }
    }

    fn calendar(zone: chrono_tz::Tz) -> Calendar {
        let long = || vec![hours(540, 1110)];
        let holidays = [(1, 1), (3, 8), (5, 9), (6, 12)].map(|(month, of)| day(2025, month, of)).into();
        let week = [long(), long(), long(), long(), long(), vec![hours(600, 900)], vec![]];
        Calendar { zone, week, holidays, dates: [].into() }
    }

    /// Breaks, nights, days around the clock, dates of their own, in one week.
    fn shifts(zone: chrono_tz::Tz) -> Calendar {
        let (night, around) = (hours(22 * 60, 30 * 60), hours(0, 1440));
        let broken = || vec![hours(9 * 60, 13 * 60), hours(14 * 60, 18 * 60)];
        let week =
            [broken(), vec![night], vec![hours(480, 1020), night], vec![around], vec![around], vec![], vec![night]];
        let dates = [
            (day(2025, 3, 30), vec![hours(120, 150), hours(150, 600)]),
            (day(2025, 10, 25), vec![hours(1200, 1440 + 130)]),
            (day(2025, 10, 26), vec![hours(130, 240)]),
            (day(2025, 11, 1), broken()),
        ];
        Calendar { zone, week, holidays: [day(2025, 3, 5), day(2025, 11, 4)].into(), dates: dates.into() }
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
            for calendar in [calendar(zone), shifts(zone)] {
                let days = Days::new(&calendar);
                for instant in instants() {
                    let day = calendar.day(at(instant));
                    assert_eq!(days.day(instant), Some(number(day)), "{zone} {}", at(instant));
                    assert_eq!(days.midnight(number(day)), Some(calendar.midnight(day).timestamp_micros()));
                    assert_eq!(days.open(instant), Some(calendar.open(at(instant))), "{zone} {}", at(instant));
                }
            }
        }
    }

    #[test]
    fn working_time_is_the_minutes_that_are_open() {
        let minute = 60 * SECOND;
        for calendar in [shifts(chrono_tz::Europe::Berlin), calendar(chrono_tz::Europe::Moscow)] {
            let days = Days::new(&calendar);
            // two weeks around each change of the clock
            for start in [Utc.with_ymd_and_hms(2025, 3, 24, 0, 0, 0), Utc.with_ymd_and_hms(2025, 10, 20, 0, 0, 0)] {
                let start = start.unwrap().timestamp_micros();
                let mut worked = 0;
                for now in (0..14 * 1440).map(|step| start + step * minute) {
                    let at = DateTime::from_timestamp_micros(now).unwrap();
                    assert_eq!(days.worked(start, now), Some(worked), "until {at}");
                    worked += if calendar.open(at) { minute } else { 0 };
                }
            }
        }
    }

    #[test]
    fn due_is_the_first_moment_by_which_so_much_was_worked() {
        let minute = 60 * SECOND;
        for calendar in [calendar(chrono_tz::Europe::Moscow), shifts(chrono_tz::Europe::Berlin)] {
            let days = Days::new(&calendar);
            for (from, minutes) in instants().zip((0..).map(|i| (i * 37) % 5000)) {
                let due = days.due(from, minutes * minute).unwrap();
                assert_eq!(days.worked(from, due), Some(minutes * minute));
                assert!(minutes == 0 || days.worked(from, due - 1) < Some(minutes * minute));
            }
        }
    }

    #[test]
    fn the_edges_of_days_and_of_the_tables_are_right() {
        let calendar = calendar(chrono_tz::Europe::Moscow);
        let days = Days::new(&calendar);
        for year in [1, 1899, 1900, 1969, 1970, 1990, 1999, 2000, 2001, 2025, 2049, 2050, 2060, 9999] {
            for (month, of) in [(1, 1), (1, 2), (12, 30), (12, 31)] {
                let day = day(year, month, of);
                let begins = days.midnight(number(day)).unwrap();
                assert_eq!(begins, calendar.midnight(day).timestamp_micros());
                assert_eq!(days.day(begins), Some(number(day)), "{day}");
                assert_eq!(days.day(begins - 1), Some(number(day) - 1), "before {day}");
                assert_eq!((date(number(day)), days.is_day(begins)), (Some(day), Some(true)));
            }
        }
    }

    #[test]
    fn hours_are_half_open_inside_and_outside_of_the_table() {
        let calendar = calendar(chrono_tz::Europe::Moscow);
        let days = Days::new(&calendar);
        // Thursdays, all of them, and a holiday
        for (day, works) in [
            (day(1998, 6, 18), true),
            (day(2025, 6, 19), true),
            (day(2060, 6, 17), true),
            (day(2160, 6, 19), true),
            (day(2025, 6, 12), false),
        ] {
            let at = |hour, minute| calendar.instant(day.and_hms_opt(hour, minute, 0).unwrap()).timestamp_micros();
            let opens_and_closes =
                [at(9, 0) - 1, at(9, 0), at(18, 30) - 1, at(18, 30)].map(|at| days.open(at).unwrap());
            assert_eq!(opens_and_closes, [false, works, works, false], "{day}");
        }
    }

    #[test]
    fn working_time_is_of_two_centuries_and_days_are_of_any() {
        let calendar = calendar(chrono_tz::Europe::Moscow);
        let days = Days::new(&calendar);
        let at = |day: NaiveDate| calendar.midnight(day).timestamp_micros();
        let week = 5 * 570 * 60 * SECOND + 300 * 60 * SECOND;
        for monday in [day(1900, 1, 8), day(1969, 12, 29), day(1999, 12, 27), day(2049, 12, 27), day(2099, 12, 14)] {
            assert_eq!(days.worked(at(monday), at(monday) + 7 * DAY), Some(week), "{monday}");
            assert_eq!(days.due(at(monday), week).and_then(|due| days.day(due)), Some(number(monday) + 5));
        }
        let (early, now, late) = (at(day(1, 1, 1)), at(day(2025, 3, 3)), at(day(9999, 12, 31)));
        assert_eq!((days.worked(early, now), days.worked(now, late), days.worked(late, early)), (None, None, Some(0)));
        assert_eq!((days.due(early, SECOND), days.due(now, i64::MAX), days.due(now, -1)), (None, None, None));
        assert_eq!((days.due(now, 0), days.worked(now, i64::MAX)), (Some(now), None));
        for beyond in [i64::MIN, i64::MAX] {
            assert_eq!((days.day(beyond), days.open(beyond), days.is_day(beyond)), (None, None, None));
            assert_eq!(days.due(beyond, SECOND), None);
        }
        assert_eq!([i32::MIN, i32::MAX].map(|day| (date(day), days.midnight(day))), [(None, None); 2]);
    }
}
