//! What the reading commands have in common: regulation, store version, session, catalog.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use chrono::{Days, NaiveDate, Utc};

use super::args::{Place, Reading};
use crate::metrics::Catalog;
use crate::regulation::Regulation;
use crate::session::Session;
use crate::store::Store;

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
    Ok(Session::open(&snapshot, regulation, as_of(reading, regulation), reading.memory).await?)
}
