//! Digests: of files as they are on disk, and of texts.
//!
//! The digest is xxh3 with 128 bits: it detects every accidental change by disk, copy or synchronisation, and is faster
//! than reading the file. It does not protect against deliberate changes.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// How many bytes are read at a time: those of the files that are read at once stay in the processor's cache.
const PIECE: usize = 1 << 16;

/// A digest, written as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest(u128);

impl Digest {
    /// The digest of bytes in memory.
    pub(super) fn of(bytes: &[u8]) -> Digest {
        Digest(xxh3_128(bytes))
    }

    /// The digest of a whole file.
    pub(super) fn of_file(path: &Path) -> io::Result<Digest> {
        // the files of a store are read by few threads: memory that is taken anew for each file is cleared by the system each time
        thread_local! {
            static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; PIECE]);
        }
        let mut file = File::open(path)?;
        let mut hasher = Xxh3::new();
        READ.with_borrow_mut(|piece| {
            loop {
                match file.read(piece)? {
                    0 => return Ok(Digest(hasher.digest128())),
                    read => hasher.update(&piece[..read]),
                }
            }
        })
    }

    /// Parses a digest; `None` if the text is not one.
    pub(super) fn parse(text: &str) -> Option<Digest> {
        u128::from_str_radix(text, 16).ok().map(Digest)
    }
}

impl From<u128> for Digest {
    fn from(digest: u128) -> Digest {
        Digest(digest)
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The digests of a table's data files, by their path inside its folder.
pub(super) type Digests = BTreeMap<String, Digest>;

/// A text in few letters: two texts have the same by no chance that anybody will meet.
pub fn fingerprint(text: &str) -> String {
    Digest::of(text.as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_same_in_pieces_and_at_once_and_as_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let bytes: Vec<u8> = (0..PIECE * 2 + 5).map(|n| (n % 251) as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        let digest = Digest::of_file(&path).unwrap();
        assert_eq!(digest, Digest::of(&bytes));
        assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
        assert_eq!(Digest::parse("no digest"), None);
    }
}
