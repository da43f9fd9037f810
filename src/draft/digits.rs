//! How the numbers of a column are written, and what they come to.

use std::collections::{BTreeMap, BTreeSet};

use crate::export::records::Typed;
use crate::export::values::amounts;
use crate::export::values::numbers::{self, Decimal, Evidence, ONE};

/// So many words stand for an empty number.
const WORDS: usize = 12;

/// The numbers of a column.
#[derive(Default)]
pub(super) struct Digits {
    /// Values that are numbers.
    pub(super) count: u64,
    /// Of them those whose mark can only be a point, and those whose mark can only be a comma.
    point: u64,
    comma: u64,
    /// The first that can be read in two ways.
    pub(super) either: Option<String>,
    /// Sums in units, as a point and as a comma would have it.
    sums: [i128; 2],
    /// The largest of them, likewise.
    largest: [i128; 2],
    pub(super) negative: u64,
    pub(super) currencies: BTreeSet<String>,
    /// Texts without a digit: they stand for an empty cell.
    pub(super) words: BTreeMap<String, u64>,
    /// Values with digits that are no number, and the first of them.
    pub(super) unread: u64,
    pub(super) unread_example: String,
    is_other: bool,
}

/// What is known of a column's decimal mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// No value depends on it.
    None,
    Proven(Decimal),
    /// Nothing proves it, and it matters.
    Unknown,
    /// Some values prove a point, others a comma.
    Both,
}

impl Digits {
    pub(super) fn see(&mut self, text: &str, typed: Typed) {
        if self.is_other || typed == Typed::Time {
            return;
        }
        if !text.contains(|c: char| c.is_ascii_digit()) {
            *self.words.entry(text.chars().take(40).collect()).or_default() += 1;
            self.is_other = self.words.len() > WORDS;
            return;
        }
        let (units, evidence) = read(text);
        let evidence = if typed == Typed::No { evidence } else { Evidence::None };
        match evidence {
            Evidence::Proves(Decimal::Point) => self.point += 1,
            Evidence::Proves(Decimal::Comma) => self.comma += 1,
            Evidence::Either => drop(self.either.get_or_insert_with(|| text.to_owned())),
            Evidence::None => {}
            Evidence::NoNumber => {
                self.unread += 1;
                if self.unread == 1 {
                    text.clone_into(&mut self.unread_example);
                }
                // a column of texts with digits in them
                self.is_other = self.count == 0 && self.unread > 100;
                return;
            }
        }
        self.count += 1;
        self.negative += u64::from(units.iter().any(|units| *units < 0));
        self.sums.iter_mut().zip(units).for_each(|(sum, units)| *sum += units);
        self.largest.iter_mut().zip(units).for_each(|(largest, units)| *largest = units.max(*largest));
        if let Some(currency) = amounts::read(text).currency {
            self.currencies.insert(currency.to_string());
        }
    }

    pub(super) fn mark(&self) -> Mark {
        match (self.point > 0, self.comma > 0, self.either.is_some()) {
            (true, true, _) => Mark::Both,
            (true, ..) => Mark::Proven(Decimal::Point),
            (_, true, _) => Mark::Proven(Decimal::Comma),
            (.., true) => Mark::Unknown,
            _ => Mark::None,
        }
    }

    /// Whether one value is as much as all others together: a total among them.
    pub(super) fn has_total(&self) -> bool {
        let is_half = |(sum, largest): (&i128, &i128)| *largest > 0 && *sum == 2 * *largest;
        self.count > 2 && self.sums.iter().zip(&self.largest).any(is_half)
    }

    /// How many values prove each mark: a point, a comma.
    pub(super) fn proofs(&self) -> (u64, u64) {
        (self.point, self.comma)
    }

    /// The largest value, in whole units; where the decimal mark is open, by the mark that makes it smaller.
    #[allow(clippy::cast_precision_loss)] // only its size matters
    pub(super) fn largest(&self) -> f64 {
        let [point, comma] = self.largest;
        let units = match self.mark() {
            Mark::Proven(Decimal::Comma) => comma,
            Mark::Proven(Decimal::Point) | Mark::None => point,
            Mark::Unknown | Mark::Both => point.min(comma),
        };
        units as f64 / ONE as f64
    }

    /// The sum in units, as a decimal mark has it.
    pub(super) fn sum(&self, decimal: Decimal) -> i128 {
        self.sums[usize::from(decimal == Decimal::Comma)]
    }
}

/// A number in units as a point and as a comma have it, and what it proves. What is no number that way is 0.
fn read(text: &str) -> ([i128; 2], Evidence) {
    let amount = amounts::read(text.strip_suffix('%').map_or(text, str::trim_end));
    let units = |decimal| {
        let exact = numbers::scaled(&amount.number, decimal, amount.tens).map(|exact| i128::from(exact.units));
        exact.unwrap_or_default()
    };
    ([units(Decimal::Point), units(Decimal::Comma)], numbers::evidence(&amount.number))
}

/// A number of a cell in units, as a decimal mark has it; what is none is 0.
pub(super) fn units(text: &str, decimal: Decimal) -> i128 {
    read(text).0[usize::from(decimal == Decimal::Comma)]
}
