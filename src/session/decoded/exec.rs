//! The operator: the rows of a scan of deals, the columns that are kept out of memory.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::concat;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_err};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileScanConfig, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::projection::{ProjectionExprs, Projector};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties};
use futures::future::ready;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};

use super::kept::{Batches, Decoded};
use crate::model::tables::Table;

/// The operator.
#[derive(Debug)]
pub(super) struct DecodedExec {
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
    /// The columns that are kept, and the others, by their place in the table.
    kept: Vec<usize>,
    others: Vec<usize>,
    /// These columns in this order, of which `projector` makes those of the scan.
    schema: SchemaRef,
    projector: Arc<Projector>,
}

impl DecodedExec {
    /// The operator for a scan; `None` where none of its columns is kept, or where it reads anything but whole files of deals.
    pub(super) fn instead_of(plan: &Arc<dyn ExecutionPlan>, decoded: &Arc<Decoded>) -> Result<Option<DecodedExec>> {
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
        let (kept, others) = decoded.dealt(table, projection.column_indices());
        if kept.is_empty() {
            return Ok(None);
        }
        let places: Vec<usize> = kept.iter().chain(&others).copied().collect();
        let schema = Arc::new(table.project(&places)?);
        let projector = Arc::new(placed(projection, &places)?.make_projector(&schema)?);
        // a file that is dealt out to several partitions is read by the one that has its beginning
        let whole = |file: &PartitionedFile| match &file.range {
            Some(range) if range.start > 0 => None,
            _ => Some(PartitionedFile { range: None, ..file.clone() }),
        };
        let files = config.file_groups.iter().map(|group| group.iter().filter_map(whole).collect()).collect();
        let (decoded, config) = (Arc::clone(decoded), config.clone());
        let reading = Arc::new(Reading { decoded, config, kept, others, schema, projector });
        Ok(Some(DecodedExec { scan: Arc::clone(plan), files, reading, metrics: ExecutionPlanMetricsSet::new() }))
    }
}

/// Whether it is a data file of the table of journeys: `journeys/attempt/file`.
fn is_of_deals(file: &PartitionedFile) -> bool {
    let folders: Vec<_> = file.object_meta.location.parts().collect();
    folders.iter().rev().nth(2).is_some_and(|folder| folder.as_ref() == Table::Journeys.name())
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
        // without the predicate, which leaves out row groups: the rows would not be those that are kept
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
        let table = self.config.file_source().table_schema().table_schema();
        let mut kept = Kept::of(self.decoded.columns(table, &name, &self.kept, read).await?);
        let others = match self.others.is_empty() {
            true => stream::iter(kept.rows()).map(|rows| Ok((rows, Vec::new()))).boxed(),
            false => {
                let others = self.read(&file, &self.others, &context)?;
                let others = others.map_ok(|batch| (batch.num_rows(), batch.columns().to_vec()));
                others.try_filter(|(rows, _)| ready(*rows > 0)).boxed()
            }
        };
        let together = others.map(move |others| {
            let (rows, others) = others?;
            let columns = kept.next(rows)?.into_iter().chain(others).collect();
            let options = RecordBatchOptions::new().with_row_count(Some(rows));
            let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
            self.projector.project_batch(&batch)
        });
        Ok(together.boxed())
    }
}

/// Columns of a file, from which one takes rows after rows.
struct Kept {
    columns: Vec<Batches>,
    /// The batch that comes next, and from which row on.
    batch: usize,
    row: usize,
}

impl Kept {
    fn of(columns: Vec<Batches>) -> Kept {
        Kept { columns, batch: 0, row: 0 }
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
                return internal_err!("a file has {left} rows more than are kept of it");
            };
            let taken = left.min(length - self.row);
            for (column, pieces) in self.columns.iter().zip(&mut pieces) {
                if let Some(batch) = column.get(self.batch) {
                    pieces.push(batch.rows(self.row, taken)?);
                }
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
            self.reading.kept.iter().map(|column| table.field(*column).name().as_str()).collect();
        write!(f, "DecodedExec: kept={names:?}, files={}", self.files.iter().map(Vec::len).sum::<usize>())
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
