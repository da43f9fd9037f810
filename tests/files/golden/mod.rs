//! Golden documents: what a report looks like, kept in `tests/golden/`.
//!
//! - `chart/<id>.svg`: each chart of the sample document;
//! - `block/<kind>.<lang>.html`: the blocks of each kind of the sample document, and `page.<lang>.html`: the page around them;
//! - `table/<id>.<lang>.csv`: each table of the sample document;
//! - `report/<name>.<lang>.txt`: each shipped report on `sample_data`, as a [`listing()`]; made in `sample.rs`.
//!
//! Fonts are cut out of the pages and pictures: they are most of the bytes, and say nothing of the report.

mod listing;

use std::collections::BTreeMap;
use std::path::Path;

use voronka::model::lang::Lang;
use voronka::report::document::{Block, Document};
use voronka::report::render::{Format, render, sample};

pub use self::listing::listing;
use crate::case::{Case, files_of};

const LANGS: [(Lang, &str); 2] = [(Lang::Ru, "ru"), (Lang::En, "en")];

/// A test for each golden file, reports aside.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (id, document) in alone(Lang::Ru, |block| matches!(block, Block::Chart(_))) {
        let file = format!("tests/golden/chart/{id}.svg");
        cases.push(Case::golden(format!("golden::chart::{id}"), file, move || rendered(&document, Format::Svg)));
    }
    for (lang, code) in LANGS {
        for (id, document) in alone(lang, |block| matches!(block, Block::Table(_))) {
            let (name, file) = (format!("golden::table::{id}::{code}"), format!("tests/golden/table/{id}.{code}.csv"));
            cases.push(Case::golden(name, file, move || rendered(&document, Format::Csv)));
        }
        for (kind, document) in by_kind(lang) {
            let (name, file) =
                (format!("golden::block::{kind}::{code}"), format!("tests/golden/block/{kind}.{code}.html"));
            cases.push(Case::golden(name, file, move || main_of(&rendered(&document, Format::Html)?)));
        }
        let (name, file) = (format!("golden::page::{code}"), format!("tests/golden/page.{code}.html"));
        cases.push(Case::golden(name, file, move || rendered(&frame(lang), Format::Html)));
    }
    cases
}

/// The sample document without its blocks.
fn frame(lang: Lang) -> Document {
    let mut document = sample::document(lang);
    document.sections.iter_mut().for_each(|section| section.blocks.clear());
    document
}

/// A document of these blocks alone.
fn of(lang: Lang, blocks: Vec<Block>) -> Document {
    let mut document = frame(lang);
    document.sections.truncate(1);
    document.sections[0].blocks = blocks;
    document
}

fn blocks(lang: Lang) -> impl Iterator<Item = Block> {
    sample::document(lang).sections.into_iter().flat_map(|section| section.blocks)
}

/// The charts or tables of the sample, each in a document of its own, with its id.
fn alone(lang: Lang, is_wanted: fn(&Block) -> bool) -> Vec<(String, Document)> {
    let document = |block: Block| (block.id().unwrap_or_default().to_owned(), of(lang, vec![block]));
    blocks(lang).filter(is_wanted).map(document).collect()
}

/// The blocks of the sample by kind. Of the charts one: each has a picture of its own.
fn by_kind(lang: Lang) -> Vec<(&'static str, Document)> {
    let mut kinds: BTreeMap<&str, Vec<Block>> = BTreeMap::new();
    for block in blocks(lang) {
        let kind = match &block {
            Block::Text(_) => "text",
            Block::Notice(_) => "notice",
            Block::Tiles(_) => "tiles",
            Block::Actions(_) => "actions",
            Block::Findings(_) => "findings",
            Block::Table(_) => "table",
            Block::Chart(_) if kinds.contains_key("chart") => continue,
            Block::Chart(_) => "chart",
        };
        kinds.entry(kind).or_default().push(block);
    }
    kinds.into_iter().map(|(kind, blocks)| (kind, of(lang, blocks))).collect()
}

/// The only file of the document in this format, without its fonts.
fn rendered(document: &Document, format: Format) -> Result<String, String> {
    let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
    let files = render(document, dir.path(), &[format]).map_err(|e| e.to_string())?;
    let is_of_format = |file: &&std::path::PathBuf| file.extension().is_some_and(|e| e == format.name());
    match files_of(dir.path()).iter().filter(is_of_format).collect::<Vec<_>>()[..] {
        [file] => without_fonts(&read(file)?),
        _ => Err(format!("one file was expected, not {files:?}")),
    }
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))
}

/// The text with a name in the place of each embedded font.
fn without_fonts(text: &str) -> Result<String, String> {
    const BEGIN: &str = "url(data:font/woff2;base64,";
    let mut parts = text.split(BEGIN);
    let mut cut = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (_, rest) = part.split_once(')').ok_or("a font without an end")?;
        cut += "url(font.woff2)";
        cut += rest;
    }
    Ok(cut)
}

/// What stands in the `<main>` of a page.
fn main_of(page: &str) -> Result<String, String> {
    let inner = page.split_once("<main>\n").and_then(|(_, rest)| rest.split_once("</main>"));
    inner.map(|(main, _)| main.to_owned()).ok_or_else(|| "the page has no <main>".to_owned())
}
