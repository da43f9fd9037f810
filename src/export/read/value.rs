//! One cell → one value of ours, or the reason why not. No value is ever replaced by a default.

use std::borrow::Cow;

use super::column_plan::{ColumnPlan, From, Part};
use super::date_limits::is_unset;
use super::faults::FAULTS;
use super::header::fits;
use super::oddities::{Oddities, Why};
use super::reason;
use super::row::{Refused, Row};
use super::signs::Signs;
use crate::export::datum::Value;
use crate::export::mapping::{Case, Operation, Otherwise, Percent, Reading};
use crate::export::records::{Typed, UNCALCULATED};
use crate::export::values::amounts::{self, Amount, Currency};
use crate::export::values::durations::{self, Length};
use crate::export::values::numbers::{self, Decimal, Exact, ONE};
use crate::export::values::periods;
use crate::export::values::personal::{self, Personal};
use crate::model::lang::Text;
use crate::model::shown::{hides, is_unseen};
use crate::model::tables::{Kind, MEASURES};

/// A spreadsheet keeps so many digits of a number.
const DIGITS_KEPT: usize = 15;

impl ColumnPlan {
    /// Reads the column's value in a row.
    pub(super) fn read<'r>(&'r self, row: Row<'r>, met: &mut Oddities) -> Result<Value<'r>, Refused> {
        self.read_period(row, met).map(|(value, _)| value)
    }

    /// The same, whether or not its text was met before.
    pub(super) fn read_anew<'r>(
        &'r self,
        row: Row<'r>,
        met: &mut Oddities,
    ) -> Result<(Value<'r>, Option<i64>), Refused> {
        let (cell, text) = match &self.from {
            From::Cells(cells) => self.first(cells, row)?,
            From::Const(text) => (None, Some(Cow::Borrowed(text.as_str()))),
            From::Concat(cells, with) => (None, self.concat(cells, with, row)?),
            From::RowNumber(_) if row.record.mends.is_some() => {
                return Err(self.refuse(None, "", reason::mended_by_number()));
            }
            From::RowNumber(section) => (None, Some(Cow::Owned(format!("{section}-{}", row.number)))),
            From::Compute(operation, parts) => return Ok((self.compute(*operation, parts, row, met)?, None)),
        };
        let Some(text) = text else {
            return match self.required {
                true => Err(self.refuse(cell, "", reason::not_filled())),
                false => Ok((Value::Null, None)),
            };
        };
        let typed = cell.map_or(Typed::No, |cell| row.typed(cell));
        if !self.required && matches!(self.kind, Kind::Instant | Kind::Day) && is_unset(&text) {
            met.date(&self.place, Why::Unset, &text);
            return Ok((Value::Null, None));
        }
        let refuse = |reason: Text| Err(self.refuse(cell, &text, reason));
        let value = match self.kind {
            Kind::Text if self.is_plan_period => {
                match periods::read(&text, self.reading.dates.as_deref(), self.reading.periods) {
                    Ok(period) => Ok(Value::Text(Cow::Owned(period.to_string()))),
                    Err(why) => refuse(reason::no_plan_period(why)),
                }
            }
            Kind::Text => self.text(cell, text, typed, met),
            Kind::Count if self.is_length && typed == Typed::No => self.length(cell, &text),
            Kind::Money => {
                let exact = self.exact(cell, &text, row)?;
                met.rounded += u64::from(exact.rounded);
                if exact.units < 0 {
                    met.below_zero(&self.place, &text);
                }
                Ok(Value::Whole(exact.units))
            }
            Kind::Count => match self.exact(cell, &text, row)? {
                exact if exact.units % ONE == 0 && !exact.rounded => Ok(Value::Whole(exact.units / ONE)),
                _ => refuse(reason::not_whole()),
            },
            Kind::Real => {
                let (bare, percent) = match text.strip_suffix('%') {
                    Some(bare) => (bare.trim_end(), true),
                    // a cell of a workbook that shows 15 % holds 0.15, and one that shows 15 holds 15
                    None => (text.as_ref(), self.reading.percent != Percent::No && typed != Typed::Percent),
                };
                match numbers::real(bare, self.decimal(typed)) {
                    Some(number) if self.is_share && !percent && !(0.0..=1.0).contains(&number) => {
                        Err(self.above_one(cell, &text, number))
                    }
                    Some(number) if self.is_share && percent && !(0.0..=100.0).contains(&number) => {
                        refuse(reason::no_share())
                    }
                    Some(number) if percent && self.reading.percent == Percent::Stated && !text.ends_with('%') => {
                        self.seen.borrow_mut().percent(number, row.record.line, &text);
                        Ok(Value::Real(number / 100.0))
                    }
                    Some(number) => Ok(Value::Real(if percent { number / 100.0 } else { number })),
                    None => refuse(self.no_number(&text, typed)),
                }
            }
            Kind::Instant => match self.moment(&text, typed, row) {
                Some(moment) => self.in_time(cell, &text, self.instant(moment), met),
                None => Err(self.no_date(cell, &text, typed, row)),
            },
            Kind::Day => return self.day(cell, &text, typed, row, met),
            Kind::Entries | Kind::Returns | Kind::Intervals | Kind::Instants => refuse(reason::never_mapped()),
            Kind::Amounts | Kind::Days | Kind::Reals | Kind::Absences => refuse(reason::never_mapped()),
        };
        value.map(|value| (value, None))
    }

    /// The cells that its texts come from.
    pub(super) fn cells(&self) -> &[usize] {
        match &self.from {
            From::Cells(cells) | From::Concat(cells, _) => cells,
            From::Const(_) | From::RowNumber(_) | From::Compute(..) => &[],
        }
    }

    /// Whether nothing is in the cells that it comes from.
    pub(super) fn is_empty(&self, row: Row<'_>) -> bool {
        let is_empty = |cell: &usize| matches!(clean(row.cell(*cell), &self.reading, *cell), Ok(None));
        !self.cells().is_empty() && self.cells().iter().all(is_empty)
    }

    fn text<'r>(
        &'r self,
        cell: Option<usize>,
        text: Cow<'r, str>,
        typed: Typed,
        met: &mut Oddities,
    ) -> Result<Value<'r>, Refused> {
        let text = match &self.reading.first_of {
            Some(mark) if text.contains(mark.as_str()) => {
                met.first_taken += 1;
                let first = text.split(mark.as_str()).map(str::trim).find(|part| !part.is_empty());
                match first {
                    Some(first) => Cow::Owned(first.to_owned()),
                    None if self.required => return Err(self.refuse(cell, "", reason::not_filled())),
                    None => return Ok(Value::Null),
                }
            }
            _ => text,
        };
        let signs = Signs::of(&text);
        met.spoilt += u64::from(signs.any(Signs::REPLACED) && text.contains(char::REPLACEMENT_CHARACTER));
        let text = match signs.any(Signs::HIDDEN) && hides(&text) {
            true => {
                met.cleaned += 1;
                let seen: String = text.chars().filter(|symbol| !is_unseen(*symbol)).collect();
                match seen.trim() {
                    "" if self.required => return Err(self.refuse(cell, "", reason::not_filled())),
                    "" => return Ok(Value::Null),
                    seen => Cow::Owned(seen.to_owned()),
                }
            }
            false => text,
        };
        if let Some(allowed) = self.words.filter(|allowed| !allowed.contains(&text.as_ref())) {
            return Err(self.refuse(cell, &text, reason::unknown_word(&self.name, allowed)));
        }
        if self.is_id && (typed != Typed::No || signs.any(Signs::POWER)) && is_spoilt(&text, typed) {
            return Err(self.refuse(cell, &text, reason::spoilt_id()));
        }
        let text = match self.reading.normal {
            None => text,
            Some(form) => match personal::normal(&text, form) {
                Some(normal) => Cow::Owned(normal),
                // a client who cannot be reached is a client all the same, and his deal is one
                None => {
                    met.not_normal += 1;
                    return Ok(Value::Null);
                }
            },
        };
        let text = match self.reading.prefix.as_str() {
            "" => text,
            _ if personal::is_hash(&text) => text,
            prefix => Cow::Owned(format!("{prefix}{text}")),
        };
        match (self.personal, &self.key) {
            (Personal::Keep, _) => self.searched(cell, text, met),
            (Personal::Hash, Some(key)) => Ok(Value::Text(Cow::Owned(key.hash(&text)))),
            // without a key nothing personal gets through
            (Personal::Hash | Personal::Drop, _) => Ok(Value::Null),
        }
    }

    /// A text that the mapping does not call personal, without the phones and e-mails in it.
    fn searched<'r>(&self, cell: Option<usize>, text: Cow<'r, str>, met: &mut Oddities) -> Result<Value<'r>, Refused> {
        let clean = self.scrub.as_ref().and_then(|scrub| Some((scrub, scrub.clean(&text)?)));
        let text = match clean {
            None => text,
            // masks would make one of two
            Some((scrub, _)) if self.is_key && !scrub.tells_apart() => {
                return match self.required {
                    true => Err(self.refuse(cell, "", reason::personal_id())),
                    false => Ok(Value::Null),
                };
            }
            Some((_, clean)) => {
                met.searched += 1;
                met.searched_keys += u64::from(self.is_key);
                Cow::Owned(clean)
            }
        };
        if self.is_measure && !MEASURES.contains(&text.as_ref()) {
            self.seen.borrow_mut().measure(&text);
        }
        if let Some(column) = self.watched {
            met.alike.see(column, &text);
        }
        Ok(Value::Text(text))
    }

    fn length<'r>(&self, cell: Option<usize>, text: &str) -> Result<Value<'r>, Refused> {
        match durations::read(text, self.reading.duration) {
            Some(Length::Seconds(seconds)) => Ok(Value::Whole(seconds)),
            Some(Length::Either(minutes, hours)) => {
                let way_out = Text::new(
                    "скажите в маппинге, что это: duration = \"mm:ss\" или duration = \"hh:mm\"",
                    "say which in the mapping: duration = \"mm:ss\" or duration = \"hh:mm\"",
                );
                let refused = self.refuse(cell, text, reason::two_lengths(minutes, hours));
                Err(Refused { whole_column: Some(Box::new(way_out)), ..refused })
            }
            None => Err(self.refuse(cell, text, reason::no_length())),
        }
    }

    /// Reads a number with what is written around it.
    fn exact(&self, cell: Option<usize>, text: &str, row: Row<'_>) -> Result<Exact, Refused> {
        let typed = cell.map_or(Typed::No, |cell| row.typed(cell));
        let Amount { number, currency, tens } = amounts::read(text);
        let currency = currency.or_else(|| amounts::named(row.cell(self.currency_cell?)));
        // a sheet may show a currency that the value itself does not have; what is multiplied is converted from it
        let is_converted =
            self.reading.currency.is_some() && matches!(self.from, From::Compute(Operation::Multiply, _));
        let shown = if let Typed::Money(shown) = typed { Some(shown).filter(|_| !is_converted) } else { None };
        let currency = currency.or(shown);
        let exact = numbers::scaled(&number, self.decimal(typed), tens);
        let exact = exact.ok_or_else(|| self.refuse(cell, text, self.no_number(text, typed)))?;
        match self.kind {
            Kind::Money => self.one_currency(cell, text, currency, exact.units == 0).map(|()| exact),
            _ => Ok(exact),
        }
    }

    /// The amount of a row that is refused, for its sum; in units. What the column knows of its currency stays as it was.
    pub(super) fn amount(&self, row: Row<'_>) -> Result<i64, Refused> {
        let known = (self.currency.get(), self.bare.get(), self.met.get());
        let read = self.read(row, &mut Oddities::default());
        self.currency.set(known.0);
        self.bare.set(known.1);
        self.met.set(known.2);
        read.map(|value| if let Value::Whole(units) = value { units } else { 0 })
    }

    /// Two currencies never add up: all amounts of a column say the same one, or none of them says any, or the mapping or
    /// the header says which it is.
    fn one_currency(&self, cell: Option<usize>, text: &str, met: Option<Currency>, zero: bool) -> Result<(), Refused> {
        let known = self.currency.get();
        self.met.set(self.met.get() || !zero);
        let ambiguous = |reason: Text, stated: &[Currency]| {
            let stated: Vec<String> = stated.iter().map(|currency| format!("currency = \"{currency}\"")).collect();
            let way_out = Text::new(
                format!(
                    "скажите в маппинге, в какой валюте суммы без неё; суммы в другой уйдут в карантин: {}",
                    stated.join(" или ")
                ),
                format!(
                    "say in the mapping what the amounts without a currency are in; those in another one are then quarantined: {}",
                    stated.join(" or ")
                ),
            );
            Err(Refused { whole_column: Some(Box::new(way_out)), ..self.refuse(cell, text, reason) })
        };
        match (met, known) {
            (Some(met), Some(known)) if met == known => Ok(()),
            (Some(met), Some(known)) if self.reading.currency.is_some() => {
                Err(self.refuse(cell, text, reason::other_currency(met, known)))
            }
            (Some(met), Some(known)) => ambiguous(reason::two_currencies(met, known), &[known, met]),
            (Some(met), None) if self.bare.get() => ambiguous(reason::some_bare(met), &[met]),
            (Some(met), None) => {
                self.currency.set(Some(met));
                Ok(())
            }
            (None, Some(known)) if !self.is_money_named && !zero => ambiguous(reason::bare(known), &[known]),
            (None, _) => {
                self.bare.set(self.bare.get() || !zero);
                Ok(())
            }
        }
    }

    fn first<'r>(&'r self, cells: &[usize], row: Row<'r>) -> Result<(Option<usize>, Option<Cow<'r, str>>), Refused> {
        for cell in cells {
            if let Some(text) = clean(row.cell(*cell), &self.reading, *cell)? {
                return Ok((Some(*cell), Some(text)));
            }
        }
        Ok((cells.first().copied(), None))
    }

    fn concat<'r>(&self, cells: &[usize], with: &str, row: Row<'r>) -> Result<Option<Cow<'r, str>>, Refused> {
        let mut joined = String::new();
        for cell in cells {
            if let Some(text) = clean(row.cell(*cell), &self.reading, *cell)? {
                if !joined.is_empty() {
                    joined.push_str(with);
                }
                joined.push_str(&text);
            }
        }
        Ok((!joined.is_empty()).then_some(Cow::Owned(joined)))
    }

    fn compute<'r>(
        &self,
        operation: Operation,
        parts: &[Part],
        row: Row<'r>,
        met: &mut Oddities,
    ) -> Result<Value<'r>, Refused> {
        let mut total: Option<i128> = None;
        for part in parts {
            let mut one = i128::from(ONE);
            let next = match part {
                Part::Number(units) => i128::from(*units),
                Part::Factor(digits, decimals) => {
                    one = 10_i128.pow(*decimals);
                    i128::from(*digits)
                }
                Part::Cell(cell) => {
                    let Some(text) = clean(row.cell(*cell), &self.reading, *cell)? else {
                        met.fell_out(&self.place, self.without(operation, parts, row));
                        return Ok(Value::Null);
                    };
                    let exact = self.exact(Some(*cell), &text, row)?;
                    met.rounded += u64::from(exact.rounded);
                    i128::from(exact.units)
                }
            };
            total = Some(match (total, operation) {
                (None, _) => next,
                (Some(total), Operation::Add) => total + next,
                (Some(total), Operation::Subtract) => total - next,
                (Some(total), Operation::Multiply) => {
                    let Some(product) = total.checked_mul(next) else {
                        return Err(self.refuse(None, "", reason::product_too_large()));
                    };
                    met.rounded += u64::from(product % one != 0);
                    product.saturating_add(product.signum() * one / 2) / one
                }
            });
        }
        let Some(units) = numbers::fitting(total.unwrap_or_default()) else {
            return Err(self.refuse(None, "", reason::result_too_large()));
        };
        match self.kind {
            Kind::Count if units % ONE != 0 => Err(self.refuse(None, "", reason::result_not_whole())),
            Kind::Count => Ok(Value::Whole(units / ONE)),
            #[allow(clippy::cast_precision_loss)] // a real number was asked for
            Kind::Real => Ok(Value::Real(units as f64 / ONE as f64)),
            _ => Ok(Value::Whole(units)),
        }
    }

    pub(super) fn decimal(&self, typed: Typed) -> Decimal {
        match (&self.from, typed) {
            (From::Const(_), _) | (_, Typed::Number | Typed::Whole | Typed::Percent | Typed::Money(_)) => {
                Decimal::Point
            }
            // neither stated nor proven: no value of the column has a mark
            _ => self.reading.decimal.unwrap_or(Decimal::Point),
        }
    }

    fn no_number(&self, text: &str, typed: Typed) -> Text {
        if text.contains('(') && text.contains(')') && text.contains(|c: char| c.is_ascii_digit()) {
            return reason::in_brackets();
        }
        if text.ends_with(['-', '−', '–']) && text.starts_with(|c: char| c.is_ascii_digit()) {
            return reason::minus_behind();
        }
        let worded = text.chars().any(|c| !c.is_ascii_digit() && !c.is_whitespace() && !".,-+'()".contains(c));
        match worded {
            true => reason::number_with_words(),
            false => reason::not_a_number(char::from(self.decimal(typed).mark())),
        }
    }

    pub(super) fn refuse(&self, cell: Option<usize>, value: &str, reason: Text) -> Refused {
        // what was put together out of several cells is nobody's cell, and may be somebody's name
        let value = if cell.is_none() && self.personal != Personal::Keep { "" } else { value };
        Refused { cell, value: value.to_owned(), reason, whole_column: None }
    }
}

/// A cell's text without the spaces around it, prepared for its column's reading. `None` if the cell is empty.
pub(super) fn clean<'r>(text: &'r str, reading: &'r Reading, cell: usize) -> Result<Option<Cow<'r, str>>, Refused> {
    // a formula that says a text: so exports keep the zeros before an id
    let text = text.strip_prefix("=\"").and_then(|text| text.strip_suffix('"')).map_or(text, str::trim);
    if text.is_empty() || reading.empty.iter().any(|e| e == text) {
        return Ok(None);
    }
    let refuse = |text: &str, reason: Text| {
        Err(Refused { cell: Some(cell), value: text.to_owned(), reason, whole_column: None })
    };
    if text.starts_with('#') && FAULTS.contains(&text) {
        return refuse(text, reason::spreadsheet_error());
    }
    if text == UNCALCULATED {
        return refuse(text, reason::uncalculated());
    }
    let mut text = Cow::Borrowed(text);
    for unwanted in &reading.strip {
        if text.contains(unwanted.as_str()) {
            text = Cow::Owned(text.replace(unwanted.as_str(), "").trim().to_owned());
        }
    }
    match reading.case {
        Some(Case::Lower) => text = Cow::Owned(text.to_lowercase()),
        Some(Case::Upper) => text = Cow::Owned(text.to_uppercase()),
        None => {}
    }
    if !reading.values.is_empty() || !reading.patterns.is_empty() {
        let fitting = || reading.patterns.iter().find(|(theirs, _)| fits(theirs, &text)).map(|(_, ours)| ours);
        match (reading.values.get(text.as_ref()).or_else(fitting), &reading.values_else) {
            (Some(ours), _) => text = Cow::Borrowed(ours.as_str()),
            (None, Otherwise::Keep) => {}
            (None, Otherwise::Empty) => return Ok(None),
            (None, Otherwise::Const(ours)) => text = Cow::Borrowed(ours.as_str()),
            (None, Otherwise::Quarantine) => return refuse(&text, reason::not_listed()),
        }
    }
    Ok((!text.is_empty()).then_some(text))
}

/// Whether an id went through a spreadsheet: `5.8e+18`, or a number of more digits than it keeps.
fn is_spoilt(id: &str, typed: Typed) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if matches!(typed, Typed::Number | Typed::Money(_)) && id.len() > DIGITS_KEPT && digits(id) {
        return true;
    }
    let Some((number, power)) = id.split_once(['e', 'E']) else { return false };
    power.strip_prefix('+').is_some_and(digits) && number.split(['.', ',']).all(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spoilt_id_is_known() {
        let spoilt = |id| is_spoilt(id, Typed::No);
        assert!(spoilt("5.8e+18") && spoilt("5,8E+18") && spoilt("5E+18"));
        assert!(!spoilt("5e18") && !spoilt("1e+x") && !spoilt("e+1") && !spoilt("abc"));
        // text keeps all its digits, and so does a whole number; a number of a sheet does not
        assert!(!spoilt("1234567890123456789") && is_spoilt("1234567890123456789", Typed::Number));
        assert!(!is_spoilt("1234567890123456789", Typed::Whole));
        assert!(!is_spoilt("123456789012345", Typed::Number));
    }

    #[test]
    fn a_cell_is_cleaned_before_it_is_read() {
        let reading = Reading {
            empty: vec!["—".into()],
            strip: vec!["руб.".into()],
            case: Some(Case::Lower),
            values: [("да".to_owned(), "yes".to_owned())].into(),
            values_else: Otherwise::Keep,
            ..Reading::default()
        };
        let cleaned = |text| clean(text, &reading, 3).map(|t| t.map(Cow::into_owned));
        assert_eq!(cleaned("—"), Ok(None));
        assert_eq!(cleaned("Да"), Ok(Some("yes".into())));
        assert_eq!(cleaned("500 руб."), Ok(Some("500".into())));
        assert_eq!(cleaned("руб."), Ok(None));
        assert_eq!(cleaned("#REF!").unwrap_err().reason, reason::spreadsheet_error());
        let strict = Reading { values_else: Otherwise::Quarantine, ..reading.clone() };
        assert_eq!(clean("нет", &strict, 3).unwrap_err().reason, reason::not_listed());
    }
}
