//! What only a whole column tells: days and months that a spreadsheet swapped, and shares where percentages are stated. Neither
//! can be seen in one value, and each is a factor or a month in the report.

use std::collections::BTreeSet;

use crate::model::lang::{Text, both};
use crate::model::tables::MEASURES;

/// The first value that says something, and its line.
type Example = Option<(u64, String)>;

/// What the values of a column said so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Seen {
    dates: Dates,
    percents: Percents,
    /// Measures of plans that are compared with nothing.
    measures: BTreeSet<String>,
}

/// The dates of a column of a sheet.
#[derive(Debug, Clone, Default, PartialEq)]
struct Dates {
    /// Those that the sheet calls dates, and those of them after the 12th, whose day can be no month.
    cells: u64,
    late_cells: u64,
    /// Those that are texts, and those of them up to the 12th.
    texts: u64,
    early_texts: u64,
    cell: Example,
    text: Example,
}

/// The numbers without a sign where a mapping says `percent = true`.
#[derive(Debug, Clone, Default, PartialEq)]
struct Percents {
    most: f64,
    first: Example,
}

/// The last day of a month that may be a month.
const LAST_MONTH: u32 = 12;

impl Seen {
    /// Records a date of a sheet: its day of the month, and whether its cell is typed as a date.
    pub(super) fn date(&mut self, day: u32, is_cell: bool, line: u64, text: &str) {
        let of = &mut self.dates;
        let example = match is_cell {
            true => {
                of.cells += 1;
                of.late_cells += u64::from(day > LAST_MONTH);
                &mut of.cell
            }
            false => {
                of.texts += 1;
                of.early_texts += u64::from(day <= LAST_MONTH);
                &mut of.text
            }
        };
        example.get_or_insert_with(|| (line, text.to_owned()));
    }

    /// Records a number that is a percentage because the mapping says so.
    pub(super) fn percent(&mut self, number: f64, line: u64, text: &str) {
        if number != 0.0 {
            self.percents.most = self.percents.most.max(number.abs());
            self.percents.first.get_or_insert_with(|| (line, text.to_owned()));
        }
    }

    /// Records a measure of a plan that Voronka does not know.
    pub(super) fn measure(&mut self, text: &str) {
        const MOST: usize = 20;
        if self.measures.len() < MOST && !self.measures.contains(text) {
            self.measures.insert(text.to_owned());
        }
    }

    /// Adds what the values of rows further down said.
    pub(super) fn add(&mut self, further: Seen) {
        let (of, dates) = (&mut self.dates, further.dates);
        of.cells += dates.cells;
        of.late_cells += dates.late_cells;
        of.texts += dates.texts;
        of.early_texts += dates.early_texts;
        of.cell = of.cell.take().or(dates.cell);
        of.text = of.text.take().or(dates.text);
        self.percents.most = self.percents.most.max(further.percents.most);
        self.percents.first = self.percents.first.take().or(further.percents.first);
        self.measures.extend(further.measures);
    }

    /// What has to be stated before the column can be read, as a sentence with the way out.
    pub(super) fn problem(&self) -> Option<Text> {
        self.swapped().or_else(|| self.shares())
    }

    /// A spreadsheet that expects the other order of day and month makes dates of the values that it can read so, swapped, and
    /// leaves the rest as texts.
    fn swapped(&self) -> Option<Text> {
        let Dates { late_cells: 0, early_texts: 0, cell: Some((at, cell)), text: Some((below, text)), .. } =
            &self.dates
        else {
            return None;
        };
        Some(Text::new(
            format!(
                "в строке {at} дата {cell}, в строке {below} текст `{text}`; все даты — с числами до 12-го, а все тексты — после: такой \
                 электронная таблица оставляет колонку, в которой поменяла местами день и месяц всюду, где смогла\n    загрузите файл, \
                 каким его написала CRM; или укажите в маппинге date_cells = \"swapped\", и день с месяцем поменяются обратно, или \
                 date_cells = \"right\", если даты верны"
            ),
            format!(
                "line {at} has the date {cell}, line {below} the text `{text}`; all dates are of days up to the 12th, and all texts of \
             days after it: so a spreadsheet leaves a column in which it swapped day and month wherever it could\n    \
             ingest the file as the CRM wrote it; or say in the mapping: date_cells = \"swapped\", and they are swapped back, or \
             date_cells = \"right\" where the dates are right"
            ),
        ))
    }

    fn shares(&self) -> Option<Text> {
        let (line, text) = self.percents.first.as_ref().filter(|_| self.percents.most <= 1.0)?;
        Some(Text::new(
            format!(
                "указано percent = true, а числа больше 1 нет ни одного: в строке {line} стоит `{text}`, то есть {text} %, как указано, и \
                 в сто раз больше, если в файле доли\n    для долей уберите percent = true из маппинга; для процентов напишите \
                 percent = \"points\""
            ),
            format!(
                "percent = true is stated, and no number is above 1: line {line} has `{text}`, which is {text} % as stated, and a hundred \
             times that if the file holds shares\n    for shares remove percent = true from the mapping; for percentages write \
             percent = \"points\""
            ),
        ))
    }

    /// What is worth telling of a column whose rows were taken.
    pub(super) fn note(&self, column: &str) -> Option<Text> {
        if !self.measures.is_empty() {
            let (met, known) = (self.measures.iter().cloned().collect::<Vec<_>>().join(", "), MEASURES.join(", "));
            return Some(both!(
                "`{column}`: показатели, которые хранятся, а с фактом не сравниваются: {met}; сравниваются {known} (переведите: values)",
                "`{column}`: measures that are kept and compared with nothing: {met}; compared are {known} (translate with values)"
            ));
        }
        let Dates { cells: cells @ 1.., texts: texts @ 1.., text: Some((line, text)), .. } = &self.dates else {
            return None;
        };
        Some(Text::new(
            format!(
                "`{column}`: дат, которые файл сам считает датами: {cells}, и дат текстом: {texts} (строка {line}, `{text}`): проверьте, \
                 не поменяла ли электронная таблица местами день и месяц"
            ),
            format!(
                "`{column}`: dates that the file itself calls dates: {cells}, and dates as text: {texts} (line {line}, `{text}`): see \
                 whether a spreadsheet swapped day and month"
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(dates: &[(u32, bool)]) -> Seen {
        let mut seen = Seen::default();
        dates.iter().zip(2..).for_each(|((day, is_cell), line)| seen.date(*day, *is_cell, line, "x"));
        seen
    }

    #[test]
    fn swapped_days_are_told_by_the_whole_column() {
        assert!(
            of(&[(1, true), (12, true), (13, false), (31, false)])
                .problem()
                .unwrap()
                .en
                .contains("line 4 the text `x`")
        );
        for right in [
            &[(1, true), (13, true), (14, false)][..],
            &[(1, true), (2, false), (14, false)],
            &[(1, true)],
            &[(13, false)],
        ] {
            assert_eq!(of(right).problem(), None, "{right:?}");
        }
        assert!(of(&[(1, true), (13, true), (14, false)]).note("spend.day").is_some());
        assert!(of(&[(1, true)]).note("spend.day").is_none() && of(&[(1, false)]).note("spend.day").is_none());
    }

    #[test]
    fn what_pieces_of_a_column_say_adds_up_to_what_all_of_it_says() {
        let all = [(1, true), (12, true), (13, false), (31, false)];
        for cut in 0..=all.len() {
            let mut seen = Seen::default();
            for (piece, first) in [(&all[..cut], 2), (&all[cut..], 2 + cut as u64)] {
                let mut further = Seen::default();
                piece.iter().zip(first..).for_each(|((day, is_cell), line)| further.date(*day, *is_cell, line, "x"));
                piece.iter().zip(first..).for_each(|((day, _), line)| further.percent(f64::from(*day), line, "x"));
                seen.add(further);
            }
            let mut whole = of(&all);
            all.iter().zip(2..).for_each(|((day, _), line)| whole.percent(f64::from(*day), line, "x"));
            assert_eq!(seen, whole);
        }
    }

    #[test]
    fn shares_are_no_percentages() {
        let of = |numbers: &[f64]| {
            let mut seen = Seen::default();
            numbers.iter().zip(2..).for_each(|(number, line)| seen.percent(*number, line, "n"));
            seen.problem().is_some()
        };
        assert!(of(&[0.0, 0.15]) && of(&[1.0]) && of(&[-0.5]));
        assert!(!of(&[0.5, 15.0]) && !of(&[0.0]) && !of(&[]) && !of(&[-15.0]));
    }
}
