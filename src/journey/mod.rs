//! The history of a deal: one home for its shape, in every dress.
//!
//! `fold` makes a journey out of a deal's events, `owner` says to which deal an event of a client belongs, `polars` lays
//! journeys down as columns of a file; `cut`, `ends` and `moves` are the SQL functions that read those columns. What a day stands for
//! is said in `day`. Leaves to others: where events come from (`ingest`) and which journeys are asked for (`session`).

pub(crate) mod cut;
pub(crate) mod day;
pub(crate) mod ends;
mod fold;
pub(crate) mod moves;
pub(crate) mod owner;
pub(crate) mod pipeline;
pub(crate) mod polars;
mod shape;

pub use fold::fold;
pub use shape::{Absence, Between, Entry, Happening, Interval, Journey, Known, Return, Share, Value};
