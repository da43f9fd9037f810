//! What was sent to whom: the file `sent.jsonl` in the store's folder, a line of JSON for each event.
//!
//! An event is on the disk before what follows it happens: an attempt is written before it is made, its result after it. A line that a
//! killed process left unfinished is no event, and is removed by the next writer. Why: `docs/decisions/delivery.md`.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::Store;
use super::error::StoreError;
use super::names::{SENDING, SENT};
use super::remote::{Put, View};
use crate::model::lang::{Text, both};

/// What happened to a part of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SentEvent {
    /// It is about to be handed over: from here on it may have arrived.
    Begun,
    /// It was accepted.
    Sent,
    /// It was not accepted; another attempt may succeed.
    Failed,
    /// It was refused for good.
    Refused,
    /// Nobody knows whether it was accepted.
    Unknown,
}

/// An event of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// What happened.
    pub event: SentEvent,
    /// The delivery: a report of a period for a recipient. It is also what the receiver knows a repeat by.
    pub key: String,
    /// The deliveries of all periods of the same report, rows and recipient have the same.
    pub stream: String,
    /// The part of the delivery: a letter has one, a chat gets a message and files.
    pub part: String,
    /// The number of the attempt at this part, from 1.
    pub attempt: u32,
    /// The report.
    pub report: String,
    /// The recipient's name.
    pub recipient: String,
    /// The channel, such as `mail`.
    pub channel: String,
    /// The recipient's address there; without secrets.
    pub address: String,
    /// The rows that the recipient is held to; empty for all.
    pub rows: String,
    /// The first day of the period.
    pub from: NaiveDate,
    /// The last day of the period.
    pub to: NaiveDate,
    /// The version of the store that was seen.
    pub version: u64,
    /// The cause of a failure.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub why: Text,
    /// Keys of what was red in what was sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub red: Vec<String>,
    /// Beside the report's body: all parts of the delivery.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
}

/// The log, open to be written: only one process has it.
#[derive(Debug)]
pub struct SentLog {
    to: To,
    path: PathBuf,
}

/// Where the log is.
#[derive(Debug)]
enum To {
    /// In a folder. The lock is released by the system when it is dropped or the process dies.
    File { file: File, _lock: File },
    /// In a bucket: each event is a new content, written over the one that this process knows; so whoever writes beside it fails.
    Bucket { view: Arc<View>, bytes: Vec<u8>, tag: Option<String>, writer: String },
}

impl Store {
    /// All events, oldest first.
    ///
    /// # Errors
    /// The file cannot be read, or a line of it is no event.
    pub fn sent(&self) -> Result<Vec<SentEntry>, StoreError> {
        match self.place.remote() {
            Some(view) => {
                let bytes = view.read_now(SENT)?.map(|(bytes, _)| bytes).unwrap_or_default();
                entries(&bytes, &view.address().url_of(SENT))
            }
            None => read(&self.dir().join(SENT)),
        }
    }

    /// Opens the log to be written, with its events so far.
    ///
    /// # Errors
    /// Another process has it; it cannot be read or written.
    pub fn send_log(&self) -> Result<(SentLog, Vec<SentEntry>), StoreError> {
        if let Some(view) = self.place.remote() {
            let (path, view) = (view.address().url_of(SENT), Arc::clone(view));
            let (mut bytes, tag) = view.read_now(SENT)?.unwrap_or_default();
            bytes.truncate(whole(&bytes).len());
            let events = entries(&bytes, &path)?;
            let writer = uuid::Uuid::new_v4().to_string();
            return Ok((SentLog { to: To::Bucket { view, bytes, tag, writer }, path }, events));
        }
        let (lock_path, path) = (self.dir().join(SENDING), self.dir().join(SENT));
        let options = || File::options().create(true).truncate(false).write(true).clone();
        let lock = options().open(&lock_path).map_err(StoreError::io(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Sending { dir: self.dir().to_owned() }),
            Err(TryLockError::Error(e)) => return Err(StoreError::io(&lock_path)(e)),
        }
        let entries = read(&path)?;
        let mut file = options().read(true).open(&path).map_err(StoreError::io(&path))?;
        mend(&mut file, &path).map_err(StoreError::io(&path))?;
        Ok((SentLog { to: To::File { file, _lock: lock }, path }, entries))
    }
}

impl SentLog {
    /// Writes an event; it is on the disk when this returns.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&mut self, entry: &SentEntry) -> Result<(), StoreError> {
        let mut line = serde_json::to_vec(entry).map_err(|e| StoreError::io(&self.path)(io::Error::other(e)))?;
        match &mut self.to {
            To::File { file, .. } => {
                line.push(b'\n');
                let written = file.write_all(&line).and_then(|()| file.sync_data());
                written.map_err(StoreError::io(&self.path))
            }
            To::Bucket { view, bytes, tag, writer } => {
                // two that write the same at once are told apart: what lies there is this one's, or it is not
                line.truncate(line.len() - 1);
                bytes.extend_from_slice(&line);
                bytes.extend_from_slice(format!(",\"writer\":\"{writer}\"}}\n").as_bytes());
                match view.write_now(SENT, bytes.clone(), tag.clone())? {
                    Put::Done(written) => *tag = written,
                    Put::Taken => return Err(StoreError::Sending { dir: view.address().url_of("") }),
                }
                Ok(())
            }
        }
    }
}

/// Cuts off a line that was not finished, and goes to the end.
fn mend(file: &mut File, path: &Path) -> io::Result<()> {
    let bytes = fs::read(path)?;
    let whole = whole(&bytes).len() as u64;
    if whole < bytes.len() as u64 {
        file.set_len(whole)?;
        file.sync_data()?;
    }
    io::Seek::seek(file, io::SeekFrom::Start(whole)).map(drop)
}

/// The finished lines.
fn whole(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    &bytes[..end]
}

fn read(path: &Path) -> Result<Vec<SentEntry>, StoreError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(StoreError::io(path)(e)),
    };
    entries(&bytes, path)
}

fn entries(bytes: &[u8], path: &Path) -> Result<Vec<SentEntry>, StoreError> {
    let lines = whole(bytes).split(|byte| *byte == b'\n').zip(1..).filter(|(line, _)| !line.is_empty());
    let one = |(line, number): (&[u8], u64)| {
        serde_json::from_slice(line).map_err(|error| StoreError::SentLog {
            path: path.to_owned(),
            what: both!("строка {number} не читается: {error}", "line {number} cannot be read: {error}"),
        })
    };
    lines.map(one).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::place::Place;
    use super::*;

    pub(in crate::store) fn entry(key: &str, event: SentEvent) -> SentEntry {
        let day = NaiveDate::from_ymd_opt(2025, 6, 29).unwrap();
        SentEntry {
            at: DateTime::UNIX_EPOCH,
            event,
            key: key.to_owned(),
            stream: "s".into(),
            part: "letter".into(),
            attempt: 1,
            report: "brief".into(),
            recipient: "Анна".into(),
            channel: "mail".into(),
            address: "a@example.com".into(),
            rows: String::new(),
            from: day,
            to: day,
            version: 1,
            why: Text::default(),
            red: vec!["response|sla_share".into()],
            parts: vec!["letter".into()],
        }
    }

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store { place: Place::folder(dir.path().to_owned()) };
        (dir, store)
    }

    #[test]
    fn what_was_written_is_read_and_an_unfinished_line_is_no_event() {
        let (dir, store) = store();
        let all = [entry("a", SentEvent::Begun), entry("a", SentEvent::Sent)];
        let (mut log, before) = store.send_log().unwrap();
        assert!(before.is_empty());
        all.iter().for_each(|entry| log.write(entry).unwrap());
        drop(log);
        let path = dir.path().join(SENT);
        let bytes = fs::read(&path).unwrap();
        for cut in 0..bytes.len() {
            fs::write(&path, &bytes[..cut]).unwrap();
            let lines = bytes[..cut].iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(store.sent().unwrap(), all[..lines], "cut at {cut}");
            let (mut log, _) = store.send_log().unwrap();
            log.write(&all[1]).unwrap();
            drop(log);
            let read = store.sent().unwrap();
            assert_eq!((read.len(), read.last()), (lines + 1, Some(&all[1])), "cut at {cut}");
        }
    }

    #[test]
    fn a_damaged_line_is_an_error_and_one_process_writes() {
        let (dir, store) = store();
        fs::write(dir.path().join(SENT), "{}\n").unwrap();
        assert!(matches!(store.sent(), Err(StoreError::SentLog { .. })));
        fs::remove_file(dir.path().join(SENT)).unwrap();
        let held = store.send_log().unwrap();
        assert!(matches!(store.send_log(), Err(StoreError::Sending { .. })));
        drop(held);
        store.send_log().unwrap();
    }
}
