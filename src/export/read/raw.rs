//! A refused row as the quarantine keeps it: a line of CSV that can be mended and read again, without what is personal.

use csv::WriterBuilder;

use super::column_plan::ColumnPlan;
use super::open::Opened;
use crate::export::records::{Quotes, Record, Typed};
use crate::export::values::numbers::Decimal;
use crate::export::values::personal::{self, Key, Normal, Personal};
use crate::export::values::scrub::{Bare, Scrub};
use crate::model::tables::Kind;

/// A row is kept whole up to so many bytes.
pub(crate) const MOST_RAW: usize = 64 << 10;

/// How rows are stored in the quarantine.
#[derive(Clone)]
pub(super) struct Raw {
    /// One entry per cell. `None` if personal data are kept, so that every cell is kept as it is.
    cells: Option<Vec<Kept>>,
    /// What becomes of phones and e-mails in a row of which nothing says which cell is which.
    scrub: Option<Scrub>,
    /// The cells of columns whose numbers have a decimal comma.
    commas: Vec<usize>,
}

/// What is kept of a cell.
#[derive(Clone, Default)]
enum Kept {
    /// Nothing: the mapping does not read it, and it may be anybody's name.
    #[default]
    Nothing,
    /// What is in it, phones and e-mails apart.
    Text(Option<Scrub>),
    Hash(Option<Normal>, Key),
}

impl Raw {
    /// `read` are the cells of conditions, which are kept; `personal` is what becomes of personal data.
    pub(super) fn new<'c>(
        cells: usize,
        read: impl Iterator<Item = usize>,
        columns: impl Iterator<Item = &'c ColumnPlan> + Clone,
        (personal, key): (Personal, Option<&Key>),
    ) -> Raw {
        let commas = columns
            .clone()
            .filter(|column| column.reading.decimal == Some(Decimal::Comma))
            .flat_map(|column| column.from.cells())
            .collect();
        // with nothing called personal, it may all the same be anybody's name that stands in a cell which nobody reads
        let scrub = Scrub::new(personal, key, Bare::Number);
        if personal == Personal::Keep {
            return Raw { cells: None, scrub, commas };
        }
        let mut kept = vec![Kept::Nothing; cells];
        let mut put = |cell: usize, what: Kept| {
            if let Some(place) = kept.get_mut(cell) {
                *place = what;
            }
        };
        read.for_each(|cell| put(cell, Kept::Text(scrub.clone())));
        for column in columns.clone().filter(|column| column.personal == Personal::Keep) {
            let what = match &column.scrub {
                None if column.kind == Kind::Text && column.words.is_none() => Scrub::new(personal, key, Bare::Phone),
                None => scrub.clone(),
                own => own.clone(),
            };
            column.from.cells().into_iter().for_each(|cell| put(cell, Kept::Text(what.clone())));
        }
        // a cell that is somebody's is so wherever it is read
        for column in columns.filter(|column| column.personal != Personal::Keep) {
            let what = match (&column.personal, &column.key) {
                (Personal::Hash, Some(key)) => Kept::Hash(column.reading.normal, key.clone()),
                _ => Kept::Nothing,
            };
            column.from.cells().into_iter().for_each(|cell| put(cell, what.clone()));
        }
        Raw { cells: Some(kept), scrub, commas }
    }

    /// A value out of a cell.
    pub(super) fn value(&self, cell: Option<usize>, value: String) -> String {
        match (cell, &self.cells) {
            (Some(cell), Some(_)) => self.cell(cell, &value).into_owned(),
            _ => self.scrub.as_ref().map_or_else(|| value.clone(), |scrub| scrub.cleaned(&value).into_owned()),
        }
    }

    /// A row; one of another number of cells than the header is kept only where every column is read, and none is personal.
    pub(super) fn row(&self, record: &Record, cells: usize, delimiter: u8) -> String {
        // nor one that may hold others
        let is_astray = record.cells.len() != cells && !record.is_of_form()
            || matches!(record.quotes, Quotes::Broken | Quotes::OverRows);
        let is_anybodys = |kept: &Vec<Kept>| kept.iter().any(|kept| !matches!(kept, Kept::Text(_)));
        if is_astray && self.cells.as_ref().is_some_and(is_anybodys) {
            return String::new();
        }
        let shown = record.cells.iter().enumerate().map(|(at, bytes)| {
            let text = String::from_utf8_lossy(bytes);
            let text = match (is_astray, &self.scrub) {
                (true, Some(scrub)) => scrub.cleaned(text.trim()).into_owned(),
                _ => self.cell(at, text.trim()).into_owned(),
            };
            let decimal = |text: String| if self.commas.contains(&at) { text.replace('.', ",") } else { text };
            match record.typed.get(at) {
                // as the column writes its numbers, so that it is read again
                Some(Typed::Number) => decimal(text),
                Some(Typed::Money(currency)) => format!("{} {currency}", decimal(text)),
                // as the sheet shows it: in a file of text nothing else tells that it is a percentage
                Some(Typed::Percent) => match text.parse::<f64>() {
                    Ok(share) => decimal(format!("{}%", (share * 1e12).round() / 1e10)),
                    Err(_) => text,
                },
                _ => text,
            }
        });
        // empty cells at its end that a sheet leaves out
        let missing = if record.is_of_form() { cells.saturating_sub(record.cells.len()) } else { 0 };
        line(shown.chain(std::iter::repeat_n(String::new(), missing)), delimiter)
    }

    fn cell<'t>(&self, at: usize, text: &'t str) -> std::borrow::Cow<'t, str> {
        let Some(cells) = &self.cells else { return text.into() };
        match cells.get(at) {
            Some(Kept::Text(None)) => text.into(),
            Some(Kept::Text(Some(scrub))) => scrub.cleaned(text),
            Some(Kept::Hash(..)) if text.is_empty() => text.into(),
            Some(Kept::Hash(None, key)) => key.hash(text).into(),
            Some(Kept::Hash(Some(form), key)) => {
                personal::normal(text, *form).map_or_else(String::new, |normal| key.hash(&normal)).into()
            }
            Some(Kept::Nothing) | None => "".into(),
        }
    }
}

/// The header of a file as its rows are kept: a file without one has somebody's row in its place.
pub(super) fn header(opened: &Opened, raw: &Raw) -> String {
    let shown = |at: usize| match &raw.scrub {
        Some(scrub) => scrub.cleaned(opened.found.text(at)).into_owned(),
        None => opened.found.text(at).to_owned(),
    };
    line((0..opened.cells).map(shown), opened.delimiter())
}

/// Cells as a line of CSV. One that is too long is cut, and says so with its last symbol.
fn line(cells: impl Iterator<Item = String>, delimiter: u8) -> String {
    let mut writer = WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    // writing to memory does not fail
    let written = writer.write_record(cells.map(String::into_bytes)).ok().and_then(|()| writer.into_inner().ok());
    let mut text = String::from_utf8(written.unwrap_or_default()).unwrap_or_default();
    text.truncate(text.trim_end_matches('\n').len());
    if text.len() > MOST_RAW {
        let cut = (0..=MOST_RAW).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(cut);
        text.push('…');
    }
    text
}
