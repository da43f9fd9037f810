//! Exports as companies really have them, a folder of `tests/exports/` each. `export::<name>`: the file is loaded with no mapping given,
//! recognised, and holds the figures that were typed by hand. `draft::<name>`: the draft that is made of the file as if no preset knew
//! it says what the preset says. `export::every_preset_has_one`: no preset is without an export.
//!
//! Beside the export lie
//! - `preset.txt`: the section of a preset that must recognise it;
//! - or, of a sheet that no preset can know, such as a plan: `mapping.toml`, by which it is loaded, and `told.txt`, what the summary must
//!   say, a line each; such a folder has no draft;
//! - `ask.sql`, `answer.csv`: a query on the store, and its answer, typed by hand;
//! - `draft.txt`: what the draft must say, a line each (`read as deals`, `sum 1,260,068.39`: the sum of its money, that of
//!   `answer.csv` but where a note says why not), and `asks NAME` for each of [`QUESTIONS`] that it must ask.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use voronka::draft::draft;
use voronka::export::Mapping;
use voronka::model::lang::Lang;

use crate::case::Case;
use crate::support::{checkout, voronka};

/// What is no part of the export itself.
const BESIDE: [&str; 6] = ["ask.sql", "answer.csv", "preset.txt", "draft.txt", "mapping.toml", "told.txt"];

/// Questions of a draft that are asked where they must be and nowhere else: name, and how the draft puts it.
const QUESTIONS: [(&str, &str); 2] =
    [("ignore_rows", "ignore_rows = { column = \"?\""), ("repeated", "repeated = \"?\"")];

/// Two tests for each folder, and one for all of them together.
pub fn cases() -> Vec<Case> {
    let folders = fs::read_dir(checkout("tests/exports")).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
    folders.sort();
    let both = |folder: PathBuf| {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let other = folder.clone();
        let has_draft = !folder.join("mapping.toml").exists();
        let draft = has_draft.then(|| Case::new(format!("draft::{name}"), move || drafted(&other)));
        std::iter::once(Case::new(format!("export::{name}"), move || loaded(&folder))).chain(draft)
    };
    let presets: BTreeSet<String> =
        folders.iter().filter_map(|folder| Some(text(folder, "preset.txt").ok()?.trim().to_owned())).collect();
    let mut cases: Vec<Case> = folders.into_iter().flat_map(both).collect();
    if !cases.is_empty() {
        cases.push(Case::new("export::every_preset_has_one", move || every_preset_is_among(&presets)));
    }
    cases
}

/// Fails if a section of the shipped presets is none of these.
fn every_preset_is_among(tested: &BTreeSet<String>) -> Result<(), String> {
    let shipped = Mapping::presets(Tz::Europe__Moscow).map_err(|problems| problems.to_string())?;
    let names = shipped.exports().map(|(name, _)| name);
    let without: Vec<&str> = names.filter(|name| !tested.contains(*name)).collect();
    match without.is_empty() {
        true => Ok(()),
        false => Err(format!("no folder of tests/exports names these in its preset.txt: {}", without.join(", "))),
    }
}

fn text(folder: &Path, name: &str) -> Result<String, String> {
    fs::read_to_string(folder.join(name)).map_err(|e| format!("{name}: {e}"))
}

/// The files of the export.
fn files(folder: &Path) -> Result<Vec<String>, String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| e.to_string())? {
        let path = entry.map_err(|e| e.to_string())?.path();
        if !BESIDE.contains(&path.file_name().unwrap().to_str().unwrap()) {
            files.push(path.display().to_string());
        }
    }
    files.sort();
    if files.is_empty() { Err(format!("no export in {}", folder.display())) } else { Ok(files) }
}

/// Loads the export without a mapping, and compares the answer of its query with what was typed.
fn loaded(folder: &Path) -> Result<(), String> {
    let (question, expected) = (text(folder, "ask.sql")?, text(folder, "answer.csv")?);
    let mapping = folder.join("mapping.toml");
    let is_mapped = mapping.exists();
    let told_of = match is_mapped {
        true => text(folder, "told.txt")?,
        false => format!("read as `{}`", text(folder, "preset.txt")?.trim()),
    };
    let mapping = mapping.display().to_string();
    let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
    let files = files(folder)?;
    let mut args = vec!["ingest", "--lang", "en"];
    if is_mapped {
        args.extend(["--mapping", &mapping]);
    }
    args.extend(files.iter().map(String::as_str));
    let ran = voronka(dir.path(), &args);
    let told = |what: &str| format!("{what}\n{}{}", ran.out, ran.err);
    if ran.code != 0 {
        return Err(told("the ingest failed"));
    }
    if let Some(line) = told_of.lines().find(|line| !ran.out.contains(*line)) {
        return Err(told(&format!("it does not say: {line}")));
    }
    if ran.out.contains("in quarantine:") {
        return Err(told("something was refused"));
    }
    fs::copy(checkout("sample_data/regulation.toml"), dir.path().join("regulation.toml")).map_err(|e| e.to_string())?;
    let asked = voronka(dir.path(), &["sql", &question, "--format", "csv"]);
    let found = asked.out.trim_end();
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

/// Drafts a mapping of the export's first file, and looks for what it must say and ask.
fn drafted(folder: &Path) -> Result<(), String> {
    let expected = text(folder, "draft.txt")?;
    let (scratch, files) = (tempfile::tempdir().map_err(|e| e.to_string())?, files(folder)?);
    let draft = draft(Path::new(&files[0]), scratch.path(), Lang::En, None).map_err(|e| e.to_string())?;
    let told = draft.told.join("\n");
    let lines = expected.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let (asked, said): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with("asks "));
    let asked: Vec<&str> = asked.iter().map(|line| line.trim_start_matches("asks ")).collect();
    if !said.iter().any(|line| line.starts_with("read as ")) {
        return Err("draft.txt does not say as which table the export is read".to_owned());
    }
    if let Some(name) = asked.iter().find(|name| QUESTIONS.iter().all(|(known, _)| known != *name)) {
        return Err(format!("draft.txt: `{name}` is none of the questions that this test knows"));
    }
    let mut wrong: Vec<String> =
        said.iter().filter(|line| !told.contains(**line)).map(|line| format!("does not say: {line}")).collect();
    for (name, question) in QUESTIONS {
        match (draft.text.contains(question), asked.contains(&name)) {
            (true, false) => wrong.push(format!("asks {name}, and need not")),
            (false, true) => wrong.push(format!("does not ask {name}")),
            _ => {}
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(format!("the draft\n  {}\n{told}\n{}", wrong.join("\n  "), draft.text)),
    }
}
