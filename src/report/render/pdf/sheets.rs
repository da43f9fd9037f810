//! The pages: texts, shapes and links are drawn on them, each said to belong to a node of the structure, or to none.

use std::collections::{BTreeMap, BTreeSet};

use pdf_writer::types::{ArtifactType, LineJoinStyle};
use pdf_writer::{Content, Name, Settings, Str, TextStr};
use subsetter::GlyphRemapper;

use super::face::{COUNT, Fonts};
use super::style::{Figures, Style};
use super::tags::{Kid, Tag, Tags};
use super::text::clean;
use crate::report::render::draw::picture::{Anchor, Color, Shape};

/// What something that is drawn belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Nothing: lines, grounds, numbers of pages.
    Artifact,
    /// Nothing: what pages repeat, such as their foot and the head of a table.
    Repeated,
    /// A node of the structure.
    Tag(Tag),
}

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A place in the document, by its name.
    Place(String),
    /// An address.
    Web(String),
}

/// A link.
pub struct Link {
    /// The page that it is on.
    pub page: usize,
    /// Left, bottom, right, top, as PDF counts.
    pub area: [f64; 4],
    /// Where it leads.
    pub target: Target,
    /// What it says.
    pub said: String,
    /// Its node.
    pub tag: Tag,
}

/// A page.
pub struct Page {
    /// Its width in points.
    pub wide: f64,
    /// Its height.
    pub high: f64,
    /// What is drawn.
    pub content: Content,
    /// The node of each marked part of it.
    pub marks: Vec<Tag>,
    open: Option<Mark>,
}

/// The glyphs of a font that are drawn.
#[derive(Default)]
pub struct Used {
    /// Their numbers in the embedded font.
    pub glyphs: GlyphRemapper,
    /// The number there, the number in the font file, and what it says.
    pub letters: Vec<(u16, u16, char)>,
}

/// All pages.
pub struct Sheets<'a> {
    fonts: &'a Fonts,
    /// The glyphs in use, by font.
    pub used: [Used; COUNT],
    /// The structure.
    pub tags: Tags,
    /// The pages.
    pub pages: Vec<Page>,
    /// The links.
    pub links: Vec<Link>,
    /// Places by name: the page and the height on it, as PDF counts.
    pub places: BTreeMap<String, (usize, f64)>,
    /// Opacities in use, in hundredths.
    pub opacities: BTreeSet<u8>,
}

/// Two decimals are enough for paper.
fn short(value: f64) -> f32 {
    ((value * 100.0).round() / 100.0) as f32
}

fn parts(color: Color) -> [f32; 3] {
    let (red, green, blue) = color.rgb;
    [red, green, blue].map(|part| short(f64::from(part) / 255.0 * 10.0) / 10.0)
}

/// The name of a font in the pages' resources.
pub fn font_name(number: usize) -> String {
    format!("F{number}")
}

/// The name of an opacity in the pages' resources.
pub fn opacity_name(hundredths: u8) -> String {
    format!("A{hundredths}")
}

impl<'a> Sheets<'a> {
    /// No page yet.
    pub fn new(fonts: &'a Fonts) -> Sheets<'a> {
        Sheets {
            fonts,
            used: Default::default(),
            tags: Tags::new(),
            pages: Vec::new(),
            links: Vec::new(),
            places: BTreeMap::new(),
            opacities: BTreeSet::new(),
        }
    }

    /// A further page.
    pub fn begin(&mut self, wide: f64, high: f64) {
        let content = Content::with_settings(Settings { pretty: false });
        self.pages.push(Page { wide, high, content, marks: Vec::new(), open: None });
    }

    /// Opens a marked part of a page, unless it is open.
    fn enter(&mut self, page: usize, mark: Mark) -> &mut Content {
        let sheet = &mut self.pages[page];
        if sheet.open == Some(mark) {
            return &mut sheet.content;
        }
        if sheet.open.is_some() {
            sheet.content.end_marked_content();
        }
        sheet.open = Some(mark);
        match mark {
            Mark::Artifact => {
                sheet.content.begin_marked_content(Name(b"Artifact"));
            }
            Mark::Repeated => {
                let mut repeated = sheet.content.begin_marked_content_with_properties(Name(b"Artifact"));
                repeated.properties().artifact().kind(ArtifactType::Pagination);
            }
            Mark::Tag(tag) => {
                let number = i32::try_from(sheet.marks.len()).unwrap_or(i32::MAX);
                sheet.marks.push(tag);
                let role = self.tags.role(tag).to_name();
                sheet.content.begin_marked_content_with_properties(role).properties().identify(number);
                self.tags.hold(tag, Kid::Content(page, number));
            }
        }
        &mut sheet.content
    }

    /// Ends all marked parts.
    pub fn close(&mut self) {
        for sheet in &mut self.pages {
            if sheet.open.take().is_some() {
                sheet.content.end_marked_content();
            }
        }
    }

    /// Draws a text from `x` on its baseline `y`, which counts from the top.
    pub fn text(&mut self, page: usize, (x, y): (f64, f64), text: &str, style: Style, mark: Mark) {
        let stretches = self.fonts.stretches(text, style);
        if stretches.is_empty() {
            return;
        }
        let shown: String = stretches.iter().flat_map(|stretch| &stretch.letters).map(|letter| letter.says).collect();
        let meant = clean(text).replace(char::is_whitespace, " ");
        let mut coded = Vec::new();
        for stretch in &stretches {
            let used = &mut self.used[stretch.font];
            let mut bytes = Vec::with_capacity(stretch.letters.len() * 2);
            for letter in &stretch.letters {
                let number = used.glyphs.remap(letter.glyph);
                if used.letters.last().is_none_or(|(last, ..)| *last < number) {
                    used.letters.push((number, letter.glyph, letter.says));
                }
                bytes.extend(number.to_be_bytes());
            }
            coded.push((stretch.font, bytes));
        }
        let y = self.pages[page].high - y;
        let content = self.enter(page, mark);
        let replaced = shown != meant && matches!(mark, Mark::Tag(_));
        if replaced {
            let mut span = content.begin_marked_content_with_properties(Name(b"Span"));
            span.properties().actual_text(TextStr(&meant));
        }
        let [red, green, blue] = parts(style.color);
        content.set_fill_rgb(red, green, blue).begin_text().next_line(short(x), short(y));
        for (font, bytes) in coded {
            content.set_font(Name(font_name(font).as_bytes()), short(style.size)).show(Str(&bytes));
        }
        content.end_text();
        if replaced {
            content.end_marked_content();
        }
    }

    /// Draws a shape of a drawing whose left upper corner is `(x, y)`, one pixel of it being `scale` points.
    pub fn shape(&mut self, page: usize, shape: &Shape, (x, y): (f64, f64), scale: f64, mark: Mark) {
        if let Shape::Text(across, down, text, look) = shape {
            let size = look.size * scale;
            let style = Style { size, bold: look.bold, color: look.color, figures: Figures::Own };
            let wide = self.fonts.wide(text, style);
            let left = match look.anchor {
                Anchor::Start => 0.0,
                Anchor::Middle => wide / 2.0,
                Anchor::End => wide,
            };
            return self.text(page, (x + across * scale - left, y + down * scale), text, style, mark);
        }
        let high = self.pages[page].high;
        let at = |(across, down): (f64, f64)| (short(x + across * scale), short(high - y - down * scale));
        let color = match shape {
            Shape::Rect(.., color) | Shape::Line(.., color) | Shape::Polygon(_, color) | Shape::Dot(.., color) => {
                *color
            }
            Shape::Text(..) => return,
        };
        let hundredths = (color.alpha.clamp(0.0, 1.0) * 100.0).round() as u8;
        let content = self.enter(page, mark);
        let [red, green, blue] = parts(color);
        if hundredths < 100 {
            content.save_state().set_parameters(Name(opacity_name(hundredths).as_bytes()));
        }
        match shape {
            Shape::Rect(across, down, wide, tall, _) => {
                let (left, bottom) = at((*across, down + tall));
                content.set_fill_rgb(red, green, blue);
                content.rect(left, bottom, short(wide * scale), short(tall * scale)).fill_nonzero();
            }
            Shape::Line(points, width, _) => {
                content.set_stroke_rgb(red, green, blue).set_line_width(short(width * scale));
                content.set_line_join(LineJoinStyle::RoundJoin);
                path(content, points.iter().map(|point| at(*point)));
                content.stroke();
            }
            Shape::Polygon(points, _) => {
                content.set_fill_rgb(red, green, blue);
                path(content, points.iter().map(|point| at(*point)));
                content.fill_nonzero();
            }
            Shape::Dot(across, down, radius, _) => {
                content.set_fill_rgb(red, green, blue);
                disc(content, at((*across, *down)), short(radius * scale));
                content.fill_nonzero();
            }
            Shape::Text(..) => {}
        }
        if hundredths < 100 {
            content.restore_state();
            self.opacities.insert(hundredths);
        }
    }

    /// Makes an area of a page a link. It counts from the top: left, top, right, bottom.
    pub fn link(&mut self, page: usize, [left, top, right, bottom]: [f64; 4], target: Target, said: &str, tag: Tag) {
        let high = self.pages[page].high;
        self.tags.hold(tag, Kid::Link(self.links.len()));
        let area = [left, high - bottom, right, high - top];
        self.links.push(Link { page, area, target, said: clean(said), tag });
    }
}

/// A path through points.
fn path(content: &mut Content, points: impl Iterator<Item = (f32, f32)>) {
    for (number, (x, y)) in points.enumerate() {
        match number {
            0 => content.move_to(x, y),
            _ => content.line_to(x, y),
        };
    }
}

/// A circle as four curves.
fn disc(content: &mut Content, (x, y): (f32, f32), radius: f32) {
    let handle = radius * 0.552_284_8;
    content.move_to(x + radius, y);
    content.cubic_to(x + radius, y + handle, x + handle, y + radius, x, y + radius);
    content.cubic_to(x - handle, y + radius, x - radius, y + handle, x - radius, y);
    content.cubic_to(x - radius, y - handle, x - handle, y - radius, x, y - radius);
    content.cubic_to(x + handle, y - radius, x + radius, y - handle, x + radius, y);
}
