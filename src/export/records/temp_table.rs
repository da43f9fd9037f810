//! Records laid down in a file without a name: read as often as needed, gone when it is closed.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::record::{Record, Typed};
use crate::export::ExportError;
use crate::export::files::{FREE, RATIO};
use crate::export::values::amounts::Currency;
use crate::model::index::index_u32;
use crate::model::lang::{Text, both};

/// One table of an export: text, or a sheet laid down.
#[derive(Debug)]
pub(super) enum Sheet {
    Text,
    Kept(Kept),
}

/// A spreadsheet has no more columns than these, and nothing else should.
pub(super) const MOST_COLUMNS: usize = 16_384;
/// A cell of text is no longer.
pub(super) const LONGEST_CELL: usize = 16 << 20;
/// A row is not longer, in whatever form: what is, is no row but a quote that swallows the file, or no table at all.
pub(super) const LONGEST_ROW: usize = 64 << 20;

/// How much room the sheets of a file may take together: cells may share one long text, which is laid down for each of them.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    most: u64,
    taken: Arc<AtomicU64>,
}

impl Budget {
    /// That of a file of so many bytes.
    pub(super) fn of(packed: u64) -> Budget {
        Budget { most: FREE.max(packed.saturating_mul(RATIO)), taken: Arc::default() }
    }

    /// Takes so many bytes of it; false: there are no more.
    fn take(&self, bytes: u64) -> bool {
        self.taken.fetch_add(bytes, Ordering::Relaxed) + bytes <= self.most
    }
}

/// A sheet being laid down, and then laid down.
#[derive(Debug)]
pub(super) struct Kept {
    name: Option<String>,
    path: PathBuf,
    file: BufWriter<File>,
    bytes: u64,
    budget: Budget,
    records: u64,
    widest: usize,
    /// Whether its days are counted from 1904.
    pub(super) is_1904: bool,
}

impl Kept {
    /// Begins to lay down a sheet, into an empty file.
    pub(super) fn new(file: File, name: Option<String>, path: &Path, budget: Budget) -> Kept {
        let file = BufWriter::with_capacity(64 << 10, file);
        Kept { name, path: path.to_owned(), file, bytes: 0, budget, records: 0, widest: 0, is_1904: false }
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// How many cells its longest row has.
    pub(super) fn widest(&self) -> usize {
        self.widest
    }

    /// How many records it has.
    pub(super) fn len(&self) -> u64 {
        self.records
    }

    /// Appends a record to the temp file. Blank records are skipped; the caller counts lines.
    pub(super) fn push<'c>(
        &mut self,
        line: u64,
        cells: impl ExactSizeIterator<Item = (&'c str, Typed)>,
    ) -> Result<(), ExportError> {
        let columns = cells.len();
        if columns > MOST_COLUMNS {
            let what = both!(
                "в строке {line} колонок {columns}, а ни в одной таблице нет больше {MOST_COLUMNS}",
                "row {line} has {columns} columns, and no spreadsheet has more than {MOST_COLUMNS}"
            );
            return Err(ExportError::unreadable(
                &self.path,
                what,
                Text::new("выгрузите только нужные колонки", "export only the columns that are needed"),
            ));
        }
        self.push_filled(line, cells.enumerate())
    }

    /// The same of cells with their columns, of which there may be many that this record does not fill. The columns ascend.
    pub(super) fn push_filled<'c>(
        &mut self,
        line: u64,
        cells: impl Iterator<Item = (usize, (&'c str, Typed))>,
    ) -> Result<(), ExportError> {
        let (mut row, mut empty) = (Vec::new(), true);
        // what is behind the last cell with anything in it is no part of the row: it would be put together for each of them
        let mut filled = 0;
        for (at, (text, typed)) in cells.filter(|(_, (text, _))| !text.is_empty()) {
            empty &= text.trim().is_empty();
            put(&mut row, EMPTY, at - filled, b"");
            filled = at + 1;
            let kind = match typed {
                Typed::No => 0,
                Typed::Number => 1,
                Typed::Time => 2,
                Typed::Whole => 3,
                Typed::Percent => 5,
                Typed::Money(currency) => MONEY + currency.index(),
            };
            put(&mut row, kind, text.len(), text.as_bytes());
            if row.len() > LONGEST_ROW {
                let what = both!("строка {line} длиннее {} МиБ", "row {line} is longer than {} MiB", LONGEST_ROW >> 20);
                return Err(ExportError::unreadable(
                    &self.path,
                    what,
                    Text::new("выгрузите только нужные колонки", "export only the columns that are needed"),
                ));
            }
        }
        if empty {
            return Ok(());
        }
        let mut head = line.to_le_bytes().to_vec();
        head.extend_from_slice(&index_u32(filled).to_le_bytes());
        self.file.write_all(&head).and_then(|()| self.file.write_all(&row)).map_err(ExportError::io(&self.path))?;
        let taken = (head.len() + row.len()) as u64;
        self.bytes += taken;
        if !self.budget.take(taken) {
            let most = self.budget.most >> 20;
            let what = both!(
                "текста в его ячейках больше {most} МиБ: таких выгрузок не бывает",
                "its cells come to more than {most} MiB of text: no export does that"
            );
            return Err(ExportError::unreadable(
                &self.path,
                what,
                Text::new(
                    "посмотрите, что это, и загрузите его сохранённым в CSV",
                    "look what it is, and ingest it saved as CSV",
                ),
            ));
        }
        self.records += 1;
        self.widest = self.widest.max(filled);
        Ok(())
    }

    /// Ends the laying down.
    pub(super) fn done(mut self) -> Result<Sheet, ExportError> {
        self.file.flush().map_err(ExportError::io(&self.path))?;
        Ok(Sheet::Kept(self))
    }

    /// Reads the records from the first one that begins below `skip` lines.
    pub(super) fn read(&self, skip: u64) -> Result<KeptReader, ExportError> {
        let open = || {
            let mut file = self.file.get_ref().try_clone()?;
            file.seek(SeekFrom::Start(0))?;
            Ok(BufReader::with_capacity(1 << 20, file))
        };
        let file = open().map_err(ExportError::io(&self.path))?;
        Ok(KeptReader { file, skip, is_1904: self.is_1904, bytes: self.bytes, read: 0, cell: Vec::new() })
    }
}

/// What is laid down for a run of cells without anything in them, with its length: a sheet may be wide and nearly empty.
const EMPTY: u8 = 4;
/// From here on each kind is a number with a currency.
const MONEY: u8 = 64;

fn put(row: &mut Vec<u8>, kind: u8, length: usize, text: &[u8]) {
    if length > 0 {
        row.push(kind);
        row.extend_from_slice(&index_u32(length).to_le_bytes());
        row.extend_from_slice(text);
    }
}

/// Reads a sheet that was laid down. A row ends with its last cell that has anything in it: the form knows no short rows, and one
/// stray cell at the edge of a sheet would make a thousand cells of each.
pub(super) struct KeptReader {
    file: BufReader<File>,
    skip: u64,
    is_1904: bool,
    bytes: u64,
    read: u64,
    cell: Vec<u8>,
}

impl KeptReader {
    pub(super) fn next(&mut self, record: &mut Record) -> io::Result<bool> {
        loop {
            record.cells.clear();
            record.typed.clear();
            if self.read == self.bytes {
                return Ok(false);
            }
            let mut head = [0; 12];
            self.file.read_exact(&mut head)?;
            self.read += head.len() as u64;
            let (line, columns) = head.split_at(8);
            record.is_1904 = self.is_1904;
            record.line = u64::from_le_bytes(line.try_into().unwrap_or_default());
            let columns = u32::from_le_bytes(columns.try_into().unwrap_or_default()) as usize;
            while record.cells.len() < columns {
                let mut head = [0; 5];
                self.file.read_exact(&mut head)?;
                let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
                self.read += head.len() as u64;
                if head[0] == EMPTY {
                    fill(record, record.cells.len() + length);
                    continue;
                }
                self.cell.resize(length, 0);
                self.file.read_exact(&mut self.cell)?;
                self.read += length as u64;
                record.cells.push_field(&self.cell);
                record.typed.push(match head[0] {
                    1 => Typed::Number,
                    2 => Typed::Time,
                    3 => Typed::Whole,
                    5 => Typed::Percent,
                    kind => kind.checked_sub(MONEY).and_then(Currency::of_index).map_or(Typed::No, Typed::Money),
                });
            }
            // a header that is no line of the file is nobody's to skip
            if record.line > self.skip || record.line == 0 {
                return Ok(true);
            }
        }
    }

    /// How much of it was read.
    #[allow(clippy::cast_precision_loss)] // for a bar
    pub(super) fn share(&self) -> f64 {
        self.read as f64 / self.bytes.max(1) as f64
    }
}

fn fill(record: &mut Record, columns: usize) {
    while record.cells.len() < columns {
        record.cells.push_field(b"");
        record.typed.push(Typed::No);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_share_one_long_text_end_before_the_disk_does() {
        let text = "x".repeat(LONGEST_CELL);
        let mut kept = Kept::new(tempfile::tempfile().unwrap(), None, Path::new("x.xlsx"), Budget::of(2 << 20));
        let told = (1..).find_map(|line| kept.push(line, [(text.as_str(), Typed::No)].into_iter()).err()).unwrap();
        assert!(told.to_string().starts_with("x.xlsx: its cells come to more than 400 MiB of text"), "{told}");
        assert!(kept.bytes <= 420 << 20);
        // another sheet of the file has no more room either
        let mut other = Kept::new(tempfile::tempfile().unwrap(), None, Path::new("x.xlsx"), kept.budget.clone());
        assert!(other.push(1, [("x", Typed::No)].into_iter()).is_err());
        let told = kept.push(1, [(text.as_str(), Typed::No); 5].into_iter()).unwrap_err();
        assert!(told.to_string().starts_with("x.xlsx: row 1 is longer than 64 MiB"), "{told}");
    }

    #[test]
    fn a_wide_sheet_that_is_nearly_empty_takes_no_room_and_is_read_as_it_was() {
        let mut kept = Kept::new(tempfile::tempfile().unwrap(), None, Path::new("x"), Budget::of(1000));
        let mut row = vec![("", Typed::No); MOST_COLUMNS];
        row[1] = ("a", Typed::Number);
        row[MOST_COLUMNS - 1] = ("b", Typed::No);
        for line in 1..=100 {
            kept.push(line, row.iter().copied()).unwrap();
        }
        kept.push(101, [("c", Typed::Time), ("", Typed::No), ("", Typed::No)].into_iter()).unwrap();
        let Sheet::Kept(kept) = kept.done().unwrap() else { panic!("laid down") };
        assert!(kept.bytes < 5000, "{}", kept.bytes);
        let (mut reader, mut record) = (kept.read(0).unwrap(), Record::default());
        for line in 1..=100 {
            assert!(reader.next(&mut record).unwrap());
            assert_eq!((record.line, record.cells.len(), record.typed.len()), (line, MOST_COLUMNS, MOST_COLUMNS));
            assert_eq!((&record.cells[1], record.typed[1], &record.cells[0]), (&b"a"[..], Typed::Number, &b""[..]));
            assert_eq!(&record.cells[MOST_COLUMNS - 1], b"b");
        }
        assert!(reader.next(&mut record).unwrap());
        assert_eq!((&record.cells[0], record.typed[0], record.cells.len()), (&b"c"[..], Typed::Time, 1));
        assert!(!reader.next(&mut record).unwrap());
    }
}
