//! Where a store lies: in a folder, or in a bucket that is seen through one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::StoreError;
use super::remote::{Address, View, is_remote};

/// A folder with the files of a store; of a store in a bucket, a view of it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    dir: PathBuf,
    view: Option<Arc<View>>,
}

impl Place {
    /// A store in this folder.
    pub(super) fn folder(dir: PathBuf) -> Place {
        Place { dir, view: None }
    }

    /// A store in a bucket.
    pub(super) fn view(view: Arc<View>) -> Place {
        Place { dir: view.dir().to_owned(), view: Some(view) }
    }

    /// The address of the bucket that a store of this name is in; `None` if it is in a folder.
    pub(super) fn address(store: &Path) -> Result<Option<Address>, StoreError> {
        is_remote(store).then(|| Address::parse(store)).transpose()
    }

    /// The folder.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The view of a bucket; `None` for a store in a folder.
    pub(super) fn remote(&self) -> Option<&Arc<View>> {
        self.view.as_ref()
    }

    /// Brings a view up to the state of the bucket.
    pub(super) async fn refresh(&self) -> Result<(), StoreError> {
        match &self.view {
            Some(view) => view.refresh().await,
            None => Ok(()),
        }
    }

    /// What a file is called to the user.
    pub(super) fn shown(&self, path: &Path) -> PathBuf {
        self.view.as_ref().map_or_else(|| path.to_owned(), |view| view.url_of(path))
    }

    /// An error in the words of the user's place.
    pub(super) fn told(&self, error: StoreError) -> StoreError {
        match &self.view {
            Some(view) => view.told(error),
            None => error,
        }
    }
}
