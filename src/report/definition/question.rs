//! What is asked of a metric, and which rows of the answer are shown.

use crate::model::unit::Unit;
use crate::report::period::Period;

/// A question to one metric.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report) struct Question {
    pub metric: String,
    pub by: Vec<String>,
    pub period: Period,
}

/// The periods that a tile or a finding is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Compare {
    /// The period just before.
    Before,
    /// The same period a year ago.
    Year,
}

/// The sort key: a column, or the difference of two columns, and the direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Sort {
    pub column: String,
    pub less: Option<String>,
    pub descending: bool,
}

/// Filter, order and limit of the shown rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::report) struct Rows {
    pub sort: Option<Sort>,
    pub limit: Option<usize>,
    /// Only rows whose column shows this value.
    pub only: Option<(String, String)>,
    /// The unit of plain ratios in these rows, for metrics whose rows have different units.
    pub ratios_are: Option<Unit>,
}
