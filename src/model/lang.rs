//! The two languages that everything shown exists in.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// A language of what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Russian.
    #[default]
    Ru,
    /// English.
    En,
}

impl Lang {
    /// Chooses between two words.
    pub fn pick<'t>(self, ru: &'t str, en: &'t str) -> &'t str {
        match self {
            Lang::Ru => ru,
            Lang::En => en,
        }
    }
}

/// The form of a Russian noun that goes with a number: 1 неделя, 2 недели, 5 недель.
pub fn russian(n: u32, [one, few, many]: [&str; 3]) -> &str {
    match (n % 10, n % 100) {
        (_, 11..=14) => many,
        (1, _) => one,
        (2..=4, _) => few,
        _ => many,
    }
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Russian.
    pub ru: String,
    /// English.
    pub en: String,
}

/// In the order of the English text, so that lists do not depend on the language.
impl Ord for Text {
    fn cmp(&self, other: &Text) -> Ordering {
        (&self.en, &self.ru).cmp(&(&other.en, &other.ru))
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Text) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Text {
    /// A text in both languages.
    pub fn new(ru: impl Into<String>, en: impl Into<String>) -> Text {
        Text { ru: ru.into(), en: en.into() }
    }

    /// One text for both languages: code, ids, names.
    pub fn same(text: impl Into<String>) -> Text {
        let text = text.into();
        Text { ru: text.clone(), en: text }
    }

    /// This text, and another right after it.
    #[must_use]
    pub fn and(self, other: Text) -> Text {
        Text { ru: self.ru + &other.ru, en: self.en + &other.en }
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.en.is_empty()
    }

    /// The text in one language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ru => &self.ru,
            Lang::En => &self.en,
        }
    }
}

/// A [`Text`] of two format strings, Russian and English. Both take the same arguments.
macro_rules! both {
    ($ru:literal, $en:literal $(, $argument:expr)* $(,)?) => {
        $crate::model::lang::Text::new(format!($ru $(, $argument)*), format!($en $(, $argument)*))
    };
}

pub(crate) use both;
