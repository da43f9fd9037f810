//! Records out of an export, whatever its form: cells of text, some of which the form itself calls a number or a time.
//!
//! Delimited text is read as it stands, as often as needed. The other forms are laid down once as records in a file
//! without a name (`temp_table.rs`), so that memory does not grow with them and a second pass costs no second parse.

mod ahead;
mod cells;
mod xls_limits;
mod decode;
mod encoding;
mod formats;
mod html;
mod json;
mod keeping;
mod temp_table;
mod lines;
mod parquet;
mod record;
mod spreadsheet;
mod xlsx_limits;
mod text;
mod workbook;

use std::path::{Path, PathBuf};

pub(crate) use ahead::{Ahead, BATCH, Batch, Full, ahead, next_batch};
pub(crate) use encoding::Encoding;
pub(crate) use formats::UNCALCULATED;
use keeping::Keeping;
pub(crate) use record::{Cut, DELIMITERS, Quotes, Record, RepairOrigin, Typed};
use temp_table::{Budget, KeptReader, Sheet};
use text::TextReader;

use super::ExportError;
use super::files::{Form, Input};

/// An export whose form and encoding are known, and whose records can be read.
#[derive(Debug)]
pub(crate) struct Readable {
    pub(crate) input: Input,
    /// Of text and web pages.
    pub(crate) encoding: Option<Encoding>,
    /// Whether its first bytes are plain, so that they tell no encoding.
    pub(crate) is_plain: bool,
    /// What cut the cells of a text of which other rows were made.
    pub(crate) was_cut_by: Option<u8>,
    sheets: Vec<Sheet>,
}

impl Readable {
    /// Finds out how an export is read. `stated` is the encoding that a mapping states, `scratch` the folder for what is
    /// laid down; `rows`: no more of them are wanted.
    pub(crate) fn new(
        input: &Input,
        stated: Option<Encoding>,
        scratch: &Path,
        rows: Option<u64>,
    ) -> Result<Readable, ExportError> {
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
        Ok(Readable { input: input.clone(), encoding, is_plain, was_cut_by: None, sheets })
    }

    /// The same export as one table of other rows that were made of it, each with the line of which it was made; `delimiter` cut
    /// the cells of a text.
    pub(crate) fn with_rows(
        self,
        scratch: &Path,
        name: Option<String>,
        delimiter: u8,
        rows: impl Iterator<Item = (u64, Vec<(String, Typed)>)>,
    ) -> Result<Readable, ExportError> {
        let keeping = Keeping { input: &self.input, scratch, rows: None, budget: Budget::of(self.input.bytes) };
        let mut kept = keeping.begin(name)?;
        for (line, cells) in rows {
            kept.push(line, cells.iter().map(|(text, typed)| (text.as_str(), *typed)))?;
        }
        let sheets = vec![kept.done()?];
        Ok(Readable { was_cut_by: Some(delimiter), sheets, ..self })
    }

    /// The tables in it, by number; text is one. The names of sheets are what a mapping may ask for.
    pub(crate) fn sheets(&self) -> impl Iterator<Item = (usize, Option<&str>)> {
        self.sheets.iter().enumerate().map(|(number, sheet)| match sheet {
            Sheet::Text => (number, None),
            Sheet::Kept(kept) => (number, kept.name()),
        })
    }

    /// Number of cells in the longest row of a sheet. `None` for text, where only reading the rows shows it.
    pub(crate) fn widest(&self, sheet: usize) -> Option<usize> {
        match self.sheets.get(sheet) {
            Some(Sheet::Kept(kept)) => Some(kept.widest()),
            _ => None,
        }
    }

    /// How many rows a sheet has that are not empty; of text nobody counted them.
    pub(crate) fn rows(&self, sheet: usize) -> u64 {
        match self.sheets.get(sheet) {
            Some(Sheet::Kept(kept)) => kept.len(),
            _ => 0,
        }
    }

    /// The path, for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.input.path
    }

    /// Reads a sheet from its beginning; `delimiter` is of text.
    pub(crate) fn records(&self, sheet: usize, cut: &Cut, delimiter: u8) -> Result<Records, ExportError> {
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
pub(crate) struct Records {
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
    /// Sets the least and greatest number of cells of the rows that follow: the meaning of a quote may depend on it.
    pub(crate) fn expect(&mut self, least: usize, most: usize) {
        if let Reading::Text(text) = &mut self.reading {
            text.expect(least, most);
        }
    }

    /// Reads the next record; false at the end.
    pub(crate) fn next(&mut self, record: &mut Record) -> Result<bool, ExportError> {
        let more = match &mut self.reading {
            Reading::Text(text) => text.next(record, &self.path)?,
            Reading::Kept(kept) => kept.next(record).map_err(ExportError::io(&self.path))?,
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
    pub(crate) fn done(&self) -> u64 {
        match &self.reading {
            // what was read is more than lies on the disk, and how much more is not known before the end
            Reading::Text(text) if self.packed => (text.done() / 8).min(self.bytes),
            Reading::Text(text) => text.done().min(self.bytes),
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
            Reading::Kept(kept) => (self.bytes as f64 * kept.share()) as u64,
        }
    }
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
