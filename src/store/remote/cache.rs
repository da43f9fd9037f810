//! What of a store in a bucket lies on this machine: beside the user, never in the bucket. All of it may be deleted at any time.
//!
//! ```text
//! ~/.cache/voronka/<store>/
//!   objects/     data files by their digests, other files by name and ETag behind a digest of their own
//!   views/       a folder for each process that has the store open, and a file that it holds locked
//! ```

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::super::digest::{Digest, fingerprint};

/// The bytes before a kept file: its digest in hexadecimal digits, and a line end.
const HEADER: usize = 33;
/// Where more bytes are kept, those go that were not used for the longest time. In GiB, by `VORONKA_CACHE_GIB` in the environment.
const LARGEST_GIB: u64 = 20;

/// The folder of one store.
#[derive(Debug)]
pub(super) struct Cache {
    dir: PathBuf,
    largest: u64,
}

impl Cache {
    /// Of the store with this identity, in the user's cache.
    pub(super) fn of(identity: &str) -> io::Result<Cache> {
        let largest = std::env::var_os("VORONKA_CACHE_GIB").and_then(|gib| gib.to_str()?.parse().ok());
        Cache::within(&home().join("voronka"), identity, largest.unwrap_or(LARGEST_GIB) << 30)
    }

    /// In a folder, of at most so many bytes.
    pub(super) fn within(home: &Path, identity: &str, largest: u64) -> io::Result<Cache> {
        let dir = home.join(fingerprint(identity));
        for folder in ["objects", "views"] {
            fs::create_dir_all(dir.join(folder))?;
        }
        // it holds what the store holds: for this user alone
        #[cfg(unix)]
        fs::set_permissions(&dir, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
        Ok(Cache { dir, largest })
    }

    /// A file of that name that outlives the process.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// A file that was kept under a key, if it is whole.
    pub(super) fn get(&self, key: &str) -> Option<Vec<u8>> {
        let mut bytes = fs::read(self.object(&fingerprint(key))).ok()?;
        let stated = Digest::parse(std::str::from_utf8(bytes.get(..HEADER)?).ok()?.trim_end())?;
        (stated == Digest::of(&bytes[HEADER..])).then(|| bytes.split_off(HEADER))
    }

    /// Keeps a file. That it cannot be kept is no error: it is fetched again.
    pub(super) fn keep(&self, key: &str, bytes: &[u8]) {
        let keep = || -> io::Result<()> {
            let mut file = self.aside()?;
            writeln!(file, "{}", Digest::of(bytes))?;
            file.write_all(bytes)?;
            file.persist(self.object(&fingerprint(key)))?;
            Ok(())
        };
        let _ = keep();
    }

    /// The place of a data file of that digest and length.
    pub(super) fn data(&self, digest: Digest, bytes: u64) -> PathBuf {
        self.object(&format!("{digest}-{bytes}"))
    }

    fn object(&self, name: &str) -> PathBuf {
        self.dir.join("objects").join(name)
    }

    /// A file that gets its name when it is whole.
    pub(super) fn aside(&self) -> io::Result<NamedTempFile> {
        NamedTempFile::new_in(self.dir.join("objects"))
    }

    /// A folder for this process, called `name`. What killed processes left of theirs is removed.
    pub(super) fn view(&self, name: &str) -> io::Result<Folder> {
        let views = self.dir.join("views");
        for entry in fs::read_dir(&views).into_iter().flatten().flatten() {
            let lock = entry.path();
            let is_dead = lock.extension() == Some(OsStr::new("lock")) && File::open(&lock)?.try_lock().is_ok();
            if is_dead {
                let _ = fs::remove_dir_all(lock.with_extension(""));
                let _ = fs::remove_file(&lock);
            }
        }
        let id = uuid::Uuid::new_v4().simple().to_string();
        let lock_path = views.join(format!("{id}.lock"));
        let lock = File::create_new(&lock_path)?;
        lock.lock()?;
        let whole = views.join(id);
        let dir = whole.join(name);
        fs::create_dir_all(&dir)?;
        Ok(Folder { dir, whole, lock_path, _lock: lock })
    }

    /// Removes what was not used for the longest time, where too much is kept. Files that a view uses stay until it is gone.
    pub(super) fn trim(&self) {
        let mut all: Vec<(i64, u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(self.dir.join("objects")).into_iter().flatten().flatten() {
            if let Ok(found) = entry.metadata() {
                all.push((used(&found), found.len(), entry.path()));
            }
        }
        let mut bytes: u64 = all.iter().map(|(_, bytes, _)| bytes).sum();
        all.sort_unstable();
        for (_, size, path) in all {
            if bytes <= self.largest {
                return;
            }
            if fs::remove_file(path).is_ok() {
                bytes -= size;
            }
        }
    }
}

/// When a file was linked or unlinked last: each view that uses it does.
#[cfg(unix)]
fn used(found: &Metadata) -> i64 {
    std::os::unix::fs::MetadataExt::ctime(found)
}

#[cfg(not(unix))]
fn used(found: &Metadata) -> i64 {
    let modified = found.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    modified.and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or_default()
}

/// The user's folder for what may be deleted.
fn home() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = set("XDG_CACHE_HOME").filter(|dir| dir.is_absolute()).or_else(|| Some(set("HOME")?.join(".cache")));
    home.or_else(|| set("LOCALAPPDATA")).unwrap_or_else(std::env::temp_dir)
}

/// A folder of one process, removed with it.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) dir: PathBuf,
    whole: PathBuf,
    lock_path: PathBuf,
    _lock: File,
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.whole);
        let _ = fs::remove_file(&self.lock_path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::within(dir.path(), "s3://a", 1 << 20).unwrap();
        cache.keep("k", b"content");
        assert_eq!(cache.get("k").as_deref(), Some(b"content".as_slice()));
        assert_eq!(cache.get("other"), None);
        let path = cache.object(&fingerprint("k"));
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 4;
            fs::write(&path, damaged).unwrap();
            assert_eq!(cache.get("k"), None, "byte {at}");
        }
        assert_eq!(Cache::within(dir.path(), "s3://b", 1 << 20).unwrap().get("k"), None);
    }

    #[test]
    fn a_view_is_gone_with_its_process_and_too_much_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::within(dir.path(), "s3://a", 100).unwrap();
        let views = dir.path().join(fingerprint("s3://a")).join("views");
        let (one, two) = (cache.view("store").unwrap(), cache.view("store").unwrap());
        assert!(one.dir.is_dir() && two.dir.is_dir());
        drop(one);
        assert_eq!(fs::read_dir(&views).unwrap().count(), 2);
        // of a killed process
        fs::create_dir(views.join("dead")).unwrap();
        fs::write(views.join("dead.lock"), "").unwrap();
        let three = cache.view("store").unwrap();
        assert_eq!(fs::read_dir(&views).unwrap().count(), 4);
        assert!(three.dir.is_dir() && two.dir.is_dir() && !views.join("dead").exists());
        (0..5).for_each(|n| cache.keep(&n.to_string(), &[n; 30]));
        cache.trim();
        assert_eq!((0..5).filter(|n: &u8| cache.get(&n.to_string()).is_some()).count(), 1);
    }
}
