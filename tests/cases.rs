//! Companies of a few rows on which Voronka once went wrong, each with what is right. A case is a folder of `tests/cases`, or is
//! written in its test.

mod books;
mod calendar;
mod companies;
mod currencies;
mod damage;
mod dates;
mod drafts;
mod features;
mod funnel;
mod joining;
mod known;
mod lost;
mod money;
mod privacy;
mod report;
mod sums;
mod taken_away;
mod text;
mod verdicts;

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::{checkout, rows, voronka};

/// A company's folder: mapping, regulation, exports, store.
struct Case(tempfile::TempDir);

type Row = BTreeMap<String, String>;

impl Case {
    /// A copy of the folder `tests/cases/<name>`.
    fn of(name: &str) -> Case {
        let case = Case::new();
        for entry in std::fs::read_dir(checkout("tests/cases").join(name)).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, case.dir().join(path.file_name().unwrap())).unwrap();
        }
        case
    }

    /// An empty folder.
    fn new() -> Case {
        Case(tempfile::tempdir().unwrap())
    }

    fn dir(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file of the folder.
    fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.dir().join(name), text).unwrap();
    }

    /// Ingests these exports by `mapping.toml`: what was said of it.
    #[track_caller]
    fn ingest(&self, exports: &[&str]) -> String {
        self.run(&[&["ingest", "--mapping", "mapping.toml"], exports].concat())
    }

    /// Runs a command that must go well: its standard output.
    #[track_caller]
    fn run(&self, args: &[&str]) -> String {
        voronka(self.dir(), args).ok()
    }

    /// The rows of `voronka query`.
    #[track_caller]
    fn query(&self, args: &[&str]) -> Vec<Row> {
        rows(&self.run(&[&["query"], args, &["--format", "csv"]].concat()))
    }

    /// The rows of `voronka sql`.
    #[track_caller]
    fn sql(&self, query: &str) -> Vec<Row> {
        rows(&self.run(&["sql", query, "--format", "csv"]))
    }
}
