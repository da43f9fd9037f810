//! What is to be done today: what breaks the regulation now, and everybody's own list.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::AsArray;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::NaiveDate;
use maud::{Markup, html};

use super::answer::Answer;
use super::app::{App, Asker};
use super::frame::{self, capital};
use super::refusal::{Refusal, Told};
use super::reports::place;
use super::small;
use crate::metrics::{Ask, Catalog};
use crate::model::lang::{Lang, Text};
use crate::serve::ServeError;
use crate::session::Session;

/// The report and the metric of what breaks the regulation now.
const CONTROL: (&str, &str) = ("control", "control_list");
/// The report of one, which is the metric's name too.
const WORKLIST: &str = "worklist";

/// The page.
pub async fn show(State(app): State<Arc<App>>, Extension(asker): Extension<Asker>) -> Answer {
    let params = asker.params(&["as_of"])?;
    // first: metrics are read with each state
    let session = app.session(&asker, &params).await?;
    let catalog = app.states.catalog();
    let reports = app.shelf.reports(app.states.company(), &catalog);
    let control = reports.all.get(CONTROL.0).and_then(|report| report.definition.as_ref().ok());
    let Some(definition) = control.and_then(|definition| definition.sections_of(CONTROL.1)) else {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            Text::new("в отчёте `control` нет списка нарушений", "the report `control` has no list of breaches"),
            Text::new(
                "верните в него раздел с метрикой control_list",
                "give it a section with the metric control_list again",
            ),
        ));
    };
    let asked = params.all("as_of").next().map(|_| session.as_of());
    let lists = worklists(&app, &asker, &session, &catalog).await;
    // who has no turn now has one in a while: a page without its lists would look like one of a day without work
    if let Err(refusal) = &lists
        && refusal.after.is_some()
    {
        return Err(refusal.clone());
    }
    let document = small::built(&app, &asker, &session, &catalog, &definition).await?;
    let within = html! {
        (whole(&asker, asked))
        (of_each(&asker, lists, asked))
    };
    small::drawn(&asker, document, frame::around(&app, &asker, within)).await
}

/// The way to the whole report.
fn whole(asker: &Asker, asked: Option<NaiveDate>) -> Markup {
    let day = asked.map(|day| format!("?as_of={day}")).unwrap_or_default();
    html! {
        p class="get" { a href={ "/reports/" (CONTROL.0) (day) } { (asker.pick("Весь отчёт «Контроль»", "The whole control report")) } } "\n"
    }
}

/// How much there is to do for whom, the most first.
async fn worklists(
    app: &App,
    asker: &Asker,
    session: &Session,
    catalog: &Catalog,
) -> Result<Vec<(String, usize)>, Refusal> {
    let sees_all = asker.sees_all();
    let metric = catalog.get(WORKLIST).map_err(|error| error.told(sees_all))?;
    let as_of = session.as_of();
    let from = as_of.pred_opt().unwrap_or(as_of);
    let ask = Ask { from, to: as_of, as_of, by: Vec::new() };
    let _turn = app.turn().await?;
    let run = async { Ok::<_, ServeError>(metric.run(session, &ask).await) };
    let result = app.states.limits().within(run).await.map_err(|error| error.told(sees_all))?;
    let result = result.map_err(|error| error.told(sees_all))?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    if let Some(managers) = result.batch.column_by_name("manager").and_then(|column| column.as_string_opt::<i32>()) {
        for manager in managers.iter().flatten().filter(|name| !name.is_empty()) {
            *counts.entry(manager).or_default() += 1;
        }
    }
    let mut lists: Vec<(String, usize)> = counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
    lists.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(lists)
}

/// Everybody's list, or why there is none.
fn of_each(asker: &Asker, lists: Result<Vec<(String, usize)>, Refusal>, asked: Option<NaiveDate>) -> Markup {
    let title = asker.pick("Списки дел на день", "Worklists of the day");
    html! {
        section class="lists" { "\n"
            h2 { (title) } "\n"
            @match lists {
                Err(refusal) => aside class="notice" role="note" { p { (capital(asker.say(&refusal.what))) ". " (capital(asker.say(&refusal.way))) } },
                Ok(lists) if lists.is_empty() => p class="none" { (asker.pick("Дел ни у кого нет.", "There is nothing to do for anyone.")) },
                Ok(lists) => {
                    ul class="names" { "\n"
                        @for (name, count) in lists {
                            li { a href=(place(WORKLIST, &name, asked)) { (name) } " " span class="count" title=(asker.pick("дел", "things to do")) { (count) } } "\n"
                        }
                    } "\n"
                    p class="none" { (match asker.lang {
                        Lang::Ru => "Рядом с именем — сколько дел: кому звонить и что сдвинуть с места.",
                        Lang::En => "Beside each name: how many calls to make and deals to move.",
                    }) } "\n"
                }
            }
        } "\n"
    }
}
