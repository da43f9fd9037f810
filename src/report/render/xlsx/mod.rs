//! The report as one workbook: a front sheet with all that the page says (figures, findings, texts, notices, what cannot be judged, the
//! last lines), then a sheet per table and per chart in reading order. Every number is a number, every day a day.
//!
//! Charts that spreadsheets can draw are drawn by them from the cells of their sheet; of the others there is the picture.

mod book;
mod chart;
mod front;
mod native;
mod table;

use self::book::{Book, Fault};
use super::error::RenderError;
use super::exporter::Exporter;
use super::outputs::Outputs;
use crate::report::document::{Block, Document};
use crate::workbook::workbook;

/// Writes `<name>.xlsx`.
pub struct Xlsx;

impl Exporter for Xlsx {
    fn export(&self, doc: &Document, out: &mut Outputs) -> Result<(), RenderError> {
        let bytes = book(doc).map_err(|why| why.of(&doc.name))?;
        out.page("xlsx", &bytes)
    }
}

/// The whole file.
fn book(doc: &Document) -> Result<Vec<u8>, Fault> {
    let book = Book::new(doc);
    let mut file = workbook(&doc.title, &doc.company, doc.as_of)?;
    let mut sheets = vec![front::sheet(&book)?];
    for (block, name) in &book.sheets {
        match block {
            Block::Table(data) => sheets.extend(table::sheets(&book, &mut file, data, name)?),
            Block::Chart(data) => sheets.push(chart::sheet(&book, data, name)?),
            _ => {}
        }
    }
    sheets.into_iter().for_each(|sheet| file.push_worksheet(sheet));
    Ok(file.save_to_buffer()?)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use calamine::{Data, Reader};

    use super::*;
    use crate::model::lang::Lang;
    use crate::report::document::{Cell, Finding, Tile};
    use crate::report::render::sample;

    fn made(doc: &Document) -> Vec<u8> {
        book(doc).map_err(|fault| fault.of("weekly")).unwrap()
    }

    fn read(bytes: &[u8]) -> Vec<(String, calamine::Range<Data>)> {
        calamine::Xlsx::new(Cursor::new(bytes)).unwrap().worksheets()
    }

    /// The parts of the file whose names contain this, as text.
    fn parts(bytes: &[u8], name: &str) -> String {
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut all = String::new();
        for at in 0..zip.len() {
            let mut part = zip.by_index(at).unwrap();
            if part.name().unwrap().contains(name) {
                part.read_to_string(&mut all).unwrap();
            }
        }
        all
    }

    /// The document with these texts, in turn, in the place of all of its names.
    fn renamed(lang: Lang, evil: &[&str]) -> Document {
        let mut doc = sample::document(lang);
        let mut texts = evil.iter().cycle().map(|text| (*text).to_owned());
        let mut next = || texts.next().unwrap();
        for text in [&mut doc.title, &mut doc.company, &mut doc.subtitle, &mut doc.colophon[0]] {
            *text = next();
        }
        for section in &mut doc.sections {
            section.title = next();
            for block in &mut section.blocks {
                match block {
                    Block::Text(text) | Block::Notice(text) => *text = next(),
                    Block::Tiles(tiles) => tiles.iter_mut().for_each(|Tile { label, notes, .. }| {
                        *label = next();
                        *notes = vec![next()];
                    }),
                    Block::Actions(actions) => {
                        actions.items.iter_mut().for_each(|action| (action.title, action.advice) = (next(), next()));
                        actions.improved = vec![next()];
                    }
                    Block::Findings(findings) => findings.iter_mut().for_each(|finding| {
                        let Finding { title, value, advice, source, .. } = finding;
                        for text in [title, value, advice, source] {
                            *text = next();
                        }
                    }),
                    Block::Table(table) => {
                        (table.title, table.source, table.columns[0].title) = (next(), next(), next());
                        table.rows.iter_mut().for_each(|row| row[0] = Cell::Text(next()));
                    }
                    Block::Chart(chart) => {
                        (chart.title, chart.source) = (next(), next());
                        sample::rename(chart, &next());
                    }
                }
            }
        }
        doc
    }

    #[test]
    fn texts_of_the_data_stay_texts() {
        let evil = [
            "=cmd|' /C calc'!A0",
            "+7 912 000-00-00",
            "-1",
            "@SUM(A1)",
            "https://example.com/?a=1",
            "\u{1b}]0;x\u{7}<b>&",
        ];
        let bytes = made(&renamed(Lang::Ru, &evil));
        let sheets = parts(&bytes, "xl/worksheets/sheet");
        assert!(!sheets.contains("<f>") && !sheets.contains("<f "), "a formula");
        assert!(!parts(&bytes, "_rels/sheet").contains("External"), "a link to elsewhere");
        assert!(parts(&bytes, "styles.xml").contains("quotePrefix=\"1\""), "an edited cell would become a formula");
        let read = read(&bytes);
        for evil in evil {
            let shown = Data::String(crate::workbook::shown(evil, Lang::Ru).into_owned());
            let cells = read.iter().flat_map(|(_, sheet)| sheet.used_cells());
            assert!(cells.filter(|(_, _, cell)| **cell == shown).count() > 10, "{evil}");
        }
    }

    #[test]
    fn a_text_that_no_cell_holds_is_cut_and_says_so() {
        let mut doc = sample::document(Lang::En);
        doc.sections.clear();
        doc.title = "ж".repeat(40_000);
        let bytes = made(&doc);
        let (_, front) = &read(&bytes)[0];
        let Some(Data::String(title)) = front.get_value((0, 0)) else { panic!("no title") };
        assert!((32_700..=32_767).contains(&title.chars().count()), "{}", title.chars().count());
        assert!(title.ends_with(" more characters]"));
    }

    #[test]
    fn sheets_are_reached_from_the_front_and_lead_back() {
        for lang in [Lang::Ru, Lang::En] {
            let doc = sample::document(lang);
            let bytes = made(&doc);
            let sheets = read(&bytes);
            let front = &sheets[0].0;
            let links = parts(&bytes, "xl/worksheets/sheet");
            for (name, _) in &sheets[1..] {
                assert!(links.contains(&format!("location=\"'{name}'!A1\"")), "{name}");
            }
            assert_eq!(links.matches(&format!("location=\"'{front}'!A1\"")).count(), sheets.len() - 1);
            assert_eq!(sheets.len(), 1 + Book::new(&doc).sheets.len());
        }
    }

    #[test]
    fn a_finding_leads_to_the_sheet_of_its_metric() {
        let mut doc = sample::document(Lang::En);
        let source =
            |metric: &str| format!("{metric} by source, 2–30 Jun 2025, data before 30 Jun 2025, store version 12");
        for block in doc.sections.iter_mut().flat_map(|section| &mut section.blocks) {
            if let Block::Table(table) = block {
                table.source = source("lead_quality").replace("2–30", "9–30");
            }
        }
        let book = Book::new(&doc);
        assert!(book.about(&source("lead_quality")).is_some());
        assert_eq!((book.about(&source("response")), book.about("")), (None, None));
    }

    #[test]
    fn charts_are_drawn_by_the_spreadsheet_or_shown_as_pictures() {
        let bytes = made(&sample::document(Lang::Ru));
        let zip = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
        let count = |part: &str| zip.file_names().filter(|name| name.as_ref().unwrap().starts_with(part)).count();
        assert!(count("xl/charts/chart") > 3 && count("xl/media/") > 0, "{:?}", zip.file_names().collect::<Vec<_>>());
        let drawings = parts(&bytes, "xl/drawings/drawing");
        assert_eq!(drawings.matches("descr=\"").count(), count("xl/charts/chart") + count("xl/media/"));
        assert!(parts(&bytes, "docProps/core").contains(">2025-06-30T00:00:00Z<"));
    }

    #[test]
    fn hard_charts_make_workbooks_as_well() {
        assert!(read(&made(&sample::hard(Lang::Ru))).len() > 10);
    }
}
