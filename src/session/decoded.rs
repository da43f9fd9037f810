//! Lists of deals, decoded once for a report.
//!
//! A report reads the deals for each of its questions, and it is their lists that take long: each leaf of a list has levels of its own, and texts
//! in lists are copied out of the page one by one. So a session that many questions are asked of keeps the lists as they were decoded, where those of all deals fit
//! into their room; the other columns are read beside them each time. Numbers: `docs/decisions/session.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array as _, ArrayRef};
use arrow::compute::concat;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_err};
use datafusion::config::ConfigOptions;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileScanConfig, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::projection::{ProjectionExprs, Projector};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties};
use futures::future::ready;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};

use super::room::{Room, Taken};
use crate::model::tables::Table;

/// The lists take no more than this part of the memory limit.
const PART: usize = 8;

/// A column of a file, in the batches in which it was read.
type Batches = Vec<ArrayRef>;

/// The lists of one state of a store, for all sessions of a report: what is decoded does not depend on the cut.
#[derive(Debug)]
pub(super) struct Decoded {
    files: Mutex<BTreeMap<String, Arc<OfFile>>>,
    taken: Taken,
}

/// The columns of a file that are kept, by their place in the table. Whoever needs another one reads it while others wait.
type OfFile = tokio::sync::Mutex<BTreeMap<usize, Batches>>;

impl Decoded {
    /// Room for lists of so many bytes; `None`: they would not fit, and keeping a part of them would save a part of the work and take all the room.
    pub(super) fn of(lists: u64, pool: &Arc<dyn MemoryPool>) -> Option<Arc<Decoded>> {
        let room = Room::of_part(PART);
        let fits = usize::try_from(lists).is_ok_and(|lists| lists <= room.limit(pool));
        let taken = Taken::begun(&room, pool, "the lists of deals, decoded");
        fits.then(|| Arc::new(Decoded { files: Mutex::default(), taken }))
    }

    /// Columns of a file, out of memory where they are kept: `read` reads those that are not.
    async fn columns<F: Future<Output = Result<Vec<RecordBatch>>>>(
        &self,
        file: &str,
        wanted: &[usize],
        read: impl FnOnce(Vec<usize>) -> F,
    ) -> Result<Vec<Batches>> {
        let of_file =
            Arc::clone(self.files.lock().unwrap_or_else(PoisonError::into_inner).entry(file.to_owned()).or_default());
        let mut kept = of_file.lock().await;
        let missing: Vec<usize> = wanted.iter().copied().filter(|column| !kept.contains_key(column)).collect();
        let mut others = BTreeMap::new();
        if !missing.is_empty() {
            let batches = read(missing.clone()).await?;
            for (place, column) in missing.into_iter().enumerate() {
                let batches: Batches = batches.iter().map(|batch| Arc::clone(batch.column(place))).collect();
                let bytes = batches.iter().map(|batch| batch.get_array_memory_size()).sum();
                let columns = if self.taken.more(bytes) { &mut *kept } else { &mut others };
                columns.insert(column, batches);
            }
        }
        Ok(wanted.iter().filter_map(|column| kept.get(column).or_else(|| others.get(column)).cloned()).collect())
    }
}

/// The rule that puts the operator in the place of scans of deals that read lists. It comes last: the others know scans, and push into them
/// what can be told of a file.
#[derive(Debug)]
pub(super) struct DecodeOnce(pub(super) Arc<Decoded>);

impl PhysicalOptimizerRule for DecodeOnce {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            Ok(match DecodedExec::instead_of(&plan, &self.0)? {
                Some(decoded) => Transformed::yes(Arc::new(decoded) as Arc<dyn ExecutionPlan>),
                None => Transformed::no(plan),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "decode_once"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The operator: the rows of a scan, its lists out of memory.
#[derive(Debug)]
struct DecodedExec {
    scan: Arc<dyn ExecutionPlan>,
    /// The files of each partition, whole.
    files: Vec<Vec<PartitionedFile>>,
    reading: Arc<Reading>,
    metrics: ExecutionPlanMetricsSet,
}

/// What is read of each file.
#[derive(Debug)]
struct Reading {
    decoded: Arc<Decoded>,
    config: FileScanConfig,
    /// The columns that are lists, and the others, by their place in the table.
    lists: Vec<usize>,
    others: Vec<usize>,
    /// These columns in this order, of which `projector` makes those of the scan.
    schema: SchemaRef,
    projector: Arc<Projector>,
}

impl DecodedExec {
    /// The operator for a scan; `None` where it reads no list, or anything but whole files of deals.
    fn instead_of(plan: &Arc<dyn ExecutionPlan>, decoded: &Arc<Decoded>) -> Result<Option<DecodedExec>> {
        let scan = plan.downcast_ref::<DataSourceExec>().map(DataSourceExec::data_source);
        let Some(config) = scan.and_then(|scan| scan.downcast_ref::<FileScanConfig>()) else { return Ok(None) };
        let source = config.file_source();
        let is_whole = config.limit.is_none() && config.table_partition_cols().is_empty();
        let files = || config.file_groups.iter().flat_map(|group| group.iter());
        if !source.is::<ParquetSource>() || !is_whole || !files().all(is_of_deals) {
            return Ok(None);
        }
        let table = source.table_schema().table_schema();
        let Some(projection) = source.projection() else { return Ok(None) };
        let (lists, others): (Vec<usize>, Vec<usize>) =
            projection.column_indices().into_iter().partition(|column| is_list(table, *column));
        if lists.is_empty() {
            return Ok(None);
        }
        let places: Vec<usize> = lists.iter().chain(&others).copied().collect();
        let schema = Arc::new(table.project(&places)?);
        let projector = Arc::new(placed(projection, &places)?.make_projector(&schema)?);
        // a file that is dealt out to several partitions is read by the one that has its beginning
        let whole = |file: &PartitionedFile| match &file.range {
            Some(range) if range.start > 0 => None,
            _ => Some(PartitionedFile { range: None, ..file.clone() }),
        };
        let files = config.file_groups.iter().map(|group| group.iter().filter_map(whole).collect()).collect();
        let (decoded, config) = (Arc::clone(decoded), config.clone());
        let reading = Arc::new(Reading { decoded, config, lists, others, schema, projector });
        Ok(Some(DecodedExec { scan: Arc::clone(plan), files, reading, metrics: ExecutionPlanMetricsSet::new() }))
    }
}

/// Whether it is a data file of the table of journeys: `journeys/attempt/file`.
fn is_of_deals(file: &PartitionedFile) -> bool {
    let folders: Vec<_> = file.object_meta.location.parts().collect();
    folders.iter().rev().nth(2).is_some_and(|folder| folder.as_ref() == Table::Journeys.name())
}

fn is_list(schema: &Schema, column: usize) -> bool {
    schema.fields().get(column).is_some_and(|field| field.data_type().is_nested())
}

/// A projection of a table as one of these columns of it.
fn placed(projection: &ProjectionExprs, columns: &[usize]) -> Result<ProjectionExprs> {
    projection.clone().try_map_exprs(|expr| {
        expr.transform_up(|node| {
            let Some(column) = node.downcast_ref::<Column>() else { return Ok(Transformed::no(node)) };
            match columns.iter().position(|place| *place == column.index()) {
                Some(place) => Ok(Transformed::yes(Arc::new(Column::new(column.name(), place)))),
                None => internal_err!("{column} is not read"),
            }
        })
        .data()
    })
}

impl Reading {
    /// Columns of a file, as the engine reads them.
    fn read(
        &self,
        file: &PartitionedFile,
        columns: &[usize],
        context: &Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let FileScanConfig { object_store_url, file_source, batch_size, expr_adapter_factory, .. } = &self.config;
        let Some(known) = file_source.downcast_ref::<ParquetSource>() else {
            return internal_err!("no file of Parquet");
        };
        // without the predicate, which leaves out row groups: the rows would not be those of the lists
        let source = ParquetSource::new(file_source.table_schema().clone())
            .with_table_parquet_options(known.table_parquet_options().clone());
        let source = match known.parquet_file_reader_factory() {
            Some(factory) => source.with_parquet_file_reader_factory(Arc::clone(factory)),
            None => source,
        };
        let config = FileScanConfigBuilder::new(object_store_url.clone(), Arc::new(source))
            .with_file(file.clone())
            .with_batch_size(*batch_size)
            .with_expr_adapter(expr_adapter_factory.clone())
            .with_projection_indices(Some(columns.to_vec()))?
            .build();
        DataSourceExec::from_data_source(config).execute(0, Arc::clone(context))
    }

    /// The rows of a file.
    async fn rows(
        self: Arc<Self>,
        file: PartitionedFile,
        context: Arc<TaskContext>,
    ) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        let name = file.object_meta.location.to_string();
        let read = |columns: Vec<usize>| {
            let batches = self.read(&file, &columns, &context);
            async { batches?.try_collect().await }
        };
        let mut lists = Lists::of(self.decoded.columns(&name, &self.lists, read).await?);
        let others = match self.others.is_empty() {
            true => stream::iter(lists.rows()).map(|rows| Ok((rows, Vec::new()))).boxed(),
            false => {
                let others = self.read(&file, &self.others, &context)?;
                let others = others.map_ok(|batch| (batch.num_rows(), batch.columns().to_vec()));
                others.try_filter(|(rows, _)| ready(*rows > 0)).boxed()
            }
        };
        let together = others.map(move |others| {
            let (rows, others) = others?;
            let columns = lists.next(rows)?.into_iter().chain(others).collect();
            let options = RecordBatchOptions::new().with_row_count(Some(rows));
            let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
            self.projector.project_batch(&batch)
        });
        Ok(together.boxed())
    }
}

/// Columns of a file, from which one takes rows after rows.
struct Lists {
    columns: Vec<Batches>,
    /// The batch that comes next, and from which row on.
    batch: usize,
    row: usize,
}

impl Lists {
    fn of(columns: Vec<Batches>) -> Lists {
        Lists { columns, batch: 0, row: 0 }
    }

    /// The rows of each batch. All columns have the same: they were read by batches of one size.
    fn rows(&self) -> Vec<usize> {
        self.columns.first().into_iter().flatten().map(|batch| batch.len()).collect()
    }

    /// So many further rows.
    fn next(&mut self, rows: usize) -> Result<Vec<ArrayRef>> {
        let (mut pieces, mut left) = (vec![Vec::new(); self.columns.len()], rows);
        while left > 0 {
            let Some(length) = self.columns.first().and_then(|column| column.get(self.batch)).map(|batch| batch.len())
            else {
                return internal_err!("a file has {left} rows more than its lists");
            };
            let taken = left.min(length - self.row);
            for (column, pieces) in self.columns.iter().zip(&mut pieces) {
                pieces.extend(column.get(self.batch).map(|batch| batch.slice(self.row, taken)));
            }
            left -= taken;
            self.row += taken;
            if self.row == length {
                (self.batch, self.row) = (self.batch + 1, 0);
            }
        }
        let joined = |pieces: Vec<ArrayRef>| match &pieces[..] {
            [one] => Ok(Arc::clone(one)),
            many => Ok(concat(&many.iter().map(AsRef::as_ref).collect::<Vec<_>>())?),
        };
        pieces.into_iter().map(joined).collect()
    }
}

impl DisplayAs for DecodedExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.reading.config.file_schema();
        let names: BTreeSet<&str> =
            self.reading.lists.iter().map(|column| table.field(*column).name().as_str()).collect();
        write!(f, "DecodedExec: lists={names:?}, files={}", self.files.iter().map(Vec::len).sum::<usize>())
    }
}

impl ExecutionPlan for DecodedExec {
    fn name(&self) -> &str {
        "DecodedExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.scan.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let files = self.files.get(partition).cloned().unwrap_or_default();
        let (reading, schema) = (Arc::clone(&self.reading), self.schema());
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let rows = stream::iter(files)
            .then(move |file| Arc::clone(&reading).rows(file, Arc::clone(&context)))
            .try_flatten()
            .map(move |batch| {
                let batch = batch?;
                metrics.record_output(batch.num_rows());
                let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
                Ok(RecordBatch::try_new_with_options(Arc::clone(&schema), batch.columns().to_vec(), &options)?)
            });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::num::NonZero;
    use std::path::Path;

    use arrow::json::ReaderBuilder;
    use arrow::util::pretty::pretty_format_batches;
    use datafusion::execution::memory_pool::{GreedyMemoryPool, UnboundedMemoryPool};
    use datafusion::physical_plan::displayable;
    use datafusion::prelude::{ParquetReadOptions, SessionContext};
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;

    use super::*;
    use crate::session::engine::{self, Resources};

    /// Files as of a store: deals with none to four entries and touches, in groups of 40 rows; the third file has no list of touches.
    fn write(folder: &Path) {
        let table = Table::Journeys.schema(&[]);
        let columns = |has_touches: bool| {
            let wanted = |name: &str| {
                ["deal_id", "manager", "entries", "returns"].contains(&name) || (has_touches && name == "touch_at")
            };
            Arc::new(Schema::new(table.fields().iter().filter(|f| wanted(f.name())).cloned().collect::<Vec<_>>()))
        };
        for (file, rows) in [(0, 333), (1, 20), (2, 101)] {
            let at = |n: usize| format!("2025-01-{:02}T09:00:00Z", 1 + n % 28);
            let entry = |n: usize| format!(r#"{{"stage":"stage {}","at":"{}","times":{}}}"#, n % 5, at(n), n % 3);
            let row = |n: usize| {
                let entries: Vec<String> = (0..n % 5).map(|more| entry(n + more)).collect();
                let touches: Vec<String> = (0..n % 4).map(|more| format!("\"{}\"", at(n + more))).collect();
                let (entries, touches) = (
                    entries.join(","),
                    if file == 2 { String::new() } else { format!(r#","touch_at":[{}]"#, touches.join(",")) },
                );
                // an absent list is no empty one
                let entries = if n.is_multiple_of(11) { String::new() } else { format!(r#","entries":[{entries}]"#) };
                format!(r#"{{"deal_id":"{file}-{n:04}","manager":"manager {}"{entries}{touches}}}"#, n % 7)
            };
            let json: Vec<String> = (0..rows).map(row).collect();
            let schema = columns(file != 2);
            let mut reader =
                ReaderBuilder::new(Arc::clone(&schema)).build(std::io::Cursor::new(json.join("\n"))).unwrap();
            let properties = WriterProperties::builder().set_max_row_group_row_count(Some(40)).build();
            let path = File::create(folder.join(format!("b{file:04}-00.parquet"))).unwrap();
            let mut writer = ArrowWriter::try_new(path, schema, Some(properties)).unwrap();
            writer.write(&reader.next().unwrap().unwrap()).unwrap();
            writer.close().unwrap();
        }
    }

    async fn context(folder: &Path, partitions: usize, batch: usize, decoded: Option<&Arc<Decoded>>) -> SessionContext {
        let resources = Resources { partitions: NonZero::new(partitions), ..Resources::default() };
        let context = engine::context(resources, engine::runtime(resources).unwrap()).unwrap();
        let state = context.state_ref();
        state.write().config_mut().options_mut().set("datafusion.execution.batch_size", &batch.to_string()).unwrap();
        // files so small are dealt out whole otherwise
        state.write().config_mut().options_mut().optimizer.repartition_file_min_size = 1;
        let context = match decoded {
            Some(decoded) => engine::followed_by(&context, Arc::new(DecodeOnce(Arc::clone(decoded)))),
            None => context,
        };
        let table = Table::Journeys.schema(&[]);
        let options = ParquetReadOptions::default().schema(&table);
        context.register_parquet("journeys", folder.to_string_lossy(), options).await.unwrap();
        context
    }

    const QUESTIONS: [&str; 7] = [
        "SELECT * FROM journeys ORDER BY deal_id",
        "SELECT entries, manager FROM journeys WHERE manager < 'manager 4' ORDER BY deal_id DESC LIMIT 50",
        "SELECT count(entries) AS a, sum(array_length(entries)) AS b, sum(array_length(touch_at)) AS c FROM journeys",
        "SELECT manager, unnest(entries) AS entry FROM journeys WHERE array_length(touch_at) > 1 ORDER BY 1, 2",
        "SELECT a.deal_id, b.entries FROM journeys AS a JOIN journeys AS b ON a.deal_id = b.deal_id WHERE a.entries IS NULL ORDER BY 1",
        "SELECT entries FROM journeys WHERE deal_id = 'nobody'",
        "SELECT returns FROM journeys WHERE deal_id >= '2' ORDER BY deal_id",
    ];

    async fn answer(context: &SessionContext, question: &str) -> String {
        pretty_format_batches(&context.sql(question).await.unwrap().collect().await.unwrap()).unwrap().to_string()
    }

    #[tokio::test]
    async fn what_is_decoded_once_is_what_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("journeys/000001-1");
        fs::create_dir_all(&folder).unwrap();
        write(&folder);
        let plain = context(&folder, 1, 8192, None).await;
        let mut expected = Vec::new();
        for question in QUESTIONS {
            expected.push(answer(&plain, question).await);
        }
        for (partitions, batch) in [(1, 8192), (2, 7), (5, 33), (8, 8192)] {
            let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
            let decoded = Decoded::of(0, &pool).unwrap();
            let context = context(&folder, partitions, batch, Some(&decoded)).await;
            for again in [false, true] {
                let before = pool.reserved();
                for (question, expected) in QUESTIONS.iter().zip(&expected) {
                    assert_eq!(&answer(&context, question).await, expected, "{partitions} {batch} {question}");
                }
                assert_eq!(pool.reserved() == before, again, "what was read once is not read again");
            }
            drop((context, decoded));
            assert_eq!(pool.reserved(), 0);
        }
    }

    #[tokio::test]
    async fn lists_alone_are_kept_and_only_where_they_fit() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("journeys/000001-1");
        fs::create_dir_all(&folder).unwrap();
        write(&folder);
        let limit = 100_000;
        let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(limit));
        let part = (limit / PART) as u64;
        assert!(Decoded::of(part + 1, &pool).is_none());
        // of more rows than was thought a part is kept, and the others are read as before
        let decoded = Decoded::of(part, &pool).unwrap();
        let (with, without) = (context(&folder, 2, 16, Some(&decoded)).await, context(&folder, 2, 16, None).await);
        for question in QUESTIONS {
            assert_eq!(answer(&with, question).await, answer(&without, question).await, "{question}");
        }
        assert!((1..=limit / PART).contains(&pool.reserved()), "{}", pool.reserved());
        for (question, is_decoded) in [(QUESTIONS[0], true), ("SELECT manager FROM journeys", false)] {
            let plan = with.sql(question).await.unwrap().create_physical_plan().await.unwrap();
            assert_eq!(
                displayable(plan.as_ref()).indent(true).to_string().contains("DecodedExec"),
                is_decoded,
                "{question}"
            );
        }
    }
}
