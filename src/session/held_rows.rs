//! Rows that are held for many questions: in memory, and on the disk from where they would take too much of it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::common::runtime::SpawnedTask;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::MemTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};
use datafusion::physical_plan::execute_stream_partitioned;
use futures::TryStreamExt as _;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use tempfile::NamedTempFile;

use crate::model::timings;

/// Of a file so many rows are written at once, and read by one thread.
const ROWS: usize = 128 << 10;

/// How much memory is held by all rows that sessions of one report hold.
#[derive(Debug)]
pub(super) struct Room {
    held: AtomicUsize,
    /// All that is held takes no more than this part of the limit, such as 8 for an eighth: the rest is for the questions.
    part: usize,
}

impl Room {
    pub(super) fn of_part(part: usize) -> Arc<Room> {
        Arc::new(Room { held: AtomicUsize::default(), part })
    }

    /// How much all that is held in memory may take.
    fn limit(&self, pool: &Arc<dyn MemoryPool>) -> usize {
        match pool.memory_limit() {
            MemoryLimit::Finite(limit) => limit / self.part.max(1),
            _ => usize::MAX,
        }
    }

    /// Takes bytes, unless that were more than there is room for.
    fn takes(&self, bytes: usize, limit: usize) -> bool {
        let fits = |held: usize| held.checked_add(bytes).filter(|held| *held <= limit);
        self.held.try_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }

    fn gives_back(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Rows that are held as long as this is.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) rows: Arc<dyn TableProvider>,
    _memory: Option<(MemoryReservation, Taken)>,
    _files: Vec<NamedTempFile>,
}

/// Bytes of a room, given back at the end.
#[derive(Debug)]
struct Taken {
    room: Arc<Room>,
    bytes: AtomicUsize,
    limit: usize,
}

impl Taken {
    fn more(&self, bytes: usize) -> bool {
        let takes = self.room.takes(bytes, self.limit);
        if takes {
            self.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        takes
    }

    fn less(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.room.gives_back(bytes);
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.room.gives_back(*self.bytes.get_mut());
    }
}

/// Computes rows and holds them; `None` where neither memory nor disk allows it. `packs`: texts that are no keys are held as dictionaries.
pub(super) async fn hold(what: &str, frame: DataFrame, packs: bool, room: &Arc<Room>) -> Result<Option<Held>> {
    let began = timings::begin();
    let tasks = Arc::new(frame.task_ctx());
    let pool = Arc::clone(&tasks.runtime_env().memory_pool);
    let taken = Arc::new(Taken { room: Arc::clone(room), bytes: AtomicUsize::default(), limit: room.limit(&pool) });
    let plan = frame.create_physical_plan().await?;
    let schema = if packs { packed(&plan.schema()) } else { plan.schema() };
    let streams = execute_stream_partitioned(plan, tasks)?;
    let parts = streams.into_iter().map(|rows| {
        let part =
            Part { schema: Arc::clone(&schema), taken: Arc::clone(&taken), rows: Vec::new(), file: None, count: 0 };
        SpawnedTask::spawn(part.collected(rows))
    });
    let mut collected = Vec::new();
    for part in parts.collect::<Vec<_>>() {
        match part.join_unwind().await.map_err(|e| DataFusionError::ExecutionJoin(Box::new(e)))? {
            Err(error) if is_short(&error) => return Ok(None),
            part => collected.push(part?),
        }
    }
    let count = timings::is_asked().then(|| collected.iter().map(|part| part.count).sum());
    let memory = MemoryConsumer::new(format!("{what} at the cut")).register(&pool);
    let fits = collected.iter().all(|part| part.file.is_none());
    let fits = fits && memory.try_grow(taken.bytes.load(Ordering::Relaxed)).is_ok();
    let held = match fits {
        true => in_memory(schema, collected, taken, memory),
        false => on_disk(schema, collected),
    };
    timings::end(began, || format!("hold {what}{}", if fits { "" } else { " on the disk" }), count);
    match held {
        Err(error) if is_short(&error) => Ok(None),
        held => held.map(Some),
    }
}

fn in_memory(schema: SchemaRef, parts: Vec<Part>, taken: Arc<Taken>, memory: MemoryReservation) -> Result<Held> {
    let rows = parts.into_iter().map(|part| part.rows).collect();
    let rows = Arc::new(MemTable::try_new(schema, rows)?);
    Ok(Held { rows, _memory: Arc::into_inner(taken).map(|taken| (memory, taken)), _files: Vec::new() })
}

fn on_disk(schema: SchemaRef, parts: Vec<Part>) -> Result<Held> {
    let files = parts.into_iter().filter_map(|part| part.written().transpose()).collect::<Result<Vec<_>>>()?;
    let url = |file: &NamedTempFile| ListingTableUrl::parse(file.path().to_string_lossy());
    let urls = files.iter().map(url).collect::<Result<Vec<_>>>()?;
    let options = ListingOptions::new(Arc::new(ParquetFormat::new())).with_file_extension("");
    let config = ListingTableConfig::new_with_multi_paths(urls).with_listing_options(options).with_schema(schema);
    Ok(Held { rows: Arc::new(ListingTable::try_new(config)?), _memory: None, _files: files })
}

/// The rows of one partition.
struct Part {
    schema: SchemaRef,
    taken: Arc<Taken>,
    rows: Vec<RecordBatch>,
    file: Option<(ArrowWriter<std::fs::File>, NamedTempFile)>,
    count: usize,
}

impl Part {
    async fn collected(mut self, mut rows: SendableRecordBatchStream) -> Result<Part> {
        while let Some(batch) = rows.try_next().await? {
            let batch = typed(&batch, &self.schema)?;
            self.count += batch.num_rows();
            if self.file.is_none() && self.taken.more(batch.get_array_memory_size()) {
                self.rows.push(batch);
            } else {
                self.write(&batch)?;
            }
        }
        Ok(self)
    }

    /// Writes a batch to the disk, after those that are in memory.
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let (writer, _) = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(begun(&self.schema)?),
        };
        for batch in self.rows.drain(..) {
            self.taken.less(batch.get_array_memory_size());
            writer.write(&batch)?;
        }
        Ok(writer.write(batch)?)
    }

    /// The file with all rows; `None` where there are none.
    fn written(mut self) -> Result<Option<NamedTempFile>> {
        if let Some(last) = self.rows.pop() {
            self.taken.less(last.get_array_memory_size());
            self.write(&last)?;
        }
        let Some((writer, file)) = self.file else { return Ok(None) };
        writer.close()?;
        Ok(Some(file))
    }
}

fn begun(schema: &SchemaRef) -> Result<(ArrowWriter<std::fs::File>, NamedTempFile)> {
    let file = NamedTempFile::with_suffix(".parquet")?;
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(ROWS));
    let properties = properties.set_compression(Compression::SNAPPY).build();
    Ok((ArrowWriter::try_new(file.reopen()?, Arc::clone(schema), Some(properties))?, file))
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

/// A batch whose columns are of the types that the schema says.
fn typed(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| {
        match (column.data_type(), field.data_type()) {
            (is, wanted) if is == wanted => Ok(Arc::clone(column)),
            (_, wanted) => cast(&cast(column, &DataType::Utf8)?, wanted),
        }
    });
    Ok(RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<Vec<_>, _>>()?)?)
}

/// Whether memory or disk are full: the rows are then computed by each question that needs them.
fn is_short(error: &DataFusionError) -> bool {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => true,
        DataFusionError::IoError(error) => error.kind() == io::ErrorKind::StorageFull,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use arrow::util::pretty::pretty_format_batches;
    use datafusion::execution::context::{SessionConfig, SessionContext};
    use datafusion::execution::memory_pool::GreedyMemoryPool;
    use datafusion::execution::runtime_env::RuntimeEnvBuilder;

    use super::*;

    const ROWS_OF: &str = "SELECT value AS deal_id, arrow_cast('rule ' || (value % 7), 'Utf8View') AS rule, \
                           arrow_cast('d' || value, 'Utf8View') AS client_id, [value, value + 1] AS listed, \
                           CASE WHEN value % 3 = 0 THEN NULL ELSE value / 2 END AS half FROM generate_series(1, 50000)";

    fn context(memory: usize) -> SessionContext {
        let runtime = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(GreedyMemoryPool::new(memory)));
        let config = SessionConfig::new().with_target_partitions(3);
        SessionContext::new_with_config_rt(config, runtime.build_arc().unwrap())
    }

    async fn shown(context: &SessionContext, rows: &Arc<dyn TableProvider>) -> String {
        let rows = context.read_table(Arc::clone(rows)).unwrap();
        let sorted = rows.sort_by(vec![datafusion::prelude::col("deal_id")]).unwrap();
        pretty_format_batches(&sorted.collect().await.unwrap()).unwrap().to_string()
    }

    #[tokio::test]
    async fn rows_are_the_same_in_memory_and_on_the_disk() {
        let (large, small) = (context(1 << 30), context(64 << 20));
        let room = Room::of_part(8);
        for packs in [false, true] {
            let frame = large.sql(ROWS_OF).await.unwrap();
            let held = hold("all", frame.clone(), packs, &room).await.unwrap().unwrap();
            assert!(held._files.is_empty() && room.held.load(Ordering::Relaxed) > 1 << 20);
            let whole = shown(&large, &held.rows).await;
            drop(held);
            assert_eq!(room.held.load(Ordering::Relaxed), 0);

            // an eighth of 8 MB does not hold them
            let little = context(8 << 20);
            let on_disk = hold("all", little.sql(ROWS_OF).await.unwrap(), packs, &room).await.unwrap().unwrap();
            let paths: Vec<_> = on_disk._files.iter().map(|file| file.path().to_owned()).collect();
            assert!(!paths.is_empty() && paths.iter().all(|path| path.exists()));
            assert_eq!(room.held.load(Ordering::Relaxed), 0);
            assert_eq!(on_disk.rows.schema(), held_schema(&frame, packs));
            assert_eq!(shown(&small, &on_disk.rows).await, whole, "packs: {packs}");
            drop(on_disk);
            assert!(paths.iter().all(|path| !path.exists()));
        }
        // nothing at all
        let none = large.sql(&format!("{ROWS_OF} WHERE value < 0")).await.unwrap();
        let held = hold("none", none, true, &room).await.unwrap().unwrap();
        assert_eq!(large.read_table(Arc::clone(&held.rows)).unwrap().count().await.unwrap(), 0);
    }

    fn held_schema(frame: &DataFrame, packs: bool) -> SchemaRef {
        let schema = frame.schema().as_arrow();
        if packs { packed(schema) } else { Arc::new(schema.clone()) }
    }

    #[tokio::test]
    async fn what_one_holds_is_no_room_for_another() {
        let (context, room) = (context(32 << 20), Room::of_part(8));
        let hold = async |what| hold(what, context.sql(ROWS_OF).await.unwrap(), true, &room).await.unwrap().unwrap();
        let first = hold("first").await;
        let second = hold("second").await;
        assert_eq!((first._files.len(), second._files.is_empty()), (0, false));
        drop(first);
        assert!(hold("third").await._files.is_empty());
    }
}
