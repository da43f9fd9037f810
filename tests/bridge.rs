//! The bridge of the pipeline out of snapshots, against what the snapshots themselves list and against the CRM's full log.

// both stores are shown side by side
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{Days, NaiveDate};

use crate::support::proof::REGULATION;
use crate::support::{Ran, rows, voronka};

const WEEKS: u64 = 12;
const BRANCHES: [&str; 3] = ["East", "North", "South"];

const MAPPING: &str = r#"
zone = "UTC"
[[export]]
name = "lists"
files = "list_*.csv"
snapshot = true
taken = "yyyy-mm-dd"
dates = ["yyyy-mm-dd HH:MM", "yyyy-mm-dd"]
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "id"
branch = "branch"
stage = "stage"
status = { from = "stage", values = { "won" = "won", "lost" = "lost" }, values_else = { const = "open" } }
created_at = "created"
closed_at = "closed"
amount = "sum"
expected_close = "planned"
[[export]]
name = "all"
files = "all.csv"
dates = ["yyyy-mm-dd HH:MM", "yyyy-mm-dd"]
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "id"
branch = "branch"
stage = "stage"
status = { from = "stage", values = { "won" = "won", "lost" = "lost" }, values_else = { const = "open" } }
created_at = "created"
closed_at = "closed"
amount = "sum"
expected_close = "planned"
[[export]]
name = "log"
files = "log.csv"
dates = ["yyyy-mm-dd HH:MM", "yyyy-mm-dd"]
[[export.table]]
fill = "events"
[export.table.columns]
at = "at"
kind = "kind"
deal_id = "id"
stage = "stage"
amount = "sum"
expected_close = "planned"
"#;

const HEAD: &str = "id,branch,stage,created,closed,sum,planned\n";

/// A stream of numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn of_thousand(&mut self, chance: u64) -> bool {
        self.below(1000) < chance
    }
}

/// The first day: a Monday.
fn day(number: i64) -> NaiveDate {
    let monday = NaiveDate::from_ymd_opt(2025, 3, 3).unwrap();
    match number < 0 {
        true => monday - Days::new(number.unsigned_abs()),
        false => monday + Days::new(number.unsigned_abs()),
    }
}

/// A deal on some day. Money is in kopecks.
#[derive(Clone, PartialEq)]
struct Deal {
    branch: &'static str,
    created: i64,
    stage: &'static str,
    closed: Option<i64>,
    amount: Option<i128>,
    planned: Option<i64>,
    /// Not listed, though it is there.
    is_hidden: bool,
    /// Lost once, and open again: of a second loss a snapshot would show the later date alone.
    is_back: bool,
}

impl Deal {
    fn row(&self, id: usize) -> String {
        let moment = |day_of: i64| format!("{} 10:00", day(day_of));
        let closed = self.closed.map(moment).unwrap_or_default();
        let planned = self.planned.map(|planned| day(planned).to_string()).unwrap_or_default();
        let Deal { branch, stage, created, amount, .. } = self;
        format!("d{id:03},{branch},{stage},{},{closed},{},{planned}\n", moment(*created), rubles(*amount))
    }

    fn worth(&self) -> i128 {
        if self.stage == "offer" { self.amount.unwrap_or_default() } else { 0 }
    }
}

fn rubles(amount: Option<i128>) -> String {
    amount.map(|kopecks| format!("{}.{:02}", kopecks / 100, kopecks % 100)).unwrap_or_default()
}

/// Sums of money and counts by branch, week and what happened.
type Told = BTreeMap<(&'static str, i64, &'static str), i128>;

/// A company: its deals on each day, its log, and what happened by week.
struct Company {
    days: BTreeMap<i64, Vec<Option<Deal>>>,
    log: String,
    told: Told,
}

impl Company {
    fn new(seed: u64) -> Company {
        let mut random = Random(seed);
        let last = WEEKS.cast_signed() * 7;
        let mut company = Company {
            days: (-21..last).map(|day| (day, Vec::new())).collect(),
            log: "id,at,kind,stage,sum,planned\n".to_owned(),
            told: Told::new(),
        };
        for id in 0..150 {
            company.deal(id, &mut random);
        }
        company
    }

    fn deal(&mut self, id: usize, random: &mut Random) {
        let created = random.below(21 + WEEKS * 7 - 5).cast_signed() - 21;
        let branch = BRANCHES[random.below(3) as usize];
        let amount = (!random.of_thousand(100)).then(|| i128::from(random.below(9_000_000) + 1));
        let planned = (!random.of_thousand(200)).then(|| created + 5 + random.below(30).cast_signed());
        let mut deal =
            Deal { branch, created, stage: "offer", closed: None, amount, planned, is_hidden: false, is_back: false };
        self.tell(id, created, "created", deal.worth(), &deal);
        for kind in ["stage", "amount", "expected_close"] {
            self.write(id, created, kind, &deal);
        }
        let mut back = None;
        for today in -21..WEEKS.cast_signed() * 7 {
            if today > created {
                self.live(id, today, &mut deal, &mut back, random);
            }
            let shown = (today >= created).then(|| deal.clone());
            self.days.get_mut(&today).unwrap().push(shown);
        }
    }

    /// At most one thing happens to a deal on a day.
    fn live(&mut self, id: usize, today: i64, deal: &mut Deal, back: &mut Option<i64>, random: &mut Random) {
        if deal.is_hidden {
            deal.is_hidden = *back != Some(today);
            return;
        }
        let before = deal.clone();
        match deal.stage {
            "offer" if random.of_thousand(30) => {
                (deal.stage, deal.closed) = ("won", Some(today));
                self.tell(id, today, "won", before.worth(), deal);
            }
            "offer" if !deal.is_back && random.of_thousand(35) => {
                (deal.stage, deal.closed) = ("lost", Some(today));
                self.tell(id, today, "lost", before.worth(), deal);
            }
            "offer" if random.of_thousand(80) => {
                deal.amount = (!random.of_thousand(100)).then(|| i128::from(random.below(9_000_000) + 1));
                let grew = deal.worth() - before.worth();
                self.tell(id, today, if grew > 0 { "expanded" } else { "contracted" }, grew.abs(), deal);
                self.write(id, today, "amount", deal);
            }
            "offer" if random.of_thousand(80) => {
                deal.planned = (!random.of_thousand(100)).then(|| today + random.below(40).cast_signed());
                self.write(id, today, "expected_close", deal);
            }
            // one that no list has shown yet is open from its creation on, whatever a list in between lacks
            "offer" if today > deal.created + 21 && random.of_thousand(20) => {
                deal.is_hidden = true;
                *back = random.of_thousand(600).then(|| today + 8 + random.below(20).cast_signed());
            }
            "lost" if random.of_thousand(25) => {
                (deal.stage, deal.closed, deal.is_back) = ("offer", None, true);
                self.tell(id, today, "reopened", deal.worth(), deal);
            }
            _ => {}
        }
        if deal.stage != before.stage {
            self.write(id, today, "stage", deal);
        }
    }

    fn tell(&mut self, _: usize, today: i64, what: &'static str, money: i128, deal: &Deal) {
        let week = today.div_euclid(7);
        *self.told.entry((deal.branch, week, what)).or_default() += money;
    }

    fn write(&mut self, id: usize, today: i64, kind: &str, deal: &Deal) {
        let stage = if kind == "stage" { deal.stage } else { "" };
        let sum = if kind == "amount" { rubles(deal.amount) } else { String::new() };
        let planned = deal.planned.filter(|_| kind == "expected_close").map(|planned| day(planned).to_string());
        let planned = planned.unwrap_or_default();
        self.log.push_str(&format!("d{id:03},{} 10:00,{kind},{stage},{sum},{planned}\n", day(today)));
    }

    /// The list of a day's end; `hidden`: with the deals that the CRM shows no longer.
    fn list(&self, today: i64, hidden: bool) -> String {
        let deals = self.days[&today].iter().enumerate();
        let rows =
            deals.filter_map(|(id, deal)| deal.as_ref().filter(|deal| hidden || !deal.is_hidden).map(|d| d.row(id)));
        HEAD.to_owned() + &rows.collect::<String>()
    }

    /// What the open deals of a day's end are worth, and how many they are.
    fn open(&self, today: i64, branch: &str, hidden: bool) -> (i128, i128) {
        let deals = self.days[&today].iter().flatten();
        let open = deals.filter(|d| d.branch == branch && d.stage == "offer" && (hidden || !d.is_hidden));
        open.fold((0, 0), |(money, count), deal| (money + deal.worth(), count + 1))
    }
}

/// Money as a csv has it, in kopecks.
fn kopecks(text: &str) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let (sign, whole) = whole.strip_prefix('-').map_or((1, whole), |whole| (-1, whole));
    assert!(fraction.len() <= 4, "{text}");
    let units: i128 = format!("{whole}{fraction:0<4}").parse().unwrap();
    assert_eq!(units % 100, 0, "{text}");
    sign * units / 100
}

fn ingest(dir: &Path, store: &str, file: &str) -> Ran {
    voronka(dir, &["ingest", "--store", store, "--mapping", "mapping.toml", "--regulation", "regulation.toml", file])
}

fn ask(dir: &Path, store: &str, metric: &str, from: NaiveDate, to: NaiveDate, as_of: NaiveDate) -> String {
    let [from, to, as_of] = [from, to, as_of].map(|day| day.to_string());
    let period = ["--from", &from, "--to", &to, "--as-of", &as_of, "--by", "branch", "--format", "csv"];
    let store = ["query", metric, "--store", store, "--regulation", "regulation.toml"];
    voronka(dir, &store.into_iter().chain(period).collect::<Vec<_>>()).ok()
}

type Row = BTreeMap<String, String>;

const ADDED: [&str; 5] = ["opening", "created", "reopened", "expanded", "moved_in"];
const TAKEN: [&str; 5] = ["contracted", "won", "lost", "gone", "moved_out"];

/// Opening and all that came, less all that went, is the closing; and the opening of the next week. In money and count.
fn adds_up(all: &[Row]) {
    let mut last: BTreeMap<(String, String, String), (String, String)> = BTreeMap::new();
    assert!(!all.is_empty());
    for row in all {
        let money = |name: &&str| if row[*name].is_empty() { 0 } else { kopecks(&row[*name]) };
        let (added, taken): (i128, i128) = (ADDED.iter().map(money).sum(), TAKEN.iter().map(money).sum());
        assert_eq!(added - taken, money(&"closing"), "{row:?}");
        let count = |name: &&str| row.get(&format!("{name}_deals")).map_or(0, |n| n.parse::<i64>().unwrap());
        let (added, taken): (i64, i64) = (ADDED.iter().map(count).sum(), TAKEN.iter().map(count).sum());
        assert_eq!(added - taken, count(&"closing"), "{row:?}");
        let key = (row["branch"].clone(), row["covers"].clone(), row["unit"].clone());
        let closing = (row["closing"].clone(), row["closing_deals"].clone());
        if let Some(before) = last.insert(key, closing) {
            assert_eq!(before, (row["opening"].clone(), row["opening_deals"].clone()), "{row:?}");
        }
    }
}

fn of_weeks(all: &[Row], branch: &str) -> Vec<Row> {
    let is_of = |row: &&Row| row["branch"] == branch && row["unit"] == "week" && row["covers"] == "all";
    all.iter().filter(is_of).cloned().collect()
}

#[test]
fn the_bridge_reconciles_with_what_snapshots_list_and_with_the_log() {
    let company = Company::new(11);
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    std::fs::write(dir.join("mapping.toml"), MAPPING).unwrap();
    std::fs::write(dir.join("regulation.toml"), REGULATION).unwrap();
    let end = WEEKS.cast_signed() * 7;
    let sunday = |week: i64| week * 7 + 6;
    std::fs::write(dir.join("all.csv"), company.list(end - 1, true)).unwrap();
    std::fs::write(dir.join("log.csv"), &company.log).unwrap();
    ingest(dir, "full", "all.csv").ok();
    ingest(dir, "full", "log.csv").ok();
    for week in -1..WEEKS.cast_signed() {
        let name = format!("list_{}.csv", day(sunday(week)));
        std::fs::write(dir.join(&name), company.list(sunday(week), false)).unwrap();
        ingest(dir, "twelve", &name).ok();
        if week <= 3 {
            ingest(dir, "first", &name).ok();
        }
        if (week + 1) % 3 == 0 {
            ingest(dir, "four", &name).ok();
        }
    }
    let [full, twelve, four] =
        ["full", "twelve", "four"].map(|store| rows(&ask(dir, store, "pipeline_bridge", day(0), day(end), day(end))));
    [&full, &twelve, &four].into_iter().for_each(|all| adds_up(all));
    println!("{:<8}{:<12}{:>14}{:>14}{:>14}", "branch", "week", "closing, log", "twelve", "four");
    for branch in BRANCHES {
        let stores = [&full, &twelve, &four].map(|all| of_weeks(all, branch));
        for week in 0..WEEKS.cast_signed() {
            let [log, twelve, four] = [0, 1, 2].map(|store: usize| &stores[store][week.unsigned_abs() as usize]);
            println!(
                "{branch:<8}{:<12}{:>14}{:>14}{:>14}",
                log["starts"], log["closing"], twelve["closing"], four["closing"]
            );
            // the log's bridge is what happened, to the last kopeck
            for what in ["created", "reopened", "expanded", "contracted", "won", "lost"] {
                let happened = company.told.get(&(branch, week, what)).copied().unwrap_or_default();
                assert_eq!(kopecks(&log[what]), happened, "{what} {log:?}");
            }
            let closing = |row: &Row| (kopecks(&row["closing"]), row["closing_deals"].parse::<i128>().unwrap());
            assert_eq!(closing(log), company.open(sunday(week), branch, true), "{log:?}");
            // a snapshot store closes a week with what its list of that Sunday shows, whatever it could not see within the week
            assert_eq!(closing(twelve), company.open(sunday(week), branch, false), "{twelve:?}");
            if (week + 1) % 3 == 0 {
                assert_eq!(closing(four), closing(twelve), "{four:?}");
            }
            // closings carry their date, so that wins are those of the week in each store
            assert_eq!(log["won_deals"], twelve["won_deals"], "{twelve:?}");
            assert_eq!((&twelve["verdict"], &twelve["won"]), (&"ok".to_owned(), &log["won"]), "{twelve:?} {log:?}");
        }
        for what in ["expansions", "contractions", "pushes", "slips", "gone_deals", "reopened_deals"] {
            let sum = |all: &[Row]| all.iter().filter_map(|row| row[what].parse::<i64>().ok()).sum::<i64>();
            println!("{branch:<8}{what:<16}{:>8}{:>8}{:>8}", sum(&stores[0]), sum(&stores[1]), sum(&stores[2]));
        }
    }
    // nothing that was exported later is in an answer as of an earlier day: the store that ends there says the same
    for metric in ["pipeline_bridge", "bridge_checks"] {
        let [then, now] = ["first", "twelve"].map(|store| ask(dir, store, metric, day(0), day(28), day(28)));
        let differs: Vec<_> = then.lines().zip(now.lines()).filter(|(then, now)| then != now).collect();
        assert!(differs.is_empty() && then.lines().count() == now.lines().count(), "{metric} {differs:#?}");
    }
}
