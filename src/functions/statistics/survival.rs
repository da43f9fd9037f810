//! The Kaplan–Meier curve: the share that has had an event by a time, and the time by which a share has.

use super::competing::{Incidence, unbounded};
use super::observations::{Observations, Step};
use super::{Estimate, Z95};

/// Below this two points of the curve are one: the curve is a product of fractions, and 1 − 0.9 is not 0.1 in binary.
const SAME: f64 = 1e-12;

/// The share that has had the event by `time`, 1 − S(t), with a 95 % interval.
///
/// S(t) = Π (1 − dⱼ/nⱼ) over tⱼ ≤ t: E. L. Kaplan, P. Meier (1958), JASA 53:457–481. Its variance is Greenwood's,
/// S²·Σ dⱼ/(nⱼ(nⱼ−dⱼ)), and the interval the log–log one, S^exp(±z·√Σ/ln S): J. D. Kalbfleisch, R. L. Prentice
/// (2002), "The Statistical Analysis of Failure Time Data", 2nd ed., §1.4. Where nothing or everything happened there
/// is no such interval; then it is Wilson's for those whose fate by `time` is known.
///
/// Competing events must not be among the observations; they count as censored here.
pub fn share_by(observed: &mut Observations, time: f64) -> Incidence {
    if observed.is_empty() {
        return Incidence { estimate: None, at_least: None };
    }
    let steps = observed.steps();
    let steps = &steps[..steps.partition_point(|step| step.time <= time)];
    let (mut left, mut greenwood) = (1.0_f64, 0.0_f64);
    let mut known = observed.outlasted(time);
    for step in steps {
        left = fall(left, step);
        let (n, d) = (step.at_risk as f64, step.events as f64);
        greenwood += if n > d { d / (n * (n - d)) } else { 0.0 };
        known += step.events;
    }
    let value = 1.0 - left;
    let estimate = match greenwood <= 0.0 || left <= f64::EPSILON {
        true => unbounded(value, known as f64),
        false => {
            let spread = Z95 * greenwood.sqrt() / left.ln();
            Estimate { value, low: 1.0 - left.powf(spread.exp()), high: 1.0 - left.powf((-spread).exp()) }
        }
    };
    Incidence::observed(estimate, observed, time, left)
}

/// The first time at which more than the share `q` has had the event: S(t) < 1 − q. None where the curve does not fall
/// that far.
///
/// A point that lies on 1 − q exactly is not yet below it, as in SAS and statsmodels. So the median of 1, 2, 3, 4 is 3.
pub fn quantile(observed: &mut Observations, q: f64) -> Option<f64> {
    quantiles(observed, [q])[0]
}

/// The same for several shares, ascending.
pub fn quantiles<const N: usize>(observed: &mut Observations, shares: [f64; N]) -> [Option<f64>; N] {
    let steps = observed.steps();
    let (mut steps, mut left, mut time) = (steps.iter(), 1.0, None);
    shares.map(|q| {
        while left >= 1.0 - q - SAME {
            let step = steps.next()?;
            left = fall(left, step);
            time = Some(step.time);
        }
        time
    })
}

/// The curve after a step.
fn fall(left: f64, step: &Step) -> f64 {
    match step.events == step.at_risk {
        true => 0.0,
        false => left * (1.0 - step.events as f64 / step.at_risk as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::super::golden;
    use super::super::observations::Outcome;
    use super::*;

    fn observations(durations: &[f64], outcomes: &[f64]) -> Observations {
        let mut observed = Observations::default();
        for (duration, outcome) in durations.iter().zip(outcomes) {
            // the samples are those of the competing risks; here the second kind of end is a censoring
            let outcome = if *outcome == 1.0 { Outcome::Event } else { Outcome::Censored };
            observed.add(*duration, outcome, None);
        }
        observed
    }

    fn samples() -> Vec<(Vec<f64>, Vec<f64>)> {
        golden::rows(include_str!("../../../tests/oracles/durations.csv"))
            .map(|cells| (golden::numbers(cells[0]), golden::numbers(cells[1])))
            .collect()
    }

    #[test]
    fn the_curve_agrees_with_scikit_survival() {
        let (samples, mut cases) = (samples(), 0);
        for cells in golden::rows(include_str!("../../../tests/oracles/km.csv")) {
            let (sample, time) = (cells[0].parse::<usize>().unwrap(), cells[1].parse().unwrap());
            let [value, low, high] = [2, 3, 4].map(|i| cells[i].parse::<f64>().unwrap());
            let ours = share_by(&mut observations(&samples[sample].0, &samples[sample].1), time).estimate.unwrap();
            let what = format!("sample {sample} at {time}");
            golden::same(ours.value, value, 1e-12, &what);
            golden::same(ours.low, low, 1e-10, &what);
            golden::same(ours.high, high, 1e-10, &what);
            cases += 1;
        }
        assert!(cases > 100);
    }

    #[test]
    fn quantiles_agree_with_statsmodels() {
        let (samples, mut reached, mut not_reached) = (samples(), 0, 0);
        for cells in golden::rows(include_str!("../../../tests/oracles/km_quantile.csv")) {
            let (sample, q) = (cells[0].parse::<usize>().unwrap(), cells[1].parse().unwrap());
            let ours = quantile(&mut observations(&samples[sample].0, &samples[sample].1), q);
            assert_eq!(ours, golden::number(cells[2]), "sample {sample}, q {q}");
            *(if ours.is_some() { &mut reached } else { &mut not_reached }) += 1;
        }
        assert!(reached > 50 && not_reached > 10, "{reached} {not_reached}");
    }

    #[test]
    fn a_point_on_the_quantile_is_not_below_it() {
        let mut all_ended = observations(&[1.0, 2.0, 3.0, 4.0], &[1.0; 4]);
        assert_eq!(quantile(&mut all_ended, 0.5), Some(3.0));
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        assert_eq!(quantile(&mut observations(&ten, &[1.0; 10]), 0.9), Some(10.0));
        assert_eq!(quantile(&mut Observations::default(), 0.5), None);
    }

    #[test]
    fn beyond_the_observation_there_is_no_share() {
        let mut young = observations(&[1.0, 2.0, 2.0, 2.0], &[1.0, 0.0, 0.0, 0.0]);
        let by_ten = share_by(&mut young, 10.0);
        assert_eq!((by_ten.estimate, by_ten.at_least), (None, Some(0.25)));
        let nothing = share_by(&mut young, 0.5).estimate.unwrap();
        assert_eq!((nothing.value, nothing.low), (0.0, 0.0));
        assert!((0.4..0.6).contains(&nothing.high));
    }
}
