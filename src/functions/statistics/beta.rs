//! Rates of many groups: how they scatter, and what that says of each.

use super::Estimate;

/// From here on the expansions are as exact as a double.
const LARGE: f64 = 12.0;
/// ln √(2π).
const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;
/// So many cases of its own a prior may be worth. Groups whose rates ask for more are equal as far as anybody can tell.
const FIRMEST: f64 = 1e7;
/// And so few at least.
const FAINTEST: f64 = 1e-3;
/// Each step adds a bit.
const HALVINGS: usize = 64;

/// The distribution of groups' rates: Beta(alpha, beta).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beta {
    /// α: as if so many cases with the event had been seen.
    pub alpha: f64,
    /// β: as if so many without.
    pub beta: f64,
}

/// The beta distribution of the groups' rates, from k events of n cases in each, by maximum marginal likelihood (beta-binomial).
/// None where the rates scatter no more than chance lets equal ones, or there are fewer than two groups.
///
/// With m = α/(α+β) and M = α+β, the slope of ln L by m falls as m grows, so m is found for each M by halving; then M, where the
/// slope by M at that m changes its sign. J. G. Skellam (1948), J. R. Statist. Soc. B 10:257–261; B. Efron, C. Morris (1973), JASA
/// 68:117–130, for what it is used for.
pub fn beta_binomial(groups: &[(f64, f64)]) -> Option<Beta> {
    let groups: Vec<(f64, f64)> = groups.iter().copied().filter(|(_, n)| *n > 0.0).collect();
    let (events, cases) = groups.iter().fold((0.0, 0.0), |(k, n), group| (k + group.0, n + group.1));
    if groups.len() < 2 || events <= 0.0 || events >= cases {
        return None;
    }
    let by_firmness = |firmness: f64| {
        let mean = mean_at(&groups, firmness);
        let slope = |(k, n): &(f64, f64)| {
            mean * rising(mean * firmness, *k) + (1.0 - mean) * rising((1.0 - mean) * firmness, n - k)
                - rising(firmness, *n)
        };
        groups.iter().map(slope).sum::<f64>()
    };
    let (mut low, mut high) = (FAINTEST.ln(), FIRMEST.ln());
    if by_firmness(FIRMEST) >= 0.0 {
        return None;
    }
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if by_firmness(middle.exp()) > 0.0 { low = middle } else { high = middle }
    }
    let firmness = (0.5 * (low + high)).exp();
    let mean = mean_at(&groups, firmness);
    Some(Beta { alpha: mean * firmness, beta: (1.0 - mean) * firmness })
}

/// The likeliest mean of the rates, where the prior is worth `firmness` cases.
fn mean_at(groups: &[(f64, f64)], firmness: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let mean = 0.5 * (low + high);
        let slope = |(k, n): &(f64, f64)| rising(mean * firmness, *k) - rising((1.0 - mean) * firmness, n - k);
        if groups.iter().map(slope).sum::<f64>() > 0.0 { low = mean } else { high = mean }
    }
    0.5 * (low + high)
}

/// 1/x + 1/(x+1) + … of `count` terms: ψ(x + count) − ψ(x).
fn rising(x: f64, count: f64) -> f64 {
    // where few terms are added, the difference of two large numbers would lose digits
    if count <= 64.0 {
        return (0..count as usize).map(|term| 1.0 / (x + term as f64)).sum();
    }
    digamma(x + count) - digamma(x)
}

/// ψ, by Stirling's expansion: M. Abramowitz, I. A. Stegun (1964), "Handbook of Mathematical Functions", 6.3.18.
fn digamma(mut x: f64) -> f64 {
    let mut inverses = 0.0;
    while x < LARGE {
        inverses += 1.0 / x;
        x += 1.0;
    }
    let z = 1.0 / (x * x);
    let series = z
        * (1.0 / 12.0
            - z * (1.0 / 120.0 - z * (1.0 / 252.0 - z * (1.0 / 240.0 - z * (1.0 / 132.0 - z * 691.0 / 32_760.0)))));
    x.ln() - 0.5 / x - series - inverses
}

/// ln Γ, by Stirling's expansion, 6.1.41 there.
fn ln_gamma(mut x: f64) -> f64 {
    let mut product = 1.0;
    while x < LARGE {
        product *= x;
        x += 1.0;
    }
    let z = 1.0 / (x * x);
    let series = (1.0 / 12.0
        - z * (1.0 / 360.0 - z * (1.0 / 1260.0 - z * (1.0 / 1680.0 - z * (1.0 / 1188.0 - z * 691.0 / 360_360.0)))))
        / x;
    (x - 0.5) * x.ln() - x + HALF_LN_TAU + series - product.ln()
}

impl Beta {
    /// Beyond this the logarithms of gamma functions have no digits left to tell their differences.
    pub const MOST: f64 = 1e9;

    /// The mean with the 95 % interval between the quantiles of 2.5 % and 97.5 %. None where a parameter is not above 0, or both are
    /// together beyond [`Beta::MOST`].
    pub fn estimate(&self) -> Option<Estimate> {
        let proper = self.alpha > 0.0 && self.beta > 0.0 && self.alpha + self.beta <= Beta::MOST;
        proper.then(|| Estimate {
            value: self.alpha / (self.alpha + self.beta),
            low: self.quantile(0.025),
            high: self.quantile(0.975),
        })
    }

    fn quantile(&self, share: f64) -> f64 {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if self.below(middle) < share { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    }

    /// The share below x: the regularised incomplete beta function, by the continued fraction of 26.5.8 there, which converges
    /// fast for x below the mean; above, the other tail is taken. Evaluated by the method of W. J. Lentz (1976), Appl. Opt. 15:668–671.
    fn below(&self, x: f64) -> f64 {
        let (a, b) = (self.alpha, self.beta);
        if x <= 0.0 || x >= 1.0 {
            return if x <= 0.0 { 0.0 } else { 1.0 };
        }
        let ln_front = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p();
        match x < (a + 1.0) / (a + b + 2.0) {
            true => ln_front.exp() * fraction(a, b, x) / a,
            false => 1.0 - ln_front.exp() * fraction(b, a, 1.0 - x) / b,
        }
    }
}

fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let kept = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / kept(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    // it needs about √max(a, b) terms
    for term in 1..100_000 {
        let m = f64::from(term);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / kept(1.0 + even * d);
        c = kept(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / kept(1.0 + odd * d);
        c = kept(1.0 + odd / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    fraction
}

#[cfg(test)]
mod tests {
    use super::super::golden;
    use super::*;

    #[test]
    fn agrees_with_scipy() {
        let (mut cases, mut equal) = (0, 0);
        for cells in golden::rows(include_str!("../../../tests/oracles/beta_binomial.csv")) {
            let groups: Vec<_> = golden::numbers(cells[0]).into_iter().zip(golden::numbers(cells[1])).collect();
            let ours = beta_binomial(&groups);
            match (ours, golden::number(cells[2])) {
                (Some(ours), Some(alpha)) => {
                    // scipy's optimiser stops at about the square root of a double's precision
                    golden::same(ours.alpha / alpha, 1.0, 2e-5, &format!("alpha of case {cases}"));
                    golden::same(
                        ours.beta / golden::number(cells[3]).unwrap(),
                        1.0,
                        2e-5,
                        &format!("beta of case {cases}"),
                    );
                }
                (None, None) => equal += 1,
                other => panic!("case {cases}: {other:?}"),
            }
            cases += 1;
        }
        assert!(cases >= 8 && equal >= 2);
    }

    #[test]
    fn quantiles_agree_with_scipy() {
        let mut cases = 0;
        for cells in golden::rows(include_str!("../../../tests/oracles/beta.csv")) {
            let [alpha, beta, low, high] = [0, 1, 2, 3].map(|i| cells[i].parse::<f64>().unwrap());
            let ours = Beta { alpha, beta }.estimate().unwrap();
            golden::same(ours.low, low, 1e-11, &format!("low of {alpha}, {beta}"));
            golden::same(ours.high, high, 1e-11, &format!("high of {alpha}, {beta}"));
            cases += 1;
        }
        assert!(cases >= 20);
    }

    #[test]
    fn groups_that_chance_explains_are_equal() {
        assert_eq!(beta_binomial(&[]), None);
        assert_eq!(beta_binomial(&[(3.0, 10.0)]), None);
        assert_eq!(beta_binomial(&[(0.0, 10.0), (0.0, 30.0)]), None);
        assert_eq!(beta_binomial(&[(10.0, 10.0), (30.0, 30.0)]), None);
        assert_eq!(beta_binomial(&[(3.0, 10.0), (4.0, 10.0), (3.0, 10.0)]), None);
        assert!(beta_binomial(&[(1.0, 100.0), (40.0, 100.0)]).is_some());
        assert_eq!(Beta { alpha: 0.0, beta: 1.0 }.estimate(), None);
    }
}
