//! What is asked for.

use chrono::NaiveDate;

/// More would make numbers of more digits than the ids are meant for.
pub(super) const MOST_CLIENTS: u64 = 1_000_000_000;

/// Parameters of a synthetic company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// How many clients.
    pub clients: u64,
    /// The same seed gives the same bytes.
    pub seed: u64,
    /// The day on whose morning the exports are made: of that day and later they hold only what is planned.
    pub as_of: NaiveDate,
}
