//! Judges a result against a target: bounds, significance, comparison with other groups and earlier periods. Pure
//! functions.

use super::evidence::{Estimate, FALSE_DISCOVERY_RATE, adjusted, shares_equal};
use super::judged::{Beside, Covered, Ground, Judged, Unknown};
use crate::metrics::Bound;
use crate::model::unit::Unit;
use crate::regulation::{Better, Target};
use crate::report::definition::Compare;
use crate::report::document::{Cell, Verdict};
use crate::report::grid::Grid;

/// Ends that lie so near are one value.
const EXACT: f64 = 1e-9;

/// Judges every group of a result. `earlier` are the results of the periods to compare with.
pub fn judge(target: &Target, grid: &Grid, earlier: &[(Compare, &Grid)], ground: Ground) -> Vec<Judged> {
    let rows = grid.current_rows();
    let keyed = has_key(grid, &rows);
    let mut judged: Vec<Judged> = rows.iter().map(|row| first_look(target, grid, *row)).collect();
    for one in &mut judged {
        one.unknown = cannot(target, grid, one, ground);
    }
    against_target(target, grid.unit(&target.column), &mut judged);
    if grid.dimensions > 0 && grid.unit(&target.column) == Unit::Share {
        against_rest(grid, keyed, &mut judged);
    }
    for (compare, then) in earlier {
        let then_rows = then.current_rows();
        let then_keyed = keyed || has_key(then, &then_rows);
        against_earlier(target, *compare, (grid, then), &then_rows, then_keyed, &mut judged);
    }
    stake::weigh(target, grid, &mut judged);
    for one in &mut judged {
        one.money = stake::money(target, grid, one);
    }
    judged
}

/// Why a group cannot be judged, independent of any comparison.
fn cannot(target: &Target, grid: &Grid, one: &Judged, ground: Ground) -> Option<Unknown> {
    let straddles = one.ends.is_some_and(|(least, most)| colour(target, least) != colour(target, most));
    // whatever the unknown is, the verdict is the same
    let is_bounded = one.ends.is_some() && !straddles;
    // money set against money that is not known, or was not spent, is no return
    let no_spend =
        grid.is_return(&target.column) && grid.has_spending() && grid.spent(one.row).is_none_or(|spend| spend <= 0.0);
    let few = |cases: f64| cases.round() < ground.small_group;
    match () {
        () if grid.is_unnamed(one.row) => Some(Unknown::Unnamed),
        () if ground.covered == Covered::Nothing => Some(Unknown::Uncovered),
        () if straddles || one.value.is_none() && one.has_end && !is_bounded => Some(Unknown::Partial),
        () if one.value.is_none() && !is_bounded || no_spend || one.cases.is_some_and(|cases| cases.round() < 1.0) => {
            Some(Unknown::NoData)
        }
        // a share of the known cases is valid; counts, sums and values made of them are not
        () if ground.covered == Covered::Part
            && (one.interval.is_none() || grid.unit(&target.column) != Unit::Share) =>
        {
            Some(Unknown::Uncovered)
        }
        () if one.cases.is_some_and(few) => Some(Unknown::Small),
        () => None,
    }
}

/// The colour of a value by the bounds alone: green from `green` on, red from `red` on.
fn colour(target: &Target, value: f64) -> Verdict {
    let (value, green, red) = match target.better {
        Better::Higher => (value, target.green, target.red),
        Better::Lower => (-value, -target.green, -target.red),
    };
    match () {
        () if value >= green => Verdict::Green,
        () if value <= red => Verdict::Red,
        () => Verdict::Yellow,
    }
}

/// Whether the first column after the dimensions is a key, such as a rule or a stage: it is a text, or distinguishes
/// several rows of a group.
pub fn has_key(grid: &Grid, rows: &[usize]) -> bool {
    let named = grid.columns.get(grid.dimensions).is_some_and(|column| column.unit == Unit::Text);
    named
        || rows.iter().enumerate().any(|(i, row)| rows[..i].iter().any(|other| grid.group(*other) == grid.group(*row)))
}

fn identity(grid: &Grid, row: usize, keyed: bool) -> &[Cell] {
    &grid.rows[row][..(grid.dimensions + usize::from(keyed)).min(grid.columns.len())]
}

fn first_look(target: &Target, grid: &Grid, row: usize) -> Judged {
    let bound = |end: Bound| grid.bound(row, &target.column, end);
    let value = grid.number(row, &target.column);
    let interval = bound(Bound::Low).zip(bound(Bound::High));
    let (least, most) = (bound(Bound::Least), bound(Bound::Most));
    let ends = least.zip(most).filter(|(least, most)| most - least > EXACT || value.is_none());
    let estimate = estimate(value, interval).filter(|_| grid.unit(&target.column) == Unit::Share);
    let observed = estimate.and_then(|e| e.observations());
    let declared = grid.column(&target.column);
    let named = declared.and_then(|column| grid.number(row, column.of.as_deref()?));
    let counted = named.or_else(|| grid.cases(row));
    let counted = stake::bought(target, grid, row).map_or(counted, |bought| counted.map(|n| n.max(bought)));
    // an interval of another kind may be wider than the cases suggest, but never narrower
    let cases = observed.map(|n| named.map_or(n, |named| n.min(named)));
    let unknown = declared.and_then(|column| column.unknown.iter().find_map(|name| grid.number(row, name)));
    let unknown = unknown.filter(|unknown| *unknown > 0.0);
    let all = grid.cases(row);
    Judged {
        row,
        verdict: Verdict::Unknown,
        unknown: None,
        value,
        interval,
        ends,
        has_end: least.or(most).is_some(),
        unknown_cases: unknown.map(|unknown| (unknown, all.filter(|all| *all >= unknown))),
        cases: cases.or(counted),
        of_cases: cases.is_some_and(|n| named.is_none_or(|named| (n - named).abs() < 0.5)),
        rest: None,
        changes: Vec::new(),
        causes: Vec::new(),
        money: None,
        weight: 0.0,
    }
}

/// The colour by the bounds alone, and the value, of the same group in another period. `None` if it is not there, not known, or of
/// fewer cases than `small_group`.
pub fn in_period(
    target: &Target,
    (grid, row): (&Grid, usize),
    then: &Grid,
    small_group: f64,
) -> Option<(Verdict, f64)> {
    let rows = then.current_rows();
    let keyed = has_key(grid, &grid.current_rows()) || has_key(then, &rows);
    let same = rows.into_iter().find(|other| identity(then, *other, keyed) == identity(grid, row, keyed))?;
    let past = first_look(target, then, same);
    let value = past.value.filter(|_| past.ends.is_none() && past.cases.is_none_or(|cases| cases >= small_group))?;
    Some((colour(target, value), value))
}

/// A row's value, and how many cases it is a share of.
pub fn share_and_cases(target: &Target, grid: &Grid, row: usize) -> Option<(f64, f64)> {
    let named = grid.column(&target.column).and_then(|column| grid.number(row, column.of.as_deref()?));
    let cases = named.or_else(|| grid.cases(row))?;
    Some((grid.number(row, &target.column)?, cases))
}

fn estimate(value: Option<f64>, interval: Option<(f64, f64)>) -> Option<Estimate> {
    let (value, (low, high)) = value.zip(interval)?;
    Some(Estimate { value, low, high })
}

/// Gives the verdicts of the groups that can be judged. A miss must be significant; if the value is known only within
/// bounds, the bound nearer to the target is tested, and a group of which it cannot be tested is not called off target.
fn against_target(target: &Target, unit: Unit, judged: &mut [Judged]) {
    let p_value = |one: &Judged| {
        let nearest = one.ends.map(|(least, most)| match target.better {
            Better::Higher => most,
            Better::Lower => least,
        });
        let known = estimate(one.value, one.interval).or_else(|| at_end(target.better, nearest?, one.interval?));
        let estimate = known.filter(|_| one.unknown.is_none())?;
        let nearest = nearest.unwrap_or(estimate.value);
        match unit {
            Unit::Share => estimate.share_against(nearest, target.green),
            _ => estimate.value_against(nearest, target.green),
        }
    };
    let adjusted = adjusted(&judged.iter().map(p_value).collect::<Vec<_>>());
    for (one, q) in judged.iter_mut().zip(adjusted) {
        let (None, Some(value)) = (one.unknown, one.value.or(one.ends.map(|(least, _)| least))) else { continue };
        one.verdict = match colour(target, value) {
            Verdict::Yellow | Verdict::Red if one.value.is_none() && q.is_none() => {
                one.unknown = Some(Unknown::Partial);
                Verdict::Unknown
            }
            // nobody drew by lot what is unknown: the interval beyond the better end has to be as bad
            bad @ (Verdict::Yellow | Verdict::Red) if one.value.is_none() && beyond(target, one) != Some(bad) => {
                one.unknown = Some(Unknown::Unproven);
                Verdict::Unknown
            }
            Verdict::Yellow | Verdict::Red if q.is_some_and(|q| q > FALSE_DISCOVERY_RATE) => {
                one.unknown = Some(Unknown::Unproven);
                Verdict::Unknown
            }
            colour => colour,
        };
    }
}

/// The colour of the interval's bound on the side of the target.
fn beyond(target: &Target, one: &Judged) -> Option<Verdict> {
    let (low, high) = one.interval?;
    Some(colour(target, if target.better == Better::Higher { high } else { low }))
}

/// The estimate that the nearer end would be: as wide towards the target as the interval reaches beyond that end.
fn at_end(better: Better, end: f64, (low, high): (f64, f64)) -> Option<Estimate> {
    let width = match better {
        Better::Higher => high - end,
        Better::Lower => end - low,
    };
    (width > 0.0).then_some(Estimate { value: end, low: end - width, high: end + width })
}

/// Compares each group with all other groups together. The others are groups that can be judged and have the same key:
/// another rule or stage, the unfilled group and partly known groups are excluded.
fn against_rest(grid: &Grid, keyed: bool, judged: &mut [Judged]) {
    let counted = |one: &Judged| {
        let known = one.ends.is_none() && matches!(one.unknown, None | Some(Unknown::Unproven | Unknown::Small));
        let estimate = estimate(one.value, one.interval).filter(|_| known)?;
        Some((estimate.value, estimate.observations()?))
    };
    let all: Vec<Option<(f64, f64)>> = judged.iter().map(counted).collect();
    let thing = |one: &Judged| keyed.then(|| &grid.rows[one.row][grid.dimensions]);
    let rest = |at: usize| {
        let (own, mine) = (all[at]?, thing(&judged[at]));
        let others = || (0..all.len()).filter(|other| *other != at && thing(&judged[*other]) == mine);
        let n: f64 = others().filter_map(|other| all[other]).map(|(_, n)| n).sum();
        let hits: f64 = others().filter_map(|other| all[other]).map(|(share, n)| share * n).sum();
        let judged = matches!(judged[at].unknown, None | Some(Unknown::Unproven)) && n > 0.0;
        judged.then(|| (hits / n, shares_equal(own, (hits / n, n))))
    };
    let rests: Vec<Option<(f64, f64)>> = (0..all.len()).map(rest).collect();
    let adjusted = adjusted(&rests.iter().map(|rest| rest.map(|(_, p)| p)).collect::<Vec<_>>());
    for ((one, rest), q) in judged.iter_mut().zip(rests).zip(adjusted) {
        one.rest = rest.map(|(value, _)| Beside { value, proven: q.map(|q| q <= FALSE_DISCOVERY_RATE) });
    }
}

fn against_earlier(
    target: &Target,
    compare: Compare,
    (grid, then): (&Grid, &Grid),
    then_rows: &[usize],
    keyed: bool,
    judged: &mut [Judged],
) {
    let same = |one: &Judged| {
        let row = then_rows.iter().find(|row| identity(then, **row, keyed) == identity(grid, one.row, keyed))?;
        let past = first_look(target, then, *row);
        // a value known only within bounds may have changed or not
        (past.value.is_some() && past.ends.is_none() && one.ends.is_none()).then_some(past)
    };
    let past: Vec<Option<Judged>> = judged.iter().map(same).collect();
    let p_value = |(now, then): (&Judged, &Option<Judged>)| {
        let then = then.as_ref().filter(|_| now.unknown != Some(Unknown::Unnamed))?;
        let (a, b) = (estimate(now.value, now.interval)?, estimate(then.value, then.interval)?);
        match grid.unit(&target.column) {
            Unit::Share => Some(shares_equal((a.value, a.observations()?), (b.value, b.observations()?))),
            _ => None,
        }
    };
    let adjusted = adjusted(&judged.iter().zip(&past).map(p_value).collect::<Vec<_>>());
    for ((now, then), q) in judged.iter_mut().zip(&past).zip(adjusted) {
        if let (Some(_), Some(value)) = (now.value, then.as_ref().and_then(|then| then.value)) {
            now.changes.push((compare, Beside { value, proven: q.map(|q| q <= FALSE_DISCOVERY_RATE) }));
        }
    }
}

mod stake;
#[cfg(test)]
mod tests;
