//! One export file: opened, its header resolved, its formats proven, its rows read.

mod again;
mod codes;
mod column;
mod header;
mod in_time;
mod moment;
mod oddities;
mod open;
mod parts;
mod plan;
mod prove;
mod raw;
mod reason;
mod rows;
mod spread;
mod sums;
mod total;
mod value;
mod within;

pub(super) use oddities::Oddities;
pub(super) use open::{Fit, Head, Opened, fit, heads};
pub(super) use plan::{FillPlan, Plan};
pub(super) use raw::MOST_RAW;
pub(super) use rows::{Outcome, Refusal, RowSink, read_rows};
pub(super) use sums::FileSum;
pub(super) use value::Value;
