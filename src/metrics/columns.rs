//! The columns of a metric, and its result: each unit has one Arrow type.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::declared;
use super::need::Need;
use super::run::Ask;
use crate::model::lang::{Lang, Text};
use crate::model::tables::MONEY_SCALE;
use crate::model::unit::Unit;

/// Separator of the values of several dimensions in `grp`.
pub(super) const SEPARATOR: char = '\u{1f}';

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
            overlaps: false,
        }
    }

    /// Columns of a metric whose declarations say no more than name and unit.
    pub fn named(columns: &[(&str, Unit)]) -> Vec<MetricColumn> {
        let mut named: Vec<_> =
            columns.iter().map(|(name, unit)| MetricColumn::new(name, *unit, Text::default())).collect();
        declared::by_name(&mut named);
        named
    }
}

/// Result of a metric.
#[derive(Debug, Clone)]
pub struct MetricResult {
    /// The metric's name.
    pub metric: String,
    /// What was asked.
    pub ask: Ask,
    /// The version of the store that was read.
    pub version: u64,
    /// The columns: the dimensions asked for, then the metric's own.
    pub columns: Vec<MetricColumn>,
    /// The rows, in the metric's order; one column per entry of `columns`. An absent value is null.
    pub batch: RecordBatch,
}

/// The Arrow type of every column with this unit.
pub(super) fn arrow_type(unit: Unit) -> DataType {
    match unit {
        Unit::Text => DataType::Utf8,
        Unit::Date => DataType::Date32,
        Unit::Count => DataType::Int64,
        // sums need more digits than a single amount
        Unit::Money => DataType::Decimal128(38, MONEY_SCALE),
        Unit::Share | Unit::Ratio | Unit::Minutes | Unit::Hours | Unit::Days | Unit::Index => DataType::Float64,
    }
}

/// The column that a dimension makes.
pub(super) fn dimension_column(name: &str) -> MetricColumn {
    let (ru, en) = match name {
        "source" => ("Источник", "Source"),
        "contractor" => ("Подрядчик", "Contractor"),
        "campaign" => ("Кампания", "Campaign"),
        "manager" => ("Менеджер", "Manager"),
        "branch" => ("Филиал", "Branch"),
        "pipeline" => ("Воронка", "Pipeline"),
        "team" => ("Отдел", "Team"),
        "supervisor" => ("Руководитель", "Supervisor"),
        "promo" => ("Акция", "Promotion"),
        "interest" => ("Интерес", "Interest"),
        other => (other, other),
    };
    MetricColumn::new(name, Unit::Text, Text::new(ru, en))
}

/// Splits `grp`, the first column of `raw`, into the dimensions, and gives every other column its unit's type.
pub(super) fn shape(raw: &RecordBatch, by: &[String], columns: &[MetricColumn]) -> Result<RecordBatch, ArrowError> {
    let mut arrays: Vec<ArrayRef> = split(&cast(raw.column(0), &DataType::Utf8)?, by.len());
    for (array, column) in raw.columns()[1..].iter().zip(columns) {
        arrays.push(cast(array, &arrow_type(column.unit))?);
    }
    let dimensions = by.iter().map(|name| Field::new(name, DataType::Utf8, true));
    let own = columns.iter().map(|c| Field::new(&c.name, arrow_type(c.unit), true));
    let schema = Arc::new(Schema::new(dimensions.chain(own).collect::<Vec<_>>()));
    let options = RecordBatchOptions::new().with_row_count(Some(raw.num_rows()));
    RecordBatch::try_new_with_options(schema, arrays, &options)
}

/// One array per dimension; an empty value becomes null, because nothing was known.
fn split(grp: &ArrayRef, dimensions: usize) -> Vec<ArrayRef> {
    let grp: &StringArray = grp.as_string();
    let mut builders: Vec<StringBuilder> = (0..dimensions).map(|_| StringBuilder::new()).collect();
    for row in 0..grp.len() {
        let mut parts = if grp.is_null(row) { "" } else { grp.value(row) }.split(SEPARATOR);
        for builder in &mut builders {
            builder.append_option(parts.next().filter(|part| !part.is_empty()));
        }
    }
    builders.into_iter().map(|mut b| Arc::new(b.finish()) as ArrayRef).collect()
}

/// A value that does not fit its unit stops the run; it never becomes null.
fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Decimal128Array;

    #[test]
    fn grp_becomes_dimensions_and_units_become_types() {
        let grp: ArrayRef = Arc::new(StringArray::from(vec!["site\u{1f}", "\u{1f}B"]));
        let money: ArrayRef =
            Arc::new(Decimal128Array::from(vec![Some(1_000_005), None]).with_precision_and_scale(38, 5).unwrap());
        let raw = RecordBatch::try_from_iter_with_nullable([("grp", grp, true), ("spend", money, true)]).unwrap();
        let spend = MetricColumn::new("spend", Unit::Money, Text::default());
        let shaped = shape(&raw, &["source".into(), "branch".into()], &[spend]).unwrap();
        let text = |i: usize| shaped.column(i).as_string::<i32>().iter().collect::<Vec<_>>();
        assert_eq!((text(0), text(1)), (vec![Some("site"), None], vec![None, Some("B")]));
        let spend = shaped.column(2).as_primitive::<arrow::datatypes::Decimal128Type>();
        assert_eq!((spend.value(0), spend.is_null(1)), (100_001, true));
    }
}
