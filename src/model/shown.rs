//! Text that came out of an export, on its way to a spreadsheet or a terminal: neither may take it for a command.

use std::borrow::Cow;

/// A text that a spreadsheet does not take for a formula.
pub fn defused(text: &str) -> Cow<'_, str> {
    // the wide ones are formulas to a spreadsheet with a Chinese, Japanese or Korean keyboard
    const BEGIN: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    match text.trim_start_matches([' ', '\u{a0}']).starts_with(BEGIN) {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}

/// The text that was [`defused`].
pub fn undefused(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if matches!(defused(rest), Cow::Owned(_)) => rest,
        _ => text,
    }
}

/// A text with what no eye sees written out: a terminal obeys some of it, and some of it turns what stands around it.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !hides(text) {
        return Cow::Borrowed(text);
    }
    let shown = |symbol: char| match is_unseen(symbol) {
        true => symbol.escape_default().to_string(),
        false => symbol.to_string(),
    };
    Cow::Owned(text.chars().map(shown).collect())
}

/// Whether there are symbols in a text that no eye sees.
pub fn hides(text: &str) -> bool {
    // the bytes that they begin with: most texts have none of these
    let may = text.bytes().any(|byte| byte < 0x20 || matches!(byte, 0x7f | 0xc2 | 0xe2 | 0xef));
    may && text.contains(is_unseen)
}

/// Symbols that no eye sees and that turn what stands around them: controls, marks of order, and the like. Line breaks
/// and tabs are seen.
pub fn is_unseen(symbol: char) -> bool {
    let break_or_tab = matches!(symbol, '\n' | '\r' | '\t');
    (symbol.is_control() && !break_or_tab)
        || matches!(symbol, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_gets_an_apostrophe() {
        for text in ["=1+1", "+79121234567", "-", "@x", " =1", "\u{a0}=1", "\t=1", "＝1"] {
            assert_eq!(defused(text), format!("'{text}"), "{text}");
            assert_eq!(undefused(&defused(text)), text);
        }
        for text in ["", "Иванова", "1=1", "—", "'=1"] {
            assert_eq!(defused(text), text);
        }
        assert_eq!((undefused("'a"), undefused("'")), ("'a", "'"));
    }

    #[test]
    fn what_no_eye_sees_is_known() {
        for symbol in ['\0', '\u{7f}', '\u{85}', '\u{200b}', '\u{202e}', '\u{2066}', '\u{feff}'] {
            assert!(hides(&symbol.to_string()), "{symbol:?}");
        }
        assert!(!hides("Иван\tO’Нил\n№ 1 — «Ёлка»\u{a0}"));
    }

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        assert_eq!(visible("\u{1b}[2JИванов\u{202e}"), "\\u{1b}[2JИванов\\u{202e}");
        assert_eq!(visible("two\nlines"), "two\nlines");
    }
}
