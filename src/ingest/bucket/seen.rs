//! What comparing snapshots with the store gave, in numbers.

/// What comparing snapshots with the store gave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Moves that no log tells of.
    pub(crate) moves: u64,
    /// Changes of amounts, expected closing dates and probabilities that no log tells of.
    pub(crate) changes: u64,
    /// Events that were made or changed of what is no move.
    pub(crate) records: u64,
    /// Of them, those whose time the deal itself tells.
    pub(crate) dated: u64,
    /// Of them, those of deals that no snapshot had shown before and whose time nothing tells.
    pub(crate) first: u64,
    /// Rows that are older than what the store had seen of the deal.
    pub(crate) older: u64,
    /// Deals that a snapshot lists no longer.
    pub(crate) gone: u64,
    /// Deals that a snapshot lists again.
    pub(crate) back: u64,
    /// Deals that stay marked, as of another snapshot.
    pub(crate) shifted: u64,
    /// Deals of which it was written when they were seen last.
    pub(crate) again: u64,
}

impl Seen {
    /// Adds what another bucket gave.
    pub(crate) fn add(&mut self, other: Seen) {
        self.moves += other.moves;
        self.changes += other.changes;
        self.records += other.records;
        self.dated += other.dated;
        self.first += other.first;
        self.older += other.older;
        self.gone += other.gone;
        self.back += other.back;
        self.shifted += other.shifted;
        self.again += other.again;
    }

    /// Whether deals have to be written again although an upsert sees no difference.
    pub(crate) fn touches_deals(&self) -> bool {
        self.marked() + self.again > 0
    }

    /// Deals that were marked or unmarked, or of which another snapshot is the first that does not list them.
    pub(crate) fn marked(&self) -> u64 {
        self.gone + self.back + self.shifted
    }

    /// Counts what became of a deal's mark.
    pub(crate) fn remark(&mut self, before: Option<i64>, now: Option<i64>) {
        match (before, now) {
            (None, Some(_)) => self.gone += 1,
            (Some(_), None) => self.back += 1,
            _ => self.shifted += u64::from(before != now),
        }
    }
}
