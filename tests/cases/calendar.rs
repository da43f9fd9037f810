//! Working hours as people have them, weeks of any year, and functions at their edges.

use chrono::DateTime;
use voronka::functions::days::Days;
use voronka::regulation::Regulation;

use super::Case;
use crate::support::{checkout, voronka};

/// What follows the schedule in every regulation here.
const REST: &str = r#"
[[stage]]
id = "new"
title = "New"
sla = "1d"
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
[response]
sla = "30m"
"#;

fn regulation(zone: &str, schedule: &str) -> String {
    format!(
        "[company]\nname = \"Probe\"\ncurrency = \"EUR\"\ntime_zone = \"{zone}\"\nlanguage = \"en\"\n[schedule]\n{schedule}\n{REST}"
    )
}

/// One line for all days of the week, or one for each.
fn week(hours: &[&str]) -> String {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let lines = days.iter().zip(hours.iter().cycle()).map(|(day, hours)| format!("{day} = \"{hours}\"\n"));
    lines.collect()
}

/// A store with one deal, so that SQL can be asked.
fn company() -> Case {
    let case = Case::new();
    case.put("deals.csv", "ID,Status,Created,Stage\n1,open,2024-08-05 12:00:00,new\n");
    case.put(
        "mapping.toml",
        "zone = \"Europe/Berlin\"\n[[export]]\nname = \"deals\"\nfiles = \"deals*.csv\"\ndates = \"yyyy-mm-dd HH:MM:SS\"\ndecimal = \".\"\n\
         [[export.table]]\nfill = \"deals\"\n[export.table.columns]\ndeal_id = \"ID\"\nstatus = \"Status\"\ncreated_at = \"Created\"\nstage = \"Stage\"\n",
    );
    case.put("regulation.toml", regulation("Europe/Berlin", &week(&["09:00-18:00"])));
    case.ingest(&["deals.csv"]);
    case
}

/// The one cell of an answer.
#[track_caller]
fn cell(case: &Case, expression: &str) -> String {
    case.sql(&format!("SELECT {expression} AS x"))[0]["x"].clone()
}

#[test]
fn working_time_is_what_counting_minutes_gives() {
    let oracle = |name: &str| std::fs::read_to_string(checkout("tests/oracles").join(name)).unwrap();
    let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros();
    let asked = oracle("working.csv");
    let mut cases = 0;
    for company in oracle("working_companies.csv").lines().skip(1) {
        let [name, zone, hours, holidays, dates] = company.split(';').collect::<Vec<_>>().try_into().unwrap();
        let mut schedule = week(&hours.split('|').collect::<Vec<_>>());
        schedule += &format!("holidays = [{}]\n[schedule.dates]\n", holidays.replace(' ', ", "));
        for date in dates.split('|').filter(|date| !date.is_empty()) {
            let (day, hours) = date.split_once('=').unwrap();
            schedule += &format!("{day} = \"{hours}\"\n");
        }
        let regulation =
            Regulation::parse(name, &regulation(zone, &schedule)).unwrap_or_else(|wrong| panic!("{wrong}"));
        let days = Days::of(regulation.calendar());
        for line in asked.lines().filter(|line| line.split(';').next() == Some(name)) {
            let [_, from, to, minutes, due, open] = line.split(';').collect::<Vec<_>>().try_into().unwrap();
            let worked = minutes.parse::<i64>().unwrap() * 60_000_000;
            assert_eq!(days.worked(at(from), at(to)), Some(worked), "{line}");
            assert_eq!(days.due(at(from), worked), Some(at(due)), "{line}");
            assert_eq!(days.open(at(from)).map(|open| open.to_string()).as_deref(), Some(open), "{line}");
            cases += 1;
        }
    }
    assert!(cases >= 600, "{cases}");
}

#[test]
fn one_day_a_week_and_holidays() {
    let case = company();
    let mut tuesday = vec!["off"; 7];
    tuesday[1] = "08:00-17:00";
    case.put("regulation.toml", regulation("Europe/Berlin", &week(&tuesday)));
    let monday = "timestamp '2024-08-05T10:00:00Z'";
    assert_eq!(cell(&case, &format!("working_minutes({monday}, timestamp '2024-08-07T10:00:00Z')")), "540.0");
    assert_eq!(cell(&case, &format!("working_due({monday}, 600)")), "2024-08-13T07:00:00Z");

    // 48 hours from Wednesday night, two holidays, Saturday works
    case.put(
        "regulation.toml",
        regulation("Europe/Berlin", &format!("{}holidays = [2016-11-11, 2016-11-13]\n", week(&["09:00-21:00"]))),
    );
    assert_eq!(cell(&case, "working_due(timestamp '2016-11-09T22:00:00Z', 48 * 60)"), "2016-11-15T20:00:00Z");
}

#[test]
fn breaks_nights_and_days_around_the_clock() {
    let case = company();
    let says = |hours: &[&str], expression: &str, right: &str| {
        case.put("regulation.toml", regulation("Europe/Berlin", &week(hours)));
        assert_eq!(cell(&case, expression), right, "{hours:?}: {expression}");
    };
    let day = "date '2024-08-05', date '2024-08-06'";
    let allowed = "(SELECT sla_hours FROM stages WHERE stage = 'new')";
    let lunch = ["09:00-13:00, 14:00-18:00"];
    says(&lunch, &format!("working_minutes({day})"), "480.0");
    says(&lunch, "in_working_hours(timestamp '2024-08-05T11:30:00Z')", "false");
    says(&lunch, "in_contact_hours(timestamp '2024-08-05T12:00:00Z')", "true");
    says(&lunch, "working_due(timestamp '2024-08-05T10:50:00Z', 20)", "2024-08-05T12:10:00Z");
    says(&lunch, allowed, "8.0");
    let night = ["22:00-06:00"];
    says(&night, &format!("working_minutes({day})"), "480.0");
    says(&night, "in_working_hours(timestamp '2024-08-05T03:59:59Z')", "true");
    says(&night, "in_working_hours(timestamp '2024-08-05T04:00:00Z')", "false");
    says(&night, "working_due(timestamp '2024-08-05T22:30:00Z', 360)", "2024-08-06T20:30:00Z");
    // the clock is put forward, then back: seven hours, nine hours
    says(&night, "working_minutes(timestamp '2025-03-29T20:00:00Z', timestamp '2025-03-30T20:00:00Z')", "420.0");
    says(&night, "working_minutes(timestamp '2025-10-25T19:00:00Z', timestamp '2025-10-26T20:00:00Z')", "540.0");
    says(&night, allowed, "8.0");
    let round = ["00:00-24:00"];
    says(&round, &format!("working_minutes({day})"), "1440.0");
    says(&round, "working_minutes(date '2025-10-26', date '2025-10-27')", "1500.0");
    says(&round, allowed, "24.0");
    // a Friday's night runs into a Saturday off
    let friday = ["off", "off", "off", "off", "22:00-06:00", "off", "off"];
    says(&friday, "working_minutes(date '2024-08-10', date '2024-08-11')", "360.0");
}

#[test]
fn a_saturday_that_works_and_a_short_day_are_dates() {
    let case = company();
    let schedule = format!(
        "{}holidays = [2026-02-23]\n[schedule.dates]\n2026-02-14 = \"10:00-15:00\"\n2026-02-20 = \"09:00-17:00\"\n",
        week(&["09:00-18:00", "09:00-18:00", "09:00-18:00", "09:00-18:00", "09:00-18:00", "off", "off"])
    );
    case.put("regulation.toml", regulation("Europe/Moscow", &schedule));
    let minutes = |from: &str, to: &str| cell(&case, &format!("working_minutes(date '{from}', date '{to}')"));
    assert_eq!(
        (minutes("2026-02-14", "2026-02-16"), minutes("2026-02-20", "2026-02-24")),
        ("300.0".into(), "480.0".into())
    );
    assert_eq!(cell(&case, "in_working_hours(timestamp '2026-02-14T07:00:00Z')"), "true");
    assert_eq!(cell(&case, "in_contact_hours(timestamp '2026-02-20T14:00:00Z')"), "false");
    // a working day stays nine hours
    assert_eq!(cell(&case, "(SELECT sla_hours FROM stages WHERE stage = 'new')"), "9.0");
}

#[test]
fn hours_that_nobody_can_work_are_refused() {
    let case = Case::new();
    let refuses = |schedule: &str, says: &str| {
        case.put("regulation.toml", regulation("Europe/Berlin", schedule));
        let ran = voronka(case.dir(), &["check", "regulation.toml"]);
        let told = format!("{}{}", ran.out, ran.err);
        assert!(ran.code != 0 && told.contains(says), "{schedule}: {told}");
    };
    refuses(&week(&["off"]), "regulation.toml:6: every day of [schedule] is off");
    refuses(&week(&["09:00-09:00"]), "regulation.toml:7: `09:00-09:00` ends when it begins");
    refuses(&week(&["09:00-13:00, 12:00-18:00"]), "regulation.toml:7: 09:00-13:00 and 12:00-18:00 of `mon` overlap");
    refuses(
        &week(&["22:00-06:00", "05:00-14:00"]),
        "regulation.toml:8: 22:00-06:00 of `mon` runs into 05:00-14:00 of `tue`",
    );
    refuses(
        &(week(&["09:00-18:00"]) + "holiday = [2026-01-01]\n"),
        "unknown key `holiday` in [schedule]\n    did you mean `holidays`?",
    );
}

#[test]
fn functions_say_null_where_there_is_no_number() {
    let case = company();
    let due = |minutes: &str| cell(&case, &format!("working_due(timestamp '2011-12-01T10:00:00Z', {minutes})"));
    assert_eq!(["1e9", "1e15", "1e18", "'NaN'::double", "'inf'::double"].map(due), [""; 5]);
    let cv = cell(&case, "(SELECT cv(x) FROM (VALUES (1e308), (1e307)) AS t(x))");
    assert!((cv.parse::<f64>().unwrap() - 1.157_084).abs() < 1e-6, "{cv}");
    let slope =
        "(SELECT ols_slope(y, x)['slope'] FROM (VALUES (1e200, 1e200), (2e200, 3e200), (5e200, 4e200)) AS t(y, x))";
    let slope = cell(&case, slope).parse::<f64>().unwrap();
    assert!((slope - 17.0 / 14.0).abs() < 1e-12, "{slope}");
    let weeks = "(VALUES (1, 1e300), (2, 3e300), (3, 1e308), (4, 5e307)) AS t(w, x)";
    let uneven = cell(&case, &format!("(SELECT detrended_cv(w, x, true)['cv'] FROM {weeks})"));
    assert!((0.1..10.0).contains(&uneven.parse::<f64>().unwrap()), "{uneven}");

    let twice = "SELECT net_lift(d, x, p)['net'] FROM (SELECT value d, 10.0 + value % 7 x, CASE WHEN value = 30 THEN 2 ELSE 0 END p \
                 FROM generate_series(1, 60) UNION ALL SELECT 5, 1.0, 0)";
    let ran = voronka(case.dir(), &["sql", twice]);
    assert!(ran.code == 2 && ran.err.contains("net_lift: day 5 has two values; sum by day first"), "{}", ran.err);
}
