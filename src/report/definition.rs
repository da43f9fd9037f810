//! A report definition: a TOML file that lists the questions of a report and the metrics that answer them.
//!
//! A [`Definition`] has been checked: every metric, column, dimension, period and chart kind in it exists. The keys are
//! documented in `docs/guide/report.md`.

pub(super) mod asked;
mod contract;
mod norms;
mod of_metric;
pub(super) mod question;
mod read;
mod roles;
#[cfg(test)]
mod tests;
mod topic;

use std::collections::{BTreeMap, BTreeSet};

use include_dir::{Dir, include_dir};

use super::chart::Encoding;
use super::period::Period;
use super::titles::Labels;
use crate::metrics::Catalog;
use crate::model::lang::{Lang, Text, both};
use crate::model::problem::{Problem, Problems, hint};
use crate::regulation::Look;

pub use of_metric::{OfMetric, drawable};
pub(super) use question::{Compare, Question, Rows, Sort};
pub(super) use topic::{Stated, Topic};

/// The definitions that ship with the program.
static SHIPPED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/reports");

/// A checked report definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    pub(super) name: String,
    pub(super) title: Text,
    pub(super) audience: Option<Text>,
    pub(super) period: Period,
    /// The dimension of a personal report (`for`), such as `manager`; `None` if the report is for everyone.
    pub(super) person: Option<String>,
    /// The roles that it can be made for; empty if everyone reads the same.
    pub(super) roles: Vec<Role>,
    /// The filter of the whole report (`where`): dimension and value.
    pub(super) only: Vec<(String, String)>,
    /// Its language, unless `--lang` overrides it.
    pub(super) lang: Option<Lang>,
    /// Whether tables and findings are folded away until the reader opens them.
    pub(super) folds: bool,
    pub(super) labels: Labels,
    pub(super) sections: Vec<Section>,
    /// The columns of its metrics when it was checked.
    pub(super) columns: BTreeMap<String, BTreeSet<String>>,
}

/// A role that a report can be made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The id, by which sections and the command line name it.
    pub id: String,
    /// The title, which heads the report.
    pub title: Text,
}

/// A section as defined.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Section {
    pub id: String,
    pub title: Text,
    pub text: Option<Text>,
    /// Repeats the section for each value of a dimension.
    pub each: Option<Each>,
    /// The roles that it is for, by their ids; empty for all.
    pub roles: Vec<String>,
    pub parts: Vec<Part>,
}

/// A section per value of a dimension, sorted by number of deals, descending.
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
    /// What to do first, out of the judged targets.
    Actions(Findings),
    /// The judged targets of the regulation.
    Findings(Findings),
    /// A table.
    Table(Table),
    /// A chart.
    Chart(Chart),
    /// A part of the regulation.
    Regulation(Norms),
    /// Everything that could not be computed, and why.
    Missing,
}

impl Part {
    /// The question of the part, if it has exactly one.
    pub fn ask(&self) -> Option<&Question> {
        match self {
            Part::Tile(Tile { ask, .. }) | Part::Table(Table { ask, .. }) | Part::Chart(Chart { ask, .. }) => Some(ask),
            Part::Text { .. } | Part::Actions(_) | Part::Findings(_) | Part::Regulation(_) | Part::Missing => None,
        }
    }
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
    /// Further columns of the same row, told beneath the figure.
    pub beside: Vec<String>,
    pub note: Option<Text>,
}

/// The judged targets as defined.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Findings {
    pub period: Period,
    /// Other periods, by metric.
    pub periods: BTreeMap<String, Period>,
    /// Only targets of these metrics; all targets if empty.
    pub metrics: Vec<String>,
    /// How many groups of one target get a finding of their own, the rest being summarised in one line; of actions, how many
    /// things to do are shown.
    pub limit: usize,
    pub compare: Vec<Compare>,
    /// The dimensions whose groups are searched for the cause of a change.
    pub split: Vec<String>,
}

impl Findings {
    /// Whether targets of a metric are judged.
    pub fn judges(&self, metric: &str) -> bool {
        self.metrics.is_empty() || self.metrics.iter().any(|name| name == metric)
    }

    /// The period of a metric's targets.
    pub fn period_of(&self, metric: &str) -> Period {
        self.periods.get(metric).copied().unwrap_or(self.period)
    }
}

/// A table as defined.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    pub id: String,
    pub title: Text,
    pub ask: Question,
    /// Shown columns; all if empty.
    pub columns: Vec<String>,
    pub rows: Rows,
    /// Whether it has the rows of the metric alone, and none of zeros for a group that was there before.
    pub is_bare: bool,
}

/// A part of the regulation as defined.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Norms {
    pub id: String,
    pub title: Text,
    pub topic: Topic,
    /// What is shown of it; all if empty.
    pub columns: Vec<Shown>,
    pub layout: Layout,
    /// Only rules that the supervisor looks at so often; `Some(None)` for those never looked at.
    pub look: Option<Option<Look>>,
    /// The period for which is told how it is now.
    pub period: Period,
    /// Whether the part names it itself, and it is not the report's.
    pub has_own_period: bool,
    /// Other periods, by metric.
    pub periods: BTreeMap<String, Period>,
}

impl Norms {
    /// The period for which a metric is asked.
    pub fn period_of(&self, metric: &str) -> Period {
        self.periods.get(metric).copied().unwrap_or(self.period)
    }

    /// What is shown of it, in order.
    pub fn shown(&self) -> impl Iterator<Item = Shown> {
        let all = self.topic.states().iter().flat_map(|stated| {
            let now = (stated.has_now && self.layout == Layout::Table).then_some(Shown { stated, is_now: true });
            [Shown { stated, is_now: false }].into_iter().chain(now)
        });
        let all: Vec<Shown> = if self.columns.is_empty() { all.collect() } else { self.columns.clone() };
        all.into_iter()
    }
}

/// What is shown of a part of the regulation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shown {
    pub stated: &'static Stated,
    /// How it is now, and not the norm.
    pub is_now: bool,
}

/// How a part of the regulation is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// A row for each item, its facts as columns.
    Table,
    /// A table for each item, a row for each fact, and beside the norm how it is now.
    Cards,
}

/// A chart as defined. `{lang}` in a column's name stands for the report's language.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chart {
    pub id: String,
    pub title: Text,
    pub ask: Question,
    pub rows: Rows,
    pub encoding: Encoding,
}

impl Definition {
    /// The report's name: the stem of its files.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The title.
    pub fn title(&self) -> &Text {
        &self.title
    }

    /// Whom it is for.
    pub fn audience(&self) -> Option<&Text> {
        self.audience.as_ref()
    }

    /// The period that it is about, relative to the day.
    pub fn period(&self) -> Period {
        self.period
    }

    /// The dimension of a personal report (`for`).
    pub fn person(&self) -> Option<&str> {
        self.person.as_deref()
    }

    /// The filter of the whole report: dimension and value.
    pub fn only(&self) -> &[(String, String)] {
        &self.only
    }

    /// The sections alone that ask a metric; none: it has no such section.
    pub fn sections_of(&self, metric: &str) -> Option<Definition> {
        let mut own = self.clone();
        own.sections
            .retain(|section| section.parts.iter().any(|part| part.ask().is_some_and(|ask| ask.metric == metric)));
        (!own.sections.is_empty()).then_some(own)
    }

    /// Whether it judges targets of the regulation, as findings or as things to do.
    pub fn judges_targets(&self) -> bool {
        let judges = |part: &Part| matches!(part, Part::Actions(_) | Part::Findings(_));
        self.sections.iter().flat_map(|section| &section.parts).any(judges)
    }

    /// Its language, unless another is requested.
    pub fn lang(&self) -> Option<Lang> {
        self.lang
    }
}

/// The names of the definitions that ship with the program.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> =
        SHIPPED.files().filter_map(|f| f.path().file_name()?.to_str()?.strip_suffix(".toml")).collect();
    names.sort_unstable();
    names
}

/// The text of a shipped definition, to copy and change.
pub fn shipped_text(name: &str) -> Option<&'static str> {
    SHIPPED.get_file(format!("{name}.toml"))?.contents_utf8()
}

/// A shipped definition.
pub fn shipped(name: &str, catalog: &Catalog) -> Result<Definition, Problems> {
    match shipped_text(name) {
        Some(text) => Definition::parse(&format!("reports/{name}.toml"), text, catalog),
        None => Err(Problems(vec![Problem {
            file: name.to_owned(),
            line: 0,
            what: both!("нет отчёта `{name}`", "there is no report `{name}`"),
            hint: hint(name, names()).and(both!(
                " Или назовите файл с его описанием: {name}.toml",
                " Or name a definition file: {name}.toml"
            )),
        }])),
    }
}
