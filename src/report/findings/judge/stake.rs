//! How much a finding matters: the money behind it.

use super::{Judged, Unknown, WORST};
use crate::regulation::Target;
use crate::report::grid::Grid;

/// Says of each group how much it matters, so that what costs most is read first.
///
/// A return on money spent matters by the money that did not come back: spend less margin, or less revenue where the margin is
/// not known; who earned nothing lost all that was spent. Anything else matters by how far beyond the target it is, times its part
/// in the money (revenue, or spend if that is more), or in the cases where its money is not known.
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
            false => part(one) * one.value.map_or(0.0, |value| ((value - target.green).abs() / band).min(WORST)),
        })
        .collect();
    judged.iter_mut().zip(weights).for_each(|(one, weight)| one.weight = weight);
}

/// How many leads a group's money would have bought at the price of all: one that spent much and brought few is not too small
/// to judge, its money is the evidence.
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
    grid.number(row, "spend").filter(|spend| *spend > 0.0)
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
