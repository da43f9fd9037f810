//! A deal's events folded into one journey. Pure: the same events give the same journey.

use super::shape::{Absence, Entry, Happening, Interval, Journey, Known, Return, Share};
use crate::model::tables::is_record;

/// A call so shortly before its deal was entered is how the deal came about, and its answer: an hour, in microseconds. A manager
/// who talks first and enters the deal after it does so within minutes; what lies further back may have been about anything.
pub const ENTERED_WITHIN: i64 = 3_600_000_000;

/// Event kinds that answer a lead when they are outgoing.
pub(crate) const ANSWERS: [&str; 4] = ["call", "email", "sms", "message"];

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
        if ANSWERS.contains(&event.kind) && event.outgoing {
            journey.response_at = journey.response_at.or_else(|| answered(created_at?, &event));
        }
        if event.share == Share::Answer {
            continue;
        }
        if is_record(event.kind) {
            record(&mut journey, &event, events.clone());
            continue;
        }
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
            kind if kind == "meeting" || event.outgoing && ANSWERS.contains(&kind) => {
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

/// Takes in what a row of the deal said, or that no snapshot listed it. A value that it has already is none.
fn record<'a>(journey: &mut Journey<'_>, event: &Happening<'a>, mut all: impl Iterator<Item = Happening<'a>>) {
    let history = match event.kind {
        "amount" => &mut journey.amounts,
        "expected_close" => &mut journey.expected_closes,
        "probability" => &mut journey.probabilities,
        _ => {
            let until = event.between.map(|between| between.before).filter(|until| *until > event.at);
            journey.absences.extend(until.map(|until| Absence { at: event.at, until }));
            return;
        }
    };
    let is_told = |other: Happening<'_>| {
        let is_logged = other.kind == event.kind && other.between.is_none() && other.value == event.value;
        is_logged && event.between.is_some_and(|between| between.holds(other.at))
    };
    if history.last().is_some_and(|last| last.value == event.value) || all.any(is_told) {
        return;
    }
    history.push(Known { value: event.value, at: event.at, between: event.between });
}

/// When an outgoing contact answered a deal, if it did.
fn answered(created_at: i64, event: &Happening<'_>) -> Option<i64> {
    match event.at {
        // a day that is the creation's own: nobody knows what came first, and that is not held against anybody
        at if event.ends_at >= created_at => Some(at),
        at if at >= created_at.saturating_sub(ENTERED_WITHIN) => Some(created_at),
        _ => None,
    }
}

/// Whether the log tells of a move that was seen between two snapshots.
fn logged<'a>(seen: &Happening<'a>, mut all: impl Iterator<Item = Happening<'a>>) -> bool {
    seen.between.is_some_and(|between| {
        all.any(|other| {
            other.kind == "stage" && other.between.is_none() && other.stage == seen.stage && between.holds(other.at)
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
    use crate::journey::{Between, Value};

    fn event(at: i64, kind: &str) -> Happening<'_> {
        let (between, value) = (None, Value::Empty);
        Happening { at, ends_at: at, kind, outgoing: true, stage: None, between, share: Share::Whole, value }
    }

    fn stage(at: i64, stage: &str) -> Happening<'_> {
        Happening { outgoing: false, stage: Some(stage), ..event(at, "stage") }
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
        let day = 24 * ENTERED_WITHIN;
        let incoming = Happening { outgoing: false, ..event(day + 1, "call") };
        let events =
            [event(5, "call"), incoming, event(day + 2, "meeting"), event(day + 5, "sms"), event(day + 9, "email")];
        let journey = fold(Some(day), events);
        assert_eq!(journey.response_at, Some(day + 5));
        assert_eq!(journey.touch_at, [5, day + 2, day + 5, day + 9]);
        assert_eq!(fold(None, events).response_at, None);
        assert_eq!(fold(Some(day + 5), events).response_at, Some(day + 5));
    }

    #[test]
    fn a_contact_shortly_before_the_deal_was_entered_is_its_answer() {
        let created = 10 * ENTERED_WITHIN;
        let answer = |at: i64| fold(Some(created), [event(at, "call")]);
        assert_eq!(answer(created - ENTERED_WITHIN).response_at, Some(created));
        assert_eq!(answer(created - ENTERED_WITHIN - 1).response_at, None);
        assert_eq!(answer(created - 1).touch_at, [created - 1]);
        // a client who calls is not answered by that
        let incoming = Happening { outgoing: false, ..event(created - 1, "call") };
        assert_eq!(fold(Some(created), [incoming]).response_at, None);
        assert_eq!(fold(Some(i64::MIN), [event(i64::MIN, "call")]).response_at, Some(i64::MIN));
    }

    #[test]
    fn a_contact_of_which_the_day_is_known_answers_a_deal_of_that_day() {
        let (midnight, hour) = (100 * ENTERED_WITHIN, ENTERED_WITHIN);
        let day = Happening { ends_at: midnight + 24 * hour - 1, ..event(midnight, "call") };
        assert_eq!(fold(Some(midnight + 9 * hour), [day]).response_at, Some(midnight));
        assert_eq!(fold(Some(midnight), [day]).response_at, Some(midnight));
        assert_eq!(fold(Some(midnight + 33 * hour), [day]).response_at, None);
        // a moment is no day
        assert_eq!(fold(Some(midnight + 9 * hour), [event(midnight, "call")]).response_at, None);
    }

    #[test]
    fn what_belongs_to_another_deal_answers_and_does_nothing_else() {
        let answer = Happening { share: Share::Answer, ..event(5, "call") };
        let harm = Happening { share: Share::Answer, ..event(6, "refusal") };
        let journey = fold(Some(1), [answer, harm, event(7, "call")]);
        assert_eq!((journey.response_at, journey.touch_at, journey.events), (Some(5), vec![7], 1));
        assert_eq!(journey.refused_at, None);
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
    fn what_a_deal_was_worth_is_kept_and_is_no_event() {
        let said = |at, kind, value| Happening { value, ..event(at, kind) };
        let seen = |at, kind, value, after| Happening {
            between: Some(Between { after, before: at }),
            ..said(at, kind, value)
        };
        let events = [
            seen(7, "amount", Value::Whole(10), None),
            seen(14, "amount", Value::Whole(12), Some(7)),
            seen(14, "expected_close", Value::Empty, Some(7)),
            said(16, "amount", Value::Whole(9)),
            // the log tells of it, and the snapshot too
            seen(21, "amount", Value::Whole(9), Some(14)),
            seen(21, "probability", Value::Real(0.5), Some(14)),
            seen(28, "amount", Value::Empty, Some(21)),
            Happening { between: Some(Between { after: Some(28), before: 42 }), ..event(35, "gone") },
        ];
        let journey = fold(None, events);
        let known = |all: &[Known]| all.iter().map(|known| (known.at, known.value)).collect::<Vec<_>>();
        let amounts = [(7, Value::Whole(10)), (14, Value::Whole(12)), (16, Value::Whole(9)), (28, Value::Empty)];
        assert_eq!(known(&journey.amounts), amounts);
        assert_eq!(known(&journey.expected_closes), [(14, Value::Empty)]);
        assert_eq!(known(&journey.probabilities), [(21, Value::Real(0.5))]);
        assert_eq!(journey.absences, [Absence { at: 35, until: 42 }]);
        assert_eq!((journey.events, journey.amounts[1].between.and_then(|b| b.after)), (0, Some(7)));
    }

    #[test]
    fn no_events_are_an_empty_journey() {
        assert_eq!(fold(Some(1), []), Journey::default());
    }
}
