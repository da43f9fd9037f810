//! What an aggregate of ours says for itself: a summary of rows and a formula, no more. The rest is in `aggregate` and `groups`.

use std::fmt::Debug;

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::error::FunctionError;

/// The rows of one group, as far as they were seen. The default one has seen none.
pub trait Summary: Default + Debug + Send + Sync + 'static {
    /// The function's name in SQL.
    const NAME: &'static str;
    /// How many numbers of this row are kept: for the memory limit.
    fn keeps(row: &[Option<f64>]) -> usize {
        row.len()
    }
    /// Checks the arguments and says what to cast them to.
    fn coerce(given: &[DataType]) -> Result<Vec<DataType>>;
    /// The type of the result.
    fn returns() -> DataType;
    /// Takes in a row: its numbers in the order of the arguments, and its word if it has one.
    fn add(&mut self, word: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError>;
    /// All that was seen, as numbers that [`Summary::absorb`] understands. What was large may be gone from here afterwards: it is asked once.
    fn save(&mut self) -> Vec<f64>;
    /// Takes in what another summary of the same group saved.
    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError>;
    /// The result.
    fn finish(&mut self) -> Result<ScalarValue, FunctionError>;
}
