//! A case: a test that is made when the tests run, and the golden file that `BLESS=1` writes for it.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::support::checkout;

/// How much of a line is shown around the place where it differs, in characters.
const SHOWN: usize = 160;

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
    let what = match expected {
        None => format!("{file} is missing"),
        Some(expected) => {
            let (expected, found) = (String::from_utf8_lossy(&expected), String::from_utf8_lossy(found));
            difference(file, &expected, &found)
        }
    };
    Err(format!("{what}\nto accept: BLESS=1 cargo test --test files {test}\nthen read: git diff {file}"))
}

/// The first line that differs, around the first character that does.
fn difference(file: &str, expected: &str, found: &str) -> String {
    let (mut expected, mut found) = (expected.split('\n'), found.split('\n'));
    let mut line = 1;
    loop {
        match (expected.next(), found.next()) {
            (Some(one), Some(other)) if one == other => line += 1,
            (None, None) => return format!("{file} differs in bytes that are not UTF-8"),
            (one, other) => {
                let at = one.unwrap_or("").chars().zip(other.unwrap_or("").chars()).take_while(|(a, b)| a == b).count();
                let shown = |line: Option<&str>| line.map_or("(the end)".to_owned(), |line| around(line, at));
                return format!(
                    "{file} differs at line {line}\n  expected {}\n  found    {}",
                    shown(one),
                    shown(other)
                );
            }
        }
    }
}

/// The part of a line around a character, with marks where it was cut.
fn around(line: &str, at: usize) -> String {
    let begin = at.saturating_sub(SHOWN / 4);
    let part: String = line.chars().skip(begin).take(SHOWN).collect();
    let (before, after) = (begin > 0, line.chars().count() > begin + SHOWN);
    format!("{}{part:?}{}", if before { "…" } else { "" }, if after { "…" } else { "" })
}
