//! Down the nodes of a plan, from one of its columns to the aggregates that count it. Each node on the way hands on what links it to them.

use std::sync::Arc;

use datafusion::common::Column;
use datafusion::logical_expr::UNNAMED_TABLE;
use datafusion::logical_expr::{
    Distinct, Expr, ExprSchemable, Join, JoinType, LogicalPlan, Projection, SubqueryAlias, Union, Unnest,
};
use datafusion::prelude::{cast, lit};
use datafusion::scalar::ScalarValue;

use super::{Lineage, Term, Traced, Why, project};

impl Lineage {
    /// What a column of a plan counts.
    pub(super) fn node(&mut self, plan: &LogicalPlan, column: &Column) -> Result<Traced, Why> {
        let place = plan.schema().index_of_column(column)?;
        match plan {
            LogicalPlan::Projection(projection) => self.projection(projection, place),
            LogicalPlan::Filter(_) | LogicalPlan::Sort(_) | LogicalPlan::Limit(_) => self.over(plan, column),
            LogicalPlan::Window(window) => match place < window.input.schema().fields().len() {
                true => self.over(plan, column),
                false => self.window(window, place),
            },
            LogicalPlan::SubqueryAlias(alias) => self.alias(alias, place),
            LogicalPlan::Join(join) => self.join(join, column, place),
            LogicalPlan::Union(union) => self.union(union, place),
            LogicalPlan::Unnest(unnest) => self.unnest(unnest, column, place),
            LogicalPlan::Aggregate(aggregate) => self.aggregate(aggregate, place),
            LogicalPlan::Distinct(Distinct::All(input)) => {
                let traced = self.node(input, &input.schema().columns()[place])?;
                // what counts nothing needs no further columns
                match traced.terms.is_empty() {
                    true => Ok(Traced { plan: plan.clone(), terms: Vec::new() }),
                    false => Err(Why::Lost("DISTINCT")),
                }
            }
            LogicalPlan::TableScan(scan) => match self.behind(scan.table_name.table(), plan)? {
                Some(behind) => self.node(&behind, column),
                None => Err(Why::Value(match scan.table_name.table() {
                    UNNAMED_TABLE => column.name.clone(),
                    table => format!("{table}.{}", column.name),
                })),
            },
            _ => Err(Why::Value(column.name.clone())),
        }
    }

    /// The plan behind a table of computed rows, under the table's name.
    pub(super) fn behind(&self, table: &str, scan: &LogicalPlan) -> Result<Option<LogicalPlan>, Why> {
        let Some(plan) = self.computed.get(table) else { return Ok(None) };
        let places = scan.schema().columns();
        let columns = places.iter().map(|column| Expr::Column(Column::new_unqualified(&column.name))).collect();
        let LogicalPlan::TableScan(scan) = scan else { return Ok(None) };
        let alias = SubqueryAlias::try_new(Arc::new(project(columns, plan.clone())?), scan.table_name.clone())?;
        Ok(Some(LogicalPlan::SubqueryAlias(alias)))
    }

    fn projection(&mut self, projection: &Projection, place: usize) -> Result<Traced, Why> {
        let traced = self.expr(projection.input.as_ref().clone(), &projection.expr[place])?;
        let mut columns = projection.expr.clone();
        let terms = traced.terms.into_iter().map(|term| self.named(term, &mut columns)).collect();
        Ok(Traced { plan: project(columns, traced.plan)?, terms })
    }

    /// A node that has the columns of its one input.
    fn over(&mut self, plan: &LogicalPlan, column: &Column) -> Result<Traced, Why> {
        let traced = self.node(plan.inputs()[0], column)?;
        Ok(Traced { plan: plan.with_new_exprs(plan.expressions(), vec![traced.plan])?, terms: traced.terms })
    }

    fn alias(&mut self, alias: &SubqueryAlias, place: usize) -> Result<Traced, Why> {
        let traced = self.node(&alias.input, &alias.input.schema().columns()[place])?;
        let below = Arc::clone(traced.plan.schema());
        let plan = LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(traced.plan), alias.alias.clone())?);
        let terms = traced.terms.into_iter().map(|term| term.renamed(&below, plan.schema()));
        let terms = terms.collect::<Result<_, _>>()?;
        Ok(Traced { plan, terms })
    }

    fn join(&mut self, join: &Join, column: &Column, place: usize) -> Result<Traced, Why> {
        let is_left = match join.join_type {
            JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => {
                place < join.left.schema().fields().len()
            }
            JoinType::LeftSemi | JoinType::LeftAnti => true,
            JoinType::RightSemi | JoinType::RightAnti => false,
            JoinType::LeftMark | JoinType::RightMark => return Err(Why::Lost("EXISTS")),
        };
        let mut joined = join.clone();
        let side = if is_left { &mut joined.left } else { &mut joined.right };
        let traced = self.node(side, column)?;
        *side = Arc::new(traced.plan);
        Ok(Traced { plan: rejoined(joined)?, terms: traced.terms })
    }

    /// Each input gets the columns of all, empty where they are another's.
    fn union(&mut self, union: &Union, place: usize) -> Result<Traced, Why> {
        let (mut inputs, mut all, mut terms) = (Vec::new(), Vec::new(), Vec::new());
        for input in &union.inputs {
            let traced = self.node(input, &input.schema().columns()[place])?;
            let from = all.len();
            for term in traced.terms {
                let mut columns = Vec::new();
                terms.push(self.named(term, &mut columns));
                all.extend(columns);
            }
            inputs.push((input.schema().columns(), traced.plan, from..all.len()));
        }
        let mut types = Vec::new();
        for (_, plan, own) in &inputs {
            for expr in &all[own.clone()] {
                types.push(expr.get_type(plan.schema())?);
            }
        }
        let mut widened = Vec::new();
        for (columns, plan, own) in inputs {
            let mut columns: Vec<Expr> = columns.into_iter().map(Expr::Column).collect();
            for (at, (expr, kind)) in all.iter().zip(&types).enumerate() {
                columns.push(match own.contains(&at) {
                    true => expr.clone(),
                    false => lit(ScalarValue::try_new_null(kind)?).alias(expr.schema_name().to_string()),
                });
            }
            widened.push(Arc::new(project(columns, plan)?));
        }
        Ok(Traced { plan: LogicalPlan::Union(Union::try_new_with_loose_types(widened)?), terms })
    }

    fn unnest(&mut self, unnest: &Unnest, column: &Column, place: usize) -> Result<Traced, Why> {
        let list = &unnest.input.schema().columns()[unnest.dependency_indices[place]];
        if !unnest.exec_columns.contains(list) {
            let traced = self.node(&unnest.input, list)?;
            let plan = unnested(unnest, traced.plan)?;
            return Ok(Traced { plan, terms: traced.terms });
        }
        // a list of zeros and ones gives a row for each one
        let LogicalPlan::Projection(projection) = unnest.input.as_ref() else { return Err(Why::Lost("unnest")) };
        match &projection.expr[unnest.dependency_indices[place]].clone().unalias() {
            Expr::ScalarFunction(list) if list.name() == "make_array" && list.args.iter().all(is_flag) => {
                let plan = LogicalPlan::Unnest(unnest.clone());
                Ok(Traced { plan, terms: vec![Term::row(vec![is_one(Expr::Column(column.clone()))])] })
            }
            _ => Err(Why::Lost("unnest")),
        }
    }
}

/// Whether an expression is 0 or 1 as it is written.
fn is_flag(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(value, _) if [Some(0), Some(1)].contains(&number(value)))
}

/// A whole number that is written in the SQL; null counts for none.
pub(super) fn number(value: &ScalarValue) -> Option<i64> {
    if value.is_null() {
        return Some(0);
    }
    match value.cast_to(&arrow::datatypes::DataType::Float64) {
        Ok(ScalarValue::Float64(Some(0.0))) => Some(0),
        Ok(ScalarValue::Float64(Some(1.0))) => Some(1),
        _ => None,
    }
}

pub(super) fn is_one(expr: Expr) -> Expr {
    cast(expr, arrow::datatypes::DataType::Int64).eq(lit(1_i64))
}

pub(super) fn rejoined(join: Join) -> Result<LogicalPlan, Why> {
    let Join { left, right, on, filter, join_type, join_constraint, null_equality, null_aware, .. } = join;
    let join = Join::try_new(left, right, on, filter, join_type, join_constraint, null_equality, null_aware)?;
    Ok(LogicalPlan::Join(join))
}

pub(super) fn unnested(unnest: &Unnest, input: LogicalPlan) -> Result<LogicalPlan, Why> {
    let unnest = Unnest::try_new(Arc::new(input), unnest.exec_columns.clone(), unnest.options.clone())?;
    Ok(LogicalPlan::Unnest(unnest))
}
