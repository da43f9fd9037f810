//! The sort weight of a finding: the money behind it.

use crate::regulation::Target;
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
