//! Whether shares differ: of two groups, and of many.

use super::Estimate;
use super::normal::chi_squared_p;
use super::wilson::wilson;

/// Tables whose probabilities differ by less than this are equally likely: what two roads to one number differ by.
const TIE: f64 = 1e-7;
/// What is so much less likely than the rest adds nothing to it.
const NOTHING: f64 = 1e-18;
/// From this expected count on in every cell χ² keeps its level (W. G. Cochran, 1954, Biometrics 10:417–451).
const ENOUGH: f64 = 5.0;

/// The two-sided p-value of two shares, `k` of `n` each: R. A. Fisher's exact test, the sum over all tables with the same margins that
/// are no likelier than this one. Counts must be whole and k within 0..=n. None where a group is empty.
///
/// Exact at any size, so it judges falsely no more often than stated, in every world without a difference; the price is some power
/// where counts are small. The pooled z test does not keep its level there (1 of 10 beside 9 of 2,000 is "significant" far too often).
pub fn fisher(k1: f64, n1: f64, k2: f64, n2: f64) -> Option<f64> {
    if !(n1 > 0.0 && n2 > 0.0) {
        return None;
    }
    let (events, all) = (k1 + k2, n1 + n2);
    let (least, most) = ((events - n2).max(0.0), events.min(n1));
    let mode = ((events + 1.0) * (n1 + 1.0) / (all + 2.0)).floor().clamp(least, most);
    // likelihoods beside that of the likeliest table, each from its neighbour's
    let up = |x: f64| (n1 - x) * (events - x) / ((x + 1.0) * (n2 - events + x + 1.0));
    let down = |x: f64| x * (n2 - events + x) / ((n1 - x + 1.0) * (events - x + 1.0));
    let seen = weight(mode, k1, up, down);
    let (mut total, mut extreme) = (0.0, 0.0);
    let mut add = |weight: f64| {
        total += weight;
        if weight <= seen * (1.0 + TIE) {
            extreme += weight;
        }
    };
    add(1.0);
    for (step, end, ratio) in [(1.0, most, &up as &dyn Fn(f64) -> f64), (-1.0, least, &down)] {
        let (mut x, mut weight) = (mode, 1.0);
        while x != end && weight > seen * NOTHING {
            weight *= ratio(x);
            x += step;
            add(weight);
        }
    }
    Some((extreme / total).min(1.0))
}

/// How likely `k` is beside the mode.
fn weight(mode: f64, k: f64, up: impl Fn(f64) -> f64, down: impl Fn(f64) -> f64) -> f64 {
    let (mut x, mut weight) = (mode, 1.0);
    while x != k && weight > 0.0 {
        let above = k > x;
        weight *= if above { up(x) } else { down(x) };
        x += if above { 1.0 } else { -1.0 };
    }
    weight
}

/// The first share less the second, with its 95 % interval made of the two Wilson intervals. None where a group is empty.
///
/// R. G. Newcombe (1998), Statistics in Medicine 17:873–890, method 10. The counts may be fractional.
pub fn newcombe(k1: f64, n1: f64, k2: f64, n2: f64) -> Option<Estimate> {
    let (first, second) = (wilson(k1, n1)?, wilson(k2, n2)?);
    let value = first.value - second.value;
    let low = (first.value - first.low).hypot(second.high - second.value);
    let high = (first.high - first.value).hypot(second.value - second.low);
    Some(Estimate { value, low: (value - low).max(-1.0), high: (value + high).min(1.0) })
}

/// The p-value of "all groups have one share", `(k, n)` each. Counts must be whole and k within 0..=n. Empty groups say nothing; none
/// where fewer than two are left.
///
/// Where every expected count is at least 5, Pearson's χ², scaled so that mean and variance are exactly those that it has given the margins
/// (J. B. S. Haldane, 1940, Biometrika 31:346–355): unscaled, groups of unequal size are "different" in more than 5 % of worlds in which
/// they are not.
/// Elsewhere the smallest exact p-value of a group beside all others, times the number of groups (C. E. Bonferroni): it judges falsely
/// no more often than stated however small the counts are. Of two groups that one is asked at once.
pub fn equal(groups: &[(f64, f64)]) -> Option<f64> {
    let groups: Vec<(f64, f64)> = groups.iter().copied().filter(|(_, n)| *n > 0.0).collect();
    let (events, all) = groups.iter().fold((0.0, 0.0), |(k, n), group| (k + group.0, n + group.1));
    match *groups.as_slice() {
        [] | [_] => return None,
        [first, second] => return fisher(first.0, first.1, second.0, second.1),
        _ => {}
    }
    if events <= 0.0 || events >= all {
        return Some(1.0);
    }
    let (share, count) = (events / all, groups.len() as f64);
    let rarest = share.min(1.0 - share);
    if groups.iter().all(|(_, n)| n * rarest >= ENOUGH) {
        let chi_squared =
            groups.iter().map(|(k, n)| (k - n * share).powi(2) / (n * share * (1.0 - share))).sum::<f64>();
        let by_groups = (all * groups.iter().map(|(_, n)| 1.0 / n).sum::<f64>() - count * count) / (all - 2.0);
        let by_outcomes = (all * (1.0 / events + 1.0 / (all - events)) - 4.0) / (all - 2.0);
        let variance = 2.0 * all / (all - 3.0)
            * ((count - 1.0) * (all - count) / (all - 1.0) - by_groups)
            * ((all - 2.0) / (all - 1.0) - by_outcomes)
            + all * all / (all - 1.0) * by_groups * by_outcomes;
        let mean = (count - 1.0) * all / (all - 1.0);
        return chi_squared_p(chi_squared * 2.0 * mean / variance, 2.0 * mean * mean / variance);
    }
    let beside_the_rest = groups.iter().filter_map(|(k, n)| fisher(*k, *n, events - k, all - n));
    Some((beside_the_rest.fold(1.0, f64::min) * count).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::super::golden;
    use super::*;

    #[test]
    fn agrees_with_scipy_and_statsmodels() {
        let mut cases = 0;
        for cells in golden::rows(include_str!("../../../tests/oracles/shares.csv")) {
            let [k1, n1, k2, n2, p, low, high] = [0, 1, 2, 3, 4, 5, 6].map(|at| golden::number(cells[at]).unwrap());
            let what = format!("{k1}/{n1} and {k2}/{n2}");
            let ours = fisher(k1, n1, k2, n2).unwrap();
            assert!((ours - p).abs() <= 1e-8 * p, "{what}: ours {ours:e}, golden {p:e}");
            let interval = newcombe(k1, n1, k2, n2).unwrap();
            golden::same(interval.low, low, 1e-13, &what);
            golden::same(interval.high, high, 1e-13, &what);
            cases += 1;
        }
        assert!(cases > 100);
    }

    #[test]
    fn many_groups_agree_with_scipy() {
        let mut cases = 0;
        for cells in golden::rows(include_str!("../../../tests/oracles/shares_equal.csv")) {
            let groups: Vec<_> = golden::numbers(cells[0]).into_iter().zip(golden::numbers(cells[1])).collect();
            let (ours, p) = (equal(&groups).unwrap(), golden::number(cells[2]).unwrap());
            assert!((ours - p).abs() <= 1e-8 * p, "{groups:?}: ours {ours:e}, golden {p:e}");
            cases += 1;
        }
        assert!(cases > 20);
    }

    #[test]
    fn the_exact_test_never_judges_too_often() {
        // over all tables of two groups with one rate: the probability that p is at most 5 %
        for (n1, n2, rate) in [(5, 40, 0.1), (10, 10, 0.5), (12, 30, 0.03), (3, 60, 0.3), (25, 25, 0.2)] {
            let chance = |n: i32| -> Vec<f64> {
                let mut now = vec![1.0];
                for _ in 0..n {
                    let mut next = vec![0.0; now.len() + 1];
                    for (k, p) in now.iter().enumerate() {
                        next[k] += p * (1.0 - rate);
                        next[k + 1] += p * rate;
                    }
                    now = next;
                }
                now
            };
            let (first, second) = (chance(n1), chance(n2));
            let mut wrong = 0.0;
            for (k1, p1) in first.iter().enumerate() {
                for (k2, p2) in second.iter().enumerate() {
                    let p = fisher(k1 as f64, f64::from(n1), k2 as f64, f64::from(n2)).unwrap();
                    wrong += if p <= 0.05 { p1 * p2 } else { 0.0 };
                }
            }
            assert!(wrong <= 0.05, "{n1}, {n2}, {rate}: {wrong}");
        }
    }

    #[test]
    fn nothing_to_tell_apart_is_no_difference_and_nothing_at_all_is_none() {
        assert_eq!((fisher(0.0, 5.0, 0.0, 7.0), fisher(5.0, 5.0, 7.0, 7.0)), (Some(1.0), Some(1.0)));
        assert_eq!((fisher(0.0, 0.0, 1.0, 7.0), newcombe(0.0, 0.0, 1.0, 7.0)), (None, None));
        assert_eq!((equal(&[]), equal(&[(1.0, 5.0)]), equal(&[(1.0, 5.0), (0.0, 0.0)])), (None, None, None));
        assert_eq!(equal(&[(0.0, 5.0), (0.0, 6.0), (0.0, 7.0)]), Some(1.0));
        // as far apart as two groups of a million can be
        assert_eq!(fisher(0.0, 1e6, 1e6, 1e6), Some(0.0));
        assert!(fisher(500_000.0, 1e6, 501_000.0, 1e6).unwrap() > 0.1);
    }
}
