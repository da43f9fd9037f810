//! Copies between queries: what two have in common stands in one, a metric that the other reads, or a piece of `queries/shared`.

use std::path::Path;

use super::files;

/// How many equal lines in a row are a copy.
const COPY: usize = 10;

/// The lines of a query that say something, outside of its front matter.
fn lines(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let sql = text.split_once("*/").map_or(text.as_str(), |(_, sql)| sql);
    sql.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// The length of the longest run of lines that two queries have in common, and where it ends in the first.
fn longest_run(one: &[String], other: &[String]) -> (usize, usize) {
    let (mut longest, mut before) = ((0, 0), vec![0; other.len() + 1]);
    for (at, line) in one.iter().enumerate() {
        let mut runs = vec![0; other.len() + 1];
        for (place, _) in other.iter().enumerate().filter(|(_, same)| *same == line) {
            runs[place + 1] = before[place] + 1;
            longest = longest.max((runs[place + 1], at));
        }
        before = runs;
    }
    longest
}

/// Finds copies in all queries.
pub fn check() -> Result<(), String> {
    let queries: Vec<_> = files("sql").into_iter().map(|file| (lines(&file), file)).collect();
    let mut copies = Vec::new();
    for (at, (one, file)) in queries.iter().enumerate() {
        for (other, second) in &queries[at + 1..] {
            let (length, end) = longest_run(one, other);
            if length >= COPY {
                let first = &one[end + 1 - length];
                copies.push(format!("{length} lines of {} and {}, from `{first}`", file.display(), second.display()));
            }
        }
    }
    let same = ["a", "b", "c"].map(str::to_owned);
    assert_eq!(longest_run(&same, &["x", "b", "c"].map(str::to_owned)), (2, 2));
    match copies.is_empty() {
        true => Ok(()),
        false => Err(format!("copies between queries:\n{}", copies.join("\n"))),
    }
}
