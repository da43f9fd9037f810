//! `forecast_horizons`, `forecast_scores`, `forecast_days`, `forecast_coverage`: what will be won, how wrong such forecasts were, the month day
//! by day, and the pipeline that past months needed. All of one group of rows: deals and the days of the calendar.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::arguments::{Argument, coerce};
use super::error::FunctionError;
use super::statistics::forecast::answer::{Desk, Line};
use super::statistics::forecast::book::{Book, Day, Deal, End, NEVER};
use super::structure::{structure, structure_type};
use super::summary::Summary;

/// Numbers before the facts of a row: the day of the forecast, whether it is a day of the calendar, and nine of its own.
const HEAD: usize = 11;
/// A deal's facts, by their code.
const FACTS: [&str; 4] = ["stage", "amount", "plan", "chance"];
/// No more groups than this, nor a later day.
const MOST: f64 = 1e6;

/// What is asked of the rows.
pub trait Asked: Debug + Default + Send + Sync + 'static {
    /// The function's name.
    const NAME: &'static str;
    /// What a line of the answer holds.
    const COLUMNS: &'static [&'static str];
    /// The answer.
    fn answer(desk: &Desk) -> Vec<Line>;
}

/// The rows of one group: each as its length and its numbers, NaN for none.
#[derive(Debug, Default)]
pub struct Forecast<A> {
    rows: Vec<f64>,
    asked: PhantomData<A>,
}

/// The table of horizons.
#[derive(Debug, Default)]
pub struct Horizons;
/// How past forecasts did.
#[derive(Debug, Default)]
pub struct Scores;
/// The month day by day.
#[derive(Debug, Default)]
pub struct Path;
/// The weighted pipeline, and what past months needed.
#[derive(Debug, Default)]
pub struct Coverage;

impl Asked for Horizons {
    const NAME: &'static str = "forecast_horizons";
    #[rustfmt::skip]
    const COLUMNS: &'static [&'static str] = &[
        "grp", "horizon", "measure", "starts", "ends", "won", "open", "coming", "mean", "p10", "p50", "p90", "last_year", "run_rate",
        "weighted", "headline", "low", "high", "method", "wape", "best_wape", "origins", "covered", "banded", "wins", "why",
    ];

    fn answer(desk: &Desk) -> Vec<Line> {
        desk.horizons()
    }
}

impl Asked for Scores {
    const NAME: &'static str = "forecast_scores";
    #[rustfmt::skip]
    const COLUMNS: &'static [&'static str] =
        &["grp", "days", "measure", "method", "origins", "wape", "bias", "ours", "covered", "banded", "first", "last"];

    fn answer(desk: &Desk) -> Vec<Line> {
        desk.scores()
    }
}

impl Asked for Path {
    const NAME: &'static str = "forecast_days";
    const COLUMNS: &'static [&'static str] = &["grp", "measure", "day", "fact", "p10", "p50", "p90"];

    fn answer(desk: &Desk) -> Vec<Line> {
        desk.path()
    }
}

impl Asked for Coverage {
    const NAME: &'static str = "forecast_coverage";
    const COLUMNS: &'static [&'static str] = &["grp", "measure", "month", "day", "open", "won", "still"];

    fn answer(desk: &Desk) -> Vec<Line> {
        desk.coverage()
    }
}

impl<A: Asked> Forecast<A> {
    fn wrong<T>(argument: &'static str, value: f64, allowed: &'static str) -> Result<T, FunctionError> {
        Err(FunctionError::Value { function: A::NAME, argument, value: value.to_string(), allowed })
    }

    /// A day, or a small whole number.
    fn whole(argument: &'static str, value: f64) -> Result<i32, FunctionError> {
        match value.fract() == 0.0 && value.abs() <= MOST {
            true => Ok(value as i32),
            false => Self::wrong(argument, value, "a whole number of at most 1,000,000"),
        }
    }

    fn deal(row: &[f64]) -> Result<Deal, FunctionError> {
        let known = |at: usize| Some(row[at]).filter(|value| value.is_finite());
        let end = match row[4] {
            0.0 => End::Open,
            1.0 => End::Won,
            2.0 => End::Lost,
            3.0 => End::Unknown,
            other => return Self::wrong("end", other, "0 (open), 1 (won), 2 (lost) or 3 (unknown when)"),
        };
        let group = usize::try_from(Self::whole("group", row[2])?);
        let Ok(group) = group else { return Self::wrong("group", row[2], "0 or more") };
        let entered = Self::whole("entered", row[3])?;
        let ended = known(5).map(|day| Self::whole("ended", day)).transpose()?;
        let mut deal = Deal {
            key: known(10).unwrap_or(0.0),
            group,
            // an end without a day is none that is known
            end: if end != End::Open && ended.is_none() { End::Unknown } else { end },
            ended: ended.unwrap_or(if end == End::Open { NEVER } else { entered }),
            amount: known(6),
            list: known(7),
            probability: known(8),
            planned: known(9).map(|day| Self::whole("planned", day)).transpose()?,
            ..Deal::begun(entered)
        };
        let facts = &row[HEAD..];
        let count = facts.len() / 3;
        if count * 3 != facts.len() {
            return Self::wrong("facts", facts.len() as f64, "three lists of one length");
        }
        for at in 0..count {
            let (code, value, day) =
                (facts[at], facts[count + at], Self::whole("day of a fact", facts[2 * count + at])?);
            match FACTS.iter().enumerate().find(|(of, _)| *of as f64 == code).map(|(_, name)| *name) {
                Some("stage") => deal.entries.push((Self::whole("stage", value)?.clamp(0, 9999) as u16, day)),
                Some("amount") => deal.amounts.push((day, value)),
                Some("plan") => deal.plans.push((day, value)),
                Some("chance") => deal.chances.push((day, value)),
                _ => return Self::wrong("fact", code, "0 (a stage), 1 (an amount), 2 (a planned day) or 3 (a chance)"),
            }
        }
        Ok(deal)
    }

    fn desk(&self) -> Result<Option<Desk>, FunctionError> {
        let (mut deals, mut days, mut today) = (Vec::new(), Vec::new(), None);
        let mut rest = self.rows.as_slice();
        while let Some((length, more)) = rest.split_first() {
            let Some((row, more)) = more.split_at_checked(*length as usize) else {
                return Err(FunctionError::State { function: A::NAME, length: self.rows.len() });
            };
            rest = more;
            let day = Self::whole("day", row[0])?;
            if *today.get_or_insert(day) != day {
                let (first, second) = (today.map_or(0.0, f64::from), row[0]);
                return Err(FunctionError::ParameterVaries { function: A::NAME, parameter: "day", first, second });
            }
            match row[1] {
                0.0 => deals.push(Self::deal(row)?),
                _ => days.push(Day {
                    day: Self::whole("day", row[2])?,
                    month: Self::whole("month", row[3])?,
                    working: row[4].max(0.0),
                }),
            }
        }
        Ok(today
            .zip(Book::new(deals, days))
            .filter(|(_, book)| book.groups > 0)
            .map(|(day, book)| Desk::new(book, day)))
    }

    fn line_type() -> DataType {
        structure_type(A::COLUMNS, &[])
    }
}

impl<A: Asked> Summary for Forecast<A> {
    const NAME: &'static str = A::NAME;

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        let wanted: Vec<Argument> = [Argument::Number; HEAD]
            .into_iter()
            .chain([Argument::Numbers, Argument::Numbers, Argument::Numbers])
            .collect();
        let takes = "(day, is_calendar, nine numbers of a deal or a day, and lists: kinds, values and days of facts)";
        coerce(Self::NAME, takes, wanted.into_iter(), given)
    }

    fn returns() -> DataType {
        DataType::List(Arc::new(Field::new_list_field(Self::line_type(), true)))
    }

    fn add(&mut self, _: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError> {
        // what bears no day, or no group, is none
        if row.len() < HEAD || row[..4].contains(&None) {
            return Ok(());
        }
        self.rows.push(row.len() as f64);
        self.rows.extend(row.iter().map(|number| number.unwrap_or(f64::NAN)));
        Ok(())
    }

    fn save(&self) -> Vec<f64> {
        self.rows.clone()
    }

    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError> {
        self.rows.extend(saved);
        Ok(())
    }

    fn finish(&mut self) -> Result<ScalarValue, FunctionError> {
        let lines = self.desk()?.map(|desk| A::answer(&desk)).unwrap_or_default();
        let of = Self::line_type();
        let lines: Vec<ScalarValue> = lines.into_iter().map(|line| structure(&of, &line, &[])).collect();
        Ok(ScalarValue::List(ScalarValue::new_list_nullable(&lines, &of)))
    }
}
