//! The dirt of real exports, each in a small export with what became of it: the value that the store holds, the reason in
//! the quarantine, or the refusal. Nothing is guessed and nothing is dropped in silence.

mod forms;
mod ids;
pub mod make;
mod personal;
mod rows;
mod safety;
mod times;
mod values;

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Ran, checkout, voronka};

/// A company with a mapping and the sample regulation.
struct Company {
    dir: tempfile::TempDir,
}

impl Company {
    fn new(mapping: &str) -> Company {
        let company = Company { dir: tempfile::tempdir().unwrap() };
        company.put("mapping.toml", mapping);
        fs::copy(checkout("sample_data/regulation.toml"), company.path("regulation.toml")).unwrap();
        company
    }

    /// A company whose mapping has one section for deals: `keys` of the export, `columns` beside the id.
    fn with_deals(keys: &str, columns: &str) -> Company {
        Company::new(&deals(keys, columns))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn run(&self, args: &[&str]) -> Ran {
        voronka(self.dir.path(), args)
    }

    fn ingest(&self, exports: &[&str]) -> Ran {
        let args = ["ingest", "--lang", "en", "--mapping", "mapping.toml"];
        self.run(&[&args, exports].concat())
    }

    /// The summary of an ingest that must go well.
    fn loads(&self, exports: &[&str]) -> String {
        self.ingest(exports).ok()
    }

    /// The message of an ingest that must be refused as a whole: the store has nothing of it.
    fn refuses(&self, exports: &[&str]) -> String {
        let version = |company: &Company| fs::read_dir(company.path("store/ingests")).map_or(0, Iterator::count);
        let before = version(self);
        let ran = self.ingest(exports);
        assert_eq!(ran.code, 2, "it was not refused:\n{}{}", ran.out, ran.err);
        assert_eq!(version(self), before, "something was stored:\n{}", ran.err);
        ran.err.replace(&format!("{}/", self.dir.path().display()), "")
    }

    /// The rows of a query as lines of CSV, without the header.
    fn sql(&self, query: &str) -> Vec<String> {
        let answer = self.run(&["sql", query, "--format", "csv"]).ok();
        answer.lines().skip(1).map(str::to_owned).collect()
    }

    /// One column of text of all deals, in the order of their ids.
    fn of_deals(&self, column: &str) -> Vec<String> {
        self.sql(&format!("SELECT {column} FROM deals ORDER BY deal_id"))
    }

    /// What is in quarantine: the line, the export's column, the value, the reason.
    fn quarantine(&self) -> Vec<String> {
        self.sql("SELECT concat_ws(' | ', line, \"column\", value, reason) FROM quarantine ORDER BY file, line")
            .iter()
            .map(|line| line.trim_matches('"').replace("\"\"", "\""))
            .collect()
    }
}

fn deals(keys: &str, columns: &str) -> String {
    format!(
        "zone = \"Europe/Moscow\"\n[[export]]\nname = \"deals\"\n{keys}\n[[export.table]]\nfill = \"deals\"\n\
         [export.table.columns]\ndeal_id = \"ID\"\n{columns}\n"
    )
}

/// Every file below a folder, with its bytes.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push((path.clone(), fs::read(&path).unwrap())),
        }
    }
    found.sort();
    found
}

/// Asserts that a text has all of these parts, and shows it where it has not.
#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "this is not said: {part}\n--- but:\n{text}");
    }
}
