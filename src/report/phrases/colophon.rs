//! The last lines of a report: version, regulation, how days and intervals are meant.

use super::Phrases;
use crate::model::lang::Lang;
use crate::regulation::{History, Regulation};

impl Phrases<'_> {
    /// The last lines of a report.
    pub fn colophon(&self, regulation: &Regulation) -> Vec<String> {
        let (as_of, version) = (self.numbers.date(self.as_of), self.version);
        let zone = regulation.calendar().zone.name();
        let in_force = self.in_force(regulation);
        match self.lang {
            Lang::Ru => vec![
                format!("Версия хранилища {version}; учтено всё, что произошло до {as_of} (не включая этот день)."),
                in_force,
                format!("Дни и недели — по часовому поясу {zone}; неделя начинается с понедельника."),
                "Доли от числа случаев (сделок, клиентов) показаны с 95-процентными интервалами; у долей денег интервала \
                 нет. Группы различаются лишь там, где различие доказано с поправкой на число сравнений (Бенджамини — \
                 Хохберг, 5 %)."
                    .to_owned(),
            ],
            Lang::En => vec![
                format!("Store version {version}; all that happened before {as_of} (that day not included)."),
                in_force,
                format!("Days and weeks are those of the time zone {zone}; weeks begin on Monday."),
                "Shares of counts (of deals, of clients) come with 95% intervals; shares of money have none. Groups are told \
                 apart only where the evidence says so after the correction for the number compared \
                 (Benjamini–Hochberg, 5%)."
                    .to_owned(),
            ],
        }
    }

    /// Which regulation the report uses, and whether it has changed since.
    fn in_force(&self, regulation: &Regulation) -> String {
        let from = regulation.valid_from().map(|day| self.numbers.date(day));
        let History { until, too_young } = regulation.history();
        let until = until.map(|day| self.numbers.date(day));
        match (self.lang, from, until, too_young) {
            (Lang::Ru, Some(from), _, true) => {
                format!("Регламент действует с {from}, то есть после этого периода: более раннего хранилище не знает.")
            }
            (Lang::Ru, Some(from), None, _) => format!("Регламент действует с {from}."),
            (Lang::Ru, Some(from), Some(until), _) => {
                format!("Регламент, который действовал с {from}; с {until} действует другой.")
            }
            (Lang::Ru, None, Some(until), _) => {
                format!("Регламент, который действовал до {until}; с этого дня — другой.")
            }
            (Lang::Ru, None, None, _) => "Регламент действует без указания даты (valid_from).".to_owned(),
            (Lang::En, Some(from), _, true) => {
                format!("The regulation is in force from {from}, after this period: the store knows of none older.")
            }
            (Lang::En, Some(from), None, _) => format!("The regulation is in force from {from}."),
            (Lang::En, Some(from), Some(until), _) => {
                format!("The regulation that was in force from {from}; another is from {until}.")
            }
            (Lang::En, None, Some(until), _) => {
                format!("The regulation that was in force until {until}; from that day another is.")
            }
            (Lang::En, None, None, _) => "The regulation names no day from which it holds (valid_from).".to_owned(),
        }
    }
}
