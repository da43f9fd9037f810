//! `voronka presets`.

use anyhow::Result;

use super::outcome::Outcome;
use super::said::Said;
use super::screen::say;
use crate::export::shipped;
use crate::model::lang::both;
use crate::model::problem::hint;

pub fn run(name: Option<&str>) -> Result<Outcome> {
    let shipped = shipped();
    let Some(name) = name else {
        for (name, text) in shipped {
            let about = text.lines().next().unwrap_or_default().trim_start_matches('#').trim();
            say(format!("{name:<16} {about}"))?;
        }
        return Ok(Outcome::Fine);
    };
    // by the name of its file, or of a section in it, which is what an ingest tells
    let section = format!("\nname = \"{name}\"\n");
    match shipped.iter().find(|(known, text)| *known == name || text.contains(&section)) {
        Some((_, text)) => say(text.trim_end())?,
        None => {
            let near = hint(name, shipped.iter().map(|(known, _)| *known));
            let what = both!("нет пресета `{name}`\n    ", "no preset is named `{name}`\n    ");
            return Err(Said(what.and(near)).into());
        }
    }
    Ok(Outcome::Fine)
}
