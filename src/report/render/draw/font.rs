//! The bundled fonts: registered once with plotters, measured in pixels. A letter that the face lacks comes from the fallback; one that
//! both lack is replaced by a box, never left out.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef};
use plotters::style::{FontFamily, FontStyle, IntoFont, register_font};

/// The family's name, in the charts and in the page that holds them.
pub const FAMILY: &str = "Golos Text";
/// The family of the letters that it lacks.
pub const FALLBACK: &str = "DejaVu Sans";
/// Stands for a letter that no font has.
const BOX: char = '□';
/// Currency signs that no font has, by their codes.
const CODES: [(char, &str); 3] = [('₾', "GEL"), ('₼', "AZN"), ('֏', "AMD")];
/// Line height (ascent less descent) over font size, by which `ab_glyph` scales.
pub const LINE: f64 = 1.2;

/// Regular for drawing.
pub const REGULAR: &[u8] = include_bytes!("../../../../assets/fonts/GolosText-Regular.ttf");
/// SemiBold for drawing.
pub const BOLD: &[u8] = include_bytes!("../../../../assets/fonts/GolosText-SemiBold.ttf");
/// Regular, for the letters that the face lacks.
pub const FALLBACK_REGULAR: &[u8] = include_bytes!("../../../../assets/fonts/DejaVuSans-Fallback.ttf");
/// Bold, for the letters that the face lacks.
pub const FALLBACK_BOLD: &[u8] = include_bytes!("../../../../assets/fonts/DejaVuSans-Bold-Fallback.ttf");
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
        let _ = register_font(FALLBACK, FontStyle::Normal, FALLBACK_REGULAR);
        let _ = register_font(FALLBACK, FontStyle::Bold, FALLBACK_BOLD);
    });
}

/// A part of a text that one font draws.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The font's family.
    pub family: &'static str,
    /// The letters, from left to right.
    pub text: String,
}

/// Whether the fonts have a letter: the face, and the fallback.
fn has(letter: char) -> [bool; 2] {
    static FONTS: OnceLock<[Option<FontRef<'static>>; 2]> = OnceLock::new();
    let fonts = FONTS.get_or_init(|| [REGULAR, FALLBACK_REGULAR].map(|bytes| FontRef::try_from_slice(bytes).ok()));
    [0, 1].map(|at| fonts[at].as_ref().is_some_and(|font| font.glyph_id(letter).0 != 0))
}

/// Whether the face has all letters of a text, so that it is drawn as it stands.
pub fn has_all(text: &str) -> bool {
    text.chars().all(|letter| has(letter)[0])
}

/// Whether a letter is written from right to left.
fn is_from_right(letter: char) -> bool {
    matches!(letter, '\u{590}'..='\u{6ff}')
}

/// The parts of a text by the font that has their letters. Words written from right to left are turned, each by itself.
pub fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut add = |family: &'static str, letters: &str| match runs.last_mut() {
        Some(run) if run.family == family => run.text.push_str(letters),
        _ => runs.push(Run { family, text: letters.to_owned() }),
    };
    let mut buffer = [0; 4];
    for letter in text.chars() {
        let code = CODES.iter().find(|(sign, _)| *sign == letter).map(|(_, code)| *code);
        match (has(letter), code) {
            ([true, _], _) => add(FAMILY, letter.encode_utf8(&mut buffer)),
            // what takes no room needs no letter
            _ if letter.is_whitespace() || letter.is_control() => {
                add(FAMILY, if letter.is_control() { "" } else { " " })
            }
            ([false, true], _) => add(FALLBACK, letter.encode_utf8(&mut buffer)),
            (_, Some(code)) => add(FAMILY, code),
            _ => add(FALLBACK, BOX.encode_utf8(&mut buffer)),
        }
    }
    for run in &mut runs {
        if !run.text.is_empty() && run.text.chars().all(is_from_right) {
            run.text = run.text.chars().rev().collect();
        }
    }
    runs
}

/// The width of a text in logical pixels.
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    register();
    runs(text).iter().map(|run| run_width(run, size, bold)).sum()
}

/// The width of a part of a text in logical pixels.
pub fn run_width(run: &Run, size: f64, bold: bool) -> f64 {
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    // Plotters measures in whole pixels; measured at a thousand pixels, the rounding does not show.
    let measured = (FontFamily::Name(run.family), 1000.0 * LINE, style).into_font().box_size(&run.text);
    // Without the font the width is estimated: a rough chart is better than none.
    measured.map_or(run.text.chars().count() as f64 * 0.6, |(w, _)| f64::from(w) / 1000.0) * size
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
    fn no_letter_is_left_out() {
        let shown =
            |text: &str| -> Vec<(&str, String)> { runs(text).into_iter().map(|run| (run.family, run.text)).collect() };
        assert_eq!(shown("Выручка, ₽"), [(FAMILY, "Выручка, ₽".to_owned())]);
        let polish = shown("Łukasz Gęś");
        assert_eq!(polish.iter().map(|(_, text)| text.as_str()).collect::<String>(), "Łukasz Gęś");
        assert_eq!(polish[0], (FALLBACK, "Ł".to_owned()));
        assert_eq!(
            shown("Əli ₺"),
            [(FALLBACK, "Ə".to_owned()), (FAMILY, "li ".to_owned()), (FALLBACK, "₺".to_owned())]
        );
        // from right to left, as it is read
        assert_eq!(shown("שלום"), [(FALLBACK, "םולש".to_owned())]);
        assert_eq!(shown("5 ₼"), [(FAMILY, "5 AZN".to_owned())]);
        assert_eq!(shown("中文 OOO"), [(FALLBACK, "□□".to_owned()), (FAMILY, " OOO".to_owned())]);
        // a sign that is replaced by its code is not drawn as it stands either
        assert!(has_all("Выручка, ₽") && !has_all("5 ₼") && !has_all("Łukasz"));
        assert!(width("Łukasz", 13.0, false) > width("ukasz", 13.0, false) + 4.0);
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
