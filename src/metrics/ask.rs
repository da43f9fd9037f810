//! What is asked of a metric.

use chrono::NaiveDate;

/// What is asked of a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The first local day of the period.
    pub from: NaiveDate,
    /// The day after its last.
    pub to: NaiveDate,
    /// The cut: what happened on this day or later is not seen.
    pub as_of: NaiveDate,
    /// The dimensions to split by.
    pub by: Vec<String>,
}
