//! Who belongs to which team, and who leads it: a manager's team is no join but a `CASE` made from the few rows of `staff`.

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
    rows: Vec<Member>,
}

/// A manager, with team, supervisor and branch.
type Member = (String, Option<String>, Option<String>, Option<String>);

impl Staff {
    /// Reads the table `staff`: a row per manager, so it is small.
    pub(super) async fn read(context: &SessionContext) -> Result<Staff> {
        let text = |name: &str| cast(column(name), DataType::Utf8).alias(name);
        let frame = context.table(Table::Staff.name()).await?;
        let frame = frame.select(["manager", "team", "supervisor", "branch"].map(text).to_vec())?;
        let mut rows = Vec::new();
        for batch in frame.collect().await? {
            let [managers, teams, supervisors, branches] =
                [0, 1, 2, 3].map(|index| batch.column(index).as_string::<i32>().iter());
            for (((manager, team), supervisor), branch) in managers.zip(teams).zip(supervisors).zip(branches) {
                let owned = |text: Option<&str>| text.map(str::to_owned);
                rows.extend(manager.map(|manager| (manager.to_owned(), owned(team), owned(supervisor), owned(branch))));
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

    /// The managers of a branch, a team or a supervisor.
    pub(super) fn managers(&self, dimension: &str, value: &str) -> Vec<String> {
        let of = |row: &&Member| {
            let place = match dimension {
                "team" => &row.1,
                "supervisor" => &row.2,
                "branch" => &row.3,
                _ => &None,
            };
            place.as_deref() == Some(value)
        };
        self.rows.iter().filter(of).map(|row| row.0.clone()).collect()
    }

    fn by_manager(&self, value: impl Fn(&Member) -> Option<String>) -> Expr {
        let known = self.rows.iter().filter_map(|row| Some((row.0.clone(), value(row)?)));
        let branches: Vec<_> = known.map(|(m, v)| (Box::new(text(m)), Box::new(text(v)))).collect();
        match branches.is_empty() {
            true => lit(ScalarValue::Utf8View(None)),
            false => Expr::Case(Case::new(Some(Box::new(column("manager"))), branches, None)),
        }
    }
}
