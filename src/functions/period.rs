//! `period_starts`, `period_until`, `period_name`: the days and the name of a period for which people plan, such as `2025-03`,
//! `2025-Q1` and `2025-W02`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Date32Array, StringArray};
use arrow::datatypes::DataType;
use chrono::Datelike;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::arguments::{Argument, coerce};
use super::days::number;
use super::error::FunctionError;
use crate::model::lang::Lang;
use crate::model::period::{Period, PeriodUnit};

/// What is asked of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Question {
    Starts,
    Until,
    Name,
}

/// One of the functions.
#[derive(Debug, PartialEq, Eq, Hash)]
struct OfPeriod {
    name: &'static str,
    question: Question,
    signature: Signature,
}

/// All functions of periods.
pub fn period_functions() -> impl Iterator<Item = ScalarUDF> {
    let named =
        [("period_starts", Question::Starts), ("period_until", Question::Until), ("period_name", Question::Name)];
    named.into_iter().map(|(name, question)| {
        let signature = Signature::user_defined(Volatility::Immutable);
        ScalarUDF::from(OfPeriod { name, question, signature })
    })
}

const MONTHS: [[&str; 2]; 12] = [
    ["Январь", "January"],
    ["Февраль", "February"],
    ["Март", "March"],
    ["Апрель", "April"],
    ["Май", "May"],
    ["Июнь", "June"],
    ["Июль", "July"],
    ["Август", "August"],
    ["Сентябрь", "September"],
    ["Октябрь", "October"],
    ["Ноябрь", "November"],
    ["Декабрь", "December"],
];

/// What a period is called.
fn name(period: Period, lang: Lang) -> String {
    let first = period.first();
    let (year, month) = (first.year(), first.month0());
    let [ru, en] = MONTHS.get(month as usize).copied().unwrap_or_default();
    match period.unit() {
        PeriodUnit::Year => format!("{year}{}", lang.pick(" год", "")),
        PeriodUnit::Quarter => format!(
            "{} {year}",
            match lang {
                Lang::Ru => format!("{} кв.", month / 3 + 1),
                Lang::En => format!("Q{}", month / 3 + 1),
            }
        ),
        PeriodUnit::Month => format!("{} {year}", lang.pick(ru, en)),
        PeriodUnit::Week => {
            let week = first.iso_week();
            format!("{} {} {}", lang.pick("Неделя", "Week"), week.week(), week.year())
        }
    }
}

impl ScalarUDFImpl for OfPeriod {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match self.question {
            Question::Name => {
                coerce(self.name, "(period, 'ru' or 'en'), both texts", [Argument::Word; 2].into_iter(), given)
            }
            _ => coerce(self.name, "(period), a text", [Argument::Word].into_iter(), given),
        }
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.question {
            Question::Name => DataType::Utf8,
            _ => DataType::Date32,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        // a text that is no period has neither days nor a name
        let periods = columns[0].as_string::<i32>().iter().map(|text| text.and_then(Period::parse));
        let answer: ArrayRef = match self.question {
            Question::Starts => Arc::new(periods.map(|period| Some(number(period?.first()))).collect::<Date32Array>()),
            Question::Until => Arc::new(periods.map(|period| Some(number(period?.until()))).collect::<Date32Array>()),
            Question::Name => {
                let langs = columns[1].as_string::<i32>();
                let mut names = Vec::with_capacity(langs.len());
                for (period, lang) in periods.zip(langs) {
                    names.push(match (period, lang) {
                        (Some(period), Some("ru")) => Some(name(period, Lang::Ru)),
                        (Some(period), Some("en")) => Some(name(period, Lang::En)),
                        (None, _) | (_, None) => None,
                        (_, Some(other)) => {
                            let (function, value) = (self.name, other.to_owned());
                            return Err(FunctionError::Value {
                                function,
                                argument: "the language",
                                value,
                                allowed: "ru or en",
                            }
                            .into());
                        }
                    });
                }
                Arc::new(StringArray::from(names))
            }
        };
        Ok(ColumnarValue::Array(answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_has_a_name_in_both_languages() {
        let named = [
            ("2025", "2025 год", "2025"),
            ("2025-Q2", "2 кв. 2025", "Q2 2025"),
            ("2025-05", "Май 2025", "May 2025"),
            ("2024-W01", "Неделя 1 2024", "Week 1 2024"),
        ];
        for (text, ru, en) in named {
            let period = Period::parse(text).unwrap();
            assert_eq!((name(period, Lang::Ru).as_str(), name(period, Lang::En).as_str()), (ru, en));
        }
    }
}
