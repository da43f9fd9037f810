//! What stands before and after the sections: the head, the contents, the appendix of what is folded, the colophon, the sources and
//! the definitions.

use pdf_writer::types::StructRole;

use super::context::{Context, Folded, awaited, heading, paragraph};
use super::flow::{Flow, Lies};
use super::part::{Line, Part};
use super::sheets::{Mark, Target};
use super::style::{ACCENT, RULE, Style};
use super::tags::Tag;
use super::{findings, table, text};
use crate::report::document::Block;
use crate::report::render::sources;

const FINE: Style = Style::new(7.8);
const FINEST: Style = Style::new(7.0);

/// The company, the title, and the period.
pub fn head(flow: &mut Flow<'_>, context: &Context<'_>) {
    let (doc, root, room) = (context.doc, flow.root(), flow.room());
    let said = [
        (StructRole::P, &doc.company, Style::new(9.0).muted()),
        (StructRole::H1, &doc.title, Style::new(18.0).bold()),
        (StructRole::P, &doc.subtitle, Style::new(10.0).muted()),
    ];
    let mut part = Part::default();
    for (role, text, style) in said.into_iter().filter(|(_, text, _)| !text.is_empty()) {
        let tag = flow.tag(root, role);
        part.text(flow.fonts, text, (0.0, room), style, Mark::Tag(tag));
    }
    flow.place(part, 0.0);
    if doc.folds && doc.sections.iter().flat_map(|section| &section.blocks).any(folds) {
        let style = Style::new(8.2).muted();
        paragraph(flow, context.words.in_appendix(), style, root);
    }
}

/// Whether a block is folded away where the document folds.
fn folds(block: &Block) -> bool {
    match block {
        Block::Table(_) => true,
        Block::Findings(list) => !list.is_empty(),
        _ => false,
    }
}

/// The sections with the pages that they begin on.
pub fn contents(flow: &mut Flow<'_>, context: &Context<'_>) {
    let doc = context.doc;
    if doc.sections.len() < 2 || doc.folds {
        return;
    }
    let (root, room) = (flow.root(), flow.room());
    let list = flow.tag(root, StructRole::TOC);
    let style = Style::new(9.5);
    let mut part = Part::default();
    part.ground((0.0, 0.0), (room, 0.5), RULE);
    part.gap(6.0);
    for section in &doc.sections {
        let item = flow.tag(list, StructRole::TOCI);
        let tag = flow.tag(item, StructRole::Link);
        let place = format!("section-{}", section.id);
        let y = part.high + style.ascent();
        let to = Target::Place(place.clone());
        part.link(flow.fonts, &section.title, (0.0, room - 30.0), style.colored(ACCENT), (tag, to));
        awaited(flow.fonts, &mut part, (room, y), ("", &place), style.muted().tabular());
        part.gap(1.0);
    }
    part.gap(6.0);
    let high = part.high;
    part.ground((0.0, high), (room, 0.5), RULE);
    flow.place(part, 14.0);
}

/// What the sections fold: all of it, from a new page on.
pub fn appendix(flow: &mut Flow<'_>, folded: &[Folded<'_>], context: &Context<'_>) {
    if folded.is_empty() {
        return;
    }
    flow.turn(Lies::Upright);
    flow.fresh();
    let tag = begin(flow, context.words.appendix(), "appendix");
    for part in folded {
        match part {
            Folded::Table(data) => table::place(flow, data, tag, context),
            Folded::Findings(list, place) => {
                flow.turn(Lies::Upright);
                let title = format!("{}: {}", context.words.all_findings(), list.len());
                let look = (StructRole::H3, Style::new(10.5).bold());
                let (part, ..) = heading(flow, tag, look, &title, place);
                flow.hold(part, 14.0);
                findings::cards(flow, list, tag, context);
            }
        }
    }
}

fn begin(flow: &mut Flow<'_>, title: &str, place: &str) -> Tag {
    let tag = flow.tag(flow.root(), StructRole::Sect);
    let (part, ..) = heading(flow, tag, (StructRole::H2, Style::new(14.0).bold()), title, place);
    flow.hold(part, 20.0);
    tag
}

/// The last lines, the sources that the marks lead to, and what each of their metrics counts.
pub fn end(flow: &mut Flow<'_>, context: &Context<'_>) {
    let doc = context.doc;
    flow.turn(Lies::Upright);
    let root = flow.root();
    flow.gap(10.0);
    for line in &doc.colophon {
        paragraph(flow, line, FINE.muted(), root);
    }
    let named = context.sources.borrow().clone();
    if !named.is_empty() {
        let tag = begin(flow, context.words.sources(), "sources");
        let common = sources::common_end(&named);
        if !common.is_empty() {
            paragraph(flow, &format!("{}: {common}", context.words.all_of_them()), FINE, tag);
        }
        list(flow, &named, common, tag, context);
    }
    if !doc.definitions.is_empty() {
        flow.fresh();
        let tag = begin(flow, context.words.definitions(), "definitions");
        for definition in &doc.definitions {
            let (name, about) = (flow.tag(tag, StructRole::P), flow.tag(tag, StructRole::P));
            let (mut part, room) = (Part::default(), flow.room());
            part.place(0.0, format!("definition-{}", definition.name));
            let code = format!("({})", definition.name);
            part.led(
                flow.fonts,
                (&definition.title, FINEST.bold()),
                (&code, FINEST.muted()),
                (0.0, room),
                Mark::Tag(name),
            );
            part.text(flow.fonts, &definition.about, (0.0, room), FINEST, Mark::Tag(about));
            flow.place(part, 5.0);
        }
    }
}

/// The sources by their numbers.
fn list(flow: &mut Flow<'_>, named: &[String], common: &str, parent: Tag, context: &Context<'_>) {
    let list = flow.tag(parent, StructRole::L);
    let room = flow.room();
    for (number, source) in (1..).zip(named) {
        let item = flow.tag(list, StructRole::LI);
        let (label, body) = (flow.tag(item, StructRole::Lbl), flow.tag(item, StructRole::LBody));
        let mut part = Part::default();
        part.place(0.0, format!("source-{number}"));
        let y = FINE.ascent();
        let said = number.to_string();
        let mark = Mark::Tag(label);
        part.line(Line { x: 0.0, y, text: said, style: FINE.muted(), mark, leads: None });
        let source = sources::own(source, common);
        let (left, wide) = (20.0, room - 20.0);
        match sources::defined(context.doc, source) {
            Some((name, rest)) => {
                let tag = flow.tag(body, StructRole::Link);
                let leads = Some((Target::Place(format!("definition-{name}")), name.to_owned()));
                let (style, mark) = (FINE.colored(ACCENT), Mark::Tag(tag));
                let x = left + flow.fonts.wide(name, FINE);
                part.line(Line { x: left, y, text: name.to_owned(), style, mark, leads });
                let rest: Vec<String> = text::lines_from(flow.fonts, rest, wide, FINE, x - left);
                for (at, line) in rest.into_iter().enumerate() {
                    let (x, y) = (if at == 0 { x } else { left }, part.high + FINE.ascent());
                    part.line(Line { x, y, text: line, style: FINE, mark: Mark::Tag(body), leads: None });
                    part.gap(FINE.leading());
                }
                if part.high == 0.0 {
                    part.gap(FINE.leading());
                }
            }
            None => {
                part.text(flow.fonts, source, (left, wide), FINE, Mark::Tag(body));
            }
        }
        flow.place(part, 1.5);
    }
}
