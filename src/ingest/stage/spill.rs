//! Rows on their way from the exports to the buckets: in memory up to a budget, beyond it in files beside the store.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use super::shape::{Shape, bucket_key, cells};
use crate::export::datum::Cell;
use crate::ingest::IngestError;
use crate::model::index::index_u32;
use crate::model::tables::Table;

/// The bucket of a key; `buckets` is a power of two, so that bucket `n` of `2b` comes from bucket `n mod b`.
pub fn bucket(key: &str, buckets: u32) -> u32 {
    of_hash(xxh3_64(key.as_bytes()), buckets)
}

/// The same, by the hash of the key.
fn of_hash(hash: u64, buckets: u32) -> u32 {
    #[allow(clippy::cast_possible_truncation)] // less than `buckets`
    let bucket = (hash % u64::from(buckets.max(1))) as u32;
    bucket
}

/// The rows of an ingest, by part. Deals and events share `parts` of them, since a bucket's journeys need both; as many
/// are for the other tables with buckets; then comes one for each table without, and then those of the ids of events.
#[derive(Debug)]
pub(crate) struct Spill {
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
    pub(crate) fn new(dir: PathBuf, parts: u32, budget: usize) -> Result<Spill, IngestError> {
        if dir.exists() {
            fs::remove_dir_all(&dir).map_err(IngestError::io(&dir))?;
        }
        fs::create_dir_all(&dir).map_err(IngestError::io(&dir))?;
        let all = Routes { parts }.ids().end;
        Ok(Spill { dir, parts, budget, buffers: vec![Vec::new(); all], on_disk: vec![false; all], used: 0 })
    }

    /// Into which parts rows go.
    pub(crate) fn routes(&self) -> Routes {
        Routes { parts: self.parts }
    }

    /// How many parts there are.
    pub(crate) fn width(&self) -> usize {
        self.buffers.len()
    }

    /// Where it lies on the disk.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The parts that may hold rows of a table.
    pub(crate) fn parts(&self, table: Table) -> Range<usize> {
        self.routes().parts(table)
    }

    /// The parts that may hold rows of one of a table's buckets, in memory that `room` gives.
    pub(crate) fn bucket(
        &self,
        table: Table,
        (number, buckets): (u32, u32),
        room: impl Fn() -> Vec<u8>,
    ) -> Result<Vec<Vec<u8>>, IngestError> {
        let parts = self.parts(table);
        let step = parts.len().min(buckets as usize);
        parts.skip(number as usize % step).step_by(step).map(|part| self.part_within(part, room())).collect()
    }

    /// Adds a row; `key` decides the part where the table has buckets.
    pub(crate) fn push(&mut self, shape: u32, table: Table, key: &str, row: &[u8]) -> Result<(), IngestError> {
        let part = self.routes().part(table, xxh3_64(key.as_bytes()));
        put(shape, &mut self.buffers[part], |buffer| buffer.extend_from_slice(row));
        self.used += ROW_HEAD + row.len();
        self.limit()
    }

    /// Adds rows to a part, as [`put`] writes them.
    pub(crate) fn append(&mut self, part: usize, rows: &[u8]) -> Result<(), IngestError> {
        self.buffers[part].extend_from_slice(rows);
        self.used += rows.len();
        self.limit()
    }

    fn limit(&mut self) -> Result<(), IngestError> {
        match self.used > self.budget {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// All rows are there: gives back memory that no row takes.
    pub(crate) fn close(&mut self) {
        self.buffers.iter_mut().for_each(Vec::shrink_to_fit);
    }

    /// The encoded rows of a part, in the order in which they came.
    pub(crate) fn part(&self, part: usize) -> Result<Vec<u8>, IngestError> {
        self.part_within(part, Vec::new())
    }

    fn part_within(&self, part: usize, mut rows: Vec<u8>) -> Result<Vec<u8>, IngestError> {
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
            // its memory is filled again: given back, it would be taken from the system anew each time
            self.buffers[part].clear();
        }
        self.used = 0;
        Ok(())
    }
}

/// What stands before each row: the number of its shape, and its length.
const ROW_HEAD: usize = 8;

/// Appends a row that `encode` writes to those of a part.
pub(crate) fn put(shape: u32, rows: &mut Vec<u8>, encode: impl FnOnce(&mut Vec<u8>)) {
    rows.extend_from_slice(&shape.to_le_bytes());
    rows.extend_from_slice(&[0; 4]);
    let from = rows.len();
    encode(rows);
    let length = index_u32(rows.len() - from).to_le_bytes();
    rows[from - length.len()..from].copy_from_slice(&length);
}

/// Into which parts of a spill the rows of tables go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Routes {
    parts: u32,
}

/// The ids of a hundred million events take ten megabytes of each.
const ID_PARTS: usize = 128;

impl Routes {
    /// The parts of the ids of events.
    pub(super) fn ids(self) -> Range<usize> {
        let rows = 2 * self.parts as usize + Table::ALL.len();
        rows..rows + ID_PARTS
    }

    /// The part of an id, by its hash: not by the last bits, which tell those of one part apart.
    #[allow(clippy::cast_possible_truncation)] // the half of it
    pub(super) fn id_part(self, hash: u64) -> usize {
        self.ids().start + (hash >> 32) as usize % ID_PARTS
    }

    fn parts(self, table: Table) -> Range<usize> {
        let parts = self.parts as usize;
        match table {
            Table::Deals | Table::Events | Table::Journeys => 0..parts,
            _ if !table.bucket_by().is_empty() => parts..2 * parts,
            _ => {
                // `Table::ALL` lists the tables as they are declared, and there is a part for each
                let own = 2 * parts + table as usize;
                own..own + 1
            }
        }
    }

    /// The part of a row; the hash of its key decides it where the table has buckets.
    pub(crate) fn part(self, table: Table, key: u64) -> usize {
        let parts = self.parts(table);
        parts.start + of_hash(key, u32::try_from(parts.len()).unwrap_or(1)) as usize
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
pub(crate) struct Patches<'a> {
    pub(crate) rows: Vec<(u32, u32)>,
    pub(crate) cells: Vec<Cell<'a>>,
}

impl<'a> Patches<'a> {
    /// Adds the rows of one table out of a part; those of other buckets are left out.
    pub(crate) fn extend(&mut self, part: &'a [u8], table: Table, shapes: &[Shape], wanted: (u32, u32)) {
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
                true => self.rows.push((shape, index_u32(start))),
                false => self.cells.truncate(start),
            }
        }
    }
}

/// The next row of a part: the number of its shape, and its encoded cells.
pub(crate) fn next<'a>(rest: &mut &'a [u8]) -> Option<(u32, &'a [u8])> {
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
    fn each_table_has_parts_of_its_own_or_shares_them_by_bucket() {
        let dir = tempfile::tempdir().unwrap();
        let spill = Spill::new(dir.path().join("spill"), 4, 1 << 20).unwrap();
        let alone: Vec<_> = Table::ALL.into_iter().filter(|table| spill.parts(*table).len() == 1).collect();
        let parts: std::collections::BTreeSet<_> = alone.iter().map(|table| spill.parts(*table).start).collect();
        assert!(alone.len() > 1 && parts.len() == alone.len(), "{alone:?} share parts: {parts:?}");
        assert!(Table::ALL.into_iter().all(|table| spill.parts(table).end <= spill.buffers.len()));
    }
}
