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
