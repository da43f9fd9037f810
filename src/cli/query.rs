//! `voronka query`.

use anyhow::Result;
use chrono::DateTime;

use super::args::{Place, Query};
use super::outcome::Outcome;
use super::output::{Book, To};
use super::said::said;
use super::{open, output};
use crate::metrics::{Ask, MetricColumn};
use crate::regulation::Regulation;
use crate::workbook::RowColumn;

pub async fn run(args: &Query, place: &Place) -> Result<Outcome> {
    let company = open::company(place);
    let (regulation, catalog) = (company.regulation()?, company.catalog()?);
    let metric = catalog.get(&args.metric)?;
    let ask = asked(args, &regulation)?;
    let session = open::session(place, &args.reading, &regulation, open::Wanted::Figures).await?;
    let result = metric.run(&session, &ask).await?;
    let lang = open::lang(args.speaks.lang, place);
    let column = |column: &MetricColumn| {
        let title = column.title.get(lang);
        let head = if title.is_empty() { &column.name } else { title };
        RowColumn { head: head.to_owned(), unit: Some(column.unit) }
    };
    let book = Book {
        name: metric.title.get(lang).to_owned(),
        columns: Some(result.columns.iter().map(column).collect()),
        lang,
        currency: regulation.currency_sign().to_owned(),
        day: ask.as_of,
    };
    output::print(&result.batch, &To { format: args.format, file: args.out.as_deref(), book })?;
    Ok(Outcome::Fine)
}

/// What is asked of the metric.
pub fn asked(args: &Query, regulation: &Regulation) -> Result<Ask> {
    let as_of = open::as_of(&args.reading, regulation)?;
    let from = args.from.unwrap_or(DateTime::UNIX_EPOCH.date_naive());
    let to = args.to.unwrap_or(as_of);
    if from >= to {
        return Err(said!(
            "период пуст: он начинается {from} и кончается до {to}\n    --from должен быть раньше --to",
            "the period is empty: it begins on {from} and ends before {to}\n    --from must be before --to"
        ));
    }
    Ok(Ask { from, to, as_of, by: args.by.clone() })
}
