//! The renderers' own words, in both languages.

use crate::model::lang::Lang;
use crate::report::document::Verdict;

/// Words in one language.
#[derive(Debug, Clone, Copy)]
pub struct Words(pub Lang);

impl Words {
    fn pick(self, ru: &'static str, en: &'static str) -> &'static str {
        match self.0 {
            Lang::Ru => ru,
            Lang::En => en,
        }
    }

    /// The value of the `lang` attribute.
    pub fn code(self) -> &'static str {
        self.pick("ru", "en")
    }

    /// Shown if there is nothing to draw or to list.
    pub fn no_data(self) -> &'static str {
        self.pick("нет данных", "no data")
    }

    /// The head of the table of contents.
    pub fn contents(self) -> &'static str {
        self.pick("Содержание", "Contents")
    }

    /// Label of a source line.
    pub fn source(self) -> &'static str {
        self.pick("Источник", "Source")
    }

    /// Label of the regulation's advice.
    pub fn advice(self) -> &'static str {
        self.pick("Что делать", "What to do")
    }

    /// Label of a change.
    pub fn change(self) -> &'static str {
        self.pick("Что изменилось", "What changed")
    }

    /// The head of a notice.
    pub fn notice(self) -> &'static str {
        self.pick("Важно знать", "Please note")
    }

    /// The name of a workbook's first sheet.
    pub fn front(self) -> &'static str {
        self.pick("Отчёт", "Report")
    }

    /// What an empty hatched cell of a workbook means.
    pub fn hatched(self) -> &'static str {
        self.pick("нет данных (это не ноль)", "no data (not zero)")
    }

    /// A verdict in words, for readers who cannot see its colour.
    pub fn verdict(self, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Red => self.pick("Вне нормы", "Off target"),
            Verdict::Yellow => self.pick("На грани", "Borderline"),
            Verdict::Green => self.pick("В норме", "On target"),
            Verdict::Unknown => self.pick("Нет оценки", "Not judged"),
        }
    }

    /// The heading of findings that need no action.
    pub fn quiet_findings(self) -> &'static str {
        self.pick("В норме и без оценки", "On target or not judged")
    }
}
