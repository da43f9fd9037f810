//! Text that came out of an export, on its way to a spreadsheet or a terminal: neither may take it for a command.

use std::borrow::Cow;

/// What parts cells in some spreadsheet: a file is cut by the marks of whoever opens it, not of whoever wrote it.
const PARTS: [char; 5] = [';', ',', '\t', '\n', '\r'];

/// A text that a spreadsheet does not take for a formula, wherever it cuts it.
pub fn defused(text: &str) -> Cow<'_, str> {
    let places = formulas(text, begins_formula);
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + places.len());
    let mut from = 0;
    for at in places {
        shown.push_str(&text[from..at]);
        shown.push('\'');
        from = at;
    }
    shown.push_str(&text[from..]);
    Cow::Owned(shown)
}

/// The text that was [`defused`].
pub fn undefused(text: &str) -> Cow<'_, str> {
    let places = formulas(text, |part, place| part.strip_prefix('\'').is_some_and(|rest| begins_formula(rest, place)));
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut from = 0;
    for at in places {
        plain.push_str(&text[from..at]);
        from = at + 1;
    }
    plain.push_str(&text[from..]);
    Cow::Owned(plain)
}

/// Whether a part stands at the beginning of the text or within it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    First,
    Within,
}

/// Where the parts of a text begin that are like this.
fn formulas(text: &str, is_so: impl Fn(&str, Place) -> bool) -> Vec<usize> {
    let within = text.match_indices(PARTS).map(|(at, part)| (at + part.len(), Place::Within));
    let starts = std::iter::once((0, Place::First)).chain(within);
    starts.filter(|(at, place)| is_so(&text[*at..], *place)).map(|(at, _)| at).collect()
}

/// Whether a spreadsheet would take what begins here for a formula. Within a text a number is none: it is no more than a
/// number in a cell of its own.
fn begins_formula(part: &str, place: Place) -> bool {
    // the wide ones are formulas to a spreadsheet with a Chinese, Japanese or Korean keyboard
    const BEGIN: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    // the first cell of a line that begins so
    const FIRST: [char; 3] = ['\t', '\r', '\n'];
    if place == Place::First && part.trim_start_matches([' ', '\u{a0}']).starts_with(FIRST) {
        return true;
    }
    let passed =
        |symbol: char| (symbol.is_whitespace() && !PARTS.contains(&symbol)) || symbol == '"' || is_unseen(symbol);
    let bare = part.trim_start_matches(passed);
    bare.starts_with(BEGIN) && !(place == Place::Within && is_number(bare))
}

/// Whether the part that begins here is a signed number.
fn is_number(part: &str) -> bool {
    let end = part.find(PARTS).unwrap_or(part.len());
    let part = part[..end].trim_end_matches(|symbol: char| symbol.is_whitespace() || symbol == '"');
    let digits = part.strip_prefix(['+', '-']).unwrap_or_default();
    let allowed = |symbol: char| symbol.is_ascii_digit() || matches!(symbol, '.' | ' ' | '\u{a0}');
    digits.starts_with(|first: char| first.is_ascii_digit()) && digits.chars().all(allowed)
}

/// A text of lines with what no eye sees written out: a terminal obeys some of it, and some of it turns what stands around
/// it or takes the place of what stands before it. Line breaks and tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    written_out(text, commands)
}

/// A value or a name within a line, cut where it is long: as [`visible`], and it cannot begin a line of its own.
pub fn in_line(text: &str) -> Cow<'_, str> {
    /// So many symbols of it are shown.
    const SHOWN: usize = 200;
    let cut = text.char_indices().nth(SHOWN).map(|(at, _)| at);
    let shown =
        written_out(cut.map_or(text, |at| &text[..at]), |symbol| commands(symbol) || matches!(symbol, '\n' | '\t'));
    match cut {
        None => shown,
        Some(_) => Cow::Owned(format!("{shown}…")),
    }
}

fn written_out(text: &str, wanted: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&wanted) {
        return Cow::Borrowed(text);
    }
    let shown = |symbol: char| match wanted(symbol) {
        true => symbol.escape_default().to_string(),
        false => symbol.to_string(),
    };
    Cow::Owned(text.chars().map(shown).collect())
}

/// Whether a terminal would do something else with a symbol than show it: what no eye sees, a CR, breaks of lines that are
/// none to most programs, and marks that hide in a text.
fn commands(symbol: char) -> bool {
    is_unseen(symbol)
        || matches!(symbol, '\r' | '\u{61c}' | '\u{180e}' | '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}')
        || matches!(symbol, '\u{e0000}'..='\u{e007f}')
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
        for text in ["=1+1", "+79121234567", "-", "@x", " =1", "\u{a0}=1", "＝1"] {
            assert_eq!(defused(text), format!("'{text}"), "{text}");
            assert_eq!(undefused(&defused(text)), text);
        }
        for text in ["", "Иванова", "1=1", "—", "'=1"] {
            assert_eq!(defused(text), text);
        }
        assert_eq!((undefused("'a").as_ref(), undefused("'").as_ref()), ("'a", "'"));
    }

    #[test]
    fn a_text_is_no_formula_however_a_spreadsheet_cuts_it() {
        for (text, shown) in [
            ("a;=1+1", "a;'=1+1"),
            ("a\t@SUM(1)", "a\t'@SUM(1)"),
            ("a, -b", "a,' -b"),
            ("x\n=1\r\n+a", "x\n'=1\r\n'+a"),
            ("\"=1", "'\"=1"),
            ("\t=1", "'\t'=1"),
            ("\tx", "'\tx"),
            ("a;\"=cmd|' /C calc'!A0\"", "a;'\"=cmd|' /C calc'!A0\""),
            ("=1;=2;=3", "'=1;'=2;'=3"),
            ("\u{200b}=1", "'\u{200b}=1"),
        ] {
            assert_eq!(defused(text), shown, "{text:?}");
            assert_eq!(undefused(shown), text, "{shown:?}");
        }
        // what is cut off as a number is a number
        for text in ["Москва, -5", "a;+7 912;b", "x;-1.5", "скидка; - ", "a,b;c=d"] {
            let ends_bare = text.ends_with("- ");
            assert_eq!(defused(text) == text, !ends_bare, "{text:?}");
        }
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
        assert_eq!(visible("9999\rtotal fine\u{8}\u{9b}2J\u{2028}"), "9999\\rtotal fine\\u{8}\\u{9b}2J\\u{2028}");
        assert_eq!(in_line("a\n  ! all is well\t\u{1b}[0m"), "a\\n  ! all is well\\t\\u{1b}[0m");
        assert_eq!(in_line(&"я".repeat(300)), format!("{}…", "я".repeat(200)));
    }
}
