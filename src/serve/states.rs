//! The newest state of the store: opened once, opened again when a newer ingest is there. Running questions keep theirs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Days, NaiveDate, Utc};
use tokio::sync::OnceCell;

use super::{Limits, ServeError, User, Users};
use crate::company::{Company, Opening};
use crate::metrics::Catalog;
use crate::regulation::Regulation;
use crate::session::{Memory, Session, SessionError};

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
pub struct States {
    company: Company,
    settings: Settings,
    memory: Memory,
    newest: Mutex<Arc<Opened>>,
    /// Held by whoever opens a newer one.
    opening: tokio::sync::Mutex<()>,
}

/// What a state was opened of: where it differs, there is a newer one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    /// The newest ingest, and what tells it from any other of that number.
    seal: Option<(u64, String)>,
    day: NaiveDate,
}

struct Opened {
    mark: Mark,
    regulation: Arc<Regulation>,
    catalog: Arc<Catalog>,
    session: Arc<Session>,
    /// Sessions of those who are held to some rows, made when the first of them asks.
    held: Mutex<BTreeMap<Held, Arc<OnceCell<Arc<Session>>>>>,
}

/// Dimensions and values, as [`User::only`] says them.
type Held = Vec<(String, String)>;

impl States {
    /// Opens the newest state.
    ///
    /// # Errors
    /// There is no store or no regulation, or one of them has problems.
    pub async fn open(company: Company, settings: Settings) -> Result<States, ServeError> {
        let memory = settings.limits.memory();
        let day = day(&company.regulation()?, &settings);
        let opened = open(&company, &settings, day).await?;
        let (newest, opening) = (Mutex::new(Arc::new(opened)), tokio::sync::Mutex::default());
        Ok(States { company, settings, memory, newest, opening })
    }

    /// A session for one question: of the newest state, held to the user's rows, with memory of its own under the total. Cheap: states are
    /// opened once, and so are the sessions of users.
    ///
    /// Metrics and reports are asked of it as of any session. SQL that somebody writes goes through [`Session::sql`] (one statement; what
    /// writes, reads files or sets anything is refused), or over the context that `Session::door().await` gives: it has the tables, views
    /// and functions that the user may see, and nothing else. Whoever plans there does it with [`Session::plan_in`].
    /// `Session::scope` is for metrics alone: it sees what is behind them. A metric is given to SQL as the rows that `Metric::run` made.
    ///
    /// # Errors
    /// The newest state cannot be opened: an older one is not shown in its place. A dimension that the user is held to is none.
    pub async fn session(&self, user: &User) -> Result<Arc<Session>, ServeError> {
        let opened = self.newest().await?;
        let session = opened.held_to(user.only()).await?;
        Ok(Arc::new(session.for_question(&self.memory).await?))
    }

    /// Refuses users who are held to what is no dimension of the store.
    ///
    /// # Errors
    /// The first of them, and the dimension that may have been meant.
    pub fn check(&self, users: &Users) -> Result<(), ServeError> {
        let session = Arc::clone(&self.known().session);
        for (dimension, _) in users.all().iter().flat_map(User::only) {
            session.check_dimension(dimension)?;
        }
        Ok(())
    }

    /// The bounds of questions.
    pub fn limits(&self) -> &Limits {
        &self.settings.limits
    }

    /// The memory of all questions.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The company.
    pub fn company(&self) -> &Company {
        &self.company
    }

    /// The regulation, as it was read with the newest state.
    pub fn regulation(&self) -> Arc<Regulation> {
        Arc::clone(&self.known().regulation)
    }

    /// The metrics, as they were read with the newest state.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.known().catalog)
    }

    fn known(&self) -> Arc<Opened> {
        Arc::clone(&self.newest.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn newest(&self) -> Result<Arc<Opened>, ServeError> {
        let known = self.known();
        if self.mark_now(&known).await? == known.mark {
            return Ok(known);
        }
        let _one = self.opening.lock().await;
        // somebody else may have opened it in the meantime
        let known = self.known();
        let now = self.mark_now(&known).await?;
        if now == known.mark {
            return Ok(known);
        }
        let opened = Arc::new(open(&self.company, &self.settings, now.day).await?);
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&opened);
        Ok(opened)
    }

    /// What a state would be opened of now: the marker of the store is read, and the clock.
    async fn mark_now(&self, known: &Opened) -> Result<Mark, ServeError> {
        let seal = self.company.newest().await?;
        Ok(Mark { seal, day: day(&known.regulation, &self.settings) })
    }
}

impl Opened {
    async fn held_to(&self, only: &[(String, String)]) -> Result<Arc<Session>, SessionError> {
        if only.is_empty() {
            return Ok(Arc::clone(&self.session));
        }
        let mut sorted = only.to_vec();
        sorted.sort();
        let cell = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(held.entry(sorted.clone()).or_default())
        };
        let make = || async {
            let mut by_dimension: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (dimension, value) in sorted {
                by_dimension.entry(dimension).or_default().push(value);
            }
            let mut session = Arc::clone(&self.session);
            for (dimension, values) in by_dimension {
                session = Arc::new(session.only_any(&dimension, &values).await?);
            }
            Ok::<_, SessionError>(session)
        };
        Ok(Arc::clone(cell.get_or_try_init(make).await?))
    }
}

/// The day of answers.
fn day(regulation: &Regulation, settings: &Settings) -> NaiveDate {
    settings.as_of.unwrap_or_else(|| regulation.calendar().day((settings.clock)()) + Days::new(1))
}

async fn open(company: &Company, settings: &Settings, day: NaiveDate) -> Result<Opened, ServeError> {
    // before the state: one that is newer than its mark is opened once more, one that is older would stay
    let mark = Mark { seal: company.newest().await?, day };
    let (regulation, catalog) = (company.regulation()?, company.catalog()?);
    let opening = Opening { version: None, memory: Some(settings.limits.memory_all), answers: true };
    let session = Arc::new(company.session_in_currency(&regulation, day, &opening).await?);
    let (regulation, catalog) = (Arc::new(regulation), Arc::new(catalog));
    Ok(Opened { mark, regulation, catalog, session, held: Mutex::default() })
}
