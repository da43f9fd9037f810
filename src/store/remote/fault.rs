//! What went wrong with a bucket, for the person who must act. Never a key, a token or a password: of the answers of a server only
//! their codes are told.

use std::error::Error as _;

use object_store::Error;

use super::super::error::StoreError;
use super::address::Address;
use crate::model::lang::{Text, both};

/// How much of a cause is told.
const LONGEST: usize = 160;

/// An error of the object store, at a path within the store.
pub(super) fn fault(address: &Address, name: &str, error: &Error) -> StoreError {
    let told = Told::of(error);
    let (what, hint) = told.words(address, error);
    StoreError::Remote { url: address.url_of(name).display().to_string(), what, hint }
}

/// What the chain of causes says.
struct Told {
    /// The words of all causes, to look for what is known.
    all: String,
    /// The code in the answer of the server.
    code: Option<String>,
    /// The last cause, without what it must not tell.
    cause: String,
}

impl Told {
    fn of(error: &Error) -> Told {
        let (mut all, mut cause) = (error.to_string(), error.to_string());
        let mut next = error.source();
        while let Some(source) = next {
            cause = source.to_string();
            all = all + "\n" + &cause;
            next = source.source();
        }
        let code = all.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
        let code = code.map(|(code, _)| code.chars().filter(char::is_ascii_alphanumeric).take(40).collect());
        Told { code, cause: plain(&cause), all }
    }

    fn has(&self, any: &[&str]) -> bool {
        any.iter().any(|text| self.all.contains(text))
    }

    fn words(&self, address: &Address, error: &Error) -> (Text, Text) {
        let code = self.code.as_deref().unwrap_or_default();
        let bucket = address.bucket();
        match error {
            _ if code == "NoSuchBucket" => (
                both!("бакета `{bucket}` нет", "there is no bucket `{bucket}`"),
                Text::new(
                    "сделайте его или исправьте имя в --store; где его ищут, говорят AWS_ENDPOINT_URL и AWS_REGION",
                    "make it, or mend its name in --store; AWS_ENDPOINT_URL and AWS_REGION say where it is looked for",
                ),
            ),
            _ if matches!(
                code,
                "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" | "ExpiredToken" | "AuthFailure"
            ) =>
            {
                (
                    both!("сервер не принял ключи: {code}", "the server does not accept the credentials: {code}"),
                    Text::new(
                        "проверьте AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY и, если он есть, AWS_SESSION_TOKEN",
                        "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, where there is one, AWS_SESSION_TOKEN",
                    ),
                )
            }
            _ if self.has(&["169.254.", "metadata", "redentials"]) => (
                Text::new("нет ключей доступа к бакету", "there are no credentials for the bucket"),
                Text::new(
                    "задайте AWS_ACCESS_KEY_ID и AWS_SECRET_ACCESS_KEY или дайте машине роль",
                    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role",
                ),
            ),
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => (
                both!("нет прав: {}", "no permission: {}", self.code.as_deref().unwrap_or("403")),
                Text::new(
                    "чтение: s3:ListBucket, s3:GetObject; загрузка ещё и s3:PutObject, s3:DeleteObject",
                    "to read: s3:ListBucket, s3:GetObject; to ingest also s3:PutObject, s3:DeleteObject",
                ),
            ),
            _ if self.has(&["redirect"]) => (
                Text::new("бакет в другом регионе", "the bucket is in another region"),
                Text::new("задайте его регион: AWS_REGION", "set its region: AWS_REGION"),
            ),
            _ if self.has(&["scheme is not allowed"]) => (
                Text::new(
                    "адрес сервера — http, без шифрования",
                    "the server's address is http, which is not encrypted",
                ),
                Text::new(
                    "возьмите https или разрешите: AWS_ALLOW_HTTP=true",
                    "take https, or allow it: AWS_ALLOW_HTTP=true",
                ),
            ),
            Error::NotFound { .. } => (
                Text::new("такого файла нет", "there is no such file"),
                Text::new("проверьте путь в --store", "check the path in --store"),
            ),
            _ if self.has(&["error sending request", "connect", "dns error", "timed out", "Connect"]) => (
                both!("сервер недоступен: {}", "the server cannot be reached: {}", self.cause),
                Text::new(
                    "проверьте сеть и адрес сервера: AWS_ENDPOINT_URL, AWS_REGION",
                    "check the network and the server's address: AWS_ENDPOINT_URL, AWS_REGION",
                ),
            ),
            _ => (
                match code {
                    "" => both!(
                        "сервер не ответил как надо: {}",
                        "the server did not answer as it should: {}",
                        self.cause
                    ),
                    code => both!("сервер ответил {code}", "the server answered {code}"),
                },
                Text::new("повторите позже", "try again later"),
            ),
        }
    }
}

/// A cause in a line, without what stands between `//` and `@` in addresses, and without the text of an answer.
fn plain(cause: &str) -> String {
    let line = cause.lines().next().unwrap_or_default();
    let line = line.split('<').next().unwrap_or_default();
    let words = line.split(' ').map(|word| match (word.find("//"), word.rfind('@')) {
        (Some(begin), Some(end)) if begin < end => format!("{}…{}", &word[..begin + 2], &word[end..]),
        _ => word.to_owned(),
    });
    let line: String = words.collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::model::lang::Lang;

    fn told(error: Error) -> String {
        let address = Address::parse(Path::new("s3://acme/store")).unwrap();
        fault(&address, "deals/x", &error).text(Lang::En)
    }

    #[test]
    fn an_error_names_the_url_and_the_way_out_and_no_secret() {
        let source = |text: &str| text.to_owned().into();
        let text =
            told(Error::PermissionDenied { path: "x".into(), source: source("<Code>AccessDenied</Code> key=AKIA") });
        assert!(text.starts_with("s3://acme/store/deals/x: no permission: AccessDenied\n    to read:"), "{text}");
        let text = told(Error::PermissionDenied {
            path: "x".into(),
            source: source("<Code>SignatureDoesNotMatch</Code><SignatureProvided>abcdef</SignatureProvided>"),
        });
        assert!(text.contains("does not accept the credentials") && !text.contains("abcdef"), "{text}");
        let text = told(Error::Generic { store: "S3", source: source("connect to http://me:secret@host:1/: refused") });
        assert!(text.contains("http://…@host:1/") && !text.contains("secret"), "{text}");
        let text = told(Error::NotFound { path: "x".into(), source: source("<Code>NoSuchBucket</Code>") });
        assert!(text.contains("there is no bucket `acme`\n    make it, or mend its name"), "{text}");
    }
}
