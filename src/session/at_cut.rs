//! The deals as they were known at the cut, computed once for many questions.
//!
//! Each column of `scope` is an expression over the journeys. On little data a question is mostly planning, and most of the planning is
//! these expressions; so a session that many questions are asked of holds their rows. Why: `docs/decisions/session.md`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::record_batch::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use tokio::sync::OnceCell;

use super::scope::Scope;

/// The rows of one session, or of several that look from the same day at the same day.
#[derive(Debug, Default)]
pub(super) struct AtCut {
    questions: AtomicUsize,
    /// `None`: the rows are more than the memory limit allows.
    rows: OnceCell<Option<Held>>,
}

impl AtCut {
    /// The rows, from the second question on: for one alone they would cost more than they save.
    pub(super) async fn rows(
        &self,
        scope: &Scope<'_>,
        dimensions: &[String],
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        if self.questions.fetch_add(1, Ordering::Relaxed) == 0 {
            return Ok(None);
        }
        let held = self.rows.get_or_try_init(|| hold(scope, dimensions)).await?;
        Ok(held.as_ref().map(|held| Arc::clone(&held.rows)))
    }
}

/// Rows that are held in memory.
#[derive(Debug)]
struct Held {
    rows: Arc<dyn TableProvider>,
    _memory: MemoryReservation,
}

/// Computes the rows of a scope that has none yet, with these dimensions.
async fn hold(scope: &Scope<'_>, dimensions: &[String]) -> Result<Option<Held>> {
    let frame = scope.to_hold(dimensions).await?;
    let memory = MemoryConsumer::new("deals at the cut").register(&scope.tables.runtime_env().memory_pool);
    let tasks = Arc::new(frame.task_ctx());
    let plan = frame.create_physical_plan().await?;
    let schema = plan.schema();
    let rows = match datafusion::physical_plan::collect_partitioned(plan, tasks).await {
        Err(e) if is_short_of_memory(&e) => return Ok(None),
        rows => rows?,
    };
    let bytes = rows.iter().flatten().map(RecordBatch::get_array_memory_size).sum();
    match memory.try_grow(bytes) {
        Err(e) if is_short_of_memory(&e) => Ok(None),
        grown => {
            grown.and_then(|()| Ok(Some(Held { rows: Arc::new(MemTable::try_new(schema, rows)?), _memory: memory })))
        }
    }
}

fn is_short_of_memory(error: &DataFusionError) -> bool {
    matches!(error.find_root(), DataFusionError::ResourcesExhausted(_))
}
