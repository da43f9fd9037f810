//! Cookies, as headers have them.

use std::time::Duration;

use axum::http::{HeaderMap, header};

/// The values of a cookie that came with a request.
pub fn values<'h>(headers: &'h HeaderMap, name: &'h str) -> impl Iterator<Item = &'h str> {
    let texts = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(move |(known, _)| *known == name).map(|(_, value)| value)
}

/// A cookie to be kept for so long; for no time: to be forgotten. `name` and `value` are of our own making.
pub fn set(name: &str, value: &str, keep: Duration, over_tls: bool, is_secret: bool) -> String {
    let secure = if over_tls { "; Secure" } else { "" };
    let hidden = if is_secret { "; HttpOnly" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={}; SameSite=Strict{hidden}{secure}", keep.as_secs())
}
