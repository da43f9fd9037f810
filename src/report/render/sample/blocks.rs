//! The tiles, findings and tables of the sample.

use crate::model::unit::Unit;
use crate::report::chart::Translate;
use crate::report::chart::sample::{wave, weeks};
use crate::report::document::*;

pub(super) fn tiles(t: Translate) -> Block {
    let tile = |label: String, value: Cell, unit: Unit, notes: Vec<String>| Tile {
        label,
        value,
        unit,
        before: Before::default(),
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

pub(super) fn findings(t: Translate) -> Block {
    let source = t(
        "response, 02.06.2025–30.06.2025, на дату 30.06.2025, состояние 12",
        "response, 2–30 Jun 2025, as of 30 Jun 2025, store version 12",
    );
    let finding = |verdict, title: String, value: String, change: String, advice: String| Finding {
        verdict,
        title,
        figure: Cell::Empty,
        unit: Unit::Share,
        before: Before::default(),
        value,
        change,
        advice,
        list: match verdict {
            Verdict::Red => "voronka rows response --column late --from 2025-06-02 --to 2025-07-01".to_owned(),
            _ => String::new(),
        },
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

pub(super) fn column(name: &str, title: String, unit: Unit) -> Column {
    Column { name: name.into(), title, unit }
}

pub(super) fn weekly_table(t: Translate, source: String) -> Block {
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

pub(super) fn quality_table(t: Translate, source: String) -> Block {
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
/// What to do first: with money, without it, and with everything else that there may be.
pub(super) fn actions(t: Translate) -> Block {
    let source = t(
        "response, 02.06.2025–30.06.2025, на дату 30.06.2025, состояние 12",
        "response, 2–30 Jun 2025, as of 30 Jun 2025, store version 12",
    );
    let label = t("Под угрозой, не меньше", "Open amount at stake, at least");
    Block::Actions(Actions {
        items: vec![
            Action {
                verdict: Verdict::Red,
                title: t("Регламент соблюдён", "The regulation is kept"),
                money: Some((label, Cell::Money(41_238_000_000))),
                facts: vec![t(
                    "Следующий шаг — 54,1 %, срок на этапе — 61,0 %, ещё 2; цель — не меньше 90 %.",
                    "Next step — 54.1%, time in stage — 61.0%, another 2; the target is at least 90%.",
                )],
                since: t(
                    "Хуже цели с 31 марта 2025 года: до 30 марта было 91,4 %.",
                    "Off target since 31 Mar 2025: it was 91.4% until 30 Mar 2025.",
                ),
                who: t(
                    "Больше всего у: Орлова 1,2 млн ₽, Ким 0,8 млн ₽ и ещё 3.",
                    "Most with: Orlova ₽1.2M, Kim ₽0.8M and 3 more.",
                ),
                advice: t(
                    "Возьмите правило, которое стоит дороже других, и разберите пять последних нарушений с тем, кто их допустил.",
                    "Take the rule that costs most and go through its last five breaches with whoever made them.",
                ),
                list: Some(("lead-quality".to_owned(), 34)),
                source: source.clone(),
            },
            Action {
                verdict: Verdict::Yellow,
                title: t("Разброс недельной выручки", "Swing of weekly revenue"),
                money: None,
                facts: vec![t("0,41; цель — не больше 0,3.", "0.41; the target is at most 0.3.")],
                since: String::new(),
                who: String::new(),
                advice: t(
                    "Заложите в план каждой недели обзвон базы без скидок.",
                    "Put calls to the client base at full price into every week's plan.",
                ),
                list: None,
                source,
            },
        ],
        nothing: String::new(),
        more: t("Ещё вне цели: «Пришли за ценой».", "Also off target: «Drawn by price alone»."),
        improved: vec![t(
            "Ответили в срок: Юг — 71,2 %, +8,0 п. п. к предыдущему периоду (было 63,2 %)",
            "Answered in time: South — 71.2%, +8.0 pp on the period before (was 63.2%)",
        )],
        unjudged: t(
            "Судить нельзя: «База охвачена касаниями». Выгрузите: звонки.",
            "Could not be judged: «The client base is contacted». Export: calls.",
        ),
    })
}
