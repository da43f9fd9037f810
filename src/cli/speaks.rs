//! The language of a command, as typed.

use clap::{Args as Group, ValueEnum};

use crate::model::lang::Lang;

/// The language of what a command says beside its rows.
#[derive(Debug, Group)]
pub struct Speaks {
    /// The language of messages [default: the regulation's, or Russian].
    #[arg(long, value_enum, env = "VORONKA_LANG")]
    pub lang: Option<Language>,
}

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
