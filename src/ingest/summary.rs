//! What an ingest did, as data and in words.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::bucket::client_events::OfClients;
use super::bucket::seen::Seen;
use super::sums::{MoneySum, lines};
use crate::export::mapping::Export;
use crate::export::snapshot_date::By;
use crate::model::lang::{Lang, Text};
use crate::model::shown::in_line;
use crate::model::tables::Table;
use crate::store::TableCount;

/// What an ingest did.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Its number: the version of the store from now on.
    pub ingest: u64,
    /// What was met in each file.
    pub files: Vec<FileCount>,
    /// What became of the rows, by table. `read` counts rows, the others keys: rows that repeat a key are one key.
    pub tables: Vec<TableCount>,
    /// What became of the amounts, by column of money.
    pub sums: Vec<MoneySum>,
    /// Deals that a snapshot lists no longer, or again, or of which another one is the first that does not list them.
    pub marked: u64,
    /// Events that name only their client and belong to another deal than before, or to none any more.
    pub rejoined: u64,
    /// What was refused, by file, column and reason, most rows first.
    pub quarantined: Vec<QuarantineCount>,
    /// What is worth knowing and was kept.
    pub notes: Vec<Text>,
}

/// What was met in an export.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileCount {
    /// The file's name.
    pub file: String,
    /// The name of the mapping's section.
    pub export: String,
    /// How it was read: its encoding and delimiter, or its form and sheet.
    pub read_as: String,
    /// Rows below the header.
    pub rows: u64,
    /// Rows that were refused.
    pub quarantined: u64,
    /// Rows that the mapping's `ignore_rows` describes.
    pub ignored: u64,
    /// Rows for which no `when` of the mapping holds.
    pub unwanted: u64,
}

impl FileCount {
    /// Rows of which something came into the store.
    fn taken(&self) -> u64 {
        self.rows.saturating_sub(self.quarantined + self.ignored + self.unwanted)
    }
}

/// Refused rows of one file, column and reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineCount {
    /// The file's name.
    pub file: String,
    /// The export's header; empty: the whole row.
    pub column: String,
    /// Why.
    pub reason: Text,
    /// How many rows.
    pub rows: u64,
    /// The line of the first one.
    pub first_line: u64,
    /// The value of the first one.
    pub first_value: String,
}

impl Summary {
    /// Whether the store's data is as it was before.
    pub fn nothing_changed(&self) -> bool {
        self.marked + self.rejoined == 0 && self.tables.iter().all(|t| t.new + t.changed == 0)
    }

    /// Whether a file had rows and every one of them was refused, or nothing of any file was taken: whoever runs an ingest by a
    /// program has to hear of that.
    pub fn gave_nothing(&self) -> bool {
        let is_refused = |file: &FileCount| file.rows > 0 && file.quarantined == file.rows;
        self.files.iter().any(is_refused) || self.files.iter().all(|file| file.taken() == 0)
    }

    /// The summary as a person reads it.
    pub fn text(&self, lang: Lang) -> String {
        let words = |ru: &'static str, en: &'static str| match lang {
            Lang::Ru => ru,
            Lang::En => en,
        };
        let mut out = format!("{} {}\n", words("загрузка", "ingest"), self.ingest);
        for file in &self.files {
            let _ = write!(
                out,
                "  {} ({}; {}): {} {}",
                in_line(&file.file),
                file.export,
                in_line(&file.read_as),
                words("строк", "rows"),
                file.rows
            );
            if file.ignored > 0 {
                let _ = write!(out, ", {} {}", words("пропущено по маппингу", "ignored by the mapping"), file.ignored);
            }
            if file.unwanted > 0 {
                let _ = write!(out, ", {} {}", words("не нужны ни одной таблице", "wanted by no table"), file.unwanted);
            }
            out.push('\n');
        }
        let head = match lang {
            Lang::Ru => ["таблица", "прочитано", "новых", "изменено", "без изменений", "карантин"],
            Lang::En => ["table", "read", "new", "changed", "unchanged", "quarantined"],
        };
        let mut counts = vec![head.map(str::to_owned)];
        counts.extend(self.tables.iter().map(|t| {
            let numbers = [t.read, t.new, t.changed, t.unchanged, t.quarantined].map(|n| n.to_string());
            let [read, new, changed, unchanged, quarantined] = numbers;
            [t.table.name().to_owned(), read, new, changed, unchanged, quarantined]
        }));
        aligned(&counts, &mut out);
        if !self.sums.is_empty() {
            aligned(&lines(&self.sums, lang), &mut out);
        }
        if !self.quarantined.is_empty() {
            let _ = writeln!(out, "{}", words("в карантине:", "in quarantine:"));
        }
        for q in &self.quarantined {
            let (line, value) = (words("строка", "line"), words("значение", "value"));
            let column = if q.column.is_empty() { String::new() } else { format!(", `{}`", in_line(&q.column)) };
            let (file, reason) = (in_line(&q.file), q.reason.get(lang));
            let _ = write!(out, "  {} × {file}{column}: {reason} ({line} {}", q.rows, q.first_line);
            let _ = match q.first_value.as_str() {
                "" => writeln!(out, ")"),
                text => writeln!(out, ", {value} `{}`)", in_line(text)),
            };
        }
        for file in self.files.iter().filter(|file| file.taken() == 0) {
            let told = match file.quarantined == file.rows {
                true => words(
                    "все её строки в карантине, ни одна не загружена",
                    "all its rows are in quarantine, none was loaded",
                ),
                false => words("ни одна её строка не загружена", "none of its rows was loaded"),
            };
            let _ = writeln!(out, "  ! {}: {told}", file.file);
        }
        for note in &self.notes {
            let _ = writeln!(out, "  ! {}", note.get(lang).replace('\n', "\\n"));
        }
        if self.nothing_changed() {
            let _ = writeln!(out, "{}", words("данные не изменились", "the data has not changed"));
        }
        out
    }
}

/// Lines of a table, the first cell to the left and the others to the right.
fn aligned<const N: usize>(lines: &[[String; N]], out: &mut String) {
    let width = |at: usize| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    for line in lines {
        let mut text = format!("  {:<width$}", line[0], width = widths[0]);
        for (cell, width) in line.iter().zip(&widths).skip(1) {
            let _ = write!(text, "  {cell:>width$}");
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
}

/// What is to be known of a file that is a snapshot: that nobody said when it was taken, and what tells it then; and how many
/// of its rows are `gaps`: refused, and not even their deal could be read.
pub(crate) fn of_snapshot(file: &str, by: By, gaps: u64) -> Vec<Text> {
    let mut notes = Vec::new();
    match by {
        By::Mapping | By::User => {}
        By::Name(taken) => notes.push(Text::new(
            format!("{file}: срез сделан {taken}, так говорит имя файла; если это не так, укажите --taken"),
            format!("{file}: the snapshot was taken on {taken}, as the file's name tells; if that is wrong, say --taken"),
        )),
        By::Clock => notes.push(Text::new(
            format!(
                "{file}: когда сделан срез, не сказано (`taken` в маппинге, --taken, одна дата в имени); принят момент \
                 загрузки"
            ),
            format!(
                "{file}: nobody said when the snapshot was taken (`taken` in the mapping, --taken, one date in the name); \
                 taken as now"
            ),
        )),
    }
    if gaps > 0 {
        notes.push(Text::new(
            format!("{file}: строк среза, в которых не прочитать и номер сделки: {gaps}; поэтому пропавшие из него сделки не отмечены"),
            format!("{file}: rows of the snapshot of which not even the deal can be read: {gaps}; so deals missing from it are not marked"),
        ));
    }
    notes
}

/// What became of the events that know only their client, if there are any.
pub(crate) fn of_clients(told: OfClients) -> Option<Text> {
    let OfClients { joined, without_deal, unknown_client, changed: _ } = told;
    (joined + without_deal + unknown_client > 0).then(|| {
        Text::new(
            format!(
                "событий, в которых назван только клиент: отнесены к его сделке: {joined}; у клиента не было тогда подходящей \
                 сделки: {without_deal}; сделок такого клиента нет: {unknown_client}"
            ),
            format!(
                "events that name only a client: joined to a deal of the client: {joined}; the client had no deal then to \
                 which they could belong: {without_deal}; no deal of the client is known: {unknown_client}"
            ),
        )
    })
}

/// What a list of deals in their present stages lacks, where no event tells of a stage.
pub(crate) fn of_missing_log(export: &Export) -> Option<Text> {
    let of_deals = export.fills.iter().filter(|fill| fill.table == Table::Deals);
    let has_stage = of_deals.flat_map(|fill| &fill.columns).any(|column| column.name == "stage");
    let name = &export.name;
    (has_stage && !export.snapshot).then(|| {
        Text::new(
            format!(
                "журнала этапов нет: известно, где сделка стоит теперь, но не где она стояла и сколько. Если каждая выгрузка \
                 перечисляет все сделки, добавьте snapshot = true в [[export]] «{name}» и загружайте её каждую неделю: историю \
                 этапов хранилище накопит само"
            ),
            format!(
                "there is no log of stages: it is known where a deal stands now, not where it stood and for how long. If each \
                 export lists all deals, add snapshot = true to [[export]] `{name}` and ingest it every week: the store grows the \
                 history of stages itself"
            ),
        )
    })
}

/// What is to be known of an export whose deals are known by the number of their row.
pub(crate) fn of_row_numbers(export: &Export) -> Option<Text> {
    export.numbers_rows().then(|| {
        Text::new(
            "сделки известны по номеру строки (row_number): в следующей выгрузке строки должны стоять в том же порядке, новые — в конце; \
             иначе сделки смешаются, и хранилище надо собрать заново",
            "deals are known by the number of their row (row_number): the next export must have the rows in the same order, new ones at \
             the end; else deals are mixed up, and the store has to be made anew",
        )
    })
}

/// What comparing the snapshots with the store gave.
pub(crate) fn of_comparison(seen: Seen) -> Vec<Text> {
    let mut notes = Vec::new();
    let Seen { moves, dated, first, older, gone, back, shifted, changes, records: _, again: _ } = seen;
    if moves > 0 {
        let (since_ru, since_en) = match first {
            0 => (String::new(), String::new()),
            first => (
                format!(
                    "; сделок, впервые увиденных уже на этапе: {first} — с каких пор они на нём, известно лишь как «после создания»"
                ),
                format!(
                    "; deals first seen standing in a stage: {first}, of which it is only known that they came there after their creation"
                ),
            ),
        };
        notes.push(Text::new(
            format!("переходов между этапами найдено сравнением срезов: {moves}, из них время известно у {dated}{since_ru}"),
            format!("moves between stages found by comparing snapshots: {moves}, of them with a known time: {dated}{since_en}"),
        ));
    }
    if changes > 0 {
        notes.push(Text::new(
            format!("изменений суммы, ожидаемой даты закрытия и вероятности найдено сравнением срезов: {changes}"),
            format!(
                "changes of amounts, expected closing dates and probabilities found by comparing snapshots: {changes}"
            ),
        ));
    }
    if older > 0 {
        notes.push(Text::new(
            format!("сделок, которые хранилище видело в более новом срезе, оставлены как есть: {older}"),
            format!("deals that the store had seen in a newer snapshot, left as they are: {older}"),
        ));
    }
    if gone > 0 {
        notes.push(Text::new(
            format!("сделок больше нет в срезе, отмечены в gone_at: {gone}"),
            format!("deals that the snapshot lists no longer, marked in gone_at: {gone}"),
        ));
    }
    if back > 0 {
        notes.push(Text::new(
            format!("сделок снова есть в срезе, отметка снята: {back}"),
            format!("deals that the snapshot lists again, unmarked: {back}"),
        ));
    }
    if shifted > 0 {
        notes.push(Text::new(
            format!("сделок, у которых отметка gone_at сдвинута на первый срез, где их нет: {shifted}"),
            format!("deals whose gone_at was moved to the first snapshot that does not list them: {shifted}"),
        ));
    }
    notes
}
