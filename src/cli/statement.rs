//! One SQL statement: run, its rows printed.

use anyhow::Result;

use super::output::{self, To};
use super::said::said;
use crate::model::letters::composed;
use crate::session::Session;
use crate::session::bounds::guarded;

/// Runs one query and prints its rows as they come.
pub async fn answer(session: &Session, query: &str, to: &To<'_>) -> Result<()> {
    // what editors of Windows write before a file's first letter
    let query = composed(query.trim_start_matches('\u{feff}').trim().trim_end_matches(';'));
    let frame =
        session.sql(&query).await.map_err(|error| match error.to_string().contains("a single SQL statement") {
            true => said!(
                "запросов несколько\n    спрашивайте по одному; `;` в кавычках не считается",
                "there are several statements\n    ask one at a time; a `;` within quotes is none"
            ),
            false => error.into(),
        })?;
    let rows = guarded(async { frame.execute_stream().await }).await?;
    output::print_all(rows, to).await
}
