//! The slope of a Poisson regression: by how much the logarithm of a number grows with x.

use super::regression::Slope;
use super::student::t95;
use super::{Estimate, moderate};

/// Of fewer events no slope is told.
pub const FEWEST: f64 = 10.0;
/// All x within this of their mean are one x.
const SAME: f64 = 1e-6;
/// A step of Newton's method that small is the last.
const DONE: f64 = 1e-9;
/// Newton's method has ended long before.
const STEPS: usize = 40;
/// No observation tells more of its own expectation: one that did would have an infinite error.
const MOST_LEVERAGE: f64 = 0.99;

/// The slope b of E(number) = exp(a + b·x) over pairs (x, number); none for fewer than [`FEWEST`] events, or one x.
///
/// Given b, the level is known, so that Newton's method is on b alone: J. M. C. Santos Silva, S. Tenreyro (2006), "The Log of
/// Gravity", Review of Economics and Statistics 88(4). Numbers of 0 count, for no logarithm of them is taken. The 95 % interval has the
/// errors of HC3 (J. G. MacKinnon, H. White (1985), Journal of Econometrics 29(3)), no less than those of quasi-Poisson and of
/// Poisson, and Student's t. Sums are taken in the order given: sort the pairs first if the bits matter.
pub fn poisson_slope(pairs: &[(f64, f64)]) -> Option<Slope> {
    let total: f64 = pairs.iter().map(|(_, number)| number).sum();
    if total < FEWEST || !total.is_finite() {
        return None;
    }
    let scale = moderate(pairs.iter().map(|(x, _)| *x));
    let mean = pairs.iter().map(|(x, _)| x * scale).sum::<f64>() / pairs.len() as f64;
    let reach = pairs.iter().map(|(x, _)| (x * scale - mean).abs()).fold(0.0, f64::max);
    if reach <= SAME * scale {
        return None;
    }
    // within -1 and 1, so that no power of x is out of range
    let scaled: Vec<(f64, f64)> = pairs.iter().map(|(x, number)| ((x * scale - mean) / reach, *number)).collect();
    let along = scaled.iter().map(|(x, number)| number * x).sum::<f64>() / total;
    let slope = newton(&scaled, along, reach)?;
    let back = |slope: f64| slope / reach * scale;
    let half = error(&scaled, slope, total)?.and_then(|error| Some(t95(pairs.len() as u64 - 2)? * error));
    let interval = half.map(|half| Estimate { value: back(slope), low: back(slope - half), high: back(slope + half) });
    Some(Slope { slope: back(slope), interval })
}

/// The slope at which the mean of x, weighted by what is expected, is that weighted by the numbers.
fn newton(pairs: &[(f64, f64)], along: f64, start: f64) -> Option<f64> {
    let mut slope = start;
    for _ in 0..STEPS {
        let sum = |power: i32| pairs.iter().map(|(x, _)| (slope * x).exp() * x.powi(power)).sum::<f64>();
        let (all, mean, square) = (sum(0), sum(1), sum(2));
        let (mean, square) = (mean / all, square / all);
        let step = ((along - mean) / (square - mean * mean)).clamp(-1.0, 1.0);
        if !step.is_finite() {
            return None;
        }
        slope += step;
        if step.abs() <= DONE {
            return Some(slope);
        }
    }
    None
}

/// The standard error of the slope. None: the numbers tell of no slope; none within: two pairs leave no scatter to judge by.
fn error(pairs: &[(f64, f64)], slope: f64, total: f64) -> Option<Option<f64>> {
    let weights: f64 = pairs.iter().map(|(x, _)| (slope * x).exp()).sum();
    let mean = pairs.iter().map(|(x, _)| (slope * x).exp() * x).sum::<f64>() / weights;
    let expected = |x: f64| total * (slope * x).exp() / weights;
    let information: f64 = pairs.iter().map(|(x, _)| expected(*x) * (x - mean).powi(2)).sum();
    if information <= 0.0 || !information.is_finite() {
        return None;
    }
    let freedom = pairs.len() as f64 - 2.0;
    if freedom <= 0.0 {
        return Some(None);
    }
    let robust = pairs.iter().map(|(x, number)| {
        let (expected, x) = (expected(*x), x - mean);
        let leverage = (expected / total + expected * x * x / information).min(MOST_LEVERAGE);
        ((number - expected) * x / (1.0 - leverage)).powi(2)
    });
    let scatter = pairs.iter().map(|(x, number)| (number - expected(*x)).powi(2) / expected(*x));
    let robust = robust.sum::<f64>() / information.powi(2);
    let proportional = scatter.sum::<f64>() / freedom / information;
    Some(Some(robust.max(proportional).max(1.0 / information).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::super::golden;
    use super::*;

    #[test]
    fn agrees_with_statsmodels() {
        let mut cases = 0;
        for cells in golden::rows(include_str!("../../../tests/oracles/poisson.csv")) {
            let pairs: Vec<_> = golden::numbers(cells[0]).into_iter().zip(golden::numbers(cells[1])).collect();
            let ours = poisson_slope(&pairs).unwrap();
            let what = format!("case {cases}");
            golden::same(ours.slope, golden::number(cells[2]).unwrap(), 1e-7, &what);
            golden::same(ours.interval.unwrap().low, golden::number(cells[3]).unwrap(), 1e-6, &what);
            golden::same(ours.interval.unwrap().high, golden::number(cells[4]).unwrap(), 1e-6, &what);
            cases += 1;
        }
        assert!(cases >= 10);
    }

    #[test]
    fn few_events_and_one_x_say_nothing() {
        assert_eq!(poisson_slope(&[]), None);
        assert_eq!(poisson_slope(&[(1.0, 4.0), (2.0, 5.0), (3.0, 0.0)]), None);
        assert_eq!(poisson_slope(&[(1.0, 40.0), (1.0, 5.0)]), None);
        // twice as many at twice the spend: in proportion, and two weeks leave no scatter
        let two = poisson_slope(&[(100_f64.ln(), 6.0), (200_f64.ln(), 12.0)]).unwrap();
        golden::same(two.slope, 1.0, 1e-9, "in proportion");
        assert_eq!(two.interval, None);
    }
}
