//! Many buckets give what one gives: tables grow, and events change their deal.

use std::collections::BTreeSet;

use super::*;

/// Sizes that make many buckets of a few rows, or one of all.
fn small() -> Sizes {
    Sizes {
        rows_at_first: 8,
        rows_at_most: 12,
        cold_events: 4,
        spill: 3000,
        ids: 16,
        reading: Division { threads: 3, batch: 1000 },
        always_reads: false,
    }
}

async fn ingest_small(company: &Company, exports: &[PathBuf]) -> Summary {
    ingest(&company.store().await, &company.mapping, exports, IngestOptions::at(at()).sizes(small())).await.unwrap()
}

const CLIENTS: &str = r#"
[[export]]
name = "clients"
[[export.table]]
fill = "clients"
[export.table.columns]
client_id = "ID"
segment = "Тип"
"#;

#[tokio::test]
async fn clients_have_buckets_of_their_own_and_one_bucket_grows_into_many() {
    let company = Company::new(CLIENTS);
    let text = |ids: std::ops::Range<u32>, kind: &str| {
        format!("ID;Тип\n{}", ids.map(|id| format!("{id};{kind}\n")).collect::<String>())
    };
    // as a store of an early Voronka has it: one bucket, whatever it holds
    company.ingest(&[company.file("c1.csv", text(0..30, "b2b"))]).await.unwrap();
    let buckets = async || company.store().await.snapshot(None).await.unwrap().tables[&Table::Clients].buckets;
    assert_eq!(buckets().await, 1);
    let more = [company.file("c2.csv", text(20..60, "b2c"))];
    let summary = ingest_small(&company, &more).await;
    assert_eq!((summary.tables[0].new, summary.tables[0].changed, buckets().await), (30, 10, 8));
    let mut expected: Vec<String> = (0..60).map(|id| format!("{id} {}", if id < 20 { "b2b" } else { "b2c" })).collect();
    expected.sort();
    assert_eq!(company.rows(Table::Clients, &["client_id", "segment"]).await, expected);

    // one client changes: one file of eight is written anew
    let files = company.files().len();
    let one = [company.file("c3.csv", text(5..6, "vip"))];
    assert_eq!(ingest_small(&company, &one).await.tables[0].changed, 1);
    assert_eq!(company.files().len(), files + 1);
    assert!(ingest_small(&company, &one).await.nothing_changed());
    assert_eq!(company.files().len(), files + 1);
    assert_eq!(company.rows(Table::Clients, &["client_id"]).await.len(), 60);
}

const EVENTS: &str = r#"
zone = "UTC"
[[export]]
name = "deals"
files = "deals*.csv"
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "ID"
[[export]]
name = "events"
files = "events*.csv"
dates = "yyyy-mm-dd"
[[export.table]]
fill = "events"
[export.table.columns]
event_id = "ID"
at = "At"
kind = "Kind"
deal_id = "Deal"
client_id = "Client"
direction = { const = "outgoing" }
[[export]]
name = "scores"
files = "scores*.csv"
decimal = "."
dates = "yyyy-mm-dd"
[[export.table]]
fill = "events"
[export.table.columns]
event_id = "ID"
at = "At"
kind = "Kind"
client_id = "Client"
score = "Score"
"#;

struct Step {
    exports: Vec<PathBuf>,
    new: u64,
    changed: u64,
}

/// A company whose events have ids: event `n` is a call to deal `n`, of client `c<n>`.
fn company() -> (Company, Vec<PathBuf>) {
    let company = Company::new(EVENTS);
    let deals: String = (0..60).map(|n| format!("{n}\n")).collect();
    let events: String = (0..60).map(|n| format!("e{n};2025-03-01;call;{n};c{n}\n")).collect();
    let exports = vec![
        company.file("deals.csv", format!("ID\n{deals}")),
        company.file("events.csv", format!("{EVENTS_HEAD}{events}")),
    ];
    (company, exports)
}

const EVENTS_HEAD: &str = "ID;At;Kind;Deal;Client\n";

async fn run(company: &Company, steps: Vec<Step>) {
    for (number, step) in steps.iter().enumerate() {
        let summary = ingest_small(company, &step.exports).await;
        let events = summary.tables.iter().find(|t| t.table == Table::Events).unwrap();
        assert_eq!((events.new, events.changed), (step.new, step.changed), "step {number}");
        // and once more: nothing is new, no file is written
        let files = company.files();
        let again = ingest_small(company, &step.exports).await;
        assert!(again.nothing_changed(), "step {number}: {}", again.text(Lang::En));
        assert_eq!(company.files(), files, "step {number}");
        let ids = company.rows(Table::Events, &["event_id"]).await;
        let different: BTreeSet<&String> = ids.iter().collect();
        assert_eq!(ids.len(), different.len(), "step {number}: an event is there twice");
    }
}

async fn event(company: &Company, id: &str) -> Vec<String> {
    let all = company.rows(Table::Events, &["event_id", "kind", "deal_id", "client_id", "score"]).await;
    all.into_iter().filter(|row| row.starts_with(&format!("{id} "))).collect()
}

/// The deals whose journey has another number of events than one.
async fn odd_journeys(company: &Company) -> Vec<String> {
    let all = company.rows(Table::Journeys, &["deal_id", "events"]).await;
    all.into_iter().filter(|row| !row.ends_with(" 1")).collect()
}

#[tokio::test]
async fn an_event_that_changes_its_deal_leaves_the_old_one() {
    let (company, first) = company();
    // in one bucket there is nothing to look for: so the two ways of coming there must agree
    let one = company.ingest(&first).await.unwrap();
    assert_eq!(one.tables.iter().map(|t| t.new).sum::<u64>(), 120);
    let moved = |name: &str, lines: &str| vec![company.file(name, format!("{EVENTS_HEAD}{lines}"))];
    let steps = vec![
        // the number of buckets grows in the very ingest in which events change their deals
        Step {
            exports: moved("events2.csv", "e1;2025-03-01;call;17;c1\ne2;2025-03-01;call;18;c2\n"),
            new: 0,
            changed: 2,
        },
        // the rest of the row is kept, what the export maps is changed
        Step {
            exports: moved("events3.csv", "e3;2025-03-02;meeting;17;c3\ne99;2025-03-02;call;19;c9\n"),
            new: 1,
            changed: 1,
        },
        // to a client without a deal
        Step { exports: moved("events4.csv", "e4;2025-03-02;call;;c40\n"), new: 0, changed: 1 },
    ];
    run(&company, steps).await;
    let snapshot = company.store().await.snapshot(None).await.unwrap();
    assert!(snapshot.tables[&Table::Events].buckets >= 8);
    assert_eq!(event(&company, "e1").await, ["e1 call 17 c1 -"]);
    assert_eq!(event(&company, "e3").await, ["e3 meeting 17 c3 -"]);
    assert_eq!(event(&company, "e4").await, ["e4 call - c40 -"]);
    assert_eq!(odd_journeys(&company).await, ["1 0", "17 3", "18 2", "19 2", "2 0", "3 0", "4 0"]);
}

#[tokio::test]
async fn an_export_that_does_not_know_the_deal_leaves_the_event_with_it() {
    let (company, first) = company();
    ingest_small(&company, &first).await;
    let scores =
        company.file("scores.csv", "ID;At;Kind;Client;Score\ne5;2025-03-01;call;c5;0.5\ne6;2025-03-01;call;c60;1\n");
    let both = vec![first[1].clone(), scores.clone()];
    run(&company, vec![Step { exports: vec![scores], new: 0, changed: 2 }]).await;
    assert_eq!(event(&company, "e5").await, ["e5 call 5 c5 0.5"]);
    assert_eq!(event(&company, "e6").await, ["e6 call 6 c60 1"]);
    assert_eq!(odd_journeys(&company).await, [""; 0]);
    // both in one ingest: the first one takes the client back, the second one gives it again
    run(&company, vec![Step { exports: both, new: 0, changed: 0 }]).await;
    assert_eq!(event(&company, "e6").await, ["e6 call 6 c60 1"]);
}

#[tokio::test]
async fn of_two_rows_of_an_event_in_one_ingest_the_last_one_holds() {
    let (company, first) = company();
    let twice: String = (0..60).map(|n| format!("e{n};2025-03-01;call;{};c{n}\n", (n + 7) % 60)).collect();
    let second = company.file("events_b.csv", format!("{EVENTS_HEAD}{twice}e7;2025-03-01;call;50;c7\n"));
    let exports = vec![first[0].clone(), first[1].clone(), second];
    run(&company, vec![Step { exports, new: 60, changed: 0 }]).await;
    assert_eq!(event(&company, "e7").await, ["e7 call 50 c7 -"]);
    assert_eq!(event(&company, "e8").await, ["e8 call 15 c8 -"]);
    // deal 14 lost e7, which went to deal 50
    assert_eq!(odd_journeys(&company).await, ["14 0", "50 2"]);
    // the first export again, alone: all go back
    run(&company, vec![Step { exports: vec![first[1].clone()], new: 0, changed: 60 }]).await;
    assert_eq!(odd_journeys(&company).await, [""; 0]);
}

/// A store that an early Voronka filled holds an event in two buckets; the next export that names it puts that right.
#[tokio::test]
async fn an_event_that_is_there_twice_becomes_one() {
    let (company, first) = company();
    ingest_small(&company, &first).await;
    let store = company.store().await;
    let mut t = store.begin().await.unwrap();
    let state = t.base().tables[&Table::Events].clone();
    let own = stage::spill::bucket("1", state.buckets);
    let other = state.files.iter().find(|file| file.bucket != own).unwrap().clone();
    let layout = Layout::new(Table::Events, vec![]);
    let old = OldBucket::read([other.path.as_path()].into_iter()).unwrap();
    let mut rows = old.rows(&layout).unwrap();
    let deal =
        (0..60).map(|n| n.to_string()).find(|deal| stage::spill::bucket(deal, state.buckets) == other.bucket).unwrap();
    let mut row = rows.row(0).to_vec();
    row[layout.slot("event_id").unwrap()] = Cell::Text("e1");
    row[layout.slot("deal_id").unwrap()] = Cell::Text(&deal);
    rows.cells.extend(row);
    let order = rows.sorted(&layout.slots(Table::Events.sorted_by()));
    let path = t.new_file(Table::Events, other.bucket);
    data_file::write(&path, &layout, &rows, &order).unwrap();
    t.replace(Table::Events, state.buckets, vec![], other.bucket, vec![(path, rows.len() as u64)]);
    t.commit(IngestRecord { ingest: 0, at: at(), exports: vec![], tables: vec![], notes: vec![], currencies: vec![] })
        .await
        .unwrap();
    assert_eq!(event(&company, "e1").await.len(), 2);
    ingest_small(&company, &first).await;
    assert_eq!(event(&company, "e1").await, ["e1 call 1 c1 -"]);
    assert_eq!(odd_journeys(&company).await, [""; 0]);
}
