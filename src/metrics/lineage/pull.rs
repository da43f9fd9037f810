//! Columns that the rows of a plan have below, and its SQL left out on the way up.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::Column;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::{max, min};
use datafusion::logical_expr::{Aggregate, Expr, ExprSchemable, Join, JoinType, LogicalPlan, SubqueryAlias, Union};
use datafusion::prelude::{lit, when};
use datafusion::scalar::ScalarValue;

use super::trace::{rejoined, unnested};
use super::units::KEYS;
use super::{Lineage, Why, project, renamed};

/// The view of deals: of a deal the keys are enough, all else is told of it later.
const DEALS: &str = "scope";

type Pulled = (LogicalPlan, Vec<Option<Column>>);

impl Lineage {
    /// The same rows of a plan, with the columns of these names, where its rows have any. A row that stands for several, as that of a
    /// group does, has what it is grouped by.
    pub(super) fn pull(&mut self, plan: &LogicalPlan, names: &[&'static str]) -> Result<Pulled, Why> {
        let mut found: Vec<Option<Column>> = names.iter().map(|name| own(plan, name)).collect();
        let lacking: Vec<&'static str> =
            names.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|(name, _)| *name).collect();
        if lacking.is_empty() {
            return Ok((plan.clone(), found));
        }
        let (plan, below) = self.pull_below(plan, &lacking)?;
        let mut below = below.into_iter();
        for place in found.iter_mut().filter(|found| found.is_none()) {
            *place = below.next().flatten();
        }
        Ok((plan, found))
    }

    /// Columns that the plan itself does not have.
    fn pull_below(&mut self, plan: &LogicalPlan, names: &[&'static str]) -> Result<Pulled, Why> {
        let nothing = || Ok((plan.clone(), vec![None; names.len()]));
        match plan {
            LogicalPlan::Projection(projection) => {
                let (input, found) = self.pull(&projection.input, names)?;
                let mut columns = projection.expr.clone();
                let found = self.added(names, found, &mut columns);
                Ok((project(columns, input)?, found))
            }
            LogicalPlan::Filter(_) | LogicalPlan::Sort(_) | LogicalPlan::Limit(_) | LogicalPlan::Window(_) => {
                let (input, found) = self.pull(plan.inputs()[0], names)?;
                Ok((plan.with_new_exprs(plan.expressions(), vec![input])?, found))
            }
            LogicalPlan::SubqueryAlias(alias) => self.pull_alias(alias, names),
            LogicalPlan::Join(join) => self.pull_join(join, names),
            LogicalPlan::Union(union) => self.pull_union(union, names),
            LogicalPlan::Unnest(unnest) => {
                let (input, found) = self.pull(&unnest.input, names)?;
                Ok((unnested(unnest, input)?, found))
            }
            LogicalPlan::Aggregate(aggregate) => self.pull_groups(aggregate, names),
            LogicalPlan::TableScan(scan) => match self.behind(scan.table_name.table(), plan)? {
                Some(behind) => self.pull(&behind, names),
                None => nothing(),
            },
            _ => nothing(),
        }
    }

    /// The keys of which the groups are made, as in `GROUP BY coalesce(client_id, deal_id)`: all rows of a group have the same.
    fn pull_groups(&mut self, aggregate: &Aggregate, names: &[&'static str]) -> Result<Pulled, Why> {
        let mut made_of = BTreeSet::new();
        for group in &aggregate.group_expr {
            self.names_behind(&aggregate.input, group, &mut made_of)?;
        }
        let is_wanted = |name: &str| KEYS.iter().any(|(key, _)| *key == name) && made_of.contains(name);
        let wanted: Vec<&'static str> = names.iter().copied().filter(|name| is_wanted(name)).collect();
        if wanted.is_empty() {
            return Ok((LogicalPlan::Aggregate(aggregate.clone()), vec![None; names.len()]));
        }
        let (input, found) = self.pull(&aggregate.input, &wanted)?;
        let (mut ends, mut added) = (aggregate.aggr_expr.clone(), Vec::new());
        for (name, column) in wanted.iter().zip(found) {
            let Some(column) = column else { continue };
            let (least, most) = (self.fresh(name), self.fresh(name));
            ends.push(min(Expr::Column(column.clone())).alias(least.as_str()));
            ends.push(max(Expr::Column(column)).alias(most.as_str()));
            let [least, most] = [least, most].map(|name| Expr::Column(Column::new_unqualified(name)));
            added.push((*name, when(least.clone().eq(most), least).end()?));
        }
        let own = aggregate.schema.columns();
        let plan = Aggregate::try_new(Arc::new(input), aggregate.group_expr.clone(), ends)?;
        let mut columns: Vec<Expr> = own.into_iter().map(Expr::Column).collect();
        let mut found = vec![None; names.len()];
        for (name, value) in added {
            let fresh = self.fresh(name);
            columns.push(value.alias(fresh.as_str()));
            let column = Column::new_unqualified(fresh);
            self.keys.insert(column.clone());
            if let Some(place) = names.iter().position(|wanted| *wanted == name) {
                found[place] = Some(column);
            }
        }
        Ok((project(columns, LogicalPlan::Aggregate(plan))?, found))
    }

    /// The names of the columns of which an expression is made, down to the data; nothing of what an aggregate makes of several rows.
    fn names_behind(&self, plan: &LogicalPlan, expr: &Expr, names: &mut BTreeSet<String>) -> Result<(), Why> {
        for column in expr.column_refs() {
            names.insert(column.name.clone());
            let place = plan.schema().index_of_column(column)?;
            match plan {
                LogicalPlan::Projection(projection) => {
                    self.names_behind(&projection.input, &projection.expr[place], names)?;
                }
                LogicalPlan::Aggregate(aggregate) => {
                    if let Some(group) = aggregate.group_expr.get(place) {
                        self.names_behind(&aggregate.input, group, names)?;
                    }
                }
                LogicalPlan::SubqueryAlias(SubqueryAlias { input, .. }) => {
                    let below = Expr::Column(input.schema().columns()[place].clone());
                    self.names_behind(input, &below, names)?;
                }
                LogicalPlan::Union(union) => {
                    for input in &union.inputs {
                        let below = Expr::Column(input.schema().columns()[place].clone());
                        self.names_behind(input, &below, names)?;
                    }
                }
                LogicalPlan::Distinct(distinct) => {
                    let below = Expr::Column(distinct.input().schema().columns()[place].clone());
                    self.names_behind(distinct.input(), &below, names)?;
                }
                LogicalPlan::Unnest(unnest) => {
                    let below = &unnest.input.schema().columns()[unnest.dependency_indices[place]];
                    self.names_behind(&unnest.input, &Expr::Column(below.clone()), names)?;
                }
                LogicalPlan::TableScan(scan) => {
                    if let Some(behind) = self.behind(scan.table_name.table(), plan)? {
                        self.names_behind(&behind, &Expr::Column(column.clone()), names)?;
                    }
                }
                other => {
                    let below = other.inputs().into_iter().find(|input| input.schema().has_column(column));
                    if let Some(input) = below {
                        self.names_behind(input, &Expr::Column(column.clone()), names)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds what was found in the input of a projection to it, under names of its own.
    fn added(&mut self, names: &[&str], found: Vec<Option<Column>>, columns: &mut Vec<Expr>) -> Vec<Option<Column>> {
        let mut add = |(name, column): (&&str, Option<Column>)| {
            let name = self.fresh(name);
            columns.push(Expr::Column(column?).alias(name.as_str()));
            Some(Column::new_unqualified(name))
        };
        names.iter().zip(found).map(&mut add).collect()
    }

    fn pull_alias(&mut self, alias: &SubqueryAlias, names: &[&'static str]) -> Result<Pulled, Why> {
        let is_deals = alias.alias.table() == DEALS;
        let is_wanted = |name: &str| !is_deals || KEYS.iter().any(|(key, _)| *key == name);
        let wanted: Vec<&'static str> = names.iter().copied().filter(|name| is_wanted(name)).collect();
        let (input, found) = self.pull(&alias.input, &wanted)?;
        let below = Arc::clone(input.schema());
        let plan = LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(input), alias.alias.clone())?);
        let mut found = wanted.iter().zip(found).peekable();
        let mut all = Vec::new();
        for name in names {
            let column = found.next_if(|(wanted, _)| *wanted == name).and_then(|(_, column)| column);
            all.push(match column {
                Some(column) => match renamed(Expr::Column(column), &below, plan.schema())? {
                    Expr::Column(column) => Some(column),
                    _ => None,
                },
                None => None,
            });
        }
        Ok((plan, all))
    }

    /// From the side whose rows are all there, else from the other.
    fn pull_join(&mut self, join: &Join, names: &[&'static str]) -> Result<Pulled, Why> {
        let (has_left, has_right) = match join.join_type {
            JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => (true, false),
            JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => (false, true),
            _ => (true, true),
        };
        let mut joined = join.clone();
        let mut sides = [vec![None; names.len()], vec![None; names.len()]];
        for (is_there, side, found) in [(has_left, &mut joined.left, 0_usize), (has_right, &mut joined.right, 1)] {
            if is_there {
                let (plan, columns) = self.pull(side, names)?;
                *side = Arc::new(plan);
                sides[found] = columns;
            }
        }
        let [left, right] = sides;
        let plan = rejoined(joined)?;
        if join.join_type != JoinType::Full {
            let is_right = join.join_type == JoinType::Right;
            let pick = |(left, right): (Option<Column>, Option<Column>)| {
                if is_right { right.or(left) } else { left.or(right) }
            };
            return Ok((plan, left.into_iter().zip(right).map(pick).collect()));
        }
        let (mut columns, mut found): (Vec<Expr>, _) =
            (plan.schema().columns().into_iter().map(Expr::Column).collect(), Vec::new());
        for (name, sides) in names.iter().zip(left.into_iter().zip(right)) {
            let (Some(left), Some(right)) = sides else {
                found.push(sides.0.or(sides.1));
                continue;
            };
            let name = self.fresh(name);
            columns.push(coalesce(vec![Expr::Column(left), Expr::Column(right)]).alias(name.as_str()));
            found.push(Some(Column::new_unqualified(name)));
        }
        Ok((project(columns, plan)?, found))
    }

    /// Each input has them, empty where its rows have none.
    fn pull_union(&mut self, union: &Union, names: &[&'static str]) -> Result<Pulled, Why> {
        let mut inputs = Vec::new();
        for input in &union.inputs {
            let (plan, found) = self.pull(input, names)?;
            inputs.push((input.schema().columns(), plan, found));
        }
        let mut kinds = Vec::new();
        for at in 0..names.len() {
            let known = inputs.iter().find_map(|(_, plan, found)| found[at].clone().map(|column| (plan, column)));
            kinds.push(match known {
                Some((plan, column)) => Some((self.fresh(names[at]), Expr::Column(column).get_type(plan.schema())?)),
                None => None,
            });
        }
        let mut widened = Vec::new();
        for (columns, plan, found) in inputs {
            let mut columns: Vec<Expr> = columns.into_iter().map(Expr::Column).collect();
            for (column, kind) in found.into_iter().zip(&kinds) {
                let Some((name, kind)) = kind else { continue };
                let value = match column {
                    Some(column) => Expr::Column(column).cast_to(kind, plan.schema())?,
                    None => lit(ScalarValue::try_new_null(kind)?),
                };
                columns.push(value.alias(name.as_str()));
            }
            widened.push(Arc::new(project(columns, plan)?));
        }
        let found = kinds.into_iter().map(|kind| kind.map(|(name, _)| Column::new_unqualified(name))).collect();
        Ok((LogicalPlan::Union(Union::try_new_with_loose_types(widened)?), found))
    }

    /// Whether a column is the row's own down to the data: not one that an aggregate picked among those of several rows.
    pub(super) fn is_own(&self, plan: &LogicalPlan, column: &Column) -> Result<bool, Why> {
        if self.keys.contains(column) {
            return Ok(true);
        }
        let place = plan.schema().index_of_column(column)?;
        let all_own = |input: &LogicalPlan, expr: &Expr| {
            let mut columns = expr.column_refs().into_iter().peekable();
            // a constant is nobody's
            let is_any = columns.peek().is_some();
            columns.try_fold(is_any, |own, column| Ok::<_, Why>(own && self.is_own(input, column)?))
        };
        match plan {
            LogicalPlan::Projection(projection) => all_own(&projection.input, &projection.expr[place]),
            LogicalPlan::Aggregate(aggregate) => match aggregate.group_expr.get(place) {
                Some(group) => all_own(&aggregate.input, group),
                None => Ok(false),
            },
            LogicalPlan::SubqueryAlias(alias) => self.is_own(&alias.input, &alias.input.schema().columns()[place]),
            LogicalPlan::Union(union) => union
                .inputs
                .iter()
                .try_fold(false, |own, input| Ok(own || self.is_own(input, &input.schema().columns()[place])?)),
            LogicalPlan::Distinct(distinct) => {
                self.is_own(distinct.input(), &distinct.input().schema().columns()[place])
            }
            LogicalPlan::Unnest(unnest) => {
                self.is_own(&unnest.input, &unnest.input.schema().columns()[unnest.dependency_indices[place]])
            }
            LogicalPlan::Join(join) => {
                let side = if join.left.schema().has_column(column) { &join.left } else { &join.right };
                self.is_own(side, column)
            }
            LogicalPlan::Window(window) => match window.input.schema().has_column(column) {
                true => self.is_own(&window.input, column),
                false => Ok(true),
            },
            LogicalPlan::TableScan(scan) => match self.behind(scan.table_name.table(), plan)? {
                Some(behind) => self.is_own(&behind, column),
                None => Ok(true),
            },
            other => match other.inputs().as_slice() {
                [input] => self.is_own(input, column),
                _ => Ok(true),
            },
        }
    }
}

/// A column of the plan by its name; of a join that has two, that of the side whose rows are all there.
fn own(plan: &LogicalPlan, name: &str) -> Option<Column> {
    let mut columns = plan.schema().columns().into_iter().filter(|column| column.name == name);
    match plan {
        // either may be null: both are asked
        LogicalPlan::Join(join) if join.join_type == JoinType::Full => None,
        LogicalPlan::Join(join) if join.join_type == JoinType::Right => columns.next_back(),
        _ => columns.next(),
    }
}
