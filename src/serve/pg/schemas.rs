//! The schemas `public` and `metric`: what is in them is known at once, and made when it is named.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::datasource::TableType;
use datafusion::error::{DataFusionError, Result};
use tokio::sync::OnceCell;

use super::metric::{self, Wanted};
use crate::metrics::{Catalog, Metric};
use crate::session::{LATER_VIEWS, Session, SessionError, Wanted as Views, is_view};

/// The schema of tables and views.
pub struct Tables {
    session: Arc<Session>,
    plain: BTreeMap<String, Arc<dyn TableProvider>>,
    views: BTreeMap<&'static str, OnceCell<Arc<dyn TableProvider>>>,
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl Tables {
    /// What the session sees.
    pub async fn of(session: &Arc<Session>) -> Result<Tables> {
        let seen = session.context().state().schema_for_ref("deals")?;
        let mut plain = BTreeMap::new();
        for name in seen.table_names() {
            if !LATER_VIEWS.contains(&name.as_str())
                && let Some(table) = seen.table(&name).await?
            {
                plain.insert(name, table);
            }
        }
        let views = LATER_VIEWS.into_iter().map(|name| (name, OnceCell::new())).collect();
        Ok(Tables { session: Arc::clone(session), plain, views })
    }

    /// All names, sorted.
    pub fn names(&self) -> Vec<String> {
        let plain = self.plain.keys().cloned();
        plain.chain(self.views.keys().map(|name| (*name).to_owned())).collect::<BTreeSet<_>>().into_iter().collect()
    }

    async fn view(&self, name: &str) -> Result<Arc<dyn TableProvider>, SessionError> {
        let names = BTreeSet::from([name.to_owned()]);
        let wanted = Views { by: &[], names: &names, all_columns: true, shares: false, period: None };
        let context = self.session.scope(&wanted).await?;
        Ok(context.table_provider(name).await?)
    }
}

#[async_trait]
impl SchemaProvider for Tables {
    fn table_names(&self) -> Vec<String> {
        self.names()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let Some((name, view)) = self.views.get_key_value(name) else { return Ok(self.plain.get(name).cloned()) };
        let made = view.get_or_try_init(|| self.view(name)).await;
        made.map(|table| Some(Arc::clone(table))).map_err(|error| DataFusionError::External(Box::new(error)))
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        let kind = if is_view(name) { TableType::View } else { TableType::Base };
        Ok(Some(kind).filter(|_| self.table_exist(name)))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.plain.contains_key(name) || self.views.contains_key(name)
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
