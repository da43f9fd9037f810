//! A report as data: what is shown, without any layout. Renderers neither query nor compute.

use chrono::NaiveDate;

use crate::model::lang::Lang;
use crate::model::unit::Unit;

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
    /// The sections, in reading order. The first is the first screen.
    pub sections: Vec<Section>,
    /// The last lines: store version, as_of, regulation.
    pub colophon: Vec<String>,
    /// Descriptions of the parts that failed with an error. They are also shown in their places; unattended runs need
    /// this list.
    pub failed: Vec<String>,
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
            Block::Text(_) | Block::Notice(_) | Block::Tiles(_) | Block::Findings(_) => None,
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
    /// Lines beneath it, such as the change against last week.
    pub notes: Vec<String>,
    /// What it was made from; empty: not said.
    pub source: String,
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
    /// The value with its interval and the target, in words.
    pub value: String,
    /// What changed, in words; empty where there is nothing to compare with.
    pub change: String,
    /// The regulation's advice; empty when green.
    pub advice: String,
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

/// A value in a table or a tile.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// No data. Not zero.
    Empty,
    /// Text.
    Text(String),
    /// A whole number.
    Count(i64),
    /// Exact money, in ten-thousandths of the currency unit.
    Money(i128),
    /// A real number in the column's unit; a share is a share of one.
    Number(f64),
    /// A number with its 95 % interval.
    Interval {
        /// The estimate.
        value: f64,
        /// The lower bound.
        low: f64,
        /// The upper bound.
        high: f64,
    },
    /// A day.
    Date(NaiveDate),
}

impl Cell {
    /// Nothing, counted in this unit. None: the unit counts nothing.
    pub fn zero(unit: Unit) -> Option<Cell> {
        match unit {
            Unit::Count => Some(Cell::Count(0)),
            Unit::Money => Some(Cell::Money(0)),
            _ => None,
        }
    }
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

/// What a chart draws.
#[derive(Debug, Clone, PartialEq)]
pub enum Plot {
    /// Bars stacked into a whole, one bar per label (revenue split by week).
    Stacked(Series),
    /// Bars side by side, a group per label (spend against return).
    Grouped(Series),
    /// Lines over labels; missing values break the line (conversion by week).
    Lines {
        /// The lines. A value may be absent.
        series: Series,
        /// Lower and upper bound around the first line, one pair per label.
        band: Option<Vec<Option<(f64, f64)>>>,
        /// From this label on, the values are still unripe and drawn apart.
        young_from: Option<usize>,
    },
    /// A funnel: a horizontal bar per stage, with the conversion from the stage before.
    Funnel {
        /// Stage titles in order.
        stages: Vec<String>,
        /// How many reached each.
        reached: Vec<f64>,
        /// Of these, still open.
        open: Vec<f64>,
        /// Of these, lost.
        lost: Vec<f64>,
        /// Of these, lost or open in an unknown stage: this one or a later one.
        unplaced: Vec<f64>,
        /// The share of the previous stage that came here; `None` if unknown.
        shares: Vec<Option<f64>>,
    },
    /// A point with its interval per label (lead quality by contractor), and a reference line.
    Intervals {
        /// The groups.
        labels: Vec<String>,
        /// Estimate, lower and upper bound; absent where it cannot be said.
        points: Vec<Option<(f64, f64, f64)>>,
        /// A line to compare with, such as the mean of all.
        reference: Option<f64>,
        /// What the numbers are.
        unit: Unit,
    },
    /// A table of coloured cells (payback triangle).
    Heat {
        /// Row labels.
        rows: Vec<String>,
        /// Column labels.
        columns: Vec<String>,
        /// Values by row and column; absent: blank.
        values: Vec<Vec<Option<f64>>>,
        /// Where the colour turns, such as 1.0 for paid back.
        pivot: f64,
        /// What the numbers are.
        unit: Unit,
    },
}

/// Named rows of values over common labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The labels along the axis.
    pub labels: Vec<String>,
    /// Name and values, one per label.
    pub lines: Vec<(String, Vec<Option<f64>>)>,
    /// What the numbers are.
    pub unit: Unit,
}
