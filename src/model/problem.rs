//! A problem in a file that a person wrote: where, what, and the way out.

use std::fmt;

use super::lang::{Lang, Text, both};

/// One thing that is wrong in a file a person wrote (mapping, regulation, metric, report definition).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, as the person named it.
    pub file: String,
    /// The line, from 1; 0 when the whole file is meant.
    pub line: usize,
    /// What is wrong, naming the value.
    pub what: Text,
    /// What is allowed, or the nearest name: the way out.
    pub hint: Text,
}

impl Problem {
    /// The problem as a person reads it: place, cause, and the way out.
    pub fn text(&self, lang: Lang) -> String {
        let (file, what, hint) = (&self.file, self.what.get(lang), self.hint.get(lang));
        let place = if self.line == 0 { file.clone() } else { format!("{file}:{}", self.line) };
        let way_out = if hint.is_empty() { String::new() } else { format!("\n    {hint}") };
        format!("{place}: {what}{way_out}")
    }
}

/// English.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::En))
    }
}

/// All problems of a file or of several, sorted by place.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// All of them as a person reads them.
    pub fn text(&self, lang: Lang) -> String {
        self.0.iter().map(|problem| problem.text(lang)).collect::<Vec<_>>().join("\n")
    }
}

/// English.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::En))
    }
}

/// The nearest of `allowed` to a misspelt `name`, where one is near enough to be meant.
pub fn nearest<'a>(name: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = |a: &str| (a.chars().count().max(3) / 3).max(1);
    let name = name.to_lowercase();
    let length = name.chars().count();
    allowed
        .into_iter()
        .map(|a| (a.to_lowercase(), a))
        // so many letters more or less are so far away; and a cell of a megabyte is not compared letter by letter
        .filter(|(lower, a)| lower.chars().count().abs_diff(length) <= near(a))
        .map(|(lower, a)| (strsim::damerau_levenshtein(&name, &lower), a))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, a)| *distance <= near(a))
        .map(|(_, a)| a)
}

/// A hint for a name that is not in `allowed`: the nearest one, or all of them.
pub fn hint<'a>(name: &str, allowed: impl IntoIterator<Item = &'a str>) -> Text {
    let allowed: Vec<&str> = allowed.into_iter().collect();
    match nearest(name, allowed.iter().copied()) {
        Some(near) => meant(near),
        None => both!("можно: {}", "allowed: {}", allowed.join(", ")),
    }
}

/// A hint that proposes one name.
pub fn meant(near: &str) -> Text {
    both!("может быть, `{near}`?", "did you mean `{near}`?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_proposed_and_a_far_one_lists_all() {
        assert_eq!(hint("amuont", ["amount", "cost"]).en, "did you mean `amount`?");
        assert_eq!(hint("zzz", ["amount", "cost"]).en, "allowed: amount, cost");
        // what is far longer is not compared at all: that would take a terabyte
        assert_eq!(nearest(&"x".repeat(400_000), ["amount", &"y".repeat(200_000)]), None);
    }
}
