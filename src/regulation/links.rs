//! Addresses of deals and clients in the CRM: a template with the place of the id.

use url::Url;

use crate::model::lang::{Text, both};
use crate::model::written::Wrong;

/// An address with the place of an id in it. Having one means that it was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    before: String,
    after: String,
}

impl Link {
    /// The address of this id, whatever signs it has.
    pub fn of(&self, id: &str) -> String {
        let mut address = self.before.clone();
        for byte in id.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => address.push(char::from(byte)),
                byte => address.push_str(&format!("%{byte:02X}")),
            }
        }
        address + &self.after
    }

    /// The template, with `place` where the id stands.
    pub(super) fn with(&self, place: &str) -> String {
        format!("{}{place}{}", self.before, self.after)
    }
}

/// Reads a template with the place `{deal_id}`.
pub fn of_deals(text: &str) -> Result<Link, Wrong> {
    link(text, "deal_id", "https://example.bitrix24.ru/crm/deal/details/{deal_id}/")
}

/// Reads a template with the place `{client_id}`.
pub fn of_clients(text: &str) -> Result<Link, Wrong> {
    link(text, "client_id", "https://example.bitrix24.ru/crm/contact/details/{client_id}/")
}

fn link(text: &str, id: &str, example: &str) -> Result<Link, Wrong> {
    let way_out = || both!("например, {}", "such as {}", example);
    let place = format!("{{{id}}}");
    let Some((before, after)) = text.split_once(&place) else {
        let what = match within_braces(text) {
            Some(other) => both!("здесь нет `{other}`, есть `{place}`", "there is no `{other}` here, only `{place}`"),
            None => {
                both!("в адресе `{text}` нет места для `{place}`", "the address `{text}` has no place for `{place}`")
            }
        };
        return Err(Wrong::new(what, way_out()));
    };
    if let Some(other) = within_braces(before).or(within_braces(after)) {
        let what = match other == place {
            true => both!("`{place}` стоит дважды", "`{place}` stands there twice"),
            false => both!("здесь нет `{other}`, есть `{place}`", "there is no `{other}` here, only `{place}`"),
        };
        return Err(Wrong::new(what, way_out()));
    }
    let is_address = Url::parse(&format!("{before}1{after}")).is_ok_and(|url| {
        ["http", "https"].contains(&url.scheme()) && url.host_str().is_some_and(|host| !host.is_empty())
    });
    // the id names a page of the host and never the host
    let is_page = before.splitn(4, '/').count() == 4;
    match is_address && is_page && !text.chars().any(char::is_whitespace) {
        true => Ok(Link { before: before.to_owned(), after: after.to_owned() }),
        false => {
            let what = both!("`{text}` — не адрес страницы", "`{text}` is no address of a page");
            let hint =
                Text::new("адрес начинается с https:// или http://, ", "an address begins with https:// or http://, ");
            Err(Wrong::new(what, hint.and(way_out())))
        }
    }
}

/// The first `{…}` of a text, or a brace alone.
fn within_braces(text: &str) -> Option<&str> {
    let from = text.find(['{', '}'])?;
    let to = text[from..].find('}').map_or(text.len(), |at| from + at + 1);
    Some(&text[from..to])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_stands_in_its_place_and_changes_nothing_else_of_the_address() {
        let link = of_deals("https://crm.example.com/deal/{deal_id}/?tab=1").unwrap();
        assert_eq!(link.of("364"), "https://crm.example.com/deal/364/?tab=1");
        assert_eq!(link.of("a/../b?c#d ё"), "https://crm.example.com/deal/a%2F..%2Fb%3Fc%23d%20%D1%91/?tab=1");
        assert_eq!(of_clients("http://h/c?id={client_id}").unwrap().of("К 1"), "http://h/c?id=%D0%9A%201");
    }

    #[test]
    fn what_is_no_template_is_refused() {
        let what = |text: &str| of_deals(text).unwrap_err().what.en;
        assert_eq!(what("https://h/deal/"), "the address `https://h/deal/` has no place for `{deal_id}`");
        assert_eq!(what("https://h/{id}"), "there is no `{id}` here, only `{deal_id}`");
        assert_eq!(what("https://h/{deal_id}/{client_id}"), "there is no `{client_id}` here, only `{deal_id}`");
        assert_eq!(what("https://h/{deal_id}/{deal_id}"), "`{deal_id}` stands there twice");
        for text in [
            "javascript:alert({deal_id})",
            "ftp://h/{deal_id}",
            "h/{deal_id}",
            "https://{deal_id}/",
            "https://h/ {deal_id}",
        ] {
            assert!(what(text).contains("is no address of a page"), "{text}");
        }
    }
}
