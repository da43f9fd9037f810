//! A mapping to begin with, for an export that no section fits: its columns with values of theirs, the roles that their
//! names suggest, and what only a person can say.

mod roles;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use roles::{PLANNED, is_clock, is_phone, roles, suits, worded};

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

/// The first cells of totals.
const TOTALS: [&str; 4] = ["Итого", "Всего", "Total", "Grand total"];

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
mod tests;
