//! Records out of delimited text.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};

use super::decode::{Allowance, Decoded};
use super::kept::{LONGEST_ROW, MOST_COLUMNS};
use super::{Cut, Encoding, Record};
use crate::ingest::IngestError;

pub(super) struct TextReader {
    reader: csv::Reader<BufReader<Decoded<Box<dyn Read + Send>>>>,
    allowance: Allowance,
    /// Lines before what the reader sees.
    skipped: u64,
}

impl TextReader {
    pub(super) fn new(
        bytes: Box<dyn Read + Send>,
        encoding: Encoding,
        cut: &Cut,
        delimiter: u8,
        path: &Path,
    ) -> Result<TextReader, IngestError> {
        let allowance = Allowance::of_cells(LONGEST_ROW as u64, delimiter);
        let decoded = Decoded::new(bytes, encoding, allowance.clone());
        let mut input = BufReader::with_capacity(256 * 1024, decoded);
        let mut line = Vec::new();
        for _ in 0..cut.skip {
            line.clear();
            allowance.renew();
            input.read_until(b'\n', &mut line).map_err(IngestError::io(path))?;
        }
        let reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .quote(cut.quote)
            .has_headers(false)
            // a CR before it stays in the last cell and is trimmed there: with the default, lines of CRLF files are off
            // by one
            .terminator(csv::Terminator::Any(b'\n'))
            .flexible(true)
            .escape(cut.escape)
            .from_reader(input);
        Ok(TextReader { reader, allowance, skipped: cut.skip as u64 })
    }

    pub(super) fn next(&mut self, record: &mut Record, path: &Path) -> Result<bool, IngestError> {
        self.allowance.renew();
        match self.reader.read_byte_record(&mut record.cells) {
            Ok(true) => {
                // what the end of the file ends is a quote that is not closed: there is no line end after it
                record.is_open = self.allowance.is_over();
                let ended = u64::from(!record.is_open);
                record.line = first_line(&self.reader, &record.cells, ended) + self.skipped;
                if record.cells.len() > MOST_COLUMNS {
                    return Err(too_wide(path, record.line, &record.cells.len().to_string()));
                }
                Ok(true)
            }
            Ok(false) => Ok(false),
            Err(_) if self.allowance.is_cut_too_often() => {
                let line = self.reader.position().line().max(1) + self.skipped;
                Err(too_wide(path, line, "more than a million"))
            }
            Err(_) if self.allowance.is_spent() => {
                let line = self.reader.position().line().max(1) + self.skipped;
                Err(IngestError::EndlessRow { path: path.to_owned(), line, most: (LONGEST_ROW >> 20) as u64 })
            }
            Err(error) => Err(match error.into_kind() {
                csv::ErrorKind::Io(source) => IngestError::Io { path: path.to_owned(), source },
                other => IngestError::data(path, format!("{other:?}")),
            }),
        }
    }

    pub(super) fn begin(&self, record: &Record) -> u64 {
        record.cells.position().map_or(0, csv::Position::line) + self.skipped
    }

    pub(super) fn done(&self) -> u64 {
        self.reader.position().byte()
    }
}

/// The refusal of a row of more cells than any table has columns.
fn too_wide(path: &Path, line: u64, cells: &str) -> IngestError {
    let what = format!("line {line} has {cells} cells, and no table has more than {MOST_COLUMNS} columns");
    IngestError::no_table(
        path,
        what,
        "export only the columns that are needed; a quote that is not closed may be to blame, too",
    )
}

/// The line at which the record just read begins. Its own position would name a blank line before it.
fn first_line<R: Read>(reader: &csv::Reader<R>, record: &ByteRecord, ended: u64) -> u64 {
    let inside = record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
    reader.position().line().saturating_sub(ended + inside)
}
