//! How much memory rows that are held may take, before they go to the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::execution::SessionState;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};

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

/// Bytes of a room and of the memory limit, given back at the end.
#[derive(Debug)]
pub(super) struct Taken {
    room: Arc<Room>,
    limit: usize,
    bytes: AtomicUsize,
    memory: MemoryReservation,
}

impl Taken {
    /// Nothing yet; `what` names it where the memory limit is reached.
    pub(super) fn begun(room: &Arc<Room>, pool: &Arc<dyn MemoryPool>, what: &str) -> Taken {
        let memory = MemoryConsumer::new(what).register(pool);
        Taken { room: Arc::clone(room), limit: room.limit(pool), bytes: AtomicUsize::default(), memory }
    }

    /// Takes bytes, where there is room for them.
    pub(super) fn more(&self, bytes: usize) -> bool {
        if !self.room.takes(bytes, self.limit) {
            return false;
        }
        let takes = self.memory.try_grow(bytes).is_ok();
        match takes {
            true => _ = self.bytes.fetch_add(bytes, Ordering::Relaxed),
            false => self.room.gives_back(bytes),
        }
        takes
    }

    pub(super) fn less(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.memory.shrink(bytes);
        self.room.gives_back(bytes);
    }

    pub(super) fn may_spill(&self) -> bool {
        self.room.may_spill()
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.room.gives_back(*self.bytes.get_mut());
    }
}
