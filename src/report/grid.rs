//! A metric's result as cells with access by row and column name.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Float64Type, Int64Type};
use arrow::error::ArrowError;
use chrono::NaiveDate;

use super::cell::Cell;
use crate::metrics::{Bound, MetricColumn, MetricResult, Spending};
use crate::model::tables::MONEY_SCALE;
use crate::model::unit::Unit;

/// Rows and columns of a result. The first `dimensions` columns are the split.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grid {
    pub columns: Vec<MetricColumn>,
    pub dimensions: usize,
    pub rows: Vec<Vec<Cell>>,
}

impl Grid {
    /// Reads a result.
    pub fn of(result: &MetricResult) -> Result<Grid, ArrowError> {
        let columns = result.columns.iter().zip(result.batch.columns());
        let cells = columns.map(|(column, array)| cells(array, column.unit)).collect::<Result<Vec<_>, _>>()?;
        let rows = (0..result.batch.num_rows()).map(|row| cells.iter().map(|column| column[row].clone()).collect());
        Ok(Grid { columns: result.columns.clone(), dimensions: result.ask.by.len(), rows: rows.collect() })
    }

    /// The same grid with another unit for plain ratios.
    pub fn with_ratios(&self, unit: Unit) -> Grid {
        let mut grid = self.clone();
        grid.columns.iter_mut().filter(|column| column.unit == Unit::Ratio).for_each(|column| column.unit = unit);
        grid
    }

    /// The index of a column.
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == column)
    }

    /// A column's unit; text where the metric has no such column. Of the columns that a report reads, `Definition::check` rules that out.
    pub fn unit(&self, column: &str) -> Unit {
        self.position(column).map_or(Unit::Text, |at| self.columns[at].unit)
    }

    /// A cell; empty where the metric has no such column, as `unit`.
    pub fn cell(&self, row: usize, column: &str) -> &Cell {
        self.position(column).map_or(&Cell::Empty, |at| &self.rows[row][at])
    }

    /// A cell's number.
    pub fn number(&self, row: usize, column: &str) -> Option<f64> {
        number(self.cell(row, column))
    }

    /// What is declared of a column.
    pub fn column(&self, name: &str) -> Option<&MetricColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The number at an end of a column's value.
    pub fn bound(&self, row: usize, column: &str, bound: Bound) -> Option<f64> {
        let is_it = |other: &MetricColumn| other.bound_of.as_ref().is_some_and(|(of, at)| of == column && *at == bound);
        let at = self.columns.iter().position(is_it)?;
        number(&self.rows[row][at])
    }

    /// How many cases a row counts: by the first of the columns that say it.
    pub fn cases(&self, row: usize) -> Option<f64> {
        let mut counts: Vec<(usize, usize)> =
            self.columns.iter().enumerate().filter_map(|(at, column)| Some((column.cases?, at))).collect();
        counts.sort_unstable();
        counts.into_iter().find_map(|(_, at)| number(&self.rows[row][at]))
    }

    /// Whether a column has no value in any of the rows, nor bounds of one.
    pub fn is_blank(&self, column: &str) -> bool {
        let within =
            |row: usize| [Bound::Least, Bound::Most].into_iter().any(|end| self.bound(row, column, end).is_some());
        !(0..self.rows.len()).any(|row| self.number(row, column).is_some() || within(row))
    }

    /// A dimension that no row fills.
    pub fn unfilled_dimension(&self) -> Option<&str> {
        let unfilled = |at: &usize| !self.rows.is_empty() && self.rows.iter().all(|row| row[*at] == Cell::Empty);
        (0..self.dimensions).find(unfilled).map(|at| self.columns[at].name.as_str())
    }

    /// Whether no dimension of a row is filled: a remainder, not a group.
    pub fn is_unnamed(&self, row: usize) -> bool {
        self.dimensions > 0 && self.group(row).iter().all(|cell| *cell == Cell::Empty)
    }

    /// Whether a cell is a return on spend in the unfilled group: sales without a campaign and spend without a campaign
    /// are unrelated, so their ratio means nothing.
    pub fn is_no_return(&self, row: usize, column: &str) -> bool {
        self.is_unnamed(row) && self.is_return(column)
    }

    /// Whether a column sets what was earned, or who came, against money spent.
    pub fn is_return(&self, column: &str) -> bool {
        self.column(column).is_some_and(|column| column.spending == Some(Spending::Against))
    }

    /// The column that is money spent, as the metric declares it.
    fn spending(&self) -> Option<usize> {
        self.columns.iter().position(|column| column.spending == Some(Spending::Sum))
    }

    /// Whether the metric says how much was spent.
    pub fn has_spending(&self) -> bool {
        self.spending().is_some()
    }

    /// The money spent on a row, by the column that is declared to be it, whatever it is called. `None` if it is not known.
    pub fn spent(&self, row: usize) -> Option<f64> {
        self.spending().and_then(|at| number(&self.rows[row][at]))
    }

    /// The rows that tell how it is now. For a result by week, month or horizon: each group's last row. For a result by a key and a
    /// horizon, such as stage and horizon: the last row of each key. Otherwise all rows.
    pub fn current_rows(&self) -> Vec<usize> {
        let unit = |at: usize| self.columns.get(at).map(|column| column.unit);
        let at = match (unit(self.dimensions), unit(self.dimensions + 1)) {
            (Some(Unit::Date | Unit::Days), _) => self.dimensions,
            (Some(Unit::Text), Some(Unit::Days)) => self.dimensions + 1,
            _ => return (0..self.rows.len()).collect(),
        };
        let place = |row: usize| match &self.rows[row][at] {
            Cell::Date(day) => Some(f64::from(day.to_epoch_days())),
            cell => number(cell),
        };
        let of = |row: usize| &self.rows[row][..at];
        let all = 0..self.rows.len();
        let last = |row: &usize| !all.clone().any(|other| of(other) == of(*row) && place(other) > place(*row));
        all.clone().filter(last).collect()
    }

    /// The dimension values of a row, which identify its group.
    pub fn group(&self, row: usize) -> &[Cell] {
        &self.rows[row][..self.dimensions]
    }
}

/// The number in a cell, money in whole currency units.
#[allow(clippy::cast_precision_loss)] // charts and comparisons need no more than 15 digits
pub(super) fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Count(count) => Some(*count as f64),
        Cell::Money(money) => Some(*money as f64 / 10f64.powi(i32::from(MONEY_SCALE))),
        Cell::Number(number) => Some(*number),
        Cell::Interval { value, .. } => Some(*value),
        Cell::Empty | Cell::Text(_) | Cell::Bounds { .. } | Cell::Date(_) => None,
    }
}

pub(super) fn cells(array: &ArrayRef, unit: Unit) -> Result<Vec<Cell>, ArrowError> {
    let made = match array.data_type() {
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => {
            let days = cast(array, &DataType::Date32)?;
            let days = days.as_primitive::<Date32Type>();
            days.iter().map(|day| day.and_then(NaiveDate::from_epoch_days).map_or(Cell::Empty, Cell::Date)).collect()
        }
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            let numbers = cast(array, &DataType::Float64)?;
            let numbers = numbers.as_primitive::<Float64Type>();
            numbers.iter().map(|number| number.filter(|n| n.is_finite()).map_or(Cell::Empty, Cell::Number)).collect()
        }
        DataType::Decimal128(..) | DataType::Decimal256(..) if unit == Unit::Money => {
            // averages have more digits, and sums more room, than stored money
            let wide = DataType::Decimal128(38, MONEY_SCALE);
            let money = cast(array, &wide)?;
            money.as_primitive::<Decimal128Type>().iter().map(|money| money.map_or(Cell::Empty, Cell::Money)).collect()
        }
        DataType::Decimal128(..) | DataType::Decimal256(..) => return cells(&cast(array, &DataType::Float64)?, unit),
        kind if kind.is_integer() => {
            let counts = cast(array, &DataType::Int64)?;
            counts.as_primitive::<Int64Type>().iter().map(|count| count.map_or(Cell::Empty, Cell::Count)).collect()
        }
        DataType::Null => vec![Cell::Empty; array.len()],
        _ => {
            let texts = cast(array, &DataType::Utf8)?;
            let texts = texts.as_string::<i32>();
            texts.iter().map(|text| text.map_or(Cell::Empty, |text| Cell::Text(text.to_owned()))).collect()
        }
    };
    Ok(made)
}
