//! How much clients spend at a time: the gamma-gamma model.
//!
//! Each purchase of a client is gamma distributed with shape p and rate ν, and ν is gamma distributed over the clients
//! with shape q and rate v. P. S. Fader, B. G. S. Hardie (2013), "The gamma-gamma model of monetary value".

use std::f64::consts::TAU;

use super::bgnbd::FEWEST;
use super::gamma::left_by_stirling;
use super::maximum::{Surface, highest};
use super::tally::Counted;

/// The parameters of the model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaGamma {
    /// Shape of a client's purchases.
    pub p: f64,
    /// Shape of their rates.
    pub q: f64,
    /// Rate of their rates, in the unit of money of the data.
    pub v: f64,
}

impl GammaGamma {
    /// The mean of a client's purchases to come, `mean` being that of `purchases` seen. None where the model has no mean,
    /// which it has for p·purchases + q above 1.
    ///
    /// p·(v + x·m) / (p·x + q − 1), the paper's equation 5; without purchases seen, the mean over all clients.
    pub fn expected(&self, purchases: f64, mean: f64) -> Option<f64> {
        let weight = self.p * purchases + self.q - 1.0;
        (weight > 0.0).then(|| self.p * (self.v + purchases * mean) / weight)
    }
}

/// Where to begin: p, q and p·v/q, which is near the mean and can always be told; p and q only where a client's purchases,
/// or the clients, differ.
const STARTS: [[f64; 3]; 4] = [[2.0, 3.0, 0.7], [6.0, 4.0, 0.8], [1.0, 1.5, 0.4], [30.0, 3.0, 0.7]];

/// The parameters under which the data are most likely, and the logarithm of that likelihood. `clients` are numbers of
/// purchases and their mean, both above 0, in ascending order, no two alike.
///
/// None with fewer than ten clients. Where all purchases of a client are alike, or all clients, the likelihood only grows
/// with p, or q: they stop at [`FARTHEST`](super::maximum::FARTHEST).
pub fn fit(clients: &[Counted<2>]) -> Option<(GammaGamma, f64)> {
    let count = clients.iter().map(|(_, n)| n).sum::<u64>();
    if count < FEWEST {
        return None;
    }
    // the mean becomes the unit of money: the parameters are then within reach of 1
    let unit = clients.iter().map(|([_, mean], n)| mean * *n as f64).sum::<f64>() / count as f64;
    let scaled: Vec<_> = clients.iter().map(|([purchases, mean], n)| ([*purchases, mean / unit], *n)).collect();
    let likelihood = Likelihood::new(&scaled);
    let summit = highest(&|place| likelihood.by_coordinates(place), &STARTS.map(|start| start.map(f64::ln)))?;
    let [p, q, middle] = summit.place.map(f64::exp);
    let v = middle * q / p;
    // in the data's own unit each mean is so many times less dense
    summit.found.then(|| (GammaGamma { p, q, v: v * unit }, summit.value - count as f64 * unit.ln()))
}

/// The clients by their number of purchases.
struct Likelihood<'a> {
    clients: &'a [Counted<2>],
    groups: Vec<Group>,
}

/// Clients with one number of purchases.
struct Group {
    purchases: f64,
    /// Where they stand.
    rows: std::ops::Range<usize>,
    clients: f64,
    /// Σ ln m, with m the mean.
    logarithms: f64,
}

impl<'a> Likelihood<'a> {
    fn new(clients: &'a [Counted<2>]) -> Likelihood<'a> {
        let mut groups: Vec<Group> = Vec::new();
        for rows in clients.chunk_by(|([a, _], _), ([b, _], _)| a == b) {
            let from = groups.last().map_or(0, |group| group.rows.end);
            let sum = |of: fn(f64) -> f64| rows.iter().map(|([_, mean], n)| of(*mean) * *n as f64).sum::<f64>();
            groups.push(Group {
                purchases: rows[0].0[0],
                rows: from..from + rows.len(),
                clients: sum(|_| 1.0),
                logarithms: sum(f64::ln),
            });
        }
        Likelihood { clients, groups }
    }

    /// The log-likelihood at ln p, ln q and ln(p·v/q) with its derivatives.
    ///
    /// For a client with x purchases of the mean m, the paper's equation 1a reads, with s = px,
    ///
    /// ln Γ(s+q) − ln Γ(s) − ln Γ(q) + q·ln v + (s−1)·ln m + s·ln x − (s+q)·ln(v+xm).
    ///
    /// For large s and q these terms are large and cancel. With w = v/(v+xm), d = q − (s+q)·w = (q·xm − s·v)/(v+xm), and g
    /// what Stirling's formula leaves of ln Γ, they are
    ///
    /// s·ln(1 + d/s) + q·ln(1 − d/q) + ½·ln(sq/(2π(s+q))) + g(s+q) − g(s) − g(q) − ln m,
    ///
    /// and as d grows by wd with ln p, by (1−w)d with ln q and by −(s+q)w(1−w) with ln(p·v/q), the derivatives are as short.
    fn by_coordinates(&self, place: [f64; 3]) -> Surface<3> {
        let [p, q, middle] = place.map(f64::exp);
        let v = middle * q / p;
        let of_q = left_by_stirling(q);
        let mut sum = Surface { value: 0.0, first: [0.0; 3], second: [[0.0; 3]; 3] };
        for Group { purchases, rows, clients: n, logarithms } in &self.groups {
            let shape = p * purchases;
            let both = shape + q;
            let (of_shape, of_both) = (left_by_stirling(shape), left_by_stirling(both));
            // sums over the clients of s·ln(1 + d/s), q·ln(1 − d/q), d, d²/(s+q), wd, w(1−w)
            let [mut within, mut among, mut ds, mut squares, mut shares, mut spread] = [0.0; 6];
            for ([_, mean], n) in &self.clients[rows.clone()] {
                let (n, spent) = (*n as f64, purchases * mean);
                let share = v / (v + spent);
                let d = (q * spent - shape * v) / (v + spent);
                within += n * shape * (d / shape).ln_1p();
                among += n * q * (-d / q).ln_1p();
                ds += n * d;
                squares += n * d * d / both;
                shares += n * share * d;
                spread += n * share * (1.0 - share);
            }
            let by_p = within - ds + n * shape * (of_both.first - of_shape.first);
            let by_q = among + ds + n * q * (of_both.first - of_q.first);
            sum.value += within + among - logarithms
                + n * (0.5 * (shape / both * q / TAU).ln() + of_both.value - of_shape.value - of_q.value);
            sum.first[0] += by_p;
            sum.first[1] += by_q;
            sum.first[2] += ds;
            sum.second[0][0] += by_p + squares + n * shape * shape * (of_both.second - of_shape.second);
            sum.second[0][1] += n * shape * q * of_both.second - squares;
            sum.second[0][2] += shares;
            sum.second[1][1] += by_q + squares + n * q * q * (of_both.second - of_q.second);
            sum.second[1][2] += ds - shares;
            sum.second[2][2] -= both * spread;
        }
        sum.mirrored()
    }
}

#[cfg(test)]
mod tests {
    use super::super::golden::{number, rows, same};
    use super::super::tally::Tally;
    use super::*;

    /// The clients of the CDNOW sample who came back within 39 weeks.
    fn cdnow() -> Vec<Counted<2>> {
        let mut clients = Tally::default();
        for cells in rows(include_str!("../../../tests/oracles/clients/cdnow_spending.csv")) {
            let [purchases, cents] = [0, 1].map(|i| cells[i].parse::<f64>().unwrap());
            clients.add([purchases, cents / 100.0 / purchases], 1);
        }
        clients.sorted().to_vec()
    }

    #[test]
    fn agrees_with_the_paper_and_with_lifetimes() {
        let (fit, log_likelihood) = fit(&cdnow()).unwrap();
        assert_eq!([fit.p, fit.q, fit.v].map(|parameter| format!("{parameter:.2}")), ["6.25", "3.74", "15.44"]);
        let golden = rows(include_str!("../../../tests/oracles/clients/gamma_gamma.csv")).next().unwrap();
        let [p, q, v, highest] = [0, 1, 2, 3].map(|i| golden[i].parse::<f64>().unwrap());
        assert!((log_likelihood - highest).abs() < 1e-8, "{log_likelihood}");
        for (ours, golden) in [(fit.p, p), (fit.q, q), (fit.v, v)] {
            same(ours, golden, 1e-5, "a parameter");
        }
    }

    #[test]
    fn the_derivatives_are_those_of_the_value() {
        let clients = cdnow();
        let likelihood = Likelihood::new(&clients);
        for at in [[6.25_f64, 3.74, 25.8], [0.7, 1.2, 35.0], [2000.0, 3.0, 25.0]] {
            let at = at.map(f64::ln);
            let here = likelihood.by_coordinates(at);
            for i in 0..3 {
                let [before, after] = [-1e-5, 1e-5].map(|step| {
                    let mut moved = at;
                    moved[i] += step;
                    likelihood.by_coordinates(moved)
                });
                let by = |of: &dyn Fn(&Surface<3>) -> f64| (of(&after) - of(&before)) / 2e-5;
                same(by(&|s| s.value), here.first[i], 1e-5, &format!("first {i}"));
                for j in 0..3 {
                    same(by(&|s| s.first[j]), here.second[i][j], 1e-5, &format!("second {i} {j}"));
                }
            }
        }
    }

    #[test]
    fn expectations_agree_with_lifetimes() {
        let mut cases = 0;
        for cells in rows(include_str!("../../../tests/oracles/clients/gamma_gamma.csv")).skip(1) {
            let [p, q, v] = [0, 1, 2].map(|i| cells[i].parse::<f64>().unwrap());
            let [purchases, mean, expected] = [4, 5, 6].map(|i| number(cells[i]).unwrap());
            same(GammaGamma { p, q, v }.expected(purchases, mean).unwrap(), expected, 1e-13, &format!("{cells:?}"));
            cases += 1;
        }
        assert!(cases > 10);
        // a population without a mean, and a client of it who has one
        let heavy = GammaGamma { p: 2.0, q: 0.5, v: 10.0 };
        assert_eq!((heavy.expected(0.0, 0.0), heavy.expected(1.0, 5.0)), (None, Some(20.0)));
    }

    #[test]
    fn no_maximum_is_no_fit() {
        assert_eq!(fit(&[]), None);
        assert_eq!(fit(&[([2.0, 10.0], 9)]), None);
    }

    #[test]
    fn without_any_spread_the_mean_is_still_known() {
        let (alike, _) = fit(&[([2.0, 10.0], 50)]).unwrap();
        for (purchases, mean) in [(0.0, 0.0), (2.0, 10.0)] {
            same(alike.expected(purchases, mean).unwrap(), 10.0, 1e-4, "the mean");
        }
    }
}
