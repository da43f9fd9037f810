//! The bundled font: registered once with plotters, measured in pixels.

use std::sync::OnceLock;

use plotters::style::{FontFamily, FontStyle, IntoFont, register_font};

/// The family's name, in the charts and in the page that holds them.
pub const FAMILY: &str = "Golos Text";
/// Line height (ascent less descent) over font size, by which `ab_glyph` scales.
pub const LINE: f64 = 1.2;

/// Regular for drawing.
const REGULAR: &[u8] = include_bytes!("../../../../assets/fonts/GolosText-Regular.ttf");
/// SemiBold for drawing.
const BOLD: &[u8] = include_bytes!("../../../../assets/fonts/GolosText-SemiBold.ttf");
/// Regular for embedding.
pub const REGULAR_WOFF2: &[u8] = include_bytes!("../../../../assets/fonts/GolosText-Regular.woff2");
/// SemiBold for embedding.
pub const BOLD_WOFF2: &[u8] = include_bytes!("../../../../assets/fonts/GolosText-SemiBold.woff2");

/// Registers the font with plotters. Must be called before drawing or measuring.
pub fn register() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        // The bytes are part of the binary, and a test draws with both: a refusal cannot depend on what a user does.
        let _ = register_font(FAMILY, FontStyle::Normal, REGULAR);
        let _ = register_font(FAMILY, FontStyle::Bold, BOLD);
    });
}

/// The width of a text in logical pixels.
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    register();
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    // Plotters measures in whole pixels; measured at a thousand pixels, the rounding does not show.
    let measured = (FontFamily::Name(FAMILY), 1000.0 * LINE, style).into_font().box_size(text);
    // Without the font the width is estimated: a rough chart is better than none.
    measured.map_or(text.chars().count() as f64 * 0.6, |(w, _)| f64::from(w) / 1000.0) * size
}

/// The text, shortened with an ellipsis if it does not fit into `room`.
pub fn fit(text: &str, room: f64, size: f64, bold: bool) -> String {
    if width(text, size, bold) <= room {
        return text.to_string();
    }
    let mut kept: Vec<char> = text.chars().collect();
    while kept.pop().is_some() {
        let short = format!("{}…", kept.iter().collect::<String>().trim_end());
        if width(&short, size, bold) <= room {
            return short;
        }
    }
    "…".to_string()
}

/// The text broken into lines no wider than `room`; a word wider than a line is shortened.
pub fn wrap(text: &str, room: f64, size: f64, bold: bool) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_ascii_whitespace() {
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match longer {
            Some(longer) if width(&longer, size, bold) <= room => {
                lines.pop();
                lines.push(longer);
            }
            _ => lines.push(fit(word, room, size, bold)),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cyrillic_is_as_wide_as_latin_and_the_rouble_has_a_glyph() {
        let (cyrillic, latin) = (width("СЕРО", 100.0, false), width("CEPO", 100.0, false));
        assert!((cyrillic - latin).abs() < 12.0, "{cyrillic} {latin}");
        let (rouble, missing) = (width("₽", 100.0, false), width("\u{4e00}", 100.0, false));
        assert_ne!(rouble, missing);
        assert_ne!(width("Выручка", 100.0, false), width("Выручка", 100.0, true), "both weights are registered");
    }

    #[test]
    fn a_long_name_is_cut_by_pixels_and_lines_keep_to_their_room() {
        let name = "Очень длинное название контрагента";
        let short = fit(name, 100.0, 13.0, false);
        assert!(short.ends_with('…') && width(&short, 13.0, false) <= 100.0, "{short}");
        assert_eq!(fit("Яндекс", 100.0, 13.0, false), "Яндекс");
        let lines = wrap(name, 120.0, 13.0, false);
        assert!(lines.len() > 1 && lines.iter().all(|l| width(l, 13.0, false) <= 120.0), "{lines:?}");
    }
}
