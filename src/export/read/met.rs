//! What is met while the rows of a file are read: by one thread in all of it, or by several in its pieces, which adds up to the same.

use std::collections::BTreeSet;

use super::codes::Codes;
use super::oddities::Oddities;
use super::open::Opened;
use super::plan::Plan;
use super::sums::{FileSum, Sums};
use super::total::Totals;
use crate::export::ExportError;
use crate::export::records::RepairOrigin;
use crate::export::repair::NotTaken;

/// What was met in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) rows: u64,
    /// Rows that were refused.
    pub(crate) refused: u64,
    /// Rows that `ignore_rows` describes.
    pub(crate) ignored: u64,
    /// Rows that no table asked for.
    pub(crate) unwanted: u64,
    /// What was met in values and is worth telling.
    pub(crate) oddities: Oddities,
    /// What the rows gave to each column of money.
    pub(crate) sums: Vec<FileSum>,
    /// For a repair file: the places of the accepted rows.
    pub(crate) mended: BTreeSet<RepairOrigin>,
    /// For a repair file: the rows that were not accepted.
    pub(crate) not_taken: NotTaken,
}

/// What was met in a file so far.
pub(super) struct Met<'p> {
    pub(super) outcome: Outcome,
    pub(super) sums: Sums<'p>,
    pub(super) codes: Codes,
    pub(super) totals: Totals,
}

/// What was met in a piece of a file.
pub(super) struct MetInPiece {
    outcome: Outcome,
    codes: Codes,
}

impl<'p> Met<'p> {
    /// By whoever reads all of a file.
    pub(super) fn new(opened: &Opened, plan: &'p Plan) -> Met<'p> {
        let (outcome, totals) = (Outcome::default(), Totals::default());
        Met { outcome, sums: Sums::new(plan), codes: Codes::new(opened, plan), totals }
    }

    /// By one of several threads, each of which reads some pieces of a file.
    pub(super) fn of_pieces(opened: &Opened, plan: &'p Plan) -> Met<'p> {
        let outcome = Outcome { oddities: Oddities::of_pieces(), ..Outcome::default() };
        Met { outcome, totals: Totals::of_pieces(), ..Met::new(opened, plan) }
    }

    /// What was met in a piece, at its end.
    pub(super) fn take(&mut self, opened: &Opened, plan: &Plan) -> MetInPiece {
        let codes = std::mem::replace(&mut self.codes, Codes::new(opened, plan));
        let oddities = self.outcome.oddities.take();
        let left = std::mem::take(&mut self.outcome.oddities);
        let outcome = std::mem::replace(&mut self.outcome, Outcome { oddities: left, ..Outcome::default() });
        MetInPiece { outcome: Outcome { oddities, sums: self.sums.take_all(), ..outcome }, codes }
    }

    /// Adds what was met in the piece that follows.
    pub(super) fn join(&mut self, MetInPiece { outcome, codes }: MetInPiece) {
        let of = &mut self.outcome;
        of.rows += outcome.rows;
        of.refused += outcome.refused;
        of.ignored += outcome.ignored;
        of.unwanted += outcome.unwanted;
        of.oddities.join(outcome.oddities);
        self.sums.add(outcome.sums);
        self.codes.add(codes);
    }

    /// What only all rows together tell.
    pub(super) fn finish(mut self, opened: &Opened, plan: &Plan) -> Result<Outcome, ExportError> {
        if let Some(problem) = self.codes.problem(opened, plan) {
            return Err(ExportError::Unproven { path: opened.path(), problems: vec![problem] });
        }
        self.outcome.oddities.of_file.extend(self.totals.note());
        self.outcome.sums = self.sums.take_all();
        Ok(self.outcome)
    }
}
