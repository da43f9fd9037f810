//! `scope_plans`: of every plan that may be seen the edition known at the cut, and the group of the asked split that it is of.

use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::execution::context::SessionContext;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::prelude::{Expr, lit, when};
use datafusion::scalar::ScalarValue;

use super::super::dimensions::{column, text};
use super::super::hold::Hold;
use super::super::scope::Scope;
use crate::model::tables::Table;

/// By what plans of managers are known to be of a branch, a team or a supervisor: the list of staff.
const MANAGER: &str = "manager";

impl Scope<'_> {
    /// A row per plan: its `dimension` and `name`, both empty for the whole company; `grp` is its group in the asked split, and null
    /// where the plan is of another one. Of a plan by two dimensions at once nothing is known.
    pub(super) async fn plans(&self, context: &SessionContext) -> Result<DataFrame> {
        let plans = self.tables.table(Table::Plans.name()).await?;
        let known_by = lit(ScalarValue::Date32(Some(self.cut_day)));
        let known = column("known_from").is_null().or(column("known_from").lt_eq(known_by));
        let named = |name: &str| coalesce(vec![column(name), text("")]).alias(name);
        let columns = [named("dimension"), named("name")].into_iter();
        let columns = columns.chain(["period", "measure", "value", "known_from"].map(column));
        let mut frame = plans.filter(known)?.select(columns.collect::<Vec<_>>())?;
        for hold in self.only {
            frame = frame.filter(self.is_within(hold))?;
        }
        let names: Vec<Expr> = frame.schema().fields().iter().map(|field| column(field.name())).collect();
        let frame = frame.select(names.into_iter().chain([self.group_of_plan()?.alias("grp")]).collect::<Vec<_>>())?;
        let inner = super::super::tables::beside(context, |_| true).await?;
        inner.register_table("plans_in_scope", frame.into_view())?;
        self.query(&inner, super::sql_of("scope_plans"), super::Judged::default()).await
    }

    /// Whether a plan is of what the session is held to: of it, or of a manager whom the list of staff puts there.
    pub(in crate::session) fn is_within(&self, hold: &Hold) -> Expr {
        let of = |dimension: &str, names: Vec<Expr>| {
            column("dimension").eq(text(dimension)).and(column("name").in_list(names, false))
        };
        let own = of(&hold.dimension, hold.values.iter().map(|value| text(value.as_str())).collect());
        let managers = hold.values.iter().flat_map(|value| self.staff.managers(&hold.dimension, value));
        let managers: Vec<Expr> = managers.map(text).collect();
        match managers.is_empty() {
            true => own,
            false => own.or(of(MANAGER, managers)),
        }
    }

    fn group_of_plan(&self) -> Result<Expr> {
        let none = lit(ScalarValue::Utf8View(None));
        match self.by {
            [] => {
                // held to one group, its plan is the whole
                let whole = match self.only {
                    [] => column("dimension").eq(text("")),
                    held => {
                        let dimensions = held.iter().map(|hold| text(hold.dimension.as_str())).collect();
                        column("dimension").in_list(dimensions, false)
                    }
                };
                when(whole, text("")).otherwise(none)
            }
            [one] => when(column("dimension").eq(text(one.as_str())), column("name")).otherwise(none),
            _ => Ok(none),
        }
    }
}
