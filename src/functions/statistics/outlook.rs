//! What the BG/NBD model expects of a client. The model and its paper: [`super::bgnbd`].

use super::bgnbd::{Bgnbd, Purchases};

/// The furthest look ahead, in what has been seen so far (α + age). Nobody can mean more, and it bounds the sum below.
pub const FURTHEST: f64 = 1e5;
/// And no further than so many purchases of a client that stays: the sum below takes about as many steps.
pub const MOST_AHEAD: f64 = 1e7;
/// Below this, what is left of a sum is rounding.
const NEGLIGIBLE: f64 = 1e-17;
/// Sums are scaled down when they come to this.
const HUGE: f64 = 1e250;

impl Bgnbd {
    /// The probability that a client has not left: 1 where it bought but once, for one leaves after a later purchase.
    ///
    /// 1 / (1 + a/(b+x−1) · ((α+T)/(α+t))^(r+x)): P. S. Fader, B. G. S. Hardie (2008), "Computing P(alive) using the
    /// BG/NBD model".
    pub fn alive(&self, [purchases, last, age]: Purchases) -> f64 {
        if purchases == 0.0 {
            return 1.0;
        }
        let gone = self.a.ln() - (self.b + purchases - 1.0).ln()
            + (self.r + purchases) * ((self.alpha + age) / (self.alpha + last)).ln();
        1.0 / (1.0 + gone.exp())
    }

    /// The purchases to be expected of a client within `ahead` from now, which is at most [`FURTHEST`] times α + age, and at most
    /// [`MOST_AHEAD`] / (r + x) times.
    ///
    /// The paper's equation 10 states it with the function ₂F₁, whose series cancels near a = 1 and for long looks
    /// ahead. The same number is a mean without any minus sign. Were the client sure to stay, its purchases N would have
    /// the negative binomial distribution with shape s = r+x and z = ahead/(α+T+ahead): P(N = k) ~ (s)ₖ/k!·zᵏ. Of these,
    /// the n-th happens with the probability that it stayed after each before: (b+x)ₙ₋₁/(a+b+x)ₙ₋₁. So
    ///
    /// E = P(alive) · Σₖ P(N = k) · Σₙ₌₁…ₖ (b+x)ₙ₋₁/(a+b+x)ₙ₋₁.
    pub fn expected(&self, client: Purchases, ahead: f64) -> f64 {
        let [purchases, _, age] = client;
        let z = ahead / (self.alpha + age + ahead);
        let shape = self.r + purchases;
        // P(N = k) in any unit: it is divided by its sum
        let (mut chance, mut chances, mut sum) = (1.0, 1.0, 0.0);
        let (mut stays, mut made) = (1.0, 0.0);
        let mut k = 0.0;
        loop {
            chance *= (shape + k) / (k + 1.0) * z;
            made += stays;
            stays *= (self.b + purchases + k) / (self.a + self.b + purchases + k);
            k += 1.0;
            chances += chance;
            let term = chance * made;
            sum += term;
            // from here on each term is at most `ratio` times the one before
            let ratio = z * ((shape + k) / (k + 1.0)).max(1.0) * (k + 1.0) / k;
            if ratio < 1.0 && term * ratio <= NEGLIGIBLE * sum * (1.0 - ratio) {
                break;
            }
            if chances > HUGE {
                (chance, chances, sum) = (chance / HUGE, chances / HUGE, sum / HUGE);
            }
        }
        self.alive(client) * sum / chances
    }
}

#[cfg(test)]
mod tests {
    use super::super::golden::rows;
    use super::*;

    #[test]
    fn agrees_with_fifty_digits() {
        let mut cases = 0;
        for cells in rows(include_str!("../../../tests/oracles/clients/outlook.csv")) {
            let numbers: Vec<f64> = cells.iter().map(|cell| cell.parse().unwrap()).collect();
            let &[r, alpha, a, b, purchases, last, age, ahead, expected, alive] = numbers.as_slice() else { panic!() };
            let (model, client) = (Bgnbd { r, alpha, a, b }, [purchases, last, age]);
            // relative, small numbers too
            let close = |ours: f64, golden: f64| (ours / golden - 1.0).abs() < 1e-11 || golden < 1e-300;
            let ours = model.expected(client, ahead);
            assert!(close(ours, expected), "{cells:?}: expected {ours}");
            let ours = model.alive(client);
            assert!(close(ours, alive), "{cells:?}: alive {ours}");
            cases += 1;
        }
        assert!(cases > 80);
    }

    #[test]
    fn nothing_ahead_is_nothing_and_more_is_more() {
        let model = Bgnbd { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };
        assert_eq!(model.expected([3.0, 20.0, 30.0], 0.0), 0.0);
        let ahead = [1.0, 10.0, 100.0, 1e4, 3e6].map(|ahead| model.expected([3.0, 20.0, 30.0], ahead));
        assert!(ahead.windows(2).all(|pair| pair[0] < pair[1]), "{ahead:?}");
        // long gone
        assert!(model.alive([400.0, 1.0, 500.0]) < 1e-300);
    }
}
