//! What a letter is made of.

use crate::report::document::{Block, Chart, Document, Section};

/// What a letter says beside the report.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around<'a> {
    /// What became red since the last letter; said first.
    pub new: &'a [String],
    /// The names of the files that go with it.
    pub files: &'a [String],
    /// What makes the ids of its pictures differ from those of other letters: ASCII.
    pub mark: &'a str,
}

/// A report as a letter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Letter {
    /// The body for programs that show HTML.
    pub html: String,
    /// The body as text.
    pub lines: Vec<Line>,
    /// The pictures that the HTML names as `cid:`.
    pub pictures: Vec<Picture>,
}

/// A line of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The text, without line breaks; empty between paragraphs.
    pub text: String,
    /// Whether it heads what follows.
    pub is_heading: bool,
}

/// A picture of a letter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Picture {
    /// Its id: after `cid:` in the HTML, and between angle brackets in its own header.
    pub id: String,
    /// The name of its file.
    pub name: String,
    /// The picture.
    pub png: Vec<u8>,
}

/// The id of a chart's picture.
pub(super) fn picture_id(chart: &Chart, mark: &str) -> String {
    format!("{}.{mark}", chart.id)
}

/// The sections that a letter shows: those up to the first that has more to say than that there is nothing, and the others.
pub(crate) fn front(doc: &Document) -> (&[Section], &[Section]) {
    let says = |block: &Block| match block {
        Block::Text(_) | Block::Notice(_) => false,
        Block::Table(table) => !table.rows.is_empty(),
        Block::Tiles(_) | Block::Actions(_) | Block::Findings(_) | Block::Chart(_) => true,
    };
    let first = doc.sections.iter().position(|section| section.blocks.iter().any(says));
    doc.sections.split_at(first.map_or(doc.sections.len().min(1), |at| at + 1))
}
