//! The newest state of the store: opened once, opened again when a newer ingest is there. Running questions keep theirs.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use super::{Limits, ServeError, User};
use crate::company::Company;
use crate::metrics::Catalog;
use crate::regulation::Regulation;
use crate::session::Session;

/// How states are opened.
#[derive(Clone)]
pub struct Settings {
    /// The day of all answers. None: the day after that of the clock, as everywhere.
    pub as_of: Option<NaiveDate>,
    /// How much questions may take.
    pub limits: Limits,
    /// The clock.
    pub clock: fn() -> DateTime<Utc>,
}

/// The states of a company's store.
pub struct States {}

impl States {
    /// Opens the newest state.
    pub async fn open(company: Company, settings: Settings) -> Result<States, ServeError> {
        todo!()
    }

    /// A session for one question: of the newest state, held to the user's rows, with memory of its own under the total. Cheap: states are
    /// opened once, and so are the sessions of users. SQL that writes, reads files or sets anything is refused by [`Session::sql`]; its
    /// [`Session::context`] has what the user may see, and nothing else.
    pub async fn session(&self, user: &User) -> Result<Arc<Session>, ServeError> {
        todo!("{user:?}")
    }

    /// The bounds of questions.
    pub fn limits(&self) -> &Limits {
        todo!()
    }

    /// The company.
    pub fn company(&self) -> &Company {
        todo!()
    }

    /// The regulation, as it was read with the newest state.
    pub fn regulation(&self) -> Arc<Regulation> {
        todo!()
    }

    /// The metrics, as they were read with the newest state.
    pub fn catalog(&self) -> Arc<Catalog> {
        todo!()
    }
}
