//! What is worth telling of an ingest beside its counts.

use crate::export::read::Oddities;
use crate::model::lang::Text;
use crate::model::tables::Table;

/// A note with the file that it is about.
pub(crate) fn about(file: &str, note: &Text) -> Text {
    Text::new(format!("{file}: {}", note.ru), format!("{file}: {}", note.en))
}

/// Rows that say more of what another export tells: they are no keys of their own.
pub(crate) fn joined(joined: impl Iterator<Item = (Table, u64)>) -> Vec<Text> {
    let note = |(table, rows): (Table, u64)| {
        let name = table.name();
        Text::new(
            format!("{name}: строк, дополняющих строку другой выгрузки о том же: {rows}"),
            format!("{name}: rows that add to a row of another export about the same: {rows}"),
        )
    };
    joined.filter(|(_, rows)| *rows > 0).map(note).collect()
}

/// What is worth telling and was kept.
pub(crate) fn of_rows(repeated: impl Iterator<Item = (Table, u64)>, met: Oddities) -> Vec<Text> {
    let mut notes = Vec::new();
    for (table, rows) in repeated.filter(|(_, rows)| *rows > 0) {
        let name = table.name();
        notes.push(Text::new(
            format!(
                "{name}: строк, повторяющих ключ более ранней строки того же файла или такого же: {rows}; взята последняя \
                 (в одном файле при repeated = \"sum\" — сумма)"
            ),
            format!(
                "{name}: rows that repeat the key of an earlier row of the same file or of one of its kind: {rows}; the \
                 last is kept (within a file, with repeated = \"sum\", their sum)"
            ),
        ));
    }
    notes.extend(met.alike.notes());
    notes.extend(met.notes());
    let counted = [
        (
            met.rounded,
            "сумм с более чем четырьмя знаками после запятой, округлены",
            "amounts with more than four decimals, rounded",
        ),
        (met.headers, "строк, повторяющих заголовок, пропущены", "rows that are the header once more, passed over"),
        (met.spread, "строк за период, разложены поровну по его дням", "rows of a period, spread evenly over its days"),
        (
            met.spread_long,
            "из них за период длиннее года: по дням и неделям такой расход — средний, а не настоящий",
            "of them of a period longer than a year: by day and week such a cost is a mean, not what was spent",
        ),
        (
            met.first_taken,
            "ячеек с несколькими значениями, взято первое",
            "cells of several values, of which the first was taken",
        ),
        (
            met.not_normal,
            "телефонов и адресов, которые не телефоны и не адреса, не взяты",
            "phones and e-mails that are none, left out",
        ),
        (
            met.spoilt,
            "текстов, в которых вместо букв стоит �: файл таким и был, либо кодировка другая (encoding)",
            "texts with � in the place of letters: the file came so, or its encoding is another (encoding)",
        ),
        (met.cleaned, "текстов, из которых убраны невидимые символы", "texts out of which unseen symbols were taken"),
        (
            met.searched,
            "текстов, в которых телефоны и адреса почты заменены (personal в маппинге не keep)",
            "texts in which phones and e-mails were replaced (personal in the mapping is not keep)",
        ),
    ];
    for (count, ru, en) in counted.into_iter().filter(|(count, ..)| *count > 0) {
        notes.push(Text::new(format!("{ru}: {count}"), format!("{en}: {count}")));
    }
    notes
}
