//! Every metric's proof: a few rows in, rows out, both written by hand beside the SQL (`queries/**/x.slt`).
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
//! regulation                     TOML that takes the place of tests/metrics/regulation.toml
//!
//! statement ok
//! reset                          forgets all rows
//!
//! query TI
//! metric funnel from 2025-03-01 to 2025-04-01 as-of 2025-04-15 by source show source,reached
//! ----
//! ```
//!
//! Without `as-of` the cut is the end of the period; without `show` all columns are shown.

mod ask;
mod rows;
mod show;

use std::path::{Path, PathBuf};

use sqllogictest::{DB, DBOutput, DefaultColumnType};
use tokio::runtime::{Builder, Runtime};
use voronka::metrics::Catalog;
use voronka::model::lang::Lang;
use voronka::regulation::Regulation;
use voronka::session::Session;

const REGULATION: &str = include_str!("metrics/regulation.toml");

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

/// DataFusion plans recursively; unoptimised builds need more than the usual 2 MiB for it.
const STACK: usize = 32 << 20;

/// What a proof talks to: rows in memory, written as a store's files before each question.
struct Bench {
    runtime: Runtime,
    catalog: Catalog,
    regulation: String,
    rows: rows::Rows,
}

impl Bench {
    fn new() -> Bench {
        let runtime = Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build().unwrap();
        // from the folder, not from the binary: a query that was changed is proven without building anything
        let catalog = Catalog::load(Some(&queries())).unwrap_or_else(|problems| panic!("{problems}"));
        Bench { runtime, catalog, regulation: REGULATION.into(), rows: rows::Rows::default() }
    }

    fn answer(&mut self, text: &str) -> Result<DBOutput<DefaultColumnType>, String> {
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        let words: Vec<&str> = first.split_whitespace().collect();
        match words.as_slice() {
            ["rows", table] => self.rows.add(table, rest)?,
            ["regulation"] => self.regulation = rest.to_owned(),
            ["reset"] => self.rows = rows::Rows::default(),
            ["metric", name, options @ ..] => {
                let (ask, shown) = ask::parse(options)?;
                let metric = self.catalog.get(name).map_err(|e| e.to_string())?;
                let (session, _files) = self.session(ask.as_of)?;
                let result = self.runtime.block_on(metric.run(&session, &ask)).map_err(|e| e.to_string())?;
                assert_eq!(result.columns.len(), result.batch.num_columns());
                return Ok(DBOutput::Rows { types: Vec::new(), rows: show::rows(&result.batch, &shown)? });
            }
            _ => {
                let (session, _files) = self.session(ask::FAR)?;
                let run = async {
                    session.sql(text).await.map_err(|e| e.to_string())?.collect().await.map_err(|e| e.to_string())
                };
                let mut rows = Vec::new();
                for batch in self.runtime.block_on(run)? {
                    rows.extend(show::rows(&batch, &[])?);
                }
                return Ok(DBOutput::Rows { types: Vec::new(), rows });
            }
        }
        Ok(DBOutput::StatementComplete(0))
    }

    fn session(&self, as_of: chrono::NaiveDate) -> Result<(Session, tempfile::TempDir), String> {
        let regulation = Regulation::parse("regulation.toml", &self.regulation).map_err(|e| e.to_string())?;
        let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
        let snapshot = self.rows.snapshot(dir.path(), regulation.calendar())?;
        let session = self.runtime.block_on(Session::open(&snapshot, &regulation, as_of, None));
        Ok((session.map_err(|e| e.to_string())?, dir))
    }
}

impl DB for Bench {
    type Error = Refused;
    type ColumnType = DefaultColumnType;

    fn run(&mut self, text: &str) -> Result<DBOutput<DefaultColumnType>, Refused> {
        self.answer(text).map_err(Refused)
    }
}

/// QUERIES=dir: another folder, such as that of another checkout.
fn queries() -> PathBuf {
    std::env::var_os("QUERIES").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("queries"), PathBuf::from)
}

/// All files under `queries/` with this ending.
fn files(ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut dirs = vec![queries()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => dirs.push(path),
                false if path.extension().is_some_and(|e| e == ending) => found.push(path),
                false => {}
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_metric_has_a_proof_and_every_proof_holds() {
    // pieces that metrics share are proven by these
    let is_piece = |sql: &PathBuf| sql.parent().is_some_and(|folder| folder.ends_with("shared"));
    let bare = |sql: &PathBuf| !is_piece(sql) && !sql.with_extension("slt").is_file();
    let without: Vec<PathBuf> = files("sql").into_iter().filter(bare).collect();
    assert!(without.is_empty(), "no proof beside {without:?}");
    let proofs = files("slt");
    assert!(!proofs.is_empty(), "no proof found");
    // PROOF=cooling: that one alone
    let only = std::env::var_os("PROOF").unwrap_or_default();
    let only = only.to_string_lossy();
    let failed: Vec<String> = std::thread::scope(|scope| {
        let run = |file: PathBuf| {
            let mut runner = sqllogictest::Runner::new(|| async { Ok(Bench::new()) });
            runner.run_file(&file).err().map(|e| format!("{}\n{}", file.display(), e.display(false)))
        };
        let chosen = proofs.into_iter().filter(|file| file.to_string_lossy().contains(&*only));
        let thread = || std::thread::Builder::new().stack_size(STACK);
        let threads: Vec<_> = chosen.map(|file| thread().spawn_scoped(scope, move || run(file)).unwrap()).collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(failed.is_empty(), "{} proofs failed\n\n{}", failed.len(), failed.join("\n\n"));
}

#[test]
fn the_page_of_metrics_is_up_to_date() {
    let catalog = Catalog::shipped();
    let mut stale = Vec::new();
    for (lang, file) in [(Lang::En, "metrics.md"), (Lang::Ru, "metrics.ru.md")] {
        let page = voronka::metrics::page(&catalog, lang);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(file);
        if std::fs::read_to_string(&path).unwrap_or_default() != page {
            let fresh = std::env::temp_dir().join(file);
            std::fs::write(&fresh, page).unwrap();
            stale.push(format!("cp {} docs/{file}", fresh.display()));
        }
    }
    assert!(stale.is_empty(), "the docs are not what the metrics say; make them anew:\n{}", stale.join("\n"));
}

/// The lines of a query that say something, outside of its front matter.
fn lines(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let sql = text.split_once("*/").map_or(text.as_str(), |(_, sql)| sql);
    sql.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// The length of the longest run of lines that two queries have in common, and where it ends in the first.
fn longest_run(one: &[String], other: &[String]) -> (usize, usize) {
    let (mut longest, mut before) = ((0, 0), vec![0; other.len() + 1]);
    for (at, line) in one.iter().enumerate() {
        let mut runs = vec![0; other.len() + 1];
        for (place, _) in other.iter().enumerate().filter(|(_, same)| *same == line) {
            runs[place + 1] = before[place] + 1;
            longest = longest.max((runs[place + 1], at));
        }
        before = runs;
    }
    longest
}

/// What two queries have in common stands in one: a metric that the other reads, or a piece of `queries/shared`.
#[test]
fn no_ten_lines_stand_in_two_queries() {
    let queries: Vec<_> = files("sql").into_iter().map(|file| (lines(&file), file)).collect();
    let mut copies = Vec::new();
    for (at, (one, file)) in queries.iter().enumerate() {
        for (other, second) in &queries[at + 1..] {
            let (length, end) = longest_run(one, other);
            if length >= 10 {
                let first = &one[end + 1 - length];
                copies.push(format!("{length} lines of {} and {}, from `{first}`", file.display(), second.display()));
            }
        }
    }
    assert!(copies.is_empty(), "copies between queries:\n{}", copies.join("\n"));
    let same = ["a", "b", "c"].map(str::to_owned);
    assert_eq!(longest_run(&same, &["x", "b", "c"].map(str::to_owned)), (2, 2));
}
