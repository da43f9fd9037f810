//! The sources of figures, each named once at the foot of a page.

use crate::report::document::{Definition, Document};

/// The number of a source at the foot; a new one is added. `None` if nothing is said.
pub fn number(sources: &mut Vec<String>, source: &str) -> Option<usize> {
    if source.is_empty() {
        return None;
    }
    let known = sources.iter().position(|known| known == source);
    let at = known.unwrap_or_else(|| {
        sources.push(source.to_owned());
        sources.len() - 1
    });
    Some(at + 1)
}

/// What all sources end with, from a comma on: it is said once. Empty if there is no such end, or one source alone.
pub fn common_end(sources: &[String]) -> &str {
    let [first, rest @ ..] = sources else { return "" };
    let ends = first.match_indices(", ").map(|(at, comma)| &first[at + comma.len()..]);
    let is_common = |end: &&str| rest.iter().all(|other| other.ends_with(&format!(", {end}")));
    let mut ends = ends.filter(|_| !rest.is_empty());
    ends.find(is_common).unwrap_or_default()
}

/// A source without what all of them end with.
pub fn own<'a>(source: &'a str, common: &str) -> &'a str {
    source.strip_suffix(common).unwrap_or(source).trim_end_matches(", ")
}

/// The metric that a source begins with, if its definition is told, and the rest.
pub fn defined<'a>(doc: &'a Document, source: &'a str) -> Option<(&'a str, &'a str)> {
    let rest = |name: &str| source.strip_prefix(name).filter(|rest| rest.is_empty() || rest.starts_with([',', ' ']));
    doc.definitions.iter().find_map(|Definition { name, .. }| Some((name.as_str(), rest(name)?)))
}
