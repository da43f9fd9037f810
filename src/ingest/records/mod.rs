//! Records out of an export, whatever its form: cells of text, some of which the form itself calls a number or a time.
//!
//! Delimited text is read as it stands, as often as needed. The other forms are laid down once as records in a file
//! without a name (`kept.rs`), so that memory does not grow with them and a second pass costs no second parse.

mod ahead;
mod cells;
mod compound;
mod decode;
mod encoding;
mod formats;
mod html;
mod json;
mod kept;
mod lines;
mod parquet;
mod parts;
mod text;
mod workbook;

use std::borrow::Cow;
use std::fs::File;
use std::path::{Path, PathBuf};

use csv::ByteRecord;

pub(super) use ahead::{Ahead, ahead};
pub(super) use encoding::Encoding;
pub(super) use formats::UNCALCULATED;
use kept::{Budget, Kept, KeptReader};
use text::TextReader;

use super::IngestError;
use super::amounts::Currency;
use super::dates;
use super::files::{Form, Input, REPAIR_COLUMNS};
use crate::model::letters::{composed, into_composed, may_be_in_pieces};
use crate::model::shown::{is_unseen, undefused};

/// What may cut the cells of a text where it is not stated, the likeliest first: the header proves which.
pub(super) const DELIMITERS: [u8; 4] = [b';', b',', b'\t', b'|'];

/// How text is cut into cells, as far as it is stated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    /// None: whatever makes the header fit.
    pub(super) delimiter: Option<u8>,
    pub(super) quote: u8,
    pub(super) escape: Option<u8>,
    /// Lines before anything is read.
    pub(super) skip: usize,
}

impl Default for Cut {
    fn default() -> Cut {
        Cut { delimiter: None, quote: b'"', escape: None, skip: 0 }
    }
}

/// What a form says of a cell beside its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Typed {
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
pub(super) enum Quotes {
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
    pub(super) fn is_number(self) -> bool {
        matches!(self, Typed::Number | Typed::Whole | Typed::Percent | Typed::Money(_))
    }
}

/// One record.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    pub(super) cells: ByteRecord,
    /// Of every cell; empty where the form types nothing. Where it types them, empty cells at the end of a row are left out.
    pub(super) typed: Vec<Typed>,
    /// Whether the file counts days from 1904, as Excel on a Mac once did.
    pub(super) is_1904: bool,
    /// The line or row at which it begins, from 1.
    pub(super) line: u64,
    /// How many lines of text it takes.
    pub(super) lines: u64,
    /// What its quotes are, if it has any.
    pub(super) quotes: Quotes,
    /// Of a mended row: its place in the export. Without it, nothing says which of those that wait it is.
    pub(super) mends: Option<Mends>,
}

/// The place of a row that was refused: its line in the export, and the ingest that refused it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mends {
    pub(super) ingest: u64,
    pub(super) line: u64,
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
    fn repaired(&mut self) {
        let number = |at: usize| std::str::from_utf8(self.cells.get(at)?).ok()?.trim().parse::<u64>().ok();
        self.mends = number(0).zip(number(1)).map(|(line, ingest)| Mends { ingest, line });
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
    pub(super) fn is_of_form(&self) -> bool {
        !self.typed.is_empty() && self.mends.is_none()
    }

    /// Whether there is nothing in any of its cells: what a CR leaves, and the delimiters alone that spreadsheets write below a
    /// table.
    pub(super) fn is_blank(&self) -> bool {
        let text = self.cells.as_slice().trim_ascii();
        text.is_empty()
            || text.first().is_some_and(|byte| !byte.is_ascii())
                && std::str::from_utf8(text).is_ok_and(|text| text.chars().all(|c| c.is_whitespace() || is_unseen(c)))
    }

    /// Brings the letters of its cells into one piece.
    fn compose(&mut self) {
        if !may_be_in_pieces(self.cells.as_slice()) {
            return;
        }
        let whole = |cell| std::str::from_utf8(cell).map_or(Cow::Borrowed(cell), |text| bytes(composed(text)));
        if self.cells.iter().any(|cell| *whole(cell) != *cell) {
            self.cells = self.cells.iter().map(whole).collect();
        }
    }
}

/// One table of an export: text, or a sheet laid down.
#[derive(Debug)]
enum Sheet {
    Text,
    Kept(Kept),
}

/// An export whose form and encoding are known, and whose records can be read.
#[derive(Debug)]
pub(super) struct Readable {
    pub(super) input: Input,
    /// Of text and web pages.
    pub(super) encoding: Option<Encoding>,
    /// Whether its first bytes are plain, so that they tell no encoding.
    pub(super) is_plain: bool,
    sheets: Vec<Sheet>,
}

impl Readable {
    /// Finds out how an export is read. `stated` is the encoding that a mapping states, `scratch` the folder for what is
    /// laid down; `rows`: no more of them are wanted.
    pub(super) fn new(
        input: &Input,
        stated: Option<Encoding>,
        scratch: &Path,
        rows: Option<u64>,
    ) -> Result<Readable, IngestError> {
        let settled = match input.form {
            Form::Text | Form::Html | Form::JsonLines => Some(encoding::settle(input, stated)?),
            Form::Xlsx | Form::Xls | Form::Parquet => None,
        };
        let (encoding, is_plain) = (settled.map(|(encoding, _)| encoding), settled.is_some_and(|(_, plain)| plain));
        let keeping = Keeping { input, scratch, rows, budget: Budget::of(input.bytes) };
        let sheets = match input.form {
            Form::Text => vec![Sheet::Text],
            Form::Xlsx => workbook::xlsx(&keeping)?,
            Form::Xls => workbook::xls(&keeping)?,
            Form::Html => html::tables(&keeping, encoding.unwrap_or_default())?,
            Form::JsonLines => vec![json::lines(&keeping, encoding.unwrap_or_default())?],
            Form::Parquet => vec![parquet::table(&keeping)?],
        };
        Ok(Readable { input: input.clone(), encoding, is_plain, sheets })
    }

    /// The tables in it, by number; text is one. The names of sheets are what a mapping may ask for.
    pub(super) fn sheets(&self) -> impl Iterator<Item = (usize, Option<&str>)> {
        self.sheets.iter().enumerate().map(|(number, sheet)| match sheet {
            Sheet::Text => (number, None),
            Sheet::Kept(kept) => (number, kept.name()),
        })
    }

    /// How many cells the longest row of a sheet has; none: of text only its rows tell.
    pub(super) fn widest(&self, sheet: usize) -> Option<usize> {
        match self.sheets.get(sheet) {
            Some(Sheet::Kept(kept)) => Some(kept.widest()),
            _ => None,
        }
    }

    /// How many rows a sheet has that are not empty; of text nobody counted them.
    pub(super) fn rows(&self, sheet: usize) -> u64 {
        match self.sheets.get(sheet) {
            Some(Sheet::Kept(kept)) => kept.len(),
            _ => 0,
        }
    }

    /// The path, for messages.
    pub(super) fn path(&self) -> &Path {
        &self.input.path
    }

    /// Reads a sheet from its beginning; `delimiter` is of text.
    pub(super) fn records(&self, sheet: usize, cut: &Cut, delimiter: u8) -> Result<Records, IngestError> {
        let reading = match self.sheets.get(sheet) {
            Some(Sheet::Kept(kept)) => Reading::Kept(kept.read(cut.skip as u64)?),
            _ => Reading::Text(Box::new(TextReader::new(
                self.input.open()?,
                self.encoding.unwrap_or_default(),
                cut,
                delimiter,
                self.path(),
            )?)),
        };
        let (path, bytes, packed) = (self.path().to_owned(), self.input.bytes, self.input.is_packed());
        Ok(Records { reading, path, bytes, packed, repairs: self.input.repairs })
    }
}

/// The records of a sheet, one after another.
pub(super) struct Records {
    reading: Reading,
    path: PathBuf,
    bytes: u64,
    packed: bool,
    repairs: bool,
}

enum Reading {
    Text(Box<TextReader>),
    Kept(KeptReader),
}

impl Records {
    /// Says how many cells a row has from now on, at least and at most: what a quote is may depend on it.
    pub(super) fn expect(&mut self, least: usize, most: usize) {
        if let Reading::Text(text) = &mut self.reading {
            text.expect(least, most);
        }
    }

    /// Reads the next record; false at the end.
    pub(super) fn next(&mut self, record: &mut Record) -> Result<bool, IngestError> {
        let more = match &mut self.reading {
            Reading::Text(text) => text.next(record, &self.path)?,
            Reading::Kept(kept) => kept.next(record).map_err(IngestError::io(&self.path))?,
        };
        if more {
            record.compose();
        }
        if more && self.repairs {
            record.repaired();
        }
        Ok(more)
    }

    /// How much was read, in bytes of the file, about.
    pub(super) fn done(&self) -> u64 {
        match &self.reading {
            // what was read is more than lies on the disk, and how much more is not known before the end
            Reading::Text(text) if self.packed => (text.done() / 8).min(self.bytes),
            Reading::Text(text) => text.done().min(self.bytes),
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
            Reading::Kept(kept) => (self.bytes as f64 * kept.share()) as u64,
        }
    }
}

/// What a reader of others makes of a file; none: it stopped at what it had not foreseen. It is a broken file then, and
/// the ingest goes on to say so.
fn unharmed<T>(read: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).ok()
}

/// What laying down needs to know.
struct Keeping<'k> {
    input: &'k Input,
    scratch: &'k Path,
    rows: Option<u64>,
    /// What all its sheets may take.
    budget: Budget,
}

impl Keeping<'_> {
    fn path(&self) -> &Path {
        &self.input.path
    }

    fn begin(&self, name: Option<String>) -> Result<Kept, IngestError> {
        let file: File = tempfile::tempfile_in(self.scratch).map_err(IngestError::io(self.scratch))?;
        Ok(Kept::new(file, name.map(into_composed), self.path(), self.budget.clone()))
    }

    fn is_enough(&self, rows: u64) -> bool {
        self.rows.is_some_and(|most| rows >= most)
    }
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
