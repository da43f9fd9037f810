//! A sample document with every kind of block, chart and cell, for tests and for visual inspection.

mod hard;

pub use hard::{charts, hard};

use chrono::{Days, NaiveDate};

use crate::model::lang::{Lang, Text};
use crate::model::unit::Unit;
use crate::report::document::*;

/// Replaces every name in a chart.
pub fn rename(chart: &mut Chart, name: &str) {
    let set = |list: &mut Vec<String>| list.iter_mut().for_each(|l| *l = name.to_string());
    match &mut chart.plot {
        Plot::Stacked(series) | Plot::Grouped(series) | Plot::Lines { series, .. } => {
            set(&mut series.labels);
            series.lines.iter_mut().for_each(|(line, _)| *line = name.to_string());
        }
        Plot::Funnel { stages, .. } => set(stages),
        Plot::Intervals { labels, .. } => set(labels),
        Plot::Heat { rows, columns, .. } => {
            set(rows);
            set(columns);
        }
    }
}

/// A wave without randomness, about 1.
fn wave(i: usize, salt: f64) -> f64 {
    1.0 + 0.22 * (i as f64 * 0.9 + salt).sin() + 0.1 * (i as f64 * 2.3 + salt * 3.0).cos()
}

fn weeks(count: usize) -> Vec<NaiveDate> {
    let last = NaiveDate::from_ymd_opt(2025, 6, 23).expect("a date");
    (0..count).map(|i| last - Days::new(7 * (count - 1 - i) as u64)).collect()
}

fn iso(days: &[NaiveDate]) -> Vec<String> {
    days.iter().map(NaiveDate::to_string).collect()
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
    let chart =
        |id: &str, title: String, plot: Plot| Block::Chart(Chart { id: id.into(), title, source: source(id), plot });
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
                        revenue(&t, 26),
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
                    chart(
                        "funnel",
                        t("До договора доходит каждый восьмой", "One in eight reaches a contract"),
                        funnel(&t),
                    ),
                    chart(
                        "conversion",
                        t("Конверсия в продажу по неделе заявки", "Conversion to sale by week of enquiry"),
                        conversion(&t),
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
                        quality(&t),
                    ),
                    quality_table(&t, source("lead_quality")),
                    chart(
                        "response",
                        t("Чем дольше ждёт ответа, тем реже покупает", "The longer the wait, the rarer the sale"),
                        cooling(&t),
                    ),
                    chart(
                        "median-response",
                        t("Время первого ответа, медиана", "Time to first response, median"),
                        response(&t),
                    ),
                ],
            },
            Section {
                id: "promo".into(),
                title: t("Сколько стоят акции?", "What do promotions cost?"),
                blocks: vec![
                    chart(
                        "depth",
                        t("Доля продаж по акции и глубина скидки", "Share of sales in promotions, and discount depth"),
                        depth(&t),
                    ),
                    chart(
                        "by-campaign",
                        t("Расход и отдача по кампаниям", "Spend against return by campaign"),
                        campaigns(&t),
                    ),
                    chart("spend", t("Расход и выручка по месяцам", "Spend and revenue by month"), months(&t)),
                    chart(
                        "payback",
                        t(
                            "Окупаемость набранных клиентов, накопленная маржа к расходу",
                            "Payback of acquired clients: cumulative margin over spend",
                        ),
                        payback(14),
                    ),
                    chart("split-by-branch", t("Выручка по филиалам", "Revenue by branch"), branches(&t)),
                    Block::Notice(t(
                        "ROMI по когортам не посчитан: в выгрузке сделок нет себестоимости.",
                        "Cohort ROMI could not be computed: the deal export has no cost column.",
                    )),
                    chart(
                        "empty",
                        t("Жалобы на 1000 касаний", "Complaints per 1000 touches"),
                        Plot::Stacked(Series { labels: vec![], lines: vec![], unit: Unit::Count }),
                    ),
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

type Words<'a> = &'a dyn Fn(&str, &str) -> String;

fn tiles(t: Words) -> Block {
    let tile = |label: String, value: Cell, unit: Unit, notes: Vec<String>| Tile {
        label,
        value,
        unit,
        notes,
        source: String::new(),
    };
    Block::Tiles(vec![
        tile(
            t("Выручка за неделю", "Revenue this week"),
            Cell::Money(12_345_678_900),
            Unit::Money,
            vec![
                t("−8,4 % к прошлой неделе", "−8.4% on last week"),
                t("+12,1 % к той же неделе год назад", "+12.1% on the same week last year"),
            ],
        ),
        tile(
            t("Колебание выручки", "Revenue variability"),
            Cell::Number(0.184),
            Unit::Share,
            vec![t("за 26 недель, без тренда", "26 weeks, trend removed")],
        ),
        tile(
            t("Конверсия в продажу", "Conversion to sale"),
            Cell::Interval { value: 0.123, low: 0.111, high: 0.136 },
            Unit::Share,
            vec![t("интервал 11,1–13,6 %", "interval 11.1–13.6%")],
        ),
        tile(
            t("Первый ответ, медиана", "First response, median"),
            Cell::Number(135.0),
            Unit::Minutes,
            vec![t("норма 30 минут", "target 30 minutes")],
        ),
        tile(t("Новых заявок", "New leads"), Cell::Count(12_480), Unit::Count, vec![]),
        tile(
            t("Возврат расходов", "Return on spend"),
            Cell::Empty,
            Unit::Share,
            vec![t("нет данных о расходах", "no spend was loaded")],
        ),
    ])
}

fn findings(t: Words) -> Block {
    let source = t(
        "response, 02.06.2025–30.06.2025, на дату 30.06.2025, состояние 12",
        "response, 2–30 Jun 2025, as of 30 Jun 2025, store version 12",
    );
    let finding = |verdict, title: String, value: String, change: String, advice: String| Finding {
        verdict,
        title,
        value,
        change,
        advice,
        source: source.clone(),
    };
    Block::Findings(vec![
        finding(
            Verdict::Red,
            t("Скорость первого ответа: подрядчик «Лидоруб»", "Speed of first response: contractor Lidorub"),
            t(
                "41,2 % заявок отвечены в срок (37,8–44,7 %), норма от 80 %",
                "41.2% of leads answered in time (37.8–44.7%), target 80% or more",
            ),
            t("Было 55,0 %, стало на 13,8 пункта хуже", "Was 55.0%, 13.8 points worse"),
            t(
                "Поставить дежурного на заявки с 18 до 21 часа; проверить, что заявки этого подрядчика попадают в общую очередь.",
                "Put someone on duty for leads from 18:00 to 21:00; check that this contractor's leads reach the common queue.",
            ),
        ),
        finding(
            Verdict::Red,
            t("Доля выручки по акциям", "Share of revenue in promotions"),
            t("46,0 %, норма до 25 %", "46.0%, target 25% or less"),
            t("Было 38,2 %", "Was 38.2%"),
            t("Не объявлять новую акцию раньше чем через шесть недель.", "No new promotion for at least six weeks."),
        ),
        finding(
            Verdict::Yellow,
            t("Просроченные на этапе «Замер»", "Overdue at stage Measurement"),
            t("18,4 %, норма до 15 %", "18.4%, target 15% or less"),
            String::new(),
            t("Разобрать просроченные на планёрке.", "Go through the overdue ones at the stand-up."),
        ),
        finding(
            Verdict::Green,
            t("Конверсия в продажу", "Conversion to sale"),
            t("12,3 % (11,1–13,6 %), норма от 11 %", "12.3% (11.1–13.6%), target 11% or more"),
            t("Было 12,0 %", "Was 12.0%"),
            String::new(),
        ),
        finding(
            Verdict::Unknown,
            t("Возвраты: филиал «Юг»", "Refunds: branch South"),
            t("в группе 12 сделок, нужно не менее 30", "12 deals in the group, at least 30 are needed"),
            String::new(),
            String::new(),
        ),
    ])
}

fn revenue(t: Words, count: usize) -> Plot {
    let line = |base: f64, growth: f64, salt: f64| -> Vec<Option<f64>> {
        (0..count).map(|i| Some(base * wave(i, salt) * (1.0 + growth * i as f64))).collect()
    };
    Plot::Stacked(Series {
        labels: iso(&weeks(count)),
        lines: vec![
            (t("повторные без скидки", "repeat, full price"), line(520_000.0, -0.008, 0.0)),
            (t("новые без скидки", "new, full price"), line(340_000.0, -0.005, 1.0)),
            (t("по акции", "in a promotion"), line(180_000.0, 0.05, 2.0)),
            (t("под давлением", "under pressure"), line(60_000.0, 0.01, 3.0)),
        ],
        unit: Unit::Money,
    })
}

fn funnel(t: Words) -> Plot {
    let stages = [
        ("Заявка", "Lead"),
        ("Квалификация", "Qualification"),
        ("Замер на объекте у клиента с выездом бригады", "On-site measurement with the crew at the client's"),
        ("Предложение", "Proposal"),
        ("Договор", "Contract"),
    ];
    Plot::Funnel {
        stages: stages.iter().map(|(ru, en)| t(ru, en)).collect(),
        reached: vec![12_480.0, 8_350.0, 4_120.0, 3_010.0, 1_540.0],
        open: vec![610.0, 540.0, 320.0, 410.0, 0.0],
        lost: vec![3_520.0, 3_690.0, 790.0, 1_060.0, 0.0],
        unplaced: vec![0.0; 5],
        shares: vec![
            None,
            Some(8_350.0 / 12_480.0),
            Some(4_120.0 / 8_350.0),
            Some(3_010.0 / 4_120.0),
            Some(1_540.0 / 3_010.0),
        ],
    }
}

fn conversion(t: Words) -> Plot {
    let value = |i: usize| 0.123 * wave(i, 0.5) + 0.002 * i as f64;
    let some = |i: usize| i != 7 && i != 8;
    let mut settled: Vec<Option<f64>> = (0..26).map(|i| some(i).then(|| value(i))).collect();
    settled[25] = None;
    Plot::Lines {
        series: Series {
            labels: iso(&weeks(26)),
            lines: vec![
                (t("конверсия за 90 дней", "conversion within 90 days"), settled.clone()),
                (t("из закрытых сделок", "of closed deals"), (0..26).map(|i| Some(value(i) * 1.3)).collect()),
            ],
            unit: Unit::Share,
        },
        band: Some(
            settled
                .iter()
                .enumerate()
                .map(|(i, v)| v.map(|v| (v - 0.02 - 0.001 * i as f64, v + 0.025 + 0.001 * i as f64)))
                .collect(),
        ),
        young_from: Some(20),
    }
}

fn quality(t: Words) -> Plot {
    let labels = [
        ("Лидоруб", "Lidorub"),
        (
            "Агентство контекстной рекламы «Северо-Западный проспект»",
            "North-West Prospect Contextual Advertising Agency",
        ),
        ("ВКонтакте", "VK"),
        ("Сарафан", "Word of mouth"),
        ("Авито", "Avito"),
        ("Холодный обзвон", "Cold calls"),
    ];
    Plot::Intervals {
        labels: labels.iter().map(|(ru, en)| t(ru, en)).collect(),
        points: vec![
            Some((0.212, 0.181, 0.247)),
            Some((0.317, 0.29, 0.347)),
            Some((0.345, 0.3, 0.393)),
            Some((0.461, 0.38, 0.545)),
            Some((0.371, 0.36, 0.382)),
            None,
        ],
        reference: Some(0.334),
        unit: Unit::Share,
    }
}

fn cooling(t: Words) -> Plot {
    let labels = [
        ("до 5 мин", "≤ 5 min"),
        ("5–15 мин", "5–15 min"),
        ("15–60 мин", "15–60 min"),
        ("1–4 ч", "1–4 h"),
        ("> 4 ч", "> 4 h"),
    ];
    Plot::Grouped(Series {
        labels: labels.iter().map(|(ru, en)| t(ru, en)).collect(),
        lines: vec![(
            t("доля продаж", "win rate"),
            vec![Some(0.214), Some(0.187), Some(0.142), Some(0.094), Some(0.051)],
        )],
        unit: Unit::Share,
    })
}

fn response(t: Words) -> Plot {
    Plot::Lines {
        series: Series {
            labels: iso(&weeks(13)),
            lines: vec![(
                t("медиана", "median"),
                (0..13).map(|i| Some(40.0 * wave(i, 1.5) + 7.0 * i as f64)).collect(),
            )],
            unit: Unit::Minutes,
        },
        band: None,
        young_from: None,
    }
}

fn depth(t: Words) -> Plot {
    let line = |base: f64, salt: f64| (0..52).map(|i| Some(base * wave(i, salt) * (1.0 + 0.015 * i as f64))).collect();
    Plot::Lines {
        series: Series {
            labels: iso(&weeks(52)),
            lines: vec![
                (t("доля продаж по акции", "share of sales in promotions"), line(0.24, 0.0)),
                (t("глубина скидки", "discount depth"), line(0.09, 2.0)),
            ],
            unit: Unit::Share,
        },
        band: None,
        young_from: None,
    }
}

fn campaigns(t: Words) -> Plot {
    let labels = [
        ("Поиск — бренд", "Search: brand"),
        ("Поиск — общие запросы по окнам и дверям", "Search: generic windows and doors"),
        ("РСЯ", "Network"),
        ("Ремаркетинг", "Remarketing"),
        ("Таргет VK", "VK target"),
    ];
    Plot::Grouped(Series {
        labels: labels.iter().map(|(ru, en)| t(ru, en)).collect(),
        lines: vec![
            (t("расход", "spend"), vec![Some(120_000.0), Some(1_450_000.0), Some(640_000.0), Some(88_000.0), None]),
            (
                t("маржа", "margin"),
                vec![Some(910_000.0), Some(1_980_000.0), Some(-210_000.0), Some(240_000.0), Some(45_300.0)],
            ),
        ],
        unit: Unit::Money,
    })
}

fn months(t: Words) -> Plot {
    Plot::Grouped(Series {
        labels: (1..=6).map(|m| format!("2025-{m:02}")).collect(),
        lines: vec![
            (t("расход", "spend"), (0..6).map(|i| Some(450_000.0 * wave(i, 0.0))).collect()),
            (t("выручка", "revenue"), (0..6).map(|i| Some(4_450_000.0 * wave(i, 1.0))).collect()),
        ],
        unit: Unit::Money,
    })
}

fn payback(count: usize) -> Plot {
    Plot::Heat {
        rows: (0..count).map(|m| format!("{}-{:02}", 2024 + (m + 4) / 12, (m + 4) % 12 + 1)).collect(),
        columns: (0..count).map(|age| age.to_string()).collect(),
        values: (0..count)
            .map(|m| {
                (0..count)
                    .map(|age| (age < count - m).then(|| 0.12 + 0.16 * age as f64 * wave(m, 0.3) + 0.01 * m as f64))
                    .collect()
            })
            .collect(),
        pivot: 1.0,
        unit: Unit::Share,
    }
}

fn branches(t: Words) -> Plot {
    let labels = [
        ("Санкт-Петербург, Васильевский остров", "Saint Petersburg, Vasilyevsky Island"),
        ("Москва", "Moscow"),
        ("Казань", "Kazan"),
    ];
    Plot::Stacked(Series {
        labels: labels.iter().map(|(ru, en)| t(ru, en)).collect(),
        lines: vec![
            (t("без скидки", "full price"), vec![Some(3_120_000.0), Some(5_480_000.0), Some(1_210_000.0)]),
            (t("по акции", "in a promotion"), vec![Some(1_950_000.0), Some(1_150_000.0), None]),
        ],
        unit: Unit::Money,
    })
}

fn column(name: &str, title: String, unit: Unit) -> Column {
    Column { name: name.into(), title, unit }
}

fn weekly_table(t: Words, source: String) -> Block {
    let rows = weeks(26).into_iter().enumerate().map(|(i, week)| {
        let value = 0.123 * wave(i, 0.5);
        let settled =
            if i < 24 { Cell::Interval { value, low: value - 0.02, high: value + 0.025 } } else { Cell::Empty };
        vec![Cell::Date(week), Cell::Count(480 + i as i64 * 3), Cell::Count(52 + i as i64), Cell::Count(300), settled]
    });
    Block::Table(Table {
        id: "weekly-conversion".into(),
        title: t("Конверсия по неделям", "Conversion by week"),
        columns: vec![
            column("week", t("Неделя с", "Week of"), Unit::Date),
            column("leads", t("Заявки", "Leads"), Unit::Count),
            column("won", t("Продажи", "Won"), Unit::Count),
            column("lost", t("Потери", "Lost"), Unit::Count),
            column("settled", t("Доля продаж", "Win rate"), Unit::Share),
        ],
        rows: rows.collect(),
        source,
    })
}

fn quality_table(t: Words, source: String) -> Block {
    let share = |value: f64| Cell::Interval { value, low: value - 0.031, high: value + 0.034 };
    let row = |name: String, leads: i64, v: f64| {
        let money = |v: f64| Cell::Money((v * 10_000.0) as i128);
        vec![
            Cell::Text(name),
            Cell::Count(leads),
            Cell::Count(leads / 5),
            share(0.9 * v + 0.3),
            share(v),
            share(v * 0.4),
            share(v * 0.6),
            money(leads as f64 * 456.78),
            money(456.78),
            money(456.78 / (0.9 * v + 0.3)),
            money(456.78 / v),
            Cell::Empty,
        ]
    };
    Block::Table(Table {
        id: "lead-quality".into(),
        title: t("Качество заявок по подрядчикам", "Lead quality by contractor"),
        columns: vec![
            column("contractor", t("Подрядчик", "Contractor"), Unit::Text),
            column("leads", t("Заявки", "Leads"), Unit::Count),
            column("won", t("Продажи", "Won"), Unit::Count),
            column("valid_rate", t("Годные", "Valid"), Unit::Share),
            column("qualified_rate", t("Квалифици\u{ad}рованные", "Qualified"), Unit::Share),
            column("win_rate", t("Доля продаж", "Win rate"), Unit::Share),
            column("price_share", t("Из-за цены", "Price-driven"), Unit::Share),
            column("spend", t("Расход", "Spend"), Unit::Money),
            column("cpl", t("За заявку", "Per lead"), Unit::Money),
            column("cost_per_valid", t("За годную", "Per valid lead"), Unit::Money),
            column("cost_per_qualified", t("За квалифици\u{ad}рованную", "Per qualified lead"), Unit::Money),
            column("cac", t("За клиента", "Per client"), Unit::Money),
        ],
        rows: vec![
            row(t("Лидоруб", "Lidorub"), 3120, 0.212),
            row(
                t(
                    "Агентство контекстной рекламы «Северо-Западный проспект»",
                    "North-West Prospect Contextual Advertising Agency",
                ),
                2210,
                0.317,
            ),
            row(t("=ВКонтакте <b>", "=VK <b>"), 1740, 0.345),
            row(t("Сарафан", "Word of mouth"), 240, 0.461),
        ],
        source,
    })
}
