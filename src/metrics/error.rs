//! Why a metric gives no result.

use chrono::NaiveDate;
use datafusion::error::DataFusionError;

use crate::model::lang::{Lang, Text};
use crate::session::SessionError;
use crate::session::running::is_short_of_memory;

/// Why a metric gives no result.
#[derive(Debug, thiserror::Error)]
pub enum MetricError {
    /// No metric has this name.
    #[error("there is no metric `{name}`\n    {}", hint.en)]
    Unknown {
        /// What was asked for.
        name: String,
        /// The nearest name, or all.
        hint: Text,
    },
    /// The metric cannot be split by this.
    #[error("`{metric}` cannot be split by `{dimension}`\n    {}", hint.en)]
    Dimension {
        /// The metric.
        metric: String,
        /// What was asked for.
        dimension: String,
        /// The nearest dimension, or all.
        hint: Text,
    },
    /// The store does not hold what the metric counts. No data is not zero.
    #[error("`{metric}` cannot be computed: {what} holds no data, and no data is not zero\n    {}", why.en)]
    Missing {
        /// The metric.
        metric: String,
        /// The table and column that hold nothing, as `table.column`.
        what: String,
        /// What it is filled from: the way out.
        why: Text,
    },
    /// The metric reads a table that there is none of.
    #[error("`{metric}`: there is no table `{table}`\n    {}", hint.en)]
    Table {
        /// The metric.
        metric: String,
        /// What it names.
        table: String,
        /// The nearest name, or all.
        hint: Text,
    },
    /// The period is empty or runs backwards.
    #[error("the period from {from} to {to} holds no day\n    the last day is not part of it: give a later --to")]
    Period {
        /// Its first day.
        from: NaiveDate,
        /// The day after its last.
        to: NaiveDate,
    },
    /// The session shows another day than the one asked for.
    #[error(
        "the session was opened as of {session}, and `{metric}` was asked as of {asked}\n    open a session for that day"
    )]
    AsOf {
        /// The metric.
        metric: String,
        /// The session's day.
        session: NaiveDate,
        /// The day asked for.
        asked: NaiveDate,
    },
    /// The columns that came out are not the declared ones.
    #[error(
        "`{metric}` declares the columns {declared}, and its SELECT gives {found}\n    make its front matter and its SQL agree"
    )]
    Columns {
        /// The metric.
        metric: String,
        /// Those of the front matter.
        declared: String,
        /// Those of the SELECT.
        found: String,
    },
    /// It cannot be listed what a column counts.
    #[error("`{metric}{}`: there is no list of what is counted: {}", named(column), why.en)]
    NoRows {
        /// The metric.
        metric: String,
        /// The column; `None` where none was named and none can be listed.
        column: Option<String>,
        /// Why.
        why: Text,
    },
    /// A figure is not known, so neither is what it would count.
    #[error(
        "`{metric}.{column}` cannot be judged: the figure is not known, and a list would be incomplete{}",
        least_of(least, Lang::En)
    )]
    NotJudged {
        /// The metric.
        metric: String,
        /// The column.
        column: String,
        /// The column that counts those which are known.
        least: Option<String>,
    },
    /// A list is not as long as its figure.
    #[error(
        "`{metric}.{column}` is {figure}, and its list would have {listed} rows: a list that does not fit its figure is not shown\n    this is a fault of Voronka: please report it with the metric and the column"
    )]
    OtherList {
        /// The metric.
        metric: String,
        /// The column.
        column: String,
        /// Its figure.
        figure: i64,
        /// How many rows were found.
        listed: usize,
    },
    /// The result has no such column to pick rows by.
    #[error("the result of `{metric}` has no column `{column}`\n    {}", hint.en)]
    NoColumn {
        /// The metric.
        metric: String,
        /// What was asked for.
        column: String,
        /// The nearest column, or all.
        hint: Text,
    },
    /// No row of the result has the value.
    #[error("no row of the result of `{metric}` has {column} = `{value}`\n    {}", hint.en)]
    NoValue {
        /// The metric.
        metric: String,
        /// The column.
        column: String,
        /// What was asked for.
        value: String,
        /// The nearest value, or all.
        hint: Text,
    },
    /// The session could not be asked.
    #[error("`{metric}`: {source}")]
    Session {
        /// The metric.
        metric: String,
        /// What the session said.
        source: Box<SessionError>,
    },
    /// The engine refused or failed.
    #[error("`{metric}`: {source}")]
    Engine {
        /// The metric.
        metric: String,
        /// What it said.
        source: Box<DataFusionError>,
    },
}

impl MetricError {
    /// The message in a language; what the engine says is English.
    pub fn text(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.to_string(),
            Lang::Ru => self.russian(),
        }
    }

    fn russian(&self) -> String {
        match self {
            MetricError::Unknown { name, hint } => format!("нет метрики `{name}`\n    {}", hint.ru),
            MetricError::Dimension { metric, dimension, hint } => {
                format!("`{metric}` не делится по `{dimension}`\n    {}", hint.ru)
            }
            MetricError::Missing { metric, what, why } => {
                format!("`{metric}` не посчитать: в {what} нет данных, а нет данных — не ноль\n    {}", why.ru)
            }
            MetricError::Table { metric, table, hint } => {
                format!("`{metric}`: нет таблицы `{table}`\n    {}", hint.ru)
            }
            MetricError::Period { from, to } => format!(
                "в периоде с {from} по {to} нет ни одного дня\n    последний день в период не входит: дайте --to позже"
            ),
            MetricError::AsOf { metric, session, asked } => {
                format!(
                    "сессия открыта на {session}, а `{metric}` спрошена на {asked}\n    откройте сессию на этот день"
                )
            }
            MetricError::Columns { metric, declared, found } => format!(
                "`{metric}` описывает столбцы {declared}, а её SELECT даёт {found}\n    приведите описание и SQL в согласие"
            ),
            MetricError::NoRows { metric, column, why } => {
                format!("`{metric}{}`: списка того, что посчитано, нет: {}", named(column), why.ru)
            }
            MetricError::NotJudged { metric, column, least } => format!(
                "о `{metric}.{column}` судить нельзя: число не известно, и список был бы неполон{}",
                least_of(least, Lang::Ru)
            ),
            MetricError::OtherList { metric, column, figure, listed } => format!(
                "`{metric}.{column}` — {figure}, а в списке вышло бы строк: {listed}; список, который не сходится с числом, не показывается\n    это ошибка Voronka: сообщите о ней, назвав метрику и столбец"
            ),
            MetricError::NoColumn { metric, column, hint } => {
                format!("в результате `{metric}` нет столбца `{column}`\n    {}", hint.ru)
            }
            MetricError::NoValue { metric, column, value, hint } => {
                format!("в результате `{metric}` нет строки, где {column} = `{value}`\n    {}", hint.ru)
            }
            MetricError::Session { metric, source } => format!("`{metric}`: {}", source.text(Lang::Ru)),
            MetricError::Engine { metric, source } => format!("`{metric}`: {source}"),
        }
    }

    /// Whether the engine had less memory than the question needs.
    pub fn is_short_of_memory(&self) -> bool {
        match self {
            MetricError::Engine { source, .. } => is_short_of_memory(source),
            MetricError::Session { source, .. } => source.is_short_of_memory(),
            _ => false,
        }
    }
}

fn named(column: &Option<String>) -> String {
    column.as_ref().map(|column| format!(".{column}")).unwrap_or_default()
}

fn least_of(least: &Option<String>, lang: Lang) -> String {
    let told = |column: &String| match lang {
        Lang::Ru => format!("\n    --column {column} перечислит те, что известны"),
        Lang::En => format!("\n    --column {column} lists those that are known"),
    };
    least.as_ref().map(told).unwrap_or_default()
}
