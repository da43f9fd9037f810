//! Every metric's proof: a few rows in, rows out, both written by hand beside the SQL (`queries/**/x.slt`). Each is a test of its
//! own, `proof::<folder>::<metric>`.
//!
//! What a proof may say, beside plain SQL:
//!
//! ```text
//! statement ok
//! rows deals                     CSV by canonical column names; times are the regulation's local ones
//! deal_id,created_at
//! A,2025-03-03 10:00
//!
//! statement ok
//! regulation                     TOML that takes the place of tests/files/proofs/regulation.toml
//!
//! statement ok
//! reset                          forgets all rows
//!
//! query TI
//! metric funnel from 2025-03-01 to 2025-04-01 as-of 2025-04-15 by source show source,reached
//! ----
//! ```
//!
//! Without `as-of` the cut is the end of the period; without `show` all columns are shown. A piece of `queries/shared/` is asked in the same
//! way: `piece NAME from … to … show a,b` (`proofs/piece.rs`); its rows come in the order of the group and the columns shown.
//!
//! `QUERIES=dir` takes another folder for `queries/`: a company's own metrics with their proofs, or those of another checkout. It says
//! where the cases are, which no filter of names can.

mod ask;
mod copies;
mod piece;
mod rows;
mod show;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use chrono::NaiveDate;
use sqllogictest::{DB, DBOutput, DefaultColumnType};
use tokio::runtime::{Builder, Runtime};
use voronka::metrics::{Ask, Catalog, Metric};
use voronka::regulation::Regulation;
use voronka::session::Session;
use voronka::store::Snapshot;

use crate::STACK;
use crate::case::{Case, files_of};
use crate::support::checkout;

const REGULATION: &str = include_str!("proofs/regulation.toml");

/// One for all proofs, and as many threads as there are cores.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build().unwrap());

/// From the folder, not from the binary: a query that was changed is proven without building anything.
static CATALOG: LazyLock<Result<Catalog, String>> =
    LazyLock::new(|| Catalog::load(Some(&queries())).map_err(|problems| problems.to_string()));

/// The regulation of proofs that state none.
static USUAL: LazyLock<Result<Regulation, String>> = LazyLock::new(|| regulation(REGULATION));

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

/// What a proof talks to: the rows given so far, and the store made of them once somebody asks.
struct Bench {
    catalog: &'static Catalog,
    regulation: Regulation,
    rows: rows::Rows,
    store: Option<Written>,
}

/// The rows as a store, with a session for each day as of which it was asked.
struct Written {
    snapshot: Snapshot,
    _files: tempfile::TempDir,
    sessions: BTreeMap<NaiveDate, Session>,
}

impl Bench {
    fn new() -> Result<Bench, Refused> {
        let told = |what: &String| Refused(what.clone());
        let (catalog, regulation) = (CATALOG.as_ref().map_err(told)?, USUAL.as_ref().map_err(told)?.clone());
        Ok(Bench { catalog, regulation, rows: rows::Rows::default(), store: None })
    }

    fn answer(&mut self, text: &str) -> Result<DBOutput<DefaultColumnType>, String> {
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        let words: Vec<&str> = first.split_whitespace().collect();
        match words.as_slice() {
            ["rows", table] => self.rows.add(table, rest)?,
            ["regulation"] => self.regulation = regulation(rest)?,
            ["reset"] => self.rows = rows::Rows::default(),
            ["metric", name, options @ ..] => {
                let (ask, shown) = ask::parse(options)?;
                let metric = self.catalog.get(name).map_err(|e| e.to_string())?;
                return self.rows_of(metric, &ask, &shown);
            }
            ["piece", name, options @ ..] => {
                let (ask, shown) = ask::parse(options)?;
                let (metric, shown) = piece::metric(self.catalog, name, &ask.by, &shown)?;
                return self.rows_of(&metric, &ask, &shown);
            }
            _ => {
                let session = self.session(ask::FAR)?;
                let run = async {
                    session.sql(text).await.map_err(|e| e.to_string())?.collect().await.map_err(|e| e.to_string())
                };
                let mut rows = Vec::new();
                for batch in RUNTIME.block_on(run)? {
                    rows.extend(show::rows(&batch, &[])?);
                }
                return Ok(DBOutput::Rows { types: Vec::new(), rows });
            }
        }
        // what is asked from here on is asked of other rows, or by another regulation
        self.store = None;
        Ok(DBOutput::StatementComplete(0))
    }

    fn rows_of(&mut self, metric: &Metric, ask: &Ask, shown: &[String]) -> Result<DBOutput<DefaultColumnType>, String> {
        let session = self.session(ask.as_of)?;
        let result = RUNTIME.block_on(metric.run(session, ask)).map_err(|e| e.to_string())?;
        assert_eq!(result.columns.len(), result.batch.num_columns());
        Ok(DBOutput::Rows { types: Vec::new(), rows: show::rows(&result.batch, shown)? })
    }

    /// The session as of a day on the rows given so far.
    fn session(&mut self, as_of: NaiveDate) -> Result<&Session, String> {
        let store = match self.store.take() {
            Some(store) => store,
            None => {
                let files = tempfile::tempdir().map_err(|e| e.to_string())?;
                let snapshot = self.rows.snapshot(files.path(), self.regulation.calendar())?;
                Written { snapshot, _files: files, sessions: BTreeMap::new() }
            }
        };
        let store = self.store.insert(store);
        match store.sessions.entry(as_of) {
            std::collections::btree_map::Entry::Occupied(session) => Ok(session.into_mut()),
            std::collections::btree_map::Entry::Vacant(place) => {
                let session = RUNTIME.block_on(Session::open(&store.snapshot, &self.regulation, as_of, None));
                Ok(place.insert(session.map_err(|e| e.to_string())?))
            }
        }
    }
}

impl DB for Bench {
    type Error = Refused;
    type ColumnType = DefaultColumnType;

    fn run(&mut self, text: &str) -> Result<DBOutput<DefaultColumnType>, Refused> {
        self.answer(text).map_err(Refused)
    }
}

fn regulation(text: &str) -> Result<Regulation, String> {
    Regulation::parse("regulation.toml", text).map_err(|problems| problems.to_string())
}

/// The folder of metrics and proofs.
fn queries() -> PathBuf {
    std::env::var_os("QUERIES").map_or_else(|| checkout("queries"), PathBuf::from)
}

/// All files under `queries/` with this ending.
fn files(ending: &str) -> Vec<PathBuf> {
    let mut files = files_of(&queries());
    files.retain(|file| file.extension().is_some_and(|e| e == ending));
    files
}

/// A test for each query and each proof, and one for all queries together.
pub fn cases() -> Vec<Case> {
    let queries = files("sql").into_iter().map(|sql| sql.with_extension("slt"));
    let proofs: BTreeSet<PathBuf> = queries.chain(files("slt")).collect();
    let mut cases: Vec<Case> = proofs.into_iter().map(|file| Case::new(name(&file), move || prove(&file))).collect();
    if !cases.is_empty() {
        cases.push(Case::new("proof::no_ten_lines_stand_in_two_queries", copies::check));
    }
    cases
}

/// `proof::funnel::cooling` of `queries/funnel/cooling.slt`.
fn name(file: &Path) -> String {
    let within = file.strip_prefix(queries()).unwrap().with_extension("");
    let parts = within.iter().map(|part| part.to_string_lossy().into_owned());
    std::iter::once("proof".to_owned()).chain(parts).collect::<Vec<_>>().join("::")
}

/// Whether a file of `queries/` is, or proves, a piece that metrics share.
fn is_piece(file: &Path) -> bool {
    file.parent().is_some_and(|folder| folder.ends_with("shared"))
}

/// Runs a proof; it must be beside its metric or piece, and ask it.
fn prove(file: &Path) -> Result<(), String> {
    let metric = file.with_extension("sql");
    if !metric.is_file() {
        return Err(format!("{} is the proof of no metric: there is no {}", file.display(), metric.display()));
    }
    let text = std::fs::read_to_string(file).map_err(|e| format!("no proof {}: {e}", file.display()))?;
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let asks = if is_piece(file) { "piece" } else { "metric" };
    if !text.lines().any(|line| line.starts_with(&format!("{asks} {name} "))) {
        return Err(format!("{} never asks `{asks} {name}`: it proves nothing of it", file.display()));
    }
    let mut runner = sqllogictest::Runner::new(|| async { Bench::new() });
    runner.run_file(file).map_err(|e| format!("{}\n{}", file.display(), e.display(false)))
}
