//! Judges a result against a target: bounds, evidence, what the rest is like, what was before. Pure.

use super::cause::Cause;
use super::evidence::{Estimate, FALSE_DISCOVERY_RATE, adjusted, shares_equal};
use crate::model::unit::Unit;
use crate::regulation::{Better, Target};
use crate::report::definition::Compare;
use crate::report::document::{Cell, Verdict};
use crate::report::grid::{Grid, number};

/// The counts that say how many cases stand behind a row, in the order in which they are looked for. Only needed where
/// the interval does not say it.
const CASES: [&str; 7] = ["leads", "deals", "clients", "reached", "standing", "entered", "won"];
/// What a column is made of, where its metric counts several things and the first of [`CASES`] is not the one.
const CASES_OF: [(&str, &str); 18] = [
    ("broken_share", "checked"),
    ("contacted_share", "judged"),
    ("cost_per_qualified", "qualified"),
    ("cost_per_valid", "valid"),
    ("cac", "new_clients"),
    ("cpo", "won"),
    ("dependency_index", "won"),
    ("depth", "won"),
    ("eventual_rate", "leads"),
    ("kept_share", "checked"),
    ("over_share", "contacts"),
    ("promo_months_share", "won"),
    ("promo_only_share", "clients"),
    ("promo_revenue_share", "won"),
    ("promo_won_share", "won"),
    ("sla_share", "judged"),
    ("stale_share", "standing"),
    ("waiting_share", "first_days_won"),
];
/// The money that says how much a group matters.
const STAKES: [&str; 2] = ["revenue", "spend"];
/// No group is put before all others for being absurdly far off.
const WORST: f64 = 10.0;

/// A group beside its target.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Its row in the result.
    pub row: usize,
    /// The verdict.
    pub verdict: Verdict,
    /// Why the verdict is unknown, where it is.
    pub unknown: Option<Unknown>,
    /// The value; absent where there is none.
    pub value: Option<f64>,
    /// Its interval, where the metric has one.
    pub interval: Option<(f64, f64)>,
    /// How many cases stand behind it, where that can be told.
    pub cases: Option<f64>,
    /// Whether these cases are what the value is a share of.
    pub of_cases: bool,
    /// What the other groups together are like; only for shares.
    pub rest: Option<Beside>,
    /// What was before.
    pub changes: Vec<(Compare, Beside)>,
    /// Who carried a change.
    pub causes: Vec<(Compare, Cause)>,
    /// How much it matters: how far beyond the target, times its part in the whole.
    pub weight: f64,
}

/// Why a group cannot be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// There is no value.
    NoData,
    /// Fewer cases than the regulation's small group.
    Small,
    /// The value misses the target, but chance alone may be the reason.
    Unproven,
}

/// Another value beside a group's own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beside {
    /// The other value.
    pub value: f64,
    /// Whether the difference is more than chance, where that can be told.
    pub proven: Option<bool>,
}

/// Judges every group of a result. `earlier` are the results of other periods to compare with.
pub fn judge(target: &Target, grid: &Grid, earlier: &[(Compare, &Grid)], small_group: f64) -> Vec<Judged> {
    let rows = current_rows(grid);
    let keyed = has_key(grid, &rows);
    let mut judged: Vec<Judged> = rows.iter().map(|row| first_look(target, grid, *row)).collect();
    let grouped = judged.len() > 1;
    for one in &mut judged {
        if one.value.is_none() {
            one.unknown = Some(Unknown::NoData);
        } else if one.cases.is_some_and(|cases| cases.round() < small_group) {
            one.unknown = Some(Unknown::Small);
        }
    }
    against_target(target, grid.unit(&target.column), &mut judged);
    if grouped && grid.unit(&target.column) == Unit::Share {
        against_rest(&mut judged);
    }
    for (compare, then) in earlier {
        let then_rows = current_rows(then);
        let then_keyed = keyed || has_key(then, &then_rows);
        against_earlier(target, *compare, (grid, then), &then_rows, then_keyed, &mut judged);
    }
    weigh(target, grid, &mut judged);
    judged
}

/// The colour of a value by the bounds alone: from `green` on it is green, from `red` on it is red.
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

/// Of a result by week, by month or by horizon, each group's last row; of any other, all rows. A result may be by
/// something and horizon, such as stage and horizon: then the last row of each of these.
pub fn current_rows(grid: &Grid) -> Vec<usize> {
    let unit = |at: usize| grid.columns.get(at).map(|column| column.unit);
    let at = match (unit(grid.dimensions), unit(grid.dimensions + 1)) {
        (Some(Unit::Date | Unit::Days), _) => grid.dimensions,
        (Some(Unit::Text), Some(Unit::Days)) => grid.dimensions + 1,
        _ => return (0..grid.rows.len()).collect(),
    };
    let place = |row: usize| match &grid.rows[row][at] {
        Cell::Date(day) => Some(f64::from(day.to_epoch_days())),
        cell => number(cell),
    };
    let of = |row: usize| &grid.rows[row][..at];
    let all = 0..grid.rows.len();
    let last = |row: &usize| !all.clone().any(|other| of(other) == of(*row) && place(other) > place(*row));
    all.clone().filter(last).collect()
}

/// Whether a group has several rows, so that the first column after the dimensions tells them apart.
pub fn has_key(grid: &Grid, rows: &[usize]) -> bool {
    rows.iter().enumerate().any(|(i, row)| rows[..i].iter().any(|other| grid.group(*other) == grid.group(*row)))
}

fn identity(grid: &Grid, row: usize, keyed: bool) -> &[Cell] {
    &grid.rows[row][..(grid.dimensions + usize::from(keyed)).min(grid.columns.len())]
}

fn first_look(target: &Target, grid: &Grid, row: usize) -> Judged {
    let value = grid.number(row, &target.column);
    let bound = |end: &str| grid.number(row, &format!("{}_{end}", target.column));
    let interval = bound("low").zip(bound("high"));
    let estimate = estimate(value, interval).filter(|_| grid.unit(&target.column) == Unit::Share);
    let observed = estimate.and_then(|e| e.observations());
    let named = CASES_OF.iter().find(|(column, _)| *column == target.column).map(|(_, cases)| *cases);
    let named = named.and_then(|cases| grid.number(row, cases));
    let counted = named.or_else(|| CASES.iter().find_map(|name| grid.number(row, name)));
    // an interval of another kind than Wilson's may say less than its cases would, but never more
    let cases = observed.map(|n| named.map_or(n, |named| n.min(named)));
    Judged {
        row,
        verdict: Verdict::Unknown,
        unknown: None,
        value,
        interval,
        cases: cases.or(counted),
        of_cases: cases.is_some_and(|n| named.is_none_or(|named| (n - named).abs() < 0.5)),
        rest: None,
        changes: Vec::new(),
        causes: Vec::new(),
        weight: 0.0,
    }
}

/// A row's value, and how many cases it is a share of.
pub fn share_and_cases(target: &Target, grid: &Grid, row: usize) -> Option<(f64, f64)> {
    let named = CASES_OF.iter().find(|(column, _)| *column == target.column).map(|(_, cases)| *cases);
    let cases = named.into_iter().chain(CASES).find_map(|name| grid.number(row, name))?;
    Some((grid.number(row, &target.column)?, cases))
}

fn estimate(value: Option<f64>, interval: Option<(f64, f64)>) -> Option<Estimate> {
    let (value, (low, high)) = value.zip(interval)?;
    Some(Estimate { value, low, high })
}

fn against_target(target: &Target, unit: Unit, judged: &mut [Judged]) {
    let p_value = |one: &Judged| {
        let estimate = estimate(one.value, one.interval).filter(|_| one.unknown.is_none())?;
        match unit {
            Unit::Share => estimate.share_against(target.green),
            _ => estimate.value_against(target.green),
        }
    };
    let adjusted = adjusted(&judged.iter().map(p_value).collect::<Vec<_>>());
    for (one, q) in judged.iter_mut().zip(adjusted) {
        let (None, Some(value)) = (one.unknown, one.value) else { continue };
        one.verdict = match colour(target, value) {
            Verdict::Yellow | Verdict::Red if q.is_some_and(|q| q > FALSE_DISCOVERY_RATE) => {
                one.unknown = Some(Unknown::Unproven);
                Verdict::Unknown
            }
            colour => colour,
        };
    }
}

fn against_rest(judged: &mut [Judged]) {
    let counted = |one: &Judged| Some((one.value?, estimate(one.value, one.interval)?.observations()?));
    let all: Vec<Option<(f64, f64)>> = judged.iter().map(counted).collect();
    let hits: f64 = all.iter().flatten().map(|(share, n)| share * n).sum();
    let total: f64 = all.iter().flatten().map(|(_, n)| n).sum();
    let rest = |(share, n): (f64, f64)| ((hits - share * n) / (total - n), total - n);
    let several = all.iter().flatten().count() > 1;
    let p_value = |(one, own): (&Judged, &Option<(f64, f64)>)| {
        let own = (*own).filter(|_| several && matches!(one.unknown, None | Some(Unknown::Unproven)))?;
        Some(shares_equal(own, rest(own)))
    };
    let adjusted = adjusted(&judged.iter().zip(&all).map(p_value).collect::<Vec<_>>());
    for ((one, own), q) in judged.iter_mut().zip(&all).zip(adjusted) {
        let proven = q.map(|q| q <= FALSE_DISCOVERY_RATE);
        one.rest = own.filter(|_| proven.is_some()).map(|own| Beside { value: rest(own).0, proven });
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
        past.value.is_some().then_some(past)
    };
    let past: Vec<Option<Judged>> = judged.iter().map(same).collect();
    let p_value = |(now, then): (&Judged, &Option<Judged>)| {
        let then = then.as_ref()?;
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

fn weigh(target: &Target, grid: &Grid, judged: &mut [Judged]) {
    let money = STAKES.iter().find(|name| judged.iter().any(|one| grid.number(one.row, name).is_some_and(|m| m > 0.0)));
    let stake = |one: &Judged| match money {
        Some(name) => number(grid.cell(one.row, name)).unwrap_or(0.0).max(0.0),
        None => one.cases.unwrap_or(1.0),
    };
    let total: f64 = judged.iter().map(stake).sum();
    let band = match (target.green - target.red).abs() {
        band if band > 0.0 => band,
        _ => target.green.abs().max(f64::MIN_POSITIVE),
    };
    for one in judged.iter_mut() {
        let far = one.value.map_or(0.0, |value| ((value - target.green).abs() / band).min(WORST));
        one.weight = match total > 0.0 {
            true => far * stake(one) / total,
            false => far,
        };
    }
}

#[cfg(test)]
mod tests;
