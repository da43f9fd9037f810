//! The data files of a view as an object store, for the engine: each is fetched when it is first read, and read here from then on.

use std::fmt;
use std::sync::Arc;

use chrono::DateTime;
use futures::stream::BoxStream;
use futures::{StreamExt as _, stream};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::super::error::StoreError;
use super::view::View;

/// The data files that the snapshots of a view list, by their keys in the bucket. Nothing can be written.
#[derive(Debug)]
pub(crate) struct Objects {
    view: Arc<View>,
    here: LocalFileSystem,
}

impl Objects {
    /// Of a view.
    pub(in crate::store) fn of(view: &Arc<View>) -> Result<Objects> {
        Ok(Objects { view: Arc::clone(view), here: LocalFileSystem::new_with_prefix(view.dir())? })
    }

    /// The path within the store of a data file that a snapshot lists, and its length.
    fn known(&self, location: &Key) -> Result<(String, u64)> {
        let name = self.view.address().within(location);
        let known = name.and_then(|name| Some((name.clone(), self.view.length(&name)?)));
        known.ok_or_else(|| Error::NotFound {
            path: location.to_string(),
            source: "no snapshot of the store lists it".into(),
        })
    }
}

impl fmt::Display for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.view.address().url())
    }
}

fn generic(error: StoreError) -> Error {
    Error::Generic { store: "S3", source: Box::new(error) }
}

fn unwritable<T>() -> Result<T> {
    Err(Error::NotSupported { source: "the engine only reads a store".into() })
}

#[async_trait::async_trait]
impl ObjectStore for Objects {
    async fn get_opts(&self, location: &Key, options: GetOptions) -> Result<GetResult> {
        let (name, size) = self.known(location)?;
        let meta = ObjectMeta {
            location: location.clone(),
            last_modified: DateTime::UNIX_EPOCH,
            size,
            e_tag: None,
            version: None,
        };
        if options.head {
            let payload = GetResultPayload::Stream(stream::empty().boxed());
            return Ok(GetResult { payload, range: 0..size, meta, attributes: Default::default() });
        }
        self.view.fetch(&name).await.map_err(|error| generic(self.view.told(error)))?;
        // what it is compared with was compared already
        let plain = GetOptions { range: options.range, ..GetOptions::default() };
        let found = self.here.get_opts(&Key::from_iter(name.split('/')), plain).await?;
        Ok(GetResult { meta, ..found })
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
