//! `voronka generate`.

use anyhow::Result;

use super::args::Generate;
use super::outcome::Outcome;
use super::progress::Shown;
use super::screen::say;
use crate::generate::{Plan, generate};
use crate::model::progress::Progress;

pub fn run(args: &Generate) -> Result<Outcome> {
    let plan = Plan { clients: args.clients, seed: args.seed, as_of: args.as_of };
    let shown = Shown::new();
    let generated = generate(&plan, &args.out, &|done, total| shown.step("writing exports, clients", done, total))?;
    drop(shown);
    say(generated)?;
    Ok(Outcome::Fine)
}
