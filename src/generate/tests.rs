use std::collections::BTreeMap;

use super::*;

fn made(clients: u64, seed: u64) -> BTreeMap<String, String> {
    made_on(clients, seed, NaiveDate::from_ymd_opt(2025, 6, 30).unwrap())
}

fn made_on(clients: u64, seed: u64, as_of: NaiveDate) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan { clients, seed, as_of, listings: 0, season: Season::default() };
    generate(&plan, folder.path(), &|_, _| ()).unwrap();
    let files = fs::read_dir(folder.path()).unwrap().map(|entry| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())
    });
    files.collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_does_not() {
    let (first, again, other) = (made(60, 7), made(60, 7), made(60, 8));
    assert_eq!(first, again);
    assert_ne!(first["deals.csv"], other["deals.csv"]);
    let names: Vec<&str> = first.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "changes.csv",
            "clients.csv",
            "deals.csv",
            "events_2023.csv",
            "events_2024.csv",
            "events_2025.csv",
            "mapping.toml",
            "plans.csv",
            "promos.csv",
            "spend.csv",
            "staff.csv",
            "truth.toml",
        ]
    );
}

#[test]
fn a_larger_company_begins_with_the_rows_of_a_smaller_one() {
    let (small, large) = (made(50, 7), made(90, 7));
    for (name, text) in small.iter().filter(|(name, _)| name.starts_with("events_") || *name == "clients.csv") {
        assert!(large[name].starts_with(text), "{name}");
    }
    let (deals, _footer) = small["deals.csv"].trim_end().rsplit_once("\r\n").unwrap();
    assert!(large["deals.csv"].starts_with(deals));
}

#[test]
fn every_row_has_the_cells_of_its_header() {
    for (name, text) in made(60, 7).iter().filter(|(name, _)| name.ends_with(".csv")) {
        let text = text.strip_prefix('\u{feff}').unwrap();
        let mut rows = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
        let read = rows.records().collect::<Result<Vec<_>, _>>().unwrap();
        assert!(!read.is_empty(), "{name} is empty");
        assert!(text.ends_with("\r\n"), "{name}");
    }
}

#[test]
fn of_as_of_and_later_only_planned_tasks_are_told() {
    let mut planned = 0;
    for (name, text) in made(200, 3).iter().filter(|(name, _)| name.ends_with(".csv")) {
        let ahead = |row: &&str| ["30.06.2025", ".07.2025", ".08.2025"].iter().any(|day| row.contains(day));
        for row in text.lines().filter(ahead) {
            if name == "plans.csv" || is_planned_day(name, row, "30.06.2025") {
                continue;
            }
            assert!(name == "events_2025.csv" && row.contains(";Дело;"), "{name} holds {row}");
            assert!(!row.contains("30.06.2025"), "planned for the morning of the exports: {row}");
            planned += 1;
        }
    }
    assert!(planned > 0);
}

/// Whether all that a row tells of later is the day on which a deal is planned to close.
fn is_planned_day(name: &str, row: &str, as_of: &str) -> bool {
    let cells: Vec<&str> = row.split(';').map(|cell| cell.trim_matches('"')).collect();
    let planned = match name {
        "deals.csv" => cells.len() - 2,
        "changes.csv" => 5,
        _ => return false,
    };
    let later = |cell: &str| [as_of, ".07.2025", ".08.2025"].iter().any(|day| cell.contains(day));
    cells.iter().enumerate().all(|(at, cell)| at == planned || !later(cell))
}

#[test]
fn listings_show_how_deals_stood_at_the_end_of_their_days() {
    let folder = tempfile::tempdir().unwrap();
    let as_of = NaiveDate::from_ymd_opt(2025, 6, 30).unwrap();
    let plan = Plan { clients: 150, seed: 7, as_of, listings: 4, season: Season::default() };
    generate(&plan, folder.path(), &|_, _| ()).unwrap();
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    // the last one is what the deals are, but for the row that stands there twice
    assert_eq!(read("listing_2025-06-29.csv"), read("deals.csv"));
    // an earlier one is what the same company exports on that morning, where its history begins on the same day
    let clock = Clock::new(as_of).unwrap();
    let listed = read("listing_2025-06-08.csv");
    let later = ["09.06.2025", "10.06.2025", "2025-06-09"];
    let created_or_closed =
        |row: &str| row.split(';').skip(13).take(2).any(|cell| later.iter().any(|day| cell.contains(day)));
    assert!(listed.lines().all(|row| !created_or_closed(row)));
    assert!(listed.lines().count() < read("deals.csv").lines().count(), "{}", clock.days);
    let mapping: toml::Table = read("mapping.toml").parse().unwrap();
    let sections = mapping["export"].as_array().unwrap();
    let last = sections.last().unwrap();
    assert_eq!((last["name"].as_str(), last["snapshot"].as_bool()), (Some("listings"), Some(true)));
    let truth: toml::Table = read("truth.toml").parse().unwrap();
    let listings = truth["listing"].as_array().unwrap();
    assert_eq!(listings.len(), 4);
    assert_eq!(listings[3]["open"], truth["counted"]["all"]["open"]);
}

#[test]
fn a_slow_month_has_fewer_leads_and_the_usual_season_changes_nothing() {
    let leads = |season: Season| {
        let folder = tempfile::tempdir().unwrap();
        let as_of = NaiveDate::from_ymd_opt(2025, 6, 30).unwrap();
        generate(&Plan { clients: 2_000, seed: 3, as_of, listings: 0, season }, folder.path(), &|_, _| ()).unwrap();
        let clients = fs::read_to_string(folder.path().join("clients.csv")).unwrap();
        (clients.lines().filter(|row| row.ends_with(".03.2025")).count(), clients)
    };
    let month = NaiveDate::from_ymd_opt(2025, 3, 1).unwrap();
    let (usual, clients) = leads(Season::default());
    let (slow, _) = leads(Season { slow: Some((month, 0.4)), ..Season::default() });
    assert!(slow < usual * 6 / 10, "{slow} of {usual}");
    assert_eq!(leads(Season { strength: 1.0, slow: None }).1, clients);
    assert_ne!(leads(Season { strength: 0.0, slow: None }).1, clients);
}

#[test]
fn what_is_planned_for_the_year_after_stands_in_the_last_file() {
    let made = made_on(100, 3, NaiveDate::from_ymd_opt(2024, 12, 31).unwrap());
    assert!(!made.contains_key("events_2025.csv"));
    let planned: Vec<&str> = made["events_2024.csv"].lines().filter(|row| row.contains(".01.2025")).collect();
    assert!(!planned.is_empty() && planned.iter().all(|row| row.contains(";Дело;")), "{planned:?}");
}

#[test]
fn the_truth_is_toml_and_names_what_it_counted() {
    let made = made(60, 7);
    let truth: toml::Table = made["truth.toml"].parse().unwrap();
    assert_eq!(truth["plan"]["clients"].as_integer(), Some(60));
    let all = &truth["counted"]["all"];
    let of = |key: &str| all[key].as_integer().unwrap();
    assert_eq!(of("won") + of("lost") + of("open"), of("leads"));
    // one of the 60 clients has a first deal with a broken date
    let broken = truth["dirt"]["quarantine"].as_array().unwrap();
    assert_eq!(truth["rows"]["deals.csv"].as_integer().unwrap(), of("leads") + broken.len() as i64);
    let mapping: toml::Table = made["mapping.toml"].parse().unwrap();
    assert_eq!(mapping["export"].as_array().unwrap().len(), 9);
}

#[test]
fn events_of_another_company_are_not_mixed_in() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("events_2019.csv"), "").unwrap();
    let plan = Plan {
        clients: 1,
        seed: 1,
        as_of: NaiveDate::from_ymd_opt(2025, 6, 30).unwrap(),
        listings: 0,
        season: Season::default(),
    };
    assert!(matches!(generate(&plan, folder.path(), &|_, _| ()), Err(GenerateError::Foreign(_))));
}
