//! Pages that are one or a few questions: computed while they are waited for, within the time of a statement.

use std::time::Instant;

use axum::http::StatusCode;

use super::answer::{self, Answer};
use super::app::{App, Asker};
use super::making::Heard;
use super::refusal::{Refusal, Told};
use crate::metrics::Catalog;
use crate::model::lang::Text;
use crate::report::definition::Definition;
use crate::report::document::Document;
use crate::report::render::{self, Around};
use crate::report::{ReportError, build};
use crate::serve::ServeError;
use crate::session::Session;

/// The document of a definition.
///
/// # Errors
/// Too many ask at once; it takes too long; the store cannot be read.
pub async fn built(
    app: &App,
    asker: &Asker,
    session: &Session,
    catalog: &Catalog,
    definition: &Definition,
) -> Result<Document, Refusal> {
    let _turn = app.turn().await?;
    let limits = app.states.limits();
    let heard = Heard::until(Instant::now() + limits.statement);
    let work = async {
        let built = build(session, catalog, definition, session.as_of(), asker.lang, &heard).await;
        Ok::<Result<Document, ReportError>, ServeError>(built)
    };
    let built = limits.within(work).await.map_err(|error| error.told(asker.sees_all()))?;
    built.map_err(|error| error.told(asker.sees_all()))
}

/// The page of a document.
///
/// # Errors
/// It cannot be drawn.
pub async fn drawn(asker: &Asker, mut document: Document, around: Around) -> Answer {
    let drawn = tokio::task::spawn_blocking(move || render::page(&mut document, &around)).await;
    let page = drawn.map_err(|_| {
        Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            Text::new("страницу не нарисовать: ошибка Voronka", "the page cannot be drawn: a fault of Voronka"),
            Text::new("возьмите CSV или Excel", "take the CSV or Excel file"),
        )
    })?;
    Ok(answer::page(StatusCode::OK, page.map_err(|error| error.told(asker.sees_all()))?))
}
