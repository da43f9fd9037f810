//! What a regulation asks for beside the course of a deal, and where it is planted that it is not kept: offers, planned
//! tasks, quality checks, calls after a refusal and in the evening.
//!
//! All of it is put into a deal that is whole already, from streams of its own: the deal, its outcome and its touches
//! are what they would be without it, but for the hour of a few calls.

use super::clock::{Clock, DAY, SHIFT, Second};
use super::company::{
    CALLED_AFTER_OPT_OUT, CALLED_AFTER_REFUSAL, CALLED_LATE, CHECK_PASSED, CHECKED, EVENING, NO_NEXT_STEP, NO_OFFER,
    OFFER_LATE, SILENCE_DAYS, WEAK_ITEM_PASSED,
};
use super::deal::Deal;
use super::streams::Stream;
use super::words::{Item, Kind, Stage, Way};

/// Days after an opt-out within which a call that should not be is made.
const AFTER_OPT_OUT_DAYS: i64 = 45;
/// Seconds within which the calls of an evening are made.
const EVENING_SECONDS: usize = 1500;
/// Days ahead within which tasks are planned, from the day after as_of on.
const PLANNED_DAYS: i64 = 10;

/// Plants.
pub struct Breaches {
    hours: Stream,
    offer: Stream,
    after_harm: Stream,
    checks: Stream,
    next_step: Stream,
}

impl Breaches {
    /// The breaches of one seed.
    pub fn new(seed: u64) -> Breaches {
        Breaches {
            hours: Stream::new(seed, "call.hours"),
            offer: Stream::new(seed, "deal.offer"),
            after_harm: Stream::new(seed, "deal.after_harm"),
            checks: Stream::new(seed, "deal.checks"),
            next_step: Stream::new(seed, "deal.next_step"),
        }
    }

    /// Puts into a deal that stands as as_of knows it what belongs to it.
    pub fn plant(&self, deal: &mut Deal, clock: &Clock) {
        self.evening(deal);
        self.offer(deal, clock);
        self.after_harm(deal, clock);
        self.check(deal, clock);
        self.next_step(deal, clock);
    }

    /// Moves a few calls into the evening: never the first touch, which is the response, and none past another event.
    fn evening(&self, deal: &mut Deal) {
        let mut draws = self.hours.of(deal.id);
        let mut touched = false;
        for index in 0..deal.events.len() {
            let (at, kind) = deal.events[index];
            let first = kind.is_touch() && !std::mem::replace(&mut touched, true);
            if first || !matches!(kind, Kind::Call(Way::Out, _)) {
                continue;
            }
            let (late, seconds) = (draws.chance(CALLED_LATE), draws.below(EVENING_SECONDS));
            let last_of_its_day = deal.events.get(index + 1).is_none_or(|(next, _)| next / DAY > at / DAY);
            if late && last_of_its_day {
                deal.events[index].0 = at / DAY * DAY + EVENING + seconds as Second;
            }
        }
    }

    /// The commercial offer, sent before the deal is moved to Предложение or as it is, not before the stage before; of
    /// a few deals later or never.
    fn offer(&self, deal: &mut Deal, clock: &Clock) {
        let Some(entered) = deal.entered(Stage::Proposal) else { return };
        let mut draws = self.offer.of(deal.id);
        let (without, made_up_for, at_once) = (draws.chance(NO_OFFER), draws.chance(OFFER_LATE), draws.chance(0.25));
        let before = draws.lognormal(2400.0, 1.0) as i64;
        let after = draws.between(0.0, 3.0 * SHIFT as f64) as i64;
        let at = match (without, made_up_for) {
            (true, true) => clock.at(clock.work(entered + DAY) + after),
            (true, false) => return,
            (false, _) if at_once => entered,
            (false, _) => {
                let mut moves = deal.events.iter().filter(|(at, kind)| matches!(kind, Kind::Stage(_)) && *at < entered);
                let from = moves.next_back().map_or(deal.created, |(at, _)| *at);
                clock.at((clock.work(entered) - before).max(clock.work(from))).min(entered)
            }
        };
        if at < deal.closed.unwrap_or(clock.cut()) {
            insert(deal, at, &[Kind::Offer]);
        }
    }

    /// A call to a client that has refused or opted out, when its deal is over.
    fn after_harm(&self, deal: &mut Deal, clock: &Clock) {
        let harm = deal.events.iter().find_map(|(at, kind)| match kind {
            Kind::Refusal => Some((*at, CALLED_AFTER_REFUSAL, SILENCE_DAYS)),
            Kind::OptOut => Some((*at, CALLED_AFTER_OPT_OUT, AFTER_OPT_OUT_DAYS)),
            _ => None,
        });
        let (Some((harmed, share, days)), Some(closed)) = (harm, deal.closed) else { return };
        let mut draws = self.after_harm.of(deal.id);
        let (called, part) = (draws.chance(share), draws.unit());
        let seconds = draws.lognormal(45.0, 0.6) as u16;
        let (from, to) = (clock.work(closed) + SHIFT / 10, clock.work(harmed + days * DAY));
        let at = clock.at(from + ((to - from) as f64 * part) as i64);
        if called && from < to && at < clock.cut() {
            insert(deal, at, &[Kind::Call(Way::Out, seconds)]);
        }
    }

    /// Quality control's look at a closed deal, some days after; of deals that nobody answered there is nothing to see.
    fn check(&self, deal: &mut Deal, clock: &Clock) {
        let Some(closed) = deal.closed.filter(|_| deal.answered_at().is_some()) else { return };
        let mut draws = self.checks.of(deal.id);
        let checked = draws.chance(CHECKED);
        let at = clock.at(clock.work(closed) + draws.between(0.2, 5.0 * SHIFT as f64) as i64);
        let found = Item::ALL.map(|item| {
            let passed = if item == Item::NextStep { WEAK_ITEM_PASSED } else { CHECK_PASSED };
            Kind::Check(item, draws.chance(passed))
        });
        if checked && at < clock.cut() {
            insert(deal, at, &found);
        }
    }

    /// What is planned for an open deal: all that the exports hold of the days after as_of.
    fn next_step(&self, deal: &mut Deal, clock: &Clock) {
        if deal.closed.is_some() {
            return;
        }
        let mut draws = self.next_step.of(deal.id);
        let (none, part) = (draws.chance(NO_NEXT_STEP), draws.unit());
        let from = clock.work(clock.cut() + DAY);
        let to = clock.work(clock.cut() + (1 + PLANNED_DAYS) * DAY);
        if !none {
            insert(deal, clock.at(from + ((to - from) as f64 * part) as i64), &[Kind::Task]);
        }
    }
}

/// Puts events of one second before those that the second has: evidence comes before what it is evidence for.
fn insert(deal: &mut Deal, at: Second, kinds: &[Kind]) {
    let index = deal.events.partition_point(|(other, _)| *other < at);
    deal.events.splice(index..index, kinds.iter().map(|kind| (at, *kind)));
}
