//! The first minute of a new user: an export that nobody here has seen, `voronka ingest FILE` with no mapping, the draft of one,
//! its questions answered, the file loaded, and the counts and sums that were right before anybody began.
//!
//! Each test states how many questions the draft asks: whoever makes it ask more has to say so here.

mod seen;

use std::path::{Path, PathBuf};

use crate::support::{checkout, rows, voronka};

/// One file, from its first ingest to its right figures.
struct First<'f> {
    export: PathBuf,
    /// How many lines of the draft ask something.
    asks: usize,
    /// What a person answers: a piece of the draft, and what it becomes.
    answers: &'f [(&'f str, &'f str)],
    /// What the draft has to say.
    says: &'f [&'f str],
    /// A query on the store, and its only row.
    figures: &'f [(&'f str, &'f str)],
}

impl First<'_> {
    /// Two tries: the first gives the draft, the second the right figures.
    #[track_caller]
    fn goes_well(&self) {
        let dir = tempfile::tempdir().unwrap();
        let drafted = self.drafted(dir.path());
        let mut draft = drafted.clone();
        for (asked, answer) in self.answers {
            assert!(draft.contains(asked), "{asked} is not in\n{draft}");
            draft = draft.replace(asked, answer);
        }
        std::fs::write(dir.path().join("mapping.toml"), &draft).unwrap();
        let export = self.export.to_str().unwrap();
        let ran = voronka(dir.path(), &["ingest", "--lang", "en", "--mapping", "mapping.toml", export]);
        assert_eq!(ran.code, 0, "{}{}\n---\n{draft}", ran.out, ran.err);
        std::fs::copy(checkout("sample_data/regulation.toml"), dir.path().join("regulation.toml")).unwrap();
        for (query, figures) in self.figures {
            let answer = voronka(dir.path(), &["sql", query, "--format", "csv"]).ok();
            let found = answer.lines().nth(1).unwrap_or_default().to_owned();
            assert_eq!(found, *figures, "{query}\n{}\n---\n{drafted}", ran.out);
        }
        is_conserved(dir.path(), &ran.out);
    }

    /// The draft that the first try gives.
    #[track_caller]
    fn drafted(&self, dir: &Path) -> String {
        let ran = voronka(dir, &["ingest", "--lang", "en", self.export.to_str().unwrap()]);
        assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
        let stem = self.export.file_stem().unwrap().to_str().unwrap();
        let draft = std::fs::read_to_string(dir.join(format!("{stem}.mapping.toml"))).unwrap();
        for said in self.says {
            assert!(draft.contains(said) || ran.out.contains(said), "{said} is not in\n{}\n{draft}", ran.out);
        }
        let is_asked = |line: &&str| !line.starts_with('#') && (line.contains("\"?\"") || line.contains("\"??\""));
        assert_eq!(draft.lines().filter(is_asked).count(), self.asks, "{draft}");
        let told = match self.asks {
            0 => "Nothing is asked".to_owned(),
            asks => format!("({asks} of them, lines "),
        };
        assert!(ran.out.contains(&told), "{}", ran.out);
        // with a question open, nothing is loaded
        let name = format!("{stem}.mapping.toml");
        let checked = voronka(dir, &["check", &name]);
        assert_eq!(checked.code == 0, self.asks == 0, "{}{}\n---\n{draft}", checked.out, checked.err);
        draft
    }
}

/// Every row of the file is in the store, or a number of the summary says where it went.
#[track_caller]
fn is_conserved(dir: &Path, summary: &str) {
    let ingests = rows(&voronka(dir, &["sql", "SELECT * FROM ingests", "--format", "csv"]).ok());
    let number = |row: &std::collections::BTreeMap<String, String>, column: &str| row[column].parse::<u64>().unwrap();
    for row in ingests {
        let (read, new, refused) = (number(&row, "read"), number(&row, "new"), number(&row, "quarantined"));
        let table = &row["table_name"];
        if read == new + refused {
            continue;
        }
        let repeated = format!(
            "{table}: rows that repeat the key of an earlier row of the same file or of one of its kind: {}",
            read - new - refused
        );
        assert!(summary.contains(&repeated), "{table}: {read} read, {new} new, {refused} refused\n{summary}");
    }
}
