//! What can be wrong with a call of one of our functions.

use datafusion::error::DataFusionError;

/// A call that has no meaning. Each names the function, the value and the way out: a query that goes on after one of
/// these would show a wrong number.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FunctionError {
    /// Too few or too many arguments, or of the wrong type.
    #[error("{function}: cannot be called with ({given}); it takes {takes}")]
    Arguments {
        /// The function.
        function: &'static str,
        /// The types that it was given.
        given: String,
        /// What it takes.
        takes: &'static str,
    },
    /// A parameter that must be one value for the whole group is not.
    #[error("{function}: {parameter} is {first} in one row of the group and {second} in another; group by it as well")]
    ParameterVaries {
        /// The function.
        function: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// One value.
        first: f64,
        /// Another value.
        second: f64,
    },
    /// A value outside of what the argument may hold.
    #[error("{function}: {argument} is {value}; it must be {allowed}")]
    Value {
        /// The function.
        function: &'static str,
        /// The argument.
        argument: &'static str,
        /// The value.
        value: String,
        /// What may stand there.
        allowed: &'static str,
    },
    /// A week or a day that occurs twice.
    #[error("{function}: {unit} {index} has two values; sum by {unit} first")]
    Twice {
        /// The function.
        function: &'static str,
        /// What occurs twice: a week, a day.
        unit: &'static str,
        /// Its index.
        index: i64,
    },
    /// Two lists that do not belong together.
    #[error("{function}: lists of {first} and {second} factors; both must have the same, at most {most}")]
    Factors {
        /// The function.
        function: &'static str,
        /// The length of the first list.
        first: usize,
        /// The length of the second list.
        second: usize,
        /// As many as it takes.
        most: usize,
    },
    /// A partial result that another version, or another function, wrote.
    #[error("{function}: a partial result of length {length} is none of ours; run every process from one version")]
    State {
        /// The function.
        function: &'static str,
        /// How long the partial result is.
        length: usize,
    },
}

impl From<FunctionError> for DataFusionError {
    fn from(error: FunctionError) -> DataFusionError {
        DataFusionError::External(Box::new(error))
    }
}
