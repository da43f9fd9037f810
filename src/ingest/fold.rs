//! Works through the buckets: rows into the store's tables, events into journeys.

use std::sync::Mutex;

use chrono_tz::Tz;

use super::IngestError;
use super::begin::Begun;
use super::bucket::cold;
use super::bucket::context::Work;
use super::bucket::work::AllDone;
use super::pool::Pool;
use super::settle::Settled;
use super::stage::Staged;
use crate::journey::day::DayOf;
use crate::store::Transaction;

/// Writes the new files of all buckets that differ, and hands them to the transaction.
pub(super) fn fold(
    staged: &Staged,
    settled: Settled,
    begun: &Begun<'_>,
    transaction: &mut Transaction,
) -> Result<AllDone, IngestError> {
    let zone = begun.mapping.exports.iter().find_map(|export| export.zone);
    let of_company = begun.options.regulation.map(|regulation| regulation.calendar().zone);
    let zone = of_company.or(zone).unwrap_or(Tz::UTC);
    let days = DayOf::new(zone);
    let work = Work {
        spill: &staged.spill,
        shapes: &staged.shapes,
        exports: &staged.exports,
        layouts: &begun.layouts,
        base: &begun.base,
        buckets: &settled.buckets,
        moved: &settled.moved,
        snapshots: &settled.snapshots,
        days: &days,
        mark: cold::mark_of(zone),
        moment: begun.options.at.timestamp_micros(),
        sizes: begun.options.sizes,
        fold_later: settled.fold_later,
        transaction: Mutex::new(transaction),
        pool: Pool::default(),
    };
    work.run(begun.options.progress)
}
