//! One attempt at one part of a delivery: written into the log before it is made, its result after.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::begin::Begin;
use super::due::{Errand, rows};
use super::file::{Bot, Channel, Delivery, HookPlace};
use super::http::Web;
use super::keys::Keys;
use super::message::{Message, Part};
use super::outcome::Outcome;
use super::secret::Secret;
use super::{chat, mail, max, telegram, webhook};
use crate::model::lang::{Lang, Text, both};
use crate::store::{SentEntry, SentEvent, SentLog, StoreError};

/// What attempts are made with.
pub(super) struct Hands<'a> {
    pub delivery: &'a Delivery,
    pub keys: Keys,
    pub web: Web,
    pub log: Arc<Mutex<SentLog>>,
    pub clock: &'a (dyn Fn() -> DateTime<Utc> + Sync),
}

/// How an attempt ended, and the fault of the log where its result could not be written.
pub(super) struct Tried {
    pub outcome: Outcome,
    pub unlogged: Option<Text>,
}

impl Hands<'_> {
    /// Tries to hand over a part.
    pub async fn attempt(&self, errand: &Errand<'_>, message: &Message, part: &Part, attempt: u32) -> Tried {
        let entry = |event, why| SentEntry {
            at: (self.clock)(),
            event,
            key: errand.key.clone(),
            stream: errand.stream.clone(),
            part: part.name(),
            attempt,
            report: errand.send.name(),
            recipient: errand.recipient.name.clone(),
            channel: errand.channel.name().to_owned(),
            address: errand.channel.address(),
            rows: rows(errand.recipient),
            from: errand.from,
            to: errand.to,
            version: message.package.version,
            why,
            red: body(event, part, || message.package.document.red.iter().map(|red| red.key.clone()).collect()),
            parts: body(event, part, || message.parts.iter().map(Part::name).collect()),
        };
        let (begun, log) = (entry(SentEvent::Begun, Text::default()), Arc::clone(&self.log));
        let begin: Begin = Box::new(move || write(&log, &begun));
        let outcome = self.hand_over(errand, message, part, begin).await.without(&self.keys.all());
        let (event, why) = match &outcome {
            Outcome::Sent => (SentEvent::Sent, Text::default()),
            Outcome::Failed { why, .. } => (SentEvent::Failed, why.clone()),
            Outcome::Refused { why } => (SentEvent::Refused, why.clone()),
            Outcome::Unknown { why } => (SentEvent::Unknown, why.clone()),
        };
        let unlogged = write(&self.log, &entry(event, why)).err();
        Tried { outcome, unlogged }
    }

    async fn hand_over(&self, errand: &Errand<'_>, message: &Message, part: &Part, begin: Begin) -> Outcome {
        let file = match part {
            Part::File(at, _) => message.package.files.get(*at),
            _ => None,
        };
        let limit = |bytes: usize| limit(self.delivery.retry.timeout, bytes);
        match errand.channel {
            Channel::Mail(to) => self.letter(errand, message, to, begin).await,
            Channel::Webhook(hook) => {
                let url = match &hook.place {
                    HookPlace::File(url) => Ok(url.clone()),
                    HookPlace::Env(name) => self.keys.address(name, &self.delivery.hosts),
                };
                let token = hook.token_env.as_deref().and_then(|name| self.keys.get(name));
                let body = webhook::body(errand, message).to_string().into_bytes();
                let limit = limit(body.len());
                match url {
                    Ok(url) => webhook::deliver(&self.web, url, token, &errand.key, (body, limit), begin).await,
                    Err(why) => Outcome::Refused { why },
                }
            }
            Channel::Telegram(to) => match (self.bot(&self.delivery.telegram), file) {
                (None, _) => no_table("telegram"),
                (Some(bot), None) => {
                    let body = telegram::message(to, &chat_text(message, telegram::TEXT));
                    telegram::send_message(&self.web, bot, &body, limit(0), begin).await
                }
                (Some(bot), Some(file)) => {
                    telegram::send_file(&self.web, bot, to, file, limit(file.bytes.len()), begin).await
                }
            },
            Channel::Max(to) => match (self.bot(&self.delivery.max), file) {
                (None, _) => no_table("max"),
                (Some(bot), None) => {
                    let body = max::message(&chat_text(message, max::TEXT));
                    max::send_message(&self.web, bot, *to, &body, limit(0), begin).await
                }
                (Some(bot), Some(file)) => {
                    max::send_file(&self.web, bot, *to, file, limit(file.bytes.len()), begin).await
                }
            },
        }
    }

    async fn letter(
        &self,
        errand: &Errand<'_>,
        message: &Message,
        to: &lettre::message::Mailbox,
        begin: Begin,
    ) -> Outcome {
        let Some(server) = &self.delivery.mail else { return no_table("mail") };
        let eml = match mail::eml(server, to, message, &errand.key, (self.clock)()) {
            Ok(eml) => eml,
            Err(why) => return Outcome::Refused { why },
        };
        let password = server.login.as_ref().and_then(|(_, name)| self.keys.get(name));
        let timeout = self.delivery.retry.timeout;
        // a dialogue has several steps, and each may take its time
        let times = (timeout, limit(timeout * 2, eml.bytes.len()));
        mail::deliver(server, password, eml, times, begin).await
    }

    fn bot<'s>(&'s self, bot: &'s Option<Bot>) -> Option<(&'s url::Url, &'s Secret)> {
        let bot = bot.as_ref()?;
        Some((&bot.endpoint, self.keys.get(&bot.token_env)?))
    }
}

/// What the log keeps of the body of a report that was accepted.
fn body(event: SentEvent, part: &Part, of: impl FnOnce() -> Vec<String>) -> Vec<String> {
    if event == SentEvent::Sent && part.is_body() { of() } else { Vec::new() }
}

/// The message of a messenger.
pub(super) fn chat_text(message: &Message, limit: usize) -> String {
    chat::message(&message.letter.lines, limit, message.package.document.lang, !message.package.files.is_empty())
}

/// How long an attempt may take that carries so many bytes: a slow line has 128 KiB a second.
fn limit(timeout: Duration, bytes: usize) -> Duration {
    timeout + Duration::from_secs((bytes >> 17) as u64)
}

fn no_table(name: &str) -> Outcome {
    Outcome::Refused { why: both!("нет таблицы [{name}]", "there is no table [{name}]") }
}

fn write(log: &Mutex<SentLog>, entry: &SentEntry) -> Result<(), Text> {
    let written = log.lock().unwrap_or_else(PoisonError::into_inner).write(entry);
    written.map_err(|error: StoreError| Text::new(error.text(Lang::Ru), error.text(Lang::En)))
}
