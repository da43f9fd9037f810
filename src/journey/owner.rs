//! To which deal an event belongs that knows only its client. Pure: the rule, and nothing of files.
//!
//! Why so: `docs/decisions/client-events.md`.

use super::fold::{ANSWERS, ENTERED_WITHIN};

/// A client of more deals is no one person but a placeholder: nothing is told by it.
pub(crate) const MOST_DEALS: usize = 1000;

/// A deal of a client. Moments are microseconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientDeal {
    /// When it was created. `None` if unknown: it is then open at no known moment.
    pub(crate) created_at: Option<i64>,
    /// The last moment at which it may have been open.
    pub(crate) open_until: i64,
    /// Of a win, the first moment at which it may have been won.
    pub(crate) won_at: Option<i64>,
    /// Its manager's mark.
    pub(crate) manager: Option<u64>,
}

/// An event that knows only its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientEvent<'a> {
    pub(crate) at: i64,
    /// The last moment at which it may have been.
    pub(crate) ends_at: i64,
    pub(crate) kind: &'a str,
    pub(crate) outgoing: bool,
    /// Its manager's mark.
    pub(crate) manager: Option<u64>,
}

impl ClientEvent<'_> {
    /// Whether it may answer a lead.
    pub(crate) fn is_answer(&self) -> bool {
        self.outgoing && ANSWERS.contains(&self.kind)
    }
}

impl ClientDeal {
    /// Whether it may have been open when the event happened.
    pub(crate) fn was_open(&self, event: &ClientEvent<'_>) -> bool {
        self.created_at.is_some_and(|created_at| created_at <= event.ends_at) && event.at <= self.open_until
    }
}

/// Whether events of a kind are a matter of the client and of no deal. A mailing goes to everybody who is on a list.
pub(crate) fn is_of_client_alone(kind: &str) -> bool {
    kind == "mailing"
}

/// The deal that an event belongs to: its place among its client's deals, which stand in the order of creation, those of which it
/// is not known last.
pub(crate) fn belongs(event: &ClientEvent<'_>, deals: &[ClientDeal]) -> Option<usize> {
    if is_of_client_alone(event.kind) || deals.len() > MOST_DEALS {
        return None;
    }
    let created = |deal: &ClientDeal, limit: i64| deal.created_at.is_some_and(|created_at| created_at <= limit);
    // those created after the event come later
    let next = deals.partition_point(|deal| created(deal, event.ends_at));
    let mut open = (0..next).rev().filter(|place| deals[*place].was_open(event));
    let last_won = || {
        let won = deals.iter().enumerate().filter_map(|(place, deal)| Some((deal.won_at?, place)));
        won.filter(|(won_at, _)| *won_at <= event.ends_at).max().map(|(_, place)| place)
    };
    match event.kind {
        // money goes back for what was bought
        "refund" => last_won(),
        // a move or an audit of the wrong deal is worse than none
        "stage" | "qa_check" => {
            let last = open.next();
            last.filter(|_| open.next().is_none())
        }
        kind => {
            let own = |place: &usize| event.manager.is_some() && deals[*place].manager == event.manager;
            let last = open.next();
            let of_manager = last.filter(own).or_else(|| open.find(own));
            let shortly_before = || {
                let is_contact = ANSWERS.contains(&kind) || kind == "meeting";
                let entered_by = event.at.saturating_add(ENTERED_WITHIN);
                deals.get(next).filter(|deal| is_contact && created(deal, entered_by)).map(|_| next)
            };
            let complained_of = || if kind == "complaint" { last_won() } else { None };
            of_manager.or(last).or_else(shortly_before).or_else(complained_of)
        }
    }
}

/// The place of the first event, of those that stand in the order of time, that may answer a deal.
pub(crate) fn first_answer(deal: &ClientDeal, events: &[ClientEvent<'_>]) -> Option<usize> {
    /// A day of which the clocks make the most.
    const LONGEST_DAY: i64 = 27 * 3_600_000_000;
    let created_at = deal.created_at?;
    // one of which only the day is known stands at that day's beginning
    let from = events.partition_point(|event| event.at < created_at.saturating_sub(LONGEST_DAY));
    let mut while_open = (from..events.len()).take_while(|place| events[*place].at <= deal.open_until);
    while_open.find(|place| events[*place].is_answer() && deal.was_open(&events[*place]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;

    fn deal(created_at: i64, open_until: i64) -> ClientDeal {
        ClientDeal { created_at: Some(created_at), open_until, won_at: None, manager: None }
    }

    fn won(created_at: i64, at: i64) -> ClientDeal {
        ClientDeal { won_at: Some(at), ..deal(created_at, at) }
    }

    fn event(at: i64, kind: &str) -> ClientEvent<'_> {
        ClientEvent { at, ends_at: at, kind, outgoing: true, manager: None }
    }

    #[test]
    fn an_event_belongs_to_the_deal_that_was_open_then() {
        let deals = [deal(0, 10 * MINUTE), deal(100 * MINUTE, 200 * MINUTE)];
        let at = |minute: i64| belongs(&event(minute * MINUTE, "call"), &deals);
        // the very moments of creation and closing belong to it; an hour before the second begins its own
        assert_eq!([0, 5, 10, 11, 39].map(at), [Some(0), Some(0), Some(0), None, None]);
        assert_eq!([40, 99, 100, 200, 201].map(at), [Some(1), Some(1), Some(1), Some(1), None]);
        assert_eq!(belongs(&event(0, "call"), &[]), None);
        let unknown = ClientDeal { created_at: None, ..deal(0, i64::MAX) };
        assert_eq!(belongs(&event(0, "call"), &[unknown]), None);
    }

    #[test]
    fn of_several_open_deals_it_is_the_manager_s_own_else_the_newest() {
        let of = |manager, deal| ClientDeal { manager, ..deal };
        let deals =
            [of(Some(1), deal(0, 90)), of(Some(1), deal(1, 90)), of(Some(2), deal(2, 90)), deal(3, 90), deal(4, 5)];
        let by = |manager| belongs(&ClientEvent { manager, ..event(10, "call") }, &deals);
        assert_eq!([None, Some(1), Some(2), Some(3)].map(by), [Some(3), Some(1), Some(2), Some(3)]);
    }

    #[test]
    fn each_kind_has_its_deal() {
        let hour = ENTERED_WITHIN;
        let deals = [won(0, 10 * hour), deal(5 * hour, 20 * hour), won(6 * hour, 8 * hour), deal(40 * hour, 50 * hour)];
        let at = |hours: i64, kind| belongs(&event(hours * hour, kind), &deals);
        assert_eq!([9, 15, 30].map(|hours| at(hours, "refund")), [Some(2), Some(0), Some(0)]);
        assert_eq!([9, 15, 30].map(|hours| at(hours, "complaint")), [Some(1), Some(1), Some(0)]);
        assert_eq!([9, 15, 30].map(|hours| at(hours, "stage")), [None, Some(1), None]);
        assert_eq!([9, 15, 30].map(|hours| at(hours, "qa_check")), [None, Some(1), None]);
        assert_eq!([9, 15, 30].map(|hours| at(hours, "opt_out")), [Some(1), Some(1), None]);
        assert_eq!([9, 15, 30].map(|hours| at(hours, "mailing")), [None; 3]);
        // shortly before a deal only those who talk make it
        let kinds = ["call", "meeting", "refusal", "task", "complaint"];
        assert_eq!(kinds.map(|kind| at(39, kind)), [Some(3), Some(3), None, None, Some(0)]);
    }

    #[test]
    fn a_day_is_not_taken_for_its_midnight() {
        let (hour, day) = (ENTERED_WITHIN, 24 * ENTERED_WITHIN);
        let whole = ClientEvent { ends_at: day - 1, ..event(0, "call") };
        assert_eq!(belongs(&whole, &[deal(9 * hour, i64::MAX)]), Some(0));
        assert_eq!(belongs(&whole, &[deal(day, i64::MAX)]), None);
        assert_eq!(first_answer(&deal(9 * hour, i64::MAX), &[whole]), Some(0));
        assert_eq!(first_answer(&deal(day, i64::MAX), &[whole]), None);
    }

    #[test]
    fn the_first_contact_while_a_deal_is_open_answers_it() {
        let incoming = ClientEvent { outgoing: false, ..event(3, "call") };
        let events = [event(1, "call"), incoming, event(4, "meeting"), event(5, "email"), event(6, "call")];
        assert_eq!(first_answer(&deal(2, i64::MAX), &events), Some(3));
        assert_eq!(first_answer(&deal(2, 4), &events), None);
        assert_eq!(first_answer(&deal(6, 6), &events), Some(4));
        assert_eq!(first_answer(&deal(7, 9), &events), None);
        assert_eq!(first_answer(&ClientDeal { created_at: None, ..deal(0, 9) }, &events), None);
    }

    #[test]
    fn a_placeholder_is_no_client() {
        let deals = vec![deal(0, i64::MAX); MOST_DEALS + 1];
        assert_eq!(belongs(&event(1, "call"), &deals[1..]), Some(MOST_DEALS - 1));
        assert_eq!(belongs(&event(1, "call"), &deals), None);
    }
}
