//! The rows that an aggregate counts, with the keys of deals, clients and events.

use std::collections::BTreeMap;

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::Column;
use datafusion::functions_aggregate::expr_fn::{max, min};
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder};
use datafusion::prelude::{cast, when};

use super::{Lineage, Unit, Why};

/// The keys of what is listed, the finest first.
pub(in crate::metrics) const KEYS: [(&str, Unit); 3] =
    [("event_id", Unit::Event), ("deal_id", Unit::Deal), ("client_id", Unit::Client)];
/// What else a list tells of what it lists, where the counted rows have it.
pub(in crate::metrics) const DETAILS: [&str; 7] = ["at", "week", "month", "rule", "kind", "stage", "manager"];

/// The type of a key or a detail.
pub(in crate::metrics) fn type_of(name: &str) -> DataType {
    match name {
        "at" => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        "week" | "month" => DataType::Date32,
        _ => DataType::Utf8,
    }
}

/// Rows that a column counts, one for each time that it counts one.
#[derive(Debug, Clone)]
pub(in crate::metrics) struct Units {
    /// Has the columns that are named here, and no others.
    pub plan: LogicalPlan,
    /// The groups in which they are counted.
    pub link: Vec<Column>,
    /// Of `KEYS` and `DETAILS`, those that the rows have: name and column. Their types are those of [`type_of`].
    pub columns: BTreeMap<&'static str, Column>,
    /// What they are.
    pub unit: Unit,
}

/// Keys and details by name, as expressions; and whether they are the row's own.
type Named = BTreeMap<&'static str, (Expr, bool)>;

impl Lineage {
    /// The rows of a plan on which all these are true, in their groups.
    pub(super) fn units(&mut self, plan: &LogicalPlan, groups: &[Expr], on: Vec<Expr>) -> Result<Units, Why> {
        let (plan, pulled) = self.pulled(plan)?;
        let unit = KEYS.iter().find(|(name, _)| pulled.get(name).is_some_and(|(_, is_key)| *is_key));
        let unit = unit.ok_or(Why::NoKey)?.1;
        let (mut columns, mut link, mut named) = (Vec::new(), Vec::new(), BTreeMap::new());
        for group in groups {
            let name = self.fresh("link");
            columns.push(group.clone().alias(name.as_str()));
            link.push(Column::new_unqualified(name));
        }
        for (of, (expr, _)) in pulled {
            let name = self.fresh(of);
            columns.push(expr.alias(name.as_str()));
            named.insert(of, Column::new_unqualified(name));
        }
        let mut rows = LogicalPlanBuilder::from(plan);
        if let Some(condition) = on.into_iter().reduce(Expr::and) {
            rows = rows.filter(condition)?;
        }
        Ok(Units { plan: rows.project(columns)?.build()?, link, columns: named, unit })
    }

    /// One row for each value of a key within its group. What else is known of a row is told where it is the same for all of them.
    pub(super) fn distinct(
        &mut self,
        plan: &LogicalPlan,
        groups: &[Expr],
        counted: &Expr,
        mut on: Vec<Expr>,
    ) -> Result<Units, Why> {
        let named =
            counted.column_refs().into_iter().find_map(|column| KEYS.iter().find(|(key, _)| *key == column.name));
        let Some((key, unit)) = named else { return Err(Why::NoKey) };
        on.push(counted.clone().is_not_null());
        let value = cast(counted.clone(), DataType::Utf8);
        let groups: Vec<Expr> = groups.iter().cloned().chain([value]).collect();
        let mut units = self.units(plan, &groups, on)?;
        let value = units.link.pop().ok_or(Why::NoKey)?;
        units.columns.remove(key);
        let (mut known, mut columns, mut told) = (Vec::new(), Vec::new(), BTreeMap::new());
        for (of, column) in &units.columns {
            let (least, most) = (self.fresh("least"), self.fresh("most"));
            known.extend([min(Expr::Column(column.clone())).alias(least.as_str())]);
            known.extend([max(Expr::Column(column.clone())).alias(most.as_str())]);
            let [least, most] = [least, most].map(|name| Expr::Column(Column::new_unqualified(name)));
            let name = self.fresh(of);
            columns.push(when(least.clone().eq(most), least).end()?.alias(name.as_str()));
            told.insert(*of, Column::new_unqualified(name));
        }
        let own: Vec<Expr> = units.link.iter().chain([&value]).cloned().map(Expr::Column).collect();
        columns.extend(own.clone());
        let plan = LogicalPlanBuilder::from(units.plan).aggregate(own, known)?.project(columns)?.build()?;
        told.insert(key, value);
        Ok(Units { plan, link: units.link, columns: told, unit: *unit })
    }

    /// The plan with all keys and details that its rows have: as expressions of one type each, and whether it is the row's own: not one
    /// that was picked among several.
    fn pulled(&mut self, plan: &LogicalPlan) -> Result<(LogicalPlan, Named), Why> {
        let names: Vec<&'static str> = KEYS.iter().map(|(name, _)| *name).chain(DETAILS).collect();
        let (plan, columns) = self.pull(plan, &names)?;
        let mut pulled = BTreeMap::new();
        for (name, column) in names.into_iter().zip(columns) {
            let Some(column) = column else { continue };
            let is_key = self.is_own(&plan, &column)?;
            let expr = Expr::Column(column);
            // a column of the name that is something else is left out
            let is_moment = expr.get_type(plan.schema())?.is_temporal();
            let kind = type_of(name);
            if is_moment == kind.is_temporal() {
                pulled.insert(name, (cast(expr, kind), is_key));
            }
        }
        Ok((plan, pulled))
    }
}
