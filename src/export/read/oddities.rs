//! What was met in the values of a file, was kept, and is worth telling.

use std::collections::BTreeMap;

use crate::export::records::{Quotes, Record};
use crate::export::values::lookalikes::Alike;
use crate::export::values::money;
use crate::model::lang::{Lang, Text};

/// Why a date is not filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    /// It stands for an empty cell.
    Unset,
    /// There is no such date.
    OutOfTime,
}

/// What was met in the values of a file, was kept, and is worth telling.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Oddities {
    /// Money that had more than four decimals.
    pub(crate) rounded: u64,
    /// Texts out of which symbols were taken that no eye sees.
    pub(crate) cleaned: u64,
    /// Texts in which signs stand for bytes that were no letters: they came so, or are in another encoding.
    pub(crate) spoilt: u64,
    /// Phones and e-mails that are none.
    pub(crate) not_normal: u64,
    /// Texts in which phones or e-mails were replaced.
    pub(crate) searched: u64,
    /// Of them, those by which a row is known.
    pub(crate) searched_keys: u64,
    /// Cells of several values of which the first was taken.
    pub(crate) first_taken: u64,
    /// Rows that are the header once more.
    pub(crate) headers: u64,
    /// Rows of a period that were spread over its days.
    pub(crate) spread: u64,
    /// Periods of more than a year.
    pub(crate) spread_long: u64,
    /// Dates after the last one that can be by now: of an ingest on a later day they may be right.
    pub(crate) beyond: u64,
    /// Lookalike values.
    pub(crate) alike: Alike,
    /// What all values of a column together say.
    pub(super) of_columns: Vec<Text>,
    /// What its rows say that only this file tells.
    pub(super) of_file: Vec<Text>,
    /// Dates that are not filled, by table and column.
    dates: BTreeMap<(String, Why), Met>,
    /// Amounts below zero, by table and column.
    below_zero: BTreeMap<String, Met>,
    /// Sums and differences of which a part is empty, by table and column: how many, and what their other parts come to.
    parts: BTreeMap<String, (u64, i128)>,
    /// Lines that were read by themselves, though a quote in them opens a cell and none closes it.
    stray: Lines,
    /// Rows of several lines of which one is a row by itself.
    over_rows: Lines,
}

/// How many lines, and the first of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Lines {
    times: u64,
    first: Vec<u64>,
}

impl Lines {
    /// So many are shown.
    const SHOWN: usize = 5;

    fn add(&mut self, line: u64) {
        self.times += 1;
        if self.first.len() < Lines::SHOWN {
            self.first.push(line);
        }
    }

    /// Adds lines further down.
    fn join(&mut self, further: Lines) {
        self.times += further.times;
        let room = Lines::SHOWN - self.first.len();
        self.first.extend(further.first.into_iter().take(room));
    }

    fn shown(&self) -> String {
        let more = if self.times > self.first.len() as u64 { ", …" } else { "" };
        format!("{}{more}", self.first.iter().map(u64::to_string).collect::<Vec<_>>().join(", "))
    }
}

/// How many values, and the first of them as the file has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Met {
    times: u64,
    first: String,
}

impl Met {
    fn add(&mut self, times: u64, first: &str) {
        if self.times == 0 {
            first.clone_into(&mut self.first);
        }
        self.times += times;
    }
}

impl Oddities {
    /// How many texts are worth telling of.
    pub(super) fn of_texts(&self) -> u64 {
        self.cleaned + self.spoilt + self.not_normal + self.searched + self.first_taken
    }

    /// Counts an empty date.
    pub(super) fn date(&mut self, column: &str, why: Why, text: &str) {
        self.dates.entry((column.to_owned(), why)).or_default().add(1, text);
    }

    /// Counts an amount below zero.
    pub(super) fn below_zero(&mut self, column: &str, shown: &str) {
        self.below_zero.entry(column.to_owned()).or_default().add(1, shown);
    }

    /// Records the result over the filled parts of a sum or difference that was left empty because of another part.
    pub(super) fn fell_out(&mut self, column: &str, units: Option<i128>) {
        if let Some(units) = units {
            let (times, sum) = self.parts.entry(column.to_owned()).or_default();
            (*times, *sum) = (*times + 1, *sum + units);
        }
    }

    fn of_parts(&self) -> impl Iterator<Item = Text> {
        self.parts.iter().map(|(column, (times, units))| {
            Text::new(
                format!(
                    "`{column}` складывается из частей, и одна из них пуста в строках: {times}; их суммы не взяты, остальные части там — \
                     {}. Если пустая часть — ноль, поставьте в выгрузке 0",
                    money::shown(*units, Lang::Ru)
                ),
                format!(
                    "`{column}` is made of parts, and one of them is empty in rows: {times}; no amount was taken of them, and their other \
                     parts come to {}. Where an empty part is none, let the export have 0 there",
                    money::shown(*units, Lang::En)
                ),
            )
        })
    }

    /// Counts a row with ambiguous quotes.
    pub(super) fn quotes(&mut self, record: &Record) {
        match record.quotes {
            Quotes::Stray => self.stray.add(record.line),
            Quotes::OverRows => self.over_rows.add(record.line),
            Quotes::Plain | Quotes::Broken | Quotes::Open => {}
        }
    }

    /// What is to be told of the lines of one file.
    pub(crate) fn of_lines(&self) -> Vec<Text> {
        let mut notes = self.of_file.clone();
        let (times, lines) = (self.stray.times, self.stray.shown());
        if times > 0 {
            notes.push(Text::new(
                format!("строк с кавычкой, которая ничего не закрывает: {times} (строки {lines}); каждая прочитана сама по себе, проверьте их"),
                format!("lines with a quote that closes nothing: {times} (lines {lines}); each was read by itself: look at them"),
            ));
        }
        let (times, lines) = (self.over_rows.times, self.over_rows.shown());
        if times > 0 {
            notes.push(Text::new(
                format!("строк таблицы на несколько строк файла, среди которых есть похожая на строку таблицы: {times} (строки {lines}); \
                         прочитаны как одна: если их несколько, не закрыта кавычка"),
                format!("rows over several lines of which one looks like a row by itself: {times} (lines {lines}); read as one: if they \
                         are several, a quote is not closed"),
            ));
        }
        notes
    }

    /// Those of the pieces of a file that one thread reads; see [`Alike::of_pieces`].
    pub(super) fn of_pieces() -> Oddities {
        Oddities { alike: Alike::of_pieces(), ..Oddities::default() }
    }

    /// What was met so far. What follows is met anew, but for the values that are compared with each other.
    pub(super) fn take(&mut self) -> Oddities {
        let fresh = self.alike.take_fresh();
        let known = std::mem::replace(&mut self.alike, fresh);
        std::mem::replace(self, Oddities { alike: known, ..Oddities::default() })
    }

    /// Adds what was met further down in the same file.
    pub(super) fn join(&mut self, mut further: Oddities) {
        self.stray.join(std::mem::take(&mut further.stray));
        self.over_rows.join(std::mem::take(&mut further.over_rows));
        self.of_file.append(&mut further.of_file);
        self.add(further);
    }

    /// Adds what was met in another file.
    pub(crate) fn add(&mut self, other: Oddities) {
        self.rounded += other.rounded;
        self.cleaned += other.cleaned;
        self.spoilt += other.spoilt;
        self.not_normal += other.not_normal;
        self.searched += other.searched;
        self.searched_keys += other.searched_keys;
        self.first_taken += other.first_taken;
        self.headers += other.headers;
        self.spread += other.spread;
        self.spread_long += other.spread_long;
        self.beyond += other.beyond;
        self.alike.add(other.alike);
        self.of_columns.extend(other.of_columns);
        for (place, (times, units)) in other.parts {
            let (all, sum) = self.parts.entry(place).or_default();
            (*all, *sum) = (*all + times, *sum + units);
        }
        for (place, met) in other.dates {
            self.dates.entry(place).or_default().add(met.times, &met.first);
        }
        for (place, met) in other.below_zero {
            self.below_zero.entry(place).or_default().add(met.times, &met.first);
        }
    }

    /// What was met that has a column and an example.
    pub(crate) fn notes(&self) -> impl Iterator<Item = Text> {
        let dates = self.dates.iter().map(|((column, why), Met { times, first })| match why {
            Why::Unset => Text::new(
                format!("`{column}`: дат, которые значат «пусто»: {times} (`{first}`); не заполнены"),
                format!("`{column}`: dates that stand for an empty cell: {times} (`{first}`); not filled"),
            ),
            Why::OutOfTime => Text::new(
                format!("`{column}`: невозможных дат: {times} (`{first}`); не заполнены; поправьте их в CRM и выгрузите ещё раз"),
                format!("`{column}`: impossible dates: {times} (`{first}`); not filled; mend them in the CRM and export again"),
            ),
        });
        let below_zero = self.below_zero.iter().map(|(column, Met { times, first })| {
            Text::new(
                format!("`{column}`: сумм меньше нуля: {times} (`{first}`); взяты как есть; возврат — это событие `refund`"),
                format!("`{column}`: amounts below zero: {times} (`{first}`); taken as they are; money given back is an event `refund`"),
            )
        });
        dates.chain(below_zero).chain(self.of_parts()).chain(self.of_columns.iter().cloned())
    }
}
