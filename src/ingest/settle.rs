//! Settles what has to be known before the first bucket is worked on: how many buckets there are, which events change theirs, and
//! what the snapshots show.

use std::collections::BTreeMap;

use super::IngestError;
use super::begin::Begun;
use super::bucket::client_events;
use super::bucket::listing_history::Snapshots;
use super::bucket::reassigned::{Moved, Search};
use super::sizes::buckets_needed;
use super::stage::Staged;
use super::stage::shape::Shape;
use crate::model::tables::Table;

/// What was settled.
pub(super) struct Settled {
    /// The number of buckets of every table from now on.
    pub(super) buckets: BTreeMap<Table, u32>,
    /// The events that change their bucket.
    pub(super) moved: Moved,
    pub(super) snapshots: Snapshots,
    /// Whether events that know only their client are expected, so that journeys are folded when these are joined.
    pub(super) fold_later: bool,
}

/// Settles it. The last shape of what was staged is that of whole events.
pub(super) fn settle(staged: &mut Staged, begun: &Begun<'_>) -> Result<Settled, IngestError> {
    let (events, base) = (&begun.layouts[&Table::Events], begun.base.tables.get(&Table::Events));
    let buckets = buckets_needed(&begun.base, |table| staged.count(table), begun.options.sizes);
    staged.shapes.push(Shape::whole(events));
    let search = Search {
        spill: &staged.spill,
        shapes: &staged.shapes,
        layout: events,
        base,
        buckets: buckets[&Table::Events],
        read: staged.count(Table::Events),
        sizes: begun.options.sizes,
    };
    let moved = search.run()?;
    let snapshots = Snapshots::new(std::mem::take(&mut staged.snapshots), &staged.shapes);
    let fold_later = client_events::expected(&staged.shapes, events, base)?;
    Ok(Settled { buckets, moved, snapshots, fold_later })
}
