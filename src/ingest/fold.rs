//! A deal's events folded into one journey. Pure: the same events give the same journey.

/// One event of a deal, as far as its journey wants to know. Times are microseconds since 1970, UTC.
#[derive(Debug, Clone, Copy)]
pub struct Happening<'a> {
    /// When.
    pub at: i64,
    /// What kind of event.
    pub kind: &'a str,
    /// Whether the company turned to the client, rather than the client to the company.
    pub outgoing: bool,
    /// Of a stage event: the stage entered.
    pub stage: Option<&'a str>,
    /// Of a stage event that was seen by comparing two snapshots: the moments between which it happened.
    pub between: Option<Between>,
}

/// Two moments between which something happened. Of the earlier one it may not be known when it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Between {
    /// It had not happened yet.
    pub after: Option<i64>,
    /// It had happened.
    pub before: i64,
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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Journey<'a> {
    /// First entries, in time order.
    pub entries: Vec<Entry<'a>>,
    /// Entries after the first, in time order. With the first ones they are every move: each begins where the one before
    /// it ended.
    pub returns: Vec<Return<'a>>,
    /// The first outgoing call, letter, SMS or message at or after the deal's creation.
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
}

/// Folds the events of one deal, given in time order; those of the same time keep the order given.
///
/// A stage event that names the stage the deal already stands in is no new entry; nor is one that was seen by comparing two
/// snapshots where a logged one names the same stage between them. A deal whose creation is not known
/// has no response time: it cannot be told what came after it.
pub fn fold<'a>(
    created_at: Option<i64>,
    events: impl IntoIterator<Item = Happening<'a>, IntoIter: Clone>,
) -> Journey<'a> {
    let events = events.into_iter();
    let mut journey = Journey::default();
    let mut standing = None;
    for event in events.clone() {
        journey.events += 1;
        let first = match event.kind {
            "stage" => {
                if let Some(stage) =
                    event.stage.filter(|stage| standing != Some(*stage) && !logged(&event, events.clone()))
                {
                    enter(&mut journey, stage, event.at, standing);
                    journey.intervals.extend(event.between.map(|between| Interval { stage, at: event.at, between }));
                    standing = Some(stage);
                }
                continue;
            }
            "call" | "email" | "sms" | "message" if event.outgoing => {
                journey.touch_at.push(event.at);
                match created_at.is_some_and(|created| event.at >= created) {
                    true => &mut journey.response_at,
                    false => continue,
                }
            }
            "meeting" => {
                journey.touch_at.push(event.at);
                continue;
            }
            "refusal" => &mut journey.refused_at,
            "opt_out" => &mut journey.opted_out_at,
            "complaint" => &mut journey.complained_at,
            "refund" => &mut journey.refunded_at,
            _ => continue,
        };
        first.get_or_insert(event.at);
    }
    journey
}

/// Whether the log tells of a move that was seen between two snapshots.
fn logged<'a>(seen: &Happening<'a>, mut all: impl Iterator<Item = Happening<'a>>) -> bool {
    seen.between.is_some_and(|Between { after, before }| {
        let within = |at: i64| after.is_none_or(|after| at > after) && at <= before;
        all.any(|other| {
            other.kind == "stage" && other.between.is_none() && other.stage == seen.stage && within(other.at)
        })
    })
}

fn enter<'a>(journey: &mut Journey<'a>, stage: &'a str, at: i64, from: Option<&'a str>) {
    // a deal knows a handful of stages: looking through them beats any map
    match journey.entries.iter_mut().find(|entry| entry.stage == stage) {
        Some(known) => {
            known.times += 1;
            journey.returns.extend(from.map(|from| Return { stage, at, from }));
        }
        None => journey.entries.push(Entry { stage, at, times: 1 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: i64, kind: &str) -> Happening<'_> {
        Happening { at, kind, outgoing: true, stage: None, between: None }
    }

    fn stage(at: i64, stage: &str) -> Happening<'_> {
        Happening { at, kind: "stage", outgoing: false, stage: Some(stage), between: None }
    }

    #[test]
    fn stages_are_entered_once_and_re_entries_kept_apart() {
        let journey = fold(
            Some(0),
            [stage(1, "new"), stage(1, "call"), stage(2, "call"), stage(3, "new"), stage(4, "call"), stage(9, "won")],
        );
        let entries: Vec<_> = journey.entries.iter().map(|e| (e.stage, e.at, e.times)).collect();
        // the second "call" is no move; those of the same time stay in order
        assert_eq!(entries, [("new", 1, 2), ("call", 1, 2), ("won", 9, 1)]);
        let returns: Vec<_> = journey.returns.iter().map(|r| (r.stage, r.at, r.from)).collect();
        assert_eq!(returns, [("new", 3, "call"), ("call", 4, "new")]);
        assert_eq!(journey.events, 6);
    }

    #[test]
    fn a_move_keeps_the_snapshots_between_which_it_was_seen() {
        let seen = |at, name, after| {
            let between = Some(Between { after, before: at });
            Happening { between, ..stage(at, name) }
        };
        // the CRM's own log says when `call` was entered: the snapshot that shows it too adds nothing
        let journey =
            fold(None, [seen(7, "new", None), stage(9, "call"), seen(14, "call", Some(7)), seen(21, "new", Some(14))]);
        let intervals: Vec<_> = journey.intervals.iter().map(|i| (i.stage, i.at, i.between.after)).collect();
        assert_eq!(intervals, [("new", 7, None), ("new", 21, Some(14))]);
        assert_eq!((journey.entries.len(), journey.returns.len()), (2, 1));
        // on the day of the snapshot the deal was in `call` in the morning: it did not go back there at the day's end
        let journey = fold(None, [stage(9, "call"), stage(12, "offer"), seen(14, "call", Some(7))]);
        assert_eq!((journey.entries.len(), journey.returns.len(), journey.intervals.len()), (2, 0, 0));
    }

    #[test]
    fn the_response_is_the_first_outgoing_contact_after_creation() {
        let incoming = Happening { outgoing: false, ..event(11, "call") };
        let events = [event(5, "call"), incoming, event(12, "meeting"), event(15, "message"), event(20, "email")];
        let journey = fold(Some(10), events);
        assert_eq!(journey.response_at, Some(15));
        assert_eq!(journey.touch_at, [5, 12, 15, 20]);
        assert_eq!(fold(None, events).response_at, None);
        assert_eq!(fold(Some(15), events).response_at, Some(15));
    }

    #[test]
    fn firsts_stay_first_and_unknown_kinds_only_count() {
        let events = ["refusal", "refusal", "opt_out", "complaint", "refund", "mailing", "task", "dance"];
        let journey = fold(None, events.into_iter().zip(1..).map(|(kind, at)| event(at, kind)));
        assert_eq!((journey.refused_at, journey.opted_out_at), (Some(1), Some(3)));
        assert_eq!((journey.complained_at, journey.refunded_at), (Some(4), Some(5)));
        assert_eq!((journey.events, journey.touch_at.len()), (8, 0));
    }

    #[test]
    fn no_events_are_an_empty_journey() {
        assert_eq!(fold(Some(1), []), Journey::default());
    }
}
