//! The sums of the money columns of a file, of rows taken and of rows refused: what a person compares with the CRM's screen.

use super::column_plan::ColumnPlan;
use super::plan::Plan;
use super::row::Row;
use super::row_checks::holds;
use crate::export::datum::Value;
use crate::model::tables::{Kind, Table};

/// What the rows of a file gave to a column of money, in units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileSum {
    pub(crate) table: Table,
    pub(crate) column: String,
    /// Of all rows that the table wants.
    pub(crate) all: i128,
    /// Of them, of those refused.
    pub(crate) refused: i128,
    /// Refused rows of which the amount cannot be read.
    pub(crate) unreadable: u64,
}

/// Adds them up while the file is read.
pub(super) struct Sums<'p> {
    /// For each, the number of the fill and that of the column within it.
    columns: Vec<(usize, usize, &'p ColumnPlan, FileSum)>,
    plan: &'p Plan,
}

impl<'p> Sums<'p> {
    pub(super) fn new(plan: &'p Plan) -> Sums<'p> {
        let mut columns = Vec::new();
        for (number, fill) in plan.fills.iter().enumerate() {
            for (at, column) in fill.columns.iter().enumerate().filter(|(_, column)| column.kind == Kind::Money) {
                let (table, column_name) = (fill.table, column.name.clone());
                let sum = FileSum { table, column: column_name, all: 0, refused: 0, unreadable: 0 };
                columns.push((number, at, column, sum));
            }
        }
        Sums { columns, plan }
    }

    /// Adds the values that a fill takes from a row.
    pub(super) fn take(&mut self, fill: usize, values: &[Value<'_>]) {
        for (_, at, _, sum) in self.columns.iter_mut().filter(|(number, ..)| *number == fill) {
            if let Some(Value::Whole(units)) = values.get(*at) {
                sum.all += i128::from(*units);
            }
        }
    }

    /// Adds a refused row: none of the fills that want it gets it.
    pub(super) fn refuse(&mut self, row: Row<'_>) {
        for (number, _, column, sum) in &mut self.columns {
            if !holds(&self.plan.fills[*number].when, row, true) {
                continue;
            }
            match column.amount(row) {
                Ok(units) => {
                    sum.all += i128::from(units);
                    sum.refused += i128::from(units);
                }
                Err(_) => sum.unreadable += 1,
            }
        }
    }

    /// Counts a row that cannot be split into cells.
    pub(super) fn lose(&mut self) {
        self.columns.iter_mut().for_each(|(.., sum)| sum.unreadable += 1);
    }

    /// The sums so far, of each column.
    pub(super) fn all(&self) -> Vec<i128> {
        self.columns.iter().map(|(.., sum)| sum.all).collect()
    }

    /// A row's amounts in these columns. `None` if its table does not take the row, or if it cannot be read.
    pub(super) fn amounts(&self, row: Row<'_>) -> Vec<Option<i128>> {
        let amount = |(number, _, column, _): &(usize, usize, &ColumnPlan, FileSum)| {
            let is_wanted = holds(&self.plan.fills[*number].when, row, true);
            column.amount(row).ok().filter(|_| is_wanted).map(i128::from)
        };
        self.columns.iter().map(amount).collect()
    }

    /// Adds the sums of rows further down, which [`Sums::take_all`] gave.
    pub(super) fn add(&mut self, further: Vec<FileSum>) {
        for ((.., sum), more) in self.columns.iter_mut().zip(further) {
            sum.all += more.all;
            sum.refused += more.refused;
            sum.unreadable += more.unreadable;
        }
    }

    /// The sums so far, which begin anew.
    pub(super) fn take_all(&mut self) -> Vec<FileSum> {
        let take = |sum: &mut FileSum| {
            let taken = sum.clone();
            (sum.all, sum.refused, sum.unreadable) = (0, 0, 0);
            taken
        };
        self.columns.iter_mut().map(|(.., sum)| take(sum)).collect()
    }
}
