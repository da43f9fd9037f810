//! The fonts: which glyph shows a letter, and how wide it is.

use ttf_parser::gsub::{SingleSubstitution, SubstitutionSubtable};
use ttf_parser::{Face, GlyphId, Tag};

use super::style::{Figures, Style};
use crate::report::render::draw::font;
use crate::report::render::error::RenderError;

/// May end a line, and is shown only there.
pub const SOFT_HYPHEN: char = '\u{ad}';

/// A font file.
pub struct Font {
    /// Its bytes.
    pub file: &'static [u8],
    /// The name that the PDF knows it by.
    pub name: &'static str,
    /// Its tables.
    pub face: Face<'static>,
    /// The glyphs of the figures 0 to 9 that are all of one width.
    tabular: Vec<u16>,
}

impl Font {
    fn open(name: &'static str, file: &'static [u8]) -> Result<Font, RenderError> {
        let face = Face::parse(file, 0).map_err(|why| RenderError::Pdf(format!("{name}: {why}")))?;
        let tabular = ('0'..='9').map_while(|figure| tabular(&face, face.glyph_index(figure)?)).collect();
        Ok(Font { file, name, face, tabular })
    }

    /// A length of the font as a part of the font size.
    pub fn part(&self, units: f64) -> f64 {
        units / f64::from(self.face.units_per_em())
    }

    /// How wide a glyph is, as a part of the font size.
    pub fn wide(&self, glyph: u16) -> f64 {
        self.part(f64::from(self.face.glyph_hor_advance(GlyphId(glyph)).unwrap_or_default()))
    }

    fn glyph(&self, letter: char, figures: Figures) -> Option<u16> {
        let figure = letter.to_digit(10).filter(|_| figures == Figures::Tabular && letter.is_ascii());
        let tabular = figure.and_then(|figure| self.tabular.get(figure as usize)).copied();
        tabular.or_else(|| Some(self.face.glyph_index(letter)?.0))
    }
}

/// The glyph that stands for a figure where all are of one width.
fn tabular(face: &Face<'_>, glyph: GlyphId) -> Option<u16> {
    let table = face.tables().gsub?;
    let feature = table.features.into_iter().find(|feature| feature.tag == Tag::from_bytes(b"tnum"))?;
    let lookup = table.lookups.get(feature.lookup_indices.get(0)?)?;
    match lookup.subtables.get::<SubstitutionSubtable<'_>>(0)? {
        SubstitutionSubtable::Single(SingleSubstitution::Format1 { coverage, delta }) => {
            coverage.get(glyph).map(|_| glyph.0.wrapping_add_signed(delta))
        }
        SubstitutionSubtable::Single(SingleSubstitution::Format2 { coverage, substitutes }) => {
            Some(substitutes.get(coverage.get(glyph)?)?.0)
        }
        _ => None,
    }
}

/// A letter as it is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Letter {
    /// Its glyph.
    pub glyph: u16,
    /// What it says to a search.
    pub says: char,
    /// How wide it is, as a part of the font size.
    pub wide: f64,
}

/// A part of a text that one font draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// Which of the fonts.
    pub font: usize,
    /// From left to right.
    pub letters: Vec<Letter>,
}

/// How many fonts there are.
pub const COUNT: usize = 4;

/// The face and the fallback, each Regular and bold.
pub struct Fonts([Font; COUNT]);

impl Fonts {
    /// The bundled fonts.
    pub fn open() -> Result<Fonts, RenderError> {
        Ok(Fonts([
            Font::open("VRNKAA+GolosText-Regular", font::REGULAR)?,
            Font::open("VRNKAB+GolosText-SemiBold", font::BOLD)?,
            Font::open("VRNKAC+DejaVuSans", font::FALLBACK_REGULAR)?,
            Font::open("VRNKAD+DejaVuSans-Bold", font::FALLBACK_BOLD)?,
        ]))
    }

    /// A font by its number.
    pub fn get(&self, number: usize) -> &Font {
        &self.0[number]
    }

    /// A text as it is drawn. A letter that no font has is replaced, as in charts.
    pub fn stretches(&self, text: &str, style: Style) -> Vec<Stretch> {
        let mut stretches = Vec::new();
        for run in font::runs(text) {
            let number = usize::from(run.family != font::FAMILY) * 2 + usize::from(style.bold);
            let font = &self.0[number];
            let drawn = run.text.chars().filter(|letter| *letter != SOFT_HYPHEN);
            let letters = drawn.filter_map(|letter| {
                let glyph = font.glyph(letter, style.figures)?;
                let says = if letter.is_whitespace() { ' ' } else { letter };
                Some(Letter { glyph, says, wide: font.wide(glyph) })
            });
            let letters: Vec<Letter> = letters.collect();
            if !letters.is_empty() {
                stretches.push(Stretch { font: number, letters });
            }
        }
        stretches
    }

    /// How wide a text is in points.
    pub fn wide(&self, text: &str, style: Style) -> f64 {
        let letters = self.stretches(text, style).into_iter().flat_map(|stretch| stretch.letters);
        letters.map(|letter| letter.wide).sum::<f64>() * style.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_a_table_are_of_one_width_and_say_the_same() {
        let fonts = Fonts::open().unwrap();
        for style in [Style::new(10.0), Style::new(10.0).bold()] {
            assert_ne!(fonts.wide("1111", style), fonts.wide("0000", style));
            assert_eq!(fonts.wide("1111", style.tabular()), fonts.wide("0000", style.tabular()));
            let says: String = fonts.stretches("1 024", style.tabular())[0].letters.iter().map(|l| l.says).collect();
            assert_eq!(says, "1 024");
        }
    }

    #[test]
    fn letters_beyond_the_face_come_from_the_fallback() {
        let fonts = Fonts::open().unwrap();
        let fonts_of = |text: &str| -> Vec<usize> {
            fonts.stretches(text, Style::new(10.0)).into_iter().map(|stretch| stretch.font).collect()
        };
        assert_eq!(fonts_of("Орлова"), [0]);
        assert_eq!(fonts_of("Łukasz"), [2, 0]);
        assert_eq!(fonts_of("中"), [2]);
    }
}
