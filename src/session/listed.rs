//! A table whose files are listed once. The engine's own asks for each file again, and adds up what is known of all columns of
//! all files, each time that it is scanned; the files of a snapshot never change.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Statistics;
use datafusion::datasource::listing::{ListingTable, ListingTableUrl};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;

/// A table of files that do not change.
#[derive(Debug)]
pub(super) struct Listed {
    table: ListingTable,
    /// By the number of partitions, and by whether statistics are collected.
    files: Mutex<BTreeMap<(usize, bool), Arc<Files>>>,
}

/// The files of a table, divided among partitions.
#[derive(Debug)]
struct Files {
    groups: Vec<FileGroup>,
    statistics: Statistics,
}

impl Listed {
    pub(super) fn new(table: ListingTable) -> Listed {
        Listed { table, files: Mutex::default() }
    }

    async fn files(&self, state: &dyn Session) -> Result<Arc<Files>> {
        let options = state.config();
        let how = (options.target_partitions(), options.collect_statistics());
        let known = || self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(files) = known().get(&how) {
            return Ok(Arc::clone(files));
        }
        let listed = self.table.list_files_for_scan(state, &[], None).await?;
        let files = Arc::new(Files { groups: listed.file_groups, statistics: listed.statistics });
        known().insert(how, Arc::clone(&files));
        Ok(files)
    }
}

#[async_trait]
impl TableProvider for Listed {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn table_type(&self) -> TableType {
        self.table.table_type()
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = self.files(state).await?;
        let Some(url) = self.table.table_paths().first().map(ListingTableUrl::object_store) else {
            return self.table.scan(state, projection, filters, limit).await;
        };
        let format = &self.table.options().format;
        let source = format.file_source(TableSchema::from(self.schema()));
        let ordering = self.table.try_create_output_ordering(state.execution_props(), &files.groups)?;
        let scan = FileScanConfigBuilder::new(url, source)
            .with_file_groups(files.groups.clone())
            .with_statistics(files.statistics.clone())
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .with_output_ordering(ordering);
        format.create_physical_plan(state, scan.build()).await
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        self.table.supports_filters_pushdown(filters)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::Path;

    use arrow::array::{Int64Array, RecordBatch, StringViewArray};
    use arrow::util::pretty::pretty_format_batches;
    use datafusion::datasource::file_format::parquet::ParquetFormat;
    use datafusion::datasource::listing::{ListingOptions, ListingTableConfig};
    use datafusion::physical_plan::displayable;
    use datafusion::prelude::{SessionConfig, SessionContext, ident};
    use parquet::arrow::ArrowWriter;

    use super::*;

    fn write(path: &Path, numbers: std::ops::Range<i64>) -> SchemaRef {
        let texts: StringViewArray = numbers.clone().map(|n| (n % 3 > 0).then(|| format!("text {}", n % 5))).collect();
        let columns: [(&str, arrow::array::ArrayRef); 2] =
            [("n", Arc::new(Int64Array::from_iter_values(numbers))), ("text", Arc::new(texts))];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        // what the files of a store are read as: each column may lack values
        let nullable = |field: &Arc<arrow::datatypes::Field>| field.as_ref().clone().with_nullable(true);
        Arc::new(arrow::datatypes::Schema::new(batch.schema().fields().iter().map(nullable).collect::<Vec<_>>()))
    }

    /// A context with the table as the engine has it and as it is here.
    fn context(folder: &Path, partitions: usize) -> SessionContext {
        let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(partitions));
        let mut schema = None;
        let paths: Vec<ListingTableUrl> = (0..5)
            .map(|file| {
                let path = folder.join(format!("{file}.parquet"));
                schema = Some(write(&path, file * 10..(file + 1) * 10));
                ListingTableUrl::parse(path.to_string_lossy()).unwrap()
            })
            .collect();
        let table = || {
            let options = ListingOptions::new(Arc::new(ParquetFormat::new()))
                .with_file_sort_order(vec![vec![ident("n").sort(true, false)]]);
            let config = ListingTableConfig::new_with_multi_paths(paths.clone())
                .with_listing_options(options)
                .with_schema(schema.clone().unwrap());
            ListingTable::try_new(config).unwrap()
        };
        context.register_table("of_engine", Arc::new(table())).unwrap();
        context.register_table("listed", Arc::new(Listed::new(table()))).unwrap();
        context
    }

    #[tokio::test]
    async fn scans_are_those_of_the_engine_and_ask_for_the_files_once() {
        for partitions in [1, 3] {
            let folder = tempfile::tempdir().unwrap();
            let context = context(folder.path(), partitions);
            let plan = async |query: &str, table: &str| {
                let query = query.replace("$table", &format!("{table} AS t"));
                context.sql(&query).await.unwrap().create_physical_plan().await.unwrap()
            };
            let queries = [
                "SELECT count(*), min(n), max(n) FROM $table",
                "SELECT n FROM $table WHERE n > 12 ORDER BY n",
                "SELECT text, count(*) AS rows FROM $table WHERE text IS NOT NULL GROUP BY text ORDER BY text",
                "SELECT t.text, t.n FROM $table JOIN of_engine AS o ON t.n = o.n + 10 ORDER BY t.n",
                "SELECT n FROM $table ORDER BY n LIMIT 3",
            ];
            let mut told = Vec::new();
            for query in queries {
                let (of_engine, listed) = (plan(query, "of_engine").await, plan(query, "listed").await);
                let shown = |plan: &Arc<dyn ExecutionPlan>| {
                    displayable(plan.as_ref()).set_show_statistics(true).indent(true).to_string()
                };
                assert_eq!(shown(&listed), shown(&of_engine), "{query}");
                let rows = datafusion::physical_plan::collect(listed, context.task_ctx()).await.unwrap();
                told.push(pretty_format_batches(&rows).unwrap().to_string());
            }
            assert!(["50", "0", "49"].iter().all(|number| told[0].contains(&format!("| {number} "))), "{}", told[0]);
            assert_eq!(told[1].lines().count(), 37 + 4, "{}", told[1]);
            // a file that is gone is missed when its rows are wanted; the engine lists what is left, and answers without them
            fs::remove_file(folder.path().join("2.parquet")).unwrap();
            let [of_engine, listed] = [plan(queries[1], "of_engine").await, plan(queries[1], "listed").await];
            assert!(datafusion::physical_plan::collect(listed, context.task_ctx()).await.is_err());
            let left = datafusion::physical_plan::collect(of_engine, context.task_ctx()).await.unwrap();
            assert_eq!(left.iter().map(RecordBatch::num_rows).sum::<usize>(), 27);
        }
    }
}
