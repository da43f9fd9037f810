//! A synthetic company: its CRM's and its advertising cabinet's exports, and the truth planted in them.
//!
//! Every client is made from its number alone, by named random streams, and written before the next one is made: so
//! memory does not grow with the company, and a larger company begins with the rows of a smaller one. What is planted
//! stands in `company`; nothing here reads what it has written.

mod advertising;
mod breaches;
mod clock;
pub(crate) mod company;
mod course;
mod deal;
mod demand;
mod dirt;
mod error;
mod exports;
mod file;
mod lead;
mod listings;
mod mailings;
mod outlook;
mod plan;
mod row;
mod rules;
mod sales_plan;
mod streams;
mod touches;
mod truth;
mod truth_file;
mod waiting;
mod words;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;

pub use self::error::GenerateError;
pub use self::plan::{Plan, Season};
use clock::Clock;
use exports::Exports;
use file::Aside;
use lead::Clients;
use listings::Listings;
use plan::MOST_CLIENTS;
use truth::{Planted, Tally};

/// The mapping with which the exports are ingested.
const MAPPING: &str = include_str!("mapping.toml");
/// After how many clients progress is told.
const TELL_EVERY: u64 = 1 << 12;

/// What was made: every file with its rows and bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// The folder.
    pub folder: PathBuf,
    /// Name, rows of data, bytes.
    pub files: Vec<(String, u64, u64)>,
}

impl fmt::Display for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, rows, bytes) in &self.files {
            writeln!(f, "{name:<18} {rows:>10} rows {bytes:>13} bytes")?;
        }
        let bytes: u64 = self.files.iter().map(|(_, _, bytes)| bytes).sum();
        write!(f, "{bytes} bytes in {}", self.folder.display())
    }
}

/// Writes the exports, the mapping and the truth into `out`. `progress` is told how many clients of how many are done.
pub fn generate(plan: &Plan, out: &Path, progress: &dyn Fn(u64, u64)) -> Result<Generated, GenerateError> {
    if !(1..=MOST_CLIENTS).contains(&plan.clients) {
        return Err(GenerateError::Clients(plan.clients));
    }
    let years = NaiveDate::from_ymd_opt(1000, 1, 1)..NaiveDate::from_ymd_opt(9000, 1, 1);
    let clock = years.contains(&Some(plan.as_of)).then(|| Clock::new(plan.as_of)).flatten();
    let clock = clock.ok_or(GenerateError::Date(plan.as_of))?;
    prepare(out, &clock)?;

    let clients = Clients::new(plan, clock);
    let mut listings = Listings::new(out, plan.listings, &clients.clock)?;
    let mut exports = Exports::new(out, &clients.clock)?;
    let mut tally = Tally::new();
    for number in 0..plan.clients {
        let client = clients.client(number);
        exports.client(&client, &clients.clock, &clients.promos)?;
        listings.client(&client, &clients.clock, &clients.promos)?;
        tally.add(&client, &clients.clock);
        if number % TELL_EVERY == 0 {
            progress(number, plan.clients);
        }
    }
    progress(plan.clients, plan.clients);

    let (spend, spent) = advertising::spend(out, plan.clients, plan.seed, &clients.clock, &clients.demand)?;
    let mut files = exports.finish()?;
    files.push(spend);
    files.push(exports::promos(out, &clients.clock, &clients.promos)?);
    files.push(exports::staff(out)?);
    let (sheet, plans) = sales_plan::sales_plan(out, tally.revenue(), &clients.clock, &plan.season)?;
    files.push(sheet);
    let mut open = Vec::new();
    for (file, deals, amount) in listings.finish()? {
        open.push((file.name(), deals, amount));
        files.push(file);
    }
    let made: Vec<_> = files.iter().map(|f| (f.name(), f.rows, f.bytes)).collect();
    let planted = Planted { plans: &plans, listings: &open, spent: &spent, files: &made };
    let truth = truth::text(plan, &clients.clock, &clients.promos, &tally, &planted);
    for (name, text) in [("mapping.toml", mapping(plan)), ("truth.toml", truth)] {
        let mut file = Aside::new(out, name)?;
        file.bytes(text.as_bytes())?;
        files.push(file);
    }
    Aside::publish(files)?;
    Ok(Generated { folder: out.to_owned(), files: made })
}

/// The mapping; with a section for listings, if there are any.
fn mapping(plan: &Plan) -> String {
    if plan.listings == 0 {
        return MAPPING.to_owned();
    }
    // a listing has the columns of the deals: what differs is that each shows how all of them stood
    let sections: Vec<&str> = MAPPING.split_inclusive("\n[[export]]\n").collect();
    let deals = sections.get(1).map_or("", |section| section.trim_end_matches("[[export]]\n").trim_end());
    let listing = deals.replacen(
        "name = \"deals\"\nfiles = \"deals.csv\"",
        "name = \"listings\"\nfiles = \"listing_*.csv\"\nsnapshot = true",
        1,
    );
    format!(
        "{MAPPING}\n# the deals as the CRM listed them week by week: loaded instead of deals.csv, in one ingest or one after another\n[[export]]\n{listing}\n"
    )
}

/// Makes the folder. Refuses one that holds events of years that this company does not have.
fn prepare(out: &Path, clock: &Clock) -> Result<(), GenerateError> {
    let failed = |source| GenerateError::Write { path: out.to_owned(), source };
    fs::create_dir_all(out).map_err(failed)?;
    let years = clock.year(0)..=clock.year(clock.cut() - 1);
    let own: Vec<String> = years.map(exports::events_file).collect();
    for entry in fs::read_dir(out).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("events_") && name.ends_with(".csv") && !own.contains(&name) {
            return Err(GenerateError::Foreign(entry.path()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
