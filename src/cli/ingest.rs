//! `voronka ingest`.

use std::io::{Write, stdout};

use anyhow::Result;

use super::args::{Ingest, Place};
use super::progress::Shown;
use super::{Outcome, open};
use crate::ingest::{Mapping, Told, ingest_told};
use crate::store::Store;

pub async fn run(args: &Ingest, place: &Place) -> Result<Outcome> {
    // the mapping and the exports first: what is wrong with them should not leave an empty store behind
    let mapping = Mapping::parse(&args.mapping.display().to_string(), &open::text(&args.mapping)?)?;
    let absent = args.exports.iter().find(|export| !export.is_file());
    if let Some(export) = absent {
        return Err(open::no_file(export));
    }
    let store = Store::open_or_create(&place.store).await?;
    let shown = Shown::new();
    let regulation = open::regulation_to_keep(place);
    let told = Told { regulation: regulation.as_ref(), taken: args.taken };
    let summary = ingest_told(told, &store, &mapping, &args.exports, open::now(), &shown).await?;
    drop(shown);
    write!(stdout(), "{}", summary.text(open::lang(args.lang, place)))?;
    Ok(Outcome::Fine)
}
