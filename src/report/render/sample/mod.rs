//! A sample document with every kind of block, chart and cell, for tests and for visual inspection. The charts are the
//! examples of their kinds.

mod blocks;

use self::blocks::{column, findings, quality_table, tiles, weekly_table};
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
    let t = |ru: &str, en: &str| Text::new(ru, en).get(lang).to_string();
    let source = |metric: &str| {
        t(
            &format!("{metric}, 30.12.2024–30.06.2025, на дату 30.06.2025, состояние хранилища 12"),
            &format!("{metric}, 30 Dec 2024 – 30 Jun 2025, as of 30 Jun 2025, store version 12"),
        )
    };
    let samples = Plot::samples(&t);
    let chart = |id: &str, title: String| {
        let (_, plot) = samples.iter().find(|(known, _)| *known == id).expect("an example of a kind");
        Block::Chart(Chart { id: id.into(), title, source: source(id), plot: plot.clone() })
    };
    Document {
        name: "weekly".into(),
        lang,
        currency: "₽".into(),
        company: t("ООО «Окна & Двери <Плюс>»", "Windows & Doors <Plus> LLC"),
        title: t("Недельный отчёт о продажах", "Weekly sales report"),
        subtitle: t("Неделя 23–29 июня 2025 года, все филиалы", "Week of 23–29 June 2025, all branches"),
        sections: vec![
            Section {
                id: "steady".into(),
                title: t("Ровная ли выручка?", "Is revenue steady?"),
                blocks: vec![
                    tiles(&t),
                    chart(
                        "revenue-split",
                        t(
                            "Выручка по неделям: всё больше держится на акциях",
                            "Revenue by week: more and more of it rests on promotions",
                        ),
                    ),
                    findings(&t),
                ],
            },
            Section {
                id: "funnel".into(),
                title: t("Где теряются сделки?", "Where are deals lost?"),
                blocks: vec![
                    Block::Text(t(
                        "Доли считаются от предыдущего этапа. Этапы, через которые сделка перескочила, учтены как пройденные.",
                        "Shares are of the stage before. Stages that a deal skipped count as passed.",
                    )),
                    chart("funnel", t("До договора доходит каждый восьмой", "One in eight reaches a contract")),
                    chart(
                        "conversion",
                        t("Конверсия в продажу по неделе заявки", "Conversion to sale by week of enquiry"),
                    ),
                    weekly_table(&t, source("weekly_conversion")),
                ],
            },
            Section {
                id: "leads".into(),
                title: t("Хороши ли заявки у подрядчиков?", "Are the contractors' leads any good?"),
                blocks: vec![
                    chart(
                        "quality",
                        t("Доля квалифицированных заявок по подрядчикам", "Share of qualified leads by contractor"),
                    ),
                    quality_table(&t, source("lead_quality")),
                    chart(
                        "response",
                        t("Чем дольше ждёт ответа, тем реже покупает", "The longer the wait, the rarer the sale"),
                    ),
                    chart("median-response", t("Время первого ответа, медиана", "Time to first response, median")),
                ],
            },
            Section {
                id: "promo".into(),
                title: t("Сколько стоят акции?", "What do promotions cost?"),
                blocks: vec![
                    chart(
                        "depth",
                        t("Доля продаж по акции и глубина скидки", "Share of sales in promotions, and discount depth"),
                    ),
                    chart("by-campaign", t("Расход и отдача по кампаниям", "Spend against return by campaign")),
                    chart("spend", t("Расход и выручка по месяцам", "Spend and revenue by month")),
                    chart(
                        "payback",
                        t(
                            "Окупаемость набранных клиентов, накопленная маржа к расходу",
                            "Payback of acquired clients: cumulative margin over spend",
                        ),
                    ),
                    chart("split-by-branch", t("Выручка по филиалам", "Revenue by branch")),
                    Block::Notice(t(
                        "ROMI по когортам не посчитан: в выгрузке сделок нет себестоимости.",
                        "Cohort ROMI could not be computed: the deal export has no cost column.",
                    )),
                    chart("empty", t("Жалобы на 1000 касаний", "Complaints per 1000 touches")),
                    Block::Table(Table {
                        id: "nothing".into(),
                        title: t("Возвраты", "Refunds"),
                        columns: vec![column("client", t("Клиент", "Client"), Unit::Text)],
                        rows: vec![],
                        source: source("refunds"),
                    }),
                ],
            },
        ],
        colophon: vec![
            t(
                "Хранилище: состояние 12 от 30.06.2025. Регламент: «Окна и двери», редакция 3.",
                "Store version 12 of 30 Jun 2025. Regulation: Windows and doors, edition 3.",
            ),
            t(
                "Загружено 12 480 сделок и 131 907 событий; в карантине 14 строк.",
                "Loaded: 12,480 deals and 131,907 events; 14 lines in quarantine.",
            ),
        ],
        failed: Vec::new(),
    }
}
