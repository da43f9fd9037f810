//! How every TOML file that a person writes is read: mapping, regulation, a metric's front matter, report definition.
//!
//! A file is read whole, and *all* its problems are found at once, each with its line and the way out. A getter whose
//! key is missing or wrong notes the problem and returns a stand-in (an empty text, 0, nothing), so that reading goes
//! on; [`Document::finish`] then refuses the file, together with every key that nobody asked for. Whoever reads must
//! therefore ask for all keys that are allowed, and build its checked type only after `finish`.
//!
//! ```
//! # use voronka::model::lang::Text;
//! # use voronka::model::written::{Document, Wrong};
//! let doc = Document::read("plan.toml", "name = 'Q1'\n[[step]]\nid = 'call'\n[[step]]\nid = 'mail'\ndasy = 3\n")?;
//! let root = doc.root();
//! let name = root.text("name");
//! for step in root.tables("step") {
//!     let id = step.checked("id", |id| match id.is_ascii() {
//!         true => Ok(id.to_owned()),
//!         false => Err(Wrong::new(
//!             Text::new(format!("`{id}` — не номер"), format!("`{id}` is no id")),
//!             Text::new("только латинские буквы", "Latin letters only"),
//!         )),
//!     });
//!     let days = step.optional_whole("days").unwrap_or(1);
//! }
//! let problems = doc.finish().unwrap_err().to_string();
//! assert_eq!(problems, "plan.toml:6: unknown key `dasy` in [[step]]\n    did you mean `days`?");
//! # Ok::<(), voronka::model::problem::Problems>(())
//! ```

mod notes;
mod section;
mod value;

use std::collections::BTreeSet;

use crate::model::lang::{Text, both};
use crate::model::letters::composed;
use crate::model::problem::{Problem, Problems, hint, meant, nearest};

pub use notes::Wrong;
pub use section::{Key, Section};
pub use value::{Value, Written};

/// A file that a person wrote, parsed as TOML and not yet checked.
#[derive(Debug)]
pub struct Document {
    notes: notes::Notes,
    root: value::Node,
}

impl Document {
    /// Reads a whole file. Fails where the text is no TOML at all, naming every such line.
    pub fn read(file: &str, text: &str) -> Result<Document, Problems> {
        Document::read_from_line(file, text, 1)
    }

    /// Reads TOML that begins at line `first` of a larger file, such as the front matter of a metric.
    pub fn read_from_line(file: &str, text: &str, first: usize) -> Result<Document, Problems> {
        let root = value::parse(file, &composed(text), first)?;
        Ok(Document { notes: notes::Notes::new(file), root })
    }

    /// The file, as the person named it.
    pub fn file(&self) -> &str {
        &self.notes.file
    }

    /// The top level of the file.
    pub fn root(&self) -> Section<'_> {
        Section::new(&self.notes, Some(&self.root), String::new())
    }

    /// Notes a problem at a line; 0 for the whole file.
    pub fn problem(&self, line: usize, what: Text, hint: Text) {
        self.notes.problem(line, what, hint);
    }

    /// All problems noted so far, and every key that was never asked for: an error unless there are none.
    ///
    /// Call it when everything that may stand in the file has been asked for. Problems come sorted by line.
    pub fn finish(&self) -> Result<(), Problems> {
        let mut problems = self.notes.noted();
        self.unasked(&self.root, "", &mut problems);
        problems.sort();
        problems.dedup();
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Problems(problems)),
        }
    }

    /// The dotted paths of all keys that a reader asked for, written or not: `stage.sla`.
    pub fn asked(&self) -> BTreeSet<String> {
        fn of(node: &value::Node, label: &str, into: &mut BTreeSet<String>) {
            into.extend(node.asked.borrow().keys.iter().map(|key| section::path(label, key)));
            for (key, value) in &node.entries {
                value.value.tables().for_each(|inner| of(inner, &section::path(label, &key.value), into));
            }
        }
        let mut paths = BTreeSet::new();
        of(&self.root, "", &mut paths);
        paths
    }

    fn unasked(&self, node: &value::Node, label: &str, problems: &mut Vec<Problem>) {
        let asked = node.asked.borrow();
        let mut missing = asked.missing.clone();
        for (key, value) in &node.entries {
            if asked.keys.contains(&key.value) {
                // a table where text was wanted is told already: what stands in it is no further problem
                let told = |node: &value::Node| {
                    node.asked.borrow().keys.is_empty() && problems.iter().any(|problem| problem.line == value.line)
                };
                let label = section::header(&section::path(label, &key.value), matches!(value.value, Value::List(_)));
                let nodes: Vec<_> = value.value.tables().filter(|node| !told(node)).collect();
                nodes.into_iter().for_each(|node| self.unasked(node, &label, problems));
                continue;
            }
            let allowed = asked.keys.iter().map(String::as_str).filter(|k| node.get(k).is_none());
            // a misspelt key is one problem, not two
            if let Some(near) = nearest(&key.value, allowed.clone()) {
                missing.remove(near);
            }
            problems.push(Problem {
                file: self.notes.file.clone(),
                line: key.line,
                what: both!("неизвестный ключ `{}`", "unknown key `{}`", key.value).and(section::within(label)),
                hint: match asked.keys.is_empty() {
                    true => Text::new("здесь ничего не может стоять", "nothing may stand here"),
                    false => match nearest(&key.value, allowed) {
                        Some(near) => meant(near),
                        None => hint(&key.value, asked.keys.iter().map(String::as_str)),
                    },
                },
            });
        }
        problems.extend(missing.into_values());
    }
}

#[cfg(test)]
mod tests;
