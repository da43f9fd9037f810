//! What a cell of a table shows a reader, as text: for the formats that are read, not computed with.

use super::number::{Cents, NONE, Numbers, Span};
use super::words::Words;
use crate::model::unit::Unit;
use crate::report::document::{Cell, Column, Table};

/// The column of addresses in the CRM, made of the regulation's template.
const URL: &str = "url";

/// What a cell shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown<'a> {
    /// No data. Not zero.
    Nothing(&'static str),
    /// A text or a number.
    Text(String),
    /// A link with a word of ours.
    Link {
        /// Where it leads.
        url: &'a str,
        /// What it says.
        word: &'static str,
    },
    /// A number and the ends of its interval.
    Interval {
        /// The number.
        value: String,
        /// From where to where.
        ends: String,
    },
    /// What it may be.
    Bounds {
        /// That it may be.
        word: &'static str,
        /// From where to where.
        ends: String,
    },
}

/// Whether a column stands to the left.
pub fn is_text(column: &Column) -> bool {
    matches!(column.unit, Unit::Text | Unit::Date)
}

/// The column's title, with the currency where its cells are money.
pub fn head(column: &Column, numbers: &Numbers<'_>) -> String {
    let currency = numbers.currency;
    match column.unit {
        Unit::Money if !column.title.contains(currency) => format!("{},\u{a0}{currency}", column.title),
        _ => column.title.clone(),
    }
}

/// How a column writes its numbers: all of them alike.
#[derive(Clone, Copy)]
pub struct Look {
    /// Small amounts are shown with two decimals; for large sums the decimals are omitted. The CSV has all digits.
    cents: Cents,
    span: Span,
}

impl Look {
    /// That of a column of a table.
    pub fn of(table: &Table, column: usize) -> Look {
        let values = || {
            table.rows.iter().filter_map(move |row| match row[column] {
                Cell::Money(money) => Some(money as f64 / 10_000.0),
                Cell::Number(value) | Cell::Interval { value, .. } => Some(value),
                _ => None,
            })
        };
        let (most, broken) =
            values().fold((0f64, false), |(most, broken), v| (most.max(v.abs()), broken || v.fract() != 0.0));
        let cents = if most < 1000.0 && broken { Cents::Two } else { Cents::Whole };
        let in_minutes = if table.columns[column].unit == Unit::Hours { 60.0 } else { 1.0 };
        Look { cents, span: Span::of(values().map(|v| v * in_minutes)) }
    }
}

/// What a cell shows.
pub fn shown<'a>(cell: &'a Cell, column: &Column, look: Look, numbers: &Numbers<'_>) -> Shown<'a> {
    let cents = look.cents;
    let number = |value: f64| match column.unit {
        Unit::Money => numbers.bare_money(value, cents),
        Unit::Minutes => numbers.span(value, look.span),
        Unit::Hours => numbers.span(value * 60.0, look.span),
        unit => numbers.exact(value, unit),
    };
    let span = |low: f64, high: f64| match column.unit {
        Unit::Money => format!("{}–{}", number(low), number(high)),
        unit => numbers.bounds(low, high, unit),
    };
    match cell {
        Cell::Empty => Shown::Nothing(NONE),
        Cell::Text(url)
            if column.name == URL && ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme)) =>
        {
            Shown::Link { url, word: Words(numbers.lang).open() }
        }
        Cell::Text(text) => Shown::Text(text.clone()),
        Cell::Count(count) => Shown::Text(numbers.exact(*count as f64, Unit::Count)),
        Cell::Money(money) => Shown::Text(numbers.bare_money(*money as f64 / 10_000.0, cents)),
        Cell::Number(value) => Shown::Text(number(*value)),
        Cell::Interval { value, low, high } => Shown::Interval { value: number(*value), ends: span(*low, *high) },
        Cell::Bounds { least, most } => {
            Shown::Bounds { word: numbers.lang.pick("может быть", "may be"), ends: span(*least, *most) }
        }
        Cell::Date(day) => Shown::Text(numbers.date(*day)),
    }
}
