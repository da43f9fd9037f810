//! Phrases for missing data: missing, failed, partly covered, not begun.

use chrono::{Days, NaiveDate};

use super::Phrases;
use crate::metrics::source_name;
use crate::model::calendar::Calendar;
use crate::model::lang::Lang;
use crate::model::unit::Unit;
use crate::report::missing::{Cover, Lack, Missing};
use crate::report::period::Period;

impl Phrases<'_> {
    /// Notice: the data end before the report's days.
    pub fn data_end(&self, last: NaiveDate, period: Period) -> String {
        let as_of = self.numbers.date(Calendar::monday(last) + Days::new(7));
        let last = self.numbers.date(last);
        let (end, way) = match self.lang {
            Lang::Ru => (
                format!("Данные кончаются {last}, до начала периода, поэтому в нём пусто."),
                match period {
                    Period::Days(_) => format!("Выберите дни не позже {last}."),
                    _ => format!("Последнюю неделю с данными покажет отчёт на {as_of}."),
                },
            ),
            Lang::En => (
                format!("The data end on {last}, before the period begins, so it is empty."),
                match period {
                    Period::Days(_) => format!("Pick days that are not after {last}."),
                    _ => format!("The last week with data is shown by the report as of {as_of}."),
                },
            ),
        };
        format!("{end} {way}")
    }

    /// The covered part of a period.
    pub fn cover(&self, cover: Cover, period: Period) -> String {
        let (part, none) = match period {
            Period::Weeks(1) => (self.pick("часть недели", "part of the week"), self.pick("недели", "the week")),
            Period::Months(1) => (self.pick("часть месяца", "part of the month"), self.pick("месяца", "the month")),
            _ => (self.pick("часть периода", "part of the period"), self.pick("периода", "the period")),
        };
        match (cover, self.lang) {
            (Cover::Until(last), Lang::Ru) => format!("данные по {}: {part}", self.numbers.date(last)),
            (Cover::Until(last), Lang::En) => format!("data until {}: {part}", self.numbers.date(last)),
            (Cover::Not(last), Lang::Ru) => format!("данные по {}: {none} в них нет", self.numbers.date(last)),
            (Cover::Not(last), Lang::En) => format!("data until {}: nothing of {none}", self.numbers.date(last)),
        }
    }

    /// A title with the covered part of the period, if it is not the whole.
    pub fn with_cover(&self, title: String, cover: Option<Cover>, period: Period) -> String {
        cover.map_or(title.clone(), |cover| format!("{title} ({})", self.cover(cover, period)))
    }

    /// When the counted event could first happen, if that is after the period.
    pub fn begins(&self, day: NaiveDate) -> String {
        let day = self.numbers.date(day);
        match self.lang {
            Lang::Ru => format!("в данных это впервые {day}, после этого периода"),
            Lang::En => format!("the data have the first on {day}, after this period"),
        }
    }

    /// Notice: the data contain no such event.
    pub fn never(&self) -> &'static str {
        match self.lang {
            Lang::Ru => "в данных этого ещё не было ни разу",
            Lang::En => "the data have none yet",
        }
    }

    /// Notice: nothing in the period could be judged.
    pub fn nothing_to_judge(&self) -> &'static str {
        match self.lang {
            Lang::Ru => "за период судить не по чему",
            Lang::En => "nothing to judge by within the period",
        }
    }

    /// The same below a section.
    pub fn section_undated_wins(&self, wins: f64) -> String {
        let wins = self.numbers.exact(wins, Unit::Count);
        match self.lang {
            Lang::Ru => {
                format!(
                    "Цифры за период посчитаны без выигранных сделок, у которых нет даты закрытия, хотя она может быть в этом периоде: {wins}."
                )
            }
            Lang::En => format!(
                "Figures of a period leave out the won deals of unknown closing date that may fall within it: {wins}."
            ),
        }
    }

    /// Beside a figure of a span of days: wins without a date that may lie within it.
    pub fn undated_wins(&self, wins: f64) -> String {
        let wins = self.numbers.exact(wins, Unit::Count);
        match self.lang {
            Lang::Ru => {
                format!("без выигранных сделок, у которых нет даты закрытия, а она может быть в этих днях: {wins}")
            }
            Lang::En => {
                format!("without the won deals of unknown closing date that may fall within these days: {wins}")
            }
        }
    }

    /// That a figure is known only between two ends.
    pub fn within(&self) -> &'static str {
        self.pick("точнее по имеющимся данным не сказать", "the data there are do not tell more exactly")
    }

    /// That there are data, and the figure does not follow from them.
    pub fn not_told(&self) -> &'static str {
        match self.lang {
            Lang::Ru => "по имеющимся данным этого не сказать",
            Lang::En => "the data there are do not tell",
        }
    }

    /// Notice: a part is empty because nothing could be judged.
    pub fn unjudged(&self, title: &str) -> String {
        let words = self.pick("судить не по чему", "nothing to judge by");
        let reference = self.reference().map(|text| format!(" {text}")).unwrap_or_default();
        format!("«{title}»: {words}.{reference}")
    }

    /// Notice: a list of breaches is empty, and some of what it lists could not be judged.
    pub fn partly_unjudged(&self, title: &str) -> String {
        let words = self.pick(
            "среди того, о чём можно судить, нет ни одной строки; часть сделок или правил судить не по чему",
            "not a single row among what can be judged; of some deals or rules there is nothing to judge by",
        );
        let reference = self.reference().map(|text| format!(" {text}")).unwrap_or_default();
        format!("«{title}»: {words}.{reference}")
    }

    /// Notice: a comparison could not be made.
    pub fn not_compared(&self, fault: &Missing) -> String {
        format!(
            "{}: {}",
            self.pick("прошлое не посчитано, ошибка", "the past was not computed, an error"),
            self.text(&fault.why)
        )
    }

    /// Notice: a part could not be computed.
    pub fn gap(&self, title: &str, missing: &Missing) -> String {
        let head = match missing.lack {
            Lack::Data => self.pick("не посчитано, нет данных в", "not computed, no data in"),
            Lack::Memory => self.pick("не посчитано, не хватило памяти для", "not computed, too little memory for"),
            Lack::Fault => self.pick("не посчитано, ошибка в", "not computed, an error in"),
        };
        format!("«{title}»: {head} {} — {}.", missing.what, self.text(&missing.why).trim_end_matches('.'))
    }

    /// A reference to the section that says what to export.
    pub fn reference(&self) -> Option<String> {
        let title = self.gathered.as_ref()?;
        Some(match self.lang {
            Lang::Ru => format!("Что выгрузить — в разделе «{title}»."),
            Lang::En => format!("What to export is said in “{title}”."),
        })
    }

    /// Notice: parts of a section could not be computed for reasons listed in another section. `None` if nothing was
    /// left out.
    pub fn left_out(&self, titles: &[&str]) -> Option<String> {
        let reference = self.reference().filter(|_| !titles.is_empty())?;
        let head = self.pick("Не посчитано, нет данных", "Not computed, no data");
        let mut said: Vec<String> = Vec::new();
        for title in titles.iter().map(|title| format!("«{title}»")) {
            if !said.contains(&title) {
                said.push(title);
            }
        }
        let titles = said;
        Some(format!("{head}: {}. {reference}", titles.join(", ")))
    }

    /// Notice: a whole section could not be computed.
    pub fn gaps_of_section(&self, reasons: &[&Missing]) -> String {
        let of = |lack: Lack, head: &str| {
            let said = reasons.iter().filter(|m| m.lack == lack).map(|m| match (lack, &self.gathered) {
                (Lack::Data, Some(_)) => self.source_of(&m.what),
                _ => format!("{} — {}", m.what, self.text(&m.why).trim_end_matches('.')),
            });
            let mut said: Vec<String> = said.collect();
            said.dedup();
            if said.is_empty() { String::new() } else { format!(" {head} {}.", said.join("; ")) }
        };
        let data = of(Lack::Data, self.pick("Нет данных:", "No data:"));
        let memory = of(Lack::Memory, self.pick("Не хватило памяти для", "Too little memory for"));
        let fault = of(Lack::Fault, self.pick("Ошибка в", "An error in"));
        let reference = self.reference().filter(|_| !data.is_empty());
        let reference = reference.map(|text| format!(" {text}")).unwrap_or_default();
        format!("{}{fault}{memory}{data}{reference}", self.pick("Не посчитано.", "Not computed."))
    }

    /// The common name of the export of `what`, such as `spend.cost`; `what` itself if it has none.
    pub fn source_of(&self, what: &str) -> String {
        source_name(what).map_or_else(|| what.to_owned(), |name| self.text(&name).to_owned())
    }
}
