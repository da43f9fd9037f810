//! `deal_facts(entries, amount_history, expected_close_history, probability_history)`: a deal's dated facts as numbers, for the forecast.
//!
//! In SQL four lists would be unnested, joined with the stages, and put together again for each deal.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, ListArray, StringArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, TimestampMicrosecondType};
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::rules::Judge;
use crate::functions::days::Days;
use crate::functions::forecast::{AMOUNT, CHANCE, PLAN, STAGE};
use crate::regulation::Stage;

/// The function: `List<Float64>`, three numbers for each fact: its kind (0 an entry into a stage that is neither an end nor a parking place, 1 an amount,
/// 2 a planned day, 3 a probability), its value (the stage's position, the amount, the day since the epoch, the probability; null where it was
/// emptied) and the local day since the epoch from which it held.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct DealFacts {
    judge: Arc<Judge>,
    signature: Signature,
}

impl DealFacts {
    pub(super) fn new(judge: Arc<Judge>) -> DealFacts {
        DealFacts { judge, signature: Signature::any(4, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for DealFacts {
    fn name(&self) -> &str {
        "deal_facts"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(item()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = args.args.iter().map(|column| column.to_array(args.number_rows)).collect::<Result<Vec<_>>>()?;
        let (stages, days) = (self.judge.regulation.stages(), self.judge.working_days());
        let lists = [STAGE, AMOUNT, PLAN, CHANCE].into_iter().zip(&columns);
        let lists = lists.map(|(kind, column)| Facts::read(kind, column, stages, days));
        let lists: Vec<Facts<'_>> = lists.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
        let (mut numbers, mut lengths) = (Vec::new(), Vec::with_capacity(args.number_rows));
        for deal in 0..args.number_rows {
            let before = numbers.len();
            lists.iter().for_each(|facts| facts.of(deal, &mut numbers));
            lengths.push(numbers.len() - before);
        }
        let (offsets, numbers) = (OffsetBuffer::from_lengths(lengths), Arc::new(Float64Array::from(numbers)));
        Ok(ColumnarValue::Array(Arc::new(ListArray::try_new(item(), offsets, numbers, None)?)))
    }
}

fn item() -> Arc<Field> {
    Arc::new(Field::new_list_field(DataType::Float64, true))
}

/// The facts of one kind: of all deals, one after the other.
struct Facts<'a> {
    kind: f64,
    lists: &'a ListArray,
    /// Value and day, where the fact is one.
    told: Vec<Option<(Option<f64>, f64)>>,
}

impl<'a> Facts<'a> {
    /// Those of a column; none where it has no lists.
    fn read(kind: f64, column: &'a ArrayRef, stages: &[Stage], days: &Days) -> Result<Option<Facts<'a>>> {
        if column.null_count() == column.len() {
            return Ok(None);
        }
        let wrong =
            || exec_datafusion_err!("deal_facts() needs the entries of deals and the histories of their fields");
        let lists = column.as_list_opt::<i32>().ok_or_else(wrong)?;
        let fields: &StructArray = lists.values().as_struct_opt().ok_or_else(wrong)?;
        let at = fields.column_by_name("at").ok_or_else(wrong)?;
        let at = at.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(wrong)?;
        let value = fields.column_by_name(if kind == STAGE { "stage" } else { "value" }).ok_or_else(wrong)?;
        let values = match (kind == STAGE, value.data_type()) {
            (true, _) => places(cast(value, &DataType::Utf8)?.as_string::<i32>(), stages),
            (false, DataType::Date32) => numbers(&cast(value, &DataType::Int32)?)?,
            (false, _) => numbers(value)?,
        };
        let told = values.into_iter().enumerate().map(|(place, value)| {
            let is_fact = at.is_valid(place) && (value.is_some() || kind != STAGE);
            Some((value, f64::from(days.day(at.value(place)).filter(|_| is_fact)?)))
        });
        Ok(Some(Facts { kind, lists, told: told.collect() }))
    }

    fn of(&self, deal: usize, into: &mut Vec<Option<f64>>) {
        if self.lists.is_null(deal) {
            return;
        }
        let [from, to] = [deal, deal + 1].map(|at| self.lists.value_offsets()[at] as usize);
        for (value, day) in self.told[from..to].iter().flatten() {
            into.extend([Some(self.kind), *value, Some(*day)]);
        }
    }
}

fn numbers(of: &ArrayRef) -> Result<Vec<Option<f64>>> {
    Ok(cast(of, &DataType::Float64)?.as_primitive::<Float64Type>().iter().collect())
}

/// The positions of stages in which a deal may stand.
fn places(of: &StringArray, stages: &[Stage]) -> Vec<Option<f64>> {
    let place = |name: &str| {
        let mut all = stages.iter().filter(|stage| stage.terminal.is_none() && !stage.parking);
        all.find(|stage| stage.id == name).map(|stage| stage.position as f64)
    };
    of.iter().map(|name| name.and_then(place)).collect()
}
