//! What the reading commands have in common: the company that the arguments name, the day, the session.

use anyhow::{Result, bail};
use chrono::{Days, Months, NaiveDate, Utc};

use super::args::{Language, Place, Reading};
use crate::company::Company;
use crate::model::lang::Lang;
use crate::model::timings;
use crate::regulation::Regulation;
use crate::session::Session;

/// How far ahead a report may look.
const YEARS_AHEAD: u32 = 10;

/// The current instant. The only clock in the program.
#[allow(clippy::disallowed_methods)]
pub fn now() -> chrono::DateTime<Utc> {
    Utc::now()
}

/// The company whose store and regulation the arguments name.
pub fn company(place: &Place) -> Company {
    Company::of_store(&place.store, place.regulation.as_deref())
}

/// The language that was asked for, or the regulation's. Without a sound regulation, the language is no reason to fail.
pub fn lang(asked: Option<Language>, place: &Place) -> Lang {
    let stated = || company(place).regulation().map_or(Lang::Ru, |regulation| regulation.lang());
    asked.map_or_else(stated, Lang::from)
}

/// The day an answer is for: the one asked for, or tomorrow, so that all of today is seen. Weeks are counted up to it, so a
/// day far ahead is refused: it is a slip, and the weeks would not end.
pub fn as_of(reading: &Reading, regulation: &Regulation) -> Result<NaiveDate> {
    let today = regulation.calendar().day(now());
    let latest = today + Months::new(12 * YEARS_AHEAD);
    match reading.as_of {
        Some(day) if day > latest => {
            bail!(
                "--as-of {day} is more than {YEARS_AHEAD} years ahead\n    the latest day is {latest}; without --as-of it is tomorrow"
            )
        }
        Some(day) => Ok(day),
        None => Ok(today + Days::new(1)),
    }
}

/// A session over the asked version of the store.
pub async fn session(place: &Place, reading: &Reading, regulation: &Regulation) -> Result<Session> {
    let as_of = as_of(reading, regulation)?;
    let began = timings::begin();
    let session = company(place).session_of(regulation, as_of, reading.version, Some(reading.memory)).await?;
    timings::end(began, || "open the store".to_owned(), None);
    Ok(session)
}
