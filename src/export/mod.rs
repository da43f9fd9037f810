//! A company's export file → checked, typed rows.
//!
//! Takes a checked [`Mapping`] and files as a CRM or an advertising cabinet writes them; gives rows of our tables, and refusals
//! with their reason. How files are read and why so: `docs/decisions/ingest-reading.md`. Leaves to others: where rows go
//! (`ingest`), and how a mapping is drafted (`draft`). Knows no store and no engine.

pub(crate) mod choose;
pub(crate) mod datum;
mod error;
pub(crate) mod files;
pub(crate) mod mapping;
pub(crate) mod read;
pub(crate) mod records;
pub(crate) mod repair;
pub(crate) mod snapshot_date;
pub(crate) mod values;

use std::path::{Path, PathBuf};

pub use error::ExportError;
pub(crate) use error::named;
pub use mapping::{Mapping, columns_page, shipped};
#[cfg(feature = "serve")]
pub(crate) use mapping::{of_column, of_table};
pub use snapshot_date::Taken;
pub use values::personal::is_hash;

/// Refuses exports for which the mapping has no section, before there is a store. `scratch` is a folder for what has to be
/// unpacked.
pub fn look(mapping: &Mapping, exports: &[PathBuf], scratch: &Path) -> Result<(), ExportError> {
    choose::of_paths(mapping, exports, scratch).map(drop)
}
