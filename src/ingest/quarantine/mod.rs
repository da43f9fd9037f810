//! Refused rows: kept in the table `quarantine`, counted, and written out as files to be mended.

mod columns;
mod list;
mod newer_rows;
mod table;
mod waiting;

pub use list::{Repairs, Waiting, repairs, waiting};
pub(crate) use newer_rows::Later;
pub(crate) use table::Quarantine;
pub(crate) use waiting::{Waits, keys};
