//! Findings: every target of the regulation beside what came out, with a verdict, what changed, and the advice.
//!
//! [`judge`] decides, [`evidence`] holds its statistics, [`wording`] says it; here the metrics are asked.

pub mod evidence;
mod judge;
mod wording;

use super::asker::{Asker, Lack, Missing};
use super::build::ReportError;
use super::definition::{self, Question};
use super::document::{Block, Cell, Finding, Verdict};
use super::period::Period;
use super::say::Say;
use crate::regulation::Target;
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
    let source = say.source(&ask, range);
    let ambiguous = asker.targets().iter().filter(|other| other.title == target.title).count() > 1;
    let wording =
        wording::Wording { say, target, ambiguous, grid: &grid, period, small_group: asker.small_group(), source };
    Ok(Ok(wording.said(judged, part.limit)))
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
