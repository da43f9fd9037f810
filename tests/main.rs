//! The integration tests: one binary, because each links DataFusion and Polars anew.

// a test stops at the first thing that is not as expected, helpers included
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cases;
mod cli;
mod dirt;
mod exports;
mod first_minute;
mod killed;
mod layers;
mod messages;
mod metrics;
mod real_data;
mod regulation;
mod reports;
mod roles;
mod snapshots;
mod support;
mod truth;
