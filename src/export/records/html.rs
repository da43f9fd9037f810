//! Tables on a web page: what some CRMs call an Excel export.

use std::collections::BTreeMap;

use html5gum::{IoReader, Token, Tokenizer};

use super::decode::{Allowance, Decoded};
use super::encoding::Encoding;
use super::keeping::Keeping;
use super::record::Typed;
use super::temp_table::{Kept, LONGEST_CELL, LONGEST_ROW, MOST_COLUMNS, Sheet};
use crate::export::ExportError;
use crate::export::files::{FREE, RATIO};

/// Where a cell takes room beside its text.
const CELL: u64 = 8;

/// A page has no more of them that matter: the rest are decoration.
const MOST_TABLES: usize = 100;

/// The tables of a page, each a sheet; a table within a cell of another is text of that cell.
pub(super) fn tables(keeping: &Keeping<'_>, encoding: Encoding) -> Result<Vec<Sheet>, ExportError> {
    let allowance = Allowance::of(4 * LONGEST_CELL as u64);
    let bytes = Decoded::new(keeping.input.open()?, encoding, allowance.clone());
    let mut page = Page { keeping, done: Vec::new(), table: None, depth: 0, row: 0 };
    for token in Tokenizer::new(IoReader::new(bytes)) {
        allowance.renew();
        match token.map_err(ExportError::io(keeping.path()))? {
            Token::StartTag(tag) => {
                let span = |name: &str| {
                    let text =
                        tag.attributes.get(name.as_bytes()).map(|value| String::from_utf8_lossy(value).into_owned());
                    text.and_then(|text| text.trim().parse::<usize>().ok()).unwrap_or(1)
                };
                page.open(&tag.name, span("colspan"), span("rowspan"))?;
            }
            Token::EndTag(tag) => page.close(&tag.name)?,
            Token::String(text) => page.text(&String::from_utf8_lossy(&text))?,
            _ => {}
        }
        if page.is_enough() {
            break;
        }
    }
    page.end_table()?;
    match page.done.is_empty() {
        true => Err(ExportError::no_table(
            keeping.path(),
            "this is a web page without a table".into(),
            "export the table from the CRM again: what was saved may be a page that asks to log in",
        )),
        false => Ok(page.done),
    }
}

struct Page<'k> {
    keeping: &'k Keeping<'k>,
    done: Vec<Sheet>,
    table: Option<Open>,
    /// Tables within tables.
    depth: usize,
    /// Rows of the whole page: there is nothing else by which a reader could find one.
    row: u64,
}

/// A table being read.
struct Open {
    kept: Kept,
    row: Vec<String>,
    in_row: bool,
    in_cell: bool,
    /// Cells that reach down into the rows below, by column: rows left, text.
    reaching: BTreeMap<usize, (usize, String)>,
    /// How many columns the cell being read takes, and rows.
    spans: (usize, usize),
    /// Bytes of the row being read.
    bytes: usize,
    /// How much is written, and how much comes out of cells that reach over others: that is a kind of packing, too.
    written: u64,
    spanned: u64,
}

impl Page<'_> {
    fn is_enough(&self) -> bool {
        self.table.as_ref().is_some_and(|open| self.keeping.is_enough(open.kept.len()))
            || self.done.len() >= MOST_TABLES
    }

    fn open(&mut self, tag: &[u8], columns: usize, rows: usize) -> Result<(), ExportError> {
        if tag == b"table" {
            self.depth += 1;
            if self.depth == 1 {
                self.table = Some(Open {
                    kept: self.keeping.begin(None)?,
                    row: Vec::new(),
                    in_row: false,
                    in_cell: false,
                    reaching: BTreeMap::new(),
                    spans: (1, 1),
                    bytes: 0,
                    written: 0,
                    spanned: 0,
                });
            }
            return Ok(());
        }
        if self.depth != 1 {
            return Ok(());
        }
        match tag {
            b"tr" => {
                self.end_row()?;
                self.row += 1;
                if let Some(open) = &mut self.table {
                    open.in_row = true;
                }
            }
            b"td" | b"th" => {
                if let Some(open) = &mut self.table {
                    open.end_cell();
                    open.fill_from_above();
                    open.row.push(String::new());
                    open.in_cell = true;
                    open.spans = (columns.clamp(1, MOST_COLUMNS), rows.clamp(1, 65_534));
                    open.written += CELL;
                }
                self.check()?;
            }
            b"br" | b"p" | b"div" => self.text("\n")?,
            _ => {}
        }
        Ok(())
    }

    /// Refuses an oversized row before it fills the memory, not at its end.
    fn check(&self) -> Result<(), ExportError> {
        let Some(open) = &self.table else { return Ok(()) };
        let what = if open.row.len() > MOST_COLUMNS {
            format!("has more than {MOST_COLUMNS} columns, and no spreadsheet has")
        } else if open.bytes > LONGEST_ROW {
            format!("is longer than {} MiB", LONGEST_ROW >> 20)
        } else if open.spanned > FREE && open.spanned / RATIO > open.written {
            format!("comes after {} bytes of cells that reach over {} others", open.written, open.spanned)
        } else {
            return Ok(());
        };
        let what = format!("row {} of the page {what}: this is no table", self.row);
        Err(ExportError::no_table(self.keeping.path(), what, "export the table from the CRM again, as CSV or XLSX"))
    }

    fn close(&mut self, tag: &[u8]) -> Result<(), ExportError> {
        match (tag, self.depth) {
            (b"table", 1) => self.end_table(),
            (b"table", depth) => {
                self.depth = depth.saturating_sub(1);
                Ok(())
            }
            (b"tr", 1) => self.end_row(),
            (b"td" | b"th", 1) => {
                if let Some(open) = &mut self.table {
                    open.end_cell();
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), ExportError> {
        let Some(open) = self.table.as_mut().filter(|open| open.in_cell) else { return Ok(()) };
        if let Some(cell) = open.row.last_mut() {
            cell.push_str(text);
        }
        open.bytes += text.len();
        open.written += text.len() as u64;
        self.check()
    }

    fn end_row(&mut self) -> Result<(), ExportError> {
        let row = self.row;
        let Some(open) = self.table.as_mut().filter(|open| open.in_row) else { return Ok(()) };
        open.end_cell();
        open.fill_from_above();
        open.in_row = false;
        open.bytes = 0;
        let cells = std::mem::take(&mut open.row);
        open.kept.push(row, cells.iter().map(|cell| (cell.as_str(), Typed::No)))?;
        self.check()
    }

    fn end_table(&mut self) -> Result<(), ExportError> {
        self.end_row()?;
        self.depth = 0;
        match self.table.take() {
            Some(open) if open.kept.len() > 0 => {
                self.done.push(open.kept.done()?);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl Open {
    fn end_cell(&mut self) {
        if !std::mem::take(&mut self.in_cell) {
            return;
        }
        let (columns, rows) = std::mem::replace(&mut self.spans, (1, 1));
        let at = self.row.len() - 1;
        if let Some(cell) = self.row.last_mut() {
            *cell = cell.replace('\u{a0}', " ").trim().to_owned();
        }
        let text = self.row[at].clone();
        // of a cell over several columns the first one holds its text
        let more = (columns - 1).min(MOST_COLUMNS.saturating_sub(at));
        self.row.resize(self.row.len() + more, String::new());
        self.spanned += CELL * more as u64;
        if rows > 1 {
            self.reaching.insert(at, (rows, text));
        }
    }

    /// Puts down the cells of rows above that reach into the next column of this one.
    fn fill_from_above(&mut self) {
        let mut column = self.row.len();
        while let Some((left, text)) = self.reaching.get_mut(&column) {
            *left -= 1;
            let ended = *left <= 1;
            self.bytes += text.len();
            self.spanned += CELL + text.len() as u64;
            self.row.push(text.clone());
            if ended {
                self.reaching.remove(&column);
            }
            if self.bytes > LONGEST_ROW {
                return;
            }
            column += 1;
        }
    }
}
