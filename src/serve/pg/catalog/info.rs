//! What there is, as PostgreSQL's catalog asks for it: names, columns, kinds.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::SchemaProvider as _;
use datafusion::datasource::TableType;
use datafusion::error::{DataFusionError, Result};
use datafusion_pg_catalog::pg_catalog::catalog_info::CatalogInfo;
use datafusion_pg_catalog::pg_catalog::context::EmptyContextProvider;
use datafusion_pg_catalog::pg_catalog::{PG_CATALOG_TABLES, PgCatalogSchemaProvider, PgCatalogStaticTables};

use super::names;
use crate::serve::pg::metric;
use crate::serve::pg::rows::shown as written;
use crate::serve::pg::schemas::{DATABASE, Metrics, PUBLIC, Tables};

/// What there is. Names are in one order always, so that the numbers which they are given do not change.
#[derive(Debug, Clone)]
pub struct Info {
    tables: Arc<Tables>,
    metrics: Arc<Metrics>,
    /// The columns of the catalog's own tables.
    own: Arc<BTreeMap<String, SchemaRef>>,
}

impl Info {
    /// Of these tables and metrics.
    pub fn new(tables: &Arc<Tables>, metrics: &Arc<Metrics>, fixed: &Arc<PgCatalogStaticTables>) -> Result<Info> {
        let none = Info { tables: Arc::clone(tables), metrics: Arc::clone(metrics), own: Arc::default() };
        let library = PgCatalogSchemaProvider::try_new(none.clone(), Arc::clone(fixed), EmptyContextProvider)?;
        let mut own = BTreeMap::new();
        for name in PG_CATALOG_TABLES {
            if let Some(table) = library.build_table_by_name(name)? {
                own.insert((*name).to_owned(), table.schema());
            }
        }
        Ok(Info { own: Arc::new(own), ..none })
    }
}

#[async_trait]
impl CatalogInfo for Info {
    async fn catalog_names(&self) -> Result<Vec<String>, DataFusionError> {
        Ok(vec![DATABASE.to_owned()])
    }

    async fn schema_names(&self, _: &str) -> Result<Option<Vec<String>>, DataFusionError> {
        Ok(Some([metric::SCHEMA, names::SCHEMA, PUBLIC].map(str::to_owned).into()))
    }

    async fn table_names(&self, _: &str, schema: &str) -> Result<Option<Vec<String>>, DataFusionError> {
        Ok(match schema {
            PUBLIC => Some(self.tables.names()),
            metric::SCHEMA => Some(self.metrics.table_names()),
            names::SCHEMA => Some(self.own.keys().cloned().collect()),
            _ => None,
        })
    }

    async fn table_schema(&self, _: &str, schema: &str, table: &str) -> Result<Option<SchemaRef>, DataFusionError> {
        Ok(match schema {
            PUBLIC => self.tables.table(table).await?.map(|table| written(&table.schema())),
            metric::SCHEMA => self.metrics.columns(table),
            names::SCHEMA => self.own.get(table).cloned(),
            _ => None,
        })
    }

    async fn table_type(&self, _: &str, schema: &str, table: &str) -> Result<Option<TableType>, DataFusionError> {
        match schema {
            PUBLIC => self.tables.table_type(table).await,
            metric::SCHEMA => self.metrics.table_type(table).await,
            names::SCHEMA => Ok(Some(TableType::Base)),
            _ => Ok(None),
        }
    }
}
