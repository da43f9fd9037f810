//! `pipeline_steps(…)`: what a deal did to the pipeline, step by step.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal128Array, Int64Array, ListArray, PrimitiveArray, StringArray,
    StringViewArray, StructArray, TimestampMicrosecondArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Field, Fields, TimestampMicrosecondType,
};
use chrono::NaiveDate;
use datafusion::common::{exec_datafusion_err, exec_err};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::rules::Judge;
use super::steps::Moves;
use crate::journey::pipeline::{self, Course, Exit, Out, Said, Step};
use crate::model::tables::{Kind, MONEY_PRECISION, MONEY_SCALE};
use crate::regulation::{Stage, Terminal};

/// The function: `List<Struct<at, kind, deals, amount, held, was_due, due>>`, in time order.
///
/// Its arguments are `entered_at`, `status`, `ended_at`, `gone_at`, `moves`, `absences`, `amount_history`, `amount`,
/// `expected_close_history`, `expected_close` of a deal, as known at the last argument, the cut. `deals` and `amount` are what a
/// step adds to the pipeline, `held` what the deal is worth then, `was_due` and `due` the days on which it was expected to close.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct PipelineSteps {
    judge: Arc<Judge>,
    signature: Signature,
}

impl PipelineSteps {
    pub(super) fn new(judge: Arc<Judge>) -> PipelineSteps {
        PipelineSteps { judge, signature: Signature::any(11, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for PipelineSteps {
    fn name(&self) -> &str {
        "pipeline_steps"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(item()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = args.args.iter().map(|arg| arg.to_array(args.number_rows)).collect::<Result<Vec<_>>>()?;
        let [entered, status, ended, gone, moves, absences, amounts, amount, dues, due, cut] = columns.as_slice()
        else {
            return exec_err!("pipeline_steps() needs eleven columns");
        };
        let status = cast(status, &DataType::Utf8View)?;
        let deals = Deals {
            entered: instants(entered)?,
            status: status.as_string_view(),
            ended: instants(ended)?,
            gone: instants(gone)?,
            moves: Moves::read(self.name(), moves)?,
            absences: Spans::read(absences)?,
            amounts: History::read(amounts, amount)?,
            dues: History::read(dues, due)?,
            cut: instants(cut)?,
            stages: self.judge.regulation.stages(),
        };
        let calendar = self.judge.regulation.calendar();
        let midnight = |day: i32| Some(calendar.midnight(NaiveDate::from_epoch_days(day)?).timestamp_micros());
        let (mut all, mut ends) = (Vec::new(), Vec::with_capacity(args.number_rows));
        for row in 0..args.number_rows {
            if let Some(course) = deals.course(row) {
                all.extend(pipeline::steps(&course, self.judge.regulation.counted_first(), &midnight));
            }
            ends.push(all.len());
        }
        Ok(ColumnarValue::Array(array(&all, &ends)?))
    }
}

fn fields() -> Fields {
    let field = |name: &str, of: DataType| Field::new(name, of, true);
    vec![
        field("at", Kind::Instant.arrow()),
        field("kind", DataType::Utf8),
        field("deals", DataType::Int64),
        field("amount", Kind::Money.arrow()),
        field("held", Kind::Money.arrow()),
        field("was_due", DataType::Date32),
        field("due", DataType::Date32),
    ]
    .into()
}

fn item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(fields()), true))
}

fn wrong() -> datafusion::error::DataFusionError {
    exec_datafusion_err!("pipeline_steps() needs the columns of a deal as `scope` has them")
}

fn instants(column: &ArrayRef) -> Result<&TimestampMicrosecondArray> {
    column.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(wrong)
}

fn value<T: ArrowPrimitiveType>(column: &PrimitiveArray<T>, place: usize) -> Option<T::Native> {
    column.is_valid(place).then(|| column.value(place))
}

/// Where the list of a row stands; of one that is not known, nowhere.
fn places(lists: &ListArray, row: usize) -> std::ops::Range<usize> {
    let offsets = lists.value_offsets();
    if lists.is_valid(row) { offsets[row] as usize..offsets[row + 1] as usize } else { 0..0 }
}

/// The column `absences`.
struct Spans<'a> {
    lists: &'a ListArray,
    at: &'a TimestampMicrosecondArray,
    until: &'a TimestampMicrosecondArray,
}

impl<'a> Spans<'a> {
    fn read(column: &'a ArrayRef) -> Result<Spans<'a>> {
        let lists = column.as_list_opt::<i32>().ok_or_else(wrong)?;
        let spans = lists.values().as_struct_opt().ok_or_else(wrong)?;
        let field = |name: &str| spans.column_by_name(name).ok_or_else(wrong);
        Ok(Spans { lists, at: instants(field("at")?)?, until: instants(field("until")?)? })
    }
}

/// What a field was, and what it is.
struct History<'a, T: ArrowPrimitiveType> {
    lists: &'a ListArray,
    value: &'a PrimitiveArray<T>,
    at: &'a TimestampMicrosecondArray,
    after: &'a TimestampMicrosecondArray,
    now: &'a PrimitiveArray<T>,
}

impl<'a, T: ArrowPrimitiveType> History<'a, T> {
    fn read(column: &'a ArrayRef, now: &'a ArrayRef) -> Result<History<'a, T>> {
        let lists = column.as_list_opt::<i32>().ok_or_else(wrong)?;
        let known = lists.values().as_struct_opt().ok_or_else(wrong)?;
        let field = |name: &str| known.column_by_name(name).ok_or_else(wrong);
        Ok(History {
            lists,
            value: field("value")?.as_primitive_opt().ok_or_else(wrong)?,
            at: instants(field("at")?)?,
            after: instants(field("after")?)?,
            now: now.as_primitive_opt().ok_or_else(wrong)?,
        })
    }

    fn of<V>(&self, row: usize, into: impl Fn(T::Native) -> V) -> Vec<Said<V>> {
        let known = places(self.lists, row).filter_map(|place| {
            let at = value(self.at, place)?;
            Some(Said { at, after: value(self.after, place), value: value(self.value, place).map(&into) })
        });
        let mut known: Vec<_> = known.collect();
        if known.is_empty() {
            known.push(Said { at: i64::MIN, after: None, value: value(self.now, row).map(into) });
        }
        known
    }
}

/// The columns of many deals.
struct Deals<'a> {
    entered: &'a TimestampMicrosecondArray,
    status: &'a StringViewArray,
    ended: &'a TimestampMicrosecondArray,
    gone: &'a TimestampMicrosecondArray,
    moves: Moves<'a>,
    absences: Spans<'a>,
    amounts: History<'a, Decimal128Type>,
    dues: History<'a, Date32Type>,
    cut: &'a TimestampMicrosecondArray,
    stages: &'a [Stage],
}

impl Deals<'_> {
    /// What the pipeline wants to know of a deal. `None` if nobody knows when it came.
    fn course(&self, row: usize) -> Option<Course> {
        let exit = match self.status.is_valid(row).then(|| self.status.value(row)) {
            Some("won") => Some(Exit::Won),
            Some("lost") => Some(Exit::Lost),
            _ => None,
        };
        let absent = places(self.absences.lists, row).filter_map(|place| {
            let (from, to) = (value(self.absences.at, place)?, value(self.absences.until, place));
            Some(Out { from, to, exit: Exit::Gone })
        });
        Some(Course {
            entered_at: value(self.entered, row)?,
            until: value(self.cut, row)?,
            outs: self.left_and_back(row).into_iter().chain(absent).collect(),
            closed: value(self.ended, row).zip(exit),
            gone_at: value(self.gone, row),
            amounts: self.amounts.of(row, |amount| amount),
            dues: self.dues.of(row, |day| day),
        })
    }

    /// The times in which its moves say that it stood in an end of the funnel, and left that again.
    fn left_and_back(&self, row: usize) -> Vec<Out> {
        let (mut outs, mut since) = (Vec::new(), None);
        for step in self.moves.of(row, self.stages) {
            let end = step.stage.terminal.map(|end| if end == Terminal::Won { Exit::Won } else { Exit::Lost });
            match (end, since) {
                // from one end into the other it came by way of the pipeline
                (end, Some((from, exit))) if end != Some(exit) => {
                    outs.push(Out { from, to: Some(step.at), exit });
                    since = end.map(|end| (step.at, end));
                }
                (Some(end), None) => since = Some((step.at, end)),
                _ => {}
            }
        }
        outs
    }
}

/// The lists of several rows; `ends` says behind which step each row's list ends.
fn array(steps: &[Step], ends: &[usize]) -> Result<ArrayRef> {
    let money = |of: fn(&Step) -> i128| -> Result<ArrayRef> {
        let values = Decimal128Array::from_iter_values(steps.iter().map(of));
        Ok(Arc::new(values.with_precision_and_scale(MONEY_PRECISION, MONEY_SCALE)?))
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(TimestampMicrosecondArray::from_iter_values(steps.iter().map(|step| step.at)).with_timezone("UTC")),
        Arc::new(StringArray::from_iter_values(steps.iter().map(|step| step.kind.name()))),
        Arc::new(Int64Array::from_iter_values(steps.iter().map(|step| step.deals))),
        money(|step| step.amount)?,
        money(|step| step.held)?,
        Arc::new(steps.iter().map(|step| step.was_due).collect::<Date32Array>()),
        Arc::new(steps.iter().map(|step| step.due).collect::<Date32Array>()),
    ];
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let lengths = starts.zip(ends).map(|(start, end)| end - start);
    let values = StructArray::try_new(fields(), columns, None)?;
    Ok(Arc::new(ListArray::try_new(item(), OffsetBuffer::from_lengths(lengths), Arc::new(values), None)?))
}
