//! A metric that was checked.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::columns::MetricColumn;
use super::need::Need;
use super::select::{Read, Select};
use crate::model::lang::Text;
use crate::model::tables::Table;
use crate::session::exports_of;

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
    /// Whether it tells of a period that is not over how far it has come: then the exports cover it once they reach the as-of day.
    pub so_far: bool,
    pub(super) select: Arc<Select>,
    /// The metrics and shared pieces that it reads, those first that others read.
    pub(super) reads: Vec<Read>,
    /// What the metrics that it reads need, and it does not name itself.
    pub(super) read_needs: Vec<Need>,
    /// The tables and views that it reads, itself and through others.
    pub(super) relations: BTreeSet<String>,
    /// All words of its SQL and of what it reads.
    pub(super) named: BTreeSet<String>,
}

impl Metric {
    /// The tables out of which its figures come: those that it needs, and those behind the views that it reads.
    pub fn tables(&self) -> BTreeSet<Table> {
        let needed = self.needs.iter().chain(&self.read_needs).flat_map(Need::columns);
        let needed = needed.flat_map(|(table, column)| behind(table, column));
        let read = self.relations.iter().flat_map(|name| match exports_of(name) {
            Some(tables) => tables.to_vec(),
            None => Table::named(name).into_iter().filter(|table| Table::MAPPED.contains(table)).collect(),
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
