//! What all rows of an export say of its columns: one pass, in memory that does not grow with the file.

use std::collections::{BTreeMap, BTreeSet};

use xxhash_rust::xxh3::xxh3_64;

use super::days::Days;
use super::digits::{self, Digits};
use super::texts::TOTALS;
use crate::export::ExportError;
use crate::export::records::{Cut, Readable, Record, Typed};
use crate::export::values::numbers::Decimal;
use crate::export::values::personal::{self, Normal};

/// So many values of a column are kept to look at, and so many of all columns.
const SAMPLE: usize = 1000;
const SAMPLES: usize = 200_000;
/// A column of more different values than these is no list of words.
const WORDS: usize = 200;
/// Most keys that are told apart; beyond it, uniqueness is reported as unknown.
const KEYS: usize = 2_000_000;
/// So many are held for all columns together.
const ALL_KEYS: usize = 6_000_000;

/// The table of an export: which sheet, cut by what, below which record.
pub(super) struct Below<'r> {
    pub(super) readable: &'r Readable,
    pub(super) sheet: usize,
    pub(super) delimiter: u8,
    /// The number of the header's record.
    pub(super) header: usize,
    /// How many cells the header has.
    pub(super) cells: usize,
}

impl Below<'_> {
    /// Shows every row below the header that is no total, with its number of cells.
    fn rows(&self, mut see: impl FnMut(&Record, &[&str])) -> Result<u64, ExportError> {
        let mut records = self.readable.records(self.sheet, &Cut::default(), self.delimiter)?;
        let mut record = Record::default();
        for _ in 0..=self.header {
            records.next(&mut record)?;
        }
        let mut totals = 0;
        while records.next(&mut record)? {
            if record.is_blank() {
                continue;
            }
            let lossy: Vec<_> = record.cells.iter().map(String::from_utf8_lossy).collect();
            let cells: Vec<&str> = lossy.iter().map(|cell| cell.trim()).collect();
            if cells.iter().all(|cell| cell.is_empty()) {
                continue;
            }
            match is_total(cells.first().copied().unwrap_or_default(), cells.len() < self.cells) {
                true => totals += 1,
                false => see(&record, &cells),
            }
        }
        Ok(totals)
    }
}

/// Whether a row is a total by its first cell: `Total`, `Total: Campaigns`, and `Total rows: 4` where there is little else.
fn is_total(first: &str, is_short: bool) -> bool {
    let first = first.to_lowercase();
    let rest =
        TOTALS.iter().filter_map(|total| first.strip_prefix(&total.to_lowercase())).min_by_key(|rest| rest.len());
    rest.is_some_and(|rest| match rest.trim_start() {
        "" | "." => true,
        text if text.starts_with(':') => true,
        _ => is_short && !rest.starts_with(char::is_alphanumeric),
    })
}

/// What was seen in all rows.
#[derive(Default)]
pub(super) struct Look {
    pub(super) rows: u64,
    pub(super) totals: u64,
    /// Rows with fewer cells than the header, or with filled ones behind its last.
    pub(super) misshapen: u64,
    pub(super) columns: Vec<Seen>,
}

/// What was seen in a column.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) filled: u64,
    pub(super) sample: Vec<String>,
    /// Distinct values with their counts. `None` if there are too many.
    pub(super) words: Option<BTreeMap<String, u64>>,
    /// Whether a value occurs twice. `None` if the file is too large to check.
    pub(super) repeats: Option<bool>,
    keys: BTreeSet<u64>,
    pub(super) days: Days,
    pub(super) digits: Digits,
    /// Times of day such as `9:30`, and such as `9:30:00`.
    pub(super) clocks: [u64; 2],
}

impl Seen {
    /// Records a value; `columns` share the memory.
    fn see(&mut self, text: &str, typed: Typed, columns: usize) {
        self.filled += 1;
        if self.sample.len() < SAMPLE.min(SAMPLES / columns.max(1)).max(10) {
            self.sample.push(text.to_owned());
        }
        if let Some(words) = &mut self.words {
            let is_full = words.len() >= WORDS.min(SAMPLES / columns.max(1)).max(10) || text.chars().count() > 80;
            match words.get_mut(text) {
                Some(count) => *count += 1,
                None if is_full => self.words = None,
                None => drop(words.insert(text.to_owned(), 1)),
            }
        }
        if self.repeats == Some(false) && !self.keys.insert(xxh3_64(text.as_bytes())) {
            self.repeats = Some(true);
            self.keys = BTreeSet::new();
        }
        if self.keys.len() > KEYS.min(ALL_KEYS / columns.max(1)) {
            self.repeats = None;
            self.keys = BTreeSet::new();
        }
        if is_clock(text) {
            self.clocks[usize::from(text.matches(':').count() > 1)] += 1;
        } else {
            self.days.see(text, typed);
        }
        self.digits.see(text, typed);
    }

    /// Whether most of its values are so; of no values, nothing is known.
    pub(super) fn mostly(&self, is: impl Fn(&str) -> bool) -> bool {
        self.sample.iter().filter(|value| is(value)).count() * 2 > self.sample.len()
    }

    /// Whether it is filled in every row, differently in each.
    pub(super) fn tells_apart(&self, rows: u64) -> bool {
        self.repeats == Some(false) && self.filled == rows && rows > 0
    }

    /// Whether half of its values are dates, words in their place apart.
    pub(super) fn is_date(&self) -> bool {
        let read = self.days.read();
        read > 0 && read * 2 >= self.filled - self.days.words.values().sum::<u64>()
    }

    /// Whether most of its values are numbers, words in their place apart.
    pub(super) fn is_number(&self) -> bool {
        self.digits.count * 2 > self.filled - self.digits.words.values().sum::<u64>()
    }

    /// Whether most of its values are times of day or lengths.
    pub(super) fn is_clock(&self) -> bool {
        (self.clocks[0] + self.clocks[1]) * 2 > self.filled
    }

    /// Whether it says yes or no.
    pub(super) fn is_flag(&self) -> bool {
        const WORDS: [&str; 12] = ["да", "нет", "yes", "no", "true", "false", "0", "1", "y", "n", "д", "н"];
        let is_one = |word: &String| WORDS.contains(&word.to_lowercase().as_str());
        self.words.as_ref().is_some_and(|words| words.len() == 2 && words.keys().all(is_one))
    }

    /// Whether most of its values are phones. Ids of as many digits are none.
    pub(super) fn is_phone(&self) -> bool {
        self.mostly(is_phone)
    }
}

/// Whether a text is a time of day or a length, without a day.
pub(super) fn is_clock(text: &str) -> bool {
    text.contains(':') && text.chars().all(|c| c.is_ascii_digit() || c == ':')
}

/// Whether a text is written as phones are.
pub(super) fn is_phone(value: &str) -> bool {
    const BEGIN: [&str; 8] = ["73", "74", "78", "79", "83", "84", "88", "89"];
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let russian = digits.len() == 11 && BEGIN.iter().any(|begin| digits.starts_with(begin));
    (russian || value.starts_with('+') || value.contains('(')) && personal::normal(value, Normal::Phone).is_some()
}

/// Looks through the whole table.
pub(super) fn look(below: &Below<'_>) -> Result<Look, ExportError> {
    let fresh = || Seen { words: Some(BTreeMap::new()), repeats: Some(false), ..Seen::default() };
    let mut look = Look { columns: (0..below.cells).map(|_| fresh()).collect(), ..Look::default() };
    look.totals = below.rows(|record, cells| {
        look.rows += 1;
        let behind = cells.iter().skip(below.cells).any(|cell| !cell.is_empty());
        look.misshapen += u64::from(behind || (cells.len() < below.cells && record.typed.is_empty()));
        for (at, (seen, text)) in
            look.columns.iter_mut().zip(cells).enumerate().filter(|(_, (_, text))| !text.is_empty())
        {
            seen.see(text, record.typed.get(at).copied().unwrap_or_default(), below.cells);
        }
    })?;
    Ok(look)
}

/// What rows of one key hold.
#[derive(Default)]
pub(super) struct Repeats {
    /// Rows whose key an earlier row has.
    pub(super) rows: u64,
    /// Of them those that are an earlier row in every cell.
    pub(super) same: u64,
    /// Of each amount asked for, in units: of all rows, and of the last row of each key.
    pub(super) sums: Vec<(i128, i128)>,
    /// Whether there are more keys than were told apart.
    pub(super) is_part: bool,
}

/// Looks for rows with the same cells in the columns of a key; `amounts` are the columns of money, each with its mark.
pub(super) fn repeats(below: &Below<'_>, key: &[usize], amounts: &[(usize, Decimal)]) -> Result<Repeats, ExportError> {
    let mut keys: BTreeMap<u64, Vec<i128>> = BTreeMap::new();
    let mut whole: BTreeSet<u64> = BTreeSet::new();
    let mut told = Repeats { sums: vec![(0, 0); amounts.len()], ..Repeats::default() };
    below.rows(|_, cells| {
        let cell = |at: &usize| cells.get(*at).copied().unwrap_or_default();
        let hash = xxh3_64(key.iter().map(cell).collect::<Vec<&str>>().join("\u{1f}").as_bytes());
        let read: Vec<i128> = amounts.iter().map(|(at, decimal)| digits::units(cell(at), *decimal)).collect();
        told.sums.iter_mut().zip(&read).for_each(|(sum, amount)| sum.0 += amount);
        let is_new = whole.insert(xxh3_64(cells.join("\u{1f}").as_bytes()));
        if keys.len() >= KEYS && !keys.contains_key(&hash) {
            told.is_part = true;
        } else if keys.insert(hash, read).is_some() {
            told.rows += 1;
            told.same += u64::from(!is_new);
        }
        if whole.len() > KEYS {
            whole = BTreeSet::new();
            told.is_part = true;
        }
    })?;
    for last in keys.values() {
        told.sums.iter_mut().zip(last).for_each(|(sum, amount)| sum.1 += amount);
    }
    Ok(told)
}
