//! Cold files change nothing but what is written: a company of many weeks has the same rows with and without them.

use std::collections::BTreeSet;

use super::of_clients::Dice;
use super::*;
use crate::store::Heat;

const MAPPING: &str = r#"
zone = "Europe/Berlin"
[[export]]
name = "deals"
files = "deals*.csv"
dates = ["yyyy-mm-dd HH:MM", "yyyy-mm-dd"]
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "ID"
client_id = "Client"
status = "Status"
created_at = "Created"
closed_at = "Closed"
[[export]]
name = "events"
files = "events*.csv"
dates = ["yyyy-mm-dd HH:MM", "yyyy-mm-dd"]
[[export.table]]
fill = "events"
[export.table.columns]
event_id = "ID"
at = "At"
kind = "Kind"
deal_id = "Deal"
client_id = "Client"
stage = "Stage"
direction = { const = "outgoing" }
"#;

const WEEKS: u64 = 22;

fn sizes(rows: u64, cold_events: usize) -> Sizes {
    Sizes {
        rows_at_first: rows,
        rows_at_most: rows * 2,
        cold_events,
        spill: 3000,
        ids: 16,
        reading: Division { threads: 2, batch: 1000 },
        always_reads: false,
    }
}

struct Deal {
    created: String,
    closed: Option<(&'static str, String)>,
}

/// A company that is exported week by week: what is new, and what anything happened to.
struct Weeks {
    dice: Dice,
    deals: Vec<Deal>,
    events: u64,
    /// Whether calls come that name only their client: then no file is cold.
    calls_of_clients: bool,
}

impl Weeks {
    fn moment(&mut self, week: u64) -> String {
        let day =
            chrono::NaiveDate::from_ymd_opt(2025, 1, 6).unwrap() + chrono::Days::new(week * 7 + self.dice.below(7));
        format!("{day} {:02}:{:02}", self.dice.below(24), self.dice.below(60))
    }

    fn event(&mut self, week: u64, kind: &str, deal: Option<usize>) -> String {
        self.events += 1;
        let (id, at) = (self.events, self.moment(week));
        let stage = if kind == "stage" { "offer" } else { "" };
        let deal = deal.map(|deal| deal.to_string()).unwrap_or_default();
        format!("e{id};{at};{kind};{deal};c{};{stage}\n", self.dice.below(9))
    }

    /// The lines of deals and events that a week gives.
    fn next(&mut self, week: u64) -> [String; 2] {
        let (mut told, mut events) = (BTreeSet::new(), String::new());
        for _ in 0..6 {
            told.insert(self.deals.len());
            let created = self.moment(week);
            self.deals.push(Deal { created, closed: None });
        }
        for deal in 0..self.deals.len() {
            if self.deals[deal].closed.is_some() {
                continue;
            }
            let kind = self.dice.of(&["call", "stage", "task"]);
            events += &self.event(week, kind, Some(deal));
            if self.dice.below(2) == 0 {
                let (how, when) = (if self.dice.below(2) == 0 { "won" } else { "lost" }, self.moment(week));
                self.deals[deal].closed = Some((how, when));
                told.insert(deal);
            }
        }
        // one of a deal that the next week brings
        let coming = self.deals.len();
        events += &self.event(week, "call", Some(coming));
        let clients = if self.calls_of_clients { "call" } else { "mailing" };
        events += &self.event(week, clients, None);
        // something old is told of once more: by an event, by the deal, by an event that goes to another deal
        let old = self.dice.below(self.deals.len() as u64) as usize;
        match self.dice.below(9) {
            0 => events += &self.event(week, "refund", Some(old)),
            1 => {
                self.deals[old].closed = None;
                told.insert(old);
            }
            2 => {
                let (id, at) = (1 + self.dice.below(self.events), self.moment(week));
                events += &format!("e{id};{at};call;{old};c1;\n");
            }
            3 => events += &format!("e{};{};mailing;;c2;\n", 1 + self.dice.below(self.events), self.moment(week)),
            _ => {}
        }
        let line = |deal: usize| {
            let Deal { created, closed } = &self.deals[deal];
            let (status, closed) = closed.as_ref().map_or(("open", ""), |(status, closed)| (status, closed));
            format!("{deal};c{};{status};{created};{closed}\n", deal % 9)
        };
        [told.into_iter().map(line).collect(), events]
    }
}

/// Every row of the tables that have cold files, with all columns.
async fn all_rows(company: &Company) -> Vec<String> {
    let snapshot = company.store().await.snapshot(None).await.unwrap();
    let mut all = Vec::new();
    for table in [Table::Deals, Table::Events, Table::Journeys] {
        let files = snapshot.tables[&table].files.iter().map(|file| file.path.as_path());
        let mut rows = OldBucket::read(files).unwrap().told();
        rows.sort();
        all.extend(rows);
    }
    all
}

async fn cold_files(company: &Company) -> BTreeSet<PathBuf> {
    let snapshot = company.store().await.snapshot(None).await.unwrap();
    let files = snapshot.tables.values().flat_map(|state| &state.files);
    files.filter(|file| matches!(file.heat, Heat::Cold(_))).map(|file| file.path.clone()).collect()
}

#[tokio::test]
async fn weeks_give_the_same_rows_whether_files_stay_or_are_written_anew() {
    let (mut kept, mut made, mut melted) = (0, 0, 0);
    for seed in [0, 1, 2, 5] {
        let (has_ids, calls_of_clients) = (seed % 3 != 1, seed == 5);
        let mapping = if has_ids { MAPPING.to_owned() } else { MAPPING.replace("event_id = \"ID\"\n", "") };
        let [divided, plain] = [(); 2].map(|()| Company::new(&mapping));
        let mut weeks = Weeks { dice: Dice(seed * 77 + 5), deals: Vec::new(), events: 0, calls_of_clients };
        // of one bucket, and of many that grow
        let rows = if seed % 2 == 0 { 10_000 } else { 60 };
        let mut before = BTreeSet::new();
        for week in 0..WEEKS {
            let [deals, events] = weeks.next(week);
            let mut told = Vec::new();
            for (company, cold_events) in [(&divided, 5), (&plain, usize::MAX)] {
                let exports = [
                    company.file(&format!("deals{week}.csv"), format!("ID;Client;Status;Created;Closed\n{deals}")),
                    company.file(&format!("events{week}.csv"), format!("ID;At;Kind;Deal;Client;Stage\n{events}")),
                ];
                let store = company.store().await;
                let options = IngestOptions::at(at()).sizes(sizes(rows, cold_events));
                told.push(ingest(&store, &company.mapping, &exports, options).await.unwrap().text(Lang::En));
            }
            assert_eq!(told[0], told[1], "seed {seed}, week {week}");
            let (rows, expected) = (all_rows(&divided).await, all_rows(&plain).await);
            let differing = rows.iter().zip(&expected).find(|(row, expected)| row != expected);
            assert!(differing.is_none(), "seed {seed}, week {week}: {differing:#?}");
            assert_eq!(rows.len(), expected.len(), "seed {seed}, week {week}");
            let now = cold_files(&divided).await;
            assert_eq!(cold_files(&plain).await, BTreeSet::new());
            assert!(!calls_of_clients || now.is_empty(), "{now:?}");
            kept += now.intersection(&before).count();
            made += now.difference(&before).count();
            melted += before.difference(&now).count();
            before = now;
        }
        assert!(divided.store().await.check().await.unwrap().damaged.is_empty());
    }
    // each of them happens, and most files stay
    assert!(made > 50 && melted > 50 && kept > made, "{kept} kept, {made} made, {melted} melted");
}

/// Weeks of a company into one bucket, the export of deals and that of events one after the other or together.
async fn load(company: &Company, week: u64, [deals, events]: [String; 2], at_once: bool) -> Summary {
    let day = chrono::NaiveDate::from_ymd_opt(2025, 1, 6).unwrap() + chrono::Days::new(week * 7 + 7);
    let exports = [
        company.file(&format!("deals {day}.csv"), format!("ID;Client;Status;Created;Closed\n{deals}")),
        company.file(&format!("events{week}.csv"), format!("ID;At;Kind;Deal;Client;Stage\n{events}")),
    ];
    let mut summary = Summary::default();
    for exports in exports.chunks(if at_once { 2 } else { 1 }) {
        let options = IngestOptions::at(at()).sizes(sizes(10_000, 5));
        summary = ingest(&company.store().await, &company.mapping, exports, options).await.unwrap();
    }
    summary
}

fn weeks() -> Weeks {
    Weeks { dice: Dice(3), deals: Vec::new(), events: 0, calls_of_clients: false }
}

#[tokio::test]
async fn another_time_zone_keeps_no_cold_file() {
    let mut company = Company::new(MAPPING);
    let (mut weeks, mut before, mut kept) = (weeks(), BTreeSet::new(), 0);
    for week in 0..WEEKS {
        // from some week on every other ingest is of another zone
        let moves = week > WEEKS - 5;
        let zone = if moves && week % 2 == 0 { "Asia/Tbilisi" } else { "Europe/Berlin" };
        let mapping = MAPPING.replace("Europe/Berlin", zone);
        company.mapping = Mapping::parse("mapping.toml", &mapping).unwrap_or_else(|problems| panic!("{problems}"));
        load(&company, week, weeks.next(week), true).await;
        let now = cold_files(&company).await;
        match moves {
            true => assert!(!now.is_empty() && now.is_disjoint(&before), "week {week}: {now:?}"),
            false => kept += now.intersection(&before).count(),
        }
        before = now;
    }
    assert!(kept > 0);
}

#[tokio::test]
async fn deals_that_are_listed_are_not_divided() {
    let listing = MAPPING
        .replace("name = \"deals\"\n", "name = \"deals\"\nsnapshot = true\ntaken = \"yyyy-mm-dd\"\n")
        .replace("status = \"Status\"\n", "status = \"Status\"\nstage = \"Status\"\n");
    let company = Company::new(&listing);
    let mut weeks = weeks();
    for week in 0..WEEKS {
        load(&company, week, weeks.next(week), false).await;
        assert_eq!(cold_files(&company).await, BTreeSet::new(), "week {week}");
    }
}

#[tokio::test]
async fn a_cold_file_without_its_others_is_read_and_written_anew() {
    let company = Company::new(MAPPING);
    let mut weeks = weeks();
    for week in 0..WEEKS - 1 {
        load(&company, week, weeks.next(week), true).await;
    }
    let of = |table: Table, files: &BTreeSet<PathBuf>| {
        files.iter().filter(|path| path.to_string_lossy().contains(&format!("/{}/", table.name()))).count()
    };
    let cold = cold_files(&company).await;
    assert!(of(Table::Journeys, &cold) > 0, "{cold:?}");
    // as whoever does not know of cold files writes a table: all of its rows in one file
    let store = company.store().await;
    let mut t = store.begin().await.unwrap();
    let state = t.base().tables[&Table::Events].clone();
    let layout = Layout::new(Table::Events, vec![]);
    let old = OldBucket::read(state.files.iter().map(|file| file.path.as_path())).unwrap();
    let rows = old.rows(&layout).unwrap();
    let order = rows.sorted(&layout.slots(Table::Events.sorted_by()));
    let path = t.new_file(Table::Events, 0);
    data_file::write(&path, &layout, &rows, &order).unwrap();
    t.replace(Table::Events, state.buckets, vec![], 0, vec![(path, rows.len() as u64)]);
    t.commit(IngestRecord { ingest: 0, at: at(), exports: vec![], tables: vec![], notes: vec![], currencies: vec![] })
        .await
        .unwrap();
    let before = all_rows(&company).await.len();
    let summary = load(&company, WEEKS - 1, weeks.next(WEEKS - 1), true).await;
    let new: u64 = summary.tables.iter().map(|table| table.new).sum();
    let deals = summary.tables.iter().find(|table| table.table == Table::Deals).map_or(0, |table| table.new);
    assert_eq!(all_rows(&company).await.len() as u64, before as u64 + new + deals);
    let cold_now = cold_files(&company).await;
    assert!(cold_now.is_disjoint(&cold), "{cold_now:?}");
    assert_eq!((of(Table::Deals, &cold_now), of(Table::Events, &cold_now), of(Table::Journeys, &cold_now)), (1, 1, 1));
}
