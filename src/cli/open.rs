//! What the reading commands have in common: regulation, store version, session, catalog.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use chrono::{Days, NaiveDate, Utc};

use super::args::{Place, Reading};
use crate::metrics::Catalog;
use crate::model::problem::Problems;
use crate::regulation::{History, Regulation};
use crate::session::Session;
use crate::store::{Snapshot, Store, regulations};

/// The current instant. The only clock in the program.
#[allow(clippy::disallowed_methods)]
pub fn now() -> chrono::DateTime<Utc> {
    Utc::now()
}

/// Reads a text file that a person wrote.
pub fn text(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => anyhow::anyhow!("{}: there is no such file", file.display()),
        std::io::ErrorKind::InvalidData => anyhow::anyhow!("{}: not UTF-8 text\n    save it as UTF-8", file.display()),
        _ => anyhow::Error::new(error).context(format!("cannot read {}", file.display())),
    })
}

/// The folder that holds the store: where the company's own metrics and reports lie.
pub fn beside(store: &Path, name: &str) -> PathBuf {
    store.parent().unwrap_or_else(|| Path::new("")).join(name)
}

/// The regulation that was asked for, or the one lying here or beside the store.
pub fn regulation(place: &Place) -> Result<Regulation> {
    let file = match &place.regulation {
        Some(file) => file.clone(),
        None => {
            let nearby = [PathBuf::from("regulation.toml"), beside(&place.store, "regulation.toml")];
            match nearby.into_iter().find(|file| file.is_file()) {
                Some(file) => file,
                None => bail!(
                    "no regulation: there is no regulation.toml here or beside the store `{}`\n    \
                     name one with --regulation FILE, or start one with `voronka init DIR`",
                    place.store.display()
                ),
            }
        }
    };
    Ok(Regulation::parse(&file.display().to_string(), &text(&file)?)?)
}

/// The shipped metrics and those in `queries/` beside the store.
pub fn catalog(place: &Place) -> Result<Catalog> {
    let own = beside(&place.store, "queries");
    Ok(Catalog::load(own.is_dir().then_some(own.as_path()))?)
}

/// The day an answer is for: the one asked for, or tomorrow, so that all of today is seen.
pub fn as_of(reading: &Reading, regulation: &Regulation) -> NaiveDate {
    reading.as_of.unwrap_or_else(|| regulation.calendar().day(now()) + Days::new(1))
}

/// A session over the asked version of the store.
pub async fn session(place: &Place, reading: &Reading, regulation: &Regulation) -> Result<Session> {
    let snapshot = Store::open(&place.store).await?.snapshot(reading.version).await?;
    let as_of = as_of(reading, regulation);
    let in_force = in_force(regulation, &snapshot, as_of)?;
    Ok(Session::open(&snapshot, &in_force, as_of, reading.memory).await?)
}

/// The regulation by which the days before `as_of` are judged: today's, or an older one that the store kept.
fn in_force(today: &Regulation, snapshot: &Snapshot, as_of: NaiveDate) -> Result<Regulation> {
    let last = as_of - Days::new(1);
    let kept = regulations(snapshot)?;
    let holds = |from: Option<NaiveDate>| from.is_none_or(|from| from <= last);
    if holds(today.valid_from()) {
        return Ok(today.clone());
    }
    let older = kept.iter().filter(|kept| holds(kept.valid_from)).max_by_key(|kept| (kept.valid_from, kept.ingest));
    let Some(older) = older else {
        return Ok(today.clone().among(History { until: None, too_young: true }));
    };
    let later = kept.iter().map(|kept| kept.valid_from).chain([today.valid_from()]).flatten();
    let until = later.filter(|from| Some(*from) > older.valid_from && *from > last).min();
    let file = format!("the regulation that ingest {} kept", older.ingest);
    Ok(Regulation::parse(&file, &older.text)?.among(History { until, too_young: false }))
}

/// The regulation that an ingest is made under, where there is one and it is sound.
pub fn regulation_to_keep(place: &Place) -> Option<Regulation> {
    match regulation(place) {
        Ok(regulation) => Some(regulation),
        Err(error) if error.is::<Problems>() => {
            eprintln!("the regulation has problems and is not kept with the store; `voronka check` lists them");
            None
        }
        Err(_) => None,
    }
}
