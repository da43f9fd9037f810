//! By what a metric may be split, and the expression of a group.

use datafusion::functions::expr_fn::{coalesce, concat};
use datafusion::prelude::{Expr, cast, ident, lit};
use datafusion::scalar::ScalarValue;

use arrow::datatypes::DataType;

use super::SessionError;
use crate::model::problem::hint;
use crate::model::tables::Table;
use crate::store::Snapshot;

/// Stands between the values of a group.
pub const SEPARATOR: char = '\u{1f}';

/// The dimensions that every store has.
const CANONICAL: [&str; 10] =
    ["source", "contractor", "campaign", "manager", "branch", "pipeline", "team", "supervisor", "promo", "interest"];

/// Names that the views give to columns of their own.
pub(super) const TAKEN: [&str; 20] = [
    "grp",
    "team",
    "supervisor",
    "won_at",
    "moves",
    "is_open",
    "undated",
    "entered_at",
    "least_outcome",
    "least_until",
    "most_outcome",
    "most_until",
    "seen_until",
    "exported_status",
    "exported_stage",
    "exported_closed_at",
    "amount_known_since",
    "expected_close_known_since",
    "probability_known_since",
    "stated_currency",
];

/// The columns that mappings added to deals or journeys, once each.
pub(super) fn extra(snapshot: &Snapshot) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for state in [Table::Journeys, Table::Deals].iter().filter_map(|table| snapshot.tables.get(table)) {
        for name in state.extra.iter().filter(|name| !TAKEN.contains(&name.as_str())) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    names
}

/// All dimensions of a snapshot.
pub(super) fn all(snapshot: &Snapshot) -> Vec<String> {
    CANONICAL.iter().map(|name| (*name).to_owned()).chain(extra(snapshot)).collect()
}

/// Checks the names that were asked for.
pub(super) fn check(by: &[String], all: &[String]) -> Result<(), SessionError> {
    match by.iter().find(|name| !all.contains(name)) {
        None => Ok(()),
        Some(name) => {
            Err(SessionError::Dimension { name: name.clone(), hint: hint(name, all.iter().map(String::as_str)) })
        }
    }
}

/// A text literal of the type that text has in scans.
pub(super) fn text(value: impl Into<String>) -> Expr {
    lit(ScalarValue::Utf8View(Some(value.into())))
}

/// The group of a row: the values of the dimensions, [`SEPARATOR`] between them, nothing for null.
pub(super) fn group(values: Vec<Expr>) -> Expr {
    let mut parts: Vec<Expr> = Vec::new();
    for value in values {
        if !parts.is_empty() {
            parts.push(text(SEPARATOR));
        }
        parts.push(coalesce(vec![value, text("")]));
    }
    let all = match parts.len() {
        0 => text(""),
        1 => parts.remove(0),
        _ => concat(parts),
    };
    cast(all, DataType::Utf8View)
}

/// A column by its exact name: names that mappings gave may hold capitals and Cyrillic.
pub(super) fn column(name: &str) -> Expr {
    ident(name)
}
