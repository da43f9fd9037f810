//! The exports of `tests/exports` as if no preset knew them: their drafts say what the presets say.

use std::fs;

use super::First;
use crate::support::{checkout, voronka};
use voronka::ingest::draft;
use voronka::model::lang::Lang;

/// Of each made export: the table that its draft fills, and the rows and money that it tells of.
const MADE: [(&str, &str, &str); 0] = [];

#[test]
fn the_draft_of_a_made_export_says_what_it_is_and_what_it_holds() {
    let mut found = String::new();
    let mut folders: Vec<_> =
        fs::read_dir(checkout("tests/exports")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    for folder in folders {
        let export = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let of_test = |path: &std::path::Path| {
            ["ask.sql", "answer.csv", "preset.txt"].contains(&path.file_name().unwrap().to_str().unwrap())
        };
        let export = export.filter(|path| !of_test(path)).next().unwrap();
        let drafted = draft(&export, &std::env::temp_dir(), Lang::En, None).unwrap();
        found += &format!(
            "=== {}\n{}\n{}\n",
            folder.file_name().unwrap().to_str().unwrap(),
            drafted.told.join("\n"),
            drafted.text
        );
    }
    fs::write("/tmp/drafts/made.txt", found).unwrap();
}
