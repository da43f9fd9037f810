//! The judgements of one deal: answered in time, not stale, no stage skipped, not moved back.

use super::rules::{Judge, MINUTE};
use super::steps::Move;
use super::verdicts::{Verdict, Why};
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

/// Facts of a deal that rules look at; instants are microseconds since the epoch.
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
    /// From when to when the answers of its manager and branch are loaded. `None` if never.
    pub answers: Option<(i64, i64)>,
    /// From when on their log of stages is.
    pub log_from: Option<i64>,
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

    /// Whether all that can be judged of it became certain before a local midnight: it was closed, answered and moved for the last time
    /// before.
    pub(super) fn was_over(&self, midnight: i64) -> bool {
        let Some(closed_at) = self.closed_at.filter(|_| self.is_closed()) else { return false };
        let latest = self
            .moves
            .iter()
            .map(|step| step.at)
            .chain(self.response_at)
            .chain(self.created_at)
            .fold(closed_at, i64::max);
        latest < midnight
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
    ///
    /// A lead that came before the first answer that is loaded is not judged; nor is one whose time was over only after the
    /// last.
    fn response(&self, deal: &Deal<'_, '_>, cut: i64) -> Option<Verdict<'static>> {
        let since = deal.created_at?;
        let answered = deal.response_at.is_some();
        if !answered && (deal.is_invalid || deal.ended_somewhen()) {
            return None;
        }
        let rules = self.regulation.rules();
        let (allowed, working) = ((rules.response_sla_minutes * MINUTE).round() as i64, rules.response_working);
        let judge = |since, until, done| self.wait("response", None, &Wait { since, until, done, allowed, working });
        let ended = deal.response_at.or(deal.closed_at).unwrap_or(cut);
        let broken = |until| judge(self.last(since), until, answered).filter(|shortest| shortest.kept == Some(false));
        let unjudged = |why| {
            let missing = Some(("answer", why));
            Some(Verdict { rule: "response", stage: None, at: Some(since), kept: None, overdue_hours: None, missing })
        };
        let (from, until) = match deal.answers {
            // what is not due yet is nothing to miss
            None => return broken(ended).and_then(|_| unjudged(Why::Never)),
            Some((from, _)) if since < from => return broken(ended).and_then(|_| unjudged(Why::Before)),
            Some(known) => known,
        };
        debug_assert!(from <= since);
        if !answered {
            return broken(ended.min(until)).or_else(|| broken(ended).and_then(|_| unjudged(Why::After)));
        }
        let kept = || judge(since, self.last(ended), true).filter(|longest| longest.kept == Some(true));
        broken(ended).or_else(kept).or_else(|| unjudged(Why::Day))
    }

    /// The last moment that an instant may stand for: one that is midnight says a day.
    fn last(&self, at: i64) -> i64 {
        let days = self.working_days();
        let day = days.day(at).filter(|day| days.midnight(*day) == Some(at));
        day.and_then(|day| days.midnight(day + 1)).map_or(at, |next| next - 1)
    }

    /// Each stay in a stage that has an allowed time. Where it began or ended between two snapshots, it is broken if the
    /// shortest stay that this leaves open is too long, kept if the longest is not; the others are not judged.
    fn stale<'j>(&self, deal: &Deal<'_, 'j>, moves: &[Move<'j>], cut: i64, verdicts: &mut Vec<Verdict<'j>>) {
        let end = if deal.is_closed() { deal.closed_at.unwrap_or(cut) } else { cut };
        let is_exact = |step: &Move<'_>| step.earliest == Some(step.at) && self.last(step.at) == step.at;
        for (index, step) in moves.iter().enumerate() {
            let Some((stage, hours)) = step.stage.and_then(|stage| Some((stage, stage.sla_hours?))) else { continue };
            if stage.terminal.is_some() {
                continue;
            }
            let next = moves.get(index + 1);
            let unjudged = |missing, at| {
                let kept = Verdict::kept("stale", Some(stage.id.as_str()), Some(at), true);
                Verdict { kept: None, missing: Some((missing, Why::Between)), ..kept }
            };
            // the last stay ended on an unknown day; those before it ended with a move, however the deal did
            if next.is_none() && deal.ended_somewhen() {
                verdicts.push(unjudged("closed_at", step.at));
                continue;
            }
            let until = |left_at: Option<i64>, end: i64| left_at.map_or(end, |left| left.min(end)).max(step.at);
            let done = deal.is_closed() || next.is_some();
            let allowed = (hours * HOUR).round() as i64;
            let judge = |since: i64, until: i64| {
                let wait = Wait { since, until, done, allowed, working: true };
                self.wait("stale", Some(stage.id.as_str()), &wait)
            };
            let latest = until(next.map(|next| self.last(next.at)), self.last(end));
            let left_earliest = next.map(|next| next.earliest.unwrap_or(step.at));
            if is_exact(step) && next.is_none_or(is_exact) && self.last(end) == end {
                verdicts.extend(judge(step.at, latest));
                continue;
            }
            let shortest = judge(self.last(step.at), until(left_earliest, end));
            let broken = shortest.filter(|shortest| shortest.kept == Some(false));
            let longest = || step.earliest.map(|earliest| judge(earliest, latest));
            verdicts.extend(broken.or_else(|| match longest() {
                // neither over nor too long yet, however long it has been
                Some(None) => None,
                Some(Some(longest)) if longest.kept == Some(true) => Some(longest),
                Some(Some(_)) | None => Some(unjudged("stage", latest)),
            }));
        }
    }

    /// A broken rule was broken when the allowed time ended, a kept one was kept when the wait ended. Of what is neither
    /// over nor too long yet, nobody can say.
    fn wait<'j>(&self, rule: &'static str, stage: Option<&'j str>, wait: &Wait) -> Option<Verdict<'j>> {
        let until = wait.until.max(wait.since);
        let worked = |from, to| self.working_days().worked(from, to);
        let took = if wait.working { worked(wait.since, until)? } else { until - wait.since };
        if took <= wait.allowed {
            return wait.done.then_some(Verdict::kept(rule, stage, Some(until), true));
        }
        let due = match wait.working {
            true => self.working_days().due(wait.since, wait.allowed),
            false => Some(wait.since + wait.allowed),
        };
        let overdue = due.and_then(|due| worked(due, until)).map(|over| over as f64 / HOUR);
        Some(Verdict { overdue_hours: overdue, ..Verdict::kept(rule, stage, due, false) })
    }

    /// Each stage before the furthest one that was entered; a won deal passed them all. Of a deal without a move that the
    /// regulation knows, nothing is known; nor of a stage that it may have passed between two snapshots.
    fn skipped<'j>(&'j self, deal: &Deal<'_, 'j>, verdicts: &mut Vec<Verdict<'j>>) {
        let entered = || {
            let known = deal.moves.iter().filter(|step| step.first).filter_map(|step| Some((step.stage?, step)));
            known.filter(|(stage, _)| stage.terminal != Some(Terminal::Lost) && !stage.parking)
        };
        let Some(furthest) = entered().map(|(stage, _)| stage.position).max() else { return };
        // where it stood before the log began, nobody knows, unless the log begins where deals do
        let begins = self.regulation.stages().iter().filter(|stage| !stage.parking).map(|stage| stage.position).min();
        let from_start = entered().any(|(stage, _)| Some(stage.position) == begins);
        if !from_start && deal.created_at.zip(deal.log_from).is_some_and(|(created, from)| created < from) {
            let missing = Some(("stage", Why::Before));
            verdicts.push(Verdict { kept: None, missing, ..Verdict::kept("skipped", None, deal.created_at, true) });
            return;
        }
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
            verdicts.push(Verdict::kept("skipped", Some(stage.id.as_str()), at, kept));
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
    Some(Verdict::kept("moved_back", None, Some(at), back.is_none()))
}
