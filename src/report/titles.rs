//! What values are called: titles instead of ids and codes, numbers with their units.

use std::collections::BTreeMap;

use super::cell::Cell;
use super::grid::{Grid, number};
use super::render::number::Numbers;
use crate::model::lang::Text;
use crate::model::unit::Unit;
use crate::regulation::{self, Regulation};

/// How a report definition shows values: metric → column → value → text.
pub(super) type Labels = BTreeMap<String, BTreeMap<String, BTreeMap<String, Text>>>;

/// The titles of values in one language: those of the report definition, then those of the regulation.
#[derive(Debug)]
pub(super) struct Titles<'a> {
    pub numbers: Numbers<'a>,
    labels: &'a Labels,
    /// By the column that holds the ids.
    of_ids: BTreeMap<&'static str, regulation::Titles>,
}

impl<'a> Titles<'a> {
    pub fn new(numbers: Numbers<'a>, labels: &'a Labels, regulation: &Regulation) -> Titles<'a> {
        Titles { numbers, labels, of_ids: regulation.titles() }
    }

    /// A column name with `{lang}` replaced.
    pub fn column(&self, name: &str) -> String {
        name.replace("{lang}", self.numbers.lang.pick("ru", "en"))
    }

    /// A cell as shown: titles instead of ids and codes, a placeholder for an empty dimension.
    pub fn shown(&self, metric: &str, grid: &Grid, at: usize, cell: &Cell) -> Cell {
        let column = grid.columns[at].name.as_str();
        let value = match cell {
            Cell::Text(value) => value.as_str(),
            Cell::Empty if at < grid.dimensions => "",
            // a code that is a number
            Cell::Count(number) => {
                let labels = self.labels.get(metric).and_then(|columns| columns.get(column));
                let label = labels.and_then(|all| all.get(&number.to_string()));
                return label.map_or(cell.clone(), |text| Cell::Text(text.get(self.numbers.lang).to_owned()));
            }
            _ => return cell.clone(),
        };
        let labels = self.labels.get(metric).and_then(|columns| columns.get(column));
        let titled = |code: &str| labels.and_then(|all| all.get(code)).or_else(|| self.of_ids.get(column)?.get(code));
        match titled(value) {
            Some(text) => Cell::Text(text.get(self.numbers.lang).to_owned()),
            // several codes in one cell
            None if value.split(", ").any(|code| titled(code).is_some()) => {
                let words = value.split(", ").map(|code| titled(code).map_or(code, |text| text.get(self.numbers.lang)));
                Cell::Text(words.collect::<Vec<_>>().join(", "))
            }
            None if value.trim().is_empty() && at < grid.dimensions => {
                Cell::Text(self.numbers.lang.pick("не заполнено", "not filled").to_owned())
            }
            None => cell.clone(),
        }
    }

    /// The value of a column as a label on an axis or in a sentence.
    pub fn label(&self, metric: &str, grid: &Grid, row: usize, column: &str) -> String {
        let Some(at) = grid.position(column) else { return String::new() };
        match self.shown(metric, grid, at, &grid.rows[row][at]) {
            Cell::Text(text) => text,
            Cell::Date(day) if column == "month" => self.numbers.month(day),
            Cell::Date(day) => self.numbers.short_date(day),
            cell => self.value(&cell, grid.columns[at].unit),
        }
    }

    /// The group of a row in words: its dimension values.
    pub fn group(&self, metric: &str, grid: &Grid, row: usize) -> String {
        let names = (0..grid.dimensions).map(|at| self.label(metric, grid, row, &grid.columns[at].name));
        names.collect::<Vec<_>>().join(" · ")
    }

    /// A value with its unit.
    pub fn value(&self, cell: &Cell, unit: Unit) -> String {
        match cell {
            Cell::Empty => self.numbers.lang.pick("нет данных", "no data").to_owned(),
            Cell::Text(text) => text.clone(),
            Cell::Date(day) => self.numbers.date(*day),
            Cell::Interval { value, low, high } => {
                format!("{} ({})", self.numbers.compact(*value, unit), self.numbers.bounds(*low, *high, unit))
            }
            Cell::Bounds { least, most } => {
                let ends = self.numbers.bounds(*least, *most, unit);
                format!("{} {ends}", self.numbers.lang.pick("может быть", "may be"))
            }
            cell => number(cell).map_or_else(String::new, |n| self.numbers.compact(n, unit)),
        }
    }
}
