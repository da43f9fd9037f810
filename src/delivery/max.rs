//! The bot API of MAX: a message, then each file, which is first uploaded and then sent by its token.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use url::Url;

use super::begin::Begin;
use super::file::MaxChat;
use super::http::{Answer, Web, ask, judged, words};
use super::outcome::Outcome;
use super::package::Attached;
use super::place::is_loopback;
use super::secret::Secret;
use crate::model::lang::{Text, both};

/// A message has at most so many signs.
pub(super) const TEXT: usize = 4000;
/// An uploaded file can be sent only when the service has looked at it.
const NOT_READY: &str = "attachment.not.ready";
/// So long it takes to do so.
const READY: Duration = Duration::from_secs(3);

/// The body of a message.
pub(super) fn message(text: &str) -> Value {
    json!({ "text": text, "format": "html", "attachments": [] })
}

/// Sends the message.
pub(super) async fn send_message(
    web: &Web,
    (endpoint, token): (&Url, &Secret),
    chat: MaxChat,
    body: &Value,
    limit: Duration,
    begin: Begin,
) -> Outcome {
    let url = match messages(endpoint, chat) {
        Ok(url) => url,
        Err(outcome) => return outcome,
    };
    if let Err(why) = begin() {
        return Outcome::Failed { why, wait: None };
    }
    let request = web.call(Method::POST, url).header(AUTHORIZATION, token.expose()).json(body).timeout(limit);
    match ask(request).await {
        Ok(answer) => told(&answer),
        Err(outcome) => outcome,
    }
}

/// Uploads a file and sends it. Until the message with it is posted, nobody has got anything.
pub(super) async fn send_file(
    web: &Web,
    (endpoint, token): (&Url, &Secret),
    chat: MaxChat,
    file: &Attached,
    limit: Duration,
    begin: Begin,
) -> Outcome {
    let uploaded = match upload(web, (endpoint, token), file, limit).await {
        Ok(uploaded) => uploaded,
        Err(Outcome::Unknown { why }) => return Outcome::Failed { why, wait: None },
        Err(outcome) => return outcome,
    };
    let body = json!({ "text": "", "attachments": [{ "type": "file", "payload": { "token": uploaded } }] });
    send_message(web, (endpoint, token), chat, &body, limit, begin).await
}

/// The token of the uploaded file.
async fn upload(
    web: &Web,
    (endpoint, token): (&Url, &Secret),
    file: &Attached,
    limit: Duration,
) -> Result<String, Outcome> {
    let mut url = method(endpoint, "uploads")?;
    url.query_pairs_mut().append_pair("type", "file");
    // some servers want to be told that nothing follows
    let request = web.call(Method::POST, url).header(CONTENT_LENGTH, 0).header(AUTHORIZATION, token.expose());
    let request = request.timeout(limit);
    let place = field(&ask(request).await?, "url")?;
    let place =
        Url::parse(&place).ok().filter(|url| url.scheme() == "https" || (is_loopback(url) && is_loopback(endpoint)));
    let Some(place) = place else {
        return Err(Outcome::Refused {
            why: Text::new(
                "MAX назвал для загрузки адрес без шифрования",
                "MAX named an address to upload to that is not encrypted",
            ),
        });
    };
    let part = Part::bytes(file.bytes.clone()).file_name(file.name.clone()).mime_str(file.mime);
    let part = part.map_err(|error| Outcome::Refused {
        why: both!("файл не приложить: {error}", "the file cannot be attached: {error}"),
    })?;
    // the address is made for this one file: it gets no token of the bot
    let request = web.call(Method::POST, place).multipart(Form::new().part("data", part)).timeout(limit);
    field(&ask(request).await?, "token")
}

/// A text in an answer that must have gone well.
fn field(answer: &Answer, name: &str) -> Result<String, Outcome> {
    match told(answer) {
        Outcome::Sent => {}
        outcome => return Err(outcome),
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    body[name].as_str().map(str::to_owned).ok_or_else(|| Outcome::Failed {
        why: both!("в ответе MAX нет `{name}`", "the answer of MAX has no `{name}`"),
        wait: None,
    })
}

fn messages(endpoint: &Url, chat: MaxChat) -> Result<Url, Outcome> {
    let mut url = method(endpoint, "messages")?;
    let (name, id) = match chat {
        MaxChat::Chat(id) => ("chat_id", id),
        MaxChat::User(id) => ("user_id", id),
    };
    url.query_pairs_mut().append_pair(name, &id.to_string()).append_pair("disable_link_preview", "true");
    Ok(url)
}

fn method(endpoint: &Url, name: &str) -> Result<Url, Outcome> {
    let address = format!("{}/{name}", endpoint.as_str().trim_end_matches('/'));
    Url::parse(&address).map_err(|_| Outcome::Refused {
        why: Text::new("endpoint в [max] не годится", "the endpoint in [max] cannot be used"),
    })
}

fn told(answer: &Answer) -> Outcome {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let said = body["message"].as_str().map_or_else(|| words(&answer.body), str::to_owned);
    match judged(answer.status, answer.wait, &said) {
        Outcome::Refused { why } if body["code"].as_str() == Some(NOT_READY) => {
            Outcome::Failed { why, wait: Some(READY) }
        }
        outcome => outcome,
    }
}
