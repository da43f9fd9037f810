//! Rows that are held for many questions: in memory, and on the disk from where they would take too much of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::mem::take;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayData, ArrayRef, AsArray as _, DictionaryArray, Int32Array, StringBuilder, StringViewArray,
};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::{resources_datafusion_err, resources_err};
use datafusion::dataframe::DataFrame;
use datafusion::datasource::MemTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::disk_manager::DiskManager;
use datafusion::execution::spill_file::{SpillFile, SpillWriter};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::{ExecutionPlan, execute_stream_partitioned};
use futures::TryStreamExt as _;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::room::{Room, Taken};
use super::running::{is_short_of_memory, run};
use super::told::Told;
use crate::model::timings;

/// Of a file so many rows are written at once, and read by one thread.
const ROWS: usize = 32 << 10;

/// Rows that are held as long as this is.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) rows: Arc<dyn TableProvider>,
    _memory: Option<Arc<Taken>>,
    _files: Vec<File>,
}

/// Computes rows and holds them. `packs`: texts that are no keys are held as dictionaries.
///
/// # Errors
/// Those of the engine; neither memory nor disk allows it ([`is_short`]).
pub(crate) async fn hold(what: &str, frame: DataFrame, packs: bool, room: &Arc<Room>) -> Result<Held> {
    let began = timings::begin();
    let (held, count) = run(frame, |plan, tasks| collected(what, plan, tasks, packs, room)).await?;
    let place = if held._files.is_empty() { "" } else { " on the disk" };
    timings::end(began, || format!("hold {what}{place}"), Some(count));
    Ok(held)
}

/// The rows of a plan, and how many they are.
async fn collected(
    what: &str,
    plan: Arc<dyn ExecutionPlan>,
    tasks: Arc<TaskContext>,
    packs: bool,
    room: &Arc<Room>,
) -> Result<(Held, usize)> {
    let runtime = tasks.runtime_env();
    let (pool, disk) = (Arc::clone(&runtime.memory_pool), Arc::clone(&runtime.disk_manager));
    let taken = Arc::new(Taken::begun(room, &pool, &format!("what is held of {what}")));
    let schema = if packs { packed(&plan.schema()) } else { plan.schema() };
    let parts = execute_stream_partitioned(plan, tasks)?
        .into_iter()
        .map(|rows| SpawnedTask::spawn(Part::new(&schema, &taken, &disk).collected(rows)));
    let mut collected = Vec::new();
    for part in parts.collect::<Vec<_>>() {
        collected.push(part.join_unwind().await.map_err(|e| DataFusionError::ExecutionJoin(Box::new(e)))??);
    }
    let count = collected.iter().map(|part| part.count).sum();
    let held = match collected.iter().all(|part| part.file.is_none()) {
        true => {
            let rows = collected.into_iter().map(|part| part.rows).collect();
            let rows = Arc::new(MemTable::try_new(schema, rows)?);
            Held { rows, _memory: Some(taken), _files: Vec::new() }
        }
        false => on_disk(schema, collected)?,
    };
    Ok((held, count))
}

fn on_disk(schema: SchemaRef, parts: Vec<Part>) -> Result<Held> {
    let files = parts.into_iter().filter_map(|part| part.written().transpose()).collect::<Result<Vec<_>>>()?;
    let urls = files.iter().map(|file| ListingTableUrl::parse(file.path()?.to_string_lossy()));
    let urls = urls.collect::<Result<Vec<_>>>()?;
    let options = ListingOptions::new(Arc::new(ParquetFormat::new())).with_file_extension("");
    let config = ListingTableConfig::new_with_multi_paths(urls).with_listing_options(options).with_schema(schema);
    Ok(Held { rows: Arc::new(ListingTable::try_new(config)?), _memory: None, _files: files })
}

/// The rows of one partition.
struct Part {
    schema: SchemaRef,
    taken: Arc<Taken>,
    rows: Vec<RecordBatch>,
    /// Where the buffers of the rows are, each of which counts once: the groups of an aggregate come as slices of the same buffers.
    buffers: BTreeSet<usize>,
    /// What the rows take.
    bytes: usize,
    file: Option<(ArrowWriter<Box<dyn SpillWriter>>, File)>,
    disk: Arc<DiskManager>,
    count: usize,
}

impl Part {
    fn new(schema: &SchemaRef, taken: &Arc<Taken>, disk: &Arc<DiskManager>) -> Part {
        let (schema, taken, disk) = (Arc::clone(schema), Arc::clone(taken), Arc::clone(disk));
        Part { schema, taken, disk, rows: Vec::new(), buffers: BTreeSet::new(), bytes: 0, file: None, count: 0 }
    }

    async fn collected(mut self, mut rows: SendableRecordBatchStream) -> Result<Part> {
        while let Some(batch) = rows.try_next().await? {
            let batch = typed(&batch, &self.schema)?;
            self.count += batch.num_rows();
            if self.file.is_none() && self.keeps(&batch) {
                self.rows.push(batch);
            } else {
                self.write(&batch)?;
            }
        }
        Ok(self)
    }

    /// Takes the memory of a batch, where there is room for it.
    fn keeps(&mut self, batch: &RecordBatch) -> bool {
        let bytes = bytes_beside(&mut self.buffers, batch);
        let takes = self.taken.more(bytes);
        self.bytes += if takes { bytes } else { 0 };
        takes
    }

    /// Writes a batch to the disk, after those that are in memory.
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        if !self.taken.may_spill() {
            return resources_err!("there is no room for what is held");
        }
        let (writer, _) = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(File::begun(&self.schema, &self.disk)?),
        };
        for batch in self.rows.drain(..) {
            writer.write(&batch).map_err(no_room)?;
        }
        self.taken.less(take(&mut self.bytes));
        self.buffers.clear();
        writer.write(batch).map_err(no_room)
    }

    /// The file with all rows; `None` where there are none.
    fn written(mut self) -> Result<Option<File>> {
        if let Some(last) = self.rows.pop() {
            self.write(&last)?;
        }
        let Some((writer, file)) = self.file else { return Ok(None) };
        writer.close().map_err(no_room)?;
        Ok(Some(file))
    }
}

/// The bytes of those buffers of a batch that are not among the known ones yet.
fn bytes_beside(known: &mut BTreeSet<usize>, batch: &RecordBatch) -> usize {
    let mut bytes = 0;
    let mut left: Vec<ArrayData> = batch.columns().iter().map(|column| column.to_data()).collect();
    while let Some(data) = left.pop() {
        for buffer in data.buffers().iter().chain(data.nulls().map(NullBuffer::buffer)) {
            if known.insert(buffer.data_ptr().addr().get()) {
                bytes += buffer.capacity();
            }
        }
        left.extend_from_slice(data.child_data());
    }
    bytes
}

/// A file of Parquet in the folder of temporary files, removed when this is gone. What is written counts against the disk that a question may use.
struct File(Arc<dyn SpillFile>);

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0.path())
    }
}

impl File {
    fn begun(schema: &SchemaRef, disk: &Arc<DiskManager>) -> Result<(ArrowWriter<Box<dyn SpillWriter>>, File)> {
        let file = disk.create_tmp_file("holding rows")?;
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(ROWS))
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::None)
            .set_dictionary_enabled(false);
        // to look up what never recurs takes longer than to write it
        let recurring = schema.fields().iter().filter(|field| matches!(field.data_type(), DataType::Dictionary(..)));
        let properties = recurring
            .fold(properties, |properties, field| {
                properties.set_column_dictionary_enabled(ColumnPath::from(field.name().as_str()), true)
            })
            .build();
        let writer = ArrowWriter::try_new(file.open_writer()?, Arc::clone(schema), Some(properties));
        Ok((writer.map_err(no_room)?, File(file)))
    }

    fn path(&self) -> Result<&Path> {
        self.0.path().ok_or_else(|| resources_datafusion_err!("what is held is no file of this machine"))
    }
}

/// A temporary file that cannot be written holds nothing: its rows are computed again by whoever needs them.
fn no_room(error: ParquetError) -> DataFusionError {
    resources_datafusion_err!("what is held does not fit into memory, nor on the disk: {error}")
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
            (DataType::Utf8View, DataType::Dictionary(..)) => dictionary(column.as_string_view()),
            (_, wanted) => cast(column, wanted),
        }
    });
    Ok(RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<Vec<_>, _>>()?)?)
}

/// The texts of a column as a dictionary, in the order in which they first come.
fn dictionary(texts: &StringViewArray) -> Result<ArrayRef, ArrowError> {
    let (mut known, mut told, mut values) = (BTreeMap::new(), Told::default(), StringBuilder::new());
    let mut number = |text: &str| {
        let (own, next) = (text.to_owned(), known.len() as i32);
        *known.entry(own).or_insert_with(|| {
            values.append_value(text);
            next
        })
    };
    // an absent text is no empty one
    let key =
        |row: usize| texts.is_valid(row).then(|| told.of([texts], row, |[text]| number(text.unwrap_or_default())));
    let keys: Int32Array = (0..texts.len()).map(key).collect();
    Ok(Arc::new(DictionaryArray::try_new(keys, Arc::new(values.finish()))?))
}

/// Whether memory or disk are full.
pub(super) fn is_short(error: &DataFusionError) -> bool {
    match error.find_root() {
        DataFusionError::IoError(error) => error.kind() == io::ErrorKind::StorageFull,
        _ => is_short_of_memory(error),
    }
}

#[cfg(test)]
mod tests {
    use arrow::util::pretty::pretty_format_batches;
    use datafusion::execution::context::{SessionConfig, SessionContext};
    use datafusion::execution::disk_manager::DiskManagerBuilder;
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
            let held = hold("all", frame.clone(), packs, &room).await.unwrap();
            assert!(held._files.is_empty() && room.held() > 1 << 20);
            let whole = shown(&large, &held.rows).await;
            drop(held);
            assert_eq!(room.held(), 0);

            // an eighth of 8 MB does not hold them
            let little = context(8 << 20);
            let on_disk = hold("all", little.sql(ROWS_OF).await.unwrap(), packs, &room).await.unwrap();
            let paths: Vec<_> = on_disk._files.iter().map(|file| file.path().unwrap().to_owned()).collect();
            assert!(!paths.is_empty() && paths.iter().all(|path| path.exists()));
            assert_eq!(room.held(), 0);
            assert_eq!(on_disk.rows.schema(), held_schema(&frame, packs));
            assert_eq!(shown(&small, &on_disk.rows).await, whole, "packs: {packs}");
            drop(on_disk);
            assert!(paths.iter().all(|path| !path.exists()));
        }
        // nothing at all
        let none = large.sql(&format!("{ROWS_OF} WHERE value < 0")).await.unwrap();
        let held = hold("none", none, true, &room).await.unwrap();
        assert_eq!(large.read_table(Arc::clone(&held.rows)).unwrap().count().await.unwrap(), 0);
    }

    #[tokio::test]
    async fn what_is_held_counts_against_the_disk_that_may_be_used() {
        let disk = DiskManagerBuilder::default().with_max_temp_directory_size(256 << 10);
        let runtime = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(GreedyMemoryPool::new(8 << 20)));
        let runtime = runtime.with_disk_manager_builder(disk).build_arc().unwrap();
        let disk = Arc::clone(&runtime.disk_manager);
        let context = SessionContext::new_with_config_rt(SessionConfig::new(), runtime);
        let held = async |rows: &str| hold("all", context.sql(rows).await.unwrap(), false, &Room::on_disk()).await;
        let few = held(&format!("{ROWS_OF} LIMIT 2000")).await.unwrap();
        assert!(disk.used_disk_space() > 1000);
        drop(few);
        assert_eq!(disk.used_disk_space(), 0);
        assert!(is_short(&held(ROWS_OF).await.unwrap_err()));
        assert_eq!(disk.used_disk_space(), 0);
    }

    #[test]
    fn a_dictionary_holds_the_texts() {
        let long = |n: usize| format!("a name of more than twelve letters {n}");
        let text = |row: usize| match row % 5 {
            0 => None,
            1 => Some(String::new()),
            2 => Some(format!("{}", row % 7)),
            _ => Some(long(row % 900)),
        };
        let texts: StringViewArray = (0..3000).map(text).collect();
        for texts in [texts.clone(), texts.slice(17, 40), texts.slice(0, 0)] {
            let packed = dictionary(&texts).unwrap();
            let by_engine = cast(&cast(&texts, &DataType::Utf8).unwrap(), packed.data_type()).unwrap();
            assert_eq!(packed.to_data(), by_engine.to_data());
        }
    }

    fn held_schema(frame: &DataFrame, packs: bool) -> SchemaRef {
        let schema = frame.schema().as_arrow();
        if packs { packed(schema) } else { Arc::new(schema.clone()) }
    }

    #[tokio::test]
    async fn what_one_holds_is_no_room_for_another() {
        let (context, room) = (context(32 << 20), Room::of_part(8));
        let hold = async |what| hold(what, context.sql(ROWS_OF).await.unwrap(), true, &room).await.unwrap();
        let first = hold("first").await;
        let second = hold("second").await;
        assert_eq!((first._files.len(), second._files.is_empty()), (0, false));
        drop(first);
        assert!(hold("third").await._files.is_empty());
    }

    #[test]
    fn a_buffer_that_batches_share_counts_once() {
        let names: ArrayRef =
            Arc::new(StringViewArray::from_iter_values((0..8000).map(|n| format!("a name of a client {n}"))));
        let whole = RecordBatch::try_from_iter([("name", names)]).unwrap();
        let slices: Vec<_> = (0..80).map(|at| whole.slice(at * 100, 100)).collect();
        let bytes = bytes_beside(&mut BTreeSet::new(), &whole);
        assert!(bytes >= 8000 * (16 + 20) && bytes <= whole.get_array_memory_size(), "{bytes}");
        let mut known = BTreeSet::new();
        assert_eq!(slices.iter().map(|slice| bytes_beside(&mut known, slice)).sum::<usize>(), bytes);
    }
}
