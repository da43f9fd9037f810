//! The command line: arguments in, exit code out. Wiring only, a file per command.
//!
//! The clock, the environment and the terminal are read here and nowhere below.
//! Exit codes: 0 fine, 1 a check found problems, a file of an ingest gave no row or a report did not go out, 2 an error.

mod args;
mod check;
mod cluster;
mod computed;
mod demo;
mod generate;
mod ingest;
mod init;
mod log;
mod man;
mod metrics;
mod node;
mod open;
mod outcome;
mod output;
#[cfg(feature = "serve")]
mod password;
mod pipes;
mod presets;
mod quarantine;
mod progress;
mod query;
mod report;
mod rows;
mod runtime;
mod said;
mod screen;
mod send;
mod serve;
mod serve_args;
#[cfg(feature = "serve")]
mod serve_doors;
#[cfg(feature = "serve")]
mod serve_user;
mod speaks;
mod shell;
mod sql;
mod statement;
mod typed;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Args, Command};
use outcome::Outcome;

use crate::model::shown::hides;
use crate::model::timings::{self, Stage};

/// Parses the command line, runs the command and says how it ended.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        // it repeats what was typed, names of files included
        Err(error) if hides(&error.render().to_string()) => {
            screen::tell(error.render());
            return ExitCode::from(2);
        }
        Err(error) => error.exit(),
    };
    let timeout = args.command.timeout();
    if args.aside.timings {
        timings::ask();
    }
    let began = timings::begin();
    let (asked, place) = (args.command.lang(), args.place.clone());
    let ran = runtime::run(timeout, move |runtime| run(args, runtime));
    timings::end(began, || "all".to_owned(), None);
    tell_timings();
    match ran {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Found) => ExitCode::from(1),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            screen::tell_error(said::told(&error, open::lang(asked, &place)));
            ExitCode::from(2)
        }
    }
}

fn run(args: Args, runtime: &tokio::runtime::Runtime) -> anyhow::Result<Outcome> {
    let at = args.place;
    runtime.block_on(async move {
        match args.command {
            Command::Demo(c) => demo::run(c).await,
            Command::Init(c) => init::run(&c),
            Command::Generate(c) => generate::run(&c),
            Command::Check(c) => check::run(&c, &at).await,
            Command::Ingest(c) => ingest::run(&c, &at).await,
            Command::Presets { name, .. } => presets::run(name.as_deref()),
            Command::Quarantine(c) => quarantine::run(&c, &at).await,
            Command::Log(c) => log::run(&c, &at).await,
            Command::Metrics(c) => metrics::run(&c, &at),
            Command::Query(c) => query::run(&c, &at).await,
            Command::Rows(c) => rows::run(&c, &at).await,
            Command::Sql(c) => sql::run(&c, &at).await,
            Command::Report(c) => report::run(&c, &at).await,
            Command::Send(c) => send::run(&c, &at).await,
            Command::Serve(c) => serve::run(&c, &at).await,
            Command::Cluster { node } => cluster::run(node, &at).await,
            Command::Man { name } => man::run(name.as_deref()),
            Command::Completions { shell } => {
                clap_complete::generate(shell, &mut Args::command(), "voronka", &mut screen::rows());
                Ok(Outcome::Fine)
            }
        }
    })
}

/// What took how long, where somebody asked.
fn tell_timings() {
    for Stage { name, times, took, rows } in timings::stages() {
        let rows = rows.map(|rows| format!("  {rows} rows")).unwrap_or_default();
        screen::tell(format!("{:9.3} s {times:6} × {name}{rows}", took.as_secs_f64()));
    }
}

/// `voronka … | head` closes our stdout: that is the reader's right, not an error.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe))
}
