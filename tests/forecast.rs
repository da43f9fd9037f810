//! The forecast as of a day is the same, whether the store knows what came later or was loaded with nothing after that day.

use std::fmt::Write;
use std::fs;

use arrow::record_batch::RecordBatch;
use chrono::{DateTime, NaiveDate, TimeDelta};
use tokio::runtime::Runtime;
use voronka::company::{Company, Opening};
use voronka::metrics::{Ask, Catalog};

const MAPPING: &str = r#"
zone = "Europe/Moscow"

[[export]]
name = "deals"
files = "deals*.csv"
delimiter = ","
dates = "yyyy-mm-dd"
decimal = "."

[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "id"
branch = "branch"
stage = "stage"
status = "status"
created_at = "created"
closed_at = "closed"
amount = "amount"

[[export]]
name = "moves"
files = "moves*.csv"
delimiter = ","
dates = "yyyy-mm-dd"
decimal = "."

[[export.table]]
fill = "events"
[export.table.columns]
kind = { const = "stage" }
deal_id = "deal"
stage = "to"
at = "at"
"#;

/// The day on which it is asked.
const AS_OF: &str = "2025-03-11";
const METRICS: [&str; 4] = ["forecast", "forecast_score", "forecast_path", "pipeline_coverage"];

/// The exports of deals and moves as they were before a day; `later` is what the amounts of open deals are told to be more.
fn exports(before: NaiveDate, later: u64) -> [String; 2] {
    let first: NaiveDate = "2024-01-01".parse().unwrap();
    let mut deals = String::from("id,branch,stage,status,created,closed,amount\n");
    let mut moves = String::from("deal,to,at\n");
    for number in 0..1800_u64 {
        let after = |days: u64| first + TimeDelta::days((number / 3 + days) as i64);
        // any spread of days and ends that has no pattern of weeks
        let (offered, ended) = (number * 7 % 11, number * 7 % 11 + number * 5 % 23);
        let created = after(0);
        if created >= before {
            continue;
        }
        let branch = if number % 4 == 0 { "North" } else { "South" };
        let (is_won, is_over) = (number * 13 % 10 < 4, after(ended) < before);
        let mut move_to = |stage: &str, day: NaiveDate| {
            if day < before {
                writeln!(moves, "{number},{stage},{day}").unwrap();
            }
        };
        move_to("new", created);
        move_to("proposal", after(offered));
        let (stage, status) = match (is_over, is_won) {
            (true, true) => ("won", "won"),
            (true, false) => ("lost", "lost"),
            _ if after(offered) < before => ("proposal", "open"),
            _ => ("new", "open"),
        };
        let closed = if is_over { after(ended).to_string() } else { String::new() };
        let amount = 1000 + number * 37 % 500 + if is_over { 0 } else { later };
        writeln!(deals, "{number},{branch},{stage},{status},{created},{closed},{amount}").unwrap();
    }
    [deals, moves]
}

async fn asked(exports: [String; 2], by: &[&str]) -> Vec<RecordBatch> {
    let folder = tempfile::tempdir().unwrap();
    let regulation = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data/regulation.toml");
    fs::copy(regulation, folder.path().join("regulation.toml")).unwrap();
    fs::write(folder.path().join("mapping.toml"), MAPPING).unwrap();
    let files = ["deals.csv", "moves.csv"].map(|name| folder.path().join(name));
    files.iter().zip(&exports).for_each(|(file, text)| fs::write(file, text).unwrap());
    let company = Company::open(folder.path()).unwrap();
    company.ingest(&files, DateTime::from_timestamp(1_767_225_600, 0).unwrap()).await.unwrap();
    let as_of: NaiveDate = AS_OF.parse().unwrap();
    let session = company.session_of(&company.regulation().unwrap(), as_of, &Opening::default()).await.unwrap();
    let ask = Ask {
        from: "2025-03-01".parse().unwrap(),
        to: as_of,
        as_of,
        by: by.iter().map(|name| (*name).to_owned()).collect(),
    };
    let catalog = Catalog::shipped();
    let mut answers = Vec::new();
    for metric in METRICS {
        let metric = catalog.get(metric).unwrap();
        answers.push(metric.run(&session, &ask).await.unwrap().batch);
    }
    answers
}

/// A column of an answer, as text.
fn column(batch: &RecordBatch, name: &str) -> Vec<String> {
    let values = batch.column_by_name(name).unwrap();
    let formatter = arrow::util::display::ArrayFormatter::try_new(values, &Default::default()).unwrap();
    (0..batch.num_rows()).map(|row| formatter.value(row).to_string()).collect()
}

#[test]
fn nothing_later_leaks() {
    Runtime::new().unwrap().block_on(async {
        let as_of: NaiveDate = AS_OF.parse().unwrap();
        let far: NaiveDate = "2026-01-01".parse().unwrap();
        for by in [vec![], vec!["branch"]] {
            let (full, cut) = (asked(exports(far, 0), &by).await, asked(exports(as_of, 0), &by).await);
            for ((full, cut), metric) in full.iter().zip(&cut).zip(METRICS) {
                assert_eq!(full, cut, "{metric} by {by:?}");
            }
            assert_eq!(full[0].num_rows(), 3 * if by.is_empty() { 1 } else { 2 });
            assert!(column(&full[0], "expected").iter().all(|value| value.parse::<f64>().unwrap() > 1000.0));
            assert!(column(&full[1], "past_forecasts").iter().any(|value| value.parse::<u64>().unwrap() >= 6));
        }
    });
}

#[test]
fn an_amount_without_a_history_is_as_now_known_and_that_is_told() {
    Runtime::new().unwrap().block_on(async {
        let as_of: NaiveDate = AS_OF.parse().unwrap();
        let [before, after] = [asked(exports(as_of, 0), &[]).await, asked(exports(as_of, 5000), &[]).await];
        // the one exception: today's amounts of open deals are used on past days too, money alone
        assert_ne!(column(&before[0], "open"), column(&after[0], "open"));
        assert_eq!(column(&before[0], "wins_open"), column(&after[0], "wins_open"));
        assert!(column(&before[1], "hindsight").iter().any(|share| share == "1.0"));
    });
}
