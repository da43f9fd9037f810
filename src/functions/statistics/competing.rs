//! The share that has had an event by a time, where another event can prevent it and some are still open.

use super::observations::Observations;
use super::wilson::wilson;
use super::{Estimate, Z95};

/// Below this a share is nothing, and as near to 1 it is everything: one deal in a billion is still a thousand times more.
const NEGLIGIBLE: f64 = 1e-12;

/// What is known of the share that has the event by a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Incidence {
    /// The share with its interval; none where nobody was observed so long and somebody was still open at the end:
    /// the data say nothing about that time.
    pub estimate: Option<Estimate>,
    /// The share as far as anybody was observed: the share by the time asked about is at least this. None without
    /// observations.
    pub at_least: Option<f64>,
}

impl Incidence {
    const UNKNOWN: Incidence = Incidence { estimate: None, at_least: None };

    /// Keeps the estimate where the observation reaches `time`, or where no case is left at risk.
    pub(super) fn observed(estimate: Estimate, observed: &Observations, time: f64, open: f64) -> Incidence {
        let reached = open <= 0.0 || observed.at_risk(time) > 0;
        Incidence { estimate: reached.then_some(estimate), at_least: Some(estimate.value) }
    }
}

/// The Aalen–Johansen cumulative incidence of the event by `time`, with a 95 % interval.
///
/// With d₁ events, d of any kind and n at risk at each time, S the Kaplan–Meier curve of d:
/// F(t) = Σ S(tⱼ₋₁)·d₁ⱼ/nⱼ over tⱼ ≤ t. O. Aalen, S. Johansen (1978), Scand. J. Statist. 5:141–150.
///
/// Variance (O. Aalen (1978), Ann. Statist. 6:534–545, as in M. Pintilie (2006), "Competing Risks", eq. 4.5):
/// Σ (F(t)−F(tⱼ))²·dⱼ/((nⱼ−1)(nⱼ−dⱼ)) + Σ S(tⱼ₋₁)²·d₁ⱼ(nⱼ−d₁ⱼ)/((nⱼ−1)nⱼ²)
/// − 2·Σ (F(t)−F(tⱼ))·S(tⱼ₋₁)·d₁ⱼ(nⱼ−d₁ⱼ)/(nⱼ(nⱼ−dⱼ)(nⱼ−1)), where a term with a zero denominator counts as 0.
///
/// The interval is F^exp(±z·σ/(F·ln F)), the log–log one. It does not exist where nothing or everything happened;
/// there it is Wilson's for the same share of those whose fate by `time` is known, which leaves out the censored and
/// so is rather too wide than too narrow.
pub fn cumulative_incidence(observed: &mut Observations, time: f64) -> Incidence {
    if observed.is_empty() {
        return Incidence::UNKNOWN;
    }
    let steps = observed.steps();
    let steps = &steps[..steps.partition_point(|step| step.time <= time)];
    let (mut open, mut share) = (1.0_f64, 0.0_f64);
    let mut curve = Vec::with_capacity(steps.len());
    let mut known = observed.outlasted(time);
    for step in steps {
        let (n, d1, d) = (step.at_risk as f64, step.events as f64, (step.events + step.competing) as f64);
        share += open * d1 / n;
        curve.push((n, d1, d, open, share));
        // exact zero when everybody's fate is known
        open = if step.events + step.competing == step.at_risk { 0.0 } else { open * (1.0 - d / n) };
        known += step.events + step.competing;
    }
    let mut variance = 0.0;
    for (n, d1, d, before, reached) in curve {
        let over = |numerator: f64, denominator: f64| if denominator > 0.0 { numerator / denominator } else { 0.0 };
        let rest = share - reached;
        variance += rest * rest * over(d, (n - 1.0) * (n - d));
        variance += before * before * over(d1 * (n - d1), (n - 1.0) * n * n);
        variance -= 2.0 * rest * before * over(d1 * (n - d1), n * (n - d) * (n - 1.0));
    }
    // a sum of fractions that should be 1 may be a few bits away from it
    let share = if share > 1.0 - NEGLIGIBLE { 1.0 } else { share };
    let estimate = interval(share, variance, known as f64);
    Incidence::observed(estimate, observed, time, open)
}

/// The log–log interval of a share from its variance; Wilson's on `known` observations where that does not exist.
fn interval(share: f64, variance: f64, known: f64) -> Estimate {
    if variance <= f64::EPSILON || share <= NEGLIGIBLE || share >= 1.0 {
        return unbounded(share, known);
    }
    let spread = Z95 * variance.sqrt() / share / share.ln();
    Estimate { value: share, low: share.powf((-spread).exp()), high: share.powf(spread.exp()) }
}

/// An interval where the data give the curve's own no hold.
pub(super) fn unbounded(share: f64, known: f64) -> Estimate {
    let wilson = wilson(share * known, known).unwrap_or(Estimate { value: share, low: 0.0, high: 1.0 });
    Estimate { value: share, ..wilson }
}

#[cfg(test)]
mod tests {
    use super::super::golden;
    use super::super::observations::Outcome;
    use super::*;

    fn observations(durations: &[f64], outcomes: &[f64], limit: Option<f64>) -> Observations {
        let mut observed = Observations::default();
        for (duration, outcome) in durations.iter().zip(outcomes) {
            let outcome = [Outcome::Censored, Outcome::Event, Outcome::Competing][*outcome as usize];
            observed.add(*duration, outcome, limit);
        }
        observed
    }

    #[test]
    fn agrees_with_scikit_survival() {
        let samples: Vec<_> = golden::rows(include_str!("../../../tests/oracles/durations.csv"))
            .map(|cells| (golden::numbers(cells[0]), golden::numbers(cells[1])))
            .collect();
        let mut cases = 0;
        for cells in golden::rows(include_str!("../../../tests/oracles/cuminc.csv")) {
            let (sample, time) = (cells[0].parse::<usize>().unwrap(), cells[1].parse().unwrap());
            let [value, low, high] = [2, 3, 4].map(|i| cells[i].parse::<f64>().unwrap());
            let (durations, outcomes) = &samples[sample];
            // the limit must not change anything
            for limit in [None, Some(time)] {
                let ours = cumulative_incidence(&mut observations(durations, outcomes, limit), time);
                let ours = ours.estimate.unwrap();
                let what = format!("sample {sample} at {time}");
                golden::same(ours.value, value, 1e-12, &what);
                golden::same(ours.low, low, 1e-9, &what);
                golden::same(ours.high, high, 1e-9, &what);
            }
            cases += 1;
        }
        assert!(cases > 100);
    }

    #[test]
    fn without_censoring_it_is_the_plain_share() {
        let mut observed = observations(&[1.0, 2.0, 3.0, 4.0], &[1.0, 2.0, 1.0, 2.0], None);
        let by_three = cumulative_incidence(&mut observed, 3.0).estimate.unwrap();
        assert_eq!(by_three.value, 0.5);
    }

    #[test]
    fn a_young_cohort_has_no_estimate_but_a_floor() {
        let mut young = observations(&[1.0, 2.0, 3.0], &[1.0, 0.0, 0.0], None);
        let by_thirty = cumulative_incidence(&mut young, 30.0);
        assert_eq!((by_thirty.estimate, by_thirty.at_least), (None, Some(1.0 / 3.0)));
        // but when all has been decided, later times hold no surprise
        let mut settled = observations(&[1.0, 2.0], &[1.0, 2.0], None);
        assert_eq!(cumulative_incidence(&mut settled, 30.0).estimate.unwrap().value, 0.5);
        assert_eq!(cumulative_incidence(&mut Observations::default(), 30.0), Incidence::UNKNOWN);
    }

    #[test]
    fn nothing_and_everything_have_an_interval_too() {
        let mut nothing = observations(&[9.0, 9.0, 9.0, 1.0], &[0.0, 0.0, 2.0, 0.0], None);
        let nothing = cumulative_incidence(&mut nothing, 5.0).estimate.unwrap();
        assert_eq!((nothing.value, nothing.low), (0.0, 0.0));
        // three known not to have had the event by then
        assert_eq!(nothing.high, wilson(0.0, 3.0).unwrap().high);
        let mut everything = observations(&[1.0, 2.0], &[1.0, 1.0], None);
        let everything = cumulative_incidence(&mut everything, 5.0).estimate.unwrap();
        assert_eq!((everything.value, everything.high), (1.0, 1.0));
        assert_eq!(everything.low, wilson(2.0, 2.0).unwrap().low);
        // many steps, whose fractions add up to 1 but for rounding
        let durations: Vec<f64> = (1..=49).map(f64::from).collect();
        let all = cumulative_incidence(&mut observations(&durations, &[1.0; 49], None), 60.0).estimate.unwrap();
        assert_eq!((all.value, all.low), (1.0, wilson(49.0, 49.0).unwrap().low));
    }
}
