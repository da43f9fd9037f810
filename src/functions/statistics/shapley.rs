//! What each factor of a product contributed to its change.

/// The Shapley contributions of the factors to `Π after − Π before`, in the order given. They sum to it, but for
/// rounding. Both slices have the same length.
///
/// A factor's contribution is the mean, over all orders in which the factors could have changed one by one, of what
/// the product changed when that factor did: L. S. Shapley (1953), "A value for n-person games"; for products of
/// factors A. F. Shorrocks (2013), "Decomposition procedures for distributional analysis", J. Econ. Inequal. 11:99–126.
///
/// With n factors, φᵢ = (aᵢ − bᵢ) · Σₖ k!(n−1−k)!/n! · eₖ, where eₖ sums, over the sets of k other factors, the
/// product of the others with these k as after and the rest as before: the coefficient of zᵏ in Πⱼ≠ᵢ (bⱼ + aⱼz).
pub fn product_change(before: &[f64], after: &[f64]) -> Vec<f64> {
    let factors: Vec<(f64, f64)> = before.iter().copied().zip(after.iter().copied()).collect();
    let contribution = |(at, (before, after)): (usize, &(f64, f64))| {
        let others = factors.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, factor)| *factor);
        (after - before) * mean_of_others(others)
    };
    factors.iter().enumerate().map(contribution).collect()
}

/// The product of some factors, as it stands on average when one more changes at a random place among them.
fn mean_of_others(factors: impl Iterator<Item = (f64, f64)>) -> f64 {
    // by how many have changed, the sum of products over all choices of which
    let mut sums = vec![1.0];
    for (before, after) in factors {
        sums.push(0.0);
        for changed in (0..sums.len()).rev() {
            let with_it = if changed > 0 { sums[changed - 1] * after } else { 0.0 };
            sums[changed] = sums[changed] * before + with_it;
        }
    }
    let most = sums.len() - 1;
    // each number of changed ones is as likely as another, and so is each choice of that many
    let mut choices = 1.0;
    let mut total = 0.0;
    for (changed, sum) in sums.iter().enumerate() {
        total += sum / choices;
        choices *= (most - changed) as f64 / (changed + 1) as f64;
    }
    total / sums.len() as f64
}

#[cfg(test)]
mod tests {
    use super::super::golden::same;
    use super::*;

    /// The definition itself: every order of changing, one factor at a time.
    fn by_every_order(before: &[f64], after: &[f64]) -> Vec<f64> {
        fn walk(now: &mut Vec<f64>, after: &[f64], left: &[usize], sums: &mut [f64]) -> f64 {
            let mut orders = 0.0;
            for &next in left {
                let was = now[next];
                let others: Vec<usize> = left.iter().copied().filter(|other| *other != next).collect();
                let product = now.iter().product::<f64>();
                now[next] = after[next];
                let step = now.iter().product::<f64>() - product;
                let below = walk(now, after, &others, sums).max(1.0);
                sums[next] += step * below;
                orders += below;
                now[next] = was;
            }
            orders
        }
        let mut sums = vec![0.0; before.len()];
        let all: Vec<usize> = (0..before.len()).collect();
        let orders = walk(&mut before.to_vec(), after, &all, &mut sums);
        sums.iter().map(|sum| sum / orders).collect()
    }

    #[test]
    fn it_is_the_mean_over_every_order() {
        for n in 1..=7_usize {
            for case in 0..5_usize {
                let value = |i: usize, step: usize| ((i * 37 + case * 11 + step) % 23) as f64 / 4.0 - 1.0;
                let before: Vec<f64> = (0..n).map(|i| value(i, 3)).collect();
                let after: Vec<f64> = (0..n).map(|i| value(i, 17)).collect();
                for (ours, brute) in product_change(&before, &after).iter().zip(by_every_order(&before, &after)) {
                    same(*ours, brute, 1e-12, &format!("{n} factors, case {case}"));
                }
            }
        }
    }

    #[test]
    fn two_factors_are_symmetric() {
        let parts = product_change(&[100.0, 0.2], &[130.0, 0.15]);
        same(parts[0], 30.0 * (0.2 + 0.15) / 2.0, 1e-14, "the first");
        same(parts[1], -0.05 * (100.0 + 130.0) / 2.0, 1e-14, "the second");
        let mirrored = product_change(&[0.2, 100.0], &[0.15, 130.0]);
        assert_eq!((parts[0], parts[1]), (mirrored[1], mirrored[0]));
    }

    #[test]
    fn the_parts_sum_to_the_change() {
        let before = [1520.0, 0.31, 0.22, 148_300.5, 0.97, 1.1, 3.0, 0.002];
        let after = [1380.0, 0.35, 0.19, 151_020.0, 0.99, 1.0, 4.0, 0.001];
        let change = after.iter().product::<f64>() - before.iter().product::<f64>();
        same(product_change(&before, &after).iter().sum(), change, 1e-13, "the sum");
        // what did not change did nothing, and from nothing to something is fine
        assert_eq!(product_change(&[2.0, 0.0], &[2.0, 3.0]), [0.0, 6.0]);
        assert_eq!(product_change(&[], &[]), [0.0; 0]);
        assert_eq!(product_change(&[2.0], &[5.0]), [3.0]);
    }
}
