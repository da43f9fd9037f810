//! Maximum likelihood of models with a few parameters, all above 0.

/// A log-likelihood at one place with its derivatives, by parameters or by coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Surface<const N: usize> {
    /// The log-likelihood.
    pub value: f64,
    /// Its first derivatives.
    pub first: [f64; N],
    /// Its second derivatives.
    pub second: [[f64; N]; N],
}

/// The logarithms of parameters as sums of coordinates: a row of weights for each parameter.
pub type Weights<const N: usize> = [[f64; N]; N];

/// The parameters at a place.
pub fn parameters<const N: usize>(place: [f64; N], weights: &Weights<N>) -> [f64; N] {
    weights.map(|weights| weights.iter().zip(place).map(|(weight, at)| weight * at).sum::<f64>().exp())
}

impl<const N: usize> Surface<N> {
    /// The surface by coordinates, made of that by these parameters. By their logarithms, ∂f/∂ln p = p·f′,
    /// ∂²f/∂ln p ∂ln q = pq·f″, and p·f′ more for p = q.
    pub fn by_coordinates(self, parameters: [f64; N], weights: &Weights<N>) -> Surface<N> {
        let Surface { value, mut first, mut second } = self;
        for (i, p) in parameters.iter().enumerate() {
            first[i] *= p;
            for (j, q) in parameters.iter().enumerate() {
                second[i][j] *= p * q;
            }
            second[i][i] += first[i];
        }
        let sum = |of: &dyn Fn(usize) -> f64| (0..N).map(of).sum::<f64>();
        Surface {
            value,
            first: std::array::from_fn(|k| sum(&|i| weights[i][k] * first[i])),
            second: std::array::from_fn(|k| {
                std::array::from_fn(|l| sum(&|i| sum(&|j| weights[i][k] * second[i][j] * weights[j][l])))
            }),
        }
    }

    /// The same with the second derivatives below the diagonal copied from above it.
    pub fn mirrored(mut self) -> Surface<N> {
        for i in 0..N {
            for j in 0..i {
                self.second[i][j] = self.second[j][i];
            }
        }
        self
    }
}

/// Where a climb ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summit<const N: usize> {
    /// The coordinates.
    pub place: [f64; N],
    /// The log-likelihood there.
    pub value: f64,
    /// Whether it is the highest place around. Otherwise the climb found no end.
    pub found: bool,
}

/// The exponential of a coordinate may be so many times more or less than 1. Where the data say "the more the better", as
/// they do of the shape of a gamma distribution when they show no spread, the climb ends here: a spread of 0.3 % of the
/// mean is none.
pub const FARTHEST: f64 = 1e5;
/// A climb that takes more steps has lost its way.
const MOST_STEPS: usize = 200;
/// The longest step in a coordinate.
const LONGEST: f64 = 1.0;
/// A step so short is the last one. Near the maximum each step squares the distance, so nothing is left after it.
const LAST: f64 = 1e-8;
/// So little left to gain, as a share of the value, is nothing.
const NOTHING: f64 = 1e-12;
/// A climb without an end that came higher by this share of the value has seen more than rounding.
const LOST: f64 = 1e-9;
/// A difference so small, as a share of the value, is rounding.
const ROUNDING: f64 = 1e-13;
/// The least damping, and the most that may be left at the summit.
const DAMPED: f64 = 1e-3;

/// The best of the summits that a climb from each start reaches.
pub fn highest<const N: usize>(of: &impl Fn([f64; N]) -> Surface<N>, starts: &[[f64; N]]) -> Option<Summit<N>> {
    let climbs: Vec<_> = starts.iter().map(|start| climb(of, *start)).filter(|end| end.value.is_finite()).collect();
    let best = |found: bool| {
        climbs.iter().filter(|end| end.found || !found).max_by(|a, b| a.value.total_cmp(&b.value)).copied()
    };
    let (found, any) = (best(true), best(false));
    // a climb that found no end does not count, unless it came clearly higher
    match found.zip(any) {
        Some((found, any)) if any.value - found.value < LOST * any.value.abs() => Some(found),
        _ => any,
    }
}

/// Climbs by Newton's method. The coordinates are logarithms, of parameters or of products of them. A good coordinate can
/// be told from the data when another cannot: the mean of a distribution rather than its second parameter.
///
/// Where the surface is not curved like a summit, or a step would lead down, the step is damped towards the gradient:
/// D. W. Marquardt (1963), "An algorithm for least-squares estimation of nonlinear parameters", SIAM J. Appl. Math.
/// 11:431–441. A coordinate at its end stays there for as long as it would go further: D. P. Bertsekas (1982), "Projected
/// Newton methods for optimization problems with simple constraints", SIAM J. Control Optim. 20:221–246.
pub fn climb<const N: usize>(of: &impl Fn([f64; N]) -> Surface<N>, start: [f64; N]) -> Summit<N> {
    let end = FARTHEST.ln();
    let mut place = start.map(|at| at.clamp(-end, end));
    let mut here = of(place);
    let mut damping = 0.0_f64;
    let mut found = false;
    for _ in 0..MOST_STEPS {
        if found || !here.value.is_finite() {
            break;
        }
        let at_end: [bool; N] = std::array::from_fn(|i| place[i].abs() >= end && here.first[i] * place[i] > 0.0);
        let Some(step) = newton(&held(here, at_end), damping) else {
            damping = stronger(damping);
            continue;
        };
        let length = step.iter().fold(0.0_f64, |longest, part| longest.max(part.abs()));
        let short = (LONGEST / length).min(1.0);
        let next: [f64; N] = std::array::from_fn(|i| (place[i] + short * step[i]).clamp(-end, end));
        let there = of(next);
        // what the parabola promises is half of gradient times step
        let gain = 0.5 * step.iter().zip(here.first).map(|(step, slope)| step * slope).sum::<f64>();
        let size = here.value.abs();
        // what so short a step does to the value may be rounding, so that does not decide
        found = damping <= DAMPED && (length < LAST || gain < NOTHING * size);
        if there.value >= here.value - ROUNDING * size {
            (place, here) = (next, there);
            damping = if damping < 0.1 * DAMPED { 0.0 } else { damping / 8.0 };
        } else {
            damping = stronger(damping);
        }
    }
    Summit { place, value: here.value, found }
}

fn stronger(damping: f64) -> f64 {
    (4.0 * damping).max(DAMPED)
}

/// The surface as if it were level and round in some directions, so that no step goes there.
fn held<const N: usize>(mut surface: Surface<N>, directions: [bool; N]) -> Surface<N> {
    for i in (0..N).filter(|i| directions[*i]) {
        surface.first[i] = 0.0;
        for j in 0..N {
            (surface.second[i][j], surface.second[j][i]) = (0.0, 0.0);
        }
        surface.second[i][i] = -1.0;
    }
    surface
}

/// The step to the summit of the parabola that fits here, the surface being made more curved by `damping` times its
/// largest curvature (1 where it has none). None where that parabola has no summit.
fn newton<const N: usize>(here: &Surface<N>, damping: f64) -> Option<[f64; N]> {
    let largest = (0..N).fold(0.0_f64, |largest, i| largest.max(here.second[i][i].abs()));
    let added = damping * if largest > 0.0 { largest } else { 1.0 };
    // Cholesky: −second + added·1 = L·Lᵀ
    let mut lower = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest = -here.second[i][j] - known + if i == j { added } else { 0.0 };
            lower[i][j] = match i == j {
                // what is left of the curvature must be more than rounding
                true if rest > 1e-14 * largest => rest.sqrt(),
                true => return None,
                false => rest / lower[j][j],
            };
        }
    }
    let mut step = here.first;
    for i in 0..N {
        let known: f64 = (0..i).map(|k| lower[i][k] * step[k]).sum();
        step[i] = (step[i] - known) / lower[i][i];
    }
    for i in (0..N).rev() {
        let known: f64 = (i + 1..N).map(|k| lower[k][i] * step[k]).sum();
        step[i] = (step[i] - known) / lower[i][i];
    }
    Some(step)
}

#[cfg(test)]
mod tests {
    use super::super::golden::same;
    use super::*;

    /// −(ln p − 1)² − (ln q − 2 ln p)²/2, whose maximum is at e, e².
    fn hill([p, q]: [f64; 2]) -> Surface<2> {
        let (x, y) = (p.ln() - 1.0, q.ln() - 2.0 * p.ln());
        let (by_x, by_y) = (-2.0 * x + 2.0 * y, -y);
        let second = [[(-6.0 - by_x) / (p * p), 2.0 / (p * q)], [2.0 / (p * q), (-1.0 - by_y) / (q * q)]];
        Surface { value: -x * x - y * y / 2.0, first: [by_x / p, by_y / q], second }
    }

    #[test]
    fn it_finds_a_summit_from_afar() {
        for weights in [[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [2.0, -1.0]]] {
            let hill = |place| {
                let at = parameters(place, &weights);
                hill(at).by_coordinates(at, &weights)
            };
            for start in [[0.0, 0.0], [-11.0, 11.0], [10.0, -11.0]] {
                let summit = climb(&hill, start);
                assert!(summit.found);
                let [p, q] = parameters(summit.place, &weights);
                same(p, 1_f64.exp(), 1e-12, "p");
                same(q, 2_f64.exp(), 1e-12, "q");
            }
        }
    }

    #[test]
    fn a_slope_without_an_end_is_climbed_to_the_last_place() {
        // p/(1+p) only nears 1, and q has its place whatever p is
        let slope = |[p, q]: [f64; 2]| {
            let (d, x) = (1.0 + p, q.ln() - 1.0);
            let second = [[-2.0 / (d * d * d), 0.0], [0.0, (2.0 * x - 2.0) / (q * q)]];
            Surface { value: p / d - x * x, first: [1.0 / (d * d), -2.0 * x / q], second }
        };
        let each = [[1.0, 0.0], [0.0, 1.0]];
        let slope = |place| slope(parameters(place, &each)).by_coordinates(parameters(place, &each), &each);
        let summit = climb(&slope, [0.0, 7.0]);
        assert!(summit.found, "{summit:?}");
        same(summit.place[0], FARTHEST.ln(), 1e-12, "p");
        same(summit.place[1], 1.0, 1e-9, "q");
        let none = |_: [f64; 1]| Surface { value: f64::NAN, first: [0.0], second: [[0.0]] };
        assert!(!climb(&none, [0.0]).found);
    }
}
