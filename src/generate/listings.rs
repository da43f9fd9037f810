//! Listings of the deals as the CRM would have exported them week by week: each shows how the deals stood at the end of a day.

use std::path::Path;

use super::clock::{Clock, DAY, Second};
use super::company::Promo;
use super::dirt;
use super::error::GenerateError;
use super::exports::{DEALS, deal_row, totals_row};
use super::file::Aside;
use super::lead::Client;
use super::row::{Quotes, Row};

/// A listing under way.
pub struct Listing {
    file: Aside,
    /// The midnight that ends its day.
    cut: Second,
    total: u64,
    /// Deals that are open in it.
    pub open: u64,
    /// Their sums, in kopecks.
    pub open_amount: u64,
}

/// The listings of the last weeks.
pub struct Listings {
    listings: Vec<Listing>,
    row: Row,
}

impl Listings {
    /// Begins so many listings, a week apart; the last shows the day before as_of, as the other exports do.
    pub fn new(folder: &Path, count: u32, clock: &Clock) -> Result<Listings, GenerateError> {
        let days = (0..i64::from(count)).rev().map(|weeks| clock.days as i64 - 7 * weeks).filter(|day| *day > 0);
        let begin = |day: i64| {
            let file = Aside::export(folder, &listing_file(clock, day), DEALS)?;
            Ok(Listing { file, cut: day * DAY, total: 0, open: 0, open_amount: 0 })
        };
        let listings = days.map(begin).collect::<Result<_, GenerateError>>()?;
        Ok(Listings { listings, row: Row::new(Quotes::Always) })
    }

    /// Writes a client's deals into every listing of a day on which they existed.
    pub fn client(&mut self, client: &Client, clock: &Clock, promos: &[Promo]) -> Result<(), GenerateError> {
        for listing in &mut self.listings {
            for (index, deal) in client.whole.iter().enumerate().filter(|(_, deal)| deal.created < listing.cut) {
                let mut deal = deal.clone();
                deal.cut(listing.cut);
                let broken = (index == 0).then(|| dirt::broken_deal(client.id)).flatten();
                listing.total += deal.amount;
                if deal.closed.is_none() && broken.is_none() {
                    listing.open += 1;
                    listing.open_amount += deal.amount;
                }
                listing.file.row(deal_row(&mut self.row, &deal, client.id, clock, promos, broken))?;
            }
        }
        Ok(())
    }

    /// The finished files, each with what is open in it.
    pub fn finish(mut self) -> Result<Vec<(Aside, u64, u64)>, GenerateError> {
        let mut files = Vec::new();
        for mut listing in self.listings {
            listing.file.bytes(totals_row(&mut self.row, listing.total))?;
            files.push((listing.file, listing.open, listing.open_amount));
        }
        Ok(files)
    }
}

/// The name of the listing of the day that ends at a midnight.
fn listing_file(clock: &Clock, day: i64) -> String {
    format!("listing_{}.csv", clock.date(day - 1))
}
