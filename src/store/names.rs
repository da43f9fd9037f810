//! The names of the files that the store keeps in its folder, beside the tables.

/// The file that marks a folder as a store.
pub(super) const MARKER: &str = "voronka-store.toml";
/// The file that is locked while an ingest writes.
pub(super) const LOCK: &str = ".lock";
/// The log of what was sent.
pub(super) const SENT: &str = "sent.jsonl";
/// The file that is locked while a process sends.
pub(super) const SENDING: &str = ".sending";
