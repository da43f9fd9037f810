//! Letters: made as MIME, handed over by SMTP step by step, so that it is known after a failure whether the server may have taken it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, MailBodyParameter, MailParameter};
use tokio::sync::oneshot;

use super::begin::Begin;
use super::file::{MailServer, Security};
use super::message::Message;
use super::outcome::Outcome;
use super::secret::Secret;
use crate::model::lang::{Text, both};
use crate::report::render::letter::text;

/// A letter as it goes over the wire.
#[derive(Debug, Clone)]
pub(super) struct Eml {
    pub envelope: Envelope,
    pub bytes: Vec<u8>,
}

/// Makes the letter. The same message, key and moment give the same bytes.
pub(super) fn eml(
    server: &MailServer,
    to: &Mailbox,
    message: &Message,
    key: &str,
    at: DateTime<Utc>,
) -> Result<Eml, Text> {
    let made = |what: &str| both!("письмо не составить: {what}", "the letter cannot be made: {what}");
    let mime = |mime: &str| ContentType::parse(mime).map_err(|error| made(&error.to_string()));
    let letter = &message.letter;
    let plain = SinglePart::plain(text(&letter.lines));
    let html = SinglePart::html(letter.html.clone());
    let alternative = MultiPart::alternative().boundary(boundary("a", key)).singlepart(plain);
    let body = if letter.pictures.is_empty() {
        alternative.singlepart(html)
    } else {
        let mut related = MultiPart::related().boundary(boundary("r", key)).singlepart(html);
        for picture in &letter.pictures {
            let inline = Attachment::new_inline_with_name(picture.id.clone(), picture.name.clone());
            related = related.singlepart(inline.body(picture.png.clone(), mime("image/png")?));
        }
        alternative.multipart(related)
    };
    let mut whole = MultiPart::mixed().boundary(boundary("m", key)).multipart(body);
    for file in &message.package.files {
        whole = whole.singlepart(Attachment::new(file.name.clone()).body(file.bytes.clone(), mime(file.mime)?));
    }
    let mut builder = lettre::Message::builder()
        .from(server.from.clone())
        .to(to.clone())
        .subject(&message.subject)
        .date(SystemTime::from(at))
        .message_id(Some(format!("<{key}@{}>", server.from.email.domain())))
        // nobody's absence is answered to a program
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()));
    if let Some(reply_to) = &server.reply_to {
        builder = builder.reply_to(reply_to.clone());
    }
    let letter = builder.multipart(whole).map_err(|error| made(&error.to_string()))?;
    Ok(Eml { envelope: letter.envelope().clone(), bytes: letter.formatted() })
}

fn boundary(level: &str, key: &str) -> String {
    format!("voronka-{level}-{key}")
}

/// Where a dialogue stands, for whoever stops waiting for it.
const BEFORE: u8 = 0;
const BEGUN: u8 = 1;
const GIVEN_UP: u8 = 2;

/// Hands a letter over. The dialogue has a thread of its own; after `limit` nobody waits for it any more, and it goes no further than
/// it must.
pub(super) async fn deliver(
    server: &MailServer,
    password: Option<&Secret>,
    eml: Eml,
    (timeout, limit): (Duration, Duration),
    begin: Begin,
) -> Outcome {
    if eml.bytes.len() as u64 > server.largest {
        let (size, most) = (eml.bytes.len() >> 20, server.largest >> 20);
        return Outcome::Refused {
            why: both!(
                "письмо — {size} МБ, а можно {most}: уберите формат из `formats` или увеличьте max_mb в [mail]",
                "the letter has {size} MB, and {most} are allowed: leave out one of `formats`, or raise max_mb in [mail]"
            ),
        };
    }
    let gate = Arc::new(AtomicU8::new(BEFORE));
    let (end, ended) = oneshot::channel();
    let (server, password, ours) = (server.clone(), password.cloned(), Arc::clone(&gate));
    let talk = move || {
        let passes = || match ours.compare_exchange(BEFORE, BEGUN, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => begin(),
            Err(_) => Err(Text::new("время вышло", "out of time")),
        };
        let outcome = match dialogue(&server, password.as_ref(), &eml, timeout, passes) {
            Ok(()) => Outcome::Sent,
            Err(outcome) => outcome,
        };
        // nobody listens any more after the limit
        let _ = end.send(outcome);
    };
    if let Err(error) = std::thread::Builder::new().name("smtp".to_owned()).spawn(talk) {
        return Outcome::Failed { why: both!("нет потока: {error}", "no thread: {error}"), wait: None };
    }
    match tokio::time::timeout(limit, ended).await {
        Ok(Ok(outcome)) => outcome,
        _ => match gate.compare_exchange(BEFORE, GIVEN_UP, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => Outcome::Failed { why: late(), wait: None },
            Err(_) => Outcome::Unknown { why: late() },
        },
    }
}

fn late() -> Text {
    Text::new("почтовый сервер не ответил вовремя", "the mail server did not answer in time")
}

/// The whole dialogue with the server. `passes` is asked before the body goes out.
fn dialogue(
    server: &MailServer,
    password: Option<&Secret>,
    eml: &Eml,
    timeout: Duration,
    passes: impl FnOnce() -> Result<(), Text>,
) -> Result<(), Outcome> {
    let mut connection = connected(server, password, timeout)?;
    let parameters = match eml.bytes.is_ascii() {
        true => Vec::new(),
        false => vec![MailParameter::Body(MailBodyParameter::EightBitMime)],
    };
    connection.command(Mail::new(eml.envelope.from().cloned(), parameters)).map_err(not_taken)?;
    for to in eml.envelope.to() {
        connection.command(Rcpt::new(to.clone(), Vec::new())).map_err(not_taken)?;
    }
    passes().map_err(|why| Outcome::Failed { why, wait: None })?;
    connection.command(Data).map_err(not_taken)?;
    // a letter ends with a line of its own, which is written when the second piece was asked for: until then it was not taken
    let mut is_written = false;
    let pieces = [eml.bytes.as_slice(), &[]].into_iter().enumerate().map(|(at, piece)| {
        is_written = at == 1;
        piece
    });
    let taken = connection.message_iter(pieces);
    match taken {
        Ok(_) => {
            let _ = connection.quit();
            Ok(())
        }
        Err(error) if !is_written || error.is_transient() || error.is_permanent() => Err(not_taken(error)),
        Err(error) => Err(Outcome::Unknown {
            why: both!(
                "связь с почтовым сервером оборвалась, когда он принимал письмо: {error}",
                "the connection to the mail server ended while it took the letter: {error}"
            ),
        }),
    }
}

fn connected(server: &MailServer, password: Option<&Secret>, timeout: Duration) -> Result<SmtpConnection, Outcome> {
    let hello = ClientId::default();
    let tls = match server.security {
        Security::None => None,
        _ => Some(TlsParameters::new(server.host.clone()).map_err(not_taken)?),
    };
    let at_once = tls.as_ref().filter(|_| server.security == Security::Tls);
    let place = (server.host.as_str(), server.port);
    let mut connection = SmtpConnection::connect(place, Some(timeout), &hello, at_once, None).map_err(not_taken)?;
    if let (Security::StartTls, Some(tls)) = (server.security, &tls) {
        connection.starttls(tls, &hello).map_err(not_taken)?;
    }
    if let (Some((user, _)), Some(password)) = (&server.login, password) {
        let credentials = Credentials::new(user.clone(), password.expose().to_owned());
        connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).map_err(not_taken)?;
    }
    Ok(connection)
}

/// An error before the letter could be taken.
fn not_taken(error: Error) -> Outcome {
    let why = both!("почтовый сервер: {error}", "the mail server: {error}");
    // a handshake that was cut off may succeed later, a certificate that is not trusted will not
    let is_untrusted = error.is_tls() && error.to_string().contains("certificate");
    match error.is_permanent() || error.is_client() || is_untrusted {
        true => Outcome::Refused { why },
        false => Outcome::Failed { why, wait: None },
    }
}
