//! What is asked for.

use chrono::NaiveDate;

pub use super::demand::Season;

/// More would make numbers of more digits than the ids are meant for.
pub(super) const MOST_CLIENTS: u64 = 1_000_000_000;

/// Parameters of a synthetic company.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// How many clients.
    pub clients: u64,
    /// The same seed gives the same bytes.
    pub seed: u64,
    /// The day on whose morning the exports are made: of that day and later they hold only what is planned.
    pub as_of: NaiveDate,
    /// How many listings of the deals are written as well, a week apart, the last at as_of.
    pub listings: u32,
    /// How demand swings.
    pub season: Season,
}
