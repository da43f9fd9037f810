//! What all served pages have in common: the head, the bar with the ways to other pages, the foot.

use maud::{DOCTYPE, Markup, html};

use super::app::{App, Asker, Visitor};
use super::language::code;
use crate::report::render::Around;

/// A page of ours, no report.
#[derive(Debug)]
pub struct Frame<'a> {
    /// Its title.
    pub title: &'a str,
    /// The line below the title; empty: none.
    pub subtitle: &'a str,
    /// After so many seconds the browser asks again.
    pub refresh: Option<u64>,
    /// What it holds.
    pub body: Markup,
}

/// The places that the bar leads to: address, Russian, English.
const PLACES: [(&str, &str, &str); 4] = [
    ("/", "Отчёты", "Reports"),
    ("/today", "На сегодня", "Today"),
    ("/metrics", "Показатели", "Metrics"),
    ("/data", "Данные", "Data"),
];

/// The whole page.
pub fn page(app: &App, asker: &Asker, frame: &Frame<'_>) -> String {
    let company = app.states.regulation().company().to_owned();
    let markup = html! {
        (DOCTYPE) "\n"
        html lang=(code(asker.lang)) { "\n"
            head { "\n"
                meta charset="utf-8"; "\n"
                meta name="viewport" content="width=device-width, initial-scale=1"; "\n"
                meta name="color-scheme" content="light"; "\n"
                @if let Some(seconds) = frame.refresh { meta http-equiv="refresh" content=(seconds); "\n" }
                title { (frame.title) " · " (company) } "\n"
                (head(app))
            } "\n"
            body class="served" { "\n"
                (bar(app, asker))
                div class="page" { "\n"
                    header { "\n"
                        p class="company" { (company) } "\n"
                        h1 { (frame.title) } "\n"
                        @if !frame.subtitle.is_empty() { p class="subtitle" { (frame.subtitle) } "\n" }
                    } "\n"
                    main { "\n" (frame.body) } "\n"
                } "\n"
            } "\n"
        } "\n"
    };
    markup.into_string()
}

/// The page of someone who is not known yet: it says nothing of the company.
pub fn bare(app: &App, asker: &Visitor, frame: &Frame<'_>) -> String {
    let markup = html! {
        (DOCTYPE) "\n"
        html lang=(code(asker.lang)) { "\n"
            head { "\n"
                meta charset="utf-8"; "\n"
                meta name="viewport" content="width=device-width, initial-scale=1"; "\n"
                meta name="color-scheme" content="light"; "\n"
                title { (frame.title) " · Voronka" } "\n"
                (head(app))
            } "\n"
            body class="served bare" { "\n"
                div class="page" { "\n"
                    header { "\n"
                        p class="company" { "Voronka" } "\n"
                        h1 { (frame.title) } "\n"
                    } "\n"
                    main { "\n" (frame.body) } "\n"
                    (languages(asker))
                } "\n"
            } "\n"
        } "\n"
    };
    markup.into_string()
}

/// What stands around a report: the bar above it, and this below its title.
pub fn around(app: &App, asker: &Asker, within: Markup) -> Around {
    Around { head: head(app), above: bar(app, asker), within, below: Markup::default(), whole: None }
}

/// The style, and an icon that nobody has to ask for.
pub fn head(app: &App) -> Markup {
    html! {
        link rel="stylesheet" href=(app.style.address); "\n"
        link rel="icon" href="data:,"; "\n"
        meta name="robots" content="noindex"; "\n"
    }
}

/// The bar.
pub fn bar(app: &App, asker: &Asker) -> Markup {
    let is_here = |place: &str| match place {
        "/" => asker.path == "/" || asker.path.starts_with("/reports"),
        other => asker.path.starts_with(other),
    };
    html! {
        div class="bar" { "\n"
            div class="places" { "\n"
                @for (place, ru, en) in PLACES {
                    a href=(place) aria-current=[is_here(place).then_some("page")] { (asker.pick(ru, en)) } "\n"
                }
            } "\n"
            div class="who" { "\n"
                (languages(asker))
                @if !app.gate.is_open() {
                    form method="post" action="/logout" { "\n"
                        span class="name" { (asker.user.name()) } " "
                        button type="submit" { (asker.pick("Выйти", "Log out")) }
                    } "\n"
                }
            } "\n"
        } "\n"
    }
}

/// The same page in the other language.
fn languages(asker: &Visitor) -> Markup {
    let other = asker.pick("en", "ru");
    let kept = asker.query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("lang="));
    let query: String = kept.map(|pair| format!("{pair}&")).collect();
    html! {
        a class="lang" href={ (asker.path) "?" (query) "lang=" (other) } lang=(other) hreflang=(other) {
            (asker.pick("English", "По-русски"))
        } "\n"
    }
}

/// A form's field: a label and what is filled in.
pub fn field(label: &str, input: &Markup) -> Markup {
    html! { label class="field" { span { (label) } (input) } "\n" }
}

/// A sentence begins so.
pub fn capital(text: &str) -> String {
    let mut symbols = text.chars();
    symbols.next().map_or_else(String::new, |first| first.to_uppercase().chain(symbols).collect())
}
