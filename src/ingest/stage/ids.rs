//! The ids of events that come, as hashes: held in memory up to a number, beyond it dealt out into files beside the store.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::spill::Spill;
use crate::ingest::IngestError;
use crate::ingest::sizes::Sizes;
use crate::model::parallel::each;

/// The hash of an id, and where it belongs: the [`place`] of an event that comes, the bucket of one that lies there.
pub(crate) type Id = (u64, u32);

/// Set in the bucket of an id that lies in the store.
const LIES: u32 = 1 << 31;

/// The last bits of the hash of what decides the bucket: the remainder by the number of buckets, a power of two, is the bucket.
pub(crate) fn place(hash: u64) -> u32 {
    #[allow(clippy::cast_possible_truncation)] // it has no more bits
    let place = (hash & u64::from(!LIES)) as u32;
    place
}

/// The ids of all events that come with one.
#[derive(Debug)]
pub(crate) struct Ids {
    dir: PathBuf,
    sizes: Sizes,
    held: Vec<Id>,
    dealt: Option<Dealt>,
}

/// Where they are.
pub(crate) enum Held<'i> {
    Here(&'i [Id]),
    Dealt(&'i Dealt),
}

impl Ids {
    /// None, and the folder that takes those that are too many for memory.
    pub(crate) fn new(dir: PathBuf, sizes: Sizes) -> Ids {
        Ids { dir, sizes, held: Vec::new(), dealt: None }
    }

    /// Takes some, and leaves none.
    pub(crate) fn take(&mut self, ids: &mut Vec<Id>) -> Result<(), IngestError> {
        self.held.append(ids);
        if self.dealt.is_none() && self.held.len() as u64 > self.sizes.ids {
            self.dealt = Some(Dealt::new(self.dir.clone(), self.sizes)?);
        }
        if let Some(dealt) = &self.dealt {
            dealt.take(std::mem::take(&mut self.held))?;
        }
        Ok(())
    }

    /// Those that were taken.
    pub(crate) fn held(&self) -> Held<'_> {
        self.dealt.as_ref().map_or(Held::Here(&self.held), Held::Dealt)
    }
}

/// More ids than memory holds, dealt out by their hashes: those of one file are looked at together.
#[derive(Debug)]
pub(crate) struct Dealt {
    files: Mutex<Spill>,
}

impl Dealt {
    /// A hundred million ids take a few megabytes of each.
    const FILES: u8 = 128;
    /// Bytes of an id and of where it belongs.
    const PAIR: usize = size_of::<u64>() + size_of::<u32>();

    fn new(dir: PathBuf, sizes: Sizes) -> Result<Dealt, IngestError> {
        Ok(Dealt { files: Mutex::new(Spill::new(dir, Dealt::FILES.into(), sizes.spill / 4)?) })
    }

    fn files(&self) -> MutexGuard<'_, Spill> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, ids: Vec<Id>) -> Result<(), IngestError> {
        let mut dealt = vec![Vec::new(); Dealt::FILES.into()];
        for (hash, place) in ids {
            // the last bits tell the ids of one file apart
            let into: &mut Vec<u8> = &mut dealt[(hash >> 32) as usize % usize::from(Dealt::FILES)];
            into.extend_from_slice(&hash.to_le_bytes());
            into.extend_from_slice(&place.to_le_bytes());
        }
        let mut files = self.files();
        dealt.iter().enumerate().try_for_each(|(file, ids)| files.append(file, ids))
    }

    /// Takes those that lie in a bucket of the store.
    pub(crate) fn take_lying(&self, ids: impl Iterator<Item = Id>) -> Result<(), IngestError> {
        self.take(ids.map(|(hash, bucket)| (hash, bucket | LIES)).collect())
    }

    /// What is found among the ids of each file, several files at a time: those that come with their places, and those that
    /// lie in the store with their buckets.
    pub(crate) fn of_files<T: Send>(&self, find: impl Fn(Vec<Id>, Vec<Id>) -> T + Sync) -> Result<Vec<T>, IngestError> {
        let of_file = |file: &usize| {
            let bytes = self.files().part(*file)?;
            let (mut coming, mut lying) = (Vec::new(), Vec::new());
            for pair in bytes.chunks_exact(Dealt::PAIR) {
                let Some((hash, rest)) = pair.split_first_chunk() else { continue };
                let (hash, place) =
                    (u64::from_le_bytes(*hash), rest.first_chunk().map_or(0, |b| u32::from_le_bytes(*b)));
                match place & LIES {
                    0 => coming.push((hash, place)),
                    _ => lying.push((hash, place & !LIES)),
                }
            }
            Ok::<_, IngestError>(find(coming, lying))
        };
        let files: Vec<usize> = (0..Dealt::FILES.into()).collect();
        each(&files, of_file, |_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_all_there_whether_held_or_dealt_out() {
        let dir = tempfile::tempdir().unwrap();
        let all: Vec<Id> = (0..1000).map(|n: u64| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15), place(n * 31))).collect();
        for most in [10_000, 999, 10] {
            let mut ids = Ids::new(dir.path().join("ids"), Sizes { ids: most, ..Sizes::default() });
            all.chunks(70).for_each(|some| ids.take(&mut some.to_vec()).unwrap());
            let mut found = match ids.held() {
                Held::Here(held) => held.to_vec(),
                Held::Dealt(dealt) => {
                    dealt.take_lying([(7, 3), (7 << 32, 4)].into_iter()).unwrap();
                    let of_files = dealt.of_files(|coming, lying| (coming, lying)).unwrap();
                    let lying: Vec<Id> = of_files.iter().flat_map(|(_, lying)| lying).copied().collect();
                    assert_eq!(lying, [(7, 3), (7 << 32, 4)]);
                    assert!(of_files.iter().filter(|(coming, _)| !coming.is_empty()).count() > 100);
                    of_files.into_iter().flat_map(|(coming, _)| coming).collect()
                }
            };
            assert_eq!(matches!(ids.held(), Held::Here(_)), most > 1000);
            found.sort_unstable();
            let mut expected = all.clone();
            expected.sort_unstable();
            assert_eq!(found, expected);
        }
    }
}
