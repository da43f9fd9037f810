//! A document as text: everything that it says, a line each, and no layout. What it looks like, the charts and blocks of the sample
//! show.

use std::fmt::Write;

use voronka::model::unit::Unit;
use voronka::report::document::{Action, Actions, Block, Cell, Chart, Document, Finding, Table, Tile};

/// Digits that are shown of a number: fewer than it has, for the last ones differ from machine to machine.
const DIGITS: i32 = 9;

/// The whole document.
pub fn listing(document: &Document) -> String {
    let mut text =
        format!("# {}\n{}\n{}, {}\n", document.title, document.subtitle, document.company, document.currency);
    for section in &document.sections {
        let _ = writeln!(text, "\n## {}: {}", section.id, section.title);
        for block in &section.blocks {
            text.push('\n');
            text += &match block {
                Block::Text(said) => format!("text: {said}\n"),
                Block::Notice(said) => format!("notice: {said}\n"),
                Block::Tiles(tiles) => tiles.iter().map(tile).collect(),
                Block::Actions(all) => actions(all),
                Block::Findings(findings) => findings.iter().map(finding).collect(),
                Block::Table(data) => table(data),
                Block::Chart(data) => chart(data),
            };
        }
    }
    text.push_str("\n## colophon\n\n");
    document.colophon.iter().for_each(|line| text += &format!("{line}\n"));
    document.failed.iter().for_each(|line| text += &format!("failed: {line}\n"));
    text
}

fn tile(tile: &Tile) -> String {
    let notes: String = tile.notes.iter().map(|note| format!(" | {note}")).collect();
    format!("tile: {} | {} {}{notes}\n  source: {}\n", tile.label, cell(&tile.value), unit(tile.unit), tile.source)
}

fn finding(finding: &Finding) -> String {
    let Finding { verdict, title, value, change, advice, source, .. } = finding;
    let mut text = format!("finding: {} | {title}\n  {value}\n", format!("{verdict:?}").to_lowercase());
    for (name, said) in [("change", change), ("advice", advice), ("source", source)] {
        if !said.is_empty() {
            let _ = writeln!(text, "  {name}: {said}");
        }
    }
    text
}

fn actions(actions: &Actions) -> String {
    let mut text: String = actions.items.iter().map(action).collect();
    actions.improved.iter().for_each(|line| text += &format!("improved: {line}\n"));
    for (name, said) in [("nothing", &actions.nothing), ("more", &actions.more), ("unjudged", &actions.unjudged)] {
        if !said.is_empty() {
            let _ = writeln!(text, "{name}: {said}");
        }
    }
    text
}

fn action(action: &Action) -> String {
    let Action { verdict, title, money, facts, since, who, advice, list, source } = action;
    let mut text = format!("action: {} | {title}\n", format!("{verdict:?}").to_lowercase());
    if let Some((label, money)) = money {
        let _ = writeln!(text, "  money: {label}: {}", cell(money));
    }
    facts.iter().for_each(|fact| text += &format!("  {fact}\n"));
    if let Some((id, total)) = list {
        let _ = writeln!(text, "  list: {id}, {total}");
    }
    for (name, said) in [("since", since), ("who", who), ("advice", advice), ("source", source)] {
        if !said.is_empty() {
            let _ = writeln!(text, "  {name}: {said}");
        }
    }
    text
}

fn table(table: &Table) -> String {
    let mut text = format!("table {}: {}\n", table.id, table.title);
    for column in &table.columns {
        let _ = writeln!(text, "  {} {}: {}", column.name, unit(column.unit), column.title);
    }
    for row in &table.rows {
        let _ = writeln!(text, "  | {}", row.iter().map(cell).collect::<Vec<_>>().join(" | "));
    }
    text + &format!("  source: {}\n", table.source)
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Empty => "-".into(),
        Cell::Text(text) => text.clone(),
        Cell::Count(count) => count.to_string(),
        Cell::Money(money) => number(*money as f64 / 10_000.0),
        Cell::Number(value) => number(*value),
        Cell::Interval { value, low, high } => format!("{} ({}…{})", number(*value), number(*low), number(*high)),
        Cell::Bounds { least, most } => format!("[{least:?}, {most:?}]"),
        Cell::Date(day) => day.to_string(),
    }
}

fn chart(chart: &Chart) -> String {
    format!(
        "chart {}: {}\n  {}\n  source: {}\n",
        chart.id,
        chart.title,
        plot(&format!("{:?}", chart.plot)),
        chart.source
    )
}

/// The data of a chart, made of its `Debug` form, so that a new kind of chart needs nothing here: a field or a named row a line,
/// numbers rounded, `Some` left out and `None` a dash.
fn plot(debug: &str) -> String {
    let mut text = String::new();
    // of each open bracket, whether it is that of a `Some`
    let mut open = Vec::new();
    let mut rest = debug;
    while let Some(first) = rest.chars().next() {
        let number_end = || rest.find(|c: char| !(c.is_ascii_digit() || "-+.e".contains(c))).unwrap_or(rest.len());
        let is_number = first.is_ascii_digit() || first == '-' && rest[1..].starts_with(|c: char| c.is_ascii_digit());
        let (taken, said) = match first {
            '"' => {
                let end = string_end(rest);
                (end, rest[..end].to_owned())
            }
            _ if rest.starts_with("Some(") => {
                open.push(true);
                (5, String::new())
            }
            _ if rest.starts_with("None") => (4, "-".to_owned()),
            _ if is_number => (number_end(), rest[..number_end()].parse().map_or("?".into(), number)),
            '(' => {
                open.push(false);
                (1, if rest.starts_with("(\"") { "\n  (" } else { "(" }.to_owned())
            }
            ')' => (1, if open.pop() == Some(true) { "" } else { ")" }.to_owned()),
            ',' if is_field(&rest[1..]) => (2, ",\n  ".to_owned()),
            '[' if text.ends_with("], ") => (1, "\n  [".to_owned()),
            other => (other.len_utf8(), other.to_string()),
        };
        text += &said;
        rest = &rest[taken..];
    }
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// The length of a quoted string with its quotes.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let is_end = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        is_end
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// Whether ` name: …` follows.
fn is_field(text: &str) -> bool {
    let name = text.strip_prefix(' ').and_then(|text| text.split_once(':')).map_or("", |(name, _)| name);
    !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

fn unit(unit: Unit) -> String {
    format!("{unit:?}").to_lowercase()
}

/// Nine digits, or to the ninth place after the point, without trailing zeros.
fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".into() } else { value.to_string() };
    }
    let whole = value.abs().log10().floor() as i32 + 1;
    let places = (DIGITS - whole).clamp(0, DIGITS) as usize;
    let text = format!("{value:.places$}");
    let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if short == "-0" { "0".into() } else { short.into() }
}
