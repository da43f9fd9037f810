//! The vocabulary: tables, money, calendar, languages, problems. Knows nothing of files or engines.

pub mod calendar;
pub(crate) mod index;
pub mod lang;
pub mod layout;
pub mod letters;
pub mod problem;
pub mod progress;
pub mod shown;
pub mod tables;
pub mod timings;
pub mod unit;
pub mod written;
