//! What the columns of an export are, by their names and values.

use std::collections::BTreeSet;

use super::{Column, direction};
use crate::ingest::personal::{self, Normal};
use crate::model::tables::{Kind, Table};

/// What the name of a column suggests: of which table, which column, by which words. The first that fits is taken, in the
/// order of the list.
const ROLES: [(Table, &str, &[&str]); 37] = [
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
            "deal no",
            "order number",
            "deal id",
            "deal_id",
            "lead id",
            "lead_id",
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
    (Table::Deals, "stage", &["стадия", "этап", "stage", "статус", "status", "состояние", "state"]),
    (
        Table::Deals,
        "created_at",
        &[
            "дата создания",
            "создан",
            "created",
            "create date",
            "opened",
            "заведен",
            "заведён",
            "дата заказа",
            "дата",
            "date",
        ],
    ),
    (
        Table::Deals,
        "closed_at",
        &[
            "дата закрытия",
            "закрыт",
            "завершен",
            "завершён",
            "closed",
            "close date",
            "close_date",
            "closing date",
            "closing_date",
        ],
    ),
    (Table::Deals, "expected_close", &["close", "closing", "закры", "заверш"]),
    (Table::Deals, "list_amount", &["до скидки", "прайс", "list price"]),
    (Table::Deals, "cost", &["себестоимость", "закупка", "cost price"]),
    (
        Table::Deals,
        "amount",
        &["сумма", "бюджет", "выручка", "стоимость", "цена", "amount", "value", "revenue", "price", "total", "итого"],
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
pub(super) const PLANNED: &str = "expected|planned| plan |план|ожида|предпола|прогноз|forecast|estimat| due |deadline|дедлайн| срок\
    |следующ| next |tentativ|anticipat|projected|target|намеч|ориентир";

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
        "expected_close" => "созда|creat|сумм|amount|value|вероят|probab|revenue|выруч",
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

/// Whether a text is a time of day or a length, without a day.
pub(super) fn is_clock(text: &str) -> bool {
    text.contains(':') && text.chars().all(|c| c.is_ascii_digit() || c == ':')
}

fn says_phone(column: &Column<'_>) -> bool {
    column.says("телефон|абонент|phone|caller|mobile")
}

/// Whether a column holds phones, by its name or by its values. Ids of as many digits are no phones.
pub(super) fn is_phone(column: &Column<'_>) -> bool {
    const BEGIN: [&str; 8] = ["73", "74", "78", "79", "83", "84", "88", "89"];
    let is_one = |value: &str| {
        let digits: String = value.chars().filter(char::is_ascii_digit).collect();
        let russian = digits.len() == 11 && BEGIN.iter().any(|begin| digits.starts_with(begin));
        (russian || value.starts_with('+') || value.contains('(')) && personal::normal(value, Normal::Phone).is_some()
    };
    says_phone(column) || column.mostly(is_one)
}

/// The name of a column as small words with a space around each: `closedDate` has two.
pub(super) fn worded(header: &str) -> String {
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
pub(super) fn roles(columns: &mut [Column<'_>]) -> Table {
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
pub(super) fn suits(column: &Column<'_>, role: &str, kind: Option<Kind>) -> bool {
    // only the day on which a deal is to close may be planned
    let planned = match role {
        "expected_close" => !column.says(PLANNED),
        _ => matches!(kind, Some(Kind::Instant | Kind::Day)) && column.says(PLANNED),
    };
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
