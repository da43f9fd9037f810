//! The files that a pattern fits, where the shell has not looked for them.

use std::fs;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

use crate::model::letters::composed;

/// So deep a pattern with `**` looks.
const DEEPEST: usize = 64;

/// The files that a pattern fits, by name. Folders that are there mean themselves, though their names have signs of a pattern in
/// them. `**` follows no links: one may lead back to where it lies.
pub(super) fn fitting(pattern: &Path) -> Vec<PathBuf> {
    let (base, rest) = parted(pattern);
    let rest: Vec<String> = rest.iter().map(|part| composed(&part.to_string_lossy()).into_owned()).collect();
    let Ok(pattern) = Pattern::new(&rest.join("/")) else { return Vec::new() };
    let is_deep = rest.iter().any(|part| part.contains("**"));
    let search = Search { pattern, is_deep, deepest: if is_deep { DEEPEST } else { rest.len() } };
    let mut files = Vec::new();
    search.look(&base, "", 1, &mut files);
    files.sort();
    files
}

/// The folders that are there, and what is left of the pattern.
fn parted(pattern: &Path) -> (PathBuf, PathBuf) {
    let mut parts = pattern.components().peekable();
    let mut base = PathBuf::new();
    while let Some(part) = parts.peek() {
        let next = base.join(part);
        if !next.is_dir() {
            break;
        }
        base = next;
        parts.next();
    }
    (base, parts.collect())
}

struct Search {
    pattern: Pattern,
    is_deep: bool,
    deepest: usize,
}

impl Search {
    /// Looks through a folder, whose path below the first one is `below`.
    fn look(&self, folder: &Path, below: &str, depth: usize, files: &mut Vec<PathBuf>) {
        const OPTIONS: MatchOptions =
            MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        // what cannot be read is no export
        for entry in fs::read_dir(here).into_iter().flatten().filter_map(Result::ok) {
            let path = folder.join(entry.file_name());
            let name = format!("{below}{}", composed(&entry.file_name().to_string_lossy()));
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            if path.is_dir() {
                if depth < self.deepest && !(self.is_deep && is_link) {
                    self.look(&path, &format!("{name}/"), depth + 1, files);
                }
            } else if path.is_file() && self.pattern.matches_with(&name, OPTIONS) {
                files.push(path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_finds_what_it_fits_and_ends() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        };
        for name in ["a.csv", "b.txt", "exports [GOG]/c.csv", "l/d.csv", "l/m/e.csv", "Маи\u{306}.csv"] {
            put(name);
        }
        #[cfg(unix)]
        for link in ["one", "two"] {
            std::os::unix::fs::symlink(dir.path().join("l"), dir.path().join("l").join(link)).unwrap();
        }
        let found = |pattern: &str| {
            let found = fitting(&dir.path().join(pattern));
            let name = |path: &PathBuf| path.strip_prefix(dir.path()).unwrap().to_string_lossy().into_owned();
            found.iter().map(name).collect::<Vec<String>>()
        };
        assert_eq!(found("a*.csv"), ["a.csv"]);
        assert_eq!(found("exports [GOG]/*.csv"), ["exports [GOG]/c.csv"]);
        assert_eq!(found("l/**/*.csv"), ["l/d.csv", "l/m/e.csv"]);
        assert_eq!(found("**/[de].csv"), ["l/d.csv", "l/m/e.csv"]);
        assert_eq!(found("*/*/e.csv"), ["l/m/e.csv"]);
        assert_eq!(found("М*й.csv").len(), 1);
        assert_eq!(found("[").len() + found("none/*.csv").len(), 0);
    }
}
