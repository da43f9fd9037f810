//! `stay_quantiles(duration, shortest, longest, working, left)`: the quantiles of how long something stood, with the bounds between which they lie.
//!
//! The same as six calls of `km_quantile`, of which three would keep and sort the same durations: what is known exactly is kept once.

use std::mem::take;

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::arguments::{Argument, coerce, finite};
use super::error::FunctionError;
use super::statistics::observations::{Observations, Outcome};
use super::statistics::survival::quantiles;
use super::structure::{structure, structure_type};
use super::summary::Summary;

const ARGUMENTS: [&str; 4] = ["duration", "shortest", "longest", "working"];

/// The stays of one group.
#[derive(Debug, Default)]
pub struct StayQuantiles {
    /// Those of which it is known how long they took, or how long they had at the cut.
    known: Observations,
    /// The same in working time.
    working: Observations,
    /// All of them, were each as short as it may have been; `None` where they are those that are known.
    shortest: Option<Observations>,
    /// And as long.
    longest: Option<Observations>,
}

/// How a stay ended; `None` where nobody knows whether it has.
fn outcome(left: Option<f64>) -> Option<Outcome> {
    left.map(|left| if left == 0.0 { Outcome::Censored } else { Outcome::Event })
}

/// Takes in a stay as it may have been. As long as all are as they are known to have been, none is kept.
fn add(bound: &mut Option<Observations>, known: &Observations, stay: Stay, is_known: Stay) {
    if bound.is_none() && stay != is_known {
        *bound = Some(known.clone());
    }
    if let (Some(bound), Some((duration, outcome))) = (bound, stay) {
        bound.add(duration, outcome, None);
    }
}

/// How long, and how it ended; `None` for one that does not count.
type Stay = Option<(f64, Outcome)>;

fn save(of: &Observations, into: &mut Vec<f64>) {
    into.extend([of.events.len() as f64, of.censored.len() as f64]);
    into.extend(of.events.iter().chain(&of.censored));
}

fn load(saved: &mut &[f64]) -> Option<Observations> {
    let (head, rest) = saved.split_first_chunk::<2>()?;
    let [events, censored] = head.map(|count| count as usize);
    let (own, after) = rest.split_at_checked(events.checked_add(censored)?)?;
    *saved = after;
    let (events, censored) = own.split_at_checked(events)?;
    Some(Observations { events: events.to_vec(), censored: censored.to_vec(), ..Observations::default() })
}

fn extend(of: &mut Observations, others: &Observations) {
    of.events.extend(&others.events);
    of.censored.extend(&others.censored);
}

impl Summary for StayQuantiles {
    const NAME: &'static str = "stay_quantiles";

    fn keeps(_: &[Option<f64>]) -> usize {
        4
    }

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        let takes = "(duration, shortest, longest, working time, left yes/no)";
        let wanted = [Argument::Number, Argument::Number, Argument::Number, Argument::Number, Argument::Flag];
        coerce(Self::NAME, takes, wanted.into_iter(), given)
    }

    fn returns() -> DataType {
        structure_type(&["median", "p90", "median_low", "median_high", "working_median", "working_p90"], &[])
    }

    fn add(&mut self, _: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError> {
        let &[duration, shortest, longest, working, left] = row else { return Ok(()) };
        for (value, argument) in [duration, shortest, longest, working].into_iter().zip(ARGUMENTS) {
            value.map(|value| finite(Self::NAME, argument, value)).transpose()?;
        }
        let ended = outcome(left);
        let is_known = duration.zip(ended);
        // of whom nobody knows whether he left: he did as soon as may be, or not at all
        add(&mut self.shortest, &self.known, shortest.map(|of| (of, ended.unwrap_or(Outcome::Event))), is_known);
        add(&mut self.longest, &self.known, longest.map(|of| (of, ended.unwrap_or(Outcome::Censored))), is_known);
        if let Some((duration, outcome)) = is_known {
            self.known.add(duration, outcome, None);
        }
        if let Some((working, outcome)) = working.zip(ended) {
            self.working.add(working, outcome, None);
        }
        Ok(())
    }

    fn save(&mut self) -> Vec<f64> {
        let mut saved = vec![f64::from(u8::from(self.shortest.is_some())), f64::from(u8::from(self.longest.is_some()))];
        let StayQuantiles { known, working, shortest, longest } = take(self);
        for of in [Some(known), Some(working), shortest, longest].into_iter().flatten() {
            save(&of, &mut saved);
        }
        saved
    }

    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError> {
        let broken = || FunctionError::State { function: Self::NAME, length: saved.len() };
        let ([has_shortest, has_longest], mut rest) = saved.split_first_chunk::<2>().ok_or_else(broken)?;
        let mut next = || load(&mut rest).ok_or_else(broken);
        let (known, working) = (next()?, next()?);
        for (bound, has) in [(&mut self.shortest, has_shortest), (&mut self.longest, has_longest)] {
            let theirs = if *has == 0.0 { None } else { Some(next()?) };
            if bound.is_none() && theirs.is_some() {
                *bound = Some(self.known.clone());
            }
            if let Some(bound) = bound {
                extend(bound, theirs.as_ref().unwrap_or(&known));
            }
        }
        extend(&mut self.known, &known);
        extend(&mut self.working, &working);
        Ok(())
    }

    fn finish(&mut self) -> Result<ScalarValue, FunctionError> {
        let StayQuantiles { known, working, shortest, longest } = self;
        let [median, p90] = quantiles(known, [0.5, 0.9]);
        let [working_median, working_p90] = quantiles(working, [0.5, 0.9]);
        let bound = |of: &mut Option<Observations>| of.as_mut().map_or(median, |of| quantiles(of, [0.5])[0]);
        let reals = [median, p90, bound(shortest), bound(longest), working_median, working_p90];
        Ok(structure(&Self::returns(), &reals, &[]))
    }
}
