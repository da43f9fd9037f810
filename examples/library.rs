//! Voronka as a library: loads exports, asks one metric, makes the weekly report.
//!
//! `cargo run --example library -- my-company 2025-06-30 my-company/exports/deals.csv`, where `my-company` is a folder that
//! `voronka init` made.

#![allow(clippy::disallowed_methods)] // an example writes to the terminal

use std::io::Write;
use std::path::PathBuf;

use chrono::{NaiveDate, NaiveTime};
use voronka::company::Company;
use voronka::report::render::{Format, render};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let usage = "usage: library FOLDER AS_OF EXPORT…";
    let (folder, as_of) = args.next().zip(args.next()).ok_or(usage)?;
    let (as_of, exports): (NaiveDate, Vec<PathBuf>) = (as_of.parse()?, args.map(PathBuf::from).collect());

    let company = Company::open(&folder)?;
    let mut out = std::io::stdout().lock();
    if !exports.is_empty() {
        let summary = company.ingest(&exports, as_of.and_time(NaiveTime::MIN).and_utc()).await?;
        writeln!(out, "{}", summary.text(company.regulation()?.lang()))?;
    }

    let funnel = company.query("lead_quality", as_of, &["source"]).await?;
    writeln!(out, "{}", arrow::util::pretty::pretty_format_batches(&[funnel.batch])?)?;

    let weekly = company.report("weekly", as_of).await?;
    for file in render(&weekly, &PathBuf::from(&folder).join("report"), &[Format::Html])? {
        writeln!(out, "{}", file.display())?;
    }
    Ok(())
}
