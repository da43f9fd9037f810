//! A sum over a window: the rows of its partition count, or those up to the row in its order.

use datafusion::common::{Column, NullEquality};
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    Expr, JoinType, LogicalPlan, LogicalPlanBuilder, SortExpr, Window, WindowFrame, WindowFrameBound, WindowFrameUnits,
};
use datafusion::prelude::lit;

use super::{Lineage, Linked, Of, Term, Traced, Units, Why, project};

impl Lineage {
    pub(super) fn window(&mut self, window: &Window, place: usize) -> Result<Traced, Why> {
        let summed = window.window_expr[place - window.input.schema().fields().len()].clone().unalias();
        let Expr::WindowFunction(function) = summed else { return Err(Why::Lost("OVER")) };
        let WindowFunction { fun, params } = function.as_ref();
        let (name, args) = (fun.name(), params.args.as_slice());
        let ([value], "sum", false, None) = (args, name, params.distinct, &params.filter) else {
            return Err(Why::Computed(format!("{name} OVER")));
        };
        let mut order_by = params.order_by.iter().filter(|order| !matches!(order.expr, Expr::Literal(..)));
        let order = match (order_by.next(), order_by.next()) {
            // the engine writes a constant where nothing was written
            (None, _) => None,
            (Some(SortExpr { expr, asc: true, .. }), None) if is_until_now(&params.window_frame) => Some(expr),
            _ => return Err(Why::Computed(format!("{name} OVER"))),
        };
        let traced = self.expr(window.input.as_ref().clone(), value)?;
        let mut groups = params.partition_by.clone();
        groups.extend(order.cloned());
        let mut all = Vec::new();
        for term in traced.terms {
            let units = match term.of {
                Of::Row => self.units(&traced.plan, &groups, term.when)?,
                Of::Linked(linked) => self.joined(&traced.plan, &groups, term.when, *linked)?,
            };
            let units = match order {
                None => units,
                Some(_) => self.until(window, &groups, units)?,
            };
            all.push((term.is_minus, units));
        }
        let plan = LogicalPlan::Window(window.clone());
        let mut columns: Vec<Expr> = plan.schema().columns().into_iter().map(Expr::Column).collect();
        let here = self.fresh("here");
        columns.push(lit(true).alias(here.as_str()));
        let here = Expr::Column(Column::new_unqualified(here));
        let terms = all.into_iter().map(|(is_minus, units)| {
            let linked = Linked { here: here.clone(), link: groups.clone(), units };
            Term { is_minus, when: Vec::new(), of: Of::Linked(Box::new(linked)) }
        });
        let terms = terms.collect();
        Ok(Traced { plan: project(columns, plan)?, terms })
    }

    /// For each group, what it counts and what the groups of its partition before it do. The last of `groups` is the order.
    fn until(&mut self, window: &Window, groups: &[Expr], units: Units) -> Result<Units, Why> {
        let (mut columns, mut link) = (Vec::new(), Vec::new());
        for group in groups {
            let name = self.fresh("link");
            columns.push(group.clone().alias(name.as_str()));
            link.push(Column::new_unqualified(name));
        }
        let all = LogicalPlanBuilder::from(window.input.as_ref().clone()).project(columns)?.distinct()?;
        let (Some((now, partition)), Some((then, of))) = (link.split_last(), units.link.split_last()) else {
            return Err(Why::Lost("OVER"));
        };
        let is_before = Expr::Column(then.clone()).lt_eq(Expr::Column(now.clone()));
        let rows = match partition.is_empty() {
            true => all.cross_join(units.plan)?.filter(is_before)?,
            false => {
                let keys = (partition.to_vec(), of.to_vec());
                all.join_detailed(units.plan, JoinType::Inner, keys, Some(is_before), NullEquality::NullEqualsNull)?
            }
        };
        let kept: Vec<Expr> = link.iter().chain(units.columns.values()).cloned().map(Expr::Column).collect();
        Ok(Units { plan: rows.project(kept)?.build()?, link, ..units })
    }
}

/// Whether a frame holds the rows from the first up to the present one and its equals, which is what an order alone means. The engine
/// counts rows where it knows that none is equal to another.
fn is_until_now(frame: &WindowFrame) -> bool {
    let is_first = matches!(&frame.start_bound, WindowFrameBound::Preceding(bound) if bound.is_null());
    frame.units != WindowFrameUnits::Groups && is_first && frame.end_bound == WindowFrameBound::CurrentRow
}
