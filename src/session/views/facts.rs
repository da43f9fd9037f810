//! `scope_evidence`: whether a deal had what its stage asks for when it entered; `scope_required`: whether the stage's fields
//! are filled. Both say what is missing where that cannot be told.

use std::collections::BTreeSet;

use arrow::datatypes::DataType;
use datafusion::common::JoinType;
use datafusion::dataframe::DataFrame;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::FunctionRegistry;
use datafusion::execution::context::SessionContext;
use datafusion::functions::core::expr_fn::{coalesce, get_field, least, named_struct};
use datafusion::functions_aggregate::expr_fn::array_agg;
use datafusion::logical_expr::Case;
use datafusion::prelude::{Expr, cast, lit, when};
use datafusion::scalar::ScalarValue;

use super::super::dimensions::{column, text};
use super::super::judge::Why;
use super::super::scope::Scope;
use super::super::tables::instant;
use super::entered::{Period, SAID, entered_columns};
use super::{Loaded, deal_of_event};
use crate::functions::by_then::{by_then, count_by};
use crate::model::tables::Table;
use crate::regulation::{Condition, Stage};

/// What an event adds to a number of which evidence speaks; null: nothing.
fn counts(name: &str) -> Result<Expr> {
    let kind = || column("kind");
    match name {
        "talk_s" => when(kind().eq(text("call")), cast(column("duration_s"), DataType::Int64)).end(),
        name => when(kind().eq(text(name)), lit(1_i64)).end(),
    }
}

/// What evidence calls the number of touches.
const TOUCH: &str = "touch";
/// The column of journeys that lists them.
const TOUCH_AT: &str = "touch_at";

/// Where a deal belongs and when it began: columns that say which sources are known of it.
const PLACE: [&str; 3] = ["manager", "branch", "created_at"];

/// The text of the first condition that holds; null where none does.
fn first_of(cases: Vec<(Box<Expr>, Box<Expr>)>) -> Expr {
    match cases.is_empty() {
        true => lit(ScalarValue::Utf8View(None)),
        false => Expr::Case(Case::new(None, cases, None)),
    }
}

/// The source that tells of a number of which evidence speaks.
fn source(name: &str) -> &str {
    match name {
        "talk_s" => "call",
        name => name,
    }
}

impl Scope<'_> {
    /// The columns that a deal has, those of its company's own included.
    async fn columns_of_deals(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for table in [Table::Journeys, Table::Deals] {
            let frame = self.tables.table(table.name()).await?;
            names.extend(frame.schema().fields().iter().map(|field| field.name().clone()));
        }
        Ok(names)
    }

    /// Of each entry into a stage that asks for evidence: whether it was there. Where something is named that the store
    /// does not know of the time from the deal's creation to the entry, nobody can say.
    /// Its columns: [`OF_DEAL`], [`ENTRY`], [`SAID`].
    pub(super) async fn evidence(
        &self,
        context: &SessionContext,
        loaded: &Loaded<'_>,
        period: Period,
    ) -> Result<DataFrame> {
        let columns = self.columns_of_deals().await?;
        let asked: Vec<(&Stage, &Condition)> =
            self.regulation.stages().iter().filter_map(|stage| Some((stage, stage.evidence.as_ref()?))).collect();
        let stages = asked.iter().map(|(stage, _)| text(stage.id.as_str())).collect();
        let names = || asked.iter().flat_map(|(_, evidence)| evidence.names.iter().map(String::as_str));
        let counted: BTreeSet<&str> = names().filter(|name| !columns.iter().any(|column| column == name)).collect();
        let touches = counted.contains(TOUCH).then_some(TOUCH_AT);
        let of_deal = names().filter(|name| columns.iter().any(|column| column == name)).chain(PLACE).chain(touches);
        let of_deal = of_deal.collect();
        let entered =
            self.entries_with(context, &of_deal, period).await?.filter(column("stage").in_list(stages, false))?;
        let facts = match counted.is_empty() {
            true => entered,
            false => self.counted(context, entered, &counted).await?,
        };
        let (mut kept, mut missing, mut why) = (Vec::new(), Vec::new(), Vec::new());
        for (stage, evidence) in &asked {
            let condition = context.parse_sql_expr(&evidence.sql, facts.schema())?;
            let of = || Box::new(text(stage.id.as_str()));
            kept.push((of(), Box::new(condition.is_true())));
            let (mut unknown, mut reason) = (Vec::new(), Vec::new());
            for name in &evidence.names {
                for (is_so, because) in self.unknown(context, loaded, name, counted.contains(name.as_str()))? {
                    unknown.push((Box::new(is_so.clone()), Box::new(text(source(name)))));
                    reason.push((Box::new(is_so), Box::new(text(because.name()))));
                }
            }
            missing.push((of(), Box::new(first_of(unknown))));
            why.push((of(), Box::new(first_of(reason))));
        }
        let told = match asked.is_empty() {
            true => return self.no_facts(facts),
            false => {
                [kept, missing, why].map(|cases| Expr::Case(Case::new(Some(Box::new(column("stage"))), cases, None)))
            }
        };
        let told = told.into_iter().zip(SAID).map(|(case, name)| case.alias(name));
        let facts = facts.select(entered_columns().chain(told).collect::<Vec<_>>())?;
        let kept = when(column("missing").is_null(), column("kept")).end()?.alias("kept");
        facts.select(entered_columns().chain([kept, column("missing"), column("why")]).collect::<Vec<_>>())
    }

    /// When what evidence names is not known at an entry: conditions, the first of which that holds is the reason.
    fn unknown(
        &self,
        context: &SessionContext,
        loaded: &Loaded<'_>,
        name: &str,
        is_counted: bool,
    ) -> Result<Vec<(Expr, Why)>> {
        if !is_counted {
            return Ok(if loaded.columns.contains(name) { Vec::new() } else { vec![(lit(true), Why::Never)] });
        }
        if !loaded.sources.has(source(name)) {
            return Ok(vec![(lit(true), Why::Never)]);
        }
        let ask = |function: &str| {
            let of_whom = vec![text(source(name)), column("manager"), column("branch")];
            Ok::<_, DataFusionError>(context.udf(function)?.call(of_whom))
        };
        let (from, until) = (ask("known_from")?, ask("known_until")?);
        let began = coalesce(vec![column("created_at"), column("at")]);
        Ok(vec![
            (from.clone().is_null(), Why::Never),
            (began.lt(from), Why::Before),
            (column("at").gt_eq(until), Why::After),
        ])
    }

    /// The columns of facts, and no row.
    fn no_facts(&self, facts: DataFrame) -> Result<DataFrame> {
        let none = [lit(true).alias("kept"), text("").alias("missing"), text("").alias("why")];
        facts.filter(lit(false))?.select(entered_columns().chain(none).collect::<Vec<_>>())
    }

    /// The entries, and how often each of these kinds had happened on the deal by then; a same-time event counts. What happened on a day of which
    /// the time is not known is not held against the entry.
    async fn counted(&self, context: &SessionContext, entered: DataFrame, names: &BTreeSet<&str>) -> Result<DataFrame> {
        let entered_by = context.udf("ends_at")?.call(vec![column("at")]);
        let mut names = names.clone();
        let touched = names.remove(TOUCH);
        let entered = match names.is_empty() {
            true => entered,
            false => self.counted_of_events(entered, entered_by.clone(), &names).await?,
        };
        if !touched {
            return Ok(entered);
        }
        // the journeys list the touches of a deal already, those after the cut included
        let seen = least(vec![entered_by, instant(self.cut.saturating_sub(1))]);
        let mut told: Vec<Expr> = entered.schema().fields().iter().map(|field| column(field.name())).collect();
        told.push(count_by().call(vec![column(TOUCH_AT), seen]).alias(TOUCH));
        entered.select(told)
    }

    /// The events of a deal are one list, of which each entry takes what came before it: a join of the two would pair each
    /// event with each entry.
    async fn counted_of_events(&self, entered: DataFrame, by: Expr, names: &BTreeSet<&str>) -> Result<DataFrame> {
        const OF: &str = "deal of the events";
        const LIST: &str = "events of the deal";
        let relevant = names.iter().flat_map(|name| match *name {
            "talk_s" => vec!["call"],
            kind => vec![kind],
        });
        let relevant = column("kind").in_list(relevant.map(text).collect(), false);
        let known = column("at").lt(instant(self.cut)).and(deal_of_event().is_not_null());
        let mut happened = vec![lit("at"), column("at")];
        for name in names {
            happened.extend([lit(*name), counts(name)?]);
        }
        let events = self.tables.table(Table::Events.name()).await?.filter(known.and(relevant))?;
        let events = events.select(vec![deal_of_event().alias(OF), named_struct(happened).alias("event")])?;
        let lists = events.aggregate(vec![column(OF)], vec![array_agg(column("event")).alias(LIST)])?;
        let mut told: Vec<Expr> = entered.schema().fields().iter().map(|field| column(field.name())).collect();
        let sums = by_then().call(vec![column(LIST), by]);
        told.extend(names.iter().map(|name| get_field(sums.clone(), *name).alias(*name)));
        lists.join(entered, JoinType::Right, &[OF], &["deal_id"], None)?.select(told)
    }

    /// Of each entry into a stage and each field that the stage requires: whether it is filled. A column that no row of the
    /// store fills was not exported. Its columns are those of [`Scope::evidence`].
    pub(super) async fn required(
        &self,
        context: &SessionContext,
        loaded: &Loaded<'_>,
        period: Period,
    ) -> Result<DataFrame> {
        let columns = self.columns_of_deals().await?;
        let exists = |name: &str| columns.iter().any(|column| column == name);
        let fields =
            || self.regulation.stages().iter().flat_map(|s| s.required.iter().map(move |name| (s, name.as_str())));
        let known: BTreeSet<&str> = fields().map(|(_, name)| name).filter(|name| exists(name)).collect();
        let entered = self.entries_with(context, &known, period).await?;
        let mut all: Option<DataFrame> = None;
        for (stage, name) in fields() {
            let said = match loaded.columns.contains(name) {
                true => {
                    let kept = coalesce(vec![cast(column(name), DataType::Utf8), lit("")]).not_eq(lit(""));
                    let nothing = lit(ScalarValue::Utf8View(None));
                    [kept.alias("kept"), nothing.clone().alias("missing"), nothing.alias("why")]
                }
                false => {
                    let unknown = lit(ScalarValue::Boolean(None)).alias("kept");
                    [unknown, text(name).alias("missing"), text(Why::Never.name()).alias("why")]
                }
            };
            let one = entered
                .clone()
                .filter(column("stage").eq(text(stage.id.as_str())))?
                .select(entered_columns().chain(said).collect::<Vec<_>>())?;
            all = Some(match all {
                Some(others) => others.union(one)?,
                None => one,
            });
        }
        match all {
            Some(all) => Ok(all),
            None => self.no_facts(entered),
        }
    }
}
