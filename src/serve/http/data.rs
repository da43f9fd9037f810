//! What the answers are made of: the ingests, what is lacking, what waits in quarantine.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use maud::html;

use super::answer::Answer;
use super::app::{App, Asker};
use super::frame;
use super::refusal::Refusal;
use super::small;
use crate::model::lang::{Lang, Text};
use crate::report::definition::Definition;

/// The page as a report.
const DEFINITION: &str = include_str!("data.toml");

/// The page.
pub async fn show(State(app): State<Arc<App>>, Extension(asker): Extension<Asker>) -> Answer {
    let params = asker.params(&["as_of"])?;
    let session = app.session(&asker, &params).await?;
    let catalog = app.states.catalog();
    let definition = Definition::parse("data.toml", DEFINITION, &catalog).map_err(|problems| {
        // a metric of the company's own is in the place of one that this page asks
        Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            Text::new("страница не сходится с метриками компании", "this page does not fit the company's metrics"),
            Text::new(problems.text(Lang::Ru), problems.text(Lang::En)),
        )
    })?;
    let document = small::built(&app, &asker, &session, &catalog, &definition).await?;
    let version = session.version();
    let within = html! {
        p class="get" { (match asker.lang {
            Lang::Ru => format!("Новейшая загрузка — {version}. Загружает только voronka ingest: новое видно сразу, перезапуск не нужен."),
            Lang::En => format!("The newest ingest is {version}. Only voronka ingest loads: what is new is seen at once, without a restart."),
        }) } "\n"
    };
    small::drawn(&asker, document, frame::around(&app, &asker, within)).await
}
