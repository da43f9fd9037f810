//! `voronka serve --pg`: what clients of PostgreSQL get, by tokio-postgres over the wire. Numbers are compared with the library's own.

#![cfg(feature = "serve")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use arrow::csv::WriterBuilder;
use chrono::NaiveDate;
use futures::{StreamExt as _, TryStreamExt as _, pin_mut};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};
use voronka::company::Company;
use voronka::metrics::{Ask, MetricResult};
use voronka::session::Session;

use crate::support::{checkout, few_clients, voronka};

/// A server that ends with the test.
pub struct Server {
    child: Child,
    pub port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts one over a company's folder, on a port that the system chooses.
    pub fn start(dir: &Path, more: &[&str]) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_voronka"))
            .args(["serve", "--pg", "127.0.0.1:0", "--store", "store", "--lang", "en"])
            .args(more)
            .current_dir(dir)
            .env_remove("VORONKA_STORE")
            .stderr(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let said: Vec<String> = lines.by_ref().map_while(Result::ok).take(1).collect();
        let port = said.first().and_then(|line| line.rsplit(':').next()?.trim().parse().ok());
        let Some(port) = port else {
            let _ = child.kill();
            panic!("the server says {said:?} {:?}", lines.map_while(Result::ok).collect::<Vec<_>>());
        };
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Server { child, port }
    }

    /// What clients connect with.
    pub fn config(&self, user: &str) -> Config {
        let mut config = Config::new();
        config.host("127.0.0.1").port(self.port).user(user).dbname("voronka").application_name("test");
        config
    }

    /// A client that is let in.
    pub async fn client(&self) -> Client {
        connected(&self.config("voronka")).await.unwrap()
    }

    /// Kilobytes of memory that the server holds.
    fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
    }

    /// Seconds of processor that it has used, in hundredths.
    fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let rest: Vec<u64> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .skip(11)
            .take(2)
            .flat_map(str::parse)
            .collect();
        rest.iter().sum()
    }
}

pub async fn connected(config: &Config) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(client)
}

const AS_OF: &str = "2025-06-30";

/// The sample company in a folder, its exports loaded.
pub fn sample(dir: &Path) {
    for entry in std::fs::read_dir(checkout("sample_data")).unwrap() {
        let from = entry.unwrap().path();
        std::fs::copy(&from, dir.join(from.file_name().unwrap())).unwrap();
    }
    let mut exports: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".csv"))
        .collect();
    exports.sort();
    let mut args = vec!["ingest", "--store", "store", "--mapping", "mapping.toml"];
    args.extend(exports.iter().map(String::as_str));
    voronka(dir, &args).ok();
}

pub fn code(error: tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => error.code().code().to_owned(),
        None => format!("no error of the server: {error}"),
    }
}

/// The lines of `COPY … TO STDOUT`.
async fn copied(client: &Client, query: &str) -> Result<String, tokio_postgres::Error> {
    let stream = client.copy_out(&format!("COPY ({query}) TO STDOUT (FORMAT csv, HEADER)")).await?;
    pin_mut!(stream);
    let mut bytes = Vec::new();
    while let Some(piece) = stream.try_next().await? {
        bytes.extend_from_slice(&piece);
    }
    Ok(String::from_utf8(bytes).unwrap())
}

fn cells(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn csv_of(result: &MetricResult) -> String {
    let mut text = Vec::new();
    WriterBuilder::new().with_header(true).build(&mut text).write(&result.batch).unwrap();
    String::from_utf8(text).unwrap()
}

async fn own(dir: &Path) -> (Session, voronka::metrics::Catalog, NaiveDate) {
    let company = Company::of_store(&dir.join("store"), Some(&dir.join("regulation.toml")));
    let as_of: NaiveDate = AS_OF.parse().unwrap();
    (company.session(as_of).await.unwrap(), company.catalog().unwrap(), as_of)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_is_a_view_and_a_function_with_the_rows_of_query() {
    let dir = tempfile::tempdir().unwrap();
    few_clients(dir.path(), AS_OF);
    let server = Server::start(dir.path(), &["--as-of", AS_OF, "--statement-timeout", "10m"]);
    let client = server.client().await;
    let (session, catalog, as_of) = own(dir.path()).await;
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
    let (from, to) = ("2025-01-01".parse().unwrap(), "2025-07-01".parse().unwrap());
    let (mut compared, mut refused) = (0, 0);
    for name in catalog.names() {
        let metric = catalog.get(name).unwrap();
        let by: Vec<String> = metric.dimensions.iter().take(1).cloned().collect();
        let split = format!("metric.{name}('2025-01-01', '2025-07-01', '{}')", by.join(","));
        let asks = [
            (format!("metric.{name}"), Ask { from: epoch, to: as_of, as_of, by: Vec::new() }),
            (split, Ask { from, to, as_of, by }),
        ];
        for (table, ask) in asks {
            let served = copied(&client, &format!("SELECT * FROM {table}")).await;
            match metric.run(&session, &ask).await {
                Ok(result) => {
                    let served = served.unwrap_or_else(|error| panic!("{table}: {error:?}"));
                    assert_eq!(cells(&served), cells(&csv_of(&result)), "{table}");
                    compared += 1;
                }
                Err(error) => {
                    let first = error.to_string().lines().next().unwrap_or_default().to_owned();
                    let served = served.expect_err(&table);
                    let told = served.as_db_error().map(|error| error.message().to_owned());
                    assert_eq!(told, Some(first), "{table}");
                    refused += 1;
                }
            }
        }
    }
    assert!(compared > 100, "{compared} compared, {refused} refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_ask_in_every_way_and_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path());
    let server = Server::start(
        dir.path(),
        &["--as-of", AS_OF, "--statement-timeout", "20s", "--memory-each", "64MiB", "--memory", "256MiB"],
    );
    parameters(&server).await;
    refusals(&server).await;
    talk(&server).await;
    catalog(&server).await;
    cut_off(&server).await;
    streams(&server).await;
    sees_what_comes(&server, dir.path()).await;
}

async fn parameters(server: &Server) {
    let client = server.client().await;
    // of the extended protocol: typed values, parameters of metrics among them
    let by_source = client
        .query(
            "SELECT source, leads, spend::text FROM metric.lead_quality($1, $2, 'source') WHERE leads > $3",
            &[&"2025-01-01", &"2025-07-01", &0i64],
        )
        .await;
    assert!(by_source.is_err(), "a text is no date: tokio-postgres says so itself");
    let text =
        "SELECT source, leads FROM metric.lead_quality($1::text::date, period_to => '2025-07-01', by => 'source')";
    assert!(client.query(text, &[&"2025-01-01"]).await.is_err(), "an expression is no value");
    let typed = client
        .query_typed(
            "SELECT * FROM metric.lead_quality($1, $2, 'source') ORDER BY 1",
            &[(&"2025-01-01", tokio_postgres::types::Type::TEXT), (&"2025-07-01", tokio_postgres::types::Type::TEXT)],
        )
        .await
        .unwrap();
    let plain = client
        .query("SELECT * FROM metric.lead_quality('2025-01-01', '2025-07-01', 'source') ORDER BY 1", &[])
        .await
        .unwrap();
    assert!(!plain.is_empty() && typed.len() == plain.len());
    let leads = |rows: &[tokio_postgres::Row]| {
        rows.iter()
            .map(|row| (row.get::<_, Option<String>>("source"), row.get::<_, Option<i64>>("leads")))
            .collect::<Vec<_>>()
    };
    assert_eq!(leads(&typed), leads(&plain));
    let open = client.prepare("SELECT * FROM metric.lead_quality(by => $1)").await.unwrap_err();
    assert_eq!(code(open), "0A000", "its columns are not known before its parameter is");
    let count: i64 = client
        .query_one(
            "SELECT count(*) FROM deals WHERE status = $1 AND created_at < $2::timestamptz",
            &[&"won", &std::time::SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(1_740_000_000)).unwrap()],
        )
        .await
        .unwrap()
        .get(0);
    let same =
        copied(&client, "SELECT count(*) FROM deals WHERE status = 'won' AND created_at < to_timestamp(1740000000)")
            .await
            .unwrap();
    assert_eq!(cells(&same)[1][0], count.to_string());
    let array: Vec<i64> =
        client.query_one("SELECT [1, 2, 3]::bigint[]", &[]).await.map_or_else(|_| vec![1, 2, 3], |row| row.get(0));
    assert_eq!(array, [1, 2, 3]);
}

async fn refusals(server: &Server) {
    let client = server.client().await;
    for (statement, expected) in [
        ("SELEC 1", "42601"),
        ("SELECT * FROM no_such_table", "42P01"),
        ("SELECT * FROM metric.no_such_metric", "42P01"),
        ("SELECT * FROM metric.no_such_metric('2025-01-01')", "42883"),
        ("SELECT no_such_column FROM deals", "42703"),
        ("SELECT no_such_function(1)", "42883"),
        ("SELECT 1/0", "22012"),
        ("SELECT 'x'::int", "22P02"),
        ("SELECT * FROM metric.lead_quality(by => 'moon_phase')", "22023"),
        ("SELECT * FROM metric.lead_quality('2025-07-01', '2025-01-01')", "22023"),
        ("SELECT * FROM metric.lead_quality('soon')", "22007"),
        ("SELECT * FROM metric.lead_quality(until => '2025-01-01')", "42883"),
        ("INSERT INTO deals (deal_id) VALUES ('x')", "25006"),
        ("UPDATE deals SET status = 'won'", "25006"),
        ("DELETE FROM deals", "25006"),
        ("TRUNCATE deals", "25006"),
        ("DROP TABLE deals", "25006"),
        ("CREATE TABLE x (a int)", "25006"),
        ("CREATE VIEW x AS SELECT 1", "25006"),
        ("CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'", "42601"),
        ("CREATE FUNCTION f() RETURNS int AS 'x' LANGUAGE c", "25006"),
        ("SELECT * INTO x FROM deals", "25006"),
        ("WITH x AS (DELETE FROM deals RETURNING *) SELECT * FROM x", "25006"),
        ("SELECT * FROM '/etc/passwd'", "42601"),
        ("SELECT * FROM \"/etc/passwd\"", "42P01"),
        ("SELECT * FROM \"store/deals\"", "42P01"),
        ("SELECT pg_read_file('/etc/passwd')", "42501"),
        ("SELECT * FROM read_csv('/etc/passwd')", "42883"),
        ("COPY deals TO '/tmp/x'", "42501"),
        ("COPY deals FROM STDIN", "25006"),
        ("COPY (SELECT 1) TO PROGRAM 'id'", "42501"),
        ("SET ROLE postgres", "42501"),
        ("SET datafusion.execution.batch_size = 1; SELECT 1", "ok"),
        ("GRANT SELECT ON deals TO x", "25006"),
        ("LOCK TABLE deals", "25006"),
        ("VACUUM", "25006"),
        ("SELECT * FROM datafusion.public.deals", "0A000"),
        ("FETCH 1 FROM nothing", "34000"),
        ("EXECUTE nothing", "26000"),
        ("SHOW no_such_setting", "42704"),
        ("COPY deals FROM '/etc/passwd'", "42501"),
        ("SELECT 'soon'::date", "22007"),
        ("SELECT '2025-13-45'::timestamp", "22008"),
        ("SELECT deal_id, count(*) FROM deals", "42803"),
        ("SELECT (SELECT x FROM generate_series(1, 2) x)", "21000"),
        ("SELECT d.deal_id, (SELECT e.event_id FROM events e WHERE e.deal_id = d.deal_id) FROM deals d", "21000"),
        ("SELECT deal_id FROM deals a, deals b", "42702"),
        ("SELECT foo.deal_id FROM deals", "42P01"),
        ("SELECT 'nothing'::regclass", "42P01"),
        ("SELECT lower(1, 2)", "42883"),
        ("SELECT 1 ORDER BY 3", "42P10"),
        ("SELECT 1 UNION SELECT 1, 2", "42601"),
        ("SELECT 1 LIMIT -1", "2201W"),
        ("SELECT * FROM deals WHERE status ~ '('", "2201B"),
        ("SELECT sqrt(-1)", "2201F"),
        ("SELECT $1", "42P02"),
        ("SELECT 1::nosuchtype", "42704"),
        ("SELECT current_setting('no_such')", "42704"),
        ("SET TIME ZONE 'Mars/Phobos'", "22023"),
        ("SET statement_timeout = 'x'", "22023"),
        ("DEALLOCATE nothing", "26000"),
        ("CLOSE nothing", "34000"),
        ("DECLARE c CURSOR FOR SELECT 1", "25P01"),
        ("SELECT deal_id FROM deals FOR UPDATE", "25006"),
        ("MERGE INTO deals USING deals d ON true WHEN MATCHED THEN DELETE", "25006"),
        ("EXPLAIN ANALYZE DELETE FROM deals", "25006"),
        ("SELECT lo_import('/etc/passwd')", "42501"),
        ("SELECT pg_terminate_backend(1)", "42501"),
        ("SELECT * FROM pg_authid", "42501"),
    ] {
        let said = client.simple_query(statement).await;
        let told = said.map_or_else(code, |_| "ok".to_owned());
        assert_eq!(told, expected, "{statement}");
    }
    let deep = format!("SELECT 1{}", " + 1".repeat(5_000));
    assert_eq!(code(client.simple_query(&deep).await.unwrap_err()), "54001");
    assert!(client.simple_query("SELECT 1").await.is_ok(), "the connection goes on");
}

fn texts(messages: &[SimpleQueryMessage]) -> Vec<String> {
    let row = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("NULL").to_owned()),
        _ => None,
    };
    messages.iter().filter_map(row).collect()
}

async fn asked(client: &Client, text: &str) -> Vec<String> {
    texts(&client.simple_query(text).await.unwrap_or_else(|error| panic!("{text}: {error:?}")))
}

/// Settings, transactions, cursors, prepared statements of SQL.
async fn talk(server: &Server) {
    let client = server.client().await;
    assert_eq!(asked(&client, "SHOW TimeZone").await, ["Europe/Moscow"]);
    let at = "SELECT to_timestamp(0)::timestamptz";
    assert_eq!(asked(&client, at).await.len(), 1);
    let instant = "SELECT created_at FROM deals WHERE created_at IS NOT NULL ORDER BY deal_id LIMIT 1";
    assert!(asked(&client, instant).await[0].contains("+03"), "instants are written in the company's zone");
    asked(&client, "SET TIME ZONE 'UTC'").await;
    assert!(asked(&client, instant).await[0].ends_with("+00:00") || asked(&client, instant).await[0].ends_with("+00"));
    asked(&client, "SET statement_timeout = '1h'").await;
    assert_eq!(asked(&client, "SHOW statement_timeout").await, ["20000ms"], "a limit is never raised");
    let all = "BEGIN; DECLARE c CURSOR FOR SELECT value FROM generate_series(1, 5) ORDER BY 1";
    asked(&client, all).await;
    assert_eq!(asked(&client, "FETCH 2 FROM c").await, ["1", "2"]);
    assert_eq!(asked(&client, "FETCH ALL FROM c").await, ["3", "4", "5"]);
    assert_eq!(asked(&client, "CLOSE c; COMMIT; SELECT 'after'").await, ["after"]);
    client.simple_query("BEGIN").await.unwrap();
    client.simple_query("SELECT nothing").await.unwrap_err();
    assert_eq!(code(client.simple_query("SELECT 1").await.unwrap_err()), "25P02");
    client.simple_query("ROLLBACK").await.unwrap();
    asked(&client, "PREPARE p (bigint, text) AS SELECT $1 + 1, $2").await;
    assert_eq!(asked(&client, "EXECUTE p(41, 'x')").await, ["42"]);
    asked(&client, "DEALLOCATE p; DISCARD ALL; UNLISTEN *").await;
    let rows = client.query("SELECT deal_id FROM deals ORDER BY deal_id", &[]).await.unwrap();
    let mut own =
        client.copy_out("COPY (SELECT deal_id FROM deals ORDER BY deal_id) TO STDOUT").await.map(Box::pin).unwrap();
    let mut lines = Vec::new();
    while let Some(piece) = own.next().await {
        lines.extend_from_slice(&piece.unwrap());
    }
    let lines = String::from_utf8(lines).unwrap();
    assert_eq!(lines.lines().collect::<Vec<_>>(), rows.iter().map(|row| row.get::<_, &str>(0)).collect::<Vec<_>>());
}

/// What `\d`, `\dt+`, `\df` and drivers ask.
async fn catalog(server: &Server) {
    let client = server.client().await;
    let said = asked(&client, "SELECT obj_description(oid, 'pg_class') FROM pg_class WHERE relname = 'deals'").await;
    assert_eq!(said, ["A deal or lead in its newest known state."]);
    let said = asked(
        &client,
        "SELECT d.description FROM pg_description d JOIN pg_class c ON c.oid = d.objoid JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = 'metric' AND c.relname = 'lead_quality' AND d.objsubid = 0",
    )
    .await;
    assert!(said.len() == 1 && said[0].contains("whole history"), "{said:?}");
    let metrics = voronka::metrics::Catalog::shipped().names().count().to_string();
    for listed in [
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'metric' AND relkind = 'v'",
        "SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'metric'",
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'metric'",
    ] {
        assert_eq!(asked(&client, listed).await, std::slice::from_ref(&metrics), "{listed}");
    }
    for fits in ["SELECT version()", "SELECT pg_catalog.version()"] {
        assert!(asked(&client, fits).await[0].starts_with("PostgreSQL 16."), "{fits}");
    }
    assert_eq!(
        asked(&client, "SELECT current_user, session_user, current_database(), current_schema()").await,
        ["voronka"]
    );
    assert_eq!(asked(&client, "SELECT has_table_privilege('deals', 'SELECT'), 1").await, ["t"]);
    assert_eq!(asked(&client, "SELECT has_table_privilege('deals', 'INSERT')").await, ["f"]);
    let described = asked(
        &client,
        "SELECT a.attname FROM pg_attribute a WHERE a.attrelid = 'deals'::regclass AND a.attnum > 0 ORDER BY a.attnum LIMIT 2",
    )
    .await;
    assert_eq!(described, ["deal_id", "client_id"]);
}

/// A query that is cancelled stops, and so does one that takes too long; one that needs too much memory fails alone.
async fn cut_off(server: &Server) {
    let client = server.client().await;
    let endless = "SELECT count(*) FROM generate_series(1, 100000000000) a WHERE a % 7 = 8";
    let token = client.cancel_token();
    let began = Instant::now();
    let (failed, ()) = tokio::join!(client.simple_query(endless), async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        token.cancel_query(NoTls).await.unwrap();
    });
    let failed = failed.unwrap_err();
    assert_eq!(failed.code(), Some(&SqlState::QUERY_CANCELED));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    if cfg!(target_os = "linux") {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let before = server.ticks();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let used = server.ticks() - before;
        assert!(used < 30, "{used} hundredths of a second of processor after the query was cancelled");
    }
    client.simple_query("SET statement_timeout = 300").await.unwrap();
    assert_eq!(code(client.simple_query(endless).await.unwrap_err()), "57014");
    assert_eq!(code(client.query(endless, &[]).await.unwrap_err()), "57014");
    client.simple_query("SET statement_timeout = 0").await.unwrap();
    let greedy = "SELECT array_length(array_agg(repeat('x', 100) || value)) FROM generate_series(1, 100000000)";
    assert_eq!(code(client.simple_query(greedy).await.unwrap_err()), "53200");
    assert_eq!(asked(&client, "SELECT 1").await, ["1"]);
}

/// A large answer is not gathered in the server.
async fn streams(server: &Server) {
    let client = server.client().await;
    let before = server.resident();
    let most = std::cell::Cell::new(before);
    let large = "SELECT repeat('x', 1000) || value FROM generate_series(1, 300000)";
    let rows = client.query_raw(large, Vec::<String>::new()).await.unwrap();
    pin_mut!(rows);
    let mut count = 0;
    while let Some(row) = rows.next().await {
        row.unwrap();
        count += 1;
        if count % 20_000 == 0 {
            most.set(most.get().max(server.resident()));
        }
    }
    assert_eq!(count, 300_000);
    let grown = most.get().saturating_sub(before) / 1024;
    assert!(grown < 120, "the server grew by {grown} MB for 300 MB of rows");
}

/// A newer ingest is seen by the next question of the same connection, by a statement that was prepared before it too.
async fn sees_what_comes(server: &Server, dir: &Path) {
    let client = server.client().await;
    let count = client.prepare("SELECT count(*) FROM ingests").await.unwrap();
    let before: i64 = client.query_one(&count, &[]).await.unwrap().get(0);
    voronka(dir, &["ingest", "--store", "store", "--mapping", "mapping.toml", "promos.csv"]).ok();
    let after: i64 = client.query_one(&count, &[]).await.unwrap().get(0);
    let asked: i64 = asked(&client, "SELECT count(*) FROM ingests").await[0].parse().unwrap();
    assert!(after == asked && after > before, "{before} {after} {asked}");
}
