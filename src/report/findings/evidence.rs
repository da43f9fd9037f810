//! Significance tests: plain statistics on numbers.
//!
//! A finding calls a group better or worse only after these tests and the correction for the number of groups compared.
//! The tests start from the estimate and its 95 % interval, which every result has, so they work for any metric: a
//! Wilson interval determines the number of observations.

/// The 97.5 % point of the normal distribution: half the width of a 95 % interval in standard errors.
const Z95: f64 = 1.959_963_984_540_054;

/// The false discovery rate: the expected share of wrong ones among the differences called real.
pub const FALSE_DISCOVERY_RATE: f64 = 0.05;

/// An estimate with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

impl Estimate {
    /// The number of observations of a share, derived from its interval.
    ///
    /// The bounds of Wilson's interval solve (p̂ − p)² = z² p (1 − p) / n for p (Wilson 1927), so each of them gives n.
    /// The bound farther from the estimate is used, since rounding affects it least. For intervals of another kind the
    /// result is the number of observations that would give an interval of the same width.
    pub fn observations(&self) -> Option<f64> {
        let bound = match self.value - self.low > self.high - self.value {
            true => self.low,
            false => self.high,
        };
        let n = Z95.powi(2) * bound * (1.0 - bound) / (self.value - bound).powi(2);
        (n.is_finite() && n > 0.0 && (0.0..=1.0).contains(&self.value)).then_some(n)
    }

    /// The two-sided p-value of a share against a fixed bound, by the likelihood ratio. `share` is the estimate, or
    /// another possible value with the same number of observations. Wilson's score test is inaccurate far in the tail,
    /// which the correction for many groups uses: with 36 groups exactly at the bound and 1.2 expected cases each, it
    /// called a group worse in one world of five.
    pub fn share_against(&self, share: f64, bound: f64) -> Option<f64> {
        let n = self.observations()?;
        match bound > 0.0 && bound < 1.0 {
            true => {
                let (expected, seen) = (n * bound, nearer(share * n, n * bound));
                Some(likelihood_ratio(&[(seen, expected), (n - seen, n - expected)]))
            }
            // a share cannot lie beyond 0 or 1, so nothing can be significant against such a bound
            false => Some(1.0),
        }
    }

    /// The two-sided p-value of any estimate against a fixed bound: normal error with the width of the interval.
    pub fn value_against(&self, value: f64, bound: f64) -> Option<f64> {
        let error = (self.high - self.low) / (2.0 * Z95);
        (error > 0.0 && error.is_finite()).then(|| two_sided((value - bound) / error))
    }
}

/// The two-sided p-value of two equal shares, by the likelihood ratio of the two-by-two table. The “N − 1” chi-squared
/// test (Campbell 2007) called one of 20 to 36 equal small groups different in 7 to 12 % of worlds. The p-value is 1 if
/// less than one case is expected in a cell.
pub fn shares_equal((share, n): (f64, f64), (other, m): (f64, f64)) -> f64 {
    let total = n + m;
    let hits = share * n + other * m;
    let pooled = hits / total;
    let least = n.min(m) * pooled.min(1.0 - pooled);
    // two empty groups have no share
    if least.is_nan() || least < 1.0 {
        return 1.0;
    }
    let expected = n * pooled;
    let seen = nearer(share * n, expected);
    let (rest, expected_rest) = (hits - seen, hits - expected);
    likelihood_ratio(&[
        (seen, expected),
        (n - seen, n - expected),
        (rest, expected_rest),
        (m - rest, m - expected_rest),
    ])
}

/// Continuity correction: moves a number of cases half a case towards the expected one.
fn nearer(cases: f64, expected: f64) -> f64 {
    cases - (cases - expected).clamp(-0.5, 0.5)
}

/// The two-sided p-value of the likelihood ratio with one degree of freedom; each cell is (observed, expected).
fn likelihood_ratio(cells: &[(f64, f64)]) -> f64 {
    let told = |&(seen, expected): &(f64, f64)| if seen > 0.0 { seen * (seen / expected).ln() } else { 0.0 };
    two_sided((2.0 * cells.iter().map(told).sum::<f64>()).max(0.0).sqrt())
}

/// Adjusted p-values by Benjamini and Hochberg (1995), in the order given. Absent ones stay absent and do not count.
pub fn adjusted(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut order: Vec<(usize, f64)> = p_values.iter().enumerate().filter_map(|(i, p)| Some((i, (*p)?))).collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    let count = order.len() as f64;
    let mut out = vec![None; p_values.len()];
    let mut least: f64 = 1.0;
    for (rank, (index, p)) in order.into_iter().enumerate().rev() {
        least = least.min(p * count / (rank + 1) as f64);
        out[index] = Some(least);
    }
    out
}

/// The probability that a standard normal value is at least as far from 0 as `z`.
fn two_sided(z: f64) -> f64 {
    (2.0 * (1.0 - normal(z.abs()))).clamp(0.0, 1.0)
}

/// The normal distribution function, by the series of Marsaglia (2004): exact to about 1e-15, and 0 or 1 beyond ±8.
fn normal(x: f64) -> f64 {
    if x.abs() > 8.0 {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut term, mut sum, mut odd) = (x, x, 1.0);
    while term.abs() > 1e-17 * sum.abs() {
        odd += 2.0;
        term *= x * x / odd;
        sum += term;
    }
    0.5 + sum * (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// A share with Wilson's interval, for tests.
#[cfg(test)]
pub(super) fn wilson(k: f64, n: f64) -> Estimate {
    let (p, z2) = (k / n, Z95 * Z95);
    let middle = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z95 / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    Estimate { value: p, low: middle - half, high: middle + half }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-4, "{a} is not {b}");
    }

    #[test]
    fn the_normal_distribution_at_points_known_from_tables() {
        for (z, p) in [(0.0, 0.5), (1.0, 0.841_344_75), (1.959_964, 0.975), (3.0, 0.998_650_1), (-1.0, 0.158_655_25)] {
            near(normal(z), p);
        }
        assert_eq!((normal(9.0), normal(-9.0)), (1.0, 0.0));
    }

    #[test]
    fn a_wilson_interval_gives_back_its_count() {
        for (k, n) in [(0.0, 12.0), (1.0, 30.0), (81.0, 263.0), (30.0, 30.0), (5000.0, 100_000.0)] {
            let found = wilson(k, n).observations().unwrap();
            assert!((found / n - 1.0).abs() < 1e-6, "{k} of {n} came back as {found}");
        }
        // an interval without width says nothing
        assert_eq!(Estimate { value: 0.3, low: 0.3, high: 0.3 }.observations(), None);
    }

    #[test]
    fn a_share_is_tested_against_a_bound() {
        // 8 of 100 against 15 %, so 8.5 and 91.5: G² = 2 (8.5 ln(8.5/15) + 91.5 ln(91.5/85)) = 3.8291
        near(wilson(8.0, 100.0).share_against(0.08, 0.15).unwrap(), 0.050_369);
        near(wilson(15.0, 100.0).share_against(0.15, 0.15).unwrap(), 1.0);
        assert_eq!(wilson(99.0, 100.0).share_against(0.99, 1.0), Some(1.0));
    }

    #[test]
    fn two_shares_are_compared() {
        // 10 of 100 and 20 of 100, so 10.5 and 19.5:
        // G² = 2 (10.5 ln 0.7 + 89.5 ln(89.5/85) + 19.5 ln 1.3 + 80.5 ln(80.5/85)) = 3.2187
        near(shares_equal((0.1, 100.0), (0.2, 100.0)), 0.072_800);
        near(shares_equal((0.2, 100.0), (0.2, 1000.0)), 1.0);
        // nothing expected in a cell, an empty group: nothing shown
        assert_eq!(shares_equal((0.0, 20.0), (0.001, 1000.0)), 1.0);
        assert_eq!(shares_equal((0.0, 0.0), (0.5, 10.0)), 1.0);
    }

    #[test]
    fn a_slope_is_tested_by_the_width_of_its_interval() {
        let slope = Estimate { value: 0.5, low: 0.01, high: 0.99 };
        near(slope.value_against(slope.value, 0.0).unwrap(), 0.045_500);
        assert_eq!(Estimate { value: 1.0, low: 1.0, high: 1.0 }.value_against(1.0, 0.0), None);
    }

    #[test]
    fn p_values_are_adjusted_as_in_the_paper() {
        // the example of Benjamini and Hochberg 1995, section 3.2: four of fifteen hold at 5 %
        let paper = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
            0.7590, 1.0,
        ];
        let q = adjusted(&paper.map(Some));
        assert_eq!(q.iter().flatten().filter(|q| **q <= FALSE_DISCOVERY_RATE).count(), 4);
        near(q[0].unwrap(), 0.0015);
        near(q[3].unwrap(), 0.035_625);
        // a later, smaller value pulls the earlier ones down; the order given is kept; absent ones do not count
        let q = adjusted(&[Some(0.04), None, Some(0.01), Some(0.035)]);
        near(q[0].unwrap(), 0.04);
        near(q[2].unwrap(), 0.03);
        near(q[3].unwrap(), 0.04);
        assert_eq!(q[1], None);
        assert_eq!(adjusted(&[]), vec![]);
    }
}
