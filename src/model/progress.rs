//! Who hears how far long work is.

/// Receives the progress of long work.
pub trait Progress: Sync {
    /// `done` of `total` of what is being done: bytes of a file, buckets, sections of a report.
    fn step(&self, what: &str, done: u64, total: u64);
}

/// Nobody listens.
impl Progress for () {
    fn step(&self, _: &str, _: u64, _: u64) {}
}
