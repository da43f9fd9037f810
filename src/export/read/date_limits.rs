//! Dates that cannot be: an empty date as programs write one, and slips of a hand. One of them would stretch every span.
//!
//! What stands for an empty cell is not filled. Another impossible date is one as little as the 31st of February: its row is
//! quarantined. Of a deal's closing alone it is not filled: the deal is closed all the same, and left out it would stay open.

use chrono::{DateTime, Datelike, NaiveDate};

use super::Oddities;
use super::plan::ColumnPlan;
use super::reason;
use super::value::Refused;
use crate::export::datum::Value;
use crate::model::tables::{Kind, Table};

/// Why a date is not filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    /// It stands for an empty cell.
    Unset,
    /// There is no such date.
    OutOfTime,
}

/// What becomes of a date that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Far {
    NotFilled,
    Refused,
}

/// The dates that a column may hold, in its own unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    first: i64,
    last: i64,
    far: Far,
}

const DAY: i64 = 86_400_000_000;

/// What programs write where there is no date: 1C and .NET, SQL Server, Excel and Delphi, Unix, and «for ever».
const UNSET: [(i32, u32, u32); 7] =
    [(1, 1, 1), (1753, 1, 1), (1899, 12, 30), (1899, 12, 31), (1900, 1, 1), (1970, 1, 1), (9999, 12, 31)];

/// Whether a text stands for an empty cell in a column of dates: no day of it is a date everywhere.
pub(super) fn is_unset(text: &str) -> bool {
    text == "0" || ["01.01.0001", "0001-01-01", "0000-00-00"].iter().any(|day| text.starts_with(day))
}

impl Times {
    /// Those of a column; `until` is when the export was taken, in microseconds.
    pub(super) fn of(table: Table, column: &str, kind: Kind, until: i64) -> Option<Times> {
        let unit = match kind {
            Kind::Instant => DAY,
            Kind::Day => 1,
            _ => return None,
        };
        let year = |year: i32| NaiveDate::from_ymd_opt(year, 1, 1).map_or(0, |day| i64::from(day.to_epoch_days()));
        let today = until.div_euclid(DAY);
        let after = |years: i64| today + years * 366;
        let (first, last, far) = match (table, column) {
            // what is planned may lie years ahead
            (Table::Deals, "closed_at" | "expected_close") => (year(1980), after(30), Far::NotFilled),
            // promotions that never end are written so
            (Table::Promos, _) => (year(1980), i64::MAX / DAY - 1, Far::Refused),
            (Table::Staff | Table::Clients, _) => (year(1940), after(30), Far::NotFilled),
            _ => (year(1980), after(2), Far::Refused),
        };
        Some(Times { first: first * unit, last: (last + 1) * unit - 1, far })
    }
}

impl ColumnPlan {
    /// A date as it is kept.
    pub(super) fn in_time<'r>(
        &self,
        cell: Option<usize>,
        text: &str,
        read: i64,
        met: &mut Oddities,
    ) -> Result<Value<'r>, Refused> {
        let Some(times) = self.times.filter(|times| read == 0 || !(times.first..=times.last).contains(&read)) else {
            return Ok(Value::Whole(read));
        };
        let day = match self.kind {
            Kind::Day => i32::try_from(read).ok().and_then(NaiveDate::from_epoch_days),
            _ => DateTime::from_timestamp_micros(read).map(|at| self.calendar.day(at)),
        };
        let is_unset = read == 0 || day.is_some_and(|day| UNSET.contains(&(day.year(), day.month(), day.day())));
        let why = if is_unset { Why::Unset } else { Why::OutOfTime };
        if !self.required && (is_unset || times.far == Far::NotFilled) {
            met.date(&self.place, why, text);
            return Ok(Value::Null);
        }
        let unit = if self.kind == Kind::Day { 1 } else { DAY };
        let first = i32::try_from(times.first / unit).ok().and_then(NaiveDate::from_epoch_days);
        Err(self.refuse(cell, text, reason::out_of_time(&self.name, first.map_or(0, |day| day.year()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_holds_the_dates_that_can_be() {
        let until = DateTime::parse_from_rfc3339("2025-06-15T12:00:00Z").unwrap().timestamp_micros();
        let holds = |table, column, kind, day: &str| {
            let day = i64::from(day.parse::<NaiveDate>().unwrap().to_epoch_days());
            let times = Times::of(table, column, kind, until).unwrap();
            (times.first..=times.last).contains(&if kind == Kind::Day { day } else { day * DAY })
        };
        let created = |day| holds(Table::Deals, "created_at", Kind::Instant, day);
        assert!(created("1980-01-01") && created("2025-06-15") && created("2027-01-01"));
        assert!(!created("0202-03-03") && !created("1979-12-31") && !created("2052-03-03"));
        // planned for years ahead, and no slip
        let closed = |day| holds(Table::Deals, "closed_at", Kind::Instant, day);
        assert!(closed("2040-01-01") && !closed("2205-03-03") && !closed("9999-12-31"));
        assert!(holds(Table::Deals, "expected_close", Kind::Day, "2030-01-01"));
        assert!(holds(Table::Promos, "ends", Kind::Day, "9999-12-31"));
        assert!(holds(Table::Staff, "hired", Kind::Day, "1975-09-01"));
        assert_eq!(Times::of(Table::Deals, "amount", Kind::Money, until), None);
    }

    #[test]
    fn texts_without_a_day_are_unset() {
        assert!(is_unset("0000-00-00 00:00:00") && is_unset("01.01.0001 0:00:00") && is_unset("0"));
        assert!(!is_unset("01.01.2001") && !is_unset("00:10") && !is_unset("0202-03-03"));
    }
}
