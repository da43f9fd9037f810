//! The renderers' own words, in both languages.

use crate::model::lang::{Lang, russian};
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

    /// The heading of the things to do.
    pub fn to_do(self) -> &'static str {
        self.pick("Что сделать", "What to do")
    }

    /// Leads to a deal in the CRM.
    pub fn open(self) -> &'static str {
        self.pick("открыть", "open")
    }

    /// What leads to the list behind a thing to do.
    pub fn list(self) -> &'static str {
        self.pick("Список", "The list")
    }

    /// The heading of what got better.
    pub fn improved(self) -> &'static str {
        self.pick("Что стало лучше", "What got better")
    }

    /// The heading of the sources at the foot of a page.
    pub fn sources(self) -> &'static str {
        self.pick("Источники", "Sources")
    }

    /// What is said of all sources at once follows it.
    pub fn all_of_them(self) -> &'static str {
        self.pick("У всех", "All of them")
    }

    /// The heading of the definitions at the foot of a page.
    pub fn definitions(self) -> &'static str {
        self.pick("Что считают показатели", "What the metrics count")
    }

    /// The line that unfolds all findings.
    pub fn all_findings(self) -> &'static str {
        self.pick("Все выводы", "All findings")
    }

    /// How the folded parts of a page come onto paper.
    pub fn folded(self) -> &'static str {
        self.pick(
            "Таблицы и выводы свёрнуты: откройте нужное щелчком. На бумагу попадает открытое;",
            "Tables and findings are folded: a click opens one. What is open is printed;",
        )
    }

    /// How the whole of a folded report is had.
    pub fn whole(self) -> &'static str {
        self.pick("отчёт целиком — с ключом --full.", "the whole comes with --full.")
    }

    /// Where folded parts are on paper.
    #[cfg(feature = "pdf")]
    pub fn in_appendix(self) -> &'static str {
        self.pick(
            "Таблицы и все выводы — в приложении, в конце файла.",
            "Tables and all findings are in the appendix, at the end of the file.",
        )
    }

    /// The heading of folded parts on paper.
    #[cfg(feature = "pdf")]
    pub fn appendix(self) -> &'static str {
        self.pick("Приложение", "Appendix")
    }

    /// Stands before the number of a page.
    #[cfg(feature = "pdf")]
    pub fn page(self) -> &'static str {
        self.pick("стр.", "p.")
    }

    /// Which page of how many.
    #[cfg(feature = "pdf")]
    pub fn page_of(self, number: usize, count: usize) -> String {
        match self.0 {
            Lang::Ru => format!("{number} из {count}"),
            Lang::En => format!("{number} of {count}"),
        }
    }

    /// Which rows of a table are shown, and where all of them are.
    #[cfg(feature = "pdf")]
    pub fn left_out(self, shown: usize, all: usize) -> String {
        match self.0 {
            Lang::Ru => format!(
                "Показаны первые {shown} строк из {all}. Вся таблица — в CSV и в книге Excel: --format csv,xlsx."
            ),
            Lang::En => format!(
                "The first {shown} of {all} rows. The whole table is in the CSV and in the workbook: --format csv,xlsx."
            ),
        }
    }

    /// Stands for a text of nothing but blanks.
    #[cfg(feature = "pdf")]
    pub fn blank(self) -> &'static str {
        self.pick("пусто", "blank")
    }

    /// So many rows, in words.
    pub fn rows(self, count: usize) -> String {
        let number = u32::try_from(count).unwrap_or(u32::MAX);
        match self.0 {
            Lang::Ru => format!("{count} {}", russian(number, ["строка", "строки", "строк"])),
            Lang::En if count == 1 => "1 row".to_owned(),
            Lang::En => format!("{count} rows"),
        }
    }

    /// The heading of findings that need no action.
    pub fn quiet_findings(self) -> &'static str {
        self.pick("В норме и без оценки", "On target or not judged")
    }
}
