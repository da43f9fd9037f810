//! Whose rows a session shows to SQL that others write, by every road that was thought of; and what may not be asked at all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::OnceLock;

use arrow::array::RecordBatch;
use arrow::util::display::array_value_to_string;
use datafusion::prelude::{ident, lit};
use tokio::runtime::Runtime;
use voronka::company::{Company, Opening};
use voronka::metrics::{Ask, Catalog};
use voronka::session::{Memory, Session};

use crate::support::{checkout, voronka};

const DAY: &str = "2025-06-30";
/// Without a certain owner: there is no such table for one who is held to a branch.
const HIDDEN: [&str; 4] = ["ingests", "quarantine", "regulations", "spend"];
/// The company's, and nobody's: rows of the regulation, and discounts.
const SHARED: [&str; 16] = [
    "arms",
    "caps",
    "checklist",
    "client_kinds",
    "company",
    "control",
    "horizons",
    "interests",
    "lost_reasons",
    "mailing_rules",
    "promos",
    "required_fields",
    "response_buckets",
    "rules",
    "stages",
    "targets",
];

/// The sample company, loaded once.
fn company() -> Company {
    static STORE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, store) = STORE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let exports = std::fs::read_dir(checkout("sample_data")).unwrap().map(|entry| entry.unwrap().path());
        let exports: Vec<String> = exports
            .filter(|file| file.extension().is_some_and(|kind| kind == "csv"))
            .map(|file| file.display().to_string())
            .collect();
        let mapping = checkout("sample_data/mapping.toml").display().to_string();
        let mut args = vec!["ingest", "--mapping", &mapping];
        args.extend(exports.iter().map(String::as_str));
        voronka(dir.path(), &args).ok();
        let store = dir.path().join("store");
        (dir, store)
    });
    Company::of_store(store, Some(&checkout("sample_data/regulation.toml")))
}

async fn everyone() -> Session {
    let company = company();
    let (regulation, day) = (company.regulation().unwrap(), DAY.parse().unwrap());
    company.session_of(&regulation, day, &Opening::default()).await.unwrap()
}

async fn held(dimension: &str, values: &[&str]) -> Session {
    let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
    everyone().await.only_any(dimension, &values).await.unwrap()
}

async fn rows(session: &Session, sql: &str) -> Vec<RecordBatch> {
    let frame = session.sql(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    frame.collect().await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The rows as texts, those of null empty.
fn cells(batches: &[RecordBatch]) -> Vec<Vec<String>> {
    let row = |batch: &RecordBatch, row: usize| {
        batch.columns().iter().map(|column| array_value_to_string(column, row).unwrap()).collect()
    };
    batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |at| row(batch, at))).collect()
}

async fn texts(session: &Session, sql: &str) -> BTreeSet<String> {
    cells(&rows(session, sql).await).into_iter().map(|row| row[0].clone()).collect()
}

async fn count(session: &Session, from: &str) -> usize {
    cells(&rows(session, &format!("SELECT count(*) FROM {from}")).await)[0][0].parse().unwrap()
}

/// The tables and views that a session shows.
async fn tables(session: &Session) -> BTreeSet<String> {
    texts(session, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'").await
}

/// Runs a test where futures may be deep.
fn run<T>(test: impl Future<Output = T>) -> T {
    Runtime::new().unwrap().block_on(test)
}

/// What one who is held to a branch may meet in a column of that name, asked of all rows by SQL of the test's own.
async fn own(branches: &str) -> BTreeMap<&'static str, BTreeSet<String>> {
    let all = everyone().await;
    let deals = format!("SELECT deal_id FROM deals WHERE branch IN ({branches})");
    let events = format!("events WHERE coalesce(deal_id, joined_deal) IN ({deals})");
    let of = async |sql: String| texts(&all, &sql).await;
    let mut own = BTreeMap::new();
    own.insert("deal_id", of(deals.clone()).await);
    own.insert("joined_deal", own["deal_id"].clone());
    // an event of one's own deal may name a client whom the deal does not
    let mut clients = of(format!("SELECT DISTINCT client_id FROM deals WHERE branch IN ({branches})")).await;
    clients.append(&mut of(format!("SELECT DISTINCT client_id FROM {events}")).await);
    own.insert("client_id", clients);
    own.insert("event_id", of(format!("SELECT event_id FROM {events}")).await);
    let mut managers = of(format!("SELECT DISTINCT manager FROM deals WHERE branch IN ({branches})")).await;
    managers.append(&mut of(format!("SELECT DISTINCT manager FROM {events}")).await);
    managers.append(&mut of(format!("SELECT manager FROM staff WHERE branch IN ({branches})")).await);
    let list = managers.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(",");
    for column in ["team", "supervisor"] {
        own.insert(column, of(format!("SELECT DISTINCT {column} FROM staff WHERE manager IN ({list})")).await);
    }
    own.insert("manager", managers.clone());
    own.insert("made_by", managers);
    let mut places = of(format!("SELECT DISTINCT branch FROM deals WHERE branch IN ({branches})")).await;
    places.append(&mut of(format!("SELECT DISTINCT branch FROM staff WHERE manager IN ({list})")).await);
    own.insert("branch", places);
    for values in own.values_mut() {
        values.insert(String::new());
    }
    own
}

#[test]
fn whoever_is_held_to_branches_sees_no_row_of_another_in_any_table() {
    run(async {
        let branches: Vec<String> = everyone().await.values("branch").await.unwrap();
        assert!(branches.len() >= 3, "{branches:?}");
        let (one, two) = (branches[0].as_str(), branches[1].as_str());
        for names in [vec![one], vec![two], vec![one, two]] {
            let session = held("branch", &names).await;
            let list = names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(",");
            let own = own(&list).await;
            let mut seen = BTreeMap::new();
            for table in tables(&session).await.iter().filter(|table| !SHARED.contains(&table.as_str())) {
                let batches = rows(&session, &format!("SELECT * FROM {table}")).await;
                seen.insert(table.clone(), batches.iter().map(RecordBatch::num_rows).sum::<usize>());
                for (column, mine) in &own {
                    // the branch of a client whom another branch shares is the client's
                    if table == "clients" && *column == "branch" {
                        continue;
                    }
                    for batch in &batches {
                        let Some(cells) = batch.column_by_name(column) else { continue };
                        let values = (0..cells.len()).map(|row| array_value_to_string(cells, row).unwrap());
                        let others: BTreeSet<String> = values.filter(|value| !mine.contains(value)).collect();
                        assert!(others.is_empty(), "{names:?} see in {table}.{column}: {others:?}");
                    }
                }
            }
            // a test of empty tables would pass as well
            for table in
                ["deals", "journeys", "events", "clients", "staff", "plans", "scope", "scope_events", "scope_entries"]
            {
                assert!(seen[table] > 0, "{names:?} see nothing in {table}: {seen:?}");
            }
            assert!(HIDDEN.iter().all(|table| !seen.contains_key(*table)), "{seen:?}");
        }
    });
}

#[test]
fn the_rows_of_all_branches_together_are_those_of_all() {
    run(async {
        let all = everyone().await;
        let mut names: Vec<String> = all.values("branch").await.unwrap();
        names.push(String::new());
        let mut each = Vec::new();
        for name in &names {
            each.push(held("branch", &[name]).await);
        }
        for table in
            ["deals", "journeys", "scope", "scope_entries", "scope_required", "scope_planned", "scope_evidence"]
        {
            let sql = format!("SELECT * FROM {table}");
            let mut together = Vec::new();
            for session in &each {
                together.append(&mut cells(&rows(session, &sql).await));
            }
            let mut whole = cells(&rows(&all, &sql).await);
            together.sort();
            whole.sort();
            assert!(!whole.is_empty() && together == whole, "{table}: {} and {}", together.len(), whole.len());
        }
        // events of no deal are those of no branch
        let mut together = 0;
        for session in &each {
            together += count(session, "events").await;
        }
        assert_eq!(together, count(&all, "events").await);
        // two branches of one user are the rows of two users
        let both = held("branch", &[&names[0], &names[1]]).await;
        for table in ["deals", "journeys", "events", "scope", "scope_events"] {
            let apart = count(&each[0], table).await + count(&each[1], table).await;
            assert_eq!(count(&both, table).await, apart, "{table}");
        }
    });
}

#[test]
fn whatever_a_user_is_held_to_the_views_hold_what_its_metrics_see() {
    run(async {
        let all = everyone().await;
        for dimension in ["branch", "manager", "team", "supervisor", "source", "pipeline", "product"] {
            let value = all.values(dimension).await.unwrap().remove(0);
            let session = all.only(dimension, &value).await.unwrap();
            let ask = Ask {
                from: "2024-01-01".parse().unwrap(),
                to: DAY.parse().unwrap(),
                as_of: DAY.parse().unwrap(),
                by: vec![],
            };
            let metric = Catalog::shipped().get("lead_quality").unwrap().run(&session, &ask).await.unwrap();
            let leads = metric.batch.column_by_name("leads").unwrap();
            let leads: usize = array_value_to_string(leads, 0).unwrap().parse().unwrap();
            let counted = count(&session, "scope WHERE created_at >= '2023-12-31T21:00:00Z'").await;
            assert_eq!(counted, leads, "{dimension} {value}");
            assert!(leads > 0 && count(&session, "events").await > 0, "{dimension} {value}");
            // costs are known by source, and there they are the source's
            let sees_costs = tables(&session).await.contains("spend");
            assert_eq!(sees_costs, dimension == "source", "{dimension}");
            if sees_costs {
                assert_eq!(texts(&session, "SELECT DISTINCT source FROM spend").await, [value].into());
            }
        }
        // of two dimensions both must fit
        let both = all.only("branch", "Юг").await.unwrap().only("source", "Сайт").await.unwrap();
        let expected = count(&all, "deals WHERE branch = 'Юг' AND source = 'Сайт'").await;
        assert!(expected > 0 && count(&both, "deals").await == expected);
        // one who is held to what nobody has sees nothing
        let nobody = held("branch", &["Марс"]).await;
        for table in
            ["deals", "events", "clients", "staff", "plans", "journeys", "scope", "scope_events", "scope_checks"]
        {
            assert_eq!(count(&nobody, table).await, 0, "{table}");
        }
        assert!(all.only_any("brunch", &["Юг".to_owned()]).await.is_err());
    });
}

/// Statements that may make the engine say something of a row that is not one's own: in an error, a plan, or a figure.
const PROBES: [&str; 16] = [
    "SELECT * FROM deals WHERE CAST(manager AS INT) = 1",
    "SELECT * FROM deals WHERE CAST(branch AS INT) = 1 OR 1 / length(branch) > 5",
    "SELECT * FROM events WHERE CAST(event_id AS DATE) > '2020-01-01' AND manager = 'x'",
    "SELECT CAST(manager AS INT) FROM staff",
    "SELECT CAST(name AS INT) FROM plans",
    "SELECT arrow_cast(branch, 'Int8') FROM scope",
    "SELECT * FROM clients c JOIN deals d ON CAST(c.branch AS INT) = CAST(d.branch AS INT)",
    "EXPLAIN SELECT * FROM deals WHERE manager LIKE '%а%'",
    "EXPLAIN VERBOSE SELECT team, supervisor FROM scope",
    "EXPLAIN ANALYZE SELECT count(*) FROM events e JOIN deals d ON e.deal_id = d.deal_id WHERE d.amount > 0",
    "EXPLAIN ANALYZE SELECT * FROM deals ORDER BY amount DESC LIMIT 3",
    "EXPLAIN SELECT * FROM scope_checks",
    "EXPLAIN FORMAT TREE SELECT * FROM scope_events",
    "SELECT known_until('call', manager, branch) FROM (VALUES ('Никто', 'Нигде')) AS t(manager, branch)",
    "SELECT * FROM information_schema.columns",
    "SELECT * FROM information_schema.df_settings",
];

#[test]
fn neither_errors_nor_plans_tell_of_others() {
    run(async {
        let session = held("branch", &["Урал"]).await;
        let all = everyone().await;
        // longer values, which stand nowhere by chance: all that no row of one's own has
        let mut others = BTreeSet::new();
        for (table, column) in [
            ("deals", "branch"),
            ("deals", "manager"),
            ("staff", "manager"),
            ("staff", "team"),
            ("staff", "supervisor"),
            ("plans", "name"),
        ] {
            let sql = format!("SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL");
            let own = texts(&session, &sql).await;
            others.extend(texts(&all, &sql).await.into_iter().filter(|value| value.len() > 4 && !own.contains(value)));
        }
        // the branch of a client whom two share is told with the client
        others.retain(|value| value != "Урал");
        let shared = texts(&session, "SELECT DISTINCT branch FROM clients").await;
        assert!(others.len() > 5, "{others:?}");
        for sql in PROBES {
            let said = match session.sql(sql).await {
                Err(error) => error.to_string(),
                Ok(frame) => match frame.collect().await {
                    Err(error) => error.to_string(),
                    Ok(batches) => format!("{:?}", cells(&batches)),
                },
            };
            let told: Vec<_> =
                others.iter().filter(|value| said.contains(*value) && !shared.contains(*value)).collect();
            assert!(told.is_empty(), "{sql} tells {told:?}: {said}");
            let total = count(&all, "deals").await.to_string();
            assert!(
                !sql.starts_with("EXPLAIN") || !said.contains(&format!("={total},")),
                "{sql} tells how many there are: {said}"
            );
        }
        // the same tells them where a filter or a view stands in the wall's place: it is the wall that keeps them
        let door = all.door().await.unwrap();
        let own = door.table("deals").await.unwrap().filter(ident("branch").eq(lit("Урал"))).unwrap();
        door.register_table("own_deals", own.into_view()).unwrap();
        // which of the others' branches comes first is a matter of the files
        let casts: Vec<String> = texts(&all, "SELECT DISTINCT branch FROM deals WHERE branch <> 'Урал'")
            .await
            .into_iter()
            .map(|branch| format!("Cannot cast string '{branch}'"))
            .collect();
        for (sql, tells) in [
            ("SELECT * FROM own_deals WHERE CAST(branch AS INT) = 1", casts),
            ("EXPLAIN ANALYZE SELECT * FROM own_deals", vec!["DataSourceExec".to_owned()]),
        ] {
            let said = match door.sql(sql).await.unwrap().collect().await {
                Err(error) => error.to_string(),
                Ok(batches) => format!("{:?}", cells(&batches)),
            };
            assert!(tells.iter().any(|told| said.contains(told)), "{sql}: {said}");
        }
        // what is known of a manager whom one does not have is not told
        let other = texts(&all, "SELECT manager FROM staff WHERE branch <> 'Урал'").await;
        let own = texts(&session, "SELECT manager FROM staff").await;
        let other = other.iter().find(|name| !own.contains(*name)).unwrap();
        let known = texts(&session, &format!("SELECT known_until('call', '{other}', 'Урал')")).await;
        assert_eq!(known, [String::new()].into());
    });
}

#[test]
fn hidden_tables_are_none_whatever_they_are_called() {
    run(async {
        let session = held("branch", &["Юг"]).await;
        for table in HIDDEN {
            for name in [
                table.to_owned(),
                format!("public.{table}"),
                format!("datafusion.public.{table}"),
                format!("\"{table}\""),
            ] {
                for sql in [
                    format!("SELECT * FROM {name}"),
                    format!("SELECT count(*) FROM {name}"),
                    format!("DESCRIBE {name}"),
                ] {
                    let said = match session.sql(&sql).await {
                        Err(error) => error.to_string(),
                        Ok(frame) => format!("{:?}", frame.collect().await.map(|rows| cells(&rows))),
                    };
                    assert!(
                        said.contains("not found") || said.contains("No table") || said.contains("doesn't exist"),
                        "{sql}: {said}"
                    );
                }
            }
            let columns = format!("information_schema.columns WHERE table_name = '{table}'");
            assert_eq!(count(&session, &columns).await, 0, "{table}");
        }
        // one who sees all sees them
        let all = everyone().await;
        for table in HIDDEN {
            assert!(tables(&all).await.contains(table), "{table}");
        }
    });
}

#[test]
fn nothing_is_written_no_file_is_read_and_nothing_is_set() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| dir.path().join(name).display().to_string();
        std::fs::write(file("secret.csv"), "a,b\n1,2\n").unwrap();
        let (out, secret) = (file("out.csv"), file("secret.csv"));
        let refused = [
            format!("COPY (SELECT * FROM deals) TO '{out}'"),
            format!("COPY deals TO '{out}' STORED AS CSV"),
            format!("EXPLAIN COPY deals TO '{out}' STORED AS CSV"),
            format!("EXPLAIN ANALYZE COPY deals TO '{out}' STORED AS CSV"),
            format!("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '{secret}'"),
            format!("SELECT * FROM '{secret}'"),
            format!("SELECT * FROM \"{secret}\""),
            format!("SELECT * FROM 'file://{secret}'"),
            "SELECT * FROM 's3://bucket/key.parquet'".to_owned(),
            "SELECT * FROM 'store://local/deals'".to_owned(),
            format!("SELECT * FROM read_csv('{secret}')"),
            format!("SELECT * FROM read_parquet('{secret}')"),
            "INSERT INTO deals (deal_id) VALUES ('x')".to_owned(),
            "UPDATE deals SET branch = 'x'".to_owned(),
            "DELETE FROM deals".to_owned(),
            "TRUNCATE TABLE deals".to_owned(),
            "CREATE TABLE t AS SELECT * FROM deals".to_owned(),
            "CREATE VIEW v AS SELECT 1".to_owned(),
            "CREATE SCHEMA s".to_owned(),
            "CREATE DATABASE d".to_owned(),
            "DROP TABLE deals".to_owned(),
            "DROP VIEW scope".to_owned(),
            "SET datafusion.execution.batch_size = 1".to_owned(),
            "SET datafusion.runtime.memory_limit = '100G'".to_owned(),
            "RESET datafusion.runtime.memory_limit".to_owned(),
            "BEGIN".to_owned(),
            "PREPARE p AS SELECT 1".to_owned(),
            "EXECUTE p".to_owned(),
            "DEALLOCATE p".to_owned(),
            "CREATE FUNCTION f() RETURNS INT RETURN 1".to_owned(),
            "SELECT 1; DROP TABLE deals".to_owned(),
        ];
        for session in [everyone().await, held("branch", &["Юг"]).await] {
            for sql in &refused {
                assert!(session.sql(sql).await.is_err(), "{sql} is planned");
                let door = session.door().await.unwrap();
                assert!(Session::plan_in(&door, sql).await.is_err(), "{sql} is planned at the door");
            }
            assert!(count(&session, "deals").await > 0);
        }
        assert!(!std::path::Path::new(&out).exists());
    });
}

#[test]
fn the_door_shows_what_sql_shows_and_no_more() {
    run(async {
        for session in [everyone().await, held("branch", &["Юг"]).await] {
            let door = session.door().await.unwrap();
            let sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1";
            let plan = Session::plan_in(&door, sql).await.unwrap();
            let shown = door.execute_logical_plan(plan).await.unwrap().collect().await.unwrap();
            let shown: BTreeSet<String> = cells(&shown).into_iter().map(|row| row[0].clone()).collect();
            assert_eq!(shown, tables(&session).await);
            assert!(shown.contains("scope_checks") && shown.contains("stages"));
            let deals = Session::plan_in(&door, "SELECT count(*) FROM deals").await.unwrap();
            let deals = door.execute_logical_plan(deals).await.unwrap().collect().await.unwrap();
            assert_eq!(cells(&deals)[0][0], count(&session, "deals").await.to_string());
        }
    });
}

#[test]
fn a_session_of_a_question_shows_the_same_rows_and_keeps_to_its_memory() {
    run(async {
        for session in [everyone().await, held("branch", &["Юг"]).await] {
            let memory = Memory::of(512 << 20, 256 << 20);
            let question = session.for_question(&memory).await.unwrap();
            for table in tables(&session).await {
                assert_eq!(count(&question, &table).await, count(&session, &table).await, "{table}");
            }
            // each would hold gigabytes
            let memory = Memory::of(64 << 20, 32 << 20);
            let question = session.for_question(&memory).await.unwrap();
            for sql in [
                "SELECT sum(1) OVER (), a.*, b.* FROM events a CROSS JOIN events b",
                "SELECT array_agg(a.event_id || b.event_id) FROM events a CROSS JOIN events b",
                "SELECT a.event_id || b.event_id AS k, count(*) FROM events a CROSS JOIN events b GROUP BY k ORDER BY k",
                "SELECT length(replace(repeat('x', 20000), 'x', repeat('y', 50000)))",
                "SELECT length(regexp_replace(repeat('x', 200000), '', repeat('y', 50000), 'g'))",
            ] {
                let frame = question.sql(sql).await.unwrap();
                let ended = tokio::time::timeout(std::time::Duration::from_secs(60), frame.collect()).await;
                let error = ended.unwrap_or_else(|_| panic!("{sql} does not end")).unwrap_err().to_string();
                assert!(
                    error.contains("Resources exhausted") || error.contains("disk") || error.contains("would make"),
                    "{sql}: {error}"
                );
                // what is given back is given back when the tasks have ended
                for _ in 0..100 {
                    if memory.held() == 0 {
                        break;
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
                assert_eq!(memory.held(), 0, "{sql}");
            }
            assert!(count(&question, "deals").await > 0);
        }
    });
}
