//! The report as pages for print: one file, tagged for programs that read it aloud (PDF/UA-1), with bookmarks, links and charts as
//! drawings. Nothing is torn by the end of a page that fits on one, a table has its head on each of its pages, and one that does not
//! fit upright lies across.
//!
//! [`Flow`](flow::Flow) places measured [`Part`](part::Part)s on [`Sheets`](sheets::Sheets); [`write`] makes the file of them.
//! Data reach the file as the numbers of glyphs and as escaped strings, never as operators.

mod actions;
mod blocks;
mod context;
mod embed;
mod face;
mod findings;
mod flow;
mod grid;
mod known;
mod notes;
mod packed;
mod part;
mod sheets;
mod structure;
mod style;
mod table;
mod tags;
mod text;
mod write;

use std::cell::RefCell;

use self::context::Context;
use self::face::Fonts;
use self::flow::Flow;
use self::write::About;
use super::error::RenderError;
use super::exporter::Exporter;
use super::number::Numbers;
use super::outputs::Outputs;
use super::words::Words;
use crate::report::document::Document;

/// Writes `<name>.pdf`.
pub struct Pdf;

impl Exporter for Pdf {
    fn export(&self, doc: &Document, out: &mut Outputs) -> Result<(), RenderError> {
        out.page("pdf", &file(doc)?)
    }
}

/// The bytes of the file.
fn file(doc: &Document) -> Result<Vec<u8>, RenderError> {
    let fonts = Fonts::open()?;
    let words = Words(doc.lang);
    let numbers = Numbers { lang: doc.lang, currency: &doc.currency };
    let context = Context { doc, numbers, words, sources: RefCell::default() };
    let (mut flow, mut folded) = (Flow::new(&fonts), Vec::new());
    notes::head(&mut flow, &context);
    notes::contents(&mut flow, &context);
    for section in &doc.sections {
        blocks::section(&mut flow, section, &context, &mut folded);
    }
    notes::appendix(&mut flow, &folded, &context);
    notes::end(&mut flow, &context);
    let title = text::clean(&format!("{} · {}", doc.title, doc.company)).replace('\n', " ");
    flow.finish(&title, |number, count| words.page_of(number, count));
    let about = About { title: &title, lang: words.code(), day: doc.as_of };
    write::file(&about, &flow.sheets, &flow.bookmarks, &fonts)
}

#[cfg(test)]
mod tests;
