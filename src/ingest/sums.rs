//! Sums that a person can compare with the CRM's screen: for each column of money, that of the files is that of what is stored,
//! refused and repeated.

use std::collections::BTreeMap;

use super::export::FileSum;
use super::layout::Layout;
use super::upsert::Counts;
use crate::model::lang::Lang;
use crate::model::tables::Table;

/// Ten-thousandths in one unit of money.
const ONE: u128 = 10_000;

/// What became of the amounts of one column, in ten-thousandths of the currency unit. `all` = `written` + `unchanged` + `refused`
/// + `merged`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MoneySum {
    /// The table and the column.
    pub place: String,
    /// Of all rows of the files that the table wants.
    pub all: i128,
    /// Of rows that are new in the store, or changed there.
    pub written: i128,
    /// Of rows that the store had so.
    pub unchanged: i128,
    /// Of rows in quarantine.
    pub refused: i128,
    /// Of rows that another one took the place of: one of the same key, or a newer one that the store had.
    pub merged: i128,
    /// Rows in quarantine whose amount cannot be read: it is in none of the sums.
    pub unreadable: u64,
}

/// Puts together what the files gave and what the store took.
pub(super) fn sums(
    files: Vec<FileSum>,
    counts: &BTreeMap<Table, Counts>,
    layouts: &BTreeMap<Table, Layout>,
) -> Vec<MoneySum> {
    let mut all: BTreeMap<(Table, usize), MoneySum> = BTreeMap::new();
    for file in files {
        let Some(layout) = layouts.get(&file.table) else { continue };
        let place = layout.slot(&file.column).and_then(|slot| layout.money.iter().position(|money| *money == slot));
        let Some(at) = place else { continue };
        let sum = all.entry((file.table, at)).or_default();
        sum.place = format!("{}.{}", file.table.name(), file.column);
        sum.all += file.all;
        sum.refused += file.refused;
        sum.unreadable += file.unreadable;
    }
    for ((table, at), sum) in &mut all {
        let kept = counts.get(table).map(|counts| counts.money[*at]).unwrap_or_default();
        (sum.written, sum.unchanged, sum.merged) = (kept.written, kept.unchanged, kept.merged);
    }
    all.into_values().collect()
}

/// The sums as lines of a table: its head, and one line for each column.
pub(super) fn lines(sums: &[MoneySum], lang: Lang) -> Vec<[String; 7]> {
    let head = match lang {
        Lang::Ru => ["суммы", "в файлах", "= записано", "+ без изменений", "+ карантин", "+ повторы", "не прочитать"],
        Lang::En => ["sums", "in the files", "= written", "+ unchanged", "+ quarantined", "+ repeated", "unreadable"],
    };
    let line = |sum: &MoneySum| {
        let [all, written, unchanged, refused, merged] =
            [sum.all, sum.written, sum.unchanged, sum.refused, sum.merged].map(|units| money(units, lang));
        let rows = if lang == Lang::Ru { "строк" } else { "rows" };
        let unreadable = if sum.unreadable > 0 { format!("{rows} {}", sum.unreadable) } else { String::new() };
        [sum.place.clone(), all, written, unchanged, refused, merged, unreadable]
    };
    let with_unreadable = sums.iter().any(|sum| sum.unreadable > 0);
    let mut lines: Vec<[String; 7]> = std::iter::once(head.map(str::to_owned)).chain(sums.iter().map(line)).collect();
    if !with_unreadable {
        lines[0][6].clear();
    }
    lines
}

/// Money in full: what a CRM shows, to the cent or as exact as it is.
pub(super) fn money(units: i128, lang: Lang) -> String {
    let (space, mark) = match lang {
        Lang::Ru => (' ', ','),
        Lang::En => (',', '.'),
    };
    let (whole, part) = (units.unsigned_abs() / ONE, units.unsigned_abs() % ONE);
    let digits = whole.to_string();
    let mut text = String::from(if units < 0 { "-" } else { "" });
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(space);
        }
        text.push(digit);
    }
    match part {
        0 => text,
        part if part % 100 == 0 => format!("{text}{mark}{:02}", part / 100),
        part => format!("{text}{mark}{part:04}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_shown_in_full() {
        for (units, ru, en) in [
            (0, "0", "0"),
            (12_345_678_900, "1 234 567,89", "1,234,567.89"),
            (-10_000_000, "-1 000", "-1,000"),
            (-5, "-0,0005", "-0.0005"),
            (9_990_000, "999", "999"),
        ] {
            assert_eq!((money(units, Lang::Ru).as_str(), money(units, Lang::En).as_str()), (ru, en));
        }
    }
}
