//! Brings a view up to the state of the bucket.
//!
//! The order matters, because an ingest may end in between: first the folders of attempts and the marker, then the record of
//! ingests, then the logs of the tables. So the record is never older than the marker, and the logs have every version that the
//! record names.

use std::collections::BTreeSet;
use std::fs;
use std::io;

use futures::FutureExt as _;
use futures::future::try_join_all;

use super::super::error::StoreError;
use super::super::names::MARKER;
use super::super::{delta, layout};
use super::client::{Listed, together};
use super::view::View;
use crate::model::lang::Text;
use crate::model::tables::Table;

/// How many files are fetched at once.
const AT_ONCE: usize = 32;
/// The files beside the tables that are seen.
pub(super) const BESIDE: [&str; 3] = [MARKER, "personal.toml", "personal.id"];

impl View {
    /// Brings the folder up to the state of the bucket, unless that was just done.
    pub(in crate::store) async fn refresh(&self) -> Result<(), StoreError> {
        if self.is_fresh() {
            return Ok(());
        }
        self.look().await
    }

    /// Brings the folder up to the state of the bucket, unless an ingest is changing it.
    pub(in crate::store) async fn look(&self) -> Result<(), StoreError> {
        let _one = self.refreshing.lock().await;
        if self.is_writing() {
            return Ok(());
        }
        let tables = || Table::ALL.into_iter();
        let folders = try_join_all(tables().map(|table| self.client.look(table.name())));
        let ((_, beside), folders) = futures::future::try_join(self.client.look(""), folders).await?;
        if !beside.iter().any(|found| found.name == MARKER) {
            return Err(StoreError::NotAStore { dir: self.address().url_of("") });
        }
        for (table, (found, _)) in tables().zip(&folders) {
            self.lay_out(table, found).map_err(StoreError::io(&self.address().url_of(table.name())))?;
        }
        self.bring(beside.into_iter().filter(|found| BESIDE.contains(&found.name.as_str())).collect()).await?;
        let record = self.client.list(Table::Ingests.name()).await?;
        let mut kept: BTreeSet<String> = BTreeSet::new();
        let begun = |folders: &[String]| folders.iter().any(|folder| folder.ends_with("/_delta_log"));
        let others = tables().zip(&folders).filter(|(table, (found, _))| *table != Table::Ingests && begun(found));
        let logs = try_join_all(others.map(|(table, _)| self.log_of(table))).await?;
        let is_log = |found: &Listed| is_read(&found.name);
        let logs: Vec<Listed> = logs.into_iter().flatten().chain(record.clone()).filter(is_log).collect();
        kept.extend(logs.iter().map(|found| found.name.clone()));
        self.bring(logs).await?;
        self.drop_others(&kept);
        self.bring_record(&record).await
    }

    async fn log_of(&self, table: Table) -> Result<Vec<Listed>, StoreError> {
        self.client.list(&format!("{}/_delta_log", table.name())).await
    }

    /// Makes the folders of attempts that are in the bucket, without their files, and removes others.
    fn lay_out(&self, table: Table, found: &[String]) -> io::Result<()> {
        let dir = self.dir().join(table.name());
        let names: BTreeSet<&str> = found.iter().filter_map(|name| name.rsplit('/').next()).collect();
        for name in names.iter().filter(|name| layout::is_attempt(name)) {
            fs::create_dir_all(dir.join(name))?;
        }
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if layout::is_attempt(&name) && !names.contains(name.as_str()) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }

    /// Removes what the folder has of logs and the bucket has not: what an ingest left that did not get through.
    fn drop_others(&self, kept: &BTreeSet<String>) {
        for table in Table::ALL {
            let log = self.dir().join(table.name()).join("_delta_log");
            for entry in fs::read_dir(&log).into_iter().flatten().flatten() {
                let name = self.within(&entry.path()).unwrap_or_default();
                if !kept.contains(&name) {
                    let _ = fs::remove_file(entry.path());
                    self.seen().remove(&name);
                }
            }
            // a log without commits is none
            let _ = fs::remove_dir(&log);
        }
    }

    /// Fetches the data files of the record that its newest version lists.
    async fn bring_record(&self, found: &[Listed]) -> Result<(), StoreError> {
        let dir = self.dir().join(Table::Ingests.name());
        // what is wrong with the log is told by whoever reads it next
        let Ok(Some(open)) = delta::open(&dir, None).await else { return Ok(()) };
        let Ok(listed) = delta::files(&dir, &open) else { return Ok(()) };
        let is_listed = |found: &&Listed| {
            let within = found.name.split_once('/').map(|(_, within)| within);
            within.is_some_and(|within| listed.contains_key(within))
        };
        self.bring(found.iter().filter(is_listed).cloned().collect()).await
    }

    /// Fetches files that the folder has not, or has otherwise.
    pub(super) async fn bring(&self, files: Vec<Listed>) -> Result<(), StoreError> {
        let known = |file: &Listed| {
            self.seen().get(&file.name).is_some_and(|seen| *seen == (file.bytes, file.tag.clone()))
                && self.dir().join(&file.name).exists()
        };
        let wanted: Vec<Listed> = files.into_iter().filter(|file| !known(file)).collect();
        let work = wanted.into_iter().map(|file| self.bring_one(file).boxed()).collect();
        together(work, AT_ONCE).await.map(drop)
    }

    async fn bring_one(&self, file: Listed) -> Result<(), StoreError> {
        let key = key(&file.name, file.bytes, file.tag.as_deref());
        let kept = file.tag.as_ref().and_then(|_| self.cache.get(&key));
        let (bytes, tag) = match kept {
            Some(bytes) => (bytes, file.tag.clone()),
            None => match self.client.get(&file.name).await? {
                Some((bytes, tag)) => {
                    if tag == file.tag {
                        self.cache.keep(&key, &bytes);
                    }
                    (bytes, tag)
                }
                None => {
                    let path = self.address().url_of(&file.name);
                    return Err(StoreError::damaged(&path, Text::new("файла нет", "the file is missing")));
                }
            },
        };
        let path = self.dir().join(&file.name);
        let write = || {
            fs::create_dir_all(path.parent().unwrap_or(self.dir()))?;
            // whoever reads it meanwhile reads one or the other
            let aside = path.with_extension("aside");
            fs::write(&aside, &bytes)?;
            fs::rename(&aside, &path)
        };
        write().map_err(StoreError::io(&path))?;
        self.seen().insert(file.name, (bytes.len() as u64, tag));
        Ok(())
    }
}

/// Under what the content of a file is kept.
pub(super) fn key(name: &str, bytes: u64, tag: Option<&str>) -> String {
    format!("{name}\n{bytes}\n{}", tag.unwrap_or_default())
}

/// Whether a file of a log is read: a commit or a checkpoint. The hint which checkpoint is the newest may be newer than the
/// listing, and is not needed.
fn is_read(name: &str) -> bool {
    name.contains("/_delta_log/") && (name.ends_with(".json") || name.ends_with(".checkpoint.parquet"))
}
