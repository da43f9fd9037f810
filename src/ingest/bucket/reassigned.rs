//! Events that two buckets lay claim to: an export gives an event's id with another deal than before.
//!
//! The deal decides the bucket, so an upsert in the new bucket does not see the old row. Here such ids are found before
//! the buckets are worked on, by their hashes alone; the old rows and the new ones are brought together, settled as in
//! any bucket, and handed to the bucket of what came out. So a key exists once, and no deal keeps another's touches.
//!
//! An event whose id is made of what it holds has another id under another deal: only exports that give ids are looked at.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use xxhash_rust::xxh3::xxh3_64;

use super::upsert::{Counts, upsert};
use crate::export::datum::Cell;
use crate::ingest::IngestError;
use crate::ingest::data_file::OldBucket;
use crate::ingest::rows::Rows;
use crate::ingest::sizes::Sizes;
use crate::ingest::stage::ids::{self, Id, Lying};
use crate::ingest::stage::shape::{Shape, cells, encode_cells};
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
    /// The files of the store that hold an event which comes again, where all of them were looked through for all that come.
    met: Option<BTreeSet<PathBuf>>,
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
    fn new(mut ids: Vec<Id>, buckets: u32) -> Coming {
        ids.iter_mut().for_each(|(_, place)| *place %= buckets);
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

    /// The bucket for which an id comes.
    fn home(&self, hash: u64) -> Option<u32> {
        if !self.may_come(hash) {
            return None;
        }
        let at = self.ids.binary_search_by_key(&hash, |(hash, _)| *hash).ok()?;
        Some(self.ids[at].1)
    }
}

fn sorted(mut ids: Vec<u64>) -> Vec<u64> {
    ids.sort_unstable();
    ids.dedup();
    ids
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
        // the last shape gives none: no row has it yet
        let mut of_events = self.shapes.split_last().into_iter().flat_map(|(_, shapes)| shapes);
        let all_ids = of_events.all(|shape| shape.gives_ids || shape.table != Table::Events);
        // in one bucket nothing can be in two
        if self.buckets == 1 || !self.shapes.iter().any(|shape| shape.gives_ids) {
            return Ok(Moved::default());
        }
        let (settled, met) = self.in_several_buckets()?;
        let moved = if settled.is_empty() { Moved::default() } else { self.settle(settled)? };
        Ok(Moved { met: met.filter(|_| all_ids), ..moved })
    }

    fn files(&self) -> &[DataFile] {
        self.base.map_or(&[], |state| &state.files)
    }

    /// The ids that come for several buckets, or for another one than that where they lie; and the files in which any lies that
    /// comes. `None` where too many come to be held in memory.
    fn in_several_buckets(&self) -> Result<(Vec<u64>, Option<BTreeSet<PathBuf>>), IngestError> {
        if self.read > self.sizes.ids {
            return Ok((self.part_by_part()?, None));
        }
        let coming = Coming::new(ids::coming(self.spill)?, self.buckets);
        let of_file = |file: &DataFile| {
            let (mut elsewhere, mut is_met) = (Vec::new(), false);
            self.see_ids(file, |hash, lies| {
                let comes = coming.home(hash);
                is_met |= comes.is_some();
                elsewhere.extend(comes.filter(|home| *home != lies).map(|_| hash));
            })?;
            Ok::<_, IngestError>((elsewhere, is_met.then(|| file.path.clone())))
        };
        let files = if coming.ids.is_empty() { &[] } else { self.files() };
        let (elsewhere, met): (Vec<_>, Vec<_>) = each(files, of_file, |_| ())?.into_iter().unzip();
        let settled = sorted([coming.several, elsewhere.concat()].concat());
        Ok((settled, Some(met.into_iter().flatten().collect())))
    }

    /// The ids that come for several buckets, or for another one than that where they lie, with those of a part in memory.
    fn part_by_part(&self) -> Result<Vec<u64>, IngestError> {
        let lying = Lying::new(self.spill, self.sizes.spill / 4)?;
        let of_file = |file: &DataFile| {
            let mut ids = Vec::new();
            self.see_ids(file, |hash, lies| ids.push((hash, lies)))?;
            lying.add(&ids)
        };
        each(self.files(), of_file, |_| ())?;
        let find = |coming: Vec<Id>, lying: Vec<Id>| {
            let coming = Coming::new(coming, self.buckets);
            let is_elsewhere = |(hash, lies): &Id| coming.home(*hash).is_some_and(|home| home != *lies);
            let elsewhere = lying.into_iter().filter(is_elsewhere).map(|(hash, _)| hash).collect();
            [coming.several, elsewhere].concat()
        };
        Ok(sorted(lying.compare(self.spill, find)?.concat()))
    }

    /// Shows the ids that a file of the base holds, with the bucket in which they are from now on.
    fn see_ids(&self, file: &DataFile, mut see: impl FnMut(u64, u32)) -> Result<(), IngestError> {
        // where the buckets stay as they are, the file's is known
        if self.base.is_some_and(|state| state.buckets == self.buckets) {
            let old = OldBucket::read_columns(&file.path, &["event_id"])?;
            let ids = old.texts("event_id")?.map(Option::unwrap_or_default);
            ids.for_each(|id| see(xxh3_64(id.as_bytes()), file.bucket));
            return Ok(());
        }
        let columns = Table::Events.bucket_by();
        let mut layout = Layout::new(Table::Events, Vec::new());
        layout.columns.retain(|(name, _)| columns.contains(&name.as_str()));
        let old = OldBucket::read_columns(&file.path, columns)?;
        let rows = old.rows(&layout)?;
        let (id, by) = (layout.slot("event_id")?, layout.slots(columns));
        (0..rows.len()).for_each(|row| see(hash(rows.cell(row, id)), bucket(home(rows.row(row), &by), self.buckets)));
        Ok(())
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
            let mut has_any = false;
            self.see_ids(file, |hash, _| has_any |= is_settled(&hash))?;
            if !has_any {
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

    /// Whether a file of the store holds an event which comes again. `None` where that was not looked for.
    pub(crate) fn meets(&self, file: &Path) -> Option<bool> {
        self.met.as_ref().map(|met| met.contains(file))
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
