//! History out of snapshots: a CRM that exports the present stage alone, loaded each Monday, against the same CRM's full log.

// both stores are shown side by side
#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::{NaiveDate, NaiveDateTime};

use crate::support::{checkout, rows, voronka};

type Row = BTreeMap<String, String>;

/// The days at whose end the snapshots are taken.
const MONDAYS: [&str; 4] = ["2025-06-02", "2025-06-09", "2025-06-16", "2025-06-23"];
/// Deals of the four weeks, each of which ends with a snapshot.
const COHORT: [&str; 6] = ["--from", "2025-05-27", "--to", "2025-06-24", "--as-of", "2025-06-24"];
/// The stages of the funnel in their order, as the CRM calls them.
const STAGES: [&str; 6] = ["Новая", "Контакт", "Квалификация", "Предложение", "Переговоры", "Сделка успешна"];
const LOST: &str = "Сделка провалена";

fn moment(text: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, "%d.%m.%Y %H:%M:%S").ok()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A deal of the CRM: its row, and its moves as the CRM's log has them.
struct Deal {
    row: Row,
    created: NaiveDateTime,
    closed: Option<NaiveDateTime>,
    moves: Vec<(NaiveDateTime, String)>,
}

impl Deal {
    /// The stage in which it stood at the end of a day; none: it did not exist yet.
    fn stage(&self, day: NaiveDate) -> Option<&str> {
        if self.created.date() > day {
            return None;
        }
        if self.closed.is_some_and(|closed| closed.date() <= day) {
            return Some(&self.row["Стадия сделки"]);
        }
        let last = self.moves.iter().rfind(|(at, _)| at.date() <= day);
        Some(last.map_or(STAGES[0], |(_, stage)| stage))
    }

    /// The furthest stage in its log by the end of a day; a win is the last one.
    fn furthest(&self, day: NaiveDate) -> usize {
        let now = self.stage(day).and_then(position).filter(|at| *at + 1 == STAGES.len());
        let logged = self.moves.iter().filter(|(at, _)| at.date() <= day).filter_map(|(_, stage)| position(stage));
        logged.chain(now).max().unwrap_or(0)
    }

    /// The furthest stage in which a snapshot saw it.
    fn furthest_seen(&self) -> usize {
        MONDAYS.iter().filter_map(|monday| position(self.stage(day(monday))?)).max().unwrap_or(0)
    }

    /// Whether its log has a move to an earlier stage.
    fn moved_back(&self) -> bool {
        let places: Vec<usize> = self.moves.iter().filter_map(|(_, stage)| position(stage)).collect();
        places.windows(2).any(|pair| pair[1] < pair[0])
    }
}

fn position(stage: &str) -> Option<usize> {
    STAGES.iter().position(|known| *known == stage)
}

fn read(path: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(path).unwrap();
    rows(&csv_with_commas(text.trim_start_matches('\u{feff}')))
}

/// The exports have semicolons.
fn csv_with_commas(text: &str) -> String {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').has_headers(false).from_reader(text.as_bytes());
    let mut writer = csv::Writer::from_writer(Vec::new());
    reader.records().for_each(|record| writer.write_record(&record.unwrap()).unwrap());
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// A company's exports, and two stores beside them: `full` holds all of them, `weekly` what four snapshots of the deals tell.
struct Company {
    dir: tempfile::TempDir,
    deals: Vec<Deal>,
}

impl Company {
    fn new() -> Company {
        let dir = tempfile::tempdir().unwrap();
        voronka(dir.path(), &["generate", "--clients", "6000", "--seed", "5", "--as-of", "2025-06-30", "--out", "crm"])
            .ok();
        std::fs::copy(checkout("sample_data/regulation.toml"), dir.path().join("regulation.toml")).unwrap();
        let crm = dir.path().join("crm");
        let mut log: BTreeMap<String, Vec<(NaiveDateTime, u64, String)>> = BTreeMap::new();
        for year in 2023..=2025 {
            for row in read(&crm.join(format!("events_{year}.csv"))).into_iter().filter(|row| row["Тип"] == "Стадия")
            {
                let (at, id) = (moment(&row["Дата"]).unwrap(), row["ID"].parse().unwrap());
                log.entry(row["Сделка"].clone()).or_default().push((at, id, row["Стадия"].clone()));
            }
        }
        let mut known = BTreeSet::new();
        let mut deals = Vec::new();
        for row in read(&crm.join("deals.csv")) {
            // what an ingest refuses, repeats of a row, and the footer
            let Some(created) = moment(&row["Дата создания"]) else { continue };
            if !known.insert(row["ID"].clone()) {
                continue;
            }
            let mut moves = log.remove(&row["ID"]).unwrap_or_default();
            moves.sort();
            moves.dedup();
            let moves = moves.into_iter().map(|(at, _, stage)| (at, stage)).collect();
            deals.push(Deal { created, closed: moment(&row["Дата закрытия"]), moves, row });
        }
        Company { dir, deals }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes what the CRM would have exported at the end of a day; without those deals that the condition leaves out.
    fn snapshot(&self, name: &str, at: NaiveDate, listed: impl Fn(&Deal) -> bool) {
        let mut writer = csv::WriterBuilder::new().delimiter(b';').from_path(self.path(name)).unwrap();
        let header: Vec<&String> = self.deals[0].row.keys().collect();
        writer.write_record(&header).unwrap();
        for deal in self.deals.iter().filter(|deal| listed(deal)) {
            let Some(stage) = deal.stage(at) else { continue };
            let is_closed = deal.closed.is_some_and(|closed| closed.date() <= at);
            let cell = |name: &str| match name {
                "Стадия сделки" => stage.to_owned(),
                "Дата закрытия" if !is_closed => "не закрыта".to_owned(),
                "Причина отказа" if !is_closed => String::new(),
                name => deal.row[name].clone(),
            };
            writer.write_record(header.iter().map(|name| cell(name))).unwrap();
        }
        writer.flush().unwrap();
    }

    fn ingest(&self, store: &str, mapping: &str, files: &[&str]) -> String {
        let args = [&["--store", store, "ingest", "--lang", "en", "--mapping", mapping], files].concat();
        voronka(self.dir.path(), &args).ok()
    }

    fn sql(&self, store: &str, query: &str) -> Vec<Row> {
        rows(&voronka(self.dir.path(), &["--store", store, "sql", query, "--format", "csv"]).ok())
    }

    fn query(&self, store: &str, metric: &str, of: &[&str]) -> Vec<Row> {
        let args = [&["--store", store, "query", metric, "--format", "csv"], of].concat();
        rows(&voronka(self.dir.path(), &args).ok())
    }

    /// What the store holds, but for when it was loaded.
    fn content(&self, store: &str) -> Vec<Vec<Row>> {
        let all = |table: &str| self.sql(store, &format!("SELECT * FROM {table} ORDER BY 1"));
        ["deals", "events"].map(all).into()
    }
}

fn number(row: &Row, column: &str) -> u64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} = `{}` in {row:?}", row[column]))
}

#[test]
fn four_weekly_snapshots_tell_the_funnel_within_what_a_week_hides() {
    let company = Company::new();
    let text = std::fs::read_to_string(company.path("crm/mapping.toml")).unwrap();
    let weekly = "files = \"deals_*.csv\"\nsnapshot = true\ntaken = \"yyyy-mm-dd\"";
    std::fs::write(company.path("weekly.toml"), text.replacen("files = \"deals.csv\"", weekly, 1)).unwrap();
    let log = ["crm/events_2023.csv", "crm/events_2024.csv", "crm/events_2025.csv"];
    company.ingest("full", "crm/mapping.toml", &[&["crm/deals.csv"], &log[..]].concat());
    let files = MONDAYS.map(|monday| format!("deals_{monday}.csv"));
    for (monday, file) in MONDAYS.iter().zip(&files) {
        company.snapshot(file, day(monday), |_| true);
        company.ingest("weekly", "weekly.toml", &[file]);
    }
    the_moves_are_true(&company);
    the_funnels_agree(&company);
    the_times_agree(&company);
    nothing_changes(&company, &files);
    what_is_missing_is_marked(&company);
}

/// Every move that the snapshots gave is in the CRM's log, between the moments that the store says.
fn the_moves_are_true(company: &Company) {
    let moves = company.sql("weekly", "SELECT deal_id, stage, at, after, before FROM events");
    let logged = company.sql("full", "SELECT deal_id, stage, at FROM events WHERE kind = 'stage'");
    let mut log: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for row in &logged {
        log.entry((&row["deal_id"], &row["stage"])).or_default().push(&row["at"]);
    }
    let (mut dated, mut unlogged) = (0, 0);
    for found in &moves {
        let (after, before) = (found["after"].as_str(), found["before"].as_str());
        let Some(times) = log.get(&(found["deal_id"].as_str(), found["stage"].as_str())) else {
            unlogged += 1;
            continue;
        };
        // instants are printed so that text has the order of time
        assert!(times.iter().any(|at| (after..=before).contains(at)), "{found:?}: {times:?}");
        if found["at"] < found["before"] {
            dated += 1;
            assert!(times.contains(&found["at"].as_str()), "{found:?}: {times:?}");
        }
    }
    println!("{} moves seen, {dated} with a known time, {unlogged} of stages that the log does not have", moves.len());
    assert!(dated > 1000 && moves.len() - dated > 300, "{} moves, {dated} dated", moves.len());
    assert!(unlogged * 100 < moves.len(), "{unlogged} of {}", moves.len());
}

/// Who reached a stage: exactly those of the log but for deals that came further and were lost, or fell back, within a week.
fn the_funnels_agree(company: &Company) {
    let cut = day(MONDAYS[3]);
    let (first, last) = (day(COHORT[1]), day(COHORT[3]));
    let cohort: Vec<&Deal> = company.deals.iter().filter(|deal| (first..last).contains(&deal.created.date())).collect();
    let is_lost = |deal: &Deal| deal.stage(cut) == Some(LOST);
    let (full, weekly) = (company.query("full", "funnel", &COHORT), company.query("weekly", "funnel", &COHORT));
    println!(
        "{:<14}{:>22}{:>24}{:>18}{:>10}{:>10}",
        "", "reached, log | weekly", "from previous", "settled", "between", "hidden"
    );
    for (index, (log, seen)) in full.iter().zip(&weekly).enumerate() {
        let share =
            |row: &Row, name: &str| row[name].parse::<f64>().map_or("—".into(), |x| format!("{:.1} %", x * 100.0));
        println!(
            "{:<14}{:>15} | {:>4}{:>15} | {:>6}{:>9} | {:>6}{:>10}{:>10}",
            log["stage"],
            log["reached"],
            seen["reached"],
            share(log, "from_previous"),
            share(seen, "from_previous"),
            share(log, "settled"),
            share(seen, "settled"),
            seen["interval_known"],
            number(log, "reached") - number(seen, "reached"),
        );
        let count = |of: &dyn Fn(&Deal) -> bool| cohort.iter().filter(|deal| of(deal)).count() as u64;
        // to the deal: what the log and what four looks at it say
        assert_eq!(number(log, "reached"), count(&|deal| deal.furthest(cut) >= index), "{log:?}");
        assert_eq!(number(seen, "reached"), count(&|deal| deal.furthest_seen() >= index), "{seen:?}");
        // so what is hidden is hidden in these alone: an open deal that never went back is seen where it is, a won one at the end
        let hidden = count(&|deal| deal.furthest(cut) >= index && deal.furthest_seen() < index);
        let may_hide = count(&|deal| deal.furthest_seen() < index && (is_lost(deal) || deal.moved_back()));
        assert_eq!(number(log, "reached") - number(seen, "reached"), hidden);
        assert!(hidden <= may_hide, "{hidden} of {may_hide}");
        assert!(number(seen, "interval_known") <= number(seen, "reached"));
    }
    for end in [0, STAGES.len() - 1] {
        assert_eq!(full[end]["reached"], weekly[end]["reached"]);
    }
    // in which stage a deal was lost between two snapshots is not known: it is counted as lost all the same
    let lost = |rows: &[Row]| rows.iter().map(|row| number(row, "lost_total")).sum::<u64>();
    assert_eq!(lost(&full), lost(&weekly));
    for (log, seen) in full.iter().zip(&weekly).skip(1) {
        for name in ["from_previous", "from_first"] {
            let share = |row: &Row, end: &str| row[&format!("{name}{end}")].parse::<f64>().unwrap();
            let known = share(seen, "_least") - 1e-9..=share(seen, "_most") + 1e-9;
            assert!(known.contains(&share(log, "")), "{name} of {log:?} beside {seen:?}");
        }
    }
    assert!(number(&full[0], "reached") > 150, "{}", full[0]["reached"]);
}

/// How long deals stayed: the log's median lies between the bounds that the snapshots leave open.
fn the_times_agree(company: &Company) {
    // the entries after the first snapshot, which knows of most deals nothing but that they are there
    let since = ["--from", "2025-06-03", "--to", "2025-06-24", "--as-of", "2025-06-24"];
    let [full, weekly] = ["full", "weekly"].map(|store| company.query(store, "time_in_stage", &since));
    println!("{:<14}{:>18}{:>28}{:>16}{:>10}", "", "entered", "median hours, between", "known between", "passed");
    for (log, seen) in full.iter().zip(&weekly) {
        let hours = |row: &Row, name: &str| row[name].parse::<f64>();
        let [low, high] = ["median_hours_low", "median_hours_high"].map(|name| hours(seen, name));
        let of_log = hours(log, "median_hours").unwrap();
        println!(
            "{:<14}{:>8} | {:>7}{:>28}{:>16}{:>10}",
            log["stage"],
            log["entered"],
            seen["entered"],
            format!(
                "{of_log:.1}, {:.1}…{}",
                low.clone().unwrap(),
                high.as_ref().map_or("?".into(), |h| format!("{h:.1}"))
            ),
            seen["interval_known"],
            seen["passed_unseen"]
        );
        // where the upper curve does not fall to one half, there is no upper bound
        assert!(low.unwrap() <= of_log && high.is_ok_and(|high| of_log <= high), "{log:?}\n{seen:?}");
        assert_eq!((log["interval_known"].as_str(), log["passed_unseen"].as_str()), ("0", "0"));
        assert_eq!(log["median_hours"], log["median_hours_low"]);
        assert_eq!(log["median_hours"], log["median_hours_high"]);
        assert_eq!(seen["median_hours"], "");
        assert!(number(seen, "entered") <= number(log, "entered"));
    }
}

/// The last one again, and the first one, which is older than what the store has seen.
fn nothing_changes(company: &Company, files: &[String]) {
    let before = company.content("weekly");
    let again = company.ingest("weekly", "weekly.toml", &[&files[3]]);
    assert!(again.contains("the data has not changed"), "{again}");
    let late = company.ingest("weekly", "weekly.toml", &[&files[0]]);
    assert!(late.contains("the data has not changed") && late.contains("seen in a newer snapshot"), "{late}");
    assert!(company.content("weekly") == before);
}

/// A deal that is deleted in the CRM is marked, and unmarked when it comes back.
fn what_is_missing_is_marked(company: &Company) {
    let deleted = &company.deals[7].row["ID"];
    let gone = |company: &Company| {
        company.sql("weekly", "SELECT deal_id, gone_at, seen_in FROM deals WHERE gone_at IS NOT NULL")
    };
    company.snapshot("deals_2025-06-24.csv", day("2025-06-24"), |deal| deal.row["ID"] != *deleted);
    company.ingest("weekly", "weekly.toml", &["deals_2025-06-24.csv"]);
    let marked = gone(company);
    assert_eq!(marked.len(), 1, "{marked:?}");
    assert_eq!((marked[0]["deal_id"].as_str(), marked[0]["seen_in"].as_str()), (deleted.as_str(), "deals"));
    assert!(marked[0]["gone_at"].starts_with("2025-06-23T21:00:00"), "{marked:?}");
    company.snapshot("deals_2025-06-25.csv", day("2025-06-25"), |_| true);
    let back = company.ingest("weekly", "weekly.toml", &["deals_2025-06-25.csv"]);
    assert!(back.contains("lists again, unmarked: 1"), "{back}");
    assert!(gone(company).is_empty());
}
