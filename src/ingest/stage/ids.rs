//! The ids of events that come, as hashes: written into parts of the spill while the rows are read, so that nobody reads the rows
//! again for them. The hash decides the part, so that those of one part can be compared without the others.

use std::sync::{Mutex, PoisonError};

use super::spill::{Routes, Spill};
use crate::ingest::IngestError;
use crate::model::parallel::each;

/// The hash of an id, and where it belongs: the [`place`] of an event that comes, the bucket of one that lies in the store.
pub(crate) type Id = (u64, u32);

/// Bytes of one.
const BYTES: usize = size_of::<u64>() + size_of::<u32>();

/// The last bits of the hash of what decides the bucket: the remainder by the number of buckets, a power of two, is the bucket.
pub(super) fn place(hash: u64) -> u32 {
    #[allow(clippy::cast_possible_truncation)] // it has no more bits
    let place = (hash & u64::from(u32::MAX)) as u32;
    place
}

/// Adds an id to those of its part.
pub(super) fn put((hash, place): Id, part: &mut Vec<u8>) {
    part.extend_from_slice(&hash.to_le_bytes());
    part.extend_from_slice(&place.to_le_bytes());
}

fn read(part: &[u8]) -> impl Iterator<Item = Id> {
    part.chunks_exact(BYTES).filter_map(|id| {
        let (hash, place) = id.split_first_chunk()?;
        Some((u64::from_le_bytes(*hash), u32::from_le_bytes(*place.first_chunk()?)))
    })
}

/// The ids of all events that come with one.
pub(crate) fn coming(spill: &Spill) -> Result<Vec<Id>, IngestError> {
    let of_parts = each(
        &parts(spill.routes()),
        |part| Ok::<_, IngestError>(read(&spill.part(*part)?).collect::<Vec<_>>()),
        |_| (),
    )?;
    Ok(of_parts.concat())
}

fn parts(routes: Routes) -> Vec<usize> {
    routes.ids().collect()
}

/// Ids that lie in the store, more than memory holds.
pub(crate) struct Lying {
    spill: Mutex<Spill>,
}

impl Lying {
    /// None so far. They may take so many bytes in memory before they go to disk.
    pub(crate) fn new(beside: &Spill, budget: usize) -> Result<Lying, IngestError> {
        Ok(Lying { spill: Mutex::new(Spill::new(beside.dir().join("ids"), 1, budget)?) })
    }

    /// Adds some, with their buckets.
    pub(crate) fn add(&self, ids: &[Id]) -> Result<(), IngestError> {
        let mut spill = self.spill.lock().unwrap_or_else(PoisonError::into_inner);
        let mut parts = vec![Vec::new(); spill.width()];
        ids.iter().for_each(|id| put(*id, &mut parts[spill.routes().id_part(id.0)]));
        parts.iter().enumerate().filter(|(_, ids)| !ids.is_empty()).try_for_each(|(part, ids)| spill.append(part, ids))
    }

    /// What is found among the ids of each part, several parts at a time: those that come, and those that lie in the store.
    pub(crate) fn compare<T: Send>(
        self,
        coming: &Spill,
        find: impl Fn(Vec<Id>, Vec<Id>) -> T + Sync,
    ) -> Result<Vec<T>, IngestError> {
        let lying = self.spill.into_inner().unwrap_or_else(PoisonError::into_inner);
        let both: Vec<(usize, usize)> = coming.routes().ids().zip(lying.routes().ids()).collect();
        let of_part = |(comes, lies): &(usize, usize)| {
            let (comes, lies) = (coming.part(*comes)?, lying.part(*lies)?);
            Ok::<_, IngestError>(find(read(&comes).collect(), read(&lies).collect()))
        };
        each(&both, of_part, |_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_come_meet_those_that_lie_in_the_store() {
        let dir = tempfile::tempdir().unwrap();
        let all: Vec<Id> = (0..5000).map(|n: u64| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15), place(n * 31))).collect();
        for budget in [1 << 20, 10_000, 100] {
            let mut spill = Spill::new(dir.path().join("spill"), 4, budget).unwrap();
            let mut part = Vec::new();
            for id in &all {
                part.clear();
                put(*id, &mut part);
                spill.append(spill.routes().id_part(id.0), &part).unwrap();
            }
            let mut found = coming(&spill).unwrap();
            found.sort_unstable();
            let mut expected = all.clone();
            expected.sort_unstable();
            assert_eq!(found, expected);
            let lying = Lying::new(&spill, budget).unwrap();
            all.chunks(70).step_by(2).for_each(|some| lying.add(some).unwrap());
            let both = |coming: Vec<Id>, lying: Vec<Id>| lying.into_iter().filter(|id| coming.contains(id)).count();
            let counts = lying.compare(&spill, both).unwrap();
            assert_eq!(counts.iter().sum::<usize>(), all.chunks(70).step_by(2).flatten().count());
            assert!(counts.iter().filter(|count| **count > 0).count() > 100);
        }
    }
}
