//! What judging a result takes and gives.

use super::cause::Cause;
use crate::report::definition::Compare;
use crate::report::document::Verdict;

/// The conditions of judging.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ground {
    /// Groups of fewer cases are not judged.
    pub small_group: f64,
    /// How much of the period the data cover.
    pub covered: Covered,
}

/// How much of a period the data cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Covered {
    /// All of it.
    Whole,
    /// A part: counts and sums within it are incomplete.
    Part,
    /// Nothing.
    Nothing,
}

/// A group with its target's verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Its row in the result.
    pub row: usize,
    /// The verdict.
    pub verdict: Verdict,
    /// Why the verdict is unknown, if it is.
    pub unknown: Option<Unknown>,
    /// The value; `None` if there is none.
    pub value: Option<f64>,
    /// Its 95 % interval, if the metric has one.
    pub interval: Option<(f64, f64)>,
    /// The least and the greatest possible value, if some cases are unknown.
    pub ends: Option<(f64, f64)>,
    /// Whether the least or the most is known.
    pub has_end: bool,
    /// In how many cases something is not known, and of how many, where that can be told.
    pub unknown_cases: Option<(f64, Option<f64>)>,
    /// The number of cases behind the value, if the metric counts them.
    pub cases: Option<f64>,
    /// Whether `cases` is the denominator of the value.
    pub of_cases: bool,
    /// The value of all other groups together; only for shares.
    pub rest: Option<Beside>,
    /// The values of earlier periods.
    pub changes: Vec<(Compare, Beside)>,
    /// The groups that caused a change.
    pub causes: Vec<(Compare, Cause)>,
    /// The money at stake, in whole currency units; `None` if the metric names none, or it is not known.
    pub money: Option<f64>,
    /// The sort weight: distance beyond the target times the group's part of the whole.
    pub weight: f64,
}

/// Why a group cannot be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// There is no value.
    NoData,
    /// It is the unfilled group: no dimension has a value.
    Unnamed,
    /// Unknown cases may put the value on either side of a bound.
    Partial,
    /// The data cover only a part of the period and the value is a count or a sum; or they cover none of it.
    Uncovered,
    /// Fewer cases than the regulation's small group.
    Small,
    /// The value misses the target, but the miss is not significant.
    Unproven,
}

/// Another value for comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beside {
    /// The other value.
    pub value: f64,
    /// Whether the difference is significant; `None` if it cannot be tested.
    pub proven: Option<bool>,
}
