//! A language, as typed.

use clap::ValueEnum;

use crate::model::lang::Lang;

/// A language, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Russian.
    Ru,
    /// English.
    En,
}

impl From<Language> for Lang {
    fn from(language: Language) -> Lang {
        match language {
            Language::Ru => Lang::Ru,
            Language::En => Lang::En,
        }
    }
}
