//! One export file: opened, its header resolved, its formats proven, its rows read.

mod decode;
mod header;
mod open;
mod plan;
mod prove;
mod reason;
mod rows;
mod value;

pub(super) use open::Opened;
pub(super) use plan::{FillPlan, Plan};
pub(super) use rows::{Outcome, Refusal, RowSink, read_rows};
pub(super) use value::Value;
