//! Tails of the normal and of the χ² distribution.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::gamma::left_by_stirling;

/// Below this 1 − erf keeps its digits; from here on the continued fraction converges fast.
const MIDDLE: f64 = 1.5;
/// Both expansions have long converged by then, or never will.
const MOST_TERMS: usize = 10_000;
/// A term or factor nearer than this changes nothing.
const LAST: f64 = 1e-16;

/// The two-sided p-value of a standard normal z: the probability of one at least as far from 0. None where z is NaN.
pub fn normal_p(z: f64) -> Option<f64> {
    (!z.is_nan()).then(|| erfc(z.abs() * FRAC_1_SQRT_2))
}

/// 1 − erf(x) for an x of 0 or more.
///
/// Below 1.5 by erf(x) = 2/√π·e^(−x²)·Σ 2ⁿx^(2n+1)/(1·3·…·(2n+1)), whose terms are all of one sign; above by the continued fraction
/// e^(−x²)/√π·1/(x + ½/(x + 1/(x + 3⁄2/(x + …)))): M. Abramowitz, I. A. Stegun (1964), "Handbook of Mathematical Functions", 7.1.6
/// and 7.1.14.
fn erfc(x: f64) -> f64 {
    if x < MIDDLE {
        let (mut term, mut sum) = (x, x);
        for n in 1..MOST_TERMS {
            term *= 2.0 * x * x / (2 * n + 1) as f64;
            sum += term;
            if term <= sum * LAST {
                break;
            }
        }
        return 1.0 - 2.0 / PI.sqrt() * (-x * x).exp() * sum;
    }
    let power = (-x * x).exp();
    if power == 0.0 {
        return 0.0;
    }
    // from the innermost outwards; 200 levels are exact from 1.5 on
    let fraction = (1..=200).rev().fold(x, |inner, level| x + 0.5 * f64::from(level) / inner);
    power / PI.sqrt() / fraction
}

/// The probability that a χ² of so many degrees of freedom is at least as large. None where either is none.
///
/// The regularised incomplete gamma function Q(freedom/2, chi²/2): its series 6.5.29 below, its continued fraction 6.5.31 (by Lentz's
/// method) above, in the same handbook.
pub fn chi_squared_p(chi_squared: f64, freedom: f64) -> Option<f64> {
    if !(chi_squared >= 0.0 && freedom > 0.0 && freedom.is_finite()) {
        return None;
    }
    let (a, x) = (freedom / 2.0, chi_squared / 2.0);
    if x == 0.0 || !x.is_finite() {
        return Some(if x == 0.0 { 1.0 } else { 0.0 });
    }
    let ln_gamma = (a - 0.5) * a.ln() - a + 0.5 * std::f64::consts::TAU.ln() + left_by_stirling(a).value;
    let front = (a * x.ln() - x - ln_gamma).exp();
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for n in 1..MOST_TERMS {
            term *= x / (a + n as f64);
            sum += term;
            if term <= sum * LAST {
                break;
            }
        }
        return Some((1.0 - front * sum).clamp(0.0, 1.0));
    }
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (f64::MAX, 1.0 / b);
    let mut fraction = d;
    for n in 1..MOST_TERMS {
        let n = n as f64;
        let numerator = -n * (n - a);
        b += 2.0;
        d = 1.0 / (b + numerator * d);
        c = b + numerator / c;
        fraction *= c * d;
        if (c * d - 1.0).abs() <= 4.0 * LAST {
            break;
        }
    }
    Some((front * fraction).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::super::golden;
    use super::*;

    /// Equal to so many digits, however small they are.
    fn close(ours: f64, golden: f64, tolerance: f64, what: &str) {
        assert!((ours - golden).abs() <= tolerance * golden.abs(), "{what}: ours {ours:e}, golden {golden:e}");
    }

    #[test]
    fn agrees_with_scipy() {
        let mut cases = [0, 0];
        for cells in golden::rows(include_str!("../../../tests/oracles/tails.csv")) {
            let [freedom, value, p] = [0, 1, 2].map(|at| golden::number(cells[at]));
            let (value, p) = (value.unwrap(), p.unwrap());
            match freedom {
                None => close(normal_p(value).unwrap(), p, 1e-12, &format!("normal, z = {value}")),
                Some(freedom) => {
                    close(chi_squared_p(value, freedom).unwrap(), p, 1e-11, &format!("χ² {value} of {freedom}"));
                }
            }
            cases[usize::from(freedom.is_some())] += 1;
        }
        assert!(cases[0] > 30 && cases[1] > 50, "{cases:?}");
    }

    #[test]
    fn the_ends_are_exact() {
        assert_eq!([0.0, 40.0, -1e308, f64::INFINITY].map(normal_p), [Some(1.0), Some(0.0), Some(0.0), Some(0.0)]);
        assert_eq!(normal_p(-1.3), normal_p(1.3));
        assert_eq!((normal_p(f64::NAN), chi_squared_p(f64::NAN, 1.0), chi_squared_p(1.0, 0.0)), (None, None, None));
        assert_eq!((chi_squared_p(0.0, 3.0), chi_squared_p(1e308, 3.0)), (Some(1.0), Some(0.0)));
    }
}
