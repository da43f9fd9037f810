//! One export file: opened, its header resolved, its formats proven, its rows read.

mod again;
mod codes;
mod column;
mod column_plan;
pub(crate) mod header;
mod date_limits;
mod date_range;
mod moment;
mod oddities;
mod open;
mod parts;
mod plan;
mod prove;
mod raw;
mod reason;
mod row;
mod row_checks;
mod row_key;
mod rows;
mod spread;
mod sums;
mod total;
mod value;
mod within;

pub(crate) use column_plan::FillPlan;
pub(crate) use oddities::Oddities;
pub(crate) use open::{Fit, Head, Opened, fit, heads};
pub(crate) use plan::Plan;
pub(crate) use raw::MOST_RAW;
pub(crate) use row_key::RowKey;
pub(crate) use rows::{Outcome, Refusal, RowSink, read_rows};
pub(crate) use sums::FileSum;
