//! `voronka sql`: one query, a piped one, or the shell.

use std::io::{IsTerminal, Read};

use anyhow::Result;

use super::args::{Place, Sql};
use super::outcome::Outcome;
use super::output::{Book, To};
use super::screen::tell;
use super::statement::answer;
use super::{open, shell};
use crate::model::lang::both;

pub async fn run(args: &Sql, place: &Place) -> Result<Outcome> {
    let regulation = open::company(place).regulation()?;
    let session = open::session(place, &args.reading, &regulation, open::Wanted::Rows).await?;
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
