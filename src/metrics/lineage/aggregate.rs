//! An aggregate: the end of the way, where it counts rows; or a sum of what another one counted.

use std::sync::Arc;

use datafusion::common::{Column, NullEquality};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Aggregate, Expr, JoinType, LogicalPlan, LogicalPlanBuilder};
use datafusion::prelude::lit;

use super::trace::is_one;
use super::{Lineage, Linked, Of, Term, Traced, Units, Why, project};

impl Lineage {
    pub(super) fn aggregate(&mut self, aggregate: &Aggregate, place: usize) -> Result<Traced, Why> {
        let groups = &aggregate.group_expr;
        if place < groups.len() {
            return Err(Why::Grouped);
        }
        if groups.iter().any(|group| matches!(group, Expr::GroupingSet(_))) {
            return Err(Why::Lost("GROUPING SETS"));
        }
        let aggregated = aggregate.aggr_expr.get(place - groups.len()).cloned().map(Expr::unalias);
        let Some(Expr::AggregateFunction(AggregateFunction { func, params })) = aggregated else {
            return Err(Why::Lost("GROUP BY"));
        };
        let when: Vec<Expr> = params.filter.iter().map(|filter| filter.as_ref().clone()).collect();
        match (func.name(), params.args.as_slice(), params.distinct) {
            ("count", [counted], true) => {
                let units = self.distinct(&aggregate.input, groups, counted, when)?;
                self.linked(aggregate, vec![(false, units)])
            }
            ("count", args, false) => {
                let given = args.iter().filter(|arg| is_column(arg)).map(|arg| arg.clone().is_not_null());
                let when = when.into_iter().chain(given).collect();
                let units = self.units(&aggregate.input, groups, when)?;
                self.linked(aggregate, vec![(false, units)])
            }
            ("sum", [summed], false) => {
                let traced = self.expr(aggregate.input.as_ref().clone(), summed)?;
                self.sum(aggregate, traced, &when)
            }
            ("max" | "min" | "first_value" | "last_value" | "any_value", [picked], false) => {
                let traced = self.expr(aggregate.input.as_ref().clone(), picked)?;
                let are_rows = traced.terms.iter().all(|term| matches!(term.of, Of::Row));
                match (traced.terms.is_empty(), are_rows, picked) {
                    // whether any row has a one: that is a one for the group
                    (false, true, _) if self.fields.is_empty() => {
                        let plan = LogicalPlan::Aggregate(aggregate.clone());
                        let column = Expr::Column(plan.schema().columns()[place].clone());
                        Ok(Traced { plan, terms: vec![Term::row(vec![is_one(column)])] })
                    }
                    // rows become columns, as in max(CASE WHEN month = 1 THEN deals END): one row of the group has the number, the
                    // others have none. Whoever lists compares the list with the figure
                    (true, ..) | (_, false, Expr::Case(_)) => self.sum(aggregate, traced, &when),
                    _ => Err(Why::OneOfMany),
                }
            }
            (name, _, _) => Err(Why::Computed(name.to_owned())),
        }
    }

    /// The sum of a traced expression over the groups.
    fn sum(&mut self, aggregate: &Aggregate, traced: Traced, when: &[Expr]) -> Result<Traced, Why> {
        let mut all = Vec::new();
        for term in traced.terms {
            let on: Vec<Expr> = when.iter().cloned().chain(term.when).collect();
            let units = match term.of {
                Of::Row => self.units(&traced.plan, &aggregate.group_expr, on)?,
                Of::Linked(linked) => self.joined(&traced.plan, &aggregate.group_expr, on, *linked)?,
            };
            all.push((term.is_minus, units));
        }
        self.linked(aggregate, all)
    }

    /// The aggregate, its rows linked to what they count by their groups.
    fn linked(&mut self, aggregate: &Aggregate, units: Vec<(bool, Units)>) -> Result<Traced, Why> {
        let plan = LogicalPlan::Aggregate(aggregate.clone());
        let mut columns: Vec<Expr> = plan.schema().columns().into_iter().map(Expr::Column).collect();
        let link = columns[..aggregate.group_expr.len()].to_vec();
        let here = self.fresh("here");
        columns.push(lit(true).alias(here.as_str()));
        let here = Expr::Column(Column::new_unqualified(here));
        let terms = units.into_iter().map(|(is_minus, units)| {
            let linked = Linked { here: here.clone(), link: link.clone(), units };
            Term { is_minus, when: Vec::new(), of: Of::Linked(Box::new(linked)) }
        });
        let terms = terms.collect();
        Ok(Traced { plan: project(columns, plan)?, terms })
    }

    /// What the rows of a plan are linked to, in the groups of the rows.
    pub(super) fn joined(
        &mut self,
        plan: &LogicalPlan,
        groups: &[Expr],
        on: Vec<Expr>,
        linked: Linked,
    ) -> Result<Units, Why> {
        let Linked { here, link, units } = linked;
        let mut columns = Vec::new();
        let mut named = |this: &mut Lineage, expr: Expr| {
            let name = this.fresh("link");
            columns.push(expr.alias(name.as_str()));
            Column::new_unqualified(name)
        };
        let groups: Vec<Column> = groups.iter().map(|group| named(self, group.clone())).collect();
        let link: Vec<Column> = link.into_iter().map(|link| named(self, link)).collect();
        let condition = on.into_iter().fold(here, Expr::and);
        let mut rows = LogicalPlanBuilder::from(plan.clone()).filter(condition)?.project(columns)?;
        let keys = (link, units.link.clone());
        rows = match keys.0.is_empty() {
            true => rows.cross_join(units.plan)?,
            false => {
                let equality = NullEquality::NullEqualsNull;
                rows.join_detailed(units.plan, JoinType::Inner, keys, None, equality)?
            }
        };
        let kept = groups.iter().chain(units.columns.values()).cloned().map(Expr::Column).collect();
        let plan = project(kept, Arc::unwrap_or_clone(Arc::new(rows.build()?)))?;
        Ok(Units { plan, link: groups, ..units })
    }
}

/// Whether an argument of `count` may be null: the star and a number are not.
fn is_column(arg: &Expr) -> bool {
    #[expect(deprecated, reason = "the star is planned as this variant in some places")]
    let is_star = matches!(arg, Expr::Wildcard { .. });
    !is_star && !matches!(arg, Expr::Literal(value, _) if !value.is_null())
}
