//! The schemas `public` and `metric`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::datasource::TableType;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::SessionContext;

use super::metric::{self, Wanted};
use crate::metrics::{Catalog, Metric};
use crate::session::is_view;

/// The name of the database, and of the engine's catalog.
pub const DATABASE: &str = "voronka";
/// The schema of tables and views.
pub const PUBLIC: &str = "public";

/// The schema of tables and views: what a session shows to those who write SQL, and nothing of it can be changed.
#[derive(Debug)]
pub struct Tables {
    seen: Arc<dyn SchemaProvider>,
}

impl Tables {
    /// What a context sees.
    pub fn of(context: &SessionContext) -> Result<Tables> {
        Ok(Tables { seen: context.state().schema_for_ref("deals")? })
    }

    /// All names, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names = self.seen.table_names();
        names.sort();
        names
    }
}

#[async_trait]
impl SchemaProvider for Tables {
    fn table_names(&self) -> Vec<String> {
        self.names()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        self.seen.table(name).await
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        let kind = if is_view(name) { TableType::View } else { TableType::Base };
        Ok(Some(kind).filter(|_| self.table_exist(name)))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.seen.table_exist(name)
    }
}

/// The schema of metrics.
pub struct Metrics {
    metrics: BTreeMap<String, Arc<Metric>>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.metrics.keys()).finish()
    }
}

impl Metrics {
    /// Those of a catalog.
    pub fn of(catalog: &Catalog) -> Metrics {
        let all = catalog.names().filter_map(|name| catalog.get(name).ok());
        Metrics { metrics: all.map(|metric| (metric.name.clone(), Arc::new(metric.clone()))).collect() }
    }

    /// All of them, by name.
    pub fn all(&self) -> impl Iterator<Item = Arc<Metric>> {
        self.metrics.values().cloned()
    }

    /// The metric of that name.
    pub fn get(&self, name: &str) -> Option<&Arc<Metric>> {
        self.metrics.get(name)
    }

    /// The columns of a metric that is not split.
    pub fn columns(&self, name: &str) -> Option<SchemaRef> {
        self.get(name).map(|metric| metric::schema(metric, &[]))
    }
}

#[async_trait]
impl SchemaProvider for Metrics {
    fn table_names(&self) -> Vec<String> {
        self.metrics.keys().cloned().collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        self.get(name).map(|metric| metric::table(metric, Wanted::default())).transpose()
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        Ok(self.get(name).map(|_| TableType::View))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.metrics.contains_key(name)
    }
}
