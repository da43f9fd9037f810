//! What a deal did to the pipeline, step by step: it came in, grew or shrank, was put off, left.
//!
//! The pipeline at a moment is what all steps before it add up to, so that whatever lies between two moments reconciles. Rules and
//! reasons: `docs/decisions/pipeline.md`. Times are microseconds since 1970, UTC; amounts are in units of money.

use crate::regulation::CountedFirst;

/// How a deal leaves the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Won.
    Won,
    /// Lost.
    Lost,
    /// Its export lists it no longer.
    Gone,
}

impl Exit {
    fn kind(self) -> Kind {
        match self {
            Exit::Won => Kind::Won,
            Exit::Lost => Kind::Lost,
            Exit::Gone => Kind::Gone,
        }
    }
}

/// A time out of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Out {
    /// When it left.
    pub from: i64,
    /// When it was back. `None`: never so far.
    pub to: Option<i64>,
    /// How it left.
    pub exit: Exit,
}

/// What a field held from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said<T> {
    /// From when on it is known to.
    pub at: i64,
    /// Of a change that was seen by comparing two snapshots: it had not happened yet then.
    pub after: Option<i64>,
    /// What it held; empty: nothing.
    pub value: Option<T>,
}

/// A deal as far as the pipeline wants to know it, by a cut.
#[derive(Debug, Clone, Default)]
pub struct Course {
    /// When it came in.
    pub entered_at: i64,
    /// The cut: nothing at it or later is counted.
    pub until: i64,
    /// Times out of the pipeline that ended, in any order.
    pub outs: Vec<Out>,
    /// When it was closed, if it is.
    pub closed: Option<(i64, Exit)>,
    /// Since when no snapshot lists it, if it is not closed.
    pub gone_at: Option<i64>,
    /// What the amount was, in time order; where nothing is known to have changed, what it is.
    pub amounts: Vec<Said<i128>>,
    /// The same of the day on which it is expected to close, in days since 1970.
    pub dues: Vec<Said<i32>>,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It came in.
    Created,
    /// It came in again, having left.
    Reopened,
    /// Its amount grew.
    Expanded,
    /// Its amount shrank.
    Contracted,
    /// It is expected to close later than before.
    Pushed,
    /// It is expected to close earlier than before.
    Advanced,
    /// It is expected to close on a day, and was not on any.
    Dated,
    /// It is no longer expected to close on any day.
    Undated,
    /// The day on which it was expected to close went by, and it stands open.
    Slipped,
    /// It was won.
    Won,
    /// It was lost.
    Lost,
    /// Its export lists it no longer.
    Gone,
}

impl Kind {
    /// The name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Created => "created",
            Kind::Reopened => "reopened",
            Kind::Expanded => "expanded",
            Kind::Contracted => "contracted",
            Kind::Pushed => "pushed",
            Kind::Advanced => "advanced",
            Kind::Dated => "dated",
            Kind::Undated => "undated",
            Kind::Slipped => "slipped",
            Kind::Won => "won",
            Kind::Lost => "lost",
            Kind::Gone => "gone",
        }
    }
}

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// When it is counted.
    pub at: i64,
    /// What it is.
    pub kind: Kind,
    /// What it adds to the number of deals in the pipeline.
    pub deals: i64,
    /// What it adds to their money.
    pub amount: i128,
    /// What the deal is worth after it, or, where it left, what it was worth.
    pub held: i128,
    /// The day on which it was expected to close before the step.
    pub was_due: Option<i32>,
    /// And after it.
    pub due: Option<i32>,
}

/// The steps of a deal, in time order. `midnight` is when a day begins.
pub fn steps(course: &Course, first: CountedFirst, midnight: &dyn Fn(i32) -> Option<i64>) -> Vec<Step> {
    let mut walk = Walk::new(course, midnight);
    let mut changes = changes(course).into_iter().peekable();
    for (at, turn) in turns(course) {
        while let Some(change) = changes.next_if(|change| is_before(change, at, turn, first)) {
            walk.change(change.at.min(at), change.field);
        }
        walk.turn(at, turn);
    }
    changes.filter(|change| change.at < course.until).for_each(|change| walk.change(change.at, change.field));
    walk.slip(course.until - 1);
    walk.steps
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    In(Kind),
    Out(Exit),
}

#[derive(Debug, Clone, Copy)]
enum Field {
    Amount(Option<i128>),
    Due(Option<i32>),
}

#[derive(Debug, Clone, Copy)]
struct Change {
    at: i64,
    after: Option<i64>,
    field: Field,
}

/// What became known of the fields after the first that is known of them, in time order.
fn changes(course: &Course) -> Vec<Change> {
    let amounts = course.amounts.iter().skip(1).map(|said| Change {
        at: said.at,
        after: said.after,
        field: Field::Amount(said.value),
    });
    let dues =
        course.dues.iter().skip(1).map(|said| Change { at: said.at, after: said.after, field: Field::Due(said.value) });
    let mut all: Vec<Change> = amounts.chain(dues).collect();
    all.sort_by_key(|change| change.at);
    all
}

/// Whether a change counts before the deal comes in or leaves.
fn is_before(change: &Change, at: i64, turn: Turn, first: CountedFirst) -> bool {
    match turn {
        Turn::In(_) => change.at <= at,
        Turn::Out(_) if change.at < at => true,
        Turn::Out(Exit::Gone) => change.at == at && first == CountedFirst::Changes,
        // seen by the snapshot that shows the closing too, and perhaps before it
        Turn::Out(_) => {
            first == CountedFirst::Changes && (change.at == at || change.after.is_some_and(|after| after < at))
        }
    }
}

/// When the deal came in and left, in turn, from its entry on.
fn turns(course: &Course) -> Vec<(i64, Turn)> {
    let Course { entered_at, until, .. } = *course;
    let mut turns = vec![(entered_at, Turn::In(Kind::Created))];
    for Out { from, to, exit } in times_out(course) {
        turns.push((from, Turn::Out(exit)));
        turns.extend(to.map(|to| (to, Turn::In(Kind::Reopened))));
    }
    turns.retain(|(at, _)| *at < until);
    turns
}

/// The times out of the pipeline, none within another, in time order.
fn times_out(course: &Course) -> Vec<Out> {
    let Course { entered_at, until, closed, gone_at, .. } = *course;
    let ended = closed.map(|(at, exit)| Out { from: at, to: None, exit });
    let gone = gone_at.filter(|_| closed.is_none()).map(|from| Out { from, to: None, exit: Exit::Gone });
    // the status decides: what the log tells of later times than the closing is no return
    let end = closed.map(|(at, _)| at).or(gone_at).map_or(i64::MAX, |at| at.max(entered_at));
    let is_over = |out: &Out| out.to.is_some_and(|to| to < until && to <= end);
    // a deal that was closed while no snapshot listed it came back to be closed
    let cut = |out: &Out| match (out.exit, closed) {
        (Exit::Gone, Some((at, _))) if out.from < at && out.to.is_some_and(|to| to > at) => {
            Some(Out { to: Some(at), ..*out })
        }
        _ => is_over(out).then_some(*out),
    };
    let mut all: Vec<Out> = course.outs.iter().filter_map(cut).chain(ended).chain(gone).collect();
    all.retain(|out| out.to.is_none_or(|to| to > entered_at));
    all.iter_mut().for_each(|out| out.from = out.from.max(entered_at));
    all.sort_by_key(|out| (out.from, out.to.unwrap_or(i64::MAX)));
    let mut apart: Vec<Out> = Vec::new();
    for out in all {
        match apart.last_mut().filter(|last| last.to.is_none_or(|to| out.from < to)) {
            None => apart.push(out),
            Some(last) if last.exit == Exit::Gone && out.exit != Exit::Gone && last.from < out.from => {
                last.to = Some(out.from);
                apart.push(out);
            }
            Some(last) => {
                last.to = last.to.zip(out.to).map(|(one, other)| one.max(other));
                // closed at the very moment at which no snapshot lists it: closed
                last.exit = if last.exit == Exit::Gone { out.exit } else { last.exit };
            }
        }
    }
    apart
}

/// A deal on its way.
struct Walk<'m> {
    midnight: &'m dyn Fn(i32) -> Option<i64>,
    is_in: bool,
    amount: Option<i128>,
    due: Option<i32>,
    /// Since when it is in the pipeline and expected on that day.
    since: i64,
    steps: Vec<Step>,
}

impl<'m> Walk<'m> {
    fn new(course: &Course, midnight: &'m dyn Fn(i32) -> Option<i64>) -> Walk<'m> {
        let amount = course.amounts.first().and_then(|said| said.value);
        let due = course.dues.first().and_then(|said| said.value);
        Walk { midnight, is_in: false, amount, due, since: course.entered_at, steps: Vec::new() }
    }

    fn held(&self) -> i128 {
        self.amount.unwrap_or_default()
    }

    fn step(&mut self, at: i64, kind: Kind, deals: i64, amount: i128) {
        let (held, due) = (self.held(), self.due);
        self.steps.push(Step { at, kind, deals, amount, held, was_due: due, due });
    }

    /// The expected day went by, up to a moment.
    fn slip(&mut self, until: i64) {
        let over = self.due.filter(|_| self.is_in).and_then(|day| (self.midnight)(day.checked_add(1)?));
        if let Some(over) = over.filter(|over| self.since < *over && *over <= until) {
            self.step(over, Kind::Slipped, 0, 0);
            self.since = over;
        }
    }

    fn turn(&mut self, at: i64, turn: Turn) {
        self.slip(at);
        match turn {
            Turn::In(kind) => {
                (self.is_in, self.since) = (true, at);
                self.step(at, kind, 1, self.held());
            }
            Turn::Out(exit) => {
                self.step(at, exit.kind(), -1, -self.held());
                self.is_in = false;
            }
        }
    }

    fn change(&mut self, at: i64, field: Field) {
        self.slip(at);
        match field {
            Field::Amount(amount) => {
                let grew = amount.unwrap_or_default() - self.held();
                self.amount = amount;
                match grew {
                    0 => {}
                    grew if self.is_in => {
                        self.step(at, if grew > 0 { Kind::Expanded } else { Kind::Contracted }, 0, grew);
                    }
                    _ => {}
                }
            }
            Field::Due(due) => {
                let was = std::mem::replace(&mut self.due, due);
                let kind = match (was, due) {
                    (Some(was), Some(due)) if due > was => Kind::Pushed,
                    (Some(was), Some(due)) if due < was => Kind::Advanced,
                    (None, Some(_)) => Kind::Dated,
                    (Some(_), None) => Kind::Undated,
                    _ => return,
                };
                if self.is_in {
                    self.since = at;
                    self.step(at, kind, 0, 0);
                    self.steps.iter_mut().next_back().into_iter().for_each(|step| step.was_due = was);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
