//! The advertising cabinet's export: spend by campaign and day, and what the cabinet claims for it.

use std::path::Path;

use super::clock::Clock;
use super::company::{CAMPAIGNS, MEDIAN_PRICE};
use super::demand::Demand;
use super::dirt;
use super::error::GenerateError;
use super::file::Aside;
use super::row::{Quotes, Row};
use super::streams::{Draws, Stream};

const SPEND: &str = "Дата;Площадка;Подрядчик;Кампания;Показы;Клики;Расход (руб.);Конверсии;Заказы;Доход (руб.)";
/// Clicks per lead, and impressions per click.
const CLICKS_PER_LEAD: f64 = 24.0;
const IMPRESSIONS_PER_CLICK: f64 = 45.0;
/// The cabinet counts a lead more often than it comes, and a third of them as orders.
const CLAIMED_LEADS: f64 = 1.3;
const CLAIMED_ORDERS: f64 = 0.3;

/// Writes the spend of `clients` clients; gives the file and the kopecks spent on each campaign.
pub fn spend(
    folder: &Path,
    clients: u64,
    seed: u64,
    clock: &Clock,
    demand: &[Demand],
) -> Result<(Aside, Vec<u64>), GenerateError> {
    let mut file = Aside::export(folder, "spend.csv", SPEND)?;
    let mut row = Row::new(Quotes::Needed);
    let days = Stream::new(seed, "spend.day");
    let mut spent = vec![0; CAMPAIGNS.len()];
    for day in 0..clock.days {
        for (index, campaign) in CAMPAIGNS.iter().enumerate().filter(|(_, c)| c.cost_per_lead > 0.0) {
            let mut draws = days.of(index as u64 * 10_000 + day as u64);
            let leads = clients as f64 * campaign.share;
            let roubles = leads * campaign.cost_per_lead * demand[index].spend[day] * draws.between(0.95, 1.05);
            let kopecks = (roubles * 100.0).round() as u64;
            let leads = leads * demand[index].leads[day];
            let clicks = whole(leads * CLICKS_PER_LEAD * draws.between(0.8, 1.2), &mut draws);
            let shown = whole(clicks as f64 * IMPRESSIONS_PER_CLICK * draws.between(0.8, 1.2), &mut draws);
            let claimed = whole(leads * CLAIMED_LEADS * draws.between(0.5, 1.5), &mut draws);
            let orders = whole(claimed as f64 * CLAIMED_ORDERS, &mut draws).min(claimed);
            let revenue = orders * (MEDIAN_PRICE * draws.between(0.8, 1.2)) as u64 * 100;
            spent[index] += kopecks;
            row.clear().day(clock, day).text(campaign.source).text(campaign.contractor).text(campaign.name);
            row.number(shown).number(clicks).money(kopecks).number(claimed).number(orders).money(revenue);
            file.row(row.finish())?;
        }
    }
    row.clear().text(dirt::TOTALS).blank().blank().blank().blank().blank().money(spent.iter().sum());
    file.bytes(row.blank().blank().blank().finish())?;
    Ok((file, spent))
}

/// A whole number with that mean.
fn whole(mean: f64, draws: &mut Draws) -> u64 {
    (mean + draws.unit()) as u64
}
