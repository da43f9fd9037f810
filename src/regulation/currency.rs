//! Currency codes and signs.

use crate::model::lang::{Text, both};
use crate::model::problem::hint;
use crate::model::written::Wrong;

/// Currencies that have a sign of their own. Others are shown by their code.
const SIGNS: &[(&str, &str)] = &[
    ("RUB", "₽"),
    ("USD", "$"),
    ("EUR", "€"),
    ("KZT", "₸"),
    ("UAH", "₴"),
    ("GBP", "£"),
    ("CNY", "¥"),
    ("JPY", "¥"),
    ("TRY", "₺"),
    ("GEL", "₾"),
    ("AMD", "֏"),
    ("AZN", "₼"),
    ("INR", "₹"),
    ("BRL", "R$"),
];

/// The sign of a currency; its code where it has none.
pub fn sign(code: &str) -> &str {
    SIGNS.iter().find(|(known, _)| *known == code).map_or(code, |(_, sign)| sign)
}

/// Reads a currency code.
pub fn code(text: &str) -> Result<String, Wrong> {
    match text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()) && text != "RUR" {
        true => Ok(text.to_owned()),
        false => {
            let way_out = match SIGNS.iter().find(|(_, sign)| *sign == text) {
                Some((code, _)) => both!("напишите её код: {code}", "write its code: {code}"),
                None => Text::new("три заглавные буквы, например RUB; ", "three capital letters, such as RUB; ")
                    .and(hint(text, SIGNS.iter().map(|(code, _)| *code))),
            };
            Err(Wrong::new(both!("`{text}` — не код валюты", "`{text}` is no currency code"), way_out))
        }
    }
}
