//! What Stirling's formula leaves of the gamma function.

/// What Stirling's formula leaves of ln Γ and of its two derivatives, each tending to 0 where x is large. Differences of
/// gamma functions keep their digits when they are made of these.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Left {
    /// ln Γ(x) − ((x − ½)·ln x − x + ½·ln 2π).
    pub value: f64,
    /// ψ(x) − ln x, with ψ = (ln Γ)′.
    pub first: f64,
    /// ψ′(x) − 1/x.
    pub second: f64,
}

/// From here on the expansions are as exact as a double.
const LARGE: f64 = 12.0;

/// What Stirling's formula leaves at a number above 0.
///
/// The expansions for large x of M. Abramowitz, I. A. Stegun (1964), "Handbook of Mathematical Functions", 6.1.41, 6.3.18
/// and 6.4.12; a smaller x is carried there by Γ(x+1) = x·Γ(x).
pub fn left_by_stirling(x: f64) -> Left {
    let (mut large, mut product, mut inverses, mut squares) = (x, 1.0, 0.0, 0.0);
    while large < LARGE {
        product *= large;
        inverses += 1.0 / large;
        squares += 1.0 / (large * large);
        large += 1.0;
    }
    let z = 1.0 / large;
    let even = |terms: [f64; 7]| terms.iter().rev().fold(0.0, |sum, term| sum * z * z + term);
    let value =
        even([1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0, 1.0 / 156.0]);
    let first = even([1.0 / 12.0, -1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0, -691.0 / 32_760.0, 1.0 / 12.0]);
    let second = even([1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0]);
    let (value, first, second) = (z * value, -0.5 * z - z * z * first, 0.5 * z * z + z * z * z * second);
    if large == x {
        return Left { value, first, second };
    }
    let formula = |x: f64| (x - 0.5) * x.ln() - x;
    Left {
        value: value + formula(large) - formula(x) - product.ln(),
        first: first + (large / x).ln() - inverses,
        second: second + z - 1.0 / x + squares,
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::super::golden;
    use super::*;

    #[test]
    fn agrees_with_mpmath() {
        let mut cases = 0;
        for cells in golden::rows(include_str!("../../../tests/oracles/clients/gamma.csv")) {
            let [x, value, first, second] = [0, 1, 2, 3].map(|i| cells[i].parse::<f64>().unwrap());
            let left = left_by_stirling(x);
            let ln_gamma = (x - 0.5) * x.ln() - x + 0.5 * TAU.ln() + left.value;
            golden::same(ln_gamma, value, 2e-14, &format!("ln Γ({x})"));
            golden::same(left.first + x.ln(), first, 2e-14, &format!("ψ({x})"));
            golden::same(left.second + 1.0 / x, second, 2e-14, &format!("ψ′({x})"));
            cases += 1;
        }
        assert!(cases > 20);
    }
}
