//! Reads one column of a mapping: where it comes from, and how its values are read.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use super::formats::{currency, dates, decimal, text_or_list, zone};
use super::model::{Case, Header, Mapped, Operand, Operation, Otherwise, Percent, Reading, Source, words};
use crate::export::values::amounts::Currency;
use crate::export::values::dates::DateFormat;
use crate::export::values::durations::TwoParts;
use crate::export::values::numbers::{self, Decimal};
use crate::export::values::periods::Periods;
use crate::export::values::personal::Normal;
use crate::model::lang::{Text, both};
use crate::model::period::PeriodUnit;
use crate::model::problem::hint;
use crate::model::tables::{Kind, Table};
use crate::model::written::{Section, Value, Written};

/// Defaults for a column that does not override them.
pub(super) struct Defaults {
    pub zone: Option<Tz>,
    pub empty: Vec<String>,
    pub dates: Option<Vec<DateFormat>>,
    pub decimal: Option<Decimal>,
    pub currency: Option<Currency>,
}

const EXAMPLE_RU: &str =
    "\"Заголовок\" или { from = \"Заголовок\", … }, { const = \"…\" }, { concat = […] }, { add = […] }";
const EXAMPLE: &str = "\"Header\", or { from = \"Header\", … }, { const = \"…\" }, { concat = […] }, { add = […] }";

/// Reads the column `name`; `table` is none for an extra column. None: a problem was noted.
pub(super) fn read(
    columns: &Section<'_>,
    name: &str,
    kind: Kind,
    table: Option<Table>,
    defaults: &Defaults,
) -> Option<Mapped> {
    let plain = Reading {
        dates: defaults.dates.clone(),
        decimal: defaults.decimal,
        zone: defaults.zone,
        empty: defaults.empty.clone(),
        currency: defaults.currency,
        ..Reading::default()
    };
    let mut optional = false;
    let (source, reading) = match columns.value(name)? {
        Value::Text(_) => (Source::From(vec![header(&columns.text(name))]), plain),
        Value::Table(_) => {
            let section = columns.optional_table(name)?;
            let source = source(&section, kind, name == "deal_id" && table == Some(Table::Deals));
            optional = section.boolean("optional");
            (source?, reading(&section, plain, kind, name))
        }
        other => {
            columns.wrong(
                name,
                both!("`{name}` не взять отсюда: ", "`{name}` cannot come from ").and(other.describe()),
                both!("напишите {name} = {EXAMPLE_RU}", "write {name} = {EXAMPLE}"),
            );
            return None;
        }
    };
    let left = |text: &str| text == "?" || text == "??";
    if reading.values.keys().any(|theirs| left(theirs)) || source.headers().iter().any(|header| left(&header.text)) {
        let what = both!(
            "в `{name}` стоит `?`: это черновик оставил решить вам",
            "`{name}` has a `?`, which is what the draft leaves to you"
        );
        columns.problem(
            columns.line_of(name),
            what,
            Text::new(
                "напишите, что стоит в выгрузке, или удалите строку",
                "write what the export has there, or remove the line",
            ),
        );
    }
    if kind == Kind::Instant && !matches!(source, Source::Const(_)) {
        check_zone(columns, name, &reading);
    }
    if let Some(allowed) = table.and_then(|table| words(table, name)) {
        let constant = match &source {
            Source::Const(text) => Some(text),
            _ => None,
        };
        let otherwise = match &reading.values_else {
            Otherwise::Const(text) => Some(text),
            _ => None,
        };
        let patterns = reading.patterns.iter().map(|(_, ours)| ours);
        let said = reading.values.values().chain(patterns).chain(constant).chain(otherwise);
        for word in said.filter(|word| !allowed.contains(&word.as_str())) {
            let way_out = hint(word, allowed.iter().copied());
            columns.problem(
                columns.line_of(name),
                both!("`{name}` не может быть `{word}`", "`{name}` cannot be `{word}`"),
                way_out,
            );
        }
    }
    Some(Mapped { name: name.to_owned(), kind, extra: table.is_none(), optional, source, reading })
}

/// Refuses times whose zone neither they nor the mapping tell.
fn check_zone(columns: &Section<'_>, name: &str, reading: &Reading) {
    let offsets = reading.dates.as_ref().is_some_and(|formats| formats.iter().all(DateFormat::has_offset));
    if reading.zone.is_none() && !offsets {
        columns.problem(
            columns.line_of(name),
            both!("`{name}` — время, а часовой пояс не указан", "`{name}` is a time, and its zone is not said"),
            Text::new(
                "добавьте zone = \"Europe/Moscow\" в начало файла (или \"UTC\")",
                "add zone = \"Europe/Moscow\" at the top of the file (or \"UTC\")",
            ),
        );
    }
}

/// Marks everything below a table as asked for, where a greater problem was noted already.
pub(super) fn skip(columns: &Section<'_>) {
    columns.keys().iter().for_each(|key| skip_one(columns, key.name));
}

/// As [`skip`], for one column.
pub(super) fn skip_one(columns: &Section<'_>, name: &str) {
    if let Some(Value::Table(_)) = columns.value(name) {
        columns.optional_table(name).iter().for_each(skip);
    }
}

fn header(text: &str) -> Header {
    Header { text: text.trim().to_owned(), nth: None }
}

fn source(section: &Section<'_>, kind: Kind, is_deal: bool) -> Option<Source> {
    // a blank is a good separator, so no `optional_text`
    let with = match section.value("with") {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => section.optional_text("with"),
    };
    let mut found: Vec<Source> = from(section).into_iter().collect();
    if section.has("either") {
        let headers: Vec<Header> = text_or_list(section, "either").iter().map(|text| header(text)).collect();
        found.push(Source::Either(headers));
    }
    if let Some(value) = section.value("const") {
        found.extend(constant(section, value, kind));
    }
    if section.boolean("row_number") {
        if !is_deal {
            section.wrong(
                "row_number",
                Text::new(
                    "`row_number` различает сделки, и больше ничего",
                    "`row_number` tells deals apart, and nothing else",
                ),
                Text::new("применяйте его для `deal_id` таблицы `deals`", "use it for `deal_id` of `deals`"),
            );
        }
        found.push(Source::RowNumber);
    }
    if section.has("concat") {
        let parts = text_or_list(section, "concat").iter().map(|text| header(text)).collect();
        found.push(Source::Concat { parts, with: with.unwrap_or_default() });
    } else if with.is_some() {
        section.wrong(
            "with",
            Text::new("`with` стоит рядом с `concat`", "`with` stands beside `concat`"),
            Text::same("{ concat = [\"ID\", \"Date\"], with = \"/\" }"),
        );
    }
    found.extend(computed(section, kind));
    match found.len() {
        1 => found.pop(),
        _ => {
            section.problem(
                section.line(),
                Text::new("у колонки ровно один источник", "a column has exactly one source"),
                both!("напишите {EXAMPLE_RU}", "write {EXAMPLE}"),
            );
            None
        }
    }
}

/// The headers that `from` names, and which of several of one name is meant.
fn from(section: &Section<'_>) -> Option<Source> {
    let nth = section.optional_whole("nth");
    if section.has("from") {
        let mut headers: Vec<Header> = text_or_list(section, "from").iter().map(|text| header(text)).collect();
        if let Some(nth) = nth {
            match (usize::try_from(nth), &mut headers[..]) {
                (Ok(nth @ 1..), [one]) => one.nth = Some(nth),
                _ => section.wrong(
                    "nth",
                    Text::new(
                        "`nth` считается от 1 и стоит рядом с одним заголовком",
                        "`nth` counts from 1 and stands beside one header",
                    ),
                    Text::same("{ from = \"utm_source\", nth = 2 }"),
                ),
            }
        }
        return Some(Source::From(headers));
    }
    if nth.is_some() {
        section.wrong(
            "nth",
            Text::new("`nth` стоит рядом с `from`", "`nth` stands beside `from`"),
            Text::same("{ from = \"utm_source\", nth = 2 }"),
        );
    }
    None
}

/// What is computed from several columns.
fn computed(section: &Section<'_>, kind: Kind) -> Vec<Source> {
    let mut found = Vec::new();
    for (key, operation) in
        [("add", Operation::Add), ("subtract", Operation::Subtract), ("multiply", Operation::Multiply)]
    {
        let Some(value) = section.value(key) else { continue };
        if !matches!(kind, Kind::Money | Kind::Count | Kind::Real) {
            section.wrong(
                key,
                both!(
                    "`{key}` даёт число, а эта колонка — не число",
                    "`{key}` gives a number, and this column is none"
                ),
                Text::new("берите `from`, `concat` или `const`", "use `from`, `concat` or `const`"),
            );
        }
        match value {
            Value::List(items) => found.push(Source::Compute { operation, operands: operands(section, key, items) }),
            other => section.wrong(
                key,
                both!("`{key}` не может быть таким: ", "`{key}` cannot be ").and(other.describe()),
                both!("{key} = [\"Заголовок\", \"Заголовок\"]", "{key} = [\"Header\", \"Header\"]"),
            ),
        }
    }
    found
}

fn constant(section: &Section<'_>, value: &Value, kind: Kind) -> Option<Source> {
    let text = match (value, kind) {
        (Value::Text(_), Kind::Text) => Some(section.text("const")),
        (Value::Whole(number), Kind::Count | Kind::Money | Kind::Real) => Some(number.to_string()),
        (Value::Number(number), Kind::Money | Kind::Real) => Some(number.to_string()),
        (Value::Day(day), Kind::Day | Kind::Instant) => Some(day.to_string()),
        (other, _) => {
            let way_out = match kind {
                Kind::Text => Text::same("const = \"…\""),
                Kind::Day | Kind::Instant => Text::same("const = 2026-01-31"),
                _ => Text::same("const = 1"),
            };
            let what = Text::new("эта колонка не может всегда быть такой: ", "this column cannot always be ");
            section.wrong("const", what.and(other.describe()), way_out);
            None
        }
    };
    text.map(Source::Const)
}

fn operands(section: &Section<'_>, key: &str, items: &[Written<Value>]) -> Vec<Operand> {
    let exact = |item: &Written<Value>, number: String| {
        let exact = numbers::exact(&number, Decimal::Point).filter(|exact| !exact.rounded);
        let factor = || numbers::factor(&number).filter(|_| key == "multiply");
        let operand = exact.map(|exact| Operand::Number(exact.units));
        let operand = operand.or_else(|| factor().map(|(digits, decimals)| Operand::Factor(digits, decimals)));
        if operand.is_none() {
            let way_out = match key {
                "multiply" => Text::new(
                    "до 14 цифр до точки и 4 после неё или до 12 знаков после точки у малого множителя",
                    "up to 14 digits before the point and 4 after it, or up to 12 decimals of a small factor",
                ),
                _ => Text::new("до 14 цифр до точки и 4 после неё", "up to 14 digits before the point and 4 after it"),
            };
            section.problem(
                item.line,
                both!("`{key}` не может точно считать с {number}", "`{key}` cannot reckon with {number} exactly"),
                way_out,
            );
        }
        operand
    };
    let read = |item: &Written<Value>| match &item.value {
        Value::Text(text) => Some(Operand::Column(header(text))),
        Value::Whole(number) => exact(item, number.to_string()),
        Value::Number(number) => exact(item, number.to_string()),
        other => {
            section.problem(
                item.line,
                both!("в `{key}` этого не может быть: ", "`{key}` cannot hold ").and(other.describe()),
                Text::new("заголовки и числа", "headers and numbers"),
            );
            None
        }
    };
    let mut operands: Vec<Operand> = items.iter().filter_map(read).collect();
    // what is multiplied by a small factor first is rounded first
    operands.sort_by_key(|operand| matches!(operand, Operand::Factor(..)));
    if items.len() < 2 {
        section.wrong(
            key,
            both!("для `{key}` нужно не меньше двух", "`{key}` needs at least two"),
            both!("{key} = [\"Заголовок\", \"Заголовок\"]", "{key} = [\"Header\", \"Header\"]"),
        );
    }
    operands
}

fn reading(section: &Section<'_>, plain: Reading, kind: Kind, name: &str) -> Reading {
    let table = section.optional_table("values");
    let pairs = table.iter().flat_map(|t| t.keys().into_iter().map(|key| (key.name.to_owned(), t.text(key.name))));
    let (patterns, values): (Vec<_>, Vec<_>) = pairs.partition(|(theirs, _)| theirs.contains('*'));
    let normal = section.optional_one_of("normal", &[("phone", Normal::Phone), ("email", Normal::Email)]);
    let values_else = otherwise(section);
    if section.has("values_else") && table.is_none() {
        section.wrong(
            "values_else",
            Text::new("`values_else` стоит рядом с `values`", "`values_else` stands beside `values`"),
            Text::new("values = { \"у них\" = \"у нас\" }", "values = { \"theirs\" = \"ours\" }"),
        );
    }
    let number = matches!(kind, Kind::Money | Kind::Count | Kind::Real);
    let is_period = name == "period" && kind == Kind::Text;
    let time = matches!(kind, Kind::Instant | Kind::Day);
    for (key, fits) in [
        ("dates", time || is_period),
        ("unit", is_period),
        ("year", is_period),
        ("zone", time),
        ("decimal", number),
        ("percent", kind == Kind::Real),
        ("date_cells", time),
        ("prefix", kind == Kind::Text),
        ("first_of", kind == Kind::Text),
        ("normal", kind == Kind::Text),
        ("personal", kind == Kind::Text),
        ("currency", kind == Kind::Money),
        ("duration", name == "duration_s"),
    ] {
        if section.has(key) && !fits {
            section.wrong(
                key,
                both!("`{key}` для этой колонки ничего не значит", "`{key}` means nothing for this column"),
                Text::new("удалите его", "remove it"),
            );
        }
    }
    Reading {
        dates: dates(section).or(plain.dates),
        decimal: decimal(section).or(plain.decimal),
        zone: zone(section).or(plain.zone),
        empty: [plain.empty, text_or_list(section, "empty")].concat(),
        strip: text_or_list(section, "strip"),
        case: section.optional_one_of("case", &[("lower", Case::Lower), ("upper", Case::Upper)]),
        values: BTreeMap::from_iter(values),
        patterns,
        values_else,
        first_of: section.optional_text("first_of"),
        normal,
        // a phone or an e-mail is somebody's, whatever the mapping says of it
        personal: section.boolean("personal") || normal.is_some(),
        is_ours: section.value("personal").is_some() && !section.boolean("personal"),
        currency: currency(section).or(plain.currency),
        periods: periods(section),
        duration: section.optional_one_of("duration", &[("mm:ss", TwoParts::Minutes), ("hh:mm", TwoParts::Hours)]),
        percent: percent(section),
        cells_swapped: section.optional_one_of("date_cells", &[("swapped", true), ("right", false)]),
        prefix: section.optional_text("prefix").unwrap_or_default(),
        if_unknown: section.boolean("if_unknown"),
    }
}

/// How the period of a plan is meant: `unit`, `year`.
fn periods(section: &Section<'_>) -> Periods {
    let year = section.optional_whole("year");
    let known = year.and_then(|year| i32::try_from(year).ok()).filter(|year| (1990..=2099).contains(year));
    if let Some(year) = year.filter(|_| known.is_none()) {
        section.wrong(
            "year",
            both!("{year} — не год плана", "{year} is no year of a plan"),
            Text::new("год с 1990 по 2099: year = 2025", "a year from 1990 to 2099: year = 2025"),
        );
    }
    Periods { unit: section.optional_one_of("unit", &PeriodUnit::NAMED), year: known }
}

fn percent(section: &Section<'_>) -> Percent {
    match section.value("percent") {
        Some(Value::Text(text)) if text == "points" => Percent::Points,
        Some(Value::Text(_)) => {
            section.wrong(
                "percent",
                Text::new("`percent` — это true или \"points\"", "`percent` is true or \"points\""),
                Text::same("percent = true"),
            );
            Percent::No
        }
        _ if section.boolean("percent") => Percent::Stated,
        _ => Percent::No,
    }
}

fn otherwise(section: &Section<'_>) -> Otherwise {
    if let Some(Value::Table(_)) = section.value("values_else") {
        let constant = section.optional_table("values_else").map(|t| t.text("const"));
        return Otherwise::Const(constant.unwrap_or_default());
    }
    let allowed = [("quarantine", Otherwise::Quarantine), ("keep", Otherwise::Keep), ("empty", Otherwise::Empty)];
    section.optional_one_of("values_else", &allowed).unwrap_or_default()
}
