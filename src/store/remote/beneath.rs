//! What a node of a cluster reads of a bucket: what lies beneath some paths, and nothing else. Who it is, its own environment says.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use futures::stream::BoxStream;
use futures::{StreamExt as _, stream};
use object_store::path::Path as Key;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tokio::runtime::Handle;

use super::super::error::StoreError;
use super::address::Address;
use super::client::bucket;
use super::fault::fault;

/// The objects of one bucket beneath some paths. Nothing can be written.
#[derive(Debug)]
pub(crate) struct Beneath {
    paths: Vec<Address>,
    objects: Arc<dyn ObjectStore>,
}

impl Beneath {
    /// Of the bucket in `s3://bucket/path`, as its server lets this machine read it. Requests run on the threads of whoever asks.
    pub(crate) async fn of(path: &Path) -> Result<Beneath, StoreError> {
        let address = Address::parse(path)?;
        let objects = bucket(&address, &Handle::current()).map_err(|error| fault(&address, "", &error))?;
        Beneath::with(address, Arc::new(objects)).await
    }

    async fn with(address: Address, objects: Arc<dyn ObjectStore>) -> Result<Beneath, StoreError> {
        let prefix = Some(address.key("")).filter(|key| !key.as_ref().is_empty());
        // what is wrong with keys or bucket is told now, and not by the first question
        if let Some(Err(error)) = objects.list(prefix.as_ref()).next().await {
            return Err(fault(&address, "", &error));
        }
        Ok(Beneath { paths: vec![address], objects })
    }

    /// The name of the bucket.
    pub(crate) fn bucket(&self) -> &str {
        self.paths.first().map_or("", Address::bucket)
    }

    /// The same bucket, of which all may be read that either lets read.
    pub(crate) fn and(mut self, other: &Beneath) -> Beneath {
        self.paths.extend(other.paths.iter().cloned());
        self
    }
}

impl fmt::Display for Beneath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths: Vec<String> = self.paths.iter().map(Address::url).collect();
        f.write_str(&paths.join(" "))
    }
}

fn unwritable<T>() -> Result<T> {
    Err(Error::NotSupported { source: "a node only reads what it is told to".into() })
}

#[async_trait::async_trait]
impl ObjectStore for Beneath {
    async fn get_opts(&self, location: &Key, options: GetOptions) -> Result<GetResult> {
        if !self.paths.iter().any(|path| path.within(location).is_some()) {
            let path = location.to_string();
            return Err(Error::PermissionDenied { path, source: "it is not within --data of this node".into() });
        }
        self.objects.get_opts(location, options).await
    }

    async fn put_opts(&self, _: &Key, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        unwritable()
    }

    async fn put_multipart_opts(&self, _: &Key, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        unwritable()
    }

    fn delete_stream(&self, _: BoxStream<'static, Result<Key>>) -> BoxStream<'static, Result<Key>> {
        stream::once(std::future::ready(unwritable())).boxed()
    }

    fn list(&self, _: Option<&Key>) -> BoxStream<'static, Result<ObjectMeta>> {
        stream::once(std::future::ready(unwritable())).boxed()
    }

    async fn list_with_delimiter(&self, _: Option<&Key>) -> Result<ListResult> {
        unwritable()
    }

    async fn copy_opts(&self, _: &Key, _: &Key, _: CopyOptions) -> Result<()> {
        unwritable()
    }
}

#[cfg(test)]
mod tests {
    use object_store::ObjectStoreExt as _;
    use object_store::memory::InMemory;

    use super::*;

    #[tokio::test]
    async fn nothing_is_read_outside_of_the_paths() {
        let objects = Arc::new(InMemory::new());
        for key in ["ours/store/deals/1", "ours/store2/deals/1", "ours/other/1", "theirs/1"] {
            objects.put(&Key::from(key), "rows".into()).await.unwrap();
        }
        let with = |path: &str| Beneath::with(Address::parse(Path::new(path)).unwrap(), Arc::clone(&objects) as _);
        let two = with("s3://acme/ours/store").await.unwrap().and(&with("s3://acme/ours/other").await.unwrap());
        assert_eq!((two.bucket(), two.to_string().as_str()), ("acme", "s3://acme/ours/store s3://acme/ours/other"));
        for (key, is_read) in [
            ("ours/store/deals/1", true),
            ("ours/other/1", true),
            ("ours/store2/deals/1", false),
            ("theirs/1", false),
            ("ours/store", false),
        ] {
            assert_eq!(two.get(&Key::from(key)).await.is_ok(), is_read, "{key}");
        }
        assert!(two.put(&Key::from("ours/store/deals/1"), "others".into()).await.is_err());
        assert!(two.delete(&Key::from("ours/store/deals/1")).await.is_err());
        let whole = with("s3://acme").await.unwrap();
        assert!(whole.get(&Key::from("theirs/1")).await.is_ok());
    }
}
