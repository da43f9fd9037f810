//! A report: its page, made by what `voronka report` is made of, and its files.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use chrono::NaiveDate;
use maud::{Markup, PreEscaped, html};

use super::answer::{self, Answer};
use super::app::{App, Asker};
use super::files;
use super::frame::{self, Frame};
use super::language::code;
use super::making::{BAR, Heard, Key, Made, Making, State as Stage};
use super::params::{Params, encoded};
use super::refusal::{Refusal, Told};
use super::shelf::Listed;
use crate::company::held;
use crate::metrics::Catalog;
use crate::model::lang::{Lang, Text, both};
use crate::model::shown::in_line;
use crate::report::definition::Definition;
use crate::report::render::{self, Around, Format};
use crate::report::{build, for_report};
use crate::session::Session;

/// A report that is made in this time needs no page that says how far it is.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// A file is waited for: whoever downloads sees nothing else.
const PATIENCE_OF_FILES: Duration = Duration::from_secs(600);
/// The browser asks again after so many seconds.
const REFRESH: u64 = 2;
/// A report asks so many statements' time.
pub const STATEMENTS: u32 = 10;

const PARAMS: [&str; 2] = ["as_of", "for"];

/// The page of a report.
pub async fn show(State(app): State<Arc<App>>, Extension(asker): Extension<Asker>, name: Name) -> Answer {
    let params = asker.params(&PARAMS)?;
    let wanted = match wanted(&app, &asker, &params, &named(name)?).await? {
        Asked::One(wanted) => wanted,
        Asked::Whose { title, values } => return Ok(whose(&app, &asker, &title, &values, &params)),
    };
    let key = wanted.key.clone();
    let making = begin(&app, &asker, *wanted)?;
    let page = |made: &Made, above: &Markup| {
        let bar = frame::bar(&app, &asker).into_string() + &above.0;
        answer::page(StatusCode::OK, made.page.replacen(BAR, &bar, 1))
    };
    match making.within(PATIENCE).await {
        Stage::Done(made) => Ok(page(&made, &Markup::default())),
        Stage::Failed(refusal) => Err(refusal),
        stage => Ok(match app.makings.before(&key) {
            Some((version, made)) => page(&made, &outrun(&asker, version, key.version)),
            None => waiting(&app, &asker, &making, matches!(stage, Stage::Waits)),
        }),
    }
}

/// Above a report of an older state: which it is, and that a newer one is being made.
fn outrun(asker: &Asker, shown: u64, newest: u64) -> Markup {
    let what = both!(
        "Это отчёт по загрузке {shown}. После неё была загрузка {newest}: отчёт по ней делается.",
        "This report is of ingest {shown}. Ingest {newest} came after it, and the report of that is being made."
    );
    html! {
        p class="outrun" role="status" {
            (asker.say(&what)) " "
            a href={ (asker.path) "?" (asker.query) } { (asker.pick("Обновить", "Refresh")) }
        } "\n"
    }
}

/// A file of a report.
pub async fn file(State(app): State<Arc<App>>, Extension(asker): Extension<Asker>, name: NameAndFormat) -> Answer {
    let params = asker.params(&PARAMS)?;
    let Path((name, format)) = name.map_err(|_| Refusal::no_page(&asker.path))?;
    let format: Format = files::format(&format)?;
    let wanted = match wanted(&app, &asker, &params, &name).await? {
        Asked::One(wanted) => wanted,
        Asked::Whose { .. } => {
            return Err(Refusal::bad(
                both!("отчёт `{name}` — свой у каждого", "the report `{name}` is one for each person"),
                Text::new("назовите, чей: ?for=ИМЯ", "say whose: ?for=NAME"),
            ));
        }
    };
    let day = wanted.key.as_of;
    let making = begin(&app, &asker, *wanted)?;
    match making.within(PATIENCE_OF_FILES).await {
        Stage::Done(made) => {
            let _turn = app.makings.turn(PATIENCE_OF_FILES).await?;
            files::of_report(&made.document, format, day, asker.sees_all()).await
        }
        Stage::Failed(refusal) => Err(refusal),
        _ => {
            let what = Text::new("отчёт ещё делается", "the report is still being made");
            Err(Refusal::busy(StatusCode::SERVICE_UNAVAILABLE, what, Duration::from_secs(10)))
        }
    }
}

/// A part of the path, or why it cannot be read.
pub type Name = Result<Path<String>, axum::extract::rejection::PathRejection>;
type NameAndFormat = Result<Path<(String, String)>, axum::extract::rejection::PathRejection>;

/// The name in a path.
pub fn named(name: Name) -> Result<String, Refusal> {
    name.map(|Path(name)| name).map_err(|_| {
        Refusal::bad(
            Text::new("адрес записан не в UTF-8", "the address is not UTF-8"),
            Text::new("буквы пишутся в UTF-8 знаками %XX", "write letters as %XX of their UTF-8"),
        )
    })
}

/// What is asked for.
enum Asked {
    /// One report.
    One(Box<Wanted>),
    /// A report of which everybody has an own, and nobody was named: the title, and what may stand in `for`, with what it is called.
    Whose { title: Text, values: Vec<(String, String)> },
}

/// A report that is asked for.
struct Wanted {
    key: Key,
    session: Arc<Session>,
    catalog: Arc<Catalog>,
    definition: Definition,
    /// To whom it is held: dimension and value.
    person: Option<(String, String)>,
    lang: Lang,
}

async fn wanted(app: &App, asker: &Asker, params: &Params, name: &str) -> Result<Asked, Refusal> {
    // first: regulation and metrics are read with each state
    let session = app.session(asker, params).await?;
    let (catalog, regulation) = (app.states.catalog(), app.states.regulation());
    let reports = app.shelf.reports(app.states.company(), &catalog);
    let Some(Listed { definition, .. }) = reports.all.get(name) else {
        let shown = in_line(name);
        let what = both!("нет отчёта `{shown}`", "there is no report `{shown}`");
        return Err(Refusal::unknown(what, name, reports.all.keys().map(String::as_str)));
    };
    let definition = definition.as_ref().map_err(|problems| {
        let what = both!("в описании отчёта `{name}` ошибки", "the definition of the report `{name}` has problems");
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, what, problems.clone())
    })?;
    let named = params.one("for")?;
    let (definition, person) = match (definition.roles(), definition.person(), named) {
        ([], None, None) => (definition.clone(), None),
        ([], None, Some(_)) => {
            return Err(Refusal::bad(
                both!(
                    "отчёт `{name}` — для всех, а не для одного",
                    "the report `{name}` is for everyone, not for one person"
                ),
                Text::new("уберите `for`", "leave out `for`"),
            ));
        }
        ([], Some(dimension), named) => {
            let values = session.values(dimension).await.map_err(|error| error.told(asker.sees_all()))?;
            let only = if values.len() == 1 && !asker.sees_all() { values.first().map(String::as_str) } else { None };
            match named.or(only) {
                Some(value) if values.iter().any(|known| known == value) => {
                    (definition.clone(), Some((dimension.to_owned(), value.to_owned())))
                }
                Some(value) => {
                    let shown = in_line(value);
                    let what =
                        both!("нет сделок, где {dimension} — `{shown}`", "no deal has the {dimension} `{shown}`");
                    return Err(Refusal::unknown(what, value, values.iter().map(String::as_str)));
                }
                None => {
                    let values = values.into_iter().map(|value| (value.clone(), value)).collect();
                    return Ok(Asked::Whose { title: definition.title().clone(), values });
                }
            }
        }
        (roles, _, Some(role)) => match definition.for_role(role) {
            Some(own) => (own, None),
            None => {
                let shown = in_line(role);
                let what = both!("в отчёте `{name}` нет роли `{shown}`", "the report `{name}` has no role `{shown}`");
                return Err(Refusal::unknown(what, role, roles.iter().map(|role| role.id.as_str())));
            }
        },
        (_, _, None) => (definition.clone(), None),
    };
    // a definition may state its language; who asks for one in the address or by a click gets that
    let lang = asker.lang;
    let judged_by = blake3::hash(format!("{regulation:?}\n{definition:?}\n{}", reports.generation).as_bytes());
    let key = Key {
        version: session.version(),
        judged_by: judged_by.to_hex().to_string(),
        as_of: session.as_of(),
        only: asker.user.only().to_vec(),
        lang: code(lang),
        name: name.to_owned(),
        whose: person.as_ref().map(|(_, value)| value.clone()).or(named.map(str::to_owned)),
    };
    Ok(Asked::One(Box::new(Wanted { key, session, catalog, definition, person, lang })))
}

fn begin(app: &Arc<App>, asker: &Asker, wanted: Wanted) -> Result<Arc<Making>, Refusal> {
    let limit = app.states.limits().statement * STATEMENTS;
    let (sees_all, shared) = (asker.sees_all(), Arc::clone(app));
    let key = wanted.key.clone();
    app.makings
        .begin(key, asker.user.name(), limit, move |heard| async move { made(&shared, wanted, heard, sees_all).await })
}

/// Makes the document and its page.
async fn made(app: &App, wanted: Wanted, heard: Heard, sees_all: bool) -> Result<Made, Refusal> {
    let Wanted { session, catalog, definition, person, lang, key } = wanted;
    let mut session = for_report(&session).await.map_err(|error| error.told(sees_all))?;
    for (dimension, value) in definition.only().iter().chain(&person) {
        // who is held to one manager alone need not be held to the same once more
        let own: Vec<&String> = session.held().iter().filter(|(known, _)| known == dimension).map(|(_, v)| v).collect();
        if own == [value] {
            continue;
        }
        session = held(&session, dimension, value).await.map_err(|error| error.told(sees_all))?;
    }
    let document = build(&session, &catalog, &definition, session.as_of(), lang, &heard).await;
    let mut document = document.map_err(|error| error.told(sees_all))?;
    let around = Around {
        head: frame::head(app),
        above: PreEscaped(BAR.to_owned()),
        within: downloads(&key),
        below: Markup::default(),
        whole: Some(lang.pick("отчёт целиком — в этих файлах:", "the whole is in these files:")),
    };
    let drawn =
        tokio::task::spawn_blocking(move || render::page(&mut document, &around).map(|page| Made { document, page }));
    match drawn.await {
        Ok(made) => made.map_err(|error| error.told(sees_all)),
        Err(_) => Err(Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            Text::new("страницу не нарисовать: ошибка Voronka", "the page cannot be drawn: a fault of Voronka"),
            Text::new("сделайте отчёт командой voronka report", "make the report with voronka report"),
        )),
    }
}

/// The files of the report that is shown.
fn downloads(key: &Key) -> Markup {
    let whose = key.whose.as_deref().map(|value| format!("&for={}", encoded(value))).unwrap_or_default();
    let query = format!("?as_of={}{whose}&lang={}", key.as_of, key.lang);
    html! {
        p class="get" {
            @for (at, format) in files::OFFERED.iter().enumerate() {
                @if at > 0 { " · " }
                a href={ "/reports/" (encoded(&key.name)) "/" (format.name()) (query) } { (files::called(*format)) }
            }
        } "\n"
    }
}

/// The page that says how far a report is, and asks again by itself.
fn waiting(app: &App, asker: &Asker, making: &Making, waits: bool) -> axum::response::Response {
    let step = making.step();
    let title = asker.pick("Отчёт делается", "The report is being made");
    let body = html! {
        section { "\n"
            @if waits {
                p { (asker.pick("Перед ним делаются другие.", "Others are made before it.")) } "\n"
            } @else if step.what.is_empty() {
                p { (asker.pick("Открывается хранилище.", "The store is being opened.")) } "\n"
            } @else {
                p { (step.what) ": " (step.done) " " (asker.pick("из", "of")) " " (step.total) } "\n"
                progress value=(step.done) max=(step.total.max(1)) { (step.done) " / " (step.total) } "\n"
            }
            p class="none" { (asker.pick(
                "Страница обновляется сама. Готовый отчёт хранится: в следующий раз он откроется сразу.",
                "This page refreshes itself. A report that is made is kept: next time it opens at once.",
            )) } "\n"
            p { a href={ (asker.path) "?" (asker.query) } { (asker.pick("Обновить сейчас", "Refresh now")) } } "\n"
        } "\n"
    };
    let page = frame::page(app, asker, &Frame { title, subtitle: "", refresh: Some(REFRESH), body });
    let mut response = answer::page(StatusCode::ACCEPTED, page);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(REFRESH));
    response
}

/// The page that asks whose report it shall be.
fn whose(
    app: &App,
    asker: &Asker,
    title: &Text,
    values: &[(String, String)],
    params: &Params,
) -> axum::response::Response {
    let day = params.all("as_of").next().map(|day| format!("&as_of={}", encoded(day))).unwrap_or_default();
    let body = html! {
        section { "\n"
            @if values.is_empty() {
                p class="none" { (asker.pick("Пока ни для кого: в сделках никто не назван.", "For nobody yet: no deal names anyone.")) } "\n"
            }
            ul class="names" { "\n"
                @for (value, shown) in values {
                    li { a href={ (asker.path) "?for=" (encoded(value)) (day) } { (shown) } } "\n"
                }
            } "\n"
        } "\n"
    };
    let subtitle = asker.pick("Чей отчёт открыть?", "Whose report to open?");
    answer::page(
        StatusCode::OK,
        frame::page(app, asker, &Frame { title: asker.say(title), subtitle, refresh: None, body }),
    )
}

/// The address of a report of one, as of a day.
pub fn place(name: &str, person: &str, as_of: Option<NaiveDate>) -> String {
    let day = as_of.map(|day| format!("&as_of={day}")).unwrap_or_default();
    format!("/reports/{}?for={}{day}", encoded(name), encoded(person))
}
