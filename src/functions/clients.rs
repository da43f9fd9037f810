//! `bgnbd(frequency, recency, age)` and `gamma_gamma(frequency, monetary)`: how clients buy, as a few parameters.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::arguments::{Argument, coerce, finite};
use super::error::FunctionError;
use super::statistics::bgnbd::{self, Purchases};
use super::statistics::gamma_gamma;
use super::statistics::tally::{Counted, Tally};
use super::structure::{structure, structure_type};
use super::summary::Summary;

/// More purchases of one client are a mistake, and would cost memory.
const MOST_PURCHASES: f64 = 1e6;

/// The clients of one group.
#[derive(Debug, Default)]
pub struct Bgnbd(Tally<3>);

/// The clients of one group who came back, with what they spend.
#[derive(Debug, Default)]
pub struct GammaGamma(Tally<2>);

/// A client's number of purchases after the first one.
pub(super) fn frequency(function: &'static str, frequency: f64) -> Result<f64, FunctionError> {
    match frequency.fract() == 0.0 && (0.0..=MOST_PURCHASES).contains(&frequency) {
        true => Ok(frequency),
        false => {
            let (value, allowed) = (frequency.to_string(), "a whole number from 0 to 1,000,000");
            Err(FunctionError::Value { function, argument: "frequency", value, allowed })
        }
    }
}

/// A client as the model sees it, if it can be one.
pub(super) fn purchases(function: &'static str, [often, last, age]: [f64; 3]) -> Result<Purchases, FunctionError> {
    let often = frequency(function, often)?;
    let wrong = |argument, value: f64, allowed| {
        Err(FunctionError::Value { function, argument, value: value.to_string(), allowed })
    };
    match (finite(function, "recency", last)?, finite(function, "age", age)?) {
        (_, age) if age < 0.0 => wrong("age", age, "0 or more"),
        (last, _) if often == 0.0 && last != 0.0 => wrong("recency", last, "0 where the frequency is 0"),
        (last, age) if !(0.0..=age).contains(&last) => wrong("recency", last, "from 0 to the age"),
        (last, age) => Ok([often, last, age]),
    }
}

fn absorb<const N: usize>(function: &'static str, tally: &mut Tally<N>, saved: &[f64]) -> Result<(), FunctionError> {
    match tally.absorb(saved) {
        true => Ok(()),
        false => Err(FunctionError::State { function, length: saved.len() }),
    }
}

fn count<const N: usize>(clients: &[Counted<N>]) -> u64 {
    clients.iter().map(|(_, n)| n).sum()
}

impl Summary for Bgnbd {
    const NAME: &'static str = "bgnbd";

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        coerce(Self::NAME, "(frequency, recency, age), all numbers", [Argument::Number; 3].into_iter(), given)
    }

    fn returns() -> DataType {
        structure_type(&["r", "alpha", "a", "b", "log_likelihood"], &["clients"])
    }

    fn add(&mut self, _: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError> {
        if let &[Some(frequency), Some(recency), Some(age)] = row {
            self.0.add(purchases(Self::NAME, [frequency, recency, age])?, 1);
        }
        Ok(())
    }

    fn save(&mut self) -> Vec<f64> {
        self.0.save()
    }

    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError> {
        absorb(Self::NAME, &mut self.0, saved)
    }

    fn finish(&mut self) -> Result<ScalarValue, FunctionError> {
        let clients = self.0.sorted();
        let fit = bgnbd::fit(clients);
        let reals = match fit {
            Some((model, log_likelihood)) => [model.r, model.alpha, model.a, model.b, log_likelihood].map(Some),
            None => [None; 5],
        };
        Ok(structure(&Self::returns(), &reals, &[count(clients)]))
    }
}

impl Summary for GammaGamma {
    const NAME: &'static str = "gamma_gamma";

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        coerce(Self::NAME, "(frequency, monetary), both numbers", [Argument::Number; 2].into_iter(), given)
    }

    fn returns() -> DataType {
        structure_type(&["p", "q", "v", "log_likelihood"], &["clients"])
    }

    fn add(&mut self, _: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError> {
        let &[Some(often), Some(mean)] = row else { return Ok(()) };
        let (often, mean) = (frequency(Self::NAME, often)?, finite(Self::NAME, "monetary", mean)?);
        // the model knows no purchase of nothing
        if often > 0.0 && mean > 0.0 {
            self.0.add([often, mean], 1);
        }
        Ok(())
    }

    fn save(&mut self) -> Vec<f64> {
        self.0.save()
    }

    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError> {
        absorb(Self::NAME, &mut self.0, saved)
    }

    fn finish(&mut self) -> Result<ScalarValue, FunctionError> {
        let clients = self.0.sorted();
        let reals = match gamma_gamma::fit(clients) {
            Some((model, log_likelihood)) => [model.p, model.q, model.v, log_likelihood].map(Some),
            None => [None; 4],
        };
        Ok(structure(&Self::returns(), &reals, &[count(clients)]))
    }
}
