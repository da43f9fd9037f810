//! Checks a document before rendering: ids are valid file names, rows have as many cells as the table has columns,
//! series have as many values as labels. A value that would be dropped or shown beside the wrong label is an error.

use std::collections::BTreeSet;

use super::error::RenderError;
use crate::report::chart::Length;
use crate::report::document::{Block, Chart, Document, Table};

/// Refuses an inconsistent document.
pub fn check(doc: &Document) -> Result<(), RenderError> {
    let mut sections = BTreeSet::new();
    let mut blocks = BTreeSet::new();
    id("document", &doc.name)?;
    for section in &doc.sections {
        id("section", &section.id)?;
        unique(&mut sections, &section.id)?;
        for block in &section.blocks {
            match block {
                Block::Table(table) => {
                    unique(&mut blocks, &table.id)?;
                    check_table(table)?;
                }
                Block::Chart(chart) => {
                    unique(&mut blocks, &format!("chart-{}", chart.id))?;
                    check_chart(chart)?;
                }
                Block::Text(_) | Block::Notice(_) | Block::Tiles(_) | Block::Actions(_) | Block::Findings(_) => {}
            }
        }
    }
    Ok(())
}

fn check_table(table: &Table) -> Result<(), RenderError> {
    id("table", &table.id)?;
    let columns = table.columns.len();
    for (i, row) in table.rows.iter().enumerate() {
        same(&format!("table `{}`, row {}", table.id, i + 1), "cells", row.len(), columns)?;
    }
    Ok(())
}

fn check_chart(chart: &Chart) -> Result<(), RenderError> {
    id("chart", &chart.id)?;
    let place = format!("chart `{}`", chart.id);
    let mut lengths = chart.plot.lengths().into_iter();
    lengths.try_for_each(|Length { what, found, wanted }| same(&place, &what, found, wanted))
}

fn id(what: &str, id: &str) -> Result<(), RenderError> {
    let sound = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if sound {
        return Ok(());
    }
    Err(RenderError::Malformed(format!("{what} id `{id}` must be made of ASCII letters, digits, `-` and `_`")))
}

fn unique(seen: &mut BTreeSet<String>, id: &str) -> Result<(), RenderError> {
    match seen.insert(id.to_string()) {
        true => Ok(()),
        false => Err(RenderError::Malformed(format!("id `{id}` is used twice"))),
    }
}

fn same(place: &str, what: &str, found: usize, wanted: usize) -> Result<(), RenderError> {
    match found == wanted {
        true => Ok(()),
        false => Err(RenderError::Malformed(format!("{place}: {found} {what} where there must be {wanted}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lang::Lang;
    use crate::report::document::Plot;
    use crate::report::render::sample;

    fn refusal(spoil: impl FnOnce(&mut Document)) -> String {
        let mut doc = sample::document(Lang::En);
        spoil(&mut doc);
        check(&doc).unwrap_err().to_string()
    }

    #[test]
    fn what_does_not_hold_together_is_refused_and_named() {
        assert!(check(&sample::document(Lang::En)).is_ok());
        let path = refusal(|doc| doc.name = "../weekly".into());
        assert!(path.contains("document id `../weekly` must be made of"), "{path}");
        let twice = refusal(|doc| doc.sections[1].id = doc.sections[0].id.clone());
        assert!(twice.contains("is used twice"), "{twice}");
        let ragged = refusal(|doc| {
            for block in doc.sections.iter_mut().flat_map(|s| &mut s.blocks) {
                if let Block::Table(table) = block {
                    table.rows.iter_mut().for_each(|row| _ = row.pop());
                }
            }
        });
        assert!(ragged.contains(", row 1: ") && ragged.contains("cells where there must be"), "{ragged}");
        let short = refusal(|doc| {
            for block in doc.sections.iter_mut().flat_map(|s| &mut s.blocks) {
                if let Block::Chart(Chart { plot: Plot::Lines(lines), .. }) = block {
                    lines.series.labels.pop();
                }
            }
        });
        assert!(
            short.contains("chart `conversion`: 26 values of `conversion within 90 days` where there must be 25"),
            "{short}"
        );
    }
}
