//! Secrets: they come out of the environment, and stand neither in the file nor in any message.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::lang::{Text, both};
use crate::model::problem::{Problem, Problems};
use crate::model::written::Wrong;

/// How the names of variables begin that the file may name: no other secret of the machine can be sent by it.
const PREFIX: &str = "VORONKA_";
/// Keys that would hold a secret.
const KEYS: [&str; 14] = [
    "password",
    "passwd",
    "pass",
    "pwd",
    "token",
    "secret",
    "api_key",
    "apikey",
    "key",
    "access_token",
    "auth_token",
    "bearer",
    "authorization",
    "пароль",
];
/// What stands in the place of a secret.
const HIDDEN: &str = "***";

/// A secret: it is not shown, not even by mistake.
#[derive(Clone)]
pub(super) struct Secret(String);

impl Secret {
    pub fn new(text: String) -> Secret {
        Secret(text)
    }

    /// The secret itself, to be handed to whoever asks for it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

/// A text of somebody else without any of the secrets in it, as they are and as they are encoded on the way.
pub(super) fn without<'s>(text: &str, secrets: impl IntoIterator<Item = &'s Secret>) -> String {
    let mut shown = text.to_owned();
    for secret in secrets.into_iter().map(Secret::expose).filter(|secret| !secret.is_empty()) {
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        for form in [secret, &STANDARD.encode(secret), &encoded] {
            shown = shown.replace(form, HIDDEN);
        }
    }
    shown
}

/// The name of a variable, as the file writes it. What is written there may be the secret itself, so it is not repeated.
pub(super) fn variable(name: &str) -> Result<String, Wrong> {
    let is_name = name.strip_prefix(PREFIX).is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    });
    match is_name {
        true => Ok(name.to_owned()),
        false => Err(Wrong::new(
            Text::new(
                "здесь стоит имя переменной окружения, а не сам секрет",
                "here stands the name of an environment variable, not the secret itself",
            ),
            both!(
                "имя начинается с {PREFIX}: \"{PREFIX}SMTP_PASSWORD\"",
                "a name begins with {PREFIX}: \"{PREFIX}SMTP_PASSWORD\""
            ),
        )),
    }
}

/// Refuses a file with a secret in it, and repeats none of it.
pub(super) fn refuse(file: &str, text: &str) -> Result<(), Problems> {
    let mut problems = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        if line.trim_start().starts_with('#') {
            continue;
        }
        let key = keys(line).find(|key| KEYS.contains(&key.as_str()));
        let (what, hint) = match key {
            Some(key) => (
                both!("секрет в файле: `{key}`", "a secret in the file: `{key}`"),
                both!(
                    "уберите его отсюда и назовите переменную окружения: {key}_env = \"{PREFIX}…\"; если файл кто-то видел, смените секрет",
                    "take it out, and name an environment variable: {key}_env = \"{PREFIX}…\"; if anybody saw the file, change the secret"
                ),
            ),
            None if has_bot_token(line) => (
                Text::new("в файле токен бота", "the token of a bot stands in the file"),
                both!(
                    "уберите его отсюда и назовите переменную окружения: token_env = \"{PREFIX}TELEGRAM_TOKEN\"; если файл кто-то видел, \
                     смените токен",
                    "take it out, and name an environment variable: token_env = \"{PREFIX}TELEGRAM_TOKEN\"; if anybody saw the file, change \
                     the token"
                ),
            ),
            None => continue,
        };
        problems.push(Problem { file: file.to_owned(), line: number, what, hint });
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(Problems(problems)),
    }
}

/// The keys of a line of TOML, the last part of each, in small letters.
fn keys(line: &str) -> impl Iterator<Item = String> + '_ {
    let mut quote = None;
    let signs = line.char_indices().filter(move |(_, sign)| match (quote, *sign) {
        (None, '"' | '\'') => {
            quote = Some(*sign);
            false
        }
        (Some(open), sign) => {
            if open == sign {
                quote = None;
            }
            false
        }
        (None, sign) => sign == '=',
    });
    signs.filter_map(|(at, _)| {
        let before = line[..at].trim_end().trim_end_matches(['"', '\'']);
        let begins = before.rfind(|sign: char| !(sign.is_alphanumeric() || matches!(sign, '_' | '-')));
        let key = &before[begins.map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8))..];
        (!key.is_empty()).then(|| key.to_lowercase().replace('-', "_"))
    })
}

/// Whether a line holds what looks like the token of a bot of Telegram: a number, a colon, and 30 signs or more.
fn has_bot_token(line: &str) -> bool {
    line.match_indices(':').any(|(at, _)| {
        let digits = line[..at].bytes().rev().take_while(u8::is_ascii_digit).count();
        let signs =
            line[at + 1..].bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')).count();
        digits >= 6 && signs >= 30
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_the_file_is_refused_and_not_repeated() {
        for line in [
            "password = \"hunter2\"",
            "mail = { user = \"a\", password = \"hunter2\" }",
            "telegram.token = 'hunter2'",
            "\"password\" = hunter2",
            "  Password=hunter2",
            "пароль = \"hunter2\"",
            "x = \"123456789:AAhunter2hunter2hunter2hunter2hunter2\"",
        ] {
            let problems = refuse("delivery.toml", &format!("a = 1\n{line}\n")).unwrap_err();
            let said = problems.to_string();
            assert!(said.starts_with("delivery.toml:2: ") && said.contains("_env = \"VORONKA_"), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
        for line in
            ["password_env = \"VORONKA_X\"", "# password = \"…\"", "name = \"token = 1\"", "monkey = 1", "t = 10:30:00"]
        {
            assert!(refuse("delivery.toml", line).is_ok(), "{line}");
        }
    }

    #[test]
    fn a_variable_is_named_and_a_secret_in_its_place_is_not_repeated() {
        assert_eq!(variable("VORONKA_SMTP_PASSWORD").unwrap(), "VORONKA_SMTP_PASSWORD");
        for text in ["hunter2", "VORONKA_", "VORONKA_hunter2", "AWS_SECRET", "VORONKA_A B"] {
            let wrong = variable(text).unwrap_err();
            assert!(!wrong.what.en.contains(text) && !wrong.hint.en.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn no_form_of_a_secret_is_shown() {
        let secret = Secret::new("p@ss word".into());
        let text = format!("535 p@ss word {} p%40ss+word", STANDARD.encode("p@ss word"));
        assert_eq!(without(&text, [&secret]), "535 *** *** ***");
        assert_eq!(format!("{secret:?}"), "***");
    }
}
