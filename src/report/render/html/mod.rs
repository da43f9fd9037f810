//! The report as one self-contained HTML page for any screen width and for paper: styles, fonts and charts are
//! embedded, and there are no scripts.

mod actions;
mod blocks;
mod findings;
pub mod markup;
mod table;

use std::cell::RefCell;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::markup::Context;
use super::error::RenderError;
use super::exporter::Exporter;
use super::number::Numbers;
use super::outputs::Outputs;
use super::sources;
use super::svg::faces;
use super::words::Words;
use crate::report::document::{Definition, Document, Section};

/// The page's style.
const STYLE: &str = include_str!("style.css");

/// Writes `<name>.html`.
pub struct Html;

impl Exporter for Html {
    fn export(&self, doc: &Document, out: &mut Outputs) -> Result<(), RenderError> {
        out.page("html", page(doc, &Around::file())?.into_string().as_bytes())
    }
}

/// What stands around a report on its page.
#[derive(Debug)]
pub struct Around {
    /// In the head: the style, or a link to it.
    pub head: Markup,
    /// Above the report.
    pub above: Markup,
    /// Between its title and its sections.
    pub within: Markup,
    /// Below it.
    pub below: Markup,
    /// Where the whole of a folded report is to be had; `None`: by the argument of the command.
    pub whole: Option<&'static str>,
}

impl Around {
    /// A page that is a file of its own.
    fn file() -> Around {
        let head = html! { style { "\n" (PreEscaped(style())) } "\n" };
        Around { head, above: Markup::default(), within: Markup::default(), below: Markup::default(), whole: None }
    }
}

/// The style of all pages, their font within it.
pub fn style() -> String {
    format!("{}\n{STYLE}", faces())
}

/// The page of a report.
pub fn page(doc: &Document, around: &Around) -> Result<Markup, RenderError> {
    let words = Words(doc.lang);
    let sources = RefCell::default();
    let numbers = Numbers { lang: doc.lang, currency: &doc.currency };
    let context = Context { numbers, words, folds: doc.folds, sources: &sources };
    Ok(html! {
        (DOCTYPE) "\n"
        html lang=(words.code()) { "\n"
            head { "\n"
                meta charset="utf-8"; "\n"
                meta name="viewport" content="width=device-width, initial-scale=1"; "\n"
                meta name="color-scheme" content="light"; "\n"
                title { (doc.title) " · " (doc.company) } "\n"
                (around.head)
            } "\n"
            body class=[doc.folds.then_some("folds")] { "\n"
                (around.above)
                div class="page" { "\n"
                    header { "\n"
                        p class="company" { (doc.company) } "\n"
                        h1 { (doc.title) } "\n"
                        @if !doc.subtitle.is_empty() {
                            p class="subtitle" { (doc.subtitle) } "\n"
                        }
                        @if doc.folds {
                            p class="folded" { (words.folded()) " " (around.whole.unwrap_or(words.whole())) } "\n"
                        }
                    } "\n"
                    (around.within)
                    (contents(doc, words))
                    main { "\n"
                        @for section in &doc.sections { (render_section(section, &context)?) }
                    } "\n"
                    footer { "\n"
                        @for line in &doc.colophon { p { (line) } "\n" }
                        (notes(doc, &sources.borrow(), words))
                    } "\n"
                } "\n"
                (around.below)
            } "\n"
        } "\n"
    })
}

/// The sources that the page's marks lead to, and what each of their metrics counts.
fn notes(doc: &Document, sources: &[String], words: Words) -> Markup {
    let common = sources::common_end(sources);
    html! {
        @if !sources.is_empty() {
            details class="fold sources-fold" { "\n"
                summary { (words.sources()) ": " (sources.len()) } "\n"
                @if !common.is_empty() { p { (words.all_of_them()) ": " (common) } "\n" }
                ol class="sources" { "\n"
                    @for (number, source) in (1..).zip(sources) {
                        li id={ "source-" (number) } { (with_definition(doc, sources::own(source, common))) } "\n"
                    }
                } "\n"
            } "\n"
        }
        @if !doc.definitions.is_empty() {
            details class="fold notes-fold" { "\n"
                summary { (words.definitions()) ": " (doc.definitions.len()) } "\n"
                dl class="definitions" { "\n"
                    @for Definition { name, title, about } in &doc.definitions {
                        dt id={ "definition-" (name) } { (title) " " code { (name) } } "\n"
                        dd { (about) } "\n"
                    }
                } "\n"
            } "\n"
        }
    }
}

/// A source whose metric leads to its definition.
fn with_definition(doc: &Document, source: &str) -> Markup {
    match sources::defined(doc, source) {
        Some((name, rest)) => html! { a href={ "#definition-" (name) } { (name) } (rest) },
        None => html! { (source) },
    }
}

fn contents(doc: &Document, words: Words) -> Markup {
    let head = words.contents();
    html! {
        @if doc.sections.len() > 1 {
            nav aria-label=(head) { "\n"
                p class="nav-head" { (head) } "\n"
                ol { "\n"
                    @for section in &doc.sections {
                        li { a href={ "#" (section.id) } { (section.title) } } "\n"
                    }
                } "\n"
            } "\n"
        }
    }
}

fn render_section(section: &Section, context: &Context) -> Result<Markup, RenderError> {
    let head = format!("{}-head", section.id);
    Ok(html! {
        section id=(section.id) aria-labelledby=(head) { "\n"
            h2 id=(head) { (section.title) } "\n"
            @for block in &section.blocks { (blocks::render(block, context)?) }
        } "\n"
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lang::Lang;
    use crate::report::document::{Block, Cell, Finding, Tile};
    use crate::report::render::sample;

    #[test]
    fn names_with_markup_stay_names() {
        let mut doc = sample::document(Lang::Ru);
        let evil = "<script>alert(\"x\")</script> & Ко'";
        for text in [&mut doc.title, &mut doc.company, &mut doc.subtitle, &mut doc.colophon[0]] {
            *text = evil.into();
        }
        for block in doc.sections.iter_mut().flat_map(|s| &mut s.blocks) {
            match block {
                Block::Text(text) | Block::Notice(text) => *text = evil.into(),
                Block::Tiles(tiles) => tiles.iter_mut().for_each(|Tile { label, notes, .. }| {
                    *label = evil.into();
                    notes.push(evil.into());
                }),
                Block::Findings(findings) => {
                    findings.iter_mut().for_each(|Finding { title, value, change, advice, source, .. }| {
                        for text in [title, value, change, advice, source] {
                            *text = evil.into();
                        }
                    });
                }
                Block::Actions(actions) => {
                    for action in &mut actions.items {
                        for text in [
                            &mut action.title,
                            &mut action.since,
                            &mut action.who,
                            &mut action.advice,
                            &mut action.source,
                        ] {
                            *text = evil.into();
                        }
                        action.facts = vec![evil.into()];
                        action.money = Some((evil.into(), Cell::Text(evil.into())));
                    }
                    (actions.more, actions.unjudged, actions.improved) = (evil.into(), evil.into(), vec![evil.into()]);
                    actions.nothing = evil.into();
                }
                Block::Table(table) => {
                    table.title = evil.into();
                    table.source = evil.into();
                    table.columns[0].title = evil.into();
                    table.rows.iter_mut().for_each(|row| row[0] = Cell::Text(evil.into()));
                }
                Block::Chart(chart) => {
                    chart.title = evil.into();
                    chart.source = evil.into();
                    sample::rename(chart, evil);
                }
            }
        }
        let html = page(&doc, &Around::file()).unwrap().into_string();
        assert!(!html.contains("<script"), "markup came through");
        assert!(html.contains("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; Ко'"));
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere_and_says_its_language() {
        for (lang, code) in [(Lang::Ru, "ru"), (Lang::En, "en")] {
            let html = page(&sample::document(lang), &Around::file()).unwrap().into_string();
            assert!(html.contains(&format!("<html lang=\"{code}\">")));
            let outside = html.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
            assert!(!outside.contains("http:") && !outside.contains("https:") && !outside.contains("<script"));
            let ids: Vec<&str> = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
            let mut unique = ids.clone();
            unique.sort_unstable();
            unique.dedup();
            assert_eq!(ids.len(), unique.len(), "ids are unique");
        }
    }
}
