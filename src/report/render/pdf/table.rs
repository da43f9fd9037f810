//! A table: its head stands on each of its pages, no row is torn, and what is left out is said.

use pdf_writer::types::{StructRole, TableHeaderScope};

use super::context::{Context, heading};
use super::flow::Flow;
use super::grid::{GAP, Grid, HEAD, MOST_ROWS, PAD, SMALL, Written, grid};
use super::part::{Line, Part};
use super::sheets::{Mark, Target};
use super::style::{ACCENT, RULE, Style};
use super::tags::{Said, Tag};
use super::text;
use crate::report::document::Table;
use crate::report::render::draw::palette::INK;

const CAPTION: Style = Style::new(10.5).bold();
/// Above and below the text of a cell.
const HIGH: f64 = 2.6;

/// Places a table with its title.
pub fn place(flow: &mut Flow<'_>, table: &Table, parent: Tag, context: &Context<'_>) {
    let grid = grid(flow.fonts, table, &context.numbers);
    flow.turn(grid.lies);
    let name = format!("table-{}", table.id);
    let (mut title, tag, end) = heading(flow, parent, (StructRole::H3, CAPTION), &table.title, &name);
    context.mark(flow, &mut title, end, &table.source, tag);
    if table.rows.len() > MOST_ROWS {
        let tag = flow.tag(parent, StructRole::P);
        let (said, room) = (context.words.left_out(MOST_ROWS, table.rows.len()), flow.room());
        title.text(flow.fonts, &said, (0.0, room), Style::new(8.5).muted(), Mark::Tag(tag));
    }
    title.gap(3.0);
    flow.hold(title, 14.0);
    if grid.rows.is_empty() {
        let tag = flow.tag(parent, StructRole::P);
        let (mut part, room) = (Part::default(), flow.room());
        part.text(flow.fonts, context.words.no_data(), (0.0, room), Style::new(9.5).muted(), Mark::Tag(tag));
        return flow.place(part, 3.0);
    }
    let whole = flow.tag(parent, StructRole::Table);
    let above = flow.tag(whole, StructRole::THead);
    let row = flow.tag(above, StructRole::TR);
    let marks: Vec<Mark> = (grid.heads.iter())
        .map(|_| Mark::Tag(flow.sheets.tags.say(row, StructRole::TH, Said::Head(TableHeaderScope::Column))))
        .collect();
    let mut part = head(flow, &grid, &marks);
    let body = flow.tag(whole, StructRole::TBody);
    for (number, cells) in grid.rows.iter().enumerate() {
        let tag = flow.tag(body, StructRole::TR);
        let row = self::row(flow, &grid, cells, tag);
        if number == 0 {
            // the head stays with its first row
            part.append(row, 0.0);
            flow.place(std::mem::take(&mut part), 2.0);
            continue;
        }
        if row.high > flow.left() {
            flow.next();
            let again = head(flow, &grid, &vec![Mark::Repeated; grid.heads.len()]);
            flow.place(again, 0.0);
        }
        flow.place(row, 0.0);
    }
    let mut end = Part::default();
    end.ground((0.0, 0.0), (grid.wide.iter().sum(), 0.5), RULE);
    end.gap(0.5);
    flow.place(end, 0.0);
}

fn head(flow: &mut Flow<'_>, grid: &Grid, marks: &[Mark]) -> Part {
    let style = Style::new(grid.size * HEAD).muted();
    let lines: Vec<Vec<String>> = (grid.heads.iter().zip(&grid.wide))
        .map(|(head, wide)| text::lines(flow.fonts, head, wide - 2.0 * PAD, style))
        .collect();
    let most = lines.iter().map(Vec::len).max().unwrap_or_default() as f64;
    let mut part = Part { high: most * style.leading() + HIGH, items: Vec::new() };
    let mut x = 0.0;
    for (at, lines) in lines.into_iter().enumerate() {
        // heads stand on the line beneath them
        let mut y = part.high - HIGH - lines.len() as f64 * style.leading() + style.ascent();
        for line in lines {
            put(flow, &mut part, (x, y, grid.wide[at]), grid.left[at], (line, style), (marks[at], None));
            y += style.leading();
        }
        x += grid.wide[at];
    }
    let high = part.high;
    part.ground((0.0, high - 0.8), (x, 0.8), INK);
    part
}

fn row(flow: &mut Flow<'_>, grid: &Grid, cells: &[Written], tag: Tag) -> Part {
    let mut part = Part::default();
    let (mut x, mut high) = (0.0, 0.0f64);
    for (at, cell) in cells.iter().enumerate() {
        let tag = match at {
            0 => flow.sheets.tags.say(tag, StructRole::TH, Said::Head(TableHeaderScope::Row)),
            _ => flow.tag(tag, StructRole::TD),
        };
        high = high.max(write(flow, &mut part, grid, (at, x), cell, tag));
        x += grid.wide[at];
    }
    part.high = high + 2.0 * HIGH;
    part.ground((0.0, 0.0), (x, 0.4), RULE);
    part
}

/// Writes a cell; returns the height of its text.
fn write(flow: &mut Flow<'_>, part: &mut Part, grid: &Grid, (at, x): (usize, f64), cell: &Written, tag: Tag) -> f64 {
    let plain = Style::new(grid.size).tabular();
    let small = plain.sized(grid.size * SMALL).muted();
    let style = if cell.lesser { plain.muted() } else { plain };
    let (wide, left) = (grid.wide[at], grid.left[at]);
    let room = wide - 2.0 * PAD;
    let mut y = HIGH + plain.ascent();
    if let Some(url) = &cell.url {
        let tag = flow.tag(tag, StructRole::Link);
        let leads = Some((Target::Web(url.clone()), format!("{} {url}", cell.text)));
        let said = (cell.text.clone(), plain.colored(ACCENT));
        put(flow, part, (x, y, wide), left, said, (Mark::Tag(tag), leads));
        return plain.leading();
    }
    let mark = Mark::Tag(tag);
    if !cell.ends.is_empty() {
        let shift = grid.ends[at] + GAP * grid.size;
        if flow.fonts.wide(&cell.text, style) + shift <= room + 0.01 {
            // beside each other: the ends to the right, so that the numbers of the column stay in line
            put(flow, part, (x, y, wide - shift), left, (cell.text.clone(), style), (mark, None));
            put(flow, part, (x, y, wide), false, (cell.ends.clone(), small), (mark, None));
            return plain.leading();
        }
    }
    let mut high = 0.0;
    for (said, style) in [(&cell.text, style), (&cell.ends, small)] {
        for line in text::lines(flow.fonts, said, room, style) {
            put(flow, part, (x, y, wide), left, (line, style), (mark, None));
            y += style.leading();
            high += style.leading();
        }
    }
    high
}

/// Puts a line into a column, to its left or to its right.
fn put(
    flow: &Flow<'_>,
    part: &mut Part,
    (x, y, wide): (f64, f64, f64),
    left: bool,
    (text, style): (String, Style),
    (mark, leads): (Mark, Option<(Target, String)>),
) {
    let x = if left { x + PAD } else { x + wide - PAD - flow.fonts.wide(&text, style) };
    part.line(Line { x, y, text, style, mark, leads });
}
