//! A drawing as data: shapes in logical pixels, independent of SVG or PNG. Tests use it to check that texts do not
//! overlap.

#[cfg(test)]
use super::font;

/// A colour with its opacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Color {
    /// Red, green, blue.
    pub rgb: (u8, u8, u8),
    /// From 0, transparent, to 1.
    pub alpha: f64,
}

impl Color {
    /// An opaque colour.
    pub const fn new(r: u8, g: u8, b: u8) -> Color {
        Color { rgb: (r, g, b), alpha: 1.0 }
    }

    /// The same colour, less opaque.
    pub const fn faded(self, alpha: f64) -> Color {
        Color { rgb: self.rgb, alpha }
    }

    /// Dark enough for text on white.
    pub fn darker(self) -> Color {
        let dim = |c: u8| (f64::from(c) * 0.72).round() as u8;
        Color::new(dim(self.rgb.0), dim(self.rgb.1), dim(self.rgb.2))
    }

    /// A tint: `part` of this colour on white.
    pub fn tint(self, part: f64) -> Color {
        let mix = |c: u8| (255.0 - (255.0 - f64::from(c)) * part).round() as u8;
        Color::new(mix(self.rgb.0), mix(self.rgb.1), mix(self.rgb.2))
    }
}

/// Which end of a text its `x` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// The text starts at `x`.
    Start,
    /// The text is centred on `x`.
    Middle,
    /// The text ends at `x`.
    End,
}

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Type {
    /// Font size in logical pixels.
    pub size: f64,
    /// SemiBold instead of Regular.
    pub bold: bool,
    /// Its colour.
    pub color: Color,
    /// Where `x` is.
    pub anchor: Anchor,
}

/// One shape.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A filled rectangle: left, top, width, height.
    Rect(f64, f64, f64, f64, Color),
    /// A line through points, with its width.
    Line(Vec<(f64, f64)>, f64, Color),
    /// A filled polygon.
    Polygon(Vec<(f64, f64)>, Color),
    /// A disc: centre and radius.
    Dot(f64, f64, f64, Color),
    /// A text: `x`, baseline.
    Text(f64, f64, String, Type),
}

/// A drawing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Picture {
    /// Width in logical pixels.
    pub width: f64,
    /// Height in logical pixels.
    pub height: f64,
    /// Shapes, the undermost first.
    pub shapes: Vec<Shape>,
}

impl Picture {
    /// An empty drawing of this width; its height grows with what is drawn.
    pub fn new(width: f64) -> Picture {
        Picture { width, height: 0.0, shapes: Vec::new() }
    }

    /// Adds a rectangle; one of no extent is left out.
    pub fn rect(&mut self, x: f64, y: f64, w: f64, h: f64, fill: Color) {
        if w > 0.0 && h > 0.0 {
            self.shapes.push(Shape::Rect(x, y, w, h, fill));
        }
    }

    /// Adds a line.
    pub fn line(&mut self, points: Vec<(f64, f64)>, width: f64, color: Color) {
        if points.len() > 1 {
            self.shapes.push(Shape::Line(points, width, color));
        }
    }

    /// Adds a straight line drawn in dashes.
    pub fn dashed(&mut self, from: (f64, f64), to: (f64, f64), width: f64, color: Color) {
        let (dash, gap) = (5.0, 4.0);
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy);
        let at = |d: f64| (from.0 + dx * d / length, from.1 + dy * d / length);
        let mut done = 0.0;
        while done < length {
            self.line(vec![at(done), at((done + dash).min(length))], width, color);
            done += dash + gap;
        }
    }

    /// Adds a polygon.
    pub fn polygon(&mut self, points: Vec<(f64, f64)>, fill: Color) {
        if points.len() > 2 {
            self.shapes.push(Shape::Polygon(points, fill));
        }
    }

    /// Adds a disc.
    pub fn dot(&mut self, x: f64, y: f64, radius: f64, fill: Color) {
        self.shapes.push(Shape::Dot(x, y, radius, fill));
    }

    /// Adds a text on a baseline.
    pub fn text(&mut self, x: f64, baseline: f64, text: impl Into<String>, look: Type) {
        let text = text.into();
        if !text.trim().is_empty() {
            self.shapes.push(Shape::Text(x, baseline, text, look));
        }
    }

    /// Puts another drawing under what is already there, which ends at `self.height`.
    pub fn append(&mut self, other: Picture) {
        let dy = self.height;
        self.shapes.extend(other.shapes.into_iter().map(|shape| shape.moved(0.0, dy)));
        self.height += other.height;
    }
}

impl Shape {
    /// The shape elsewhere.
    pub fn moved(self, dx: f64, dy: f64) -> Shape {
        let all = |points: Vec<(f64, f64)>| points.into_iter().map(|(x, y)| (x + dx, y + dy)).collect();
        match self {
            Shape::Rect(x, y, w, h, fill) => Shape::Rect(x + dx, y + dy, w, h, fill),
            Shape::Line(points, width, color) => Shape::Line(all(points), width, color),
            Shape::Polygon(points, fill) => Shape::Polygon(all(points), fill),
            Shape::Dot(x, y, radius, fill) => Shape::Dot(x + dx, y + dy, radius, fill),
            Shape::Text(x, y, text, look) => Shape::Text(x + dx, y + dy, text, look),
        }
    }

    /// The box that a text takes: left, top, right, bottom. Tests ask whether texts collide.
    #[cfg(test)]
    pub fn text_box(&self) -> Option<(f64, f64, f64, f64)> {
        let Shape::Text(x, y, text, look) = self else { return None };
        let width = font::width(text, look.size, look.bold);
        let left = match look.anchor {
            Anchor::Start => *x,
            Anchor::Middle => x - width / 2.0,
            Anchor::End => x - width,
        };
        Some((left, y - look.size * 0.75, left + width, y + look.size * 0.2))
    }
}
