//! Sums that a person can compare with the CRM's screen: for each column of money, that of the files is that of what is stored,
//! refused and repeated.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bucket::upsert::Counts;
use crate::export::read::FileSum;
use crate::export::values::money;
use crate::model::lang::Lang;
use crate::model::layout::{Layout, NoColumn};
use crate::model::tables::Table;

/// What became of the amounts of one column, in ten-thousandths of the currency unit. `all` = `written` + `unchanged` + `refused`
/// + `merged`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Rows replaced by another one: by one of the same key, or by a newer one in the store.
    pub merged: i128,
    /// Rows in quarantine whose amount cannot be read: it is in none of the sums.
    pub unreadable: u64,
}

/// Puts together what the files gave and what the store took.
pub(crate) fn sums(
    files: Vec<FileSum>,
    counts: &BTreeMap<Table, Counts>,
    layouts: &BTreeMap<Table, Layout>,
) -> Result<Vec<MoneySum>, NoColumn> {
    let mut all: BTreeMap<(Table, usize), MoneySum> = BTreeMap::new();
    for file in files {
        let Some(layout) = layouts.get(&file.table) else { continue };
        let slot = layout.slot(&file.column)?;
        let Some(at) = layout.money.iter().position(|money| *money == slot) else { continue };
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
    Ok(all.into_values().collect())
}

/// The sums as lines of a table: its head, and one line for each column.
pub(crate) fn lines(sums: &[MoneySum], lang: Lang) -> Vec<[String; 7]> {
    let head = match lang {
        Lang::Ru => ["суммы", "в файлах", "= записано", "+ без изменений", "+ карантин", "+ повторы", "не прочитать"],
        Lang::En => ["sums", "in the files", "= written", "+ unchanged", "+ quarantined", "+ repeated", "unreadable"],
    };
    let line = |sum: &MoneySum| {
        let [all, written, unchanged, refused, merged] =
            [sum.all, sum.written, sum.unchanged, sum.refused, sum.merged].map(|units| money::shown(units, lang));
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
