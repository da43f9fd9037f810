//! The arguments as typed.

use std::io::IsTerminal as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use chrono::NaiveDate;
use clap::builder::FalseyValueParser;
use clap::{Args as Group, Parser, Subcommand, ValueEnum};

use super::node::Node;
use super::serve_args::Serve;
pub use super::speaks::{Language, Speaks};
use super::typed::{bytes, day, held, pair, slow_month, span, strength, whole};
use crate::export::Taken;

/// Turns CRM and advertising exports into a weekly report, judged against your own sales regulation.
#[derive(Debug, Parser)]
#[command(name = "voronka", version, propagate_version = false, max_term_width = 110)]
#[command(
    after_help = "Start with `voronka demo`, then `voronka init my-company`, which writes a README.md of what to do next.\n\
    С чего начать: `voronka demo`, затем `voronka init my-company` — в новой папке README.md с шагами по-русски.\n\
    Exit codes: 0 fine, 1 a check found problems, a file of an ingest gave no row or a report did not go out, 2 an error."
)]
pub struct Args {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub aside: Aside,
    #[command(subcommand)]
    pub command: Command,
}

/// Where things lie.
#[derive(Debug, Clone, Group)]
#[command(next_help_heading = "Where things lie (not for demo, init and generate)")]
pub struct Place {
    /// The store: the folder that ingests fill and reports read, or s3://bucket/path.
    #[arg(long, global = true, value_name = "DIR", default_value = "store", env = "VORONKA_STORE")]
    #[arg(num_args = 0..=1, default_missing_value = "store")]
    pub store: PathBuf,
    /// The sales regulation [default: regulation.toml here, or beside the store].
    #[arg(long, global = true, value_name = "FILE")]
    pub regulation: Option<PathBuf>,
}

/// What a command says beside its answer.
#[derive(Debug, Group)]
#[command(next_help_heading = "Beside the answer")]
pub struct Aside {
    /// Tells on standard error how long each stage took.
    #[arg(long, global = true)]
    pub timings: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs everything on a small made-up company: exports → store → weekly report.
    Demo(Demo),
    /// Starts a company folder: a commented regulation, a mapping, notes on what to export.
    Init(Init),
    /// Writes the exports of a synthetic company, with known effects planted in them.
    Generate(Generate),
    /// Finds all problems in regulations, mappings, metrics and report definitions, and reads whether the store is whole.
    Check(Check),
    /// Loads exports into the store: all of them, or nothing.
    Ingest(Ingest),
    /// Lists what waits in quarantine by reason, and writes the rows out to be mended.
    Quarantine(Quarantine),
    /// Lists the presets by which exports are read without a mapping, or prints one.
    Presets {
        /// The preset to print, to begin a mapping of your own with.
        name: Option<String>,
        #[command(flatten)]
        speaks: Speaks,
    },
    /// Lists the ingests, newest first; or what was sent to whom.
    Log(Log),
    /// Lists the metrics: by what each can be split, and which data it needs.
    Metrics(Metrics),
    /// Computes one metric and prints it.
    Query(Query),
    /// Lists what a figure of a metric counts: its deals, clients or events.
    Rows(Rows),
    /// Runs one SQL query, or opens a shell with history and completion.
    Sql(Sql),
    /// Makes a report, such as the weekly one, as files to open and to send on.
    Report(Report),
    /// Sends the reports that are due to those whom delivery.toml names, each once: by mail, Telegram, MAX or to an address of yours.
    Send(Send),
    /// Lets clients of PostgreSQL and browsers ask, each within the rows that are theirs.
    Serve(Serve),
    /// Runs a node of a cluster, on which `--cluster` computes.
    Cluster {
        #[command(subcommand)]
        node: Node,
    },
    /// Prints shell completions.
    Completions {
        /// The shell to print them for.
        shell: clap_complete::Shell,
    },
    /// Prints the manual page, as `voronka man | man -l -` shows it.
    Man {
        /// The command whose page to print [default: the page of voronka itself].
        name: Option<String>,
    },
}

#[derive(Debug, Group)]
pub struct Demo {
    /// Where to put the exports, the store and the report.
    #[arg(long, value_name = "DIR", default_value = "demo")]
    pub out: PathBuf,
    /// The report's language.
    #[arg(long, value_enum, default_value = "ru")]
    pub lang: Language,
}

#[derive(Debug, Group)]
pub struct Init {
    /// The folder to make.
    pub dir: PathBuf,
    /// The language of the comments and notes.
    #[arg(long, value_enum, default_value = "ru")]
    pub lang: Language,
}

#[derive(Debug, Group)]
pub struct Generate {
    /// How many clients.
    #[arg(long, value_name = "N")]
    pub clients: u64,
    /// The same seed gives the same company.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// The day the exports are made; history runs up to it.
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub as_of: NaiveDate,
    /// How many listings of the deals to write as well, a week apart, each as they stood at the end of its day.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=104))]
    pub snapshots: u32,
    /// How strongly demand swings over the year: 0 not at all, 1 as usual.
    #[arg(long, value_name = "TIMES", default_value_t = 1.0, value_parser = strength)]
    pub season: f64,
    /// A month in which fewer leads come, and what part of the usual: 2025-05=0.5.
    #[arg(long, value_name = "MONTH=PART", value_parser = slow_month)]
    pub slow_month: Option<(NaiveDate, f64)>,
    /// The folder to write to.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    #[command(flatten)]
    pub speaks: Speaks,
}

#[derive(Debug, Group)]
pub struct Check {
    /// Regulations, mappings, report definitions (.toml) and metrics (.sql); none: those of this folder, and the store.
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub speaks: Speaks,
}

#[derive(Debug, Group)]
pub struct Ingest {
    /// The mapping: which export column is which of ours, in which format [default: the preset that fits the header].
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// The time zone of the times in exports read by a preset [default: the regulation's, or Europe/Moscow].
    #[arg(long, value_name = "ZONE", conflicts_with = "mapping")]
    pub zone: Option<chrono_tz::Tz>,
    /// When they were taken, where their names do not say it: 2025-03-03 (to the end of that day), 2025-03-03T18:00.
    #[arg(long, value_name = "WHEN")]
    pub taken: Option<Taken>,
    /// The summary's language [default: the regulation's, or Russian].
    #[arg(long, value_enum, env = "VORONKA_LANG")]
    pub lang: Option<Language>,
    /// The exports, such as exports/*.csv: CSV, Excel, HTML tables, JSON lines, Parquet; gz and zip of them; folders; `-` or a
    /// pipe is read to its end first.
    #[arg(required = true, value_name = "EXPORT")]
    pub exports: Vec<PathBuf>,
}

#[derive(Debug, Group)]
#[command(disable_version_flag = true)]
pub struct Quarantine {
    /// Only what was refused of this export, by its file's name.
    #[arg(long, value_name = "NAME", value_parser = whole)]
    pub file: Option<String>,
    /// Writes the rows into this folder, a file for each export, to be mended and ingested again.
    #[arg(long, value_name = "DIR", conflicts_with = "format")]
    pub out: Option<PathBuf>,
    /// The language of the reasons [default: the regulation's, or Russian].
    #[arg(long, value_enum, env = "VORONKA_LANG")]
    pub lang: Option<Language>,
    /// How to print the list.
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
    /// Opens the store as it was after ingest N (`voronka log` lists them).
    #[arg(long, value_name = "N", id = "store_version", long = "version")]
    pub version: Option<u64>,
}

#[derive(Debug, Group)]
pub struct Log {
    /// Lists what was sent to whom, the newest first, and not the ingests.
    #[arg(long)]
    pub sent: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
    #[command(flatten)]
    pub speaks: Speaks,
}

#[derive(Debug, Group)]
pub struct Metrics {
    /// The language of the titles [default: the regulation's, or Russian].
    #[arg(long, value_enum, env = "VORONKA_LANG")]
    pub lang: Option<Language>,
    /// The metric to describe in full; none: a list of all.
    pub name: Option<String>,
}

impl Command {
    /// The language that was asked for.
    pub fn lang(&self) -> Option<Language> {
        match self {
            Command::Demo(demo) => Some(demo.lang),
            Command::Init(init) => Some(init.lang),
            Command::Check(check) => check.speaks.lang,
            Command::Ingest(ingest) => ingest.lang,
            Command::Quarantine(quarantine) => quarantine.lang,
            Command::Log(log) => log.speaks.lang,
            Command::Metrics(metrics) => metrics.lang,
            Command::Query(query) => query.speaks.lang,
            Command::Rows(rows) => rows.query.speaks.lang,
            Command::Sql(sql) => sql.speaks.lang,
            Command::Report(report) => report.lang,
            Command::Send(send) => send.speaks.lang,
            Command::Generate(generate) => generate.speaks.lang,
            Command::Presets { speaks, .. } => speaks.lang,
            Command::Serve(serve) => serve.lang(),
            Command::Cluster { node } => node.speaks().lang,
            Command::Completions { .. } | Command::Man { .. } => None,
        }
    }

    /// After what time the command gives up.
    pub fn timeout(&self) -> Option<Duration> {
        match self {
            Command::Query(query) => query.reading.timeout,
            Command::Rows(rows) => rows.query.reading.timeout,
            Command::Report(report) => report.reading.timeout,
            Command::Send(send) => send.reading.timeout,
            Command::Sql(sql) if sql.query.is_some() || !std::io::stdin().is_terminal() => sql.reading.timeout,
            _ => None,
        }
    }
}

/// What `--memory` is where nobody says otherwise.
pub const MEMORY: usize = 3 << 29;

/// What every reading command may be told.
#[derive(Debug, Group)]
#[command(disable_version_flag = true)]
pub struct Reading {
    /// The day the answer is for: metrics and reports see nothing that happened on or after it, and a report is about the last
    /// whole week before it [default: tomorrow, so that today counts]. Of a deal, only what has a time can be seen as it was then:
    /// moves, contacts, closing. Manager, source, amount and other columns are as now known (--version opens the store as it was
    /// after an ingest), and so are the tables that `sql` and `shell` read: those are never cut.
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub as_of: Option<NaiveDate>,
    /// Opens the store as it was after ingest N (`voronka log` lists them).
    #[arg(long, value_name = "N", id = "store_version", long = "version")]
    pub version: Option<u64>,
    /// How much memory sorting, grouping and joining may take, such as 512MiB; what is more goes to the disk.
    #[arg(long, value_name = "SIZE", value_parser = bytes, default_value = "1536MiB")]
    pub memory: usize,
    /// Gives up after so long, such as 30s, 10m or 2h; a shell has no limit [default: none].
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub timeout: Option<Duration>,
    /// Computes everything anew. Otherwise answers of the same store, regulation and question are read from the folder beside the store
    /// (its name with `.answers` behind it), where they are kept; it may be deleted at any time.
    #[arg(long, env = "VORONKA_FRESH", value_parser = FalseyValueParser::new())]
    pub fresh: bool,
    /// Computes on a cluster, whose scheduler is at this address (`voronka cluster --help`). The store must lie under the same path on
    /// all its nodes.
    #[arg(long, value_name = "HOST:PORT", env = "VORONKA_CLUSTER")]
    pub cluster: Option<String>,
    /// The folder with the certificates by which the cluster's nodes know each other (--tls of a node), if they have any.
    #[arg(long, value_name = "DIR", env = "VORONKA_CLUSTER_TLS")]
    pub cluster_tls: Option<PathBuf>,
    /// Into how many parts a query is cut for the cluster [default: by the size of the store, 1 to 8].
    #[arg(long, value_name = "N", requires = "cluster")]
    pub parts: Option<NonZeroUsize>,
}

#[derive(Debug, Group)]
#[command(disable_version_flag = true)]
pub struct Query {
    /// The metric's name (`voronka metrics` lists them).
    pub metric: String,
    /// The first day [default: the beginning].
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub from: Option<NaiveDate>,
    /// The day after the last [default: the day of --as-of].
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub to: Option<NaiveDate>,
    /// The dimensions to split by, such as source,branch (`voronka metrics` lists them).
    #[arg(long, value_name = "DIM,…", value_delimiter = ',')]
    pub by: Vec<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
    /// The file to write to [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub speaks: Speaks,
    #[command(flatten)]
    pub reading: Reading,
}

#[derive(Debug, Group)]
#[command(disable_version_flag = true)]
pub struct Rows {
    /// The column whose figures are listed [default: the metric's first that can be].
    #[arg(long, value_name = "COLUMN")]
    pub column: Option<String>,
    /// Lists only figures of the rows that have this value of a column of `voronka query`, such as --only source=site or
    /// --only title="First contact in time"; no value for an empty cell. May be given several times: all must fit.
    #[arg(long, value_name = "COLUMN=VALUE", value_parser = pair)]
    pub only: Vec<(String, String)>,
    /// Ends after so many rows, and says so.
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    #[command(flatten)]
    pub query: Query,
}

#[derive(Debug, Group)]
#[command(disable_version_flag = true)]
pub struct Sql {
    /// The query; none: a shell, or standard input where that is a pipe.
    pub query: Option<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
    /// The file to write to [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub speaks: Speaks,
    #[command(flatten)]
    pub reading: Reading,
}

#[derive(Debug, Group)]
#[command(disable_version_flag = true)]
pub struct Report {
    /// The report's name, such as `weekly`, or a definition file.
    pub name: String,
    /// The language [default: the regulation's].
    #[arg(long, value_enum, env = "VORONKA_LANG")]
    pub lang: Option<Language>,
    /// The folder to write to.
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub out: PathBuf,
    /// Only rows with this value of a dimension, such as `branch=Север`; may stand several times.
    #[arg(long = "where", value_name = "DIM=VALUE", value_parser = held)]
    pub only: Vec<(String, String)>,
    /// The one whom the report is for: a manager's name; of the handbook a role, such as `specialist`, `supervisor`, `head`,
    /// `marketing` or `quality`.
    #[arg(long = "for", value_name = "NAME", value_parser = whole, conflicts_with = "for_each")]
    pub person: Option<String>,
    /// A report for each value of a dimension, such as `manager`: nobody's holds another's rows; of the handbook, `role` for each
    /// role.
    #[arg(long, value_name = "DIM", value_parser = whole)]
    pub for_each: Option<String>,
    /// Unfolds everything: a report that folds its tables and findings away is then whole on paper too.
    #[arg(long)]
    pub full: bool,
    /// What to write: html, xlsx, pdf, csv, svg, png.
    #[arg(long, value_name = "FORMAT,…", value_delimiter = ',', default_value = "html")]
    pub format: Vec<String>,
    #[command(flatten)]
    pub reading: Reading,
}

#[derive(Debug, Group)]
#[command(disable_version_flag = true)]
pub struct Send {
    /// Who gets what [default: delivery.toml here, or beside the store].
    pub file: Option<PathBuf>,
    /// Writes what would be sent into this folder, and sends nothing: letters as .eml, calls as .json. Needs no secrets.
    #[arg(long, value_name = "DIR")]
    pub dry_run: Option<PathBuf>,
    /// Only to this recipient; may stand several times.
    #[arg(long, value_name = "NAME", value_parser = whole)]
    pub to: Vec<String>,
    /// Only this report; may stand several times.
    #[arg(long, value_name = "NAME")]
    pub report: Vec<String>,
    /// Sends again what may have arrived: an attempt that was cut off before its answer is otherwise told, and not made again.
    #[arg(long)]
    pub resend_unknown: bool,
    #[command(flatten)]
    pub speaks: Speaks,
    #[command(flatten)]
    pub reading: Reading,
}

/// How tables are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// Comma-separated, with a header.
    Csv,
    /// An array of objects.
    Json,
    /// A Parquet file.
    Parquet,
    /// An Excel workbook.
    Xlsx,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_memory_is_what_the_help_says() {
        let Ok(Args { command: Command::Sql(sql), .. }) = Args::try_parse_from(["voronka", "sql"]) else { panic!() };
        assert_eq!(sql.reading.memory, MEMORY);
    }
}
