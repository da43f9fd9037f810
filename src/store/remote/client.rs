//! The objects of a store: what is asked of a bucket, by paths within the store.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::client::SpawnedReqwestConnector;
use object_store::path::Path as Key;
use object_store::{
    BackoffConfig, ClientConfigKey, Error, GetOptions, ObjectMeta, ObjectStore, PutMode, PutOptions, PutPayload,
    RetryConfig, UpdateVersion,
};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

use super::super::error::StoreError;
use super::address::Address;
use super::fault::fault;

/// An object of more bytes is uploaded in parts.
const PART: usize = 16 << 20;
/// How often a conditional put is tried whose end is not known.
const TRIES: u32 = 4;

/// An object, as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    /// Its path within the store.
    pub(super) name: String,
    pub(super) bytes: u64,
    /// What changes with its content: the ETag.
    pub(super) tag: Option<String>,
}

/// What became of a conditional put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum Put {
    /// The object is what was put.
    Done(Option<String>),
    /// Somebody else was quicker, and nothing was changed.
    Taken,
}

/// The bucket of a store. Requests run on threads of its own: whoever waits for one may block the thread that it is on.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) address: Address,
    objects: Arc<dyn ObjectStore>,
    threads: Option<Runtime>,
}

impl Client {
    /// The client for an address, with what the environment says: `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID` and so on.
    pub(super) fn of(address: Address) -> Result<Client, StoreError> {
        let threads = threads(&address)?;
        let built = bucket(&address, threads.handle());
        let objects = built.map_err(|error| fault(&address, "", &error))?;
        Ok(Client { address, objects: Arc::new(objects), threads: Some(threads) })
    }

    /// A client of any object store.
    #[cfg(test)]
    pub(super) fn with(address: Address, objects: Arc<dyn ObjectStore>) -> Result<Client, StoreError> {
        let threads = threads(&address)?;
        Ok(Client { address, objects, threads: Some(threads) })
    }

    fn fault(&self, name: &str) -> impl Fn(Error) -> StoreError {
        move |error| fault(&self.address, name, &error)
    }

    /// Starts work on the client's own threads.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<JoinHandle<T>> {
        self.threads.as_ref().map(|threads| threads.spawn(work))
    }

    /// Does work on the client's own threads, and blocks until it is done. `None` if it panicked.
    pub(super) fn wait<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let (done, result) = std::sync::mpsc::sync_channel(1);
        self.spawn(async move {
            let _ = done.send(work.await);
        })?;
        result.recv().ok()
    }

    /// The content of an object and its tag. `None` if there is none.
    pub(super) async fn get(&self, name: &str) -> Result<Option<(Vec<u8>, Option<String>)>, StoreError> {
        match self.read(name).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(self.fault(name)(error)),
        }
    }

    async fn read(&self, name: &str) -> Result<(Vec<u8>, Option<String>), Error> {
        let mut tries = TRIES;
        loop {
            tries -= 1;
            let found = self.objects.get_opts(&self.address.key(name), GetOptions::default()).await?;
            let tag = found.meta.e_tag.clone();
            // a connection that is cut in the middle of an answer is not always tried again by the library
            match found.bytes().await {
                Ok(bytes) => return Ok((bytes.to_vec(), tag)),
                Err(error) if tries == 0 => return Err(error),
                Err(_) => {}
            }
        }
    }

    /// Hands the content of an object to `take`, piece by piece, from its beginning again where the connection was cut; `take` is
    /// given `None` then. `false` if there is none.
    pub(super) async fn stream(
        &self,
        name: &str,
        take: &mut (dyn FnMut(Option<&[u8]>) -> std::io::Result<()> + Send),
    ) -> Result<bool, StoreError> {
        let mut tries = TRIES;
        loop {
            tries -= 1;
            take(None).map_err(StoreError::io(&self.address.url_of(name)))?;
            let found = match self.objects.get_opts(&self.address.key(name), GetOptions::default()).await {
                Ok(found) => found,
                Err(error) if is_absent(&error) => return Ok(false),
                Err(error) => return Err(self.fault(name)(error)),
            };
            let mut pieces = found.into_stream();
            let cut = loop {
                match pieces.next().await {
                    Some(Ok(piece)) => take(Some(&piece)).map_err(StoreError::io(&self.address.url_of(name)))?,
                    Some(Err(error)) => break error,
                    None => return Ok(true),
                }
            };
            if tries == 0 {
                return Err(self.fault(name)(cut));
            }
        }
    }

    /// Writes an object, whatever is there. Only for names that nobody else writes, and for what may be lost.
    pub(super) async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<Option<String>, StoreError> {
        let key = self.address.key(name);
        if bytes.len() <= PART {
            let put = self.objects.put_opts(&key, PutPayload::from(bytes), PutOptions::default()).await;
            return put.map(|put| put.e_tag).map_err(self.fault(name));
        }
        let upload = async {
            let mut upload = self.objects.put_multipart_opts(&key, Default::default()).await?;
            let parts: Vec<_> =
                bytes.chunks(PART).map(|part| upload.put_part(PutPayload::from(part.to_vec()))).collect();
            match stream::iter(parts).buffer_unordered(4).try_collect::<Vec<()>>().await {
                Ok(_) => upload.complete().await,
                Err(error) => {
                    let _ = upload.abort().await;
                    Err(error)
                }
            }
        };
        upload.await.map(|put| put.e_tag).map_err(self.fault(name))
    }

    /// Writes an object if there is none of that name. If `bytes` are not to be taken for somebody else's, something in them must
    /// be the writer's own: where the answer is lost, what lies there tells whether it was written.
    pub(super) async fn put_new(&self, name: &str, bytes: &[u8]) -> Result<Put, StoreError> {
        self.put_if(name, bytes, PutMode::Create).await
    }

    /// Writes an object over the one with that tag.
    pub(super) async fn put_over(&self, name: &str, bytes: &[u8], tag: &str) -> Result<Put, StoreError> {
        let version = UpdateVersion { e_tag: Some(tag.to_owned()), version: None };
        self.put_if(name, bytes, PutMode::Update(version)).await
    }

    async fn put_if(&self, name: &str, bytes: &[u8], mode: PutMode) -> Result<Put, StoreError> {
        let (key, mut tries) = (self.address.key(name), TRIES);
        loop {
            tries -= 1;
            let options = PutOptions { mode: mode.clone(), ..PutOptions::default() };
            let error = match self.objects.put_opts(&key, PutPayload::from(bytes.to_vec()), options).await {
                Ok(put) => return Ok(Put::Done(put.e_tag)),
                Err(error) => error,
            };
            let refused = matches!(error, Error::AlreadyExists { .. } | Error::Precondition { .. });
            let denied = matches!(error, Error::PermissionDenied { .. } | Error::Unauthenticated { .. });
            // it may have been written all the same: by this request, or by the one that the library repeated
            match self.get(name).await {
                Ok(Some((found, tag))) if found == bytes => return Ok(Put::Done(tag)),
                Ok(Some(_)) if refused => return Ok(Put::Taken),
                // somebody else's is there, and it is not certain that this one was refused: another try will tell
                Ok(_) if tries > 0 && !denied => {}
                _ => return Err(self.fault(name)(error)),
            }
        }
    }

    /// All objects in a folder and the folders in it, by name.
    pub(super) async fn list(&self, folder: &str) -> Result<Vec<Listed>, StoreError> {
        let prefix = self.prefix(folder);
        let listing = self.objects.list(prefix.as_ref());
        let metas: Vec<ObjectMeta> = listing.try_collect().await.map_err(self.fault(folder))?;
        let mut found: Vec<Listed> = metas.iter().filter_map(|meta| self.listed(meta)).collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// The folders in a folder, and the objects in it itself.
    pub(super) async fn look(&self, folder: &str) -> Result<(Vec<String>, Vec<Listed>), StoreError> {
        let prefix = self.prefix(folder);
        let found = self.objects.list_with_delimiter(prefix.as_ref()).await.map_err(self.fault(folder))?;
        let folders = found.common_prefixes.iter().filter_map(|key| self.address.within(key));
        Ok((folders.collect(), found.objects.iter().filter_map(|meta| self.listed(meta)).collect()))
    }

    fn prefix(&self, folder: &str) -> Option<Key> {
        Some(self.address.key(folder)).filter(|key| !key.as_ref().is_empty())
    }

    fn listed(&self, meta: &ObjectMeta) -> Option<Listed> {
        let name = self.address.within(&meta.location)?;
        Some(Listed { name, bytes: meta.size, tag: meta.e_tag.clone() })
    }

    /// Deletes objects. What is not deleted takes room, and no more.
    pub(super) async fn delete(&self, names: &[String]) {
        let keys: Vec<_> = names.iter().map(|name| Ok(self.address.key(name))).collect();
        let deleted = self.objects.delete_stream(stream::iter(keys).boxed());
        deleted.for_each(|_| std::future::ready(())).await;
    }
}

/// Does so much work at once. Its results are in the order of the work.
pub(super) async fn together<T>(
    work: Vec<BoxFuture<'_, Result<T, StoreError>>>,
    at_once: usize,
) -> Result<Vec<T>, StoreError> {
    stream::iter(work).buffered(at_once).try_collect().await
}

impl Drop for Client {
    fn drop(&mut self) {
        // a runtime may not be waited for within another
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}

/// The bucket of an address, with what the environment says: `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID` and so on. Its requests run there.
pub(super) fn bucket(address: &Address, threads: &Handle) -> Result<AmazonS3, Error> {
    let backoff =
        BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(5), base: 2.0 };
    let retry = RetryConfig { backoff, max_retries: 5, retry_timeout: Duration::from_secs(60) };
    // the library reads the environment itself, which also holds what it uses to get the credentials of a machine's role
    let builder = AmazonS3Builder::from_env();
    let timeout = AmazonS3ConfigKey::Client(ClientConfigKey::Timeout);
    builder
        .with_config(timeout, "120 seconds")
        .with_bucket_name(address.bucket())
        .with_retry(retry)
        .with_http_connector(SpawnedReqwestConnector::new(threads.clone()))
        .build()
}

fn threads(address: &Address) -> Result<Runtime, StoreError> {
    let threads = Builder::new_multi_thread().worker_threads(2).thread_name("bucket").enable_all().build();
    threads.map_err(StoreError::io(&address.url_of("")))
}

/// Whether an error says that there is no such object; that there is no such bucket is another one.
fn is_absent(error: &Error) -> bool {
    let Error::NotFound { source, .. } = error else { return false };
    let (mut text, mut next) = (source.to_string(), source.source());
    while let Some(cause) = next {
        text += &cause.to_string();
        next = cause.source();
    }
    !text.contains("NoSuchBucket")
}
