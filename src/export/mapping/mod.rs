//! The checked mapping: which export column becomes which of ours. Having one means that it was checked.
//!
//! The format is described for its users in `docs/guide/mapping.en.md`.

mod column;
mod columns_page;
mod export;
mod formats;
mod model;
mod presets;
mod unpivot;

pub use columns_page::columns_page;
#[cfg(feature = "serve")]
pub(crate) use columns_page::{of_column, of_table};
pub(crate) use model::{
    Case, Condition, Export, Fill, Header, Mapped, Operand, Operation, Otherwise, Percent, Reading, Repeated, Source,
    Test, Unpivot, Wanted, required, words,
};
pub use presets::shipped;

use chrono_tz::Tz;

use super::values::personal::Personal;
use crate::model::problem::Problems;
use crate::model::written::Document;

/// A company's mapping, checked.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub(crate) file: String,
    pub(crate) personal: Personal,
    pub(crate) exports: Vec<Export>,
}

impl Mapping {
    /// What the presets are called together, where the name of a mapping is said.
    pub(crate) const PRESETS: &str = "the presets";

    /// Reads and checks a mapping. The error holds *all* its problems.
    pub fn parse(file: &str, text: &str) -> Result<Mapping, Problems> {
        Mapping::read(file, text, None)
    }

    /// A zone in which exports are read, other than this one.
    pub fn zone_beside(&self, zone: Tz) -> Option<Tz> {
        self.exports.iter().filter_map(|export| export.zone).find(|stated| *stated != zone)
    }

    /// As [`Mapping::parse`]; `zone_else` is the zone of times where it states none.
    pub(crate) fn read(file: &str, text: &str, zone_else: Option<Tz>) -> Result<Mapping, Problems> {
        let document = Document::read(file, text)?;
        let personal = document.root().optional_one_of("personal", &export::PERSONAL).unwrap_or_default();
        let exports = export::read_all(&document, zone_else);
        document.finish()?;
        Ok(Mapping { file: file.to_owned(), personal, exports })
    }

    /// The names of the kinds of export that it knows, with the patterns of their files.
    pub fn exports(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        self.exports.iter().map(|e| (e.name.as_str(), e.files.iter().map(glob::Pattern::as_str).collect()))
    }
}

#[cfg(test)]
mod tests;
