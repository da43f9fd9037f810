//! The session: the one place that makes a query context, from a snapshot of the store, a regulation and a day.
//!
//! It sees every canonical table, the regulation's tables, our functions, and the views `scope`, `scope_entries` and
//! `scope_spend`, which metrics read. It changes nothing. Why as it is: `docs/decisions/session.md`.

mod clip;
mod dimensions;
mod error;
mod filled;
mod scope;
mod tables;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use chrono::NaiveDate;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::MemTable;
use datafusion::execution::context::{SQLOptions, SessionConfig, SessionContext};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;

pub use self::dimensions::SEPARATOR;
pub use self::error::SessionError;
use self::scope::{Scope, Staff};
use crate::functions;
use crate::model::tables::Table;
use crate::regulation::Regulation;
use crate::store::Snapshot;

/// What a session may use of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Resources {
    /// Bytes for sorting, grouping and joining, before they spill to the disk; none: no limit.
    pub memory: Option<usize>,
    /// How many parts of a query run at once; none: as many as there are cores.
    pub partitions: Option<NonZeroUsize>,
}

/// A query context over one state of a store, judged as of one day.
pub struct Session {
    context: SessionContext,
    snapshot: Snapshot,
    regulation: Regulation,
    as_of: NaiveDate,
    resources: Resources,
    staff: Staff,
    filled: Mutex<BTreeMap<Table, BTreeSet<String>>>,
}

impl Session {
    /// Opens a session that uses all cores.
    pub async fn open(
        snapshot: &Snapshot,
        regulation: &Regulation,
        as_of: NaiveDate,
        memory_limit: Option<usize>,
    ) -> Result<Session, SessionError> {
        let resources = Resources { memory: memory_limit, partitions: None };
        Session::open_with(snapshot, regulation, as_of, resources).await
    }

    /// Opens a session that uses no more than it is given.
    pub async fn open_with(
        snapshot: &Snapshot,
        regulation: &Regulation,
        as_of: NaiveDate,
        resources: Resources,
    ) -> Result<Session, SessionError> {
        let context = context(resources)?;
        // the hours of contact, once the regulation states them apart from the working hours
        functions::register(&context, regulation.calendar(), regulation.calendar())?;
        tables::register(&context, snapshot)?;
        for (name, rows) in regulation.tables() {
            let table = MemTable::try_new(rows.schema(), vec![vec![rows]])?;
            context.register_table(name, Arc::new(table))?;
        }
        let staff = Staff::read(&context).await?;
        let (snapshot, regulation) = (snapshot.clone(), regulation.clone());
        let session = Session { context, snapshot, regulation, as_of, resources, staff, filled: Mutex::default() };
        session.views(&[]).register(&session.context).await?;
        Ok(session)
    }

    /// Opens the same state of the store with the same resources, as of another day.
    pub async fn at(&self, as_of: NaiveDate) -> Result<Session, SessionError> {
        Session::open_with(&self.snapshot, &self.regulation, as_of, self.resources).await
    }

    /// A context that sees what the session sees, with the views `scope`, `scope_entries` and `scope_spend` split by
    /// these dimensions. It is the caller's own: questions asked at once do not see each other's split.
    ///
    /// `grp` holds the values with [`SEPARATOR`] between them, nothing where a value is null. Money is not spent by
    /// manager or team: split by a dimension that spend does not have, `scope_spend` has no rows.
    pub async fn scope(&self, by: &[String]) -> Result<SessionContext, SessionError> {
        dimensions::check(by, &self.dimensions())?;
        let context = tables::beside(&self.context).await?;
        self.views(by).register(&context).await?;
        Ok(context)
    }

    fn views<'a>(&'a self, by: &'a [String]) -> Scope<'a> {
        let epoch = chrono::DateTime::UNIX_EPOCH.date_naive();
        let cut_day = i32::try_from((self.as_of - epoch).num_days()).unwrap_or(i32::MAX);
        let cut = self.regulation.calendar().midnight(self.as_of).timestamp_micros();
        Scope { by, cut, cut_day, staff: &self.staff }
    }

    /// By what `scope` can be split: the canonical dimensions, then the columns that mappings added to deals.
    pub fn dimensions(&self) -> Vec<String> {
        dimensions::all(&self.snapshot)
    }

    /// The engine's context, its views not split.
    pub fn context(&self) -> &SessionContext {
        &self.context
    }

    /// The version of the store: the number of the newest ingest that is seen.
    pub fn version(&self) -> u64 {
        self.snapshot.version
    }

    /// The state of the store that is seen.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The cut: the views do not show what happened on this local day or later.
    pub fn as_of(&self) -> NaiveDate {
        self.as_of
    }

    /// The regulation by which is judged.
    pub fn regulation(&self) -> &Regulation {
        &self.regulation
    }

    /// Plans one query that changes nothing: SELECT, EXPLAIN, SHOW or DESCRIBE.
    pub async fn sql(&self, query: &str) -> Result<DataFrame, SessionError> {
        let plan = self.context.state().create_logical_plan(query).await?;
        let read_only = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        read_only.verify_plan(&plan).map_err(|e| SessionError::ReadOnly { what: e.strip_backtrace() })?;
        Ok(self.context.execute_logical_plan(plan).await?)
    }

    /// Whether the table holds any row.
    pub fn present(&self, table: Table) -> bool {
        self.snapshot.tables.get(&table).is_some_and(|state| state.rows() > 0)
    }

    /// The columns of the table that hold at least one value.
    pub fn columns_filled(&self, table: Table) -> Result<BTreeSet<String>, SessionError> {
        let mut known = self.filled.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(columns) = known.get(&table) {
            return Ok(columns.clone());
        }
        let columns = self.snapshot.tables.get(&table).map(filled::columns).transpose()?.unwrap_or_default();
        known.insert(table, columns.clone());
        Ok(columns)
    }
}

fn context(resources: Resources) -> Result<SessionContext, SessionError> {
    let mut config = SessionConfig::new().with_information_schema(true).with_collect_statistics(true);
    if let Some(partitions) = resources.partitions {
        config = config.with_target_partitions(partitions.get());
    }
    let mut runtime = RuntimeEnvBuilder::new();
    if let Some(bytes) = resources.memory {
        runtime = runtime.with_memory_pool(Arc::new(FairSpillPool::new(bytes)));
    }
    // coalesce(x, FALSE) is planned as never null and executed as a CASE that may be: DataFusion 55 refuses a plain
    // aggregate over it
    config.options_mut().execution.skip_physical_aggregate_schema_check = true;
    let context = SessionContext::new_with_config_rt(config, runtime.build_arc()?);
    // DataFusion 55 takes the key of one side of a cross join for a key of the product, and with this rule drops the
    // other columns from an ORDER BY: weeks came out in any order
    context.remove_optimizer_rule("eliminate_duplicated_expr");
    Ok(context)
}
