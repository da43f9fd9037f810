//! Addresses: of mail, only of the stated domains; of the web, only of the stated hosts, and encrypted unless this machine is meant.

use std::net::IpAddr;

use lettre::Address;
use lettre::message::Mailbox;
use url::{Host, Url};

use crate::model::lang::{Text, both};
use crate::model::problem::nearest;
use crate::model::shown::{hides, in_line};
use crate::model::written::Wrong;

/// Parameters of an address that hold a secret.
const SECRET_PARAMETERS: [&str; 9] =
    ["token", "access_token", "key", "api_key", "apikey", "secret", "sig", "signature", "password"];

/// A domain or a host as it is compared: Latin letters, small.
pub(super) fn host(text: &str) -> Result<String, Wrong> {
    let wrong = || {
        let shown = in_line(text);
        Wrong::new(
            both!("`{shown}` — не домен", "`{shown}` is no domain"),
            Text::new("напишите только имя: \"example.ru\"", "write the bare name: \"example.com\""),
        )
    };
    if text.contains(['/', '@', ':', '*']) && text.parse::<IpAddr>().is_err() {
        return Err(wrong());
    }
    match text.parse::<IpAddr>() {
        Ok(ip) => Ok(ip.to_string()),
        Err(_) => Host::parse(text).map(|host| host.to_string()).map_err(|_| wrong()),
    }
}

/// Whether a host is this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// A person's address: `name@example.com`, or with a name before it, `Anna <anna@example.com>`.
pub(super) fn mailbox(text: &str) -> Result<Mailbox, Wrong> {
    let shown = in_line(text);
    let wrong = |ru: &str, en: &str| {
        Wrong::new(
            Text::new(format!("`{shown}` — не почтовый адрес: {ru}"), format!("`{shown}` is no mail address: {en}")),
            Text::new("например, \"Анна <anna@example.ru>\"", "such as \"Anna <anna@example.com>\""),
        )
    };
    if text.contains(['\n', '\r']) || hides(text) {
        return Err(wrong(
            "в нём перевод строки или невидимый знак",
            "it holds a line break or a sign that no eye sees",
        ));
    }
    let (name, address) = match text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((name, address)) => (Some(name.trim().trim_matches('"').trim()), address),
        None => (None, text.trim()),
    };
    let Some((user, domain)) = address.rsplit_once('@') else {
        return Err(wrong("нет @", "there is no @"));
    };
    if !user.is_ascii() {
        return Err(wrong("до @ только латинские буквы", "only Latin letters stand before the @"));
    }
    let domain = host(domain).map_err(|_| wrong("неверный домен", "the domain is wrong"))?;
    let address =
        Address::new(user, domain).map_err(|_| wrong("неверное имя до @", "what stands before the @ is wrong"))?;
    Ok(Mailbox::new(name.filter(|name| !name.is_empty()).map(str::to_owned), address))
}

/// Refuses an address outside the stated domains.
pub(super) fn within(mailbox: &Mailbox, domains: &[String]) -> Result<(), Wrong> {
    let domain = mailbox.email.domain().to_lowercase();
    match domains.contains(&domain) {
        true => Ok(()),
        false => Err(Wrong::new(
            both!(
                "адрес `{0}` вне доменов, названных в `domains`",
                "the address `{0}` is outside the domains that `domains` names",
                mailbox.email
            ),
            outside("domains", &domain, domains),
        )),
    }
}

fn outside(key: &str, found: &str, stated: &[String]) -> Text {
    match nearest(found, stated.iter().map(String::as_str)) {
        Some(near) => both!("может быть, `{near}`?", "did you mean `{near}`?"),
        None => both!(
            "если туда можно писать, добавьте: {key} = [\"{found}\"]",
            "if one may send there, add: {key} = [\"{found}\"]"
        ),
    }
}

/// An address of the web: of a stated host, encrypted unless this machine is meant, without secrets.
pub(super) fn web(text: &str, hosts: &[String]) -> Result<Url, Wrong> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
    let Some(url) = url else {
        return Err(Wrong::new(
            Text::new("это не адрес в сети", "this is no address of the web"),
            Text::new(
                "например, \"https://hooks.example.ru/voronka\"",
                "such as \"https://hooks.example.com/voronka\"",
            ),
        ));
    };
    let name = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    if !url.username().is_empty() || url.password().is_some() || names_a_secret(&url) {
        return Err(Wrong::new(
            both!("в адресе на `{name}` стоит секрет", "the address at `{name}` holds a secret"),
            Text::new(
                "назовите переменную окружения: webhook_env = \"VORONKA_…\" для всего адреса, token_env = \"VORONKA_…\" для заголовка",
                "name an environment variable: webhook_env = \"VORONKA_…\" for the whole address, token_env = \"VORONKA_…\" for the header",
            ),
        ));
    }
    reachable(&url, hosts)?;
    Ok(url)
}

fn names_a_secret(url: &Url) -> bool {
    url.query_pairs().any(|(name, _)| SECRET_PARAMETERS.contains(&name.to_lowercase().as_str()))
}

/// Refuses an address of a host that is not stated, or that would be called without encryption. Repeats no more of it than the host.
pub(super) fn reachable(url: &Url, hosts: &[String]) -> Result<(), Wrong> {
    let name = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    if !hosts.contains(&name) {
        return Err(Wrong::new(
            both!(
                "узла `{name}` нет среди названных в `hosts`",
                "the host `{name}` is not among those that `hosts` names"
            ),
            outside("hosts", &name, hosts),
        ));
    }
    match url.scheme() == "https" || is_loopback(url) {
        true => Ok(()),
        false => Err(Wrong::new(
            both!("адрес на `{name}` без шифрования", "the address at `{name}` is not encrypted"),
            Text::new("напишите https://", "write https://"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_what_would_break_a_header_is_refused() {
        let read = |text: &str| mailbox(text).map(|m| (m.name.clone().unwrap_or_default(), m.email.to_string()));
        assert_eq!(read("Анна <anna@example.ru>").unwrap(), ("Анна".into(), "anna@example.ru".into()));
        assert_eq!(read("anna@Example.RU").unwrap(), (String::new(), "anna@example.ru".into()));
        assert_eq!(read("a@пример.рф").unwrap().1, "a@xn--e1afmkfd.xn--p1ai");
        for text in
            ["a", "a@", "@b.c", "a@b@", "a\r\nBcc: x@y.z <a@b.c>", "анна@example.ru", "a b@c.d", "x\u{202e} <a@b.c>"]
        {
            assert!(mailbox(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn only_stated_domains_and_hosts_are_reached() {
        let domains = ["example.ru".to_owned()];
        assert!(within(&mailbox("a@example.ru").unwrap(), &domains).is_ok());
        for text in ["a@sub.example.ru", "a@example.ru.evil.com", "a@exampl.ru"] {
            assert!(within(&mailbox(text).unwrap(), &domains).is_err(), "{text}");
        }
        let hosts = ["hooks.example.ru".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        for text in ["https://hooks.example.ru/x", "http://127.0.0.1:80/", "http://[::1]/"] {
            assert!(web(text, &hosts).is_ok(), "{text}");
        }
        for text in [
            "http://hooks.example.ru/x",
            "https://evil.com/",
            "https://hooks.example.ru.evil.com/",
            "https://hooks.example.ru@evil.com/",
            "https://user:pass@hooks.example.ru/",
            "https://hooks.example.ru/?token=1",
            "http://localhost/",
            "ftp://hooks.example.ru/",
            "hooks.example.ru",
        ] {
            let wrong = web(text, &hosts).unwrap_err();
            assert!(!wrong.what.en.contains("pass") && !wrong.what.en.contains("token=1"), "{}", wrong.what.en);
        }
    }
}
