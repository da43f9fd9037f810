//! `scope_evidence`: whether a deal had what its stage asks for when it entered; `scope_required`: whether the stage's fields
//! are filled; `scope_unjudged`: what the regulation asks for and the store cannot tell.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use datafusion::common::JoinType;
use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::execution::context::SessionContext;
use datafusion::functions::core::expr_fn::{coalesce, get_field, named_struct};
use datafusion::functions_aggregate::expr_fn::array_agg;
use datafusion::logical_expr::Case;
use datafusion::prelude::{Expr, cast, lit, when};

use super::super::by_then::by_then;
use super::super::dimensions::{column, text};
use super::super::scope::Scope;
use super::super::tables::instant;
use super::{deal_of_event, is_touch};
use crate::model::tables::{TOUCH_KINDS, Table};
use crate::regulation::{COUNTED, Condition, Stage};

/// What an event adds to a number of which evidence speaks; null: nothing.
fn counts(name: &str) -> Result<Expr> {
    let kind = || column("kind");
    match name {
        "touch" => when(is_touch(), lit(1_i64)).end(),
        "talk_s" => when(kind().eq(text("call")), cast(column("duration_s"), DataType::Int64)).end(),
        name => when(kind().eq(text(name)), lit(1_i64)).end(),
    }
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
    /// The events of a deal are one list, of which each entry takes what came before it: a join of the two would pair each
    /// event with each entry.
    async fn counted(&self, entered: DataFrame, names: &BTreeSet<&String>) -> Result<DataFrame> {
        const OF: &str = "deal of the events";
        const LIST: &str = "events of the deal";
        let relevant = names.iter().flat_map(|name| match name.as_str() {
            "touch" => TOUCH_KINDS.to_vec(),
            "talk_s" => vec!["call"],
            kind => vec![kind],
        });
        let relevant = column("kind").in_list(relevant.map(text).collect(), false);
        let known = column("at").lt(instant(self.cut)).and(deal_of_event().is_not_null());
        let mut happened = vec![lit("at"), column("at")];
        for name in names {
            happened.extend([lit(name.as_str()), counts(name)?]);
        }
        let events = self.tables.table(Table::Events.name()).await?.filter(known.and(relevant))?;
        let events = events.select(vec![deal_of_event().alias(OF), named_struct(happened).alias("event")])?;
        let lists = events.aggregate(vec![column(OF)], vec![array_agg(column("event")).alias(LIST)])?;
        let mut told: Vec<Expr> = entered.schema().fields().iter().map(|field| column(field.name())).collect();
        let sums = by_then().call(vec![column(LIST), column("at")]);
        told.extend(names.iter().map(|name| get_field(sums.clone(), name.as_str()).alias(name.as_str())));
        lists.join(entered, JoinType::Right, &[OF], &["deal_id"], None)?.select(told)
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
