//! The deals as they were known at the cut, and views that cost much, computed once for many questions.
//!
//! Each column of `scope` is an expression over the journeys. On little data a question is mostly planning, and most of the planning is
//! these expressions; so a session that many questions are asked of holds their rows. On much data it is the judging that costs: the
//! judgements of a period, and how clients were worked with, are held without their groups. Why: `docs/decisions/session.md`.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::common::runtime::SpawnedTask;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::MemTable;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::execute_stream_partitioned;
use futures::TryStreamExt as _;
use tokio::sync::OnceCell;

use super::hold::Hold;
use super::scope::Scope;
use crate::model::timings;

/// The rows of one session, or of several that look from the same day at the same day.
#[derive(Debug)]
pub(super) struct AtCut {
    /// Deals are held after so many questions: for fewer they would cost more than they save.
    holds_deals_after: usize,
    questions: AtomicUsize,
    /// `None`: the rows are more than the memory limit allows.
    rows: OnceCell<Option<Held>>,
    views: Mutex<BTreeMap<ViewKey, Arc<OnceCell<Option<Held>>>>>,
}

/// A view: its name, the period that it is made for, and what its rows are held to.
pub(super) type ViewKey = (&'static str, Option<[i64; 2]>, Vec<Hold>);

impl AtCut {
    /// Without rows yet. The deals are held beside the views after so many questions.
    pub(super) fn new(holds_deals_after: usize) -> Arc<AtCut> {
        let (questions, rows, views) = (AtomicUsize::default(), OnceCell::new(), Mutex::default());
        Arc::new(AtCut { holds_deals_after, questions, rows, views })
    }

    /// The same for another cut.
    pub(super) fn begun_anew(&self) -> Arc<AtCut> {
        AtCut::new(self.holds_deals_after)
    }

    /// The rows, where so many questions were asked that they are held.
    pub(super) async fn rows(
        &self,
        scope: &Scope<'_>,
        dimensions: &[String],
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        if self.questions.fetch_add(1, Ordering::Relaxed) < self.holds_deals_after {
            return Ok(None);
        }
        let make = || async { hold("deals", scope.to_hold(dimensions).await?, false).await };
        let held = self.rows.get_or_try_init(make).await?;
        Ok(held.as_ref().map(|held| Arc::clone(&held.rows)))
    }

    /// The rows of a view, which `make` plans if it is asked for the first time.
    pub(super) async fn view<E: From<DataFusionError>, F: Future<Output = Result<DataFrame, E>>>(
        &self,
        key: ViewKey,
        make: impl FnOnce() -> F,
    ) -> Result<Option<Arc<dyn TableProvider>>, E> {
        let name = key.0;
        let cell = Arc::clone(self.views.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default());
        let held = cell.get_or_try_init(|| async { Ok::<_, E>(hold(name, make().await?, true).await?) }).await?;
        Ok(held.as_ref().map(|held| Arc::clone(&held.rows)))
    }
}

/// Rows that are held in memory.
#[derive(Debug)]
struct Held {
    rows: Arc<dyn TableProvider>,
    _memory: MemoryReservation,
}

/// Computes rows and holds them; `None` if the memory limit does not allow it. `packs`: texts that are no keys are held as dictionaries.
async fn hold(what: &str, frame: DataFrame, packs: bool) -> Result<Option<Held>> {
    let began = timings::begin();
    let memory = MemoryConsumer::new(format!("{what} at the cut"));
    let tasks = Arc::new(frame.task_ctx());
    let memory = memory.register(&tasks.runtime_env().memory_pool);
    let plan = frame.create_physical_plan().await?;
    let schema = if packs { packed(&plan.schema()) } else { plan.schema() };
    let streams = execute_stream_partitioned(plan, tasks)?;
    let partitions = streams.into_iter().map(|rows| SpawnedTask::spawn(collect_as(rows, Arc::clone(&schema))));
    let mut rows = Vec::new();
    for partition in partitions.collect::<Vec<_>>() {
        match partition.join_unwind().await.map_err(|e| DataFusionError::ExecutionJoin(Box::new(e)))? {
            Err(e) if is_short_of_memory(&e) => return Ok(None),
            batches => rows.push(batches?),
        }
    }
    let bytes = rows.iter().flatten().map(RecordBatch::get_array_memory_size).sum();
    let count = timings::is_asked().then(|| rows.iter().flatten().map(RecordBatch::num_rows).sum());
    timings::end(began, || format!("hold {what}"), count);
    match memory.try_grow(bytes) {
        Err(e) if is_short_of_memory(&e) => Ok(None),
        grown => {
            grown.and_then(|()| Ok(Some(Held { rows: Arc::new(MemTable::try_new(schema, rows)?), _memory: memory })))
        }
    }
}

/// The schema in which texts that are no keys are dictionaries: rules, stages, names of managers, of which there are few.
fn packed(schema: &Schema) -> SchemaRef {
    let pack = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8View if !field.name().ends_with("_id") => {
            let of = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            Field::new(field.name(), of, field.is_nullable())
        }
        _ => field.as_ref().clone(),
    };
    Arc::new(Schema::new(schema.fields().iter().map(pack).collect::<Vec<_>>()))
}

/// All rows of a stream, each column of the type that the schema says.
async fn collect_as(mut rows: SendableRecordBatchStream, schema: SchemaRef) -> Result<Vec<RecordBatch>> {
    let mut batches = Vec::new();
    while let Some(batch) = rows.try_next().await? {
        let mut columns = Vec::new();
        for (column, field) in batch.columns().iter().zip(schema.fields()) {
            columns.push(match (column.data_type(), field.data_type()) {
                (is, wanted) if is == wanted => Arc::clone(column),
                (_, wanted) => cast(&cast(column, &DataType::Utf8)?, wanted)?,
            });
        }
        batches.push(RecordBatch::try_new(Arc::clone(&schema), columns)?);
    }
    Ok(batches)
}

fn is_short_of_memory(error: &DataFusionError) -> bool {
    matches!(error.find_root(), DataFusionError::ResourcesExhausted(_))
}
