//! What becomes of the targets.

use crate::report::document::{Block, Red};
use crate::report::missing::{Missing, Unnamed};

/// The result of judging all targets.
#[derive(Debug, Default)]
pub(in crate::report) struct Made {
    /// The findings, worst first, and a notice about what could not be judged.
    pub blocks: Vec<Block>,
    /// Targets that could not be judged at all, and why.
    pub missing: Vec<(String, Missing)>,
    /// What else they lack, which is told only where all that is missing is listed.
    pub also_missing: Vec<(String, Missing)>,
    /// Rows without a value of the split, which no target judges.
    pub unnamed: Vec<Unnamed>,
    /// What is beyond a red bound.
    pub red: Vec<Red>,
}
