//! What all parts of a page are written with.
//!
//! Markup is made by `html!` alone, which escapes every text that it is given. What is markup already says so: `PreEscaped`, for the
//! style, the icons and the drawings, none of which holds a name out of an export unescaped.

use maud::{Markup, html};

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

/// The source line of a table or a chart.
pub fn source(text: &str, context: &Context) -> Markup {
    html! {
        @if !text.is_empty() {
            p class="source" { (context.words.source()) ": " (text) } "\n"
        }
    }
}
