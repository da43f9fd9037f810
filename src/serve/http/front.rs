//! The front page: which reports there are, of which periods, and as of which day.

use chrono::{Datelike, Days, Months, NaiveDate};
use maud::{Markup, html};

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

use super::answer::{self, Answer};
use super::app::{App, Asker};
use super::frame::{self, Frame, field};
use super::params::{encoded, latest};
use super::shelf::Listed;
use crate::model::calendar::Calendar;
use crate::model::lang::Lang;
use crate::report::Period;
use crate::report::definition::Definition;
use crate::report::render::number::Numbers;

/// So many earlier periods are one click away.
const EARLIER: u32 = 4;

/// The page.
pub async fn show(State(app): State<Arc<App>>, Extension(asker): Extension<Asker>) -> Answer {
    let params = asker.params(&["as_of"])?;
    let usual = app.usual_day(&asker).await?;
    let asked = params.day("as_of", latest(usual))?.filter(|day| *day != usual);
    let as_of = asked.unwrap_or(usual);
    let regulation = app.states.regulation();
    let numbers = Numbers { lang: asker.lang, currency: regulation.currency_sign() };
    let reports = app.shelf.reports(app.states.company(), &app.states.catalog());
    let (own, shipped): (Vec<&Listed>, Vec<&Listed>) = reports.all.values().partition(|report| report.is_own);
    let group = |title: &str, listed: &[&Listed]| {
        html! {
            @if !listed.is_empty() {
                section { "\n"
                    h2 { (title) } "\n"
                    ul class="reports" { "\n"
                        @for report in listed { (one(report, &asker, &numbers, as_of, asked)) }
                    } "\n"
                } "\n"
            }
        }
    };
    let body = html! {
        (day_form(&asker, as_of, usual))
        (group(asker.pick("Отчёты компании", "Reports of the company"), &own))
        (group(asker.pick("Отчёты", "Reports"), &shipped))
    };
    let (title, day) = (asker.pick("Отчёты", "Reports"), numbers.date(as_of));
    let subtitle = match asker.lang {
        Lang::Ru => format!("На утро {day}: что случилось в этот день и позже, в отчёты не входит"),
        Lang::En => format!("On the morning of {day}: what happened on that day or later is in none of them"),
    };
    let subtitle = told_held(&asker, subtitle);
    Ok(answer::page(
        StatusCode::OK,
        frame::page(&app, &asker, &Frame { title, subtitle: &subtitle, refresh: None, body }),
    ))
}

/// To what who asks is held, before a line.
pub fn told_held(asker: &Asker, line: String) -> String {
    let held: String = asker.user.only().iter().map(|(_, value)| format!("{value} · ")).collect();
    format!("{held}{line}")
}

/// The form that picks the day.
fn day_form(asker: &Asker, as_of: NaiveDate, usual: NaiveDate) -> Markup {
    html! {
        form class="ask" method="get" action="/" { "\n"
            (field(asker.pick("На день", "As of"), &html! { input type="date" name="as_of" value=(as_of) required; }))
            button type="submit" { (asker.pick("Показать", "Show")) } "\n"
            @if as_of != usual { a class="plain" href="/" { (asker.pick("На сегодня", "Back to today")) } "\n" }
        } "\n"
    }
}

fn one(report: &Listed, asker: &Asker, numbers: &Numbers<'_>, as_of: NaiveDate, asked: Option<NaiveDate>) -> Markup {
    let place = format!("/reports/{}", encoded(&report.name));
    let of = |day: Option<NaiveDate>| day.map(|day| format!("?as_of={day}")).unwrap_or_default();
    html! {
        li { "\n"
            @match &report.definition {
                Ok(definition) => {
                    h3 { a href={ (place) (of(asked)) } { (asker.say(definition.title())) } } "\n"
                    p class="about" {
                        @if let Some(audience) = definition.audience() { (asker.say(audience)) " · " }
                        (period_in_words(definition.period(), asker, numbers, as_of))
                    } "\n"
                    (whom(definition, asker, &place, asked))
                    p class="earlier" {
                        (asker.pick("Раньше: ", "Earlier: "))
                        @for (at, day) in earlier(definition.period(), as_of).into_iter().enumerate() {
                            @if at > 0 { " · " }
                            a href={ (place) (of(Some(day))) } { (in_short(definition.period(), numbers, day)) }
                        }
                    } "\n"
                }
                Err(problems) => {
                    h3 { (report.name) } "\n"
                    aside class="notice" role="note" {
                        p { b { (asker.pick("В описании ошибки.", "The definition has problems.")) } }
                        pre { (asker.say(problems)) }
                    } "\n"
                }
            }
        } "\n"
    }
}

/// For whom a report is made, where it is not one for all.
fn whom(definition: &Definition, asker: &Asker, place: &str, asked: Option<NaiveDate>) -> Markup {
    let day = asked.map(|day| format!("&as_of={day}")).unwrap_or_default();
    html! {
        @if !definition.roles().is_empty() {
            p class="earlier" {
                (asker.pick("По ролям: ", "By role: "))
                @for (at, role) in definition.roles().iter().enumerate() {
                    @if at > 0 { " · " }
                    a href={ (place) "?for=" (encoded(&role.id)) (day) } { (asker.say(&role.title)) }
                }
            } "\n"
        }
        @if definition.person().is_some() {
            p class="earlier" { (asker.pick("Свой у каждого: откройте и выберите, чей.", "One for each person: open it and pick whose.")) } "\n"
        }
    }
}

/// The period and its days.
fn period_in_words(period: Period, asker: &Asker, numbers: &Numbers<'_>, as_of: NaiveDate) -> String {
    let range = period.range(as_of, as_of);
    let words = period.words(asker.lang);
    match period {
        Period::All => words,
        Period::Months(1) | Period::ThisMonth => format!("{words}: {}", numbers.month(range.from)),
        _ if range.from.year() == range.last().year() => {
            format!("{words}: {}\u{a0}– {}", numbers.short_date(range.from), numbers.date(range.last()))
        }
        _ => format!("{words}: {}\u{a0}– {}", numbers.date(range.from), numbers.date(range.last())),
    }
}

/// An earlier period in short: its days where it is a week, its month, or else its last day.
fn in_short(period: Period, numbers: &Numbers<'_>, as_of: NaiveDate) -> String {
    let range = period.range(as_of, as_of);
    match period {
        Period::Months(1) | Period::ThisMonth => numbers.month(range.from),
        Period::Weeks(1) => format!("{}\u{a0}– {}", numbers.short_date(range.from), numbers.short_date(range.last())),
        _ => format!("{} {}", numbers.lang.pick("по", "up to"), numbers.date(range.last())),
    }
}

/// The days as of which the earlier periods are told, the newest first.
fn earlier(period: Period, as_of: NaiveDate) -> Vec<NaiveDate> {
    let back = |n: u32| match period {
        Period::Months(_) => Calendar::first_of_month(as_of).checked_sub_months(Months::new(n)),
        Period::ThisMonth => {
            let first = Calendar::first_of_month(as_of).checked_sub_months(Months::new(n - 1));
            first.and_then(|first| first.checked_sub_days(Days::new(1)))
        }
        _ => Calendar::monday(as_of).checked_sub_days(Days::new(7 * u64::from(n))),
    };
    (1..=EARLIER).filter_map(back).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_periods_lie_before_one_another() {
        let as_of: NaiveDate = "2025-07-02".parse().unwrap();
        for (period, expected) in [
            ("last_week", ["06-16 06-22", "06-09 06-15", "06-02 06-08", "05-26 06-01"]),
            ("last_month", ["05-01 05-31", "04-01 04-30", "03-01 03-31", "02-01 02-28"]),
            ("this_month", ["06-01 06-30", "05-01 05-31", "04-01 04-30", "03-01 03-31"]),
        ] {
            let period = Period::parse(period).unwrap();
            let told = |day: NaiveDate| {
                let range = period.range(day, day);
                format!("{} {}", range.from.format("%m-%d"), range.last().format("%m-%d"))
            };
            let found: Vec<String> = earlier(period, as_of).into_iter().map(told).collect();
            assert_eq!(found, expected);
        }
    }
}
