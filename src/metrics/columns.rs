//! The columns of a metric.

use super::dimension;
use super::need::Need;
use crate::model::lang::{Lang, Text};
use crate::model::unit::Unit;

/// A column of a metric's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricColumn {
    /// Its name in SQL, CSV and JSON.
    pub name: String,
    /// What its values are.
    pub unit: Unit,
    /// Its title.
    pub title: Text,
    /// The count of which it is a share or an average, where that is not the count of the row's cases.
    pub of: Option<String>,
    /// The column that it is an end of.
    pub bound_of: Option<(String, Bound)>,
    /// The counts that say in how many cases its value is not known, in the order of preference.
    pub unknown: Vec<String>,
    /// That it counts the cases behind a row: its place among the columns that do.
    pub cases: Option<usize>,
    /// What it has to do with money spent.
    pub spending: Option<Spending>,
    /// The columns of the store without which it has no value, while the metric's others may.
    pub needs: Vec<Need>,
    /// The language of its text, where the metric gives the same in another language.
    pub lang: Option<Lang>,
    /// Whether it says what a row is about, for people.
    pub titles_row: bool,
    /// The money that is at stake where its value misses a target.
    pub stake: Option<Stake>,
    /// The count of what misses the target where its value does, such as the breaches of a rule: it can be listed.
    pub list: Option<String>,
    /// Whether the money of one deal may stand in several rows of the same group, so that its sum over the rows is no amount.
    pub overlaps: bool,
}

/// The money that is at stake where a column's value misses its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stake {
    /// All money of this column, such as the amount of the open deals that break a rule.
    Whole(String),
    /// The part of this column's money that the miss makes up, such as the spend on leads that are not valid.
    Missed(String),
}

impl Stake {
    /// The column of the money.
    pub fn column(&self) -> &str {
        let (Stake::Whole(column) | Stake::Missed(column)) = self;
        column
    }
}

/// An end of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The lower end of its 95 % interval.
    Low,
    /// The upper end of its 95 % interval.
    High,
    /// The least that it may be, given what is not known.
    Least,
    /// The most that it may be, given what is not known.
    Most,
}

impl Bound {
    /// All of them.
    pub(super) const ALL: [Bound; 4] = [Bound::Low, Bound::High, Bound::Least, Bound::Most];

    /// Suffix of the name of such a column.
    pub(super) fn word(self) -> &'static str {
        match self {
            Bound::Low => "low",
            Bound::High => "high",
            Bound::Least => "least",
            Bound::Most => "most",
        }
    }
}

/// What a column has to do with money spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spending {
    /// It is money spent.
    Sum,
    /// It sets what was earned, or who came, against money spent.
    Against,
}

impl MetricColumn {
    /// A column of which nothing else is declared.
    pub fn new(name: &str, unit: Unit, title: Text) -> MetricColumn {
        MetricColumn {
            name: name.to_owned(),
            unit,
            title,
            of: None,
            bound_of: None,
            unknown: Vec::new(),
            cases: None,
            spending: None,
            needs: Vec::new(),
            lang: None,
            titles_row: false,
            stake: None,
            list: None,
            overlaps: false,
        }
    }
}

/// The column that a dimension makes.
pub(super) fn dimension_column(name: &str) -> MetricColumn {
    MetricColumn::new(name, Unit::Text, dimension::title(name))
}
