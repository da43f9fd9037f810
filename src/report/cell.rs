//! A value of a result, a table or a tile.

use chrono::NaiveDate;

use crate::model::unit::Unit;

/// A value in a table or a tile.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// No data. Not zero.
    Empty,
    /// Text.
    Text(String),
    /// A whole number.
    Count(i64),
    /// Exact money, in ten-thousandths of the currency unit.
    Money(i128),
    /// A real number in the column's unit; a share is a share of one.
    Number(f64),
    /// A number with its 95 % interval.
    Interval {
        /// The estimate.
        value: f64,
        /// The lower bound.
        low: f64,
        /// The upper bound.
        high: f64,
    },
    /// No value, but it is known to lie between these.
    Bounds {
        /// The least possible value.
        least: f64,
        /// The greatest possible value.
        most: f64,
    },
    /// A day.
    Date(NaiveDate),
}

impl Cell {
    /// Nothing, counted in this unit. None: the unit counts nothing.
    pub fn zero(unit: Unit) -> Option<Cell> {
        match unit {
            Unit::Count => Some(Cell::Count(0)),
            Unit::Money => Some(Cell::Money(0)),
            _ => None,
        }
    }
}
