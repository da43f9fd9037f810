//! How wide texts and numbers are, in widths of a digit: the unit of a column's width. Spreadsheets do not fit columns by themselves,
//! and the font that a reader will have is not at hand, so the widths are estimated on the large side.

/// A column is at least as wide.
pub const LEAST: f64 = 8.0;
/// A column is at most as wide; longer texts wrap.
pub const MOST: f64 = 60.0;

/// The width of the widest line of a text.
pub fn of_text(text: &str) -> f64 {
    text.lines().map(|line| line.chars().map(of_symbol).sum()).fold(0.0, f64::max)
}

/// Rounded up from the widths of the font that a new workbook has.
fn of_symbol(symbol: char) -> f64 {
    match symbol {
        ' ' | '\u{a0}' | 'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '·' | '\'' | '|' | '!' => 0.5,
        'f' | 'r' | 't' | 'J' | '-' | '(' | ')' => 0.7,
        'г' | 'з' | 'с' | 'т' | 'Г' | 'c' | 's' | 'z' => 0.8,
        'ж' | 'ш' | 'щ' | 'ю' | 'ф' | 'м' | 'ы' | 'm' | 'w' | '…' | '%' | 'Ф' | 'Ы' => 1.5,
        'Ж' | 'М' | 'Ш' | 'Щ' | 'Ю' | 'M' | 'W' | '—' | '@' | '№' => 1.9,
        symbol if symbol.is_uppercase() => 1.25,
        symbol if symbol > '\u{2e80}' => 2.0,
        _ => 1.0,
    }
}

/// How many lines a text takes in a cell of this width, if it wraps between words.
pub fn lines(text: &str, width: f64) -> usize {
    let of_line = |line: &str| {
        let (mut lines, mut used) = (1, 0.0);
        for word in line.split_inclusive(' ') {
            let wide = of_text(word);
            if used > 0.0 && used + wide > width {
                lines += 1;
                used = 0.0;
            }
            // a word that is wider than the cell is broken
            lines += (wide / width) as usize;
            used += wide % width.max(1.0);
        }
        lines
    };
    text.lines().map(of_line).sum::<usize>().max(1)
}

/// The height of so many lines, in points.
pub fn height(lines: usize) -> f64 {
    /// Of a row in points.
    const HIGHEST: f64 = 409.0;
    (lines as f64 * 15.0 + 1.0).min(HIGHEST)
}

/// The width of a number with so many decimals and a suffix such as ` ₽`.
pub fn of_number(value: f64, digits: usize, suffix: usize) -> f64 {
    let whole = value.abs().log10().floor().clamp(0.0, 20.0) as usize + 1;
    let separators = (whole - 1) / 3;
    let sign = usize::from(value < 0.0);
    let point = usize::from(digits > 0);
    (whole + separators + sign + point + digits + suffix) as f64 * 1.05
}

/// The width of a column with this header and this content: the header wraps.
pub fn of_column(head: &str, content: f64) -> f64 {
    let word = head.split_whitespace().map(of_text).fold(0.0, f64::max) * 1.08;
    // of up to three lines
    let head = word.max(of_text(head) / 2.6);
    (content.max(head) + 2.6).clamp(LEAST, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_wrap_between_words() {
        assert_eq!(
            (lines("", 10.0), lines("один", 10.0), lines("один два три четыре", 10.0), lines("a\nb", 10.0)),
            (1, 1, 2, 2)
        );
        assert!(of_number(-1_234_567.5, 2, 2) >= 15.0);
    }
}
