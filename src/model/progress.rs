//! Who hears how far long work is, and says when it is to end.

use std::time::Duration;

/// Receives the progress of long work.
pub trait Progress: Sync {
    /// `done` of `total` of what is being done: bytes of a file, buckets, sections of a report.
    fn step(&self, what: &str, done: u64, total: u64);

    /// How long the work may still take. `None`: as long as it does. What ends it at other places drops it.
    fn left(&self) -> Option<Duration> {
        None
    }
}

/// Nobody listens.
impl Progress for () {
    fn step(&self, _: &str, _: u64, _: u64) {}
}
