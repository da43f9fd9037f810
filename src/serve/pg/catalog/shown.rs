//! The schema `pg_catalog`: the library's tables, those that are ours in their place, and those that it leaves out.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use arrow::array::{ArrayRef, AsArray as _, Int32Array, StringArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};
use arrow::json::ReaderBuilder;
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use datafusion::catalog::{MemTable, SchemaProvider, TableProvider};
use datafusion::datasource::TableType;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion_postgres::datafusion_pg_catalog::pg_catalog::context::{PgCatalogContextProvider, Role};
use datafusion_postgres::datafusion_pg_catalog::pg_catalog::{
    PgCatalogSchemaProvider, PgCatalogStaticTables, PgCatalogTable,
};
use futures::TryStreamExt as _;
use serde_json::json;
use tokio::sync::OnceCell;

use super::comments::{Catalogued, Described, Known};
use super::functions::Ours;
use super::info::Info;
use super::names;
use crate::model::lang::Lang;
use crate::serve::pg::metric;
use crate::serve::pg::schemas::{Metrics, PUBLIC};
use crate::session::is_view;

/// Numbers of functions begin here, far from those of tables.
const FIRST_FUNCTION: i32 = 40_000;
/// The number of the owner of all there is.
const OWNER: i32 = 10;

/// The tables that are the same in every PostgreSQL, read once.
pub fn fixed() -> Result<Arc<PgCatalogStaticTables>> {
    static FIXED: OnceLock<Arc<PgCatalogStaticTables>> = OnceLock::new();
    match FIXED.get() {
        Some(fixed) => Ok(Arc::clone(fixed)),
        None => {
            let read = Arc::new(PgCatalogStaticTables::try_new()?);
            Ok(Arc::clone(FIXED.get_or_init(|| read)))
        }
    }
}

/// The one role that there is: who asks.
#[derive(Debug, Clone)]
struct Asker(String);

#[async_trait]
impl PgCatalogContextProvider for Asker {
    async fn roles(&self) -> Vec<String> {
        vec![self.0.clone()]
    }

    async fn role(&self, name: &str) -> Option<Role> {
        (name == self.0).then(|| Role {
            name: self.0.clone(),
            is_superuser: false,
            can_login: true,
            can_create_db: false,
            can_create_role: false,
            can_create_user: false,
            can_replication: false,
            grants: Vec::new(),
            inherited_roles: Vec::new(),
        })
    }
}

/// The schema.
pub struct Shown {
    library: PgCatalogSchemaProvider<Info, Asker>,
    fixed: Arc<PgCatalogStaticTables>,
    metrics: Arc<Metrics>,
    lang: Lang,
    ours: Vec<Ours>,
    described: Described,
    numbered: OnceCell<BTreeMap<String, i32>>,
    beside: BTreeMap<&'static str, RecordBatch>,
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(names::SCHEMA)
    }
}

impl Shown {
    /// For these tables and metrics, and for who asks.
    pub fn new(
        info: Info,
        fixed: &Arc<PgCatalogStaticTables>,
        metrics: &Arc<Metrics>,
        user: &str,
        lang: Lang,
        ours: Vec<Ours>,
    ) -> Result<Shown> {
        let library = PgCatalogSchemaProvider::try_new(info, Arc::clone(fixed), Asker(user.to_owned()))?;
        Ok(Shown {
            library,
            fixed: Arc::clone(fixed),
            metrics: Arc::clone(metrics),
            lang,
            ours,
            described: Described::default(),
            numbered: OnceCell::new(),
            beside: beside(user)?,
        })
    }

    /// What functions say of objects.
    pub fn described(&self) -> Described {
        self.described.clone()
    }

    async fn rows(&self, table: &str) -> Result<RecordBatch> {
        match self.library.build_table_by_name(table)? {
            Some(PgCatalogTable::Static(table)) => Ok(concat_batches(&table.schema(), table.data())?),
            Some(PgCatalogTable::Dynamic(table)) => {
                let batches: Vec<RecordBatch> = table.execute(Arc::new(TaskContext::default())).try_collect().await?;
                Ok(concat_batches(table.schema(), &batches)?)
            }
            _ => Err(DataFusionError::Internal(format!("{table} is not there"))),
        }
    }

    /// Gives all relations their numbers, in one order whatever is asked first, and notes what is said of them.
    async fn number(&self) -> Result<BTreeMap<String, i32>> {
        let classes = self.rows("pg_class").await?;
        let namespaces = self.rows("pg_namespace").await?;
        let schemas: BTreeMap<i32, String> = pairs(&namespaces, "oid", "nspname")?.into_iter().collect();
        let namespace_of = column::<i32>(&classes, "relnamespace")?;
        let attributes = self.rows("pg_attribute").await?;
        let places = column::<i32>(&attributes, "attnum")?;
        let mut known = Known::default();
        let mut say = |oid, sub, of, text: String| {
            known.comments.insert((oid, sub), (of, text));
        };
        let mut relations = BTreeMap::new();
        let mut definitions = BTreeMap::new();
        let mut by_oid = BTreeMap::new();
        for ((oid, name), namespace) in pairs(&classes, "oid", "relname")?.into_iter().zip(namespace_of) {
            let schema = schemas.get(&namespace).map(String::as_str).unwrap_or_default();
            relations.insert(format!("{schema}.{name}"), oid);
            if schema != metric::SCHEMA {
                relations.entry(name.clone()).or_insert(oid);
            }
            match schema {
                PUBLIC => {
                    say(oid, 0, Catalogued::Class, names::table(&name, self.lang));
                    if is_view(&name) {
                        definitions.insert(oid, String::new());
                    }
                }
                metric::SCHEMA => {
                    if let Some(metric) = self.metrics.get(&name) {
                        say(oid, 0, Catalogued::Class, names::metric(metric, self.lang));
                        definitions.insert(oid, metric.text.clone());
                    }
                }
                _ => {}
            }
            by_oid.insert(oid, (schema.to_owned(), name));
        }
        for ((oid, name), place) in pairs(&attributes, "attrelid", "attname")?.into_iter().zip(places) {
            let text = match by_oid.get(&oid) {
                Some((schema, table)) if schema == PUBLIC => names::column(table, &name, self.lang),
                Some((schema, table)) if schema == metric::SCHEMA => self.metrics.get(table).and_then(|metric| {
                    let column = metric.columns.iter().find(|column| column.name == name);
                    column.map(|column| names::of_metric(column, self.lang))
                }),
                _ => None,
            };
            if let Some(text) = text {
                say(oid, place, Catalogued::Class, text);
            }
        }
        let mut numbers = BTreeMap::new();
        for (oid, name) in schemas {
            let text = match name.as_str() {
                PUBLIC => self
                    .lang
                    .pick("Таблицы хранилища, регламент и представления", "Tables of the store, the regulation, views"),
                metric::SCHEMA => self.lang.pick("Метрики", "Metrics"),
                _ => continue,
            };
            say(oid, 0, Catalogued::Namespace, text.to_owned());
            numbers.insert(name, oid);
        }
        let mut functions = BTreeMap::new();
        let arguments = metric::signature();
        for (at, metric) in (FIRST_FUNCTION..).zip(self.metrics.all()) {
            say(at, 0, Catalogued::Proc, names::metric(&metric, self.lang));
            functions.insert(at, (arguments.clone(), "SETOF record".to_owned()));
        }
        let first = FIRST_FUNCTION + i32::try_from(functions.len()).unwrap_or_default();
        for (at, function) in (first..).zip(&self.ours) {
            functions.insert(at, (function.arguments.clone(), function.result.clone()));
        }
        (known.functions, known.definitions, known.relations) = (functions, definitions, relations);
        self.described.keep(known);
        Ok(numbers)
    }

    fn descriptions(&self) -> Result<RecordBatch> {
        let known = self.described.known();
        let rows = known.iter().flat_map(|known| &known.comments);
        let (mut objects, mut classes, mut subs, mut texts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for ((oid, sub), (of, text)) in rows {
            objects.push(*oid);
            classes.push(of.oid());
            subs.push(*sub);
            texts.push(text.clone());
        }
        let schema = self.fixed.pg_description.schema();
        let columns: BTreeMap<&str, ArrayRef> = BTreeMap::from([
            ("objoid", Arc::new(Int32Array::from(objects)) as ArrayRef),
            ("classoid", Arc::new(Int32Array::from(classes))),
            ("objsubid", Arc::new(Int32Array::from(subs))),
            ("description", Arc::new(StringArray::from(texts))),
        ]);
        let column = |field: &Arc<Field>| match columns.get(field.name().as_str()) {
            Some(array) => Ok(cast(array, field.data_type())?),
            None => Err(DataFusionError::Internal(format!("pg_description.{}", field.name()))),
        };
        let arrays = schema.fields().iter().map(column).collect::<Result<Vec<_>>>()?;
        Ok(RecordBatch::try_new(schema, arrays)?)
    }

    /// The library's functions, then the metrics, then our functions.
    fn procedures(&self, schemas: &BTreeMap<String, i32>) -> Result<Vec<RecordBatch>> {
        let table = &self.fixed.pg_proc;
        let schema_of = |name: &str| schemas.get(name).copied().unwrap_or_default();
        let metrics = self.metrics.all().map(|metric| (metric.name.clone(), metric::SCHEMA, "f", true));
        let ours = self.ours.iter().map(|function| (function.name.clone(), PUBLIC, function.kind, false));
        let mut lines = String::new();
        for (at, (name, schema, kind, is_set)) in (FIRST_FUNCTION..).zip(metrics.chain(ours)) {
            let row = json!({
                "oid": at, "proname": name, "pronamespace": schema_of(schema), "proowner": OWNER, "prolang": 14,
                "procost": 1.0, "prorows": if is_set { 100.0 } else { 0.0 }, "provariadic": 0, "prokind": kind,
                "prosecdef": false, "proleakproof": false, "proisstrict": false, "proretset": is_set,
                "provolatile": "s", "proparallel": "s", "pronargs": if is_set { 4 } else { 0 },
                "pronargdefaults": if is_set { 4 } else { 0 }, "prorettype": if is_set { 2249 } else { 0 }, "prosrc": "",
            });
            lines.push_str(&row.to_string());
            lines.push('\n');
        }
        let schema = table.schema();
        // the rows are read as the library's fields are, whether these may be null or not
        let open = |field: &Arc<Field>| field.as_ref().clone().with_nullable(true);
        let lax = Arc::new(Schema::new(schema.fields().iter().map(open).collect::<Vec<_>>()));
        let mut batches = Vec::new();
        for batch in table.data() {
            batches.push(RecordBatch::try_new(Arc::clone(&lax), batch.columns().to_vec())?);
        }
        for batch in ReaderBuilder::new(Arc::clone(&lax)).build(lines.as_bytes())? {
            batches.push(batch?);
        }
        Ok(batches)
    }
}

fn memory(batches: Vec<RecordBatch>, schema: SchemaRef) -> Result<Option<Arc<dyn TableProvider>>> {
    Ok(Some(Arc::new(MemTable::try_new(schema, vec![batches])?)))
}

/// A column as numbers.
fn column<T: From<i32>>(batch: &RecordBatch, name: &str) -> Result<Vec<T>> {
    let index = batch.schema().index_of(name)?;
    let numbers = cast(batch.column(index), &DataType::Int32)?;
    Ok(numbers.as_primitive::<Int32Type>().values().iter().map(|number| T::from(*number)).collect())
}

/// Two columns: numbers and names.
fn pairs(batch: &RecordBatch, oid: &str, name: &str) -> Result<Vec<(i32, String)>> {
    let names = cast(batch.column(batch.schema().index_of(name)?), &DataType::Utf8)?;
    let names = names.as_string::<i32>().iter().map(|name| name.unwrap_or_default().to_owned());
    Ok(column::<i32>(batch, oid)?.into_iter().zip(names).collect())
}

/// Tables that clients ask for and the library does not have.
fn beside(user: &str) -> Result<BTreeMap<&'static str, RecordBatch>> {
    let none = |names: &[(&str, DataType)]| {
        let fields = names.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true)).collect::<Vec<_>>();
        RecordBatch::new_empty(Arc::new(Schema::new(fields)))
    };
    let text = || DataType::Utf8;
    let users = RecordBatch::try_from_iter([
        ("usename", Arc::new(StringArray::from(vec![user])) as ArrayRef),
        ("usesysid", Arc::new(Int32Array::from(vec![OWNER]))),
        ("usesuper", Arc::new(arrow::array::BooleanArray::from(vec![false]))),
        ("usecreatedb", Arc::new(arrow::array::BooleanArray::from(vec![false]))),
    ])?;
    Ok(BTreeMap::from([
        ("pg_user", users),
        (
            "pg_indexes",
            none(&[
                ("schemaname", text()),
                ("tablename", text()),
                ("indexname", text()),
                ("tablespace", text()),
                ("indexdef", text()),
            ]),
        ),
        (
            "pg_rules",
            none(&[("schemaname", text()), ("tablename", text()), ("rulename", text()), ("definition", text())]),
        ),
        ("pg_policies", none(&[("schemaname", text()), ("tablename", text()), ("policyname", text())])),
        ("pg_sequences", none(&[("schemaname", text()), ("sequencename", text())])),
        ("pg_group", none(&[("groname", text()), ("grosysid", DataType::Int32)])),
        ("pg_stats", none(&[("schemaname", text()), ("tablename", text()), ("attname", text())])),
        ("pg_timezone_names", none(&[("name", text()), ("abbrev", text())])),
        ("pg_available_extensions", none(&[("name", text()), ("default_version", text()), ("comment", text())])),
        ("pg_locks", none(&[("pid", DataType::Int32), ("mode", text())])),
        (
            "pg_stat_activity",
            none(&[
                ("datname", text()),
                ("pid", DataType::Int32),
                ("usename", text()),
                ("application_name", text()),
                ("state", text()),
                ("query", text()),
            ]),
        ),
    ]))
}

#[async_trait]
impl SchemaProvider for Shown {
    fn table_names(&self) -> Vec<String> {
        let mut names = self.library.table_names();
        names.extend(self.beside.keys().map(|name| (*name).to_owned()));
        names
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        if let Some(batch) = self.beside.get(name) {
            return memory(vec![batch.clone()], batch.schema());
        }
        if !self.table_exist(name) {
            return Ok(None);
        }
        let schemas = self.numbered.get_or_try_init(|| self.number()).await?;
        match name {
            "pg_description" => {
                let batch = self.descriptions()?;
                let schema = batch.schema();
                memory(vec![batch], schema)
            }
            "pg_proc" => {
                let batches = self.procedures(schemas)?;
                let schema = batches.first().map_or_else(|| self.fixed.pg_proc.schema(), RecordBatch::schema);
                memory(batches, schema)
            }
            _ => self.library.table(name).await,
        }
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        Ok(self.table_exist(name).then_some(TableType::Base))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.beside.contains_key(name) || self.library.table_exist(name)
    }
}
