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

/// A text with what no eye sees written out: a terminal obeys some of it, and some of it turns what stands around it.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unseen) {
        return Cow::Borrowed(text);
    }
    let shown = |symbol: char| match is_unseen(symbol) {
        true => symbol.escape_default().to_string(),
        false => symbol.to_string(),
    };
    Cow::Owned(text.chars().map(shown).collect())
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
        }
        for text in ["", "Иванова", "1=1", "—", "'=1"] {
            assert_eq!(defused(text), text);
        }
    }

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        assert_eq!(visible("\u{1b}[2JИванов\u{202e}"), "\\u{1b}[2JИванов\\u{202e}");
        assert_eq!(visible("two\nlines"), "two\nlines");
    }
}
