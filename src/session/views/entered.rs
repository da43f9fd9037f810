//! Entries into stages beside what is said of their deals: the rows of which `scope_evidence` and `scope_required` are made.

use std::collections::BTreeSet;

use datafusion::common::JoinType;
use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::execution::context::SessionContext;
use datafusion::functions::core::expr_fn::{coalesce, get_field};
use datafusion::prelude::Expr;

use super::super::dimensions::column;
use super::super::scope::{SCOPE, Scope};
use super::super::tables::instant;
use crate::journey::ends::last_at;

/// What every view over entries begins with.
pub(super) const ENTRY: [&str; 5] = ["deal_id", "grp", "stage", "position", "at"];

/// What is said of a fact beside it: whether it is so, or what it would take to tell.
pub(super) const SAID: [&str; 3] = ["kept", "missing", "why"];
/// What judgements say of the deal of an entry, as known at the cut.
pub(super) const OF_DEAL: [&str; 5] =
    ["deal's client", "deal's manager", "deal's amount", "deal's creation", "deal's status"];

/// The columns of `scope` out of which entries and what is said of their deals are made.
pub(super) const READS: [&str; 8] =
    ["entries", "client_id", "manager", "list_amount", "amount", "created_at", "undated", "status"];

/// [`OF_DEAL`] as expressions over `scope`: the amount before a discount where it is known; a deal that is closed by now, if not at the cut for certain, or
/// gone, is not held against anybody as open.
fn of_deal() -> [Expr; 5] {
    let told = [
        column("client_id"),
        column("manager"),
        coalesce(vec![column("list_amount"), column("amount")]),
        column("created_at"),
        coalesce(vec![column("undated"), column("status")]),
    ];
    let mut names = OF_DEAL.into_iter();
    told.map(|told| told.alias(names.next().unwrap_or_default()))
}

/// [`OF_DEAL`] and [`ENTRY`].
pub(super) fn entered_columns() -> impl Iterator<Item = Expr> {
    OF_DEAL.into_iter().chain(ENTRY).map(column)
}

/// The columns of the views `scope_evidence` and `scope_required`.
pub(super) fn shown() -> Vec<Expr> {
    ENTRY.into_iter().chain(SAID).map(column).collect()
}

/// The first moment of a period and the first after it; none: of all time. Microseconds since the epoch.
pub(super) type Period = Option<[i64; 2]>;

impl Scope<'_> {
    /// A row per entry into a stage of the regulation: [`ENTRY`]; what judgements say of its deal ([`of_deal`]); and columns of the deal which
    /// are called as they are in the store. Of a period, the entries of deals that entered no stage since its first moment are left out.
    ///
    /// What goes along with the entries is put beside the list: a join would hold all deals.
    pub(super) async fn entries_with(
        &self,
        context: &SessionContext,
        names: &BTreeSet<&str>,
        period: Period,
    ) -> Result<DataFrame> {
        let stored = |name: &str| format!("stored {name}");
        let owned: Vec<String> =
            names.iter().filter(|name| !ENTRY.contains(*name)).map(|name| (*name).to_owned()).collect();
        let beside = owned.iter().map(|name| column(name).alias(stored(name)));
        let deals = match self.held.is_some() {
            true => {
                let key = "deal_id of the deal";
                let journeys = self.journeys(&owned).await?;
                let journeys = journeys.select(beside.chain([column("deal_id").alias(key)]).collect::<Vec<_>>())?;
                journeys.join(context.table(SCOPE).await?, JoinType::Right, &[key], &["deal_id"], None)?
            }
            false => self.scope_beside(&owned, beside.collect()).await?,
        };
        let deals = match period {
            Some([from, _]) => deals.filter(last_at().call(vec![column("entries")]).gt_eq(instant(from)))?,
            None => deals,
        };
        let stored_columns = || owned.iter().map(|name| column(&stored(name)));
        let told = of_deal().into_iter().chain(["deal_id", "grp", "entries"].map(column)).chain(stored_columns());
        let entry = |field: &str| get_field(column("entries"), field).alias(field);
        let kept = || OF_DEAL.into_iter().chain(["deal_id", "grp"]).map(column);
        let entered = deals.select(told.collect::<Vec<_>>())?.unnest_columns(&["entries"])?;
        let entered =
            entered.select(kept().chain([entry("stage"), entry("at")]).chain(stored_columns()).collect::<Vec<_>>())?;
        let key = "regulation's stage";
        let stages = self.tables.table("stages").await?.select(vec![column("stage").alias(key), column("position")])?;
        let entered = stages.join(entered, JoinType::Inner, &[key], &["stage"], None)?;
        let own = owned.iter().map(|name| column(&stored(name)).alias(name));
        entered.select(kept().chain(["stage", "position", "at"].map(column)).chain(own).collect::<Vec<_>>())
    }
}
