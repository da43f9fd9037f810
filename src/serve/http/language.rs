//! The language of a page: the one asked for, the one chosen before, the one of the browser, or the server's.

use axum::http::{HeaderMap, header};

use super::cookies;
use crate::model::lang::Lang;

/// The cookie that keeps the choice.
pub const COOKIE: &str = "lang";

/// The language of an answer, and whether it was asked for in the address: then it is kept for the pages that follow.
pub fn of(query: &str, headers: &HeaderMap, usual: Lang) -> (Lang, bool) {
    let asked = query.split('&').filter_map(|pair| pair.strip_prefix("lang=")).find_map(named);
    let kept = || cookies::values(headers, COOKIE).find_map(named);
    let browser = || headers.get(header::ACCEPT_LANGUAGE).and_then(|value| preferred(value.to_str().ok()?));
    (asked.or_else(kept).or_else(browser).unwrap_or(usual), asked.is_some())
}

/// How a language stands in an address.
pub fn code(lang: Lang) -> &'static str {
    lang.pick("ru", "en")
}

fn named(code: &str) -> Option<Lang> {
    match code {
        "ru" => Some(Lang::Ru),
        "en" => Some(Lang::En),
        _ => None,
    }
}

/// The one of our languages that a browser likes best.
fn preferred(header: &str) -> Option<Lang> {
    let liked = header.split(',').take(32).filter_map(|part| {
        let mut parts = part.split(';');
        let range = parts.next()?.trim().to_ascii_lowercase();
        let lang = named(range.split('-').next()?)?;
        let quality = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse::<f32>().ok());
        let quality = quality.unwrap_or(1.0);
        (quality > 0.0).then_some((lang, quality))
    });
    let mut best: Option<(Lang, f32)> = None;
    for (lang, quality) in liked {
        if best.is_none_or(|(_, most)| quality > most) {
            best = Some((lang, quality));
        }
    }
    best.map(|(lang, _)| lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_says_what_it_likes() {
        for (header, lang) in [
            ("ru-RU,ru;q=0.9,en;q=0.8", Some(Lang::Ru)),
            ("en-GB,en;q=0.9", Some(Lang::En)),
            ("de,en;q=0.3,ru;q=0.7", Some(Lang::Ru)),
            ("de", None),
            ("ru;q=0", None),
            ("*", None),
        ] {
            assert_eq!(preferred(header), lang, "{header}");
        }
    }

    #[test]
    fn the_address_goes_before_the_cookie_and_the_cookie_before_the_browser() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, "ru".parse().unwrap());
        assert_eq!(of("", &headers, Lang::En), (Lang::Ru, false));
        headers.insert(header::COOKIE, "a=b; lang=en".parse().unwrap());
        assert_eq!(of("", &headers, Lang::Ru), (Lang::En, false));
        assert_eq!(of("x=1&lang=ru", &headers, Lang::En), (Lang::Ru, true));
        assert_eq!(of("lang=de", &headers, Lang::Ru), (Lang::En, false));
    }
}
