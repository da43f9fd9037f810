//! A client: who it is, where it comes from, and the deals it makes.

use super::breaches::Breaches;
use super::clock::{Clock, DAY, Second};
use super::company::{
    BRANCHES, CAMPAIGNS, COMES_BACK, DEALS_PER_CLIENT, MANAGERS, OLD_CLIENTS, Promo, TRAINED_BY_DISCOUNT, promos,
};
use super::course::Courses;
use super::deal::{Deal, Lead};
use super::demand::Demand;
use super::mailings::Mailings;
use super::plan::Plan;
use super::streams::Stream;
use super::words::Kind;

/// A client.
pub struct Client {
    /// Its number, from 1.
    pub id: u64,
    /// Which of the two segments: 1 is business.
    pub segment: usize,
    /// Its branch.
    pub branch: usize,
    /// When it first came.
    pub first_seen: Second,
    /// When mailings reached it.
    pub mailings: Vec<Second>,
    /// Its deals that exist at as_of, in order.
    pub deals: Vec<Deal>,
    /// The same with all that will happen to them, where listings of earlier days are asked for.
    pub whole: Vec<Deal>,
}

/// Makes clients, each from its number alone.
pub struct Clients {
    /// The clock.
    pub clock: Clock,
    /// The promotions.
    pub promos: Vec<Promo>,
    /// The campaigns' demand.
    pub demand: Vec<Demand>,
    shares: Vec<f64>,
    courses: Courses,
    origin: Stream,
    place: Stream,
    manager: Stream,
    habits: Stream,
    mailings: Mailings,
    breaches: Breaches,
    comeback: Stream,
    keeps_whole: bool,
}

impl Clients {
    /// The clients of a plan. What is still to happen to their deals is kept if listings of earlier days are asked for.
    pub fn new(plan: &Plan, clock: Clock) -> Clients {
        let (seed, promos) = (plan.seed, promos(&clock));
        Clients {
            demand: Demand::of_all(seed, &clock, &promos, &plan.season),
            shares: CAMPAIGNS.iter().map(|c| c.share).collect(),
            courses: Courses::new(seed),
            origin: Stream::new(seed, "client.origin"),
            place: Stream::new(seed, "client.place"),
            manager: Stream::new(seed, "deal.manager"),
            habits: Stream::new(seed, "client.habits"),
            mailings: Mailings::new(seed, &clock),
            breaches: Breaches::new(seed),
            comeback: Stream::new(seed, "deal.comeback"),
            keeps_whole: plan.listings > 0,
            clock,
            promos,
        }
    }

    /// The client of a number, from 0.
    pub fn client(&self, number: u64) -> Client {
        let mut origin = self.origin.of(number);
        let campaign = origin.pick(&self.shares);
        let first_seen = self.demand[campaign].arrival(&mut origin);
        let branch = self.place.of(number).pick(&BRANCHES.map(|b| b.share));
        let mut habits = self.habits.of(number);
        let waits = habits.chance(CAMPAIGNS[campaign].quality.waits);
        let segment = usize::from(habits.chance(0.15));

        let id = number + 1;
        let known = (campaign != OLD_CLIENTS).then_some(campaign);
        let first = id * DEALS_PER_CLIENT;
        let mut lead = Lead { id: first, campaign: known, branch, manager: 0, segment, created: first_seen, waits };
        let (mut deals, mut whole) = (Vec::new(), Vec::new());
        while lead.created < self.clock.cut() {
            // whoever is free takes the deal, also of a client who comes back: else the luck of a first win would
            // add up to differences between managers who work alike
            lead.manager = self.manager.of(lead.id).below(MANAGERS);
            let mut deal = self.courses.deal(&lead, &self.clock, &self.promos);
            if self.keeps_whole {
                whole.push(deal.clone());
            }
            deal.cut(self.clock.cut());
            self.breaches.plant(&mut deal, &self.clock);
            let next = self.comes_back(&deal, &mut lead);
            deals.push(deal);
            match next {
                Some(created) if lead.id + 1 < first + DEALS_PER_CLIENT => lead.created = created,
                _ => break,
            }
            lead.id += 1;
            lead.campaign = None;
        }
        let mut mailings = self.mailings.of(number, first_seen, &self.clock);
        let opted_out = deals.iter().flat_map(|deal| &deal.events).find(|(_, kind)| *kind == Kind::OptOut);
        if let Some((opted_out, _)) = opted_out {
            mailings.retain(|at| at < opted_out);
        }
        Client { id, segment, branch, first_seen, mailings, deals, whole }
    }

    /// When the client begins its next deal, if ever; a discount may have taught it to wait for the next one.
    fn comes_back(&self, deal: &Deal, lead: &mut Lead) -> Option<Second> {
        let mut draws = self.comeback.of(deal.id);
        let (comes, trained) = (draws.chance(COMES_BACK), draws.chance(TRAINED_BY_DISCOUNT));
        let days = draws.lognormal(75.0, 0.6).clamp(5.0, 400.0);
        let won = deal.won_at?;
        lead.waits |= trained && deal.promo.is_some();
        let at = (won / DAY + days as Second) * DAY + draws.between(9.0, 20.0) as Second * 3600;
        (comes && at < self.clock.cut()).then(|| at + draws.below(3600) as Second)
    }
}
