//! A target beside what its metric says: asked, judged, and ready to be worded.

use std::sync::Arc;

use super::judge;
use super::judged::{Covered, Ground, Judged};
use super::wording;
use crate::model::problem::hint;
use crate::regulation::Target;
use crate::report::definition::{self, Question};
use crate::report::document::{Cell, Red, Verdict};
use crate::report::earlier::earlier;
use crate::report::error::ReportError;
use crate::report::grid::Grid;
use crate::report::inputs::Inputs;
use crate::report::missing::{Cover, Missing};
use crate::report::phrases::Phrases;

/// A target with what its metric says, and the verdicts.
pub(super) struct Look<'t> {
    pub target: &'t Target,
    pub ask: Question,
    pub grid: Arc<Grid>,
    pub judged: Vec<Judged>,
    /// A note on how much of the period is covered, and on what could not be compared; empty if there is nothing to note.
    pub note: String,
}

/// Asks a target's metric, and judges each group.
pub(super) async fn look<'t>(
    inputs: &mut Inputs<'_>,
    say: &Phrases<'_>,
    part: &definition::Findings,
    target: &'t Target,
) -> Result<Look<'t>, Missing> {
    let period = part.period_of(&target.metric);
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
    /// What is beyond the red bound.
    pub fn red(&self, inputs: &Inputs<'_>, say: &Phrases<'_>) -> Vec<Red> {
        let keyed = judge::has_key(&self.grid, &self.grid.current_rows());
        let names = self.grid.dimensions + usize::from(keyed);
        let wording = self.wording(inputs, say);
        let title = say.text(&self.target.title);
        let red = self.judged.iter().filter(|one| one.verdict == Verdict::Red);
        let one = |one: &Judged| {
            let name = |cell: &Cell| match cell {
                Cell::Text(text) => text.clone(),
                other => format!("{other:?}"),
            };
            let group: Vec<String> = self.grid.rows[one.row].iter().take(names).map(name).collect();
            let key = [self.target.metric.clone(), self.target.column.clone(), self.target.by.join(",")];
            let title = match wording.row_name(one) {
                name if name.is_empty() => title.to_owned(),
                name => format!("{title}: {name}"),
            };
            Red { key: key.into_iter().chain(group).collect::<Vec<_>>().join("|"), title }
        };
        red.map(one).collect()
    }

    /// What its sentences are written with.
    pub fn wording<'w>(&'w self, inputs: &Inputs<'_>, say: &'w Phrases<'w>) -> wording::Wording<'w> {
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
            list: self.command(inputs).unwrap_or_default(),
        }
    }

    /// The command that makes the list. `None` if there is none, or whoever the report is held to is not to see the rest of it.
    pub fn command(&self, inputs: &Inputs<'_>) -> Option<String> {
        if inputs.metrics.is_held() {
            return None;
        }
        let column = self.grid.column(&self.target.column)?.list.as_ref()?;
        let range = inputs.reach.range(self.ask.period);
        let by: String = self.ask.by.iter().map(|by| format!(" --by {by}")).collect();
        let metric = &self.ask.metric;
        Some(format!(
            "voronka rows {metric} --column {column}{by} --from {} --to {} --as-of {}",
            range.from,
            range.to,
            inputs.metrics.as_of()
        ))
    }
}

/// The regulation's targets.
pub(super) fn targets<'a>(inputs: &Inputs<'a>) -> &'a [Target] {
    inputs.metrics.regulation().targets()
}

/// Groups of fewer deals are not judged (the regulation's `small_group`).
#[allow(clippy::cast_precision_loss)] // a number that a person wrote
pub(super) fn small_group(inputs: &Inputs<'_>) -> f64 {
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

/// Sort order: worst first; unknown before green.
pub(super) fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Red => 0,
        Verdict::Yellow => 1,
        Verdict::Unknown => 2,
        Verdict::Green => 3,
    }
}
