//! A mapping to begin with, for an export that no section fits.
//!
//! All rows are looked at: what their columns are called says what a row is and which column is which of ours (`roles`, by
//! the tables of `words` and `names`); what stands in them says how dates and numbers are written and what they come to.
//! What is not certain is a `?` with its choices, and no mapping is loaded that has one. Values of clients are not shown.

mod columns;
mod days;
mod digits;
mod event_words;
mod outcome;
mod outline;
mod profile;
mod names;
mod roles;
mod status;
mod texts;
mod words;
mod section;
mod source_column;

use std::fmt::Write as _;
use std::path::Path;

use chrono_tz::Tz;

pub use outline::Draft;

use profile::Below;
use texts::{Say, quoted};

use crate::export::read::{Head, heads};
use crate::export::records::{Cut, Readable};
use crate::export::{ExportError, files};
use crate::model::lang::Lang;

/// Writes a mapping for a file, with what is known of it, and comments in a language. `zone` is the zone of its times, where
/// something says it.
pub fn draft(file: &Path, scratch: &Path, lang: Lang, zone: Option<Tz>) -> Result<Draft, ExportError> {
    let inputs = files::expand(&[file.to_owned()])?;
    let say = Say(lang);
    let mut draft = Draft::default();
    let asked = match zone {
        Some(_) => say.say("часовой пояс времени в выгрузке", "the time zone of the times in the export"),
        None => say.say("? часовой пояс времени в выгрузке", "? the time zone of the times in the export"),
    };
    let _ = writeln!(
        draft.text,
        "# {}\n# {}\nzone = {} # {asked}\n",
        say.say(
            "Черновик маппинга: проверьте роли столбцов и впишите то, что отмечено «?».",
            "A draft of a mapping: check the roles of the columns, and state what is marked with `?`."
        ),
        say.say(
            "Формат описан в docs/guide/mapping.ru.md, наши столбцы — в columns.ru.md.",
            "The format is described in docs/guide/mapping.en.md, our columns in columns.en.md."
        ),
        quoted(zone.unwrap_or(Tz::Europe__Moscow).name()),
    );
    for input in inputs {
        let readable = Readable::new(&input, None, scratch, None)?;
        let heads = heads(&readable, &Cut::default())?;
        let Some((head, at)) = header(&heads) else {
            let spaced = |head: &Head| {
                head.rows.iter().take(9).filter(|(.., row)| row.iter().any(|cell| cell.trim().contains("  "))).count()
            };
            let what = match heads.iter().any(|head| spaced(head) > 4) {
                true => "its columns are parted by several spaces: save it as CSV, with a header",
                false => "no line of it looks like a header",
            };
            return Err(ExportError::NoRows { path: input.path.clone(), what });
        };
        let (number, _, cells) = &head.rows[at];
        let below = Below {
            readable: &readable,
            sheet: head.sheet,
            delimiter: head.delimiter,
            header: *number,
            cells: cells.len(),
        };
        let sheets = others(&heads, head, &readable)?;
        section::section(&mut draft, &input.name, &below, head.name.as_deref(), cells, &sheets, say)?;
    }
    let is_asked = |line: &str| line.contains("\"?\"") || line.contains("\"??\"");
    draft.asked = draft
        .text
        .lines()
        .zip(1..)
        .filter(|(line, _)| is_asked(line) && !line.starts_with('#'))
        .map(|(_, at)| at)
        .collect();
    Ok(draft)
}

/// The other sheets that look like tables, with their rows: a section reads one.
fn others(heads: &[Head], chosen: &Head, readable: &Readable) -> Result<Vec<(String, u64)>, ExportError> {
    let mut others = Vec::new();
    for head in heads.iter().filter(|head| head.sheet != chosen.sheet) {
        let (Some(name), Some((_, at))) = (&head.name, header(std::slice::from_ref(head))) else { continue };
        let (number, _, cells) = &head.rows[at];
        let below =
            Below { readable, sheet: head.sheet, delimiter: head.delimiter, header: *number, cells: cells.len() };
        others.push((name.clone(), profile::look(&below)?.rows));
    }
    Ok(others)
}

/// The head and the row that look most like a header: texts, not numbers, over most rows of as many cells.
fn header(heads: &[Head]) -> Option<(&Head, usize)> {
    let mut best: Option<(usize, &Head, usize)> = None;
    for head in heads {
        for (at, (_, _, cells)) in head.rows.iter().enumerate().take(30) {
            let filled = cells.iter().filter(|cell| !cell.is_empty()).count();
            let worded =
                cells.iter().filter(|cell| cell.chars().any(char::is_alphabetic) && cell.chars().count() < 80).count();
            if filled < 2 || worded * 3 < filled * 2 || filled * 2 < cells.len() {
                continue;
            }
            let alike = head.rows[at + 1..].iter().filter(|(_, _, row)| row.len() == cells.len()).count();
            let score = (alike.min(20) + 1) * worded;
            // the first of equals: rows of text below a header look like one, too
            if best.as_ref().is_none_or(|(most, ..)| score > *most) {
                best = Some((score, head, at));
            }
        }
    }
    best.map(|(_, head, at)| (head, at))
}

#[cfg(test)]
mod tests;
