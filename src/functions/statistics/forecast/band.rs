//! Quantiles of what is not won yet.

/// The standard normal quantile of 90 %.
pub const Z90: f64 = 1.281_551_565_544_600_4;

/// The quantile at a standard normal `z` of a gamma distribution with this mean and variance: the cube root of Wilson and Hilferty
/// (E. B. Wilson, M. M. Hilferty (1931), "The distribution of chi-square", PNAS 17, 684–688). A mean of nothing is nothing.
pub fn quantile(mean: f64, variance: f64, z: f64) -> f64 {
    if mean <= 0.0 || variance <= 0.0 {
        return mean;
    }
    // 1/shape: where the spread is wide the distribution is all tail, and its quantiles are those of this width
    let ninth = (variance / (mean * mean)).min(3.0) / 9.0;
    mean * (1.0 - ninth + z * ninth.sqrt()).max(0.0).powi(3)
}

#[cfg(test)]
mod tests {
    use super::super::super::golden;
    use super::*;

    #[test]
    fn agrees_with_scipy() {
        for cells in golden::rows(include_str!("../../../../tests/oracles/forecast_quantiles.csv")) {
            let numbers: Vec<f64> = cells.iter().map(|cell| cell.parse().unwrap()).collect();
            for (at, z) in [-Z90, 0.0, Z90].into_iter().enumerate() {
                let ours = quantile(numbers[0], numbers[1], z);
                // the cube root is an approximation
                assert!((ours / numbers[2 + at] - 1.0).abs() < 0.01, "{cells:?} {z}: {ours}");
            }
        }
    }

    #[test]
    fn without_doubt_there_is_no_band() {
        assert_eq!(quantile(7.0, 0.0, Z90), 7.0);
        assert_eq!(quantile(0.0, 4.0, Z90), 0.0);
        assert!(quantile(1.0, 1e9, -Z90) >= 0.0);
    }
}
