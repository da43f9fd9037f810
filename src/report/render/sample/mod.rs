//! A sample document with every kind of block, chart and cell, for tests and for visual inspection. The charts are the
//! examples of their kinds.

mod blocks;

use chrono::NaiveDate;

use self::blocks::{actions, column, findings, quality_table, tiles, weekly_table};
use crate::model::lang::{Lang, Text};
use crate::model::unit::Unit;
use crate::report::chart::sample::LONG;
use crate::report::document::*;

/// All charts of the sample, then the hard ones.
pub fn charts(lang: Lang) -> Vec<Chart> {
    shown(lang).into_iter().chain(hard_charts(lang)).collect()
}

/// A document of the hard charts alone, to be looked at.
pub fn hard(lang: Lang) -> Document {
    let mut doc = document(lang);
    doc.name = "hard".into();
    doc.sections.truncate(1);
    doc.sections[0].blocks = hard_charts(lang).into_iter().map(Block::Chart).collect();
    doc
}

/// Replaces every name in a chart.
pub fn rename(chart: &mut Chart, name: &str) {
    chart.plot.names().into_iter().for_each(|known| *known = name.to_owned());
}

/// The charts that the document shows.
fn shown(lang: Lang) -> Vec<Chart> {
    let blocks = document(lang).sections.into_iter().flat_map(|s| s.blocks);
    blocks.filter_map(|block| if let Block::Chart(chart) = block { Some(chart) } else { None }).collect()
}

/// The examples that the document does not show: nothing, one thing, too many things, too long names, too large and negative
/// numbers.
fn hard_charts(lang: Lang) -> Vec<Chart> {
    let shown = shown(lang);
    let samples = Plot::samples(&|ru, en| Text::new(ru, en).get(lang).to_owned());
    let hard = samples.into_iter().filter(|(id, _)| shown.iter().all(|chart| chart.id != *id));
    let chart = |(id, plot): (&str, Plot)| Chart {
        id: id.into(),
        title: format!("{id}: {LONG}"),
        source: format!("{id}, {LONG} {LONG}"),
        plot,
    };
    hard.map(chart).collect()
}

/// The sample in one language.
pub fn document(lang: Lang) -> Document {
    let sample = Sample { lang, plots: Plot::samples(&|ru, en| Text::new(ru, en).get(lang).to_owned()) };
    Document {
        name: "weekly".into(),
        lang,
        currency: "₽".into(),
        company: sample.t("ООО «Окна & Двери <Плюс>»", "Windows & Doors <Plus> LLC"),
        title: sample.t("Недельный отчёт о продажах", "Weekly sales report"),
        as_of: NaiveDate::from_ymd_opt(2025, 6, 30).expect("a date"),
        subtitle: sample.t("Неделя 23–29 июня 2025 года, все филиалы", "Week of 23–29 June 2025, all branches"),
        sections: vec![sample.steady(), sample.funnel(), sample.leads(), sample.promotions(), sample.future()],
        colophon: vec![
            sample.t(
                "Хранилище: состояние 12 от 30.06.2025. Регламент: «Окна и двери», редакция 3.",
                "Store version 12 of 30 Jun 2025. Regulation: Windows and doors, edition 3.",
            ),
            sample.t(
                "Загружено 12 480 сделок и 131 907 событий; в карантине 14 строк.",
                "Loaded: 12,480 deals and 131,907 events; 14 lines in quarantine.",
            ),
        ],
        definitions: vec![Definition {
            name: "revenue_weekly".into(),
            title: sample.t("Выручка по неделям", "Revenue by week"),
            about: sample
                .t("Сумма выигранных сделок по неделе закрытия.", "The amounts of won deals, by the week of closing."),
        }],
        folds: false,
        failed: Vec::new(),
        red: vec![Red {
            key: "response.sla_share".into(), title: sample.t("Ответили в срок", "Answered in time")
        }],
        is_loaded: true,
    }
}

/// The sections of the sample, in one language.
struct Sample {
    lang: Lang,
    /// The examples of all kinds of charts, by id.
    plots: Vec<(&'static str, Plot)>,
}

impl Sample {
    fn t(&self, ru: &str, en: &str) -> String {
        self.lang.pick(ru, en).to_owned()
    }

    fn source(&self, metric: &str) -> String {
        let days = self.lang.pick(
            "30.12.2024–30.06.2025, на дату 30.06.2025, состояние хранилища 12",
            "30 Dec 2024 – 30 Jun 2025, as of 30 Jun 2025, store version 12",
        );
        format!("{metric}, {days}")
    }

    fn chart(&self, id: &str, title: String) -> Block {
        let (_, plot) = self.plots.iter().find(|(known, _)| *known == id).expect("an example of a kind");
        Block::Chart(Chart { id: id.into(), title, source: self.source(id), plot: plot.clone() })
    }

    fn steady(&self) -> Section {
        Section {
            id: "steady".into(),
            title: self.t("Ровная ли выручка?", "Is revenue steady?"),
            blocks: vec![
                tiles(&|ru, en| self.t(ru, en)),
                self.chart(
                    "revenue-split",
                    self.t(
                        "Выручка по неделям: всё больше держится на акциях",
                        "Revenue by week: more and more of it rests on promotions",
                    ),
                ),
                actions(&|ru, en| self.t(ru, en)),
                findings(&|ru, en| self.t(ru, en)),
            ],
        }
    }

    fn future(&self) -> Section {
        Section {
            id: "future".into(),
            title: self.t("Выполним ли план?", "Will the plan be made?"),
            blocks: vec![
                self.chart("month", self.t("Июнь: факт, план и прогноз", "June: fact, plan and forecast")),
                self.chart(
                    "bridge",
                    self.t("Что стало с открытыми сделками за месяц", "What became of the pipeline within the month"),
                ),
            ],
        }
    }

    fn funnel(&self) -> Section {
        Section {
            id: "funnel".into(),
            title: self.t("Где теряются сделки?", "Where are deals lost?"),
            blocks: vec![
                Block::Text(self.t(
                    "Доли считаются от предыдущего этапа. Этапы, через которые сделка перескочила, учтены как пройденные.",
                    "Shares are of the stage before. Stages that a deal skipped count as passed.",
                )),
                self.chart("funnel", self.t("До договора доходит каждый восьмой", "One in eight reaches a contract")),
                self.chart(
                    "conversion",
                    self.t("Конверсия в продажу по неделе заявки", "Conversion to sale by week of enquiry"),
                ),
                weekly_table(&|ru, en| self.t(ru, en), self.source("weekly_conversion")),
            ],
        }
    }

    fn leads(&self) -> Section {
        Section {
            id: "leads".into(),
            title: self.t("Хороши ли заявки у подрядчиков?", "Are the contractors' leads any good?"),
            blocks: vec![
                self.chart(
                    "quality",
                    self.t("Доля квалифицированных заявок по подрядчикам", "Share of qualified leads by contractor"),
                ),
                quality_table(&|ru, en| self.t(ru, en), self.source("lead_quality")),
                self.chart(
                    "response",
                    self.t("Чем дольше ждёт ответа, тем реже покупает", "The longer the wait, the rarer the sale"),
                ),
                self.chart(
                    "median-response",
                    self.t("Время первого ответа, медиана", "Time to first response, median"),
                ),
            ],
        }
    }

    fn promotions(&self) -> Section {
        Section {
            id: "promo".into(),
            title: self.t("Сколько стоят акции?", "What do promotions cost?"),
            blocks: vec![
                self.chart(
                    "depth",
                    self.t("Доля продаж по акции и глубина скидки", "Share of sales in promotions, and discount depth"),
                ),
                self.chart("by-campaign", self.t("Расход и отдача по кампаниям", "Spend against return by campaign")),
                self.chart("spend", self.t("Расход и выручка по месяцам", "Spend and revenue by month")),
                self.chart(
                    "payback",
                    self.t(
                        "Окупаемость набранных клиентов, накопленная маржа к расходу",
                        "Payback of acquired clients: cumulative margin over spend",
                    ),
                ),
                self.chart("split-by-branch", self.t("Выручка по филиалам", "Revenue by branch")),
                Block::Notice(self.t(
                    "ROMI по когортам не посчитан: в выгрузке сделок нет себестоимости.",
                    "Cohort ROMI could not be computed: the deal export has no cost column.",
                )),
                self.chart("empty", self.t("Жалобы на 1000 касаний", "Complaints per 1000 touches")),
                Block::Table(Table {
                    id: "nothing".into(),
                    title: self.t("Возвраты", "Refunds"),
                    columns: vec![column("client", self.t("Клиент", "Client"), Unit::Text)],
                    rows: vec![],
                    source: self.source("refunds"),
                }),
            ],
        }
    }
}
