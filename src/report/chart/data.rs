//! The numbers of a chart as a table, for formats that hold numbers and draw by themselves.

use crate::model::unit::Unit;
use crate::report::cell::Cell;
use crate::report::render::draw::axis::Labels;
use crate::report::render::draw::picture::Color;
use crate::report::render::number::Numbers;

/// The numbers of a chart: the labels, then a column per series.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct ChartData {
    /// Title and unit of each column.
    pub columns: Vec<(String, Unit)>,
    /// The rows, each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
    /// How a spreadsheet draws it.
    pub native: Native,
}

/// How a spreadsheet draws a chart. Columns are counted from zero; the labels are column zero.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) enum Native {
    /// It has no such kind: a picture must do.
    None,
    /// Lines.
    Lines {
        /// The columns, each with its colour.
        lines: Vec<(usize, Color)>,
        /// The columns of the lower and the upper bound of the first line.
        band: Option<(usize, usize)>,
        /// The rows from this one on are still maturing.
        young_from: Option<usize>,
    },
    /// Bars.
    Bars {
        /// The columns, each with its colour.
        bars: Vec<(usize, Color)>,
        /// On top of one another, not side by side.
        are_stacked: bool,
        /// From left to right, because the labels are long.
        are_horizontal: bool,
    },
    /// Cells coloured by their value.
    Colours {
        /// Where the colour turns.
        pivot: f64,
        /// The colours below, at and above it.
        colours: [Color; 3],
    },
}

/// Labels as cells: days as days, months in words.
pub(super) fn labels(labels: &[String], numbers: &Numbers<'_>) -> Vec<Cell> {
    match Labels::read(labels) {
        Labels::Days(days) => days.into_iter().map(Cell::Date).collect(),
        months @ Labels::Months(_) => months.words(numbers).into_iter().map(Cell::Text).collect(),
        Labels::Words(words) => words.into_iter().map(Cell::Text).collect(),
    }
}

/// The title of a column of labels, and its unit.
pub(super) fn label_column(cells: &[Cell], words: &'static str, numbers: &Numbers<'_>) -> (String, Unit) {
    match cells.first() {
        Some(Cell::Date(_)) => (numbers.lang.pick("Начало", "From").to_owned(), Unit::Date),
        _ => (words.to_owned(), Unit::Text),
    }
}

/// A number as a cell.
pub(super) fn cell(value: Option<f64>) -> Cell {
    value.filter(|value| value.is_finite()).map_or(Cell::Empty, Cell::Number)
}

/// Whether bars with these labels are drawn from left to right.
pub(super) fn are_long(labels: &[Cell]) -> bool {
    const LONG: usize = 14;
    const MANY: usize = 14;
    let words = labels.iter().filter_map(|label| match label {
        Cell::Text(text) => Some(text.chars().count()),
        _ => None,
    });
    let (count, longest) = words.fold((0, 0), |(count, longest), length| (count + 1, length.max(longest)));
    count > MANY || longest > LONG
}
