//! Writes a section of a draft.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::columns::{self, Formats, candidates};
use super::digits::Mark;
use super::outline::Draft;
use super::profile::{self, Below, Look, Repeats};
use super::roles::{Fit, Given, Log, Taken, take};
use super::source_column::{self, Column};
use super::status;
use super::texts::{Say, TOTALS, quoted};
use crate::export::ExportError;
use crate::export::mapping::required;
use crate::export::values::numbers::Decimal;
use crate::model::lang::Lang;
use crate::model::tables::{Kind, Table};

/// Writes the section of one file; `others` are the sheets that it leaves out, with their rows.
pub(super) fn section(
    draft: &mut Draft,
    file: &str,
    below: &Below<'_>,
    sheet: Option<&str>,
    cells: &[String],
    others: &[(String, u64)],
    say: Say,
) -> Result<(), ExportError> {
    let Look { rows, totals, misshapen, columns: seen } = profile::look(below)?;
    let mut columns = source_column::all(cells, seen);
    let (name, pattern) = named(file);
    let taken = take(&columns, rows, name);
    columns::join_time(&mut columns, &taken.given);
    let formats = Formats::of(&columns, &taken, say);
    let repeats = repeats(below, &columns, &taken, rows)?;
    let out = &mut draft.text;
    let _ = writeln!(out, "[[export]]\nname = {}\nfiles = {}", quoted(name), quoted(&pattern));
    if below.readable.input.form != crate::export::files::Form::Text {
        let _ = writeln!(out, "# {}", below.readable.input.form.name());
    }
    if let Some(sheet) = sheet {
        let _ = writeln!(out, "sheet = {}", quoted(sheet));
    }
    draft.told.extend(not_read(others, out, say));
    if let Some(dates) = &formats.shared {
        let _ = writeln!(out, "dates = {dates}");
    }
    let list = TOTALS.map(quoted).join(", ");
    let _ = writeln!(
        out,
        "totals = [{list}] # {}: {}",
        say.say("итоги под строками, здесь их", "totals below the rows, here"),
        say.count(totals)
    );
    if misshapen > 0 {
        let _ = writeln!(
            out,
            "# {}: {}",
            say.say(
                "строк, в которых ячеек не столько, сколько в заголовке (уйдут в карантин)",
                "rows with another number of cells than the header, which will be quarantined"
            ),
            say.count(misshapen)
        );
    }
    if let Some(line) = total(&columns, &taken, say) {
        let _ = writeln!(out, "{line}");
    }
    snapshot(out, &taken, say);
    let _ = writeln!(out, "\n[[export.table]]\n{}", fill(&taken, rows, say));
    if let Some(line) = repeated(&taken, &repeats, &columns, say) {
        let _ = writeln!(out, "{line}");
    }
    let _ = writeln!(out, "[export.table.columns]");
    if let Some(table) = taken.table {
        lines(out, table, &columns, &taken, &formats, rows, say);
    }
    if let Some(line) = event_id(&taken, &repeats, &columns, rows, say) {
        let _ = writeln!(out, "{line}");
    }
    rest(out, &columns, &taken, say);
    out.push('\n');
    told(draft, file, &taken, &columns, rows, totals, say);
    Ok(())
}

/// Writes that other sheets are not read, and returns it.
fn not_read(others: &[(String, u64)], out: &mut String, say: Say) -> Vec<String> {
    let mut all = Vec::new();
    for (other, rows) in others {
        let told = match say.0 {
            Lang::Ru => format!(
                "листа {} здесь нет (строк {}): сохраните его отдельным файлом",
                quoted(other),
                say.count(*rows)
            ),
            Lang::En => format!(
                "the sheet {} is not read here ({} rows): save it as a file of its own",
                quoted(other),
                say.count(*rows)
            ),
        };
        let _ = writeln!(out, "# {told}");
        all.push(told);
    }
    all
}

/// Writes the columns that have no role.
fn rest(out: &mut String, columns: &[Column], taken: &Taken, say: Say) {
    let is_used =
        |at: usize| taken.given.iter().any(|one| one.at == at) || columns.iter().any(|column| column.time == Some(at));
    let rest: Vec<&Column> =
        columns.iter().enumerate().filter(|(at, _)| !is_used(*at)).map(|(_, column)| column).collect();
    if !rest.is_empty() {
        let head = say.say(
            "остальные столбцы; нужные назовите латиницей: town = \"Город\"",
            "the other columns; name those that are needed: town = \"City\"",
        );
        let _ = writeln!(out, "\n# {head}\n[export.table.extra]");
        for column in rest {
            let _ = writeln!(out, "# … = {} # {}", quoted(&column.name), columns::held(column, say));
        }
    }
}

/// What the export holds, to be compared with what the CRM shows.
fn told(draft: &mut Draft, file: &str, taken: &Taken, columns: &[Column], rows: u64, totals: u64, say: Say) {
    let table = taken.table.map_or("?", Table::name);
    let mut line = format!("{file}: {} {}", say.say("строк", "rows"), say.count(rows));
    if totals > 0 {
        let _ = write!(line, " ({} {})", say.say("и итогов", "and totals"), say.count(totals));
    }
    let _ = write!(line, ", {} {table}", say.say("прочитаны как", "read as"));
    draft.told.push(line);
    for one in &taken.given {
        let column = &columns[one.at];
        if taken.table.and_then(|table| table.column(one.role)).is_some_and(|column| column.kind == Kind::Money) {
            let is_one = taken.given.iter().filter(|other| other.role == one.role).count() == 1;
            let mark = if is_one { "" } else { "? " };
            let name = super::texts::remark(&column.name);
            draft.told.push(format!("{} ← {mark}«{name}»: {}", one.role, columns::sum(column, say)));
        }
    }
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

/// The line that says what a row is.
fn fill(taken: &Taken, rows: u64, say: Say) -> String {
    let rows = say.count(rows);
    let counted = match say.0 {
        Lang::Ru => format!("строк {rows}"),
        Lang::En => format!("{rows} rows"),
    };
    let other = match taken.table {
        None => {
            let asked = say.say(
                "? что здесь строка: deals (сделка), events (событие), spend (расход дня), clients (клиент), staff (сотрудник), promos (акция); \
                 если ничто из этого, файл не нужен",
                "? what is a row here: deals, events, spend (a day's cost), clients, staff, promos; if none of these, the file is not needed",
            );
            return format!("fill = \"?\" # {asked}; {counted}");
        }
        Some(table) if taken.is_sure => return format!("fill = {} # {counted}", quoted(table.name())),
        Some(other) => other,
    };
    let asked = match other {
        Table::Clients => say.say(
            "? \"clients\": строка — клиент, так написано ниже; \"deals\": строка — сделка или лид, тогда client_id станет deal_id, first_seen — created_at",
            "? \"clients\": a row is a client, as is written below; \"deals\": a row is a deal or lead, then client_id becomes deal_id and first_seen created_at",
        ),
        Table::Events => say.say(
            "? \"events\": строка — переход на этап, так написано ниже; \"deals\": строка — сделка, тогда at станет created_at, а kind уберите",
            "? \"events\": a row is a move to a stage, as is written below; \"deals\": a row is a deal, then at becomes created_at and kind goes",
        ),
        _ => say.say(
            "? \"deals\": строка — сделка или лид, так написано ниже; \"clients\": строка — клиент, тогда created_at станет first_seen, остальное уберите",
            "? \"deals\": a row is a deal or lead, as is written below; \"clients\": a row is a client, then created_at becomes first_seen and the rest goes",
        ),
    };
    format!("fill = \"?\" # {asked}; {counted}")
}

/// Asks about a row that holds as much money as all others together: the total of a report is no row of it.
fn total(columns: &[Column], taken: &Taken, say: Say) -> Option<String> {
    let is_money = |one: &&Given| matches!(one.role, "amount" | "cost") && columns[one.at].seen.digits.has_total();
    let column = &columns[taken.given.iter().find(is_money)?.at];
    let (asked, way_out) = (
        say.say(
            "? одна строка равна всем остальным вместе, итог ли это",
            "? one row has as much as all others together: is it a total",
        ),
        say.say(
            "назовите столбец, который в ней пуст, или удалите строку",
            "name the column that is empty in it, or remove the line",
        ),
    );
    let told = columns::sum(column, say);
    Some(format!(
        "ignore_rows = {{ column = \"?\", filled = false }} # {asked}: {} ({told}); {way_out}",
        quoted(&column.name)
    ))
}

/// Offers what grows the history of stages, where a file has none.
fn snapshot(out: &mut String, taken: &Taken, say: Say) {
    let has = |role: &str| taken.given.iter().any(|one| one.role == role);
    if taken.table == Some(Table::Deals) && has("stage") {
        let offered = say.say(
            "если каждая выгрузка перечисляет все сделки, снимите решётку: историю этапов хранилище накопит само",
            "if every export lists all deals, take the hash away: the store then grows the history of stages itself",
        );
        let _ = writeln!(out, "# snapshot = true # {offered}");
    }
}

/// The places of the columns by which rows of a table are one.
fn key(taken: &Taken) -> Vec<usize> {
    let of_event = ["at", "kind", "deal_id", "client_id", "manager", "direction", "stage", "campaign"];
    let roles: &[&str] = match taken.table {
        Some(Table::Events) if !has_event_id(taken) => &of_event,
        Some(table) => table.key(),
        None => &[],
    };
    // where a person names one of several, any of them may be it
    let single = |role: &&&str| taken.given.iter().filter(|one| one.role == **role).count() == 1;
    let mut places: Vec<usize> = Vec::new();
    for role in roles.iter().filter(single) {
        places.extend(taken.given.iter().filter(|one| one.role == *role).map(|one| one.at));
    }
    places
}

/// Whether a column of events tells them apart.
fn has_event_id(taken: &Taken) -> bool {
    taken.given.iter().any(|one| one.role == "event_id")
}

/// Looks for rows of one key.
fn repeats(below: &Below<'_>, columns: &[Column], taken: &Taken, rows: u64) -> Result<Repeats, ExportError> {
    let mut key = key(taken);
    if key.is_empty() || key.iter().any(|at| columns[*at].seen.tells_apart(rows)) {
        return Ok(Repeats::default());
    }
    key.extend(key.clone().iter().filter_map(|at| columns[*at].time));
    profile::repeats(below, &key, &amounts(columns, taken))
}

/// The columns of a row's money, each with its decimal mark.
fn amounts(columns: &[Column], taken: &Taken) -> Vec<(usize, Decimal)> {
    let money = taken.given.iter().filter(|one| matches!(one.role, "amount" | "cost"));
    let read = |one: &Given| match columns[one.at].seen.digits.mark() {
        Mark::Proven(decimal) => (one.at, decimal),
        _ => (one.at, Decimal::Point),
    };
    money.map(read).collect()
}

/// What becomes of rows of one key.
fn repeated(taken: &Taken, repeats: &Repeats, columns: &[Column], say: Say) -> Option<String> {
    let table = taken.table?;
    let names: Vec<String> = amounts(columns, taken).iter().map(|(at, _)| quoted(&columns[*at].name)).collect();
    let sums = |of: fn(&(i128, i128)) -> i128| {
        let sums = names.iter().zip(&repeats.sums).map(|(name, sum)| format!("{name} {}", say.money(of(sum))));
        sums.collect::<Vec<_>>().join(", ")
    };
    let part = if repeats.is_part {
        say.say(" (просмотрена часть файла)", " (of a part of the file)")
    } else {
        ""
    };
    let counted = format!("{}{part}", say.count(repeats.rows));
    let same = say.count(repeats.same);
    match (table, repeats.rows, repeats.same) {
        (Table::Spend, _, 0) => {
            let told = say.say(
                "строк, повторяющих день и кампанию (складываются)",
                "rows that repeat day and campaign, which add up",
            );
            Some(format!("repeated = \"sum\" # {told}: {counted}"))
        }
        (_, 0, _) | (Table::Staff | Table::Promos, ..) => None,
        // without an id of its own nothing tells which of them is the last: `event_id` asks for one
        (Table::Events, ..) if !has_event_id(taken) => None,
        (Table::Spend | Table::Deals, rows, alike) if table == Table::Spend || rows > alike => {
            let (what, last, sum, doubles) = (
                say.say("? строк, повторяющих ключ", "? rows that repeat a key"),
                say.say("берётся последняя", "the last is taken"),
                say.say("складываются", "they add up"),
                say.say("из них во всех ячейках", "of them in every cell"),
            );
            Some(format!(
                "repeated = \"?\" # {what}: {counted}, {doubles}: {same}; \"last\" ({last}): {}; \"sum\" ({sum}): {}",
                sums(|sum| sum.1),
                sums(|sum| sum.0)
            ))
        }
        _ => {
            let told = say.say(
                "строк, повторяющих ключ (берётся последняя)",
                "rows that repeat a key, of which the last is taken",
            );
            Some(format!("# {told}: {counted}"))
        }
    }
}

/// Asks for what tells events apart, where some would be taken for one.
fn event_id(taken: &Taken, repeats: &Repeats, columns: &[Column], rows: u64, say: Say) -> Option<String> {
    if taken.table != Some(Table::Events) || has_event_id(taken) || repeats.rows == repeats.same {
        return None;
    }
    let asked = say.say(
        "? строк, которые не отличить от более ранней по времени, сделке и остальным столбцам: станут одним событием; столбец, который их различает, или удалите строку",
        "? rows that nothing tells from an earlier one, which become one event: a column that tells them apart, or remove the line",
    );
    Some(format!("event_id = \"?\" # {asked}: {}{}", say.count(repeats.rows), candidates(columns, rows)))
}

/// Writes the columns that have a role, and asks for those without which no row could be stored.
fn lines(out: &mut String, table: Table, columns: &[Column], taken: &Taken, formats: &Formats, rows: u64, say: Say) {
    let mut written: BTreeSet<&str> = BTreeSet::new();
    for role in taken.given.iter().map(|one| one.role).filter(|role| written.insert(role)) {
        let of: Vec<(&Column, Fit)> =
            taken.given.iter().filter(|one| one.role == role).map(|one| (&columns[one.at], one.fit)).collect();
        let _ = writeln!(out, "{role} = {}", columns::source(table, role, &of, columns, formats, rows, say));
    }
    if table == Table::Deals {
        let stages: Vec<&Column> =
            taken.given.iter().filter(|one| one.role == "stage").map(|one| &columns[one.at]).collect();
        if let Some(line) = status::line(columns, &taken.given, &stages, say) {
            let _ = writeln!(out, "{line}");
        }
    }
    for name in required(table).iter().filter(|name| !written.contains(*name)) {
        let line = match (*name, taken.log) {
            ("kind", Some(Log::Stages)) => format!("kind = {{ const = \"stage\" }} # {}", say.say("строка — переход на этап", "a row is a move to a stage")),
            ("kind", Some(Log::Calls)) => format!("kind = {{ const = \"call\" }} # {}", say.say("? это звонки: есть длительность", "? these are calls: there is a duration")),
            ("kind", None) => format!(
                "kind = \"?\" # {}",
                say.say("? столбец вида события или { const = \"call\" }", "? the column of the event's kind, or { const = \"call\" }")
            ),
            ("deal_id", _) => format!(
                "deal_id = \"?\" # {}{}",
                say.say(
                    "? столбец, который различает сделки; если такого нет: { row_number = true }, тогда новые строки дописывайте только в конец",
                    "? a column that tells deals apart; if there is none: { row_number = true }, new rows must then stand at the end"
                ),
                candidates(columns, rows)
            ),
            (name, _) => format!(
                "{name} = \"?\" # {}{}",
                say.say("? без этого столбца строка не строка", "? without this column a row is no row"),
                if name == "client_id" { candidates(columns, rows) } else { String::new() }
            ),
        };
        let _ = writeln!(out, "{line}");
    }
    if table == Table::Events && !written.contains("deal_id") && !written.contains("client_id") {
        let _ = writeln!(
            out,
            "client_id = \"?\" # {}",
            say.say(
                "? столбец клиента (телефон: { from = \"…\", normal = \"phone\", personal = true }) или сделки: deal_id",
                "? the column of the client (a phone: { from = \"…\", normal = \"phone\", personal = true }) or deal: deal_id"
            )
        );
    }
}
