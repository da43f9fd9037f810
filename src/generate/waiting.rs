//! When a deal that will be won is closed: promotions draw wins to themselves, from before and from after.

use super::clock::{Clock, DAY, SHIFT, Second};
use super::company::{DIP_DAYS, DIP_SHARE, Promo, RUSH_DAYS, TAKES_PROMO};
use super::deal::Lead;
use super::streams::{Draws, Stream};

/// A closing.
pub struct Closing {
    /// When.
    pub at: Second,
    /// Until when somebody works on the deal; idle from there to the closing.
    pub active_until: Second,
    /// Under which promotion.
    pub promo: Option<usize>,
}

/// Decides closings.
pub struct Closings {
    closing: Stream,
    came: Stream,
}

impl Closings {
    /// The closings of one seed.
    pub fn new(seed: u64) -> Closings {
        Closings { closing: Stream::new(seed, "deal.closing"), came: Stream::new(seed, "deal.came_for") }
    }

    /// The promotion for which a lead of the price-driven source came.
    pub fn came_for(&self, lead: &Lead, promos: &[Promo]) -> Option<usize> {
        let running = lead.price_driven().then(|| running(lead.created, promos)).flatten()?;
        self.came.of(lead.id).chance(0.85).then_some(running)
    }

    /// The closing of a deal that is due at `due`, having come for the promotion `came_for`.
    pub fn close(
        &self,
        lead: &Lead,
        came_for: Option<usize>,
        answered: Second,
        due: Second,
        clock: &Clock,
        promos: &[Promo],
    ) -> Closing {
        let mut draws = self.closing.of(lead.id);
        let (takes, moves) = (draws.chance(TAKES_PROMO), draws.chance(DIP_SHARE));
        let at_due = |promo| Closing { at: due, active_until: due, promo };

        if let Some(promo) = came_for {
            if due < promos[promo].ends() {
                return at_due(Some(promo));
            }
            if let Some(closing) = hurried(promo, answered, &mut draws, clock, promos) {
                return closing;
            }
        }
        if let Some(promo) = running(due, promos) {
            return at_due((takes || lead.waits).then_some(promo));
        }
        let next = promos.iter().position(|p| p.starts() > due);
        let soon = next.filter(|p| lead.waits || (moves && promos[*p].starts() - due <= DIP_DAYS * DAY));
        if let Some(promo) = soon {
            return awaited(promo, due, &mut draws, clock, promos);
        }
        // a promotion that has just ended has drawn some of the wins that would have come after it
        let just_ended = promos.iter().position(|p| p.ends() <= due && due - p.ends() < DIP_DAYS * DAY);
        just_ended
            .filter(|_| moves)
            .and_then(|promo| hurried(promo, answered, &mut draws, clock, promos))
            .unwrap_or_else(|| at_due(None))
    }
}

fn running(at: Second, promos: &[Promo]) -> Option<usize> {
    promos.iter().position(|p| (p.starts()..p.ends()).contains(&at))
}

/// In a promotion's first days, idle since the deal was due.
fn awaited(promo: usize, due: Second, draws: &mut Draws, clock: &Clock, promos: &[Promo]) -> Closing {
    let from = clock.work(promos[promo].starts());
    let to = clock.work(promos[promo].starts() + RUSH_DAYS * DAY);
    let at = clock.at(from + ((to - from) as f64 * draws.unit().powf(1.3)) as i64);
    Closing { at, active_until: due, promo: Some(promo) }
}

/// Before a promotion's end, sooner than it was due; none if the deal came too late for that.
fn hurried(promo: usize, answered: Second, draws: &mut Draws, clock: &Clock, promos: &[Promo]) -> Option<Closing> {
    let from = clock.work(answered.max(promos[promo].starts())) + SHIFT / 2;
    let to = clock.work(promos[promo].ends());
    (to > from).then(|| {
        let at = clock.at(from + ((to - from) as f64 * draws.unit()) as i64);
        Closing { at, active_until: at, promo: Some(promo) }
    })
}
