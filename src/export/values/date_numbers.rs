//! Dates that are a number alone: what it counts is stated, never guessed. 2025 is a year, and no day of 1905.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta};

use super::moment::Moment;

/// The unit and origin of a date written as a plain number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Count {
    /// Since 1970, so many to a second.
    Unix(u32),
    /// Days since 1970.
    UnixDays,
    /// Days, as spreadsheets count them.
    Excel,
}

/// The first of 1904 in the days of a spreadsheet, from which Excel on a Mac once counted.
const FROM_1904: f64 = 1462.0;

impl Count {
    /// The count of that name in a mapping.
    pub(crate) fn named(name: &str) -> Option<Count> {
        Some(match name {
            "unix" => Count::Unix(1),
            "unix_ms" => Count::Unix(1_000),
            "unix_us" => Count::Unix(1_000_000),
            "unix_ns" => Count::Unix(1_000_000_000),
            "unix_days" => Count::UnixDays,
            "excel" => Count::Excel,
            _ => return None,
        })
    }

    /// Reads a number. `None` if it is no number or implausibly far from now. `is_1904`: days are counted from 1904.
    pub(crate) fn read(self, value: &str, is_1904: bool) -> Option<Moment> {
        match self {
            Count::Unix(per_second) => unix(value, per_second),
            Count::UnixDays => unix_day(value),
            Count::Excel => serial(value, if is_1904 { FROM_1904 } else { 0.0 }),
        }
    }
}

/// A number of seconds since 1970, or of parts of a second.
fn unix(value: &str, per_second: u32) -> Option<Moment> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole.strip_prefix('-').unwrap_or(whole)) || !is_number(fraction) || fraction.len() > 12 {
        return None;
    }
    let nanos_each = 1_000_000_000 / i128::from(per_second);
    let parts = i128::from(whole.parse::<i64>().ok()?) * nanos_each;
    let fraction = match fraction {
        "" => 0,
        digits => nanos_each * digits.parse::<i128>().ok()? / 10_i128.pow(u32::try_from(digits.len()).ok()?),
    };
    let nanos = if whole.starts_with('-') { parts - fraction } else { parts + fraction };
    let seconds = i64::try_from(nanos.div_euclid(1_000_000_000)).ok()?;
    // seconds that are read as milliseconds give a day of January 1970: no moment of a deal, nor a cell that is not filled
    if per_second > 1 && nanos > 0 && seconds < 5_184_000 {
        return None;
    }
    let below = u32::try_from(nanos.rem_euclid(1_000_000_000)).ok()?;
    let local = DateTime::from_timestamp(seconds, below)?.naive_utc();
    // later years are milliseconds, taken for seconds
    (1..=9999).contains(&local.year()).then_some(Moment { local, offset: Some(0) })
}

/// A number of days since 1970: no moment, and so of no zone.
fn unix_day(value: &str) -> Option<Moment> {
    let day = NaiveDate::from_epoch_days(value.parse().ok()?)?;
    (1..=9999).contains(&day.year()).then_some(Moment { local: day.and_time(NaiveTime::MIN), offset: None })
}

/// Days since the last of 1899, as spreadsheets count them, or later by so many, with the time as their fraction. To the second,
/// since that is what the fraction was made of.
fn serial(value: &str, later: f64) -> Option<Moment> {
    let days: f64 = value.replace(',', ".").parse::<f64>().ok()? + later;
    // the 29th of February 1900, which was none, is a day of theirs: what lies before it is no date of a deal
    if !(61.0..2_958_466.0).contains(&days) {
        return None;
    }
    let begin = NaiveDate::from_ymd_opt(1899, 12, 30)?.and_time(NaiveTime::MIN);
    #[allow(clippy::cast_possible_truncation)] // within the years 1900 to 9999
    let seconds = (days * 86_400.0).round() as i64;
    Some(Moment { local: begin.checked_add_signed(TimeDelta::seconds(seconds))?, offset: None })
}
