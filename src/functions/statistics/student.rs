//! Student's t.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2};

use super::Z95;

/// Up to here the distribution is summed exactly; above, its expansion is as exact as a double.
const SUMMED: u64 = 200;

/// The quantile t for which 95 % of Student's distribution with `freedom` degrees lie within ±t; none for 0 degrees.
///
/// For whole degrees of freedom the distribution is a finite sum (M. Abramowitz, I. A. Stegun (1964), "Handbook of
/// Mathematical Functions", 26.7.3 and 26.7.4), which is bisected; for many degrees the asymptotic expansion around
/// the normal quantile (26.7.5) is used.
pub fn t95(freedom: u64) -> Option<f64> {
    match freedom {
        0 => None,
        1..=SUMMED => Some(bisected(freedom)),
        _ => Some(expanded(freedom as f64)),
    }
}

fn bisected(freedom: u64) -> f64 {
    let (mut low, mut high) = (0.0, FRAC_PI_2);
    // each step adds a bit
    for _ in 0..64 {
        let middle = 0.5 * (low + high);
        if within(middle, freedom) < 0.95 { low = middle } else { high = middle }
    }
    (freedom as f64).sqrt() * (0.5 * (low + high)).tan()
}

/// P(|T| < t) at t = √freedom · tan(angle).
fn within(angle: f64, freedom: u64) -> f64 {
    let (sin, cos) = angle.sin_cos();
    let odd = freedom % 2 == 1;
    // even: sin · (1 + 1/2 cos² + 1·3/(2·4) cos⁴ + … up to cos^(freedom−2));
    // odd: 2/π · (angle + sin · (cos + 2/3 cos³ + 2·4/(3·5) cos⁵ + … up to cos^(freedom−2)))
    let mut term = if odd { cos } else { 1.0 };
    let mut power = if odd { 1 } else { 0 };
    let mut sum = 0.0;
    while power + 2 <= freedom {
        sum += term;
        term *= cos * cos * (power + 1) as f64 / (power + 2) as f64;
        power += 2;
    }
    if odd { FRAC_2_PI * (angle + sin * sum) } else { sin * sum }
}

fn expanded(n: f64) -> f64 {
    let z = Z95;
    let (z3, z5, z7, z9) = (z.powi(3), z.powi(5), z.powi(7), z.powi(9));
    let first = (z3 + z) / 4.0;
    let second = (5.0 * z5 + 16.0 * z3 + 3.0 * z) / 96.0;
    let third = (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / 384.0;
    let fourth = (79.0 * z9 + 776.0 * z7 + 1482.0 * z5 - 1920.0 * z3 - 945.0 * z) / 92160.0;
    z + first / n + second / n.powi(2) + third / n.powi(3) + fourth / n.powi(4)
}

#[cfg(test)]
mod tests {
    use super::super::golden;
    use super::*;

    #[test]
    fn agrees_with_scipy() {
        let mut cases = 0;
        for cells in golden::rows(include_str!("../../../tests/oracles/student.csv")) {
            let (freedom, t) = (cells[0].parse().unwrap(), cells[1].parse().unwrap());
            golden::same(t95(freedom).unwrap(), t, 2e-12, &format!("{freedom} degrees"));
            cases += 1;
        }
        assert!(cases > 200);
        assert_eq!(t95(0), None);
    }
}
