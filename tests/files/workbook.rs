//! The workbook of a report, read back: every table equals its CSV cell by cell, and the front sheet says all that the page says.

use std::collections::BTreeSet;
use std::path::PathBuf;

use calamine::{Data, DataType, Range, Reader, Xlsx, open_workbook};
use chrono::{Days, NaiveDate};
use voronka::model::shown::undefused;
use voronka::report::document::{Block, Document};
use voronka::report::render::{Format, render};

/// The row of a sheet below its header.
const FIRST: u32 = 4;

/// Writes the document as a workbook and as CSV, and compares them.
pub fn says_what_the_report_says(document: &Document) -> Result<(), String> {
    let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
    let files = render(document, dir.path(), &[Format::Xlsx, Format::Csv]).map_err(|e| e.to_string())?;
    let book = files.iter().find(|file| file.extension().is_some_and(|e| e == "xlsx")).ok_or("no workbook")?;
    let mut book: Xlsx<_> = open_workbook(book).map_err(|e: calamine::XlsxError| e.to_string())?;
    let names = book.sheet_names();
    sound(&names)?;
    let mut sheets = Vec::new();
    for name in &names {
        sheets.push(book.worksheet_range(name).map_err(|e| e.to_string())?);
    }
    front(document, &sheets[0])?;
    let parts: Vec<&Block> = document
        .sections
        .iter()
        .flat_map(|section| &section.blocks)
        .filter(|block| matches!(block, Block::Table(_) | Block::Chart(_)))
        .collect();
    if sheets.len() != parts.len() + 1 {
        return Err(format!("{} sheets for {} tables and charts", sheets.len(), parts.len()));
    }
    for (block, (sheet, name)) in parts.into_iter().zip(sheets.iter().zip(&names).skip(1)) {
        if let Block::Table(table) = block {
            let csv = dir.path().join(format!("{}-tables/{}.csv", document.name, table.id));
            equal(&csv, sheet).map_err(|why| format!("sheet `{name}`, table {}: {why}", table.id))?;
        }
    }
    Ok(())
}

/// Names are short enough, distinct and without what Excel forbids.
fn sound(names: &[String]) -> Result<(), String> {
    let forbidden = ['[', ']', ':', '*', '?', '/', '\\'];
    let bad = names.iter().find(|name| {
        name.encode_utf16().count() > 31 || name.contains(forbidden) || name.starts_with('\'') || name.ends_with('\'')
    });
    let distinct: BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
    match (bad, distinct.len() == names.len()) {
        (None, true) => Ok(()),
        (bad, _) => Err(format!("names of sheets: {bad:?} of {names:?}")),
    }
}

/// Every text of the document stands on the front sheet.
fn front(document: &Document, sheet: &Range<Data>) -> Result<(), String> {
    let cells: Vec<String> = sheet.used_cells().filter_map(|(_, _, cell)| cell.as_string()).collect();
    let all = cells.join("\n");
    let mut wanted: Vec<&str> = vec![&document.title, &document.company, &document.subtitle];
    wanted.extend(document.colophon.iter().map(String::as_str));
    for section in &document.sections {
        wanted.push(&section.title);
        for block in &section.blocks {
            match block {
                Block::Text(text) | Block::Notice(text) => wanted.push(text),
                Block::Tiles(tiles) => tiles.iter().for_each(|tile| {
                    wanted.extend([tile.label.as_str(), &tile.source]);
                    wanted.extend(tile.notes.iter().map(String::as_str));
                }),
                Block::Actions(actions) => {
                    for action in &actions.items {
                        wanted.extend([
                            action.title.as_str(),
                            &action.since,
                            &action.who,
                            &action.advice,
                            &action.source,
                        ]);
                        wanted.extend(action.facts.iter().map(String::as_str));
                        wanted.extend(action.money.iter().map(|(label, _)| label.as_str()));
                    }
                    wanted.extend(actions.improved.iter().map(String::as_str));
                    wanted.extend([actions.nothing.as_str(), &actions.more, &actions.unjudged]);
                }
                Block::Findings(findings) => findings.iter().for_each(|finding| {
                    wanted.extend([
                        finding.title.as_str(),
                        &finding.value,
                        &finding.change,
                        &finding.advice,
                        &finding.source,
                    ]);
                }),
                Block::Table(table) => wanted.extend([table.title.as_str(), &table.source]),
                Block::Chart(chart) => wanted.extend([chart.title.as_str(), &chart.source]),
            }
        }
    }
    match wanted.iter().find(|text| !all.contains(**text)) {
        None => Ok(()),
        Some(text) => Err(format!("the front sheet does not say: {text}")),
    }
}

/// The rows of a sheet are those of a CSV in Russian.
fn equal(csv: &PathBuf, sheet: &Range<Data>) -> Result<(), String> {
    let text = std::fs::read_to_string(csv).map_err(|e| e.to_string())?;
    let mut reader =
        csv::ReaderBuilder::new().delimiter(b';').from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let columns = reader.headers().map_err(|e| e.to_string())?.len() as u32;
    let mut row = FIRST;
    for record in reader.records() {
        let record = record.map_err(|e| e.to_string())?;
        for (column, field) in (0..).zip(&record) {
            let cell = sheet.get_value((row, column)).unwrap_or(&Data::Empty);
            if !same(cell, field) {
                return Err(format!("row {row}, column {column}: {cell:?} is not {field}"));
            }
        }
        row += 1;
    }
    let (last_row, last_column) = sheet.end().unwrap_or_default();
    match last_row < row && last_column < columns.max(3) {
        true => Ok(()),
        false => Err(format!("it ends at {last_row}, {last_column}, not at {row}, {columns}")),
    }
}

fn same(cell: &Data, field: &str) -> bool {
    match cell {
        Data::Empty => field.is_empty(),
        Data::Float(number) => field.replace(',', ".").parse() == Ok(*number),
        Data::String(text) => *text == undefused(field),
        Data::DateTime(day) => {
            let from = NaiveDate::from_ymd_opt(1899, 12, 30);
            from.map(|from| (from + Days::new(day.as_f64() as u64)).to_string()).as_deref() == Some(field)
        }
        _ => false,
    }
}
