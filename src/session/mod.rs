//! The session: the one place that makes a query context, from a snapshot of the store, a regulation and a day.
//!
//! It sees every canonical table, the regulation's tables, our functions, and the views `scope`, `scope_entries` and
//! `scope_spend`, which metrics read. It changes nothing. Why as it is: `docs/decisions/session.md`.

mod at_cut;
mod bounded;
pub(crate) mod bounds;
mod coalesce;
mod compact;
mod counted;
mod decoded;
mod dimensions;
mod door;
pub mod elsewhere;
mod engine;
mod error;
mod footers;
mod giving_way;
pub(crate) mod held_rows;
mod held_once;
mod hold;
mod inlined;
mod judge;
mod known;
mod many;
mod memory;
#[cfg(feature = "cluster")]
pub(crate) mod library;
mod list_filter;
mod listed;
mod lists;
mod of_report;
mod one_step;
mod only;
mod passing;
mod pool;
mod replaced;
pub(crate) mod room;
pub(crate) mod running;
mod scope;
mod small_side;
mod source_days;
mod sources;
mod staff;
pub(crate) mod tables;
mod taken;
mod told;
mod turns;
mod under;
#[cfg(test)]
mod tests;
mod views;
mod wall;
mod windows;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use arrow::array::AsArray;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use chrono::NaiveDate;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SessionContext;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::prelude::{cast, col};

use self::at_cut::AtCut;
pub use self::bounds::read_only;
pub(crate) use self::dimensions::SEPARATOR;
use self::elsewhere::Elsewhere;
pub use self::engine::Resources;
pub use self::error::SessionError;
use self::footers::Footers;
use self::hold::Hold;
pub use self::memory::Memory;
use self::of_report::OfReport;
use self::room::Room;
use self::scope::{Columns, Scope};
use self::sources::Sources;
use self::staff::Staff;
use self::views::Loaded;
pub use self::views::words;
pub(crate) use self::views::{exports_of, is_view};
use crate::functions;
use crate::model::tables::Table;
use crate::regulation::Regulation;
use crate::store::{Answers, Snapshot, fingerprint};

/// What a query context is to have beside the tables of the store.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The dimensions to split by.
    pub by: &'a [String],
    /// The words of the queries: the views and functions that they name are made, and the columns of `scope`.
    pub names: &'a BTreeSet<String>,
    /// Whether `scope` has all its columns, named or not.
    pub all_columns: bool,
    /// Whether views may be tables of rows that other questions read too: then nothing below their columns can be seen in a plan.
    pub shares: bool,
    /// The first local day that is asked about and the day after the last: `period_checks` is made for it.
    pub period: Option<[NaiveDate; 2]>,
}

/// A query context over one state of a store, judged as of one day.
pub struct Session {
    context: SessionContext,
    snapshot: Snapshot,
    regulation: Regulation,
    as_of: NaiveDate,
    /// The day from which it looks: later than `as_of` where two days are compared.
    seen_from: NaiveDate,
    resources: Resources,
    staff: Arc<Staff>,
    /// When the newest export of deals was taken: of what is open nothing is known from then on. None: nobody knows.
    deals_until: Option<i64>,
    only: Vec<Hold>,
    /// The same, a pair for each value.
    held: Vec<(String, String)>,
    /// What the files of the tables say of their columns, once somebody has asked; the same at every cut.
    footers: Arc<Mutex<BTreeMap<Table, Arc<Footers>>>>,
    /// On which days there are events of each source, once somebody has asked; the same at every cut.
    sources: Arc<tokio::sync::OnceCell<Sources>>,
    /// What earlier commands computed of the same state.
    answers: Option<Answers>,
    /// A name for the regulation, whole.
    judged_by: Arc<str>,
    /// The deals as they were known at the cut, where many questions are asked of a store that is not large: what each question would compute
    /// from the journeys again.
    at_cut: Option<Arc<AtCut>>,
    /// What it shares with the sessions of the same report.
    of_report: OfReport,
    /// Where plans run, if not here.
    elsewhere: Option<Arc<dyn Elsewhere>>,
    /// Whether the context has the views already that read no event, and those that do, once somebody has written SQL.
    views: Arc<[tokio::sync::OnceCell<()>; 2]>,
    /// The same session as SQL sees it that others write, where it is held to some rows and somebody has written SQL.
    walled: Arc<tokio::sync::OnceCell<Arc<Session>>>,
    /// Whether it is that session: its context has the rows alone to which it is held.
    is_walled: bool,
}

impl Session {
    /// Opens a session that uses all cores.
    pub async fn open(
        snapshot: &Snapshot,
        regulation: &Regulation,
        as_of: NaiveDate,
        memory_limit: Option<usize>,
    ) -> Result<Session, SessionError> {
        let resources = Resources { memory: memory_limit, ..Resources::default() };
        Session::open_with(snapshot, regulation, as_of, resources).await
    }

    /// Opens a session that uses no more than it is given.
    pub async fn open_with(
        snapshot: &Snapshot,
        regulation: &Regulation,
        as_of: NaiveDate,
        resources: Resources,
    ) -> Result<Session, SessionError> {
        Session::open_in(snapshot, regulation, as_of, resources, engine::runtime(resources)?, Arc::default()).await
    }

    async fn open_in(
        snapshot: &Snapshot,
        regulation: &Regulation,
        as_of: NaiveDate,
        resources: Resources,
        runtime: Arc<RuntimeEnv>,
        footers: Arc<Mutex<BTreeMap<Table, Arc<Footers>>>>,
    ) -> Result<Session, SessionError> {
        let context = engine::context(resources, runtime)?;
        functions::register(&context, regulation.calendar(), regulation.contact_hours())?;
        judge::register(&context, regulation);
        tables::register(&context, snapshot)?;
        for (name, rows) in regulation.tables() {
            let table = MemTable::try_new(rows.schema(), vec![vec![rows]])?;
            context.register_table(name, Arc::new(table))?;
        }
        let staff = Arc::new(Staff::read(&context).await?);
        let mut session = Session {
            context,
            snapshot: snapshot.clone(),
            regulation: regulation.clone(),
            as_of,
            seen_from: as_of,
            resources,
            staff,
            deals_until: None,
            only: Vec::new(),
            held: Vec::new(),
            footers,
            sources: Arc::default(),
            answers: None,
            judged_by: Arc::default(),
            at_cut: None,
            of_report: OfReport::default(),
            views: Arc::default(),
            walled: Arc::default(),
            is_walled: false,
            elsewhere: None,
        };
        session.deals_until = session.taken(Table::Deals).await?.map(|taken| taken.timestamp_micros() + 1);
        session.scope_of(&[]).register(&session.context).await?;
        Ok(session)
    }

    /// The same session, which looks among kept answers before it computes, and keeps its own there.
    #[must_use]
    pub fn with_answers(mut self, answers: Option<Answers>) -> Session {
        self.judged_by = fingerprint(&format!("{:?}", self.regulation)).into();
        self.answers = answers;
        self
    }

    /// The same session, whose questions are computed elsewhere. What it reads for itself is read here: teams, and on which days there
    /// are events.
    #[must_use]
    pub fn computed(mut self, elsewhere: Arc<dyn Elsewhere>) -> Session {
        self.elsewhere = Some(elsewhere);
        self
    }

    /// The kept answer to a question of one metric or of the session's own, and the whole question: with it goes all on which an answer
    /// depends beside the state of the store.
    pub fn answered(&self, question: &str) -> (Option<RecordBatch>, String) {
        let Session { judged_by, as_of, seen_from, only, .. } = self;
        let question = format!("{question}\n{judged_by}\n{as_of} {seen_from}\n{only:?}");
        (self.answers.as_ref().and_then(|answers| answers.get(&question)), question)
    }

    /// Keeps the answer to a whole question, where answers are kept. Sums that came in another order, from elsewhere, may differ in the
    /// last digit from those of this process.
    pub fn keep(&self, question: &str, answer: &RecordBatch) {
        if let Some(answers) = self.answers.as_ref().filter(|_| self.elsewhere.is_none()) {
            answers.put(question, answer);
        }
    }

    /// Opens the same state of the store with the same resources, held to the same values, as of another day. The two share the memory limit
    /// and what is known of the files.
    pub async fn at(&self, as_of: NaiveDate) -> Result<Session, SessionError> {
        self.opened_again(as_of, self.resources).await
    }

    async fn opened_again(&self, as_of: NaiveDate, resources: Resources) -> Result<Session, SessionError> {
        let (runtime, footers) = (self.context.runtime_env(), Arc::clone(&self.footers));
        let mut other = Session::open_in(&self.snapshot, &self.regulation, as_of, resources, runtime, footers).await?;
        other.only.clone_from(&self.only);
        other.held.clone_from(&self.held);
        other.sources = Arc::clone(&self.sources);
        other.answers.clone_from(&self.answers);
        other.judged_by = Arc::clone(&self.judged_by);
        other.seen_from = self.seen_from.max(as_of);
        other.elsewhere.clone_from(&self.elsewhere);
        let mut other = other.sharing(self.of_report.clone());
        let is_same = (other.as_of, other.seen_from) == (self.as_of, self.seen_from);
        other.at_cut = self.at_cut.as_ref().map(|held| if is_same { Arc::clone(held) } else { held.begun_anew() });
        Ok(other)
    }

    /// The values that deals have of a dimension, those of most deals first.
    pub async fn values(&self, dimension: &str) -> Result<Vec<String>, SessionError> {
        let (by, names) = ([dimension.to_owned()], BTreeSet::new());
        let wanted = Wanted { by: &by, names: &names, all_columns: false, shares: true, period: None };
        let context = self.scope(&wanted).await?;
        let counted =
            context.table("scope").await?.aggregate(vec![col("grp")], vec![count(col("deal_id")).alias("deals")])?;
        let counted = counted.sort(vec![col("deals").sort(false, false), col("grp").sort(true, false)])?;
        let names = counted.select(vec![cast(col("grp"), DataType::Utf8).alias("grp")])?.collect().await?;
        let names = names.iter().flat_map(|batch| batch.column(0).as_string::<i32>().iter().flatten());
        Ok(names.filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }

    /// A context that sees what the session sees, with the views `scope`, `scope_entries` and `scope_spend`, and those
    /// of the others that `names` holds, split by these dimensions. It is the caller's own: questions asked at once do
    /// not see each other's split.
    ///
    /// `grp` holds the values with `SEPARATOR` between them, nothing where a value is null. Money is not spent by
    /// manager or team: split by a dimension that spend does not have, `scope_spend` has no rows.
    pub async fn scope(&self, wanted: &Wanted<'_>) -> Result<SessionContext, SessionError> {
        let Wanted { by, names, all_columns, shares, period } = *wanted;
        dimensions::check(by, &self.dimensions())?;
        let context = tables::beside(&self.context, |name| !views::is_view(name) && !self.hides(name)).await?;
        let context = self.elsewhere(context);
        let mut views = self.scope_of(by);
        if !all_columns {
            views.columns = Columns::Of(views::columns_read(names));
            views.held = self.deals_at_cut().await?;
        }
        views.register(&context).await?;
        let mut loaded = self.loaded(&context, names).await?;
        loaded.period = period.map(|days| days.map(|day| self.regulation.calendar().midnight(day).timestamp_micros()));
        let mut names = names.clone();
        if shares {
            for name in views::SHARED.into_iter().filter(|name| names.contains(*name)) {
                if let Some(rows) = self.view_at_cut(name, loaded.period).await? {
                    let rows = context.read_table(rows)?;
                    context.register_table(name, views.in_groups(rows).await?.into_view())?;
                }
            }
            names.retain(|name| !context.table_exist(name.as_str()).unwrap_or(false));
        }
        views.register_named(&context, &names, &loaded).await?;
        Ok(context)
    }

    /// The context, or one with the same tables whose plans run elsewhere.
    fn elsewhere(&self, context: SessionContext) -> SessionContext {
        match &self.elsewhere {
            None => context,
            Some(elsewhere) => {
                let store = tables::folder(&self.snapshot);
                let files = self.snapshot.tables.values().flat_map(|table| &table.files);
                let bytes = files.map(|file| file.bytes).sum();
                let mut state = context.state();
                state.config_mut().set_extension(Room::without_disk());
                let state = elsewhere.state(state, &self.regulation, store.as_deref(), bytes);
                SessionContext::new_with_state(state)
            }
        }
    }

    /// What the store knows, where a view or a function among `names` asks; the context then has the functions.
    async fn loaded(&self, context: &SessionContext, names: &BTreeSet<String>) -> Result<Loaded<'_>, SessionError> {
        static NONE: Sources = Sources::none();
        if !views::want_sources(names) {
            return Ok(Loaded { sources: &NONE, columns: BTreeSet::new(), period: None });
        }
        let sources = self.sources.get_or_try_init(|| self.read_sources()).await?;
        sources.register(context, self.regulation.calendar(), self.as_of);
        let mut columns = self.columns_filled(Table::Journeys)?;
        columns.extend(self.columns_filled(Table::Deals)?);
        Ok(Loaded { sources, columns, period: None })
    }

    /// The days of all sources. They depend on the store and the time zone alone.
    async fn read_sources(&self) -> Result<Sources, DataFusionError> {
        let question = format!("sources {}", self.regulation.calendar().zone);
        if let Some(days) = self.answers.as_ref().and_then(|answers| answers.get(&question)) {
            return Sources::of(&days);
        }
        let days = source_days::read(&self.context).await?;
        self.keep(&question, &days);
        Sources::of(&days)
    }

    fn scope_of<'a>(&'a self, by: &'a [String]) -> Scope<'a> {
        let epoch = chrono::DateTime::UNIX_EPOCH.date_naive();
        let cut_day = i32::try_from((self.as_of - epoch).num_days()).unwrap_or(i32::MAX);
        let begins = |day| self.regulation.calendar().midnight(day).timestamp_micros();
        let cut = begins(self.as_of);
        let day_after = self.as_of.succ_opt().map_or(i64::MAX, begins);
        let Session { context: tables, regulation, staff, only, .. } = self;
        let is_earlier = self.as_of < self.seen_from;
        let seen_until = self.deals_until.unwrap_or(cut).min(cut);
        // what cannot be read fails where it is asked for
        let has_gone = self.columns_filled(Table::Deals).is_ok_and(|columns| columns.contains("gone_at"));
        let journeys = self.footers_of(Table::Journeys).ok();
        let holds = |name: &str| journeys.as_ref().is_some_and(|known| known.filled.contains(name));
        let histories = scope::RARE.into_iter().filter(|name| holds(name)).collect();
        let may_reach = |name: &str| journeys.as_ref().is_none_or(|known| known.may_reach(name, cut));
        let late = scope::timed().filter(|name| may_reach(name)).collect();
        let states_all = journeys.as_ref().is_some_and(|known| known.is_full("status"));
        let columns = Columns::All;
        Scope {
            tables,
            regulation,
            by,
            only,
            cut,
            seen_until,
            day_after,
            is_earlier,
            cut_day,
            has_gone,
            histories,
            late,
            states_all,
            staff: staff.as_ref(),
            columns,
            held: None,
        }
    }

    /// By what `scope` can be split: the canonical dimensions, then the columns that mappings added to deals.
    pub fn dimensions(&self) -> Vec<String> {
        dimensions::all(&self.snapshot)
    }

    /// Refuses what is no dimension, and says which may have been meant.
    pub fn check_dimension(&self, name: &str) -> Result<(), SessionError> {
        dimensions::check(&[name.to_owned()], &self.dimensions())
    }

    /// The columns of deals that mappings added.
    pub fn further_columns(&self) -> impl Iterator<Item = String> {
        let state = self.snapshot.tables.get(&Table::Deals);
        state.into_iter().flat_map(|state| state.extra.iter().cloned())
    }

    /// The engine's context, its views not split. It has the rows of all, whatever the session is held to: SQL that somebody writes
    /// never sees it.
    pub(crate) fn context(&self) -> &SessionContext {
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
    ///
    /// Of a session that is held to some rows it sees those alone, and of tables without a certain owner nothing.
    pub async fn sql(&self, query: &str) -> Result<DataFrame, SessionError> {
        if self.needs_wall() {
            return Box::pin(self.behind_wall().await?.sql(query)).await;
        }
        if let Some(what) = bounds::refuse(query) {
            return Err(SessionError::TooMuch { what });
        }
        bounds::guarded(async {
            // those that must read all events first are there for who names them, or asks what there is
            let words = words(query);
            let [plain, reading] = &*self.views;
            plain.get_or_try_init(|| self.register_those(|name| !views::reads_events(name))).await?;
            if views::want_sources(&words) || ["show", "information_schema"].iter().any(|word| words.contains(*word)) {
                reading.get_or_try_init(|| self.register_those(views::reads_events)).await?;
            }
            let plan = self.context.state().create_logical_plan(query).await?;
            read_only(&plan).map_err(|e| SessionError::ReadOnly { what: e.strip_backtrace() })?;
            Ok(self.elsewhere(self.context.clone()).execute_logical_plan(plan).await?)
        })
        .await
    }

    /// SQL that somebody writes sees all views, each registered once.
    async fn register_those(&self, wanted: impl Fn(&str) -> bool) -> Result<(), SessionError> {
        let names = views::NAMES.into_iter().filter(|name| wanted(name)).map(str::to_owned).collect();
        let loaded = self.loaded(&self.context, &names).await?;
        Ok(self.scope_of(&[]).register_named(&self.context, &names, &loaded).await?)
    }

    /// Whether the table holds any row.
    pub fn present(&self, table: Table) -> bool {
        self.snapshot.tables.get(&table).is_some_and(|state| state.rows() > 0)
    }

    /// The columns of the table that hold at least one value.
    pub fn columns_filled(&self, table: Table) -> Result<BTreeSet<String>, SessionError> {
        Ok(self.footers_of(table)?.filled.clone())
    }

    fn footers_of(&self, table: Table) -> Result<Arc<Footers>, SessionError> {
        let mut known = self.footers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(footers) = known.get(&table) {
            return Ok(Arc::clone(footers));
        }
        let footers = self.snapshot.tables.get(&table).map(Footers::read).transpose()?.unwrap_or_default();
        let footers = Arc::new(footers);
        known.insert(table, Arc::clone(&footers));
        Ok(footers)
    }
}
