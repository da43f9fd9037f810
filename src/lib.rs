//! Voronka turns the exports of a CRM and of the advertising cabinets into a weekly report that a head of sales can
//! act on, judged against the company's own written sales regulation.
//!
#![doc = include_str!("../docs/STAGES.md")]
// what is shown goes through `cli/screen.rs`: a terminal obeys what is in it
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod model;
pub mod regulation;
pub mod generate;
pub mod export;
pub mod draft;
pub mod store;
pub mod functions;
pub mod journey;
pub mod ingest;
pub mod session;
#[cfg(any(feature = "serve", feature = "cluster"))]
mod certificates;
#[cfg(feature = "cluster")]
pub mod cluster;
pub mod metrics;
pub mod workbook;
pub mod report;
pub mod company;
pub mod delivery;
#[cfg(feature = "serve")]
pub mod serve;
pub mod cli;
