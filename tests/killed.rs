//! An ingest killed at any moment leaves the store as it was before, and the next run completes.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{checkout, rows, voronka};

const COUNTS: &str = "SELECT (SELECT count(*) FROM deals) AS deals, (SELECT count(DISTINCT deal_id) FROM deals) AS ids, \
    (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM journeys) AS journeys, \
    (SELECT sum(amount) FROM deals) AS amount, (SELECT count(*) FROM spend) AS spend";

fn ingest_args(company: &Path) -> Vec<String> {
    let mut args = vec!["ingest".to_owned(), "--mapping".to_owned(), "mapping.toml".to_owned()];
    let names = fs::read_dir(company).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut exports: Vec<String> = names.filter(|name| name.ends_with(".csv")).collect();
    exports.sort();
    args.extend(exports);
    args
}

/// A folder with the sample company's exports, and how long one ingest of them takes.
fn company() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(checkout("sample_data")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, dir.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    dir
}

fn run(company: &Path, args: &[String]) -> String {
    voronka(company, &args.iter().map(String::as_str).collect::<Vec<_>>()).ok()
}

fn kill_after(company: &Path, args: &[String], wait: Duration) -> bool {
    let mut child = Command::new(env!("CARGO_BIN_EXE_voronka"))
        .args(args)
        .current_dir(company)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(wait);
    child.kill().ok();
    !child.wait().unwrap().success()
}

#[test]
fn an_ingest_killed_at_any_moment_leaves_the_store_whole() {
    let whole = company();
    let args = ingest_args(whole.path());
    let began = Instant::now();
    run(whole.path(), &args);
    let takes = began.elapsed();
    let expected = voronka(whole.path(), &["sql", COUNTS, "--format", "csv"]).ok();

    let beaten = company();
    let (mut killed, mut completed) = (0, false);
    const MOMENTS: u32 = 16;
    for moment in 0..MOMENTS {
        killed += u32::from(kill_after(beaten.path(), &args, takes * moment / MOMENTS));
        if !beaten.path().join("store").exists() {
            continue;
        }
        let log = voronka(beaten.path(), &["log", "--format", "csv"]);
        if log.code != 0 || rows(&log.out).is_empty() {
            // nothing was ever completed: either there is no store yet, or it is empty and says so
            assert!(log.code == 0 || log.err.contains("not a store"), "{}", log.err);
            assert!(!completed, "an ingest that was complete is gone after a kill at {moment}/{MOMENTS}");
            continue;
        }
        completed = true;
        let counts = voronka(beaten.path(), &["sql", COUNTS, "--format", "csv"]).ok();
        assert_eq!(counts, expected, "after a kill at {moment}/{MOMENTS} of an ingest");
    }
    assert!(killed > 0, "no run was killed: this test proved nothing");
    run(beaten.path(), &args);
    assert_eq!(voronka(beaten.path(), &["sql", COUNTS, "--format", "csv"]).ok(), expected);
}
