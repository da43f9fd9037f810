//! A report as a letter: its front, which is the first section that has something to say, as HTML that mail programs show (tables, styles in place, no script, no drawing but
//! pictures that go with it), and the same as lines of text. The other sections are named; they are in the attached files.

mod html;
mod lines;
mod parts;
mod table;
mod words;

use super::check::check;
use super::draw::play;
use super::drawing::draw;
use super::error::RenderError;
use super::number::Numbers;
use super::outputs::at;
use crate::report::document::{Block, Chart, Document};
use parts::picture_id;
pub(crate) use parts::{Around, Letter, Line, Picture, front};

/// Width of a chart in logical pixels: it is legible on a phone and fills a letter on a desk.
const WIDTH: f64 = 480.0;

/// Makes a letter of a document.
pub(crate) fn letter(doc: &Document, around: Around<'_>) -> Result<Letter, RenderError> {
    check(doc)?;
    let pictures = charts(doc).map(|chart| picture(chart, doc, around.mark)).collect::<Result<Vec<_>, _>>()?;
    Ok(Letter { html: html::page(doc, around).into_string(), lines: lines::lines(doc, around), pictures })
}

/// The lines as one text.
pub(crate) fn text(lines: &[Line]) -> String {
    lines.iter().map(|line| format!("{}\n", line.text)).collect()
}

/// The charts that a letter shows.
fn charts(doc: &Document) -> impl Iterator<Item = &Chart> {
    let blocks = front(doc).0.iter().flat_map(|section| &section.blocks);
    blocks.filter_map(|block| if let Block::Chart(chart) = block { Some(chart) } else { None })
}

fn picture(chart: &Chart, doc: &Document, mark: &str) -> Result<Picture, RenderError> {
    let numbers = Numbers { lang: doc.lang, currency: &doc.currency };
    let dir = tempfile::tempdir().map_err(at(&std::env::temp_dir()))?;
    let path = dir.path().join("chart.png");
    let drawn = play::png(&draw(chart, numbers, WIDTH), &path);
    drawn.map_err(|why| RenderError::Drawing { id: chart.id.clone(), why })?;
    let png = std::fs::read(&path).map_err(at(&path))?;
    Ok(Picture { id: picture_id(chart, mark), name: format!("{}.png", chart.id), png })
}

#[cfg(test)]
mod tests;
