//! What `delivery.toml` says, checked.

use std::fmt;
use std::time::Duration;

use lettre::message::Mailbox;
use url::Url;

use crate::model::lang::Lang;
use crate::model::written::Written;
use crate::report::render::Format;

/// A checked `delivery.toml`: who gets which report, for which rows, in which language and formats, by which channel.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The file, as the person named it.
    pub(super) file: String,
    /// The only hosts that are called, beside those of the messengers' own services.
    pub(super) hosts: Vec<String>,
    pub(super) mail: Option<MailServer>,
    pub(super) telegram: Option<Bot>,
    pub(super) max: Option<Bot>,
    pub(super) retry: Retry,
    pub(super) recipients: Vec<Recipient>,
    pub(super) sends: Vec<Sending>,
}

/// The server that takes letters.
#[derive(Debug, Clone)]
pub(super) struct MailServer {
    pub from: Mailbox,
    pub reply_to: Option<Mailbox>,
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// The name to log in with, and the variable that holds the password.
    pub login: Option<(String, String)>,
    /// A letter of more bytes is not sent.
    pub largest: u64,
}

/// How the connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    /// Encrypted from the first byte.
    Tls,
    /// Encrypted after a command, and never used without.
    StartTls,
    /// Not at all: this machine alone.
    None,
}

/// A bot of a messenger.
#[derive(Debug, Clone)]
pub(super) struct Bot {
    /// The variable that holds the token.
    pub token_env: String,
    /// The address of the API.
    pub endpoint: Url,
}

/// How often and how long is tried.
#[derive(Debug, Clone, Copy)]
pub(super) struct Retry {
    /// Attempts in one run.
    pub attempts: u32,
    /// The wait before the second attempt; each further one is four times as long.
    pub wait: Duration,
    /// An attempt that takes longer is given up.
    pub timeout: Duration,
}

/// Somebody who gets reports.
#[derive(Debug, Clone)]
pub(super) struct Recipient {
    pub name: String,
    pub channels: Vec<Channel>,
    /// Whether all addresses that are written could be read.
    pub is_whole: bool,
    /// The rows that they may see: dimension and value. Empty: all.
    pub only: Vec<(String, String)>,
    pub lang: Option<Lang>,
}

/// An address of a recipient.
#[derive(Debug, Clone)]
pub(super) enum Channel {
    Mail(Mailbox),
    Webhook(Hook),
    /// A chat of Telegram: its number, or `@name` of a channel.
    Telegram(String),
    Max(MaxChat),
}

/// The names of all channels, as keys of a recipient.
pub(super) const CHANNELS: [&str; 4] = ["mail", "webhook", "telegram", "max"];

impl Channel {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Channel::Mail(_) => CHANNELS[0],
            Channel::Webhook(_) => CHANNELS[1],
            Channel::Telegram(_) => CHANNELS[2],
            Channel::Max(_) => CHANNELS[3],
        }
    }

    /// The address as it is shown.
    pub fn address(&self) -> String {
        match self {
            Channel::Mail(mailbox) => mailbox.email.to_string(),
            Channel::Webhook(hook) => hook.to_string(),
            Channel::Telegram(chat) => chat.clone(),
            Channel::Max(chat) => chat.to_string(),
        }
    }
}

/// An address that reports are posted to.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    pub place: HookPlace,
    /// The variable that holds the token of the header `Authorization: Bearer`.
    pub token_env: Option<String>,
}

/// Where the address of a hook is written.
#[derive(Debug, Clone)]
pub(super) enum HookPlace {
    File(Url),
    /// The variable that holds it: of many services the address itself is the secret.
    Env(String),
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            HookPlace::File(url) => f.write_str(url.as_str()),
            HookPlace::Env(name) => write!(f, "${name}"),
        }
    }
}

/// A chat of MAX.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MaxChat {
    Chat(i64),
    User(i64),
}

impl fmt::Display for MaxChat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MaxChat::Chat(id) => write!(f, "{id}"),
            MaxChat::User(id) => write!(f, "user:{id}"),
        }
    }
}

/// A report for some recipients.
#[derive(Debug, Clone)]
pub(super) struct Sending {
    /// The report's name, or its file.
    pub report: Written<String>,
    /// The role that the report is made for, of one that has roles.
    pub role: Option<Written<String>>,
    /// Places of the recipients in the list.
    pub to: Vec<usize>,
    /// Only by these channels; all that a recipient has if empty.
    pub by: Vec<&'static str>,
    pub formats: Vec<Format>,
    pub every: Every,
    pub condition: Condition,
    /// Whether the files are unfolded, as `report --full` makes them.
    pub full: bool,
}

impl Sending {
    /// What the log calls the report: by its role as well, if it has one.
    pub fn name(&self) -> String {
        match &self.role {
            Some(role) => format!("{} {}", self.report.value, role.value),
            None => self.report.value.clone(),
        }
    }
}

/// How often a report goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Every {
    Day,
    Week,
    Month,
}

/// When a report goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    Always,
    /// Only if something is red that was not in what the recipient was last sent.
    NewFinding,
}
