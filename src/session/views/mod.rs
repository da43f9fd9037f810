//! The views beside `scope`: events, evidence, required fields, plans, clients, and the judgements of all rules. A context
//! gets those that its query names, with what they are made of.

mod clients;
mod events;
mod facts;

use std::collections::BTreeSet;

use arrow::array::AsArray;
use arrow::datatypes::DataType;
use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::execution::context::SessionContext;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::prelude::{Expr, cast, col};
use datafusion::scalar::ScalarValue;

use super::dimensions::{column, text};
use super::scope::Scope;
use crate::model::tables::{TOUCH_KINDS, Table};

/// The views, those first of which others are made.
pub(super) const NAMES: [&str; 9] = [
    "scope_events",
    "scope_contacts",
    "scope_planned",
    "scope_required",
    "scope_evidence",
    "scope_unjudged",
    "scope_clients",
    "scope_coverage",
    "scope_checks",
];

/// The views of which a view is made.
fn made_of(name: &str) -> &'static [&'static str] {
    match name {
        "scope_coverage" => &["scope_events", "scope_clients"],
        "scope_checks" => &["scope_contacts", "scope_planned", "scope_required", "scope_evidence"],
        _ => &[],
    }
}

/// Whether the name is a view's.
pub(super) fn is_view(name: &str) -> bool {
    name == "scope" || name.starts_with("scope_")
}

/// Whether a view among these must know which kinds of events there are.
pub(super) fn want_kinds(names: &BTreeSet<String>) -> bool {
    ["scope_evidence", "scope_unjudged", "scope_checks"].iter().any(|name| names.contains(*name))
}

/// Whether an event is a touch: an outgoing call, letter, SMS or message, or a meeting.
fn is_touch() -> Expr {
    let outgoing = TOUCH_KINDS.into_iter().filter(|kind| *kind != "meeting").map(text).collect();
    let reaches_out = column("kind").in_list(outgoing, false).and(column("direction").eq(text("outgoing")));
    column("kind").eq(text("meeting")).or(reaches_out).is_true()
}

/// The deal of an event: the one that it names, else the one of its client to which ingest joined it.
fn deal_of_event() -> Expr {
    coalesce(vec![column("deal_id"), column("joined_deal")])
}

/// The kinds of events that were ever seen.
pub(super) async fn kinds(tables: &SessionContext) -> Result<BTreeSet<String>> {
    let kinds =
        tables.table(Table::Events.name()).await?.select(vec![cast(col("kind"), DataType::Utf8).alias("kind")])?;
    let batches = kinds.distinct()?.collect().await?;
    let all = batches.iter().flat_map(|batch| batch.column(0).as_string::<i32>().iter().flatten());
    Ok(all.map(str::to_owned).collect())
}

impl Scope<'_> {
    /// Registers those views that are named, and those of which they are made.
    pub(super) async fn register_named(
        &self,
        into: &SessionContext,
        names: &BTreeSet<String>,
        kinds: &BTreeSet<String>,
    ) -> Result<()> {
        let wanted = |view: &&str| names.contains(*view) || names.iter().any(|name| made_of(name).contains(view));
        for name in NAMES.into_iter().filter(wanted) {
            let frame = match name {
                "scope_events" => self.events().await?,
                "scope_contacts" => self.contacts().await?,
                "scope_planned" => self.planned(into).await?,
                "scope_required" => self.required(into).await?,
                "scope_evidence" => self.evidence(into, kinds).await?,
                "scope_unjudged" => self.unjudged(into, kinds).await?,
                "scope_clients" => self.clients(into).await?,
                "scope_coverage" => self.query(into, include_str!("coverage.sql")).await?,
                _ => self.query(into, include_str!("checks.sql")).await?,
            };
            into.register_table(name, frame.into_view())?;
        }
        Ok(())
    }

    /// A view that is a query: over the views that the context has already, with the cut as its parameter.
    async fn query(&self, context: &SessionContext, sql: &str) -> Result<DataFrame> {
        let plan = context.state().create_logical_plan(sql).await?;
        let cut = ScalarValue::TimestampMicrosecond(Some(self.cut), Some("UTC".into()));
        let day = ScalarValue::Date32(Some(self.cut_day));
        context.execute_logical_plan(plan).await?.with_param_values(vec![("as_of", cut), ("as_of_day", day)])
    }
}
