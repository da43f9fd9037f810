//! What is tried against `voronka serve --pg`: rows of others by every road, passwords, work without end, connections whose user is gone.

#![cfg(feature = "serve")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use futures::{TryStreamExt as _, pin_mut};
use tokio_postgres::{Client, SimpleQueryMessage};
use voronka::serve::Users;

use crate::serve_pg::{Server, code, connected, sample};
use crate::support::few_clients;

const AS_OF: &str = "2025-06-30";
const PASSWORD: &str = "a password of test";
const BRANCH: &str = "Урал";

/// The sample company, with `all` who sees all and `ural` who sees a branch.
fn company(dir: &Path) {
    sample(dir);
    users(dir);
}

fn users(dir: &Path) {
    let file = dir.join("users.toml");
    Users::add(&file, "all", PASSWORD, &[]).unwrap();
    Users::add(&file, "ural", PASSWORD, &[("branch".to_owned(), BRANCH.to_owned())]).unwrap();
}

fn start(dir: &Path, more: &[&str]) -> Server {
    let args = ["--as-of", AS_OF, "--users", "users.toml"];
    Server::start(dir, &[&args, more].concat())
}

async fn login(server: &Server, user: &str) -> Client {
    connected(server.config(user).password(PASSWORD)).await.unwrap()
}

/// All that a text is answered with, rows and errors, as one text.
async fn told(client: &Client, sql: &str) -> String {
    match client.simple_query(sql).await {
        Err(error) => format!("{error:?}"),
        Ok(messages) => {
            let cells = |message: &SimpleQueryMessage| match message {
                SimpleQueryMessage::Row(row) => {
                    (0..row.len()).filter_map(|at| row.get(at)).collect::<Vec<_>>().join("\t")
                }
                _ => String::new(),
            };
            messages.iter().map(cells).collect::<Vec<_>>().join("\n")
        }
    }
}

async fn column(client: &Client, sql: &str) -> BTreeSet<String> {
    let rows = client.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let first = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    };
    rows.iter().filter_map(first).collect()
}

/// The columns whose values tell whose row it is.
const TELLING: [&str; 5] = [
    "SELECT DISTINCT manager FROM deals WHERE manager IS NOT NULL",
    "SELECT DISTINCT manager FROM staff WHERE manager IS NOT NULL",
    "SELECT DISTINCT supervisor FROM staff WHERE supervisor IS NOT NULL",
    "SELECT DISTINCT team FROM staff WHERE team IS NOT NULL",
    "SELECT DISTINCT branch FROM deals WHERE branch IS NOT NULL",
];

/// Ways to ask for a table's rows, or to be told of them by the way.
const ROADS: [&str; 16] = [
    "SELECT * FROM {}",
    "TABLE {}",
    "SELECT (SELECT array_agg(t) FROM (SELECT * FROM {}) t)",
    "WITH t AS (SELECT * FROM {}) SELECT * FROM t",
    "SELECT * FROM {} WHERE branch <> 'Урал' OR true",
    "SELECT CAST(branch AS INT) FROM {}",
    "SELECT * FROM {} WHERE CAST(manager AS INT) = 1",
    "EXPLAIN VERBOSE SELECT * FROM {}",
    "EXPLAIN ANALYZE SELECT * FROM {}",
    "EXPLAIN ANALYZE VERBOSE SELECT * FROM {} WHERE branch <> 'Урал'",
    "BEGIN; DECLARE c CURSOR FOR SELECT * FROM {}; FETCH ALL FROM c; ROLLBACK",
    "PREPARE p AS SELECT * FROM {}; EXECUTE p; DEALLOCATE p",
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM {} WHERE 1 / (CASE WHEN branch <> 'Урал' THEN 0 ELSE 1 END) = 1)",
    "SELECT * FROM {} UNION SELECT * FROM {}",
    "SELECT ARRAY(SELECT manager FROM {})",
    "SELECT d.deal_id, ARRAY(SELECT t.manager FROM {} t WHERE t.deal_id >= d.deal_id) FROM deals d ORDER BY 1 LIMIT 2",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_road_leads_to_the_rows_of_others() {
    let dir = tempfile::tempdir().unwrap();
    few_clients(dir.path(), AS_OF);
    users(dir.path());
    let server = start(dir.path(), &["--statement-timeout", "5m"]);
    let (all, ural) = (login(&server, "all").await, login(&server, "ural").await);
    let mut others = BTreeSet::new();
    for sql in TELLING {
        let own = column(&ural, sql).await;
        others.extend(
            column(&all, sql).await.into_iter().filter(|value| value.chars().count() > 4 && !own.contains(value)),
        );
    }
    // the branch of a client whom two share is told with the client
    let shared = column(&ural, "SELECT DISTINCT branch FROM clients").await;
    others.retain(|value| value != BRANCH && !shared.contains(value));
    assert!(others.len() > 5, "{others:?}");
    let tells = |said: &str| others.iter().filter(|value| said.contains(value.as_str())).cloned().collect::<Vec<_>>();
    // the roads do lead there for one who may go: else nothing would be shown by this
    assert!(!tells(&told(&all, "SELECT * FROM public.deals").await).is_empty());
    let relations = "SELECT n.nspname || '.' || quote_ident(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace";
    let relations = column(&ural, relations).await;
    assert!(relations.len() > 150, "{}", relations.len());
    for relation in &relations {
        let roads = if relation.starts_with("public.") { &ROADS[..] } else { &ROADS[..1] };
        for road in roads {
            let sql = road.replace("{}", relation);
            let said = told(&ural, &sql).await;
            assert!(tells(&said).is_empty(), "{sql} tells {:?}", tells(&said));
            // a cursor or a transaction may be left behind by an error
            told(&ural, "ROLLBACK").await;
        }
    }
    for name in voronka::metrics::Catalog::shipped().names() {
        for sql in [
            format!("SELECT * FROM metric.{name}('2023-01-01', '2025-06-30', 'manager')"),
            format!("SELECT * FROM metric.{name}(by => 'branch', as_of => '2025-03-01')"),
        ] {
            let said = told(&ural, &sql).await;
            assert!(tells(&said).is_empty(), "{sql} tells {:?}", tells(&said));
        }
    }
    let count = "SELECT count(*) FROM deals";
    let (own, every) = (column(&ural, count).await, column(&all, count).await);
    assert_ne!(own, every);
    // by the protocol's own statements, which are prepared and asked again, and by lines
    for relation in relations.iter().filter(|name| name.starts_with("public.")) {
        let Ok(statement) = ural.prepare(&format!("SELECT count(*) AS n FROM {relation}")).await else { continue };
        let own: i64 = ural.query_one(&statement, &[]).await.unwrap().get(0);
        let counted = column(&ural, &format!("SELECT count(*) FROM {relation}")).await;
        assert!(counted.contains(&own.to_string()), "{relation}");
        let Ok(lines) = ural.copy_out(&format!("COPY {relation} TO STDOUT")).await else { continue };
        pin_mut!(lines);
        let mut bytes = Vec::new();
        while let Ok(Some(piece)) = lines.try_next().await {
            bytes.extend_from_slice(&piece);
        }
        let said = String::from_utf8_lossy(&bytes).into_owned();
        assert!(tells(&said).is_empty(), "COPY {relation} tells {:?}", tells(&said));
    }
    // two at once on one server do not get each other's
    for _ in 0..20 {
        let (one, other) = tokio::join!(column(&ural, count), column(&all, count));
        assert_eq!((one, other), (own.clone(), every.clone()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_eats_memory_or_never_ends_is_cut_off_alone() {
    let dir = tempfile::tempdir().unwrap();
    company(dir.path());
    let limits = ["--statement-timeout", "3s", "--memory-each", "64MiB", "--memory", "256MiB"];
    let server = start(dir.path(), &limits);
    let beside = login(&server, "all").await;
    let many = "1,".repeat(200_000);
    let deep = format!("SELECT {}1{}", "(".repeat(20_000), ")".repeat(20_000));
    for (sql, codes) in [
        (
            "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
            &["57014", "53200"][..],
        ),
        (
            "SELECT count(*) FROM events a, events b, events c WHERE a.at < b.at AND b.at < c.at",
            &["57014", "53200", "XX000"],
        ),
        ("SELECT array_agg(e.event_id || f.event_id) FROM events e, events f", &["57014", "53200"]),
        ("SELECT * FROM events a, events b ORDER BY a.event_id || b.event_id LIMIT 1", &["57014", "53200"]),
        ("SELECT ARRAY(SELECT e.event_id FROM events e WHERE e.at > d.created_at) FROM deals d", &["57014", "53200"]),
        ("SELECT repeat('x', 2000000000)", &["54000"]),
        // more than half of the question's memory by one call
        ("SELECT length(repeat('x', 40000000))", &["54000"]),
        ("SELECT array_to_string(generate_series(1, 30000000), '')", &["54000"]),
        ("SELECT array_agg(repeat('x', 1000000)) FROM generate_series(1, 1000)", &["54000", "53200"]),
        (
            "SELECT count(DISTINCT a || '-' || b) FROM generate_series(1, 100000) a, generate_series(1, 100000) b",
            &["57014", "53200"],
        ),
        (deep.as_str(), &["54001"]),
    ] {
        let began = Instant::now();
        let client = login(&server, "all").await;
        let shown: String = sql.chars().take(80).collect();
        let failed = client.simple_query(sql).await.err().unwrap_or_else(|| panic!("{shown} was answered"));
        let code = code(failed);
        assert!(codes.contains(&code.as_str()), "{shown}: {code}");
        assert!(began.elapsed() < Duration::from_secs(15), "{shown}: {:?}", began.elapsed());
        assert_eq!(column(&beside, "SELECT 1").await, ["1".to_owned()].into(), "{shown} harms others");
    }
    // a list of 200,000 numbers is only long
    match beside.simple_query(&format!("SELECT count(*) FROM deals WHERE 2 IN ({many}3)")).await {
        Ok(_) => {}
        Err(failed) => assert_eq!(code(failed), "54001"),
    }
    assert_eq!(column(&beside, "SELECT 1").await, ["1".to_owned()].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_not_guessed_and_who_is_changed_is_sent_away() {
    let dir = tempfile::tempdir().unwrap();
    company(dir.path());
    let server = start(dir.path(), &[]);
    let file = dir.path().join("users.toml");
    // nothing of what is said tells whether there is such a user
    let mut said = BTreeSet::new();
    for user in ["ural", "nobody"] {
        let failed = connected(server.config(user).password("not this one")).await.err().unwrap();
        said.insert(failed.as_db_error().unwrap().message().to_owned());
    }
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(connected(&server.config("ural")).await.is_err(), "without a password nobody is let in");
    // guesses: the first few cost nothing, then each costs a wait, and the right password waits as well
    let mut refused = 0;
    for guess in 0..12 {
        let failed = connected(server.config("all").password(format!("guess {guess}"))).await.err().unwrap();
        refused += usize::from(failed.as_db_error().unwrap().message().contains("too many wrong passwords"));
    }
    assert!(refused >= 3, "{refused} of 12 guesses were not tried");
    let failed = connected(server.config("all").password(PASSWORD)).await.err().unwrap();
    assert!(failed.as_db_error().unwrap().message().contains("too many"), "{failed:?}");
    // of another name it is let in
    let held = login(&server, "ural").await;
    assert_eq!(column(&held, "SELECT current_user").await, ["ural".to_owned()].into());
    held.simple_query("BEGIN; DECLARE c CURSOR FOR SELECT deal_id FROM deals").await.unwrap();
    Users::passwd(&file, "ural", "another password").unwrap();
    assert_eq!(code(held.simple_query("FETCH 1 FROM c").await.unwrap_err()), "28000");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(held.is_closed(), "the connection is over");
    assert!(connected(server.config("ural").password(PASSWORD)).await.is_err());
    let again = connected(server.config("ural").password("another password")).await.unwrap();
    Users::remove(&file, "ural").unwrap();
    assert_eq!(code(again.query("SELECT 1", &[]).await.unwrap_err()), "28000");
    assert!(connected(server.config("ural").password("another password")).await.is_err());
}

/// What psql says, asked over TLS.
fn psql(dir: &Path, port: u16, words: &str) -> Output {
    let target = format!("host=localhost hostaddr=127.0.0.1 port={port} user=ural dbname=voronka {words}");
    let mut command = Command::new("psql");
    command.args(["-X", "-At", &target, "-c", "SELECT count(*) FROM deals WHERE branch <> 'Урал'"]);
    command.current_dir(dir).env("PGPASSWORD", PASSWORD).output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_the_certificate_is_checked_and_nothing_is_said_without_it() {
    let dir = tempfile::tempdir().unwrap();
    company(dir.path());
    let dir = dir.path();
    for name in ["server", "other"] {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(dir.join(format!("{name}.pem")), made.cert.pem()).unwrap();
        std::fs::write(dir.join(format!("{name}.key")), made.signing_key.serialize_pem()).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let own = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(dir.join(format!("{name}.key")), own).unwrap();
        }
    }
    let server = start(dir, &["--cert", "server.pem", "--key", "server.key"]);
    // without TLS a password is not even asked for
    let plain =
        connected(server.config("ural").password(PASSWORD).ssl_mode(tokio_postgres::config::SslMode::Disable)).await;
    assert_eq!(code(plain.err().unwrap()), "28000");
    if Command::new("psql").arg("--version").output().is_err() {
        return;
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    for (words, answer) in [
        ("sslmode=verify-full sslrootcert=server.pem", Ok("0")),
        ("sslmode=require", Ok("0")),
        ("sslmode=verify-full sslrootcert=other.pem", Err("certificate verify failed")),
        ("sslmode=verify-full sslrootcert=server.pem password=wrong", Err("no such user, or another password")),
        ("sslmode=disable", Err("this server speaks TLS only")),
    ] {
        let ran = psql(dir, server.port, words);
        let (out, err) = (text(&ran.stdout), text(&ran.stderr));
        match answer {
            Ok(rows) => assert_eq!(out, rows, "{words}: {err}"),
            Err(why) => assert!(!ran.status.success() && err.contains(why), "{words}: {out} {err}"),
        }
    }
}
