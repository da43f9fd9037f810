//! Writes where one column of ours comes from, how it is written there, and what it holds.

use std::collections::{BTreeMap, BTreeSet};

use super::days::Written;
use super::digits::Mark;
use super::event_words::{direction, kind};
use super::profile::{is_clock, is_phone};
use super::roles::{Fit, Given, Taken, holds_phones};
use super::source_column::Column;
use super::texts::{Say, list, quoted, remark};
use crate::export::values::numbers::{Decimal, ONE};
use crate::export::values::personal::{self, Normal};
use crate::model::lang::Lang;
use crate::model::tables::{Kind, Table};

/// So many values of a column are shown.
const SHOWN: usize = 6;
/// A value in at least so many rows is not personal.
const COMMON: u64 = 3;
/// The columns of ours that hold words and no persons.
const OF_WORDS: [&str; 14] = [
    "stage",
    "source",
    "campaign",
    "contractor",
    "pipeline",
    "branch",
    "promo",
    "interest",
    "lost_reason",
    "kind",
    "direction",
    "outcome",
    "segment",
    "team",
];

/// How the dates of an export are written.
pub(super) struct Formats {
    /// As a mapping writes it, where one way holds for all columns.
    pub(super) shared: Option<String>,
    of: BTreeMap<String, Form>,
}

/// How one column is written: what `dates` says, and what is to be asked or told.
struct Form {
    dates: Option<String>,
    told: Option<String>,
}

impl Formats {
    /// Those of the columns that hold times and days.
    pub(super) fn of(columns: &[Column], taken: &Taken, say: Say) -> Formats {
        let kind = |one: &Given| taken.table.and_then(|table| table.column(one.role)).map(|column| column.kind);
        let dated: Vec<&Column> = taken
            .given
            .iter()
            .filter(|one| matches!(kind(one), Some(Kind::Instant | Kind::Day)))
            .map(|one| &columns[one.at])
            .collect();
        let orders: BTreeSet<String> = dated.iter().flat_map(|column| column.seen.days.proven()).collect();
        let of: BTreeMap<String, Form> =
            dated.iter().map(|column| (column.name.clone(), form(column, columns, &orders, say))).collect();
        let stated: BTreeSet<&String> = of.values().filter_map(|form| form.dates.as_ref()).collect();
        // the file itself may call some of them dates: they need no form
        let shared = match stated.iter().collect::<Vec<_>>().as_slice() {
            [one] if of.values().all(|form| form.told.is_none()) => Some(with_list(one)),
            _ => None,
        };
        Formats { shared, of }
    }
}

/// A list, as `dates` of a section is written.
fn with_list(dates: &str) -> String {
    if dates.starts_with('[') { dates.to_owned() } else { format!("[{dates}]") }
}

fn form(column: &Column, columns: &[Column], orders: &BTreeSet<String>, say: Say) -> Form {
    let timed = |forms: &[String]| -> Vec<String> {
        let Some(time) = column.time.map(|at| &columns[at]) else { return forms.to_vec() };
        let mut all = Vec::new();
        for form in forms {
            all.extend((time.seen.clocks[1] > 0).then(|| format!("{form} H:MM:SS")));
            all.extend((time.seen.clocks[0] > 0).then(|| format!("{form} H:MM")));
            all.extend((time.seen.filled < column.seen.filled).then(|| form.clone()));
        }
        all
    };
    let either = |ways: &[String]| ways.join(say.say(" или ", " or "));
    match column.seen.days.written(orders) {
        Written::Typed => Form { dates: None, told: None },
        Written::So { forms, unread: 0, .. } => Form { dates: Some(list(&timed(&forms))), told: None },
        Written::So { forms, unread, example } => {
            let (asked, others) = (
                say.say("? формат дат столбца", "? the format of its dates"),
                say.say("не читаются, их строки уйдут в карантин", "are not read, their rows will be quarantined"),
            );
            let known = if forms.is_empty() { String::new() } else { format!(" {},", list(&timed(&forms))) };
            let told = format!("{asked}:{known} {} {others}: {}", say.count(unread), remark(&example));
            Form { dates: Some(quoted("?")), told: Some(told) }
        }
        Written::Either { ways, example } => {
            let ways: Vec<String> = ways.iter().map(|(way, read)| format!("{} = {read}", list(&timed(way)))).collect();
            let asked = say.say("? даты читаются по-разному", "? its dates may be read in several ways");
            Form { dates: Some(quoted("?")), told: Some(format!("{asked}: {}: {}", remark(&example), either(&ways))) }
        }
    }
}

/// Puts the time of day beside the day, where an export has them in two columns.
pub(super) fn join_time(columns: &mut [Column], given: &[Given]) {
    let days: Vec<usize> =
        given.iter().filter(|one| matches!(one.role, "at" | "created_at")).map(|one| one.at).collect();
    let [day] = days.as_slice() else { return };
    let others = ["planned", "end", "duration", "result", "close", "modify"];
    let is_time = |(at, column): &(usize, &Column)| {
        column.says("time")
            && column.seen.filled > 0
            && column.seen.is_clock()
            && !others.iter().any(|idea| column.says(idea))
            && !given.iter().any(|one| one.at == *at)
    };
    let time = columns.iter().enumerate().find(is_time).map(|(at, _)| at);
    if !columns[*day].seen.mostly(|value| value.contains(':')) {
        columns[*day].time = time;
    }
}

/// Where our column comes from, as a mapping writes it, with what it holds.
pub(super) fn source(
    table: Table,
    role: &'static str,
    of: &[(&Column, Fit)],
    all: &[Column],
    formats: &Formats,
    rows: u64,
    say: Say,
) -> String {
    let Some((first, fit)) = of.first() else { return quoted("?") };
    let columns: Vec<&Column> = of.iter().map(|(column, _)| *column).collect();
    let kind_of = table.column(role).map(|column| column.kind);
    if of.len() > 1 {
        return several(table, role, &columns, kind_of, say);
    }
    let mut told: Vec<String> = Vec::new();
    if let Some(asked) = doubtful(table, role, (first, *fit), kind_of, say) {
        return asked;
    }
    let mut options = options(first, kind_of, formats, say, &mut told);
    let name = match first.time {
        Some(time) => format!("concat = [{}, {}], with = \" \"", quoted(&first.name), quoted(&all[time].name)),
        None => format!("from = {}", quoted(&first.name)),
    };
    match role {
        "client_id" => match normal(first) {
            Some(form) => options.push(normal_form(Some(form))),
            None if !first.says("id") && !is_id(first) => options.push("personal = true".to_owned()),
            None => {}
        },
        "direction" => options.extend(worded(first, "incoming", direction, "empty", say, &mut told)),
        "kind" => options.extend(worded(first, "call", kind, "keep", say, &mut told)),
        "duration_s" if first.seen.sample.iter().any(|value| is_clock(value) && value.matches(':').count() == 1) => {
            options.push("duration = \"?\"".to_owned());
            told.push(
                say.say(
                    "? минуты и секунды: \"mm:ss\", или часы и минуты: \"hh:mm\"",
                    "? minutes and seconds: \"mm:ss\", or hours and minutes: \"hh:mm\"",
                )
                .to_owned(),
            );
        }
        // more than the whole price is no discount
        "discount"
            if first.says("percent")
                || first.seen.digits.sum(Decimal::Point) > i128::from(ONE) * i128::from(first.seen.filled) =>
        {
            options.push("percent = true".to_owned());
        }
        "deal_id" if table == Table::Deals && !first.seen.tells_apart(rows) && first.seen.filled < rows => {
            told.push(format!(
                "{} {}",
                say.count(rows - first.seen.filled),
                say.say("строк без него уйдут в карантин", "rows without it will be quarantined")
            ));
        }
        _ => {}
    }
    told.push(match role {
        _ if OF_WORDS.contains(&role) => words(first, say),
        _ if kind_of == Some(Kind::Money) => sum(first, say),
        _ => held(first, say),
    });
    if role == "deal_id" && table == Table::Deals && first.seen.repeats == Some(true) {
        told.push(format!("{}{}", say.say("повторяется", "it repeats"), candidates(all, rows)));
    }
    let from = match (options.is_empty(), first.time) {
        (true, None) => quoted(&first.name),
        (true, Some(_)) => format!("{{ {name} }}"),
        _ => format!("{{ {name}, {} }}", options.join(", ")),
    };
    format!("{from} # {}", told.join("; "))
}

/// What is asked where several columns may be the one.
fn several(table: Table, role: &str, columns: &[&Column], kind_of: Option<Kind>, say: Say) -> String {
    // whichever of a client's phones is filled, it is the client's
    let normals: Vec<Option<Normal>> = columns.iter().copied().map(normal).collect();
    if let (true, true, Some(Some(form))) = (
        normals.windows(2).all(|pair| pair[0] == pair[1]),
        role == "client_id" && table != Table::Events,
        normals.first(),
    ) {
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        return format!("{{ from = {}, {} }} # {}", list(&names), normal_form(Some(*form)), held(columns[0], say));
    }
    let which = say.say("? какой из столбцов", "? which of the columns");
    format!("{} # {which}: {}", quoted("?"), listed(columns, kind_of, say))
}

/// What is asked of a column of money that may hold other money than is meant.
fn doubtful(table: Table, role: &str, (first, fit): (&Column, Fit), kind_of: Option<Kind>, say: Say) -> Option<String> {
    let is_doubtful = kind_of == Some(Kind::Money)
        && fit >= Fit::Part
        && matches!(role, "amount" | "cost")
        && !(table == Table::Spend && first.says("cost"));
    if !is_doubtful {
        return None;
    }
    let asked = match table {
        Table::Spend => {
            say.say("? расход ли это; если нет, удалите строку", "? is it what was spent; if not, remove the line")
        }
        _ => say.say(
            "? деньги ли это сделки; если нет, удалите строку",
            "? is it the money of a deal; if not, remove the line",
        ),
    };
    Some(format!("{} # {asked}: {} ({})", quoted("?"), quoted(&first.name), sum(first, say)))
}

/// How a column is written, as options of a mapping; what is to be asked or told goes to `told`.
fn options(column: &Column, kind: Option<Kind>, formats: &Formats, say: Say, told: &mut Vec<String>) -> Vec<String> {
    let mut options = Vec::new();
    let seen = &column.seen;
    let (words, dated) = match kind {
        Some(Kind::Instant | Kind::Day) => (&seen.days.words, true),
        Some(Kind::Money | Kind::Real | Kind::Count) => (&seen.digits.words, false),
        _ => return options,
    };
    if let (true, Some(form)) = (dated, formats.of.get(&column.name)) {
        options
            .extend(form.dates.as_ref().filter(|_| formats.shared.is_none()).map(|dates| format!("dates = {dates}")));
        told.extend(form.told.clone());
    }
    if !words.is_empty() {
        let shown: Vec<String> = words.keys().cloned().collect();
        options.push(format!("empty = {}", list(&shown)));
        let rows: u64 = words.values().sum();
        told.push(format!(
            "{}: {}",
            say.say("слов вместо значений (не заполнено)", "words in place of values, which count as empty"),
            say.count(rows)
        ));
    }
    if dated || kind == Some(Kind::Count) {
        return options;
    }
    match seen.digits.mark() {
        Mark::Unknown => {
            options.push("decimal = \"?\"".to_owned());
            let example = seen.digits.either.as_deref().unwrap_or_default();
            let sums = [(".", Decimal::Point), (",", Decimal::Comma)]
                .map(|(mark, decimal)| format!("\"{mark}\" = {}", say.money(seen.digits.sum(decimal))));
            told.push(format!(
                "{}: {}, {}: {}",
                say.say("? десятичный знак", "? the decimal mark"),
                remark(example),
                say.say("сумма столбца", "the sum of the column"),
                sums.join(say.say(" или ", " or "))
            ));
        }
        Mark::Both => {
            options.push("decimal = \"?\"".to_owned());
            let (points, commas) = seen.digits.proofs();
            told.push(format!(
                "{}: \".\" {}, \",\" {}",
                say.say(
                    "? десятичный знак; строки с другим уйдут в карантин",
                    "? the decimal mark; rows with the other will be quarantined"
                ),
                say.count(points),
                say.count(commas)
            ));
        }
        Mark::Proven(Decimal::Comma) => options.push("decimal = \",\"".to_owned()),
        Mark::Proven(Decimal::Point) => options.push("decimal = \".\"".to_owned()),
        Mark::None => {}
    }
    options
}

/// Maps a column's values to canonical words; writes `?` for values that are not recognised.
fn worded(
    column: &Column,
    example: &str,
    ours: impl Fn(&str) -> Option<&'static str>,
    otherwise: &str,
    say: Say,
    told: &mut Vec<String>,
) -> Vec<String> {
    let none = BTreeMap::new();
    let words = column.seen.words.as_ref().unwrap_or(&none);
    let known = words.keys().filter_map(|word| Some(format!("{} = {}", quoted(word), quoted(ours(word)?))));
    let mut pairs: Vec<String> = known.collect();
    let unknown: Vec<String> = words
        .iter()
        .filter(|(word, _)| ours(word).is_none() && harmless(word))
        .map(|(word, rows)| format!("{} ({})", remark(word), say.count(*rows)))
        .take(20)
        .collect();
    if pairs.is_empty() {
        let other = if example == "incoming" { ", \"??\" = \"outgoing\"" } else { "" };
        pairs.push(format!("\"?\" = {}{other}", quoted(example)));
    }
    if !unknown.is_empty() {
        told.push(match otherwise {
            "empty" => format!(
                "{}: {}",
                say.say("? какие слова значат incoming и outgoing", "? which words mean incoming and outgoing"),
                unknown.join(" · ")
            ),
            _ => format!("{}: {}", say.say("не переведены", "not translated"), unknown.join(" · ")),
        });
    }
    vec![format!("values = {{ {} }}", pairs.join(", ")), format!("values_else = {}", quoted(otherwise))]
}

/// Whether the values are ids, whatever the column is called: no name has a digit and no space.
fn is_id(column: &Column) -> bool {
    let one = |value: &str| {
        !value.contains(char::is_whitespace) && value.contains(|c: char| c.is_ascii_digit()) && !value.contains('@')
    };
    !column.seen.sample.is_empty() && column.seen.sample.iter().all(|value| one(value)) && !column.seen.is_phone()
}

fn normal_form(form: Option<Normal>) -> String {
    match form {
        Some(Normal::Phone) => "normal = \"phone\", personal = true".to_owned(),
        Some(Normal::Email) => "normal = \"email\", personal = true".to_owned(),
        None => "personal = true".to_owned(),
    }
}

/// The form of a client's id that is a phone or an e-mail.
fn normal(column: &Column) -> Option<Normal> {
    let seen = &column.seen;
    let of_form = |form: Normal| seen.sample.is_empty() || seen.mostly(|value| personal::normal(value, form).is_some());
    let is_email = column.says("email") || (!seen.sample.is_empty() && seen.mostly(|value| value.contains('@')));
    match (is_email && of_form(Normal::Email), holds_phones(column) && of_form(Normal::Phone)) {
        (true, _) => Some(Normal::Email),
        (_, true) => Some(Normal::Phone),
        _ => None,
    }
}

/// Columns by their names, each with what it holds.
fn listed(columns: &[&Column], kind: Option<Kind>, say: Say) -> String {
    let told = |column: &Column| if kind == Some(Kind::Money) { sum(column, say) } else { held(column, say) };
    let one = |column: &&Column| format!("{} ({})", quoted(&column.name), told(column));
    columns.iter().map(one).collect::<Vec<String>>().join(", ")
}

/// Describes a column's content without showing possibly personal values.
pub(super) fn held(column: &Column, say: Say) -> String {
    let seen = &column.seen;
    if seen.filled == 0 {
        return say.say("пусто", "empty").to_owned();
    }
    let filled = filled(column, say);
    if seen.is_date() && seen.days.is_marked() {
        let is_of_person = ["birth", "phone", "email", "name"].iter().any(|idea| column.says(idea));
        return match seen.days.example().filter(|_| !is_of_person) {
            Some(example) => format!("{filled}, {} {}", say.say("даты, например", "dates such as"), remark(example)),
            None => filled,
        };
    }
    // what tells rows apart is an id: its sum says nothing
    let is_id = column.says("id") || column.says("phone") || seen.is_phone() || seen.repeats == Some(false);
    if seen.is_number() && !is_id {
        return sum(column, say);
    }
    match (&seen.words, seen.repeats) {
        (_, Some(false)) => format!("{filled}, {}", say.say("все разные", "all different")),
        (Some(words), _) => match say.0 {
            Lang::Ru => format!("{filled}, разных {}", words.len()),
            Lang::En => format!("{filled}, {} different", words.len()),
        },
        _ => filled,
    }
}

fn filled(column: &Column, say: Say) -> String {
    match say.0 {
        Lang::Ru => format!("заполнено {}", say.count(column.seen.filled)),
        Lang::En => format!("{} filled", say.count(column.seen.filled)),
    }
}

/// What the numbers of a column come to.
pub(super) fn sum(column: &Column, say: Say) -> String {
    let digits = &column.seen.digits;
    let told = |decimal| say.money(digits.sum(decimal));
    let mut sum = match digits.mark() {
        Mark::Proven(decimal) => told(decimal),
        Mark::None => told(Decimal::Point),
        Mark::Unknown | Mark::Both => {
            format!("{} {} {}", told(Decimal::Point), say.say("или", "or"), told(Decimal::Comma))
        }
    };
    let currencies: Vec<&str> = digits.currencies.iter().map(String::as_str).collect();
    if !currencies.is_empty() {
        sum = format!("{sum} {}", currencies.join("+"));
    }
    for (count, told) in
        [(digits.negative, say.say("отрицательных", "negative")), (digits.unread, say.say("не числа", "no numbers"))]
    {
        if count > 0 {
            sum = format!("{sum}, {told}: {}", say.count(count));
        }
    }
    format!("{}, {} {sum}", filled(column, say), say.say("сумма", "sum"))
}

/// The values of a column that are not personal.
fn words(column: &Column, say: Say) -> String {
    let Some(words) = column.seen.words.as_ref().filter(|_| !column.says("id")) else { return held(column, say) };
    let mut common: Vec<(&String, &u64)> =
        words.iter().filter(|(word, rows)| **rows >= COMMON && harmless(word)).collect();
    common.sort_by_key(|(word, rows)| (std::cmp::Reverse(**rows), (*word).clone()));
    if common.is_empty() {
        return held(column, say);
    }
    let shown = common.iter().take(SHOWN).map(|(word, rows)| format!("{} ({})", remark(word), say.count(**rows)));
    format!("{}: {}", held(column, say), shown.collect::<Vec<_>>().join(" · "))
}

/// Whether a value is neither a phone nor an e-mail, nor holds one.
pub(super) fn harmless(value: &str) -> bool {
    !value.contains('@') && !is_phone(value) && value.chars().filter(char::is_ascii_digit).count() < 7
}

/// The columns that are different in every row, as a list.
pub(super) fn candidates(columns: &[Column], rows: u64) -> String {
    let apart = columns.iter().filter(|column| column.seen.tells_apart(rows)).take(6);
    let names: Vec<String> = apart.map(|column| quoted(&column.name)).collect();
    if names.is_empty() { String::new() } else { format!("; {}", names.join(", ")) }
}
