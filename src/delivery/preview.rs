//! What would be sent, as files: nothing leaves the machine, and no secret is asked for.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::due::Errand;
use super::error::DeliveryError;
use super::file::{Channel, Delivery};
use super::hand::chat_text;
use super::message::Message;
use super::{mail, max, telegram, webhook};
use crate::model::lang::Text;
use crate::report::slug::slug;

/// Writes a message into a folder: a letter as `.eml`, calls as `.json`, and the files of a chat beside them. The cause if it could not be
/// sent.
pub(super) fn write(
    dir: &Path,
    number: usize,
    delivery: &Delivery,
    errand: &Errand<'_>,
    message: &Message,
    at: DateTime<Utc>,
) -> Result<Result<Vec<PathBuf>, Text>, DeliveryError> {
    let (report, to) = (&message.package.document.name, slug(&errand.recipient.name));
    let stem = format!("{number:03}-{to}-{report}.{}", errand.channel.name());
    let mut out = Out { dir, files: Vec::new() };
    match errand.channel {
        Channel::Mail(mailbox) => {
            let Some(server) = &delivery.mail else { return Ok(Err(Text::new("нет [mail]", "there is no [mail]"))) };
            match mail::eml(server, mailbox, message, &errand.key, at) {
                Ok(eml) => out.file(&format!("{stem}.eml"), &eml.bytes)?,
                Err(why) => return Ok(Err(why)),
            }
        }
        Channel::Webhook(hook) => {
            let body = webhook::body(errand, message);
            out.json(&stem, &json!({ "post": hook.to_string(), "idempotency_key": errand.key, "body": body }))?;
        }
        Channel::Telegram(chat) => {
            let body = telegram::message(chat, &chat_text(message, telegram::TEXT));
            out.json(&stem, &json!({ "call": "sendMessage", "body": body, "files": names(message) }))?;
            out.attached(&stem, message)?;
        }
        Channel::Max(chat) => {
            let body = max::message(&chat_text(message, max::TEXT));
            out.json(
                &stem,
                &json!({ "call": "messages", "to": chat.to_string(), "body": body, "files": names(message) }),
            )?;
            out.attached(&stem, message)?;
        }
    }
    Ok(Ok(out.files))
}

fn names(message: &Message) -> Vec<&str> {
    message.package.files.iter().map(|file| file.name.as_str()).collect()
}

struct Out<'a> {
    dir: &'a Path,
    files: Vec<PathBuf>,
}

impl Out<'_> {
    fn json(&mut self, stem: &str, value: &Value) -> Result<(), DeliveryError> {
        self.file(&format!("{stem}.json"), format!("{value:#}\n").as_bytes())
    }

    fn attached(&mut self, stem: &str, message: &Message) -> Result<(), DeliveryError> {
        message.package.files.iter().try_for_each(|file| self.file(&format!("{stem}/{}", file.name), &file.bytes))
    }

    fn file(&mut self, name: &str, bytes: &[u8]) -> Result<(), DeliveryError> {
        let path = self.dir.join(name);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, bytes));
        made.map_err(|source| DeliveryError::Write { path: path.clone(), source })?;
        self.files.push(path);
        Ok(())
    }
}
