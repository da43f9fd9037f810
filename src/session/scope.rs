//! The views that metrics read: `scope`, `scope_entries`, `scope_spend`; what was known at the cut, with the group asked
//! for as column `grp`.
//!
//! Each column is an expression of its own over the scan, so that a query reads only what it touches. For the same
//! reason a manager's team is no join but a `CASE` made from the few rows of `staff`.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use datafusion::dataframe::DataFrame;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::SessionContext;
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::JoinType;
use datafusion::prelude::{Expr, cast, lit, when};
use datafusion::scalar::ScalarValue;

use super::dimensions::{TAKEN, column, group, text};
use super::hold::Hold;
use super::small_side::HELD;
use super::staff::Staff;
use super::tables::instant;
use crate::journey::cut::gone_since;
use crate::model::tables::{CHANGE_KINDS, Table};
use crate::regulation::Regulation;

/// What the views are made of.
pub(super) struct Scope<'a> {
    /// Holds the tables of the store and of the regulation.
    pub(super) tables: &'a SessionContext,
    pub(super) regulation: &'a Regulation,
    /// The dimensions to split by.
    pub(super) by: &'a [String],
    /// Only rows with these values of these dimensions are seen.
    pub(super) only: &'a [Hold],
    /// The cut: nothing from this instant on is seen. Microseconds since the epoch.
    pub(super) cut: i64,
    /// The last moment that exports of deals show: the cut, or before it.
    pub(super) seen_until: i64,
    /// When the day of the cut is over: an export taken on that day still tells how things stood.
    pub(super) day_after: i64,
    /// Whether it looks back from a later day, to compare with it.
    pub(super) is_earlier: bool,
    /// The same as a local day, since the epoch.
    pub(super) cut_day: i32,
    /// Whether any deal of the store is marked as gone.
    pub(super) has_gone: bool,
    /// The lists of journeys that hold anything, of those that most stores leave empty.
    pub(super) histories: BTreeSet<&'static str>,
    /// The columns of journeys, of those that say when something happened, that may hold an instant at the cut or later: the others need not be cut.
    pub(super) late: BTreeSet<&'static str>,
    /// Whether each deal's export states its status.
    pub(super) states_all: bool,
    pub(super) staff: &'a Staff,
    pub(super) columns: Columns,
    /// The rows of `scope` and all dimensions, where they are held in memory.
    pub(super) held: Option<Arc<dyn TableProvider>>,
}

/// The dimensions that a manager tells.
const OF_MANAGER: [&str; 3] = ["manager", "team", "supervisor"];
/// What the name of a dimension begins with among the held rows: `scope` may have a column of that name, cut.
const DIMENSION: &str = "dimension ";

pub(super) fn held_dimension(name: &str) -> String {
    format!("{DIMENSION}{name}")
}

/// Which columns the view `scope` has. Each is an expression that every plan which reads the view carries along until the optimizer drops
/// it, and most plans read few.
pub(super) enum Columns {
    All,
    /// Those of these names.
    Of(BTreeSet<String>),
}

impl Columns {
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Columns::All => true,
            // a name of several words is not found among words
            Columns::Of(names) => names.contains(name) || !name.chars().all(is_letter),
        }
    }
}

/// Whether a name without quotes may have this sign.
pub(super) fn is_letter(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_'
}

pub(super) const SCOPE: &str = "scope";
/// Made of the column `entries` of `scope`.
pub(super) const ENTRIES: &str = "scope_entries";
pub(super) const SPEND: &str = "scope_spend";

/// The columns of journeys that say when something happened.
pub(super) const HAPPENED: [&str; 5] = ["response_at", "refused_at", "opted_out_at", "complained_at", "refunded_at"];
/// The columns of journeys that list what happened.
pub(super) const LISTED: [&str; 3] = ["returns", "touch_at", "intervals"];

/// The columns of journeys that are cut, or decide what is.
pub(super) fn timed() -> impl Iterator<Item = &'static str> {
    ["created_at", "closed_at", "entries"].into_iter().chain(HAPPENED).chain(LISTED)
}

/// The list of journeys that says what a field of a deal was, from when on.
pub(super) fn history_of(field: &str) -> Option<&'static str> {
    match field {
        "amount" => Some("amount_history"),
        "expected_close" => Some("expected_close_history"),
        "probability" => Some("probability_history"),
        _ => None,
    }
}

/// The lists of journeys that most stores leave empty: histories of fields, and when snapshots did not list a deal.
pub(super) const RARE: [&str; 4] = ["amount_history", "expected_close_history", "probability_history", ABSENCES];
const ABSENCES: &str = "absences";

impl Scope<'_> {
    /// Registers the views that every context has.
    pub(super) async fn register(&self, into: &SessionContext) -> Result<()> {
        let scope = self.scope().await?;
        if self.columns.has("entries") {
            let entries = self.entries(scope.clone()).await?;
            into.register_table(ENTRIES, entries.into_view())?;
        }
        into.register_table(SCOPE, scope.into_view())?;
        into.register_table(SPEND, self.spend().await?.into_view())?;
        Ok(())
    }

    async fn scope(&self) -> Result<DataFrame> {
        let Some(held) = self.held.clone() else { return self.scope_beside(&[], Vec::new()).await };
        let frame = self.begun(self.tables.read_table(held)?)?;
        let is_of = |hold: &Hold| hold.fits(column(&held_dimension(&hold.dimension)));
        let frame = self.only.iter().map(is_of).try_fold(frame, DataFrame::filter)?;
        let names: Vec<String> = frame.schema().fields().iter().map(|field| field.name().clone()).collect();
        let wanted = |name: &&String| !name.starts_with(DIMENSION) && self.columns.has(name);
        let mut columns: Vec<Expr> = names.iter().filter(wanted).map(|name| column(name)).collect();
        columns.push(group(self.by.iter().map(|name| column(&held_dimension(name))).collect()).alias("grp"));
        frame.select(columns)
    }

    /// `scope` out of the journeys, with expressions beside it over these columns of theirs.
    pub(super) async fn scope_beside(&self, names: &[String], mut beside: Vec<Expr>) -> Result<DataFrame> {
        let values = self.by.iter().map(|name| self.dimension(name)).collect();
        let journeys = self.only(self.begun(self.journeys(self.named().chain(names)).await?)?)?;
        beside.push(group(values).alias("grp"));
        self.as_known_at_cut(journeys, beside)
    }

    /// The deals that were created before the cut.
    fn begun(&self, deals: DataFrame) -> Result<DataFrame> {
        match self.late.contains("created_at") {
            true => deals.filter(column("created_at").is_null().or(column("created_at").lt(instant(self.cut)))),
            false => Ok(deals),
        }
    }

    /// Of all deals, those created later included: every column of `scope` but the group, and each of these dimensions under a name of its
    /// own. It is what [`Scope::held`] holds.
    pub(super) async fn to_hold(&self, dimensions: &[String]) -> Result<DataFrame> {
        let journeys = self.journeys(dimensions).await?;
        let beside = dimensions.iter().map(|name| self.dimension(name).alias(held_dimension(name)));
        self.as_known_at_cut(journeys, beside.collect())
    }

    /// The columns of `scope`, and others beside them.
    fn as_known_at_cut(&self, journeys: DataFrame, beside: Vec<Expr>) -> Result<DataFrame> {
        let names: Vec<String> = journeys.schema().fields().iter().map(|f| f.name().clone()).collect();
        let wanted = |name: &str| self.columns.has(name);
        let mut columns: Vec<Expr> = Vec::new();
        for name in names.iter().filter(|name| !TAKEN.contains(&name.as_str()) && wanted(name)) {
            columns.push(self.clipped(name)?.alias(name));
        }
        let mut add = |name: &str, made: &dyn Fn() -> Result<Expr>| {
            if wanted(name) {
                columns.push(made()?.alias(name));
            }
            Ok::<_, DataFusionError>(())
        };
        add("won_at", &|| when(self.stated().eq(text("won")), self.happened("closed_at")?).end())?;
        add("is_open", &|| Ok(self.is_open()))?;
        add("seen_until", &|| self.seen_until())?;
        // as the exports say it, whatever the cut: to tell what does not fit
        add("exported_status", &|| Ok(column("status")))?;
        add("exported_stage", &|| Ok(column("stage")))?;
        add("exported_closed_at", &|| Ok(column("closed_at")))?;
        add("undated", &|| when(self.gone(), text("gone")).when(self.undated(), self.stated()).end())?;
        for field in CHANGE_KINDS {
            add(&format!("{field}_known_since"), &|| Ok(self.known_since(field)))?;
        }
        // of what currency the export says that the amount is, where a mapping keeps that
        let states_currency = names.iter().any(|name| name == "currency");
        let no_currency = || lit(ScalarValue::Utf8View(None));
        add("stated_currency", &|| Ok(if states_currency { column("currency") } else { no_currency() }))?;
        add("entered_at", &|| self.entered_at())?;
        add("least_outcome", &|| Ok(self.fewest_won()?.0))?;
        add("least_until", &|| Ok(self.fewest_won()?.1))?;
        add("most_outcome", &|| Ok(self.most_won()?.0))?;
        add("most_until", &|| Ok(self.most_won()?.1))?;
        add("moves", &|| Ok(self.moves()))?;
        add("team", &|| Ok(self.staff.team()))?;
        add("supervisor", &|| Ok(self.staff.supervisor()))?;
        columns.extend(beside);
        journeys.select(columns)
    }

    /// The rows of a view that has no groups, each in the group of its deal; what has a manager of its own, in that manager's.
    pub(super) async fn in_groups(&self, rows: DataFrame) -> Result<DataFrame> {
        let has_manager = rows.schema().has_column_with_unqualified_name("manager");
        let is_own = |name: &String| has_manager && OF_MANAGER.contains(&name.as_str());
        let of_deal: Vec<&String> = self.by.iter().filter(|name| !is_own(name)).collect();
        let names: Vec<String> = rows.schema().fields().iter().map(|field| field.name().clone()).collect();
        let unpacked = rows.schema().fields().iter().map(|field| match field.data_type() {
            DataType::Dictionary(..) => cast(column(field.name()), DataType::Utf8View).alias(field.name()),
            _ => column(field.name()),
        });
        let unpacked = unpacked.collect::<Vec<_>>();
        let mut rows = rows.select(unpacked)?;
        if !of_deal.is_empty() {
            let (deals, value): (_, &dyn Fn(&String) -> Expr) = match &self.held {
                Some(held) => (self.tables.read_table(Arc::clone(held))?, &|name| column(&held_dimension(name))),
                None => (self.journeys(self.by).await?, &|name| self.dimension(name).alias(held_dimension(name))),
            };
            let columns = of_deal.iter().map(|name| value(name)).chain([column("deal_id").alias(HELD)]);
            let deals = deals.select(columns.collect::<Vec<_>>())?;
            rows = deals.join(rows, JoinType::Right, &[HELD], &["deal_id"], None)?;
        }
        let value = |name: &String| if is_own(name) { self.dimension(name) } else { column(&held_dimension(name)) };
        let grp = group(self.by.iter().map(value).collect()).alias("grp");
        let as_is = names.iter().map(|name| if name == "grp" { grp.clone() } else { column(name) });
        rows.select(as_is.collect::<Vec<_>>())
    }

    /// The rows of a frame with the columns of deals that are asked for.
    pub(super) fn only(&self, frame: DataFrame) -> Result<DataFrame> {
        let wanted = |hold: &Hold| hold.fits(self.dimension(&hold.dimension));
        self.only.iter().map(wanted).try_fold(frame, DataFrame::filter)
    }

    /// The dimensions that are split by or held to.
    pub(super) fn named(&self) -> impl Iterator<Item = &String> {
        self.by.iter().chain(self.only.iter().map(|hold| &hold.dimension))
    }

    /// Journeys, with `gone_at` of those deals that are marked. A join, since few are: where none is, nothing is joined.
    async fn marked(&self) -> Result<DataFrame> {
        let journeys = self.tables.table(Table::Journeys.name()).await?;
        if journeys.schema().has_column_with_unqualified_name("gone_at") {
            return Ok(journeys);
        }
        let mut names: Vec<Expr> = journeys.schema().fields().iter().map(|field| column(field.name())).collect();
        let as_known = |gone_at: Expr| match self.histories.contains(ABSENCES) {
            true => gone_since().call(vec![column(ABSENCES), gone_at, instant(self.cut)]).alias("gone_at"),
            false => gone_at.alias("gone_at"),
        };
        if !self.has_gone {
            let never = ScalarValue::TimestampMicrosecond(None, Some("UTC".into()));
            names.push(as_known(lit(never)));
            return journeys.select(names);
        }
        let key = "deal_id of the deals that are gone";
        let gone = self.tables.table(Table::Deals.name()).await?.filter(column("gone_at").is_not_null())?;
        let gone = gone.select(vec![column("deal_id").alias(key), column("gone_at")])?;
        names.push(as_known(column("gone_at")));
        journeys.join(gone, JoinType::Left, &["deal_id"], &[key], None)?.select(names)
    }

    /// Journeys, with the columns of deals that they lack and that are asked for.
    pub(super) async fn journeys(&self, names: impl IntoIterator<Item = &String>) -> Result<DataFrame> {
        let journeys = self.marked().await?;
        let has = |frame: &DataFrame, name: &str| frame.schema().has_column_with_unqualified_name(name);
        let lacking: BTreeSet<&String> =
            names.into_iter().filter(|name| !has(&journeys, name) && !TAKEN.contains(&name.as_str())).collect();
        if lacking.is_empty() {
            return Ok(journeys);
        }
        let key = "deal_id of deals";
        let columns = lacking.iter().map(|name| column(name)).chain([column("deal_id").alias(key)]);
        let deals = self.tables.table(Table::Deals.name()).await?.select(columns.collect::<Vec<_>>())?;
        let names = journeys.schema().fields().iter().map(|f| f.name().clone());
        let names: Vec<Expr> = names.chain(lacking.iter().map(|n| (*n).clone())).map(|name| column(&name)).collect();
        journeys.join(deals, JoinType::Left, &["deal_id"], &[key], None)?.select(names)
    }

    pub(super) fn dimension(&self, name: &str) -> Expr {
        match name {
            "team" => self.staff.team(),
            "supervisor" => self.staff.supervisor(),
            name => column(name),
        }
    }

    /// A row per deal and stage of the regulation that it entered.
    async fn entries(&self, scope: DataFrame) -> Result<DataFrame> {
        let stages = self.tables.table("stages").await?;
        let names =
            [column("stage").alias("regulation's stage"), column("position"), column("terminal"), column("qualified")];
        let stages = stages.select(names.to_vec())?;
        let entry = |field: &str| get_field(column("entries"), field).alias(field);
        scope
            .select(vec![column("deal_id"), column("grp"), column("entries")])?
            .unnest_columns(&["entries"])?
            .select(vec![column("deal_id"), column("grp"), entry("stage"), entry("at"), entry("times")])?
            .join(stages, JoinType::Inner, &["stage"], &["regulation's stage"], None)?
            .select(
                ["deal_id", "grp", "stage", "position", "terminal", "qualified", "at", "times"].map(column).to_vec(),
            )
    }

    async fn spend(&self) -> Result<DataFrame> {
        let spend = self.tables.table(Table::Spend.name()).await?;
        let names: Vec<String> = spend.schema().fields().iter().map(|f| f.name().clone()).collect();
        // all of it would fall to the group without a manager: better none is seen, and what is made of it is absent
        let divisible = self.named().all(|name| names.contains(name));
        let value = |name: &String| if divisible { column(name) } else { text("") };
        let grp = group(self.by.iter().map(value).collect()).alias("grp");
        let before = column("day").lt(lit(ScalarValue::Date32(Some(self.cut_day))));
        let seen = if divisible { before } else { lit(false) };
        let columns = names.iter().filter(|n| n.as_str() != "grp").map(|n| column(n)).chain([grp]);
        let spend = spend.filter(seen)?;
        let spend = if divisible { self.only(spend)? } else { spend };
        spend.select(columns.collect::<Vec<_>>())
    }
}
