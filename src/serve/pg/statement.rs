//! A statement on its way: parsed, planned where it is a query, with its parameters.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use arrow_pg::datatypes::df::deserialize_parameters_with_server_types;
use arrow_pg::datatypes::{PG_OID_ALIAS_KEY, into_pg_type, pg_type_for_alias_kind};
use datafusion::common::ParamValues;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{self, Statement, Value, visit_expressions_mut};
use pgwire::api::Type;
use pgwire::api::portal::Portal;
use pgwire::error::PgWireResult;

use super::error::{changes, code, error, of_engine, said};
use super::forms::Forms;
use super::metric::{self, Filled, PARAMETERS};
use super::question::Question;
use super::space::Space;
use super::titles;
use crate::model::lang::Lang;
use crate::session::bounds::guarded;
use crate::session::{SessionError, read_only};

/// A statement that was parsed, and planned where it is a query.
#[derive(Clone)]
pub struct Prepared {
    /// As it was written, calls of metrics brought into form.
    pub ast: Arc<Statement>,
    /// Its plan, where it is a query.
    pub plan: Option<Planned>,
}

/// A query's plan.
#[derive(Clone)]
pub struct Planned {
    space: Arc<Space>,
    /// The plan: of its columns, where metrics are asked with parameters.
    pub plan: Arc<LogicalPlan>,
    parameters: Arc<Vec<Parameter>>,
    filled: Arc<Filled>,
    /// The names of its columns as PostgreSQL gives them, where they are other than the engine's.
    pub names: Option<Arc<[String]>>,
}

/// A parameter of a query.
#[derive(Debug, Clone)]
struct Parameter {
    kind: Option<DataType>,
    wire: Type,
}

/// Whether a statement only asks.
pub fn is_query(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::Query(_)
            | Statement::Explain { .. }
            | Statement::ExplainTable { .. }
            | Statement::ShowTables { .. }
            | Statement::ShowColumns { .. }
            | Statement::ShowFunctions { .. }
            | Statement::ShowSchemas { .. }
    )
}

/// Plans a statement, if it is a query; refuses what changes anything.
pub async fn plan(
    mut statement: Statement,
    space: &Arc<Space>,
    question: &Arc<Question>,
    setting: &(dyn Fn(&str) -> Option<String> + Sync),
    lang: Lang,
) -> PgWireResult<Prepared> {
    if !is_query(&statement) {
        return Err(changes(&statement, lang));
    }
    let names = titles::names(&statement);
    Forms { described: &space.described, setting, lang }.apply(&mut statement)?;
    let filled =
        metric::normalise(&mut statement, &space.catalog).map_err(|text| said(code::NO_FUNCTION, &text, lang))?;
    let mut shown = statement.clone();
    if !filled.is_empty() {
        metric::fill(&mut shown, &space.catalog, &BTreeMap::new());
    }
    let plan = planned(shown, space, question, lang).await?;
    let parameters = parameters(&plan, &filled).map_err(|failed| of_engine(&failed, lang))?;
    let plan = Planned {
        space: Arc::clone(space),
        plan: Arc::new(plan),
        parameters: Arc::new(parameters),
        filled: Arc::new(filled),
        names: names.map(Arc::from),
    };
    Ok(Prepared { ast: Arc::new(statement), plan: Some(plan) })
}

async fn planned(
    statement: Statement,
    space: &Space,
    question: &Arc<Question>,
    lang: Lang,
) -> PgWireResult<LogicalPlan> {
    let state = space.state(question);
    let statement = datafusion::sql::parser::Statement::Statement(Box::new(statement));
    let plan = guarded(async { state.statement_to_plan(statement).await }).await;
    let plan = plan.map_err(|failed| of_engine(&failed, lang))?;
    let refuse = |failed: DataFusionError| {
        let what = failed.strip_backtrace();
        error(code::READ_ONLY, SessionError::ReadOnly { what }.text(lang))
    };
    read_only(&plan).map_err(refuse)?;
    Ok(plan)
}

impl Planned {
    /// The types of its parameters, as the client is told of them.
    pub fn types(&self) -> Vec<Type> {
        self.parameters.iter().map(|parameter| parameter.wire.clone()).collect()
    }

    /// Whether its columns depend on its parameters.
    pub fn has_open_columns(&self) -> bool {
        metric::has_open_columns(&self.filled)
    }
}

impl Prepared {
    /// The plan with the parameters of a portal in it, as of now: a store that has changed since is planned again.
    pub async fn bound(
        &self,
        portal: Option<&Portal<Prepared>>,
        space: &Arc<Space>,
        question: &Arc<Question>,
        lang: Lang,
    ) -> PgWireResult<Arc<LogicalPlan>> {
        let Some(known) = &self.plan else { return Err(changes(&self.ast, lang)) };
        let values = match portal {
            Some(portal) => known.values(portal)?,
            None => ParamValues::List(Vec::new()),
        };
        let count = match &values {
            ParamValues::List(values) => values.len(),
            ParamValues::Map(values) => values.len(),
        };
        if count < known.parameters.len() {
            let text = format!("the statement has {} parameters, and {count} were given", known.parameters.len());
            return Err(error(if portal.is_some() { code::PROTOCOL } else { code::NO_PARAMETER }, text));
        }
        let is_stale = !Arc::ptr_eq(&known.space, space);
        let mut plan = Arc::clone(&known.plan);
        if is_stale || !known.filled.is_empty() {
            let mut statement = (*self.ast).clone();
            metric::fill(&mut statement, &space.catalog, &texts(&values, &known.filled));
            let again = planned(statement, space, question, lang).await?;
            if is_stale
                && !known.has_open_columns()
                && again.schema().as_arrow().fields() != plan.schema().as_arrow().fields()
            {
                return Err(error(
                    code::NOT_SUPPORTED,
                    "cached plan must not change result type\nprepare the statement again",
                ));
            }
            plan = Arc::new(again);
        }
        if known.parameters.is_empty() {
            return Ok(plan);
        }
        let plan = Arc::unwrap_or_clone(plan).replace_params_with_values(&values);
        plan.map(Arc::new).map_err(|failed| of_engine(&failed, lang))
    }
}

impl Planned {
    fn values(&self, portal: &Portal<Prepared>) -> PgWireResult<ParamValues> {
        if let pgwire::api::portal::Format::Individual(codes) = &portal.parameter_format
            && codes.len() != portal.parameters.len()
        {
            let text = format!("{} parameters, and formats for {}", portal.parameters.len(), codes.len());
            return Err(error(code::PROTOCOL, text));
        }
        let kinds: Vec<Option<&DataType>> = self.parameters.iter().map(|parameter| parameter.kind.as_ref()).collect();
        let wires: Vec<Option<&Type>> = self.parameters.iter().map(|parameter| Some(&parameter.wire)).collect();
        deserialize_parameters_with_server_types(portal, &kinds, &wires)
    }
}

/// The values of those parameters that fill parameters of metrics, as texts.
fn texts(values: &ParamValues, filled: &Filled) -> BTreeMap<String, Option<String>> {
    let ParamValues::List(values) = values else { return BTreeMap::new() };
    let value = |id: &str| -> Option<String> {
        let at: usize = id.trim_start_matches('$').parse().ok()?;
        match values.get(at.checked_sub(1)?)?.value().cast_to(&DataType::Utf8) {
            Ok(ScalarValue::Utf8(text)) => text,
            _ => None,
        }
    };
    filled.keys().map(|id| (id.clone(), value(id))).collect()
}

/// The parameters of a plan, in their order.
fn parameters(plan: &LogicalPlan, filled: &Filled) -> Result<Vec<Parameter>, DataFusionError> {
    let mut found: BTreeMap<usize, Parameter> = BTreeMap::new();
    let place = |id: &str| id.trim_start_matches('$').parse::<usize>().ok().filter(|at| *at > 0);
    for (id, kind) in plan.get_parameter_types()? {
        if let Some(at) = place(&id) {
            found.insert(at, Parameter::of(kind));
        }
    }
    plan.apply(|node| {
        for expr in node.expressions() {
            expr.apply(|expr| {
                let (placeholder, cast) = match expr {
                    Expr::Placeholder(placeholder) => (placeholder, None),
                    Expr::Cast(cast) => match cast.expr.as_ref() {
                        Expr::Placeholder(placeholder) => (placeholder, Some(cast.field.data_type())),
                        _ => return Ok(TreeNodeRecursion::Continue),
                    },
                    _ => return Ok(TreeNodeRecursion::Continue),
                };
                let Some(at) = place(&placeholder.id) else { return Ok(TreeNodeRecursion::Continue) };
                let known = found.entry(at).or_insert_with(|| Parameter::of(None));
                if let (None, Some(kind)) = (&known.kind, cast) {
                    *known = Parameter::of(Some(kind.clone()));
                }
                if let Some(wire) = placeholder.field.as_deref().and_then(alias) {
                    known.wire = wire;
                }
                Ok(TreeNodeRecursion::Continue)
            })?;
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    for (id, at) in filled {
        if let Some(place) = place(id) {
            found.insert(place, Parameter::of(PARAMETERS.get(*at).map(|(_, kind)| kind.clone())));
        }
    }
    let count = found.keys().next_back().copied().unwrap_or_default();
    Ok((1..=count).map(|at| found.remove(&at).unwrap_or_else(|| Parameter::of(None))).collect())
}

impl Parameter {
    fn of(kind: Option<DataType>) -> Parameter {
        let wire = kind.as_ref().and_then(|kind| into_pg_type(kind).ok());
        Parameter { kind, wire: wire.unwrap_or(Type::UNKNOWN) }
    }
}

/// The type of a parameter that is compared with a number of the catalog.
fn alias(field: &Field) -> Option<Type> {
    let kind = field.metadata().get(PG_OID_ALIAS_KEY).filter(|_| field.data_type() == &DataType::Int32)?;
    pg_type_for_alias_kind(kind)
}

/// A statement that `PREPARE` named, with the values of `EXECUTE` in it.
pub fn executed(statement: &Statement, kinds: &[ast::DataType], values: &[ast::Expr]) -> PgWireResult<Statement> {
    let mut statement = statement.clone();
    let mut missing = None;
    let _ = visit_expressions_mut(&mut statement, |expr| {
        if let ast::Expr::Value(value) = expr
            && let Value::Placeholder(id) = &value.value
        {
            let at = id.trim_start_matches('$').parse::<usize>().ok().and_then(|at| at.checked_sub(1));
            match at.and_then(|at| Some((at, values.get(at)?))) {
                None => missing = Some(id.clone()),
                Some((at, given)) => {
                    *expr = match kinds.get(at) {
                        None => given.clone(),
                        Some(kind) => ast::Expr::Cast {
                            kind: ast::CastKind::Cast,
                            expr: Box::new(given.clone()),
                            data_type: kind.clone(),
                            array: false,
                            format: None,
                        },
                    }
                }
            }
        }
        ControlFlow::<()>::Continue(())
    });
    match missing {
        None => Ok(statement),
        Some(id) => Err(error(code::SYNTAX, format!("EXECUTE gives no value for {id}"))),
    }
}
