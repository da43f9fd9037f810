//! What a report says of figures that it cannot give: not computed, not covered, not judged.

use chrono::NaiveDate;

use crate::model::lang::Text;

/// Why something could not be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lack {
    /// The store does not hold what it needs.
    Data,
    /// The query needs more memory than it was given.
    Memory,
    /// It failed: a fault of the metric, of the store or of ours.
    Fault,
}

/// What could not be computed, and how to fix it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    /// The kind of failure.
    pub lack: Lack,
    /// What is missing (such as `spend.cost`), or the metric that failed or ran out of memory.
    pub what: String,
    /// How to fix it. For a fault: its message, then how to fix it.
    pub why: Text,
}

impl Missing {
    /// The store does not hold `what`.
    pub fn data(what: impl Into<String>, why: Text) -> Missing {
        Missing { lack: Lack::Data, what: what.into(), why }
    }

    /// No row fills the dimension. A split by it would show only the total.
    pub fn unfilled(dimension: &str) -> Missing {
        let why = Text::new(
            "разрез не заполнен ни в одной строке: назовите его столбец в маппинге",
            "no row names it: name its column in the mapping",
        );
        Missing::data(dimension, why)
    }

    /// The metric needs more memory.
    pub fn memory(metric: &str) -> Missing {
        let why =
            Text::new("дайте запросам больше, например --memory 6GiB", "give queries more, such as --memory 6GiB");
        Missing { lack: Lack::Memory, what: metric.to_owned(), why }
    }

    /// The metric failed.
    pub fn fault(metric: &str, error: &Text) -> Missing {
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (ru, en) = (line(&error.ru), line(&error.en));
        let why = Text::new(
            format!(
                "{ru}; свою метрику поправьте (voronka check), о поставляемой сообщите разработчикам: voronka query {metric} повторит ошибку"
            ),
            format!(
                "{en}; mend a metric of your own (voronka check), report one that ships: voronka query {metric} repeats the error"
            ),
        );
        Missing { lack: Lack::Fault, what: metric.to_owned(), why }
    }
}

/// Something that could not be computed or judged, and the part or target concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gap {
    pub title: String,
    pub missing: Missing,
}

/// Which part of a period the exports cover, if not all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cover {
    /// Covered up to and including this day.
    Until(NaiveDate),
    /// Not covered: the exports end on this day, before the period.
    Not(NaiveDate),
}

impl Cover {
    /// The last day that the exports cover.
    pub fn last(self) -> NaiveDate {
        let (Cover::Until(last) | Cover::Not(last)) = self;
        last
    }
}

/// Rows without a value of the split, and the target that left them out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unnamed {
    /// The split, in words.
    pub by: String,
    /// How many cases have no value, and out of how many, if known.
    pub size: Option<(String, String)>,
    /// The target that leaves them out.
    pub target: String,
}
