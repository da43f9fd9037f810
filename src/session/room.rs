//! How much memory rows that are held may take, before they go to the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::execution::SessionState;
use datafusion::execution::memory_pool::{MemoryLimit, MemoryPool};

/// How much memory is held by all rows that sessions of one report hold, or that the metrics of a session keep.
#[derive(Debug)]
pub(crate) struct Room {
    held: AtomicUsize,
    /// All that is held takes no more than this part of the limit, such as 8 for an eighth: the rest is for the questions.
    part: usize,
    /// Whether what does not fit goes to the disk.
    spills: bool,
}

impl Room {
    pub(super) fn of_part(part: usize) -> Arc<Room> {
        Arc::new(Room { held: AtomicUsize::default(), part, spills: true })
    }

    /// Where all goes to the disk.
    pub(super) fn on_disk() -> Arc<Room> {
        Room::of_part(usize::MAX)
    }

    /// For plans that run elsewhere, where nobody has this machine's disk: what does not fit is refused.
    pub(super) fn without_disk() -> Arc<Room> {
        Arc::new(Room { held: AtomicUsize::default(), part: 1, spills: false })
    }

    /// The room for what metrics keep.
    pub(crate) fn of(state: &SessionState) -> Arc<Room> {
        state.config().get_extension().unwrap_or_else(Room::without_disk)
    }

    pub(super) fn may_spill(&self) -> bool {
        self.spills
    }

    /// How much all that is held in memory may take.
    pub(super) fn limit(&self, pool: &Arc<dyn MemoryPool>) -> usize {
        match pool.memory_limit() {
            _ if self.part == usize::MAX => 0,
            MemoryLimit::Finite(limit) => limit / self.part.max(1),
            _ => usize::MAX,
        }
    }

    /// Takes bytes, unless that were more than there is room for.
    pub(super) fn takes(&self, bytes: usize, limit: usize) -> bool {
        let fits = |held: usize| held.checked_add(bytes).filter(|held| *held <= limit);
        self.held.try_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }

    pub(super) fn gives_back(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// What is held in memory.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }
}
