//! A SELECT that was checked, of a metric or of a piece that metrics share: asked with the same period, cut and split.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::compute::concat_batches;
use arrow::record_batch::RecordBatch;
use chrono::NaiveDate;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::TableProvider;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;
use datafusion::sql::parser::Statement as Parsed;
use datafusion::sql::sqlparser::ast::Statement;

use super::ask::Ask;
use super::kept::{self, Computed, Steps};
use super::statement::{self, Mention, Order};
use crate::model::calendar::Calendar;
use crate::model::problem::Problem;
use crate::model::timings;
use crate::session::running::is_short_of_memory;
use crate::session::{Session, read_only, words};

/// A SELECT and what it reads.
#[derive(Debug, Clone)]
pub(super) struct Select {
    /// The name by which others read it: the stem of its file.
    pub name: String,
    /// Its file, as the person named it.
    pub file: String,
    /// What it reads, by name: tables, views, metrics, shared pieces.
    pub relations: BTreeMap<String, Mention>,
    /// The words of its text: the columns and functions that it names are among them.
    pub words: BTreeSet<String>,
    /// Whether it asks for the period.
    pub has_period: bool,
    /// Whether it is computed once for all who ask at one cut and split: it says so where it begins.
    pub is_once: bool,
    statement: Box<Statement>,
    /// The same, where it reads a subquery of its own more than once.
    steps: Option<Steps>,
}

impl Select {
    /// Checks the SQL of a file. `text` is the whole file, so that lines are the file's.
    pub fn parse(file: &str, name: &str, text: &str, order: Order) -> Result<Select, Vec<Problem>> {
        let statement = statement::parse(file, text, order)?;
        Ok(Select {
            name: name.to_owned(),
            file: file.to_owned(),
            relations: statement::relations(&statement),
            words: words(&statement.to_string()),
            has_period: statement::has_period(&statement),
            is_once: order == Order::Free && says_once(text),
            steps: Steps::of(name, &statement),
            statement,
        })
    }

    /// Its text, as the engine reads it.
    pub fn sql(&self) -> String {
        self.statement.to_string()
    }

    /// The names of its columns; none where it is a union, or leaves one unnamed.
    pub fn output(&self) -> Option<Vec<String>> {
        statement::output(&self.statement)
    }

    /// Its plan, with what is asked as its parameters.
    pub async fn plan(
        &self,
        context: &SessionContext,
        calendar: &Calendar,
        ask: &Ask,
    ) -> Result<DataFrame, DataFusionError> {
        plan(&self.statement, context, calendar, ask).await
    }

    /// Its plan over the subqueries that it reads more than once, which are computed here. Their rows are held as
    /// long as what is returned beside it. Where neither memory nor disk allows to keep them, nothing is kept.
    pub async fn plan_in_steps(
        &self,
        context: &SessionContext,
        calendar: &Calendar,
        ask: &Ask,
    ) -> Result<(DataFrame, Computed), DataFusionError> {
        let mut computed = Computed::default();
        let Some(steps) = &self.steps else { return Ok((self.plan(context, calendar, ask).await?, computed)) };
        for step in &steps.kept {
            let frame = plan(&step.statement, context, calendar, ask).await?;
            match step.keep(context, frame).await {
                Ok((held, plan)) => {
                    computed.held.push(held);
                    computed.plans.insert(step.table.clone(), plan);
                }
                Err(e) if is_short_of_memory(&e) => {
                    return Ok((self.plan(context, calendar, ask).await?, Computed::default()));
                }
                Err(e) => return Err(e),
            }
        }
        Ok((plan(&steps.last, context, calendar, ask).await?, computed))
    }

    /// Its rows.
    pub async fn rows(
        &self,
        context: &SessionContext,
        calendar: &Calendar,
        ask: &Ask,
    ) -> Result<RecordBatch, DataFusionError> {
        let (frame, _computed) = self.plan_in_steps(context, calendar, ask).await?;
        let (schema, rows) = kept::execute(&self.name, frame).await?;
        Ok(concat_batches(&schema, rows.iter().flatten())?)
    }
}

async fn plan(
    statement: &Statement,
    context: &SessionContext,
    calendar: &Calendar,
    ask: &Ask,
) -> Result<DataFrame, DataFusionError> {
    let began = timings::begin();
    let plan = context.state().statement_to_plan(Parsed::Statement(Box::new(statement.clone()))).await?;
    read_only(&plan)?;
    let frame = context.execute_logical_plan(plan).await?.with_param_values(parameters(calendar, ask));
    timings::end(began, || "read SQL".to_owned(), None);
    frame
}

/// A SELECT that another one reads by name.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub select: Arc<Select>,
    /// Whether it is named more than once: then its rows are computed once and kept. The engine would compute them for each.
    pub is_kept: bool,
}

impl Read {
    /// Lets the context's queries read it by its name. Returns what was computed and is kept.
    pub async fn register(
        &self,
        context: &SessionContext,
        calendar: &Calendar,
        ask: &Ask,
        compute: Compute<'_>,
    ) -> Result<Computed, DataFusionError> {
        let name = self.select.name.as_str();
        if let Compute::RowsOnce(session) = compute
            && self.select.is_once
        {
            let make = || self.select.plan_in_steps(context, calendar, ask);
            if let Some(table) = session.once(&self.select.sql(), &ask.by, make).await? {
                context.register_table(name, table)?;
                return Ok(Computed::default());
            }
        }
        let (table, computed): (Arc<dyn TableProvider>, _) = match compute {
            Compute::Plan => (self.select.plan(context, calendar, ask).await?.into_view(), Computed::default()),
            Compute::Rows | Compute::RowsOnce(_) => {
                let (frame, mut computed) = self.select.plan_in_steps(context, calendar, ask).await?;
                match self.is_kept {
                    true => {
                        let plan = frame.logical_plan().clone();
                        let held = kept::kept(name, context, frame).await?;
                        let table = Arc::clone(&held.rows);
                        computed.held = vec![held];
                        computed.plans.insert(name.to_owned(), plan);
                        (table, computed)
                    }
                    false => (frame.into_view(), computed),
                }
            }
        };
        context.register_table(name, table)?;
        Ok(computed)
    }
}

/// Whether rows are wanted, or the plan is enough.
#[derive(Clone, Copy)]
pub(super) enum Compute<'a> {
    Rows,
    /// Rows; what is computed once for all who ask is held by the session.
    RowsOnce(&'a Session),
    Plan,
}

/// Whether the comment at the beginning of a piece has the line `once = true`.
fn says_once(text: &str) -> bool {
    let comment = text.trim_start().strip_prefix("/*").and_then(|text| text.split_once("*/"));
    comment.is_some_and(|(comment, _)| comment.lines().any(|line| line.trim() == "once = true"))
}

/// The bound values of `statement::PARAMETERS`.
fn parameters(calendar: &Calendar, ask: &Ask) -> Vec<(&'static str, ScalarValue)> {
    let day = |day: NaiveDate| {
        let since_epoch = day.signed_duration_since(chrono::DateTime::UNIX_EPOCH.date_naive());
        ScalarValue::Date32(i32::try_from(since_epoch.num_days()).ok())
    };
    let midnight = |day: NaiveDate| {
        ScalarValue::TimestampMicrosecond(Some(calendar.midnight(day).timestamp_micros()), Some("UTC".into()))
    };
    vec![
        ("from", midnight(ask.from)),
        ("to", midnight(ask.to)),
        ("as_of", midnight(ask.as_of)),
        ("from_day", day(ask.from)),
        ("to_day", day(ask.to)),
        ("as_of_day", day(ask.as_of)),
    ]
}
