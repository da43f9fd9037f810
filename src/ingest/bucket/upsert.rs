//! New rows into old ones, by key and column by column.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use xxhash_rust::xxh3::xxh3_64;

use crate::export::datum::Cell;
use crate::ingest::rows::Rows;
use crate::ingest::stage::shape::Shape;
use crate::ingest::stage::spill::Patches;
use crate::model::index::index_u32;
use crate::model::layout::Layout;

/// What became of the new rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Keys that were not known.
    pub(crate) new: u64,
    /// Known keys of which some column has another value now.
    pub(crate) changed: u64,
    /// Known keys with the same values.
    pub(crate) unchanged: u64,
    /// Rows that repeat the key of an earlier row of the same kind of export, in the same file or in another one.
    pub(crate) repeated: u64,
    /// Rows about a key of which a row of another kind of export told before.
    pub(crate) joined: u64,
    /// What became of the amounts, in the order of the layout's money.
    pub(crate) money: [Kept; MOST_MONEY],
}

/// No table has more columns of money.
const MOST_MONEY: usize = 3;

/// What became of the amounts that rows gave to a column, in units of money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Of keys that were new or changed.
    pub(crate) written: i128,
    /// Of keys that the store had so.
    pub(crate) unchanged: i128,
    /// Given by rows that another row, or what the store knew better, took the place of.
    pub(crate) merged: i128,
}

impl Counts {
    /// Adds another bucket's counts.
    pub(crate) fn add(&mut self, other: Counts) {
        self.new += other.new;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.repeated += other.repeated;
        self.joined += other.joined;
        for (kept, more) in self.money.iter_mut().zip(other.money) {
            kept.written += more.written;
            kept.unchanged += more.unchanged;
            kept.merged += more.merged;
        }
    }

    /// Records a row that is left out because the store's is newer.
    pub(crate) fn leave_out(&mut self, layout: &Layout, shape: &Shape, cells: &[Cell<'_>]) {
        for (kept, slot) in self.money.iter_mut().zip(&layout.money) {
            let given = shape.columns.iter().zip(cells).find(|(column, _)| column.slot == *slot);
            kept.merged += i128::from(given.and_then(|(_, cell)| cell.whole()).unwrap_or_default());
        }
    }

    /// Whether the bucket has to be written again.
    pub(crate) fn differs(&self) -> bool {
        self.new + self.changed > 0
    }
}

/// Has the last word on a row, once the patches of its key are applied and before it is compared with what it was.
pub(crate) trait Settle<'a> {
    /// Settles the row of that number; `before` is what it was, if it was there.
    fn settle(&mut self, row: usize, before: Option<&[Cell<'a>]>, now: &mut [Cell<'a>], group: Group<'_, 'a>);
}

/// Leaves rows as their patches made them.
impl<'a> Settle<'a> for () {
    fn settle(&mut self, _: usize, _: Option<&[Cell<'a>]>, _: &mut [Cell<'a>], _: Group<'_, 'a>) {}
}

/// The patches of one key.
#[derive(Clone, Copy)]
pub(crate) struct Group<'g, 'a> {
    patches: &'g Patches<'a>,
    group: &'g [u32],
}

impl<'g, 'a> Group<'g, 'a> {
    /// The shape of each, and its cells: one for each column of the shape, and then others.
    pub(crate) fn rows(self) -> impl Iterator<Item = (usize, &'g [Cell<'a>])> {
        self.group.iter().map(move |patch| {
            let (shape, from) = self.patches.rows[*patch as usize];
            (shape as usize, &self.patches.cells[from as usize..])
        })
    }
}

/// Patches `rows` in place; returns the counts and the numbers of the rows that were patched.
///
/// Patches of one key are applied in the order in which they were read: the last one wins, in the columns that it has.
pub(crate) fn upsert<'a>(
    rows: &mut Rows<'a>,
    patches: &Patches<'a>,
    shapes: &[Shape],
    layout: &Layout,
) -> (Counts, Vec<usize>) {
    upsert_settled(rows, patches, shapes, layout, &mut ())
}

/// As [`upsert`], with the last word on every row.
pub(crate) fn upsert_settled<'a>(
    rows: &mut Rows<'a>,
    patches: &Patches<'a>,
    shapes: &[Shape],
    layout: &Layout,
    settle: &mut dyn Settle<'a>,
) -> (Counts, Vec<usize>) {
    let groups = Groups::of(rows, patches, shapes, layout);
    let mut counts = Counts::default();
    rows.cells.reserve(groups.new * rows.width);
    let apply = |(group, old): (&[u32], Option<u32>)| {
        apply(rows, old, Group { patches, group }, (shapes, layout), &mut counts, &mut *settle)
    };
    let touched = groups.in_order().map(apply).collect();
    (counts, touched)
}

/// The patches of each key, and the row that it has.
struct Groups {
    /// Those of the first key, then those of the second one, each in the order in which they were read.
    patches: Vec<u32>,
    /// Where a group's patches end, and its row, in the order of the first patches: neighbours lie beside each other in memory.
    groups: Vec<(u32, Option<u32>)>,
    /// How many have no row yet.
    new: usize,
}

/// Where a key was met first.
#[derive(Clone, Copy)]
enum Place {
    Row(u32),
    Group(u32),
}

impl Groups {
    fn of(rows: &Rows<'_>, patches: &Patches<'_>, shapes: &[Shape], layout: &Layout) -> Groups {
        let mut scratch = Vec::new();
        let mut places: HashTable<(u64, Place)> = HashTable::with_capacity(rows.len().max(patches.rows.len()));
        let key_of_row = |row: u32| layout.key.iter().map(move |slot| rows.cell(row as usize, *slot));
        for row in 0..index_u32(rows.len()) {
            let hash = hash(key_of_row(row), &mut scratch);
            let is_same = |(other, place): &(u64, Place)| match place {
                Place::Row(known) => *other == hash && key_of_row(*known).eq(key_of_row(row)),
                Place::Group(_) => false,
            };
            // of a key that has two rows, the first one is patched
            places.entry(hash, is_same, |(hash, _)| *hash).or_insert((hash, Place::Row(row)));
        }
        let mut groups = Groups { patches: vec![0; patches.rows.len()], groups: Vec::new(), new: 0 };
        let (mut firsts, mut of_patches) = (Vec::new(), Vec::with_capacity(patches.rows.len()));
        for patch in 0..patches.rows.len() {
            let hash = hash(key(patches, shapes, patch), &mut scratch);
            let is_same = |(other, place): &(u64, Place)| {
                let key = || key(patches, shapes, patch);
                *other == hash
                    && match place {
                        Place::Row(row) => key_of_row(*row).eq(key()),
                        Place::Group(group) => self::key(patches, shapes, firsts[*group as usize]).eq(key()),
                    }
            };
            let next = index_u32(groups.groups.len());
            let (group, began) = match places.entry(hash, is_same, |(hash, _)| *hash) {
                Entry::Occupied(mut known) => match known.get().1 {
                    Place::Group(group) => (group, None),
                    Place::Row(row) => {
                        known.get_mut().1 = Place::Group(next);
                        (next, Some(Some(row)))
                    }
                },
                Entry::Vacant(free) => {
                    free.insert((hash, Place::Group(next)));
                    (next, Some(None))
                }
            };
            if let Some(row) = began {
                firsts.push(patch);
                groups.groups.push((0, row));
                groups.new += usize::from(row.is_none());
            }
            groups.groups[group as usize].0 += 1;
            of_patches.push(group);
        }
        groups.fill(&of_patches);
        groups
    }

    /// Puts the patches into their groups, of which it is known how many each has.
    fn fill(&mut self, of_patches: &[u32]) {
        let mut from = 0;
        for (count, _) in &mut self.groups {
            from += std::mem::replace(count, from);
        }
        for (patch, group) in of_patches.iter().enumerate() {
            let end = &mut self.groups[*group as usize].0;
            self.patches[*end as usize] = index_u32(patch);
            *end += 1;
        }
    }

    fn in_order(&self) -> impl Iterator<Item = (&[u32], Option<u32>)> {
        self.groups.iter().scan(0, |from, (end, row)| {
            let group = &self.patches[*from as usize..*end as usize];
            *from = *end;
            Some((group, *row))
        })
    }
}

/// Applies the patches of one key, in the order given.
fn apply<'a>(
    rows: &mut Rows<'a>,
    old: Option<u32>,
    Group { patches, group }: Group<'_, 'a>,
    (shapes, layout): (&[Shape], &Layout),
    counts: &mut Counts,
    settle: &mut dyn Settle<'a>,
) -> usize {
    let row = old.map_or(rows.len(), |row| row as usize);
    let before: Option<Vec<Cell<'a>>> = old.map(|_| rows.row(row).to_vec());
    if old.is_none() {
        rows.cells.resize(rows.cells.len() + rows.width, Cell::Null);
    }
    let start = row * rows.width;
    // most keys of a first ingest: new, and one row tells of them
    if let (None, [patch]) = (old, group) {
        let (number, from) = patches.rows[*patch as usize];
        for (column, cell) in shapes[number as usize].columns.iter().zip(&patches.cells[from as usize..]) {
            rows.cells[start + column.slot] = *cell;
        }
        let now = &mut rows.cells[start..start + rows.width];
        for (kept, slot) in counts.money.iter_mut().zip(&layout.money) {
            kept.written += i128::from(now[*slot].whole().unwrap_or_default());
        }
        counts.new += 1;
        settle.settle(row, None, now, Group { patches, group });
        return row;
    }
    let (mut seen, mut kinds): (Vec<u32>, Vec<u32>) = Default::default();
    // of each column of money: what the rows gave, and what of it stands
    let mut money = [(0_i128, 0_i128); MOST_MONEY];
    for patch in group {
        let (number, from) = patches.rows[*patch as usize];
        let shape = &shapes[number as usize];
        let again = seen.contains(&number);
        counts.repeated += u64::from(kinds.contains(&shape.kind));
        counts.joined += u64::from(!kinds.is_empty() && !kinds.contains(&shape.kind));
        if group.len() > 1 {
            seen.push(number);
            kinds.push(shape.kind);
        }
        for (column, cell) in shape.columns.iter().zip(&patches.cells[from as usize..]) {
            let place = &mut rows.cells[start + column.slot];
            if let Some(at) = layout.money.iter().position(|slot| *slot == column.slot) {
                let more = i128::from(cell.whole().unwrap_or_default());
                let (given, stands) = &mut money[at];
                *given += more;
                match () {
                    () if column.if_unknown && !place.is_null() => {}
                    () if again && shape.sum && column.adds_up => *stands += more,
                    () => *stands = more,
                }
            }
            *place = match (*place, *cell) {
                (known, _) if column.if_unknown && !known.is_null() => known,
                (Cell::Whole(sum), Cell::Whole(more)) if again && shape.sum && column.adds_up => {
                    Cell::Whole(sum.saturating_add(more))
                }
                (known, Cell::Null) if again && shape.sum && column.adds_up => known,
                (_, cell) => cell,
            };
        }
    }
    let now = &mut rows.cells[start..start + rows.width];
    settle.settle(row, before.as_deref(), now, Group { patches, group });
    let same = before.as_deref().is_some_and(|before| rows.row(row) == before);
    match (old, same) {
        (None, _) => counts.new += 1,
        (Some(_), true) => counts.unchanged += 1,
        (Some(_), false) => counts.changed += 1,
    }
    for (kept, (given, stands)) in counts.money.iter_mut().zip(money) {
        *(if same { &mut kept.unchanged } else { &mut kept.written }) += stands;
        kept.merged += given - stands;
    }
    row
}

fn key<'p, 'a: 'p>(patches: &'p Patches<'a>, shapes: &'p [Shape], patch: usize) -> impl Iterator<Item = Cell<'a>> + 'p {
    let (shape, from) = patches.rows[patch];
    shapes[shape as usize].key.iter().map(move |at| at.map_or(Cell::Null, |at| patches.cells[from as usize + at]))
}

fn hash<'a>(key: impl Iterator<Item = Cell<'a>>, scratch: &mut Vec<u8>) -> u64 {
    scratch.clear();
    for cell in key {
        match cell {
            Cell::Null => {}
            Cell::Text(text) => scratch.extend_from_slice(text.as_bytes()),
            Cell::Whole(number) => scratch.extend_from_slice(&number.to_le_bytes()),
            Cell::Real(number) => scratch.extend_from_slice(&number.to_le_bytes()),
        }
        scratch.push(0xff);
    }
    xxh3_64(scratch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::stage::shape::ShapeColumn;
    use crate::model::tables::Table;

    /// staff(manager, team, …): a shape that has `manager` and the columns named.
    fn shape(columns: &[(&str, bool)], sum: bool) -> Shape {
        let layout = Layout::new(Table::Staff, vec![]);
        let if_unknown = columns.iter().any(|(_, if_unknown)| *if_unknown);
        let columns = columns.iter().map(|(name, if_unknown)| {
            let slot = layout.slot(name).unwrap();
            ShapeColumn { slot, adds_up: *name == "hired", if_unknown: *if_unknown }
        });
        Shape {
            table: Table::Staff,
            sum,
            columns: columns.collect(),
            key: vec![Some(0)],
            bucket_by: vec![],
            gives_ids: false,
            kind: u32::from(if_unknown),
        }
    }

    fn staff<'a>(rows: &Rows<'a>) -> Vec<Vec<Cell<'a>>> {
        let mut all: Vec<_> =
            (0..rows.len()).map(|r| rows.row(r).iter().copied().filter(|c| !c.is_null()).collect()).collect();
        all.sort();
        all
    }

    #[test]
    fn only_mapped_columns_are_touched_and_the_last_row_wins() {
        use crate::export::datum::Datum::{Null, Text};
        let layout = Layout::new(Table::Staff, vec![]);
        let shapes = [
            shape(&[("manager", false), ("team", false)], false),
            shape(&[("manager", false), ("branch", true)], false),
        ];
        let mut rows = Rows { width: layout.width(), cells: vec![Null; 2 * layout.width()] };
        (rows.cells[0], rows.cells[1], rows.cells[3]) = (Text("Ann"), Text("North"), Text("Spb"));
        rows.cells[layout.width()] = Text("Bob");
        let patches = Patches {
            rows: vec![(0, 0), (0, 2), (1, 4), (1, 6), (0, 8)],
            cells: vec![
                Text("Ann"),
                Text("South"),
                Text("Cid"),
                Text("West"),
                Text("Ann"),
                Text("Msk"),
                Text("Bob"),
                Text("Msk"),
                Text("Cid"),
                Text("East"),
            ],
        };
        let (counts, touched) = upsert(&mut rows, &patches, &shapes, &layout);
        assert_eq!(counts, Counts { new: 1, changed: 2, unchanged: 0, repeated: 1, joined: 1, ..Counts::default() });
        assert_eq!(touched.len(), 3);
        assert_eq!(
            staff(&rows),
            [
                vec![Text("Ann"), Text("South"), Text("Spb")],
                vec![Text("Bob"), Text("Msk")],
                vec![Text("Cid"), Text("East")],
            ]
        );
        // the same again changes nothing
        let (again, _) = upsert(&mut rows, &patches, &shapes, &layout);
        assert_eq!(again, Counts { unchanged: 3, repeated: 1, joined: 1, ..Counts::default() });
    }

    #[test]
    fn rows_of_one_file_are_added_up_where_the_mapping_says_so() {
        use crate::export::datum::Datum::{Text, Whole};
        let layout = Layout::new(Table::Staff, vec![]);
        let shapes = [shape(&[("manager", false), ("hired", false)], true)];
        let mut rows = Rows::new(layout.width());
        let cells = vec![Text("Ann"), Whole(2), Text("Ann"), Whole(3), Text("Ann"), Cell::Null];
        let patches = Patches { rows: vec![(0, 0), (0, 2), (0, 4)], cells };
        upsert(&mut rows, &patches, &shapes, &layout);
        assert_eq!(staff(&rows), [vec![Text("Ann"), Whole(5)]]);
        // a second ingest of the file replaces the sum, it does not add to it
        let (again, _) = upsert(&mut rows, &patches, &shapes, &layout);
        assert_eq!((again.unchanged, staff(&rows)), (1, vec![vec![Text("Ann"), Whole(5)]]));
    }

    #[test]
    fn nothing_new_leaves_all_as_it_was() {
        let layout = Layout::new(Table::Staff, vec![]);
        let mut rows = Rows::new(layout.width());
        let (counts, touched) = upsert(&mut rows, &Patches::default(), &[], &layout);
        assert_eq!((counts, touched.len(), rows.len()), (Counts::default(), 0, 0));
    }
}
