//! `voronka generate`.

use anyhow::Result;

use super::args::Generate;
use super::outcome::Outcome;
use super::progress::Shown;
use super::screen::say;
use crate::generate::{Plan, Season, generate};
use crate::model::progress::Progress;

pub fn run(args: &Generate) -> Result<Outcome> {
    let season = Season { strength: args.season, slow: args.slow_month };
    let plan = Plan { clients: args.clients, seed: args.seed, as_of: args.as_of, listings: args.snapshots, season };
    let shown = Shown::new();
    let generated = generate(&plan, &args.out, &|done, total| shown.step("writing exports, clients", done, total))?;
    drop(shown);
    say(generated)?;
    Ok(Outcome::Fine)
}
