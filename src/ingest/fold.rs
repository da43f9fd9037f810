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
}

/// Folds the events of one deal, given in time order; those of the same time keep the order given.
///
/// A stage event that names the stage the deal already stands in is no new entry. A deal whose creation is not known
/// has no response time: it cannot be told what came after it.
pub fn fold<'a>(created_at: Option<i64>, events: impl IntoIterator<Item = Happening<'a>>) -> Journey<'a> {
    let mut journey = Journey::default();
    let mut standing = None;
    for event in events {
        journey.events += 1;
        let first = match event.kind {
            "stage" => {
                if let Some(stage) = event.stage.filter(|stage| standing != Some(*stage)) {
                    enter(&mut journey, stage, event.at, standing);
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
        Happening { at, kind, outgoing: true, stage: None }
    }

    fn stage(at: i64, stage: &str) -> Happening<'_> {
        Happening { at, kind: "stage", outgoing: false, stage: Some(stage) }
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
