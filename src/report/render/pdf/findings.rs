//! Findings: a count per verdict, and a card each. The verdict is shown by shape, word and colour.

use pdf_writer::types::StructRole;

use super::context::{Context, color, icon, paragraph};
use super::flow::Flow;
use super::part::{Item, Line, Part, Set};
use super::sheets::Mark;
use super::style::{RULE, Style};
use super::tags::Tag;
use crate::report::document::{Finding, Verdict};

const SMALL: Style = Style::new(8.5);
const ICON: f64 = 8.5;

/// Puts a verdict's sign into a part.
pub fn sign(part: &mut Part, verdict: Verdict, (x, y): (f64, f64)) {
    let item = Item::Shapes(icon(verdict), ICON / 20.0, None);
    part.items.push(Set { top: y, bottom: y + ICON, x, item });
}

/// How many findings have each verdict, in a line that stays with what comes next.
pub fn tally(flow: &mut Flow<'_>, findings: &[Finding], parent: Tag, context: &Context<'_>) {
    if findings.is_empty() {
        return paragraph(flow, context.words.no_data(), Style::new(9.5).muted(), parent);
    }
    let tag = flow.tag(parent, StructRole::P);
    let style = Style::new(9.5);
    let (mut part, mut x) = (Part::default(), 0.0);
    for verdict in [Verdict::Red, Verdict::Yellow, Verdict::Green, Verdict::Unknown] {
        let count = findings.iter().filter(|finding| finding.verdict == verdict).count();
        if count == 0 {
            continue;
        }
        sign(&mut part, verdict, (x, 2.4));
        let text = format!("{}: {count}", context.words.verdict(verdict));
        let wide = flow.fonts.wide(&text, style);
        let (x_text, y) = (x + ICON + 4.0, style.ascent());
        part.line(Line { x: x_text, y, text, style: style.colored(color(verdict)), mark: Mark::Tag(tag), leads: None });
        x = x_text + wide + 18.0;
    }
    part.gap(style.leading());
    flow.hold(part, 8.0);
}

/// A card for each finding: first those that need action.
pub fn cards(flow: &mut Flow<'_>, findings: &[Finding], parent: Tag, context: &Context<'_>) {
    if findings.is_empty() {
        return;
    }
    let list = flow.tag(parent, StructRole::L);
    let pressing = |finding: &&Finding| matches!(finding.verdict, Verdict::Red | Verdict::Yellow);
    let (first, then): (Vec<&Finding>, Vec<&Finding>) = findings.iter().partition(pressing);
    for finding in first.into_iter().chain(then) {
        let item = flow.tag(list, StructRole::LI);
        let body = flow.tag(item, StructRole::LBody);
        let part = card(flow, finding, body, context);
        flow.place(part, 6.0);
    }
}

fn card(flow: &mut Flow<'_>, finding: &Finding, parent: Tag, context: &Context<'_>) -> Part {
    let words = context.words;
    let (left, wide) = (12.0, flow.room() - 24.0);
    let ink = color(finding.verdict);
    let mut part = Part::default();
    part.gap(5.0);
    let level = part.high + 1.2;
    sign(&mut part, finding.verdict, (left, level));
    let tag = flow.tag(parent, StructRole::P);
    let beside = left + ICON + 4.0;
    part.text(flow.fonts, words.verdict(finding.verdict), (beside, wide), SMALL.bold().colored(ink), Mark::Tag(tag));
    let tag = flow.tag(parent, StructRole::P);
    let end = part.text(flow.fonts, &finding.title, (left, wide - 10.0), Style::new(10.0).bold(), Mark::Tag(tag));
    context.mark(flow, &mut part, end, &finding.source, tag);
    let tag = flow.tag(parent, StructRole::P);
    part.text(flow.fonts, &finding.value, (left, wide), Style::new(9.0), Mark::Tag(tag));
    let told = [(words.change(), &finding.change), (words.advice(), &finding.advice)];
    let told: Vec<_> = told.into_iter().filter(|(_, text)| !text.is_empty()).collect();
    let top = part.high + 3.0;
    let gap = 16.0;
    let each = (wide - gap * (told.len().max(1) as f64 - 1.0)) / told.len().max(1) as f64;
    for (number, (head, text)) in told.into_iter().enumerate() {
        let tag = flow.tag(parent, StructRole::P);
        let mut one = Part::default();
        one.text(flow.fonts, head, (0.0, each), Style::new(7.5).muted(), Mark::Tag(tag));
        one.text(flow.fonts, text, (0.0, each), SMALL, Mark::Tag(tag));
        part.insert(one, (left + number as f64 * (each + gap), top));
    }
    part.gap(6.0);
    let high = part.high;
    let (room, edge) = (flow.room(), 0.5);
    part.ground((0.0, 0.0), (room, edge), RULE);
    part.ground((0.0, high - edge), (room, edge), RULE);
    part.ground((room - edge, 0.0), (edge, high), RULE);
    part.ground((0.0, 0.0), (3.0, high), ink);
    part
}
