//! Metrics: a file of `queries/` → a checked [`Metric`] → a [`MetricResult`].
//!
//! A metric is one SQL file that an analyst can read: a leading comment holds its front matter (TOML: titles, what it
//! counts, what it needs, by what it may be split), then comes one SELECT. The caller chooses period, cut and
//! dimensions; the SQL reads the session's views `scope`, `scope_entries` and `scope_spend` and groups by `grp`. It may read
//! another metric by its name, and pieces of `queries/shared/`: both are asked with the same period, cut and dimensions.
//! Thresholds come from the regulation's tables, never from here. What a number means: `docs/metrics.md`.

mod catalog;
mod columns;
mod declared;
mod error;
mod front;
mod need;
mod needs_page;
mod page;
mod kept;
mod lineage;
mod link;
mod rows;
mod run;
mod select;
mod statement;

pub use catalog::Catalog;
pub use columns::{Bound, MetricColumn, MetricResult, Spending};
pub use error::MetricError;
pub use lineage::Unit;
pub use need::{Need, source_name, way_out};
pub use needs_page::needs_page;
pub use page::page;
pub use rows::{Listed, Picked};
pub use run::Ask;

use std::collections::BTreeSet;
use std::sync::Arc;

use self::select::{Read, Select};
use crate::model::lang::Text;
use crate::model::tables::Table;

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
    /// The columns that must hold at least one value.
    pub needs: Vec<Need>,
    /// Note where its sources cover only part of the time or of the groups. `None` for the note shared by need.
    pub partly: Option<Text>,
    /// Note on won and lost deals without a closing date. `None` for the note shared by need.
    pub undated: Option<Text>,
    /// The columns that are zero, and not unknown, where there is no row: what they count did not happen.
    pub zero: Vec<String>,
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
    select: Arc<Select>,
    /// The metrics and shared pieces that it reads, those first that others read.
    reads: Vec<Read>,
    /// What the metrics that it reads need, and it does not name itself.
    read_needs: Vec<Need>,
    /// The tables and views that it reads, itself and through others.
    relations: BTreeSet<String>,
    /// All words of its SQL and of what it reads.
    named: BTreeSet<String>,
}

impl Metric {
    /// The tables out of which its figures come: those that it needs, and those behind the views that it reads.
    pub fn tables(&self) -> BTreeSet<Table> {
        let needed = self.needs.iter().chain(&self.read_needs).flat_map(Need::columns);
        let needed = needed.flat_map(|(table, column)| behind(table, column));
        let read = self.relations.iter().flat_map(|name| match name.as_str() {
            "scope_spend" => vec![Table::Spend],
            "scope_events" | "scope_contacts" | "scope_checks" | "period_checks" | "scope_evidence"
            | "scope_coverage" => {
                vec![Table::Deals, Table::Events]
            }
            name if name.starts_with("scope") => vec![Table::Deals],
            name => Table::named(name).into_iter().filter(|table| Table::MAPPED.contains(table)).collect(),
        });
        needed.chain(read).collect()
    }
}

/// The tables of exports of which a column is made: some of a journey's are folded from events.
fn behind(table: Table, column: &str) -> Vec<Table> {
    const OF_EVENTS: [&str; 7] =
        ["entries", "response_at", "touch_at", "refused_at", "opted_out_at", "complained_at", "refunded_at"];
    match table {
        Table::Journeys if OF_EVENTS.contains(&column) => vec![Table::Deals, Table::Events],
        Table::Journeys => vec![Table::Deals],
        table if Table::MAPPED.contains(&table) => vec![table],
        _ => Vec::new(),
    }
}
