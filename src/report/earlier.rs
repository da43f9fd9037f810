//! The results of a question for the periods that a figure is compared with.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::definition::question::{Compare, Question};
use super::grid::Grid;
use super::inputs::Inputs;
use super::missing::{Lack, Missing};

/// The results for earlier periods, and the fault that prevented one of them.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    pub answers: Vec<(Compare, Arc<Grid>)>,
    pub fault: Option<Missing>,
}

/// The results for earlier periods, each as of its own end. Periods that the data do not cover completely are left
/// out: before the first possible occurrence there is no value, which is not the same as zero. If the current
/// period is covered in part, all earlier periods are left out.
pub(super) async fn earlier(
    inputs: &mut Inputs<'_>,
    question: &Question,
    column: &str,
    compare: &[Compare],
) -> Earlier {
    let now = inputs.reach.range(question.period);
    let (mut found, mut seen) = (Earlier::default(), BTreeSet::new());
    if inputs.cover(question, now, &[column]).is_some() {
        return found;
    }
    for compare in compare {
        let then = match compare {
            Compare::Before => question.period.before(now),
            Compare::Year => question.period.year_ago(now),
        };
        let Some(then) = then.filter(|then| inputs.begins(question, column).is_some_and(|day| then.from >= day)) else {
            continue;
        };
        // 52 weeks ago is both the period before and the same period a year ago
        if !seen.insert(then) {
            continue;
        }
        match inputs.metrics.ask_back(question, then, then.days_before(now)).await {
            Ok(grid) => found.answers.push((*compare, grid)),
            Err(missing) if missing.lack == Lack::Fault => found.fault = Some(missing),
            Err(_) => {}
        }
    }
    found
}
