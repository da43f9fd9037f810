//! `scope_events`: what happened, with the client, the manager and the group of its deal; `scope_planned`: what is to happen.

use datafusion::common::JoinType;
use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::execution::context::SessionContext;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::min;
use datafusion::prelude::Expr;

use super::super::dimensions::{column, group, text};
use super::super::scope::Scope;
use super::super::tables::instant;
use super::is_touch;
use crate::model::tables::Table;

/// Columns of events that the view hands on as they are.
const AS_IS: [&str; 9] = ["event_id", "at", "kind", "deal_id", "direction", "outcome", "duration_s", "stage", "score"];
/// Dimensions that are made from the manager.
const OF_MANAGER: [&str; 2] = ["team", "supervisor"];

impl Scope<'_> {
    pub(super) async fn events(&self) -> Result<DataFrame> {
        let of_deal = |name: &str| format!("{name} of the deal");
        let events = self.tables.table(Table::Events.name()).await?;
        let mut names: Vec<String> = ["deal_id", "client_id", "manager"].map(str::to_owned).into();
        for name in self.named().filter(|name| !OF_MANAGER.contains(&name.as_str())) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        let deals = self.journeys(self.named()).await?;
        let deals = deals.select(names.iter().map(|name| column(name).alias(of_deal(name))).collect::<Vec<_>>())?;
        let key = of_deal("deal_id");
        let joined = events.filter(column("at").lt(instant(self.cut)))?.join(
            deals,
            JoinType::Left,
            &["deal_id"],
            &[key.as_str()],
            None,
        )?;
        // whose client it is, is told by the event or by its deal; whose deal it is, by the deal, whoever called
        let either =
            |first: String, second: String, name: &str| coalesce(vec![column(&first), column(&second)]).alias(name);
        let caller = "manager of the event";
        let mut columns: Vec<Expr> = AS_IS.map(column).into();
        columns.extend([
            either("client_id".into(), of_deal("client_id"), "client_id"),
            either(of_deal("manager"), "manager".into(), "manager"),
            either("manager".into(), of_deal("manager"), caller),
            column("campaign").alias("campaign of the event"),
        ]);
        columns.extend(names[3..].iter().map(|name| column(&of_deal(name)).alias(name)));
        let seen = self.only(joined.select(columns)?)?;
        // from here on the manager is who called
        let mut columns: Vec<Expr> = AS_IS.map(column).into();
        columns.extend(["client_id", "campaign of the event"].map(column));
        columns.extend(names[3..].iter().map(|name| column(name)));
        columns.push(column(caller).alias("manager"));
        let seen = seen.select(columns)?;
        let grp = group(self.by.iter().map(|name| self.dimension(name)).collect());
        let mut columns: Vec<Expr> = AS_IS.map(column).into();
        columns.extend([column("client_id"), column("manager"), column("campaign of the event").alias("campaign")]);
        columns.extend([is_touch().alias("is_touch"), grp.alias("grp")]);
        seen.select(columns)
    }

    pub(super) async fn planned(&self, context: &SessionContext) -> Result<DataFrame> {
        let tasks = self.tables.table(Table::Events.name()).await?;
        let tasks = tasks
            .filter(column("kind").eq(text("task")).and(column("at").gt_eq(instant(self.cut))))?
            .aggregate(vec![column("deal_id").alias("deal of the task")], vec![min(column("at")).alias("next_at")])?;
        let scope = context.table("scope").await?.select(["deal_id", "grp"].map(column).to_vec())?;
        scope
            .join(tasks, JoinType::Inner, &["deal_id"], &["deal of the task"], None)?
            .select(["deal_id", "grp", "next_at"].map(column).to_vec())
    }
}
