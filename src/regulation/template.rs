//! The regulation that a company starts from.

use crate::model::lang::Lang;

/// A commented regulation to start from, in one language.
pub fn template(lang: Lang) -> &'static str {
    match lang {
        Lang::Ru => include_str!("templates/regulation.ru.toml"),
        Lang::En => include_str!("templates/regulation.en.toml"),
    }
}
