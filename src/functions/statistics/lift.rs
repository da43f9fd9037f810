//! What a stretch of days brought beyond what ordinary days would have.

use super::student::t95;
use super::{Estimate, moderate};

/// Days in a week: a factor for each.
const WEEKDAYS: usize = 7;
/// Newton's method doubles its digits with each step; more steps mean that it has lost its way.
const MOST_STEPS: usize = 50;
/// A step of the trend so short, as the logarithm of growth over the whole span, is the last one.
const LAST: f64 = 1e-12;
/// A trend of more than e⁵ over the span of the ordinary days is none that they can tell.
const STEEPEST: f64 = 5.0;

/// What a day is to the stretch that is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// An ordinary day: the baseline is learnt from it.
    Ordinary,
    /// A day before the stretch.
    Before,
    /// A day of the stretch.
    During,
    /// A day after it.
    After,
}

/// A day and what it brought.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Day {
    /// Its number, one more each day.
    pub index: i64,
    /// What it brought.
    pub value: f64,
    /// What it is to the stretch.
    pub part: Part,
}

/// A stretch beside its baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lift {
    /// What the days before, during and after would have brought.
    pub expected: [f64; 3],
    /// What all of them brought beyond that.
    pub net: Estimate,
}

/// The baseline: level × weekday × trend.
struct Baseline {
    /// Where the trend's time is 0, and what a day is in it.
    middle: f64,
    day: f64,
    /// ln of the growth over one unit of time.
    trend: f64,
    /// A weekday's level at time 0; none where no ordinary day was of that weekday.
    levels: [Option<f64>; WEEKDAYS],
    /// Expected sums over the ordinary days by weekday: Σμ and Σμt/Σμ.
    sums: [(f64, f64); WEEKDAYS],
    /// Variance of the trend, and of a day as a multiple of its expectation.
    trend_variance: f64,
    dispersion: f64,
    freedom: u64,
}

/// The net lift: all that the days before, during and after brought, less what the baseline expects of them. None where
/// the ordinary days do not tell a baseline: too few, or none of a weekday that is asked about.
///
/// The baseline is μ = exp(level of the weekday + b·day), fitted to the ordinary days by Poisson's quasi-likelihood
/// (P. McCullagh, J. A. Nelder (1989), "Generalized Linear Models", 2nd ed., §6 and §9): it needs no value to be above 0,
/// and over the ordinary days each weekday's expected sum is its actual one. Given b the levels are known, so b alone is
/// sought, by Newton's method on Σ y·t − Σ_weekday Y·ln Σ exp(b·t). The variance of a day is φ·μ, φ from Pearson's
/// χ²/(n − parameters), that of the expected sum φ·gᵀI⁻¹g (g its gradient, I Fisher's information), and the interval is
/// net ± t·√(φ(Σμ + gᵀI⁻¹g)). Days are taken as independent given the baseline.
pub fn net_lift(days: &[Day]) -> Option<Lift> {
    let scale = moderate(days.iter().map(|day| day.value));
    if scale != 1.0 {
        let days: Vec<Day> = days.iter().map(|day| Day { value: day.value * scale, ..*day }).collect();
        let Lift { expected, net } = lift(&days)?;
        let net = Estimate { value: net.value / scale, low: net.low / scale, high: net.high / scale };
        return Some(Lift { expected: expected.map(|days| days / scale), net });
    }
    lift(days)
}

fn lift(days: &[Day]) -> Option<Lift> {
    let ordinary: Vec<&Day> = days.iter().filter(|day| day.part == Part::Ordinary).collect();
    let baseline = Baseline::of(&ordinary)?;
    let (mut expected, mut actual) = ([0.0; 3], 0.0);
    let mut gradient = [(0.0, 0.0); WEEKDAYS];
    for day in days {
        let at = match day.part {
            Part::Ordinary => continue,
            Part::Before => 0,
            Part::During => 1,
            Part::After => 2,
        };
        let (weekday, time) = (weekday(day), baseline.time(day));
        let one = baseline.levels[weekday]? * (baseline.trend * time).exp();
        expected[at] += one;
        actual += day.value;
        gradient[weekday].0 += one;
        gradient[weekday].1 += one * time;
    }
    let (mut uncertain, mut by_trend, mut sum) = (0.0, 0.0, 0.0);
    for ((own, timed), (all, mean)) in gradient.into_iter().zip(baseline.sums) {
        if all > 0.0 {
            uncertain += own * own / all;
            by_trend += timed - own * mean;
            sum += own;
        }
    }
    uncertain += by_trend * by_trend * baseline.trend_variance;
    let half = t95(baseline.freedom)? * (baseline.dispersion * (sum + uncertain)).sqrt();
    let net = actual - expected.iter().sum::<f64>();
    Some(Lift { expected, net: Estimate { value: net, low: net - half, high: net + half } })
}

fn weekday(day: &Day) -> usize {
    day.index.rem_euclid(WEEKDAYS as i64) as usize
}

impl Baseline {
    fn of(days: &[&Day]) -> Option<Baseline> {
        let (first, last) = (days.iter().map(|d| d.index).min()?, days.iter().map(|d| d.index).max()?);
        let (middle, day) = ((first + last) as f64 / 2.0, 2.0 / (last - first).max(1) as f64);
        let time = |of: &Day| (of.index as f64 - middle) * day;
        let mut totals: [Option<f64>; WEEKDAYS] = [None; WEEKDAYS];
        days.iter().for_each(|of| *totals[weekday(of)].get_or_insert(0.0) += of.value);
        // a weekday that never brings anything is expected to bring nothing, and tells nothing of the trend
        let selling: Vec<&Day> =
            days.iter().copied().filter(|of| totals[weekday(of)].is_some_and(|total| total > 0.0)).collect();
        let parameters = 1 + totals.iter().flatten().filter(|total| **total > 0.0).count();
        let freedom = selling.len().checked_sub(parameters).filter(|freedom| *freedom > 0)?;
        let along = selling.iter().map(|of| of.value * time(of)).sum::<f64>();

        let mut trend = 0.0;
        let mut moments = [(0.0, 0.0, 0.0); WEEKDAYS];
        for step in 0.. {
            moments = [(0.0, 0.0, 0.0); WEEKDAYS];
            for of in &selling {
                let (t, sums) = (time(of), &mut moments[weekday(of)]);
                let weight = (trend * t).exp();
                *sums = (sums.0 + weight, sums.1 + weight * t, sums.2 + weight * t * t);
            }
            let (mut slope, mut curve) = (along, 0.0);
            for ((all, first, second), total) in moments.iter().zip(totals) {
                if *all > 0.0 {
                    let (total, mean) = (total.unwrap_or(0.0), first / all);
                    slope -= total * mean;
                    curve += total * (second / all - mean * mean);
                }
            }
            let move_by = (curve > 0.0).then(|| (slope / curve).clamp(-1.0, 1.0))?;
            trend += move_by;
            if step > MOST_STEPS || trend.abs() > STEEPEST {
                return None;
            }
            if move_by.abs() < LAST {
                break;
            }
        }

        let (mut levels, mut sums, mut information) = ([None; WEEKDAYS], [(0.0, 0.0); WEEKDAYS], 0.0);
        for (at, ((all, first, second), total)) in moments.into_iter().zip(totals).enumerate() {
            levels[at] = total.map(|total| if all > 0.0 { total / all } else { 0.0 });
            if let (Some(total), true) = (total, all > 0.0) {
                let mean = first / all;
                sums[at] = (total, mean);
                information += total * (second / all - mean * mean);
            }
        }
        let pearson = selling.iter().filter_map(|of| {
            let expected = levels[weekday(of)]? * (trend * time(of)).exp();
            Some((of.value - expected).powi(2) / expected)
        });
        let dispersion = pearson.sum::<f64>() / freedom as f64;
        let trend_variance = 1.0 / information;
        Some(Baseline { middle, day, trend, levels, sums, trend_variance, dispersion, freedom: freedom as u64 })
    }

    fn time(&self, of: &Day) -> f64 {
        (of.index as f64 - self.middle) * self.day
    }
}

#[cfg(test)]
mod tests {
    use super::super::golden;
    use super::*;

    fn days(values: &[f64], parts: &[f64]) -> Vec<Day> {
        let part = |code: f64| [Part::Ordinary, Part::Before, Part::During, Part::After][code as usize];
        let rows = values.iter().zip(parts).enumerate();
        // −1: a day that is none of these
        rows.filter(|(_, (_, code))| **code >= 0.0)
            .map(|(at, (value, code))| Day { index: 20_000 + at as i64, value: *value, part: part(*code) })
            .collect()
    }

    #[test]
    fn agrees_with_statsmodels() {
        let mut cases = 0;
        for cells in golden::rows(include_str!("../../../tests/oracles/lift.csv")) {
            let ours = net_lift(&days(&golden::numbers(cells[0]), &golden::numbers(cells[1]))).unwrap();
            let numbers =
                [ours.expected[0], ours.expected[1], ours.expected[2], ours.net.value, ours.net.low, ours.net.high];
            for (at, number) in numbers.into_iter().enumerate() {
                golden::same(number, golden::number(cells[2 + at]).unwrap(), 1e-9, &format!("case {cases}, {at}"));
            }
            cases += 1;
        }
        assert!(cases >= 8);
    }

    #[test]
    fn an_even_business_is_its_own_baseline() {
        // four weeks of 10 a day but nothing on the seventh; then a week of 15 a day, and one of 9
        let value = |at: usize, of: f64| if at % 7 == 6 { 0.0 } else { of };
        let values: Vec<f64> = (0..42)
            .map(|at| {
                value(
                    at,
                    if at < 28 {
                        10.0
                    } else if at < 35 {
                        15.0
                    } else {
                        9.0
                    },
                )
            })
            .collect();
        let parts: Vec<f64> = (0..42)
            .map(|at| {
                if at < 28 {
                    0.0
                } else if at < 35 {
                    2.0
                } else {
                    3.0
                }
            })
            .collect();
        let lift = net_lift(&days(&values, &parts)).unwrap();
        golden::same(lift.expected[1], 60.0, 1e-12, "during");
        golden::same(lift.expected[2], 60.0, 1e-12, "after");
        golden::same(lift.net.value, 30.0 - 6.0, 1e-11, "net");
        // without any scatter nothing is in doubt
        golden::same(lift.net.low, lift.net.high, 1e-6, "interval");
    }

    #[test]
    fn too_few_days_tell_no_baseline() {
        assert_eq!(net_lift(&[]), None);
        // a week and a day: as many days as parameters
        assert_eq!(net_lift(&days(&[1.0; 10], &[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 2.0])), None);
        // the promotion's weekday was never ordinary
        let parts: Vec<f64> = (0..28).map(|at| if at % 7 == 3 { 2.0 } else { 0.0 }).collect();
        assert_eq!(net_lift(&days(&[1.0; 28], &parts)), None);
        // nothing was ever sold on ordinary days
        let parts: Vec<f64> = (0..28).map(|at| if at < 21 { 0.0 } else { 2.0 }).collect();
        assert_eq!(net_lift(&days(&[0.0; 28], &parts)), None);
    }
}
