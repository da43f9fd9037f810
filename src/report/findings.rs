//! Findings: every target of the regulation beside what came out, with a verdict, what changed, and the advice.
//!
//! [`judge`] decides, [`evidence`] holds its statistics, [`wording`] says it; here the metrics are asked.

mod cause;
pub mod evidence;
mod judge;
mod wording;

use std::collections::{BTreeMap, BTreeSet};

use super::asker::{Asker, Lack, Missing};
use super::build::ReportError;
use super::definition::{self, Compare, Question};
use super::document::{Block, Cell, Finding, Verdict};
use super::grid::Grid;
use super::period::Period;
use super::say::Say;
use crate::model::unit::Unit;
use crate::regulation::Target;
use cause::{Cause, Part};
use judge::Judged;
use wording::Said;

/// Judges the targets: the findings worst first, and a notice of what could not be judged.
pub(super) async fn findings(
    asker: &mut Asker<'_>,
    say: &Say<'_>,
    part: &definition::Findings,
) -> Result<Vec<Block>, ReportError> {
    let (mut said, mut missing) = (Vec::new(), Vec::new());
    let targets: Vec<Target> = asker.targets().to_vec();
    let wanted = |target: &&Target| part.metrics.is_empty() || part.metrics.contains(&target.metric);
    for target in targets.iter().filter(wanted) {
        let period = part.periods.get(&target.metric).copied().unwrap_or(part.period);
        match one(asker, say, part, target, period).await? {
            Ok(more) => said.extend(more),
            Err(reason) => missing.push((target.title.get(say.lang).to_owned(), reason)),
        }
    }
    Ok(blocks(say, said, missing, targets.is_empty()))
}

async fn one(
    asker: &mut Asker<'_>,
    say: &Say<'_>,
    part: &definition::Findings,
    target: &Target,
    period: Period,
) -> Result<Result<Vec<Said>, Missing>, ReportError> {
    let ask = Question { metric: target.metric.clone(), by: target.by.clone(), period };
    asker.check_target(target)?;
    let range = asker.range(period);
    let grid = match asker.ask(&ask, range).await? {
        Ok(grid) => grid,
        Err(missing) => return Ok(Err(missing)),
    };
    let earlier = asker.earlier(&ask, &part.compare).await?;
    let earlier: Vec<_> = earlier.iter().map(|(compare, grid)| (*compare, grid.as_ref())).collect();
    let mut judged = judge::judge(target, &grid, &earlier, asker.small_group());
    judged.retain(|one| is_for(target, asker.targets(), grid.group(one.row)));
    let excepted = |cell: &Cell| matches!(cell, Cell::Text(text) if target.except.contains(text));
    judged.retain(|one| !grid.rows[one.row].iter().any(excepted));
    if grid.dimensions == 0 && grid.unit(&target.column) == Unit::Share {
        for one in judged.iter_mut().filter(|one| matches!(one.verdict, Verdict::Red | Verdict::Yellow)) {
            one.causes = causes(asker, say, part, (target, &grid, period), one).await?;
        }
    }
    let source = say.source(&ask, range);
    let ambiguous = asker.targets().iter().filter(|other| other.title == target.title).count() > 1;
    let wording =
        wording::Wording { say, target, ambiguous, grid: &grid, period, small_group: asker.small_group(), source };
    Ok(Ok(wording.said(judged, part.limit)))
}

/// Who carried those changes of a share that are more than chance: by the split whose groups tell most of it.
async fn causes(
    asker: &mut Asker<'_>,
    say: &Say<'_>,
    part: &definition::Findings,
    (target, grid, period): (&Target, &Grid, Period),
    one: &Judged,
) -> Result<Vec<(Compare, Cause)>, ReportError> {
    let mut causes = Vec::new();
    // the rows of a metric that has several are told apart by its first column
    let key = judge::has_key(grid, &judge::current_rows(grid)).then(|| &grid.rows[one.row][0]);
    for (compare, then) in one.changes.iter().filter(|(_, then)| then.proven == Some(true)) {
        // all splits in one question: it takes as long as one of them
        let mut by = part.split.clone();
        let now = loop {
            let ask = Question { metric: target.metric.clone(), by: by.clone(), period };
            match asker.ask(&ask, asker.range(period)).await? {
                Ok(now) => break Some((ask, now)),
                Err(missing) if by.len() > 1 && by.contains(&missing.what) => by.retain(|name| *name != missing.what),
                Err(_) => break None,
            }
        };
        let Some((ask, now)) = now.filter(|_| !by.is_empty()) else { continue };
        let earlier = asker.earlier(&ask, &[*compare]).await?;
        let Some((_, before)) = earlier.first() else { continue };
        let change = one.value.unwrap_or(then.value) - then.value;
        let split = |at: usize| {
            let by = say.text(&now.columns[at].title).to_lowercase();
            cause::cause(by, &parts(say, target, (key, at), &now, before), change, asker.small_group())
        };
        let best = (0..by.len()).filter_map(split).max_by(|a, b| a.named().total_cmp(&b.named()));
        causes.extend(best.map(|best| (*compare, best)));
    }
    Ok(causes)
}

/// The groups of one of the dimensions by which two results are split, then and now.
fn parts(say: &Say<'_>, target: &Target, (key, at): (Option<&Cell>, usize), now: &Grid, before: &Grid) -> Vec<Part> {
    // hits and cases of each group: shares of parts add up as their hits do
    let sums = |grid: &Grid| {
        let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
        for row in judge::current_rows(grid) {
            if key.is_some_and(|key| grid.rows[row].get(grid.dimensions) != Some(key)) {
                continue;
            }
            if let Some((share, cases)) = judge::share_and_cases(target, grid, row) {
                let name = say.label(&target.metric, grid, row, &grid.columns[at].name);
                let sum = sums.entry(name).or_default();
                *sum = (sum.0 + share * cases, sum.1 + cases);
            }
        }
        sums
    };
    let (now, before) = (sums(now), sums(before));
    let share = |sums: &BTreeMap<String, (f64, f64)>, name: &String| {
        sums.get(name).filter(|(_, cases)| *cases > 0.0).map(|(hits, cases)| (hits / cases, *cases))
    };
    let names: BTreeSet<&String> = now.keys().chain(before.keys()).collect();
    let part = |name: &String| Part { name: name.clone(), then: share(&before, name), now: share(&now, name) };
    names.into_iter().map(part).collect()
}

/// Whether a target is for a group: a group with a target of its own is not judged by the one for all.
fn is_for(target: &Target, all: &[Target], group: &[Cell]) -> bool {
    let is = |name: &str| matches!(group, [Cell::Text(text)] if text == name);
    let alike =
        |other: &&Target| (&other.metric, &other.column, &other.by) == (&target.metric, &target.column, &target.by);
    match &target.only {
        Some(name) => is(name),
        None => !all.iter().filter(alike).any(|other| other.only.as_deref().is_some_and(is)),
    }
}

fn blocks(say: &Say<'_>, mut said: Vec<Said>, missing: Vec<(String, Missing)>, no_targets: bool) -> Vec<Block> {
    let mut blocks = Vec::new();
    if no_targets {
        let text = say.pick(
            "В регламенте нет ни одной цели ([[target]]), поэтому сравнивать показатели не с чем.",
            "The regulation names no target ([[target]]), so there is nothing to judge the figures by.",
        );
        blocks.push(Block::Notice(text.to_owned()));
    }
    said.sort_by(|a, b| rank(a.finding.verdict).cmp(&rank(b.finding.verdict)).then(b.weight.total_cmp(&a.weight)));
    let findings: Vec<Finding> = said.into_iter().map(|said| said.finding).collect();
    if !findings.is_empty() {
        blocks.push(Block::Findings(findings));
    }
    for (lack, head) in [
        (Lack::Data, say.pick("Не проверены: нет данных для целей", "Not checked, the data are missing")),
        (Lack::Memory, say.pick("Не проверены: не хватило памяти для целей", "Not checked, too little memory")),
    ] {
        let of_it = missing.iter().filter(|(_, missing)| missing.lack == lack);
        let names: Vec<String> = of_it.map(|(title, missing)| format!("«{title}» ({})", missing.what)).collect();
        if !names.is_empty() {
            blocks.push(Block::Notice(format!("{head}: {}.", names.join("; "))));
        }
    }
    blocks
}

/// Worst first; what cannot be judged stands before what needs no attention.
fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Red => 0,
        Verdict::Yellow => 1,
        Verdict::Unknown => 2,
        Verdict::Green => 3,
    }
}
