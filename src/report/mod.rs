//! Turns a report definition into files: [`definition`] → [`build()`] → [`document`] → [`render`].
//!
//! A definition asks questions of metrics; the document holds the answers as words and figures; renderers only draw.

mod asker;
mod build;
mod cell;
pub mod chart;
pub mod definition;
pub mod document;
pub mod findings;
mod grid;
mod period;
mod reach;
pub mod render;
mod say;
pub mod slug;

pub use build::{ReportError, build};
pub use period::Period;
