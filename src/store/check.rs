//! The check of a whole store on demand: every file that any ingest names.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::damage::fault_of;
use super::digest::Digest;
use super::error::StoreError;
use super::files::DataFile;
use super::layout::commit;
use super::place::Place;
use super::rows::Named;
use super::{proof, snapshot};
use crate::model::lang::{Lang, Text};
use crate::model::tables::Table;

/// The result of reading every file.
#[derive(Debug, Default)]
pub struct Checked {
    /// The number of complete ingests.
    pub ingests: usize,
    /// The number of data files that they name.
    pub files: usize,
    /// The total size of these files in bytes.
    pub bytes: u64,
    /// The number of files without a digest, written by an early Voronka: only their length and row count can be
    /// checked.
    pub unproven: usize,
    /// The damaged files, each once.
    pub damaged: Vec<Text>,
}

/// Reads every file that any ingest names. Fails if the record of ingests itself is damaged, because nothing else can
/// be checked then.
pub(super) async fn check(place: &Place) -> Result<Checked, StoreError> {
    let store = place.dir();
    let told = |error: StoreError| both_of(&place.told(error));
    let rows = snapshot::record(store).await?;
    let mut checked = Checked { ingests: rows.versions().len(), ..Checked::default() };
    let mut seen: BTreeMap<(Table, u64), &Named> = BTreeMap::new();
    let mut files: BTreeMap<PathBuf, (DataFile, Option<Digest>)> = BTreeMap::new();
    for named in rows.versions().iter().flat_map(|ingest| rows.tables(*ingest)) {
        seen.insert((named.table, named.delta_version), named);
    }
    for ((table, version), named) in seen {
        let path = commit(&store.join(table.name()), version);
        match named.commit.map(|digest| fault_of(&path, Some(digest))) {
            Some(Some(what)) => checked.damaged.push(told(StoreError::damaged(&path, what))),
            _ => match snapshot::state(store, &rows, named).await {
                Ok((_, listed)) => {
                    files.extend(listed.into_iter().map(|(file, digest)| (file.path.clone(), (file, digest))))
                }
                Err(error) => checked.damaged.push(told(error)),
            },
        }
    }
    checked.files = files.len();
    for (file, digest) in files.values() {
        checked.bytes += file.bytes;
        checked.unproven += usize::from(digest.is_none() && !file.is_of(store, Table::Ingests));
    }
    let files: Vec<_> = files.into_values().collect();
    match place.remote() {
        Some(view) => checked.damaged.extend(proof::verify_in(view, &files).await.into_iter().map(told)),
        None => {
            for file in files {
                if let Err(error) = proof::verify(vec![file]).await {
                    checked.damaged.push(told(error));
                }
            }
        }
    }
    // several versions share one log: each problem is reported once
    checked.damaged.sort();
    checked.damaged.dedup();
    Ok(checked)
}

/// An error in both languages.
fn both_of(error: &StoreError) -> Text {
    Text::new(error.text(Lang::Ru), error.text(Lang::En))
}
