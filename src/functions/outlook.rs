//! `bgnbd_expected`, `bgnbd_alive` and `gamma_gamma_expected`: what the fitted models expect of one client.

use std::sync::Arc;

use arrow::array::{Array, Float64Array};
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::arguments::{Argument, Rows, coerce};
use super::clients::{frequency, purchases};
use super::error::FunctionError;
use super::statistics::bgnbd::Bgnbd;
use super::statistics::gamma_gamma::GammaGamma;
use super::statistics::outlook::{FURTHEST, MOST_AHEAD};
use super::structure::real;

/// A function of one client and a model's parameters.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Outlook {
    question: Question,
    signature: Signature,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Question {
    Expected,
    Alive,
    Spending,
}

impl Outlook {
    /// All three functions.
    pub fn all() -> impl Iterator<Item = Outlook> {
        [Question::Expected, Question::Alive, Question::Spending]
            .into_iter()
            .map(|question| Outlook { question, signature: Signature::user_defined(Volatility::Immutable) })
    }
}

impl Question {
    fn name(self) -> &'static str {
        match self {
            Question::Expected => "bgnbd_expected",
            Question::Alive => "bgnbd_alive",
            Question::Spending => "gamma_gamma_expected",
        }
    }

    fn takes(self) -> (&'static str, usize) {
        match self {
            Question::Expected => ("(r, alpha, a, b, frequency, recency, age, horizon), all numbers", 8),
            Question::Alive => ("(r, alpha, a, b, frequency, recency, age), all numbers", 7),
            Question::Spending => ("(p, q, v, frequency, monetary), all numbers", 5),
        }
    }

    /// The answer for the arguments of a row; none where one that matters is null.
    fn answer(self, row: &[Option<f64>]) -> Result<Option<f64>, FunctionError> {
        match *row {
            [Some(r), Some(alpha), Some(a), Some(b), Some(often), Some(last), Some(age), ref ahead @ ..] => {
                let [r, alpha, a, b] = self.positive([("r", r), ("alpha", alpha), ("a", a), ("b", b)])?;
                let (model, client) = (Bgnbd { r, alpha, a, b }, purchases(self.name(), [often, last, age])?);
                match *ahead {
                    [] => Ok(Some(model.alive(client))),
                    [Some(ahead)] => Ok(Some(model.expected(client, self.horizon(ahead, alpha + age, r + often)?))),
                    _ => Ok(None),
                }
            }
            [Some(p), Some(q), Some(v), Some(often), mean] => {
                let [p, q, v] = self.positive([("p", p), ("q", q), ("v", v)])?;
                // of whom nothing was seen, no mean is known
                let mean = if frequency(self.name(), often)? == 0.0 { Some(0.0) } else { mean };
                let model = GammaGamma { p, q, v };
                Ok(mean.filter(|mean| *mean >= 0.0).and_then(|mean| model.expected(often, mean)))
            }
            _ => Ok(None),
        }
    }

    fn positive<const N: usize>(self, parameters: [(&'static str, f64); N]) -> Result<[f64; N], FunctionError> {
        match parameters.iter().find(|(_, value)| !(value.is_finite() && *value > 0.0)) {
            None => Ok(parameters.map(|(_, value)| value)),
            Some((argument, value)) => {
                let (function, value) = (self.name(), value.to_string());
                Err(FunctionError::Value { function, argument, value, allowed: "a number above 0" })
            }
        }
    }

    fn horizon(self, ahead: f64, seen: f64, shape: f64) -> Result<f64, FunctionError> {
        match (0.0..=seen * FURTHEST).contains(&ahead) && ahead / seen * shape <= MOST_AHEAD {
            true => Ok(ahead),
            false => {
                let (function, value) = (self.name(), ahead.to_string());
                let allowed = "from 0 to 100,000 times alpha + age, and to 10,000,000 purchases";
                Err(FunctionError::Value { function, argument: "horizon", value, allowed })
            }
        }
    }
}

impl ScalarUDFImpl for Outlook {
    fn name(&self) -> &str {
        self.question.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let (takes, arguments) = self.question.takes();
        coerce(self.question.name(), takes, std::iter::repeat_n(Argument::Number, arguments), given)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let rows = Rows::new(self.question.name(), &columns)?;
        let mut row = Vec::new();
        let answers = (0..columns.first().map_or(0, |column| column.len())).map(|at| {
            rows.read(at, &mut row);
            self.question.answer(&row).map(real)
        });
        Ok(ColumnarValue::Array(Arc::new(answers.collect::<Result<Float64Array, FunctionError>>()?)))
    }
}
