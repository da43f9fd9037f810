//! What an ingest may be told beside its store, mapping and exports.

use std::fmt;

use chrono::{DateTime, Utc};

use super::sizes::Sizes;
use crate::export::Taken;
use crate::model::progress::Progress;
use crate::regulation::Regulation;

/// What an ingest may be told beside its store, mapping and exports.
#[derive(Clone, Copy)]
pub struct IngestOptions<'o> {
    pub(crate) at: DateTime<Utc>,
    pub(crate) regulation: Option<&'o Regulation>,
    pub(crate) taken: Option<Taken>,
    pub(crate) progress: &'o dyn Progress,
    pub(crate) sizes: Sizes,
}

impl<'o> IngestOptions<'o> {
    /// An ingest that happens at `at`.
    pub fn at(at: DateTime<Utc>) -> IngestOptions<'o> {
        IngestOptions { at, regulation: None, taken: None, progress: &(), sizes: Sizes::default() }
    }

    /// The regulation in force, which stays with the store.
    pub fn regulation(self, regulation: Option<&'o Regulation>) -> IngestOptions<'o> {
        IngestOptions { regulation, ..self }
    }

    /// When the exports were taken whose names do not say it.
    pub fn taken(self, taken: Option<Taken>) -> IngestOptions<'o> {
        IngestOptions { taken, ..self }
    }

    /// Who is told how far it is.
    pub fn progress(self, progress: &'o dyn Progress) -> IngestOptions<'o> {
        IngestOptions { progress, ..self }
    }

    /// How much is done at a time.
    #[cfg(test)]
    pub(crate) fn sizes(self, sizes: Sizes) -> IngestOptions<'o> {
        IngestOptions { sizes, ..self }
    }
}

impl fmt::Debug for IngestOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IngestOptions").field("at", &self.at).field("taken", &self.taken).finish_non_exhaustive()
    }
}
