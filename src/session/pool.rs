//! The memory of an engine, divided among operators that can spill and those that cannot.
//!
//! The engine's `FairSpillPool` gives each operator that can spill an equal part, whether it holds anything or not. A metric has dozens of
//! aggregates, most of a few groups: `lead_quality` has 24, so that with 3 GiB none might hold more than 123 MB, and the one that held the
//! durations of twelve million leads failed while the process had taken 1.5 GB.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use datafusion::common::resources_datafusion_err;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};

/// An operator that can spill may hold its equal part, or half of what is free with what it holds: whoever comes later finds the other half, and
/// its floor beside. One that cannot spill may take all that is free.
#[derive(Debug)]
pub(super) struct SpillPool {
    bytes: usize,
    taken: Mutex<Taken>,
}

/// An operator that can spill finds this part of the memory, however much others of its kind hold: a sort that has nothing cannot even spill. All floors
/// together are no more than an eighth.
const FLOOR: usize = 32;
const FLOORS: usize = 8;

#[derive(Debug, Default)]
struct Taken {
    /// How many operators there are that can spill.
    spillers: usize,
    /// What they hold.
    spillable: usize,
    /// What the others hold.
    unspillable: usize,
}

impl Taken {
    fn of(&mut self, reservation: &MemoryReservation) -> &mut usize {
        match reservation.consumer().can_spill() {
            true => &mut self.spillable,
            false => &mut self.unspillable,
        }
    }
}

impl SpillPool {
    pub(super) fn new(bytes: usize) -> SpillPool {
        SpillPool { bytes, taken: Mutex::default() }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many bytes a reservation may hold.
    fn most(&self, taken: &Taken, reservation: &MemoryReservation) -> usize {
        let held = reservation.size();
        let free = self.bytes.saturating_sub(taken.spillable + taken.unspillable);
        if !reservation.consumer().can_spill() {
            return held + free;
        }
        // one that is alone leaves half to those that cannot spill
        let equal = self.bytes.saturating_sub(taken.unspillable) / taken.spillers.max(2);
        let floor = self.bytes / FLOOR;
        let floors_of_others = (floor * (taken.spillers.max(1) - 1)).min(self.bytes / FLOORS);
        let open = held + free.saturating_sub(floors_of_others);
        (open / 2).max(equal).min(open).max(floor).min(held + free)
    }

    fn refused(&self, reservation: &MemoryReservation, additional: usize, most: usize) -> DataFusionError {
        let mib = |bytes: usize| bytes.div_ceil(1 << 20);
        resources_datafusion_err!(
            "{} holds {} MiB and needs {} MiB more; it may hold {} MiB of {} MiB",
            reservation.consumer().name(),
            mib(reservation.size()),
            mib(additional),
            most >> 20,
            self.bytes >> 20
        )
    }
}

impl fmt::Display for SpillPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} MiB", self.bytes >> 20)
    }
}

impl MemoryPool for SpillPool {
    fn name(&self) -> &str {
        "spill"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.taken().spillers += usize::from(consumer.can_spill());
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        let mut taken = self.taken();
        taken.spillers = taken.spillers.saturating_sub(usize::from(consumer.can_spill()));
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        *self.taken().of(reservation) += additional;
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        let mut taken = self.taken();
        let of = taken.of(reservation);
        *of = of.saturating_sub(shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let mut taken = self.taken();
        let most = self.most(&taken, reservation);
        match reservation.size().saturating_add(additional) <= most {
            true => *taken.of(reservation) += additional,
            false => return Err(self.refused(reservation, additional, most)),
        }
        Ok(())
    }

    fn reserved(&self) -> usize {
        let taken = self.taken();
        taken.spillable + taken.unspillable
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn pool(bytes: usize) -> Arc<dyn MemoryPool> {
        Arc::new(SpillPool::new(bytes))
    }

    fn of(pool: &Arc<dyn MemoryPool>, can_spill: bool) -> MemoryReservation {
        MemoryConsumer::new("test").with_can_spill(can_spill).register(pool)
    }

    /// Takes what it can.
    fn fill(reservation: &MemoryReservation) -> usize {
        while reservation.try_grow(10).is_ok() {}
        reservation.size()
    }

    #[test]
    fn operators_that_hold_nothing_take_no_part_from_one_that_holds_much() {
        let pool = pool(100_000);
        let idle: Vec<_> = (0..24).map(|_| of(&pool, true)).collect();
        let busy = of(&pool, true);
        assert!((40_000..=45_000).contains(&fill(&busy)));
        // half of what is left, and half of that
        assert!((20_000..=25_000).contains(&fill(&idle[0])));
        assert!((10_000..=12_500).contains(&fill(&idle[1])));
        // what one gives back is there for the others
        drop(busy);
        assert!((25_000..=35_000).contains(&fill(&idle[2])));
    }

    #[test]
    fn each_finds_its_floor_and_all_together_hold_no_more_than_there_is() {
        for operators in [2, 3, 4, 5] {
            let pool = pool(100_000);
            let all: Vec<_> = (0..operators).map(|_| of(&pool, true)).collect();
            let held: Vec<usize> = all.iter().map(fill).collect();
            assert!(held.iter().all(|held| *held >= 100_000 / FLOOR - 10), "{operators}: {held:?}");
            assert!(pool.reserved() <= 100_000 && pool.reserved() == held.iter().sum::<usize>());
            // none of them grows back at the cost of another
            assert!(all.iter().all(|one| one.try_grow(50_000).is_err()));
            drop(all);
            assert_eq!(pool.reserved(), 0);
        }
    }

    #[test]
    fn who_cannot_spill_finds_what_the_others_left() {
        let pool = pool(1000);
        let [sort, join] = [of(&pool, true), of(&pool, false)];
        sort.try_grow(500).unwrap();
        assert!(sort.try_grow(1).is_err());
        join.try_grow(500).unwrap();
        assert!(join.try_grow(1).is_err());
        let another = of(&pool, true);
        assert!(another.try_grow(1).is_err());
        drop((sort, join));
        assert_eq!(pool.reserved(), 0);
    }

    #[test]
    fn what_is_refused_says_who_asked_and_what_there_is() {
        let pool = pool(10 << 20);
        let sort = of(&pool, true);
        let error = sort.try_grow(11 << 20).unwrap_err().strip_backtrace();
        assert!(error.contains("test holds 0 MiB and needs 11 MiB more; it may hold 5 MiB of 10 MiB"), "{error}");
    }
}
