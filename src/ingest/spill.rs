//! Rows on their way from the exports to the buckets: in memory up to a budget, beyond it in files beside the store.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use super::IngestError;
use super::cell::Cell;
use super::export::{FillPlan, Value};
use super::layout::Layout;
use super::mapping::Repeated;
use crate::model::tables::{Kind, Table};

/// The bucket of a key; `buckets` is a power of two, so that bucket `n` of `2b` comes from bucket `n mod b`.
pub fn bucket(key: &str, buckets: u32) -> u32 {
    #[allow(clippy::cast_possible_truncation)] // less than `buckets`
    let bucket = (xxh3_64(key.as_bytes()) % u64::from(buckets.max(1))) as u32;
    bucket
}

/// What the rows of one fill of one file look like.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) table: Table,
    pub(super) sum: bool,
    pub(super) columns: Vec<ShapeColumn>,
    /// Where the key's columns stand among `columns`.
    pub(super) key: Vec<Option<usize>>,
    /// Where the columns that decide the bucket stand among `columns`, in order.
    pub(super) bucket_by: Vec<usize>,
    /// Of events: whether the export gives ids of its own. Its rows end in a number that tells their order.
    pub(super) gives_ids: bool,
    /// Tells fills of one section from those of others: of one kind, two rows of a key say the same twice.
    pub(super) kind: u32,
}

/// One column of a [`Shape`].
#[derive(Debug)]
pub(super) struct ShapeColumn {
    /// Where it stands in the table's [`Layout`].
    pub(super) slot: usize,
    pub(super) adds_up: bool,
    pub(super) if_unknown: bool,
}

impl Shape {
    /// The shape of a fill. Events always begin with their `event_id`.
    pub(super) fn new(fill: &FillPlan, layout: &Layout, repeated: Repeated, kind: u32) -> Shape {
        let derived = (fill.table == Table::Events).then(|| layout.slot("event_id")).flatten();
        let mapped = fill.columns.iter().filter(|c| Some(c.slot) != derived).map(|c| (c.slot, c.if_unknown));
        let columns: Vec<ShapeColumn> = derived
            .map(|slot| (slot, false))
            .into_iter()
            .chain(mapped)
            .map(|(slot, if_unknown)| {
                let adds_up = matches!(layout.columns[slot].1, Kind::Money | Kind::Count);
                ShapeColumn { slot, adds_up, if_unknown }
            })
            .collect();
        let place = |slot: usize| columns.iter().position(|c| c.slot == slot);
        Shape {
            table: fill.table,
            sum: repeated == Repeated::Sum,
            key: layout.key.iter().map(|slot| place(*slot)).collect(),
            bucket_by: layout.slots(fill.table.bucket_by()).into_iter().filter_map(place).collect(),
            gives_ids: derived.is_some_and(|id| fill.columns.iter().any(|c| c.slot == id)),
            columns,
            kind,
        }
    }

    /// The shape of rows that came too late: they fill only what is empty.
    pub(super) fn late(&self) -> Shape {
        let is_key = |at: usize| self.key.contains(&Some(at));
        let column = |(at, column): (usize, &ShapeColumn)| ShapeColumn {
            slot: column.slot,
            adds_up: column.adds_up,
            if_unknown: column.if_unknown || !is_key(at),
        };
        Shape {
            table: self.table,
            sum: self.sum,
            columns: self.columns.iter().enumerate().map(column).collect(),
            key: self.key.clone(),
            bucket_by: self.bucket_by.clone(),
            gives_ids: self.gives_ids,
            kind: self.kind,
        }
    }

    /// The shape of whole rows of a table, as the store has them.
    pub(super) fn whole(layout: &Layout) -> Shape {
        let column = |slot| ShapeColumn { slot, adds_up: false, if_unknown: false };
        Shape {
            table: layout.table,
            sum: false,
            columns: (0..layout.width()).map(column).collect(),
            key: layout.key.iter().copied().map(Some).collect(),
            bucket_by: layout.slots(layout.table.bucket_by()),
            gives_ids: false,
            kind: u32::MAX,
        }
    }
}

/// Appends a value to an encoded row.
pub(super) fn encode(value: &Value<'_>, row: &mut Vec<u8>) {
    match value {
        Value::Null => row.push(0),
        Value::Text(text) => {
            row.push(1);
            row.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
            row.extend_from_slice(text.as_bytes());
        }
        Value::Whole(number) => {
            row.push(2);
            row.extend_from_slice(&number.to_le_bytes());
        }
        Value::Real(number) => {
            row.push(3);
            row.extend_from_slice(&number.to_le_bytes());
        }
    }
}

/// Appends a whole row of a table.
pub(super) fn encode_cells(cells: &[Cell<'_>], row: &mut Vec<u8>) {
    for cell in cells {
        let value = match *cell {
            Cell::Null => Value::Null,
            Cell::Text(text) => Value::Text(text.into()),
            Cell::Whole(number) => Value::Whole(number),
            Cell::Real(number) => Value::Real(number),
        };
        encode(&value, row);
    }
}

/// Reads an encoded value; none at the end.
pub(super) fn decode<'a>(rest: &mut &'a [u8]) -> Option<Cell<'a>> {
    let (tag, after) = rest.split_first()?;
    *rest = after;
    match tag {
        0 => Some(Cell::Null),
        1 => {
            let length = u32::from_le_bytes(*rest.first_chunk()?) as usize;
            let text = std::str::from_utf8(rest.get(4..4 + length)?).ok()?;
            *rest = &rest[4 + length..];
            Some(Cell::Text(text))
        }
        tag => {
            let bytes: [u8; 8] = *rest.first_chunk()?;
            *rest = &rest[8..];
            Some(if *tag == 2 { Cell::Whole(i64::from_le_bytes(bytes)) } else { Cell::Real(f64::from_le_bytes(bytes)) })
        }
    }
}

/// The rows of an ingest, by part. Deals and events share `parts` of them, since a bucket's journeys need both; as many
/// are for the other tables with buckets; then comes one for each table without.
#[derive(Debug)]
pub(super) struct Spill {
    dir: PathBuf,
    parts: u32,
    /// Bytes that rows may take before they go to disk.
    budget: usize,
    buffers: Vec<Vec<u8>>,
    on_disk: Vec<bool>,
    used: usize,
}

impl Spill {
    /// An empty spill that uses the folder `dir`, which is emptied now and deleted at the end.
    pub(super) fn new(dir: PathBuf, parts: u32, budget: usize) -> Result<Spill, IngestError> {
        if dir.exists() {
            fs::remove_dir_all(&dir).map_err(IngestError::io(&dir))?;
        }
        fs::create_dir_all(&dir).map_err(IngestError::io(&dir))?;
        let all = 2 * parts as usize + Table::ALL.len();
        Ok(Spill { dir, parts, budget, buffers: vec![Vec::new(); all], on_disk: vec![false; all], used: 0 })
    }

    /// Where it lies on the disk.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The parts that may hold rows of a table.
    pub(super) fn parts(&self, table: Table) -> Range<usize> {
        let parts = self.parts as usize;
        match table {
            Table::Deals | Table::Events | Table::Journeys => 0..parts,
            _ if !table.bucket_by().is_empty() => parts..2 * parts,
            _ => {
                let own = 2 * parts + Table::ALL.iter().position(|t| *t == table).unwrap_or_default();
                own..own + 1
            }
        }
    }

    /// The parts that may hold rows of one of a table's buckets.
    pub(super) fn bucket(&self, table: Table, number: u32, buckets: u32) -> Result<Vec<Vec<u8>>, IngestError> {
        let parts = self.parts(table);
        let step = parts.len().min(buckets as usize);
        parts.skip(number as usize % step).step_by(step).map(|part| self.part(part)).collect()
    }

    /// Adds a row; `key` decides the part where the table has buckets.
    pub(super) fn push(&mut self, shape: u32, table: Table, key: &str, row: &[u8]) -> Result<(), IngestError> {
        let parts = self.parts(table);
        let part = parts.start + bucket(key, u32::try_from(parts.len()).unwrap_or(1)) as usize;
        let buffer = &mut self.buffers[part];
        let before = buffer.capacity();
        buffer.extend_from_slice(&shape.to_le_bytes());
        buffer.extend_from_slice(&u32::try_from(row.len()).unwrap_or(u32::MAX).to_le_bytes());
        buffer.extend_from_slice(row);
        self.used += buffer.capacity() - before;
        match self.used > self.budget {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// The encoded rows of a part, in the order in which they came.
    pub(super) fn part(&self, part: usize) -> Result<Vec<u8>, IngestError> {
        let mut rows = Vec::new();
        if self.on_disk[part] {
            let path = path(&self.dir, part);
            let read = File::open(&path).and_then(|mut file| file.read_to_end(&mut rows));
            read.map_err(IngestError::io(&path))?;
        }
        rows.extend_from_slice(&self.buffers[part]);
        Ok(rows)
    }

    fn flush(&mut self) -> Result<(), IngestError> {
        for part in 0..self.buffers.len() {
            if self.buffers[part].is_empty() {
                continue;
            }
            let path = path(&self.dir, part);
            let file = OpenOptions::new().create(true).append(true).open(&path);
            file.and_then(|mut file| file.write_all(&self.buffers[part])).map_err(IngestError::io(&path))?;
            self.on_disk[part] = true;
            self.buffers[part] = Vec::new();
        }
        self.used = 0;
        Ok(())
    }
}

impl Drop for Spill {
    fn drop(&mut self) {
        // what cannot be deleted now is deleted when the next ingest begins
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn path(dir: &Path, part: usize) -> PathBuf {
    dir.join(format!("{part:05}"))
}

/// Encoded rows, decoded: for each the number of its shape and where its cells begin.
#[derive(Debug, Default)]
pub(super) struct Patches<'a> {
    pub(super) rows: Vec<(u32, u32)>,
    pub(super) cells: Vec<Cell<'a>>,
}

impl<'a> Patches<'a> {
    /// Adds the rows of one table out of a part; those of other buckets are left out.
    pub(super) fn extend(&mut self, part: &'a [u8], table: Table, shapes: &[Shape], wanted: (u32, u32)) {
        let (number, buckets) = wanted;
        let of_table = |shape: u32| shapes.get(shape as usize).filter(|of| of.table == table);
        let mut rest = part;
        let (mut rows, mut width) = (0, 0);
        while let Some((shape, _)) = next(&mut rest) {
            let Some(of) = of_table(shape) else { continue };
            rows += 1;
            width += of.columns.len();
        }
        self.rows.reserve(rows);
        self.cells.reserve(width);
        let mut rest = part;
        while let Some((shape, row)) = next(&mut rest) {
            let Some(of) = of_table(shape) else { continue };
            let start = self.cells.len();
            cells(of, row, &mut self.cells);
            let mine = match of.bucket_by.is_empty() {
                true => true,
                false => bucket(bucket_key(of, &self.cells[start..]), buckets) == number,
            };
            match mine {
                true => self.rows.push((shape, u32::try_from(start).unwrap_or(u32::MAX))),
                false => self.cells.truncate(start),
            }
        }
    }
}

/// Decodes the cells of a row; returns what follows them.
pub(super) fn cells<'a>(shape: &Shape, mut row: &'a [u8], cells: &mut Vec<Cell<'a>>) -> &'a [u8] {
    for _ in &shape.columns {
        cells.push(decode(&mut row).unwrap_or(Cell::Null));
    }
    row
}

/// The text that decides the bucket of a row: its first filled column of those that may.
pub(super) fn bucket_key<'a>(shape: &Shape, cells: &[Cell<'a>]) -> &'a str {
    shape.bucket_by.iter().find_map(|at| cells[*at].text()).unwrap_or_default()
}

/// The next row of a part: the number of its shape, and its encoded cells.
pub(super) fn next<'a>(rest: &mut &'a [u8]) -> Option<(u32, &'a [u8])> {
    let shape = u32::from_le_bytes(*rest.first_chunk()?);
    let length = u32::from_le_bytes(*rest.get(4..)?.first_chunk()?) as usize;
    let row = rest.get(8..8 + length)?;
    *rest = &rest[8 + length..];
    Some((shape, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_splits_into_two_when_their_number_doubles() {
        for key in ["1", "2", "a-17", ""] {
            assert_eq!(bucket(key, 16) % 8, bucket(key, 8));
            assert_eq!(bucket(key, 1), 0);
        }
    }

    #[test]
    fn values_come_back_as_they_went() {
        let mut row = Vec::new();
        for value in [Value::Text("Сделка".into()), Value::Null, Value::Whole(-5), Value::Real(0.25)] {
            encode(&value, &mut row);
        }
        let mut rest = row.as_slice();
        let cells: Vec<Cell<'_>> = std::iter::from_fn(|| decode(&mut rest)).collect();
        assert_eq!(cells, [Cell::Text("Сделка"), Cell::Null, Cell::Whole(-5), Cell::Real(0.25)]);
    }
}
