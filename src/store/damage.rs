//! Describes a damaged store: which file is at fault.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::digest::Digest;
use super::error::StoreError;
use super::layout::{self, Marker, checkpoint, commit, newest_commit};
use super::rows::{Named, Rows};
use crate::model::lang::{Lang, Text, both};
use crate::model::tables::Table;

/// Finds the damaged file in the log of `ingests` if the record is inconsistent.
pub(super) fn of_record(store: &Path, marker: &Marker, error: StoreError) -> StoreError {
    let dir = store.join(Table::Ingests.name());
    // each complete ingest is one commit of this table, so its number determines that of the commit
    let newest = marker.newest.unwrap_or(0);
    let known = marker.commit().map(|digest| (newest.saturating_sub(1), digest)).into_iter().collect();
    let commits = match newest {
        0 => newest_commit(&dir).map_or(0, |version| version + 1),
        newest => newest,
    };
    of_log(&dir, commits, &known, error)
}

/// Finds the damaged file in a table's log if the log does not give the state that an ingest recorded.
pub(super) fn of_table(store: &Path, rows: &Rows, named: &Named, error: StoreError) -> StoreError {
    let dir = store.join(named.table.name());
    of_log(&dir, named.delta_version + 1, &rows.commits(named.table), error)
}

fn of_log(dir: &Path, commits: u64, known: &BTreeMap<u64, Digest>, error: StoreError) -> StoreError {
    let why = match error {
        StoreError::Record { what, .. } => what,
        StoreError::Damaged { .. } => return error,
        other => {
            let first = |lang| other.text(lang).lines().next().unwrap_or_default().to_owned();
            Text::new(first(Lang::Ru), first(Lang::En))
        }
    };
    let at_fault = (0..commits).find_map(|version| {
        let path = commit(dir, version);
        fault_of(&path, known.get(&version).copied()).map(|what| (path, what))
    });
    if let Some((path, what)) = at_fault {
        return StoreError::damaged(&path, what.and(Text::same(": ")).and(why));
    }
    match checkpoint(dir, commits) {
        Some(path) => StoreError::damaged(
            &path,
            why.and(Text::new(
                "; коммиты рядом целы: удалите этот файл и `_last_checkpoint`, они лишь ускоряют чтение",
                "; the commits beside it are whole: delete this file and `_last_checkpoint`, which only make reading faster",
            )),
        ),
        None => StoreError::damaged(&dir.join("_delta_log"), why),
    }
}

/// What is wrong with a commit; `None` if no damage is visible.
pub(super) fn fault_of(path: &Path, digest: Option<Digest>) -> Option<Text> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == ErrorKind::NotFound => return Some(Text::new("коммита нет", "the commit is missing")),
        Err(e) => return Some(Text::same(e.to_string())),
    };
    if digest.is_some_and(|digest| digest == Digest::of(&bytes)) {
        return None;
    }
    let is_action = |line: &str| serde_json::from_str::<serde_json::Value>(line).is_ok_and(|action| action.is_object());
    let is_sound = std::str::from_utf8(&bytes).is_ok_and(|text| !text.is_empty() && text.lines().all(is_action));
    match (digest, is_sound) {
        (None, true) => None,
        _ => Some(Text::new("в коммите не то, что было записано", "the commit is not what was written")),
    }
}

/// Refuses a store of an early Voronka with data but without a record of ingests: its marker does not say whether there
/// was one.
pub(super) fn refuse_orphans(store: &Path) -> Result<(), StoreError> {
    for table in Table::ALL {
        let dir = store.join(table.name());
        let mut holds = newest_commit(&dir).is_some();
        for (_, folder) in layout::attempts(&dir, 0)? {
            holds |= !layout::data_files(&folder)?.is_empty();
        }
        if holds {
            let what = both!(
                "записи загрузок нет, а в `{}` есть данные (если ни одна загрузка этого хранилища не завершилась, удалите эту папку)",
                "the record of ingests is missing, and `{}` holds data (if no ingest of this store ever ended, delete its folder)",
                table.name()
            );
            return Err(StoreError::Record { dir: store.join(Table::Ingests.name()), what });
        }
    }
    Ok(())
}
