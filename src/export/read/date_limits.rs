//! Dates that cannot be: an empty date as programs write one, and slips of a hand. One of them would stretch every span.
//!
//! What stands for an empty cell is not filled. Another impossible date is one as little as the 31st of February: its row is
//! quarantined. Of a deal's closing alone it is not filled: the deal is closed all the same, and left out it would stay open.

use chrono::{DateTime, Datelike, NaiveDate};

use super::column_plan::ColumnPlan;
use super::date_range::{DAY, Far};
use super::oddities::{Oddities, Why};
use super::reason;
use super::row::Refused;
use crate::export::datum::Value;
use crate::model::tables::Kind;

/// What programs write where there is no date: 1C and .NET, SQL Server, Excel and Delphi, Unix, and «for ever».
const UNSET: [(i32, u32, u32); 7] =
    [(1, 1, 1), (1753, 1, 1), (1899, 12, 30), (1899, 12, 31), (1900, 1, 1), (1970, 1, 1), (9999, 12, 31)];

/// Whether a text stands for an empty cell in a column of dates: no day of it is a date everywhere.
pub(super) fn is_unset(text: &str) -> bool {
    text == "0" || ["01.01.0001", "0001-01-01", "0000-00-00"].iter().any(|day| text.starts_with(day))
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
        met.beyond += u64::from(!is_unset && read > times.last);
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
    use crate::export::read::date_range::Times;
    use crate::model::tables::Table;

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
