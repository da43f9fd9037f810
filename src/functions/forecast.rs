//! `forecast`: what will be won, how wrong such forecasts were, the month day by day, and the pipeline that past months needed. All of one group of
//! rows: deals and the days of the calendar.

use std::mem::take;
use std::sync::Arc;
use std::vec::IntoIter;

use arrow::array::{ArrayRef, StructArray};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::arguments::{Argument, coerce};
use super::error::FunctionError;
use super::statistics::forecast::answer::{Desk, Line};
use super::statistics::forecast::book::{Book, Day, Deal, End, NEVER};
use super::structure::{structure, structure_type};
use super::summary::Summary;

/// The function's name.
const NAME: &str = "forecast";
/// Numbers before the facts of a row: the day of the forecast, whether it is a day of the calendar, and nine of its own.
const HEAD: usize = 11;
/// The kinds of a deal's facts: it entered a stage.
pub(crate) const STAGE: f64 = 0.0;
/// It was to bring an amount.
pub(crate) const AMOUNT: f64 = 1.0;
/// It was planned to close on a day.
pub(crate) const PLAN: f64 = 2.0;
/// The CRM gave it a chance.
pub(crate) const CHANCE: f64 = 3.0;
/// Numbers of a fact: kind, value, day.
const FACT: usize = 3;
/// Deals that began within so many days are seen.
const SPAN: i32 = 3650;
/// No more groups than this, nor a later day.
const MOST: f64 = 1e6;

/// The tables of the answer, and the columns of each.
#[rustfmt::skip]
const TABLES: [(&str, &[&str]); 4] = [
    ("horizons", &[
        "grp", "horizon", "measure", "starts", "ends", "won", "open", "coming", "mean", "p10", "p50", "p90", "last_year", "run_rate",
        "weighted", "headline", "low", "high", "method", "wape", "best_wape", "origins", "covered", "banded", "wins", "why",
    ]),
    ("scores", &["grp", "days", "measure", "method", "origins", "wape", "bias", "ours", "covered", "banded", "first", "last"]),
    ("days", &["grp", "measure", "day", "fact", "p10", "p50", "p90"]),
    ("coverage", &["grp", "measure", "month", "day", "open", "won", "still"]),
];

/// The rows of one company.
#[derive(Debug, Default)]
pub struct Forecast {
    /// The day of the forecast; none where no row has told it.
    today: Option<f64>,
    /// Days of the calendar: day, month, working time.
    days: Vec<[f64; 3]>,
    /// Deals as `postcard` writes them, one after the other, in pieces that are given back one by one.
    deals: Vec<Vec<u8>>,
    /// How many they are at least.
    count: usize,
}

/// Bytes in a piece of packed deals.
const PIECE: usize = 8 << 20;
/// Bytes that are counted for a packed deal, and for each of its entries and further facts: what `postcard` needs where all of it is known.
const OF_DEAL: usize = 56;
const OF_ENTRY: usize = 5;
const OF_FACT: usize = 12;
/// Bytes of packed deals in one number, where they are handed on as numbers: each is a whole one.
const IN_NUMBER: usize = size_of::<u32>();

fn wrong<T>(argument: &'static str, value: f64, allowed: &'static str) -> Result<T, FunctionError> {
    Err(FunctionError::Value { function: NAME, argument, value: value.to_string(), allowed })
}

/// A day, or a small whole number.
fn whole(argument: &'static str, value: f64) -> Result<i32, FunctionError> {
    match value.fract() == 0.0 && value.abs() <= MOST {
        true => Ok(value as i32),
        false => wrong(argument, value, "a whole number of at most 1,000,000"),
    }
}

impl Forecast {
    /// Keeps a deal in little room.
    fn pack(&mut self, row: &[Option<f64>]) -> Result<(), FunctionError> {
        if self.deals.last().is_none_or(|piece| piece.len() > PIECE) {
            self.deals.push(Vec::with_capacity(PIECE + PIECE / 64));
        }
        let deal = deal(row)?;
        if let Some(piece) = self.deals.last_mut() {
            let length = piece.len();
            *piece =
                postcard::to_extend(&deal, take(piece)).map_err(|_| FunctionError::State { function: NAME, length })?;
            self.count += 1;
        }
        Ok(())
    }

    fn see(&mut self, day: f64) -> Result<(), FunctionError> {
        let first = *self.today.get_or_insert(day);
        match first == day {
            true => Ok(()),
            false => Err(FunctionError::ParameterVaries { function: NAME, parameter: "day", first, second: day }),
        }
    }

    /// What is answered from; the rows are taken out.
    fn desk(&mut self) -> Result<Option<Desk>, FunctionError> {
        let Some(today) = self.today.map(|day| whole("day", day)).transpose()? else { return Ok(None) };
        let pieces = take(&mut self.deals);
        // those of the day of the forecast are not seen; those of long ago tell nothing of the next weeks
        let is_seen = |deal: &Deal| (today - SPAN..today).contains(&deal.entered);
        let mut deals = Unpacked { pieces: pieces.into_iter(), piece: Vec::new(), at: 0, left: self.count, cut: None };
        let day = |[day, month, working]: [f64; 3]| {
            Ok(Day { day: whole("day", day)?, month: whole("month", month)?, working: working.max(0.0) })
        };
        let days = take(&mut self.days).into_iter().map(day).collect::<Result<Vec<_>, FunctionError>>()?;
        let book = Book::new(deals.by_ref().filter(is_seen), days).filter(|book| book.groups > 0);
        match deals.cut {
            Some(length) => Err(FunctionError::State { function: NAME, length }),
            None => Ok(book.map(|book| Desk::new(book, today))),
        }
    }
}

/// The deal that a row tells of.
fn deal(row: &[Option<f64>]) -> Result<Deal, FunctionError> {
    let known = |at: usize| row[at].filter(|value| value.is_finite());
    let number = |at: usize| row[at].unwrap_or(f64::NAN);
    let facts = &row[HEAD..];
    if !facts.len().is_multiple_of(FACT) {
        return wrong("facts", facts.len() as f64, "three numbers for each fact");
    }
    let group = whole("group", number(2))?;
    let Ok(group) = usize::try_from(group) else { return wrong("group", number(2), "0 or more") };
    let end = match number(4) {
        0.0 => End::Open,
        1.0 => End::Won,
        2.0 => End::Lost,
        3.0 => End::Unknown,
        other => return wrong("end", other, "0 (open), 1 (won), 2 (lost) or 3 (unknown when)"),
    };
    let entered = whole("entered", number(3))?;
    let ended = row[5].map(|day| whole("day", day)).transpose()?;
    let mut deal = Deal {
        key: known(10).unwrap_or(0.0),
        group,
        // an end without a day is none that is known
        end: if end != End::Open && ended.is_none() { End::Unknown } else { end },
        ended: ended.unwrap_or(if end == End::Open { NEVER } else { entered }),
        amount: known(6),
        list: known(7),
        probability: known(8),
        planned: row[9].map(|day| whole("day", day)).transpose()?,
        ..Deal::begun(entered)
    };
    for fact in facts.chunks_exact(FACT) {
        let (kind, value) = (fact[0].unwrap_or(f64::NAN), fact[1].unwrap_or(f64::NAN));
        let day = || whole("day of a fact", fact[2].unwrap_or(f64::NAN));
        if kind == STAGE {
            deal.entries.push((whole("stage", value)?.clamp(0, 9999) as u16, day()?));
            continue;
        }
        let past = deal.past.get_or_insert_default();
        let history = match kind {
            AMOUNT => &mut past.amounts,
            PLAN => &mut past.plans,
            CHANCE => &mut past.chances,
            _ => return wrong("fact", kind, "0 (a stage), 1 (an amount), 2 (a planned day) or 3 (a chance)"),
        };
        history.push((day()?, value));
    }
    Ok(deal)
}

/// The deals of packed pieces, each of which is given back when it was read. Ends at a piece that is cut off.
struct Unpacked {
    pieces: IntoIter<Vec<u8>>,
    piece: Vec<u8>,
    at: usize,
    /// How many deals are left at most.
    left: usize,
    /// The length of a piece that ends within a deal.
    cut: Option<usize>,
}

impl Iterator for Unpacked {
    type Item = Deal;

    fn next(&mut self) -> Option<Deal> {
        while self.at >= self.piece.len() {
            self.piece = self.pieces.next()?;
            self.at = 0;
        }
        match postcard::take_from_bytes(&self.piece[self.at..]) {
            Ok((deal, rest)) => {
                self.at = self.piece.len() - rest.len();
                self.left = self.left.saturating_sub(1);
                Some(deal)
            }
            Err(_) => {
                self.cut = Some(self.piece.len());
                self.at = self.piece.len();
                self.pieces = Vec::new().into_iter();
                None
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.left))
    }
}

fn table_type(columns: &[&str]) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(structure_type(columns, &[]), true)))
}

fn fields() -> Fields {
    TABLES.iter().map(|(name, columns)| Field::new(*name, table_type(columns), true)).collect()
}

/// A table of the answer as a list of lines.
fn list(columns: &[&str], lines: Vec<Line>) -> ArrayRef {
    let of = structure_type(columns, &[]);
    let lines: Vec<ScalarValue> = lines.into_iter().map(|line| structure(&of, &line, &[])).collect();
    ScalarValue::new_list_nullable(&lines, &of)
}

impl Summary for Forecast {
    const NAME: &'static str = NAME;

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        let wanted: Vec<Argument> = [Argument::Number; HEAD].into_iter().chain([Argument::Numbers]).collect();
        let takes =
            "(day, is_calendar, nine numbers of a deal or a day, and a list of facts: kind, value and day of each)";
        coerce(Self::NAME, takes, wanted.into_iter(), given)
    }

    fn returns() -> DataType {
        DataType::Struct(fields())
    }

    fn keeps(row: &[Option<f64>]) -> usize {
        let facts = row.get(HEAD..).unwrap_or_default().chunks_exact(FACT);
        let of_fact = |fact: &[Option<f64>]| if fact[0] == Some(STAGE) { OF_ENTRY } else { OF_FACT };
        (OF_DEAL + facts.map(of_fact).sum::<usize>()).div_ceil(size_of::<f64>())
    }

    fn add(&mut self, _: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError> {
        // what bears no day, or no group, is none
        let Some(&[today, Some(is_calendar), Some(_), Some(_)]) = row.first_chunk() else { return Ok(()) };
        today.map_or(Ok(()), |day| self.see(day))?;
        match is_calendar == 0.0 {
            true => self.pack(row),
            false => {
                self.days.push([2, 3, 4].map(|at| row[at].unwrap_or(f64::NAN)));
                Ok(())
            }
        }
    }

    /// The day, the number of days of the calendar, the number of deals, the days, and of each piece of deals its bytes.
    fn save(&mut self) -> Vec<f64> {
        let head = [self.today.take().unwrap_or(f64::NAN), self.days.len() as f64, take(&mut self.count) as f64];
        let days = take(&mut self.days);
        let length: usize = self.deals.iter().map(|piece| 1 + piece.len().div_ceil(IN_NUMBER)).sum();
        let mut saved = Vec::with_capacity(head.len() + 3 * days.len() + length);
        saved.extend(head.into_iter().chain(days.into_iter().flatten()));
        for piece in take(&mut self.deals) {
            saved.push(piece.len() as f64);
            saved.extend(piece.chunks(IN_NUMBER).map(|bytes| {
                let mut four = [0; IN_NUMBER];
                four[..bytes.len()].copy_from_slice(bytes);
                f64::from(u32::from_le_bytes(four))
            }));
        }
        saved
    }

    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError> {
        let lost = || FunctionError::State { function: NAME, length: saved.len() };
        if saved.is_empty() {
            return Ok(());
        }
        let ([today, days, count], rest) = saved.split_first_chunk().ok_or_else(lost)?;
        if today.is_finite() {
            self.see(*today)?;
        }
        let (days, mut rest) = rest.split_at_checked(3 * *days as usize).ok_or_else(lost)?;
        self.days.extend(days.as_chunks().0);
        while let Some((bytes, pieces)) = rest.split_first() {
            let bytes = *bytes as usize;
            let (numbers, others) = pieces.split_at_checked(bytes.div_ceil(IN_NUMBER)).ok_or_else(lost)?;
            let mut piece: Vec<u8> = numbers.iter().flat_map(|number| (*number as u32).to_le_bytes()).collect();
            piece.truncate(bytes);
            self.deals.push(piece);
            rest = others;
        }
        self.count += *count as usize;
        Ok(())
    }

    fn finish(&mut self) -> Result<ScalarValue, FunctionError> {
        let desk = self.desk()?;
        let tables = desk
            .as_ref()
            .map_or_else(Default::default, |desk| [desk.horizons(), desk.scores(), desk.path(), desk.coverage()]);
        let lists = TABLES.iter().zip(tables).map(|((_, columns), lines)| list(columns, lines));
        Ok(ScalarValue::Struct(Arc::new(StructArray::new(fields(), lists.collect(), None))))
    }
}
