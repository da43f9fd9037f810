//! The Wilson score interval of a proportion.

use super::{Estimate, Z95};

/// `k` of `n` as a share with its 95 % Wilson score interval; none where `n` is 0, or where `k` is outside of 0..=n.
///
/// (p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n), without continuity correction: E. B. Wilson (1927), "Probable
/// inference, the law of succession, and statistical inference", JASA 22:209–212. `k` and `n` may be fractional, as
/// they are where a share was estimated.
pub fn wilson(k: f64, n: f64) -> Option<Estimate> {
    if n <= 0.0 || !n.is_finite() || !(0.0..=n).contains(&k) {
        return None;
    }
    let (p, z2) = (k / n, Z95 * Z95);
    let centre = p + z2 / (2.0 * n);
    let half = Z95 * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    Some(Estimate {
        value: p,
        // at the ends the two terms are equal, and rounding would leave 1e-17 where 0 is exact
        low: if k == 0.0 { 0.0 } else { ((centre - half) / scale).max(0.0) },
        high: if k == n { 1.0 } else { ((centre + half) / scale).min(1.0) },
    })
}

#[cfg(test)]
mod tests {
    use super::super::golden;
    use super::*;

    #[test]
    fn agrees_with_statsmodels() {
        let mut cases = 0;
        for cells in golden::rows(include_str!("../../../tests/oracles/wilson.csv")) {
            let [k, n, low, high] = [0, 1, 2, 3].map(|i| cells[i].parse::<f64>().unwrap());
            let ours = wilson(k, n).unwrap();
            golden::same(ours.low, low, 1e-13, &format!("low of {k}/{n}"));
            golden::same(ours.high, high, 1e-13, &format!("high of {k}/{n}"));
            cases += 1;
        }
        assert!(cases > 20);
    }

    #[test]
    fn the_ends_are_exact_and_nonsense_is_none() {
        let none = wilson(0.0, 10.0).unwrap();
        assert_eq!((none.value, none.low), (0.0, 0.0));
        let all = wilson(10.0, 10.0).unwrap();
        assert_eq!((all.value, all.high), (1.0, 1.0));
        for (k, n) in [(0.0, 0.0), (1.0, 0.0), (-1.0, 5.0), (6.0, 5.0), (f64::NAN, 5.0), (1.0, f64::NAN)] {
            assert_eq!(wilson(k, n), None);
        }
    }
}
