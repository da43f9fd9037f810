//! What all parts of a page are written with.
//!
//! Markup is made by `html!` alone, which escapes every text that it is given. What is markup already says so: `PreEscaped`, for the
//! style, the icons and the drawings, none of which holds a name out of an export unescaped.

use std::cell::RefCell;

use maud::{Markup, html};

use crate::model::unit::Unit;
use crate::report::document::Cell;
use crate::report::render::number::{NONE, Numbers};
use crate::report::render::sources;
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
    pub fn mark(&self, source: &str) -> Markup {
        let Some(number) = sources::number(&mut self.sources.borrow_mut(), source) else { return Markup::default() };
        html! {
            a class="mark" href={ "#source-" (number) } aria-label={ (self.words.source()) " " (number) } { (number) }
        }
    }
}

/// A headline figure in compact form.
#[allow(clippy::cast_precision_loss)] // a headline shows three digits
pub fn figure(cell: &Cell, unit: Unit, numbers: &Numbers<'_>) -> String {
    match cell {
        Cell::Empty => NONE.to_string(),
        Cell::Text(text) => text.clone(),
        Cell::Count(count) => numbers.compact(*count as f64, Unit::Count),
        Cell::Money(money) => numbers.compact(*money as f64 / 10_000.0, Unit::Money),
        Cell::Number(value) | Cell::Interval { value, .. } => numbers.compact(*value, unit),
        Cell::Bounds { least, most } => numbers.bounds(*least, *most, unit),
        Cell::Date(day) => numbers.date(*day),
    }
}
