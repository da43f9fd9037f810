//! The catalogue of metrics, and a page for each: what it counts, a form that asks it, the answer as chart, table and file.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{Days, NaiveDate};
use maud::{Markup, html};

use super::answer::{self, Answer};
use super::app::{App, Asker};
use super::files::XLSX;
use super::frame::{self, Frame, field};
use super::language::code;
use super::params::{Params, after, encoded, latest};
use super::refusal::{Refusal, Told};
use super::reports::{Name, named};
use super::small;
use crate::metrics::{Ask, Catalog, Metric, MetricColumn, MetricResult};
use crate::model::calendar::Calendar;
use crate::model::lang::{Text, both};
use crate::model::problem::hint;
use crate::model::shown::in_line;
use crate::regulation::Regulation;
use crate::report::Range;
use crate::report::definition::{Definition, OfMetric, drawable};
use crate::session::Session;
use crate::workbook::{Looks, RowColumn, Rows, csv};

/// A page is of so many weeks unless somebody asks for others.
const WEEKS: u64 = 26;
/// Splits by more dimensions say little, and cost much.
const MOST_DIMENSIONS: usize = 3;

const PARAMS: [&str; 5] = ["from", "to", "by", "as_of", "draw"];

/// The list of all metrics.
pub async fn list(State(app): State<Arc<App>>, Extension(asker): Extension<Asker>) -> Answer {
    asker.params(&[])?;
    let catalog = app.states.catalog();
    let metrics: Vec<&Metric> = catalog.names().filter_map(|name| catalog.get(name).ok()).collect();
    let mut topics: Vec<&str> = metrics.iter().map(|metric| metric.topic.as_str()).collect();
    topics.sort_unstable();
    topics.dedup();
    let of = |topic: &str| metrics.iter().filter(move |metric| metric.topic == topic).copied().collect::<Vec<_>>();
    let body = html! {
        @for topic in topics {
            section { "\n"
                h2 { (asker.say(&named_topic(topic))) } "\n"
                ul class="metrics" { "\n"
                    @for metric in of(topic) {
                        li {
                            a href={ "/metrics/" (encoded(&metric.name)) } { (asker.say(&metric.title)) }
                            " " code { (metric.name) }
                        } "\n"
                    }
                } "\n"
            } "\n"
        }
    };
    let title = asker.pick("Показатели", "Metrics");
    let subtitle = asker.pick(
        "Откройте показатель, выберите период и разрез: таблица, график и файл",
        "Open a metric, pick a period and a split: a table, a chart and a file",
    );
    Ok(answer::page(StatusCode::OK, frame::page(&app, &asker, &Frame { title, subtitle, refresh: None, body })))
}

/// What a folder of metrics is called; a company's own by its name.
fn named_topic(topic: &str) -> Text {
    let (ru, en) = match topic {
        "bases" => ("Клиентские базы", "Client bases"),
        "clients" => ("Клиенты", "Clients"),
        "forecast" => ("Прогноз", "Forecast"),
        "funnel" => ("Воронка", "Funnel"),
        "leads" => ("Лиды", "Leads"),
        "pipeline" => ("Открытые сделки", "Pipeline"),
        "plan" => ("План", "Plan"),
        "pressure" => ("Касания", "Contacts"),
        "promo" => ("Акции", "Promotions"),
        "quality" => ("Качество данных", "Data quality"),
        "revenue" => ("Выручка", "Revenue"),
        "roi" => ("Окупаемость рекламы", "Return on advertising"),
        "rules" => ("Регламент", "The regulation"),
        "tests" => ("Испытания", "Experiments"),
        "" => ("Свои", "The company's own"),
        other => (other, other),
    };
    Text::new(ru, en)
}

/// What is asked of a metric by a request.
struct Wanted {
    catalog: Arc<Catalog>,
    regulation: Arc<Regulation>,
    session: Arc<Session>,
    name: String,
    ask: Ask,
    drawn: Option<String>,
    /// The dimensions by which it may be split in this store.
    dimensions: Vec<String>,
}

impl Wanted {
    fn metric(&self) -> Result<&Metric, Refusal> {
        self.catalog.get(&self.name).map_err(|error| error.told(true))
    }

    /// The address of the same answer, as `way` of it.
    fn place(&self, way: &str, asker: &Asker) -> String {
        let Ask { from, to, as_of, by } = &self.ask;
        let last = to.checked_sub_days(Days::new(1)).unwrap_or(*to);
        let by: String = by.iter().map(|dimension| format!("&by={}", encoded(dimension))).collect();
        format!(
            "/metrics/{}{way}?from={from}&to={last}&as_of={as_of}{by}&lang={}",
            encoded(&self.name),
            code(asker.lang)
        )
    }
}

async fn wanted(app: &App, asker: &Asker, name: &str, params: &Params) -> Result<Wanted, Refusal> {
    // first: regulation and metrics are read with each state
    let session = app.session(asker, params).await?;
    let (catalog, regulation) = (app.states.catalog(), app.states.regulation());
    let Ok(metric) = catalog.get(name) else {
        let shown = in_line(name);
        let what = both!("нет показателя `{shown}`", "there is no metric `{shown}`");
        return Err(Refusal::unknown(what, name, catalog.names()));
    };
    let as_of = session.as_of();
    let until = latest(as_of);
    // a person names the last day, and the period ends after it
    let to = params.day("to", until)?.map_or(as_of, after);
    let usual = Calendar::monday(to).checked_sub_days(Days::new(7 * WEEKS)).unwrap_or(to);
    let from = params.day("from", until)?.unwrap_or(usual);
    if from >= to {
        let last = to.checked_sub_days(Days::new(1)).unwrap_or(to);
        return Err(Refusal::bad(
            both!(
                "период пуст: он начинается {from} и кончается {last}",
                "the period is empty: it begins on {from} and ends on {last}"
            ),
            Text::new("`from` должен быть не позже `to`", "`from` must not be later than `to`"),
        ));
    }
    let dimensions = dimensions(metric, &session);
    let mut by: Vec<String> = Vec::new();
    for dimension in params.all("by").flat_map(|value| value.split(',')).filter(|value| !value.is_empty()) {
        let shown = in_line(dimension);
        let way = match dimensions.iter().any(|known| known == dimension) {
            _ if by.len() == MOST_DIMENSIONS => {
                both!("делите не больше чем по {MOST_DIMENSIONS}", "split by no more than {MOST_DIMENSIONS}")
            }
            true if by.iter().any(|known| known == dimension) => Text::new("он назван дважды", "it stands there twice"),
            true => {
                by.push(dimension.to_owned());
                continue;
            }
            false if dimensions.is_empty() => {
                Text::new("этот показатель не делится: уберите `by`", "this metric is never split: leave out `by`")
            }
            false => hint(dimension, dimensions.iter().map(String::as_str)),
        };
        return Err(Refusal::bad(
            both!("`{name}` не делится по `{shown}`", "`{name}` cannot be split by `{shown}`"),
            way,
        ));
    }
    let drawn = match params.one("draw")? {
        Some(column) if !drawable(metric).any(|known| known.name == column) => {
            let shown = in_line(column);
            return Err(Refusal::bad(
                both!("в `{name}` нет числового столбца `{shown}`", "`{name}` has no column of numbers `{shown}`"),
                hint(column, drawable(metric).map(|known| known.name.as_str())),
            ));
        }
        drawn => drawn.map(str::to_owned),
    };
    let ask = Ask { from, to, as_of, by };
    Ok(Wanted { catalog: Arc::clone(&catalog), regulation, session, name: name.to_owned(), ask, drawn, dimensions })
}

/// By what a metric may be split in this store: its dimensions, and where it allows that the further columns of deals.
fn dimensions(metric: &Metric, session: &Session) -> Vec<String> {
    let mut all = metric.dimensions.clone();
    if metric.extra_dimensions {
        let columns: Vec<String> = session.further_columns().collect();
        let is_free = |name: &String| !all.contains(name) && !metric.columns.iter().any(|column| column.name == *name);
        let further: Vec<String> = columns.into_iter().filter(is_free).collect();
        all.extend(further);
    }
    all
}

/// The page of a metric.
pub async fn show(State(app): State<Arc<App>>, Extension(asker): Extension<Asker>, name: Name) -> Answer {
    let params = asker.params(&PARAMS)?;
    let wanted = wanted(&app, &asker, &named(name)?, &params).await?;
    let metric = wanted.metric()?;
    let reports = app.shelf.reports(app.states.company(), &wanted.catalog);
    let days = Range { from: wanted.ask.from, to: wanted.ask.to };
    let asked = OfMetric { by: &wanted.ask.by, days, drawn: wanted.drawn.as_deref(), known: &reports.sound };
    let definition = Definition::of_metric(metric, &asked, &wanted.catalog).map_err(|problems| {
        let told = |lang| problems.text(lang);
        Refusal::bad(Text::new(told(crate::model::lang::Lang::Ru), told(crate::model::lang::Lang::En)), Text::default())
    })?;
    let mut document = small::built(&app, &asker, &wanted.session, &wanted.catalog, &definition).await?;
    if document.sections.iter().all(|section| section.blocks.is_empty()) {
        document.sections.clear();
    }
    let around = frame::around(&app, &asker, html! { (about(&asker, metric)) (form(&asker, &wanted, metric)) });
    small::drawn(&asker, document, around).await
}

fn about(asker: &Asker, metric: &Metric) -> Markup {
    let needs: Vec<String> = metric.needs.iter().map(ToString::to_string).collect();
    html! {
        details class="about" { "\n"
            summary { (asker.pick("Что считается", "What is counted")) } "\n"
            p { (asker.say(&metric.about).split_whitespace().collect::<Vec<_>>().join(" ")) } "\n"
            p class="none" { code { (metric.name) } " · " (asker.pick("нужны", "needs")) ": " (needs.join(", ")) } "\n"
        } "\n"
    }
}

fn form(asker: &Asker, wanted: &Wanted, metric: &Metric) -> Markup {
    let Ask { from, to, as_of, by } = &wanted.ask;
    let last = to.checked_sub_days(Days::new(1)).unwrap_or(*to);
    let day = |name: &str, day: NaiveDate| html! { input type="date" name=(name) value=(day) required; };
    let columns: Vec<&MetricColumn> = drawable(metric).collect();
    html! {
        form class="ask" method="get" action={ "/metrics/" (encoded(&metric.name)) } { "\n"
            @if metric.has_period {
                (field(asker.pick("С", "From"), &day("from", *from)))
                (field(asker.pick("По", "To"), &day("to", last)))
            }
            (field(asker.pick("На день", "As of"), &day("as_of", *as_of)))
            @if columns.len() > 1 {
                (field(asker.pick("На графике", "In the chart"), &html! {
                    select name="draw" { "\n"
                        option value="" { (asker.pick("главное", "the main thing")) } "\n"
                        @for column in columns {
                            option value=(column.name) selected[wanted.drawn.as_ref() == Some(&column.name)] { (asker.say(&column.title)) } "\n"
                        }
                    }
                }))
            }
            @if !wanted.dimensions.is_empty() {
                fieldset { "\n"
                    legend { (asker.pick("Разрез", "Split by")) } "\n"
                    @for dimension in &wanted.dimensions {
                        label { input type="checkbox" name="by" value=(dimension) checked[by.contains(dimension)]; (asker.say(&crate::metrics::dimension_title(dimension))) } "\n"
                    }
                } "\n"
            }
            button type="submit" { (asker.pick("Показать", "Show")) } "\n"
        } "\n"
        p class="get" {
            a href=(wanted.place("/csv", asker)) { "CSV" } " · " a href=(wanted.place("/xlsx", asker)) { "Excel" }
        } "\n"
    }
}

/// The rows as CSV: what `voronka query --format csv` prints.
pub async fn csv_file(State(app): State<Arc<App>>, Extension(asker): Extension<Asker>, name: Name) -> Answer {
    let (wanted, result) = computed(&app, &asker, name).await?;
    let bytes = tokio::task::spawn_blocking(move || csv(&result.batch, true)).await.map_err(|_| fault())?;
    let bytes = bytes.map_err(|_| fault())?;
    Ok(answer::file(&format!("{}.csv", file_stem(&wanted.ask, &wanted.name)), "text/csv; charset=utf-8", bytes))
}

/// The rows as a workbook: what `voronka query --format xlsx` writes.
pub async fn xlsx_file(State(app): State<Arc<App>>, Extension(asker): Extension<Asker>, name: Name) -> Answer {
    let (wanted, result) = computed(&app, &asker, name).await?;
    let (lang, currency) = (asker.lang, wanted.regulation.currency_sign().to_owned());
    let (title, day) = (wanted.metric()?.title.get(lang).to_owned(), wanted.ask.as_of);
    let column = |column: &MetricColumn| {
        let title = column.title.get(lang);
        let head = if title.is_empty() { &column.name } else { title };
        RowColumn { head: head.to_owned(), unit: Some(column.unit) }
    };
    let columns: Vec<RowColumn> = result.columns.iter().map(column).collect();
    let bytes = tokio::task::spawn_blocking(move || {
        let looks = Arc::new(Looks::new(lang, &currency));
        let mut rows = Rows::open(&result.batch.schema(), &columns, &looks, &title, day)?;
        rows.write(&result.batch)?;
        let mut bytes = std::io::Cursor::new(Vec::new());
        rows.finish(&mut bytes)?;
        Ok::<_, crate::workbook::WorkbookError>(bytes.into_inner())
    });
    let bytes = bytes.await.map_err(|_| fault())?.map_err(|error| {
        Refusal::bad(Text::new(error.text(crate::model::lang::Lang::Ru), error.to_string()), Text::default())
    })?;
    Ok(answer::file(&format!("{}.xlsx", file_stem(&wanted.ask, &wanted.name)), XLSX, bytes))
}

async fn computed(app: &App, asker: &Asker, name: Name) -> Result<(Wanted, MetricResult), Refusal> {
    let params = asker.params(&PARAMS)?;
    let wanted = wanted(app, asker, &named(name)?, &params).await?;
    let _turn = app.turn().await?;
    let limits = app.states.limits();
    let result = limits.within(async { Ok::<_, crate::serve::ServeError>(run_metric(&wanted, asker).await) }).await;
    let result = result.map_err(|error| error.told(asker.sees_all()))??;
    Ok((wanted, result))
}

async fn run_metric(wanted: &Wanted, asker: &Asker) -> Result<MetricResult, Refusal> {
    wanted.metric()?.run(&wanted.session, &wanted.ask).await.map_err(|error| error.told(asker.sees_all()))
}

/// What a file of rows is called.
fn file_stem(ask: &Ask, name: &str) -> String {
    let by: String = ask.by.iter().map(|dimension| format!("-{dimension}")).collect();
    format!("{name}{by}-{}-{}", ask.from, ask.as_of)
}

fn fault() -> Refusal {
    Refusal::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        Text::new("ответ не записать: ошибка Voronka", "the answer cannot be written: a fault of Voronka"),
        Text::new("спросите то же командой voronka query", "ask the same with voronka query"),
    )
}
