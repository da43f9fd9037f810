//! What all parts of a page are written with.

use std::cell::RefCell;

use crate::report::render::number::Numbers;
use crate::report::render::words::Words;

/// The context of all parts of a page.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Formats the numbers.
    pub numbers: Numbers<'a>,
    /// The page's own words.
    pub words: Words,
    /// Whether tables and findings are folded away until the reader opens them.
    pub folds: bool,
    /// The sources named so far, each once, in the order in which they are numbered at the foot of the page.
    pub sources: &'a RefCell<Vec<String>>,
}

impl Context<'_> {
    /// The mark that leads from a figure to its source at the foot of the page.
    pub fn mark(&self, source: &str) -> String {
        if source.is_empty() {
            return String::new();
        }
        let mut sources = self.sources.borrow_mut();
        let at = sources.iter().position(|known| known == source).unwrap_or_else(|| {
            sources.push(source.to_owned());
            sources.len() - 1
        });
        let (number, word) = (at + 1, self.words.source());
        format!("<a class=\"mark\" href=\"#source-{number}\" aria-label=\"{word} {number}\">{number}</a>")
    }
}

/// Escapes a text for HTML.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}
