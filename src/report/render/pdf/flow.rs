//! The flow of parts onto pages: what does not fit goes to the next page, whole; what is taller than a page goes on line by line.

use pdf_writer::types::StructRole;

use super::face::Fonts;
use super::part::{Item, Part, Set};
use super::sheets::{Mark, Sheets};
use super::style::Style;
use super::tags::{Tag, Tags};

/// A4 in points.
const SHORT: f64 = 595.28;
const LONG: f64 = 841.89;
/// To the left and to the right.
pub const SIDE: f64 = 38.0;
const TOP: f64 = 32.0;
/// Holds the page number.
const BOTTOM: f64 = 38.0;

/// Which way a page lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lies {
    /// The short side above.
    Upright,
    /// The long side above.
    Across,
}

impl Lies {
    /// The width of the text.
    pub fn room(self) -> f64 {
        let wide = if self == Lies::Upright { SHORT } else { LONG };
        wide - 2.0 * SIDE
    }

    /// The height of the text.
    pub fn high(self) -> f64 {
        let high = if self == Lies::Upright { LONG } else { SHORT };
        high - TOP - BOTTOM
    }
}

/// A bookmark.
pub struct Bookmark {
    /// 0: a section, 1: a part of it.
    pub level: usize,
    /// What it says.
    pub title: String,
    /// Where it leads.
    pub place: String,
}

/// The number of a page that is known when all are there.
struct Awaited {
    page: usize,
    at: (f64, f64),
    place: String,
    style: Style,
}

/// Places parts on pages.
pub struct Flow<'a> {
    /// The fonts.
    pub fonts: &'a Fonts,
    /// The pages.
    pub sheets: Sheets<'a>,
    /// The bookmarks, in order.
    pub bookmarks: Vec<Bookmark>,
    lies: Lies,
    /// Where the next part goes, from the top of the text.
    y: f64,
    /// Room before the next part, unless it begins a page.
    gap: f64,
    /// Headings, which stay with what comes next.
    held: Vec<Part>,
    awaited: Vec<Awaited>,
}

impl<'a> Flow<'a> {
    /// An empty upright page.
    pub fn new(fonts: &'a Fonts) -> Flow<'a> {
        let mut flow = Flow {
            fonts,
            sheets: Sheets::new(fonts),
            bookmarks: Vec::new(),
            lies: Lies::Upright,
            y: 0.0,
            gap: 0.0,
            held: Vec::new(),
            awaited: Vec::new(),
        };
        flow.next();
        flow
    }

    /// A node of the structure.
    pub fn tag(&mut self, parent: Tag, role: StructRole) -> Tag {
        self.sheets.tags.add(parent, role)
    }

    /// The width of the text.
    pub fn room(&self) -> f64 {
        self.lies.room()
    }

    /// What is left of the page.
    pub fn left(&self) -> f64 {
        self.lies.high() - self.y - self.gap
    }

    /// A further page.
    pub fn next(&mut self) {
        match self.lies {
            Lies::Upright => self.sheets.begin(SHORT, LONG),
            Lies::Across => self.sheets.begin(LONG, SHORT),
        }
        (self.y, self.gap) = (0.0, 0.0);
    }

    /// A further page unless this one is empty.
    pub fn fresh(&mut self) {
        if self.y > 0.0 {
            self.next();
        }
    }

    /// Goes on with pages that lie this way.
    pub fn turn(&mut self, lies: Lies) {
        if self.lies == lies {
            return;
        }
        self.lies = lies;
        if self.y == 0.0 {
            self.sheets.pages.pop();
        }
        self.next();
    }

    /// Room before the next part.
    pub fn gap(&mut self, high: f64) {
        self.gap = self.gap.max(high);
    }

    /// Keeps a part, such as a heading, for the page of the next one.
    pub fn hold(&mut self, mut part: Part, gap: f64) {
        // the room before the first one is the flow's
        if !self.held.is_empty() {
            let mut spaced = Part::default();
            spaced.gap(gap);
            spaced.append(part, 0.0);
            part = spaced;
        } else {
            self.gap(gap);
        }
        self.held.push(part);
    }

    /// Places a part: whole, unless it is taller than a page.
    pub fn place(&mut self, part: Part, gap: f64) {
        let mut whole = Part::default();
        for held in std::mem::take(&mut self.held) {
            whole.append(held, 0.0);
        }
        match whole.items.is_empty() {
            true => self.gap(gap),
            false => whole.gap(gap),
        }
        whole.append(part, 0.0);
        if whole.high > self.left() && (self.y > 0.0 && whole.high <= self.lies.high() || self.left() < 80.0) {
            self.next();
        }
        self.y += std::mem::take(&mut self.gap);
        self.pour(whole);
    }

    /// Places text that may go on to the next page at any line.
    pub fn paragraph(&mut self, part: Part, gap: f64) {
        let lines = part.items.len();
        if lines <= 4 || !self.held.is_empty() || part.high + gap <= self.left() {
            return self.place(part, gap);
        }
        self.gap(gap);
        if self.left() < part.high / lines as f64 * 2.0 {
            self.next();
        }
        self.y += std::mem::take(&mut self.gap);
        self.pour(part);
    }

    /// Draws a part where the flow is; what does not fit goes on to further pages.
    fn pour(&mut self, mut part: Part) {
        let fits = part.high <= self.lies.high() - self.y + 0.01;
        if !fits {
            part.items.sort_by(|one, other| one.top.total_cmp(&other.top));
        }
        let mut begun = 0.0;
        for set in part.items {
            // what spans several pages, such as the line beside a card, is drawn on none
            if !fits && set.bottom - set.top > self.lies.high() {
                continue;
            }
            if !fits && self.y + set.bottom - begun > self.lies.high() + 0.01 {
                begun = set.top;
                self.next();
            }
            self.set(set, begun);
        }
        self.y += part.high - begun;
    }

    fn set(&mut self, set: Set, begun: f64) {
        let page = self.sheets.pages.len() - 1;
        let down = TOP + self.y - begun;
        let top = down + set.top;
        match set.item {
            Item::Line(line) => {
                let (x, y) = (SIDE + line.x, down + line.y);
                if let (Some((target, said)), Mark::Tag(tag)) = (line.leads, line.mark) {
                    let right = x + self.fonts.wide(&line.text, line.style);
                    let area = [x, top, right, down + set.bottom];
                    self.sheets.link(page, area, target, &said, tag);
                }
                self.sheets.text(page, (x, y), &line.text, line.style, line.mark);
            }
            Item::Shapes(shapes, scale, tag) => {
                if let Some(tag) = tag {
                    let high = self.sheets.pages[page].high;
                    let area = [SIDE + set.x, high - down - set.bottom, SIDE + self.room(), high - top];
                    self.sheets.tags.settle(tag, area);
                }
                let mark = tag.map_or(Mark::Artifact, Mark::Tag);
                for shape in &shapes {
                    self.sheets.shape(page, shape, (SIDE + set.x, top), scale, mark);
                }
            }
            Item::Place(name) => {
                let high = self.sheets.pages[page].high;
                self.sheets.places.entry(name).or_insert((page, high - top + 6.0));
            }
            Item::Number { x, y, place, style } => {
                self.awaited.push(Awaited { page, at: (SIDE + x, down + y), place, style });
            }
        }
    }

    /// Writes what had to wait until all pages were there: the page numbers of places, and each page's own beside `title`.
    pub fn finish(&mut self, title: &str, numbered: impl Fn(usize, usize) -> String) {
        if !self.held.is_empty() {
            self.place(Part::default(), 0.0);
        }
        for Awaited { page, at: (end, y), place, style } in std::mem::take(&mut self.awaited) {
            if let Some((number, _)) = self.sheets.places.get(&place) {
                let text = (number + 1).to_string();
                let x = end - self.fonts.wide(&text, style);
                self.sheets.text(page, (x, y), &text, style, Mark::Artifact);
            }
        }
        let style = Style::new(7.5).muted();
        let count = self.sheets.pages.len();
        for page in 0..count {
            let (wide, high) = (self.sheets.pages[page].wide, self.sheets.pages[page].high);
            let y = high - 20.0;
            let number = numbered(page + 1, count);
            let end = wide - SIDE - self.fonts.wide(&number, style);
            let room = end - SIDE - 20.0;
            let title = super::text::lines(self.fonts, title, room, style).into_iter().next().unwrap_or_default();
            self.sheets.text(page, (SIDE, y), &title, style, Mark::Repeated);
            self.sheets.text(page, (end, y), &number, style, Mark::Repeated);
        }
        self.sheets.close();
    }

    /// The whole document's node.
    pub fn root(&self) -> Tag {
        Tags::ROOT
    }
}
