//! Where the rows of a file go: in pieces that any thread may make, and that are taken in their order.

use super::row_key::RowKey;
use crate::export::ExportError;
use crate::export::datum::Value;
use crate::export::records::RepairOrigin;
use crate::model::lang::Text;
use crate::model::tables::Table;

/// Takes the rows of a piece of a file.
pub(crate) trait RowPiece: Clone + Send {
    /// Begins a piece: its number among those of the file, from 0, and whether the keys of its rows matter.
    fn begin(&mut self, number: u64, is_watched: bool);
    /// Takes the values of one row for the fill of that number: one for each of its columns.
    fn take(&mut self, fill: usize, values: &[Value<'_>]);
    /// Called before `take` or `refuse` with the place of the repaired row.
    fn mends(&mut self, place: RepairOrigin);
    /// Called before `refuse` with the row's deal id, if it could be read.
    fn refuses_deal(&mut self, deal_id: &str);
    /// Records a deal that a listing export has in a row which `deals` does not take.
    fn lists_deal(&mut self, deal_id: &str);
    /// Takes a row that was refused.
    fn refuse(&mut self, refusal: Refusal);
}

/// Where rows go.
pub(crate) trait RowSink {
    /// Why a row cannot be taken, or the export not read.
    type Error: From<ExportError>;
    /// What takes the rows of a piece of the file.
    type Piece: RowPiece;
    /// A piece without rows.
    fn piece(&self) -> Self::Piece;
    /// Whether the keys of rows matter from now on.
    fn is_watched(&self) -> bool;
    /// Takes the rows of a piece, which is left without any. Pieces come in their order.
    fn put(&mut self, piece: &mut Self::Piece) -> Result<(), Self::Error>;
    /// Number of the export's quarantined rows at the place of a repaired one.
    fn waits(&self, place: RepairOrigin) -> u64;
    /// Receives the header of the file, in the form in which rows are shown.
    fn begin(&mut self, header: String);
    /// Receives the number of bytes read of the file.
    fn progress(&mut self, done: u64);
}

/// A row that was refused, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) table: Table,
    pub(crate) line: u64,
    /// For a repaired row: the ingest that first refused it.
    pub(crate) first: Option<u64>,
    /// The export's header of the cell; empty: the whole row.
    pub(crate) column: String,
    pub(crate) value: String,
    pub(crate) reason: Text,
    pub(crate) raw: String,
    /// By what its rows would be known, as far as that much of it can be read.
    pub(crate) keys: Vec<RowKey>,
}
