//! Snapshots through the whole ingest: stage events, deals that are gone, and what must not change.

use super::*;

const MAPPING: &str = r#"
zone = "UTC"
[[export]]
name = "sales"
files = "sales*.csv"
snapshot = true
taken = "yyyy-mm-dd"
dates = "yyyy-mm-dd"
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "id"
stage = "stage"
status = { from = "stage", values = { "won" = "won" }, values_else = { const = "open" } }
created_at = "created"
closed_at = "closed"
[[export]]
name = "service"
files = "service*.csv"
snapshot = true
dates = "yyyy-mm-dd"
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "id"
stage = "stage"
[[export]]
name = "log"
files = "log*.csv"
dates = "yyyy-mm-dd"
[[export.table]]
fill = "events"
[export.table.columns]
at = "at"
kind = { const = "stage" }
deal_id = "id"
stage = "stage"
"#;

const HEAD: &str = "id,stage,created,closed\n";

impl Company {
    async fn load(&self, name: &str, text: &str) -> Summary {
        self.ingest(&[self.file(name, text)]).await.unwrap_or_else(|e| panic!("{e}"))
    }

    async fn sales(&self, day: &str, rows: &str) -> Summary {
        self.load(&format!("sales_{day}.csv"), &format!("{HEAD}{rows}")).await
    }

    async fn ingest_taken(&self, taken: &str, files: &[PathBuf]) -> Result<Summary, IngestError> {
        let options = IngestOptions::at(at()).taken(Some(taken.parse().unwrap()));
        ingest(&self.store().await, &self.mapping, files, options).await
    }

    /// The stage events: deal, stage, and at, after and before as days.
    async fn moves(&self) -> Vec<String> {
        let rows = self.rows(Table::Events, &["deal_id", "at", "stage", "after", "before"]).await;
        rows.iter().map(|row| days(row)).collect()
    }

    /// The deals: id, stage, and seen_at and gone_at as days.
    async fn deals(&self) -> Vec<String> {
        let rows = self.rows(Table::Deals, &["deal_id", "stage", "seen_at", "seen_in", "gone_at"]).await;
        rows.iter().map(|row| days(row)).collect()
    }
}

/// Microseconds as days; the last one of a day with a `+`.
fn days(row: &str) -> String {
    let day = |word: &str| match word.parse::<i64>().ok().filter(|micros| *micros > 1_000_000) {
        Some(micros) => {
            let at = DateTime::from_timestamp_micros(micros).unwrap();
            let end = if at.time() == chrono::NaiveTime::MIN { "" } else { "+" };
            format!("{}{end}", at.format("%m-%d"))
        }
        None => word.to_owned(),
    };
    row.split(' ').map(day).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn snapshots_grow_a_history() {
    let company = Company::new(MAPPING);
    let first = company.sales("2025-03-03", "1,new,2025-02-20,\n2,new,2025-02-21,\n").await;
    assert_eq!(
        first.tables.iter().map(|t| (t.table, t.new)).collect::<Vec<_>>(),
        [(Table::Deals, 2), (Table::Events, 2)]
    );
    assert_eq!(company.deals().await, ["1 new 03-03 sales -", "2 new 03-03 sales -"]);
    // what was seen on the third had happened by its end, since the deal was created
    assert_eq!(company.moves().await, ["1 03-03+ new 02-20 03-03+", "2 03-03+ new 02-21 03-03+"]);

    // the second one closed on the sixth, and says so; the third came and went between two snapshots
    company
        .sales("2025-03-10", "1,offer,2025-02-20,\n2,won,2025-02-21,2025-03-06\n3,won,2025-03-04,2025-03-05\n")
        .await;
    let second = [
        "1 03-03+ new 02-20 03-03+",
        "1 03-10+ offer 03-03 03-10+",
        "2 03-03+ new 02-21 03-03+",
        "2 03-06 won 03-03 03-10+",
        "3 03-05 won 03-04 03-10+",
    ];
    assert_eq!(company.moves().await, second);

    // the same again, and an older one that comes late with other stages: neither changes anything
    let files = company.files();
    let again = company
        .sales("2025-03-10", "1,offer,2025-02-20,\n2,won,2025-02-21,2025-03-06\n3,won,2025-03-04,2025-03-05\n")
        .await;
    assert!(again.nothing_changed());
    let late = company.sales("2025-03-05", "1,call,2025-02-20,\n2,call,2025-02-21,\n").await;
    assert!(
        late.nothing_changed() && late.notes[0].en.contains("seen in a newer snapshot, left as they are: 2"),
        "{late:?}"
    );
    assert_eq!((company.files(), company.moves().await), (files, second.map(str::to_owned).to_vec()));

    // one that stays where it is makes no event, and yet it was seen
    let third = company
        .sales("2025-03-17", "1,offer,2025-02-20,\n2,won,2025-02-21,2025-03-06\n3,won,2025-03-04,2025-03-05\n")
        .await;
    assert!(third.nothing_changed());
    assert_eq!(company.deals().await[0], "1 offer 03-17 sales -");
    assert_eq!(company.moves().await, second);
}

#[tokio::test]
async fn several_snapshots_at_once_are_taken_in_their_order() {
    let one_by_one = Company::new(MAPPING);
    let weeks = [
        ("2025-03-03", "1,new,2025-03-01,\n"),
        ("2025-03-10", "1,call,2025-03-01,\n"),
        ("2025-03-17", "1,offer,2025-03-01,\n"),
    ];
    for (day, rows) in weeks {
        one_by_one.sales(day, rows).await;
    }
    let at_once = Company::new(MAPPING);
    let file = |(day, rows): &(&str, &str)| at_once.file(&format!("sales_{day}.csv"), format!("{HEAD}{rows}"));
    let files: Vec<PathBuf> = weeks.iter().rev().map(file).collect();
    at_once.ingest(&files).await.unwrap();
    assert_eq!(at_once.moves().await, one_by_one.moves().await);
    assert_eq!(at_once.deals().await, ["1 offer 03-17 sales -"]);
}

#[tokio::test]
async fn what_is_missing_is_marked_and_unmarked_within_its_kind() {
    let company = Company::new(MAPPING);
    company.sales("2025-03-03", "1,new,,\n2,new,,\n3,new,,\n").await;
    // of another kind, taken at the moment of the ingest, as nothing says when
    let service = company.load("service.csv", "id,stage\n9,new\n").await;
    assert!(service.notes[0].en.contains("nobody said when the snapshot was taken"), "{service:?}");
    let gone = company.sales("2025-03-10", "1,new,,\n").await;
    assert!(!gone.nothing_changed());
    assert!(gone.notes.iter().any(|note| note.en.contains("lists no longer, marked in gone_at: 2")), "{gone:?}");
    let deals = company.deals().await;
    assert_eq!(deals[..3], ["1 new 03-10 sales -", "2 new 03-03 sales 03-10", "3 new 03-03 sales 03-10"]);
    assert!(deals[3].starts_with("9 new 06-15+ service -"), "{deals:?}");

    // an older snapshot that comes late shows that 2 was still there then, and 3 no longer
    let late = company.sales("2025-03-05", "2,new,,\n").await;
    assert!(late.notes.iter().any(|note| note.en.contains("gone_at was moved to the first snapshot")), "{late:?}");
    assert_eq!(
        company.deals().await[..3],
        ["1 new 03-10 sales -", "2 new 03-05 sales 03-10", "3 new 03-03 sales 03-05"]
    );
    // it comes back; the first one is listed, in a row that is refused
    let back = company.sales("2025-03-17", "2,new,,\n1,new,31.12.2024,\n").await;
    assert!(back.notes.iter().any(|note| note.en.contains("lists again, unmarked: 1")), "{back:?}");
    assert_eq!(company.deals().await[..3], ["1 new 03-10 sales -", "2 new 03-17 sales -", "3 new 03-03 sales 03-05"]);
    // a row that cannot be read at all may be any deal, so nothing is marked
    let torn = company.sales("2025-03-20", "2,new,,\n1,new\n").await;
    assert!(torn.notes.iter().any(|note| note.en.contains("deals missing from it are not marked")), "{torn:?}");
    assert_eq!(company.deals().await[..2], ["1 new 03-10 sales -", "2 new 03-20 sales -"]);
    // two files of one day are one snapshot
    let files = [("a", "1,new,,\n"), ("b", "2,new,,\n")]
        .map(|(part, rows)| company.file(&format!("sales_{part}_2025-03-24.csv"), format!("{HEAD}{rows}")));
    company.ingest(&files).await.unwrap();
    assert_eq!(company.deals().await[..2], ["1 new 03-24 sales -", "2 new 03-24 sales -"]);
}

#[tokio::test]
async fn what_the_log_tells_is_not_told_again() {
    let company = Company::new(MAPPING);
    company.load("log.csv", "id,at,stage\n1,2025-03-01,new\n1,2025-03-05,offer\n").await;
    let log = ["1 03-01 new - -", "1 03-05 offer - -"];
    company.sales("2025-03-03", "1,new,2025-03-01,\n").await;
    company.sales("2025-03-10", "1,offer,2025-03-01,\n").await;
    assert_eq!(company.moves().await, log);
    company.sales("2025-03-17", "1,deal,2025-03-01,\n").await;
    assert_eq!(company.moves().await.last().map(String::as_str), Some("1 03-17+ deal 03-10 03-17+"));
    assert_eq!(company.rows(Table::Journeys, &["deal_id", "events"]).await, ["1 3"]);
}

#[tokio::test]
async fn a_snapshot_says_once_when_it_was_taken() {
    let company = Company::new(MAPPING);
    let refused = company.refused("sales.csv", HEAD).await;
    assert!(refused.starts_with("sales.csv: its name does not say when the export was taken\n"), "{refused}");
    let refused = company.refused("sales_2025-03-03_2025-03-10.csv", HEAD).await;
    assert!(refused.contains("more than once"), "{refused}");
    let refused = company.refused("sales_2035-03-03.csv", HEAD).await;
    assert!(refused.contains("yet to come"), "{refused}");
    let log = company.file("log.csv", "id,at,stage\n1,2025-03-01,new\n");
    let early = company.ingest_taken("2035-03-03", std::slice::from_ref(&log)).await.unwrap_err();
    assert!(early.to_string().contains("yet to come"), "{early}");
    let file = company.file("sales.csv", format!("{HEAD}1,new,,\n"));
    let summary = company.ingest_taken("2025-03-03T18:00", &[file]).await.unwrap();
    assert_eq!(summary.notes.len(), 1, "{summary:?}");
    assert_eq!(company.deals().await, ["1 new 03-03+ sales -"]);
}

#[tokio::test]
async fn an_export_says_up_to_when_it_reaches() {
    let company = Company::new(MAPPING);
    let taken = async || -> Vec<String> {
        let log = company.store().await.log().await.unwrap();
        let of = |count: &TableCount| {
            let taken = count.taken.map(|taken| taken.format("%Y-%m-%d %H:%M").to_string());
            format!("{} {}", count.table.name(), taken.unwrap_or_else(|| "-".to_owned()))
        };
        log[0].tables.iter().map(of).collect()
    };
    let log = company.file("log.csv", "id,at,stage\n1,2025-03-01,new\n");
    company.ingest_taken("2025-03-03T18:00", std::slice::from_ref(&log)).await.unwrap();
    assert_eq!(taken().await, ["events 2025-03-03 18:00"]);
    // nothing says it, and the file brings nothing new: it may be as old as it was
    company.ingest(std::slice::from_ref(&log)).await.unwrap();
    assert_eq!(taken().await, ["events -"]);
    // something new is there: it is as new as the ingest
    company.load("log.csv", "id,at,stage\n1,2025-03-01,new\n1,2025-03-02,call\n").await;
    assert_eq!(taken().await, ["events 2025-06-15 15:06"]);
    // a snapshot is of the day that its name says, to its end; the moves that it shows are events
    company.sales("2025-03-04", "1,offer,,\n").await;
    assert_eq!(taken().await, ["deals 2025-03-04 23:59", "events -"]);
}

#[tokio::test]
async fn a_closing_without_a_date_lies_between_two_snapshots() {
    let company = Company::new(MAPPING);
    let closings = async || -> Vec<String> {
        let columns = ["deal_id", "status", "closed_at", "closed_after", "closed_by"];
        let rows = company.rows(Table::Journeys, &columns).await;
        rows.iter().map(|row| days(row)).collect()
    };
    company.sales("2025-03-03", "1,new,2025-02-01,\n2,new,2025-02-01,2025-03-30\n3,won,2025-02-01,\n").await;
    assert_eq!(closings().await, ["1 open - - -", "2 open - - -", "3 won - - 03-03+"]);
    let rows = "1,won,2025-02-01,\n2,offer,2025-02-01,2025-04-30\n3,won,2025-02-01,\n";
    let summary = company.sales("2025-03-10", rows).await;
    assert!(summary.text(Lang::En).contains("closed deals without a closing date: won 2, lost 0"), "{summary:?}");
    assert_eq!(closings().await, ["1 won - 03-03 03-10+", "2 open - - -", "3 won - - 03-03+"]);
    assert_eq!(company.rows(Table::Deals, &["deal_id", "expected_close"]).await, ["1 -", "2 20208", "3 -"]);
    // the same snapshot changes nothing, one more leaves what was known
    assert!(company.sales("2025-03-10", rows).await.nothing_changed());
    company.sales("2025-03-17", "1,won,2025-02-01,2025-03-05\n2,won,2025-02-01,\n3,won,2025-02-01,\n").await;
    assert_eq!(closings().await, ["1 won 03-05 - -", "2 won - 03-10 03-17+", "3 won - - 03-03+"]);
}

#[tokio::test]
async fn a_bucket_of_which_nothing_is_listed_is_looked_at_too() {
    let company = Company::new(MAPPING);
    let reading = Division { threads: 3, batch: 1000 };
    let small = Sizes { rows_at_first: 8, rows_at_most: 16, spill: 512, ids: 8, reading, ..Sizes::default() };
    let load = async |day: &str, rows: String| {
        let (store, file) = (company.store().await, company.file(&format!("sales_{day}.csv"), format!("{HEAD}{rows}")));
        ingest(&store, &company.mapping, &[file], IngestOptions::at(at()).sizes(small)).await.unwrap()
    };
    load("2025-03-03", (0..64).map(|id| format!("{id},new,,\n")).collect()).await;
    let gone = load("2025-03-10", "7,offer,,\n".to_owned()).await;
    assert_eq!(gone.marked, 63, "{gone:?}");
    assert_eq!(company.deals().await.iter().filter(|deal| deal.ends_with("03-03 sales 03-10")).count(), 63);
    assert_eq!((company.moves().await.len(), company.rows(Table::Journeys, &["deal_id"]).await.len()), (65, 64));
}

#[tokio::test]
async fn a_date_in_the_name_tells_when_nobody_says_it() {
    let company = Company::new(MAPPING);
    let service = |name: &str, rows: &str| company.file(&format!("service {name}.csv"), format!("id,stage\n{rows}"));
    let weeks = [
        service("2025-03-03", "1,new\n2,new\n3,new\n"),
        service("10.03.2025", "1,call\n2,new\n"),
        service("20250317", "1,offer\n2,call\n"),
    ];
    let summary = company.ingest(&weeks).await.unwrap();
    let told = summary.notes.iter().filter(|note| note.en.contains("as the file's name tells"));
    assert_eq!(told.count(), 3, "{summary:?}");
    assert_eq!(
        company.deals().await,
        ["1 offer 03-17 service -", "2 call 03-17 service -", "3 new 03-03 service 03-10"]
    );
    assert_eq!(company.moves().await.len(), 6);
    // the user goes before it
    let again = company.ingest_taken("2025-03-24", &[service("2025-03-20", "1,offer\n2,call\n")]).await.unwrap();
    assert!(again.notes.iter().all(|note| !note.en.contains("name tells")), "{again:?}");
    assert_eq!(company.deals().await[0], "1 offer 03-24 service -");
    // two dates, one of which it is not known which month it names, and one that is yet to come
    for name in ["2025-03-03 2025-03-31", "03-04-2025", "2035-03-03"] {
        let company = Company::new(MAPPING);
        let file = company.file(&format!("service {name}.csv"), "id,stage\n1,new\n");
        let summary = company.ingest(&[file]).await.unwrap();
        assert!(summary.notes.iter().any(|note| note.en.contains("nobody said when")), "{summary:?}");
        assert!(company.deals().await[0].starts_with("1 new 06-15+ service"), "{name}");
    }
}

#[tokio::test]
async fn snapshots_that_nothing_tells_apart_are_refused() {
    let company = Company::new(MAPPING);
    let service = |name: &str, rows: &str| company.file(&format!("service{name}.csv"), format!("id,stage\n{rows}"));
    let two = [service("", "1,new\n2,new\n"), service(" (1)", "1,call\n")];
    let error = company.ingest(&two).await.unwrap_err().to_string();
    let names = |error: &str| error.contains("service.csv, ") && error.contains("service (1).csv: ");
    assert!(names(&error) && error.contains("nothing says when") && error.contains("`service`"), "{error}");
    let error = company.ingest_taken("2025-03-03", &two).await.unwrap_err().to_string();
    assert!(names(&error) && error.contains("--taken says one moment"), "{error}");
    assert_eq!(company.store().await.snapshot(None).await.unwrap().version, 0);
    // one of each kind; and the parts of one export, whose names say the same day
    let sales = company.file("sales.csv", format!("{HEAD}7,new,,\n"));
    company.ingest_taken("2025-03-03", &[sales, service("", "1,new\n2,new\n")]).await.unwrap();
    let parts = [service("_a_2025-03-10", "1,new\n"), service("_b_2025-03-10", "2,new\n")];
    company.ingest(&parts).await.unwrap();
    assert_eq!(company.deals().await, ["1 new 03-10 service -", "2 new 03-10 service -", "7 new 03-03 sales -"]);
}

#[tokio::test]
async fn mended_rows_belong_to_the_day_of_their_snapshot() {
    let company = Company::new(&MAPPING.replace("taken = \"yyyy-mm-dd\"\n", ""));
    let sales = company.file("sales.csv", format!("{HEAD}1,new,,\n2,new,31.12.2024,\n"));
    company.ingest_taken("2025-03-03", &[sales]).await.unwrap();
    let snapshot = company.store().await.snapshot(None).await.unwrap();
    let mended = repairs(&snapshot, None, &company.dir.path().join("repair"), Lang::En).unwrap().remove(0).path;
    let text = fs::read_to_string(&mended).unwrap();
    assert_eq!(text.matches(",31.12.2024,").count(), 1, "{text}");
    fs::write(&mended, text.replace(",31.12.2024,", ",2024-12-31,")).unwrap();
    let error = company.ingest(std::slice::from_ref(&mended)).await.unwrap_err().to_string();
    assert!(error.contains("mended rows of a snapshot") && error.contains("--taken 2025-03-03"), "{error}");
    company.ingest_taken("2025-03-03", &[mended]).await.unwrap();
    assert_eq!(company.deals().await, ["1 new 03-03 sales -", "2 new 03-03 sales -"]);
    company.sales("2025-03-10", "1,new,,\n2,offer,2024-12-31,\n").await;
    assert_eq!(company.deals().await, ["1 new 03-10 sales -", "2 offer 03-10 sales -"]);
}

#[tokio::test]
async fn snapshots_that_come_late_mark_as_if_they_had_come_in_time() {
    let weeks = [
        ("2025-03-03", "1,new,,\n5,new,,\n"),
        ("2025-03-05", "1,new,,\n5,call,,\n8,new,,\n"),
        ("2025-03-10", "1,new,,\n"),
        ("2025-03-12", "1,new,,\n5,offer,,\n9,new,,\n"),
        ("2025-03-17", "1,new,,\n"),
    ];
    let in_time = Company::new(MAPPING);
    for (day, rows) in weeks {
        in_time.sales(day, rows).await;
    }
    let expected =
        ["1 new 03-17 sales -", "5 offer 03-12 sales 03-17", "8 new 03-05 sales 03-10", "9 new 03-12 sales 03-17"];
    assert_eq!(in_time.deals().await, expected);
    for order in [[0, 2, 1, 4, 3], [0, 4, 2, 1, 3], [4, 0, 1, 2, 3]] {
        let late = Company::new(MAPPING);
        for week in order {
            late.sales(weeks[week].0, weeks[week].1).await;
        }
        assert_eq!(late.deals().await, expected, "{order:?}");
        // an older stage of a deal that was seen in a newer snapshot is not taken
        assert!(order[0] != 0 || late.moves().await == in_time.moves().await, "{order:?}");
        for (day, rows) in weeks {
            let again = late.sales(day, rows).await;
            assert!(again.nothing_changed(), "{order:?} {day} {again:?}");
        }
        assert_eq!(late.deals().await, expected, "{order:?}");
    }
}

#[tokio::test]
async fn a_deal_in_a_row_that_no_table_wants_is_listed() {
    let wanted = "fill = \"deals\"\nwhen = { column = \"stage\", not_equals = \"lost\" }\n";
    let ignored = "snapshot = true\nignore_rows = { column = \"stage\", equals = \"none\" }\n";
    let mapping = MAPPING.replacen("fill = \"deals\"\n", wanted, 1).replacen("snapshot = true\n", ignored, 1);
    let company = Company::new(&mapping);
    company.sales("2025-03-03", "1,new,,\n2,new,,\n").await;
    let left_out = company.sales("2025-03-10", "1,new,,\n2,lost,,\n").await;
    assert_eq!((left_out.files[0].unwanted, left_out.marked), (1, 0), "{left_out:?}");
    assert_eq!(company.deals().await, ["1 new 03-10 sales -", "2 new 03-03 sales -"]);
    // a row that is none lists nothing
    company.sales("2025-03-17", "1,new,,\n2,none,,\n").await;
    assert_eq!(company.deals().await, ["1 new 03-17 sales -", "2 new 03-03 sales 03-17"]);
}

const VALUES: &str = r#"
zone = "UTC"
[[export]]
name = "sales"
files = "sales*.csv"
snapshot = true
taken = "yyyy-mm-dd"
dates = "yyyy-mm-dd"
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "id"
stage = { const = "offer" }
status = { const = "open" }
created_at = "created"
amount = "sum"
expected_close = "planned"
probability = { from = "chance", percent = true }
[[export]]
name = "fix"
files = "fix*.csv"
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "id"
amount = "sum"
"#;

/// The changes of fields: deal, kind, at, after, and the value.
async fn changes(company: &Company) -> Vec<String> {
    let columns = ["deal_id", "kind", "at", "after", "before", "amount", "expected_close", "score"];
    let rows = company.rows(Table::Events, &columns).await;
    rows.iter().map(|row| days(row)).filter(|row| !row.contains(" stage ")).collect()
}

#[tokio::test]
async fn snapshots_tell_what_deals_were_worth() {
    let company = Company::new(VALUES);
    let load = async |day: &str, rows: &str| {
        company.load(&format!("sales_{day}.csv"), &format!("id,created,sum,planned,chance\n{rows}")).await
    };
    load("2025-03-03", "1,2025-02-20,50,2025-04-01,20 %\n2,2025-02-21,70,,60\n3,2025-02-21,5,,\n").await;
    assert_eq!(changes(&company).await, [""; 0]);
    let second = load("2025-03-10", "1,2025-02-20,60.50,2025-05-01,40 %\n2,2025-02-21,70,,60\n").await;
    assert!(second.notes.iter().any(|note| note.en.contains("found by comparing snapshots: 3")), "{second:?}");
    let first = [
        "1 amount 03-03 - 03-03 500000 - -",
        "1 amount 03-10+ 03-03 03-10+ 605000 - -",
        "1 expected_close 03-03 - 03-03 - 20179 -",
        "1 expected_close 03-10+ 03-03 03-10+ - 20209 -",
        "1 probability 03-03 - 03-03 - - 0.2",
        "1 probability 03-10+ 03-03 03-10+ - - 0.4",
    ];
    let sorted = async || {
        let mut all = changes(&company).await;
        all.sort();
        all
    };
    assert_eq!(sorted().await, first);
    // the same again changes nothing; nor does one that comes late
    let again = load("2025-03-10", "1,2025-02-20,60.50,2025-05-01,40 %\n2,2025-02-21,70,,60\n").await;
    let late = load("2025-03-05", "1,2025-02-20,9,2025-05-01,40 %\n2,2025-02-21,71,,60\n3,2025-02-21,5,,\n").await;
    assert!(again.nothing_changed(), "{again:?}");
    assert!(late.notes.iter().all(|note| !note.en.contains("changes of amounts")), "{late:?}");
    // what another export says counts from when it was taken; an emptied value is a change; the third deal is back
    let fix = company.file("fix.csv", "id,sum\n2,75\n");
    company.ingest_taken("2025-03-12", &[fix]).await.unwrap();
    load("2025-03-17", "1,2025-02-20,60.50,,40 %\n2,2025-02-21,75,,60\n3,2025-02-21,6,,\n").await;
    let mut second: Vec<String> = first.map(str::to_owned).into();
    second.extend(
        [
            "1 expected_close 03-17+ 03-10 03-17+ - - -",
            "2 amount 03-03 - 03-03 700000 - -",
            "2 amount 03-12+ 03-10 03-12+ 750000 - -",
            "3 amount 03-03 - 03-03 50000 - -",
            "3 amount 03-17+ 03-05 03-17+ 60000 - -",
            "3 gone 03-10 03-05 03-17 - - -",
        ]
        .map(str::to_owned),
    );
    second.sort();
    assert_eq!(sorted().await, second);
    // the same day again with another value is no further change
    load("2025-03-17", "1,2025-02-20,65,,40 %\n2,2025-02-21,75,,60\n3,2025-02-21,7,,\n").await;
    let last = sorted().await;
    assert!(last.contains(&"3 amount 03-17+ 03-05 03-17+ 70000 - -".to_owned()), "{last:?}");
    assert!(last.contains(&"1 amount 03-17+ 03-17 03-17+ 650000 - -".to_owned()), "{last:?}");
    assert_eq!(last.len(), second.len() + 1);
}

#[tokio::test]
async fn a_probability_above_one_is_asked_about() {
    let company = Company::new(&VALUES.replace(", percent = true", ""));
    let rows = |chance| format!("id,created,sum,planned,chance\n1,2025-02-20,1,,0.6\n2,2025-02-20,1,,{chance}\n");
    let refused = company.refused("sales_2025-03-03.csv", rows("60")).await;
    assert!(refused.contains("percent = true"), "{refused}");
    company.load("sales_2025-03-03.csv", &rows("60%")).await;
    assert_eq!(company.rows(Table::Deals, &["deal_id", "probability"]).await, ["1 0.6", "2 0.6"]);
}
