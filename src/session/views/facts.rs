//! `scope_evidence`: whether a deal had what its stage asks for when it entered; `scope_required`: whether the stage's fields
//! are filled; `scope_unjudged`: what the regulation asks for and the store cannot tell.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use datafusion::common::JoinType;
use datafusion::dataframe::DataFrame;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::SessionContext;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    Case, ExprFunctionExt, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowFunctionDefinition,
};
use datafusion::prelude::{Expr, cast, lit, when};
use datafusion::scalar::ScalarValue;

use super::super::dimensions::{column, text};
use super::super::scope::Scope;
use super::super::tables::instant;
use super::is_touch;
use crate::model::tables::{TOUCH_KINDS, Table};
use crate::regulation::{COUNTED, Condition, Stage};

/// Of events and entries of one moment, which comes first.
const ORDER: &str = "order of the moment";
/// Columns of events, their names beside those of entries, and their types.
const OF_EVENTS: [(&str, &str, DataType); 3] = [
    ("kind", "kind of the event", DataType::Utf8View),
    ("direction", "direction of the event", DataType::Utf8View),
    ("duration_s", "seconds of the event", DataType::Int64),
];

/// What an event adds to a number of which evidence speaks; null: nothing.
fn counts(name: &str) -> Result<Expr> {
    let [kind, direction, seconds] = OF_EVENTS.map(|(_, own, _)| column(own));
    match name {
        "touch" => when(is_touch(kind, direction), lit(1_i64)).end(),
        "talk_s" => when(kind.eq(text("call")), seconds).end(),
        name => when(kind.eq(text(name)), lit(1_i64)).end(),
    }
}

/// The sum on the deal up to and with the row.
fn so_far(of: Expr) -> Result<Expr> {
    let sum = Expr::from(WindowFunction::new(WindowFunctionDefinition::AggregateUDF(sum_udaf()), vec![of]));
    let unbounded = WindowFrameBound::Preceding(ScalarValue::UInt64(None));
    let frame = WindowFrame::new_bounds(WindowFrameUnits::Rows, unbounded, WindowFrameBound::CurrentRow);
    let order = ["at", ORDER].map(|name| column(name).sort(true, false));
    let sum = sum.partition_by(vec![column("deal_id")]).order_by(order.to_vec()).window_frame(frame).build()?;
    Ok(coalesce(vec![sum, lit(0_i64)]))
}

/// What every view over entries begins with.
const ENTRY: [&str; 5] = ["deal_id", "grp", "stage", "position", "at"];

impl Scope<'_> {
    /// The stages whose evidence can be judged, and what cannot.
    fn judged<'s>(
        &'s self,
        columns: &[String],
        kinds: &BTreeSet<String>,
    ) -> (Vec<(&'s Stage, &'s Condition)>, Vec<[String; 2]>) {
        let (mut judged, mut unjudged) = (Vec::new(), Vec::new());
        let known = |name: &String| columns.contains(name) || kinds.contains(name) || COUNTED.contains(&name.as_str());
        for (stage, evidence) in self.regulation.stages().iter().filter_map(|s| Some((s, s.evidence.as_ref()?))) {
            let unseen: Vec<&String> = evidence.names.iter().filter(|name| !known(name)).collect();
            match unseen.is_empty() {
                true => judged.push((stage, evidence)),
                false => unjudged.extend(unseen.into_iter().map(|name| [stage.id.clone(), name.clone()])),
            }
        }
        (judged, unjudged)
    }

    /// The columns that a deal has, those of its company's own included.
    async fn columns_of_deals(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for table in [Table::Journeys, Table::Deals] {
            let frame = self.tables.table(table.name()).await?;
            names.extend(frame.schema().fields().iter().map(|field| field.name().clone()));
        }
        Ok(names)
    }

    /// Entries into stages beside columns of their deals, which are called as they are in the store.
    async fn entries_with(&self, context: &SessionContext, names: &BTreeSet<&String>) -> Result<DataFrame> {
        let key = "deal_id of the deal";
        let deals = self.journeys(names.iter().copied()).await?;
        let wanted = names.iter().filter(|name| !ENTRY.contains(&name.as_str())).map(|name| column(name));
        let deals = deals.select(wanted.chain([column("deal_id").alias(key)]).collect::<Vec<_>>())?;
        let entries = context.table("scope_entries").await?.select(ENTRY.map(column).to_vec())?;
        entries.join(deals, JoinType::Inner, &["deal_id"], &[key], None)
    }

    pub(super) async fn evidence(&self, context: &SessionContext, kinds: &BTreeSet<String>) -> Result<DataFrame> {
        let columns = self.columns_of_deals().await?;
        let (judged, _) = self.judged(&columns, kinds);
        let stages = judged.iter().map(|(stage, _)| text(stage.id.as_str())).collect();
        let (of_deal, counted): (BTreeSet<&String>, BTreeSet<&String>) =
            judged.iter().flat_map(|(_, evidence)| &evidence.names).partition(|name| columns.contains(name));
        let entered = self.entries_with(context, &of_deal).await?.filter(column("stage").in_list(stages, false))?;
        let facts = match counted.is_empty() {
            true => entered,
            false => self.counted(entered, &counted).await?,
        };
        let mut branches = Vec::new();
        for (stage, evidence) in &judged {
            let condition = context.parse_sql_expr(&evidence.sql, facts.schema())?;
            branches.push((Box::new(text(stage.id.as_str())), Box::new(condition.is_true())));
        }
        let kept = match branches.is_empty() {
            true => lit(true),
            false => Expr::Case(Case::new(Some(Box::new(column("stage"))), branches, None)),
        };
        facts.select(ENTRY.map(column).into_iter().chain([kept.alias("kept")]).collect::<Vec<_>>())
    }

    /// The entries, and how often each of these kinds had happened on the deal by then; a same-time event counts.
    ///
    /// Events and entries of a deal are gone through once, in their order, with running sums: a join would pair each event
    /// of a deal with each of its entries.
    async fn counted(&self, entered: DataFrame, names: &BTreeSet<&String>) -> Result<DataFrame> {
        let relevant = names.iter().flat_map(|name| match name.as_str() {
            "touch" => TOUCH_KINDS.to_vec(),
            "talk_s" => vec!["call"],
            kind => vec![kind],
        });
        let relevant = column("kind").in_list(relevant.map(text).collect(), false);
        let known = column("at").lt(instant(self.cut)).and(column("deal_id").is_not_null());
        // what the other of the two has, a row of one lacks
        let lacks =
            |of: &DataType, name: &str| Ok::<_, DataFusionError>(lit(ScalarValue::try_new_null(of)?).alias(name));
        let row = |order: i64| vec![column("deal_id"), column("at"), lit(order).alias(ORDER)];
        let (mut events, mut entries) = (row(0), row(1));
        for (name, own, of) in OF_EVENTS {
            events.push(cast(column(name), of.clone()).alias(own));
            entries.push(lacks(&of, own)?);
        }
        let fields = entered.schema().fields().clone();
        for field in fields.iter().filter(|field| !["deal_id", "at"].contains(&field.name().as_str())) {
            events.push(lacks(field.data_type(), field.name())?);
            entries.push(column(field.name()));
        }
        let mut told: Vec<Expr> = fields.iter().map(|field| column(field.name())).collect();
        let mut counted = told.clone();
        counted.push(column(ORDER));
        for name in names {
            counted.push(so_far(counts(name)?)?.alias(name.as_str()));
            told.push(column(name));
        }
        let events = self.tables.table(Table::Events.name()).await?.filter(known.and(relevant))?.select(events)?;
        let both = events.union(entered.select(entries)?)?;
        both.select(counted)?.filter(column(ORDER).eq(lit(1_i64)))?.select(told)
    }

    pub(super) async fn required(&self, context: &SessionContext) -> Result<DataFrame> {
        let columns = self.columns_of_deals().await?;
        let fields = || self.regulation.stages().iter().flat_map(|s| s.required.iter().map(move |name| (s, name)));
        let known: BTreeSet<&String> = fields().map(|(_, name)| name).filter(|name| columns.contains(name)).collect();
        let entered = self.entries_with(context, &known).await?;
        let mut all: Option<DataFrame> = None;
        for (stage, name) in fields().filter(|(_, name)| known.contains(name)) {
            let filled = coalesce(vec![cast(column(name), DataType::Utf8), lit("")]).not_eq(lit(""));
            let own = [text(name.as_str()).alias("column_name"), filled.alias("filled")];
            let one = entered
                .clone()
                .filter(column("stage").eq(text(stage.id.as_str())))?
                .select(ENTRY.map(column).into_iter().chain(own).collect::<Vec<_>>())?;
            all = Some(match all {
                Some(others) => others.union(one)?,
                None => one,
            });
        }
        match all {
            Some(all) => Ok(all),
            None => {
                let none = [text("").alias("column_name"), lit(true).alias("filled")];
                entered.filter(lit(false))?.select(ENTRY.map(column).into_iter().chain(none).collect::<Vec<_>>())
            }
        }
    }

    /// What the regulation names and the store has never seen: a row per stage and name.
    pub(super) async fn unjudged(&self, context: &SessionContext, kinds: &BTreeSet<String>) -> Result<DataFrame> {
        let columns = self.columns_of_deals().await?;
        let (_, evidence) = self.judged(&columns, kinds);
        let required = self.regulation.stages().iter().flat_map(|stage| {
            let unknown = stage.required.iter().filter(|name| !columns.contains(name));
            unknown.map(|name| ["required".to_owned(), stage.id.clone(), name.clone()])
        });
        let rows: Vec<[String; 3]> =
            evidence.into_iter().map(|[stage, name]| ["evidence".to_owned(), stage, name]).chain(required).collect();
        let texts =
            |at: usize| Arc::new(rows.iter().map(|row| Some(row[at].as_str())).collect::<StringArray>()) as ArrayRef;
        let batch = RecordBatch::try_from_iter([("rule", texts(0)), ("stage", texts(1)), ("name", texts(2))])?;
        let group = text("").alias("grp");
        let all = ["rule", "stage", "name"].map(column).into_iter().chain([group]);
        context.read_batch(batch)?.select(all.collect::<Vec<_>>())
    }
}
