//! Why a column has no list.

use datafusion::error::DataFusionError;

use crate::model::lang::{Text, both};

/// Why it cannot be listed what a column counts.
#[derive(Debug)]
pub(in crate::metrics) enum Why {
    /// It is a column of a table, or computed from one: it counts no rows.
    Value(String),
    /// It comes of a function or an operator that counts no rows.
    Computed(String),
    /// It is a number that stands in the SQL.
    Number,
    /// It is part of what its rows are grouped by.
    Grouped,
    /// It is the greatest, the least or the first of several counts.
    OneOfMany,
    /// It went through a step that leaves no way back to the rows: its name.
    Lost(&'static str),
    /// It counts rows that are no deal, client or event, nor have one behind them.
    NoKey,
    /// The engine refused the plan.
    Engine(Box<DataFusionError>),
}

impl From<DataFusionError> for Why {
    fn from(error: DataFusionError) -> Why {
        Why::Engine(Box::new(error))
    }
}

impl Why {
    /// For the person who asked.
    pub fn text(&self) -> Text {
        match self {
            Why::Value(name) => both!(
                "это значение из данных или регламента (`{name}`), оно не считает строк",
                "it is a value of the data or of the regulation (`{name}`) and counts no rows"
            ),
            Why::Computed(name) => {
                both!(
                    "его вычисляет `{name}`, а это не счёт строк",
                    "it is computed by `{name}`, which does not count rows"
                )
            }
            Why::Number => Text::new(
                "это число из самого запроса, оно не считает строк",
                "it is a number of the query itself and counts no rows",
            ),
            Why::Grouped => Text::new("по нему сгруппированы строки", "its rows are grouped by it"),
            Why::OneOfMany => Text::new(
                "это наибольшее, наименьшее или первое из нескольких чисел",
                "it is the greatest, the least or the first of several numbers",
            ),
            Why::Lost(step) => both!(
                "в запросе он проходит через {step}, и к строкам оттуда не вернуться",
                "in the query it goes through {step}, from which no way leads back to the rows"
            ),
            Why::NoKey => Text::new(
                "он считает не сделки, не клиентов и не события",
                "what it counts are no deals, clients or events",
            ),
            Why::Engine(error) => Text::same(error.strip_backtrace()),
        }
    }
}
