//! The Bot API of Telegram: a message, then each file. The token is a part of every address, so no address is ever shown.

use std::time::Duration;

use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use url::Url;

use super::begin::Begin;
use super::http::{Answer, Web, ask, judged, words};
use super::outcome::Outcome;
use super::package::Attached;
use super::secret::Secret;
use crate::model::lang::{Text, both};

/// A message has at most so many units.
pub(super) const TEXT: usize = 4096;
/// A bot may send files up to this size.
const FILE: usize = 50 * 1_000_000;

/// The body of `sendMessage`.
pub(super) fn message(chat: &str, text: &str) -> Value {
    json!({
        "chat_id": chat_id(chat),
        "text": text,
        "parse_mode": "HTML",
        "link_preview_options": { "is_disabled": true },
    })
}

fn chat_id(chat: &str) -> Value {
    chat.parse::<i64>().map_or_else(|_| json!(chat), |id| json!(id))
}

/// Sends the message.
pub(super) async fn send_message(
    web: &Web,
    (endpoint, token): (&Url, &Secret),
    body: &Value,
    limit: Duration,
    begin: Begin,
) -> Outcome {
    match method(endpoint, token, "sendMessage") {
        Ok(url) => called(web.call(Method::POST, url).json(body).timeout(limit), begin).await,
        Err(outcome) => outcome,
    }
}

/// Sends a file.
pub(super) async fn send_file(
    web: &Web,
    (endpoint, token): (&Url, &Secret),
    chat: &str,
    file: &Attached,
    limit: Duration,
    begin: Begin,
) -> Outcome {
    if let Some(outcome) = too_large(file) {
        return outcome;
    }
    let part = Part::bytes(file.bytes.clone()).file_name(file.name.clone()).mime_str(file.mime);
    match (method(endpoint, token, "sendDocument"), part) {
        (Ok(url), Ok(part)) => {
            let form = Form::new().text("chat_id", chat.to_owned()).part("document", part);
            called(web.call(Method::POST, url).multipart(form).timeout(limit), begin).await
        }
        (Err(outcome), _) => outcome,
        (_, Err(error)) => Outcome::Refused {
            why: both!("файл не приложить: {error}", "the file cannot be attached: {error}"),
        },
    }
}

/// Why a file cannot be sent.
pub(super) fn too_large(file: &Attached) -> Option<Outcome> {
    (file.bytes.len() > FILE).then(|| Outcome::Refused {
        why: both!(
            "файл {} — {} МБ, а Telegram принимает до 50: уберите формат из `formats`",
            "the file {} has {} MB, and Telegram takes 50: leave out one of `formats`",
            file.name,
            file.bytes.len() / 1_000_000
        ),
    })
}

fn method(endpoint: &Url, token: &Secret, name: &str) -> Result<Url, Outcome> {
    let address = format!("{}/bot{}/{name}", endpoint.as_str().trim_end_matches('/'), token.expose());
    Url::parse(&address).map_err(|_| Outcome::Refused {
        why: Text::new("токен не годится для адреса", "the token does not fit an address"),
    })
}

async fn called(request: RequestBuilder, begin: Begin) -> Outcome {
    if let Err(why) = begin() {
        return Outcome::Failed { why, wait: None };
    }
    match ask(request).await {
        Ok(answer) => told(&answer),
        Err(outcome) => outcome,
    }
}

/// What an answer says: why it was refused stands in its body, and how long to wait.
fn told(answer: &Answer) -> Outcome {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let said = body["description"].as_str().map_or_else(|| words(&answer.body), str::to_owned);
    let wait = body["parameters"]["retry_after"].as_u64().map(Duration::from_secs).or(answer.wait);
    match (judged(answer.status, wait, &said), body["ok"].as_bool()) {
        (Outcome::Sent, Some(false)) => Outcome::Refused { why: Text::same(said) },
        (outcome, _) => outcome,
    }
}
