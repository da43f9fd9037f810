//! What a judgement is: its rule, the stage it is about, from when it was certain, whether the rule was kept.

use std::sync::Arc;

use arrow::array::TimestampMicrosecondArray;
use arrow::array::{ArrayRef, BooleanArray, Float64Array, ListArray, StringViewArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::error::Result;

use crate::model::tables::Kind;

/// One judgement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Verdict<'j> {
    pub rule: &'static str,
    /// None: the rule is not about a stage.
    pub stage: Option<&'j str>,
    /// The moment from which it was certain; microseconds since the epoch.
    pub at: Option<i64>,
    /// None: it cannot be judged.
    pub kept: Option<bool>,
    /// By how many working hours an allowed time was overrun.
    pub overdue_hours: Option<f64>,
    /// For an unjudged rule: the missing source, and why.
    pub missing: Option<(&'static str, Why)>,
}

impl<'j> Verdict<'j> {
    /// A rule that was kept or broken.
    pub(super) fn kept(rule: &'static str, stage: Option<&'j str>, at: Option<i64>, kept: bool) -> Verdict<'j> {
        Verdict { rule, stage, at, kept: Some(kept), overdue_hours: None, missing: None }
    }
}

/// Why a rule cannot be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Why {
    /// Nothing of the source is loaded, or nothing of this manager or branch.
    Never,
    /// The loaded data begin later.
    Before,
    /// The loaded data end earlier.
    After,
    /// Days are known, and no times: what came first is not.
    Day,
    /// It is known between which exports it happened, and no more.
    Between,
}

impl Why {
    /// As the column `why` says it.
    pub(in crate::session) fn name(self) -> &'static str {
        match self {
            Why::Never => "never",
            Why::Before => "before",
            Why::After => "after",
            Why::Day => "day",
            Why::Between => "between",
        }
    }
}

/// The type of a list of judgements.
pub(super) fn list() -> DataType {
    DataType::List(item())
}

fn fields() -> Fields {
    let field = |name: &str, of: DataType| Field::new(name, of, true);
    vec![
        field("rule", DataType::Utf8View),
        field("stage", DataType::Utf8View),
        field("at", Kind::Instant.arrow()),
        field("kept", DataType::Boolean),
        field("overdue_hours", DataType::Float64),
        field("missing", DataType::Utf8View),
        field("why", DataType::Utf8View),
    ]
    .into()
}

fn item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(fields()), true))
}

/// The lists of several rows; `ends` says behind which judgement each row's list ends.
pub(super) fn lists(verdicts: &[Verdict<'_>], ends: &[usize]) -> Result<ArrayRef> {
    let at: TimestampMicrosecondArray = verdicts.iter().map(|v| v.at).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(verdicts.iter().map(|v| Some(v.rule)).collect::<StringViewArray>()),
        Arc::new(verdicts.iter().map(|v| v.stage).collect::<StringViewArray>()),
        Arc::new(at.with_timezone("UTC")),
        Arc::new(verdicts.iter().map(|v| v.kept).collect::<BooleanArray>()),
        Arc::new(verdicts.iter().map(|v| v.overdue_hours).collect::<Float64Array>()),
        Arc::new(verdicts.iter().map(|v| v.missing.map(|(source, _)| source)).collect::<StringViewArray>()),
        Arc::new(verdicts.iter().map(|v| v.missing.map(|(_, why)| why.name())).collect::<StringViewArray>()),
    ];
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let lengths = starts.zip(ends).map(|(start, end)| end - start);
    let values = StructArray::try_new(fields(), columns, None)?;
    Ok(Arc::new(ListArray::try_new(item(), OffsetBuffer::from_lengths(lengths), Arc::new(values), None)?))
}
