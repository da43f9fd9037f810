//! The views beside `scope`: events, evidence, required fields, plans, clients, and the judgements of all rules. A context
//! gets those that its query names, with what they are made of.

mod clients;
mod events;
mod facts;

use std::collections::BTreeSet;

use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::execution::context::SessionContext;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::prelude::Expr;
use datafusion::scalar::ScalarValue;

use super::dimensions::{column, text};
use super::scope::Scope;
use super::sources::{FUNCTIONS, Sources};
use crate::model::tables::TOUCH_KINDS;

/// The views, those first of which others are made.
pub(super) const NAMES: [&str; 8] = [
    "scope_events",
    "scope_contacts",
    "scope_planned",
    "scope_required",
    "scope_evidence",
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

/// What the store knows of events and deals.
pub(super) struct Loaded<'a> {
    pub(super) sources: &'a Sources,
    /// The columns of deals that hold any value.
    pub(super) columns: BTreeSet<String>,
}

/// The views that ask in which time sources are known, which takes a look at all events.
const READING: [&str; 4] = ["scope_evidence", "scope_required", "scope_checks", "scope_coverage"];

/// Whether a view is one of those.
pub(super) fn reads_events(name: &str) -> bool {
    READING.contains(&name)
}

/// Whether a view or a function among these asks in which time sources are known.
pub(super) fn want_sources(names: &BTreeSet<String>) -> bool {
    READING.iter().chain(&FUNCTIONS).any(|name| names.contains(*name))
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

impl Scope<'_> {
    /// Registers those views that are named, and those of which they are made.
    pub(super) async fn register_named(
        &self,
        into: &SessionContext,
        names: &BTreeSet<String>,
        loaded: &Loaded<'_>,
    ) -> Result<()> {
        let wanted = |view: &&str| names.contains(*view) || names.iter().any(|name| made_of(name).contains(view));
        for name in NAMES.into_iter().filter(wanted) {
            if into.table_exist(name)? {
                continue;
            }
            let frame = match name {
                "scope_events" => self.events().await?,
                "scope_contacts" => self.contacts().await?,
                "scope_planned" => self.planned(into).await?,
                "scope_required" => self.required(into, loaded).await?,
                "scope_evidence" => self.evidence(into, loaded).await?,
                "scope_clients" => self.clients(into).await?,
                "scope_coverage" => self.query(into, include_str!("coverage.sql")).await?,
                _ => self.query(into, include_str!("checks.sql")).await?,
            };
            into.register_table(name, frame.into_view())?;
        }
        Ok(())
    }

    /// A view that is a query: over the views that the context has already, with the cut as its parameter.
    /// `$seen` is the last moment that exports of deals show: the cut, or before it.
    async fn query(&self, context: &SessionContext, sql: &str) -> Result<DataFrame> {
        let plan = context.state().create_logical_plan(sql).await?;
        let cut = ScalarValue::TimestampMicrosecond(Some(self.cut), Some("UTC".into()));
        let seen = ScalarValue::TimestampMicrosecond(Some(self.seen_until), Some("UTC".into()));
        let day = ScalarValue::Date32(Some(self.cut_day));
        context.execute_logical_plan(plan).await?.with_param_values(vec![
            ("as_of", cut),
            ("as_of_day", day),
            ("seen", seen),
        ])
    }
}
