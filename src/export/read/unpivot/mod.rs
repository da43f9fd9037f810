//! A sheet with months in its columns → the same as rows, before anything else is read of it: from here on it is an export like
//! any other, whose header is made of the kept columns, the rows of the sheet's header and the cells.
//!
//! Totals are no data: they are left out, and compared with what they sum up.

mod header;
mod line;
mod totals;

use std::borrow::Cow;
use std::path::Path;

use self::header::{Columns, Sheet, find};
use self::line::{Cell, Line};
use self::totals::Totals;
use super::reason;
use crate::export::ExportError;
use crate::export::mapping::{Export, Mapped, Source, Unpivot};
use crate::export::records::{Quotes, Readable, Record, Typed};
use crate::export::values::periods;
use crate::model::lang::{Text, both};
use crate::model::tables::Table;

/// A sheet of plans has no more cells; a table that has is no such sheet.
const MOST_CELLS: usize = 2_000_000;

/// An export whose columns were made into rows, where its section says so; how it is read then, and what is worth telling of it.
pub(crate) fn unpivoted<'e>(
    readable: Readable,
    export: &'e Export,
    mapping: &str,
    scratch: &Path,
) -> Result<(Readable, Cow<'e, Export>, Vec<Text>), ExportError> {
    let Some(unpivot) = &export.unpivot else { return Ok((readable, Cow::Borrowed(export), Vec::new())) };
    let found = find(&readable, export, unpivot, mapping)?;
    check_periods(&readable, export, unpivot, &found, mapping)?;
    let lines = lines(&readable, export, &found)?;
    let (rows, notes) = rows(export, unpivot, &found.columns, &lines);
    let kept = unpivot.keep.iter().map(|header| header.text.clone());
    let names = kept.chain(unpivot.headers.iter().cloned()).chain([unpivot.value.clone()]);
    let header: Vec<Cell> = names.map(|name| (name, Typed::No)).collect();
    let all = std::iter::once((0, header)).chain(rows);
    let delimiter = found.delimiter;
    let readable = readable.with_rows(scratch, found.name, delimiter, all)?;
    Ok((readable, Cow::Owned(export.for_rows()), notes))
}

/// The lines below the header. A line that does not fit it is refused: what is cut off would be missing from a sum.
fn lines(readable: &Readable, export: &Export, found: &Sheet) -> Result<Vec<Line>, ExportError> {
    let mut records = readable.records(found.sheet, &export.cut, found.delimiter)?;
    let (mut record, mut lines, mut cells) = (Record::default(), Vec::new(), 0);
    for _ in 0..=found.last_record {
        records.next(&mut record)?;
    }
    while records.next(&mut record)? {
        if record.is_blank() {
            continue;
        }
        let refuse = |what: Text, way_out: Text| Err(ExportError::unreadable(readable.path(), what, way_out));
        let line = record.line;
        if matches!(record.quotes, Quotes::Broken | Quotes::Open) {
            return refuse(
                both!(
                    "в строке {line} кавычка, которую нельзя понять",
                    "line {line} has a quote that cannot be understood"
                ),
                Text::new("исправьте её в файле", "correct it in the file"),
            );
        }
        let texts: Result<Vec<&str>, _> = record.cells.iter().map(std::str::from_utf8).collect();
        let Ok(texts) = texts else {
            return refuse(
                both!("строка {line} не в той кодировке", "line {line} is not in the encoding of the file"),
                Text::new(
                    "назовите кодировку в [[export]]: encoding",
                    "state the encoding in the [[export]]: encoding",
                ),
            );
        };
        let beyond = texts.iter().skip(found.columns.width).position(|text| !text.trim().is_empty());
        if let Some(beyond) = beyond {
            let (column, text) = (found.columns.width + beyond + 1, texts[found.columns.width + beyond].trim());
            return refuse(
                both!(
                    "в строке {line} столбец {column} стоит `{text}`, а заголовок там уже кончился",
                    "line {line}, column {column} has `{text}`, where the header has ended"
                ),
                Text::new("подпишите столбец или уберите из него всё", "give the column a header, or empty it"),
            );
        }
        let typed = |at: usize| record.typed.get(at).copied().unwrap_or_default();
        let own = texts.iter().enumerate().map(|(at, text)| ((*text).trim().to_owned(), typed(at)));
        let mut own: Vec<Cell> = own.take(found.columns.width).collect();
        own.resize(found.columns.width, (String::new(), Typed::No));
        cells += own.len();
        if cells > MOST_CELLS {
            return refuse(
                both!(
                    "ячеек больше {MOST_CELLS}: [export.unpivot] — для таблиц, которые читает человек",
                    "it has more than {MOST_CELLS} cells: [export.unpivot] is for sheets that a person reads"
                ),
                Text::new("выгрузите таблицу строками", "export the table as rows"),
            );
        }
        lines.push(Line { line, cells: own });
    }
    Ok(lines)
}

/// A row for each cell of a line, and what is to be told of totals.
fn rows(export: &Export, unpivot: &Unpivot, columns: &Columns, lines: &[Line]) -> (Vec<(u64, Vec<Cell>)>, Vec<Text>) {
    let mut totals = Totals::new(export, unpivot, columns, lines);
    let mut above: Vec<Cell> = vec![(String::new(), Typed::No); columns.kept.len()];
    let mut rows = Vec::new();
    for line in lines {
        if totals.takes(line) {
            continue;
        }
        let mut kept: Vec<Cell> = columns.kept.iter().map(|at| line.cells[*at].clone()).collect();
        for (nth, cell) in kept.iter_mut().enumerate() {
            if cell.0.is_empty() && unpivot.fill_down.contains(&unpivot.keep[nth]) {
                cell.clone_from(&above[nth]);
            }
        }
        above.clone_from(&kept);
        for column in &columns.data {
            let levels = column.levels.iter().map(|text| (text.clone(), Typed::No));
            let cell = line.cells[column.at].clone();
            rows.push((line.line, kept.iter().cloned().chain(levels).chain([cell]).collect()));
        }
    }
    let mut notes = vec![both!(
        "столбцы стали строками: столбцов {}, строк таблицы {}",
        "columns became rows: {} columns of {} lines",
        columns.data.len(),
        rows.len() / columns.data.len().max(1)
    )];
    notes.extend(totals.notes());
    (rows, notes)
}

/// Refuses columns that name no period, where the rows of the header are what the period of a plan comes from: each line would be
/// refused for them.
fn check_periods(
    readable: &Readable,
    export: &Export,
    unpivot: &Unpivot,
    found: &Sheet,
    mapping: &str,
) -> Result<(), ExportError> {
    let plans = export.fills.iter().filter(|fill| fill.table == Table::Plans);
    let mut problems: Vec<Text> = Vec::new();
    for column in plans.flat_map(|fill| &fill.columns).filter(|column| column.name == "period" && !column.extra) {
        for data in &found.columns.data {
            let Some(text) = text_of(column, unpivot, &data.levels) else { continue };
            let said = periods::read(&text, column.reading.dates.as_deref(), column.reading.periods);
            if let Err(why) = said {
                let (place, shown) = (data.at + 1, data.shown());
                let Text { ru, en } = reason::no_plan_period(why);
                problems.push(both!(
                    "столбец {place}, `{shown}`: `{text}`: {ru}",
                    "column {place}, `{shown}`: `{text}`: {en}"
                ));
            }
        }
    }
    problems.dedup();
    match problems.is_empty() {
        true => Ok(()),
        false => Err(ExportError::Header {
            path: readable.path().to_owned(),
            line: found.line,
            mapping: mapping.to_owned(),
            export: export.name.clone().into(),
            header: found.columns.shown().into(),
            problems,
        }),
    }
}

/// The text that a column of the mapping makes of the header of one column of the sheet. `None` if the lines have a say in it.
fn text_of(column: &Mapped, unpivot: &Unpivot, levels: &[String]) -> Option<String> {
    let level = |name: &str| unpivot.headers.iter().position(|known| known == name).map(|at| levels[at].as_str());
    if !column.reading.values.is_empty() || !column.reading.patterns.is_empty() || !column.reading.strip.is_empty() {
        return None;
    }
    let (headers, with) = match &column.source {
        Source::From(headers) if headers.len() == 1 => (headers, " "),
        Source::Concat { parts, with } => (parts, with.as_str()),
        _ => return None,
    };
    let texts: Vec<&str> = headers.iter().map(|header| level(&header.text)).collect::<Option<_>>()?;
    Some(texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(with))
}
