//! Touches, what clients do themselves, and the harm of too many touches.

use super::clock::{Clock, DAY, SHIFT, Second};
use super::company::{HARM_AFTER, HARM_BEFORE, HARM_FROM};
use super::deal::Ending;
use super::streams::{Draws, Stream};
use super::words::{Kind, Way};

/// How a client shows that it has had enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// It refuses.
    Refusal,
    /// It asks not to be contacted.
    OptOut,
    /// It complains.
    Complaint,
}

/// Touches until a deal is won, from one on.
const UNTIL_WON: [f64; 8] = [0.060, 0.160, 0.260, 0.250, 0.180, 0.055, 0.025, 0.010];
/// Touches until a deal is given up, from one on.
const UNTIL_LOST: [f64; 9] = [0.12, 0.18, 0.18, 0.14, 0.12, 0.10, 0.08, 0.05, 0.03];

/// Makes the events of a deal that are no stages.
pub struct Touches {
    count: Stream,
    harm: Stream,
    time: Stream,
    kind: Stream,
    own: Stream,
    aftermath: Stream,
}

impl Touches {
    /// The touches of one seed.
    pub fn new(seed: u64) -> Touches {
        Touches {
            count: Stream::new(seed, "deal.touches"),
            harm: Stream::new(seed, "deal.harm"),
            time: Stream::new(seed, "touch.time"),
            kind: Stream::new(seed, "touch.kind"),
            own: Stream::new(seed, "client.own"),
            aftermath: Stream::new(seed, "deal.aftermath"),
        }
    }

    /// How many touches a deal gets, and whether the last of them does harm.
    pub fn count(&self, id: u64, ending: Ending, valid: bool) -> (usize, Option<Harm>) {
        let mut draws = self.count.of(id);
        let planned = 1 + match ending {
            Ending::Won => draws.pick(&UNTIL_WON),
            _ if valid => draws.pick(&UNTIL_LOST),
            _ => draws.pick(&[0.8, 0.2]),
        };
        let mut harm = self.harm.of(id);
        for touch in 1..=planned {
            if harm.chance(if touch < HARM_FROM { HARM_BEFORE } else { HARM_AFTER }) {
                let what = [Harm::Refusal, Harm::OptOut, Harm::Complaint][harm.pick(&[0.5, 0.3, 0.2])];
                return (touch, Some(what));
            }
        }
        (planned, None)
    }

    /// Touches between the first response and the end of the active part, the harm after the last of them, and what
    /// the client and the manager do in between. The first touch is the response.
    #[allow(clippy::too_many_arguments, reason = "all of them are facts of one deal")]
    pub fn make(
        &self,
        id: u64,
        count: usize,
        harm: Option<Harm>,
        from: i64,
        to: i64,
        clock: &Clock,
        events: &mut Vec<(Second, Kind)>,
    ) {
        let (mut time, mut kinds) = (self.time.of(id), self.kind.of(id));
        let span = (to - from).max(60) as f64;
        events.push((clock.at(from), first(&mut kinds)));
        for touch in 1..count {
            // one touch per equal part of the span: they neither bunch nor keep step
            let share = (touch as f64 - time.unit() * 0.8) / count as f64;
            events.push((clock.at(from + 30 + (span * share * 0.97) as i64), later(&mut kinds)));
        }
        if let Some(harm) = harm {
            let kind = match harm {
                Harm::Refusal => Kind::Refusal,
                Harm::OptOut => Kind::OptOut,
                Harm::Complaint => Kind::Complaint,
            };
            events.push((clock.at(to), kind));
        }
        let mut own = self.own.of(id);
        for _ in 0..own.pick(&[0.50, 0.35, 0.15]) {
            let kind = match own.pick(&[0.5, 0.2, 0.3]) {
                0 => Kind::Call(Way::In, own.lognormal(140.0, 0.7) as u16),
                1 => Kind::Email(Way::In),
                _ => Kind::Message(Way::In),
            };
            events.push((clock.at(from + (span * own.between(0.02, 0.97)) as i64), kind));
        }
        for _ in 0..own.pick(&[0.55, 0.35, 0.10]) {
            events.push((clock.at(from + (span * own.between(0.02, 0.90)) as i64), Kind::Task));
        }
    }

    /// What comes after a win: clients that were pressed return more of what they bought.
    pub fn aftermath(&self, id: u64, touches: usize, won: Second, events: &mut Vec<(Second, Kind)>) {
        let mut draws = self.aftermath.of(id);
        let pressed = touches >= HARM_FROM;
        if draws.chance(if pressed { 0.10 } else { 0.015 }) {
            events.push((won + draws.between(2.0, 25.0) as Second * DAY + SHIFT / 3, Kind::Refund));
        }
        if draws.chance(if pressed { 0.06 } else { 0.008 }) {
            events.push((won + draws.between(1.0, 20.0) as Second * DAY, Kind::Complaint));
        }
    }
}

fn first(kinds: &mut Draws) -> Kind {
    match kinds.chance(0.75) {
        true => Kind::Call(Way::Out, seconds(kinds)),
        false => Kind::Message(Way::Out),
    }
}

fn later(kinds: &mut Draws) -> Kind {
    match kinds.pick(&[0.58, 0.20, 0.12, 0.10]) {
        0 => Kind::Call(Way::Out, seconds(kinds)),
        1 => Kind::Message(Way::Out),
        2 => Kind::Email(Way::Out),
        _ => Kind::Meeting,
    }
}

/// How long a call lasts; 0: nobody answered.
fn seconds(kinds: &mut Draws) -> u16 {
    match kinds.chance(0.2) {
        true => 0,
        false => kinds.lognormal(120.0, 0.8).clamp(5.0, 3_000.0) as u16,
    }
}
