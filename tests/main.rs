//! The integration tests that are written in Rust: one binary, because each links DataFusion and Polars anew. Those that files
//! drive are in the other one, `files`.

// a test stops at the first thing that is not as expected, helpers included
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bridge;
mod cases;
mod circles;
mod cli;
#[cfg(feature = "cluster")]
mod cluster;
mod dirt;
mod first_minute;
mod forecast;
mod handbook;
mod judged;
mod killed;
mod layers;
mod listed;
mod plans;
mod real_data;
mod regulation;
mod reports;
mod roles;
mod s3;
#[cfg(feature = "serve")]
mod serve_access;
#[cfg(feature = "serve")]
mod serve_doors;
mod sending;
#[cfg(feature = "serve")]
mod serve_http;
#[cfg(feature = "serve")]
mod serve_pg;
#[cfg(feature = "serve")]
mod serve_pg_attacks;
#[cfg(feature = "serve")]
mod serve_pg_clients;
mod snapshots;
mod support;
mod truth;
