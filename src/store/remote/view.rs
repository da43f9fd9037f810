//! A store in a bucket as one process sees it: a folder with its marker, logs and record, as they were when it last looked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use super::super::digest::Digest;
use super::super::error::StoreError;
use super::address::Address;
use super::cache::{Cache, Folder};
use super::client::Client;

/// A file of the view as it is in the bucket.
pub(super) type Seen = (u64, Option<String>);

/// A data file that a snapshot lists.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    pub(super) bytes: u64,
    pub(super) digest: Option<Digest>,
    /// Filled when it was fetched.
    pub(super) fetched: Arc<OnceCell<()>>,
}

/// A store in a bucket, and the folder through which this process sees it.
#[derive(Debug)]
pub(in crate::store) struct View {
    pub(super) client: Client,
    pub(super) cache: Arc<Cache>,
    folder: Folder,
    /// The files in the folder that are as in the bucket, by their paths.
    seen: Mutex<BTreeMap<String, Seen>>,
    expected: Mutex<BTreeMap<String, Expected>>,
    pub(super) refreshing: tokio::sync::Mutex<()>,
    /// Whether nobody has used yet what was seen when it was opened.
    fresh: AtomicBool,
    /// Whether an ingest changes the folder.
    writing: AtomicBool,
}

/// Held by an ingest: meanwhile the folder is its own.
#[derive(Debug)]
pub(in crate::store) struct Writing(Arc<View>);

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.writing.store(false, Ordering::SeqCst);
    }
}

impl View {
    /// A view of the store at an address, empty as yet.
    pub(in crate::store) fn of(address: Address) -> Result<Arc<View>, StoreError> {
        let endpoint = std::env::var_os("AWS_ENDPOINT_URL").or_else(|| std::env::var_os("AWS_ENDPOINT"));
        let identity = format!("{} {}", endpoint.unwrap_or_default().to_string_lossy(), address.url());
        let cache = Cache::of(&identity).map_err(StoreError::io(&address.url_of("")))?;
        View::with(Client::of(address)?, cache)
    }

    /// A view through a client, with a cache.
    pub(super) fn with(client: Client, cache: Cache) -> Result<Arc<View>, StoreError> {
        let folder = cache.view(client.address.name()).map_err(StoreError::io(&client.address.url_of("")))?;
        let cache = Arc::new(cache);
        let trimmed = Arc::clone(&cache);
        client.spawn(async move { trimmed.trim() });
        Ok(Arc::new(View {
            client,
            cache,
            folder,
            seen: Mutex::default(),
            expected: Mutex::default(),
            refreshing: tokio::sync::Mutex::default(),
            fresh: AtomicBool::new(false),
            writing: AtomicBool::new(false),
        }))
    }

    /// The folder.
    pub(in crate::store) fn dir(&self) -> &Path {
        &self.folder.dir
    }

    /// The address of the store.
    pub(in crate::store) fn address(&self) -> &Address {
        &self.client.address
    }

    /// A file beside the user that belongs to the store and may be deleted.
    pub(in crate::store) fn spare(&self, name: &str) -> PathBuf {
        self.cache.file(name)
    }

    /// The path within the store of a file in the folder.
    pub(in crate::store) fn within(&self, path: &Path) -> Option<String> {
        Some(path.strip_prefix(self.dir()).ok()?.to_string_lossy().replace('\\', "/"))
    }

    /// The address of a file in the folder.
    pub(in crate::store) fn url_of(&self, path: &Path) -> PathBuf {
        self.within(path).map_or_else(|| path.to_owned(), |name| self.address().url_of(&name))
    }

    /// An error that names addresses, and not files of the folder.
    pub(in crate::store) fn told(&self, mut error: StoreError) -> StoreError {
        if let Some(path) = error.place() {
            *path = self.url_of(path);
        }
        error
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, BTreeMap<String, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn expected(&self) -> MutexGuard<'_, BTreeMap<String, Expected>> {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether what was just seen may be used; once.
    pub(super) fn is_fresh(&self) -> bool {
        self.fresh.swap(false, Ordering::SeqCst)
    }

    pub(super) fn is_writing(&self) -> bool {
        self.writing.load(Ordering::SeqCst)
    }

    /// What is seen now need not be looked at again by whoever comes first.
    pub(in crate::store) fn freshen(&self) {
        self.fresh.store(true, Ordering::SeqCst);
    }

    /// The folder is an ingest's own from here on.
    pub(in crate::store) fn write(self: &Arc<View>) -> Writing {
        self.writing.store(true, Ordering::SeqCst);
        Writing(Arc::clone(self))
    }
}
