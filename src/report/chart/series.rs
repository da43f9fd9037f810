//! Named rows of values over common labels: what bars and lines draw.

use super::data::{self, ChartData, Native};
use super::kind::{Filled, Length, sentence};
use super::view::View;
use crate::model::lang::{Text, both};
use crate::model::unit::Unit;
use crate::model::written::{Section, Value};
use crate::report::cell::Cell;
use crate::report::definition::asked::Asked;
use crate::report::render::draw::axis::Labels;
use crate::report::render::draw::palette::{GREY, nth};
use crate::report::render::draw::picture::Color;
use crate::report::render::number::{NONE, Numbers};

/// Named rows of values over common labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The labels along the axis.
    pub labels: Vec<String>,
    /// Name and values, one per label.
    pub lines: Vec<(String, Vec<Option<f64>>)>,
    /// What the numbers are.
    pub unit: Unit,
    /// The line that holds what is not known of a whole, if one does: it is drawn grey, as no part of its own.
    pub unknown: Option<usize>,
}

/// The column that metrics give what they cannot tell of a whole.
const UNKNOWN: &str = "unknown";

/// The columns of series: a line per column of `values`, or a line per value of the column `series`.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct SeriesEncoding {
    pub x: String,
    pub values: Vec<String>,
    pub series: Option<String>,
}

/// What becomes of the series beyond the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beyond {
    /// They are left out, and the title says so.
    LeftOut,
    /// They are summed into one series, so that the total stays right.
    Summed,
}

impl SeriesEncoding {
    pub fn read(asked: &Asked<'_>, part: &Section<'_>) -> SeriesEncoding {
        let values: Vec<String> = match part.value("values") {
            Some(Value::Text(_)) => vec![asked.column(part, "values")],
            _ => {
                let values = part.texts("values");
                values.iter().for_each(|value| asked.check_column(part, value, value.line));
                values.into_iter().map(|value| value.value).collect()
            }
        };
        if values.is_empty() {
            part.problem(
                part.line(),
                Text::new("не сказано, что рисовать на графике", "the chart says not what to draw"),
                Text::new("добавьте values = [\"…\"]: столбцы метрики", "add values = [\"…\"]: the metric's columns"),
            );
        }
        let series = asked.optional_column(part, "series");
        if let (Some(series), 2..) = (&series, values.len()) {
            let way = both!(
                "оставьте одно из `values` или удалите `series = \"{series}\"`",
                "leave one of `values`, or remove `series = \"{series}\"`"
            );
            part.wrong(
                "series",
                Text::new(
                    "линии различаются по `series` или по нескольким `values`, а не по тому и другому",
                    "lines are told apart by `series` or by several `values`, not by both",
                ),
                way,
            );
        }
        SeriesEncoding { x: asked.column(part, "x"), values, series }
    }

    /// The columns that are drawn.
    pub fn values(&self) -> Vec<&str> {
        self.values.iter().map(String::as_str).collect()
    }
}

impl Series {
    /// Takes the series from the rows.
    pub(super) fn fill(encoding: &SeriesEncoding, view: &View<'_>, beyond: Beyond) -> Filled<Series> {
        let unit = encoding.values.first().map_or(Unit::Text, |column| view.grid.unit(column));
        match &encoding.series {
            None => {
                let title = |column: &String| match view.grid.column(column) {
                    Some(known) => known.title.get(view.lang()).to_owned(),
                    None => column.clone(),
                };
                let line = |column: &String| (title(column), view.numbers(column));
                let lines = encoding.values.iter().map(line).collect();
                let unknown = encoding.values.iter().position(|column| column == UNKNOWN);
                Series { labels: view.labels(&encoding.x), lines, unit, unknown }.into()
            }
            Some(by) => Series::by_value(encoding, by, view, beyond, unit),
        }
    }

    /// A line per value of the column `by`.
    fn by_value(encoding: &SeriesEncoding, by: &str, view: &View<'_>, beyond: Beyond, unit: Unit) -> Filled<Series> {
        let value = encoding.values.first().map_or("", String::as_str);
        let mut xs = view.distinct(&encoding.x);
        // groups begin at different weeks: the axis follows the calendar, not the row order
        xs.sort_by_key(|(_, x)| match x {
            Cell::Date(day) => Some(*day),
            _ => None,
        });
        let line = |(row, name): (usize, &Cell)| {
            let at = |(_, x): &(usize, &Cell)| view.number_where(value, (&encoding.x, x), (by, name));
            (view.word(row, by), xs.iter().map(at).collect())
        };
        let mut lines: Vec<(String, Vec<Option<f64>>)> = view.distinct(by).into_iter().map(line).collect();
        let count = lines.len();
        if let Some(limit) = view.limit.filter(|limit| *limit < count) {
            let total = |line: &(String, Vec<Option<f64>>)| line.1.iter().flatten().sum::<f64>();
            lines.sort_by(|a, b| total(b).total_cmp(&total(a)));
            let cut = lines.split_off(limit);
            if beyond == Beyond::Summed {
                let sum = |x: usize| cut.iter().filter_map(|line| line.1[x]).reduce(|a, b| a + b);
                lines.push((view.lang().pick("остальные", "others").to_owned(), (0..xs.len()).map(sum).collect()));
            }
        }
        let shown = match beyond {
            Beyond::LeftOut => view.limit.map(|limit| (limit.min(count), count)),
            Beyond::Summed => None,
        };
        let labels = xs.iter().map(|(row, _)| view.label(*row, &encoding.x)).collect();
        Filled { plot: Series { labels, lines, unit, unknown: None }, shown }
    }

    /// A value per label.
    pub(super) fn lengths(&self) -> Vec<Length> {
        let of_line = |(name, values): &(String, Vec<Option<f64>>)| {
            Length::of(format!("values of `{name}`"), values, self.labels.len())
        };
        self.lines.iter().map(of_line).collect()
    }

    /// The span of the labels, and the last value of each line.
    pub(super) fn describe(&self, kind: &str, numbers: &Numbers<'_>) -> String {
        let labels = Labels::read(&self.labels).words(numbers);
        let span = match (labels.first(), labels.last()) {
            (Some(first), Some(last)) if first != last => format!(", {first} – {last}"),
            _ => String::new(),
        };
        let parts = self.lines.iter().map(|(name, values)| {
            let last = values.iter().zip(&labels).rev().find_map(|(value, label)| value.map(|v| (v, label)));
            last.map_or(format!("{name} {NONE}"), |(v, label)| {
                format!("{name} {} ({label})", numbers.compact(v, self.unit))
            })
        });
        sentence(&format!("{kind}{span}"), parts)
    }

    /// The labels, then a column per line.
    pub(super) fn data(&self, numbers: &Numbers<'_>, native: impl FnOnce(&[Cell]) -> Native) -> ChartData {
        let labels = data::labels(&self.labels, numbers);
        let first = data::label_column(&labels, numbers.lang.pick("Группа", "Group"), numbers);
        let columns = [first].into_iter().chain(self.lines.iter().map(|(name, _)| (name.clone(), self.unit)));
        let (columns, native) = (columns.collect(), native(&labels));
        let row = |(at, label): (usize, Cell)| {
            [label].into_iter().chain(self.lines.iter().map(|(_, values)| data::cell(values[at]))).collect()
        };
        ChartData { columns, rows: labels.into_iter().enumerate().map(row).collect(), native }
    }

    /// The data of bars.
    pub(super) fn bars(&self, numbers: &Numbers<'_>, colors: &[Color], are_stacked: bool) -> ChartData {
        self.data(numbers, |labels| Native::Bars {
            bars: (0..self.lines.len()).map(|line| (line + 1, self.color(colors, line))).collect(),
            are_stacked,
            are_horizontal: data::are_long(labels),
        })
    }

    pub(super) fn names(&mut self) -> Vec<&mut String> {
        let lines = self.lines.iter_mut().map(|(name, _)| name);
        self.labels.iter_mut().chain(lines).collect()
    }

    /// The colour of a line out of a list of colours.
    pub(super) fn color(&self, colors: &[Color], line: usize) -> Color {
        if self.unknown == Some(line) { GREY } else { nth(colors, line) }
    }

    /// Whether there is a value to draw.
    pub(super) fn has_value(&self) -> bool {
        self.lines.iter().any(|(_, values)| values.iter().flatten().any(|v| v.is_finite()))
    }
}
