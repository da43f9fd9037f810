//! `voronka demo`: the whole way, on the small company that is embedded in the binary.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use chrono::NaiveDate;
use include_dir::{Dir, include_dir};

use super::args::{Demo, MEMORY, Place, Reading, Report};
use super::outcome::Outcome;
use super::progress::Shown;
use super::said::{Said, said};
use super::screen::say;
use super::{open, report};
use crate::company::read;
use crate::export::Mapping;
use crate::ingest::{IngestOptions, ingest};
use crate::model::lang::{Lang, both};
use crate::store::Store;

static SAMPLE: Dir = include_dir!("$CARGO_MANIFEST_DIR/sample_data");

/// A folder with this file is ours to clear.
const MARK: &str = ".voronka-demo";

pub async fn run(args: Demo) -> Result<Outcome> {
    clear(&args.out)?;
    SAMPLE
        .extract(&args.out)
        .with_context(|| Said(both!("не записать в {}", "cannot write to {}", args.out.display())))?;
    let truth = read(&args.out.join("truth.toml"))?;
    let as_of = as_of(&truth).context("sample_data/truth.toml states no as_of")?;

    let place = Place { store: args.out.join("store"), regulation: Some(args.out.join("regulation.toml")) };
    let mapping = args.out.join("mapping.toml");
    let mapping = Mapping::parse(&mapping.display().to_string(), &read(&mapping)?)?;
    let shown = Shown::new();
    let store = Store::open_or_create(&place.store).await?;
    // the sample's own day, not the clock's: the same demo twice is the same report, byte for byte
    let at = as_of.and_time(chrono::NaiveTime::MIN).and_utc();
    let regulation = open::company(&place).regulation()?;
    let options = IngestOptions::at(at).regulation(Some(&regulation)).progress(&shown);
    let summary = ingest(&store, &mapping, &exports(&args.out)?, options).await?;
    drop(shown);
    say(summary.text(args.lang.into()).trim_end())?;

    let reading = Reading {
        as_of: Some(as_of),
        version: None,
        memory: MEMORY,
        timeout: None,
        fresh: false,
        cluster: None,
        cluster_tls: None,
        parts: None,
    };
    let weekly = Report {
        name: "weekly".to_owned(),
        lang: Some(args.lang),
        out: args.out.join("report"),
        only: Vec::new(),
        person: None,
        for_each: None,
        full: false,
        format: ["html", "csv", "svg", "png"].map(str::to_owned).to_vec(),
        reading,
    };
    let ended = report::run(&weekly, &place).await?;
    let page = weekly.out.join("weekly.html");
    match args.lang.into() {
        Lang::Ru => {
            say(format!("\nОткройте в браузере {}. Со своими данными: voronka init my-company", page.display()))?
        }
        Lang::En => {
            say(format!("\nOpen {} in a browser. With your own data: voronka init my-company", page.display()))?
        }
    }
    Ok(ended)
}

/// Makes the folder, or empties one that an earlier demo made. Somebody's own folder is refused.
fn clear(out: &Path) -> Result<()> {
    if out.join(MARK).is_file() {
        fs::remove_dir_all(out).with_context(|| Said(both!("не очистить {}", "cannot clear {}", out.display())))?;
    } else if out.is_dir() && fs::read_dir(out)?.next().is_some() {
        return Err(said!(
            "{} — не пустая папка и не от демо\n    назовите другую: --out ПАПКА",
            "{} is not empty and was not made by a demo\n    name another folder with --out DIR",
            out.display()
        ));
    }
    fs::create_dir_all(out).with_context(|| Said(both!("не создать {}", "cannot make {}", out.display())))?;
    Ok(fs::write(out.join(MARK), "made by `voronka demo`, which may clear this folder\n")?)
}

fn exports(out: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(out)? {
        files.push(entry?.path());
    }
    files.retain(|file| file.extension().is_some_and(|e| e == "csv"));
    files.sort();
    Ok(files)
}

fn as_of(truth: &str) -> Option<NaiveDate> {
    let line = truth.lines().find_map(|line| line.strip_prefix("as_of"))?;
    line.trim_start_matches([' ', '=']).trim_matches(['"', ' ']).parse().ok()
}
