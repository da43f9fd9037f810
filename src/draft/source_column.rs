//! A column of the export that a mapping is drafted for.

use std::collections::BTreeMap;

use super::profile::Seen;
use super::words;

/// A column of the export.
pub(super) struct Column {
    /// As a mapping names it: with its number where its header is there twice.
    pub(super) name: String,
    /// What its header says.
    pub(super) ideas: Vec<String>,
    pub(super) seen: Seen,
    /// The column that has the time of day, where this one has the day alone.
    pub(super) time: Option<usize>,
}

impl Column {
    /// Whether its header has an idea.
    pub(super) fn says(&self, idea: &str) -> bool {
        self.ideas.iter().any(|of| of == idea)
    }
}

/// The columns of a header, with what was seen in them.
pub(super) fn all(cells: &[String], seen: Vec<Seen>) -> Vec<Column> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    cells.iter().enumerate().for_each(|(place, header)| places.entry(header).or_default().push(place));
    let named = |place: usize, header: &str| {
        let same = &places[header];
        let nth = same.binary_search(&place).unwrap_or_default() + 1;
        match (header.is_empty(), same.len()) {
            (true, _) => format!("#{}", place + 1),
            (_, 1) => header.to_owned(),
            _ => format!("{header}#{nth}"),
        }
    };
    let column = |(place, (header, seen)): (usize, (&String, Seen))| Column {
        name: named(place, header),
        ideas: words::ideas(header),
        seen,
        time: None,
    };
    cells.iter().zip(seen).enumerate().map(column).collect()
}
