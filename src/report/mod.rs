//! Turns a report definition into files: [`definition`] → [`build()`] → [`document`] → [`render`].
//!
//! A definition asks questions of metrics; the document holds the answers as words and figures; renderers only draw.

mod ahead;
mod build;
mod cell;
pub(crate) mod chart;
pub mod definition;
pub mod document;
mod earlier;
mod error;
pub(crate) mod findings;
mod grid;
mod inputs;
mod metric_cache;
mod missing;
mod norms;
mod period;
mod phrases;
mod reach;
pub mod render;
pub(crate) mod slug;
mod titles;

pub(crate) use ahead::for_report;
pub use build::build;
pub use error::ReportError;
pub use period::{Period, Range};
