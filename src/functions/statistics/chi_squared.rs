//! The tail of the χ² distribution.

use std::f64::consts::PI;

use super::gamma::left_by_stirling;

/// As close as a double comes.
const CLOSE: f64 = 1e-16;
/// More terms than any argument takes that a caller lets through.
const MOST_TERMS: usize = 100_000;

/// P(X ≥ `statistic`) for X of the χ² distribution with `df` degrees of freedom: the regularised upper incomplete gamma function
/// Q(df / 2, statistic / 2).
///
/// By the series for P = 1 − Q below a + 1 and by the continued fraction for Q above it: M. Abramowitz, I. A. Stegun (1964),
/// "Handbook of Mathematical Functions", 6.5.29 and 6.5.31, the fraction by Lentz's method.
pub fn at_least(statistic: f64, df: f64) -> f64 {
    let (a, x) = (df / 2.0, statistic / 2.0);
    if x <= 0.0 {
        return 1.0;
    }
    let ln_gamma = (a - 0.5) * a.ln() - a + 0.5 * (2.0 * PI).ln() + left_by_stirling(a).value;
    let scale = (a * x.ln() - x - ln_gamma).exp();
    let q = if x < a + 1.0 { 1.0 - scale * series(a, x) } else { scale * fraction(a, x) };
    q.clamp(0.0, 1.0)
}

fn series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum) = (1.0 / a, 1.0 / a);
    for n in 1..MOST_TERMS {
        term *= x / (a + n as f64);
        sum += term;
        if term < sum * CLOSE {
            break;
        }
    }
    sum
}

fn fraction(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let not_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / not_zero(b));
    let mut whole = d;
    for n in 1..MOST_TERMS {
        let n = n as f64;
        let step = -n * (n - a);
        b += 2.0;
        d = 1.0 / not_zero(step * d + b);
        c = not_zero(b + step / c);
        let factor = c * d;
        whole *= factor;
        if (factor - 1.0).abs() < CLOSE {
            break;
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::super::golden::same;
    use super::*;

    #[test]
    fn points_known_from_tables() {
        // with 2 degrees Q is e^(−x/2), with 4 it is e^(−x/2)·(1 + x/2)
        for x in [0.01, 0.5, 2.0, 3.0, 10.0, 60.0] {
            same(at_least(x, 2.0), (-x / 2.0_f64).exp(), 1e-14, "2 degrees");
            same(at_least(x, 4.0), (-x / 2.0_f64).exp() * (1.0 + x / 2.0), 1e-14, "4 degrees");
        }
        // A. Hald (1952), "Statistical Tables and Formulas"; scipy.stats.chi2.sf
        for (x, df, p) in [
            (3.841_458_820_694_124, 1.0, 0.05),
            (6.634_896_601_021_214, 1.0, 0.01),
            (10.827_566_170_662_733, 1.0, 0.001),
            (11.070_497_693_516_35, 5.0, 0.05),
            (124.342_113_404_004_07, 100.0, 0.05),
        ] {
            same(at_least(x, df), p, 1e-12, &format!("{x} with {df} degrees"));
        }
        assert_eq!((at_least(0.0, 1.0), at_least(1e6, 1.0)), (1.0, 0.0));
    }

    #[test]
    fn falls_with_the_statistic_and_meets_where_the_formulas_do() {
        for df in [1.0, 2.0, 7.0, 50.0] {
            let at = |step: usize| at_least(step as f64 * df / 40.0, df);
            assert!((0..200).all(|step| at(step) >= at(step + 1)));
            let edge = df + 2.0;
            same(at_least(edge * (1.0 - 1e-12), df), at_least(edge, df), 1e-10, "the edge");
        }
    }
}
