//! Totals that the mapping does not know: a row that says so and whose amount is the sum of the rows above doubles the money.

use super::plan::Plan;
use super::row::Row;
use super::sums::Sums;
use crate::model::lang::Text;

/// How a total calls itself, in small letters.
pub(super) const WORDS: [&str; 12] = [
    "итого",
    "итог",
    "всего",
    "общий итог",
    "общая сумма",
    "итого по всем",
    "total",
    "totals",
    "grand total",
    "sum",
    "subtotal",
    "total rows",
];

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Is<'r> {
    Row,
    /// Called so, and no sum of the rows above.
    Named(&'r str),
    Total(&'r str),
}

/// Looks for totals while a file is read whose mapping names none.
#[derive(Default)]
pub(super) struct Totals {
    /// The sums of the columns of money, of the totals met so far: their rows count for nothing.
    of_totals: Vec<i128>,
    /// The sums at the last of them.
    at_last: Vec<i128>,
    /// Rows that call themselves so, and whose amount is no sum of those above: the first line, how many, and the word.
    taken: Option<(u64, u64, String)>,
    /// Of a piece of a file, whose sums above are not known: whether any row calls itself a total.
    asks: Option<bool>,
}

impl Totals {
    /// Those of pieces of a file: what stands above them is not known.
    pub(super) fn of_pieces() -> Totals {
        Totals { asks: Some(false), ..Totals::default() }
    }

    /// Whether a row of the piece calls itself a total, so that the sums above have to be known. Asked once.
    pub(super) fn asked(&mut self) -> bool {
        self.asks.as_mut().is_some_and(std::mem::take)
    }

    /// What a row is: one that calls itself a total and has the sum of the rows above, or one that only calls itself so.
    pub(super) fn see<'r>(&mut self, plan: &Plan, row: Row<'r>, sums: &Sums<'_>) -> Is<'r> {
        // a mended row has none of the others above it
        let is_looked_for = plan.totals.is_empty() && row.record.mends.is_none();
        let Some(word) = Some(row).filter(|_| is_looked_for).and_then(|row| named(plan, row)) else { return Is::Row };
        if let Some(asks) = &mut self.asks {
            *asks = true;
            return Is::Row;
        }
        let (now, amounts) = (sums.all(), sums.amounts(row));
        self.of_totals.resize(now.len(), 0);
        self.at_last.resize(now.len(), 0);
        let rows: Vec<i128> = now.iter().zip(&self.of_totals).map(|(all, totals)| all - totals).collect();
        let is_sum = |at: usize| match amounts[at] {
            None | Some(0) => None,
            Some(amount) => Some(amount == rows[at] || amount == rows[at] - self.at_last[at]),
        };
        let told: Vec<bool> = (0..now.len()).filter_map(is_sum).collect();
        if told.is_empty() || told.contains(&false) {
            return Is::Named(word);
        }
        self.at_last = rows;
        let refused = self.of_totals.iter_mut().zip(&amounts);
        refused.for_each(|(totals, amount)| *totals += amount.unwrap_or(0));
        Is::Total(word)
    }

    /// Records an accepted row that only calls itself a total.
    pub(super) fn took(&mut self, line: u64, word: &str) {
        self.taken.get_or_insert_with(|| (line, 0, word.to_owned())).1 += 1;
    }

    /// What is to be told of rows that were taken.
    pub(super) fn note(&self) -> Option<Text> {
        let (line, times, word) = self.taken.as_ref()?;
        Some(Text::new(
            format!(
                "строк, которые названы итогом, а взяты как данные: {times} (первая — строка {line}, `{word}`); если это итоги, укажите в \
                 [[export]]: totals = [\"{word}\"]"
            ),
            format!(
                "rows that are called a total and were taken as data: {times} (the first is line {line}, `{word}`); if they are totals, say so \
                 in the [[export]]: totals = [\"{word}\"]"
            ),
        ))
    }
}

/// The text by which a row calls itself a total: that of its first cell, or of one by which it is known.
fn named<'r>(plan: &Plan, row: Row<'r>) -> Option<&'r str> {
    let is_total = |text: &&str| {
        let bare = text.trim_end_matches([':', '.', ' ']);
        // a letter of these words has the same length in capitals
        let is_long_enough = |word: &&str| word.len() == bare.len();
        WORDS.iter().any(is_long_enough) && WORDS.contains(&bare.to_lowercase().as_str())
    };
    let begins = |text: &str| text.chars().next().is_some_and(|first| "ивоtgsИВОTGS".contains(first));
    let first = Some(row.cell(0)).filter(|text| begins(text) && is_total(text));
    let keys = || {
        let columns =
            plan.fills.iter().flat_map(|fill| &fill.columns).filter(|column| column.is_key || column.required);
        columns.flat_map(|column| column.cells()).map(|cell| row.cell(*cell))
    };
    first.or_else(|| keys().find(|text| begins(text) && is_total(text)))
}
