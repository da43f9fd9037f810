//! The steps of a writer beside its commits: it makes a store, takes a number for its attempt, clears what dead ones left, and
//! writes the marker.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use futures::future::join_all;

use super::super::error::StoreError;
use super::super::layout::{self, Attempt};
use super::super::names::MARKER;
use super::address::Address;
use super::client::{Client, Put};
use super::view::View;

/// Content and tag.
type Tagged = (Vec<u8>, Option<String>);
use crate::model::lang::Text;
use crate::model::tables::Table;

/// The folder of the numbers that attempts took.
const CLAIMS: &str = ".attempts";

/// The marker of the store at an address.
pub(in crate::store) async fn marker(address: Address) -> Result<String, StoreError> {
    let client = Client::of(address)?;
    match client.get(MARKER).await? {
        Some((bytes, _)) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        None => Err(StoreError::NotAStore { dir: client.address.url_of("") }),
    }
}

impl View {
    /// Opens the store at an address.
    pub(in crate::store) async fn open(address: Address) -> Result<Arc<View>, StoreError> {
        let view = View::of(address)?;
        view.look().await?;
        view.freshen();
        Ok(view)
    }

    /// Opens the store at an address, or makes one where there is nothing.
    pub(in crate::store) async fn open_or_create(address: Address) -> Result<Arc<View>, StoreError> {
        let view = View::of(address)?;
        view.make().await?;
        view.look().await?;
        view.freshen();
        Ok(view)
    }

    /// Makes a store where there is nothing.
    pub(super) async fn make(&self) -> Result<(), StoreError> {
        let (folders, files) = self.client.look("").await?;
        if files.iter().any(|file| file.name == MARKER) {
            return Ok(());
        }
        let names = folders.iter().chain(files.iter().map(|file| &file.name));
        // what an object store shows for a folder that was made by hand is an empty object
        match names.into_iter().find(|name| !layout::is_foreign(name) && !name.is_empty()) {
            Some(found) => Err(StoreError::NotEmpty { dir: self.address().url_of(""), found: found.clone() }),
            // where it is taken, another ingest has made the store in the meantime
            None => self.client.put_new(MARKER, layout::marker_text(0, None).as_bytes()).await.map(drop),
        }
    }

    /// Takes a number for an attempt, the given one or a later one: no two writers ever have the same, so no two write files of
    /// one name.
    pub(in crate::store) async fn claim(&self, mut attempt: Attempt) -> Result<Attempt, StoreError> {
        loop {
            let name = format!("{CLAIMS}/{}", attempt.folder());
            let own = format!("{} {}\n", attempt.folder(), uuid::Uuid::new_v4());
            if let Put::Done(tag) = self.client.put_new(&name, own.as_bytes()).await? {
                self.refuse_unconditional(&name, tag.as_deref()).await?;
                return Ok(attempt);
            }
            attempt.attempt += 1;
        }
    }

    /// Refuses a server that writes although the condition does not hold: on it two ingests would overwrite each other.
    async fn refuse_unconditional(&self, name: &str, tag: Option<&str>) -> Result<(), StoreError> {
        let is_refused = |put: Result<Put, StoreError>| matches!(put, Ok(Put::Taken));
        let is_new = is_refused(self.client.put_new(name, b"probe 1").await);
        let is_same = tag.is_some() && is_refused(self.client.put_over(name, b"probe 2", "\"0\"").await);
        match is_new && is_same {
            true => Ok(()),
            false => Err(StoreError::Remote {
                url: self.address().url(),
                what: Text::new(
                    "сервер пишет файлы, не глядя на условия If-None-Match и If-Match",
                    "the server writes files without regard to the conditions If-None-Match and If-Match",
                ),
                hint: Text::new(
                    "две загрузки могли бы затереть друг друга: возьмите сервер с условной записью (Amazon S3, R2, MinIO нового выпуска)",
                    "two ingests could overwrite each other: take a server with conditional writes (Amazon S3, R2, a recent MinIO)",
                ),
            }),
        }
    }

    /// Deletes files of attempts at an ingest that is complete: whoever made them cannot complete it any more. `keep` are those
    /// that a state or a log names.
    pub(in crate::store) async fn sweep(&self, complete: u64, keep: &BTreeSet<String>) {
        let mut folders = Vec::new();
        for table in Table::ALL {
            let found = layout::attempts(&self.dir().join(table.name()), complete).unwrap_or_default();
            let dead = found.into_iter().filter(|(attempt, _)| attempt.ingest == complete);
            folders.extend(dead.filter_map(|(_, path)| self.within(&path)));
        }
        let listed = join_all(folders.iter().map(|folder| self.client.list(folder))).await;
        let files = listed.into_iter().flatten().flatten().map(|file| file.name);
        let mut gone: Vec<String> =
            files.filter(|name| layout::bucket(name).is_some() && !keep.contains(name)).collect();
        let claims = self.client.list(CLAIMS).await.unwrap_or_default().into_iter().map(|file| file.name);
        let is_past = |name: &String| {
            let attempt = name.rsplit('/').next().and_then(Attempt::parse);
            attempt.is_some_and(|attempt| attempt.ingest <= complete)
        };
        gone.extend(claims.filter(is_past));
        if !gone.is_empty() {
            self.client.delete(&gone).await;
        }
    }

    /// Writes the folder's marker into the bucket, unless somebody else has written a newer one since it was seen.
    pub(in crate::store) async fn push_marker(&self) {
        let Ok(bytes) = fs::read(self.dir().join(MARKER)) else { return };
        let Some((_, Some(tag))) = self.seen().get(MARKER).cloned() else { return };
        // one that lags behind is harmless: the next ingest corrects it
        if let Ok(Put::Done(tag)) = self.client.put_over(MARKER, &bytes, &tag).await {
            self.seen().insert(MARKER.to_owned(), (bytes.len() as u64, tag));
        }
    }

    /// The content and the tag of a file beside the tables, for whoever cannot wait otherwise than by blocking.
    pub(in crate::store) fn read_now(self: &Arc<View>, name: &'static str) -> Result<Option<Tagged>, StoreError> {
        let view = Arc::clone(self);
        self.client.wait(async move { view.client.get(name).await }).unwrap_or_else(|| Err(self.stopped(name)))
    }

    /// Writes such a file: over the one with that tag, or a new one.
    pub(in crate::store) fn write_now(
        self: &Arc<View>,
        name: &'static str,
        bytes: Vec<u8>,
        tag: Option<String>,
    ) -> Result<Put, StoreError> {
        let view = Arc::clone(self);
        let write = async move {
            match tag {
                Some(tag) => view.client.put_over(name, &bytes, &tag).await,
                None => view.client.put_new(name, &bytes).await,
            }
        };
        self.client.wait(write).unwrap_or_else(|| Err(self.stopped(name)))
    }

    fn stopped(&self, name: &str) -> StoreError {
        StoreError::io(&self.address().url_of(name))(std::io::Error::other("stopped"))
    }
}
