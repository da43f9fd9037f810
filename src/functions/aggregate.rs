//! What every aggregate of ours has in common, so that one of them is a summary of rows and a formula, no more.
//!
//! Summaries keep the values themselves and sort them before they compute: the same rows give the same bits, however
//! they were split over threads, which a running sum of floats does not.

use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::mem::size_of;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::not_impl_err;
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, Signature, Volatility};
use datafusion::scalar::ScalarValue;

use super::arguments::{Rows, numbers};
use super::groups::{Groups, lists};
use super::summary::Summary;

/// The SQL function of a summary.
pub struct Aggregate<S> {
    signature: Signature,
    summary: PhantomData<fn() -> S>,
}

/// Makes the SQL function of a summary.
pub fn aggregate<S: Summary>() -> AggregateUDF {
    AggregateUDF::from(Aggregate::<S> {
        signature: Signature::user_defined(Volatility::Immutable),
        summary: PhantomData,
    })
}

impl<S: Summary> AggregateUDFImpl for Aggregate<S> {
    fn name(&self) -> &str {
        S::NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        S::coerce(given)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(S::returns())
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format_state_name(args.name, "seen"), numbers(), true))])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        match args.is_distinct {
            true => not_impl_err!("{}(DISTINCT …): take the distinct rows in a subquery", S::NAME),
            false => Ok(Box::new(One { summary: S::default(), row: Vec::new(), numbers: 0 })),
        }
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups::<S>::default()))
    }
}

/// The accumulator of one group.
#[derive(Debug)]
struct One<S> {
    summary: S,
    row: Vec<Option<f64>>,
    numbers: usize,
}

impl<S: Summary> Accumulator for One<S> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = Rows::new(S::NAME, values)?;
        for at in 0..values.first().map_or(0, |column| column.len()) {
            let word = rows.read(at, &mut self.row);
            self.summary.add(word, &self.row)?;
            self.numbers += S::keeps(&self.row);
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for saved in states[0].as_list::<i32>().iter().flatten() {
            self.summary.absorb(saved.as_primitive::<Float64Type>().values())?;
            self.numbers += saved.len();
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::List(Arc::new(lists(std::iter::once(self.summary.save()))?))])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(self.summary.finish()?)
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.numbers * size_of::<f64>()
    }
}

impl<S: Summary> Debug for Aggregate<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(S::NAME)
    }
}

impl<S: Summary> PartialEq for Aggregate<S> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<S: Summary> Eq for Aggregate<S> {}

impl<S: Summary> Hash for Aggregate<S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        S::NAME.hash(state);
    }
}
