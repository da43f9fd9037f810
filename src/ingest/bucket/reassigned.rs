//! Events that two buckets lay claim to: an export gives an event's id with another deal than before.
//!
//! The deal decides the bucket, so an upsert in the new bucket does not see the old row. Here such ids are found before
//! the buckets are worked on, by their hashes alone; the old rows and the new ones are brought together, settled as in
//! any bucket, and handed to the bucket of what came out. So a key exists once, and no deal keeps another's touches.
//!
//! An event whose id is made of what it holds has another id under another deal: only exports that give ids are looked at.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use xxhash_rust::xxh3::xxh3_64;

use super::upsert::{Counts, upsert};
use crate::export::datum::{Cell, unpack};
use crate::ingest::IngestError;
use crate::ingest::data_file::OldBucket;
use crate::ingest::rows::Rows;
use crate::ingest::sizes::Sizes;
use crate::ingest::stage::shape::{Shape, bucket_key, cells, encode_cells};
use crate::ingest::stage::spill::{Patches, Spill, bucket, next};
use crate::model::index::index_u32;
use crate::model::layout::Layout;
use crate::model::parallel::each;
use crate::model::tables::Table;
use crate::store::{DataFile, TableState};

/// What became of the events that several buckets lay claim to. Ids are told by their hashes, sorted: two ids of one
/// hash are treated alike.
#[derive(Debug, Default)]
pub(crate) struct Moved {
    /// Settled here: their new rows are nothing for the buckets.
    settled: Vec<u64>,
    /// Of them, those whose old rows are not valid any more.
    gone: Vec<u64>,
    /// The rows that take their place, a part for each bucket.
    arrivals: Option<Spill>,
    /// The buckets that lose or get rows.
    touched: BTreeSet<u32>,
    whole: Option<Shape>,
    pub(crate) counts: Counts,
}

/// Ids that come, and the bucket for which each does.
struct Coming {
    /// Ascending, each once.
    ids: Vec<(u64, u32)>,
    /// Those that come for several.
    several: Vec<u64>,
    /// A bit for each ending of a hash: whether an id that comes has it. Most ids of a store do not come, and are told by that.
    endings: OnceLock<Vec<u64>>,
}

impl Coming {
    fn new(mut ids: Vec<(u64, u32)>) -> Coming {
        ids.sort_unstable();
        ids.dedup();
        let several = ids.windows(2).filter(|two| two[0].0 == two[1].0).map(|two| two[0].0).collect();
        ids.dedup_by_key(|(hash, _)| *hash);
        Coming { ids, several, endings: OnceLock::new() }
    }

    /// Whether an id with the ending of this one comes.
    fn may_come(&self, hash: u64) -> bool {
        /// Bits for each id: of eight others, seven are told apart.
        const BITS: usize = 8;
        let bits = (self.ids.len() * BITS).next_power_of_two().max(64) as u64;
        let place = |hash: u64| ((hash % bits / 64) as usize, hash % 64);
        let endings = self.endings.get_or_init(|| {
            let mut endings = vec![0; place(bits - 1).0 + 1];
            for (hash, _) in &self.ids {
                let (word, bit) = place(*hash);
                endings[word] |= 1 << bit;
            }
            endings
        });
        let (word, bit) = place(hash);
        endings[word] >> bit & 1 == 1
    }

    /// Of ids that lie in buckets: those that come for another one.
    fn elsewhere(&self, lying: Vec<(u64, u32)>) -> Vec<u64> {
        let elsewhere = |(hash, home): (u64, u32)| {
            let at = self.ids.binary_search_by_key(&hash, |(hash, _)| *hash).ok()?;
            (self.ids[at].1 != home).then_some(hash)
        };
        lying.into_iter().filter(|(hash, _)| self.may_come(*hash)).filter_map(elsewhere).collect()
    }
}

fn sorted(mut ids: Vec<u64>) -> Vec<u64> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// More ids than memory holds, dealt out by their hashes: those of one file are looked at together.
struct Dealt {
    files: Mutex<Spill>,
    count: u64,
}

impl Dealt {
    /// Bytes of an id and its bucket.
    const PAIR: usize = size_of::<u64>() + size_of::<u32>();
    /// Set in the bucket of an id that lies there.
    const LIES: u32 = 1 << 31;
    /// Several files are looked at at once.
    const AT_ONCE: u64 = 4;

    fn new(search: &Search<'_>) -> Result<Dealt, IngestError> {
        let count = (search.read * Dealt::AT_ONCE).div_ceil(search.sizes.ids.max(1));
        let files = Spill::new(
            search.spill.dir().join("ids"),
            u32::try_from(count).unwrap_or(u32::MAX),
            search.sizes.spill / 4,
        )?;
        Ok(Dealt { files: Mutex::new(files), count })
    }

    fn files(&self) -> MutexGuard<'_, Spill> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, ids: &[(u64, u32)], lie: bool) -> Result<(), IngestError> {
        let mut dealt = vec![Vec::new(); usize::try_from(self.count).unwrap_or(1)];
        for (hash, home) in ids {
            let home = if lie { home | Dealt::LIES } else { *home };
            let into = &mut dealt[usize::try_from(hash % self.count).unwrap_or_default()];
            into.extend_from_slice(&hash.to_le_bytes());
            into.extend_from_slice(&home.to_le_bytes());
        }
        let mut files = self.files();
        dealt.iter().enumerate().try_for_each(|(file, ids)| files.append(file, ids))
    }

    /// Of each file the ids that come for several buckets, or for another one than that where they lie.
    fn several(&self) -> Result<Vec<Vec<u64>>, IngestError> {
        let of_file = |file: &usize| {
            let bytes = self.files().part(*file)?;
            let id = |pair: &[u8]| {
                let (hash, home) = pair.split_first_chunk()?;
                Some((u64::from_le_bytes(*hash), u32::from_le_bytes(*home.first_chunk()?)))
            };
            let ids = bytes.chunks_exact(Dealt::PAIR).filter_map(id);
            let (lying, coming): (Vec<_>, Vec<_>) = ids.partition(|(_, home)| home & Dealt::LIES != 0);
            let coming = Coming::new(coming);
            let lying = lying.into_iter().map(|(hash, home)| (hash, home & !Dealt::LIES)).collect();
            let elsewhere = coming.elsewhere(lying);
            Ok::<_, IngestError>([coming.several, elsewhere].concat())
        };
        let files: Vec<usize> = (0..usize::try_from(self.count).unwrap_or(1)).collect();
        each(&files, of_file, |_| ())
    }
}

/// Where they are looked for.
pub(crate) struct Search<'a> {
    pub(crate) spill: &'a Spill,
    /// The last of them is that of whole events.
    pub(crate) shapes: &'a [Shape],
    pub(crate) layout: &'a Layout,
    pub(crate) base: Option<&'a TableState>,
    /// The buckets of events from now on.
    pub(crate) buckets: u32,
    /// How many events were read.
    pub(crate) read: u64,
    pub(crate) sizes: Sizes,
}

impl Search<'_> {
    /// Finds and settles them.
    pub(crate) fn run(self) -> Result<Moved, IngestError> {
        // in one bucket nothing can be in two
        if self.buckets == 1 || !self.shapes.iter().any(|shape| shape.gives_ids) {
            return Ok(Moved::default());
        }
        let settled = self.in_several_buckets()?;
        match settled.is_empty() {
            true => Ok(Moved::default()),
            false => self.settle(settled),
        }
    }

    fn files(&self) -> &[DataFile] {
        self.base.map_or(&[], |state| &state.files)
    }

    /// The ids that come for several buckets, or for another one than that where they lie.
    fn in_several_buckets(&self) -> Result<Vec<u64>, IngestError> {
        let parts: Vec<usize> = self.spill.parts(Table::Events).collect();
        if self.read <= self.sizes.ids {
            let coming = each(&parts, |part| self.coming(*part), |_| ())?.concat();
            let coming = Coming::new(coming);
            let of_file = |file: &DataFile| Ok::<_, IngestError>(coming.elsewhere(self.ids(file)?));
            let elsewhere = match coming.ids.is_empty() {
                true => Vec::new(),
                false => each(self.files(), of_file, |_| ())?.concat(),
            };
            return Ok(sorted([coming.several, elsewhere].concat()));
        }
        let dealt = Dealt::new(self)?;
        each(&parts, |part| dealt.take(&self.coming(*part)?, false), |_| ())?;
        each(self.files(), |file| dealt.take(&self.ids(file)?, true), |_| ())?;
        Ok(sorted(dealt.several()?.concat()))
    }

    /// The ids that come in a part of the spill, and for which bucket.
    fn coming(&self, part: usize) -> Result<Vec<(u64, u32)>, IngestError> {
        let (bytes, parts) = (self.spill.part(part)?, self.spill.parts(Table::Events));
        // where there are as many parts as buckets, or more, a part tells the bucket
        let tells = parts.len() >= self.buckets as usize;
        let home = tells.then(|| index_u32(part - parts.start) % self.buckets);
        let (mut rest, mut row, mut ids) = (bytes.as_slice(), Vec::new(), Vec::new());
        while let Some((number, encoded)) = next(&mut rest) {
            let Some(shape) = self.shapes.get(number as usize).filter(|shape| shape.gives_ids) else {
                continue;
            };
            let home = match home {
                Some(home) => home,
                None => {
                    row.clear();
                    cells(shape, encoded, &mut row);
                    bucket(bucket_key(shape, &row), self.buckets)
                }
            };
            // events begin with their id
            ids.push((hash(unpack(&mut &*encoded).unwrap_or(Cell::Null)), home));
        }
        Ok(ids)
    }

    /// The ids that a file of the base holds, and the bucket in which they are from now on.
    fn ids(&self, file: &DataFile) -> Result<Vec<(u64, u32)>, IngestError> {
        let same = self.base.is_some_and(|state| state.buckets == self.buckets);
        // where the buckets stay as they are, the file's is known
        let columns: &[&str] = if same { &["event_id"] } else { Table::Events.bucket_by() };
        let mut layout = Layout::new(Table::Events, Vec::new());
        layout.columns.retain(|(name, _)| columns.contains(&name.as_str()));
        let old = OldBucket::read_columns(&file.path, columns)?;
        let rows = old.rows(&layout)?;
        let (id, by) = (layout.slot("event_id")?, layout.slots(Table::Events.bucket_by()));
        let of_row = |row: usize| {
            let home = match same {
                true => file.bucket,
                false => bucket(home(rows.row(row), &by), self.buckets),
            };
            (hash(rows.cell(row, id)), home)
        };
        Ok((0..rows.len()).map(of_row).collect())
    }

    /// Goes through the rows of a part that have an id from their export.
    fn given<'p>(
        &self,
        part: &'p [u8],
        mut see: impl FnMut(u32, u64, &'p str, &'p [u8]) -> Result<(), IngestError>,
    ) -> Result<(), IngestError> {
        let (mut rest, mut row) = (part, Vec::new());
        while let Some((number, encoded)) = next(&mut rest) {
            let Some(shape) = self.shapes.get(number as usize).filter(|shape| shape.gives_ids) else { continue };
            row.clear();
            cells(shape, encoded, &mut row);
            let id = shape.key.first().copied().flatten().map_or(Cell::Null, |at| row[at]);
            see(number, hash(id), id.text().unwrap_or_default(), encoded)?;
        }
        Ok(())
    }

    /// Brings old and new rows of the ids together, by id, and settles them.
    fn settle(self, settled: Vec<u64>) -> Result<Moved, IngestError> {
        let is_settled = |hash: &u64| settled.binary_search(hash).is_ok();
        let whole = index_u32(self.shapes.len() - 1);
        let (parts, budget) = (self.buckets, self.sizes.spill / 4);
        let mut apart = Spill::new(self.spill.dir().join("apart"), parts, budget)?;
        let mut encoded = Vec::new();
        for file in self.files() {
            if !self.ids(file)?.iter().any(|(hash, _)| is_settled(hash)) {
                continue;
            }
            let old = OldBucket::read([file.path.as_path()].into_iter())?;
            let rows = old.rows(self.layout)?;
            let id = self.layout.key[0];
            for row in (0..rows.len()).filter(|row| is_settled(&hash(rows.cell(*row, id)))) {
                encoded.clear();
                encode_cells(rows.row(row), &mut encoded);
                apart.push(whole, Table::Events, rows.cell(row, id).text().unwrap_or_default(), &encoded)?;
            }
        }
        for part in self.spill.parts(Table::Events) {
            let bytes = self.spill.part(part)?;
            self.given(&bytes, |shape, hash, id, encoded| match is_settled(&hash) {
                true => apart.push(shape, Table::Events, id, encoded),
                false => Ok(()),
            })?;
        }
        let mut arrivals = Spill::new(self.spill.dir().join("arrivals"), parts, budget)?;
        let mut moved = Moved { settled, whole: Some(Shape::whole(self.layout)), ..Moved::default() };
        for part in apart.parts(Table::Events) {
            self.settle_part(&apart.part(part)?, whole, &mut moved, &mut arrivals)?;
        }
        moved.gone.sort_unstable();
        moved.gone.dedup();
        moved.arrivals = Some(arrivals);
        Ok(moved)
    }

    fn settle_part(&self, part: &[u8], whole: u32, moved: &mut Moved, arrivals: &mut Spill) -> Result<(), IngestError> {
        let mut rows = Rows::new(self.layout.width());
        // rows of an id that the store has twice, from a Voronka that did not look
        let mut twice: Vec<Vec<Cell<'_>>> = Vec::new();
        let mut known: BTreeSet<&str> = BTreeSet::new();
        let mut patches = Patches::default();
        let mut order: Vec<(u64, (u32, u32))> = Vec::new();
        let (mut rest, id) = (part, self.layout.key[0]);
        while let Some((number, encoded)) = next(&mut rest) {
            let shape = &self.shapes[number as usize];
            if number == whole {
                let start = rows.cells.len();
                cells(shape, encoded, &mut rows.cells);
                if !known.insert(rows.cells[start + id].text().unwrap_or_default()) {
                    twice.push(rows.cells.split_off(start));
                }
                continue;
            }
            let start = index_u32(patches.cells.len());
            let rest = cells(shape, encoded, &mut patches.cells);
            order.push((rest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes)), (number, start)));
        }
        order.sort_unstable();
        patches.rows = order.into_iter().map(|(_, row)| row).collect();

        let before = rows.clone();
        let (counts, _) = upsert(&mut rows, &patches, self.shapes, self.layout);
        moved.counts.add(counts);
        let stays = |row: usize| row < before.len() && rows.row(row) == before.row(row);
        let mut gone: BTreeSet<u64> =
            (0..rows.len()).filter(|row| !stays(*row)).map(|row| hash(rows.cell(row, id))).collect();
        gone.extend(twice.iter().map(|row| hash(row[id])));

        let by = self.layout.slots(Table::Events.bucket_by());
        let mut encoded = Vec::new();
        for row in (0..rows.len()).filter(|row| gone.contains(&hash(rows.cell(*row, id)))) {
            let home = home(rows.row(row), &by);
            moved.touched.insert(bucket(home, self.buckets));
            encoded.clear();
            encode_cells(rows.row(row), &mut encoded);
            arrivals.push(whole, Table::Events, home, &encoded)?;
        }
        let left = (0..before.len()).map(|row| before.row(row)).chain(twice.iter().map(Vec::as_slice));
        moved
            .touched
            .extend(left.filter(|row| gone.contains(&hash(row[id]))).map(|row| bucket(home(row, &by), self.buckets)));
        moved.gone.extend(gone);
        Ok(())
    }
}

impl Moved {
    /// Whether there are any such events.
    pub(crate) fn is_empty(&self) -> bool {
        self.settled.is_empty()
    }

    /// Whether rows leave a bucket or come into it.
    pub(crate) fn touches(&self, bucket: u32) -> bool {
        self.touched.contains(&bucket)
    }

    /// Leaves out the new rows that are settled here.
    pub(crate) fn leave_out(&self, patches: &mut Patches<'_>, shapes: &[Shape]) {
        if self.settled.is_empty() {
            return;
        }
        let Patches { rows, cells } = patches;
        rows.retain(|(shape, start)| {
            let shape = &shapes[*shape as usize];
            let id = shape.key.first().copied().flatten().map_or(Cell::Null, |at| cells[*start as usize + at]);
            !shape.gives_ids || self.settled.binary_search(&hash(id)).is_err()
        });
    }

    /// The rows that come into a bucket, encoded.
    pub(crate) fn arrived(&self, bucket: u32) -> Result<Vec<u8>, IngestError> {
        self.arrivals.as_ref().map_or(Ok(Vec::new()), |spill| spill.part(bucket as usize))
    }

    /// Takes the rows that leave a bucket out of it, and puts those that come into it.
    pub(crate) fn exchange<'a>(&self, rows: &mut Rows<'a>, arrived: &'a [u8], layout: &Layout) {
        let id = layout.key[0];
        if !self.gone.is_empty() {
            let mut kept = Rows::new(rows.width);
            for row in (0..rows.len()).filter(|row| self.gone.binary_search(&hash(rows.cell(*row, id))).is_err()) {
                kept.cells.extend_from_slice(rows.row(row));
            }
            *rows = kept;
        }
        let mut rest = arrived;
        while let (Some((_, encoded)), Some(whole)) = (next(&mut rest), &self.whole) {
            cells(whole, encoded, &mut rows.cells);
        }
    }
}

fn hash(id: Cell<'_>) -> u64 {
    xxh3_64(id.text().unwrap_or_default().as_bytes())
}

/// The text that decides the bucket of a whole row.
fn home<'a>(row: &[Cell<'a>], by: &[usize]) -> &'a str {
    by.iter().find_map(|slot| row[*slot].text()).unwrap_or_default()
}
