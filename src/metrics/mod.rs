//! Metrics: a file of `queries/` → a checked [`Metric`] → a [`MetricResult`].
//!
//! A metric is one SQL file that an analyst can read: a leading comment holds its front matter (TOML: titles, what it
//! counts, what it needs, by what it may be split), then comes one SELECT. The caller chooses period, cut and
//! dimensions; the SQL reads the session's views `scope`, `scope_entries` and `scope_spend` and groups by `grp`.
//! Thresholds come from the regulation's tables, never from here. What a number means: `docs/metrics.md`.

mod catalog;
mod columns;
mod error;
mod front;
mod need;
mod page;
mod run;
mod statement;

pub use catalog::Catalog;
pub use columns::{MetricColumn, MetricResult};
pub use error::MetricError;
pub use page::page;
pub use run::Ask;

use std::collections::BTreeSet;

use datafusion::sql::sqlparser::ast::Statement;

use crate::model::lang::Text;

/// A metric. Having one means that its file was checked.
#[derive(Debug, Clone)]
pub struct Metric {
    /// Its name: the stem of its file.
    pub name: String,
    /// The folder it stands in, such as `leads`; empty for one directly in the folder of metrics.
    pub topic: String,
    /// Its title.
    pub title: Text,
    /// Exactly what it counts.
    pub about: Text,
    /// What one row is.
    pub grain: String,
    /// The columns that must hold at least one value, as `table.column`; alternatives are joined by `|`.
    pub needs: Vec<String>,
    /// The dimensions by which it may be split.
    pub dimensions: Vec<String>,
    /// Whether it may also be split by the further columns of deals that a mapping kept.
    pub extra_dimensions: bool,
    /// Its columns, without dimensions.
    pub columns: Vec<MetricColumn>,
    /// The whole file, as an analyst reads it.
    pub text: String,
    /// Whether its SQL asks for the period; without one it tells how things stand at the cut.
    pub has_period: bool,
    statement: Box<Statement>,
    relations: BTreeSet<String>,
    /// The relations and the functions that its SQL names.
    named: BTreeSet<String>,
}
