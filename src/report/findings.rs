//! Findings: every target of the regulation beside its actual value, with a verdict, the change, and the advice.
//!
//! `judge` gives the verdicts, [`evidence`] has the statistics, `wording` writes the sentences; this file runs the
//! metrics.

mod actions;
mod cause;
pub mod evidence;
mod judge;
mod judged;
mod list;
mod wording;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::definition::{self, Compare, Question};
use super::document::{Block, Cell, Finding, Verdict};
use super::earlier::earlier;
use super::error::ReportError;
use super::grid::Grid;
use super::inputs::Inputs;
use super::missing::{Cover, Lack, Missing, Unnamed};
use super::period::Period;
use super::phrases::Phrases;
use crate::model::problem::hint;
use crate::model::unit::Unit;
use crate::regulation::Target;
pub(super) use actions::actions;
use cause::{Cause, Part};
use judged::{Covered, Ground, Judged, Unknown};
use wording::Said;

/// The result of judging all targets.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// The findings, worst first, and a notice about what could not be judged.
    pub blocks: Vec<Block>,
    /// Targets that could not be judged at all, and why.
    pub missing: Vec<(String, Missing)>,
    /// What else they lack, which is told only where all that is missing is listed.
    pub also_missing: Vec<(String, Missing)>,
    /// Rows without a value of the split, which no target judges.
    pub unnamed: Vec<Unnamed>,
}

/// Judges the targets. A target that fails does not stop the others.
pub(super) async fn findings(inputs: &mut Inputs<'_>, say: &Phrases<'_>, part: &definition::Findings) -> Made {
    let mut made = Made::default();
    let mut said = Vec::new();
    let targets = targets(inputs);
    let wanted = |target: &&Target| part.metrics.is_empty() || part.metrics.contains(&target.metric);
    for target in targets.iter().filter(wanted) {
        match one(inputs, say, part, target).await {
            Ok((more, unnamed)) => {
                said.extend(more);
                made.unnamed.extend(unnamed);
            }
            Err(reason) => {
                let title = target.title.get(say.lang);
                let period = part.periods.get(&target.metric).copied().unwrap_or(part.period);
                let ask = Question { metric: target.metric.clone(), by: target.by.clone(), period };
                let more = inputs.metrics.also_lacking(&ask, &reason);
                made.also_missing.extend(more.into_iter().map(|missing| (title.to_owned(), missing)));
                made.missing.push((title.to_owned(), reason));
            }
        }
    }
    made.blocks = blocks(say, said, &made.missing, targets.is_empty());
    made
}

/// A target with what its metric says, and the verdicts.
struct Look<'t> {
    target: &'t Target,
    ask: Question,
    grid: Arc<Grid>,
    judged: Vec<Judged>,
    /// A note on how much of the period is covered, and on what could not be compared; empty if there is nothing to note.
    note: String,
}

/// Asks a target's metric, and judges each group.
async fn look<'t>(
    inputs: &mut Inputs<'_>,
    say: &Phrases<'_>,
    part: &definition::Findings,
    target: &'t Target,
) -> Result<Look<'t>, Missing> {
    let period = part.periods.get(&target.metric).copied().unwrap_or(part.period);
    let ask = Question { metric: target.metric.clone(), by: target.by.clone(), period };
    check_target(inputs, target)?;
    let range = inputs.reach.range(period);
    let grid = inputs.metrics.ask(&ask, range).await?;
    if let Some(missing) = grid.is_blank(&target.column).then(|| inputs.metrics.lacking(&ask, &target.column)).flatten()
    {
        return Err(missing);
    }
    let earlier = earlier(inputs, &ask, &target.column, &part.compare).await;
    let then: Vec<_> = earlier.answers.iter().map(|(compare, grid)| (*compare, grid.as_ref())).collect();
    let cover = inputs.cover(&ask, range, &[&target.column]);
    let covered = match cover {
        None => Covered::Whole,
        Some(Cover::Until(_)) => Covered::Part,
        Some(Cover::Not(_)) => Covered::Nothing,
    };
    let mut judged = judge::judge(target, &grid, &then, Ground { small_group: small_group(inputs), covered });
    judged.retain(|one| is_for(target, targets(inputs), grid.group(one.row)));
    let excepted = |cell: &Cell| matches!(cell, Cell::Text(text) if target.except.contains(text));
    judged.retain(|one| !grid.rows[one.row].iter().any(excepted));
    let note = cover.map(|cover| say.cover(cover, period));
    let note = note.into_iter().chain(earlier.fault.map(|fault| say.not_compared(&fault)));
    let note: Vec<String> = note.collect();
    Ok(Look { target, ask, grid, judged, note: note.join("; ") })
}

impl Look<'_> {
    /// What its sentences are written with.
    fn wording<'w>(&'w self, inputs: &Inputs<'_>, say: &'w Phrases<'w>) -> wording::Wording<'w> {
        let target = self.target;
        let ambiguous = targets(inputs).iter().filter(|other| other.title == target.title).count() > 1;
        let range = inputs.reach.range(self.ask.period);
        wording::Wording {
            say,
            target,
            ambiguous,
            grid: &self.grid,
            period: self.ask.period,
            small_group: small_group(inputs),
            source: say.source(&self.ask, inputs.days(&self.ask, range)),
            note: self.note.clone(),
        }
    }
}

async fn one(
    inputs: &mut Inputs<'_>,
    say: &Phrases<'_>,
    part: &definition::Findings,
    target: &Target,
) -> Result<(Vec<Said>, Option<Unnamed>), Missing> {
    let mut look = look(inputs, say, part, target).await?;
    let grid = Arc::clone(&look.grid);
    if grid.dimensions == 0 && grid.unit(&target.column) == Unit::Share {
        for one in look.judged.iter_mut().filter(|one| matches!(one.verdict, Verdict::Red | Verdict::Yellow)) {
            one.causes = causes(inputs, say, part, (target, &grid, look.ask.period), one).await;
        }
    }
    let unnamed = unnamed(say, target, &grid, &look.judged);
    let judged = std::mem::take(&mut look.judged);
    Ok((look.wording(inputs, say).said(judged, part.limit), unnamed))
}

/// The regulation's targets.
fn targets<'a>(inputs: &Inputs<'a>) -> &'a [Target] {
    inputs.metrics.regulation().targets()
}

/// Groups of fewer deals are not judged (the regulation's `small_group`).
#[allow(clippy::cast_precision_loss)] // a number that a person wrote
fn small_group(inputs: &Inputs<'_>) -> f64 {
    inputs.metrics.regulation().rules().small_group as f64
}

/// Checks that a target names an existing metric and column; the regulation cannot check that itself.
fn check_target(inputs: &mut Inputs<'_>, target: &Target) -> Result<(), Missing> {
    let checked = inputs.metrics.known(&target.metric).and_then(|metric| {
        match metric.columns.iter().any(|column| column.name == target.column) {
            true => Ok(()),
            false => Err(ReportError::TargetColumn {
                metric: target.metric.clone(),
                column: target.column.clone(),
                hint: hint(&target.column, metric.columns.iter().map(|column| column.name.as_str())),
            }),
        }
    });
    checked.map_err(|error| inputs.metrics.fault(&target.metric, &error))
}

/// The rows without a value of the split, if there are any.
fn unnamed(say: &Phrases<'_>, target: &Target, grid: &Grid, judged: &[Judged]) -> Option<Unnamed> {
    let one = judged.iter().find(|one| one.unknown == Some(Unknown::Unnamed))?;
    let titles = grid.columns[..grid.dimensions].iter().map(|column| say.text(&column.title));
    let by = titles.collect::<Vec<_>>().join(" · ");
    let exact = |cases: f64| say.numbers.exact(cases.round(), Unit::Count);
    let all: f64 = judged.iter().filter_map(|one| grid.cases(one.row)).sum();
    let size = grid.cases(one.row).map(|cases| (exact(cases), exact(all)));
    Some(Unnamed { by, size, target: say.text(&target.title).to_owned() })
}

/// The groups that caused the significant changes of a share, by the split that explains most of the change. If a query
/// fails, the finding has no cause; the fault is reported by the part that asked for the data.
async fn causes(
    inputs: &mut Inputs<'_>,
    say: &Phrases<'_>,
    part: &definition::Findings,
    (target, grid, period): (&Target, &Grid, Period),
    one: &Judged,
) -> Vec<(Compare, Cause)> {
    let mut causes = Vec::new();
    // rows of one group are distinguished by the metric's first column
    let key = judge::has_key(grid, &judge::current_rows(grid)).then(|| &grid.rows[one.row][0]);
    for (compare, then) in one.changes.iter().filter(|(_, then)| then.proven == Some(true)) {
        // all splits in one query: it takes no longer than a single one
        let mut by = part.split.clone();
        let now = loop {
            let ask = Question { metric: target.metric.clone(), by: by.clone(), period };
            match inputs.metrics.ask(&ask, inputs.reach.range(period)).await {
                Ok(now) => break Some((ask, now)),
                Err(missing) if by.len() > 1 && by.contains(&missing.what) => by.retain(|name| *name != missing.what),
                Err(_) => break None,
            }
        };
        let Some((ask, now)) = now.filter(|_| !by.is_empty()) else { continue };
        let earlier = earlier(inputs, &ask, &target.column, &[*compare]).await.answers;
        let Some((_, before)) = earlier.first() else { continue };
        let change = one.value.unwrap_or(then.value) - then.value;
        let split = |at: usize| {
            let by = say.text(&now.columns[at].title).to_lowercase();
            cause::cause(by, &parts(say, target, (key, at), &now, before), change, small_group(inputs))
        };
        let best = (0..by.len()).filter_map(split).max_by(|a, b| a.named().total_cmp(&b.named()));
        causes.extend(best.map(|best| (*compare, best)));
    }
    causes
}

/// The groups of one dimension in two results, earlier and current.
fn parts(
    say: &Phrases<'_>,
    target: &Target,
    (key, at): (Option<&Cell>, usize),
    now: &Grid,
    before: &Grid,
) -> Vec<Part> {
    // hits and cases of each group: shares of parts add up the way their hits do
    let sums = |grid: &Grid| {
        let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
        for row in judge::current_rows(grid) {
            if key.is_some_and(|key| grid.rows[row].get(grid.dimensions) != Some(key)) {
                continue;
            }
            if let Some((share, cases)) = judge::share_and_cases(target, grid, row) {
                let name = say.titles.label(&target.metric, grid, row, &grid.columns[at].name);
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

/// Whether a target applies to a group: a group with a target of its own is not judged by the general one.
fn is_for(target: &Target, all: &[Target], group: &[Cell]) -> bool {
    let is = |name: &str| matches!(group, [Cell::Text(text)] if text == name);
    let alike =
        |other: &&Target| (&other.metric, &other.column, &other.by) == (&target.metric, &target.column, &target.by);
    match &target.only {
        Some(name) => is(name),
        None => !all.iter().filter(alike).any(|other| other.only.as_deref().is_some_and(is)),
    }
}

fn blocks(say: &Phrases<'_>, mut said: Vec<Said>, missing: &[(String, Missing)], no_targets: bool) -> Vec<Block> {
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
        (Lack::Fault, say.pick("Не проверены цели, ошибка", "Targets not checked, an error")),
        (Lack::Memory, say.pick("Не проверены цели, не хватило памяти", "Targets not checked, too little memory")),
        (Lack::Data, say.pick("Не проверены цели, нет данных", "Targets not checked, the data are missing")),
    ] {
        let of_it = || missing.iter().filter(|(_, missing)| missing.lack == lack);
        // which ones, and what to export, is listed in one section if the report has one
        if let (Lack::Data, Some(reference), 1..) = (lack, say.reference(), of_it().count()) {
            let sources: BTreeSet<String> = of_it().map(|(_, missing)| say.source_of(&missing.what)).collect();
            let sources: Vec<String> = sources.into_iter().collect();
            blocks.push(Block::Notice(format!("{head} ({}): {}. {reference}", of_it().count(), sources.join(", "))));
            continue;
        }
        let names = of_it().map(|(title, missing)| match lack {
            Lack::Fault => format!("«{title}» ({}: {})", missing.what, say.text(&missing.why).trim_end_matches('.')),
            Lack::Data | Lack::Memory => format!("«{title}» ({})", missing.what),
        });
        let names: Vec<String> = names.collect();
        if !names.is_empty() {
            blocks.push(Block::Notice(format!("{head}: {}.", names.join("; "))));
        }
    }
    blocks
}

/// Sort order: worst first; unknown before green.
fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Red => 0,
        Verdict::Yellow => 1,
        Verdict::Unknown => 2,
        Verdict::Green => 3,
    }
}
