//! What a journey is made of, and what it is made from. Times are microseconds since 1970, UTC.

/// One event of a deal, as far as its journey wants to know. Times are microseconds since 1970, UTC.
#[derive(Debug, Clone, Copy)]
pub struct Happening<'a> {
    /// When.
    pub at: i64,
    /// The last moment at which it may have been: the end of its day where a day is all that is known, else `at`.
    pub ends_at: i64,
    /// What kind of event.
    pub kind: &'a str,
    /// Whether the company turned to the client, rather than the client to the company.
    pub outgoing: bool,
    /// For a stage event: the stage entered.
    pub stage: Option<&'a str>,
    /// Of a stage event that was seen by comparing two snapshots: the moments between which it happened.
    pub between: Option<Between>,
    /// What the deal has of it.
    pub share: Share,
    /// Of an event that says a field of the deal anew: what it says.
    pub value: Value,
}

/// What an event says of a field of its deal.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Value {
    /// Nothing, or that it is empty.
    #[default]
    Empty,
    /// An amount in units of money, or a day since 1970.
    Whole(i64),
    /// A real number.
    Real(f64),
}

/// A field of a deal from a moment on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// What it holds.
    pub value: Value,
    /// From when on it is known to.
    pub at: i64,
    /// Of what was seen by comparing two snapshots: between which moments it changed; of the first snapshot's own, no earlier one.
    pub between: Option<Between>,
}

/// A time in which snapshots did not list a deal that earlier and later ones did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absence {
    /// The first snapshot without it.
    pub at: i64,
    /// The first one with it again.
    pub until: i64,
}

/// What a deal has of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Share {
    /// It is an event of this deal.
    #[default]
    Whole,
    /// It knows only its client and belongs to another deal of that client; this one, open at the same time, may be answered by it.
    Answer,
}

/// Two moments between which something happened. Of the earlier one it may not be known when it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Between {
    /// It had not happened yet.
    pub after: Option<i64>,
    /// It had happened.
    pub before: i64,
}

impl Between {
    /// Whether something that happened then may be what lies between them.
    pub fn holds(self, at: i64) -> bool {
        self.after.is_none_or(|after| at > after) && at <= self.before
    }
}

/// The first entry of a deal into a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The stage.
    pub stage: &'a str,
    /// When it was first entered.
    pub at: i64,
    /// How many times it was entered.
    pub times: i64,
}

/// A later entry of a deal into a stage that it had entered before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Return<'a> {
    /// The stage.
    pub stage: &'a str,
    /// When it was entered again.
    pub at: i64,
    /// The stage that the deal came from.
    pub from: &'a str,
}

/// A move that was seen by comparing two snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval<'a> {
    /// The stage entered.
    pub stage: &'a str,
    /// The time of the entry, as the entry itself has it.
    pub at: i64,
    /// When it may have been.
    pub between: Between,
}

/// What the events of a deal add up to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Journey<'a> {
    /// First entries, in time order.
    pub entries: Vec<Entry<'a>>,
    /// Entries after the first, in time order. With the first ones they are every move: each begins where the one before
    /// it ended.
    pub returns: Vec<Return<'a>>,
    /// When the deal was first answered: by an outgoing call, letter, SMS or message at or after its creation. Where the day is all
    /// that is known of the answer, the beginning of that day, which may lie before the creation's hour; where it came up to
    /// `ENTERED_WITHIN` before the deal was entered, the creation itself.
    pub response_at: Option<i64>,
    /// Outgoing calls, letters, SMS and messages, and all meetings, in time order.
    pub touch_at: Vec<i64>,
    /// The first refusal.
    pub refused_at: Option<i64>,
    /// The first opt-out.
    pub opted_out_at: Option<i64>,
    /// The first complaint.
    pub complained_at: Option<i64>,
    /// The first refund.
    pub refunded_at: Option<i64>,
    /// How many events there are.
    pub events: i64,
    /// Those of the moves that were seen by comparing two snapshots, in time order.
    pub intervals: Vec<Interval<'a>>,
    /// What the amount was, in time order; without any, it is not known to have changed.
    pub amounts: Vec<Known>,
    /// The same of the day on which it is expected to close.
    pub expected_closes: Vec<Known>,
    /// The same of the probability that the CRM says.
    pub probabilities: Vec<Known>,
    /// When snapshots did not list it, in time order; one that lasts is told by `deals.gone_at`.
    pub absences: Vec<Absence>,
}
