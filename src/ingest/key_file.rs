//! The key of the hashes of a store: a file beside the store, and what tells it within.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::IngestError;
use crate::export::values::personal::Key;
use crate::store::Store;

/// The file within a store that tells its key.
const ID: &str = "personal.id";

/// Reads the key of a store, or makes one. Whoever has it can try all phones there are: it is not for an analyst.
///
/// The store holds what tells its key and does not give it away: a key that is lost is not made anew in silence, for
/// every client would become two.
pub(crate) fn of(store: &Store) -> Result<Key, IngestError> {
    in_place(store.key_file(), store.dir())
}

fn in_place(path: PathBuf, store: &Path) -> Result<Key, IngestError> {
    let id = store.join(ID);
    let known = match fs::read_to_string(&id) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(IngestError::io(&id)(error)),
    };
    match known {
        Some(known) => own(path, id, &known),
        None => match read(&path) {
            Err(IngestError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => leave_id(make(&path)?, &id),
            read => leave_id(read?, &id),
        },
    }
}

/// The key that the store knows; refuses to go on without it.
fn own(path: PathBuf, id: PathBuf, known: &str) -> Result<Key, IngestError> {
    if known.trim().is_empty() {
        return Err(IngestError::Emptied { path: id });
    }
    match read(&path) {
        Err(IngestError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
            Err(IngestError::OtherKey { path, id, what: "the key of the store's hashes is gone" })
        }
        Ok(key) if known.trim() != key.id() => {
            Err(IngestError::OtherKey { path, id, what: "not the key with which this store's hashes were made" })
        }
        read => read,
    }
}

/// Whether the key of a store is the one that the store knows, and whether it knows one if it holds hashes. Nothing is made.
pub(super) fn check(store: &Store, has_hashes: bool) -> Result<(), IngestError> {
    check_in_place(store.key_file(), store.dir(), has_hashes)
}

fn check_in_place(path: PathBuf, store: &Path, has_hashes: bool) -> Result<(), IngestError> {
    let id = store.join(ID);
    match fs::read_to_string(&id) {
        Ok(known) => own(path, id, &known).map(drop),
        Err(error) if error.kind() == ErrorKind::NotFound => match has_hashes {
            true => Err(IngestError::Lost { path: id }),
            false => Ok(()),
        },
        Err(error) => Err(IngestError::io(&id)(error)),
    }
}

/// Writes down in the store which key is its own.
fn leave_id(key: Key, id: &Path) -> Result<Key, IngestError> {
    // whole or not at all: half of it would be another key's
    let aside = id.with_file_name(format!(".{ID}"));
    fs::write(&aside, format!("{}\n", key.id())).and_then(|()| fs::rename(&aside, id)).map_err(IngestError::io(id))?;
    Ok(key)
}

fn read(path: &Path) -> Result<Key, IngestError> {
    let text = fs::read_to_string(path).map_err(IngestError::io(path))?;
    let key = blake3::Hash::from_hex(text.trim()).map_err(|_| IngestError::NoKey { path: path.to_owned() })?;
    Ok(Key::new(*key.as_bytes()))
}

fn make(path: &Path) -> Result<Key, IngestError> {
    let mut seed = Vec::new();
    (0..3).for_each(|_| seed.extend_from_slice(uuid::Uuid::new_v4().as_bytes()));
    let key = blake3::hash(&seed);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(IngestError::io(path))?;
    writeln!(file, "{key}").map_err(IngestError::io(path))?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(Key::new(*key.as_bytes())),
        // another ingest was quicker: its key is the store's
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => read(path),
        Err(error) => Err(IngestError::io(path)(error.error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(store: &Path) -> PathBuf {
        let mut name = store.file_name().unwrap_or_default().to_owned();
        name.push(".key");
        store.with_file_name(name)
    }

    fn of(store: &Path) -> Result<Key, IngestError> {
        in_place(path(store), store)
    }

    fn check(store: &Path, has_hashes: bool) -> Result<(), IngestError> {
        check_in_place(path(store), store, has_hashes)
    }

    #[test]
    fn a_store_keeps_its_key() {
        let dir = tempfile::tempdir().unwrap();
        let [store, other] = ["store", "other"].map(|name| dir.path().join(name));
        for folder in [&store, &other] {
            fs::create_dir(folder).unwrap();
        }
        let key = of(&store).unwrap();
        let hash = key.hash("+79121234567");
        assert_eq!(of(&store).unwrap().hash("+79121234567"), hash);
        assert_ne!(key.hash("+79121234568"), hash);
        assert_ne!(of(&other).unwrap().hash("+79121234567"), hash);
        fs::write(path(&store), "not a key").unwrap();
        assert!(of(&store).is_err());
    }

    #[test]
    fn a_store_knows_its_key_and_takes_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let [store, other] = ["store", "other"].map(|name| dir.path().join(name));
        for folder in [&store, &other] {
            fs::create_dir(folder).unwrap();
        }
        let hash = of(&store).unwrap().hash("1");
        let (key, id) = (fs::read_to_string(path(&store)).unwrap(), store.join(ID));
        assert!(!fs::read_to_string(&id).unwrap().contains(key.trim()));
        // of an earlier version, the store does not know it yet
        fs::remove_file(&id).unwrap();
        assert_eq!(of(&store).unwrap().hash("1"), hash);
        assert!(id.is_file());

        fs::remove_file(path(&store)).unwrap();
        let told = of(&store).unwrap_err().to_string();
        assert!(told.contains("store.key: the key of the store's hashes is gone\n    put"), "{told}");
        assert!(!path(&store).exists());
        of(&other).unwrap();
        fs::copy(path(&other), path(&store)).unwrap();
        let told = of(&store).unwrap_err().to_string();
        assert!(told.contains("store.key: not the key with which") && told.contains("personal.id"), "{told}");
        assert!(check(&store, true).is_err());
        fs::write(path(&store), &key).unwrap();
        assert!(check(&store, true).is_ok());
        assert_eq!(of(&store).unwrap().hash("1"), hash);
        let known = fs::read(&id).unwrap();
        fs::write(&id, "").unwrap();
        for told in [of(&store).err(), check(&store, true).err()] {
            let told = told.unwrap().to_string();
            assert!(told.contains("personal.id: the file is empty\n    put it back"), "{told}");
        }
        fs::write(&id, known).unwrap();
        // who says that it is lost begins anew
        fs::remove_file(path(&store)).unwrap();
        fs::remove_file(&id).unwrap();
        assert_ne!(of(&store).unwrap().hash("1"), hash);
    }
}
