//! Calls over HTTP: every one ends in time, follows no redirect, and says for certain or not whether it was accepted.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, StatusCode};
use url::Url;

use super::error::DeliveryError;
use super::outcome::Outcome;
use super::place::is_loopback;
use crate::model::lang::{Text, both};

/// Of an answer no more than this is read.
const ANSWER: usize = 64 << 10;
/// A server may be waited for no longer than this within a run.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// So long a connection may take.
const CONNECT: Duration = Duration::from_secs(20);

/// What calls are made with.
#[derive(Debug)]
pub(super) struct Web {
    outward: Client,
    /// A proxy does not lead to this machine.
    here: Client,
}

/// What the other side answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    /// How long it asks to wait.
    pub wait: Option<Duration>,
    pub body: Vec<u8>,
}

impl Web {
    pub fn new(timeout: Duration) -> Result<Web, DeliveryError> {
        // a connection of its own for each call: one that was kept may be closed before it is used again, and then nobody knows
        let builder = || {
            Client::builder()
                .user_agent(concat!("voronka/", env!("CARGO_PKG_VERSION")))
                .redirect(Policy::none())
                .pool_max_idle_per_host(0)
                .connect_timeout(CONNECT.min(timeout))
                .timeout(timeout)
        };
        let made = |builder: ClientBuilder| {
            builder.build().map_err(|error| DeliveryError::Client { what: error.without_url().to_string() })
        };
        Ok(Web { outward: made(builder())?, here: made(builder().no_proxy())? })
    }

    /// Begins a call.
    pub fn call(&self, method: Method, url: Url) -> RequestBuilder {
        let client = if is_loopback(&url) { &self.here } else { &self.outward };
        client.request(method, url)
    }
}

/// Makes a call. An error says how it ended; none of its words hold the address, which may be a secret.
pub(super) async fn ask(request: RequestBuilder) -> Result<Answer, Outcome> {
    let mut response = request.send().await.map_err(unanswered)?;
    let status = response.status();
    let header = response.headers().get(reqwest::header::RETRY_AFTER);
    let wait = header.and_then(|value| value.to_str().ok()?.trim().parse().ok()).map(Duration::from_secs);
    let mut body = Vec::new();
    // the status is the answer: what is missing of the words behind it changes nothing
    while let Ok(Some(piece)) = response.chunk().await {
        body.extend_from_slice(&piece);
        if body.len() > ANSWER {
            body.truncate(ANSWER);
            break;
        }
    }
    Ok(Answer { status, wait, body })
}

fn unanswered(error: reqwest::Error) -> Outcome {
    let (is_connect, is_builder, is_timeout) = (error.is_connect(), error.is_builder(), error.is_timeout());
    let error = error.without_url();
    let mut said = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        let cause_said = cause.to_string();
        if !said.contains(&cause_said) {
            said = format!("{said}: {cause_said}");
        }
        source = cause.source();
    }
    match (is_builder, is_connect, is_timeout) {
        (true, ..) => Outcome::Refused {
            why: both!("запрос не составить: {said}", "the request cannot be made: {said}"),
        },
        (_, true, _) => {
            Outcome::Failed { why: both!("нет соединения: {said}", "no connection: {said}"), wait: None }
        }
        (.., true) => {
            Outcome::Unknown { why: both!("ответа не дождались: {said}", "no answer in time: {said}") }
        }
        _ => Outcome::Unknown {
            why: both!("соединение оборвалось до ответа: {said}", "the connection ended before the answer: {said}"),
        },
    }
}

/// What a status means: accepted, try again, refused, or not known.
pub(super) fn judged(status: StatusCode, wait: Option<Duration>, said: &str) -> Outcome {
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    let why = || both!("ответ {}{said}", "the answer is {}{said}", status.as_u16());
    match status.as_u16() {
        200..=299 => Outcome::Sent,
        // it did not take it, and says so
        408 | 425 | 429 | 500 | 503 => Outcome::Failed { why: why(), wait },
        // somebody between us and it does not know whether it did
        502 | 504..=599 => Outcome::Unknown { why: why() },
        300..=399 => {
            let more = Text::new("; переадресациям не следуем", "; redirects are not followed");
            Outcome::Refused { why: why().and(more) }
        }
        _ => Outcome::Refused { why: why() },
    }
}

/// The words of an answer, as text.
pub(super) fn words(body: &[u8]) -> String {
    String::from_utf8_lossy(body).split_whitespace().collect::<Vec<_>>().join(" ")
}
