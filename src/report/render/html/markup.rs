//! What all parts of a page are written with.

use crate::report::render::number::Numbers;
use crate::report::render::words::Words;

/// The context of all parts of a page.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Formats the numbers.
    pub numbers: Numbers<'a>,
    /// The page's own words.
    pub words: Words,
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

/// The source line of a table or a chart.
pub fn source(text: &str, context: &Context) -> String {
    match text.is_empty() {
        true => String::new(),
        false => format!("<p class=\"source\">{}: {}</p>\n", context.words.source(), escape(text)),
    }
}
