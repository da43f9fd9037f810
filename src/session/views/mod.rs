//! The views beside `scope`: events, evidence, required fields, plans, clients, and the judgements of all rules. A context
//! gets those that its query names, with what they are made of.

mod clients;
mod entered;
mod events;
mod facts;
mod plans;

use std::collections::BTreeSet;

use datafusion::common::JoinType;
use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::execution::context::SessionContext;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::prelude::{Expr, lit};
use datafusion::scalar::ScalarValue;

use super::dimensions::{column, text};
use super::scope::{ENTRIES, SCOPE, SPEND, Scope, is_letter};
use super::sources::{FUNCTIONS, Sources};
use super::tables::instant;
use crate::model::tables::{TOUCH_KINDS, Table};

/// The views, those first of which others are made.
pub(super) const NAMES: [&str; 9] = [
    "scope_plans",
    "scope_events",
    "scope_contacts",
    "scope_planned",
    "scope_required",
    "scope_evidence",
    "scope_clients",
    "scope_coverage",
    "scope_checks",
];

/// `scope_checks` of the asked period alone: a metric may read it, and SQL that somebody writes asks of no period.
const OF_PERIOD: &str = "period_checks";

/// The rows of `scope_checks` of deals that were created in the asked period, whenever they were judged. A metric may read it.
const OF_COHORT: &str = "cohort_checks";

/// The rows of `scope_checks` that say why a rule cannot be judged: few of many. A metric may read it.
const UNJUDGED: &str = "unjudged_checks";

/// The views of judgements that leave out what they need not judge.
const PARTS: [&str; 3] = [OF_PERIOD, OF_COHORT, UNJUDGED];

/// The views that are worth computing once for all questions of a session, whatever these are split by.
pub(super) const SHARED: [&str; 2] = ["scope_coverage", OF_PERIOD];

/// Whether a view is made for the asked period.
pub(super) fn is_of_period(name: &str) -> bool {
    name == OF_PERIOD
}

/// The views of which a view is made.
fn made_of(name: &str) -> &'static [&'static str] {
    match name {
        "scope_coverage" => &["scope_events", "scope_clients"],
        "scope_checks" | OF_PERIOD | OF_COHORT | UNJUDGED => &["scope_contacts", "scope_planned"],
        _ => &[],
    }
}

/// The SQL of a view; empty where it is made otherwise.
fn sql_of(name: &str) -> &'static str {
    match name {
        "scope_clients" => include_str!("clients.sql"),
        "scope_plans" => include_str!("plans.sql"),
        "scope_coverage" => include_str!("coverage.sql"),
        "scope_checks" | OF_PERIOD | OF_COHORT | UNJUDGED => include_str!("checks.sql"),
        _ => "",
    }
}

/// The columns of `scope` that a query reads which holds these words, through the views that it names too.
pub(super) fn columns_read(names: &BTreeSet<String>) -> BTreeSet<String> {
    let mut read = names.clone();
    read.extend(["deal_id", "grp"].map(str::to_owned));
    let views: Vec<&str> = with_made_of(names).collect();
    for view in &views {
        read.extend(words(sql_of(view)));
    }
    if names.contains(ENTRIES) {
        read.insert("entries".to_owned());
    }
    let entered = ["scope_required", "scope_evidence", "scope_checks"];
    if entered.iter().chain(&PARTS).any(|view| views.contains(view)) {
        read.extend(entered::READS.map(str::to_owned));
    }
    read
}

/// The views among these names, and those of which they are made, in the order in which they can be.
fn with_made_of(names: &BTreeSet<String>) -> impl Iterator<Item = &'static str> {
    let wanted = |view: &&str| names.contains(*view) || names.iter().any(|name| made_of(name).contains(view));
    NAMES.into_iter().chain(PARTS).filter(wanted)
}

/// The words of a query, as written and in small letters: the names of views, columns and functions are among them.
pub fn words(sql: &str) -> BTreeSet<String> {
    let words = sql.split(|sign| !is_letter(sign)).filter(|word| !word.is_empty());
    words.flat_map(|word| [word.to_owned(), word.to_lowercase()]).collect()
}

/// The exports out of which a view is made; `None` if there is no view of that name.
pub(crate) fn exports_of(view: &str) -> Option<&'static [Table]> {
    Some(match view {
        SCOPE | ENTRIES | "scope_required" | "scope_clients" => &[Table::Deals],
        SPEND => &[Table::Spend],
        "scope_plans" => &[Table::Plans],
        "scope_events" | "scope_contacts" | "scope_planned" | "scope_evidence" | "scope_coverage" | "scope_checks"
        | OF_PERIOD | OF_COHORT | UNJUDGED => &[Table::Deals, Table::Events],
        _ => return None,
    })
}

/// Whether the name is a view's.
pub(crate) fn is_view(name: &str) -> bool {
    exports_of(name).is_some()
}

/// What the store knows of events and deals.
pub(super) struct Loaded<'a> {
    pub(super) sources: &'a Sources,
    /// The columns of deals that hold any value.
    pub(super) columns: BTreeSet<String>,
    /// The first moment of the asked period and the first after it; microseconds since the epoch.
    pub(super) period: Option<[i64; 2]>,
}

/// Which judgements are asked for; of a period, its first moment and the first after it, in microseconds since the epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Judged {
    #[default]
    All,
    /// Those that became certain in it.
    Period([i64; 2]),
    /// Those of deals that were created in it.
    Cohort([i64; 2]),
    /// Only what says why a rule cannot be judged.
    Unjudged,
}

impl Judged {
    /// Those of which a view of this name is made.
    fn of(view: &str, period: Option<[i64; 2]>) -> Judged {
        match (view, period) {
            (UNJUDGED, _) => Judged::Unjudged,
            (OF_PERIOD, Some(period)) => Judged::Period(period),
            (OF_COHORT, Some(period)) => Judged::Cohort(period),
            _ => Judged::All,
        }
    }

    /// The period in which they became certain, where only such are asked for.
    fn certain_in(self) -> Option<[i64; 2]> {
        if let Judged::Period(period) = self { Some(period) } else { None }
    }
}

/// Whether an instant is in a period.
fn within(name: &str, [from, to]: [i64; 2]) -> Expr {
    column(name).gt_eq(instant(from)).and(column(name).lt(instant(to)))
}

/// Of a contact: whether it is not known that no refusal, or no opt-out, was before it.
const MAY_BE_UNJUDGED: &str = "\
    coalesce(at < known_from('refusal', manager, branch) OR at >= known_until('refusal', manager, branch), TRUE) \
    OR coalesce(at < known_from('opt_out', manager, branch) OR at >= known_until('opt_out', manager, branch), TRUE)";

/// The views that ask in which time sources are known, which takes a look at all events.
const READING: [&str; 7] =
    ["scope_evidence", "scope_required", "scope_checks", OF_PERIOD, OF_COHORT, UNJUDGED, "scope_coverage"];

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
        for name in with_made_of(names) {
            if into.table_exist(name)? {
                continue;
            }
            let frame = match name {
                "scope_events" => self.events().await?,
                "scope_contacts" => self.contacts().await?,
                "scope_planned" => self.planned(into).await?,
                "scope_required" => self.required(into, loaded, None).await?.select(entered::shown())?,
                "scope_evidence" => self.evidence(into, loaded, None).await?.select(entered::shown())?,
                "scope_clients" => self.clients(into).await?,
                "scope_plans" => self.plans(into).await?,
                "scope_coverage" => self.query(into, sql_of(name), Judged::default()).await?,
                _ => self.checks(into, loaded, Judged::of(name, loaded.period)).await?,
            };
            into.register_table(name, frame.into_view())?;
        }
        Ok(())
    }

    /// The judgements that are asked for.
    async fn checks(&self, context: &SessionContext, loaded: &Loaded<'_>, asked: Judged) -> Result<DataFrame> {
        let mut contacts = context.table("scope_contacts").await?;
        if let Judged::Period([_, to]) = asked {
            // what came later changes no judgement
            contacts = contacts.filter(column("at").lt(instant(to)))?;
        }
        // a contact is judged with the others of whoever had it: of those alone who had one that is asked for
        let met = match asked {
            Judged::All => None,
            Judged::Period([from, _]) => Some(column("at").gt_eq(instant(from))),
            Judged::Cohort(period) => Some(within("created_at", period)),
            Judged::Unjudged => Some(context.parse_sql_expr(MAY_BE_UNJUDGED, contacts.schema())?),
        };
        if let Some(met) = met {
            let met = contacts.clone().filter(met)?;
            let met = met.select(vec![column("who").alias("who was met")])?.distinct()?;
            let names: Vec<Expr> = contacts.schema().fields().iter().map(|field| column(field.name())).collect();
            contacts = met.join(contacts, JoinType::Inner, &["who was met"], &["who"], None)?.select(names)?;
        }
        let inner = super::tables::beside(context, |_| true).await?;
        inner.register_table("contacts_to_judge", contacts.into_view())?;
        let certain_in = asked.certain_in();
        let evidence = self.evidence(context, loaded, certain_in).await?.with_column("rule", lit("evidence"))?;
        let required = self.required(context, loaded, certain_in).await?.with_column("rule", lit("required"))?;
        let mut entries = evidence.union_by_name(required)?;
        if asked == Judged::Unjudged {
            entries = entries.filter(column("missing").is_not_null())?;
        }
        inner.register_table("entries_to_judge", entries.into_view())?;
        let checks = self.query(&inner, sql_of("scope_checks"), asked).await?;
        match asked {
            Judged::All => Ok(checks),
            Judged::Period(period) => checks.filter(within("at", period)),
            Judged::Cohort(period) => checks.filter(within("created_at", period)),
            Judged::Unjudged => checks.filter(column("missing").is_not_null().and(column("kept").is_null())),
        }
    }

    /// A view that is a query: over the views that the context has already, with the cut as its parameter.
    /// `$seen` is the last moment that exports of deals show: the cut, or before it; `$judged_from` and `$judged_to` are the ends of the
    /// period, null where none is asked; `$only_unjudged` leaves out what was kept or broken.
    async fn query(&self, context: &SessionContext, sql: &str, asked: Judged) -> Result<DataFrame> {
        let plan = context.state().create_logical_plan(sql).await?;
        let instant = |micros| ScalarValue::TimestampMicrosecond(micros, Some("UTC".into()));
        context.execute_logical_plan(plan).await?.with_param_values(vec![
            ("as_of", instant(Some(self.cut))),
            ("as_of_day", ScalarValue::Date32(Some(self.cut_day))),
            ("seen", instant(Some(self.seen_until))),
            ("judged_from", instant(asked.certain_in().map(|[from, _]| from))),
            ("judged_to", instant(asked.certain_in().map(|[_, to]| to))),
            ("only_unjudged", ScalarValue::Boolean(Some(asked == Judged::Unjudged))),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::super::small_side::HELD;
    use super::*;

    #[test]
    fn joins_with_clients_say_which_side_is_held() {
        let named = format!("\"{HELD}\"");
        assert!(["scope_coverage", "scope_clients"].iter().all(|view| sql_of(view).contains(&named)), "{named}");
    }

    #[test]
    fn each_view_says_out_of_which_exports_it_is_made() {
        for view in NAMES.into_iter().chain(PARTS).chain([SCOPE, ENTRIES, SPEND]) {
            assert!(exports_of(view).is_some_and(|tables| !tables.is_empty()), "{view}");
            let events = made_of(view).iter().filter_map(|part| exports_of(part)).flatten();
            assert!(events.into_iter().all(|table| exports_of(view).unwrap().contains(table)), "{view}");
        }
        assert_eq!((exports_of("scope_evnts"), is_view("scope_evnts")), (None, false));
    }
}
