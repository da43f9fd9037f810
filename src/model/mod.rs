//! The vocabulary: tables, money, calendar, languages, problems. Knows nothing of files or engines.

pub mod calendar;
pub(crate) mod index;
pub mod lang;
pub(crate) mod layout;
pub(crate) mod letters;
pub(crate) mod parallel;
pub mod period;
pub mod problem;
pub(crate) mod progress;
pub mod shown;
pub mod tables;
pub(crate) mod timings;
pub mod unit;
pub mod written;
