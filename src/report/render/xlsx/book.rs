//! What all sheets of a workbook are made with, and why one is not made.

use std::cell::RefCell;
use std::sync::Arc;

use rust_xlsxwriter::XlsxError;

use crate::report::document::{Block, Document};
use crate::report::render::error::RenderError;
use crate::report::render::number::Numbers;
use crate::report::render::words::Words;
use crate::workbook::{Looks, Names, Top, WorkbookError};

/// Why a workbook was not made.
pub enum Fault {
    Render(RenderError),
    Workbook(WorkbookError),
}

impl Fault {
    pub fn of(self, name: &str) -> RenderError {
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
pub struct Book<'d> {
    pub doc: &'d Document,
    pub words: Words,
    pub numbers: Numbers<'d>,
    pub looks: Arc<Looks>,
    /// The names of sheets that are taken.
    pub names: RefCell<Names>,
    /// The front sheet's name.
    pub front: String,
    /// The sheet of each table and chart, in reading order.
    pub sheets: Vec<(&'d Block, String)>,
}

impl<'d> Book<'d> {
    pub fn new(doc: &'d Document) -> Book<'d> {
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
    pub fn sheet(&self, block: &Block) -> Option<&str> {
        self.sheets.iter().find(|(known, _)| std::ptr::eq(*known, block)).map(|(_, name)| name.as_str())
    }

    /// The sheet of the table of this id.
    pub fn list(&self, id: &str) -> Option<&str> {
        let is_it = |block: &Block| matches!(block, Block::Table(table) if table.id == id);
        self.sheets.iter().find(|(block, _)| is_it(block)).map(|(_, name)| name.as_str())
    }

    /// The sheet that shows what a finding is about: of the same source, or of the same metric and split.
    pub fn about(&self, source: &str) -> Option<&str> {
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
    pub fn top(&self, title: &str, source: &str, has_empty: bool) -> Top {
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
