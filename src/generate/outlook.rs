//! What the CRM says of an open deal's end: the day on which it is planned to close, how likely it is won, and its sum; and how that changed.
//!
//! All of it is added to a finished deal from streams of its own: the deal, its events and the sum at which it ends are what they would be without it.

use super::clock::{Clock, DAY, Second};
use super::company::{ADVANCED, AMOUNT_CHANGED, AMOUNT_FACTOR, OPTIMISM, PUSH_DAYS, PUSHED};
use super::deal::{Change, Deal};
use super::streams::{Draws, Stream};
use super::words::{Kind, Stage};

/// How many times what was said of a deal was changed while it was open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moves {
    /// Its planned day was moved later.
    pub pushed: u64,
    /// Its planned day was moved earlier.
    pub advanced: u64,
    /// Its sum grew.
    pub expanded: u64,
    /// Its sum shrank.
    pub contracted: u64,
}

/// Days after which a deal that is not going to be won is planned to close: the median and the spread of its logarithm.
const HOPED_DAYS: (f64, f64) = (16.0, 0.5);
/// The spread of the logarithm of what is planned of a deal that will be won, by what it will take.
const GUESS_SPREAD: f64 = 0.35;
/// How many times a planned day is moved at most.
const MOST_PUSHES: usize = 8;
/// Days within which a sum that is not closed yet is changed.
const CHANGED_WITHIN: i64 = 20;

/// Makes the outlook of deals.
pub struct Outlooks {
    expected: Stream,
    amount: Stream,
}

impl Outlooks {
    /// The outlooks of one seed.
    pub fn new(seed: u64) -> Outlooks {
        Outlooks { expected: Stream::new(seed, "deal.expected"), amount: Stream::new(seed, "deal.amount_change") }
    }

    /// Adds to a deal with all its events what is said of it over its life.
    pub fn add(&self, deal: &mut Deal, clock: &Clock) {
        let entries: Vec<(Second, Stage)> = deal
            .events
            .iter()
            .filter_map(|(at, kind)| match kind {
                Kind::Stage(stage) => Some((*at, *stage)),
                _ => None,
            })
            .collect();
        let first = |known: fn(Stage) -> bool| entries.iter().find(|(_, stage)| known(*stage)).map(|(at, _)| *at);
        let Some(qualified) = first(|stage| stage > Stage::Contacted && stage != Stage::Lost) else { return };
        let mut said: Option<u8> = None;
        for (at, stage) in &entries {
            let percent = probability(*stage);
            if *at >= qualified && percent != said {
                said = percent;
                deal.changes.extend(percent.map(|percent| (*at, Change::Probability(percent))));
            }
        }
        self.expect(deal, qualified, clock);
        if let Some(priced) = first(|stage| stage > Stage::Qualified && stage != Stage::Lost) {
            self.price(deal, priced, clock);
        }
        deal.changes.sort_by_key(|(at, _)| *at);
    }

    /// The day on which it is planned to close, moved whenever it comes near.
    fn expect(&self, deal: &mut Deal, qualified: Second, clock: &Clock) {
        let mut draws = self.expected.of(deal.id);
        let today = qualified / DAY;
        let takes = match deal.won_at {
            Some(won) => (won - qualified) as f64 / DAY as f64 * draws.lognormal(OPTIMISM, GUESS_SPREAD),
            None => draws.lognormal(HOPED_DAYS.0, HOPED_DAYS.1),
        };
        let mut expected = today + takes.clamp(2.0, 120.0) as i64;
        deal.changes.push((qualified, Change::Expected(expected)));
        let mut last = qualified;
        let ends = deal.closed.unwrap_or_else(|| clock.last());
        let advances = draws.chance(ADVANCED);
        for _ in 0..MOST_PUSHES {
            let looked = reviewed(expected, &mut draws).max(last + DAY / 24);
            let pushed = draws.chance(PUSHED);
            let days = draws.between(PUSH_DAYS.0, PUSH_DAYS.1) as i64;
            if looked >= ends || !pushed {
                break;
            }
            expected = expected.max(looked / DAY) + days;
            (last, _) = (looked, deal.changes.push((looked, Change::Expected(expected))));
        }
        // shortly before a win it becomes plain that it comes sooner
        let (soon, closes) = (ends - 2 * DAY, ends / DAY + 1);
        if advances && deal.won_at.is_some() && soon > last && closes < expected {
            deal.changes.push((soon, Change::Expected(closes)));
        }
    }

    /// The sum: of some deals another one at first.
    fn price(&self, deal: &mut Deal, priced: Second, clock: &Clock) {
        let mut draws = self.amount.of(deal.id);
        let (changes, factor, share) =
            (draws.chance(AMOUNT_CHANGED), draws.between(AMOUNT_FACTOR.0, AMOUNT_FACTOR.1), draws.unit());
        let until = deal.closed.unwrap_or(priced + CHANGED_WITHIN * DAY).min(clock.last());
        let (from, to) = (clock.work(priced), clock.work(until));
        let at = clock.at(from + ((to - from) as f64 * (0.1 + 0.8 * share)) as i64);
        // whole tens of roubles, as all sums are
        let before = (deal.list as f64 * factor / 1_000.0).round() as u64 * 1_000;
        let is_changed = changes && before != deal.list && at > priced && at < until;
        deal.changes.push((priced, Change::Amount(if is_changed { before } else { deal.list })));
        if is_changed {
            deal.changes.push((at, Change::Amount(deal.list)));
        }
        if let Some(won) = deal.won_at.filter(|_| deal.amount != deal.list) {
            deal.changes.push((won, Change::Amount(deal.amount)));
        }
    }
}

/// When somebody looks at a deal that is planned for a day: at work on the day before, that day or the day after.
fn reviewed(expected: i64, draws: &mut Draws) -> Second {
    (expected - 1 + draws.below(3) as i64) * DAY
        + draws.between(9.5, 18.5) as Second * 3600
        + draws.below(3600) as Second
}

/// What the CRM says by the stage; nothing before a deal is qualified.
pub fn probability(stage: Stage) -> Option<u8> {
    match stage {
        Stage::New | Stage::Contacted => None,
        Stage::Qualified => Some(40),
        Stage::Proposal => Some(60),
        Stage::Negotiation => Some(80),
        Stage::Won => Some(100),
        Stage::Lost => Some(0),
    }
}

/// What was changed of a deal while it was open. The discount that closed it is no change.
pub fn moves(deal: &Deal) -> Moves {
    let mut moves = Moves::default();
    let (mut amount, mut expected) = (None, None);
    for (at, change) in deal.changes.iter().filter(|(at, _)| deal.closed.is_none_or(|closed| *at < closed)) {
        debug_assert!(*at >= deal.created);
        match change {
            Change::Amount(now) => {
                moves.expanded += u64::from(amount.is_some_and(|before| before < *now));
                moves.contracted += u64::from(amount.is_some_and(|before| before > *now));
                amount = Some(*now);
            }
            Change::Expected(now) => {
                moves.pushed += u64::from(expected.is_some_and(|before| before < *now));
                moves.advanced += u64::from(expected.is_some_and(|before| before > *now));
                expected = Some(*now);
            }
            Change::Probability(_) => (),
        }
    }
    moves
}
