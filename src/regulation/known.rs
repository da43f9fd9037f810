//! Whether targets name metrics that exist. The metrics lie above this module, so the caller says which there are.

use super::Regulation;
use crate::model::lang::{Text, both};
use crate::model::problem::{Problem, Problems, hint};

/// A metric that a target may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known<'a> {
    /// Its name.
    pub metric: &'a str,
    /// Its columns.
    pub columns: Vec<&'a str>,
    /// The dimensions by which it can be asked.
    pub dimensions: Vec<&'a str>,
    /// Whether it can also be asked by the further columns of a company's deals, which only the store knows.
    pub further: bool,
}

impl Regulation {
    /// Checks the names in the targets against the metrics that there are; fails with all that are not `known`.
    pub fn check_targets(&self, file: &str, known: &[Known<'_>]) -> Result<(), Problems> {
        unknown(self, file, known)
    }
}

fn unknown(regulation: &Regulation, file: &str, known: &[Known<'_>]) -> Result<(), Problems> {
    let mut problems = Vec::new();
    let mut refuse = |line: usize, what: Text, hint: Text| {
        problems.push(Problem { file: file.to_owned(), line, what, hint });
    };
    for (target, lines) in regulation.targets.iter().zip(&regulation.target_lines) {
        let Some(metric) = known.iter().find(|known| known.metric == target.metric) else {
            let names = known.iter().map(|known| known.metric);
            refuse(
                lines.metric,
                both!("нет метрики `{}`", "there is no metric `{}`", target.metric),
                hint(&target.metric, names),
            );
            continue;
        };
        if !metric.columns.contains(&target.column.as_str()) {
            let what = both!(
                "в метрике `{}` нет столбца `{}`",
                "the metric `{}` has no column `{}`",
                target.metric,
                target.column
            );
            refuse(lines.column, what, hint(&target.column, metric.columns.iter().copied()));
        }
        for dimension in target.by.iter().filter(|by| !metric.further && !metric.dimensions.contains(&by.as_str())) {
            let what = both!(
                "метрика `{}` не делится по `{dimension}`",
                "the metric `{}` cannot be asked by `{dimension}`",
                target.metric
            );
            let way_out = match metric.dimensions.is_empty() {
                true => Text::new(
                    "удалите строку: эта метрика — о компании в целом",
                    "remove the line: it is for the company as a whole",
                ),
                false => hint(dimension, metric.dimensions.iter().copied()),
            };
            refuse(lines.by, what, way_out);
        }
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(Problems(problems)),
    }
}
