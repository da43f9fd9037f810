//! Records out of delimited text.
//!
//! Nothing in such a file says whether a quote opens a cell or is a letter, so a record that the strict rule reads over several
//! lines, or not at all, is compared with what its lines are by themselves: no row may vanish in the cell of another.

use std::io::{BufReader, Read};
use std::path::Path;

use csv::ByteRecord;

use super::cells::{Came, Marks, Strict};
use super::decode::{Allowance, Decoded};
use super::encoding::Encoding;
use super::lines::Lines;
use super::record::{Cut, Quotes, Record};
use super::temp_table::{LONGEST_ROW, MOST_COLUMNS};
use crate::export::ExportError;

/// So many lines are looked through for the end of a cell whose quotes nobody doubled.
const FAR: usize = 20;

pub(super) struct TextReader {
    lines: Lines<Decoded<Box<dyn Read + Send>>>,
    allowance: Allowance,
    marks: Marks,
    /// Lines read so far.
    line: u64,
    /// How many cells a row has, at least and at most, once that is known.
    cells: Option<(usize, usize)>,
    /// The lines of the record, and where each of them ends.
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl TextReader {
    pub(super) fn new(
        bytes: Box<dyn Read + Send>,
        encoding: Encoding,
        cut: &Cut,
        delimiter: u8,
        path: &Path,
    ) -> Result<TextReader, ExportError> {
        let allowance = Allowance::of_cells(LONGEST_ROW as u64, delimiter);
        let decoded = Decoded::new(bytes, encoding, allowance.clone());
        let input = BufReader::with_capacity(256 * 1024, decoded);
        let mut lines = Lines::new(input, cut.quote).map_err(ExportError::io(path))?;
        let mut text = Vec::new();
        for _ in 0..cut.skip {
            text.clear();
            allowance.renew();
            lines.next(&mut text).map_err(ExportError::io(path))?;
        }
        let (marks, line) = (Marks::new(cut, delimiter), cut.skip as u64);
        Ok(TextReader { lines, allowance, marks, line, cells: None, text, ends: Vec::new() })
    }

    /// Sets the least and greatest number of cells of the rows that follow.
    pub(super) fn expect(&mut self, least: usize, most: usize) {
        self.cells = Some((least, most));
    }

    pub(super) fn next(&mut self, record: &mut Record, path: &Path) -> Result<bool, ExportError> {
        self.allowance.renew();
        loop {
            self.text.clear();
            self.ends.clear();
            if !self.more(path)? {
                return Ok(false);
            }
            if !self.text.is_empty() {
                break;
            }
        }
        (record.line, record.lines, record.quotes) = (self.line, 1, Quotes::Plain);
        record.cells.clear();
        match self.text.contains(&self.marks.quote) {
            false => self.marks.split(&self.text, &mut record.cells),
            true => self.quoted(record, path)?,
        }
        if record.cells.len() > MOST_COLUMNS {
            return Err(too_wide(path, record.line, &record.cells.len().to_string()));
        }
        Ok(true)
    }

    /// Adds a line to the text of the record.
    fn more(&mut self, path: &Path) -> Result<bool, ExportError> {
        let length = self.text.len();
        if !self.ends.is_empty() {
            self.text.push(self.lines.end());
        }
        let more = match self.lines.next(&mut self.text) {
            Ok(more) => more,
            Err(_) if self.allowance.is_cut_too_often() => {
                return Err(too_wide(path, self.line - self.ends.len() as u64 + 1, "more than a million"));
            }
            Err(_) if self.allowance.is_spent() => {
                let (line, most) = ((self.line - self.ends.len() as u64) + 1, (LONGEST_ROW >> 20) as u64);
                return Err(ExportError::EndlessRow { path: path.to_owned(), line, most });
            }
            Err(error) => return Err(ExportError::io(path)(error)),
        };
        match more {
            true => {
                self.line += 1;
                self.ends.push(self.text.len());
            }
            false => self.text.truncate(length),
        }
        Ok(more)
    }

    /// Reads a record that begins with a line with a quote in it.
    fn quoted(&mut self, record: &mut Record, path: &Path) -> Result<(), ExportError> {
        let mut strict = Strict::new(self.marks);
        let came = loop {
            match strict.read(&self.text, &mut record.cells) {
                Came::Open if self.more(path)? => {}
                came => break came,
            }
        };
        match (came, self.ends.len()) {
            (Came::Whole, 1) => self.whole(record),
            (Came::Whole, _) => self.over_lines(record),
            (Came::Stray, _) => match self.alone(0, true) {
                Some(cells) => self.take_first(record, cells, Quotes::Stray),
                None => self.unclosed(record, path)?,
            },
            (Came::Open, _) => match self.alone(0, false).filter(|_| self.cells.is_some()) {
                Some(cells) => self.take_first(record, cells, Quotes::Stray),
                None => {
                    // the open cell holds what is left of the file: whoever reads the record refuses the file
                    record.cells.push_field(strict.open_cell());
                    record.quotes = Quotes::Open;
                    let blank = self.ends.iter().rev().zip(self.ends.iter().rev().skip(1));
                    let blank = blank.take_while(|(end, before)| **end == **before + 1).count();
                    record.lines = (self.ends.len() - blank) as u64;
                }
            },
        }
        Ok(())
    }

    /// A record of one line that the strict rule can read: if its cells are not as many as they should be, a backslash may be
    /// meant to keep a quote from ending a cell.
    fn whole(&mut self, record: &mut Record) {
        if self.fits(&record.cells) || !self.text.windows(2).any(|two| two == [b'\\', self.marks.quote]) {
            return;
        }
        let mut cells = ByteRecord::new();
        let read = self.marks.escaped().map(|marks| Strict::new(marks).read(&self.text, &mut cells));
        if read == Some(Came::Whole) && self.fits(&cells) {
            self.take_first(record, cells, Quotes::Stray);
        }
    }

    /// A record of several lines that the strict rule can read.
    fn over_lines(&mut self, record: &mut Record) {
        record.lines = self.ends.len() as u64;
        if self.cells.is_none_or(|(least, _)| least < 2) {
            return;
        }
        let are_rows = |from: usize| (from..self.ends.len()).all(|line| self.alone(line, true).is_some());
        if self.fits(&record.cells) {
            if (1..self.ends.len()).any(|line| self.alone(line, true).is_some()) {
                record.quotes = Quotes::OverRows;
            }
            return;
        }
        if let Some(cells) = self.alone(0, true) {
            self.take_first(record, cells, Quotes::Stray);
        } else if are_rows(1) {
            let cells = self.first_line();
            self.take_first(record, cells, Quotes::Broken);
        }
    }

    /// A record that the strict rule cannot read, and whose first line is no row by itself.
    fn unclosed(&mut self, record: &mut Record, path: &Path) -> Result<(), ExportError> {
        let read = self.ends.len();
        while self.ends.len() < FAR {
            if let Some(cells) = self.marks.lenient(&self.text).filter(|cells| self.fits(cells)) {
                let rows = (1..self.ends.len()).any(|line| self.alone(line, true).is_some());
                if !rows || self.cells.is_none() {
                    record.cells = cells;
                    record.lines = self.ends.len() as u64;
                    record.quotes = Quotes::Stray;
                    return Ok(());
                }
                break;
            }
            if self.cells.is_none() || !self.more(path)? {
                break;
            }
        }
        // a line of its own is refused, and those below it are read
        let rows = (1..read).filter(|line| self.alone(*line, true).is_some()).count();
        match rows > 0 || read == 1 || self.cells.is_none() {
            true => {
                let cells = self.first_line();
                self.take_first(record, cells, Quotes::Broken);
            }
            false => {
                self.keep(read);
                record.cells.clear();
                record.cells.push_field(&self.text);
                record.lines = read as u64;
                record.quotes = Quotes::Broken;
            }
        }
        Ok(())
    }

    /// The cells of a line of the record by itself, where they are a row.
    fn alone(&self, line: usize, any: bool) -> Option<ByteRecord> {
        self.marks.alone(self.line_of(line), any, |cells| self.fits(cells))
    }

    fn line_of(&self, line: usize) -> &[u8] {
        let begin = if line == 0 { 0 } else { self.ends[line - 1] + 1 };
        &self.text[begin..self.ends[line]]
    }

    /// The first line as it stands, where its quotes cannot be understood.
    fn first_line(&self) -> ByteRecord {
        let (line, mut cells) = (self.line_of(0), ByteRecord::new());
        self.marks.split(line, &mut cells);
        // whoever takes it for a row is told that it is none by the number of its cells
        if self.fits(&cells) {
            cells.clear();
            cells.push_field(line);
        }
        cells
    }

    fn take_first(&mut self, record: &mut Record, cells: ByteRecord, quotes: Quotes) {
        self.keep(1);
        record.cells = cells;
        record.lines = 1;
        record.quotes = quotes;
    }

    /// Leaves so many lines to the record, and puts the others back.
    fn keep(&mut self, lines: usize) {
        if lines < self.ends.len() {
            let end = self.ends[lines - 1];
            self.lines.put_back(&self.text[end + 1..]);
            self.line -= (self.ends.len() - lines) as u64;
            self.text.truncate(end);
            self.ends.truncate(lines);
        }
    }

    /// Whether cells are as many as they should be. Many exports end each row with a delimiter.
    fn fits(&self, cells: &ByteRecord) -> bool {
        let beyond = |most: usize| cells.iter().skip(most).all(|cell| cell.trim_ascii().is_empty());
        self.cells.is_none_or(|(least, most)| cells.len() >= least && beyond(most))
    }

    pub(super) fn done(&self) -> u64 {
        self.lines.done()
    }
}

/// The refusal of a row of more cells than any table has columns.
fn too_wide(path: &Path, line: u64, cells: &str) -> ExportError {
    let what = format!("line {line} has {cells} cells, and no table has more than {MOST_COLUMNS} columns");
    ExportError::no_table(
        path,
        what,
        "export only the columns that are needed; a quote that is not closed may be to blame, too",
    )
}
