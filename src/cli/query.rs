//! `voronka query`.

use anyhow::Result;
use chrono::DateTime;

use super::args::{Place, Query};
use super::outcome::Outcome;
use super::said::said;
use super::{open, output};
use crate::metrics::Ask;
use crate::regulation::Regulation;

pub async fn run(args: &Query, place: &Place) -> Result<Outcome> {
    let company = open::company(place);
    let (regulation, catalog) = (company.regulation()?, company.catalog()?);
    let metric = catalog.get(&args.metric)?;
    let ask = asked(args, &regulation)?;
    company.check_currency(&regulation, args.reading.version).await?;
    let session = open::session(place, &args.reading, &regulation).await?;
    let result = metric.run(&session, &ask).await?;
    output::print(&result.batch, args.format)?;
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
