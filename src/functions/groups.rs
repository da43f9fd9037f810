//! Many groups at once: one summary per group in a vector, instead of a boxed accumulator and a slice of the batch for
//! each. It matters where the groups are deals.

use std::mem::size_of;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, ListArray};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, Float64Type};
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use datafusion::scalar::ScalarValue;

use super::arguments::Rows;
use super::summary::Summary;

/// The summaries of all groups, by their index.
#[derive(Debug, Default)]
pub struct Groups<S> {
    summaries: Vec<S>,
    row: Vec<Option<f64>>,
    numbers: usize,
}

impl<S: Summary> Groups<S> {
    fn take(&mut self, emit_to: EmitTo) -> Vec<S> {
        let taken = emit_to.take_needed(&mut self.summaries);
        if self.summaries.is_empty() {
            self.numbers = 0;
        }
        taken
    }
}

/// Whether the aggregate's FILTER lets a row through.
fn passes(filter: Option<&BooleanArray>, row: usize) -> bool {
    filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
}

/// Lists of numbers as one array.
pub(super) fn lists(saved: impl Iterator<Item = Vec<f64>>) -> Result<ListArray> {
    let (mut numbers, mut offsets) = (Vec::new(), vec![0_i32]);
    for list in saved {
        // the one list of a large summary is not copied
        match numbers.is_empty() {
            true => numbers = list,
            false => numbers.extend(list),
        }
        let end = i32::try_from(numbers.len());
        offsets.push(end.map_err(|_| exec_datafusion_err!("a partial result of more than 2³¹ numbers in one batch"))?);
    }
    let item = Arc::new(Field::new_list_field(DataType::Float64, true));
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    Ok(ListArray::new(item, offsets, Arc::new(Float64Array::from(numbers)), None))
}

impl<S: Summary> GroupsAccumulator for Groups<S> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.summaries.resize_with(total_num_groups, S::default);
        let rows = Rows::new(S::NAME, values)?;
        for (at, &group) in group_indices.iter().enumerate().filter(|(at, _)| passes(opt_filter, *at)) {
            let word = rows.read(at, &mut self.row);
            self.summaries[group].add(word, &self.row)?;
            self.numbers += S::keeps(&self.row);
        }
        Ok(())
    }

    fn merge_batch(&mut self, values: &[ArrayRef], group_indices: &[usize], total_num_groups: usize) -> Result<()> {
        self.summaries.resize_with(total_num_groups, S::default);
        let states = values[0].as_list::<i32>();
        let numbers = states.values().as_primitive::<Float64Type>().values();
        for (at, &group) in group_indices.iter().enumerate() {
            if states.is_null(at) {
                continue;
            }
            let (from, to) = (states.value_offsets()[at] as usize, states.value_offsets()[at + 1] as usize);
            self.summaries[group].absorb(&numbers[from..to])?;
            self.numbers += to - from;
        }
        Ok(())
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![Arc::new(lists(self.take(emit_to).into_iter().map(|mut summary| summary.save()))?)])
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let results = self.take(emit_to).iter_mut().map(S::finish).collect::<Result<Vec<_>, _>>()?;
        match results.is_empty() {
            true => Ok(arrow::array::new_empty_array(&S::returns())),
            false => ScalarValue::iter_to_array(results),
        }
    }

    fn convert_to_state(&self, values: &[ArrayRef], opt_filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let rows = Rows::new(S::NAME, values)?;
        let mut row = Vec::new();
        let mut saved = Vec::new();
        for at in 0..values.first().map_or(0, |column| column.len()) {
            let mut summary = S::default();
            if passes(opt_filter, at) {
                let word = rows.read(at, &mut row);
                summary.add(word, &row)?;
            }
            saved.push(summary.save());
        }
        Ok(vec![Arc::new(lists(saved.into_iter())?)])
    }

    fn size(&self) -> usize {
        // an estimate: asking a million summaries after every batch would take longer than the work itself
        self.summaries.capacity() * size_of::<S>() + self.numbers * size_of::<f64>()
    }
}
