//! The command line: arguments in, exit code out. Wiring only, a file per command.
//!
//! The clock, the environment and the terminal are read here and nowhere below.
//! Exit codes: 0 fine, 1 a check found problems or a file of an ingest gave no row, 2 an error.

mod args;
mod check;
mod demo;
mod generate;
mod ingest;
mod init;
mod log;
mod metrics;
mod open;
mod output;
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
mod shell;
mod sql;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Args, Command};

use crate::ingest::IngestError;
use crate::model::lang::Lang;
use crate::model::shown::hides;
use crate::model::timings::{self, Stage};
use crate::store::StoreError;

/// What a command that ran to its end has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// All is well.
    Fine,
    /// A check found problems.
    Found,
}

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
            screen::tell_error(told(&error, open::lang(asked, &place)));
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

/// An error with its causes, and the way out of what only libraries know.
fn told(error: &anyhow::Error, lang: Lang) -> String {
    let mut said = said::text(error, lang);
    if said.contains("Resources exhausted") {
        said += match lang {
            Lang::Ru => "\n    дайте больше: --memory, например --memory 6GiB, или спросите меньше",
            Lang::En => "\n    give it more with --memory, such as --memory 6GiB, or ask for less",
        };
    }
    // said by whichever library was writing
    if said.contains("No space left on device") {
        let is_ingest = error
            .downcast_ref::<IngestError>()
            .is_some_and(|error| !matches!(error, IngestError::Store(StoreError::Unsynced { .. })));
        said += match (is_ingest, lang) {
            (true, Lang::Ru) => "\n    на диске нет места, ничего не сохранено: освободите место и запустите снова",
            (true, Lang::En) => "\n    the disk is full, and nothing was stored: make room, and run it again",
            (false, Lang::Ru) => "\n    на диске нет места: освободите место и запустите снова",
            (false, Lang::En) => "\n    the disk is full: make room, and run it again",
        };
    }
    said
}

/// `voronka … | head` closes our stdout: that is the reader's right, not an error.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe))
}
