//! `voronka sql`: one query, a piped one, or the shell.

use std::io::{IsTerminal, Read};

use anyhow::Result;

use super::args::{Format, Place, Sql};
use super::{Outcome, open, output, shell};
use crate::session::Session;
use crate::session::bounds::guarded;

pub async fn run(args: &Sql, place: &Place) -> Result<Outcome> {
    let regulation = open::regulation(place)?;
    let session = open::session(place, &args.reading, &regulation).await?;
    match &args.query {
        Some(query) => answer(&session, query, args.format).await?,
        None if std::io::stdin().is_terminal() => shell::run(&session, args.format).await?,
        None => {
            let mut query = String::new();
            std::io::stdin().read_to_string(&mut query)?;
            answer(&session, &query, args.format).await?;
        }
    }
    Ok(Outcome::Fine)
}

/// Runs one query and prints its rows as they come.
pub async fn answer(session: &Session, query: &str, format: Format) -> Result<()> {
    let frame = session.sql(query.trim().trim_end_matches(';')).await?;
    let rows = guarded(async { frame.execute_stream().await }).await?;
    output::print_all(rows, format).await
}
