//! Why a document was not rendered.

use std::path::PathBuf;

/// Why a document was not rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// Not the name of a format.
    #[error("there is no report format `{name}`\n    {hint}")]
    UnknownFormat {
        /// The requested name.
        name: String,
        /// The nearest name, or all of them.
        hint: String,
    },
    /// The document is inconsistent: a bug in the code that built it.
    #[error("the document cannot be rendered: {0}")]
    Malformed(String),
    /// A chart could not be drawn.
    #[error("chart `{id}` could not be drawn: {why}")]
    Drawing {
        /// The chart.
        id: String,
        /// The error of the drawing library.
        why: String,
    },
    /// A file could not be written.
    #[error("cannot write {}: {why}\n    check that the folder may be written to and that the disk has room", path.display())]
    Writing {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        why: std::io::Error,
    },
}
