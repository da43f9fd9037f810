//! What to do first: a numbered list of what, how much, since when, with whom and what to do; then what got better and what could not
//! be judged.

use pdf_writer::types::StructRole;

use super::context::{Context, awaited, color, paragraph};
use super::findings::sign;
use super::flow::Flow;
use super::part::{Line, Part};
use super::sheets::{Mark, Target};
use super::style::{ACCENT, RULE, Style};
use super::tags::{Said, Tag};
use crate::model::unit::Unit;
use crate::report::document::{Action, Actions, Verdict};
use crate::report::render::draw::palette::INK;
use crate::report::render::html::markup::figure;

const TITLE: Style = Style::new(10.5).bold();
const SMALL: Style = Style::new(8.2);
const LEFT: f64 = 17.0;

/// The list.
pub fn place(flow: &mut Flow<'_>, actions: &Actions, parent: Tag, context: &Context<'_>) {
    let muted = SMALL.muted();
    below(flow, context.words.to_do(), parent);
    if actions.items.is_empty() {
        paragraph(flow, &actions.nothing, Style::new(9.5).muted(), parent);
    } else {
        let list = flow.sheets.tags.say(parent, StructRole::L, Said::Numbered);
        for (number, action) in (1..).zip(&actions.items) {
            let tag = flow.tag(list, StructRole::LI);
            let part = item(flow, number, action, tag, context);
            flow.place(part, 3.0);
        }
    }
    if !actions.more.is_empty() {
        paragraph(flow, &actions.more, muted, parent);
    }
    if !actions.improved.is_empty() {
        below(flow, context.words.improved(), parent);
        let list = flow.tag(parent, StructRole::L);
        for line in &actions.improved {
            let item = flow.tag(list, StructRole::LI);
            let sign = flow.tag(item, StructRole::Lbl);
            let body = flow.tag(item, StructRole::LBody);
            let (style, room) = (Style::new(9.0), flow.room());
            let mut part = Part::default();
            let plus = style.bold().colored(color(Verdict::Green));
            part.line(Line {
                x: 0.0,
                y: style.ascent(),
                text: "+".into(),
                style: plus,
                mark: Mark::Tag(sign),
                leads: None,
            });
            part.text(flow.fonts, line, (12.0, room - 12.0), style, Mark::Tag(body));
            flow.place(part, 3.0);
        }
    }
    if !actions.unjudged.is_empty() {
        paragraph(flow, &actions.unjudged, muted, parent);
    }
}

/// A heading within a section; no bookmark.
fn below(flow: &mut Flow<'_>, title: &str, parent: Tag) {
    let tag = flow.tag(parent, StructRole::H3);
    let mut part = Part::default();
    let room = flow.room();
    part.text(flow.fonts, title, (0.0, room), Style::new(12.0).bold(), Mark::Tag(tag));
    flow.hold(part, 12.0);
}

fn item(flow: &mut Flow<'_>, number: usize, action: &Action, parent: Tag, context: &Context<'_>) -> Part {
    let (label, body) = (flow.tag(parent, StructRole::Lbl), flow.tag(parent, StructRole::LBody));
    let mut part = what(flow, number, action, (label, body), context);
    let wide = flow.room() - LEFT;
    let facts = action.facts.iter().chain([&action.since, &action.who]).map(String::as_str);
    let facts: Vec<&str> = facts.filter(|fact| !fact.is_empty()).collect();
    let tag = flow.tag(body, StructRole::P);
    let end = part.text(flow.fonts, &facts.join(" "), (LEFT, wide - 10.0), SMALL.muted(), Mark::Tag(tag));
    context.mark(flow, &mut part, end, &action.source, tag);
    if !action.advice.is_empty() {
        let tag = flow.tag(body, StructRole::P);
        part.text(flow.fonts, &action.advice, (LEFT, wide), Style::new(8.8), Mark::Tag(tag));
    }
    if let Some((id, total)) = &action.list {
        let tag = flow.tag(body, StructRole::Link);
        let said = format!("{}: {}", context.words.list(), context.words.rows(*total));
        let (place, y) = (format!("table-{id}"), part.high + SMALL.ascent());
        let to = Target::Place(place.clone());
        part.link(flow.fonts, &said, (LEFT, wide * 0.8), SMALL.colored(ACCENT), (tag, to));
        awaited(flow.fonts, &mut part, (flow.room(), y), (context.words.page(), &place), SMALL.muted());
    }
    part
}

/// Its number, what it is about, and the money at stake.
fn what(flow: &mut Flow<'_>, number: usize, action: &Action, (label, body): (Tag, Tag), context: &Context<'_>) -> Part {
    let room = flow.room();
    let wide = room - LEFT;
    let mut part = Part::default();
    part.ground((0.0, 0.0), (room, 0.5), RULE);
    part.gap(3.5);
    let y = part.high + TITLE.ascent();
    let text = number.to_string();
    part.line(Line { x: 0.0, y, text, style: TITLE.muted(), mark: Mark::Tag(label), leads: None });

    let amount = action.money.as_ref().map(|(said, money)| (said, figure(money, Unit::Money, &context.numbers)));
    let told =
        amount.as_ref().map_or(0.0, |(said, money)| flow.fonts.wide(said, SMALL) + 5.0 + flow.fonts.wide(money, TITLE));
    // beside the title if both fit, else beneath
    let beside = told > 0.0 && told < wide * 0.5;
    let level = part.high + 2.6;
    sign(&mut part, action.verdict, (LEFT, level));
    let title = flow.tag(body, StructRole::P);
    let left = LEFT + 13.0;
    let title_room = wide - 13.0 - if beside { told + 14.0 } else { 0.0 };
    let end = part.text(flow.fonts, &action.title, (left, title_room), TITLE, Mark::Tag(title));
    let verdict = context.words.verdict(action.verdict);
    let style = SMALL.colored(color(action.verdict));
    if end.0 + 8.0 + flow.fonts.wide(verdict, style) <= left + title_room {
        let mark = Mark::Tag(title);
        part.line(Line { x: end.0 + 8.0, y: end.1, text: verdict.to_owned(), style, mark, leads: None });
    } else {
        part.text(flow.fonts, verdict, (left, title_room), style, Mark::Tag(title));
    }
    if let Some((said, money)) = amount {
        let tag = flow.tag(body, StructRole::P);
        let x = if beside { room - told } else { LEFT };
        let y = if beside { y } else { part.high + TITLE.ascent() };
        let mark = Mark::Tag(tag);
        part.line(Line { x, y, text: format!("{said} "), style: SMALL.muted(), mark, leads: None });
        let x = x + 5.0 + flow.fonts.wide(said, SMALL);
        part.line(Line { x, y, text: money, style: TITLE.colored(INK), mark, leads: None });
        if !beside {
            part.gap(TITLE.leading());
        }
    }
    part
}
