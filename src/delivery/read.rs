//! The text of `delivery.toml` → [`Delivery`], or all its problems with their lines.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use url::Url;

use super::due::stream;
use super::file::{
    Bot, CHANNELS, Channel, Condition, Delivery, Every, Hook, HookPlace, MailServer, MaxChat, Recipient, Retry,
    Security, Sending,
};
use super::{place, secret};
use crate::model::lang::{Lang, Text, both};
use crate::model::problem::{Problems, hint};
use crate::model::shown::hides;
use crate::model::written::{Document, Section, Value, Written, Wrong};
use crate::report::render::{Format, RenderError};

/// The services of the messengers: their addresses need not be stated.
const TELEGRAM: &str = "https://api.telegram.org";
const MAX: &str = "https://platform-api.max.ru";
/// What a letter may weigh where the file does not say it: most servers take 20 to 25 MB.
const LARGEST_MB: i64 = 20;
const MEGABYTE: u64 = 1 << 20;

impl Delivery {
    /// Reads and checks the file. No problem repeats a secret.
    ///
    /// # Errors
    /// All problems of the file.
    pub fn parse(file: &str, text: &str) -> Result<Delivery, Problems> {
        secret::refuse(file, text)?;
        let doc = Document::read(file, text).map_err(unquoted)?;
        let root = doc.root();
        let domains = stated(&root, "domains");
        let hosts = stated(&root, "hosts");
        let mail = root.optional_table("mail").map(|section| server(&section));
        let telegram = root.optional_table("telegram").map(|section| bot(&section, TELEGRAM, &hosts));
        let max = root.optional_table("max").map(|section| bot(&section, MAX, &hosts));
        let retry = retry(&root);
        let mut names = BTreeSet::new();
        let reader = Reader { domains: &domains, hosts: &hosts };
        let recipients: Vec<Recipient> =
            root.tables("recipient").iter().map(|section| reader.recipient(section, &mut names)).collect();
        let written = root.tables("send");
        let sends: Vec<Sending> = written.iter().map(|section| sending(section, &recipients)).collect();
        for (section, send) in written.iter().zip(&sends) {
            served(section, send, &recipients, [mail.is_some(), telegram.is_some(), max.is_some()]);
        }
        twice(&written, &sends, &recipients);
        if sends.is_empty() {
            let hint = Text::new("добавьте [[send]] с report и to", "add [[send]] with report and to");
            doc.problem(
                0,
                Text::new("отправлять нечего: нет ни одного [[send]]", "nothing to send: there is no [[send]]"),
                hint,
            );
        }
        doc.finish()?;
        // what is none was noted as a problem
        let mail = mail.flatten();
        let (telegram, max) = (telegram.flatten(), max.flatten());
        Ok(Delivery { file: file.to_owned(), hosts, mail, telegram, max, retry, recipients, sends })
    }
}

/// Problems of TOML without the line that they stand in: it may hold a secret.
fn unquoted(mut problems: Problems) -> Problems {
    for problem in &mut problems.0 {
        for (text, within) in [(&mut problem.what.ru, " в `"), (&mut problem.what.en, " in `")] {
            if let Some(at) = text.find(within) {
                text.truncate(at);
            }
        }
    }
    problems
}

/// Names of domains or hosts, as they are compared.
fn stated(root: &Section<'_>, key: &str) -> Vec<String> {
    let read = |written: Written<String>| match place::host(&written) {
        Ok(host) => Some(host),
        Err(wrong) => {
            root.problem(written.line, wrong.what, wrong.hint);
            None
        }
    };
    root.texts(key).into_iter().filter_map(read).collect()
}

/// The name of a variable that holds a secret. The value is not repeated, whatever it is.
fn variable(section: &Section<'_>, key: &str) -> Option<String> {
    let wrong = match section.value(key)? {
        Value::Text(name) => match secret::variable(name) {
            Ok(name) => return Some(name),
            Err(wrong) => wrong,
        },
        _ => match secret::variable("") {
            Ok(_) => return None,
            Err(wrong) => wrong,
        },
    };
    section.wrong(key, Text::same(format!("`{key}`: ")).and(wrong.what), wrong.hint);
    None
}

fn server(section: &Section<'_>) -> Option<MailServer> {
    let from = section.checked("from", place::mailbox);
    let reply_to = section.optional_checked("reply_to", place::mailbox);
    let host = section.text("server");
    let kinds = [("tls", Security::Tls), ("starttls", Security::StartTls), ("none", Security::None)];
    let security = section.optional_one_of("security", &kinds).unwrap_or(Security::Tls);
    let default = match security {
        Security::Tls => 465,
        Security::StartTls => 587,
        Security::None => 25,
    };
    let port = section.optional_positive("port").and_then(|port| u16::try_from(port).ok()).unwrap_or(default);
    let user = section.optional_text("user");
    let password = variable(section, "password_env");
    if user.is_some() != section.has("password_env") {
        let what = Text::new("`user` и `password_env` стоят вместе", "`user` and `password_env` stand together");
        section.problem(
            section.line(),
            what,
            Text::new("добавьте второе или уберите первое", "add the other, or remove the one"),
        );
    }
    let is_here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if security == Security::None && !is_here {
        section.wrong(
            "security",
            both!(
                "без шифрования — только к своей машине, а не к `{host}`",
                "without encryption only to this machine, not to `{host}`"
            ),
            Text::same("security = \"tls\", security = \"starttls\""),
        );
    }
    let largest = section.optional_positive("max_mb").unwrap_or(LARGEST_MB).unsigned_abs() * MEGABYTE;
    Some(MailServer { from: from?, reply_to, host, port, security, login: user.zip(password), largest })
}

fn bot(section: &Section<'_>, service: &str, hosts: &[String]) -> Option<Bot> {
    if !section.has("token_env") {
        let hint = Text::new(
            "добавьте token_env = \"VORONKA_…\": имя переменной, в которой токен",
            "add token_env = \"VORONKA_…\": the name of the variable that holds the token",
        );
        section.problem(section.line(), Text::new("нет `token_env`", "`token_env` is missing"), hint);
    }
    let token_env = variable(section, "token_env");
    let endpoint = match section.has("endpoint") {
        true => section.checked("endpoint", |text| place::web(text, hosts)),
        false => Url::parse(service).ok(),
    };
    Some(Bot { token_env: token_env?, endpoint: endpoint? })
}

fn retry(root: &Section<'_>) -> Retry {
    let usual = Retry { attempts: 4, wait: Duration::from_secs(5), timeout: Duration::from_secs(60) };
    let Some(section) = root.optional_table("retry") else { return usual };
    let seconds = |key: &str, usual: Duration, most: f64| match section.optional_number(key) {
        None => usual,
        Some(number) if number > 0.0 && number <= most => Duration::from_secs_f64(number),
        Some(number) => {
            let what = both!("`{key}` = {number} — не время ожидания", "`{key}` = {number} is no time to wait");
            section.wrong(
                key,
                what,
                both!("секунды, больше нуля и не больше {most}", "seconds, above zero and at most {most}"),
            );
            usual
        }
    };
    let attempts = section.optional_positive("attempts").unwrap_or(4).min(20);
    Retry {
        attempts: u32::try_from(attempts).unwrap_or(4),
        wait: seconds("wait_seconds", usual.wait, 600.0),
        timeout: seconds("timeout_seconds", usual.timeout, 600.0),
    }
}

/// What addresses are checked against.
struct Reader<'a> {
    domains: &'a [String],
    hosts: &'a [String],
}

impl Reader<'_> {
    fn recipient(&self, section: &Section<'_>, names: &mut BTreeSet<String>) -> Recipient {
        let name = section.checked("name", |name| named(name, names)).unwrap_or_default();
        let mut channels = Vec::new();
        channels.extend(section.optional_checked("mail", |text| self.mail(text)));
        channels.extend(self.hook(section).map(Channel::Webhook));
        channels.extend(telegram(section));
        channels.extend(max_chat(section));
        let keys = ["mail", "webhook", "webhook_env", "telegram", "max", "max_user"];
        let written = keys.iter().filter(|key| section.has(key)).count();
        if written == 0 {
            let hint = both!("добавьте одно из: {}", "add one of: {}", CHANNELS.join(", "));
            section.problem(
                section.line(),
                both!("у получателя `{name}` нет адреса", "the recipient `{name}` has no address"),
                hint,
            );
        }
        let only = section.optional_table("only").map(|table| only(&table)).unwrap_or_default();
        let lang = section.optional_one_of("lang", &[("ru", Lang::Ru), ("en", Lang::En)]);
        let is_whole = channels.len() == written;
        Recipient { name, channels, is_whole, only, lang }
    }

    fn mail(&self, text: &str) -> Result<Channel, Wrong> {
        let mailbox = place::mailbox(text)?;
        place::within(&mailbox, self.domains)?;
        Ok(Channel::Mail(mailbox))
    }

    fn hook(&self, section: &Section<'_>) -> Option<Hook> {
        let url = section.optional_checked("webhook", |text| place::web(text, self.hosts));
        let env = variable(section, "webhook_env");
        let token_env = variable(section, "token_env");
        if section.has("webhook") && section.has("webhook_env") {
            let what = Text::new("`webhook` и `webhook_env` вместе", "`webhook` and `webhook_env` together");
            section.wrong("webhook_env", what, Text::new("оставьте одно", "keep one of them"));
        }
        let place = url.map(HookPlace::File).or(env.map(HookPlace::Env))?;
        Some(Hook { place, token_env })
    }
}

fn named(name: &str, names: &mut BTreeSet<String>) -> Result<String, Wrong> {
    if hides(name) || name.contains(['\n', '\r', '\t']) {
        let what = Text::new("в имени получателя невидимый знак", "the recipient's name holds a sign that no eye sees");
        return Err(Wrong::new(what, Text::new("напишите имя заново", "type the name anew")));
    }
    match names.insert(name.to_owned()) {
        true => Ok(name.to_owned()),
        false => Err(Wrong::new(
            both!("получатель `{name}` уже есть", "there is a recipient `{name}` already"),
            Text::new("у каждого получателя своё имя", "each recipient has a name of its own"),
        )),
    }
}

fn only(table: &Section<'_>) -> Vec<(String, String)> {
    let keys = table.keys();
    if keys.is_empty() {
        let hint = Text::new(
            "напишите only = { branch = \"Север\" } или уберите ключ: тогда получатель видит всё",
            "write only = { branch = \"North\" }, or remove the key: the recipient then sees everything",
        );
        table.problem(table.line(), Text::new("`only` пусто", "`only` is empty"), hint);
    }
    keys.into_iter().map(|key| (key.name.to_owned(), table.text(key.name))).collect()
}

fn telegram(section: &Section<'_>) -> Option<Channel> {
    let wrong = |found: String| {
        let what = both!("`telegram` = {found} — не чат", "`telegram` = {found} is no chat");
        let hint = Text::new(
            "номер чата, -1001234567890, или имя канала, \"@name\"",
            "the chat's number, -1001234567890, or a channel's name, \"@name\"",
        );
        section.wrong("telegram", what, hint);
    };
    match section.value("telegram")? {
        Value::Whole(id) => return Some(Channel::Telegram(id.to_string())),
        Value::Text(text) if text.parse::<i64>().is_ok() => return Some(Channel::Telegram(text.clone())),
        Value::Text(text) if is_channel_name(text) => return Some(Channel::Telegram(text.clone())),
        Value::Text(text) => wrong(format!("\"{}\"", crate::model::shown::in_line(text))),
        other => wrong(other.describe().en),
    }
    None
}

fn is_channel_name(text: &str) -> bool {
    let rest = text.strip_prefix('@').unwrap_or_default();
    (4..=64).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn max_chat(section: &Section<'_>) -> Option<Channel> {
    let (chat, user) = (section.optional_whole("max"), section.optional_whole("max_user"));
    if chat.is_some() && user.is_some() {
        let what = Text::new("`max` и `max_user` вместе", "`max` and `max_user` together");
        section.wrong("max_user", what, Text::new("оставьте чат или человека", "keep the chat or the person"));
    }
    chat.map(MaxChat::Chat).or(user.map(MaxChat::User)).map(Channel::Max)
}

fn sending(section: &Section<'_>, recipients: &[Recipient]) -> Sending {
    let report = Written { value: section.text("report"), line: section.line_of("report") };
    let find = |name: Written<String>| {
        let found = recipients.iter().position(|known| known.name == name.value);
        if found.is_none() {
            section.problem(
                name.line,
                both!("нет получателя `{}`", "there is no recipient `{}`", name.value),
                hint(&name, recipients.iter().map(|known| known.name.as_str())),
            );
        }
        found
    };
    let names = section.texts("to");
    if names.is_empty() {
        let hint = Text::new("добавьте to = [\"имя получателя\"]", "add to = [\"a recipient's name\"]");
        section.problem(
            section.line(),
            Text::new("некому отправлять: нет `to`", "there is nobody to send to: `to` is missing"),
            hint,
        );
    }
    let formats = match section.has("formats") {
        true => {
            section.items("formats", "[\"html\", \"xlsx\"]", format).into_iter().map(|format| format.value).collect()
        }
        false => vec![Format::Html],
    };
    let every = [("day", Every::Day), ("week", Every::Week), ("month", Every::Month)];
    let conditions = [("always", Condition::Always), ("new finding", Condition::NewFinding)];
    Sending {
        report,
        role: section.optional_text("role").map(|value| Written { value, line: section.line_of("role") }),
        to: names.into_iter().filter_map(find).collect(),
        by: section.items("by", "[\"mail\"]", channel).into_iter().map(|channel| channel.value).collect(),
        formats,
        every: section.optional_one_of("every", &every).unwrap_or(Every::Week),
        condition: section.optional_one_of("only_if", &conditions).unwrap_or(Condition::Always),
        full: section.boolean("full"),
    }
}

fn format(value: &Value) -> Result<Format, Wrong> {
    let name = match value {
        Value::Text(name) => name.clone(),
        other => other.describe().en,
    };
    name.parse::<Format>().map_err(|why| match why {
        RenderError::NoPdf => Wrong::new(
            Text::new("этот voronka собран без PDF", "this voronka was built without PDF"),
            Text::new(
                "он есть в пакетах, а из исходников: --features pdf",
                "the packages have it; from the sources: --features pdf",
            ),
        ),
        _ => Wrong::new(
            both!("нет формата `{name}`", "there is no format `{name}`"),
            hint(&name, Format::ALL.map(Format::name)),
        ),
    })
}

fn channel(value: &Value) -> Result<&'static str, Wrong> {
    let name = match value {
        Value::Text(name) => name.clone(),
        other => other.describe().en,
    };
    CHANNELS
        .into_iter()
        .find(|known| *known == name)
        .ok_or_else(|| Wrong::new(both!("нет канала `{name}`", "there is no channel `{name}`"), hint(&name, CHANNELS)))
}

/// Each recipient has an address for what is sent to it, and each channel its table.
fn served(section: &Section<'_>, send: &Sending, recipients: &[Recipient], [mail, telegram, max]: [bool; 3]) {
    for recipient in send.to.iter().map(|at| &recipients[*at]) {
        let by = |channel: &&Channel| send.by.is_empty() || send.by.contains(&channel.name());
        let channels: Vec<&Channel> = recipient.channels.iter().filter(by).collect();
        if channels.is_empty() && recipient.is_whole && !recipient.channels.is_empty() {
            let what = both!(
                "у получателя `{}` нет ни одного из каналов `by`",
                "the recipient `{}` has none of the channels in `by`",
                recipient.name
            );
            section.wrong("by", what, hint("", recipient.channels.iter().map(Channel::name)));
        }
        for channel in channels {
            let is_there = match channel {
                Channel::Mail(_) => mail,
                Channel::Telegram(_) => telegram,
                Channel::Max(_) => max,
                Channel::Webhook(_) => true,
            };
            if !is_there {
                let name = channel.name();
                section.problem(
                    section.line(),
                    both!("для `{}` нужна таблица [{name}]", "`{}` needs the table [{name}]", recipient.name),
                    both!("добавьте строку [{name}] и её значения", "add a line [{name}] and its values"),
                );
            }
        }
    }
}

/// The same report of the same rows goes to an address once: a second entry for it would be left out silently.
fn twice(written: &[Section<'_>], sends: &[Sending], recipients: &[Recipient]) {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for (section, send) in written.iter().zip(sends) {
        for recipient in send.to.iter().map(|at| &recipients[*at]) {
            let by = |channel: &&Channel| send.by.is_empty() || send.by.contains(&channel.name());
            for channel in recipient.channels.iter().filter(by) {
                let known = seen.insert(stream(send, recipient, channel), recipient.name.clone());
                let Some(earlier) = known else { continue };
                section.problem(
                    section.line(),
                    both!(
                        "отчёт `{}` по тому же адресу ({}) уже получает `{earlier}`",
                        "the report `{}` goes to the same address ({}) for `{earlier}` already",
                        send.report.value,
                        channel.address()
                    ),
                    Text::new("уберите одно из двух", "remove one of the two"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests;
