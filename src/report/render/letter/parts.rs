//! What a letter is made of.

use crate::report::document::Chart;

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
