//! The company's clock: local seconds since the history began, and working time.

use chrono::{Datelike, Days, NaiveDate};

/// Local seconds since the midnight at which the history begins.
pub type Second = i64;

/// Seconds of a day.
pub const DAY: Second = 86_400;
/// Working seconds of an ordinary working day.
pub const SHIFT: i64 = 10 * 3600;
/// From when to when the company works, in hours, from Monday to Sunday.
const WEEK: [(i64, i64); 7] = [(9, 19), (9, 19), (9, 19), (9, 19), (9, 19), (10, 16), (0, 0)];
/// Days of history asked for; the first is moved back to a Monday.
const HISTORY_DAYS: u64 = 760;
/// Days after as_of that the clock knows; of what lies there only planned tasks are written.
const AHEAD_DAYS: usize = 500;
/// Days off beside the weekends, as (month, day).
const HOLIDAYS: [(u32, u32); 14] =
    [(1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (1, 6), (1, 7), (1, 8), (2, 23), (3, 8), (5, 1), (5, 9), (6, 12), (11, 4)];

/// Days, their texts, and the count of working days.
pub struct Clock {
    /// The first day of the history, a Monday.
    pub start: NaiveDate,
    /// Days of history, so also the number of the day at whose midnight the exports were made.
    pub days: usize,
    texts: Vec<[u8; 10]>,
    years: Vec<i32>,
    /// When each day's work begins and ends, in seconds of the day; both 0 on days off.
    hours: Vec<(Second, Second)>,
    /// Working seconds before each day, and after the last.
    before: Vec<i64>,
}

impl Clock {
    /// The clock of a company whose exports are made on the morning of `as_of`; none where the calendar does not
    /// reach that far.
    pub fn new(as_of: NaiveDate) -> Option<Clock> {
        let start = as_of.checked_sub_days(Days::new(HISTORY_DAYS))?;
        let start = start.checked_sub_days(Days::new(u64::from(start.weekday().num_days_from_monday())))?;
        let days = (as_of - start).num_days() as usize;
        start.checked_add_days(Days::new((days + AHEAD_DAYS) as u64))?;
        let mut clock = Clock { start, days, texts: vec![], years: vec![], hours: vec![], before: vec![0] };
        for day in start.iter_days().take(days + AHEAD_DAYS) {
            let mut text = [b'.'; 10];
            digits(&mut text[0..2], day.day().into());
            digits(&mut text[3..5], day.month().into());
            digits(&mut text[6..10], day.year().unsigned_abs().into());
            clock.texts.push(text);
            clock.years.push(day.year());
            let (opens, closes) = match HOLIDAYS.contains(&(day.month(), day.day())) {
                true => (0, 0),
                false => WEEK[day.weekday().num_days_from_monday() as usize],
            };
            clock.hours.push((opens * 3600, closes * 3600));
            clock.before.push(clock.before[clock.before.len() - 1] + (closes - opens) * 3600);
        }
        Some(clock)
    }

    /// The midnight at which the exports are made: from here on only what is planned is written.
    pub fn cut(&self) -> Second {
        self.days as Second * DAY
    }

    /// The last second that the clock knows for sure.
    pub fn last(&self) -> Second {
        (self.texts.len() as Second - 1) * DAY
    }

    /// A day as a number that has a text: the last one for what lies beyond.
    pub fn within(&self, day: i64) -> usize {
        (day.max(0) as usize).min(self.texts.len() - 1)
    }

    /// The day of a number, from 0.
    pub fn date(&self, day: i64) -> NaiveDate {
        self.start + chrono::Duration::days(day)
    }

    /// The year of a second.
    pub fn year(&self, at: Second) -> i32 {
        self.years[day_of(at)]
    }

    /// The first day of a day's month, counted in months.
    pub fn month(&self, at: Second) -> i32 {
        let date = self.date(at / DAY);
        date.year() * 12 + date.month0() as i32
    }

    /// `dd.mm.yyyy` of a day.
    pub fn text(&self, day: usize) -> &[u8; 10] {
        &self.texts[day]
    }

    /// Working seconds from the beginning of the history up to a second.
    pub fn work(&self, at: Second) -> i64 {
        let day = day_of(at);
        let (opens, closes) = self.hours[day];
        self.before[day] + (at % DAY).clamp(opens, closes) - opens
    }

    /// The second at which that much working time has passed; the last one known for what lies beyond.
    pub fn at(&self, work: i64) -> Second {
        // the last day before which no more has passed: a working one, for the days off before it stand at the same sum
        let day = self.before.partition_point(|before| *before <= work).min(self.hours.len()) - 1;
        let (opens, closes) = self.hours[day];
        day as Second * DAY + (opens + work - self.before[day]).min(closes)
    }
}

fn day_of(at: Second) -> usize {
    (at / DAY) as usize
}

/// Writes a number with leading zeros.
pub fn digits(into: &mut [u8], mut number: u64) {
    for byte in into.iter_mut().rev() {
        *byte = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> Clock {
        Clock::new(NaiveDate::from_ymd_opt(2025, 6, 30).unwrap()).unwrap()
    }

    #[test]
    fn the_history_begins_on_a_monday_and_ends_at_as_of() {
        let clock = clock();
        assert_eq!(clock.start, NaiveDate::from_ymd_opt(2023, 5, 29).unwrap());
        assert_eq!(clock.text(clock.days), b"30.06.2025");
        assert_eq!(clock.date(clock.days as i64), NaiveDate::from_ymd_opt(2025, 6, 30).unwrap());
    }

    #[test]
    fn working_time_passes_over_nights_sundays_and_holidays() {
        let clock = clock();
        let hour = 3600;
        // Saturday 15:59 and two minutes more: Monday 9:01
        assert_eq!(clock.at(clock.work(6 * DAY - 8 * hour - 60) + 120), 7 * DAY + 9 * hour + 60);
        // a lead of Sunday counts from Monday's opening
        assert_eq!(clock.at(clock.work(6 * DAY + hour) + 60), 7 * DAY + 9 * hour + 60);
        // 12 June 2023, the third Monday, is a holiday
        assert_eq!(clock.at(clock.work(14 * DAY + 12 * hour)), 15 * DAY + 9 * hour);
        assert_eq!(clock.at(0), 9 * hour);
    }
}
