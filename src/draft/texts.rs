//! How a draft writes texts, numbers and lists.

use std::fmt::Write as _;

use crate::export::values::numbers::ONE;
use crate::model::lang::Lang;

/// The first cells of totals.
pub(super) const TOTALS: [&str; 4] = ["Итого", "Всего", "Total", "Grand total"];

/// A text in the language of the draft.
#[derive(Clone, Copy)]
pub(super) struct Say(pub(super) Lang);

impl Say {
    pub(super) fn say<'t>(self, ru: &'t str, en: &'t str) -> &'t str {
        match self.0 {
            Lang::Ru => ru,
            Lang::En => en,
        }
    }

    /// A number as people of the language write it: `12,345`, `12 345`.
    pub(super) fn count(self, number: u64) -> String {
        grouped(&number.to_string(), self.say(" ", ","))
    }

    /// An amount of so many units: `10,005,534.00`.
    pub(super) fn money(self, units: i128) -> String {
        let one = i128::from(ONE);
        let (whole, rest) = (units.unsigned_abs() / one.unsigned_abs(), units.unsigned_abs() % one.unsigned_abs());
        let digits = format!("{rest:04}");
        let digits = if digits.ends_with("00") { &digits[..2] } else { &digits };
        let sign = if units < 0 { "-" } else { "" };
        format!("{sign}{}{}{digits}", grouped(&whole.to_string(), self.say(" ", ",")), self.say(",", "."))
    }
}

fn grouped(digits: &str, mark: &str) -> String {
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push_str(mark);
        }
        grouped.push(digit);
    }
    grouped
}

/// A text as it may stand in a comment: on one line, and not too long.
pub(super) fn remark(text: &str) -> String {
    let is_unseen = |c: char| c.is_control() || crate::model::shown::is_unseen(c);
    text.chars().map(|c| if is_unseen(c) { ' ' } else { c }).take(40).collect()
}

/// A text as TOML writes it, on one line: it may stand in a comment.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for symbol in text.chars() {
        let _ = match symbol {
            '"' | '\\' => write!(quoted, "\\{symbol}"),
            symbol if symbol.is_control() || crate::model::shown::is_unseen(symbol) => {
                write!(quoted, "\\u{:04X}", u32::from(symbol))
            }
            symbol => write!(quoted, "{symbol}"),
        };
    }
    quoted + "\""
}

/// Texts as a TOML list; of one, the text alone.
pub(super) fn list(texts: &[String]) -> String {
    match texts {
        [one] => quoted(one),
        several => format!("[{}]", several.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")),
    }
}
