//! A moment as a cell says it.

use chrono::NaiveDateTime;

/// A moment as written: local time unless it carries an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Date and time as written; midnight where only a date is.
    pub local: NaiveDateTime,
    /// Seconds east of UTC, where the value says so.
    pub offset: Option<i32>,
}
