//! Reads `[[export]]` and `[[export.table]]`.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use super::column::{self, Defaults};
use super::formats::{currency, dates, decimal, text_or_list, zone};
use super::model::{Condition, Export, Fill, Header, Mapped, Repeated, Test, required};
use super::unpivot;
use crate::export::records::{Cut, DELIMITERS, Encoding};
use crate::export::values::dates::DateFormat;
use crate::export::values::personal::Personal;
use crate::model::lang::{Text, both};
use crate::model::problem::hint;
use crate::model::tables::{Kind, Table};
use crate::model::written::{Document, Section, Value, Wrong};

/// The allowed rules for personal data.
pub(super) const PERSONAL: [(&str, Personal); 3] =
    [("hash", Personal::Hash), ("drop", Personal::Drop), ("keep", Personal::Keep)];

/// Reads the whole document; problems are noted in it.
///
/// `zone_else` is the zone of times where the document states none.
pub(super) fn read_all(document: &Document, zone_else: Option<Tz>) -> Vec<Export> {
    let root = document.root();
    let defaults = Defaults {
        zone: zone(&root).or(zone_else),
        empty: text_or_list(&root, "empty"),
        dates: None,
        decimal: None,
        currency: currency(&root),
    };
    let sections = root.tables("export");
    if sections.is_empty() && !root.has("export") {
        document.problem(
            0,
            Text::new("нет ни одного [[export]]", "there is no [[export]]"),
            Text::new(
                "добавьте по одному на каждый вид выгрузки: его `name`, а ниже [[export.table]]",
                "add one for each kind of export: its `name`, and [[export.table]] below",
            ),
        );
    }
    let mut names = BTreeMap::new();
    let exports = sections.iter().map(|section| {
        let export = export(section, &defaults);
        if let Some(first) = names.insert(export.name.clone(), section.line()) {
            let what = both!(
                "второй [[export]] с именем `{}` (первый — в строке {first})",
                "a second [[export]] named `{}` (the first is at line {first})",
                export.name
            );
            section.problem(
                section.line_of("name"),
                what,
                Text::new("дайте каждому своё имя", "give each its own name"),
            );
        }
        export
    });
    exports.collect()
}

fn export(section: &Section<'_>, file: &Defaults) -> Export {
    let defaults = Defaults {
        zone: zone(section).or(file.zone),
        empty: [file.empty.clone(), text_or_list(section, "empty")].concat(),
        dates: dates(section),
        decimal: decimal(section),
        currency: currency(section).or(file.currency),
    };
    let files = patterns(section);
    let skip = section.optional_whole("skip").unwrap_or(0);
    if skip < 0 {
        section.wrong(
            "skip",
            Text::new("`skip` меньше нуля", "`skip` is negative"),
            Text::new("это число строк перед заголовком", "how many lines stand before the header"),
        );
    }
    let fills: Vec<Fill> = section.tables("table").iter().filter_map(|table| fill(table, &defaults)).collect();
    if !section.has("table") {
        section.problem(
            section.line(),
            Text::new("[[export]] не заполняет ни одной таблицы", "[[export]] fills no table"),
            Text::new(
                "добавьте [[export.table]] с fill = \"deals\" и его колонки",
                "add [[export.table]] with fill = \"deals\" and its columns",
            ),
        );
    }
    let unpivot = unpivot::read(section, &defaults.empty);
    let snapshot = snapshot(section, &fills, defaults.zone);
    let cut = Cut {
        delimiter: delimiter(section),
        quote: symbol(section, "quote").unwrap_or(b'"'),
        escape: symbol(section, "escape"),
        skip: usize::try_from(skip).unwrap_or_default(),
    };
    check_cut(section, &cut);
    Export {
        name: section.text("name"),
        files,
        encoding: section.optional_one_of("encoding", &Encoding::NAMED),
        cut,
        sheet: section.optional_text("sheet"),
        header_has: section.optional_text("header_has").map(|text| text.trim().to_owned()),
        ignore_rows: conditions(section, "ignore_rows", &defaults.empty),
        totals: text_or_list(section, "totals"),
        unpivot,
        fills,
        zone: defaults.zone,
        snapshot,
        taken: section.optional_checked("taken", |text| {
            DateFormat::parse(text).map_err(|what| {
                Wrong::new(
                    what,
                    Text::new(
                        "напишите одну дату, как она стоит в имени: taken = \"yyyy-mm-dd\"",
                        "write the date alone, as names have it: taken = \"yyyy-mm-dd\"",
                    ),
                )
            })
        }),
    }
}

/// The patterns of file names.
fn patterns(section: &Section<'_>) -> Vec<glob::Pattern> {
    let files = text_or_list(section, "files");
    let pattern = files.iter().filter_map(|text| match glob::Pattern::new(text) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            section.wrong(
                "files",
                both!("`{text}` — не шаблон: {error}", "`{text}` is no pattern: {error}"),
                Text::new("* стоит вместо любого текста: deals*.csv", "* stands for any text: deals*.csv"),
            );
            None
        }
    });
    pattern.collect()
}

/// Notes a problem where a symbol has two jobs.
fn check_cut(section: &Section<'_>, cut: &Cut) {
    let cuts = cut.delimiter.map_or(DELIMITERS.to_vec(), |stated| vec![stated]);
    for (key, byte) in [("quote", Some(cut.quote)), ("escape", cut.escape)] {
        if let Some(byte) = byte.filter(|byte| cuts.contains(byte)) {
            let shown = char::from(byte);
            section.wrong(
                key,
                both!("`{key}` — это `{shown}`, а он делит ячейки", "`{key}` is `{shown}`, which cuts the cells"),
                both!(
                    "другой знак для {key} или другой разделитель, названный: delimiter = \"|\"",
                    "another symbol for {key}, or another delimiter, stated: delimiter = \"|\""
                ),
            );
        }
    }
}

fn delimiter(section: &Section<'_>) -> Option<u8> {
    match section.value("delimiter") {
        // blank texts are refused elsewhere; here one has a meaning
        Some(Value::Text(text)) if text == "\t" => Some(b'\t'),
        Some(Value::Text(text)) if text == " " => Some(b' '),
        _ => section.optional_checked("delimiter", |text| match (text, text.as_bytes()) {
            ("tab", _) => Ok(b'\t'),
            (_, [byte]) if byte.is_ascii_punctuation() && !b"\"':.-_".contains(byte) => Ok(*byte),
            _ => Err(Wrong::new(
                both!(
                    "`delimiter` в [[export]] не может быть `{text}`",
                    "`delimiter` in [[export]] cannot be `{text}`"
                ),
                Text::new(
                    "один знак: \";\", \",\", \"|\" или \"tab\"; если не указан, он определяется по заголовку",
                    "one symbol: \";\", \",\", \"|\", or \"tab\"; left out, it is found from the header",
                ),
            )),
        }),
    }
}

/// A key that holds one symbol.
fn symbol(section: &Section<'_>, key: &str) -> Option<u8> {
    section.optional_checked(key, |text| match text.as_bytes() {
        [byte] if byte.is_ascii() => Ok(*byte),
        _ => Err(Wrong::new(
            both!("`{key}` — один знак, а здесь `{text}`", "`{key}` must be one symbol, not `{text}`"),
            Text::same(format!("{key} = \"\\\\\"")),
        )),
    })
}

/// Reads `snapshot`, and notes what a snapshot lacks.
fn snapshot(section: &Section<'_>, fills: &[Fill], zone: Option<Tz>) -> bool {
    let snapshot = section.boolean("snapshot");
    if zone.is_none() && (snapshot || section.has("taken")) {
        let (key, what) = match snapshot {
            true => (
                "snapshot",
                Text::new(
                    "когда снят срез — местное время, а часовой пояс не указан",
                    "when a snapshot was taken is local time, and its zone is not said",
                ),
            ),
            false => (
                "taken",
                Text::new(
                    "когда снята выгрузка — местное время, а часовой пояс не указан",
                    "when an export was taken is local time, and its zone is not said",
                ),
            ),
        };
        section.wrong(
            key,
            what,
            Text::new(
                "добавьте zone = \"Europe/Moscow\" в начало файла (или \"UTC\")",
                "add zone = \"Europe/Moscow\" at the top of the file (or \"UTC\")",
            ),
        );
    }
    if !snapshot {
        return false;
    }
    let deals = || fills.iter().filter(|fill| fill.table == Table::Deals).flat_map(|fill| &fill.columns);
    let stages = || deals().filter(|column| column.name == "stage");
    if stages().count() == 0 || stages().any(|column| column.reading.if_unknown || column.optional) {
        let way_out = Text::new(
            "укажите `stage` в [[export.table]] с fill = \"deals\", без if_unknown",
            "map `stage` in [[export.table]] with fill = \"deals\", without if_unknown",
        );
        section.wrong(
            "snapshot",
            Text::new(
                "срез говорит, на каком этапе сделки сейчас, а эта выгрузка не говорит",
                "a snapshot tells the present stage of deals, and this export does not",
            ),
            way_out,
        );
    }
    true
}

fn fill(section: &Section<'_>, defaults: &Defaults) -> Option<Fill> {
    let tables = Table::MAPPED.map(|table| (table.name(), table));
    let table = section.one_of("fill", &tables);
    let when = conditions(section, "when", &defaults.empty);
    let repeated = section.optional_one_of("repeated", &[("last", Repeated::Last), ("sum", Repeated::Sum)]);
    let written = section.table("columns");
    let extra = section.optional_table("extra");
    let Some(table) = table else {
        // which columns are allowed is not known: only mark them as asked for
        [Some(written), extra].into_iter().flatten().for_each(|t| column::skip(&t));
        return None;
    };
    let mut columns = Vec::new();
    for key in written.keys() {
        match table.column(key.name) {
            Some(kept) if table.kept_by_ingest().contains(&kept.name) => {
                let what = both!(
                    "`{}` ведёт сама загрузка, выгрузки её не заполняют",
                    "`{}` is kept by the ingest itself, no export fills it",
                    kept.name
                );
                written.problem(
                    key.line,
                    what,
                    Text::new(
                        "удалите её; загрузка ведёт её, если в [[export]] стоит snapshot = true",
                        "remove it; snapshot = true in [[export]] makes the ingest keep it",
                    ),
                );
                column::skip_one(&written, key.name);
            }
            Some(known) => columns.extend(column::read(&written, key.name, known.kind, Some(table), defaults)),
            None => {
                let way_out = match Table::Journeys.column(key.name) {
                    Some(_) => folded(key.name),
                    None => hint(key.name, table.columns().iter().map(|c| c.name)).and(Text::new(
                        "; свои колонки стоят в [export.table.extra]",
                        "; columns of your own stand in [export.table.extra]",
                    )),
                };
                written.problem(
                    key.line,
                    both!("в `{}` нет колонки `{}`", "`{}` has no column `{}`", table.name(), key.name),
                    way_out,
                );
                column::skip_one(&written, key.name);
            }
        }
    }
    for (section, key) in extra.iter().flat_map(|e| e.keys().into_iter().map(move |key| (e, key))) {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let way_out = if table.column(key.name).is_some() {
            Text::new(
                "это наша колонка: пишите её в [export.table.columns] или возьмите другое имя",
                "that is a column of ours: use [export.table.columns], or another name",
            )
        } else if Table::Journeys.column(key.name).is_some() {
            folded(key.name)
        } else if !key.name.starts_with(|c: char| c.is_ascii_lowercase()) || !key.name.chars().all(plain) {
            Text::new("сначала буква a-z, затем a-z, цифры и _", "begin with a letter a-z; then a-z, digits and _")
        } else {
            columns.extend(column::read(section, key.name, Kind::Text, None, defaults));
            continue;
        };
        section.problem(
            key.line,
            both!(
                "`{}` не может быть именем дополнительной колонки",
                "`{}` cannot be the name of an extra column",
                key.name
            ),
            way_out,
        );
        column::skip_one(section, key.name);
    }
    complete(section, table, &columns);
    Some(Fill { table, when, repeated: repeated.unwrap_or(Repeated::Last), columns })
}

/// The way out where a column of the export is to have the name of one that the ingest makes.
fn folded(column: &str) -> Text {
    match column {
        "refunded_at" => Text::new(
            "выгрузки её не заполняют: она получается из событий вида refund; укажите их или возьмите другое имя",
            "no export fills it: it is made of events of kind refund; map those, or use another name",
        ),
        "refused_at" => Text::new(
            "выгрузки её не заполняют: она получается из событий вида refusal; укажите их или возьмите другое имя",
            "no export fills it: it is made of events of kind refusal; map those, or use another name",
        ),
        "complained_at" => Text::new(
            "выгрузки её не заполняют: она получается из событий вида complaint; укажите их или возьмите другое имя",
            "no export fills it: it is made of events of kind complaint; map those, or use another name",
        ),
        "opted_out_at" => Text::new(
            "выгрузки её не заполняют: она получается из событий вида opt_out; укажите их или возьмите другое имя",
            "no export fills it: it is made of events of kind opt_out; map those, or use another name",
        ),
        "entries" | "returns" | "intervals" => Text::new(
            "выгрузки её не заполняют: она получается из событий вида stage; укажите их или возьмите другое имя",
            "no export fills it: it is made of events of kind stage; map those, or use another name",
        ),
        "amount_history" | "expected_close_history" | "probability_history" => Text::new(
            "выгрузки её не заполняют: она получается сравнением срезов и из событий вида amount, expected_close, probability; возьмите другое имя",
            "no export fills it: it is made by comparing snapshots, and of events of kind amount, expected_close, probability; use another name",
        ),
        "response_at" | "touch_at" | "events" => Text::new(
            "выгрузки её не заполняют: она получается из звонков, писем, сообщений и встреч в events; укажите их или возьмите другое имя",
            "no export fills it: it is made of calls, letters, messages and meetings in events; map those, or use another name",
        ),
        _ => Text::new(
            "это колонка `deals`: заполняйте ею deals или возьмите другое имя",
            "it is a column of `deals`: fill deals with it, or use another name",
        ),
    }
}

/// Notes the columns without which no row could be stored.
fn complete(section: &Section<'_>, table: Table, columns: &[Mapped]) {
    let mapped = |name: &str| columns.iter().any(|c| c.name == name);
    let asked = section.optional_table("columns").map_or_else(Vec::new, |t| t.keys().iter().map(|k| k.name).collect());
    for name in required(table).iter().filter(|name| !mapped(name) && !asked.contains(name)) {
        let what = both!("`{}` заполняется без `{name}`", "`{}` is filled without `{name}`", table.name());
        section.problem(
            section.line(),
            what,
            both!("добавьте {name} = \"…\" в [export.table.columns]", "add {name} = \"…\" to [export.table.columns]"),
        );
    }
    if table == Table::Events && !asked.contains(&"deal_id") && !asked.contains(&"client_id") {
        let way_out = Text::new(
            "добавьте deal_id = \"…\" (или client_id) в [export.table.columns]",
            "add deal_id = \"…\" (or client_id) to [export.table.columns]",
        );
        section.problem(
            section.line(),
            Text::new(
                "`events` заполняется без `deal_id` и без `client_id`",
                "`events` is filled without `deal_id` or `client_id`",
            ),
            way_out,
        );
    }
}

/// One condition, or a list of them.
fn conditions(section: &Section<'_>, key: &str, empty: &[String]) -> Vec<Condition> {
    let written = match section.value(key) {
        None => return Vec::new(),
        Some(Value::Table(_)) => section.optional_table(key).into_iter().collect(),
        Some(Value::List(_)) => section.tables(key),
        Some(other) => {
            let what = both!("`{key}` — условие, а здесь ", "`{key}` must be a condition, not ").and(other.describe());
            section.wrong(key, what, Text::same(format!("{key} = {{ column = \"ID\", filled = true }}")));
            return Vec::new();
        }
    };
    written.iter().filter_map(|section| condition(section, empty)).collect()
}

fn condition(section: &Section<'_>, empty: &[String]) -> Option<Condition> {
    let nth = section.optional_whole("nth").and_then(|nth| usize::try_from(nth).ok()).filter(|nth| *nth > 0);
    let column = Header { text: section.text("column").trim().to_owned(), nth };
    if column.text == "?" {
        section.wrong(
            "column",
            Text::new(
                "в `column` стоит `?`: это черновик оставил решить вам",
                "`column` has a `?`, which is what the draft leaves to you",
            ),
            Text::new("назовите колонку или удалите строку", "name the column, or remove the line"),
        );
    }
    let has = |key: &str| section.has(key);
    let tests = [
        has("equals").then(|| Test::Equals(text_or_list(section, "equals"))),
        has("not_equals").then(|| Test::NotEquals(text_or_list(section, "not_equals"))),
        section.optional_text("starts_with").map(Test::StartsWith),
        section.optional_boolean("filled").map(|filled| Test::Filled(filled, empty.to_vec())),
    ];
    let mut tests = tests.into_iter().flatten();
    match (tests.next(), tests.next()) {
        (Some(test), None) => Some(Condition { column, optional: section.boolean("optional"), test }),
        _ => {
            let way_out = Text::new(
                "одно из: equals = \"…\", not_equals = \"…\", starts_with = \"…\", filled = true",
                "one of: equals = \"…\", not_equals = \"…\", starts_with = \"…\", filled = true",
            );
            section.problem(
                section.line(),
                Text::new("в условии ровно одна проверка", "a condition has exactly one test"),
                way_out,
            );
            None
        }
    }
}
