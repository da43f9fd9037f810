//! The stores as nodes find them: the address of a store in a folder carries its path, so that no node needs to be told of it before. One in
//! a bucket has an address anyway, `s3://bucket/path`, and who may read it each node's own environment says: no plan carries a key.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::common::exec_err;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::{DefaultObjectStoreRegistry, ObjectStoreRegistry, ObjectStoreUrl};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use url::Url;

use crate::store::Beneath;

/// An address of a folder begins with it.
const SCHEME: &str = "folder";
/// An address of a bucket begins with it.
const BUCKETS: &str = "s3";

/// The address of a folder: its path in hexadecimal digits, since a path may have signs that mean something in an address.
pub(super) fn address(folder: &Path) -> Result<ObjectStoreUrl> {
    let digits: String = folder.to_string_lossy().bytes().map(|byte| format!("{byte:02x}")).collect();
    ObjectStoreUrl::parse(format!("{SCHEME}://{digits}/"))
}

/// The folder of an address. `None` if it is no address of a folder.
fn folder(url: &Url) -> Option<PathBuf> {
    let digits = url.host_str().filter(|_| url.scheme() == SCHEME)?;
    let bytes = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok());
    Some(String::from_utf8(bytes.collect::<Option<_>>()?).ok()?.into())
}

/// What a node may read: folders, which are whole paths, and what lies beneath paths of buckets.
#[derive(Debug, Clone, Default)]
pub(super) struct Allowed {
    pub folders: Vec<PathBuf>,
    pub buckets: Vec<Arc<Beneath>>,
}

/// Where a node finds what a plan reads.
#[derive(Debug)]
pub(super) struct Folders {
    /// What may be read. `None`: nothing is, and plans name it all the same.
    allowed: Option<Allowed>,
    others: DefaultObjectStoreRegistry,
}

impl Folders {
    /// Of an executor.
    pub fn within(allowed: Allowed) -> Folders {
        Folders::new(Some(allowed))
    }

    /// Of a scheduler: it hands plans on and reads nothing, but a plan is not even decoded where its store is not to be found.
    pub fn named_only() -> Folders {
        Folders::new(None)
    }

    fn new(allowed: Option<Allowed>) -> Folders {
        let others = DefaultObjectStoreRegistry::new();
        // a plan that names files by their paths would read any file
        if let Ok(files) = Url::parse("file:///") {
            let _ = others.deregister_store(&files);
        }
        Folders { allowed, others }
    }
}

impl ObjectStoreRegistry for Folders {
    fn register_store(&self, url: &Url, store: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        self.others.register_store(url, store)
    }

    fn get_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        let (asked, bucket) = (folder(url), url.host_str().filter(|_| url.scheme() == BUCKETS));
        let allowed = match &self.allowed {
            None if asked.is_some() || bucket.is_some() => return Ok(Arc::new(InMemory::new())),
            None => return self.others.get_store(url),
            Some(allowed) => allowed,
        };
        if let Some(bucket) = bucket {
            return match allowed.buckets.iter().find(|beneath| beneath.bucket() == bucket) {
                Some(beneath) => Ok(Arc::clone(beneath) as Arc<dyn ObjectStore>),
                None => exec_err!("the store in {BUCKETS}://{bucket} is not within --data of this node"),
            };
        }
        let Some(asked) = asked else { return self.others.get_store(url) };
        // links are followed first: what they lead to must be within, too
        let whole = asked.canonicalize().map_err(|error| {
            DataFusionError::Execution(format!(
                "the store {} is not to be found on this node: {error}; it must lie under the same path on all nodes",
                asked.display()
            ))
        })?;
        if !allowed.folders.iter().any(|allowed| whole.starts_with(allowed)) {
            return exec_err!("the store {} is not within --data of this node", asked.display());
        }
        Ok(Arc::new(LocalFileSystem::new_with_prefix(whole)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_found_by_its_address_whatever_its_name() {
        for name in ["/srv/stores/south", "/srv/с пробелом 100%/a?b#c"] {
            let address = address(Path::new(name)).unwrap();
            assert_eq!(folder(&Url::parse(address.as_str()).unwrap()).unwrap(), Path::new(name));
        }
        assert_eq!(folder(&Url::parse("file:///etc").unwrap()), None);
    }

    #[test]
    fn nothing_is_read_outside_of_what_may_be_read() {
        let dir = tempfile::tempdir().unwrap();
        let (inside, outside) = (dir.path().join("in"), dir.path().join("out"));
        for folder in [&inside, &outside] {
            std::fs::create_dir(folder).unwrap();
        }
        std::os::unix::fs::symlink(&outside, inside.join("link")).unwrap();
        let folders = vec![inside.canonicalize().unwrap()];
        let folders = Folders::within(Allowed { folders, ..Allowed::default() });
        let get = |folder: PathBuf| {
            folders
                .get_store(&Url::parse(address(&folder).unwrap().as_str()).unwrap())
                .map(|_| ())
                .map_err(|e| e.to_string())
        };
        assert_eq!(get(inside.clone()), Ok(()));
        for other in [outside, inside.join("link"), inside.join("../out")] {
            assert!(get(other.clone()).unwrap_err().contains("not within --data"), "{}", other.display());
        }
        assert!(get(inside.join("none")).unwrap_err().contains("same path on all nodes"));
        for other in ["file:///", "s3://acme/", "https://acme.example/"] {
            assert!(folders.get_store(&Url::parse(other).unwrap()).is_err(), "{other}");
        }
        // a scheduler reads nothing, and finds all
        let names = Folders::named_only();
        assert!(names.get_store(&Url::parse("s3://acme/").unwrap()).is_ok());
        assert!(names.get_store(&Url::parse("file:///").unwrap()).is_err());
    }
}
