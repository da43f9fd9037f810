//! The context of all charts: number format, language and available width.

use super::palette::{INK, MUTED, SHADE};
use super::picture::{Anchor, Picture, Type};
use crate::model::lang::Lang;
use crate::report::render::number::Numbers;

/// Number format, language and available width.
#[derive(Debug, Clone, Copy)]
pub struct Sheet<'a> {
    /// Formats the numbers.
    pub numbers: Numbers<'a>,
    /// The width in logical pixels.
    pub width: f64,
    /// Font size.
    pub size: f64,
}

impl<'a> Sheet<'a> {
    /// A sheet of this width.
    pub fn new(numbers: Numbers<'a>, width: f64) -> Sheet<'a> {
        let size = if width < 500.0 { 12.0 } else { 13.0 };
        Sheet { numbers, width, size }
    }

    /// Whether names are drawn above their bars instead of beside them.
    pub fn narrow(&self) -> bool {
        self.width < 500.0
    }

    /// Chooses between two words.
    pub fn pick(&self, ru: &'static str, en: &'static str) -> &'static str {
        match self.numbers.lang {
            Lang::Ru => ru,
            Lang::En => en,
        }
    }

    /// Text.
    pub fn ink(&self, anchor: Anchor) -> Type {
        Type { size: self.size, bold: false, color: INK, anchor }
    }

    /// Lesser text.
    pub fn muted(&self, anchor: Anchor) -> Type {
        Type { color: MUTED, ..self.ink(anchor) }
    }

    /// Bold text.
    pub fn strong(&self, anchor: Anchor) -> Type {
        Type { bold: true, ..self.ink(anchor) }
    }

    /// Stands for a missing value.
    pub fn no_data(&self) -> &'static str {
        self.pick("нет данных", "no data")
    }

    /// The placeholder for a chart without data.
    pub fn nothing(&self) -> Picture {
        let mut picture = Picture::new(self.width);
        picture.height = 96.0;
        picture.rect(0.0, 0.0, self.width, picture.height, SHADE);
        picture.text(self.width / 2.0, 53.0, self.no_data(), self.muted(Anchor::Middle));
        picture
    }
}
