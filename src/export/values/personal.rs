//! What is personal, and how one client is known in two systems.
//!
//! A phone or an e-mail is written in many ways and means one client: it is brought into one form. What a mapping calls
//! personal is hashed with a key that lies beside the store and not in it, so that the store can be handed on.

use serde::{Deserialize, Serialize};

/// For what a key is hashed there; another text would give another hash of the same key.
const CONTEXT: &str = "voronka 2026-01-01 the id of a store's key of personal data";

/// Rule for personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Personal {
    /// It is replaced by what tells one from another and nothing more.
    #[default]
    Hash,
    /// It is left out.
    Drop,
    /// It is kept.
    Keep,
}

impl Personal {
    /// As a mapping states it.
    pub fn word(self) -> &'static str {
        match self {
            Personal::Hash => "hash",
            Personal::Drop => "drop",
            Personal::Keep => "keep",
        }
    }
}

/// The form into which a text is brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normal {
    /// `+79121234567`
    Phone,
    /// `ivan@example.com`
    Email,
}

/// A hash begins so, followed by [`DIGITS`] digits.
const MARK: &str = "h:";
const DIGITS: usize = 24;

/// The key of the hashes.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    /// A key of these bytes.
    pub(crate) fn new(bytes: [u8; 32]) -> Key {
        Key(bytes)
    }

    /// A fingerprint of the key that does not reveal it.
    pub(crate) fn id(&self) -> String {
        blake3::Hash::from_bytes(blake3::derive_key(CONTEXT, &self.0)).to_hex().to_string()
    }

    /// A text that is the same for the same text, and tells nothing else. What is hashed already stays.
    pub fn hash(&self, text: &str) -> String {
        if is_hash(text) {
            return text.to_owned();
        }
        let hash = blake3::keyed_hash(&self.0, text.as_bytes()).to_hex();
        format!("{MARK}{}", &hash[..DIGITS])
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Whether a text is a hash of ours.
pub fn is_hash(text: &str) -> bool {
    text.strip_prefix(MARK).is_some_and(|rest| rest.len() == DIGITS && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whether a text begins with one.
pub(super) fn begins_with_hash(text: &str) -> bool {
    text.get(..MARK.len() + DIGITS).is_some_and(is_hash)
}

/// Normalises a text. `None` if it is not a phone, or not an e-mail.
pub fn normal(text: &str, form: Normal) -> Option<String> {
    match form {
        _ if is_hash(text) => Some(text.to_owned()),
        Normal::Phone => phone(text),
        Normal::Email => email(text),
    }
}

/// A phone with its country: ten digits are Russian ones, and an 8 before them is how they are dialled at home. Of several
/// the first.
fn phone(text: &str) -> Option<String> {
    let first = text.split([',', ';', '/', '\n']).map(str::trim).find(|part| !part.is_empty())?;
    let lower = first.to_lowercase();
    // a number of a table is written with what is behind its point
    let lower = match lower.strip_suffix(".0") {
        Some(whole) if whole.bytes().all(|byte| byte.is_ascii_digit()) => whole.to_owned(),
        _ => lower,
    };
    // an extension is no part of it
    let end = ["доб", "ext", "вн", "#", "x"].iter().filter_map(|word| lower.find(word)).min().unwrap_or(lower.len());
    let body = lower.get(..end)?;
    let allowed = |c: char| c.is_ascii_digit() || c.is_whitespace() || "+-‐‑‒–—().'’\u{a0}".contains(c);
    let body = body.trim_start_matches("tel:").trim_start_matches("тел.").trim();
    if !body.chars().all(allowed) {
        return None;
    }
    let digits: String = body.chars().filter(char::is_ascii_digit).collect();
    let international = body.trim_start_matches(['\'', '’', ' ']).starts_with('+');
    let (digits, international) = match (digits.strip_prefix("00"), international) {
        (Some(rest), false) if digits.len() > 12 => (rest.to_owned(), true),
        // 8-10 is how one dials abroad from Russia
        (None, false) if digits.len() > 11 && digits.starts_with("810") => (digits[3..].to_owned(), true),
        _ => (digits, international),
    };
    match (digits.len(), international) {
        // +8 (912) … is an 8 with a plus put before it by a form
        (11, true) if digits.starts_with('8') && digits[1..].starts_with('9') => known(&format!("7{}", &digits[1..])),
        (_, true) => known(&digits),
        (11, false) if digits.starts_with('8') => known(&format!("7{}", &digits[1..])),
        (10, false) => known(&format!("7{digits}")),
        (11..=15, false) => known(&digits),
        _ => None,
    }
}

fn known(digits: &str) -> Option<String> {
    // those that begin with 7 have eleven digits
    let length = if digits.starts_with('7') { 11..=11 } else { 8..=15 };
    (length.contains(&digits.len()) && !digits.starts_with('0')).then(|| format!("+{digits}"))
}

/// An e-mail in small letters, without what is written around it.
fn email(text: &str) -> Option<String> {
    let first = text.split([',', ';', '\n']).map(str::trim).find(|part| !part.is_empty())?;
    let within = first.rsplit_once('<').and_then(|(_, rest)| rest.strip_suffix('>')).unwrap_or(first);
    let lower = within.to_lowercase();
    let mut bare = lower.trim();
    // a link that was pasted into a link
    while let Some(after) = bare.strip_prefix("mailto:") {
        bare = after.trim_start();
    }
    let (name, host) = bare.split_once('@')?;
    let sound = !name.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.');
    (sound && !bare.contains(char::is_whitespace) && !host.contains('@')).then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_phone_is_one_client_however_it_is_written() {
        for text in [
            "+7 (912) 123-45-67",
            "89121234567",
            "8 912 123 45 67",
            "79121234567",
            "9121234567",
            "'+79121234567",
            "+7 912 123-45-67, +7 900 000-00-00",
            "+7 (912) 123-45-67 доб. 12",
            "tel:+79121234567",
            "+8 (912) 123-45-67",
            "00 8 (912) 123-45-67",
            "8\u{a0}(912)\u{a0}123–45–67",
        ] {
            assert_eq!(normal(text, Normal::Phone).as_deref(), Some("+79121234567"), "{text}");
        }
        for (text, phone) in [
            ("+375 29 123-45-67", Some("+375291234567")),
            ("00375291234567", Some("+375291234567")),
            ("+49 30 901820", Some("+4930901820")),
            ("84951234567", Some("+74951234567")),
            ("79121234567.0", Some("+79121234567")),
            ("9121234567.0", Some("+79121234567")),
            ("8-10-44-2071838750", Some("+442071838750")),
            ("+7 912 123‑45‑67", Some("+79121234567")),
            ("+7912123456", None),
            ("81089077777777", Some("+79077777777")),
            ("752951235567", None),
            ("нет", None),
            ("123", None),
            ("7.9121E+10", None),
            ("", None),
            ("+0000000000", None),
            ("12345678901234567890", None),
        ] {
            assert_eq!(normal(text, Normal::Phone).as_deref(), phone, "{text}");
        }
    }

    #[test]
    fn one_address_is_one_client() {
        for text in [
            "Ivan@Example.com ",
            "MAILTO: ivan@example.com",
            "mailto:mailto:\u{c}mailto:ivan@example.com",
            "Иван <ivan@example.com>",
            "ivan@example.com; x@y.ru",
        ] {
            assert_eq!(normal(text, Normal::Email).as_deref(), Some("ivan@example.com"), "{text}");
        }
        for text in ["ivan", "@example.com", "ivan@", "ivan@example", "i van@example.com", "a@b@c.ru"] {
            assert_eq!(normal(text, Normal::Email), None, "{text}");
        }
    }

    #[test]
    fn a_hash_tells_one_from_another_and_is_not_hashed_again() {
        let key = Key::new([7; 32]);
        let hash = key.hash("+79121234567");
        assert!(is_hash(&hash), "{hash}");
        assert_eq!(key.hash(&hash), hash);
        assert_ne!(key.hash("+79121234568"), hash);
        assert_ne!(Key::new([8; 32]).hash("+79121234567"), hash);
    }
}
