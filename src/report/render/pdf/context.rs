//! What all parts of the document are written with.

use std::cell::RefCell;

use pdf_writer::types::StructRole;

use super::face::Fonts;
use super::flow::{Bookmark, Flow};
use super::part::{Item, Line, Part, Set};
use super::sheets::{Mark, Target};
use super::style::Style;
use super::tags::Tag;
use crate::report::document::{Document, Finding, Table, Verdict};
use crate::report::render::draw::picture::{Color, Shape};
use crate::report::render::number::Numbers;
use crate::report::render::sources;
use crate::report::render::words::Words;

/// What a page that folds keeps for the appendix.
pub enum Folded<'a> {
    /// All findings of a section, and the place that they are known by.
    Findings(&'a [Finding], String),
    /// A table.
    Table(&'a Table),
}

/// What all parts of the document are written with.
pub struct Context<'a> {
    /// The document.
    pub doc: &'a Document,
    /// Formats the numbers.
    pub numbers: Numbers<'a>,
    /// The page's own words.
    pub words: Words,
    /// The sources named so far, in the order in which they are numbered.
    pub sources: RefCell<Vec<String>>,
}

impl Context<'_> {
    /// Adds the mark that leads to a source, behind a text of `parent` that ends at `end`.
    pub fn mark(&self, flow: &mut Flow<'_>, part: &mut Part, (x, y): (f64, f64), source: &str, parent: Tag) {
        let Some(number) = sources::number(&mut self.sources.borrow_mut(), source) else { return };
        let tag = flow.tag(parent, StructRole::Link);
        part.line(Line {
            x: x + 1.5,
            y: y - 3.0,
            text: number.to_string(),
            style: Style::new(5.5).muted(),
            mark: Mark::Tag(tag),
            leads: Some((Target::Place(format!("source-{number}")), format!("{} {number}", self.words.source()))),
        });
    }
}

/// A heading: it stays with what comes next, is a bookmark, and links lead to it by `place`.
pub fn heading(
    flow: &mut Flow<'_>,
    parent: Tag,
    (role, style): (StructRole, Style),
    title: &str,
    place: &str,
) -> (Part, Tag, (f64, f64)) {
    let tag = flow.tag(parent, role);
    let mut part = Part::default();
    part.place(0.0, place.to_owned());
    let room = flow.room() - 12.0;
    let end = part.text(flow.fonts, title, (0.0, room), style, Mark::Tag(tag));
    let level = usize::from(role != StructRole::H2);
    flow.bookmarks.push(Bookmark { level, title: super::text::clean(title), place: place.to_owned() });
    (part, tag, end)
}

/// A paragraph.
pub fn paragraph(flow: &mut Flow<'_>, text: &str, style: Style, parent: Tag) {
    let tag = flow.tag(parent, StructRole::P);
    let mut part = Part::default();
    let room = flow.room();
    part.text(flow.fonts, text, (0.0, room), style, Mark::Tag(tag));
    flow.paragraph(part, 7.0);
}

/// The number of the page of a place, ending at `x`, with a word before it.
pub fn awaited(fonts: &Fonts, part: &mut Part, (x, y): (f64, f64), (word, place): (&str, &str), style: Style) {
    if !word.is_empty() {
        let x = x - 2.0 * style.size - fonts.wide(word, style);
        part.line(Line { x, y, text: word.to_owned(), style, mark: Mark::Artifact, leads: None });
    }
    let item = Item::Number { x, y, place: place.to_owned(), style };
    part.items.push(Set { top: y - style.ascent(), bottom: y + style.size * 0.3, x: 0.0, item });
}

/// The colour of a verdict, dark enough for text.
pub fn color(verdict: Verdict) -> Color {
    match verdict {
        Verdict::Red => Color::new(0xb3, 0x26, 0x1e),
        Verdict::Yellow => Color::new(0x9a, 0x67, 0x00),
        Verdict::Green => Color::new(0x0b, 0x6e, 0x4f),
        Verdict::Unknown => Color::new(0x5b, 0x66, 0x72),
    }
}

/// An octagon, a triangle, a disc and a ring in a square of twenty: distinguishable without colour.
pub fn icon(verdict: Verdict) -> Vec<Shape> {
    let (ink, white) = (color(verdict), Color::new(0xff, 0xff, 0xff));
    match verdict {
        Verdict::Red => vec![
            Shape::Polygon(
                vec![
                    (6.0, 1.0),
                    (14.0, 1.0),
                    (19.0, 6.0),
                    (19.0, 14.0),
                    (14.0, 19.0),
                    (6.0, 19.0),
                    (1.0, 14.0),
                    (1.0, 6.0),
                ],
                ink,
            ),
            Shape::Line(vec![(10.0, 4.5), (10.0, 11.5)], 2.6, white),
            Shape::Dot(10.0, 14.6, 1.5, white),
        ],
        Verdict::Yellow => vec![
            Shape::Polygon(vec![(10.0, 1.0), (19.4, 18.2), (0.6, 18.2)], ink),
            Shape::Line(vec![(10.0, 6.5), (10.0, 12.3)], 2.4, white),
            Shape::Dot(10.0, 15.1, 1.4, white),
        ],
        Verdict::Green => {
            vec![Shape::Dot(10.0, 10.0, 9.0, ink), Shape::Line(vec![(5.8, 10.4), (8.7, 13.3), (14.2, 7.3)], 2.2, white)]
        }
        Verdict::Unknown => vec![
            Shape::Dot(10.0, 10.0, 9.0, ink),
            Shape::Dot(10.0, 10.0, 7.2, white),
            Shape::Line(vec![(6.4, 10.0), (13.6, 10.0)], 2.0, ink),
        ],
    }
}
