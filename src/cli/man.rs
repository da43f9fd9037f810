//! `voronka man`: manual pages out of the definition of the command line.

use anyhow::Result;
use clap::CommandFactory;
use clap_mangen::Man;

use super::args::Args;
use super::outcome::Outcome;
use super::said::Said;
use super::screen;
use crate::model::lang::both;
use crate::model::problem::hint;

/// Prints the page of a command, `None` for that of the program, as roff.
pub fn run(name: Option<&str>) -> Result<Outcome> {
    let mut program = Args::command().disable_help_subcommand(true);
    program.build(); // gives each command the options that all share, and its page the name `voronka-COMMAND`
    let page = match name {
        None => program,
        Some(name) => {
            let commands = program.get_subcommands();
            let names: Vec<&str> = commands.map(clap::Command::get_name).collect();
            program.find_subcommand(name).cloned().ok_or_else(|| {
                let what = both!("нет команды `{name}`\n    ", "no command is named `{name}`\n    ");
                Said(what.and(hint(name, names.iter().copied())))
            })?
        }
    };
    Man::new(page).render(&mut screen::rows())?;
    Ok(Outcome::Fine)
}
