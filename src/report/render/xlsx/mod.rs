//! The report as one workbook: a front sheet with all that the page says (figures, findings, texts, notices, what cannot be judged, the
//! last lines), then a sheet per table and per chart in reading order. Every number is a number, every day a day.
//!
//! Charts that spreadsheets can draw are drawn by them from the cells of their sheet; of the others there is the picture.

mod chart;
mod front;
mod native;
mod table;

use std::cell::RefCell;
use std::sync::Arc;

use rust_xlsxwriter::XlsxError;

use super::error::RenderError;
use super::exporter::Exporter;
use super::number::Numbers;
use super::outputs::Outputs;
use super::words::Words;
use crate::report::document::{Block, Document};
use crate::workbook::{Looks, Names, Top, WorkbookError, workbook};

/// Writes `<name>.xlsx`.
pub struct Xlsx;

impl Exporter for Xlsx {
    fn export(&self, doc: &Document, out: &mut Outputs) -> Result<(), RenderError> {
        let bytes = book(doc).map_err(|why| why.of(&doc.name))?;
        out.page("xlsx", &bytes)
    }
}

/// Why a workbook was not made.
enum Fault {
    Render(RenderError),
    Workbook(WorkbookError),
}

impl Fault {
    fn of(self, name: &str) -> RenderError {
        match self {
            Fault::Render(error) => error,
            Fault::Workbook(error) => {
                RenderError::Writing { path: format!("{name}.xlsx").into(), why: std::io::Error::other(error) }
            }
        }
    }
}

impl From<WorkbookError> for Fault {
    fn from(error: WorkbookError) -> Fault {
        Fault::Workbook(error)
    }
}

impl From<XlsxError> for Fault {
    fn from(error: XlsxError) -> Fault {
        Fault::Workbook(error.into())
    }
}

/// What all sheets of a workbook are made with.
struct Book<'d> {
    doc: &'d Document,
    words: Words,
    numbers: Numbers<'d>,
    looks: Arc<Looks>,
    /// The names of sheets that are taken.
    names: RefCell<Names>,
    /// The front sheet's name.
    front: String,
    /// The sheet of each table and chart, in reading order.
    sheets: Vec<(&'d Block, String)>,
}

impl<'d> Book<'d> {
    fn new(doc: &'d Document) -> Book<'d> {
        let words = Words(doc.lang);
        let mut names = Names::default();
        let front = names.take(words.front(), "report");
        let mut sheets = Vec::new();
        for block in doc.sections.iter().flat_map(|section| &section.blocks) {
            let (title, id) = match block {
                Block::Table(table) => (&table.title, &table.id),
                Block::Chart(chart) => (&chart.title, &chart.id),
                _ => continue,
            };
            // what follows is the period, which all of them have
            let title = title.rsplit_once(" · ").map_or(title.as_str(), |(title, _)| title);
            sheets.push((block, names.take(title, id)));
        }
        let numbers = Numbers { lang: doc.lang, currency: &doc.currency };
        Book {
            doc,
            words,
            numbers,
            looks: Arc::new(Looks::new(doc.lang, &doc.currency)),
            names: RefCell::new(names),
            front,
            sheets,
        }
    }

    /// The sheet of a block.
    fn sheet(&self, block: &Block) -> Option<&str> {
        self.sheets.iter().find(|(known, _)| std::ptr::eq(*known, block)).map(|(_, name)| name.as_str())
    }

    /// The sheet that shows what a finding is about: of the same source, or of the same metric and split.
    fn about(&self, source: &str) -> Option<&str> {
        let of = |block: &Block| match block {
            Block::Table(table) => table.source.clone(),
            Block::Chart(chart) => chart.source.clone(),
            _ => String::new(),
        };
        let same = |block: &Block| of(block) == source;
        let alike = |block: &Block| asked(&of(block)) == asked(source);
        let found = self.sheets.iter().find(|(block, _)| same(block));
        let found = found.or_else(|| self.sheets.iter().find(|(block, _)| alike(block)));
        found.filter(|_| !source.is_empty()).map(|(_, name)| name.as_str())
    }

    /// What stands above the header of a sheet.
    fn top(&self, title: &str, source: &str, has_empty: bool) -> Top {
        Top {
            title: title.to_owned(),
            source: if source.is_empty() { String::new() } else { format!("{}: {source}", self.words.source()) },
            back: (self.front.clone(), format!("← {}", self.words.front())),
            note: if has_empty { self.words.hatched().to_owned() } else { String::new() },
        }
    }
}

/// Metric and split of a source line: what stands before the period.
fn asked(source: &str) -> &str {
    let period = source.match_indices(", ").find(|(at, _)| {
        let rest = &source[at + 2..];
        rest.starts_with(|symbol: char| symbol.is_ascii_digit())
            || rest.starts_with("данные ")
            || rest.starts_with("data ")
    });
    period.map_or(source, |(at, _)| &source[..at])
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
