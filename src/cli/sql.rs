//! `voronka sql`: one query, a piped one, or the shell.

use std::io::{IsTerminal, Read};

use anyhow::Result;

use super::args::{Place, Sql};
use super::outcome::Outcome;
use super::screen::tell;
use super::statement::answer;
use super::{open, shell};
use crate::model::lang::both;

pub async fn run(args: &Sql, place: &Place) -> Result<Outcome> {
    let regulation = open::company(place).regulation()?;
    let session = open::session(place, &args.reading, &regulation).await?;
    if session.version() == 0 {
        // no rows are not what an ingest that was broken off was to give
        tell(
            both!(
                "хранилище {} пусто: ни одна загрузка не завершена",
                "the store {} is empty: no ingest is complete",
                place.store.display()
            )
            .get(open::lang(args.speaks.lang, place)),
        );
    }
    match &args.query {
        Some(query) => answer(&session, query, args.format).await?,
        None if std::io::stdin().is_terminal() => {
            shell::run(&session, args.format, open::lang(args.speaks.lang, place)).await?
        }
        None => {
            let mut query = String::new();
            std::io::stdin().read_to_string(&mut query)?;
            answer(&session, &query, args.format).await?;
        }
    }
    Ok(Outcome::Fine)
}
