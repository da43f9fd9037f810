//! The header of a sheet whose columns become rows: which of its columns stay, which become rows, which are totals.

use super::super::header::fits;
use super::super::open::{Head, heads};
use super::super::total::WORDS;
use crate::export::ExportError;
use crate::export::mapping::{Export, Header, Unpivot};
use crate::export::records::Readable;
use crate::model::lang::{Text, both};
use crate::model::problem::nearest;

/// A column that becomes rows, or a total of such.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// Its place in the sheet.
    pub(super) at: usize,
    /// Its cells of the header, from the top; what a merged cell says stands in each column below it.
    pub(super) levels: Vec<String>,
}

impl Column {
    /// Its header for a message.
    pub(super) fn shown(&self) -> String {
        self.levels.iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join(" / ")
    }
}

/// What each column of the sheet is.
pub(super) struct Columns {
    /// The places of the kept ones, in the order of the mapping.
    pub(super) kept: Vec<usize>,
    pub(super) data: Vec<Column>,
    pub(super) totals: Vec<Column>,
    /// How many columns the header has.
    pub(super) width: usize,
}

impl Columns {
    pub(super) fn shown(&self) -> String {
        self.data.iter().map(Column::shown).collect::<Vec<_>>().join(" | ")
    }
}

/// The table of a file whose columns become rows.
pub(super) struct Sheet {
    pub(super) sheet: usize,
    pub(super) name: Option<String>,
    pub(super) delimiter: u8,
    /// The number of the last record of its header, and the line of the first.
    pub(super) last_record: usize,
    pub(super) line: u64,
    pub(super) columns: Columns,
}

/// Whether a text calls a row or a column a total: one of the texts of the mapping, or a common word where it has none.
pub(super) fn is_total(text: &str, stated: &[String]) -> bool {
    let text = text.to_lowercase();
    let begins = |word: &str| {
        let rest = text.strip_prefix(word);
        rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    };
    match stated.is_empty() {
        true => {
            let bare = text.trim_end_matches([':', '.', ' ']);
            WORDS.contains(&bare)
                || ["итого ", "всего ", "total for ", "total by ", "subtotal "]
                    .iter()
                    .any(|word| text.starts_with(word))
        }
        false => stated.iter().any(|word| begins(&word.to_lowercase())),
    }
}

/// Finds the table and its header among the first rows of a file.
pub(super) fn find(
    readable: &Readable,
    export: &Export,
    unpivot: &Unpivot,
    mapping: &str,
) -> Result<Sheet, ExportError> {
    let heads = heads(readable, &export.cut)?;
    let mut best: Option<(usize, Sheet)> = None;
    for head in heads.iter().filter(|head| export.sheet.is_none() || head.name == export.sheet) {
        let found = head.sheet_of(export, unpivot);
        best = found.filter(|(rank, _)| best.as_ref().is_none_or(|(known, _)| rank > known)).or(best);
    }
    let Some((_, sheet)) = best else { return Err(missing(readable, &heads, export, unpivot, mapping)) };
    if heads
        .iter()
        .any(|head| head.sheet != sheet.sheet && export.sheet.is_none() && head.sheet_of(export, unpivot).is_some())
    {
        return Err(ExportError::unreadable(
            readable.path(),
            Text::new("такой заголовок у нескольких листов в нём", "several sheets in it have this header"),
            Text::new(
                "назовите нужный лист в [[export]]: sheet = \"…\"",
                "name the one that is meant in its [[export]]: sheet = \"…\"",
            ),
        ));
    }
    Ok(sheet)
}

impl Head {
    /// The table that begins with the row that makes the best header, and how good it is: how many columns its last row names.
    fn sheet_of(&self, export: &Export, unpivot: &Unpivot) -> Option<(usize, Sheet)> {
        let levels = unpivot.headers.len();
        let has = |rows: &[(usize, u64, Vec<String>)]| {
            export.header_has.as_ref().is_none_or(|text| rows.iter().any(|(.., cells)| cells.contains(text)))
        };
        let windows = self.rows.windows(levels).filter(|rows| has(rows));
        let mut best: Option<(usize, Sheet)> = None;
        for rows in windows {
            let texts: Vec<&[String]> = rows.iter().map(|(.., cells)| cells.as_slice()).collect();
            let Some(columns) = columns(&texts, export, unpivot) else { continue };
            let last = texts.last().map_or(0, |cells| cells.iter().filter(|text| !text.is_empty()).count());
            // amounts are no header
            let amounts = texts.iter().flat_map(|cells| cells.iter()).filter(|text| is_amount(text)).count();
            let rank = (usize::from(columns.is_plain(&texts, unpivot)) * MOST_COLUMNS
                + 2 * last
                + usize::from(columns.is_first(&texts)))
            .saturating_sub(4 * amounts);
            if columns.data.is_empty() || rank == 0 || best.as_ref().is_some_and(|(known, _)| *known >= rank) {
                continue;
            }
            let (last_record, line) = (rows.last().map_or(0, |row| row.0), rows[0].1);
            let (sheet, name, delimiter) = (self.sheet, self.name.clone(), self.delimiter);
            best = Some((rank, Sheet { sheet, name, delimiter, last_record, line, columns }));
        }
        best
    }
}

impl Columns {
    /// Whether the kept columns have nothing but their names in these rows: a row of data has a name there.
    fn is_plain(&self, rows: &[&[String]], unpivot: &Unpivot) -> bool {
        let is_name = |(at, header): (&usize, &Header)| {
            rows.iter().filter_map(|cells| cells.get(*at)).all(|text| text.is_empty() || *text == header.text)
        };
        self.kept.iter().zip(&unpivot.keep).all(is_name)
    }

    /// Whether a kept column is named in the first row: a title above the header names none.
    fn is_first(&self, rows: &[&[String]]) -> bool {
        self.kept.iter().any(|at| rows[0].get(*at).is_some_and(|text| !text.is_empty()))
    }
}

/// More than any header has.
const MOST_COLUMNS: usize = 100_000;

/// Whether a text of a header is a number of more than four digits that is neither a date nor a month such as 202501.
fn is_amount(text: &str) -> bool {
    let is_part = |sign: char| sign.is_ascii_digit() || sign.is_whitespace() || ",.'-/".contains(sign);
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_month = digits == text.len() && matches!((digits, text.get(..2)), (6, Some("19" | "20")));
    let lengths: Vec<usize> = text.split(['.', '-', '/']).map(str::len).collect();
    let is_date = match lengths.as_slice() {
        [_, _, _] => (6..=8).contains(&digits) && !text.contains(char::is_whitespace),
        [1 | 2, 4] => true,
        [4, 2] => text.contains(['-', '/']),
        _ => false,
    };
    digits > 4 && !is_month && !is_date && text.chars().all(is_part)
}

/// What the columns below these rows of a header are. `None` if a kept one is missing.
fn columns(rows: &[&[String]], export: &Export, unpivot: &Unpivot) -> Option<Columns> {
    let filled = |cells: &[String]| cells.iter().rposition(|text| !text.is_empty()).map_or(0, |last| last + 1);
    let width = rows.iter().map(|cells| filled(cells)).max()?;
    let cell = |row: usize, at: usize| rows[row].get(at).map_or("", String::as_str);
    let named = |at: usize, header: &Header| (0..rows.len()).any(|row| cell(row, at) == header.text);
    let place = |header: &Header| (0..width).find(|at| named(*at, header));
    let kept: Vec<usize> = unpivot.keep.iter().map(place).collect::<Option<_>>()?;
    let (mut data, mut totals) = (Vec::new(), Vec::new());
    let mut above = vec![String::new(); rows.len()];
    for at in 0..width {
        if kept.contains(&at) {
            above.iter_mut().for_each(String::clear);
            continue;
        }
        let own: Vec<&str> = (0..rows.len()).map(|row| cell(row, at)).collect();
        if own.iter().all(|text| text.is_empty()) {
            continue;
        }
        // a merged cell is written once, and reaches as far as nothing in its row or above it is new
        let mut is_new = false;
        let mut levels: Vec<String> = Vec::with_capacity(rows.len());
        for (row, text) in own.iter().enumerate() {
            let is_last = row + 1 == rows.len();
            is_new |= !text.is_empty() && !is_last;
            let text = if text.is_empty() && !is_last && !is_new { above[row].clone() } else { (*text).to_owned() };
            levels.push(text);
        }
        above.clone_from(&levels);
        if rows.len() > 1 && own.last().is_some_and(|text| text.is_empty()) {
            // merged downwards: it stands above nobody else
            above.iter_mut().for_each(String::clear);
        }
        if levels.iter().any(|text| skipped(text, unpivot)) {
            continue;
        }
        match levels.iter().any(|text| is_total(text, &export.totals)) {
            true => totals.push(Column { at, levels }),
            false => data.push(Column { at, levels }),
        }
    }
    Some(Columns { kept, data, totals, width })
}

fn skipped(text: &str, unpivot: &Unpivot) -> bool {
    !text.is_empty()
        && unpivot.skip.iter().any(|pattern| pattern == text || (pattern.contains('*') && fits(pattern, text)))
}

/// What is said of a file that has no such header.
fn missing(readable: &Readable, heads: &[Head], export: &Export, unpivot: &Unpivot, mapping: &str) -> ExportError {
    let cells = || heads.iter().flat_map(|head| &head.rows).flat_map(|(.., cells)| cells).map(String::as_str);
    let absent = unpivot.keep.iter().filter(|header| !cells().any(|text| text == header.text));
    let mut problems: Vec<Text> = absent
        .map(|header| match nearest(&header.text, cells().filter(|text| !text.is_empty())) {
            Some(near) => both!(
                "нет столбца `{}`; может быть, `{near}`?",
                "there is no column `{}`; did you mean `{near}`?",
                header.text
            ),
            None => both!("нет столбца `{}`", "there is no column `{}`", header.text),
        })
        .collect();
    if problems.is_empty() {
        let rows = unpivot.headers.len();
        problems.push(both!(
            "нет {rows} строк заголовка подряд, в которых стоят все столбцы `keep` и рядом есть другие; сколько строк в заголовке, говорит `headers`",
            "there are no {rows} header rows in succession that name all columns of `keep` and others beside them; `headers` says how many rows the header has"
        ));
    }
    ExportError::Header {
        path: readable.path().to_owned(),
        line: heads.iter().flat_map(|head| &head.rows).map(|(_, line, _)| *line).next().unwrap_or(1),
        mapping: mapping.to_owned(),
        export: export.name.clone().into(),
        header: cells().filter(|text| !text.is_empty()).take(40).collect::<Vec<_>>().join(" | ").into(),
        problems,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_known_by_their_words() {
        for text in ["Итого", "ИТОГО:", "Всего", "Total", "Итого по отделу"] {
            assert!(is_total(text, &[]), "{text}");
        }
        for text in ["Иванов", "Total Energies", "Итогов Пётр", ""] {
            assert!(!is_total(text, &[]), "{text}");
        }
        let stated = ["Свод".to_owned()];
        assert!(is_total("Свод по всем", &stated) && !is_total("Сводин", &stated) && !is_total("Итого", &stated));
    }

    #[test]
    fn a_number_with_many_digits_is_no_header() {
        assert!(is_amount("1 200 000") && is_amount("12345.5"));
        assert!(!is_amount("2025") && !is_amount("01.2025") && !is_amount("01.01.2025") && !is_amount("Январь 2025"));
    }
}
