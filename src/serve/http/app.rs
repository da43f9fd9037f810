//! What all pages share, and who asks for one.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use chrono::NaiveDate;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::days;
use super::gate::Gate;
use super::making::Makings;
use super::params::{self, Params};
use super::refusal::{Refusal, Told};
use super::shelf::Shelf;
use super::style::Style;
use crate::model::lang::{Lang, Text};
use crate::serve::{ServeError, States, User};
use crate::session::Session;

/// So many figures are computed at once; reports are counted apart.
const QUESTIONS: usize = 8;
/// So long one waits for a turn.
const PATIENCE: Duration = Duration::from_secs(15);

/// What all pages share.
pub struct App {
    /// The states of the store.
    pub states: Arc<States>,
    /// Who may come in.
    pub gate: Gate,
    /// The language where nobody says another.
    pub lang: Lang,
    /// Whether connections are encrypted.
    pub over_tls: bool,
    /// The definitions of reports.
    pub shelf: Shelf,
    /// The reports that are being made, and those that are.
    pub makings: Arc<Makings>,
    /// The style of all pages.
    pub style: Style,
    questions: Semaphore,
}

impl App {
    /// Nothing is made yet.
    pub fn new(states: Arc<States>, gate: Gate, lang: Lang, over_tls: bool) -> App {
        let (shelf, makings, style) = (Shelf::default(), Arc::new(Makings::default()), Style::new());
        App { states, gate, lang, over_tls, shelf, makings, style, questions: Semaphore::new(QUESTIONS) }
    }

    /// A turn to compute something.
    ///
    /// # Errors
    /// Too many wait for one.
    pub async fn turn(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        match tokio::time::timeout(PATIENCE, self.questions.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => {
                let what = Text::new("сервер считает другим", "the server computes for others");
                Err(Refusal::busy(StatusCode::SERVICE_UNAVAILABLE, what, PATIENCE))
            }
        }
    }

    /// The newest state, held to the rows of who asks, as of the day that was asked for.
    ///
    /// # Errors
    /// The day is none; the store cannot be opened.
    pub async fn session(&self, asker: &Asker, params: &Params) -> Result<Arc<Session>, Refusal> {
        let told = |error: ServeError| error.told(asker.sees_all());
        let session = self.states.session(&asker.user).await.map_err(told)?;
        match params.day("as_of", params::latest(session.as_of()))? {
            Some(day) if day != session.as_of() => {
                days::as_of(&self.states, &session, &asker.user, day).await.map_err(told)
            }
            _ => Ok(session),
        }
    }

    /// The day of answers where nobody asks for another.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub async fn usual_day(&self, asker: &Asker) -> Result<NaiveDate, Refusal> {
        let session = self.states.session(&asker.user).await.map_err(|error| error.told(asker.sees_all()))?;
        Ok(session.as_of())
    }
}

/// How a page is asked for, whoever asks.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// In which language.
    pub lang: Lang,
    /// Whether a person reads the answer, and no script.
    pub is_person: bool,
    /// From where.
    pub from: IpAddr,
    /// The path of the page.
    pub path: String,
    /// What stands behind the question mark.
    pub query: String,
}

/// Who asks for a page. Nobody has one who was not let in.
#[derive(Debug, Clone)]
pub struct Asker {
    /// Who.
    pub user: User,
    visitor: Visitor,
}

impl Visitor {
    /// Chooses between two words.
    pub fn pick<'t>(&self, ru: &'t str, en: &'t str) -> &'t str {
        self.lang.pick(ru, en)
    }

    /// A text in the language of who asks.
    pub fn say<'t>(&self, text: &'t Text) -> &'t str {
        text.get(self.lang)
    }

    /// The parameters of the request, of which only these may be there.
    ///
    /// # Errors
    /// There are others, or they cannot be read.
    pub fn params(&self, names: &[&str]) -> Result<Params, Refusal> {
        Params::read(&self.query, names)
    }
}

impl Asker {
    /// A user who was let in.
    pub fn new(user: User, visitor: Visitor) -> Asker {
        Asker { user, visitor }
    }

    /// Whether all rows are seen.
    pub fn sees_all(&self) -> bool {
        self.user.only().is_empty()
    }
}

impl Deref for Asker {
    type Target = Visitor;

    fn deref(&self) -> &Visitor {
        &self.visitor
    }
}
