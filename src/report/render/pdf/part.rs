//! Something measured before it is placed: lines, shapes and places, from its own left upper corner.

use super::face::Fonts;
use super::sheets::{Mark, Target};
use super::style::Style;
use super::tags::Tag;
use super::text;
use crate::report::render::draw::picture::{Color, Shape};

/// A line of text.
pub struct Line {
    /// Where it begins.
    pub x: f64,
    /// Its baseline.
    pub y: f64,
    /// What it says.
    pub text: String,
    /// How it looks.
    pub style: Style,
    /// What it belongs to.
    pub mark: Mark,
    /// Where it leads and how that is said, if it is a link; then `mark` is that link's node.
    pub leads: Option<(Target, String)>,
}

/// What there may be in a part.
pub enum Item {
    /// A line of text.
    Line(Line),
    /// Shapes, one pixel being so many points; a picture says which node it is.
    Shapes(Vec<Shape>, f64, Option<Tag>),
    /// A place that links lead to.
    Place(String),
    /// The number of the page that a place is on, ending at `x`. It belongs to nothing: the link beside it leads there.
    Number {
        /// Where it ends.
        x: f64,
        /// Its baseline.
        y: f64,
        /// The place.
        place: String,
        /// How it looks.
        style: Style,
    },
}

/// An item and the heights between which it stands.
pub struct Set {
    /// Its upper end.
    pub top: f64,
    /// Its lower end.
    pub bottom: f64,
    /// Where it is.
    pub x: f64,
    /// What it is.
    pub item: Item,
}

/// Something measured.
#[derive(Default)]
pub struct Part {
    /// Its height.
    pub high: f64,
    /// What it consists of.
    pub items: Vec<Set>,
}

impl Part {
    /// Room beneath what is there.
    pub fn gap(&mut self, high: f64) {
        self.high += high;
    }

    /// Adds a text beneath, in lines no wider than `room`; returns where its last line ends.
    pub fn text(&mut self, fonts: &Fonts, said: &str, (x, room): (f64, f64), style: Style, mark: Mark) -> (f64, f64) {
        let lines = text::lines(fonts, said, room, style);
        let mut end = (x, self.high + style.ascent());
        for line in lines {
            end = (x + fonts.wide(&line, style), self.high + style.ascent());
            self.line(Line { x, y: end.1, text: line, style, mark, leads: None });
            self.high += style.leading();
        }
        end
    }

    /// Adds a text beneath that begins with a word in another style.
    pub fn led(
        &mut self,
        fonts: &Fonts,
        (word, strong): (&str, Style),
        (said, style): (&str, Style),
        (x, room): (f64, f64),
        mark: Mark,
    ) {
        let begun = fonts.wide(&format!("{word} "), strong);
        let y = self.high + style.ascent();
        self.line(Line { x, y, text: word.to_owned(), style: strong, mark, leads: None });
        for (number, line) in text::lines_from(fonts, said, room, style, begun).into_iter().enumerate() {
            let x = if number == 0 { x + begun } else { x };
            self.line(Line { x, y: self.high + style.ascent(), text: line, style, mark, leads: None });
            self.high += style.leading();
        }
    }

    /// Adds a line where it says; the height stays.
    pub fn line(&mut self, line: Line) {
        let top = line.y - line.style.ascent();
        self.items.push(Set { top, bottom: top + line.style.leading(), x: 0.0, item: Item::Line(line) });
    }

    /// Adds a link beneath, in as many lines as it needs.
    pub fn link(&mut self, fonts: &Fonts, said: &str, (x, room): (f64, f64), style: Style, (tag, to): (Tag, Target)) {
        for text in text::lines(fonts, said, room, style) {
            let y = self.high + style.ascent();
            self.line(Line { x, y, text, style, mark: Mark::Tag(tag), leads: Some((to.clone(), said.to_owned())) });
            self.high += style.leading();
        }
    }

    /// A rectangle that says nothing.
    pub fn ground(&mut self, (x, y): (f64, f64), (wide, high): (f64, f64), color: Color) {
        let shape = Shape::Rect(0.0, 0.0, wide, high, color);
        // undermost
        let item = Item::Shapes(vec![shape], 1.0, None);
        self.items.insert(0, Set { top: y, bottom: y + high, x, item });
    }

    /// A place at this height that links lead to.
    pub fn place(&mut self, y: f64, name: String) {
        self.items.push(Set { top: y, bottom: y, x: 0.0, item: Item::Place(name) });
    }

    /// Puts another part into this one, with its corner at `(x, y)`; the height grows if it must.
    pub fn insert(&mut self, other: Part, (x, y): (f64, f64)) {
        self.high = self.high.max(y + other.high);
        self.items.extend(other.items.into_iter().map(|set| set.moved(x, y)));
    }

    /// Puts another part beneath.
    pub fn append(&mut self, other: Part, x: f64) {
        let y = self.high;
        self.insert(other, (x, y));
    }
}

impl Set {
    fn moved(mut self, x: f64, y: f64) -> Set {
        match &mut self.item {
            Item::Line(line) => (line.x, line.y) = (line.x + x, line.y + y),
            Item::Number { x: end, y: base, .. } => (*end, *base) = (*end + x, *base + y),
            Item::Shapes(..) | Item::Place(_) => {}
        }
        Set { top: self.top + y, bottom: self.bottom + y, x: self.x + x, item: self.item }
    }
}
