//! The blocks of a section: texts, notices, headline figures, charts; findings, things to do and tables have files of their own.

use pdf_writer::types::StructRole;

use super::context::{Context, Folded, awaited, heading, paragraph};
use super::flow::{Flow, Lies};
use super::part::{Item, Part, Set};
use super::sheets::{Mark, Target};
use super::style::{ACCENT, RULE, SOFT, Style};
use super::tags::{Said, Tag};
use super::{actions, findings, table};
use crate::report::document::{Actions, Block, Chart, Section, Tile};
use crate::report::render::draw::palette::{INK, MUTED};
use crate::report::render::drawing::{WIDE, draw};
use crate::report::render::html::markup::figure;

const TEXT: Style = Style::new(9.5);
const CAPTION: Style = Style::new(10.5).bold();
/// A chart among folded parts is no higher: two of them fit a page.
const LOW: f64 = 262.0;

/// A section: its heading and its blocks. What it folds is kept for the appendix.
pub fn section<'a>(flow: &mut Flow<'_>, section: &'a Section, context: &Context<'a>, folded: &mut Vec<Folded<'a>>) {
    flow.turn(Lies::Upright);
    let tag = flow.tag(flow.root(), StructRole::Sect);
    let look = (StructRole::H2, Style::new(14.0).bold());
    let (part, ..) = heading(flow, tag, look, &section.title, &format!("section-{}", section.id));
    flow.hold(part, 20.0);
    for (number, block) in section.blocks.iter().enumerate() {
        match block {
            Block::Table(table) if context.doc.folds => {
                // what a thing to do leads to is named there
                if !is_listed(section, &table.id) {
                    let said = format!("{} · {}", table.title, context.words.rows(table.rows.len()));
                    elsewhere(flow, tag, &said, &format!("table-{}", table.id), context);
                }
                folded.push(Folded::Table(table));
            }
            Block::Table(table) => table::place(flow, table, tag, context),
            Block::Findings(list) => {
                flow.turn(Lies::Upright);
                findings::tally(flow, list, tag, context);
                if context.doc.folds && !list.is_empty() {
                    let place = format!("findings-{}-{number}", section.id);
                    let said = format!("{}: {}", context.words.all_findings(), list.len());
                    elsewhere(flow, tag, &said, &place, context);
                    folded.push(Folded::Findings(list, place));
                } else {
                    findings::cards(flow, list, tag, context);
                }
            }
            block => {
                flow.turn(Lies::Upright);
                other(flow, block, tag, context);
            }
        }
    }
}

/// Whether one of the section's things to do leads to this table.
fn is_listed(section: &Section, table: &str) -> bool {
    let leads = |block: &Block| match block {
        Block::Actions(Actions { items, .. }) => {
            items.iter().any(|action| action.list.as_ref().is_some_and(|(id, _)| id == table))
        }
        _ => false,
    };
    section.blocks.iter().any(leads)
}

fn other(flow: &mut Flow<'_>, block: &Block, tag: Tag, context: &Context<'_>) {
    match block {
        Block::Text(text) => paragraph(flow, text, TEXT, tag),
        Block::Notice(text) => notice(flow, text, tag, context),
        Block::Tiles(list) => tiles(flow, list, tag, context),
        Block::Actions(list) => actions::place(flow, list, tag, context),
        Block::Chart(data) => chart(flow, data, tag, context),
        Block::Table(_) | Block::Findings(_) => {}
    }
}

/// A line that leads to what is folded away: its title, and the page that it is on.
fn elsewhere(flow: &mut Flow<'_>, parent: Tag, said: &str, place: &str, context: &Context<'_>) {
    flow.turn(Lies::Upright);
    let (paragraph, room) = (flow.tag(parent, StructRole::P), flow.room());
    let tag = flow.tag(paragraph, StructRole::Link);
    let style = Style::new(9.0).colored(ACCENT);
    let mut part = Part::default();
    part.ground((0.0, 0.0), (room, 0.5), RULE);
    part.gap(3.5);
    part.link(flow.fonts, said, (0.0, room - 70.0), style, (tag, Target::Place(place.to_owned())));
    let at = (room, 3.5 + style.ascent());
    awaited(flow.fonts, &mut part, at, (context.words.page(), place), style.sized(8.5).muted());
    part.gap(3.0);
    flow.place(part, 3.0);
}

fn notice(flow: &mut Flow<'_>, text: &str, parent: Tag, context: &Context<'_>) {
    let tag = flow.tag(parent, StructRole::P);
    let (room, style) = (flow.room(), Style::new(9.0));
    let mut part = Part::default();
    part.gap(5.0);
    let word = format!("{}.", context.words.notice());
    part.led(flow.fonts, (&word, style.bold()), (text, style), (10.0, room - 20.0), Mark::Tag(tag));
    part.gap(5.0);
    let high = part.high;
    part.ground((0.0, 0.0), (3.0, high), MUTED);
    part.ground((0.0, 0.0), (room, high), SOFT);
    flow.place(part, 7.0);
}

fn tiles(flow: &mut Flow<'_>, tiles: &[Tile], parent: Tag, context: &Context<'_>) {
    if tiles.is_empty() {
        return;
    }
    let list = flow.tag(parent, StructRole::L);
    let rows = tiles.len().div_ceil(4);
    let columns = tiles.len().div_ceil(rows);
    let gap = 14.0;
    let wide = (flow.room() - gap * (columns as f64 - 1.0)) / columns as f64;
    for row in tiles.chunks(columns) {
        let mut part = Part::default();
        for (number, tile) in row.iter().enumerate() {
            let item = flow.tag(list, StructRole::LI);
            let body = flow.tag(item, StructRole::LBody);
            let one = self::tile(flow, tile, wide, body, context);
            part.insert(one, (number as f64 * (wide + gap), 0.0));
        }
        flow.place(part, 9.0);
    }
}

fn tile(flow: &mut Flow<'_>, tile: &Tile, wide: f64, parent: Tag, context: &Context<'_>) -> Part {
    let small = Style::new(8.5);
    let mut part = Part::default();
    part.ground((0.0, 0.0), (wide, 1.2), INK);
    part.gap(4.0);
    let tag = flow.tag(parent, StructRole::P);
    let end = part.text(flow.fonts, &tile.label, (0.0, wide - 8.0), small.muted(), Mark::Tag(tag));
    context.mark(flow, &mut part, end, &tile.source, tag);
    let tag = flow.tag(parent, StructRole::P);
    let value = figure(&tile.value, tile.unit, &context.numbers);
    part.text(flow.fonts, &value, (0.0, wide), Style::new(15.0).bold(), Mark::Tag(tag));
    for (number, note) in tile.notes.iter().enumerate() {
        let tag = flow.tag(parent, StructRole::P);
        let style = if number == 0 { small } else { small.muted() };
        part.text(flow.fonts, note, (0.0, wide), style, Mark::Tag(tag));
    }
    part
}

/// A chart under its title, whole on one page.
fn chart(flow: &mut Flow<'_>, chart: &Chart, parent: Tag, context: &Context<'_>) {
    let place = format!("chart-{}", chart.id);
    let (mut part, tag, end) = heading(flow, parent, (StructRole::H3, CAPTION), &chart.title, &place);
    context.mark(flow, &mut part, end, &chart.source, tag);
    part.gap(5.0);
    let picture = draw(chart, context.numbers, WIDE);
    let words = super::text::clean(&format!("{}. {}", chart.title, chart.plot.describe(&context.numbers)));
    let figure = flow.sheets.tags.say(parent, StructRole::Figure, Said::Picture(words, [0.0; 4]));
    let room = flow.room();
    let most = if context.doc.folds { LOW } else { Lies::Upright.high() - part.high - 60.0 };
    let scale = (room / picture.width).min(most / picture.height.max(1.0));
    let (top, high) = (part.high, picture.height * scale);
    let item = Item::Shapes(picture.shapes, scale, Some(figure));
    part.items.push(Set { top, bottom: top + high, x: 0.0, item });
    part.gap(high);
    flow.place(part, 14.0);
}
