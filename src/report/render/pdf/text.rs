//! Texts in lines: where a line may end, and where a word is cut that is wider than its room.

use hypher::Lang as Patterns;
use unicode_linebreak::{BreakOpportunity, linebreaks};

use super::face::{Fonts, SOFT_HYPHEN};
use super::style::Style;

/// Sums of widths are not exact.
const SLACK: f64 = 0.01;

/// The text without what has no shape and without what steers a terminal or a printer. Lines stay lines.
pub fn clean(text: &str) -> String {
    let shown = |letter: char| match letter {
        '\n' | '\u{2028}' | '\u{2029}' => Some('\n'),
        '\t' | '\u{b}' | '\u{c}' | '\u{85}' => Some(' '),
        _ if letter.is_control() => None,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => None,
        '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}' => None,
        '\u{fff0}'..='\u{fff8}' | '\u{fffe}'..='\u{ffff}' => None,
        _ => Some(letter),
    };
    text.chars().filter_map(shown).collect()
}

/// The pieces between which a line may end, and whether it must.
fn pieces(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut from = 0;
    linebreaks(text).map(move |(at, kind)| {
        let piece = &text[from..at];
        from = at;
        (piece, kind == BreakOpportunity::Mandatory)
    })
}

/// What is seen of a line: no blank at its end, and a hyphen where a soft one ends it.
fn seen(line: &str) -> String {
    let line = line.trim_end_matches([' ', '\n']);
    let mut seen: String = line.chars().filter(|letter| *letter != SOFT_HYPHEN).collect();
    if line.ends_with(SOFT_HYPHEN) {
        seen.push('-');
    }
    seen
}

/// The text in lines no wider than `room` points.
pub fn lines(fonts: &Fonts, text: &str, room: f64, style: Style) -> Vec<String> {
    lines_from(fonts, text, room, style, 0.0)
}

/// The text in lines, the first of which begins where `begun` points of it are taken; it is empty if nothing fits there.
pub fn lines_from(fonts: &Fonts, text: &str, room: f64, style: Style, begun: f64) -> Vec<String> {
    let (mut done, mut line, mut wide) = (Vec::new(), String::new(), begun);
    for (piece, ends) in pieces(&clean(text)) {
        let ink = fonts.wide(&seen(piece), style);
        if wide > 0.0 && wide + ink > room + SLACK {
            done.push(seen(&std::mem::take(&mut line)));
            wide = 0.0;
        }
        if ink > room + SLACK {
            let mut parts = cut(fonts, piece, room, style);
            line = parts.pop().unwrap_or_default();
            done.append(&mut parts);
            wide = fonts.wide(&line, style);
        } else {
            line.push_str(piece);
            wide += fonts.wide(piece, style);
        }
        if ends {
            done.push(seen(&std::mem::take(&mut line)));
            wide = 0.0;
        }
    }
    while done.last().is_some_and(String::is_empty) {
        done.pop();
    }
    done
}

/// The widest piece that no line end divides, in points.
pub fn longest(fonts: &Fonts, text: &str, style: Style) -> f64 {
    pieces(&clean(text)).map(|(piece, _)| fonts.wide(&seen(piece), style)).fold(0.0, f64::max)
}

/// A piece wider than its room, cut: at syllables, and where a syllable is too wide, between letters.
fn cut(fonts: &Fonts, piece: &str, room: f64, style: Style) -> Vec<String> {
    let hyphen = fonts.wide("-", style);
    let (mut parts, mut part, mut wide) = (Vec::new(), String::new(), 0.0);
    let word = seen(piece);
    for syllable in syllables(&word) {
        let ink = fonts.wide(syllable, style);
        if !part.is_empty() && wide + ink + hyphen > room {
            part.push('-');
            parts.push(std::mem::take(&mut part));
            wide = 0.0;
        }
        if ink + hyphen <= room {
            part.push_str(syllable);
            wide += ink;
            continue;
        }
        for letter in syllable.chars() {
            let ink = fonts.wide(letter.encode_utf8(&mut [0; 4]), style);
            if !part.is_empty() && wide + ink > room {
                parts.push(std::mem::take(&mut part));
                wide = 0.0;
            }
            part.push(letter);
            wide += ink;
        }
    }
    if piece.ends_with(' ') {
        part.push(' ');
    }
    parts.push(part);
    parts
}

/// The syllables of a word; what is no word is one syllable.
fn syllables(word: &str) -> Vec<&str> {
    let letters = word.trim_end_matches(|letter: char| letter.is_ascii_punctuation() || letter == '»');
    let is = |range: fn(char) -> bool| !letters.is_empty() && letters.chars().all(range);
    let patterns = match () {
        () if is(|letter| matches!(letter, 'а'..='я' | 'А'..='Я' | 'ё' | 'Ё')) => Patterns::Russian,
        () if is(|letter| letter.is_ascii_alphabetic()) => Patterns::English,
        () => return vec![word],
    };
    let mut from = 0;
    let mut parts: Vec<&str> = hypher::hyphenate(letters, patterns)
        .map(|syllable| {
            let part = &letters[from..from + syllable.len()];
            from += syllable.len();
            part
        })
        .collect();
    // what ends the word stays with its last syllable
    if let Some(last) = parts.last_mut() {
        *last = &word[letters.len() - last.len()..];
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(text: &str, room: f64) -> Vec<String> {
        lines(&Fonts::open().unwrap(), text, room, Style::new(10.0))
    }

    #[test]
    fn a_line_ends_at_blanks_and_a_long_word_at_a_syllable() {
        assert_eq!(lines_of("одно два", 200.0), ["одно два"]);
        assert_eq!(lines_of("одно два", 30.0), ["одно", "два"]);
        assert_eq!(lines_of("Квалифицированные, да", 60.0), ["Квалифици-", "рованные,", "да"]);
        assert_eq!(lines_of("5\u{a0}мин 10\u{a0}мин", 40.0), ["5\u{a0}мин", "10\u{a0}мин"]);
        assert_eq!(lines_of("первая\nвторая\n", 200.0), ["первая", "вторая"]);
        assert!(lines_of("", 100.0).is_empty());
    }

    #[test]
    fn no_line_is_wider_than_its_room() {
        let fonts = Fonts::open().unwrap();
        let style = Style::new(10.0);
        for text in ["я".repeat(300), "https://example.ru/?a=".to_owned() + &"9".repeat(200), "סופר ".repeat(40)] {
            let lines = lines(&fonts, &text, 70.0, style);
            assert!(lines.iter().all(|line| fonts.wide(line, style) <= 70.01), "{lines:?}");
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace() && *c != '-').count();
            assert_eq!(lines.iter().map(|line| letters(line)).sum::<usize>(), letters(&text), "no letter is lost");
        }
    }

    #[test]
    fn what_steers_a_printer_is_left_out() {
        assert_eq!(clean("a\u{0}b\u{1b}[1m\u{202e}c\u{feff}\td\r\ne"), "ab[1mc d\ne");
    }
}
