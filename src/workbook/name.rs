//! Names of sheets: at most 31 characters, none of `[]:*?/\`, no apostrophe at either end, each used once in a workbook whatever its case.

use std::collections::BTreeSet;

/// A name holds no more UTF-16 units.
const LONGEST: usize = 31;

/// The names that are taken. `History` is one that Excel keeps for itself.
#[derive(Debug)]
pub struct Names(BTreeSet<String>);

impl Default for Names {
    fn default() -> Names {
        Names(BTreeSet::from(["history".to_owned()]))
    }
}

impl Names {
    /// A free name like the wanted one, or like `otherwise` if nothing of it can stand in a name.
    pub fn take(&mut self, wanted: &str, otherwise: &str) -> String {
        let plain = [wanted, otherwise].map(plain).into_iter().find(|name| !name.is_empty());
        let plain = plain.unwrap_or_else(|| "1".to_owned());
        let numbered = (2..).map(|number| format!(" ({number})"));
        for end in std::iter::once(String::new()).chain(numbered) {
            let name = fitted(&plain, LONGEST - end.len()) + &end;
            if self.0.insert(name.to_lowercase()) {
                return name;
            }
        }
        plain
    }
}

/// The text without what a name cannot hold.
fn plain(text: &str) -> String {
    let kept = text.chars().filter(|symbol| !matches!(symbol, '\u{ad}' | '?' | '\'')).map(|symbol| match symbol {
        '[' => '(',
        ']' => ')',
        ':' | '*' | '/' | '\\' => ' ',
        symbol if symbol.is_control() || crate::model::shown::is_unseen(symbol) => ' ',
        symbol => symbol,
    });
    let kept: String = kept.collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The name cut after a whole word where it is too long.
fn fitted(name: &str, room: usize) -> String {
    if name.encode_utf16().count() <= room {
        return name.to_owned();
    }
    let mut used = 1; // the ellipsis
    let cut: String = name
        .chars()
        .take_while(|symbol| {
            used += symbol.len_utf16();
            used <= room
        })
        .collect();
    let whole = cut.rfind(' ').filter(|at| *at > cut.len() / 2).map_or(cut.as_str(), |at| &cut[..at]);
    format!("{}…", whole.trim_end_matches([' ', ',', ':', '—', '·', '(']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_unique_and_without_what_is_forbidden() {
        let mut names = Names::default();
        let wanted = [
            "Растёт ли доля выручки без скидок и дожима?",
            "РАСТЁТ ли доля выручки без скидок, или нет?",
            "растёт ли доля выручки без скидок?",
            "a/b\\c:[d]*?",
            "'quoted'",
            "History",
            "",
            "???",
            "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀",
        ];
        let taken: Vec<String> = wanted.iter().map(|wanted| names.take(wanted, "chart-1")).collect();
        assert_eq!(
            taken,
            [
                "Растёт ли доля выручки без…",
                "РАСТЁТ ли доля выручки… (2)",
                "растёт ли доля выручки… (3)",
                "a b c (d)",
                "quoted",
                "History (2)",
                "chart-1",
                "chart-1 (2)",
                "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀…"
            ]
        );
        assert!(taken.iter().all(|name| name.encode_utf16().count() <= LONGEST));
    }
}
