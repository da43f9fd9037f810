//! `voronka rows`.

use anyhow::Result;

use super::args::{Place, Rows};
use super::outcome::Outcome;
use super::output::{Book, To};
use super::screen::tell;
use super::{open, output, query};
use crate::metrics::{Listed, Metric, Picked, Unit};
use crate::model::lang::{Lang, Text, both};

pub async fn run(args: &Rows, place: &Place) -> Result<Outcome> {
    let company = open::company(place);
    let (regulation, catalog) = (company.regulation()?, company.catalog()?);
    let metric = catalog.get(&args.query.metric)?;
    let ask = query::asked(&args.query, &regulation)?;
    let session = open::session(place, &args.query.reading, &regulation, open::Wanted::Figures).await?;
    let picked = Picked { column: args.column.clone(), only: args.only.clone(), limit: args.limit };
    let listed = metric.rows(&session, &ask, &picked).await?;
    let lang = args.query.speaks.lang.map_or(regulation.lang(), Lang::from);
    tell(told(metric, &listed).get(lang));
    let book = Book {
        name: listed.column.title.get(lang).to_owned(),
        columns: None,
        lang,
        currency: regulation.currency_sign().to_owned(),
        day: ask.as_of,
    };
    output::print(&listed.batch, &To { format: args.query.format, file: args.query.out.as_deref(), book })?;
    Ok(Outcome::Fine)
}

/// Which figure is listed, and how much of it.
fn told(metric: &Metric, listed: &Listed) -> Text {
    let name = |lang| (metric.title.get(lang), listed.column.title.get(lang));
    let [ru, en] = [Lang::Ru, Lang::En].map(name);
    let mut text = Text::new(format!("{} — {}", ru.0, ru.1), format!("{} — {}", en.0, en.1));
    text = text.and(Text::same(format!(" ({}.{})", listed.metric, listed.column.name)));
    if metric.has_period {
        let last = listed.ask.to.pred_opt().unwrap_or(listed.ask.to);
        text = text.and(match listed.ask.from == chrono::DateTime::UNIX_EPOCH.date_naive() {
            true => both!(", по {last}", ", up to {last}"),
            false => both!(", {} – {last}", ", {} – {last}", listed.ask.from),
        });
    }
    let what = match listed.unit {
        Some(Unit::Event) => Text::new(" (события)", " (events)"),
        Some(Unit::Deal) => Text::new(" (сделки)", " (deals)"),
        Some(Unit::Client) => Text::new(" (клиенты)", " (clients)"),
        None => Text::default(),
    };
    let (total, shown, figures) = (listed.total, listed.batch.num_rows(), listed.figures.len());
    text = text.and(both!(": строк {total}", ": {total} rows")).and(what);
    if figures != 1 {
        text = text.and(both!(", чисел: {figures}", ", of {figures} figures"));
    }
    let unknown = listed.figures.iter().filter(|figure| figure.is_none()).count();
    if unknown > 0 {
        text = text.and(both!(
            "; о скольких судить нельзя, в списке нет: {unknown}",
            "; {unknown} of them cannot be judged and are not listed"
        ));
    }
    if shown < total {
        text = text.and(both!("; показаны первые {shown}", "; the first {shown} are shown"));
    }
    text
}
