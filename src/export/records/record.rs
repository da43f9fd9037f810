//! One record of an export, and how text is cut into its cells.

use std::borrow::Cow;

use csv::ByteRecord;

use crate::export::files::REPAIR_COLUMNS;
use crate::export::values::amounts::Currency;
use crate::export::values::dates;
use crate::model::letters::{composed, may_be_in_pieces};
use crate::model::shown::{is_unseen, undefused};

/// What may cut the cells of a text where it is not stated, the likeliest first: the header proves which.
pub(crate) const DELIMITERS: [u8; 4] = [b';', b',', b'\t', b'|'];

/// How text is cut into cells, as far as it is stated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cut {
    /// None: whatever makes the header fit.
    pub(crate) delimiter: Option<u8>,
    pub(crate) quote: u8,
    pub(crate) escape: Option<u8>,
    /// Lines before anything is read.
    pub(crate) skip: usize,
}

impl Default for Cut {
    fn default() -> Cut {
        Cut { delimiter: None, quote: b'"', escape: None, skip: 0 }
    }
}

/// What a form says of a cell beside its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Typed {
    /// Nothing: it is read as the mapping says.
    #[default]
    No,
    /// A number, with a point; of a long one the last digits may be lost.
    Number,
    /// A whole number with all its digits.
    Whole,
    /// A number that the form shows as a percentage: 0.15 is 15 %.
    Percent,
    /// A number that the form shows with a currency.
    Money(Currency),
    /// A date, or a date with its time, as ISO 8601 writes them.
    Time,
}

/// What the quotes of a record of text are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Quotes {
    /// As they should be.
    #[default]
    Plain,
    /// One of them means nothing, or is not doubled: the line was read by itself.
    Stray,
    /// As they should be, and yet one of its lines is a row by itself.
    OverRows,
    /// One of them cannot be understood.
    Broken,
    /// The file ends within a quote that opens in it.
    Open,
}

impl Typed {
    /// Whether the form calls it a number.
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Typed::Number | Typed::Whole | Typed::Percent | Typed::Money(_))
    }
}

/// One record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    pub(crate) cells: ByteRecord,
    /// Of every cell; empty where the form types nothing. Where it types them, empty cells at the end of a row are left out.
    pub(crate) typed: Vec<Typed>,
    /// Whether the file counts days from 1904, as Excel on a Mac once did.
    pub(crate) is_1904: bool,
    /// The line or row at which it begins, from 1.
    pub(crate) line: u64,
    /// How many lines of text it takes.
    pub(crate) lines: u64,
    /// What its quotes are, if it has any.
    pub(crate) quotes: Quotes,
    /// Of a mended row: its place in the export. Without it, nothing says which of those that wait it is.
    pub(crate) mends: Option<RepairOrigin>,
}

/// The place of a row that was refused: its line in the export, and the ingest that refused it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RepairOrigin {
    pub(crate) ingest: u64,
    pub(crate) line: u64,
}

fn bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

impl Record {
    /// Of a file of mended rows: the export's own record, at the line that it has there. Times as the quarantine writes
    /// them are understood whatever the mapping states.
    pub(super) fn repaired(&mut self) {
        let number = |at: usize| std::str::from_utf8(self.cells.get(at)?).ok()?.trim().parse::<u64>().ok();
        self.mends = number(0).zip(number(1)).map(|(line, ingest)| RepairOrigin { ingest, line });
        self.line = self.mends.map_or(self.line, |mends| mends.line);
        let mut cells = ByteRecord::new();
        for cell in self.cells.iter().skip(REPAIR_COLUMNS.len()) {
            match std::str::from_utf8(cell) {
                Ok(text) => cells.push_field(undefused(text).as_bytes()),
                Err(_) => cells.push_field(cell),
            }
        }
        let is_time = |cell: &[u8]| std::str::from_utf8(cell).is_ok_and(|text| dates::iso(text.trim()).is_some());
        self.typed = cells.iter().map(|cell| if is_time(cell) { Typed::Time } else { Typed::No }).collect();
        self.cells = cells;
    }

    /// Whether it came out of a form that knows where its cells are: one that ends early is not cut, its other cells are empty.
    pub(crate) fn is_of_form(&self) -> bool {
        !self.typed.is_empty() && self.mends.is_none()
    }

    /// Whether there is nothing in any of its cells: what a CR leaves, and the delimiters alone that spreadsheets write below a
    /// table.
    pub(crate) fn is_blank(&self) -> bool {
        let text = self.cells.as_slice().trim_ascii();
        text.is_empty()
            || text.first().is_some_and(|byte| !byte.is_ascii())
                && std::str::from_utf8(text).is_ok_and(|text| text.chars().all(|c| c.is_whitespace() || is_unseen(c)))
    }

    /// Brings the letters of its cells into one piece.
    pub(super) fn compose(&mut self) {
        if !may_be_in_pieces(self.cells.as_slice()) {
            return;
        }
        let whole = |cell| std::str::from_utf8(cell).map_or(Cow::Borrowed(cell), |text| bytes(composed(text)));
        if self.cells.iter().any(|cell| *whole(cell) != *cell) {
            self.cells = self.cells.iter().map(whole).collect();
        }
    }
}
