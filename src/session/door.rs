//! What SQL that others write sees: all tables and views; or, of a session that is held to some rows, those rows and nothing else.
//!
//! Of a table that has no owner, or whose owner is not certain, a session that is held sees nothing: there is no such table.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use datafusion::common::JoinType;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::MemTable;
use datafusion::datasource::empty::EmptyTable;
use datafusion::error::Result;
use datafusion::execution::context::SessionContext;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{Expr, cast, lit};

use super::dimensions::{column, text};
use super::scope::Scope;
use super::staff::Staff;
use super::wall::Wall;
use super::{Session, SessionError, bounds, tables, views};
use crate::model::tables::Table;

/// The dimensions that a manager tells; of an event, its own manager where it has no deal.
const OF_MANAGER: [&str; 3] = ["manager", "team", "supervisor"];

/// Who has rows that are seen.
struct Own {
    managers: BTreeSet<String>,
    branches: BTreeSet<String>,
}

impl Session {
    /// The context of SQL that others write: the tables, the views and the functions that it may see, and nothing else. Whoever plans in it
    /// runs what [`plan_in`](Session::plan_in) allows.
    pub async fn door(&self) -> Result<SessionContext, SessionError> {
        if self.needs_wall() {
            return Ok(self.behind_wall().await?.context.clone());
        }
        self.with_all_views().await?;
        Ok(self.context.clone())
    }

    /// Plans a statement in a context that [`Session::door`] gave, or one that was made out of it; refuses what is no question.
    pub async fn plan_in(context: &SessionContext, sql: &str) -> Result<LogicalPlan, SessionError> {
        if let Some(what) = bounds::refuse(sql) {
            return Err(SessionError::TooMuch { what });
        }
        bounds::guarded(async {
            let plan = context.state().create_logical_plan(sql).await?;
            bounds::read_only(&plan).map_err(|e| SessionError::ReadOnly { what: e.strip_backtrace() })?;
            Ok(plan)
        })
        .await
    }

    /// Whether SQL that somebody writes would see rows here that are not to be seen.
    pub(super) fn needs_wall(&self) -> bool {
        !self.only.is_empty() && !self.is_walled
    }

    /// The same session as SQL sees it that others write: its context has the rows alone to which it is held.
    pub(super) async fn behind_wall(&self) -> Result<&Session, SessionError> {
        Ok(self.walled.get_or_try_init(|| async { Ok::<_, SessionError>(Arc::new(self.walled().await?)) }).await?)
    }

    /// All views are registered, those that read events included.
    pub(super) async fn with_all_views(&self) -> Result<(), SessionError> {
        let [plain, reading] = &*self.views;
        plain.get_or_try_init(|| self.register_those(|name| !views::reads_events(name))).await?;
        reading.get_or_try_init(|| self.register_those(views::reads_events)).await?;
        Ok(())
    }

    async fn walled(&self) -> Result<Session, SessionError> {
        let scope = self.scope_of(&[]);
        let own = Own::of(&scope).await?;
        let is_table = |name: &str| Table::named(name).is_some();
        let context = tables::beside(&self.context, |name| !is_table(name) && !views::is_view(name)).await?;
        let mut hidden = Vec::new();
        for table in Table::ALL {
            let rows: Option<Arc<dyn TableProvider>> = match table {
                Table::Deals | Table::Journeys | Table::Events | Table::Clients => {
                    Some(Wall::before(scope.own_rows(table).await?))
                }
                Table::Spend => scope.own_spend().await?.map(|rows| Wall::before(rows) as Arc<dyn TableProvider>),
                // few rows, and they stand in plans: nothing of others may
                Table::Staff => Some(held_in_memory(scope.own_staff(&own).await?).await?),
                Table::Plans => Some(held_in_memory(scope.own_plans().await?).await?),
                // discounts are the company's, and no deal's
                Table::Promos => self.context.table_provider(table.name()).await.ok(),
                Table::Ingests | Table::Quarantine | Table::Regulations => None,
            };
            let rows = match rows {
                Some(rows) => rows,
                // views are made of it, and have no rows of it
                None => {
                    hidden.push(table.name());
                    let schema = self.context.table(table.name()).await?.schema().as_arrow().clone();
                    Arc::new(EmptyTable::new(Arc::new(schema)))
                }
            };
            context.register_table(table.name(), rows)?;
        }
        let sources = self.sources.get_or_try_init(|| self.read_sources()).await?;
        let session = Session {
            staff: Arc::new(Staff::read(&context).await?),
            context,
            snapshot: self.snapshot.clone(),
            regulation: self.regulation.clone(),
            as_of: self.as_of,
            seen_from: self.seen_from,
            resources: self.resources,
            deals_until: self.deals_until,
            only: self.only.clone(),
            held: self.held.clone(),
            footers: Arc::clone(&self.footers),
            sources: Arc::new(tokio::sync::OnceCell::new_with(Some(sources.of_these(&own.managers, &own.branches)))),
            answers: None,
            judged_by: Arc::clone(&self.judged_by),
            at_cut: None,
            of_report: super::OfReport::default(),
            elsewhere: self.elsewhere.clone(),
            views: Arc::default(),
            walled: Arc::default(),
            is_walled: true,
        };
        session.scope_of(&[]).register(&session.context).await?;
        session.with_all_views().await?;
        for name in hidden {
            session.context.deregister_table(name)?;
        }
        Ok(session)
    }
}

impl Own {
    /// The managers and branches of the deals and events that are seen.
    async fn of(scope: &Scope<'_>) -> Result<Own> {
        let deals = scope.own_rows(Table::Journeys).await?;
        let mut managers = texts(deals.clone(), "manager").await?;
        managers.append(&mut texts(scope.own_rows(Table::Events).await?, "manager").await?);
        Ok(Own { managers, branches: texts(deals, "branch").await? })
    }
}

/// The values of a column.
async fn texts(frame: DataFrame, name: &str) -> Result<BTreeSet<String>> {
    let frame = frame.select(vec![cast(column(name), DataType::Utf8).alias(name)])?.distinct()?;
    let batches = frame.collect().await?;
    let values = batches.iter().flat_map(|batch| batch.column(0).as_string::<i32>().iter().flatten());
    Ok(values.map(str::to_owned).collect())
}

async fn held_in_memory(frame: DataFrame) -> Result<Arc<dyn TableProvider>> {
    let schema = Arc::new(frame.schema().as_arrow().clone());
    Ok(Arc::new(MemTable::try_new(schema, vec![frame.collect().await?])?))
}

impl Scope<'_> {
    /// The rows of deals, or of what is told of them, that are seen: of deals by what the deal says; of journeys by their deal; of events
    /// by the deal, or by their manager where they have none; of clients those who have such a deal.
    async fn own_rows(&self, table: Table) -> Result<DataFrame> {
        let rows = self.tables.table(table.name()).await?;
        let names: Vec<String> = rows.schema().fields().iter().map(|field| field.name().clone()).collect();
        let as_is = || names.iter().map(|name| column(name)).collect::<Vec<_>>();
        let key = |name: &str| format!("{name} of the deal");
        match table {
            Table::Deals => self.only(rows)?.select(as_is()),
            Table::Journeys => self.only(self.journeys(self.named()).await?)?.select(as_is()),
            Table::Clients => {
                let deals = self.only(self.journeys(self.named()).await?)?;
                let clients = deals.select(vec![column("client_id").alias(key("client_id"))])?;
                rows.join(clients, JoinType::LeftSemi, &["client_id"], &[key("client_id").as_str()], None)
            }
            _ => self.own_events(rows, &names).await,
        }
    }

    async fn own_events(&self, events: DataFrame, names: &[String]) -> Result<DataFrame> {
        let own = |name: &str| format!("{name} of the event");
        let deal = "deal";
        let mut columns: Vec<Expr> = names.iter().map(|name| column(name).alias(own(name))).collect();
        columns.push(coalesce(vec![column("deal_id"), column("joined_deal")]).alias("deal of the event"));
        let events = events.select(columns)?;
        let as_they_were = names.iter().map(|name| column(&own(name)).alias(name)).collect::<Vec<_>>();
        let deals = self.journeys(self.named()).await?;
        // whatever is asked of a deal alone leaves no event that has none
        if self.only.iter().all(|hold| !OF_MANAGER.contains(&hold.dimension.as_str()) && !hold.has_none()) {
            let deals = self.only(deals)?.select(vec![column("deal_id").alias(deal)])?;
            return deals
                .join(events, JoinType::RightSemi, &[deal], &["deal of the event"], None)?
                .select(as_they_were);
        }
        let mut told = vec![column("deal_id").alias(deal), column("manager").alias("manager of the deal")];
        let of_deal = |name: &&String| !OF_MANAGER.contains(&name.as_str());
        let dimensions: BTreeSet<&String> = self.named().filter(of_deal).collect();
        told.extend(dimensions.iter().map(|name| column(name)));
        let joined = deals.select(told)?.join(events, JoinType::Right, &[deal], &["deal of the event"], None)?;
        let mut columns: Vec<Expr> = names.iter().map(|name| column(&own(name))).collect();
        let manager = coalesce(vec![column("manager of the deal"), column(&own("manager"))]);
        columns.push(manager.alias("manager"));
        columns.extend(dimensions.iter().map(|name| column(name)));
        self.only(joined.select(columns)?)?.select(as_they_were)
    }

    /// Costs, where they are divided by all that the session is held to.
    async fn own_spend(&self) -> Result<Option<DataFrame>> {
        let spend = self.tables.table(Table::Spend.name()).await?;
        let has = |name: &String| spend.schema().has_column_with_unqualified_name(name);
        let is_divided = self.named().all(has);
        match is_divided {
            true => Ok(Some(self.only(spend)?)),
            false => Ok(None),
        }
    }

    /// Managers who have rows that are seen, and those whom the list itself puts there.
    async fn own_staff(&self, own: &Own) -> Result<DataFrame> {
        let staff = self.tables.table(Table::Staff.name()).await?;
        let has = |name: &String| staff.schema().has_column_with_unqualified_name(name);
        let managers = own.managers.iter().map(|name| text(name.as_str())).collect();
        let mut seen = column("manager").in_list(managers, false);
        if self.named().all(has) {
            let listed = self.only.iter().map(|hold| hold.fits(column(&hold.dimension)));
            seen = seen.or(listed.reduce(Expr::and).unwrap_or_else(|| lit(false)));
        }
        staff.filter(seen)
    }

    /// Plans of what the session is held to, and of its managers.
    async fn own_plans(&self) -> Result<DataFrame> {
        let plans = self.tables.table(Table::Plans.name()).await?;
        self.only.iter().map(|hold| self.is_within(hold)).try_fold(plans, DataFrame::filter)
    }
}
