//! Opens an export at its header, or says why it is none.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use super::header::{self, Found};
use crate::export::ExportError;
use crate::export::files::Form;
use crate::export::mapping::{Export, Header, Mapped, Source};
use crate::export::records::{Cut, DELIMITERS, Readable, Record, Records};
use crate::model::lang::{Text, both};

/// How far down a header may stand.
const TITLE_LINES: usize = 100;

/// What the beginnings of a file may take of the memory, in all ways in which it may be cut; of one of them; and of a row, which is
/// no header beyond that.
const HEADS: usize = 64 << 20;
const HEAD: usize = 8 << 20;
const ROW: usize = 4 << 20;
/// What each of many sheets may take when that is spent.
const LEAST: usize = 64 << 10;

/// An export whose header is found. No file is open: there may be more exports than files may be.
pub(crate) struct Opened {
    pub(crate) readable: Readable,
    /// How many cells the header has.
    pub(super) cells: usize,
    /// How many cells a row has at least: a delimiter at the end of the header is no column.
    pub(super) least: usize,
    pub(super) found: Found,
    cut: Cut,
    place: Place,
}

/// Where a header may stand: which table of the file, cut by what, and after how many records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    sheet: usize,
    delimiter: u8,
    record: usize,
}

/// The first records of a file in one way of reading it.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) sheet: usize,
    /// The sheet's.
    pub(crate) name: Option<String>,
    pub(crate) delimiter: u8,
    /// Each with its number, its line and its cells.
    pub(crate) rows: Vec<(usize, u64, Vec<String>)>,
    /// The cells of each row as the eye sees them, once they are compared so.
    looks: Vec<OnceCell<Vec<String>>>,
    /// The line of the first record that is not in the encoding it ought to be in.
    undecoded: Option<u64>,
    /// Why nothing could be read below `rows`.
    stopped: Option<ExportError>,
}

/// The best that a section of a mapping finds among the heads of a file.
pub(crate) struct Fit {
    place: Place,
    found: Found,
    cells: usize,
}

impl Fit {
    /// Whether every column is there that has to be.
    pub(crate) fn is_whole(&self) -> bool {
        self.found.troubles() == 0
    }

    /// The text of the cell that a header of the mapping means.
    pub(crate) fn cell(&self, header: &Header) -> Option<&str> {
        self.found.columns.get(header).map(|at| self.found.text(*at))
    }

    /// The cells of the header.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        (0..self.cells).map(|at| self.found.text(at))
    }

    /// How many columns of the mapping are there.
    pub(crate) fn columns(&self) -> usize {
        self.found.columns.len()
    }

    /// Of the rows of one sheet with one delimiter: fewest columns missing; of those that lack none the first, since a wider row
    /// below it may be the header of another part of the file, and all above it would be lost. A title has one cell, or nothing
    /// that the mapping names.
    fn rank_of_row(&self) -> (usize, usize, usize) {
        let is_place = |header: &Header| header.text.strip_prefix('#').is_some_and(|nth| nth.parse::<usize>().is_ok());
        let filled = self.texts().filter(|text| !text.is_empty()).count();
        let is_poor = filled < 2 || (self.found.names_any && self.found.columns.keys().all(is_place));
        match self.is_whole() {
            true => (0, usize::from(is_poor), self.place.record),
            false => (self.found.troubles(), usize::MAX - self.cells, self.place.record),
        }
    }

    /// Fewest columns missing; then, with a wrong delimiter, a header is one cell.
    fn rank(&self) -> (usize, usize, usize) {
        (self.found.troubles(), usize::MAX - self.cells, self.place.record)
    }
}

/// The beginnings of a file in every way in which it may be cut.
pub(crate) fn heads(readable: &Readable, cut: &Cut) -> Result<Vec<Head>, ExportError> {
    let delimiters = match readable.input.form {
        Form::Text => readable.was_cut_by.or(cut.delimiter).map_or(DELIMITERS.to_vec(), |stated| vec![stated]),
        _ => vec![b';'],
    };
    let mut heads: Vec<Head> = Vec::new();
    let mut left = HEADS;
    for (sheet, name) in readable.sheets() {
        for delimiter in &delimiters {
            let mut head = Head {
                sheet,
                name: name.map(str::to_owned),
                delimiter: *delimiter,
                rows: Vec::new(),
                looks: Vec::new(),
                undecoded: None,
                stopped: None,
            };
            head.stopped = head.read(readable, cut, &mut left).err();
            head.looks = vec![OnceCell::new(); head.rows.len()];
            heads.push(head);
        }
    }
    if heads.iter().any(|head| !head.rows.is_empty()) {
        return Ok(heads);
    }
    match heads.iter_mut().find_map(|head| head.stopped.take()) {
        Some(error) => Err(error),
        None => Err(ExportError::NoRows { path: readable.path().to_owned(), what: "the file has no header line" }),
    }
}

impl Head {
    /// Reads the first records, as far as one of them may be a header; `left` is what may still be taken of the memory.
    fn read(&mut self, readable: &Readable, cut: &Cut, left: &mut usize) -> Result<(), ExportError> {
        let mut records = readable.records(self.sheet, cut, self.delimiter)?;
        let mut record = Record::default();
        let mut taken = 0;
        for number in 0..TITLE_LINES {
            if taken > HEAD.min((*left).max(LEAST)) || !records.next(&mut record)? {
                break;
            }
            if record.is_blank() {
                continue;
            }
            let weight = record.cells.as_slice().len() + record.cells.len() * 2 * size_of::<String>();
            if weight > ROW.min((*left).max(LEAST)) {
                continue;
            }
            match record.cells.iter().map(std::str::from_utf8).collect::<Result<Vec<_>, _>>() {
                Ok(cells) => {
                    self.rows.push((number, record.line, cells.iter().map(|cell| cell.trim().to_owned()).collect()));
                    taken += weight;
                }
                Err(_) => self.undecoded = self.undecoded.or(Some(record.line)),
            }
        }
        *left = left.saturating_sub(taken);
        // a form that knows no short rows: a cell below a header without a name has a place, too
        let widest = readable.widest(self.sheet).unwrap_or(0);
        let missing: usize = self.rows.iter().map(|(.., cells)| widest.saturating_sub(cells.len())).sum();
        if missing.saturating_mul(size_of::<String>()) <= *left {
            *left -= missing * size_of::<String>();
            self.rows.iter_mut().filter(|(.., cells)| cells.len() < widest).for_each(|(.., cells)| {
                cells.resize(widest, String::new());
            });
        }
        Ok(())
    }
}

/// Finds a section's header among the first rows of a file. `None` if no row fits `header_has`.
pub(crate) fn fit(heads: &[Head], export: &Export) -> Option<Fit> {
    let mut best: Option<Fit> = None;
    let wanted: Vec<_> = export.wanted().collect();
    let sheets = heads.iter().filter(|head| export.sheet.is_none() || head.name == export.sheet);
    for head in sheets {
        let stated = export.header_has.is_some() || export.cut.skip > 0;
        let has = |cells: &Vec<String>| export.header_has.as_ref().is_none_or(|text| cells.contains(text));
        let rows = head.rows.iter().zip(&head.looks).filter(|((_, _, cells), _)| has(cells));
        let mut of_head: Option<Fit> = None;
        // where the mapping says where it is, it is nowhere else
        for ((number, line, cells), looks) in rows.take(if stated { 1 } else { usize::MAX }) {
            let found = header::find(cells, looks, wanted.iter().cloned(), *line);
            let place = Place { sheet: head.sheet, delimiter: head.delimiter, record: *number };
            // a row of fewer cells is no header just because nothing has to be there
            let fit = Fit { place, cells: cells.len(), found };
            if of_head.as_ref().is_none_or(|best| fit.rank_of_row() < best.rank_of_row()) {
                of_head = Some(fit);
            }
        }
        if let Some(fit) = of_head.filter(|fit| best.as_ref().is_none_or(|best| fit.rank() < best.rank())) {
            best = Some(fit);
        }
    }
    best
}

impl Opened {
    /// Opens a file for a section of the mapping; `mapping` is the name of the mapping file, for messages.
    pub(crate) fn open(readable: Readable, export: &Export, mapping: &str) -> Result<Opened, ExportError> {
        let path = readable.path().to_owned();
        let heads = heads(&readable, &export.cut)?;
        if let Some(line) = heads.iter().find_map(|head| head.undecoded.filter(|_| head.rows.is_empty())) {
            return Err(not_utf8(&path, line, export, mapping));
        }
        let Some(best) = fit(&heads, export) else {
            return Err(match &export.sheet {
                Some(sheet) if heads.iter().all(|head| head.name.as_ref() != Some(sheet)) => {
                    no_sheet(&path, sheet, &heads)
                }
                _ => ExportError::NoHeader {
                    path,
                    looked: TITLE_LINES,
                    text: export.header_has.clone().unwrap_or_default(),
                    mapping: mapping.to_owned(),
                },
            });
        };
        if best.is_whole() {
            several(&path, &heads, &best, export)?;
            let above = rows_above(&heads, &best, &readable);
            let Fit { place, mut found, cells } = best;
            found.notes.extend(above);
            found.notes.extend(other_sheets(&readable, place.sheet).or_else(|| other_tables(&readable, place.sheet)));
            let least = (0..cells).rev().find(|at| !found.text(*at).is_empty()).map_or(1, |last| last + 1);
            return Ok(Opened { readable, cells, least, found, cut: export.cut.clone(), place });
        }
        if let Some(error) = heads.into_iter().filter(|head| head.rows.is_empty()).find_map(|head| head.stopped) {
            return Err(error);
        }
        let mut problems = best.found.problems();
        problems.extend(other_delimiter(&readable, export));
        Err(ExportError::Header {
            path,
            line: best.found.line,
            mapping: mapping.to_owned(),
            export: export.name.clone().into(),
            header: best.found.shown().into(),
            problems,
        })
    }

    /// Its records below the header, from the first one on.
    pub(super) fn records(&self) -> Result<Records, ExportError> {
        let mut records = self.readable.records(self.place.sheet, &self.cut, self.place.delimiter)?;
        let mut record = Record::default();
        for _ in 0..=self.place.record {
            records.next(&mut record)?;
        }
        records.expect(self.least, self.cells);
        Ok(records)
    }

    /// How the file is read, in words: its form, its encoding, its delimiter, its sheet.
    pub(crate) fn read_as(&self) -> String {
        let mut words = Vec::new();
        match (self.readable.input.form, self.readable.encoding) {
            (Form::Text, Some(encoding)) => {
                let delimiter = match self.place.delimiter {
                    b'\t' => "tab".to_owned(),
                    other => format!("`{}`", char::from(other)),
                };
                words.extend([encoding.name().to_owned(), delimiter]);
            }
            (form, Some(encoding)) => words.extend([form.name().to_owned(), encoding.name().to_owned()]),
            (form, None) => words.push(form.name().to_owned()),
        }
        let sheet = self.readable.sheets().find(|(number, _)| *number == self.place.sheet).and_then(|(_, name)| name);
        words.extend(sheet.map(|name| format!("«{name}»")));
        words.join(", ")
    }

    /// Whether it has what a column of the mapping comes from.
    pub(crate) fn has(&self, column: &Mapped) -> bool {
        let headers = column.source.headers();
        match column.source {
            Source::From(_) | Source::Either(_) => self.found.has(&headers),
            _ => headers.iter().all(|header| self.found.columns.contains_key(header)),
        }
    }

    /// What was taken for what in its header, where that is not plain.
    pub(crate) fn notes(&self) -> impl Iterator<Item = &Text> {
        self.found.notes.iter()
    }

    /// What stands between cells where a row is shown as it was.
    pub(super) fn delimiter(&self) -> u8 {
        self.place.delimiter
    }

    /// What stands around cells of text.
    pub(super) fn quote(&self) -> u8 {
        self.cut.quote
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.readable.path().to_owned()
    }
}

/// Lists the workbook's other sheets with rows: they may continue the one that is read.
fn other_sheets(readable: &Readable, read: usize) -> Option<Text> {
    const SHOWN: usize = 10;
    // the tables of a web page are for its layout, too
    let others = readable.sheets().filter(|(sheet, name)| *sheet != read && name.is_some());
    let others: Vec<String> =
        others.map(|(sheet, name)| format!("«{}» ({})", name.unwrap_or_default(), readable.rows(sheet))).collect();
    let more = if others.len() > SHOWN { ", …" } else { "" };
    let (all, names) = (others.len(), others.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", "));
    (all > 0).then(|| {
        Text::new(
            format!(
                "других листов, в которых есть строки, не прочитано: {all} (в скобках — сколько строк): {names}{more}"
            ),
            format!("other sheets that have rows and were not read: {all} (in brackets how many rows): {names}{more}"),
        )
    })
}

/// Counts the web page's other tables: one of two rows may be the rest of the export, one row is layout.
fn other_tables(readable: &Readable, read: usize) -> Option<Text> {
    let others = readable.sheets().filter(|(sheet, name)| *sheet != read && name.is_none());
    let rows: Vec<String> =
        others.map(|(sheet, _)| readable.rows(sheet)).filter(|rows| *rows > 1).map(|rows| rows.to_string()).collect();
    let (all, rows) = (rows.len(), rows.join(", "));
    (all > 0).then(|| {
        both!(
            "других таблиц на этой веб-странице не прочитано: {all} (строк: {rows})",
            "other tables of this web page that were not read: {all} (rows: {rows})"
        )
    })
}

/// Reports rows above the header that look like rows of a table: titles have fewer cells.
fn rows_above(heads: &[Head], best: &Fit, readable: &Readable) -> Option<Text> {
    let place = best.place;
    let head = heads.iter().find(|head| (head.sheet, head.delimiter) == (place.sheet, place.delimiter))?;
    let filled = |cells: &[String]| cells.iter().filter(|cell| !cell.is_empty()).count();
    let wanted = best.texts().filter(|text| !text.is_empty()).count();
    let looks_like_data = |cells: &[String]| match readable.input.form {
        Form::Text => cells.len() == best.cells && filled(cells) >= 2,
        _ => filled(cells) >= wanted.div_ceil(2).max(2),
    };
    let rows = head.rows.iter().take_while(|(number, ..)| *number < place.record);
    let lines: Vec<u64> = rows.filter(|(.., cells)| looks_like_data(cells)).map(|(_, line, _)| *line).collect();
    let (rows, line, first) = (lines.len(), best.found.line, lines.first()?);
    Some(Text::new(
        format!(
            "строк выше заголовка (он в строке {line}), которые похожи на данные и не прочитаны: {rows} (первая — строка {first})"
        ),
        format!(
            "rows above the header (it is line {line}) that look like data and were not read: {rows} (the first is line {first})"
        ),
    ))
}

/// Refuses a file with several sheets that all have what the section asks for: which is meant, or whether all are, is not
/// for us to say.
fn several(path: &Path, heads: &[Head], best: &Fit, export: &Export) -> Result<(), ExportError> {
    let mut fitting = Vec::new();
    for head in heads.iter().filter(|head| export.sheet.is_none() && head.sheet != best.place.sheet) {
        if fit(std::slice::from_ref(head), export).is_some_and(|fit| fit.is_whole()) {
            fitting.push(head);
        }
    }
    if fitting.is_empty() {
        return Ok(());
    }
    let name = |head: &Head| {
        head.name.as_ref().map_or_else(|| format!("table {}", head.sheet + 1), |name| format!("`{name}`"))
    };
    let all =
        heads.iter().filter(|head| head.sheet == best.place.sheet || fitting.iter().any(|one| one.sheet == head.sheet));
    let names: Vec<String> = all.map(name).collect();
    let way_out = match fitting.iter().all(|head| head.name.is_some()) {
        true => Text::new(
            "сохраните каждую отдельным файлом; или назовите нужный лист в [[export]]: sheet = \"…\"",
            "save each of them as a file of its own; or name the one that is meant in its [[export]]: sheet = \"…\"",
        ),
        false => Text::new("сохраните каждую отдельным файлом", "save each of them as a file of its own"),
    };
    let names = names.join(", ");
    let what = Text::new(
        format!("такой заголовок у нескольких таблиц в нём: {names}"),
        format!("several tables in it have this header: {names}"),
    );
    Err(ExportError::unreadable(path, what, way_out))
}

/// Whether the file would fit with another delimiter than the one that the mapping states.
fn other_delimiter(readable: &Readable, export: &Export) -> Option<Text> {
    let stated = export.cut.delimiter?;
    let shown = |delimiter: u8| if delimiter == b'\t' { "tab".to_owned() } else { char::from(delimiter).to_string() };
    let heads = heads(readable, &Cut { delimiter: None, ..export.cut.clone() }).ok()?;
    let fitting = fit(&heads, export).filter(Fit::is_whole)?.place.delimiter;
    let (stated, fitting) = (shown(stated), shown(fitting));
    Some(Text::new(
        format!("с delimiter = \"{fitting}\" все столбцы на месте, а в маппинге \"{stated}\""),
        format!("with delimiter = \"{fitting}\" all columns are there; the mapping states \"{stated}\""),
    ))
}

fn no_sheet(path: &Path, sheet: &str, heads: &[Head]) -> ExportError {
    let names: Vec<&str> = heads.iter().filter_map(|head| head.name.as_deref()).collect();
    let way_out = match names.is_empty() {
        true => Text::new(
            "это не книга: уберите строку `sheet` из её [[export]]",
            "it is no workbook: remove the line `sheet` of its [[export]]",
        ),
        false => Text::new(format!("в ней есть: {}", names.join(", ")), format!("it has: {}", names.join(", "))),
    };
    let what = Text::new(format!("нет листа `{sheet}`"), format!("there is no sheet `{sheet}`"));
    ExportError::unreadable(path, what, way_out)
}

/// The refusal of a file that is not in the encoding it ought to have.
pub(super) fn not_utf8(path: &Path, line: u64, export: &Export, mapping: &str) -> ExportError {
    ExportError::NotUtf8 { path: path.to_owned(), line, mapping: mapping.to_owned(), export: export.name.clone() }
}
