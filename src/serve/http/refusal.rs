//! Why a request gets no answer: a status, what is wrong, and the way out, in both languages.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::company::CompanyError;
use crate::metrics::MetricError;
use crate::model::lang::{Lang, Text, both};
use crate::model::problem::hint;
use crate::model::shown::in_line;
use crate::report::ReportError;
use crate::report::render::RenderError;
use crate::serve::ServeError;
use crate::session::SessionError;

/// Why a request gets no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// What is wrong, naming the value.
    pub what: Text,
    /// The way out.
    pub way: Text,
    /// When to try again.
    pub after: Option<Duration>,
}

impl Refusal {
    /// A refusal with the way out.
    pub fn new(status: StatusCode, what: Text, way: Text) -> Refusal {
        Refusal { status, what, way, after: None }
    }

    /// A value that cannot be taken: 400.
    pub fn bad(what: Text, way: Text) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, what, way)
    }

    /// A name that nothing has: 404, with the nearest one.
    pub fn unknown<'a>(what: Text, name: &str, all: impl IntoIterator<Item = &'a str>) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, what, hint(name, all))
    }

    /// There is no such page.
    pub fn no_page(path: &str) -> Refusal {
        let path = in_line(path);
        Refusal::new(
            StatusCode::NOT_FOUND,
            both!("страницы `{path}` нет", "there is no page `{path}`"),
            Text::new("откройте список отчётов: /", "open the list of reports: /"),
        )
    }

    /// Too much is asked at once: 503, or 429 where it is one who asks so much.
    pub fn busy(status: StatusCode, what: Text, after: Duration) -> Refusal {
        let seconds = after.as_secs().max(1);
        let way = both!("подождите {seconds} с и повторите", "wait for {seconds} s and try again");
        Refusal { status, what, way, after: Some(after) }
    }

    /// A fault that is none of the one who asks. What the engine or the system says may name rows or files: only who sees all is told.
    fn fault(told: Text, sees_all: bool) -> Refusal {
        let what = match sees_all {
            true => told,
            false => Text::new("это не удалось посчитать", "this could not be computed"),
        };
        let way = Text::new(
            "скажите тому, кто ведёт Voronka: он увидит подробности на этой же странице",
            "tell whoever looks after Voronka: they see the details on this page",
        );
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, what, way)
    }
}

/// A refusal travels in the answer's extensions: what is around puts it into the language of who asks.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// An error, as it is told to somebody who sees all, or to somebody who does not.
pub trait Told {
    /// The refusal.
    fn told(self, sees_all: bool) -> Refusal;
}

/// A text whose way out stands behind the first line.
fn parted(of: impl Fn(Lang) -> String) -> (Text, Text) {
    let parts = |lang: Lang| {
        let text = of(lang);
        let (what, way) = text.split_once('\n').unwrap_or((&text, ""));
        (what.trim().to_owned(), way.trim().to_owned())
    };
    let ((ru, way_ru), (en, way_en)) = (parts(Lang::Ru), parts(Lang::En));
    (Text::new(ru, en), Text::new(way_ru, way_en))
}

impl Told for MetricError {
    fn told(self, sees_all: bool) -> Refusal {
        if self.is_short_of_memory() {
            return short_of_memory();
        }
        let (what, way) = parted(|lang| self.text(lang));
        match self {
            MetricError::Unknown { .. } => Refusal::new(StatusCode::NOT_FOUND, what, way),
            MetricError::Session { source, .. } => source.told(sees_all),
            MetricError::Engine { .. } | MetricError::Columns { .. } | MetricError::OtherList { .. } => {
                Refusal::fault(what, sees_all)
            }
            MetricError::Missing { .. } => Refusal::new(StatusCode::NOT_FOUND, what, way),
            _ => Refusal::bad(what, way),
        }
    }
}

impl Told for SessionError {
    fn told(self, sees_all: bool) -> Refusal {
        if self.is_short_of_memory() {
            return short_of_memory();
        }
        let (what, way) = parted(|lang| self.text(lang));
        match self {
            SessionError::Engine(_) | SessionError::Parquet { .. } => Refusal::fault(what, sees_all),
            _ => Refusal::bad(what, way),
        }
    }
}

impl Told for CompanyError {
    fn told(self, sees_all: bool) -> Refusal {
        let (what, way) = parted(|lang| self.text(lang));
        match self {
            CompanyError::Metric(error) => error.told(sees_all),
            CompanyError::Session(error) => error.told(sees_all),
            CompanyError::NoValue { .. } => Refusal::new(StatusCode::NOT_FOUND, what, way),
            _ => Refusal::fault(
                Text::new(format!("{}; {}", what.ru, way.ru), format!("{}; {}", what.en, way.en)),
                sees_all,
            ),
        }
    }
}

impl Told for ServeError {
    fn told(self, sees_all: bool) -> Refusal {
        let what = Text::new(self.text(Lang::Ru), self.text(Lang::En));
        match self {
            ServeError::Company(error) => error.told(sees_all),
            ServeError::Session(error) => error.told(sees_all),
            ServeError::TooLong { .. } => Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                what,
                Text::new(
                    "возьмите период короче или разрез проще; дольше считать может тот, кто ведёт сервер: --statement-timeout",
                    "take a shorter period or a simpler split; whoever runs the server can allow more: --statement-timeout",
                ),
            ),
            ServeError::Full { .. } => Refusal::busy(StatusCode::SERVICE_UNAVAILABLE, what, Duration::from_secs(10)),
            _ => Refusal::fault(what, sees_all),
        }
    }
}

impl Told for ReportError {
    fn told(self, sees_all: bool) -> Refusal {
        match self {
            ReportError::Session(error) => error.told(sees_all),
            ReportError::Metric(error) => error.told(sees_all),
            error => Refusal::fault(Text::new(error.text(Lang::Ru), error.text(Lang::En)), sees_all),
        }
    }
}

impl Told for RenderError {
    fn told(self, sees_all: bool) -> Refusal {
        Refusal::fault(Text::new(self.text(Lang::Ru), self.text(Lang::En)), sees_all)
    }
}

fn short_of_memory() -> Refusal {
    Refusal::new(
        StatusCode::SERVICE_UNAVAILABLE,
        Text::new("на это не хватило памяти, которую даёт сервер", "this needs more memory than the server gives"),
        Text::new("возьмите период короче или разрез проще", "take a shorter period or a simpler split"),
    )
}
