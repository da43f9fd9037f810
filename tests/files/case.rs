//! A case: a test that is made when the tests run, and the golden file that `BLESS=1` writes for it.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::support::checkout;

/// How much of a line is shown around the place where it differs, in characters.
const SHOWN: usize = 160;

/// How many lines that differ are shown, of what was expected and of what was found.
const LINES: usize = 12;

/// A test with a name. An error says what is wrong.
pub struct Case {
    pub name: String,
    /// The golden files that it compares, as paths in the checkout.
    golden: Vec<String>,
    pub run: Box<dyn FnOnce() -> Result<(), String> + Send>,
}

impl Case {
    /// A test that compares nothing with golden files.
    pub fn new(name: impl Into<String>, run: impl FnOnce() -> Result<(), String> + Send + 'static) -> Case {
        Case { name: name.into(), golden: Vec::new(), run: Box::new(run) }
    }

    /// A test that compares what `make` gives with a golden file of the checkout, byte for byte.
    pub fn golden(
        name: impl Into<String>,
        file: impl Into<String>,
        make: impl FnOnce() -> Result<String, String> + Send + 'static,
    ) -> Case {
        let (name, file) = (name.into(), file.into());
        let (test, expected) = (name.clone(), file.clone());
        let run = move || same(&test, &expected, make()?.as_bytes());
        Case { name, golden: vec![file], run: Box::new(run) }
    }

    /// A test that cannot run, and says why.
    pub fn broken(name: impl Into<String>, why: String) -> Case {
        Case::new(name, || Err(why))
    }
}

/// The cases under the name of their family. A family without cases is a failure: its files are not where they are looked for.
pub fn family(name: &str, cases: Vec<Case>) -> Vec<Case> {
    if cases.is_empty() {
        return vec![Case::broken(format!("{name}::none"), format!("no case of `{name}` was found"))];
    }
    cases
}

/// Two cases of one name could not be told apart in a filter.
pub fn assert_distinct(cases: &[Case]) {
    let mut names = BTreeSet::new();
    for case in cases {
        assert!(names.insert(&case.name), "two tests are named {}", case.name);
    }
}

/// A test that fails if files lie in these folders of golden files that no case compares.
pub fn left_over(cases: &[Case], folders: &'static [&str]) -> Case {
    let compared: BTreeSet<String> = cases.iter().flat_map(|case| case.golden.clone()).collect();
    Case::new("golden::no_file_is_left_over", move || {
        let files = folders.iter().flat_map(|folder| files_of(&checkout(folder)));
        let names = files.map(|file| file.strip_prefix(checkout("")).unwrap().to_str().unwrap().replace('\\', "/"));
        let hidden = |file: &String| file.rsplit('/').next().is_some_and(|name| name.starts_with('.'));
        let left: Vec<String> = names.filter(|file| !hidden(file) && !compared.contains(file)).collect();
        match left.is_empty() {
            true => Ok(()),
            false => Err(format!("no test compares these files; delete them: {}", left.join(", "))),
        }
    })
}

/// All files under a folder, in order.
pub fn files_of(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// Compares bytes with a golden file of the checkout; with `BLESS=1` writes the file instead. `test` is the name to bless by.
pub fn same(test: &str, file: &str, found: &[u8]) -> Result<(), String> {
    let path = checkout(file);
    let expected = match fs::read(&path) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(format!("{file}: {error}")),
    };
    if expected.as_deref() == Some(found) {
        return Ok(());
    }
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        let write = fs::create_dir_all(path.parent().unwrap()).and_then(|()| fs::write(&path, found));
        return write.map_err(|error| format!("{file}: {error}"));
    }
    let (what, reading) = match expected {
        None => (format!("{file} is missing"), file.to_owned()),
        Some(expected) => {
            let (expected, found) = (String::from_utf8_lossy(&expected), String::from_utf8_lossy(found));
            (difference(file, &expected, &found), format!("git diff {file}"))
        }
    };
    Err(format!("{what}\nto accept: BLESS=1 cargo test --test files {test}\nthen read: {reading}"))
}

/// The lines that differ: what stands between the equal ones at the beginning and those at the end, each around the first character
/// that differs.
fn difference(file: &str, expected: &str, found: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.split('\n').collect(), found.split('\n').collect());
    let begin = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let (old, new) = (&old[begin..], &new[begin..]);
    if old.is_empty() && new.is_empty() {
        return format!("{file} differs in bytes that are not UTF-8");
    }
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(one, other)| one == other).count();
    let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);
    let mut text = format!("{file} differs from line {} (- expected, + found)", begin + 1);
    for (mark, lines, others) in [('-', old, new), ('+', new, old)] {
        for (at, line) in lines.iter().enumerate().take(LINES) {
            text += &format!(
                "\n  {mark} {}",
                around(line, others.get(at).map_or(0, |other| first_difference(line, other)))
            );
        }
        if lines.len() > LINES {
            text += &format!("\n  {mark} and {} more lines", lines.len() - LINES);
        }
    }
    text
}

/// The first character of a line that differs from another line's; 0 if none does.
fn first_difference(line: &str, other: &str) -> usize {
    line.chars().zip(other.chars()).position(|(one, other)| one != other).unwrap_or(0)
}

/// The part of a line around a character, with marks where it was cut.
fn around(line: &str, at: usize) -> String {
    let begin = at.saturating_sub(SHOWN / 4);
    let part: String = line.chars().skip(begin).take(SHOWN).collect();
    let (before, after) = (begin > 0, line.chars().count() > begin + SHOWN);
    format!("{}{part:?}{}", if before { "…" } else { "" }, if after { "…" } else { "" })
}
