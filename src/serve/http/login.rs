//! The log-in: a form, and what comes of it.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use maud::html;

use super::answer::{self, Answer};
use super::app::{App, Visitor};
use super::frame::{self, Frame, capital, field};
use super::params::Params;
use super::refusal::Refusal;
use crate::model::lang::{Text, both};

/// A form is no longer than this.
const LONGEST: usize = 8 << 10;
/// A form is sent within this time.
const PATIENCE: Duration = Duration::from_secs(10);
/// Fields of the form.
const FIELDS: [&str; 3] = ["name", "password", "next"];

/// The form.
pub async fn show(State(app): State<Arc<App>>, Extension(asker): Extension<Visitor>) -> Answer {
    let params = asker.params(&["next"])?;
    let next = local(params.one("next")?.unwrap_or("/"));
    if app.gate.is_open() {
        return Ok(answer::see_other(&next));
    }
    Ok(form(&app, &asker, StatusCode::OK, "", &next, None))
}

/// Logs in.
pub async fn log_in(State(app): State<Arc<App>>, Extension(asker): Extension<Visitor>, request: Request) -> Answer {
    let form_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !form_type.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Text::new("вход — это форма", "a log-in is a form"),
            Text::new(
                "пришлите application/x-www-form-urlencoded; скриптам проще curl --user",
                "send application/x-www-form-urlencoded; for scripts curl --user is simpler",
            ),
        ));
    }
    let text = body(request.into_body()).await?;
    let params = Params::read(&text, &FIELDS)?;
    let (name, password) = (params.one("name")?.unwrap_or(""), params.raw("password"));
    let next = local(params.one("next")?.unwrap_or("/"));
    match app.gate.check(name, password, asker.from).await {
        Ok(user) => {
            let mut response = answer::see_other(&next);
            if let Ok(cookie) = HeaderValue::from_str(&app.gate.log_in(&user)?) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            Ok(response)
        }
        Err(refusal) if asker.is_person => {
            let mut response = form(&app, &asker, refusal.status, name, &next, Some(&refusal));
            if let Some(after) = refusal.after {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)));
            }
            Ok(response)
        }
        Err(refusal) => Err(refusal),
    }
}

/// Logs out.
pub async fn log_out(State(app): State<Arc<App>>, request: Request) -> Answer {
    let cookie = app.gate.log_out(request.headers());
    let mut response = answer::see_other(if app.gate.is_open() { "/" } else { "/login" });
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn body(body: Body) -> Result<String, Refusal> {
    let read = tokio::time::timeout(PATIENCE, axum::body::to_bytes(body, LONGEST)).await;
    let bytes = match read {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            return Err(Refusal::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                both!(
                    "форма длиннее {LONGEST} байт, или её не дослали",
                    "the form is longer than {LONGEST} bytes, or was cut off"
                ),
                Text::new("имя и пароль столько не занимают", "a name and a password are shorter"),
            ));
        }
        Err(_) => {
            return Err(Refusal::new(
                StatusCode::REQUEST_TIMEOUT,
                Text::new("форму слали слишком долго", "the form took too long to arrive"),
                Text::new("пошлите её снова", "send it again"),
            ));
        }
    };
    String::from_utf8(bytes.to_vec()).map_err(|_| {
        Refusal::bad(
            Text::new("форма не в UTF-8", "the form is not UTF-8"),
            Text::new("пошлите её в UTF-8", "send it as UTF-8"),
        )
    })
}

fn form(
    app: &App,
    asker: &Visitor,
    status: StatusCode,
    name: &str,
    next: &str,
    refusal: Option<&Refusal>,
) -> axum::response::Response {
    let body = html! {
        @if let Some(refusal) = refusal {
            aside class="notice" role="alert" { p { (capital(asker.say(&refusal.what))) ". " (capital(asker.say(&refusal.way))) "." } } "\n"
        }
        form class="login" method="post" action="/login" { "\n"
            (field(asker.pick("Имя", "Name"), &html! {
                input type="text" name="name" value=(name) autocomplete="username" autocapitalize="none" required autofocus[name.is_empty()];
            }))
            (field(asker.pick("Пароль", "Password"), &html! {
                input type="password" name="password" autocomplete="current-password" required autofocus[!name.is_empty()];
            }))
            input type="hidden" name="next" value=(next); "\n"
            button type="submit" { (asker.pick("Войти", "Log in")) } "\n"
        } "\n"
    };
    let title = asker.pick("Вход", "Log in");
    answer::page(status, frame::bare(app, asker, &Frame { title, subtitle: "", refresh: None, body }))
}

/// A place on this server, or the front page: a link from elsewhere cannot lead away after the log-in.
fn local(place: &str) -> String {
    let is_local = place.starts_with('/')
        && !place.starts_with("//")
        && place.len() < 2_000
        && place.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let leads_back = place.starts_with("/login") || place.starts_with("/logout");
    if is_local && !leads_back { place.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_away() {
        for place in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/\t/evil",
            "javascript:x",
            "",
            "/login",
            "/logout?x",
        ] {
            assert_eq!(local(place), "/", "{place:?}");
        }
        assert_eq!(local("/reports/weekly?as_of=2025-06-30&for=%D0%98"), "/reports/weekly?as_of=2025-06-30&for=%D0%98");
    }
}
