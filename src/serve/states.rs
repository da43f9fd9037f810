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
    /// opened once, and so are the sessions of users.
    ///
    /// Metrics and reports are asked of it as of any session. SQL that somebody writes goes through [`Session::sql`] (one statement; what
    /// writes, reads files or sets anything is refused), or over the context that `Session::door().await` gives: it has the tables, views
    /// and functions that the user may see, and nothing else. Whoever plans there calls [`read_only`](crate::session::read_only) on the plan.
    /// `Session::scope` is for metrics alone: it sees what is behind them. A metric is given to SQL as the rows that `Metric::run` made.
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
