//! What is computed only in part, or kept from an earlier command, is the same as computed whole and anew.

#![allow(clippy::unwrap_used)] // helpers of tests are tests

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use arrow::record_batch::RecordBatch;
use arrow::util::pretty::pretty_format_batches;
use chrono::{DateTime, NaiveDate};
use tokio::runtime::Runtime;
use voronka::company::{Company, Opening};
use voronka::metrics::{Ask, Catalog};
use voronka::regulation::Regulation;
use voronka::session::{Session, Wanted, words};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The sample company in a folder of its own, its deals and the newest events loaded.
fn company(folder: &Path) -> Company {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data");
    for file in ["deals.csv", "events_2025.csv", "spend.csv", "staff.csv", "mapping.toml", "regulation.toml"] {
        fs::copy(sample.join(file), folder.join(file)).unwrap();
    }
    Company::open(folder).unwrap()
}

async fn ingest(company: &Company, folder: &Path, files: &[&str]) {
    let exports: Vec<_> = files.iter().map(|file| folder.join(file)).collect();
    company.ingest(&exports, DateTime::from_timestamp(1_751_241_600, 0).unwrap()).await.unwrap();
}

async fn session(company: &Company, regulation: &Regulation, as_of: &str, answers: bool) -> Session {
    let opening = Opening { answers, ..Opening::default() };
    company.session_of(regulation, day(as_of), &opening).await.unwrap()
}

const COLUMNS: &str =
    "grp, rule, deal_id, client_id, manager, stage, at, kept, overdue_hours, amount, created_at, status, missing, why";

/// How many judgements a query gives, and how many of them a view lacks and has beside them.
async fn compared(session: &Session, all: &str, view: &str, period: Option<[NaiveDate; 2]>) -> Vec<u64> {
    let part = format!("SELECT {COLUMNS} FROM {view}");
    let sql = format!(
        "SELECT (SELECT count(*) FROM ({all})) AS judged, \
         (SELECT count(*) FROM ({all} EXCEPT ALL {part})) AS lost, \
         (SELECT count(*) FROM ({part} EXCEPT ALL {all})) AS added"
    );
    let by = ["manager".to_owned()];
    let wanted = Wanted { by: &by, names: &words(&sql), all_columns: false, shares: false, period };
    let context = session.scope(&wanted).await.unwrap();
    let shown = pretty_format_batches(&context.sql(&sql).await.unwrap().collect().await.unwrap()).unwrap();
    shown.to_string().split(['|', '\n', ' ']).filter_map(|cell| cell.parse().ok()).collect()
}

#[test]
fn judgements_of_a_period_are_those_of_all_time_that_became_certain_in_it() {
    Runtime::new().unwrap().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let company = company(folder.path());
        ingest(&company, folder.path(), &["deals.csv", "events_2025.csv", "staff.csv"]).await;
        let regulation = company.regulation().unwrap();
        for (as_of, from, to) in [
            ("2025-06-30", "2025-03-31", "2025-06-30"),
            ("2025-06-30", "2025-05-05", "2025-05-06"),
            ("2025-04-07", "2025-03-31", "2025-04-07"),
            ("2025-06-30", "2023-01-01", "2025-07-10"),
        ] {
            let session = session(&company, &regulation, as_of, false).await;
            let begins = |text: &str| regulation.calendar().midnight(day(text)).timestamp_micros();
            let within =
                format!("at >= to_timestamp_micros({}) AND at < to_timestamp_micros({})", begins(from), begins(to));
            let all = format!("SELECT {COLUMNS} FROM scope_checks WHERE {within}");
            let counts = compared(&session, &all, "period_checks", Some([day(from), day(to)])).await;
            assert!(counts[0] > 20 && counts[1..] == [0, 0], "as of {as_of}, {from} to {to}: {counts:?}");
        }
    });
}

#[test]
fn judgements_of_a_cohort_are_those_of_all_time_of_deals_created_in_it() {
    Runtime::new().unwrap().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let company = company(folder.path());
        ingest(&company, folder.path(), &["deals.csv", "events_2025.csv", "staff.csv"]).await;
        let regulation = company.regulation().unwrap();
        for (as_of, from, to) in [
            ("2025-06-30", "2025-03-31", "2025-06-30"),
            ("2025-06-30", "2025-05-05", "2025-05-06"),
            ("2025-04-07", "2025-01-06", "2025-04-07"),
            ("2025-06-30", "2023-01-01", "2025-07-10"),
        ] {
            let session = session(&company, &regulation, as_of, false).await;
            let [begins, ends] = [from, to].map(|text| regulation.calendar().midnight(day(text)).timestamp_micros());
            let all = format!(
                "SELECT {COLUMNS} FROM scope_checks \
                 WHERE created_at >= to_timestamp_micros({begins}) AND created_at < to_timestamp_micros({ends})"
            );
            let counts = compared(&session, &all, "cohort_checks", Some([day(from), day(to)])).await;
            assert!(counts[0] > 20 && counts[1..] == [0, 0], "as of {as_of}, {from} to {to}: {counts:?}");
        }
    });
}

#[test]
fn what_is_unjudged_is_what_of_all_judgements_is_neither_kept_nor_broken() {
    Runtime::new().unwrap().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let company = company(folder.path());
        ingest(&company, folder.path(), &["deals.csv", "events_2025.csv", "staff.csv"]).await;
        let regulation = company.regulation().unwrap();
        for as_of in ["2025-06-30", "2025-02-03"] {
            let session = session(&company, &regulation, as_of, false).await;
            for rules in ["rule LIKE 'after_%'", "rule NOT LIKE 'after_%'"] {
                let all = format!(
                    "SELECT {COLUMNS} FROM scope_checks WHERE kept IS NULL AND missing IS NOT NULL AND {rules}"
                );
                let counts = compared(&session, &all, &format!("unjudged_checks WHERE {rules}"), None).await;
                assert!(counts[0] > 20 && counts[1..] == [0, 0], "as of {as_of}, {rules}: {counts:?}");
            }
        }
    });
}

#[test]
fn evidence_counts_the_touches_that_the_events_tell_of() {
    Runtime::new().unwrap().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let company = company(folder.path());
        ingest(&company, folder.path(), &["deals.csv", "events_2025.csv", "staff.csv"]).await;
        // two stages of the sample ask for a touch, one for what no journey lists
        let regulation = company.regulation().unwrap();
        let asked = |evidence: &str| {
            let of = |stage: &&voronka::regulation::Stage| stage.evidence.as_ref().is_some_and(|of| of.sql == evidence);
            regulation.stages().iter().filter(of).map(|stage| format!("'{}'", stage.id)).collect::<Vec<_>>().join(", ")
        };
        let (touch, offer) = (asked("touch >= 1"), asked("offer >= 1"));
        for as_of in ["2025-06-30", "2025-04-07", "2025-02-03"] {
            let session = session(&company, &regulation, as_of, false).await;
            let sql = format!(
                "WITH told AS (
                     SELECT entry.deal_id, entry.stage, count(event.event_id) > 0 AS kept
                     FROM scope_entries AS entry
                     LEFT JOIN scope_events AS event
                         ON entry.deal_id = event.deal_id AND event.at <= ends_at(entry.at)
                         AND ((entry.stage IN ({touch}) AND event.is_touch) OR (entry.stage IN ({offer}) AND event.kind = 'offer'))
                     WHERE entry.stage IN ({touch}, {offer})
                     GROUP BY entry.deal_id, entry.stage
                 ),
                 known AS (
                     SELECT deal_id, stage, kept FROM scope_evidence
                     WHERE missing IS NULL AND stage IN ({touch}, {offer})
                 )
                 SELECT
                     (SELECT count(*) FROM known WHERE kept) AS kept,
                     (SELECT count(*) FROM known WHERE NOT kept) AS broken,
                     (SELECT count(*) FROM (SELECT * FROM known EXCEPT SELECT * FROM told) AS of_those) AS differing"
            );
            let names = words(&sql);
            let wanted = Wanted { by: &[], names: &names, all_columns: false, shares: false, period: None };
            let context = session.scope(&wanted).await.unwrap();
            let shown = pretty_format_batches(&context.sql(&sql).await.unwrap().collect().await.unwrap()).unwrap();
            let counts: Vec<u64> = shown.to_string().split(['|', '\n', ' ']).filter_map(|cell| cell.parse().ok()).collect();
            assert!(counts[0] > 20 && counts[1] > 0 && counts[2] == 0, "as of {as_of}:\n{shown}");
        }
    });
}

/// The files of kept answers.
fn kept(folder: &Path) -> BTreeSet<String> {
    let states = fs::read_dir(folder.join("store.answers")).into_iter().flatten().flatten();
    let files = states.flat_map(|state| fs::read_dir(state.path()).into_iter().flatten().flatten());
    files.map(|file| file.path().display().to_string()).collect()
}

#[test]
fn a_kept_answer_is_of_the_same_store_regulation_and_question() {
    Runtime::new().unwrap().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let (path, catalog) = (folder.path(), Catalog::shipped());
        let company = company(path);
        ingest(&company, path, &["deals.csv", "events_2025.csv", "staff.csv"]).await;
        let regulation = company.regulation().unwrap();
        let ask = |by: &str| Ask {
            from: day("2025-01-01"),
            to: day("2025-06-30"),
            as_of: day("2025-06-30"),
            by: by.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        };
        let run = async |regulation: &Regulation, metric: &str, by: &str, answers: bool| -> RecordBatch {
            let session = session(&company, regulation, "2025-06-30", answers).await;
            catalog.get(metric).unwrap().run(&session, &ask(by)).await.unwrap().batch
        };

        let fresh = run(&regulation, "adherence", "", false).await;
        assert!(kept(path).is_empty(), "nothing is kept unless it is asked for");
        let first = run(&regulation, "adherence", "", true).await;
        let files = kept(path);
        assert!(!files.is_empty());
        let second = run(&regulation, "adherence", "", true).await;
        assert_eq!((&first, &second), (&fresh, &fresh));
        assert_eq!(kept(path), files, "the second time nothing new is kept");

        // another split, another metric, another rule: another answer
        let by_manager = run(&regulation, "adherence", "manager", true).await;
        assert!(by_manager.num_rows() > first.num_rows());
        let text = fs::read_to_string(path.join("regulation.toml")).unwrap();
        let stricter = text.replacen("sla = \"30 мин\"", "sla = \"5 мин\"", 1);
        assert!(text != stricter, "the regulation states another time");
        let stricter = Regulation::parse("regulation.toml", &stricter).unwrap();
        let judged_harder = run(&stricter, "adherence", "", true).await;
        assert_ne!(judged_harder, first);
        assert_eq!(judged_harder, run(&stricter, "adherence", "", false).await);
        assert_eq!(run(&regulation, "adherence", "", true).await, fresh);

        // a damaged or deleted answer changes nothing
        for file in kept(path) {
            fs::write(&file, "0").unwrap();
        }
        assert_eq!(run(&regulation, "adherence", "", true).await, fresh);
        fs::remove_dir_all(path.join("store.answers")).unwrap();
        assert_eq!(run(&regulation, "adherence", "", true).await, fresh);

        // an ingest that changes the store leaves no answer behind
        let kept_before = kept(path);
        ingest(&company, path, &["spend.csv"]).await;
        let after = run(&regulation, "adherence", "", true).await;
        assert_eq!(after, run(&regulation, "adherence", "", false).await);
        assert!(kept(path).is_disjoint(&kept_before), "answers of the state before are gone");
    });
}
