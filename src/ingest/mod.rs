//! Rows of exports in, the next version of the store out.
//!
//! Takes a checked [`Mapping`] and export files, which `export` reads; gives the store new files of the touched buckets in one
//! transaction, and a [`Summary`]. Leaves to others: how files are read (`export`), what a deal's events add up to (`journey`),
//! what is done with the data (metrics), and how an ingest becomes visible (store).

mod begin;
mod bucket;
mod commit;
mod currencies;
mod data_file;
mod error;
mod fold;
mod key_file;
mod notes;
mod open;
mod options;
mod pool;
mod privacy;
mod quarantine;
mod regulations;
mod repeat;
mod rows;
mod settle;
mod sizes;
mod stage;
mod summary;
mod sums;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use error::IngestError;
pub use options::IngestOptions;
pub(crate) use privacy::check_privacy;
pub(crate) use quarantine::{Repairs, Waiting, repairs, waiting};
pub use summary::{FileCount, QuarantineCount, Summary};
pub use sums::MoneySum;

use crate::export::{Mapping, choose};
use crate::model::timings;
use crate::store::Store;

/// Loads exports into a store, all of them or nothing.
///
/// Everything that can refuse a file by its header is looked at before the first row is read.
pub async fn ingest(
    store: &Store,
    mapping: &Mapping,
    exports: &[PathBuf],
    options: IngestOptions<'_>,
) -> Result<Summary, IngestError> {
    load(store, mapping, exports, options).await.map_err(|error| error.told(store))
}

async fn load(
    store: &Store,
    mapping: &Mapping,
    exports: &[PathBuf],
    options: IngestOptions<'_>,
) -> Result<Summary, IngestError> {
    let mut stage = timings::laps();
    let chosen = choose::of_paths(mapping, exports, store.dir())?;
    let files = open::open(&chosen, store, mapping, options)?;
    let (begun, mut transaction) = begin::begin(&files, &chosen, store, mapping, options).await?;
    stage("ingest: open");
    let inputs = repeat::inputs(&files, &begun)?;
    stage("ingest: digest of exports");
    if let Some(known) = repeat::known(&inputs, &begun)? {
        let summary = commit::repeat((inputs, known), &files, begun, transaction).await;
        stage("ingest: commit");
        return summary;
    }
    let mut staged = stage::stage(files, &begun, &mut transaction)?;
    stage("ingest: stage rows");
    let settled = settle::settle(&mut staged, &begun)?;
    stage("ingest: settle");
    let is_plain = repeat::is_plain(&settled, &begun);
    let folded = fold::fold(&staged, settled, &begun, &mut transaction)?;
    stage("ingest: fold journeys");
    let summary = commit::commit((staged, folded), (inputs, is_plain), begun, transaction).await;
    stage("ingest: commit");
    summary
}
