//! Each figure of a metric beside the list of what it counts.

use chrono::NaiveDate;
use voronka::metrics::{Ask, Metric, MetricError, Picked};
use voronka::session::Session;

/// How many figures were compared.
#[derive(Debug, Default)]
pub struct Compared {
    /// Columns that can be listed, not split and split.
    pub columns: usize,
    /// Figures that are known.
    pub figures: usize,
    /// The rows of all their lists.
    pub rows: usize,
    /// Figures that are not known.
    pub unknown: usize,
}

/// Lists all figures of all columns that can be listed, from a day up to the session's: not split, and split by one dimension. Fails
/// where a list is not as long as its figure.
pub async fn lists_fit(metric: &Metric, session: &Session, from: NaiveDate) -> Result<Compared, String> {
    let listable = metric.listable(session).await.map_err(|e| e.to_string())?;
    let columns: Vec<String> =
        listable.into_iter().filter(|(_, told)| told.is_ok()).map(|(column, _)| column.name.clone()).collect();
    let of = |column: &String| Picked { column: Some(column.clone()), limit: Some(1), ..Picked::default() };
    let picked: Vec<Picked> = columns.iter().map(of).collect();
    let may_split = |by: &&str| metric.dimensions.iter().any(|dimension| dimension == by);
    let by = ["manager", "source", "promo"].into_iter().find(may_split);
    let (mut wrong, mut compared) = (Vec::new(), Compared::default());
    for by in [None].into_iter().chain(by.map(Some)) {
        let by: Vec<String> = by.into_iter().map(str::to_owned).collect();
        let ask = Ask { from, to: session.as_of(), as_of: session.as_of(), by };
        let lists = metric.lists(session, &ask, &picked).await.map_err(|e| e.to_string())?;
        for (column, listed) in columns.iter().zip(lists) {
            match listed {
                Ok(list) => {
                    let sum: i64 = list.figures.iter().flatten().sum();
                    assert_eq!(usize::try_from(sum).unwrap(), list.total, "{column}");
                    assert_eq!(list.batch.num_rows(), list.total.min(1), "{column}");
                    compared.columns += 1;
                    compared.figures += list.figures.iter().flatten().count();
                    compared.unknown += list.figures.iter().filter(|figure| figure.is_none()).count();
                    compared.rows += list.total;
                }
                Err(MetricError::NotJudged { .. }) => compared.unknown += 1,
                Err(error) => wrong.push(format!("{column} {:?}: {error}", ask.by)),
            }
        }
    }
    if wrong.is_empty() { Ok(compared) } else { Err(wrong.join("\n")) }
}
