//! How texts look on paper: sizes in points.

use crate::report::render::draw::palette::{INK, MUTED};
use crate::report::render::draw::picture::Color;

/// Lines and frames.
pub const RULE: Color = Color::new(0xdf, 0xe4, 0xe9);
/// Links.
pub const ACCENT: Color = Color::new(0x00, 0x5f, 0x94);
/// The ground of notices.
pub const SOFT: Color = Color::new(0xf5, 0xf7, 0xf9);

/// Whether figures are all of one width, so that the numbers of a column stand under each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figures {
    /// As they are drawn best.
    Own,
    /// All of one width.
    Tabular,
}

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// Font size in points.
    pub size: f64,
    /// SemiBold instead of Regular.
    pub bold: bool,
    /// Its colour.
    pub color: Color,
    /// Its figures.
    pub figures: Figures,
}

impl Style {
    /// Plain text of this size.
    pub const fn new(size: f64) -> Style {
        Style { size, bold: false, color: INK, figures: Figures::Own }
    }

    /// The same, bold.
    pub const fn bold(self) -> Style {
        Style { bold: true, ..self }
    }

    /// The same, lesser.
    pub const fn muted(self) -> Style {
        Style { color: MUTED, ..self }
    }

    /// The same in a colour.
    pub const fn colored(self, color: Color) -> Style {
        Style { color, ..self }
    }

    /// The same with figures of one width.
    pub const fn tabular(self) -> Style {
        Style { figures: Figures::Tabular, ..self }
    }

    /// The same at another size.
    pub const fn sized(self, size: f64) -> Style {
        Style { size, ..self }
    }

    /// From a line to the next.
    pub fn leading(self) -> f64 {
        self.size * 1.32
    }

    /// From the top of a line to its baseline.
    pub fn ascent(self) -> f64 {
        self.size * 1.02
    }
}
