//! The ingest's readers and value parsers, as the package has them, without the store and the engines: those take long to
//! build, and read nothing that a stranger wrote.
//!
//! The sources are the package's own, taken by their paths. What each target holds true stands in [`ingest`].
#![allow(dead_code, unused_imports)]

#[path = "../../src/model/mod.rs"]
pub mod model;

pub mod ingest;
pub mod store;
