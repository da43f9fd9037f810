//! Voronka's code for files that strangers wrote, and what must hold of it whatever it reads.
//!
//! The rooms `model`, `export` and `draft` are the package's own sources, taken whole by their paths. The checks of files are in
//! [`readers`], those of single values in [`values`].
#![allow(dead_code, unused_imports)]

#[path = "../../src/draft/mod.rs"]
mod draft;
#[path = "../../src/export/mod.rs"]
mod export;
#[path = "../../src/model/mod.rs"]
mod model;

pub mod readers;
pub mod values;
