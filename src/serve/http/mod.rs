//! Pages for browsers, and files for scripts: reports, metrics, what is to be done today, the data. Why as it is: `docs/decisions/serve.md`.
//!
//! A request passes `guard`, which knows who asks, and comes to the handler of its page. A page is never made of more than its user may see:
//! every handler asks the session of the user. No script is sent, and none would run.

mod answer;
mod app;
mod cookies;
mod data;
mod days;
mod files;
mod frame;
mod front;
mod gate;
mod guard;
mod language;
mod login;
mod logins;
mod making;
mod metrics;
mod params;
mod patience;
mod refusal;
mod reports;
mod shelf;
mod small;
mod style;
mod today;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router, middleware};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use self::app::App;
use self::gate::Gate;
use self::guard::Connection;
use self::patience::Patient;
use self::refusal::Refusal;
use super::{Bound, Door, Roll, Seat, States, Stop};
use crate::model::lang::{Lang, Text};

/// The head of a request is sent within this time; a connection without a request is closed after it.
const HEAD: Duration = Duration::from_secs(20);
/// A client who reads nothing of an answer for so long is given up.
const UNREAD: Duration = Duration::from_secs(60);
/// Headers of a request.
const MOST_HEADERS: usize = 64;
/// Bytes of the head of a request.
const LONGEST_HEAD: usize = 32 << 10;

/// Serves pages until it is time to stop. `roll`: who may come in; without it everyone who can reach the address.
pub async fn serve(bound: Bound, door: &Door, states: Arc<States>, roll: Option<Roll>, stop: Stop, lang: Lang) {
    let tls = door.tls.clone();
    let gate = Gate::new(roll, tls.is_some());
    let app = Arc::new(App::new(states, gate, lang, tls.is_some()));
    let (makings, router) = (Arc::clone(&app.makings), router(app));
    let on = move |stream: TcpStream, seat: Seat| {
        let (router, tls) = (router.clone(), tls.clone());
        async move {
            match tls {
                None => answer_all(stream, seat, router).await,
                // who cannot shake hands hears nothing from us
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        answer_all(stream, seat, router).await;
                    }
                }
            }
        }
    };
    bound.serve(stop, on).await;
    makings.stop();
}

/// Answers the requests of one connection.
async fn answer_all<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, seat: Seat, router: Router) {
    let connection = Connection { seat: seat.clone(), peer: seat.peer() };
    let service = TowerToHyperService::new(router.layer(Extension(connection)));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD).max_headers(MOST_HEADERS).max_buf_size(LONGEST_HEAD);
    let mut serving = std::pin::pin!(builder.serve_connection(TokioIo::new(Patient::new(stream, UNREAD)), service));
    // what goes wrong on the wire is the other side's business
    tokio::select! {
        _ = serving.as_mut() => {}
        () = seat.stopped() => {
            serving.as_mut().graceful_shutdown();
            let _ = serving.await;
        }
    }
}

/// The pages by their addresses.
fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(front::show))
        .route("/reports/{name}", get(reports::show))
        .route("/reports/{name}/{format}", get(reports::file))
        .route("/metrics", get(metrics::list))
        .route("/metrics/{name}", get(metrics::show))
        .route("/metrics/{name}/csv", get(metrics::csv_file))
        .route("/metrics/{name}/xlsx", get(metrics::xlsx_file))
        .route("/today", get(today::show))
        .route("/data", get(data::show))
        .route("/login", get(login::show).post(login::log_in))
        .route("/logout", post(login::log_out))
        .route("/style.css", get(style_sheet))
        .route("/healthz", get(health))
        .fallback(no_page)
        .method_not_allowed_fallback(no_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), guard::guard))
        .with_state(app)
}

/// The style, to be kept for ever: another style has another address.
async fn style_sheet(State(app): State<Arc<App>>) -> Response {
    let mut response = answer::with_type(StatusCode::OK, "text/css; charset=utf-8", app.style.text.clone().into());
    let ever = HeaderValue::from_static("public, max-age=31536000, immutable");
    response.headers_mut().insert(header::CACHE_CONTROL, ever);
    response
}

/// Whether the server answers, for whoever looks after it.
async fn health() -> Response {
    answer::with_type(StatusCode::OK, "text/plain; charset=utf-8", "ok\n".into())
}

async fn no_page(uri: Uri) -> Refusal {
    Refusal::no_page(uri.path())
}

async fn no_method() -> Refusal {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        Text::new("так эту страницу не спрашивают", "this page is not asked so"),
        Text::new(
            "страницы читают через GET; менять здесь нечего",
            "pages are read by GET; there is nothing to change here",
        ),
    )
}
