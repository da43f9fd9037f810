//! What stands before every page: where a request comes from, who asks, in which language; and what is put on every answer.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use maud::html;

use super::answer;
use super::app::{App, Asker, Visitor};
use super::cookies;
use super::frame::{self, Frame, capital};
use super::language;
use super::params::encoded;
use super::refusal::{Refusal, Told};
use crate::model::lang::{Text, both};
use crate::model::shown::in_line;
use crate::serve::Seat;

/// An address is no longer than this.
const LONGEST: usize = 4_096;
/// A choice of language is kept for so long.
const YEAR: Duration = Duration::from_secs(365 * 86_400);
/// Open to whoever comes: they show nothing of the company.
const PUBLIC: [&str; 4] = ["/login", "/logout", "/style.css", "/healthz"];

/// A page may load its style, its font and pictures from here, and nothing else; no script runs, and no other page can frame it.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// The connection that a request came by.
#[derive(Clone)]
pub struct Connection {
    /// Its place among others.
    pub seat: Seat,
    /// Where it comes from.
    pub peer: SocketAddr,
}

/// Lets a request through to its page, and dresses the answer.
pub async fn guard(
    State(app): State<Arc<App>>,
    Extension(connection): Extension<Connection>,
    mut request: Request,
    next: Next,
) -> Response {
    let (lang, is_chosen) = language::of(request.uri().query().unwrap_or(""), request.headers(), app.lang);
    let accepts = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    let visitor = Visitor {
        lang,
        is_person: accepts.contains("text/html"),
        from: connection.peer.ip(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or("").to_owned(),
    };
    let _working = connection.seat.work();
    let mut asker = None;
    // the body stays behind: it cannot be looked at from two threads
    let head = (request.method().clone(), request.uri().clone(), request.headers().clone());
    let mut response = match let_in(&app, &connection, &head, &visitor).await {
        Ok(user) => {
            asker = user;
            request.extensions_mut().insert(visitor.clone());
            if let Some(asker) = &asker {
                request.extensions_mut().insert(asker.clone());
            }
            next.run(request).await
        }
        Err(Stop::Refused(refusal)) => axum::response::IntoResponse::into_response(refusal),
        Err(Stop::LogIn) => answer::see_other(&format!("/login?next={}", encoded(&way_back(&visitor)))),
    };
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        response = told(&app, &visitor, asker.as_ref(), &refusal);
    }
    if is_chosen {
        let cookie = cookies::set(language::COOKIE, language::code(lang), YEAR, app.over_tls, false);
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    // who is not known takes no place of those who are: the next question comes by another connection
    if !connection.seat.has_entered() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    dressed(&app, response)
}

/// Why a request goes no further.
enum Stop {
    Refused(Refusal),
    /// A person who has to log in first.
    LogIn,
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Stop {
        Stop::Refused(refusal)
    }
}

/// Who asks, if it is a page that only users see.
async fn let_in(
    app: &App,
    connection: &Connection,
    (method, uri, headers): &(Method, Uri, HeaderMap),
    visitor: &Visitor,
) -> Result<Option<Asker>, Stop> {
    let length = visitor.path.len() + visitor.query.len();
    if length > LONGEST {
        return Err(Stop::Refused(Refusal::new(
            StatusCode::URI_TOO_LONG,
            both!(
                "в адресе {length} знаков, а бывает не больше {LONGEST}",
                "the address has {length} characters, and at most {LONGEST} may be"
            ),
            Text::new("укоротите его", "make it shorter"),
        )));
    }
    let host = host(uri, headers)?;
    if app.gate.is_open() && !is_this_machine(host) {
        let shown = in_line(host);
        return Err(Stop::Refused(Refusal::new(
            StatusCode::FORBIDDEN,
            both!(
                "сервер без пользователей не отвечает по имени `{shown}`",
                "a server without users does not answer to the name `{shown}`"
            ),
            Text::new(
                "откройте его как localhost или 127.0.0.1; чтобы открыть другим, дайте ему --users",
                "open it as localhost or 127.0.0.1; to open it to others give it --users",
            ),
        )));
    }
    if is_foreign(method, headers, host) {
        return Err(Stop::Refused(Refusal::new(
            StatusCode::FORBIDDEN,
            Text::new("запрос пришёл с другого сайта", "the request came from another site"),
            Text::new("откройте страницу сами", "open the page yourself"),
        )));
    }
    if PUBLIC.contains(&visitor.path.as_str()) {
        return Ok(None);
    }
    match app.gate.who(headers, visitor.from).await? {
        Some(user) => {
            connection.seat.enter(None).map_err(|error| error.told(false))?;
            Ok(Some(Asker::new(user, visitor.clone())))
        }
        None if visitor.is_person => Err(Stop::LogIn),
        None => Err(Stop::Refused(Refusal::new(
            StatusCode::UNAUTHORIZED,
            Text::new("сначала войдите", "log in first"),
            Text::new("скрипту: curl --user ИМЯ; человеку: /login", "a script: curl --user NAME; a person: /login"),
        ))),
    }
}

/// The host that is asked, without its port.
fn host<'r>(uri: &'r Uri, headers: &'r HeaderMap) -> Result<&'r str, Refusal> {
    let missing = || {
        Refusal::bad(
            Text::new("в запросе нет одного Host", "the request has not one Host"),
            Text::new("пришлите заголовок Host", "send the header Host"),
        )
    };
    let mut values = headers.get_all(header::HOST).iter();
    let value = match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map_err(|_| missing())?,
        _ => return Err(missing()),
    };
    match uri.authority() {
        // a whole address in the request line holds before the header
        Some(authority) if authority.as_str() != value => Err(missing()),
        _ => Ok(without_port(value)),
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|digit| digit.is_ascii_digit()) && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

/// Whether a host means this machine, whoever's name server is asked.
fn is_this_machine(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a browser sends this for another site. What changes something must come from a page of ours; what is only looked at may be
/// opened by a link from anywhere, and not be put into another page.
fn is_foreign(method: &Method, headers: &HeaderMap, host: &str) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (site, origin) = (text("sec-fetch-site"), headers.get(header::ORIGIN));
    let is_own_site = site.is_none_or(|site| matches!(site, "same-origin" | "none"));
    let is_own = origin.is_none_or(|origin| {
        let named = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
        named.is_some_and(|(_, place)| {
            without_port(place).eq_ignore_ascii_case(host) && port_of(place) == text("host").and_then(port_of)
        })
    });
    match *method {
        Method::GET | Method::HEAD => {
            let is_opened = text("sec-fetch-mode") == Some("navigate") && text("sec-fetch-dest") == Some("document");
            !is_own_site && !is_opened
        }
        _ => !is_own_site || !is_own,
    }
}

/// The port of a host, where it names one.
fn port_of(host: &str) -> Option<&str> {
    let name = without_port(host);
    host.get(name.len() + 1..).filter(|port| !port.is_empty())
}

/// Where a person wanted to go.
fn way_back(visitor: &Visitor) -> String {
    match visitor.query.is_empty() {
        true => visitor.path.clone(),
        false => format!("{}?{}", visitor.path, visitor.query),
    }
}

/// A refusal in words: a page for a person, lines for a script.
fn told(app: &App, visitor: &Visitor, asker: Option<&Asker>, refusal: &Refusal) -> Response {
    let (what, way) = (visitor.say(&refusal.what), visitor.say(&refusal.way));
    let mut response = match visitor.is_person {
        true => {
            let title = match refusal.status {
                StatusCode::NOT_FOUND => visitor.pick("Не найдено", "Not found"),
                StatusCode::FORBIDDEN => visitor.pick("Нельзя", "Not allowed"),
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => visitor.pick("Не сейчас", "Not now"),
                status if status.is_server_error() => visitor.pick("Ошибка", "An error"),
                StatusCode::UNAUTHORIZED => visitor.pick("Вход", "Log in"),
                _ => visitor.pick("Так спросить нельзя", "This cannot be asked"),
            };
            let body = html! {
                section { "\n"
                    p class="what" { (capital(what)) "." } "\n"
                    @if !way.is_empty() { p class="none" { (capital(way)) } "\n" }
                    @if asker.is_some() { p { a href="/" { (visitor.pick("К списку отчётов", "To the list of reports")) } } "\n" }
                } "\n"
            };
            let frame = Frame { title, subtitle: "", refresh: None, body };
            let html = match asker {
                Some(asker) => frame::page(app, asker, &frame),
                None => frame::bare(app, visitor, &frame),
            };
            answer::page(refusal.status, html)
        }
        false => {
            let way = if way.is_empty() { String::new() } else { format!("    {way}\n") };
            answer::with_type(refusal.status, "text/plain; charset=utf-8", format!("{what}\n{way}").into())
        }
    };
    if refusal.status == StatusCode::UNAUTHORIZED {
        let ask = HeaderValue::from_static("Basic realm=\"Voronka\", charset=\"UTF-8\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, ask);
    }
    if let Some(after) = refusal.after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)));
    }
    response
}

/// What is put on every answer.
fn dressed(app: &App, mut response: Response) -> Response {
    let headers = response.headers_mut();
    let set = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // not `no-referrer`: then browsers would not say where a form comes from
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in set {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if app.over_tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Language, Authorization, Cookie"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_names_of_this_machine_mean_it() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.8.9.1:80", "[::1]:8080", "[::1]"] {
            assert!(is_this_machine(without_port(host)), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example:8080",
            "127.0.0.1.nip.io",
            "10.0.0.1",
            "[::2]:1",
            "",
            "::1.",
            "localhost:8080:1",
        ] {
            assert!(!is_this_machine(without_port(host)), "{host}");
        }
    }

    #[test]
    fn another_site_can_link_to_a_page_and_nothing_else() {
        let get = |pairs: &[(&str, &str)]| is_foreign(&Method::GET, &headers(pairs), "localhost");
        assert!(!get(&[("host", "localhost:1")]));
        assert!(!get(&[("sec-fetch-site", "same-origin")]));
        assert!(!get(&[
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document")
        ]));
        assert!(get(&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")]));
        assert!(get(&[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")]));
        let post = |pairs: &[(&str, &str)]| is_foreign(&Method::POST, &headers(pairs), "localhost");
        assert!(!post(&[("host", "localhost:1")]), "a script");
        assert!(!post(&[("host", "localhost:1"), ("origin", "http://localhost:1")]));
        assert!(post(&[("host", "localhost:1"), ("origin", "http://localhost:2")]));
        assert!(post(&[("host", "localhost:1"), ("origin", "http://evil.example:1")]));
        assert!(post(&[("host", "localhost:1"), ("origin", "null")]));
        assert!(post(&[("host", "localhost:1"), ("sec-fetch-site", "cross-site")]));
        assert!(post(&[
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document")
        ]));
    }
}
