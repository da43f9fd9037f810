//! Purchases of clients who may leave unseen: the BG/NBD model.
//!
//! While a client is with us it buys at random, λ times in a unit of time; after each purchase it leaves with the
//! probability p. Over the clients λ is gamma distributed (shape r, rate α) and p is beta distributed (a, b).
//! P. S. Fader, B. G. S. Hardie, K. L. Lee (2005), "'Counting Your Customers' the easy way: an alternative to the
//! Pareto/NBD model", Marketing Science 24:275–284.

use super::maximum::{Surface, Weights, climb, highest, parameters};
use super::tally::{Counted, Tally};

/// The parameters of the model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bgnbd {
    /// Shape of the purchase rates.
    pub r: f64,
    /// Rate of the purchase rates, in the unit of time of the data.
    pub alpha: f64,
    /// First parameter of the chance to leave.
    pub a: f64,
    /// Second parameter of the chance to leave.
    pub b: f64,
}

/// A client as the model sees it: how often it bought after the first purchase, when it last did so, and how long it
/// has been known, both counted from the first purchase.
pub type Purchases = [f64; 3];

/// Fewer clients tell nothing.
pub const FEWEST: u64 = 10;
/// With more different clients than this the climb begins on rounded times.
const MANY: usize = 5_000;
/// To what part of the mean age times are rounded then.
const ROUNDED: f64 = 50.0;

/// Where to begin: r and r/α, the mean rate; b and a/b, the odds of leaving after a purchase. Of these the mean rate and
/// the odds can always be told; r and b only where rates and chances to leave differ from client to client.
const STARTS: [[f64; 4]; 6] = [
    [0.5, 1.5, 2.5, 0.3],
    [2.0, 1.0, 6.0, 0.15],
    [0.2, 2.0, 3.0, 1.0],
    [5.0, 1.0, 3.0, 0.1],
    [1.0, 1.2, 30.0, 0.02],
    [1.0, 1.2, 0.05, 0.2],
];
const WEIGHTS: Weights<4> = [[1.0, 0.0, 0.0, 0.0], [1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.0]];

/// The parameters under which the data are most likely, and the logarithm of that likelihood; `clients` are in ascending
/// order, no two alike.
///
/// None with fewer than ten clients, or when nobody came back. Where the data show no spread of the rates, or of the
/// chances to leave, the likelihood only grows with r, or b: they stop at [`FARTHEST`](super::maximum::FARTHEST), and
/// what the model says no longer depends on how far they went.
pub fn fit(clients: &[Counted<3>]) -> Option<(Bgnbd, f64)> {
    let sum = |of: fn(&Purchases) -> f64| clients.iter().map(|(client, n)| of(client) * *n as f64).sum::<f64>();
    let (count, purchases, age) = (clients.iter().map(|(_, n)| n).sum::<u64>(), sum(|c| c[0]), sum(|c| c[2]));
    if count < FEWEST || purchases == 0.0 || age == 0.0 {
        return None;
    }
    // the unit of time in which there is one purchase on average: the mean rate is then near 1
    let unit = age / purchases;
    let scaled = |client: &Purchases| [client[0], client[1] / unit, client[2] / unit];
    let whole: Vec<_> = clients.iter().map(|(client, n)| (scaled(client), *n)).collect();
    let starts = STARTS.map(|start| start.map(f64::ln));
    let likelihood = Likelihood::new(&whole);
    let summit = if whole.len() > MANY {
        let grain = purchases / count as f64 / ROUNDED;
        let rough = Likelihood::new(rounded(&whole, grain).sorted());
        climb(&|place| likelihood.by_coordinates(place), highest(&|place| rough.by_coordinates(place), &starts)?.place)
    } else {
        highest(&|place| likelihood.by_coordinates(place), &starts)?
    };
    let [r, alpha, a, b] = parameters(summit.place, &WEIGHTS);
    // in the data's own unit each purchase is so many times less likely
    summit.found.then(|| (Bgnbd { r, alpha: alpha * unit, a, b }, summit.value - purchases * unit.ln()))
}

/// The same clients with times rounded to a grain.
fn rounded(clients: &[Counted<3>], grain: f64) -> Tally<3> {
    let mut rounded = Tally::default();
    let round = |time: f64| (time / grain).round() * grain;
    clients.iter().for_each(|([purchases, last, age], n)| rounded.add([*purchases, round(*last), round(*age)], *n));
    rounded
}

/// The clients, laid out so that a likelihood costs an exponential and a logarithm for each that came back, and a few
/// for each different number or time.
struct Likelihood {
    /// How many clients bought again more than so many times.
    more_often: Vec<f64>,
    /// Each age, with the number of clients and of purchases.
    ages: Vec<(f64, f64, f64)>,
    /// Each time of a last purchase.
    lasts: Vec<f64>,
    returned: Vec<Returned>,
}

/// Clients that came back.
struct Returned {
    purchases: u32,
    last: u32,
    age: u32,
    clients: f64,
}

/// For each time, ln(1 + time/α) and 1/α − 1/(α+time). Unlike ln(α + time) and 1/(α+time) they keep their digits where
/// α is large.
fn passed(times: impl Iterator<Item = f64>, alpha: f64) -> Vec<(f64, f64)> {
    times.map(|time| ((time / alpha).ln_1p(), time / (alpha * (alpha + time)))).collect()
}

/// Where a number stands among different ones in ascending order.
fn place(of: f64, among: &[f64]) -> u32 {
    among.partition_point(|other| *other < of) as u32
}

fn different(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.dedup();
    values
}

impl Likelihood {
    fn new(clients: &[Counted<3>]) -> Likelihood {
        let most = clients.iter().fold(0.0_f64, |most, ([purchases, ..], _)| most.max(*purchases)) as usize;
        let mut more_often = vec![0.0; most + 1];
        let times = different(clients.iter().map(|([_, _, age], _)| *age));
        let lasts =
            different(clients.iter().filter(|([purchases, ..], _)| *purchases > 0.0).map(|(client, _)| client[1]));
        let mut ages: Vec<_> = times.iter().map(|age| (*age, 0.0, 0.0)).collect();
        let mut returned = Vec::new();
        for ([purchases, last, age], n) in clients {
            let n = *n as f64;
            let row = Returned {
                purchases: *purchases as u32,
                last: place(*last, &lasts),
                age: place(*age, &times),
                clients: n,
            };
            more_often[row.purchases as usize] += n;
            let (_, clients, bought) = &mut ages[row.age as usize];
            (*clients, *bought) = (*clients + n, *bought + n * purchases);
            if row.purchases > 0 {
                returned.push(row);
            }
        }
        // from "exactly so many" to "more than so many"
        let mut above = 0.0;
        for n in more_often.iter_mut().rev() {
            (*n, above) = (above, above + *n);
        }
        Likelihood { more_often, ages, lasts, returned }
    }

    fn by_coordinates(&self, place: [f64; 4]) -> Surface<4> {
        let at = parameters(place, &WEIGHTS);
        self.at(at).by_coordinates(at, &WEIGHTS)
    }

    /// The log-likelihood at r, α, a, b with its derivatives.
    ///
    /// For a client with x purchases after the first, the last at t, known for T, the paper's equation 6 reads
    ///
    /// L = Γ(r+x)/Γ(r) · α^r/(α+T)^(r+x) · B(a,b+x)/B(a,b) · (1 + e^u), without e^u where x = 0,
    ///
    /// u = ln a − ln(b+x−1) + (r+x)·(ln(α+T) − ln(α+t)).
    ///
    /// x is whole, so the first two factors are Π (r+k)/α over k < x by (1+T/α)^(r+x), and the third is Π (b+k)/(a+b+k):
    /// no gamma function is needed, and nothing cancels.
    fn at(&self, [r, alpha, a, b]: [f64; 4]) -> Surface<4> {
        let ages = passed(self.ages.iter().map(|(age, ..)| *age), alpha);
        let mut sum = self.gone(&ages, [r, alpha, a, b]);
        for (k, n) in self.more_often.iter().enumerate() {
            let k = k as f64;
            let (by_r, by_b, by_both) = (1.0 / (r + k), 1.0 / (b + k), 1.0 / (a + b + k));
            sum.value += n * (((r + k) / alpha).ln() + ((b + k) * by_both).ln());
            sum.first[0] += n * by_r;
            sum.first[1] -= n / alpha;
            sum.first[2] -= n * by_both;
            sum.first[3] += n * (by_b - by_both);
            sum.second[0][0] -= n * by_r * by_r;
            sum.second[1][1] += n / (alpha * alpha);
            sum.second[2][2] += n * by_both * by_both;
            sum.second[2][3] += n * by_both * by_both;
            sum.second[3][3] += n * (by_both * by_both - by_b * by_b);
        }
        for ((age, n, purchases), (ln, by_alpha)) in self.ages.iter().zip(ages) {
            let all = r * n + purchases;
            sum.value -= all * ln;
            sum.first[0] -= n * ln;
            sum.first[1] += all * by_alpha;
            sum.second[0][1] += n * by_alpha;
            sum.second[1][1] -= all * by_alpha * (1.0 / alpha + 1.0 / (alpha + age));
        }
        sum.mirrored()
    }

    /// Σ ln(1 + e^u) with its derivatives, those above the diagonal only: that those who came back may be gone.
    fn gone(&self, ages: &[(f64, f64)], [r, alpha, a, b]: [f64; 4]) -> Surface<4> {
        let lasts = passed(self.lasts.iter().copied(), alpha);
        let stays: Vec<_> = (0..self.more_often.len())
            .map(|x| b + x as f64 - 1.0)
            .map(|stay| if stay > 0.0 { (stay.ln(), 1.0 / stay) } else { (0.0, 0.0) })
            .collect();
        let (ln_a, by_a) = (a.ln(), 1.0 / a);
        let mut sum = Surface { value: 0.0, first: [0.0; 4], second: [[0.0; 4]; 4] };
        for row in &self.returned {
            let ((ln_age, since_age), (ln_last, since_last)) = (ages[row.age as usize], lasts[row.last as usize]);
            let (ln_stay, by_b) = stays[row.purchases as usize];
            let shape = r + f64::from(row.purchases);
            let (n, by_r, slope) = (row.clients, ln_age - ln_last, since_last - since_age);
            let by_alpha = shape * slope;
            let u = ln_a - ln_stay + shape * by_r;
            let small = (-u.abs()).exp();
            let (likely, unlikely) = (1.0 / (1.0 + small), small / (1.0 + small));
            sum.value += n * (u.max(0.0) + small.ln_1p());
            // the derivatives of ln(1 + e^u) by u
            let once = n * if u > 0.0 { likely } else { unlikely };
            let twice = n * likely * unlikely;
            sum.first[0] += once * by_r;
            sum.first[1] += once * by_alpha;
            sum.first[2] += once * by_a;
            sum.first[3] -= once * by_b;
            sum.second[0][0] += twice * by_r * by_r;
            sum.second[0][1] += twice * by_r * by_alpha + once * slope;
            sum.second[0][2] += twice * by_r * by_a;
            sum.second[0][3] -= twice * by_r * by_b;
            sum.second[1][1] += twice * by_alpha * by_alpha - once * by_alpha * (2.0 / alpha - since_age - since_last);
            sum.second[1][2] += twice * by_alpha * by_a;
            sum.second[1][3] -= twice * by_alpha * by_b;
            sum.second[2][2] += (twice - once) * by_a * by_a;
            sum.second[2][3] -= twice * by_a * by_b;
            sum.second[3][3] += (twice + once) * by_b * by_b;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::super::golden::{rows, same};
    use super::*;

    /// The 2,357 clients of the paper, in weeks.
    fn cdnow() -> Vec<Counted<3>> {
        let mut clients = Tally::default();
        for cells in rows(include_str!("../../../tests/oracles/clients/cdnow.csv")) {
            clients.add([0, 1, 2].map(|i| cells[i].parse().unwrap()), 1);
        }
        clients.sorted().to_vec()
    }

    #[test]
    fn agrees_with_the_paper_and_with_lifetimes() {
        let clients = cdnow();
        let (fit, log_likelihood) = fit(&clients).unwrap();
        let three_digits = [fit.r, fit.alpha, fit.a, fit.b].map(|parameter| format!("{parameter:.3}"));
        assert_eq!(three_digits, ["0.243", "4.414", "0.793", "2.426"]);
        let golden = rows(include_str!("../../../tests/oracles/clients/bgnbd.csv")).next().unwrap();
        let [r, alpha, a, b, highest] = [0, 1, 2, 3, 4].map(|i| golden[i].parse::<f64>().unwrap());
        assert!((log_likelihood - highest).abs() < 1e-8, "{log_likelihood}");
        for (ours, golden) in [(fit.r, r), (fit.alpha, alpha), (fit.a, a), (fit.b, b)] {
            same(ours, golden, 1e-5, "a parameter");
        }
    }

    #[test]
    fn the_derivatives_are_those_of_the_value() {
        let clients = cdnow();
        let likelihood = Likelihood::new(&clients);
        for at in [[0.243, 4.414, 0.793, 2.426], [1.7, 20.0, 0.2, 0.4]] {
            let here = likelihood.at(at);
            for i in 0..4 {
                let step = at[i] * 1e-5;
                let [before, after] = [-step, step].map(|step| {
                    let mut moved = at;
                    moved[i] += step;
                    likelihood.at(moved)
                });
                let by = |of: &dyn Fn(&Surface<4>) -> f64| (of(&after) - of(&before)) / (2.0 * step);
                same(by(&|s| s.value), here.first[i], 1e-5, &format!("first {i}"));
                for j in 0..4 {
                    same(by(&|s| s.first[j]), here.second[i][j], 1e-5, &format!("second {i} {j}"));
                }
            }
        }
    }

    #[test]
    fn the_unit_of_time_and_alike_clients_do_not_matter() {
        let clients = cdnow();
        let (weeks, in_weeks) = fit(&clients).unwrap();
        let days: Vec<_> = clients.iter().map(|([x, last, age], n)| ([*x, last * 7.0, age * 7.0], 3 * n)).collect();
        let (days, in_days) = fit(&days).unwrap();
        same(days.alpha / 7.0, weeks.alpha, 1e-9, "alpha");
        same(days.b, weeks.b, 1e-9, "b");
        let purchases: f64 = clients.iter().map(|([x, ..], n)| x * *n as f64).sum();
        same(in_days / 3.0 + purchases * 7_f64.ln(), in_weeks, 1e-12, "the likelihood");
    }

    #[test]
    fn rounded_times_lead_to_the_same_summit() {
        let clients = cdnow();
        // many clients, no two alike, and so near to the first ones that their fit is near too
        let many: Vec<_> = (0..12)
            .flat_map(|i| clients.iter().map(move |([x, last, age], n)| ([*x, *last, age + f64::from(i) * 1e-6], *n)))
            .collect();
        let mut tally = Tally::default();
        many.iter().for_each(|(client, n)| tally.add(*client, *n));
        assert!(tally.sorted().len() > MANY);
        let (rounded_first, _) = fit(tally.sorted()).unwrap();
        let (one, _) = fit(&clients).unwrap();
        same(rounded_first.alpha, one.alpha, 1e-4, "alpha");
        same(rounded_first.b, one.b, 1e-4, "b");
    }

    #[test]
    fn no_maximum_is_no_fit() {
        assert_eq!(fit(&[]), None);
        // nine clients, then ten of whom nobody came back, then ten known since this moment
        assert_eq!(fit(&[([1.0, 2.0, 3.0], 9)]), None);
        assert_eq!(fit(&[([0.0, 0.0, 3.0], 50)]), None);
        assert_eq!(fit(&[([1.0, 0.0, 0.0], 50)]), None);
    }

    #[test]
    fn without_any_spread_the_rate_is_still_known() {
        // 3 purchases in 9 weeks each, the last of them now
        let (one_rate, _) = fit(&[([3.0, 9.0, 9.0], 50)]).unwrap();
        same(one_rate.expected([3.0, 9.0, 9.0], 3.0), 1.0, 1e-4, "a third of the time, a third of the purchases");
        // half bought twice and left at once: they leave with the same chance, or always or never
        let (leaving, _) = fit(&[([0.0, 0.0, 90.0], 10), ([1.0, 1.0, 90.0], 30), ([9.0, 90.0, 90.0], 30)]).unwrap();
        assert!(leaving.alive([1.0, 1.0, 90.0]) < 0.1 && leaving.alive([9.0, 90.0, 90.0]) > 0.9, "{leaving:?}");
    }
}
