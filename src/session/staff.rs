//! Who belongs to which team: few rows, which a `CASE` reads quicker than a join.

use arrow::array::AsArray;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::Case;
use datafusion::prelude::{Expr, cast, lit};
use datafusion::scalar::ScalarValue;

use super::dimensions::{column, text};
use crate::model::tables::Table;

/// Who belongs to which team, and who leads it.
#[derive(Debug, Default)]
pub(super) struct Staff {
    rows: Vec<(String, Option<String>, Option<String>)>,
}

impl Staff {
    /// Reads the table `staff`: a row per manager, so it is small.
    pub(super) async fn read(context: &SessionContext) -> Result<Staff> {
        let text = |name: &str| cast(column(name), DataType::Utf8).alias(name);
        let frame = context.table(Table::Staff.name()).await?;
        let frame = frame.select(["manager", "team", "supervisor"].map(text).to_vec())?;
        let mut rows = Vec::new();
        for batch in frame.collect().await? {
            let [managers, teams, supervisors] = [0, 1, 2].map(|index| batch.column(index).as_string::<i32>().iter());
            for ((manager, team), supervisor) in managers.zip(teams).zip(supervisors) {
                let owned = |text: Option<&str>| text.map(str::to_owned);
                rows.extend(manager.map(|manager| (manager.to_owned(), owned(team), owned(supervisor))));
            }
        }
        rows.sort();
        Ok(Staff { rows })
    }

    pub(super) fn team(&self) -> Expr {
        self.by_manager(|row| row.1.clone())
    }

    pub(super) fn supervisor(&self) -> Expr {
        self.by_manager(|row| row.2.clone())
    }

    fn by_manager(&self, value: impl Fn(&(String, Option<String>, Option<String>)) -> Option<String>) -> Expr {
        let known = self.rows.iter().filter_map(|row| Some((row.0.clone(), value(row)?)));
        let branches: Vec<_> = known.map(|(m, v)| (Box::new(text(m)), Box::new(text(v)))).collect();
        match branches.is_empty() {
            true => lit(ScalarValue::Utf8View(None)),
            false => Expr::Case(Case::new(Some(Box::new(column("manager"))), branches, None)),
        }
    }
}
