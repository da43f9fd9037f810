//! A report as data: what is shown, without any layout. Renderers neither query nor compute.

use chrono::NaiveDate;

use crate::model::lang::Lang;
use crate::model::unit::Unit;

pub use super::cell::Cell;
pub use super::chart::{Plot, Series};

/// A whole report.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The report's name, such as `weekly`; the stem of its files.
    pub name: String,
    /// The language that all texts in it are in.
    pub lang: Lang,
    /// The currency sign or code, such as `₽`.
    pub currency: String,
    /// The company's name.
    pub company: String,
    /// The title.
    pub title: String,
    /// One line under the title: the period and the cut.
    pub subtitle: String,
    /// The day that it is for: nothing that happened on it or later is in it.
    pub as_of: NaiveDate,
    /// The sections, in reading order. The first is the first screen.
    pub sections: Vec<Section>,
    /// The last lines: store version, as_of, regulation.
    pub colophon: Vec<String>,
    /// What the metrics behind the figures count, by name.
    pub definitions: Vec<Definition>,
    /// Whether tables and findings are folded away where the format can unfold them.
    pub folds: bool,
    /// Descriptions of the parts that failed with an error. They are also shown in their places; unattended runs need
    /// this list.
    pub failed: Vec<String>,
    /// What is beyond a red bound, each once, whether it is shown or left out by a limit.
    pub red: Vec<Red>,
    /// Whether the store has a deal that was created or closed in the report's period or later.
    pub is_loaded: bool,
}

/// A group whose value is beyond the red bound of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Red {
    /// Tells it from others: metric, column and group. The same in both languages and in every period.
    pub key: String,
    /// What it is, in words.
    pub title: String,
}

impl Document {
    /// Puts a notice where a chart stands that cannot be drawn: the rest of the report stands. Whether there was such a chart.
    pub fn give_up_chart(&mut self, id: &str, why: &str) -> bool {
        let before = self.failed.len();
        for section in &mut self.sections {
            for block in &mut section.blocks {
                let Block::Chart(chart) = block else { continue };
                if chart.id != id {
                    continue;
                }
                let said = match self.lang {
                    Lang::Ru => {
                        format!("«{}»: график не нарисован, ошибка: {why}. Сообщите о ней разработчикам.", chart.title)
                    }
                    Lang::En => format!(
                        "«{}»: the chart was not drawn, an error: {why}. Report it to the developers.",
                        chart.title
                    ),
                };
                self.failed.push(format!("{}: {said}", section.title));
                *block = Block::Notice(said);
            }
        }
        self.failed.len() > before
    }
}

/// What a metric counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// Its name, with which a source begins.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Exactly what it counts.
    pub about: String,
}

/// A section answers one question.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// A stable id, used as an anchor and in file names: ASCII, `kebab-case`.
    pub id: String,
    /// The question, or the title.
    pub title: String,
    /// What the section holds, in order.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// Something that the reader must know before trusting the figures: what cannot be computed, and why.
    Notice(String),
    /// Headline figures side by side.
    Tiles(Vec<Tile>),
    /// What to do first.
    Actions(Actions),
    /// Findings, worst first.
    Findings(Vec<Finding>),
    /// A table.
    Table(Table),
    /// A chart.
    Chart(Chart),
}

impl Block {
    /// The id of a table or a chart.
    pub fn id(&self) -> Option<&str> {
        match self {
            Block::Table(table) => Some(&table.id),
            Block::Chart(chart) => Some(&chart.id),
            Block::Text(_) | Block::Notice(_) | Block::Tiles(_) | Block::Actions(_) | Block::Findings(_) => None,
        }
    }
}

/// A headline figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// What it is.
    pub label: String,
    /// The figure.
    pub value: Cell,
    /// Its unit.
    pub unit: Unit,
    /// What it was in earlier periods; the notes say the same in words.
    pub before: Before,
    /// Lines beneath it, such as the change against last week.
    pub notes: Vec<String>,
    /// What it was made from; empty: not said.
    pub source: String,
}

/// The value of earlier periods; empty: not compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// Of the period just before.
    pub previous: Cell,
    /// Of the same period a year ago.
    pub year: Cell,
}

impl Default for Before {
    fn default() -> Before {
        Before { previous: Cell::Empty, year: Cell::Empty }
    }
}

/// How a value stands against the regulation's target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Beyond the red bound.
    Red,
    /// Between the bounds.
    Yellow,
    /// Within the target.
    Green,
    /// Cannot be judged: no data, or a group too small.
    Unknown,
}

/// A metric beside its target, with a verdict and the advice.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The verdict.
    pub verdict: Verdict,
    /// What it is about: metric and group, in words.
    pub title: String,
    /// The value, where it is of one group.
    pub figure: Cell,
    /// Its unit.
    pub unit: Unit,
    /// What it was in earlier periods.
    pub before: Before,
    /// The value with its interval and the target, in words.
    pub value: String,
    /// What changed, in words; empty where there is nothing to compare with.
    pub change: String,
    /// The regulation's advice; empty when green.
    pub advice: String,
    /// The command that lists what misses the target; empty if nothing does, or it cannot be listed.
    pub list: String,
    /// Which metric, period, as_of and store version.
    pub source: String,
}

/// What to do first, what got better, and what could not be judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Actions {
    /// What to do, the most money at stake first.
    pub items: Vec<Action>,
    /// Why there is nothing to do: all is on target, or cannot be judged. Empty if there are items.
    pub nothing: String,
    /// What was left out; empty if nothing was.
    pub more: String,
    /// What got better by more than chance.
    pub improved: Vec<String>,
    /// What could not be judged; empty if all could.
    pub unjudged: String,
}

/// One thing to do: the targets that one figure misses, in one item.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// The worst verdict among them.
    pub verdict: Verdict,
    /// What it is about.
    pub title: String,
    /// The money at stake, and what money that is; `None` if it is not known.
    pub money: Option<(String, Cell)>,
    /// The values and the target, a sentence for each split.
    pub facts: Vec<String>,
    /// Since when it misses the target; empty if that is not known.
    pub since: String,
    /// Where or with whom most of it is; empty if that is not known.
    pub who: String,
    /// The regulation's advice.
    pub advice: String,
    /// The table of what is counted, by its id, and how many that are; `None` where it cannot be listed.
    pub list: Option<(String, usize)>,
    /// Which metric, period, as_of and store version.
    pub source: String,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// A stable id, used in file names: ASCII, `kebab-case`, unique within the document.
    pub id: String,
    /// The title.
    pub title: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
    /// Which metric, period, as_of and store version.
    pub source: String,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The column's name in the metric: the header of the CSV.
    pub name: String,
    /// The title that is shown.
    pub title: String,
    /// What its numbers are.
    pub unit: Unit,
}

/// A chart: data only.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// A stable id, used in file names: ASCII, `kebab-case`, unique within the document.
    pub id: String,
    /// The title: what the reader should look for.
    pub title: String,
    /// Which metric, period, as_of and store version.
    pub source: String,
    /// What is drawn.
    pub plot: Plot,
}
