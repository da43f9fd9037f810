//! The body of a letter as HTML. Mail programs drop style sheets, scripts and drawings: layout is by tables, and each element bears
//! its style.

use maud::{DOCTYPE, Markup, html};

use super::parts::{Around, front, picture_id};
use super::table;
use super::words::Words;
use crate::model::unit::Unit;
use crate::report::document::{Action, Actions, Block, Cell, Chart, Document, Finding, Table, Tile, Verdict};
use crate::report::render::html::markup::figure;
use crate::report::render::number::Numbers;
use crate::report::render::words;

const BODY: &str = "margin:0;padding:0;background:#ffffff;color:#1f2933;-webkit-text-size-adjust:100%";
const FONT: &str = "font-family:'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:15px;line-height:1.45;color:#1f2933;\
                    text-align:left;overflow-wrap:anywhere;word-break:normal";
const COLUMN: &str = "width:100%;max-width:640px";
const MUTED: &str = "margin:0;font-size:13px;line-height:1.4;color:#5b6672";
const H1: &str = "margin:2px 0 4px;font-size:24px;line-height:1.2;font-weight:600";
const H2: &str = "margin:22px 0 8px;font-size:18px;line-height:1.25;font-weight:600";
const P: &str = "margin:0 0 8px";
const TILE: &str = "width:50%;vertical-align:top;padding:8px 12px 10px 0;border-top:2px solid #1f2933";
const FIGURE: &str = "margin:2px 0;font-size:24px;line-height:1.2;font-weight:600";
const NOTICE: &str = "padding:10px 14px;background:#f5f7f9;border-left:4px solid #5b6672;font-size:14px";
const NEW: &str = "padding:10px 14px;background:#fdf1f0;border-left:4px solid #b3261e;font-size:15px";
const ITEM: &str = "padding:12px 0;border-top:1px solid #dfe4e9;vertical-align:top";
const HEAD: &str = "padding:4px 8px 4px 0;border-bottom:1px solid #1f2933;font-size:13px;font-weight:600;vertical-align:bottom;overflow-wrap:break-word";
const DATA: &str =
    "padding:4px 8px 4px 0;border-bottom:1px solid #dfe4e9;font-size:13px;vertical-align:top;overflow-wrap:break-word";

/// What all parts are written with.
struct Context<'a> {
    doc: &'a Document,
    numbers: Numbers<'a>,
    own: Words,
    words: words::Words,
    mark: &'a str,
}

/// The page.
pub(super) fn page(doc: &Document, around: Around<'_>) -> Markup {
    let numbers = Numbers { lang: doc.lang, currency: &doc.currency };
    let context = Context { doc, numbers, own: Words(doc.lang), words: words::Words(doc.lang), mark: around.mark };
    html! {
        (DOCTYPE) "\n"
        html lang=(context.words.code()) { "\n"
            head { "\n"
                meta charset="utf-8"; "\n"
                meta name="viewport" content="width=device-width, initial-scale=1"; "\n"
                meta name="color-scheme" content="light"; "\n"
                title { (doc.title) " · " (doc.company) } "\n"
            } "\n"
            body style=(BODY) { "\n"
                table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" { tr {
                    td align="center" style="padding:16px 14px 28px" { "\n"
                        table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style=(COLUMN) {
                            tr { td style=(FONT) { "\n" (content(&context, around)) } }
                        } "\n"
                    }
                } } "\n"
            } "\n"
        } "\n"
    }
}

fn content(context: &Context<'_>, around: Around<'_>) -> Markup {
    let doc = context.doc;
    let (shown, others) = front(doc);
    let others: Vec<&str> = others.iter().map(|section| section.title.as_str()).collect();
    html! {
        p style=(MUTED) { (doc.company) } "\n"
        h1 style=(H1) { (doc.title) } "\n"
        p style=(MUTED) { (doc.subtitle) } "\n"
        @if !around.new.is_empty() { (new(around.new, context.own)) }
        @for section in shown {
            h2 style=(H2) { (section.title) } "\n"
            @for part in &section.blocks { (block(part, context)) }
        }
        @if !others.is_empty() {
            p style={ (MUTED) ";margin-top:18px" } { (context.own.also()) ": " (others.join(" · ")) "." } "\n"
        }
        @if !around.files.is_empty() {
            p style={ (MUTED) ";margin-top:6px" } { (context.own.attached()) ": " (around.files.join(", ")) "." } "\n"
        }
        div style="margin-top:18px;padding-top:10px;border-top:1px solid #dfe4e9" { "\n"
            @for line in &doc.colophon { p style=(MUTED) { (line) } "\n" }
        } "\n"
    }
}

fn boxed(style: &str, content: &Markup) -> Markup {
    html! {
        table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:12px 0" {
            tr { td style=(style) { (content) } }
        } "\n"
    }
}

fn new(titles: &[String], own: Words) -> Markup {
    boxed(
        NEW,
        &html! {
            b { (own.newly_red()) } "\n"
            @for title in titles { p style="margin:4px 0 0" { (title) } "\n" }
        },
    )
}

fn block(block: &Block, context: &Context<'_>) -> Markup {
    match block {
        Block::Text(text) => html! { p style=(P) { (text) } "\n" },
        Block::Notice(text) => boxed(NOTICE, &html! { b { (context.words.notice()) "." } " " (text) }),
        Block::Tiles(list) => tiles(list, context),
        Block::Actions(list) => actions(list, context),
        Block::Findings(list) => findings(list, context),
        Block::Table(data) => rows(data, context),
        Block::Chart(chart) => picture(chart, context),
    }
}

fn tiles(tiles: &[Tile], context: &Context<'_>) -> Markup {
    html! {
        table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:4px 0" { "\n"
            @for pair in tiles.chunks(2) {
                tr {
                    @for tile in pair {
                        td style=(TILE) width="50%" {
                            p style=(MUTED) { (tile.label) } "\n"
                            p style=(FIGURE) { (figure(&tile.value, tile.unit, &context.numbers)) } "\n"
                            @for note in &tile.notes { p style=(MUTED) { (note) } "\n" }
                        }
                    }
                    @if pair.len() < 2 { td style=(TILE) width="50%" {} }
                } "\n"
            }
        } "\n"
    }
}

fn actions(actions: &Actions, context: &Context<'_>) -> Markup {
    html! {
        h2 style=(H2) { (context.words.to_do()) } "\n"
        @if actions.items.is_empty() { p style=(P) { (actions.nothing) } "\n" }
        table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" { "\n"
            @for (number, action) in (1..).zip(&actions.items) { (item(number, action, context)) }
        } "\n"
        @if !actions.more.is_empty() { p style={ (MUTED) ";margin-top:8px" } { (actions.more) } "\n" }
        @if !actions.improved.is_empty() {
            h2 style=(H2) { (context.words.improved()) } "\n"
            @for line in &actions.improved {
                p style=(P) { span style="color:#0b6e4f;font-weight:600" { "+ " } (line) } "\n"
            }
        }
        @if !actions.unjudged.is_empty() { p style={ (MUTED) ";margin-top:12px" } { (actions.unjudged) } "\n" }
    }
}

fn item(number: usize, action: &Action, context: &Context<'_>) -> Markup {
    let facts = action.facts.iter().chain([&action.since, &action.who]).map(String::as_str);
    let facts: Vec<&str> = facts.filter(|fact| !fact.is_empty()).collect();
    html! {
        tr {
            td style={ (ITEM) ";width:26px;color:#5b6672;font-weight:600" } { (number) }
            td style=(ITEM) {
                p style="margin:0;font-size:16px;line-height:1.3;font-weight:600" { (action.title) } "\n"
                p style="margin:2px 0;font-size:14px" {
                    (verdict(action.verdict, context))
                    @if let Some((label, money)) = &action.money {
                        " · " (label) " " b { (figure(money, Unit::Money, &context.numbers)) }
                    }
                } "\n"
                p style=(MUTED) { (facts.join(" ")) } "\n"
                @if !action.advice.is_empty() { p style="margin:4px 0 0" { (action.advice) } "\n" }
                @if let Some((_, total)) = &action.list {
                    p style=(MUTED) { (context.words.list()) ": " (context.own.elsewhere(*total)) } "\n"
                }
            }
        } "\n"
    }
}

fn verdict(verdict: Verdict, context: &Context<'_>) -> Markup {
    let color = match verdict {
        Verdict::Red => "#b3261e",
        Verdict::Yellow => "#9a6700",
        Verdict::Green => "#0b6e4f",
        Verdict::Unknown => "#5b6672",
    };
    html! { span style={ "font-weight:600;color:" (color) } { (context.words.verdict(verdict)) } }
}

fn findings(findings: &[Finding], context: &Context<'_>) -> Markup {
    let (pressing, quiet): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().partition(|one| matches!(one.verdict, Verdict::Red | Verdict::Yellow));
    html! {
        @for finding in pressing {
            div style="padding:10px 0;border-top:1px solid #dfe4e9" { "\n"
                p style="margin:0;font-weight:600" { (finding.title) } "\n"
                p style="margin:2px 0;font-size:14px" { (verdict(finding.verdict, context)) " · " (finding.value) } "\n"
                @for text in [&finding.change, &finding.advice] {
                    @if !text.is_empty() { p style=(MUTED) { (text) } "\n" }
                }
            } "\n"
        }
        @if !quiet.is_empty() { p style=(MUTED) { (context.own.quiet(quiet.len())) } "\n" }
    }
}

fn rows(data: &Table, context: &Context<'_>) -> Markup {
    let title = html! { p style="margin:14px 0 4px;font-weight:600" { (data.title) } "\n" };
    let Some(shown) = table::shown(data, context.doc) else {
        // the list of a thing to do is told where it is
        return match is_listed(data, context.doc) {
            true => Markup::default(),
            false => html! { p style=(MUTED) { (data.title) ": " (context.own.elsewhere(data.rows.len())) } "\n" },
        };
    };
    let side = |is_text: bool| if is_text { "left" } else { "right" };
    html! {
        (title)
        @if shown.rows.is_empty() {
            p style=(MUTED) { (context.words.no_data()) } "\n"
        } @else {
            table width="100%" cellpadding="0" cellspacing="0" border="0" { "\n"
                tr { @for (head, is_text) in &shown.heads { th align=(side(*is_text)) style=(HEAD) { (head) } } } "\n"
                @for row in &shown.rows {
                    tr { @for (cell, (_, is_text)) in row.iter().zip(&shown.heads) { td align=(side(*is_text)) style=(DATA) { (cell) } } } "\n"
                }
            } "\n"
        }
        @if let Some(left) = context.own.left_out(shown.left_out.0, shown.left_out.1) { p style={ (MUTED) ";margin-top:4px" } { (left) } "\n" }
    }
}

/// Whether a table is the list behind a thing to do.
pub(super) fn is_listed(data: &Table, doc: &Document) -> bool {
    let blocks = doc.sections.iter().flat_map(|section| &section.blocks);
    let items = blocks.filter_map(|block| if let Block::Actions(list) = block { Some(&list.items) } else { None });
    items.flatten().any(|action| action.list.as_ref().is_some_and(|(id, _)| *id == data.id))
}

fn picture(chart: &Chart, context: &Context<'_>) -> Markup {
    html! {
        p style="margin:14px 0 4px;font-weight:600" { (chart.title) } "\n"
        img src={ "cid:" (picture_id(chart, context.mark)) } width="612" alt=(chart.plot.describe(&context.numbers))
            style="display:block;width:100%;max-width:612px;height:auto;border:0"; "\n"
    }
}

/// A cell as it stands in a tile.
pub(super) fn compact(cell: &Cell, unit: Unit, numbers: &Numbers<'_>) -> String {
    figure(cell, unit, numbers)
}
