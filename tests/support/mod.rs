//! Running the binary as a user does.

pub mod lists;
pub mod proof;

use std::path::{Path, PathBuf};
use std::process::Command;

/// How a run ended.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// The standard output of a run that must have gone well.
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self.out
    }
}

/// Runs `voronka` in a folder.
pub fn voronka(dir: &Path, args: &[&str]) -> Ran {
    // what they say beside their rows would be Russian, as most regulations of the tests are
    let english = args
        .first()
        .filter(|command| ["check", "query", "rows", "sql", "log", "presets", "generate"].contains(command));
    let english = english.map(|_| ("VORONKA_LANG", "en"));
    let output = Command::new(env!("CARGO_BIN_EXE_voronka"))
        .args(args)
        .current_dir(dir)
        .env_remove("VORONKA_STORE")
        .env_remove("VORONKA_LANG")
        .envs(english)
        .env("NO_COLOR", "1")
        .output()
        .expect("the binary runs");
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A path inside the checkout.
pub fn checkout(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A made-up company of few clients in a folder, its exports loaded into `store`. Most time of a question goes to its plan anyway.
#[cfg(any(feature = "serve", feature = "cluster"))]
pub fn few_clients(dir: &Path, as_of: &str) {
    voronka(dir, &["generate", "--clients", "300", "--as-of", as_of, "--out", "."]).ok();
    std::fs::copy(checkout("sample_data/regulation.toml"), dir.join("regulation.toml")).unwrap();
    let names = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut exports: Vec<String> = names.filter(|name| name.ends_with(".csv")).collect();
    exports.sort();
    let args = ["ingest", "--store", "store", "--mapping", "mapping.toml"];
    voronka(dir, &args.into_iter().chain(exports.iter().map(String::as_str)).collect::<Vec<_>>()).ok();
}

/// The rows of a `--format csv` answer as header → value.
pub fn rows(csv: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            header.iter().map(str::to_owned).zip(record.iter().map(str::to_owned)).collect()
        })
        .collect()
}
