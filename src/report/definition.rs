//! A report definition: a TOML file that says which questions a report answers, and with which metrics.
//!
//! Having a [`Definition`] means that it was checked: every metric, column, dimension, period and kind of chart in it
//! exists. What the file may hold is described for its writers in `docs/guide/report.md`.

mod read;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use include_dir::{Dir, include_dir};

use super::period::Period;
use crate::metrics::Catalog;
use crate::model::lang::{Lang, Text};
use crate::model::problem::{Problem, Problems, hint};
use crate::model::unit::Unit;

/// The definitions that are part of the program.
static SHIPPED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/reports");

/// A checked report definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    pub(super) name: String,
    pub(super) title: Text,
    pub(super) audience: Option<Text>,
    pub(super) period: Period,
    /// The dimension whose one value the report is for, such as `manager`; none: it is for everyone.
    pub(super) person: Option<String>,
    /// The rows that the report is held to: dimension and value.
    pub(super) only: Vec<(String, String)>,
    /// Its language, unless another is asked for.
    pub(super) lang: Option<Lang>,
    pub(super) labels: Labels,
    pub(super) sections: Vec<Section>,
}

/// How values are shown: metric → column → value → text.
pub(super) type Labels = BTreeMap<String, BTreeMap<String, BTreeMap<String, Text>>>;

/// A section as defined.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Section {
    pub id: String,
    pub title: Text,
    pub text: Option<Text>,
    /// The section stands once for each value of a dimension.
    pub each: Option<Each>,
    pub parts: Vec<Part>,
}

/// A section for each value of a dimension, those with most deals first.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Each {
    pub dimension: String,
    pub limit: Option<usize>,
}

/// A part of a section as defined.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    /// A paragraph; where it is about parts named by their ids, it stands only beside one of them.
    Text { text: Text, of: Vec<String> },
    /// A headline figure; neighbours stand side by side.
    Tile(Tile),
    /// The regulation's targets, judged.
    Findings(Findings),
    /// A table.
    Table(Table),
    /// A chart.
    Chart(Chart),
    /// Everything that could not be computed, and why.
    Missing,
}

impl Part {
    /// What it asks, if it asks one metric.
    pub fn ask(&self) -> Option<&Question> {
        match self {
            Part::Tile(Tile { ask, .. }) | Part::Table(Table { ask, .. }) | Part::Chart(Chart { ask, .. }) => Some(ask),
            Part::Text { .. } | Part::Findings(_) | Part::Missing => None,
        }
    }
}

/// What is asked of a metric.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Question {
    pub metric: String,
    pub by: Vec<String>,
    pub period: Period,
}

/// What a tile or a finding is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    /// The period just before.
    Before,
    /// The same period a year ago.
    Year,
}

/// Which row of a result a tile shows.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Pick {
    First,
    Last,
    /// The row whose column shows this value.
    Where(String, String),
}

/// A headline figure as defined.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tile {
    pub label: Text,
    pub ask: Question,
    pub column: String,
    pub pick: Pick,
    pub compare: Vec<Compare>,
    pub note: Option<Text>,
}

/// The judged targets as defined.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Findings {
    pub period: Period,
    /// Other periods, by metric.
    pub periods: BTreeMap<String, Period>,
    /// Only targets of these metrics; none: of all.
    pub metrics: Vec<String>,
    /// How many groups of one target are told apart before the rest is summed up in a line.
    pub limit: usize,
    pub compare: Vec<Compare>,
    /// The dimensions among whose groups the cause of a change is sought.
    pub split: Vec<String>,
}

/// By which column, or by how much it exceeds another, and which way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sort {
    pub column: String,
    pub less: Option<String>,
    pub descending: bool,
}

/// Which rows are shown, and in which order.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Rows {
    pub sort: Option<Sort>,
    pub limit: Option<usize>,
    /// Only rows whose column shows this value.
    pub only: Option<(String, String)>,
    /// What plain ratios are in these rows, where the metric's rows differ in that.
    pub ratios_are: Option<Unit>,
}

/// A table as defined.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    pub id: String,
    pub title: Text,
    pub ask: Question,
    /// Shown columns; none: all.
    pub columns: Vec<String>,
    pub rows: Rows,
}

/// A chart as defined. `{lang}` in a column's name stands for the report's language.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chart {
    pub id: String,
    pub title: Text,
    pub ask: Question,
    pub rows: Rows,
    pub shape: Shape,
}

/// What a chart draws out of which columns.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    Stacked(Lines),
    Grouped(Lines),
    Lines {
        lines: Lines,
        bounds: Option<(String, String)>,
        young: Option<String>,
    },
    Funnel {
        label: String,
        reached: String,
        open: String,
        lost: String,
        gone_on: Option<String>,
        share: Option<String>,
    },
    Intervals {
        label: String,
        value: String,
        low: String,
        high: String,
        reference: bool,
    },
    Heat {
        row: String,
        column: String,
        value: String,
        pivot: f64,
    },
}

/// Values along an axis: a line per column, or a line per value of the `series` column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lines {
    pub x: String,
    pub values: Vec<String>,
    pub series: Option<String>,
}

impl Definition {
    /// Reads and checks a definition, finding all its problems. The report is named after the file.
    pub fn parse(file: &str, text: &str, catalog: &Catalog) -> Result<Definition, Problems> {
        read::read(file, text, catalog)
    }

    /// The report's name: the stem of its files.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The title.
    pub fn title(&self) -> &Text {
        &self.title
    }

    /// The dimension whose one value the report is for.
    pub fn person(&self) -> Option<&str> {
        self.person.as_deref()
    }

    /// The rows that it is held to: dimension and value.
    pub fn only(&self) -> &[(String, String)] {
        &self.only
    }

    /// Its language, unless another is asked for.
    pub fn lang(&self) -> Option<Lang> {
        self.lang
    }
}

/// The names of the definitions that are part of the program.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> =
        SHIPPED.files().filter_map(|f| f.path().file_name()?.to_str()?.strip_suffix(".toml")).collect();
    names.sort_unstable();
    names
}

/// The text of a definition that is part of the program: something to copy and change.
pub fn shipped_text(name: &str) -> Option<&'static str> {
    SHIPPED.get_file(format!("{name}.toml"))?.contents_utf8()
}

/// A definition that is part of the program.
pub fn shipped(name: &str, catalog: &Catalog) -> Result<Definition, Problems> {
    match shipped_text(name) {
        Some(text) => Definition::parse(&format!("reports/{name}.toml"), text, catalog),
        None => Err(Problems(vec![Problem {
            file: name.to_owned(),
            line: 0,
            what: format!("there is no report `{name}`"),
            hint: format!("{} Or name a definition file: {name}.toml", hint(name, names())),
        }])),
    }
}
