//! The dates that a column may hold.

use chrono::NaiveDate;

use crate::model::tables::{Kind, Table};

/// What becomes of a date that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Far {
    NotFilled,
    Refused,
}

/// The dates that a column may hold, in its own unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) far: Far,
}

pub(super) const DAY: i64 = 86_400_000_000;

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
            // an edition of a plan may be said to be known from any day
            (Table::Plans, _) => (year(1980), after(30), Far::Refused),
            // promotions that never end are written so
            (Table::Promos, _) => (year(1980), i64::MAX / DAY - 1, Far::Refused),
            (Table::Staff | Table::Clients, _) => (year(1940), after(30), Far::NotFilled),
            _ => (year(1980), after(2), Far::Refused),
        };
        Some(Times { first: first * unit, last: (last + 1) * unit - 1, far })
    }
}
