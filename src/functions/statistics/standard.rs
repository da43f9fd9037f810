//! A rate as it would be if the group's cases were mixed as all cases are.

use super::wilson::wilson;
use super::{Estimate, Z95, moderate};

/// Below this a variance is rounding.
const NEGLIGIBLE: f64 = 1e-15;

/// A cell of a group: cases alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// How many cases of all groups are of this kind.
    pub weight: f64,
    /// How many of the group's cases in it had the event.
    pub events: f64,
    /// How many cases of it the group has.
    pub cases: f64,
}

/// The directly standardised rate Σ wᵢ·kᵢ/nᵢ / Σ wᵢ with its 95 % interval; none without cells.
///
/// The variance is that of the delta method, Σ wᵢ²·pᵢ(1−pᵢ)/nᵢ / (Σ wᵢ)², the cells being independent binomials: J. L. Fleiss,
/// B. Levin, M. C. Paik (2003), "Statistical Methods for Rates and Proportions", 3rd ed., §19.3. The interval is ± z·σ, cut at
/// 0 and 1. Where each cell has none or all of its cases the variance is no measure; there it is Wilson's interval on as many
/// cases as leave the weights that much to chance, (Σ wᵢ)²/Σ (wᵢ²/nᵢ).
pub fn standardised(cells: &[Cell]) -> Option<Estimate> {
    let scale = moderate(cells.iter().map(|cell| cell.weight));
    let cells: Vec<Cell> = cells.iter().map(|cell| Cell { weight: cell.weight * scale, ..*cell }).collect();
    let sum = |of: &dyn Fn(&Cell) -> f64| cells.iter().map(of).sum::<f64>();
    let all = sum(&|cell| cell.weight);
    if all <= 0.0 {
        return None;
    }
    let share = |cell: &Cell| cell.events / cell.cases;
    let rate = (sum(&|cell| cell.weight * share(cell)) / all).clamp(0.0, 1.0);
    let variance = sum(&|cell| (cell.weight / all).powi(2) * share(cell) * (1.0 - share(cell)) / cell.cases);
    if variance > NEGLIGIBLE {
        let half = Z95 * variance.sqrt();
        return Some(Estimate { value: rate, low: (rate - half).max(0.0), high: (rate + half).min(1.0) });
    }
    let cases = 1.0 / sum(&|cell| (cell.weight / all).powi(2) / cell.cases);
    wilson(rate * cases, cases).map(|interval| Estimate { value: rate, ..interval })
}

#[cfg(test)]
mod tests {
    use super::super::golden;
    use super::*;

    #[test]
    fn agrees_with_numpy() {
        let mut cases = 0;
        for cells in golden::rows(include_str!("../../../tests/oracles/standardised.csv")) {
            let [weights, events, sizes] = [0, 1, 2].map(|i| golden::numbers(cells[i]));
            let of = weights.iter().zip(&events).zip(&sizes);
            let given: Vec<Cell> =
                of.map(|((weight, events), cases)| Cell { weight: *weight, events: *events, cases: *cases }).collect();
            let ours = standardised(&given).unwrap();
            for (at, number) in [ours.value, ours.low, ours.high].into_iter().enumerate() {
                golden::same(number, golden::number(cells[3 + at]).unwrap(), 1e-13, &format!("case {cases}"));
            }
            cases += 1;
        }
        assert!(cases >= 8);
    }

    #[test]
    fn the_same_mix_gives_the_plain_rate() {
        let cell = |weight, events, cases| Cell { weight, events, cases };
        let plain = standardised(&[cell(20.0, 2.0, 10.0), cell(60.0, 9.0, 30.0)]).unwrap();
        golden::same(plain.value, 11.0 / 40.0, 1e-15, "rate");
        // nothing happened in any cell: Wilson's interval on all 40, for the mix is the same
        let none = standardised(&[cell(20.0, 0.0, 10.0), cell(60.0, 0.0, 30.0)]).unwrap();
        assert_eq!((none.value, none.low), (0.0, 0.0));
        golden::same(none.high, wilson(0.0, 40.0).unwrap().high, 1e-12, "high");
        assert_eq!(standardised(&[]), None);
    }
}
