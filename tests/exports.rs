//! Exports as companies really have them: each file of `tests/exports/` is loaded with no mapping given, recognised, and
//! holds the figures that were typed by hand beside it.

use std::fs;
use std::path::Path;

use crate::support::{checkout, voronka};

/// Where only what is not asked of an export by name lies.
const BESIDE: [&str; 3] = ["ask.sql", "answer.csv", "preset.txt"];

/// What is wrong with the export in a folder.
fn loaded(folder: &Path) -> Result<(), String> {
    let text = |name: &str| fs::read_to_string(folder.join(name)).map_err(|e| format!("{name}: {e}"));
    let preset = text("preset.txt")?;
    let preset = preset.trim();
    let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
    let files: Vec<String> = fs::read_dir(folder)
        .map_err(|e| e.to_string())?
        .map(|entry| entry.unwrap().path())
        .filter(|path| !BESIDE.contains(&path.file_name().unwrap().to_str().unwrap()))
        .map(|path| path.display().to_string())
        .collect();
    let mut args = vec!["ingest", "--lang", "en"];
    args.extend(files.iter().map(String::as_str));
    let ran = voronka(dir.path(), &args);
    let told = |what: &str| format!("{what}\n{}{}", ran.out, ran.err);
    if ran.code != 0 {
        return Err(told("the ingest failed"));
    }
    if !ran.out.contains(&format!("read as `{preset}`")) {
        return Err(told(&format!("not recognised as `{preset}`")));
    }
    if ran.out.contains("in quarantine:") {
        return Err(told("something was refused"));
    }
    fs::copy(checkout("sample_data/regulation.toml"), dir.path().join("regulation.toml")).map_err(|e| e.to_string())?;
    let asked = voronka(dir.path(), &["sql", &text("ask.sql")?, "--format", "csv"]);
    let (expected, found) = (text("answer.csv")?, asked.out.trim_end().to_owned());
    if expected.trim_end() == found {
        return Ok(());
    }
    let mut differences = String::new();
    let (mut ours, mut theirs) = (found.lines(), expected.trim_end().lines());
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => break,
            (ours, theirs) if ours == theirs => {}
            (ours, theirs) => {
                differences += &format!("  typed {}\n  found {}\n", theirs.unwrap_or("-"), ours.unwrap_or("-"));
            }
        }
    }
    Err(told(&format!("{}{differences}", asked.err)))
}

#[test]
fn every_export_is_loaded_without_a_mapping_and_equals_what_was_typed() {
    #[allow(clippy::disallowed_methods)] // a test may read its environment
    let only = std::env::var("EXPORT").unwrap_or_default();
    let mut folders: Vec<_> =
        fs::read_dir(checkout("tests/exports")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.is_dir() && folder.to_string_lossy().contains(&only));
    folders.sort();
    assert!(!only.is_empty() || folders.len() >= 31, "{}", folders.len());
    let mut wrong = String::new();
    for folder in &folders {
        if let Err(what) = loaded(folder) {
            wrong += &format!("=== {}: {what}\n", folder.file_name().unwrap().to_string_lossy());
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
