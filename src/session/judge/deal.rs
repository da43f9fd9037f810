//! The judgements of one deal: answered in time, not stale, no stage skipped, not moved back.

use super::verdicts::Verdict;
use super::{Judge, MINUTE};
use crate::regulation::{Stage, Terminal};

/// Microseconds of an hour.
const HOUR: f64 = 60.0 * MINUTE;

/// How a deal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Open,
    Won,
    Lost,
}

/// A move of a deal into a stage, which the regulation may not know.
#[derive(Debug, Clone, Copy)]
pub(super) struct Move<'j> {
    pub stage: Option<&'j Stage>,
    /// When it was, at the latest.
    pub at: i64,
    /// When it was, at the earliest; none: nothing says since when.
    pub earliest: Option<i64>,
    /// Whether it was seen between two snapshots: other moves may lie between.
    pub seen: bool,
    /// Whether the deal had not been in this stage before.
    pub first: bool,
}

/// What of a deal is looked at; instants are microseconds since the epoch.
#[derive(Debug)]
pub(super) struct Deal<'a, 'j> {
    pub status: Status,
    /// Lost for a reason which means that it was no lead.
    pub is_invalid: bool,
    pub created_at: Option<i64>,
    pub response_at: Option<i64>,
    pub closed_at: Option<i64>,
    /// Every move, in order.
    pub moves: &'a [Move<'j>],
}

/// A time in which something was to be over.
struct Wait {
    since: i64,
    until: i64,
    /// Whether `until` was the end of it: it is still going on otherwise.
    done: bool,
    /// Microseconds, working ones where `working`.
    allowed: i64,
    working: bool,
}

impl Deal<'_, '_> {
    fn is_closed(&self) -> bool {
        self.status != Status::Open
    }

    /// Closed on an unknown day: how long anything took until then is unknown too.
    fn ended_somewhen(&self) -> bool {
        self.is_closed() && self.closed_at.is_none()
    }
}

impl Judge {
    /// Appends all judgements of a deal, as it is known at `cut`.
    pub(super) fn deal<'j>(&'j self, deal: &Deal<'_, 'j>, cut: i64, verdicts: &mut Vec<Verdict<'j>>) {
        verdicts.extend(self.response(deal, cut));
        let mut moves = deal.moves.to_vec();
        // the log does not tell in which order stages were first entered at one moment: the regulation does
        for run in moves.chunk_by_mut(|one, next| one.first && next.first && one.at == next.at) {
            run.sort_by_key(|step| step.stage.map_or(0, |stage| stage.position));
        }
        self.stale(deal, &moves, cut, verdicts);
        self.skipped(deal, verdicts);
        verdicts.extend(moved_back(moves));
    }

    /// Answered, or the allowed time over. Nobody had to answer what was no lead; that somebody did in time counts.
    fn response(&self, deal: &Deal<'_, '_>, cut: i64) -> Option<Verdict<'static>> {
        let since = deal.created_at?;
        let answered = deal.response_at.is_some();
        if !answered && (deal.is_invalid || deal.ended_somewhen()) {
            return None;
        }
        let until = deal.response_at.or(deal.closed_at).unwrap_or(cut);
        let rules = self.regulation.rules();
        let (allowed, working) = ((rules.response_sla_minutes * MINUTE).round() as i64, rules.response_working);
        self.wait("response", None, &Wait { since, until, done: answered, allowed, working })
    }

    /// Each stay in a stage that has an allowed time. Where it began or ended between two snapshots, it is broken if the
    /// shortest stay that this leaves open is too long, kept if the longest is not; of the others nobody can say.
    fn stale<'j>(&self, deal: &Deal<'_, 'j>, moves: &[Move<'j>], cut: i64, verdicts: &mut Vec<Verdict<'j>>) {
        if deal.ended_somewhen() {
            return;
        }
        let end = if deal.is_closed() { deal.closed_at.unwrap_or(cut) } else { cut };
        for (index, step) in moves.iter().enumerate() {
            let Some((stage, hours)) = step.stage.and_then(|stage| Some((stage, stage.sla_hours?))) else { continue };
            if stage.terminal.is_some() {
                continue;
            }
            let next = moves.get(index + 1);
            let until = |left_at: Option<i64>| left_at.map_or(end, |left| left.min(end)).max(step.at);
            let done = deal.is_closed() || next.is_some();
            let allowed = (hours * HOUR).round() as i64;
            let judge = |since: i64, until: i64| {
                let wait = Wait { since, until, done, allowed, working: true };
                self.wait("stale", Some(stage.id.as_str()), &wait)
            };
            let latest = until(next.map(|next| next.at));
            let left_earliest = next.map(|next| next.earliest.unwrap_or(step.at));
            if step.earliest == Some(step.at) && next.is_none_or(|next| next.earliest == Some(next.at)) {
                verdicts.extend(judge(step.at, latest));
                continue;
            }
            let broken = judge(step.at, until(left_earliest)).filter(|shortest| !shortest.kept);
            let kept = || judge(step.earliest?, latest).filter(|longest| longest.kept);
            verdicts.extend(broken.or_else(kept));
        }
    }

    /// A broken rule was broken when the allowed time ended, a kept one was kept when the wait ended. Of what is neither
    /// over nor too long yet, nobody can say.
    fn wait<'j>(&self, rule: &'static str, stage: Option<&'j str>, wait: &Wait) -> Option<Verdict<'j>> {
        let until = wait.until.max(wait.since);
        let worked = |from, to| self.working_days().worked(from, to);
        let took = if wait.working { worked(wait.since, until)? } else { until - wait.since };
        if took <= wait.allowed {
            return wait.done.then_some(Verdict { rule, stage, at: Some(until), kept: true, overdue_hours: None });
        }
        let due = match wait.working {
            true => self.working_days().due(wait.since, wait.allowed),
            false => Some(wait.since + wait.allowed),
        };
        let overdue = due.and_then(|due| worked(due, until)).map(|over| over as f64 / HOUR);
        Some(Verdict { rule, stage, at: due, kept: false, overdue_hours: overdue })
    }

    /// Each stage before the furthest one that was entered; a won deal passed them all. Of a deal without a move that the
    /// regulation knows, nothing is known; nor of a stage that it may have passed between two snapshots.
    fn skipped<'j>(&'j self, deal: &Deal<'_, 'j>, verdicts: &mut Vec<Verdict<'j>>) {
        let entered = || {
            let known = deal.moves.iter().filter(|step| step.first).filter_map(|step| Some((step.stage?, step)));
            known.filter(|(stage, _)| stage.terminal != Some(Terminal::Lost) && !stage.parking)
        };
        let Some(furthest) = entered().map(|(stage, _)| stage.position).max() else { return };
        let is_step = |stage: &Stage| stage.terminal.is_none() && !stage.parking;
        let passed = |stage: &&Stage| is_step(stage) && (stage.position < furthest || deal.status == Status::Won);
        for stage in self.regulation.stages().iter().filter(passed) {
            let later = entered().filter(|(later, _)| later.position > stage.position).map(|(_, step)| step);
            let beyond = later.min_by_key(|step| step.at);
            let kept = entered().any(|(one, _)| one.position == stage.position);
            if !kept && beyond.is_some_and(|step| step.seen) {
                continue;
            }
            let at = beyond.map(|step| step.at).or(deal.closed_at);
            verdicts.push(Verdict { rule: "skipped", stage: Some(stage.id.as_str()), at, kept, overdue_hours: None });
        }
    }
}

/// At the first move to an earlier stage, else at the last move. Being lost is none, nor is waiting: both may be from anywhere.
fn moved_back(mut moves: Vec<Move<'_>>) -> Option<Verdict<'static>> {
    moves.retain(|step| step.stage.is_some_and(|stage| stage.terminal != Some(Terminal::Lost) && !stage.parking));
    let position = |step: &Move<'_>| step.stage.map_or(0, |stage| stage.position);
    // what came first within a moment is not known
    moves.sort_by_key(|step| (step.at, position(step)));
    let pairs = || moves.iter().zip(moves.iter().skip(1)).map(|(one, next)| (position(one), position(next), next.at));
    let back = pairs().find(|(from, to, _)| to < from).map(|(_, _, at)| at);
    let last = pairs().filter(|(from, to, _)| to != from).map(|(_, _, at)| at).next_back();
    let at = back.or(last)?;
    Some(Verdict { rule: "moved_back", stage: None, at: Some(at), kept: back.is_none(), overdue_hours: None })
}
