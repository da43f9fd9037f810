//! One cell → one value of ours, or the reason why not. No value is ever replaced by a default.

use std::borrow::Cow;

use super::plan::{ColumnPlan, From, Part};
use super::reason;
use crate::ingest::dates::{DateFormat, Moment};
use crate::ingest::mapping::{Case, Operation, Otherwise, Reading};
use crate::ingest::numbers::{self, Decimal, ONE};
use crate::model::lang::Text;
use crate::model::tables::Kind;

/// A value as the store holds it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::ingest) enum Value<'r> {
    /// Not filled.
    Null,
    /// Text, never empty.
    Text(Cow<'r, str>),
    /// Money in units, an instant in microseconds, a day since 1970, a count.
    Whole(i64),
    /// A real number.
    Real(f64),
}

/// Why a value was refused: the row goes to quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ingest) struct Refused {
    /// The cell that it came from; none: made of several, or of none.
    pub(super) cell: Option<usize>,
    pub(super) value: String,
    pub(super) reason: Text,
}

/// One row of an export: text known to be UTF-8, cut into cells.
#[derive(Clone, Copy)]
pub(super) struct Row<'r> {
    pub(super) text: &'r str,
    pub(super) record: &'r csv::ByteRecord,
}

impl<'r> Row<'r> {
    /// A cell without the spaces around it; empty where the row is too short.
    pub(super) fn cell(&self, index: usize) -> &'r str {
        self.record.range(index).and_then(|range| self.text.get(range)).unwrap_or_default().trim()
    }
}

const FAULTS: [&str; 14] = [
    "#REF!",
    "#N/A",
    "#VALUE!",
    "#DIV/0!",
    "#NAME?",
    "#NUM!",
    "#NULL!",
    "#ССЫЛКА!",
    "#Н/Д",
    "#ЗНАЧ!",
    "#ДЕЛ/0!",
    "#ИМЯ?",
    "#ЧИСЛО!",
    "#ПУСТО!",
];

impl ColumnPlan {
    /// Reads the column's value in a row. `rounded` counts money that had more than four decimals.
    pub(super) fn read<'r>(&self, row: Row<'r>, rounded: &mut u64) -> Result<Value<'r>, Refused> {
        let (cell, text) = match &self.from {
            From::Cells(cells) => self.first(cells, row)?,
            From::Const(text) => (None, Some(Cow::Owned(text.clone()))),
            From::Concat(cells, with) => (None, self.concat(cells, with, row)?),
            From::Compute(operation, parts) => return self.compute(*operation, parts, row, rounded),
        };
        let Some(text) = text else {
            return match self.required {
                true => Err(self.refuse(cell, "", reason::not_filled())),
                false => Ok(Value::Null),
            };
        };
        let refuse = |reason: Text| Err(self.refuse(cell, &text, reason));
        match self.kind {
            Kind::Text => {
                if let Some(allowed) = self.words.filter(|allowed| !allowed.contains(&text.as_ref())) {
                    return refuse(reason::unknown_word(&self.name, allowed));
                }
                if self.is_id && is_spoilt(&text) {
                    return refuse(reason::spoilt_id());
                }
                match self.reading.prefix.as_str() {
                    "" => Ok(Value::Text(text)),
                    prefix => Ok(Value::Text(Cow::Owned(format!("{prefix}{text}")))),
                }
            }
            Kind::Money => match numbers::exact(&text, self.decimal()) {
                Some(exact) => {
                    *rounded += u64::from(exact.rounded);
                    Ok(Value::Whole(exact.units))
                }
                None => refuse(self.no_number(&text)),
            },
            Kind::Count => match numbers::exact(&text, self.decimal()) {
                Some(exact) if exact.units % ONE == 0 && !exact.rounded => Ok(Value::Whole(exact.units / ONE)),
                Some(_) => refuse(reason::not_whole()),
                None => refuse(self.no_number(&text)),
            },
            Kind::Real => {
                let (bare, percent) = match text.strip_suffix('%') {
                    Some(bare) => (bare.trim_end(), true),
                    None => (text.as_ref(), self.reading.percent),
                };
                match numbers::real(bare, self.decimal()) {
                    Some(number) => Ok(Value::Real(if percent { number / 100.0 } else { number })),
                    None => refuse(self.no_number(&text)),
                }
            }
            Kind::Instant => match self.moment(&text) {
                Some(moment) => Ok(Value::Whole(self.instant(moment))),
                None => refuse(self.no_date()),
            },
            Kind::Day => match self.moment(&text) {
                Some(moment) => Ok(Value::Whole(i64::from(moment.local.date().to_epoch_days()))),
                None => refuse(self.no_date()),
            },
            Kind::Entries | Kind::Returns | Kind::Intervals | Kind::Instants => refuse(reason::never_mapped()),
        }
    }

    fn first<'r>(&self, cells: &[usize], row: Row<'r>) -> Result<(Option<usize>, Option<Cow<'r, str>>), Refused> {
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
        rounded: &mut u64,
    ) -> Result<Value<'r>, Refused> {
        let mut total: Option<i128> = None;
        for part in parts {
            let next = match part {
                Part::Number(units) => i128::from(*units),
                Part::Cell(cell) => {
                    let Some(text) = clean(row.cell(*cell), &self.reading, *cell)? else { return Ok(Value::Null) };
                    let exact = numbers::exact(&text, self.decimal());
                    let exact = exact.ok_or_else(|| self.refuse(Some(*cell), &text, self.no_number(&text)))?;
                    *rounded += u64::from(exact.rounded);
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
                    let one = i128::from(ONE);
                    *rounded += u64::from(product % one != 0);
                    (product + product.signum() * one / 2) / one
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

    /// Microseconds since 1970, UTC.
    fn instant(&self, moment: Moment) -> i64 {
        match moment.offset {
            Some(offset) => moment.local.and_utc().timestamp_micros() - i64::from(offset) * 1_000_000,
            None => self.calendar.instant(moment.local).timestamp_micros(),
        }
    }

    fn moment(&self, text: &str) -> Option<Moment> {
        match (&self.from, &self.reading.dates) {
            // written as a TOML date, so in this one form
            (From::Const(_), _) | (_, None) => DateFormat::parse("yyyy-mm-dd").ok()?.read(text),
            (_, Some(formats)) => formats.iter().find_map(|format| format.read(text)),
        }
    }

    fn decimal(&self) -> Decimal {
        match self.from {
            From::Const(_) => Decimal::Point,
            // neither stated nor proven: no value of the column has a mark
            _ => self.reading.decimal.unwrap_or(Decimal::Point),
        }
    }

    fn no_date(&self) -> Text {
        reason::not_a_date(self.reading.dates.iter().flatten())
    }

    fn no_number(&self, text: &str) -> Text {
        let worded = text.chars().any(|c| !c.is_ascii_digit() && !c.is_whitespace() && !".,-+'()".contains(c));
        match worded {
            true => reason::number_with_words(),
            false => reason::not_a_number(char::from(self.decimal().mark())),
        }
    }

    fn refuse(&self, cell: Option<usize>, value: &str, reason: Text) -> Refused {
        Refused { cell, value: value.to_owned(), reason }
    }
}

/// A cell's text as its reading wants it; none: not filled.
pub(super) fn clean<'r>(text: &'r str, reading: &Reading, cell: usize) -> Result<Option<Cow<'r, str>>, Refused> {
    if text.is_empty() || reading.empty.iter().any(|e| e == text) {
        return Ok(None);
    }
    let refuse = |text: &str, reason: Text| Err(Refused { cell: Some(cell), value: text.to_owned(), reason });
    if text.starts_with('#') && FAULTS.contains(&text) {
        return refuse(text, reason::spreadsheet_error());
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
    if !reading.values.is_empty() {
        match (reading.values.get(text.as_ref()), &reading.values_else) {
            (Some(ours), _) => text = Cow::Owned(ours.clone()),
            (None, Otherwise::Keep) => {}
            (None, Otherwise::Empty) => return Ok(None),
            (None, Otherwise::Const(ours)) => text = Cow::Owned(ours.clone()),
            (None, Otherwise::Quarantine) => return refuse(&text, reason::not_listed()),
        }
    }
    Ok((!text.is_empty()).then_some(text))
}

/// Whether an id went through a spreadsheet: `5.8e+18`.
fn is_spoilt(id: &str) -> bool {
    let Some((number, power)) = id.split_once(['e', 'E']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    power.strip_prefix('+').is_some_and(digits) && number.split(['.', ',']).all(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spoilt_id_is_known() {
        assert!(is_spoilt("5.8e+18") && is_spoilt("5,8E+18") && is_spoilt("5E+18"));
        assert!(!is_spoilt("5e18") && !is_spoilt("1e+x") && !is_spoilt("e+1") && !is_spoilt("abc"));
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
