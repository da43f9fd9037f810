//! A mapping to begin with, for an export that no section fits: its columns with values of theirs, the roles that their
//! names suggest, and what only a person can say.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::IngestError;
use super::amounts;
use super::dates::{self, DateFormat};
use super::export::{Head, heads};
use super::files::{self, Form};
use super::numbers::{self, Evidence};
use super::records::{Cut, Readable};
use crate::model::lang::Lang;
use crate::model::tables::{Kind, Table};

/// So many rows are looked at.
const ROWS: u64 = 1000;
/// So many values of a column are shown.
const SHOWN: usize = 3;

/// What the name of a column suggests: of which table, which column, by which words. The first that fits is taken, in the
/// order of the list.
const ROLES: [(Table, &str, &[&str]); 36] = [
    (
        Table::Deals,
        "deal_id",
        &[
            "id сделки",
            "id лида",
            "номер сделки",
            "номер заказа",
            "deal id",
            "record id",
            "order id",
            "id",
            "номер",
            "№",
        ],
    ),
    (
        Table::Deals,
        "client_id",
        &[
            "id контакта",
            "id клиента",
            "contact id",
            "client id",
            "customer id",
            "телефон",
            "phone",
            "email",
            "e-mail",
            "почта",
            "контакт",
            "клиент",
            "покупатель",
            "contact",
            "customer",
            "client",
        ],
    ),
    (Table::Deals, "stage", &["стадия", "этап", "stage", "статус", "status"]),
    (Table::Deals, "created_at", &["дата создания", "создан", "created", "create date", "дата заказа", "дата", "date"]),
    (Table::Deals, "closed_at", &["дата закрытия", "закрыт", "завершен", "closed", "close date"]),
    (Table::Deals, "list_amount", &["до скидки", "прайс", "list price"]),
    (Table::Deals, "cost", &["себестоимость", "закупка", "cost price"]),
    (
        Table::Deals,
        "amount",
        &["сумма", "бюджет", "выручка", "стоимость", "цена", "amount", "value", "revenue", "price", "total"],
    ),
    (Table::Deals, "manager", &["ответственный", "менеджер", "сотрудник", "продавец", "manager", "owner", "agent"]),
    (Table::Deals, "source", &["utm_source", "источник", "канал", "source", "channel"]),
    (Table::Deals, "campaign", &["utm_campaign", "кампания", "campaign"]),
    (Table::Deals, "contractor", &["подрядчик", "агентство", "contractor", "agency"]),
    (Table::Deals, "pipeline", &["воронка", "направление", "pipeline"]),
    (Table::Deals, "branch", &["филиал", "офис", "город", "регион", "branch", "office", "city", "region"]),
    (Table::Deals, "promo", &["промокод", "акция", "скидка", "promo", "coupon", "discount"]),
    (Table::Deals, "lost_reason", &["причина", "reason"]),
    (Table::Events, "event_id", &["id звонка", "id события", "call id", "event id", "id"]),
    (Table::Events, "duration_s", &["длительность", "продолжительность", "duration", "секунд"]),
    (Table::Events, "at", &["время", "дата", "time", "date", "timestamp"]),
    (Table::Events, "kind", &["тип", "вид", "событие", "type", "kind", "event"]),
    (Table::Events, "deal_id", &["id сделки", "сделка", "лид", "deal", "lead"]),
    (
        Table::Events,
        "client_id",
        &["телефон", "номер клиента", "кто звонил", "контакт", "клиент", "phone", "caller", "contact", "client"],
    ),
    (Table::Events, "manager", &["ответственный", "менеджер", "сотрудник", "оператор", "manager", "agent", "employee"]),
    (Table::Events, "direction", &["направление", "direction"]),
    (Table::Events, "outcome", &["результат", "итог", "статус", "outcome", "result", "status"]),
    (Table::Spend, "day", &["дата", "день", "date", "day"]),
    (Table::Spend, "cost", &["расход", "затраты", "потрачено", "бюджет", "cost", "spend", "spent"]),
    (Table::Spend, "impressions", &["показы", "impr"]),
    (Table::Spend, "clicks", &["клики", "переходы", "clicks"]),
    (Table::Spend, "campaign", &["utm_campaign", "кампания", "campaign"]),
    (Table::Spend, "source", &["utm_source", "источник", "площадка", "source", "platform"]),
    (Table::Spend, "contractor", &["подрядчик", "агентство", "contractor", "agency"]),
    (Table::Spend, "claimed_leads", &["конверсии", "лиды", "leads", "conversions", "results"]),
    (Table::Clients, "client_id", &["id контакта", "id клиента", "client id", "contact id", "id"]),
    (Table::Clients, "segment", &["сегмент", "тип клиента", "segment"]),
    (Table::Clients, "first_seen", &["первое обращение", "first seen"]),
];

/// A column of the export.
struct Column<'h> {
    header: &'h str,
    /// As a mapping names it: with its number where its header is there twice.
    name: String,
    values: Vec<&'h str>,
    role: Option<&'static str>,
}

/// Writes a mapping for a file, with what is known of it, and comments in a language.
pub fn draft(file: &Path, scratch: &Path, lang: Lang) -> Result<String, IngestError> {
    let inputs = files::expand(&[file.to_owned()])?;
    let mut out = String::new();
    let say = |ru: &'static str, en: &'static str| match lang {
        Lang::Ru => ru,
        Lang::En => en,
    };
    let _ = writeln!(
        out,
        "# {}\n# {}\nzone = \"Europe/Moscow\" # {}\n",
        say(
            "Черновик маппинга: проверьте роли столбцов и впишите то, что отмечено «?».",
            "A draft of a mapping: check the roles of the columns, and state what is marked with `?`."
        ),
        say("Формат описан в docs/guide/mapping.ru.md.", "The format is described in docs/guide/mapping.en.md."),
        say("? часовой пояс времени в выгрузке", "? the time zone of the times in the export"),
    );
    for input in inputs {
        let readable = Readable::new(&input, None, scratch, Some(ROWS))?;
        let heads = heads(&readable, &Cut::default())?;
        let Some((head, at)) = header(&heads) else {
            return Err(IngestError::NoRows { path: input.path.clone(), what: "no line of it looks like a header" });
        };
        section(&mut out, &input.name, readable.input.form, head, at, say);
    }
    Ok(out)
}

/// The head and the row that look most like a header: texts, not numbers, over most rows of as many cells.
fn header(heads: &[Head]) -> Option<(&Head, usize)> {
    let mut best: Option<(usize, &Head, usize)> = None;
    for head in heads {
        for (at, (_, _, cells)) in head.rows.iter().enumerate().take(30) {
            let filled = cells.iter().filter(|cell| !cell.is_empty()).count();
            let worded =
                cells.iter().filter(|cell| cell.chars().any(char::is_alphabetic) && cell.chars().count() < 80).count();
            if filled < 2 || worded * 3 < filled * 2 || filled * 2 < cells.len() {
                continue;
            }
            let alike = head.rows[at + 1..].iter().filter(|(_, _, row)| row.len() == cells.len()).count();
            let score = (alike.min(20) + 1) * worded;
            // the first of equals: rows of text below a header look like one, too
            if best.as_ref().is_none_or(|(most, ..)| score > *most) {
                best = Some((score, head, at));
            }
        }
    }
    best.map(|(_, head, at)| (head, at))
}

fn section(
    out: &mut String,
    file: &str,
    form: Form,
    head: &Head,
    at: usize,
    say: impl Fn(&'static str, &'static str) -> &'static str,
) {
    let cells = &head.rows[at].2;
    let rows = &head.rows[at + 1..];
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    cells.iter().enumerate().for_each(|(place, header)| places.entry(header).or_default().push(place));
    let mut columns: Vec<Column<'_>> = cells
        .iter()
        .enumerate()
        .map(|(place, header)| {
            let same = &places[header.as_str()];
            let nth = same.binary_search(&place).unwrap_or_default() + 1;
            let name = match (header.is_empty(), same.len()) {
                (true, _) => format!("#{}", place + 1),
                (_, 1) => header.clone(),
                _ => format!("{header}#{nth}"),
            };
            let values = rows.iter().filter_map(|(_, _, row)| row.get(place)).map(String::as_str);
            Column { header, name, values: values.filter(|value| !value.is_empty()).collect(), role: None }
        })
        .collect();
    let table = roles(&mut columns);
    let stem = file.rsplit('/').next().unwrap_or(file);
    let stem = stem.split('.').next().unwrap_or("export");
    let _ = writeln!(
        out,
        "[[export]]\nname = {}\nfiles = {}",
        quoted(stem),
        quoted(&format!("{}*", glob::Pattern::escape(stem)))
    );
    if form != Form::Text {
        let _ = writeln!(out, "# {}", form.name());
    }
    if let Some(sheet) = &head.name {
        let _ = writeln!(out, "sheet = {}", quoted(sheet));
    }
    formats(out, &columns, table, &say);
    let totals = ["Итого", "Всего", "Total", "Grand total"];
    let totals = totals.map(|word| format!("{{ column = \"#1\", starts_with = {} }}", quoted(word))).join(", ");
    let _ = writeln!(out, "ignore_rows = [{totals}] # {}", say("итоги под строками", "totals below the rows"));
    let _ = writeln!(out, "\n[[export.table]]\nfill = {}\n[export.table.columns]", quoted(table.name()));
    let mut missing: Vec<&str> = super::mapping::required(table).to_vec();
    for column in columns.iter().filter(|column| column.role.is_some()) {
        let role = column.role.unwrap_or_default();
        missing.retain(|name| *name != role);
        let _ = writeln!(out, "{role} = {}{}", quoted(&column.name), shown(column));
    }
    if table == Table::Deals {
        let stage = columns.iter().find(|column| column.role == Some("stage"));
        if let Some(stage) = stage {
            let ways =
                say("? назовите этапы выигранных и потерянных сделок", "? name the stages of deals won and lost");
            let _ = writeln!(
                out,
                "status = {{ from = {}, values = {{ \"?\" = \"won\", \"??\" = \"lost\" }}, values_else = {{ const = \"open\" }} }} # {ways}: {}",
                quoted(&stage.name),
                distinct(&stage.values).join(" · ")
            );
        }
    }
    for name in missing {
        let _ = writeln!(
            out,
            "{name} = \"?\" # {}",
            say("? без этого столбца строка не строка", "? without this column a row is no row")
        );
    }
    let rest: Vec<&Column<'_>> = columns.iter().filter(|column| column.role.is_none()).collect();
    if !rest.is_empty() {
        let _ = writeln!(
            out,
            "\n# {}\n[export.table.extra]",
            say(
                "остальные столбцы; нужные назовите латиницей: town = \"Город\"",
                "the other columns; name those that are needed: town = \"City\""
            )
        );
        for column in rest {
            let _ = writeln!(out, "# … = {}{}", quoted(&column.name), shown(column));
        }
    }
    out.push('\n');
}

/// Gives every column the role that its name suggests in the table of which most roles are met.
fn roles(columns: &mut [Column<'_>]) -> Table {
    let assigned = |table: Table, columns: &[Column<'_>]| {
        let mut taken: Vec<(usize, &'static str)> = Vec::new();
        for (_, role, words) in ROLES.iter().filter(|(of, ..)| *of == table) {
            let kind = table.column(role).map(|column| column.kind);
            let of_word = |word: &&str| {
                // a whole name before a part of one
                let whole = |column: &Column<'_>| column.header.to_lowercase() == *word;
                let part =
                    |column: &Column<'_>| word.chars().count() > 2 && column.header.to_lowercase().contains(*word);
                let free = |at: &usize| !taken.iter().any(|(other, _)| other == at);
                let fits = |at: &usize| free(at) && kind.is_none_or(|kind| is_of(&columns[*at], kind));
                let found = (0..columns.len()).find(|at| fits(at) && whole(&columns[*at]));
                found.or_else(|| (0..columns.len()).find(|at| fits(at) && part(&columns[*at])))
            };
            if let Some(at) = words.iter().find_map(of_word) {
                taken.push((at, role));
            }
        }
        taken
    };
    let tables = [Table::Deals, Table::Spend, Table::Events, Table::Clients];
    let mut best = (Table::Deals, Vec::new());
    for table in tables {
        let taken = assigned(table, columns);
        if weight(&taken) > weight(&best.1) {
            best = (table, taken);
        }
    }
    for (at, role) in &best.1 {
        columns[*at].role = Some(role);
    }
    best.0
}

/// How much the roles of a table speak for it: those that no other table has speak twice.
fn weight(roles: &[(usize, &str)]) -> usize {
    const OWN: [&str; 5] = ["clicks", "impressions", "duration_s", "direction", "stage"];
    roles.len() + roles.iter().filter(|(_, role)| OWN.contains(role)).count()
}

/// Whether the values of a column may be of a kind: most of them, for a total or a mark may stand among them.
fn is_of(column: &Column<'_>, kind: Kind) -> bool {
    let fits = |value: &&&str| match kind {
        Kind::Instant | Kind::Day => value.chars().filter(char::is_ascii_digit).count() >= 4,
        Kind::Money | Kind::Count | Kind::Real => value.chars().any(|c| c.is_ascii_digit()),
        _ => true,
    };
    let count = column.values.iter().filter(fits).count();
    column.values.is_empty() || count * 2 > column.values.len()
}

/// The formats of dates that fit all values of a column; without one that does, whatever fits most of them.
fn formats(
    out: &mut String,
    columns: &[Column<'_>],
    table: Table,
    say: impl Fn(&'static str, &'static str) -> &'static str,
) {
    let kind = |column: &&Column<'_>| column.role.and_then(|role| table.column(role)).map(|column| column.kind);
    let mut stated: Vec<String> = Vec::new();
    for column in columns.iter().filter(|column| matches!(kind(column), Some(Kind::Instant | Kind::Day))) {
        let known = dates::known();
        let counted = |format: &DateFormat| column.values.iter().filter(|value| format.read(value).is_some()).count();
        let most = known.iter().map(counted).max().unwrap_or(0);
        let fitting: Vec<&DateFormat> = known.iter().filter(|format| most > 0 && counted(format) == most).collect();
        match fitting.as_slice() {
            [] => {
                let _ = writeln!(
                    out,
                    "# ? {} «{}»: {}",
                    say("формат дат столбца", "the format of dates of"),
                    remark(&column.name),
                    distinct(&column.values).join(" · ")
                );
            }
            [one] => stated.push(one.to_string()),
            several => {
                let value = column.values.first().copied().unwrap_or_default();
                let readings: Vec<String> = several
                    .iter()
                    .filter_map(|format| Some(format!("{format} = {}", format.read(value)?.local.format("%Y-%m-%d"))))
                    .collect();
                let _ = writeln!(
                    out,
                    "# ? {} «{}»: {}: {}",
                    say("даты читаются по-разному, столбец", "dates may be read in several ways, column"),
                    remark(&column.name),
                    remark(value),
                    readings.join(", ")
                );
            }
        }
    }
    stated.dedup();
    if !stated.is_empty() {
        let list: Vec<String> = stated.iter().map(|format| quoted(format)).collect();
        let _ = writeln!(out, "dates = [{}]", list.join(", "));
    }
    for column in columns.iter().filter(|column| matches!(kind(column), Some(Kind::Money | Kind::Real))) {
        let evidence = |value: &&str| numbers::evidence(&amounts::read(value).number);
        let either = column.values.iter().find(|value| evidence(value) == Evidence::Either);
        let proven = column.values.iter().any(|value| matches!(evidence(value), Evidence::Proves(_)));
        if let Some(value) = either.filter(|_| !proven) {
            let _ = writeln!(
                out,
                "# ? {} «{}»: {} (decimal = \",\" / decimal = \".\")",
                say("десятичный знак столбца", "the decimal mark of"),
                remark(&column.name),
                remark(value)
            );
        }
    }
}

/// A text as it may stand in a comment: on one line, and not too long.
fn remark(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(40).collect()
}

fn distinct(values: &[&str]) -> Vec<String> {
    let mut shown: Vec<String> = Vec::new();
    for value in values {
        let short = remark(value);
        if !shown.contains(&short) {
            shown.push(short);
        }
        if shown.len() == SHOWN * 2 {
            break;
        }
    }
    shown
}

fn shown(column: &Column<'_>) -> String {
    let values: Vec<String> = distinct(&column.values).into_iter().take(SHOWN).collect();
    match values.is_empty() {
        true => String::new(),
        false => format!(" # {}", values.join(" · ")),
    }
}

/// A text as TOML writes it, on one line: it may stand in a comment.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for symbol in text.chars() {
        let _ = match symbol {
            '"' | '\\' => write!(quoted, "\\{symbol}"),
            symbol if symbol.is_control() => write!(quoted, "\\u{:04X}", u32::from(symbol)),
            symbol => write!(quoted, "{symbol}"),
        };
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::super::mapping::Mapping;
    use super::*;

    fn drafted(text: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("shop export.csv");
        std::fs::write(&path, text).unwrap();
        draft(&path, dir.path(), Lang::En).unwrap()
    }

    #[test]
    fn a_draft_is_a_mapping_with_what_the_names_suggest() {
        let stated = |draft: &str| draft.replace("\"?\" = ", "\"Оплачен\" = ").replace("\"??\" = ", "\"Отменён\" = ");
        let text = "Отчёт магазина\n\nНомер заказа;Покупатель;Статус;Дата;Сумма, руб.;Тег;Тег\n\
            1;Иван \"И\";Оплачен;13.04.2025;1 000,50;а;б\n2;Пётр;Отменён;14.04.2025;500;;в\n";
        let draft = drafted(text);
        let open = Mapping::parse("draft.toml", &draft).unwrap_err().to_string();
        assert!(open.contains("what the draft leaves to you"), "{open}");
        let mapping =
            Mapping::parse("draft.toml", &stated(&draft)).unwrap_or_else(|problems| panic!("{problems}\n{draft}"));
        assert_eq!(mapping.exports().next().unwrap(), ("shop export", vec!["shop export*"]));
        for line in [
            "fill = \"deals\"",
            "dates = [\"d.m.yyyy\"]",
            "deal_id = \"Номер заказа\" # 1 · 2",
            "client_id = \"Покупатель\" # Иван \"И\" · Пётр",
            "stage = \"Статус\" # Оплачен · Отменён",
            "created_at = \"Дата\" # 13.04.2025 · 14.04.2025",
            "amount = \"Сумма, руб.\" # 1 000,50 · 500",
            "# … = \"Тег#2\" # б · в",
        ] {
            assert!(draft.contains(line), "{line}\n---\n{draft}");
        }
    }

    #[test]
    fn a_draft_is_toml_whatever_stands_in_the_cells() {
        let draft = drafted(
            "ID;\"Date\nof\";\"Sum \"\"all\\\"\"\nx\";\"Other\n\u{b}[a\"\n1;\"03/04/2025\nb = c\";\"1,234\n[x]\";\"d\n[e\"\n",
        );
        Mapping::parse("draft.toml", &draft).unwrap_or_else(|problems| panic!("{problems}\n{draft}"));
        assert!(draft.contains("\"Sum \\\"all\\\\\\\"\\u000Ax\""), "{draft}");
    }

    #[test]
    fn what_only_a_person_can_say_is_asked() {
        let draft = drafted("date,campaign,clicks,cost\n03/04/2025,a,1,\"1,234\"\n04/04/2025,b,2,\"5,678\"\n");
        assert!(draft.contains("fill = \"spend\""), "{draft}");
        assert!(draft.contains("d/m/yyyy = 2025-04-03, m/d/yyyy = 2025-03-04"), "{draft}");
        assert!(draft.contains("the decimal mark of «cost»: 1,234"), "{draft}");
    }
}
