use arrow::array::{Array, AsArray};
use arrow::datatypes::{Float64Type, Int64Type};
use arrow::record_batch::RecordBatch;
use chrono::NaiveDate;

use super::*;
use crate::model::calendar::Calendar;
use crate::model::lang::{Lang, Text};

mod broken;

const SAMPLE: &str = include_str!("../../sample_data/regulation.toml");

/// A small sound regulation; the tests below break it one way at a time.
const SOUND: &str = r#"[company]
name = "Ромашка"
currency = "RUB"
time_zone = "Europe/Moscow"
language = "ru"
[schedule]
mon = "09:00-18:00"
tue = "09:00-18:00"
wed = "09:00-18:00"
thu = "09:00-18:00"
fri = "09:00-18:00"
sat = "off"
sun = "off"
holidays = [2026-02-23, "2026-01-01..2026-01-08"]
[response]
sla = "30m"
counted = "working"
buckets = ["15m", "1d"]
[[stage]]
id = "new"
title = { ru = "Новая", en = "New" }
sla = "2d"
[[stage]]
id = "qualified"
title = "Qualified"
qualified = true
[[stage]]
id = "won"
title = "Won"
terminal = "won"
[[stage]]
id = "lost"
title = "Lost"
terminal = "lost"
[[cap]]
kind = "call"
per_week = 3
[[lost_reason]]
reason = "spam"
title = "Spam"
means = "invalid"
[[interest]]
interest = "price"
title = "Price"
price = true
[[target]]
metric = "response"
column = "sla_share"
by = ["branch"]
better = "higher"
green = 0.8
red = 0.6
title = "Answered in time"
advice = "Answer."
"#;

fn sound() -> Regulation {
    Regulation::parse("r.toml", SOUND).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn the_sample_and_both_templates_are_sound() {
    for text in [SAMPLE, template(Lang::Ru), template(Lang::En)] {
        if let Err(problems) = Regulation::parse("regulation.toml", text) {
            panic!("{problems}");
        }
    }
}

#[test]
fn what_was_written_is_what_is_read() {
    let regulation = sound();
    assert_eq!((regulation.company(), regulation.currency_sign(), regulation.lang()), ("Ромашка", "₽", Lang::Ru));
    let stages = regulation.stages();
    assert_eq!(stages[0].title, Text::new("Новая", "New"));
    // two working days of nine hours
    assert_eq!(stages[0].sla_hours, Some(18.0));
    assert_eq!(stages.iter().map(|s| s.position).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!((stages[2].terminal, stages[3].terminal), (Some(Terminal::Won), Some(Terminal::Lost)));
    assert!(stages[1].qualified);
    let calendar = regulation.calendar();
    assert_eq!(calendar.holidays.len(), 9);
    assert!(calendar.hours(NaiveDate::from_ymd_opt(2026, 1, 8).unwrap()).is_empty());
    assert!(!calendar.hours(NaiveDate::from_ymd_opt(2026, 1, 9).unwrap()).is_empty());
    // a working day is nine hours long
    let bounds: Vec<_> = regulation.buckets().iter().map(|b| (b.from, b.to)).collect();
    assert_eq!(bounds, [(0.0, Some(15.0)), (15.0, Some(540.0)), (540.0, None)]);
    assert_eq!(regulation.horizons(), [30, 60, 90]);
    assert_eq!(regulation.rules().small_group, 30);
    assert_eq!(regulation.targets()[0].by, ["branch"]);
}

#[test]
fn hours_have_many_forms() {
    let read = |schedule: &str| {
        let text = SOUND.replace("[response]", &format!("{schedule}\n[response]"));
        Regulation::parse("r.toml", &text).unwrap_or_else(|problems| panic!("{schedule}: {problems}"))
    };
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let regulation = read(
        "[schedule.dates]\n2026-02-14 = \"09:00 – 13:00, 14:00-18:00\"\n2026-02-20 = [\"14:00-17:00\", \"9:00-13:00\"]\n\
         2026-02-21 = \"fri\"\n2026-02-22 = \"22:00-06:00\"\n2026-02-24 = \"off\"\n\"2026-02-25..2026-02-26\" = \"00:00-24:00\"\n\
         [contact]\nfri = \"20:00-00:00\"\n[contact.dates]\n2026-03-02 = \"10:00-11:00\"",
    );
    let of = |calendar: &Calendar, text: &str| -> Vec<(u16, u16)> {
        calendar.hours(day(text)).iter().map(|hours| (hours.from, hours.to)).collect()
    };
    let working = regulation.calendar();
    assert_eq!(of(working, "2026-02-14"), [(540, 780), (840, 1080)]);
    assert_eq!(of(working, "2026-02-20"), [(540, 780), (840, 1020)]);
    assert_eq!((of(working, "2026-02-21"), of(working, "2026-02-22")), (vec![(540, 1080)], vec![(1320, 1800)]));
    assert_eq!((of(working, "2026-02-24"), of(working, "2026-02-26")), (vec![], vec![(0, 1440)]));
    assert_eq!((of(working, "2026-02-27"), of(working, "2026-02-28")), (vec![(540, 1080)], vec![]));
    // hours of contact: Fridays of their own, so the short Friday does not touch them; the rest as the work is
    let contact = regulation.contact_hours();
    assert_eq!(
        (of(contact, "2026-02-20"), of(contact, "2026-02-14")),
        (vec![(1200, 1440)], vec![(540, 780), (840, 1080)])
    );
    assert_eq!((of(contact, "2026-03-02"), of(contact, "2026-02-24")), (vec![(600, 660)], vec![]));
    // a working day stays the longest weekday: nine hours
    assert_eq!(regulation.stages()[0].sla_hours, Some(18.0));

    let lunch = SOUND.replace("\"09:00-18:00\"", "\"09:00-13:00, 14:00-18:00\"");
    assert_eq!(Regulation::parse("r.toml", &lunch).unwrap().stages()[0].sla_hours, Some(16.0));
    let night = SOUND.replace("\"09:00-18:00\"", "\"22:00-06:00\"").replace("sat = \"off\"", "sat = \"00:00-24:00\"");
    let night = Regulation::parse("r.toml", &night).unwrap_err().to_string();
    assert!(night.contains("r.toml:12: 22:00-06:00 of `fri` runs into 00:00-24:00 of `sat`"), "{night}");
    let round = SOUND.replace("\"09:00-18:00\"", "\"00:00-24:00\"");
    assert_eq!(Regulation::parse("r.toml", &round).unwrap().stages()[0].sla_hours, Some(48.0));
}

#[test]
fn sql_sees_every_table_with_its_columns() {
    let columns =
        |batch: &RecordBatch| batch.schema().fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>().join(" ");
    assert_eq!(sound().tables().into_iter().map(|(name, _)| name).collect::<Vec<_>>(), super::TABLES);
    let tables: Vec<_> = sound().tables().into_iter().map(|(name, b)| (name, columns(&b), b.num_rows())).collect();
    let expected = [
        ("company", "name currency time_zone", 1),
        (
            "stages",
            "stage position title_ru title_en terminal qualified parking sla_hours meaning_ru meaning_en evidence next_step_ru \
             next_step_en expected_share advice_ru advice_en",
            4,
        ),
        ("lost_reasons", "reason title_ru title_en invalid price", 1),
        ("interests", "interest position title_ru title_en price", 1),
        ("arms", "arm control share", 0),
        ("caps", "kind per_week per_month", 1),
        ("required_fields", "stage column_name", 0),
        ("client_kinds", "kind position title_ru title_en contact_days means advice_ru advice_en", 0),
        ("mailing_rules", "stage per_month templates", 0),
        ("control", "rule position title_ru title_en look advice_ru advice_en", 13),
        ("checklist", "item position title_ru title_en", 0),
        (
            "rules",
            "response_sla_minutes response_working full_price_repeat_days waiting_idle_days waiting_first_days \
             dip_days promo_months variability_weeks small_group regret_days lapsed_days silence_days load_open_deals \
             load_touches promo_deepest promo_revenue_share promo_rest_days quality_sample quality_seed",
            1,
        ),
        ("horizons", "days", 3),
        ("response_buckets", "bucket from_minutes to_minutes label_ru label_en", 3),
        ("targets", "metric column_name by_dims only_group better green red title_ru title_en advice_ru advice_en", 1),
    ];
    assert_eq!(tables, expected.map(|(name, columns, rows)| (name, columns.to_owned(), rows)));
    let tables = sound().tables();
    let stages = &tables[1].1;
    assert!(stages["terminal"].is_null(0));
    assert_eq!(stages["terminal"].as_string::<i32>().value(2), "won");
    assert_eq!(stages["sla_hours"].as_primitive::<Float64Type>().value(0), 18.0);
    let buckets = &tables.iter().find(|(name, _)| *name == "response_buckets").unwrap().1;
    assert_eq!(buckets["bucket"].as_primitive::<Int64Type>().value(0), 1);
    assert!(buckets["to_minutes"].is_null(2));
}

#[test]
fn a_table_without_rows_is_there_all_the_same() {
    let start = SOUND.find("[[cap]]").unwrap();
    let end = SOUND.find("[[target]]").unwrap();
    let bare = format!("{}{}", &SOUND[..start], &SOUND[end..]);
    let tables = Regulation::parse("r.toml", &bare).unwrap().tables();
    let caps = tables.iter().find(|(name, _)| *name == "caps").unwrap();
    assert_eq!((caps.1.num_rows(), caps.1.num_columns()), (0, 3));
}

#[test]
fn targets_that_name_nothing_are_told_with_their_lines() {
    let known = |metric, columns: &[&'static str], dimensions: &[&'static str]| Known {
        metric,
        columns: columns.to_vec(),
        dimensions: dimensions.to_vec(),
        further: false,
    };
    let check = |known| sound().check_targets("r.toml", &[known]).map_or_else(|p| p.to_string(), |()| String::new());
    assert_eq!(check(known("response", &["sla_share"], &["branch"])), "");
    assert_eq!(
        check(known("responses", &[], &[])),
        "r.toml:47: there is no metric `response`\n    did you mean `responses`?"
    );
    assert_eq!(
        check(known("response", &["sla_shares"], &["source"])),
        "r.toml:48: the metric `response` has no column `sla_share`\n    did you mean `sla_shares`?\n\
         r.toml:49: the metric `response` cannot be asked by `branch`\n    allowed: source"
    );
    assert_eq!(check(Known { further: true, ..known("response", &["sla_share"], &[]) }), "");
}
