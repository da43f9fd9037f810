//! Texts of cells.

use std::borrow::Cow;

use crate::model::lang::Lang;
use crate::model::shown::visible;

/// A cell holds no more UTF-16 units.
pub const LONGEST: usize = 32_767;
/// A property of a document holds no more characters.
const LONGEST_PROPERTY: usize = 255;

/// A text as a cell can hold it: what no eye sees is written out, what is too long is cut and says so.
pub fn shown(text: &str, lang: Lang) -> Cow<'_, str> {
    let text = seen(text);
    let units: usize = text.chars().map(char::len_utf16).sum();
    if units <= LONGEST {
        return text;
    }
    let left_out = |kept: usize| {
        let more = text.chars().count() - kept;
        match lang {
            Lang::Ru => format!("… [обрезано, знаков ещё: {more}]"),
            Lang::En => format!("… [cut, {more} more characters]"),
        }
    };
    let room = LONGEST - left_out(0).encode_utf16().count();
    let mut used = 0;
    let kept = text.chars().take_while(|symbol| {
        used += symbol.len_utf16();
        used <= room
    });
    let kept: String = kept.collect();
    let told = left_out(kept.chars().count());
    Cow::Owned(kept + &told)
}

/// The text with its control symbols written out. `_x000D_` and the like, which a spreadsheet reads as the symbol that they number,
/// are escaped by the library.
fn seen(text: &str) -> Cow<'_, str> {
    let text = match text.contains("\r\n") {
        true => Cow::Owned(text.replace("\r\n", "\n")),
        false => Cow::Borrowed(text),
    };
    let text = match visible(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(changed) => Cow::Owned(changed),
    };
    match text.contains(['\u{fffe}', '\u{ffff}']) {
        true => Cow::Owned(text.replace('\u{fffe}', "\\u{fffe}").replace('\u{ffff}', "\\u{ffff}")),
        false => text,
    }
}

/// Whether a spreadsheet would take the text for a formula when a person edits its cell.
pub fn is_like_a_formula(text: &str) -> bool {
    text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// A text as a property of the document.
pub fn property(text: &str) -> String {
    seen(text).chars().take(LONGEST_PROPERTY).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_eye_sees_is_written_out() {
        assert_eq!(shown("a\u{1b}[0m\r\nb\rc\u{202e}\u{ffff}", Lang::En), "a\\u{1b}[0m\nb\\rc\\u{202e}\\u{ffff}");
        assert!(matches!(shown("Иван\tO’Нил\n№ 1", Lang::Ru), Cow::Borrowed(_)));
    }

    #[test]
    fn what_is_too_long_is_cut_and_says_so() {
        let long = "😀".repeat(20_000);
        let cut = shown(&long, Lang::En);
        assert!(cut.encode_utf16().count() <= LONGEST);
        let kept = cut.chars().filter(|symbol| *symbol == '😀').count();
        assert!(cut.ends_with(&format!("… [cut, {} more characters]", 20_000 - kept)), "{}", &cut[cut.len() - 60..]);
        let whole = "я".repeat(LONGEST);
        assert_eq!(shown(&whole, Lang::Ru), whole);
    }

    #[test]
    fn formulas_are_known_by_their_beginning() {
        assert!(["=1", " +7", "-", "@x", "＝1", "\n=1"].iter().all(|text| is_like_a_formula(text)));
        assert!(["", "1=1", "—", "'=1"].iter().all(|text| !is_like_a_formula(text)));
    }
}
