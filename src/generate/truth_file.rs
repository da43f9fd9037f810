//! The file that tells the truth: TOML, written line by line.

use std::fmt::{Display, Write};

/// A TOML file under construction.
pub struct Toml(String);

impl Toml {
    /// An empty one.
    pub fn new() -> Toml {
        Toml(String::new())
    }

    /// The whole text.
    pub fn finish(self) -> String {
        self.0
    }

    /// A line as it is.
    pub fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// Begins a section.
    pub fn section(&mut self, name: &str) -> &mut Toml {
        if self.0.lines().last().is_some_and(|line| !line.starts_with('#')) {
            self.0.push('\n');
        }
        self.line(&format!("[{name}]"));
        self
    }

    /// A key.
    pub fn key(&mut self, key: &str, value: impl Display) -> &mut Toml {
        // writing to a string cannot fail
        let _ = writeln!(self.0, "{key} = {value}");
        self
    }

    /// A key with a text. Names and texts of this company hold no quotes and no backslashes.
    pub fn text(&mut self, key: &str, value: &str) -> &mut Toml {
        self.key(key, format_args!("\"{value}\""))
    }

    /// A key with texts.
    pub fn list<const N: usize>(&mut self, key: &str, values: [&str; N]) -> &mut Toml {
        self.key(key, format_args!("[{}]", values.map(|v| format!("\"{v}\"")).join(", ")))
    }

    /// A key with a count, one with the sum of the numbers, and, while they are few, one with the numbers.
    pub fn listed(&mut self, key: &str, listed: &Listed) -> &mut Toml {
        self.key(key, listed.count).key(&format!("{key}_sum_of_ids"), listed.sum);
        if listed.count > MOST_LISTED {
            return self;
        }
        let ids: Vec<String> = listed.ids.iter().map(|id| format!("\"{id}\"")).collect();
        self.key(&format!("{key}_ids"), format_args!("[{}]", ids.join(", ")))
    }
}

/// Numbers of deals or clients are told one by one up to so many.
const MOST_LISTED: u64 = 2_000;

/// Numbers of deals or clients: how many, their sum, and the first of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    count: u64,
    sum: u64,
    ids: Vec<u64>,
}

impl Listed {
    /// Adds a number where the condition holds.
    pub fn add_if(&mut self, holds: bool, id: u64) {
        if !holds {
            return;
        }
        (self.count, self.sum) = (self.count + 1, self.sum + id);
        if self.count <= MOST_LISTED {
            self.ids.push(id);
        }
    }
}
