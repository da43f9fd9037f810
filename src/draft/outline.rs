//! What comes of drafting.

/// A mapping to begin with, and what is to be told of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// The file.
    pub text: String,
    /// What the export holds, to be compared with what the CRM shows: a sentence each, in the language asked for.
    pub told: Vec<String>,
    /// The lines of `text` that the user must complete.
    pub asked: Vec<usize>,
}
