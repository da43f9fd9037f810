//! The rows of a result that a chart shows, as labels and numbers.

use crate::model::lang::Lang;
use crate::report::cell::Cell;
use crate::report::grid::Grid;
use crate::report::titles::Titles;

/// The shown rows of a result.
pub(in crate::report) struct View<'a> {
    /// What values are called.
    pub titles: &'a Titles<'a>,
    /// The metric that was asked.
    pub metric: &'a str,
    /// Its result.
    pub grid: &'a Grid,
    /// The rows, in the order in which they are shown.
    pub rows: &'a [usize],
    /// How many series are shown, where a column makes them.
    pub limit: Option<usize>,
    /// The value of all groups together: of [`Kind::whole`](super::kind::Kind::whole).
    pub whole: Option<f64>,
}

impl View<'_> {
    /// The language of the report.
    pub fn lang(&self) -> Lang {
        self.titles.numbers.lang
    }

    /// The value of a column as a label.
    pub fn label(&self, row: usize, column: &str) -> String {
        self.titles.label(self.metric, self.grid, row, &self.titles.column(column))
    }

    /// The value of a column as a label on an axis: a day as `2025-06-30`, so that the axis knows it for one.
    pub fn axis_label(&self, row: usize, column: &str) -> String {
        match self.grid.cell(row, &self.titles.column(column)) {
            Cell::Date(day) if column != "month" => day.to_string(),
            _ => self.label(row, column),
        }
    }

    /// The labels of all rows.
    pub fn labels(&self, column: &str) -> Vec<String> {
        self.rows.iter().map(|row| self.axis_label(*row, column)).collect()
    }

    /// The numbers of all rows.
    pub fn numbers(&self, column: &str) -> Vec<Option<f64>> {
        self.rows.iter().map(|row| self.grid.number(*row, column)).collect()
    }

    /// The numbers of all rows, zero where there is none.
    pub fn filled(&self, column: &str) -> Vec<f64> {
        self.numbers(column).into_iter().map(Option::unwrap_or_default).collect()
    }

    /// The bounds of all rows; `None` where either is absent.
    pub fn bounds(&self, low: &str, high: &str) -> Vec<Option<(f64, f64)>> {
        self.numbers(low).into_iter().zip(self.numbers(high)).map(|(low, high)| low.zip(high)).collect()
    }

    /// The distinct values of a column in order of appearance, each with its first row.
    pub fn distinct(&self, column: &str) -> Vec<(usize, &Cell)> {
        let mut found: Vec<(usize, &Cell)> = Vec::new();
        for row in self.rows {
            let cell = self.grid.cell(*row, column);
            if !found.iter().any(|(_, known)| *known == cell) {
                found.push((*row, cell));
            }
        }
        found
    }

    /// The number of the first row that has both values.
    pub fn number_where(&self, value: &str, one: (&str, &Cell), other: (&str, &Cell)) -> Option<f64> {
        let has = |row: usize, (column, cell): (&str, &Cell)| self.grid.cell(row, column) == cell;
        let row = self.rows.iter().find(|row| has(**row, one) && has(**row, other))?;
        self.grid.number(*row, value)
    }
}
