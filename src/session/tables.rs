//! The tables of a snapshot as the engine scans them: its Parquet files, listed one by one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider,
    TableProvider,
};
use datafusion::dataframe::DataFrame;
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::SessionContext;
use datafusion::functions::expr_fn::replace;
use datafusion::logical_expr::SortExpr;
use datafusion::prelude::{ident, lit};
use object_store::local::LocalFileSystem;

use super::listed::Listed;
use crate::model::tables::Table;
use crate::store::{Snapshot, TableState};

/// Registers every canonical table; one that was never ingested has its columns and no rows.
pub(super) fn register(context: &SessionContext, snapshot: &Snapshot) -> Result<()> {
    let base = match snapshot.objects() {
        Some((url, objects)) => {
            context.register_object_store(&url, Arc::new(objects?));
            url
        }
        None => {
            let files = snapshot.tables.values().flat_map(|state| &state.files);
            if let Some(root) = files.map(|file| root(&file.path)).next() {
                context.register_object_store(&base()?, Arc::new(LocalFileSystem::new_with_prefix(root)?));
            }
            base()?
        }
    };
    for table in Table::ALL {
        let provider: Arc<dyn TableProvider> = match snapshot.tables.get(&table) {
            Some(state) if !state.files.is_empty() => Arc::new(Listed::new(listing(context, &base, table, state)?)),
            state => Arc::new(EmptyTable::new(views(&schema(table, state)))),
        };
        match table {
            Table::Ingests => {
                context.register_table(table.name(), ingests(context, provider)?.into_view())?;
            }
            _ => {
                context.register_table(table.name(), provider)?;
            }
        }
    }
    Ok(())
}

/// A context with the same functions and rules, and with the tables that are wanted: what is added to it, the first does
/// not see.
pub(super) async fn beside(context: &SessionContext, wanted: impl Fn(&str) -> bool) -> Result<SessionContext> {
    let names = context.state().config_options().catalog.clone();
    let (catalogs, catalog) = (MemoryCatalogProviderList::new(), MemoryCatalogProvider::new());
    catalog.register_schema(&names.default_schema, Arc::new(MemorySchemaProvider::new()))?;
    catalogs.register_catalog(names.default_catalog, Arc::new(catalog));
    let state = SessionStateBuilder::new_from_existing(context.state()).with_catalog_list(Arc::new(catalogs)).build();
    let other = SessionContext::new_with_state(state);
    let tables = context.state().schema_for_ref("deals")?;
    for name in tables.table_names().into_iter().filter(|name| wanted(name)) {
        if let Some(provider) = tables.table(&name).await? {
            other.register_table(name, provider)?;
        }
    }
    Ok(other)
}

/// The record of ingests: without the rows that only name the version of a table that the ingest did not touch, and
/// with the exports, which stand a line each in the file, on one line.
fn ingests(context: &SessionContext, provider: Arc<dyn TableProvider>) -> Result<DataFrame> {
    let columns = Table::Ingests.columns().iter().map(|c| match c.name {
        "exports" => replace(ident("exports"), lit("\n"), lit(", ")).alias("exports"),
        name => ident(name),
    });
    context.read_table(provider)?.filter(ident("read").is_not_null())?.select(columns.collect::<Vec<_>>())
}

fn schema(table: Table, state: Option<&TableState>) -> SchemaRef {
    state.map_or_else(|| table.schema(&[]), |s| s.schema.clone())
}

/// The schema with top-level text as views, which is how Parquet text is read and compared fastest.
fn views(schema: &Schema) -> SchemaRef {
    let view = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8 => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View)),
        _ => field.clone(),
    };
    Arc::new(Schema::new(schema.fields().iter().map(view).collect::<Vec<_>>()))
}

fn listing(context: &SessionContext, base: &url::Url, table: Table, state: &TableState) -> Result<ListingTable> {
    let paths = state.files.iter().map(|file| url(base, &file.path)).collect::<Result<Vec<_>>>()?;
    let format = ParquetFormat::new().with_options(context.state().default_table_options().parquet);
    let options = ListingOptions::new(Arc::new(format)).with_file_sort_order(order(table));
    let config =
        ListingTableConfig::new_with_multi_paths(paths).with_listing_options(options).with_schema(views(&state.schema));
    let cache = context.runtime_env().cache_manager.get_file_statistic_cache();
    Ok(ListingTable::try_new(config)?.with_cache(cache))
}

/// Where the engine believes a store in a folder to lie.
pub(crate) const ADDRESS: &str = "store://local/";

/// That address: the path to its folder may have signs in it that mean something in an address.
fn base() -> Result<url::Url> {
    url::Url::parse(ADDRESS).map_err(|error| DataFusionError::External(Box::new(error)))
}

/// The folder of the store, whole; `None` if it has no files yet.
pub(super) fn folder(snapshot: &Snapshot) -> Option<PathBuf> {
    let file = snapshot.tables.values().flat_map(|state| &state.files).next()?;
    std::path::absolute(root(&file.path)).ok()
}

/// The store's folder, by a data file: `store/table/attempt/file`.
fn root(path: &Path) -> &Path {
    path.ancestors().nth(3).unwrap_or(path)
}

fn url(base: &url::Url, path: &Path) -> Result<ListingTableUrl> {
    let mut url = base.clone();
    let parts = path.strip_prefix(root(path)).map_err(|error| DataFusionError::External(Box::new(error)))?;
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(parts.iter().map(|part| part.to_string_lossy()));
    }
    ListingTableUrl::try_new(url, None)
}

/// The order of the rows in each file, as far as it is certain: by the first column, where that is part of a key and so
/// never null. Where nulls stand is nowhere promised, and an order that is declared and not kept gives wrong rows.
fn order(table: Table) -> Vec<Vec<SortExpr>> {
    let first = table.sorted_by().first().filter(|first| table.key().first() == Some(first));
    first.map(|column| vec![ident(*column).sort(true, false)]).into_iter().collect()
}

/// The cut as a literal of the type that instants have.
pub(super) fn instant(micros: i64) -> datafusion::prelude::Expr {
    lit(datafusion::scalar::ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into())))
}
