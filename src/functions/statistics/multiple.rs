//! The correction for many comparisons.

/// Benjamini and Hochberg's (1995) adjusted p-values, in the order given; absent ones stay absent and do not count.
///
/// The p-value of rank r out of n, times n / r, and no more than that of any larger one: Y. Benjamini, Y. Hochberg (1995),
/// "Controlling the False Discovery Rate", Journal of the Royal Statistical Society B 57(1).
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

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    }

    #[test]
    fn p_values_are_adjusted_as_in_the_paper() {
        // the example of Benjamini and Hochberg 1995, section 3.2: four of fifteen hold at 5 %
        let paper = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
            0.7590, 1.0,
        ];
        let q = adjusted(&paper.map(Some));
        assert_eq!(q.iter().flatten().filter(|q| **q <= 0.05).count(), 4);
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
