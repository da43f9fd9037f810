//! `scope_events`: what happened, with the client, the manager and the group of its deal; `scope_planned`: what is to happen.
//! An event that names only its client is the deal's to which ingest joined it, and `names_client_only` says so.

use std::sync::Arc;

use datafusion::common::JoinType;
use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::execution::context::SessionContext;
use datafusion::functions::core::expr_fn::{coalesce, nullif};
use datafusion::functions_aggregate::expr_fn::min;
use datafusion::logical_expr::{Operator, binary_expr};
use datafusion::prelude::{Expr, lit, when};

use super::super::dimensions::{column, group, text};
use super::super::scope::{Scope, held_dimension};
use super::super::tables::instant;
use super::{deal_of_event, is_touch};
use crate::model::tables::Table;

/// Columns of events that the view hands on as they are.
const AS_IS: [&str; 10] =
    ["event_id", "at", "kind", "deal_id", "direction", "outcome", "duration_s", "stage", "score", NAMES_CLIENT_ONLY];
/// Whether an event names its client and no deal.
const NAMES_CLIENT_ONLY: &str = "names_client_only";
/// Dimensions that are made from the manager.
const OF_MANAGER: [&str; 2] = ["team", "supervisor"];

/// What the event itself says of its manager and, of a refund, its money; `manager` and `amount` are also the deal's.
const OWN: [&str; 2] = ["manager that the event names", "amount of the event"];

/// What is told of the deal of a contact.
const OF_THE_DEAL: [&str; 4] = ["branch", "created_at", "status", "amount"];

impl Scope<'_> {
    pub(super) async fn events(&self) -> Result<DataFrame> {
        self.events_with(lit(true), &[]).await
    }

    /// Touches, mailings, refusals and opt-outs, `who` had them, and how the deal stands; without those of nobody.
    pub(super) async fn contacts(&self) -> Result<DataFrame> {
        let told = column("kind").in_list(["refusal", "opt_out", "mailing"].map(text).to_vec(), false);
        let frame = self.events_with(is_touch().or(told), &OF_THE_DEAL).await?;
        let some = |name: &str| nullif(column(name), text(""));
        let prefixed = |prefix: &str, name: &str| binary_expr(text(prefix), Operator::StringConcat, some(name));
        let who = coalesce(vec![prefixed("client ", "client_id"), prefixed("deal ", "deal_id")]).alias("who");
        let known = ["event_id", "at", "kind", "is_touch", "deal_id", "client_id", "manager", "grp"];
        let columns = known.into_iter().chain(OF_THE_DEAL).map(column).chain([who]);
        frame.select(columns.collect::<Vec<_>>())?.filter(column("who").is_not_null())
    }

    /// The events that a condition lets through, with these columns of their deals as they were known at the cut.
    async fn events_with(&self, wanted: Expr, of_the_deal: &[&str]) -> Result<DataFrame> {
        let of_deal = |name: &str| format!("{name} of the deal");
        let events = self.tables.table(Table::Events.name()).await?.filter(column("at").lt(instant(self.cut)))?;
        let replaced = ["deal_id", NAMES_CLIENT_ONLY];
        let mut told: Vec<Expr> = AS_IS.into_iter().filter(|name| !replaced.contains(name)).map(column).collect();
        told.extend(["client_id", "manager", "campaign", "amount"].map(column));
        told.push(deal_of_event().alias("deal_id"));
        told.push(column("deal_id").is_null().alias(NAMES_CLIENT_ONLY));
        let events = events.select(told)?;
        let mut names: Vec<String> = ["deal_id", "client_id", "manager"].map(str::to_owned).into();
        for name in self.named().filter(|name| !OF_MANAGER.contains(&name.as_str())) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        let own = |name: &str| format!("{name} as known");
        let value = |name: &str| match &self.held {
            Some(_) if self.named().any(|named| named == name) => column(&held_dimension(name)),
            _ => column(name),
        };
        let mut deals: Vec<Expr> = names.iter().map(|name| value(name).alias(of_deal(name))).collect();
        for name in of_the_deal {
            deals.push(self.as_known(name)?.alias(own(name)));
        }
        let deals = match &self.held {
            Some(held) => self.tables.read_table(Arc::clone(held))?,
            None => self.journeys(self.named()).await?,
        }
        .select(deals)?;
        let key = of_deal("deal_id");
        // the left side is held in memory: a deal has many events
        let joined = deals.join(events.filter(wanted)?, JoinType::Right, &[key.as_str()], &["deal_id"], None)?;
        // whose client it is, is told by the event or by its deal; whose deal it is, by the deal, whoever called; a mailing is
        // marketing's, and no manager's who is not named
        let either =
            |first: String, second: String, name: &str| coalesce(vec![column(&first), column(&second)]).alias(name);
        let caller = "manager of the event";
        let mut columns: Vec<Expr> = AS_IS.map(column).into();
        columns.extend([
            either("client_id".into(), of_deal("client_id"), "client_id"),
            either(of_deal("manager"), "manager".into(), "manager"),
            when(column("kind").eq(text("mailing")), column("manager"))
                .otherwise(coalesce(vec![column("manager"), column(&of_deal("manager"))]))?
                .alias(caller),
            column("manager").alias(OWN[0]),
            column("amount").alias(OWN[1]),
            column("campaign").alias("campaign of the event"),
        ]);
        columns.extend(names[3..].iter().map(|name| column(&of_deal(name)).alias(name)));
        columns.extend(of_the_deal.iter().map(|name| column(&own(name))));
        let seen = self.only(joined.select(columns)?)?;
        // from here on the manager is who called
        let mut columns: Vec<Expr> = AS_IS.map(column).into();
        columns.extend(["client_id", "campaign of the event"].into_iter().chain(OWN).map(column));
        columns.extend(names[3..].iter().map(|name| column(name)));
        columns.extend(of_the_deal.iter().map(|name| column(&own(name))));
        columns.push(column(caller).alias("manager"));
        let seen = seen.select(columns)?;
        let grp = group(self.by.iter().map(|name| self.dimension(name)).collect());
        let mut columns: Vec<Expr> = AS_IS.map(column).into();
        columns.extend([column("client_id"), column("manager"), column("campaign of the event").alias("campaign")]);
        columns.extend([column(OWN[0]).alias("made_by"), column(OWN[1]).alias("refund_amount")]);
        columns.extend([is_touch().alias("is_touch"), grp.alias("grp")]);
        columns.extend(of_the_deal.iter().map(|name| column(&own(name)).alias(*name)));
        seen.select(columns)
    }

    /// A column of a deal as it was known at the cut; the amount before any discount.
    fn as_known(&self, name: &str) -> Result<Expr> {
        match name {
            "amount" if self.held.is_some() => Ok(coalesce(vec![column("list_amount"), column("amount")])),
            "amount" => Ok(coalesce(vec![column("list_amount"), self.clipped("amount")?])),
            // the held rows are cut already
            "status" if self.held.is_some() => {
                let known = coalesce(vec![column(name), column("exported_status")]);
                when(column("undated").eq(text("gone")), text("gone")).otherwise(known)
            }
            name if self.held.is_some() => Ok(column(name)),
            // closed by now, if not at the cut for certain: not held against anybody as open
            "status" => {
                let known = coalesce(vec![self.clipped(name)?, column(name)]);
                when(self.gone(), text("gone")).otherwise(known)
            }
            name => self.clipped(name),
        }
    }

    pub(super) async fn planned(&self, context: &SessionContext) -> Result<DataFrame> {
        let tasks = self.tables.table(Table::Events.name()).await?;
        let tasks = tasks
            .filter(column("kind").eq(text("task")).and(column("at").gt_eq(instant(self.cut))))?
            .aggregate(vec![deal_of_event().alias("deal of the task")], vec![min(column("at")).alias("next_at")])?;
        let scope = context.table("scope").await?.select(["deal_id", "grp"].map(column).to_vec())?;
        scope
            .join(tasks, JoinType::Inner, &["deal_id"], &["deal of the task"], None)?
            .select(["deal_id", "grp", "next_at"].map(column).to_vec())
    }
}
