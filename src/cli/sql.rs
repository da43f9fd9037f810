//! `voronka sql`: one query, a piped one, or the shell.

use std::io::{IsTerminal, Read};

use anyhow::Result;

use super::args::{Place, Sql};
use super::output::{Book, To};
use super::said::said;
use super::screen::tell;
use super::{Outcome, open, output, shell};
use crate::model::lang::both;
use crate::model::letters::composed;
use crate::session::Session;
use crate::session::bounds::guarded;

pub async fn run(args: &Sql, place: &Place) -> Result<Outcome> {
    let regulation = open::company(place).regulation()?;
    let session = open::session(place, &args.reading, &regulation).await?;
    let lang = open::lang(args.speaks.lang, place);
    if session.version() == 0 {
        // no rows are not what an ingest that was broken off was to give
        tell(
            both!(
                "хранилище {} пусто: ни одна загрузка не завершена",
                "the store {} is empty: no ingest is complete",
                place.store.display()
            )
            .get(lang),
        );
    }
    let to = || {
        let book = Book {
            name: lang.pick("Строки", "Rows").to_owned(),
            columns: None,
            lang,
            currency: regulation.currency_sign().to_owned(),
            day: session.as_of(),
        };
        To { format: args.format, file: args.out.as_deref(), book }
    };
    match &args.query {
        Some(query) => answer(&session, query, &to()).await?,
        None if std::io::stdin().is_terminal() => shell::run(&session, &to(), lang).await?,
        None => {
            let mut query = String::new();
            std::io::stdin().read_to_string(&mut query)?;
            answer(&session, &query, &to()).await?;
        }
    }
    Ok(Outcome::Fine)
}

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
