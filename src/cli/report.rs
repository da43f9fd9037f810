//! `voronka report`.

use std::path::Path;

use anyhow::{Context, Result};

use super::args::{Place, Report};
use super::{Outcome, open};
use crate::model::lang::Lang;
use crate::report::definition::Definition;
use crate::report::render::{Format, render};
use crate::report::{build, definition};

pub async fn run(args: &Report, place: &Place) -> Result<Outcome> {
    let formats = args.format.iter().map(|f| f.parse::<Format>()).collect::<Result<Vec<_>, _>>()?;
    let regulation = open::regulation(place)?;
    let catalog = open::catalog(place)?;
    let definition = find(&args.name, place, &catalog)?;
    let session = open::session(place, &args.reading, &regulation).await?;
    let lang = args.lang.map_or(regulation.lang(), Lang::from);
    let document = build(&session, &catalog, &definition, session.as_of(), lang).await?;
    std::fs::create_dir_all(&args.out).with_context(|| format!("cannot make {}", args.out.display()))?;
    for file in render(&document, &args.out, &formats)? {
        println!("{}", file.display());
    }
    Ok(Outcome::Fine)
}

/// A definition by file name, from `reports/` beside the store, or shipped.
fn find(name: &str, place: &Place, catalog: &crate::metrics::Catalog) -> Result<Definition> {
    let own = open::beside(&place.store, "reports").join(format!("{name}.toml"));
    let file = if name.ends_with(".toml") { Path::new(name).to_owned() } else { own };
    if name.ends_with(".toml") || file.is_file() {
        return Ok(Definition::parse(&file.display().to_string(), &open::text(&file)?, catalog)?);
    }
    Ok(definition::shipped(name, catalog)?)
}
