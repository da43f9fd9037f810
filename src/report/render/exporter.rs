//! What an output format implements.

use super::error::RenderError;
use super::outputs::Outputs;
use crate::report::document::Document;

/// Writes a document in one format.
pub trait Exporter {
    /// Adds the format's files to the outputs.
    fn export(&self, doc: &Document, out: &mut Outputs) -> Result<(), RenderError>;
}
