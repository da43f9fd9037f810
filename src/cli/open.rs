//! What the reading commands have in common: the company that the arguments name, the day, the session.

use anyhow::Result;
use chrono::{Days, Months, NaiveDate, Utc};

use super::args::{Language, Place, Reading};
use super::computed::computed;
use super::said::said;
use crate::company::{Company, Opening};
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

/// The language that was asked for, or the regulation's. A regulation that has problems still states it.
pub fn lang(asked: Option<Language>, place: &Place) -> Lang {
    asked.map_or_else(|| stated(place), Lang::from)
}

/// The language that the regulation states, even where something else is wrong with it; Russian where there is none.
fn stated(place: &Place) -> Lang {
    let company = company(place);
    match company.regulation() {
        Ok(regulation) => regulation.lang(),
        Err(_) => company.regulation_language().unwrap_or_default(),
    }
}

/// The day an answer is for: the one asked for, or tomorrow, so that all of today is seen. Weeks are counted up to it, so a
/// day far ahead is refused: it is a slip, and the weeks would not end.
pub fn as_of(reading: &Reading, regulation: &Regulation) -> Result<NaiveDate> {
    let today = regulation.calendar().day(now());
    let latest = today + Months::new(12 * YEARS_AHEAD);
    match reading.as_of {
        Some(day) if day > latest => Err(said!(
            "--as-of {day} — больше чем на {YEARS_AHEAD} лет вперёд\n    последний день — {latest}; без --as-of это завтра",
            "--as-of {day} is more than {YEARS_AHEAD} years ahead\n    the latest day is {latest}; without --as-of it is tomorrow"
        )),
        Some(day) => Ok(day),
        None => Ok(today + Days::new(1)),
    }
}

/// What a session is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Figures of the company, which are in the currency of the regulation.
    Figures,
    /// Rows as they were loaded.
    Rows,
}

/// A session over the asked version of the store.
pub async fn session(place: &Place, reading: &Reading, regulation: &Regulation, wanted: Wanted) -> Result<Session> {
    let as_of = as_of(reading, regulation)?;
    let began = timings::begin();
    let opening = Opening { version: reading.version, memory: Some(reading.memory), answers: !reading.fresh };
    let company = company(place);
    let session = match wanted {
        Wanted::Figures => company.session_in_currency(regulation, as_of, &opening).await?,
        Wanted::Rows => company.session_of(regulation, as_of, &opening).await?,
    };
    timings::end(began, || "open the store".to_owned(), None);
    match &reading.cluster {
        Some(address) => computed(session, address, reading, now(), regulation.lang()).await,
        None => Ok(session),
    }
}
