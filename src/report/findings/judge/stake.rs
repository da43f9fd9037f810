//! The sort weight of a finding: the money behind it.

use crate::metrics::Stake;
use crate::regulation::{Better, Target};
use crate::report::findings::judged::{Judged, Unknown};
use crate::report::grid::Grid;

/// No group is put before all others for being absurdly far off.
const WORST: f64 = 10.0;

/// Sets the weight of each group, so that the most expensive finding comes first.
///
/// For a return on spend: the money that did not come back, that is spend less margin, or less revenue if the margin is
/// not known; all spend if nothing was earned. Otherwise: the distance beyond the target times the group's part of the
/// money (revenue, or spend if greater), or of the cases if its money is not known.
pub(super) fn weigh(target: &Target, grid: &Grid, judged: &mut [Judged]) {
    let named = |one: &&Judged| one.unknown != Some(Unknown::Unnamed);
    let sum = |of: &dyn Fn(&Judged) -> Option<f64>| judged.iter().filter(named).filter_map(of).sum::<f64>();
    let (spend, money) = (|one: &Judged| spent(grid, one.row), |one: &Judged| at_stake(grid, one.row));
    let (all_spend, all_money, all_cases) = (sum(&spend), sum(&money), sum(&|one| one.cases));
    let band = match (target.green - target.red).abs() {
        band if band > 0.0 => band,
        _ => target.green.abs().max(f64::MIN_POSITIVE),
    };
    let part = |one: &Judged| match (money(one).filter(|_| all_money > 0.0), one.cases) {
        (Some(money), _) => money / all_money,
        (None, Some(cases)) if all_cases > 0.0 => cases / all_cases,
        (None, _) => 1.0,
    };
    let weights: Vec<f64> = judged
        .iter()
        .map(|one| match grid.is_return(&target.column) && all_spend > 0.0 {
            true => WORST * lost(grid, one.row) / all_spend,
            false => {
                // of what lies between two ends, the nearer one is certain
                let beyond = |value: f64| ((value - target.green).abs() / band).min(WORST);
                let ends = one.ends.map(|(least, most)| beyond(least).min(beyond(most)));
                part(one) * one.value.map(beyond).or(ends).unwrap_or(0.0)
            }
        })
        .collect();
    judged.iter_mut().zip(weights).for_each(|(one, weight)| one.weight = weight);
}

/// The money at stake where a value misses its target, in whole currency units.
///
/// For a return on spend: the money that did not come back. For a column that declares `at_stake`: all money of the column named. For one
/// that declares `missed`: the part of that money that the miss makes up. With the value `v` and the target `g`, that is `1 - v / g` of it
/// where higher is better (what results cost above the target's price), and `v - g` of it where lower is better. `None` if the
/// metric names no money, or it is not known; of a value known within two ends, the better one counts.
pub(super) fn money(target: &Target, grid: &Grid, one: &Judged) -> Option<f64> {
    let money = match grid.column(&target.column)?.stake.as_ref() {
        _ if grid.is_return(&target.column) => spent(grid, one.row).map(|_| lost(grid, one.row)),
        Some(Stake::Whole(column)) => grid.number(one.row, column),
        Some(Stake::Missed(column)) => {
            let nearest = one.ends.map(|(least, most)| match target.better {
                Better::Higher => most,
                Better::Lower => least,
            });
            let value = nearest.or(one.value)?;
            let missed = match target.better {
                Better::Higher if target.green > 0.0 => 1.0 - value / target.green,
                Better::Higher => return None,
                Better::Lower => value - target.green,
            };
            Some(missed.clamp(0.0, 1.0) * grid.number(one.row, column)?)
        }
        None => None,
    };
    money.filter(|money| *money >= 0.0)
}

/// The number of leads that a group's spend would have bought at the overall price. A group with much spend and few
/// leads is not too small to judge.
pub(super) fn bought(target: &Target, grid: &Grid, row: usize) -> Option<f64> {
    if !grid.is_return(&target.column) || grid.dimensions == 0 {
        return None;
    }
    let rows = || (0..grid.rows.len()).filter(|row| !grid.is_unnamed(*row));
    let money: f64 = rows().filter_map(|row| spent(grid, row)).sum();
    let leads: f64 = rows().filter(|row| spent(grid, *row).is_some()).filter_map(|row| grid.number(row, "leads")).sum();
    (money > 0.0).then(|| spent(grid, row).map(|own| own / money * leads)).flatten()
}

fn spent(grid: &Grid, row: usize) -> Option<f64> {
    grid.spent(row).filter(|spend| *spend > 0.0)
}

fn at_stake(grid: &Grid, row: usize) -> Option<f64> {
    let revenue = grid.number(row, "revenue").filter(|revenue| *revenue > 0.0);
    match (revenue, spent(grid, row)) {
        (Some(revenue), Some(spend)) => Some(revenue.max(spend)),
        (revenue, spend) => revenue.or(spend),
    }
}

fn lost(grid: &Grid, row: usize) -> f64 {
    let earned = grid.number(row, "margin").or_else(|| grid.number(row, "revenue")).unwrap_or(0.0);
    (spent(grid, row).unwrap_or(0.0) - earned).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::MetricColumn;
    use crate::model::lang::Text;
    use crate::model::unit::Unit;
    use crate::report::document::Cell;
    use crate::report::findings::judge::judge;
    use crate::report::findings::judged::{Covered, Ground};

    /// The money at stake of a company whose share is `share`, with 1,000 spent and a stake as given.
    fn at_stake(better: Better, (green, red): (f64, f64), share: Cell, stake: Option<Stake>) -> Option<f64> {
        let mut columns = MetricColumn::named(&[("leads", Unit::Count), ("rate", Unit::Share), ("spend", Unit::Money)]);
        columns[1].stake = stake;
        let rows = vec![vec![Cell::Count(1000), share, Cell::Money(10_000_000)]];
        let grid = Grid { columns, dimensions: 0, rows };
        let target = Target {
            metric: "made".to_owned(),
            column: "rate".to_owned(),
            by: Vec::new(),
            only: None,
            except: Vec::new(),
            better,
            green,
            red,
            title: Text::default(),
            advice: Text::default(),
        };
        judge(&target, &grid, &[], Ground { small_group: 30.0, covered: Covered::Whole })
            .first()
            .and_then(|one| one.money)
    }

    #[test]
    fn the_money_at_stake_is_all_of_it_or_the_part_that_misses_the_target() {
        let (whole, missed) = (Stake::Whole("spend".to_owned()), Stake::Missed("spend".to_owned()));
        let higher =
            |share: f64, stake: Option<Stake>| at_stake(Better::Higher, (0.8, 0.6), Cell::Number(share), stake);
        assert_eq!(higher(0.5, Some(whole.clone())), Some(1000.0));
        // leads that cost 1,000 and should have been 80 % valid were 60 %: a quarter of the money bought nothing
        assert!(higher(0.6, Some(missed.clone())).is_some_and(|money| (money - 250.0).abs() < 1e-9));
        assert_eq!(higher(0.9, Some(missed.clone())), Some(0.0), "better than the target");
        assert_eq!(higher(0.5, None), None);
        let lower = at_stake(Better::Lower, (0.3, 0.5), Cell::Number(0.4), Some(missed.clone()));
        assert!(lower.is_some_and(|money| (money - 100.0).abs() < 1e-9));
        assert_eq!(at_stake(Better::Higher, (0.8, 0.6), Cell::Empty, Some(missed)), None, "not known is not nothing");
        // the money of a column that is not there is not known
        assert_eq!(higher(0.5, Some(Stake::Whole("margin".to_owned()))), None);
    }
}
