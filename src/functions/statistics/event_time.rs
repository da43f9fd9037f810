//! How long the event takes, of those that will have it: where another event can prevent it and some are still open.

use super::competing::unbounded;
use super::observations::{Observations, Step};
use super::{Estimate, Z95};

/// Below this two points of the curve are one: the curve is a sum of fractions.
const SAME: f64 = 1e-12;

/// The time by which more than the share `q` of all that will ever have the event has had it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct EventTime {
    /// The time. `None` if the curve does not fall that far: 1 − q of all cases or more were still open at the end of observation.
    pub value: Option<f64>,
    /// The ends of its 95 % interval; each is `None` where the bound of the curve does not come that far.
    pub low: Option<f64>,
    /// See `low`.
    pub high: Option<f64>,
}

/// The curve at one time.
struct Point {
    time: f64,
    /// F(t), the Aalen–Johansen share that has had the event.
    reached: f64,
    /// Σ x²·w, Σ x·w and Σ w up to here, for what comes after an own term: see [`event_time`].
    before: [f64; 3],
    /// The same, of the terms of this time for an earlier t.
    after: [f64; 3],
}

/// The time by which a share of those that will have the event has had it.
///
/// F is the Aalen–Johansen cumulative incidence (see `competing`), S the Kaplan–Meier curve of ends of any kind, τ the last end. Those still
/// open at τ are taken to end as the others did, so F(τ)/(1 − S(τ)) will ever have the event, and
/// R(t) = F(t)·(1 − S(τ))/F(τ) of them by t. Where nothing prevents the event F = 1 − S, R = F, and this is the Kaplan–Meier quantile.
/// Where all have ended it is the plain quantile of those that had the event.
///
/// Variance of R by the martingale representation of F (P. K. Andersen, Ø. Borgan, R. D. Gill, N. Keiding (1993), "Statistical Models Based on
/// Counting Processes", IV.4) and the delta method. With c = (1 − S(τ))/F(τ), r = F(t)/F(τ), n at risk and d ended at u, w = d/n², a term is the
/// square of these, times w: up to t c(1−r)·x + r·S(τ), with x = S(u₋)+F(u) for the event and F(u) for what prevents it; after t
/// r·S(τ) − c·r·y, with y = S(u₋)+F(u)−F(τ) and F(u)−F(τ).
///
/// The interval holds the times at which the log–log interval of R contains q: R. Brookmeyer, J. Crowley (1982), Biometrics 38:29–41.
pub fn event_time(observed: &mut Observations, q: f64) -> EventTime {
    let steps = observed.steps();
    let (points, left) = curve(&steps);
    let Some(last) = points.last() else { return EventTime::default() };
    if last.reached <= SAME {
        return EventTime::default();
    }
    let events: u64 = steps.iter().map(|step| step.events).sum();
    let scale = (1.0 - left) / last.reached;
    let mut found = EventTime::default();
    for point in &points {
        let share = point.reached / last.reached;
        let of_those = Estimate { value: (point.reached * scale).min(1.0), low: 0.0, high: 1.0 };
        let terms = |sums: [f64; 3], factor: f64| {
            let constant = share * left;
            factor * factor * sums[0] + 2.0 * factor * constant * sums[1] + constant * constant * sums[2]
        };
        let rest = [0, 1, 2].map(|index| last.after[index] - point.after[index]);
        let variance = terms(point.before, scale * (1.0 - share)) + terms(rest, -scale * share);
        let bounds = interval(of_those.value, variance, events as f64);
        let first = |end: &mut Option<f64>, curve: f64| {
            if end.is_none() && curve > q + SAME {
                *end = Some(point.time);
            }
        };
        first(&mut found.value, of_those.value);
        first(&mut found.low, bounds.high);
        first(&mut found.high, bounds.low);
    }
    // an upper end without an estimate would be a bound of nothing
    if found.value.is_none() { EventTime::default() } else { found }
}

/// The curve at each step, and the share that is still open after the last.
fn curve(steps: &[Step]) -> (Vec<Point>, f64) {
    let (mut open, mut reached) = (1.0_f64, 0.0_f64);
    let mut points: Vec<Point> = Vec::with_capacity(steps.len());
    let mut opened = Vec::with_capacity(steps.len());
    for step in steps {
        let n = step.at_risk as f64;
        opened.push(open);
        reached += open * step.events as f64 / n;
        let ended = step.events + step.competing;
        open = if ended == step.at_risk { 0.0 } else { open * (1.0 - ended as f64 / n) };
        points.push(Point { time: step.time, reached, before: [0.0; 3], after: [0.0; 3] });
    }
    let (mut before, mut after) = ([0.0; 3], [0.0; 3]);
    let end = reached;
    for ((point, step), open) in points.iter_mut().zip(steps).zip(opened) {
        let n = step.at_risk as f64;
        for (ended, own) in [(step.events, open), (step.competing, 0.0)] {
            let weight = ended as f64 / (n * n);
            for (sums, x) in [(&mut before, own + point.reached), (&mut after, own + point.reached - end)] {
                sums[0] += x * x * weight;
                sums[1] += x * weight;
                sums[2] += weight;
            }
        }
        (point.before, point.after) = (before, after);
    }
    (points, open)
}

/// The log–log interval of R; Wilson's of the events seen where that does not exist.
fn interval(share: f64, variance: f64, events: f64) -> Estimate {
    if share <= SAME || share >= 1.0 - SAME || variance <= f64::EPSILON {
        return unbounded(share, events);
    }
    let left = 1.0 - share;
    let spread = Z95 * variance.sqrt() / left / left.ln();
    Estimate { value: share, low: 1.0 - left.powf(spread.exp()), high: 1.0 - left.powf((-spread).exp()) }
}

#[cfg(test)]
mod tests {
    use super::super::golden;
    use super::super::observations::Outcome;
    use super::super::survival::quantile;
    use super::*;

    fn observations(durations: &[f64], outcomes: &[f64]) -> Observations {
        let mut observed = Observations::default();
        for (duration, outcome) in durations.iter().zip(outcomes) {
            let outcome = [Outcome::Censored, Outcome::Event, Outcome::Competing][*outcome as usize];
            observed.add(*duration, outcome, None);
        }
        observed
    }

    fn samples(text: &'static str) -> Vec<(Vec<f64>, Vec<f64>)> {
        golden::rows(text).map(|cells| (golden::numbers(cells[0]), golden::numbers(cells[1]))).collect()
    }

    #[test]
    fn agrees_with_the_curves_of_statsmodels() {
        let (mut reached, mut not_reached) = (0, 0);
        let samples = samples(include_str!("../../../tests/oracles/durations.csv"));
        for cells in golden::rows(include_str!("../../../tests/oracles/event_time.csv")) {
            let (sample, q) = (cells[0].parse::<usize>().unwrap(), cells[1].parse().unwrap());
            let ours = event_time(&mut observations(&samples[sample].0, &samples[sample].1), q);
            assert_eq!(ours.value, golden::number(cells[2]), "sample {sample}, q {q}");
            *(if ours.value.is_some() { &mut reached } else { &mut not_reached }) += 1;
        }
        assert!(reached > 50 && not_reached > 10, "{reached} {not_reached}");
    }

    #[test]
    fn the_interval_is_near_that_of_the_bootstrap() {
        let samples = samples(include_str!("../../../tests/oracles/event_time_durations.csv"));
        let mut cases = 0;
        for cells in golden::rows(include_str!("../../../tests/oracles/event_time_bootstrap.csv")) {
            let sample = cells[0].parse::<usize>().unwrap();
            let [q, value, low, high] = [1, 2, 3, 4].map(|i| cells[i].parse::<f64>().unwrap());
            let ours = event_time(&mut observations(&samples[sample].0, &samples[sample].1), q);
            assert_eq!(ours.value, Some(value), "sample {sample}, q {q}");
            let width = high - low;
            for (ours, theirs) in [(ours.low, low), (ours.high, high)] {
                let away = (ours.unwrap() - theirs).abs();
                // durations are whole days
                assert!(away <= (0.2 * width).max(1.0), "sample {sample}, q {q}: {away} from {theirs}, width {width}");
            }
            cases += 1;
        }
        assert!(cases >= 12);
    }

    #[test]
    fn without_competing_events_it_is_the_kaplan_meier_quantile() {
        for (durations, outcomes) in samples(include_str!("../../../tests/oracles/durations.csv")) {
            let outcomes: Vec<f64> = outcomes.iter().map(|outcome| f64::from(*outcome == 1.0)).collect();
            for q in [0.25, 0.5, 0.9] {
                let ours = event_time(&mut observations(&durations, &outcomes), q).value;
                assert_eq!(
                    ours,
                    quantile(&mut observations(&durations, &outcomes), q),
                    "{durations:?} {outcomes:?} {q}"
                );
            }
        }
    }

    #[test]
    fn the_lost_take_no_part_and_the_open_do() {
        // all have ended: the plain quantile of those won on days 1 to 4
        let mut ended = observations(&[1.0, 2.0, 3.0, 4.0, 9.0, 0.5], &[1.0, 1.0, 1.0, 1.0, 2.0, 2.0]);
        assert_eq!(event_time(&mut ended, 0.5).value, Some(3.0));
        // six of ten still open: what half of the wins took is not known
        let mut young = observations(
            &[1.0, 2.0, 3.0, 3.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0],
            &[1.0, 1.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        );
        assert_eq!(event_time(&mut young, 0.5), EventTime::default());
        assert_eq!(event_time(&mut young, 0.1).value, Some(1.0));
        assert_eq!(event_time(&mut observations(&[3.0], &[2.0]), 0.5), EventTime::default());
        assert_eq!(event_time(&mut Observations::default(), 0.5), EventTime::default());
    }
}
