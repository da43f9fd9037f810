//! What a number in a result is, so that it is formatted in one place.

use serde::{Deserialize, Serialize};

/// The unit of a result column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Text.
    Text,
    /// A calendar day.
    Date,
    /// A whole number of things.
    Count,
    /// Money in the regulation's currency.
    Money,
    /// A share of one: 0.345 is shown as 34.5 %.
    Share,
    /// A plain ratio or coefficient.
    Ratio,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
    /// Days.
    Days,
    /// Points of an index from 0 to 100.
    Index,
}
