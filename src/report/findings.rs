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
mod look;
mod made;
mod wording;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::definition::{self, Compare, Question};
use super::document::{Block, Cell, Finding, Red, Verdict};
use super::earlier::earlier;
use super::grid::Grid;
use super::inputs::Inputs;
use super::missing::{Lack, Missing, Unnamed};
use super::period::Period;
use super::phrases::Phrases;
use crate::model::unit::Unit;
use crate::regulation::Target;
pub(super) use actions::actions;
use cause::{Cause, Part};
use judged::{Judged, Unknown};
use look::{look, rank, small_group, targets};
pub(super) use made::Made;
use wording::Said;

/// Judges the targets. A target that fails does not stop the others.
pub(super) async fn findings(inputs: &mut Inputs<'_>, say: &Phrases<'_>, part: &definition::Findings) -> Made {
    let mut made = Made::default();
    let mut said = Vec::new();
    let targets = targets(inputs);
    for target in targets.iter().filter(|target| part.judges(&target.metric)) {
        match one(inputs, say, part, target).await {
            Ok((more, unnamed, red)) => {
                said.extend(more);
                made.red.extend(red);
                made.unnamed.extend(unnamed);
            }
            Err(reason) => {
                let title = target.title.get(say.lang);
                let period = part.period_of(&target.metric);
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

async fn one(
    inputs: &mut Inputs<'_>,
    say: &Phrases<'_>,
    part: &definition::Findings,
    target: &Target,
) -> Result<(Vec<Said>, Option<Unnamed>, Vec<Red>), Missing> {
    let mut look = look(inputs, say, part, target).await?;
    let red = look.red(inputs, say);
    let grid = Arc::clone(&look.grid);
    if grid.dimensions == 0 && grid.unit(&target.column) == Unit::Share {
        for one in look.judged.iter_mut().filter(|one| matches!(one.verdict, Verdict::Red | Verdict::Yellow)) {
            one.causes = causes(inputs, say, part, (target, &grid, look.ask.period), one).await;
        }
    }
    let unnamed = unnamed(say, target, &grid, &look.judged);
    let judged = std::mem::take(&mut look.judged);
    Ok((look.wording(inputs, say).said(judged, part.limit), unnamed, red))
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
    let key = judge::has_key(grid, &grid.current_rows()).then(|| &grid.rows[one.row][0]);
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
        for row in grid.current_rows() {
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
