//! How what is ours in a plan that is sent begins.

/// What is ours begins with it; no message of Ballista does.
const OURS: &[u8] = b"voronka ";

/// What a piece of ours is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A plan within a plan.
    Nested = b'n' as isize,
    /// The same, and nothing is known of its rows but the columns.
    Forgets = b'o' as isize,
    /// The same, and it is not cut.
    Uncut = b'u' as isize,
    /// The same, and it is needed whole.
    Whole = b'w' as isize,
    /// Somebody asks which build this is.
    Hello = b'h' as isize,
}

/// The first bytes of a piece.
pub(super) fn head(kind: Kind) -> Vec<u8> {
    [OURS, &[kind as u8]].concat()
}

/// The kind of a piece of ours, as a byte, and what follows it. `None`: it is none of ours.
pub(super) fn read(sent: &[u8]) -> Option<(u8, &[u8])> {
    let (kind, rest) = sent.strip_prefix(OURS)?.split_first()?;
    Some((*kind, rest))
}
