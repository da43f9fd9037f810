//! The slope of a straight line.

use super::student::t95;
use super::{Estimate, moderate};

/// The least-squares slope of y on x. The interval is none where two points leave no spread to judge by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// The slope.
    pub slope: f64,
    /// The slope with its 95 % interval.
    pub interval: Option<Estimate>,
}

/// The slope of y on x by ordinary least squares; none for fewer than two different x.
///
/// b = Σ(x−x̄)(y−ȳ) / Σ(x−x̄)², ± t(n−2)·√(Σ(residual²)/(n−2) / Σ(x−x̄)²): N. R. Draper, H. Smith (1998), "Applied
/// Regression Analysis", 3rd ed., §1.4. Sums are taken over centred values in the order given: sort the pairs first
/// if the bits matter.
pub fn slope(pairs: &[(f64, f64)]) -> Option<Slope> {
    let n = pairs.len() as f64;
    let first = pairs.first()?.0;
    if pairs.iter().all(|(x, _)| *x == first) {
        return None;
    }
    let scales = (moderate(pairs.iter().map(|(x, _)| *x)), moderate(pairs.iter().map(|(_, y)| *y)));
    if scales != (1.0, 1.0) {
        let moderated: Vec<_> = pairs.iter().map(|(x, y)| (x * scales.0, y * scales.1)).collect();
        let back = |slope: f64| slope * scales.0 / scales.1;
        let line = line(&moderated, n)?;
        let interval = line.interval.map(|i| Estimate { value: back(i.value), low: back(i.low), high: back(i.high) });
        return Some(Slope { slope: back(line.slope), interval });
    }
    line(pairs, n)
}

fn line(pairs: &[(f64, f64)], n: f64) -> Option<Slope> {
    let mean_x = pairs.iter().map(|(x, _)| x).sum::<f64>() / n;
    let mean_y = pairs.iter().map(|(_, y)| y).sum::<f64>() / n;
    let sum = |of: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|(x, y)| of(x - mean_x, y - mean_y)).sum::<f64>();
    let spread = sum(&|x, _| x * x);
    // different numbers may have no distance from their mean that a double could tell
    if spread <= 0.0 {
        return None;
    }
    let slope = sum(&|x, y| x * y) / spread;
    let rest = sum(&|x, y| (y - slope * x).powi(2));
    let interval = t95(pairs.len() as u64 - 2).map(|t| {
        let half = t * (rest / (n - 2.0) / spread).sqrt();
        Estimate { value: slope, low: slope - half, high: slope + half }
    });
    Some(Slope { slope, interval })
}

#[cfg(test)]
mod tests {
    use super::super::golden;
    use super::*;

    #[test]
    fn agrees_with_statsmodels() {
        let mut cases = 0;
        for cells in golden::rows(include_str!("../../../tests/oracles/regression.csv")) {
            let pairs: Vec<_> = golden::numbers(cells[0]).into_iter().zip(golden::numbers(cells[1])).collect();
            let ours = slope(&pairs).unwrap();
            let what = format!("case {cases}");
            golden::same(ours.slope, golden::number(cells[2]).unwrap(), 1e-11, &what);
            golden::same(ours.interval.unwrap().low, golden::number(cells[3]).unwrap(), 1e-11, &what);
            golden::same(ours.interval.unwrap().high, golden::number(cells[4]).unwrap(), 1e-11, &what);
            cases += 1;
        }
        assert!(cases >= 20);
    }

    #[test]
    fn few_points_say_little() {
        assert_eq!(slope(&[]), None);
        assert_eq!(slope(&[(1.0, 2.0), (1.0, 3.0)]), None);
        let huge = slope(&[(1e200, 1e200), (3e200, 2e200), (4e200, 5e200)]).unwrap();
        let plain = slope(&[(1.0, 1.0), (3.0, 2.0), (4.0, 5.0)]).unwrap();
        golden::same(huge.slope, plain.slope, 1e-14, "huge");
        golden::same(huge.interval.unwrap().low, plain.interval.unwrap().low, 1e-14, "huge");
        assert_eq!(slope(&[(1.0, 2.0), (3.0, 3.0)]), Some(Slope { slope: 0.5, interval: None }));
    }
}
