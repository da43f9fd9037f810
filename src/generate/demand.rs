//! Demand and spend by day: when each campaign's leads come, and what they cost.

use chrono::{Datelike, NaiveDate};

use super::clock::{Clock, DAY, Second};
use super::company::{CAMPAIGNS, Campaign, DEMAND_GROWTH, PROMO_DAYS, Promo, SEASON, WEEKDAYS};
use super::streams::{Draws, Stream};

/// How the hours of a day share the leads.
const HOURS: [f64; 24] = [
    0.6, 0.3, 0.2, 0.1, 0.1, 0.2, 0.6, 1.5, 3.0, 6.0, 8.0, 8.0, 7.5, 7.0, 7.0, 7.0, 6.5, 6.0, 5.5, 5.0, 4.5, 4.0, 2.5,
    1.2,
];

/// How demand swings: over the year, and in one month that is slow.
#[derive(Debug, Clone, PartialEq)]
pub struct Season {
    /// How strongly it swings: 0 not at all, 1 as it usually does.
    pub strength: f64,
    /// The first day of a month in which fewer leads come, and what part of the usual.
    pub slow: Option<(NaiveDate, f64)>,
}

impl Default for Season {
    fn default() -> Season {
        Season { strength: 1.0, slow: None }
    }
}

impl Season {
    /// Demand on a day, by that of the mean day.
    pub fn of(&self, day: NaiveDate) -> f64 {
        let is_slow = |month: NaiveDate| (day.year(), day.month()) == (month.year(), month.month());
        let usual = SEASON[day.month0() as usize];
        // the usual strength gives the usual numbers to the last bit
        let usual = if self.strength == 1.0 { usual } else { usual.powf(self.strength) };
        match self.slow {
            Some((month, part)) if is_slow(month) => usual * part,
            _ => usual,
        }
    }
}

/// One campaign's days.
pub struct Demand {
    /// Share of the campaign's spend that falls on each day.
    pub spend: Vec<f64>,
    /// Expected share of the campaign's leads on each day.
    pub leads: Vec<f64>,
    /// The same, added up from the first day on.
    reached: Vec<f64>,
}

impl Demand {
    /// The demand for every campaign.
    pub fn of_all(seed: u64, clock: &Clock, promos: &[Promo], season: &Season) -> Vec<Demand> {
        let levels = Stream::new(seed, "campaign.level");
        CAMPAIGNS
            .iter()
            .zip(0..)
            .map(|(campaign, index)| Demand::new(campaign, index, &levels, clock, promos, season))
            .collect()
    }

    fn new(
        campaign: &Campaign,
        level_of: u64,
        levels: &Stream,
        clock: &Clock,
        promos: &[Promo],
        year: &Season,
    ) -> Demand {
        let (mut spend, mut leads) = (Vec::new(), Vec::new());
        for day in 0..clock.days {
            let date = clock.date(day as i64);
            let season = year.of(date) * (1.0 + DEMAND_GROWTH * day as f64);
            // budgets are set for four weeks and corrected every week
            let months = levels.of(level_of * 10_000 + day as u64 / 28).normal();
            let weeks = levels.of(level_of * 10_000 + 1_000 + day as u64 / 7).normal();
            let level = match campaign.cost_per_lead > 0.0 {
                true => season * (0.30 * months + 0.15 * weeks).exp(),
                false => season,
            };
            let level = level * campaign.fades_days.map_or(1.0, |days| (-(day as f64) / days).exp());
            let runs = promos.iter().any(|p| (p.first..p.first + PROMO_DAYS).contains(&(day as i64)));
            let pull = if runs { campaign.promo_pull } else { 1.0 };
            spend.push(level * pull);
            leads.push(level.powf(campaign.elasticity) * pull * WEEKDAYS[day % 7]);
        }
        for shares in [&mut spend, &mut leads] {
            let total: f64 = shares.iter().sum();
            shares.iter_mut().for_each(|share| *share /= total);
        }
        let reached = leads.iter().scan(0.0, |sum, share| {
            *sum += share;
            Some(*sum)
        });
        Demand { reached: reached.collect(), spend, leads }
    }

    /// When a lead of the campaign comes.
    pub fn arrival(&self, draws: &mut Draws) -> Second {
        let reached = draws.unit();
        let day = self.reached.partition_point(|sum| *sum <= reached).min(self.reached.len() - 1);
        let hour = draws.pick(&HOURS);
        day as Second * DAY + hour as Second * 3600 + draws.below(3600) as Second
    }
}
