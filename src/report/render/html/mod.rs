//! The report as one self-contained HTML page for any screen width and for paper: styles, fonts and charts are
//! embedded, and there are no scripts.

mod actions;
mod blocks;
mod findings;
pub mod markup;
mod table;

use std::cell::RefCell;

use self::markup::{Context, escape};
use super::error::RenderError;
use super::exporter::Exporter;
use super::number::Numbers;
use super::outputs::Outputs;
use super::svg::faces;
use super::words::Words;
use crate::report::document::{Definition, Document, Section};

/// The page's style.
const STYLE: &str = include_str!("style.css");

/// Writes `<name>.html`.
pub struct Html;

impl Exporter for Html {
    fn export(&self, doc: &Document, out: &mut Outputs) -> Result<(), RenderError> {
        out.page("html", page(doc)?.as_bytes())
    }
}

fn page(doc: &Document) -> Result<String, RenderError> {
    let words = Words(doc.lang);
    let sources = RefCell::new(Vec::new());
    let numbers = Numbers { lang: doc.lang, currency: &doc.currency };
    let context = Context { numbers, words, folds: doc.folds, sources: &sources };
    let title = escape(&doc.title);
    let company = escape(&doc.company);
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light\">\n\
         <title>{title} · {company}</title>\n<style>\n{}\n{STYLE}</style>\n</head>\n<body{}>\n\
         <div class=\"page\">\n<header>\n<p class=\"company\">{company}</p>\n<h1>{title}</h1>\n",
        words.code(),
        faces(),
        if doc.folds { " class=\"folds\"" } else { "" },
    );
    if !doc.subtitle.is_empty() {
        html.push_str(&format!("<p class=\"subtitle\">{}</p>\n", escape(&doc.subtitle)));
    }
    if doc.folds {
        html.push_str(&format!("<p class=\"folded\">{}</p>\n", words.folded()));
    }
    html.push_str("</header>\n");
    html.push_str(&contents(doc, words));
    html.push_str("<main>\n");
    for section in &doc.sections {
        html.push_str(&render_section(section, &context)?);
    }
    html.push_str("</main>\n<footer>\n");
    for line in &doc.colophon {
        html.push_str(&format!("<p>{}</p>\n", escape(line)));
    }
    html.push_str(&notes(doc, &sources.borrow(), words));
    html.push_str("</footer>\n</div>\n</body>\n</html>\n");
    Ok(html)
}

/// The sources that the page's marks lead to, and what each of their metrics counts.
fn notes(doc: &Document, sources: &[String], words: Words) -> String {
    let mut html = String::new();
    if !sources.is_empty() {
        let (head, count) = (words.sources(), sources.len());
        html.push_str(&format!("<details class=\"fold sources-fold\">\n<summary>{head}: {count}</summary>\n"));
        let common = common_end(sources);
        if !common.is_empty() {
            html.push_str(&format!("<p>{}: {}</p>\n", words.all_of_them(), escape(common)));
        }
        html.push_str("<ol class=\"sources\">\n");
        for (number, source) in (1..).zip(sources) {
            let source = source.strip_suffix(common).map_or(source.as_str(), |own| own.trim_end_matches(", "));
            html.push_str(&format!("<li id=\"source-{number}\">{}</li>\n", with_definition(doc, source)));
        }
        html.push_str("</ol>\n</details>\n");
    }
    if !doc.definitions.is_empty() {
        let (head, count) = (words.definitions(), doc.definitions.len());
        html.push_str(&format!(
            "<details class=\"fold notes-fold\">\n<summary>{head}: {count}</summary>\n<dl class=\"definitions\">\n"
        ));
        for Definition { name, title, about } in &doc.definitions {
            let (name, title, about) = (escape(name), escape(title), escape(about));
            html.push_str(&format!(
                "<dt id=\"definition-{name}\">{title} <code>{name}</code></dt>\n<dd>{about}</dd>\n"
            ));
        }
        html.push_str("</dl>\n</details>\n");
    }
    html
}

/// What all sources end with, from a comma on: it is said once. Empty if there is no such end, or one source alone.
fn common_end(sources: &[String]) -> &str {
    let [first, rest @ ..] = sources else { return "" };
    let ends = first.match_indices(", ").map(|(at, comma)| &first[at + comma.len()..]);
    let common =
        ends.filter(|_| !rest.is_empty()).find(|end| rest.iter().all(|other| other.ends_with(&format!(", {end}"))));
    common.unwrap_or_default()
}

/// A source whose metric leads to its definition.
fn with_definition(doc: &Document, source: &str) -> String {
    let is_named = |name: &str| source.strip_prefix(name).is_some_and(|rest| rest.starts_with([',', ' ']));
    match doc.definitions.iter().find(|definition| is_named(&definition.name)) {
        Some(Definition { name, .. }) => {
            let rest = escape(&source[name.len()..]);
            let name = escape(name);
            format!("<a href=\"#definition-{name}\">{name}</a>{rest}")
        }
        None => escape(source),
    }
}

fn contents(doc: &Document, words: Words) -> String {
    if doc.sections.len() < 2 {
        return String::new();
    }
    let entries: String = doc
        .sections
        .iter()
        .map(|s| format!("<li><a href=\"#{}\">{}</a></li>\n", escape(&s.id), escape(&s.title)))
        .collect();
    let head = words.contents();
    format!("<nav aria-label=\"{head}\">\n<p class=\"nav-head\">{head}</p>\n<ol>\n{entries}</ol>\n</nav>\n")
}

fn render_section(section: &Section, context: &Context) -> Result<String, RenderError> {
    let (id, title) = (escape(&section.id), escape(&section.title));
    let mut html = format!("<section id=\"{id}\" aria-labelledby=\"{id}-head\">\n<h2 id=\"{id}-head\">{title}</h2>\n");
    for block in &section.blocks {
        html.push_str(&blocks::render(block, context)?);
    }
    html.push_str("</section>\n");
    Ok(html)
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
        let html = page(&doc).unwrap();
        assert!(!html.contains("<script"), "markup came through");
        assert!(html.contains("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; Ко&#39;"));
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere_and_says_its_language() {
        for (lang, code) in [(Lang::Ru, "ru"), (Lang::En, "en")] {
            let html = page(&sample::document(lang)).unwrap();
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
