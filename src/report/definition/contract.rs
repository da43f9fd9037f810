//! The columns that a report reads, held against the metrics that it is built with. A definition is checked when it is read; it may be
//! built with another catalog, and a company may put a metric of its own in the place of one that reports read by themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::{Definition, Section};
use crate::metrics::{Catalog, Metric};
use crate::model::problem::hint;
use crate::report::error::ReportError;

/// What every report reads, whatever its definition asks for: what was not judged, and what the data lack.
const OF_EVERY_REPORT: [(&str, &[&str]); 3] = [
    ("unjudged", &["rule", "missing", "cases", "span_ru", "span_en", "way_out_ru", "way_out_en"]),
    (
        "data_quality",
        &[
            "deals",
            "won_without_closed_at",
            "lost_without_closed_at",
            "without_created_at",
            "won_without_amount",
            "won_without_client",
        ],
    ),
    ("wins_without_date", &["wins"]),
];

/// The columns of the metrics that sections ask for.
pub(super) fn columns(sections: &[Section], catalog: &Catalog) -> BTreeMap<String, BTreeSet<String>> {
    let asked = sections.iter().flat_map(|section| &section.parts).filter_map(|part| part.ask());
    let of = |metric: &Metric| metric.columns.iter().map(|column| column.name.clone()).collect();
    asked.filter_map(|ask| Some((ask.metric.clone(), of(catalog.get(&ask.metric).ok()?)))).collect()
}

impl Definition {
    /// Whether the metrics have the columns that the report reads. A metric that does not exist is told where it is asked.
    ///
    /// # Errors
    /// A metric does not have a column: without this check its cells would be empty.
    pub(in crate::report) fn check(&self, catalog: &Catalog) -> Result<(), ReportError> {
        let own = self
            .columns
            .iter()
            .flat_map(|(metric, names)| names.iter().map(move |name| (metric.as_str(), name.as_str())));
        let every = OF_EVERY_REPORT.iter().flat_map(|(metric, names)| names.iter().map(move |name| (*metric, *name)));
        for (metric, name) in own.chain(every) {
            let Ok(known) = catalog.get(metric) else { continue };
            if !known.columns.iter().any(|column| column.name == name) {
                return Err(ReportError::Column {
                    metric: metric.to_owned(),
                    column: name.to_owned(),
                    hint: hint(name, known.columns.iter().map(|column| column.name.as_str())),
                });
            }
        }
        Ok(())
    }
}
