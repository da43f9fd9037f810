//! Metrics in SQL: each is a table function `metric.NAME(period_from, period_to, by, as_of)` and a view `metric.NAME` of the whole history.
//! Their rows are those of `voronka query`.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, NaiveDate};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{
    self, FunctionArg, FunctionArgExpr, Statement, TableFactor, Value, VisitMut, VisitorMut,
};
use futures::stream;

use super::error::{Misasked, code};
use super::question::Question;
use crate::metrics::{Ask, Catalog, Metric, MetricError, arrow_type};
use crate::model::lang::Text;

/// The schema in which metrics stand.
pub const SCHEMA: &str = "metric";

/// The parameters of a metric's function, in their order.
pub const PARAMETERS: [(&str, DataType); 4] = [
    ("period_from", DataType::Date32),
    ("period_to", DataType::Date32),
    ("by", DataType::Utf8),
    ("as_of", DataType::Date32),
];
/// The place of `by` among them: on it depends which columns there are.
const BY: usize = 2;

/// What is asked of a metric; what is left out is the whole history up to the day of the answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    by: Vec<String>,
    as_of: Option<NaiveDate>,
}

/// The columns of a metric's result, dimensions first.
pub fn schema(metric: &Metric, by: &[String]) -> SchemaRef {
    let dimensions = by.iter().map(|name| Field::new(name, DataType::Utf8, true));
    let own = metric.columns.iter().map(|column| Field::new(&column.name, arrow_type(column.unit), true));
    Arc::new(Schema::new(dimensions.chain(own).collect::<Vec<_>>()))
}

/// A metric as a table: computed when its rows are read, by the session of the question.
pub fn table(metric: &Arc<Metric>, wanted: Wanted) -> Result<Arc<dyn TableProvider>> {
    let schema = schema(metric, &wanted.by);
    let rows = Arc::new(Rows { metric: Arc::clone(metric), wanted, schema: Arc::clone(&schema) });
    Ok(Arc::new(StreamingTable::try_new(schema, vec![rows])?))
}

/// The rows of a metric.
struct Rows {
    metric: Arc<Metric>,
    wanted: Wanted,
    schema: SchemaRef,
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "metric {} {:?}", self.metric.name, self.wanted)
    }
}

impl PartitionStream for Rows {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let question = context.session_config().get_extension::<Question>();
        let (metric, wanted) = (Arc::clone(&self.metric), self.wanted.clone());
        let rows = async move {
            let question = question.ok_or_else(|| DataFusionError::Internal("nobody asks".to_owned()))?;
            answer(&question, &metric, &wanted).await
        };
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), stream::once(rows)))
    }
}

async fn answer(question: &Question, metric: &Metric, wanted: &Wanted) -> Result<RecordBatch> {
    let external = |error: MetricError| DataFusionError::External(Box::new(error));
    let session = question.session_at(wanted.as_of).await?;
    let as_of = session.as_of();
    let from = wanted.from.unwrap_or(DateTime::UNIX_EPOCH.date_naive());
    let ask = Ask { from, to: wanted.to.unwrap_or(as_of), as_of, by: wanted.by.clone() };
    Ok(metric.run(&session, &ask).await.map_err(external)?.batch)
}

/// The function of a metric.
#[derive(Debug)]
pub struct Function(pub Arc<Metric>);

impl TableFunctionImpl for Function {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        table(&self.0, Wanted::read(&self.0, args.exprs())?)
    }
}

impl Wanted {
    fn read(metric: &Metric, args: &[Expr]) -> Result<Wanted> {
        if args.len() > PARAMETERS.len() {
            let all = signature();
            let text = format!("{SCHEMA}.{} has the parameters {all}, and not {}", metric.name, args.len());
            return Err(misasked(code::NO_FUNCTION, text));
        }
        let value = |at: usize| match args.get(at) {
            None => Ok(None),
            Some(Expr::Literal(value, _)) if value.is_null() => Ok(None),
            Some(Expr::Literal(value, _)) => value.cast_to(&DataType::Utf8).map(|text| match text {
                ScalarValue::Utf8(text) => text,
                _ => None,
            }),
            Some(Expr::Cast(cast)) if matches!(&*cast.expr, Expr::Literal(value, _) if value.is_null()) => Ok(None),
            Some(other) => {
                let (metric, name) = (&metric.name, PARAMETERS[at].0);
                let text = format!(
                    "{SCHEMA}.{metric}: `{name}` must be written as a value or a parameter, and not as {other}"
                );
                Err(misasked(code::NOT_SUPPORTED, text))
            }
        };
        let day = |at: usize| -> Result<Option<NaiveDate>> {
            let Some(text) = value(at)? else { return Ok(None) };
            let parsed = text.get(..10).and_then(|text| text.parse().ok());
            parsed.map(Some).ok_or_else(|| {
                let (metric, name) = (&metric.name, PARAMETERS[at].0);
                misasked(
                    code::BAD_DAY,
                    format!("{SCHEMA}.{metric}: `{name}` = `{text}` is not a day such as 2025-01-31"),
                )
            })
        };
        let by = value(BY)?.unwrap_or_default();
        let by = by.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Ok(Wanted { from: day(0)?, to: day(1)?, by, as_of: day(3)? })
    }
}

fn misasked(code: &'static str, text: String) -> DataFusionError {
    DataFusionError::External(Box::new(Misasked { code, text }))
}

/// The parameters as `\df` shows them.
pub fn signature() -> String {
    let shown = PARAMETERS.map(|(name, kind)| {
        let kind = if kind == DataType::Utf8 { "text" } else { "date" };
        format!("{name} {kind} DEFAULT NULL")
    });
    shown.join(", ")
}

/// What statements ask of metrics with parameters of their own: `$1` and the parameter of the function that it fills.
pub type Filled = BTreeMap<String, usize>;

/// Brings the calls of metrics in a statement into one form, arguments in their order. Returns which `$n` fill their parameters.
pub fn normalise(statement: &mut Statement, catalog: &Catalog) -> Result<Filled, Text> {
    let mut calls = Calls { catalog, filled: Filled::new(), values: None };
    match statement.visit(&mut calls) {
        ControlFlow::Break(wrong) => Err(*wrong),
        ControlFlow::Continue(()) => Ok(calls.filled),
    }
}

/// Puts values in the place of the `$n` that fill parameters of metrics; what is not known is null.
pub fn fill(statement: &mut Statement, catalog: &Catalog, values: &BTreeMap<String, Option<String>>) {
    let mut calls = Calls { catalog, filled: Filled::new(), values: Some(values) };
    // the statement was brought into form before, so nothing is wrong with it
    let _ = statement.visit(&mut calls);
}

/// Whether the columns of the answer depend on a parameter.
pub fn has_open_columns(filled: &Filled) -> bool {
    filled.values().any(|at| *at == BY)
}

struct Calls<'a> {
    catalog: &'a Catalog,
    filled: Filled,
    values: Option<&'a BTreeMap<String, Option<String>>>,
}

impl VisitorMut for Calls<'_> {
    type Break = Box<Text>;

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Box<Text>> {
        let TableFactor::Table { name, args: Some(args), .. } = factor else { return ControlFlow::Continue(()) };
        let Some(name) = name.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.clone()) else {
            return ControlFlow::Continue(());
        };
        if self.catalog.get(&name).is_err() {
            return ControlFlow::Continue(());
        }
        match in_order(&name, &args.args) {
            Err(wrong) => ControlFlow::Break(Box::new(wrong)),
            Ok(mut exprs) => {
                for (at, expr) in exprs.iter_mut().enumerate() {
                    self.parameter(at, expr);
                }
                args.args = exprs.into_iter().map(|expr| FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))).collect();
                ControlFlow::Continue(())
            }
        }
    }
}

impl Calls<'_> {
    fn parameter(&mut self, at: usize, expr: &mut ast::Expr) {
        let inner = match &*expr {
            ast::Expr::Cast { expr, .. } => expr.as_ref(),
            other => other,
        };
        let ast::Expr::Value(value) = inner else { return };
        let Value::Placeholder(id) = &value.value else { return };
        let id = id.clone();
        if let Some(values) = self.values {
            let text = values.get(&id).cloned().flatten();
            let value = text.map_or(Value::Null, Value::SingleQuotedString);
            *expr = ast::Expr::Value(value.into());
        }
        self.filled.insert(id, at);
    }
}

/// Arguments in the order of the parameters, named ones put in their place.
fn in_order(metric: &str, args: &[FunctionArg]) -> Result<Vec<ast::Expr>, Text> {
    let null = || ast::Expr::Value(Value::Null.into());
    let mut exprs: Vec<ast::Expr> = Vec::new();
    for arg in args {
        let (name, value) = match arg {
            FunctionArg::Unnamed(value) => (None, value),
            FunctionArg::Named { name, arg, .. } => (Some(name.value.to_lowercase()), arg),
            FunctionArg::ExprNamed { name, arg, .. } => (Some(name.to_string().to_lowercase()), arg),
        };
        let FunctionArgExpr::Expr(value) = value else { continue };
        let at = match &name {
            None => exprs.len(),
            Some(name) => match PARAMETERS.iter().position(|(known, _)| known == name) {
                Some(at) => at,
                None => {
                    let all = PARAMETERS.map(|(name, _)| name).join(", ");
                    return Err(Text::new(
                        format!("у {SCHEMA}.{metric} нет параметра `{name}`\nпараметры: {all}"),
                        format!("{SCHEMA}.{metric} has no parameter `{name}`\nthe parameters are {all}"),
                    ));
                }
            },
        };
        while exprs.len() <= at {
            exprs.push(null());
        }
        exprs[at] = value.clone();
    }
    Ok(exprs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    fn parsed(sql: &str) -> Statement {
        Parser::parse_sql(&PostgreSqlDialect {}, sql).unwrap().remove(0)
    }

    #[test]
    fn named_arguments_take_their_places_and_parameters_are_filled() {
        let catalog = Catalog::shipped();
        let mut statement =
            parsed("SELECT * FROM metric.funnel(by => $1, period_from => '2025-01-01') f WHERE f.x = $2");
        let filled = normalise(&mut statement, &catalog).unwrap();
        assert_eq!(filled, Filled::from([("$1".to_owned(), 2)]));
        assert!(has_open_columns(&filled));
        fill(&mut statement, &catalog, &BTreeMap::from([("$1".to_owned(), Some("it's".to_owned()))]));
        assert!(statement.to_string().contains("metric.funnel('2025-01-01', NULL, 'it''s')"), "{statement}");
        assert!(statement.to_string().ends_with("f.x = $2"), "{statement}");
        let wrong = normalise(&mut parsed("SELECT * FROM metric.funnel(until => '2025-01-01')"), &catalog).unwrap_err();
        assert!(wrong.en.contains("no parameter `until`"), "{}", wrong.en);
    }
}
