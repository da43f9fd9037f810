//! The course of one deal: from the enquiry to its end, or to as_of.

use super::clock::{Clock, DAY, SHIFT, Second};
use super::company::{
    BRANCHES, CAMPAIGNS, COST_SHARE, MEDIAN_PRICE, PRICE_GROWTH, PRICE_SPREAD, Promo, RESPONSE_SPREAD, cooled,
};
use super::deal::{Deal, Ending, Lead};
use super::outlook::Outlooks;
use super::streams::Stream;
use super::touches::Touches;
use super::waiting::Closings;
use super::words::{INTERESTS, Kind, PRODUCTS, Reason, Stage};

/// Makes the courses of deals.
pub struct Courses {
    response: Stream,
    outcome: Stream,
    pace: Stream,
    stages: Stream,
    money: Stream,
    interest: Stream,
    touches: Touches,
    closings: Closings,
    outlooks: Outlooks,
}

impl Courses {
    /// The courses of one seed.
    pub fn new(seed: u64) -> Courses {
        Courses {
            response: Stream::new(seed, "deal.response"),
            outcome: Stream::new(seed, "deal.outcome"),
            pace: Stream::new(seed, "deal.pace"),
            stages: Stream::new(seed, "deal.stages"),
            money: Stream::new(seed, "deal.money"),
            interest: Stream::new(seed, "deal.interest"),
            touches: Touches::new(seed),
            closings: Closings::new(seed),
            outlooks: Outlooks::new(seed),
        }
    }

    /// The deal that a lead becomes, with all that will happen to it: what as_of does not know yet is still to be cut.
    pub fn deal(&self, lead: &Lead, clock: &Clock, promos: &[Promo]) -> Deal {
        let mut response = self.response.of(lead.id);
        let usual = BRANCHES[lead.branch].response_minutes;
        let median = lead.campaign.and_then(|c| CAMPAIGNS[c].response_minutes).unwrap_or(usual).max(usual);
        let minutes = response.lognormal(median, RESPONSE_SPREAD).max(0.5);
        let ignored = response.unit();
        let answered_work = clock.work(lead.created) + (minutes * 60.0) as i64;

        let mut ending = self.ending(lead, minutes);
        let valid = !matches!(ending, Ending::Lost(Stage::New, _));
        let answered = ignored >= if valid { 0.012 } else { 0.3 };
        if !answered && valid {
            ending = Ending::Lost(Stage::New, Reason::NoAnswer);
        }
        let (touches, harm) = match answered {
            true => self.touches.count(lead.id, ending, valid),
            false => (0, None),
        };
        if harm.is_some() {
            ending = match ending {
                Ending::Won => Ending::Lost(Stage::Proposal, Reason::NoNeed),
                Ending::Lost(stage, _) | Ending::Forgotten(stage) => Ending::Lost(stage, Reason::NoNeed),
            };
        }

        // the active part of the deal ends when it is due: won, lost for good, or left waiting
        let (active, idle) = self.pace(lead.id, ending, valid, touches);
        let mut due = answered_work + active;
        let mut closed = match ending {
            Ending::Won => None,
            Ending::Lost(..) => Some(clock.at(due + idle)),
            Ending::Forgotten(_) => None,
        };
        let came_for = self.closings.came_for(lead, promos);
        let (mut promo, mut won_at) = (came_for, None);
        if ending == Ending::Won {
            let closing = self.closings.close(lead, came_for, clock.at(answered_work), clock.at(due), clock, promos);
            due = due.min(clock.work(closing.active_until)).max(answered_work);
            promo = closing.promo;
            (closed, won_at) = (Some(closing.at), Some(closing.at));
        }

        let mut deal = self.blank(lead, clock, promos, promo);
        (deal.won_at, deal.came_for) = (won_at, came_for);
        self.enter_stages(&mut deal, ending, answered.then_some(answered_work), due, clock);
        if answered {
            self.touches.make(lead.id, touches, harm, answered_work, due, clock, &mut deal.events);
        }
        self.end(&mut deal, ending, closed, touches);
        self.outlooks.add(&mut deal, clock);
        deal
    }

    fn ending(&self, lead: &Lead, minutes: f64) -> Ending {
        let quality = lead.quality();
        let mut draws = self.outcome.of(lead.id);
        let (valid, qualified) = (draws.chance(quality.valid), draws.chance(quality.qualified));
        let won = draws.chance(quality.won * cooled(minutes));
        let (forgotten, on_price) = (draws.chance(0.03), draws.chance(quality.lost_on_price));
        let depth = draws.pick(&[0.35, 0.40, 0.25]);
        let invalid = [Reason::Duplicate, Reason::Spam, Reason::WrongNumber][draws.pick(&[0.35, 0.40, 0.25])];
        let price = [Reason::Expensive, Reason::CompetitorPrice][draws.pick(&[0.6, 0.4])];
        let other = [Reason::NoNeed, Reason::NoAnswer, Reason::Competitor, Reason::Postponed]
            [draws.pick(if qualified { &[0.25, 0.20, 0.30, 0.25] } else { &[0.40, 0.40, 0.05, 0.15] })];
        if !valid {
            return Ending::Lost(Stage::New, invalid);
        }
        if qualified && won {
            return Ending::Won;
        }
        let stage = match qualified {
            true => [Stage::Qualified, Stage::Proposal, Stage::Negotiation][depth],
            false => Stage::Contacted,
        };
        match forgotten {
            true => Ending::Forgotten(stage),
            false => Ending::Lost(stage, if on_price { price } else { other }),
        }
    }

    /// Working seconds from the first response to the end of the active part, and from there to the closing.
    fn pace(&self, id: u64, ending: Ending, valid: bool, touches: usize) -> (i64, i64) {
        let mut draws = self.pace.of(id);
        let (median, spread, idle) = match ending {
            Ending::Won => (11.0, 0.50, 0.0),
            Ending::Lost(Stage::New, _) if !valid => (0.3, 0.7, 0.2),
            Ending::Lost(Stage::New | Stage::Contacted, _) | Ending::Forgotten(Stage::Contacted) => (6.0, 0.6, 2.0),
            Ending::Lost(..) | Ending::Forgotten(_) => (12.0, 0.6, 3.0),
        };
        let days = draws.lognormal(median, spread).max(0.6 * touches as f64 - 0.5).clamp(0.05, 70.0);
        let idle = draws.lognormal(idle, 0.6).min(25.0);
        ((days * SHIFT as f64) as i64, (idle * SHIFT as f64) as i64)
    }

    fn blank(&self, lead: &Lead, clock: &Clock, promos: &[Promo], promo: Option<usize>) -> Deal {
        let mut money = self.money.of(lead.id);
        let day = lead.created / DAY;
        let size = if lead.segment == 1 { 1.5 } else { 1.0 };
        let median = MEDIAN_PRICE * size * (1.0 + PRICE_GROWTH * day as f64);
        let list = (money.lognormal(median, PRICE_SPREAD).clamp(6_000.0, 2_000_000.0) / 10.0).round() as u64 * 1_000;
        let cost = (list as f64 * money.between(COST_SHARE.0, COST_SHARE.1) / 1_000.0).round() as u64 * 1_000;
        let percent = promo.map_or(0, |p| (promos[p].discount * 100.0).round() as u64);
        let mut interest = self.interest.of(lead.id);
        let asks_price = lead.quality().asks_price;
        debug_assert!(lead.created < clock.cut());
        Deal {
            id: lead.id,
            campaign: lead.campaign,
            branch: lead.branch,
            manager: lead.manager,
            segment: lead.segment,
            interest: interest.pick(&[(1.0 - asks_price) * 0.65, (1.0 - asks_price) * 0.35, asks_price])
                % INTERESTS.len(),
            product: interest.below(PRODUCTS.len()),
            created: lead.created,
            stage: Stage::New,
            qualified: false,
            closed: None,
            won_at: None,
            promo,
            came_for: None,
            reason: None,
            list,
            amount: list / 100 * (100 - percent),
            cost,
            events: Vec::with_capacity(24),
            changes: Vec::new(),
        }
    }

    /// The entries into stages before the last one.
    fn enter_stages(&self, deal: &mut Deal, ending: Ending, answered: Option<i64>, due: i64, clock: &Clock) {
        deal.events.push((deal.created, Kind::Stage(Stage::New)));
        let mut draws = self.stages.of(deal.id);
        let until = match ending {
            Ending::Won => Stage::Negotiation,
            Ending::Lost(stage, reason) => {
                // who is never reached stays new, whatever was tried
                let unreached = reason == Reason::NoAnswer && stage == Stage::Contacted && draws.chance(0.5);
                if unreached { Stage::New } else { stage }
            }
            Ending::Forgotten(stage) => stage,
        };
        let Some(answered) = answered else { return };
        let span = (due - answered) as f64;
        let at = |share: f64| clock.at(answered + (span * share) as i64);
        let (skips_proposal, skips_negotiation) = (draws.chance(0.04), draws.chance(0.06));
        let goes_back = draws.chance(0.04);
        let times = [
            draws.between(0.01, 0.05),
            draws.between(0.15, 0.32),
            draws.between(0.38, 0.58),
            draws.between(0.66, 0.86),
        ];
        for (stage, share) in
            [Stage::Contacted, Stage::Qualified, Stage::Proposal, Stage::Negotiation].into_iter().zip(times)
        {
            let skipped = (stage == Stage::Proposal && skips_proposal && until > Stage::Proposal)
                || (stage == Stage::Negotiation && skips_negotiation && ending == Ending::Won);
            if stage <= until && !skipped {
                deal.events.push((at(share), Kind::Stage(stage)));
            }
            if stage == Stage::Proposal && stage <= until && !skipped && goes_back {
                deal.events.push((at(share + 0.02), Kind::Stage(Stage::Qualified)));
                deal.events.push((at(share + 0.06), Kind::Stage(Stage::Proposal)));
            }
        }
    }

    /// The last stage, and what comes after a win.
    fn end(&self, deal: &mut Deal, ending: Ending, closed: Option<Second>, touches: usize) {
        deal.closed = closed;
        deal.reason = match ending {
            Ending::Lost(_, reason) => Some(reason),
            _ => None,
        };
        if let Some(closed) = closed {
            let stage = if ending == Ending::Won { Stage::Won } else { Stage::Lost };
            deal.events.push((closed, Kind::Stage(stage)));
            if ending == Ending::Won {
                self.touches.aftermath(deal.id, touches, closed, &mut deal.events);
            }
        }
        // entries of one second keep the order of the funnel, for the sort is stable
        deal.events.sort_by_key(|(at, _)| *at);
    }
}
