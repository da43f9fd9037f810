//! What the sessions of one report share, whatever day they look at.

use std::sync::Arc;

use datafusion::execution::context::SessionContext;
use datafusion::execution::memory_pool::MemoryPool;

use super::decoded::{DecodeOnce, Decoded};
use super::engine;
use super::turns::Turns;

/// The columns of deals as they were decoded, where their lists fit into memory, and whose turn it is, where questions run one after the other.
#[derive(Debug, Clone, Default)]
pub(super) struct OfReport {
    decoded: Option<Arc<Decoded>>,
    turns: Option<Arc<Turns>>,
}

impl OfReport {
    /// Of a store whose lists take so many bytes.
    pub(super) fn begun(lists: u64, pool: &Arc<dyn MemoryPool>, turns: Option<Arc<Turns>>) -> OfReport {
        OfReport { decoded: Decoded::of(lists, pool), turns }
    }

    /// The context of one more session that shares this.
    pub(super) fn joined_by(&self, context: SessionContext) -> SessionContext {
        if let Some(turns) = &self.turns {
            turns.are_taken_by(&context);
        }
        match &self.decoded {
            Some(decoded) => engine::followed_by(&context, Arc::new(DecodeOnce(Arc::clone(decoded)))),
            None => context,
        }
    }

    pub(super) fn takes_turns(&self) -> bool {
        self.turns.is_some()
    }
}
