//! A mapping to begin with, for an export that no section fits: its columns with values of theirs, the roles that their
//! names suggest, and what only a person can say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use super::IngestError;
use super::amounts;
use super::dates::{self, DateFormat};
use super::export::{Head, heads};
use super::files::{self, Form};
use super::numbers::{self, Evidence};
use super::personal::{self, Normal};
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
            "№ сделки",
            "№ заказа",
            "deal number",
            "order number",
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
            "номер клиента",
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
    (
        Table::Deals,
        "manager",
        &["ответственный", "менеджер", "сотрудник", "продавец", "manager", "owner", "agent", "responsible"],
    ),
    (Table::Deals, "source", &["utm_source", "источник", "канал", "source", "channel"]),
    (Table::Deals, "campaign", &["utm_campaign", "кампания", "campaign"]),
    (Table::Deals, "contractor", &["подрядчик", "агентство", "contractor", "agency"]),
    (Table::Deals, "pipeline", &["воронка", "направление", "pipeline"]),
    (Table::Deals, "branch", &["филиал", "офис", "город", "регион", "branch", "office", "city", "region"]),
    (Table::Deals, "promo", &["промокод", "акция", "promo", "coupon"]),
    (Table::Deals, "lost_reason", &["причина", "reason"]),
    (Table::Events, "event_id", &["id звонка", "id события", "call id", "event id", "id"]),
    (
        Table::Events,
        "duration_s",
        &[
            "длительность разговора",
            "продолжительность разговора",
            "talk duration",
            "talk_duration",
            "длительность",
            "продолжительность",
            "duration",
            "секунд",
        ],
    ),
    (Table::Events, "at", &["время", "дата", "time", "date", "timestamp"]),
    (Table::Events, "kind", &["тип", "вид", "событие", "type", "kind", "event"]),
    (Table::Events, "deal_id", &["id сделки", "сделка", "лид", "deal", "lead"]),
    (
        Table::Events,
        "client_id",
        &[
            "номер клиента",
            "номер абонента",
            "телефон клиента",
            "кто звонил",
            "caller",
            "client phone",
            "customer phone",
            "телефон",
            "абонент",
            "контакт",
            "клиент",
            "phone",
            "contact",
            "client",
        ],
    ),
    (Table::Events, "manager", &["ответственный", "менеджер", "сотрудник", "оператор", "manager", "agent", "employee"]),
    (Table::Events, "direction", &["направление", "direction", "тип", "type"]),
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

/// A time that is only meant to come is neither when something began nor when it ended.
const PLANNED: &str = "expected|planned| plan |план|ожида|предпола|прогноз|forecast|estimat| due |deadline|дедлайн| срок\
    |следующ| next ";
/// The first cells of totals.
const TOTALS: [&str; 4] = ["Итого", "Всего", "Total", "Grand total"];

/// Parts of a name with which a column has another meaning than the role, though a word of the role is in it, too. A space
/// is the end of a word.
fn barred(role: &str) -> Option<&'static str> {
    Some(match role {
        "deal_id" => {
            "клиент|контакт|абонент|покупат|телефон|оператор|менедж|сотруд|звон| карт| лини|компани|phone|client|contact\
            |customer|caller| call|manager|company"
        }
        "client_id" => {
            "менедж|сотруд|оператор|ответств|компани| тип |статус|источник|сегмент|коммент| дата |количество|manager|owner\
            |agent|employee|operator|company|type|status|source|segment|comment| date | last |number of"
        }
        "created_at" => {
            " clos|закры|заверш|оконч| end |complet|modif|updat|измен|обнов| last |послед|оплат| paid|payment|достав\
            |deliver|отгруз| ship|рожд|birth|отмен|cancel| won | lost "
        }
        "closed_at" => "созда|creat",
        "at" => "оконч|заверш| end |ответ|answer|разговор|talk|длит|durat|измен|обнов|modif|updat",
        "amount" => {
            "скидк|достав|комисс|возврат|предоплат| долг|себестоим|закуп|расход|затрат|discount|shipping|deliver\
            |commission| fee|refund| cost"
        }
        "cost" => " за кл| за конв| за лид| за цел| за зак|средн| per | avg |average| conv",
        "impressions" | "clicks" | "claimed_leads" => "стоим| цена|средн| доля | за |cost| per | avg |average| rate",
        "promo" => "скидк|сумма|discount|amount",
        "stage" | "outcome" | "campaign" => " дата | id | date |бюджет|budget",
        _ => return None,
    })
}

/// A column of the export.
struct Column<'h> {
    header: &'h str,
    /// As a mapping names it: with its number where its header is there twice.
    name: String,
    values: Vec<String>,
    /// Several columns with one role: a person says which of them it is.
    role: Option<&'static str>,
    /// The column that has the time of day, where this one has the day alone.
    time: Option<String>,
}

impl Column<'_> {
    /// Whether most of the values are so; of no values, nothing is known.
    fn mostly(&self, is: impl Fn(&str) -> bool) -> bool {
        self.values.iter().filter(|value| is(value)).count() * 2 > self.values.len()
    }

    /// Whether one of these parts of names, with a `|` between them, is in its header.
    fn says(&self, parts: &str) -> bool {
        let words = worded(self.header);
        parts.split('|').any(|part| words.contains(part))
    }
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
            let values = rows.iter().filter_map(|(_, _, row)| row.get(place)).filter(|value| !value.is_empty());
            Column { header, name, values: values.cloned().collect(), role: None, time: None }
        })
        .collect();
    let table = roles(&mut columns);
    join_time(&mut columns, rows.iter().map(|(_, _, row)| row.as_slice()));
    let (name, pattern) = named(file);
    let _ = writeln!(out, "[[export]]\nname = {}\nfiles = {}", quoted(name), quoted(&pattern));
    if form != Form::Text {
        let _ = writeln!(out, "# {}", form.name());
    }
    if let Some(sheet) = &head.name {
        let _ = writeln!(out, "sheet = {}", quoted(sheet));
    }
    formats(out, &columns, table, &say);
    let totals = TOTALS.map(quoted).join(", ");
    let _ = writeln!(out, "totals = [{totals}] # {}", say("итоги под строками", "totals below the rows"));
    let _ = writeln!(out, "\n[[export.table]]\nfill = {}\n[export.table.columns]", quoted(table.name()));
    let met: BTreeSet<&str> = columns.iter().filter_map(|column| column.role).collect();
    let mut written: BTreeSet<&str> = BTreeSet::new();
    for role in columns.iter().filter_map(|column| column.role).filter(|role| written.insert(role)) {
        let of: Vec<&Column<'_>> = columns.iter().filter(|column| column.role == Some(role)).collect();
        let _ = writeln!(out, "{role} = {}", source(role, &of, &say));
    }
    let stages: Vec<&Column<'_>> = columns.iter().filter(|column| column.role == Some("stage")).collect();
    if let (Table::Deals, [stage, ..]) = (table, stages.as_slice()) {
        let ways = say("? назовите этапы выигранных и потерянных сделок", "? name the stages of deals won and lost");
        let _ = writeln!(
            out,
            "status = {{ from = {}, values = {{ \"?\" = \"won\", \"??\" = \"lost\" }}, values_else = {{ const = \"open\" }} }} # {ways}: {}",
            quoted(one_name(&stages)),
            distinct(&stage.values).join(" · ")
        );
    }
    missing(out, table, &met, &say);
    let rest: Vec<&Column<'_>> = columns.iter().filter(|column| is_left(column, &columns)).collect();
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

/// Whether a column is used by none of ours.
fn is_left(column: &Column<'_>, columns: &[Column<'_>]) -> bool {
    column.role.is_none() && !columns.iter().any(|other| other.time.as_ref() == Some(&column.name))
}

/// The name of a section for a file, and the pattern of its files: a hidden one has nothing before its first point.
fn named(file: &str) -> (&str, String) {
    let file = file.rsplit('/').next().unwrap_or(file);
    let stem = file.split('.').next().unwrap_or_default();
    match stem.trim().is_empty() {
        true => ("export", glob::Pattern::escape(file)),
        false => (stem, format!("{}*", glob::Pattern::escape(stem))),
    }
}

/// The columns without which no row could be stored, and that no name suggests.
fn missing(
    out: &mut String,
    table: Table,
    met: &BTreeSet<&str>,
    say: &impl Fn(&'static str, &'static str) -> &'static str,
) {
    for name in super::mapping::required(table).iter().filter(|name| !met.contains(*name)) {
        let _ = match (*name, met.contains("duration_s")) {
            ("kind", true) => writeln!(
                out,
                "kind = {{ const = \"call\" }} # {}",
                say("? это звонки: есть длительность", "? these are calls: there is a duration")
            ),
            _ => writeln!(
                out,
                "{name} = \"?\" # {}",
                say("? без этого столбца строка не строка", "? without this column a row is no row")
            ),
        };
    }
    if table == Table::Events && !met.contains("deal_id") && !met.contains("client_id") {
        let _ = writeln!(
            out,
            "client_id = \"?\" # {}",
            say(
                "? столбец клиента (телефон: { from = \"…\", normal = \"phone\", personal = true }) или сделки: deal_id",
                "? the column of the client (a phone: { from = \"…\", normal = \"phone\", personal = true }) or deal: deal_id"
            )
        );
    }
}

/// The one column of a role by its name; of several a person names one.
fn one_name<'c>(of: &[&'c Column<'_>]) -> &'c str {
    match of {
        [one] => &one.name,
        _ => "?",
    }
}

/// Where our column comes from, as a mapping writes it, with values of it.
fn source(role: &str, of: &[&Column<'_>], say: &impl Fn(&'static str, &'static str) -> &'static str) -> String {
    let Some(first) = of.first() else { return quoted("?") };
    let name = quoted(one_name(of));
    let asked = match role {
        "direction" => asked_of_direction(first, say),
        "duration_s" if first.values.iter().any(|value| is_two_parts(value)) => Some(say(
            "? минуты и секунды или часы и минуты: hh:mm",
            "? minutes and seconds, or hours and minutes: hh:mm",
        )),
        _ => None,
    };
    let from = match (role, &first.time, normal(first)) {
        (_, Some(time), _) => format!("{{ concat = [{name}, {}], with = \" \" }}", quoted(time)),
        ("client_id", _, Some(Normal::Phone)) => format!("{{ from = {name}, normal = \"phone\", personal = true }}"),
        ("client_id", _, Some(Normal::Email)) => format!("{{ from = {name}, normal = \"email\", personal = true }}"),
        ("duration_s", ..) if asked.is_some() => format!("{{ from = {name}, duration = \"mm:ss\" }}"),
        ("direction", ..) => {
            format!("{{ from = {name}, values = {{ {} }}, values_else = \"empty\" }}", directions(first))
        }
        _ => name,
    };
    match (of, asked) {
        ([_], None) => format!("{from}{}", shown(first)),
        ([_], Some(asked)) => format!("{from} # {asked}: {}", distinct(&first.values).join(" · ")),
        (several, _) => {
            format!("{from} # {}: {}", say("? какой из столбцов", "? which of the columns"), listed(several))
        }
    }
}

/// Columns by their names, each with values of it.
fn listed(columns: &[&Column<'_>]) -> String {
    let one = |column: &&Column<'_>| {
        let values: Vec<String> = distinct(&column.values).into_iter().take(SHOWN).collect();
        format!("{} ({})", quoted(&column.name), values.join(" · "))
    };
    columns.iter().map(one).collect::<Vec<String>>().join(", ")
}

/// What our `direction` says for a word of theirs.
fn direction(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    let begins = |with: &[&str]| with.iter().any(|begin| word.starts_with(begin));
    match word.as_str() {
        "in" => Some("incoming"),
        "out" => Some("outgoing"),
        _ if begins(&["вход", "incom", "inbound"]) => Some("incoming"),
        _ if begins(&["исход", "outgo", "outbound"]) => Some("outgoing"),
        _ => None,
    }
}

/// The words of a column and ours for them; where none is known, a person says it.
fn directions(column: &Column<'_>) -> String {
    let pairs = distinct(&column.values);
    let pairs = pairs.iter().filter_map(|word| Some(format!("{} = {}", quoted(word), quoted(direction(word)?))));
    let pairs: Vec<String> = pairs.collect();
    match pairs.is_empty() {
        true => "\"?\" = \"incoming\", \"??\" = \"outgoing\"".to_owned(),
        false => pairs.join(", "),
    }
}

/// Asks for the words of a direction that are not known.
fn asked_of_direction(
    column: &Column<'_>,
    say: &impl Fn(&'static str, &'static str) -> &'static str,
) -> Option<&'static str> {
    let known = !column.values.is_empty() && column.values.iter().all(|word| direction(word).is_some());
    (!known).then(|| say("? какие слова значат входящий и исходящий", "? which words mean incoming and outgoing"))
}

/// Whether a length has two parts: only a person knows which.
fn is_two_parts(length: &str) -> bool {
    is_clock(length) && length.matches(':').count() == 1
}

/// Whether a text is a time of day or a length, without a day.
fn is_clock(text: &str) -> bool {
    text.contains(':') && text.chars().all(|c| c.is_ascii_digit() || c == ':')
}

/// The form of a client's id that is a phone or an e-mail.
fn normal(column: &Column<'_>) -> Option<Normal> {
    let of_form =
        |form: Normal| column.values.is_empty() || column.mostly(|value| personal::normal(value, form).is_some());
    let is_email = column.mostly(|value| value.contains('@')) || says_email(column);
    match (is_email && of_form(Normal::Email), is_phone(column) && of_form(Normal::Phone)) {
        (true, _) => Some(Normal::Email),
        (_, true) => Some(Normal::Phone),
        _ => None,
    }
}

fn says_email(column: &Column<'_>) -> bool {
    column.says("email|e mail|почта")
}

fn says_phone(column: &Column<'_>) -> bool {
    column.says("телефон|абонент|phone|caller|mobile")
}

/// Whether a column holds phones, by its name or by its values. Ids of as many digits are no phones.
fn is_phone(column: &Column<'_>) -> bool {
    const BEGIN: [&str; 8] = ["73", "74", "78", "79", "83", "84", "88", "89"];
    let is_one = |value: &str| {
        let digits: String = value.chars().filter(char::is_ascii_digit).collect();
        let russian = digits.len() == 11 && BEGIN.iter().any(|begin| digits.starts_with(begin));
        (russian || value.starts_with('+') || value.contains('(')) && personal::normal(value, Normal::Phone).is_some()
    };
    says_phone(column) || column.mostly(is_one)
}

/// Puts the time of day beside the day, where an export has them in two columns.
fn join_time<'r>(columns: &mut [Column<'_>], rows: impl Iterator<Item = &'r [String]>) {
    let is_moment = |column: &Column<'_>| matches!(column.role, Some("at" | "created_at"));
    let days: Vec<usize> = (0..columns.len()).filter(|at| is_moment(&columns[*at])).collect();
    let is_time = |column: &Column<'_>| {
        column.says("время|time")
            && suits(column, "at", None)
            && !column.says(PLANNED)
            && column.role.is_none()
            && column.mostly(is_clock)
    };
    let time = columns.iter().position(is_time);
    let ([day], Some(time)) = (days.as_slice(), time) else { return };
    if columns[*day].mostly(|value| value.contains(':')) {
        return;
    }
    let name = columns[time].name.clone();
    let both = rows.filter_map(|row| Some((row.get(*day)?, row.get(time)?)));
    let filled = both.filter(|(day, time)| !day.is_empty() && !time.is_empty());
    columns[*day].values = filled.map(|(day, time)| format!("{day} {time}")).collect();
    columns[*day].time = Some(name);
}

/// The name of a column as small words with a space around each: `closedDate` has two.
fn worded(header: &str) -> String {
    let mut words = String::from(" ");
    let mut small = false;
    for symbol in header.chars() {
        if small && symbol.is_uppercase() {
            words.push(' ');
        }
        small = symbol.is_lowercase();
        match symbol.is_alphanumeric() {
            true => words.extend(symbol.to_lowercase()),
            false => words.push(' '),
        }
    }
    words + " "
}

/// Gives every column the role that its name suggests in the table of which most roles are met.
fn roles(columns: &mut [Column<'_>]) -> Table {
    let tables = [Table::Deals, Table::Spend, Table::Events, Table::Clients];
    let mut best = (Table::Deals, assigned(Table::Deals, columns));
    let sums = best.1.iter().any(|(_, role)| *role == "amount");
    for table in tables {
        let taken = assigned(table, columns);
        if table == Table::Events && !sums && is_calls(&taken, columns) {
            best = (table, taken);
            break;
        }
        if is_made(table, &taken) && weight(&taken) > weight(&best.1) {
            best = (table, taken);
        }
    }
    for (at, role) in &best.1 {
        columns[*at].role = Some(role);
    }
    best.0
}

/// The columns that have a role in a table, by their places. Of one role there are several where a word of it names them
/// all.
fn assigned(table: Table, columns: &[Column<'_>]) -> Vec<(usize, &'static str)> {
    let mut taken: Vec<(usize, &'static str)> = Vec::new();
    let mut rivals: Vec<(usize, &'static str)> = Vec::new();
    for (_, role, words) in ROLES.iter().filter(|(of, ..)| *of == table) {
        let kind = table.column(role).map(|column| column.kind);
        let free = |at: &usize| !taken.iter().any(|(other, _)| other == at);
        let fits = |at: &usize| free(at) && suits(&columns[*at], role, kind);
        let named = words.iter().map(|word| called(columns, word, fits)).find(|named| !named.is_empty());
        if let Some([first, others @ ..]) = named.as_deref() {
            taken.push((*first, *role));
            rivals.extend(others.iter().map(|at| (*at, *role)));
        }
    }
    for (at, role) in rivals {
        if !taken.iter().any(|(other, _)| *other == at) {
            taken.push((at, role));
        }
    }
    taken
}

/// The columns with this name, or else with this word in their names.
fn called(columns: &[Column<'_>], word: &str, fits: impl Fn(&usize) -> bool) -> Vec<usize> {
    let is_whole = |at: &usize| columns[*at].header.to_lowercase() == word;
    let has_part = |at: &usize| word.chars().count() > 2 && columns[*at].header.to_lowercase().contains(word);
    let whole: Vec<usize> = (0..columns.len()).filter(|at| is_whole(at) && fits(at)).collect();
    match whole.is_empty() {
        true => (0..columns.len()).filter(|at| has_part(at) && fits(at)).collect(),
        false => whole,
    }
}

/// Whether a column may have a role, by what else its name says and by its values.
fn suits(column: &Column<'_>, role: &str, kind: Option<Kind>) -> bool {
    let planned = matches!(kind, Some(Kind::Instant | Kind::Day)) && column.says(PLANNED);
    let nested = column.mostly(|value| value.starts_with(['{', '[']));
    let directed = column.values.iter().any(|value| direction(value).is_some());
    let of_role = match role {
        // an id of a deal may look like a phone, its name then says what it is
        "deal_id" => !is_phone(column) || column.says(" id |сделк|заказ|лид|deal|order"),
        "kind" => !directed,
        "direction" => directed || column.says("направлен|direction"),
        _ => true,
    };
    let barred = barred(role).is_some_and(|parts| column.says(parts));
    !planned && !nested && of_role && !barred && kind.is_none_or(|kind| is_of(column, kind))
}

/// Whether the roles met make up a table: leads alone are no spend, and what has no time is no event.
fn is_made(table: Table, roles: &[(usize, &str)]) -> bool {
    let has = |name: &str| roles.iter().any(|(_, role)| *role == name);
    match table {
        Table::Spend => has("cost") || has("clicks") || has("impressions") || (has("day") && has("claimed_leads")),
        Table::Events => has("at"),
        _ => true,
    }
}

/// Whether events are calls: they have a length, and a phone or a direction.
fn is_calls(roles: &[(usize, &str)], columns: &[Column<'_>]) -> bool {
    let has = |name: &str| roles.iter().any(|(_, role)| *role == name);
    let phone = columns.iter().any(is_phone);
    has("at") && has("duration_s") && (has("direction") || phone)
}

/// How much the roles of a table speak for it: those that no other table has speak twice.
fn weight(roles: &[(usize, &str)]) -> usize {
    const OWN: [&str; 5] = ["clicks", "impressions", "duration_s", "direction", "stage"];
    let met: BTreeSet<&str> = roles.iter().map(|(_, role)| *role).collect();
    met.len() + met.iter().filter(|role| OWN.contains(*role)).count()
}

/// Whether the values of a column may be of a kind: most of them, for a total or a mark may stand among them.
fn is_of(column: &Column<'_>, kind: Kind) -> bool {
    let fits = |value: &str| match kind {
        // a time of day alone is no date
        Kind::Instant | Kind::Day => value.chars().filter(char::is_ascii_digit).count() >= 4 && !is_clock(value),
        Kind::Money | Kind::Count | Kind::Real => value.chars().any(|c| c.is_ascii_digit()),
        _ => true,
    };
    column.values.is_empty() || column.mostly(fits)
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
                let value = column.values.first().map_or("", String::as_str);
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
        let evidence = |value: &str| numbers::evidence(&amounts::read(value).number);
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

fn distinct(values: &[String]) -> Vec<String> {
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
        drafted_as("shop export.csv", text)
    }

    fn drafted_as(name: &str, text: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
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

    fn has(draft: &str, lines: &[&str]) {
        for line in lines {
            assert!(draft.lines().any(|of| of.starts_with(line)), "{line}\n---\n{draft}");
        }
    }

    #[test]
    fn calls_are_events_of_the_client_and_a_phone_is_no_deal() {
        let draft = drafted(
            "Дата;Время;Источник;Номер клиента;Номер телефона;Длительность;Статус\n\
            13.03.2025;10:00:05;google;79121234567;74951112233;00:01:05;Целевой\n\
            14.03.2025;11:00:05;yandex;79121234568;74951112233;00:00:05;Нецелевой\n",
        );
        let client = "client_id = { from = \"Номер клиента\", normal = \"phone\", personal = true } # 7912";
        let at = "at = { concat = [\"Дата\", \"Время\"], with = \" \" } # 13.03.2025 10:00:05";
        has(
            &draft,
            &["fill = \"events\"", client, at, "duration_s = \"Длительность\"", "kind = { const = \"call\" } # ?"],
        );
        assert!(!draft.contains("deal_id") && !draft.contains("# … = \"Время\""), "{draft}");
        Mapping::parse("draft.toml", &draft).unwrap_or_else(|problems| panic!("{problems}\n{draft}"));
    }

    #[test]
    fn events_of_nobody_are_asked_about() {
        let draft = drafted(
            "Дата и время;Откуда;Направление;Длительность;Сотрудник\n13.03.2025 10:00;12;Входящий;1:05;Иванов\n\
            14.03.2025 10:00;12;Исходящий;12:05;Иванов\n",
        );
        let direction = "direction = { from = \"Направление\", values = { \"Входящий\" = \"incoming\", \
            \"Исходящий\" = \"outgoing\" }, values_else = \"empty\" }";
        let duration = "duration_s = { from = \"Длительность\", duration = \"mm:ss\" } # ?";
        has(&draft, &["fill = \"events\"", "client_id = \"?\" # ?", direction, duration]);
        let answered = draft.replace("client_id = \"?\"", "client_id = \"Откуда\"");
        Mapping::parse("draft.toml", &answered).unwrap_or_else(|problems| panic!("{problems}\n{draft}"));
        let known = drafted("Дата и время;Номер абонента;Длительность\n13.03.2025 10:00;89121234567;65\n");
        has(&known, &["client_id = { from = \"Номер абонента\", normal = \"phone\", personal = true }"]);
    }

    #[test]
    fn a_day_that_is_expected_or_of_another_kind_is_no_role() {
        let closed = drafted("Order;Amount;Closed date;Pipeline\n1;1,5;13.03.2025;a\n2;2,5;14.04.2025;b\n");
        has(&closed, &["closed_at = \"Closed date\"", "deal_id = \"?\" # ?"]);
        assert!(!closed.contains("created_at"), "{closed}");
        let expected = drafted("ID;Stage;Created on;expectedCloseDate\n1;New;13.01.2025;20.01.2025\n");
        has(&expected, &["created_at = \"Created on\"", "# … = \"expectedCloseDate\""]);
        assert!(!expected.contains("closed_at"), "{expected}");
    }

    #[test]
    fn a_discount_is_no_promotion_and_a_phone_has_its_normal_form() {
        let draft = drafted(
            "№ заказа;Клиент;Телефон;Сумма, руб.;Скидка;Дата заказа;Статус\n\
            000001;Иванов;8 912 123-45-67;1 500,00;10%;13.03.2025;Оплачен\n",
        );
        let client = "client_id = { from = \"Телефон\", normal = \"phone\", personal = true }";
        has(&draft, &["fill = \"deals\"", client, "# … = \"Скидка\"", "deal_id = \"№ заказа\""]);
        let draft = drafted("ID;E-mail;Stage;Amount\n1;a@b.com;New;10\n");
        has(&draft, &["client_id = { from = \"E-mail\", normal = \"email\", personal = true }"]);
    }

    #[test]
    fn of_two_columns_for_one_role_a_person_names_one() {
        let draft = drafted(
            "Дата\tКампания\tПоказы\tКлики\tРасход, с НДС\tРасход, без НДС\n01.01.2025\tБ\t10\t1\t5,5\t4\n\
            13.01.2025\tБ\t10\t1\t6,5\t5\n",
        );
        let cost = "cost = \"?\" # ? which of the columns: \"Расход, с НДС\" (5,5 · 6,5), \"Расход, без НДС\" (4 · 5)";
        has(&draft, &["fill = \"spend\"", cost]);
        assert_eq!(draft.matches("\ncost = ").count(), 1, "{draft}");
    }

    #[test]
    fn leads_alone_are_no_spend() {
        let draft = drafted_as("leads.json", "{\"_page\":1,\"_embedded\":{\"leads\":[{\"id\":1,\"price\":100}]}}\n");
        has(&draft, &["fill = \"deals\"", "deal_id = \"?\" # ?"]);
        let draft = drafted("Client;Leads;Note\nx;1;a\ny;2;b\n");
        has(&draft, &["fill = \"deals\""]);
    }

    #[test]
    fn a_hidden_file_has_a_name_and_totals_are_told_from_names() {
        let draft = drafted_as(".hidden.csv", "ID;Stage;Amount\n1;New;10,5\n2;Won;20,5\n");
        let totals = "totals = [\"Итого\", \"Всего\", \"Total\", \"Grand total\"] # totals below the rows";
        has(&draft, &["name = \"export\"", "files = \".hidden.csv\"", totals]);
        assert!(!draft.contains("ignore_rows"), "{draft}");
    }
}
