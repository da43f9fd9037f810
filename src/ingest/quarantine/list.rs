//! What waits in quarantine: counted by reason, and written out as files to be mended.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, Writer, WriterBuilder};
use tempfile::NamedTempFile;

use crate::export::files::{ExportId, REPAIR_COLUMNS, repair_name};
use crate::export::read::MOST_RAW;
use crate::ingest::IngestError;
use crate::ingest::data_file::OldBucket;
use crate::model::lang::{Lang, Text};
use crate::model::layout::Layout;
use crate::model::shown::defused;
use crate::model::tables::Table;
use crate::store::{Snapshot, at_hand};

/// So many values stand as examples.
const EXAMPLES: usize = 3;

/// Rows of one export that wait for one reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waiting {
    /// The export, by its file's name.
    pub file: String,
    /// The export's header of the cell; empty: the whole row.
    pub column: String,
    /// Why.
    pub reason: Text,
    /// How many.
    pub rows: u64,
    /// The line of the first one.
    pub first_line: i64,
    /// Different values, a few of them.
    pub examples: Vec<String>,
}

/// A file of rows to be mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repairs {
    /// The export.
    pub file: String,
    /// Where they were written.
    pub path: PathBuf,
    /// How many.
    pub rows: u64,
    /// How many wait beside them of which the store holds no row: these have to be mended in the export itself.
    pub elsewhere: u64,
}

/// One row of the quarantine.
struct Held<'r> {
    file: &'r str,
    line: i64,
    ingest: i64,
    column: &'r str,
    value: &'r str,
    reason: Text,
    raw: &'r str,
    header: &'r str,
}

/// What waits in a store, of all exports or of one, most rows first.
pub fn waiting(snapshot: &Snapshot, file: Option<&str>) -> Result<Vec<Waiting>, IngestError> {
    let mut found: BTreeMap<(String, String, String), Waiting> = BTreeMap::new();
    each(snapshot, file, &mut |held| {
        let key = (held.file.to_owned(), held.column.to_owned(), held.reason.en.clone());
        let waiting = found.entry(key).or_insert_with(|| Waiting {
            file: held.file.to_owned(),
            column: held.column.to_owned(),
            reason: held.reason.clone(),
            first_line: held.line,
            ..Waiting::default()
        });
        waiting.rows += 1;
        waiting.first_line = waiting.first_line.min(held.line);
        let is_new = || !held.value.is_empty() && !waiting.examples.iter().any(|known| known == held.value);
        if waiting.examples.len() < EXAMPLES && is_new() {
            waiting.examples.push(held.value.to_owned());
        }
        Ok(())
    })?;
    let mut all: Vec<Waiting> = found.into_values().collect();
    all.sort_by(|a, b| a.file.cmp(&b.file).then(b.rows.cmp(&a.rows)));
    Ok(all)
}

/// A file that is being written, aside until it is whole.
struct Draft {
    header: Vec<String>,
    out: Option<Writer<NamedTempFile<File>>>,
    repairs: Repairs,
}

/// Writes what waits in a store into a folder, a file for each export.
pub fn repairs(
    snapshot: &Snapshot,
    file: Option<&str>,
    folder: &Path,
    lang: Lang,
) -> Result<Vec<Repairs>, IngestError> {
    fs::create_dir_all(folder).map_err(IngestError::io(folder))?;
    let mut open: BTreeMap<String, Draft> = BTreeMap::new();
    each(snapshot, file, &mut |held| {
        let delimiter = delimiter(held.header);
        let draft = open.entry(held.file.to_owned()).or_insert_with(|| Draft {
            header: cells(held.header, delimiter),
            out: None,
            repairs: Repairs {
                file: held.file.to_owned(),
                path: folder.join(repair_name(held.file)),
                rows: 0,
                elsewhere: 0,
            },
        });
        // of an early store, of a row that was too long, or of one whose cells could be anybody's, there is nothing to mend
        let is_whole = !held.raw.is_empty() && held.raw.len() <= MOST_RAW && !held.header.is_empty();
        match is_whole && cells(held.header, delimiter) == draft.header {
            true => draft.take(&held, delimiter, lang),
            false => {
                draft.repairs.elsewhere += 1;
                Ok(())
            }
        }
    })?;
    open.into_values().map(Draft::finish).collect()
}

impl Draft {
    /// Writes a row, after the header if it is the first one.
    fn take(&mut self, held: &Held<'_>, delimiter: u8, lang: Lang) -> Result<(), IngestError> {
        let path = &self.repairs.path;
        let out = match &mut self.out {
            Some(out) => out,
            None => {
                let out = self.out.insert(begun(path, delimiter)?);
                write(out, REPAIR_COLUMNS.iter().copied().chain(self.header.iter().map(String::as_str)), path)?;
                out
            }
        };
        let reason = match held.column {
            "" => held.reason.get(lang).to_owned(),
            column => format!("{column}: {}", held.reason.get(lang)),
        };
        // a header may begin like a formula
        let place = [held.line.to_string(), held.ingest.to_string(), defused(&reason).into_owned()];
        let row = cells(held.raw, delimiter);
        write(out, place.iter().chain(&row).map(String::as_str), path)?;
        self.repairs.rows += 1;
        Ok(())
    }

    /// Puts the file in its place, now that it is whole.
    fn finish(self) -> Result<Repairs, IngestError> {
        let Some(out) = self.out else { return Ok(self.repairs) };
        let path = &self.repairs.path;
        let file = out.into_inner().map_err(|error| IngestError::io(path)(error.into_error()))?;
        match file.persist_noclobber(path) {
            Ok(_) => Ok(self.repairs),
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
                Err(IngestError::Exists { path: path.clone() })
            }
            Err(error) => Err(IngestError::io(path)(error.error)),
        }
    }
}

/// Begins a file aside, beside its place.
fn begun(path: &Path, delimiter: u8) -> Result<Writer<NamedTempFile<File>>, IngestError> {
    if path.exists() {
        return Err(IngestError::Exists { path: path.to_owned() });
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    // default permissions: `tempfile` would create it 0600
    let made = tempfile::Builder::new().make_in(folder, |aside| File::create_new(aside));
    let mut file = made.map_err(IngestError::io(path))?;
    // a spreadsheet takes it for UTF-8 by its mark
    file.write_all("\u{feff}".as_bytes()).map_err(IngestError::io(path))?;
    // rows of too few or too many cells are among those that wait
    Ok(WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(file))
}

fn write<'c>(
    out: &mut Writer<NamedTempFile<File>>,
    cells: impl Iterator<Item = &'c str>,
    path: &Path,
) -> Result<(), IngestError> {
    out.write_record(cells).map_err(|error| IngestError::io(path)(error.into()))
}

/// Goes through the rows of the newest ingest of each export.
fn each(
    snapshot: &Snapshot,
    only: Option<&str>,
    take: &mut dyn FnMut(Held<'_>) -> Result<(), IngestError>,
) -> Result<(), IngestError> {
    let Some(state) = snapshot.tables.get(&Table::Quarantine) else { return Ok(()) };
    at_hand(&state.files)?;
    let layout = Layout::new(Table::Quarantine, Vec::new());
    let [ingest, file, folder, line] = layout.places(["ingest", "file", "folder", "line"])?;
    let [column, value, reason, reason_ru, raw, header] =
        layout.places(["column", "value", "reason", "reason_ru", "raw", "header"])?;
    // a store of an early Voronka holds what older ingests of an export refused as well
    let mut newest: BTreeMap<(String, String), i64> = BTreeMap::new();
    for path in state.files.iter().map(|file| file.path.as_path()) {
        let mut narrow = layout.clone();
        const COLUMNS: [&str; 3] = ["ingest", "file", "folder"];
        narrow.columns.retain(|(name, _)| COLUMNS.contains(&name.as_str()));
        let old = OldBucket::read_columns(path, &COLUMNS)?;
        let rows = old.rows(&narrow)?;
        let [ingest, file, folder] = narrow.places(COLUMNS)?;
        for row in 0..rows.len() {
            let text = |slot: usize| rows.cell(row, slot).text().unwrap_or_default().to_owned();
            let number = rows.cell(row, ingest).whole();
            let known = newest.entry((text(file), text(folder))).or_default();
            *known = number.unwrap_or_default().max(*known);
        }
    }
    for path in state.files.iter().map(|file| file.path.as_path()) {
        let old = OldBucket::read([path].into_iter())?;
        let rows = old.rows(&layout)?;
        for row in 0..rows.len() {
            let text = |slot: usize| rows.cell(row, slot).text().unwrap_or_default();
            let (name, within) = (text(file), text(folder));
            let is_newest =
                newest.get(&(name.to_owned(), within.to_owned())).copied() == rows.cell(row, ingest).whole();
            // two branches may call their exports alike: then the folder tells them apart
            let id = ExportId { file: name.to_owned(), folder: within.to_owned() };
            let called = match newest.keys().filter(|(known, _)| known == name).count() {
                0 | 1 => id.file.clone(),
                _ => id.qualified(),
            };
            if !is_newest || only.is_some_and(|only| only != name && only != called) {
                continue;
            }
            let ru = match text(reason_ru) {
                "" => text(reason),
                ru => ru,
            };
            take(Held {
                file: &called,
                line: rows.cell(row, line).whole().unwrap_or_default(),
                ingest: rows.cell(row, ingest).whole().unwrap_or_default(),
                column: text(column),
                value: text(value),
                reason: Text::new(ru, text(reason)),
                raw: text(raw),
                header: text(header),
            })?;
        }
    }
    Ok(())
}

/// By what the cells of a header that was kept are parted: the one of the usual marks that stands in it most, outside of
/// quotes.
fn delimiter(header: &str) -> u8 {
    let count = |mark: char| header.split('"').step_by(2).map(|part| part.matches(mark).count()).sum::<usize>();
    [b';', b',', b'\t', b'|'].into_iter().rev().max_by_key(|mark| count(char::from(*mark))).unwrap_or(b';')
}

/// The cells of a row that was kept, none of them a formula to a spreadsheet.
fn cells(raw: &str, delimiter: u8) -> Vec<String> {
    let mut reader =
        ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(raw.as_bytes());
    let row = reader.records().next().and_then(Result::ok).unwrap_or_default();
    row.iter().map(|cell| defused(cell).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_goes_out_without_formulas() {
        assert_eq!(cells("1;=A1;\"-5;=\"\"x\";a=b;+7;", b';'), ["1", "'=A1", "'-5;'=\"x", "a=b", "'+7", ""]);
        assert_eq!((delimiter("ID;\"a,b,c,d\";x"), delimiter("ID,Name"), delimiter("ID")), (b';', b',', b';'));
    }
}
