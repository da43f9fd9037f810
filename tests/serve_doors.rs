//! The doors of a server: who is let in, for how long, and how it starts and stops.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use arrow::array::AsArray as _;
use arrow::datatypes::Int64Type;
use chrono::{DateTime, Utc};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use voronka::company::Company;
use voronka::serve::{Bound, Door, Limits, Seat, ServeError, Settings, States, Stop, User};
use voronka::session::Session;

use crate::support::proof::REGULATION;
use crate::support::{Ran, voronka};

fn run<T>(test: impl Future<Output = T>) -> T {
    Runtime::new().unwrap().block_on(test)
}

fn door(limits: Limits) -> Door {
    Door { address: (Ipv4Addr::LOCALHOST, 0).into(), tls: None, has_users: false, limits }
}

/// The first line is a name to log in with; each further one is said back, `wait` after a second.
async fn echo(stream: TcpStream, seat: Seat) {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let Some(name) = line(&mut reader).await else { return };
    match seat.enter(Some(&name)) {
        Ok(()) => drop(writer.write_all(b"in\n").await),
        Err(error) => return drop(writer.write_all(format!("{error}\n").as_bytes()).await),
    }
    while let Some(said) = line(&mut reader).await {
        let _working = seat.work();
        if said == "wait" {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        if writer.write_all(format!("{said}\n").as_bytes()).await.is_err() {
            return;
        }
    }
}

/// A line without its end; `None` where the connection is closed.
async fn line(reader: &mut (impl tokio::io::AsyncRead + Unpin)) -> Option<String> {
    let mut line = Vec::new();
    loop {
        match reader.read_u8().await.ok()? {
            b'\n' => return String::from_utf8(line).ok(),
            byte => line.push(byte),
        }
    }
}

async fn open(limits: Limits) -> (SocketAddr, Stop, tokio::task::JoinHandle<()>) {
    let bound: Bound = door(limits).bind().await.unwrap();
    let (address, stop) = (bound.address(), Stop::default());
    let served = tokio::spawn(bound.serve(stop.clone(), echo));
    (address, stop, served)
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// Says something and reads the answer.
async fn ask(stream: &mut TcpStream, said: &str) -> Option<String> {
    stream.write_all(format!("{said}\n").as_bytes()).await.ok()?;
    line(stream).await
}

#[test]
fn ten_thousand_that_never_log_in_harm_nobody_who_does() {
    run(async {
        let limits = Limits { handshake: Duration::from_secs(3), connections: 10, ..Limits::default() };
        let (address, _stop, _served) = open(limits).await;
        let mut inside = connect(address).await;
        assert_eq!(ask(&mut inside, "ann").await.unwrap(), "in");
        let mut open = Vec::new();
        let mut slowest = Duration::ZERO;
        for number in 0..10_000 {
            open.push(connect(address).await);
            if number % 500 == 0 {
                let began = Instant::now();
                let mut guest = connect(address).await;
                assert_eq!(ask(&mut guest, "bob").await.unwrap(), "in", "after {number}");
                slowest = slowest.max(began.elapsed());
                assert_eq!(ask(&mut inside, "still here").await.unwrap(), "still here", "after {number}");
            }
        }
        assert!(slowest < Duration::from_secs(2), "a log-in took {slowest:?}");
        // most of them were sent away at once, and the last when their time was over
        tokio::time::sleep(Duration::from_secs(4)).await;
        let mut closed = 0;
        for stream in &mut open {
            let ended = tokio::time::timeout(Duration::from_secs(5), stream.read_u8()).await;
            closed += usize::from(ended.is_ok_and(|read| read.is_err()));
        }
        assert_eq!(closed, open.len());
        assert_eq!(ask(&mut inside, "still here").await.unwrap(), "still here");
    });
}

#[test]
fn who_dribbles_a_log_in_is_cut_off() {
    run(async {
        let limits = Limits { handshake: Duration::from_secs(1), ..Limits::default() };
        let (address, _stop, _served) = open(limits).await;
        let mut slow = connect(address).await;
        let began = Instant::now();
        while slow.write_all(b"a").await.is_ok() && began.elapsed() < Duration::from_secs(10) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    });
}

#[test]
fn no_more_come_in_than_may_and_who_leaves_makes_room() {
    run(async {
        let limits = Limits { connections: 3, connections_each: 2, ..Limits::default() };
        let (address, _stop, _served) = open(limits).await;
        let mut inside = Vec::new();
        for _ in 0..2 {
            let mut ann = connect(address).await;
            assert_eq!(ask(&mut ann, "ann").await.unwrap(), "in");
            inside.push(ann);
        }
        let refused = ask(&mut connect(address).await, "ann").await.unwrap();
        assert!(refused.contains("2 connections of ann"), "{refused}");
        let mut bob = connect(address).await;
        assert_eq!(ask(&mut bob, "bob").await.unwrap(), "in");
        let refused = ask(&mut connect(address).await, "eve").await.unwrap();
        assert!(refused.contains("3 connections already"), "{refused}");
        inside.pop();
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mut ann = connect(address).await;
        assert_eq!(ask(&mut ann, "ann").await.unwrap(), "in");
    });
}

#[test]
fn who_asks_nothing_is_closed_and_who_waits_for_an_answer_is_not() {
    run(async {
        let limits = Limits { idle: Duration::from_millis(600), ..Limits::default() };
        let (address, _stop, _served) = open(limits).await;
        let [mut idle, mut busy] = [connect(address).await, connect(address).await];
        assert_eq!(ask(&mut idle, "ann").await.unwrap(), "in");
        assert_eq!(ask(&mut busy, "bob").await.unwrap(), "in");
        // the answer takes longer than one may be idle
        assert_eq!(ask(&mut busy, "wait").await.unwrap(), "wait");
        let ended = tokio::time::timeout(Duration::from_secs(3), idle.read_u8()).await;
        assert!(ended.unwrap().is_err());
    });
}

#[test]
fn a_stop_waits_for_answers_and_for_nobody_else() {
    run(async {
        let (address, stop, served) = open(Limits::default()).await;
        let [mut idle, mut busy, mut outside] =
            [connect(address).await, connect(address).await, connect(address).await];
        assert_eq!(ask(&mut idle, "ann").await.unwrap(), "in");
        assert_eq!(ask(&mut busy, "bob").await.unwrap(), "in");
        busy.write_all(b"wait\n").await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
        let began = Instant::now();
        stop.stop();
        assert_eq!(line(&mut busy).await.unwrap(), "wait");
        for stream in [&mut idle, &mut outside] {
            assert!(tokio::time::timeout(Duration::from_secs(2), stream.read_u8()).await.unwrap().is_err());
        }
        tokio::time::timeout(Duration::from_secs(3), served).await.unwrap().unwrap();
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        assert!(TcpStream::connect(address).await.is_err());
    });
}

#[test]
fn beyond_this_machine_it_listens_with_tls_and_users_alone() {
    run(async {
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:192.0.2.1]:0"] {
            for has_users in [false, true] {
                let door = Door { address: address.parse().unwrap(), has_users, ..door(Limits::default()) };
                let error = door.bind().await.err().unwrap_or_else(|| panic!("it listens on {address}"));
                let said = error.to_string();
                assert!(said.contains("--users, --cert and --key together"), "{said}");
            }
        }
        for address in ["127.0.0.1:0", "127.5.5.5:0", "[::ffff:127.0.0.1]:0"] {
            let door = Door { address: address.parse().unwrap(), ..door(Limits::default()) };
            // what the system says of an address that it does not have is its own
            let error = door.bind().await.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(!error.contains("--users"), "{error}");
        }
        let taken = door(Limits::default()).bind().await.unwrap();
        let again = Door { address: taken.address(), ..door(Limits::default()) };
        let said = again.bind().await.err().unwrap().to_string();
        assert!(said.contains(&format!("cannot listen on {}", taken.address())), "{said}");
    });
}

const MAPPING: &str = r#"
zone = "UTC"
[[export]]
name = "deals"
files = "deals*.csv"
dates = "yyyy-mm-dd"
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "id"
branch = "branch"
stage = "stage"
created_at = "created"
"#;

/// A company of a few deals, and the next export of it.
fn small() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    put("regulation.toml", REGULATION);
    put("mapping.toml", MAPPING);
    put("deals_1.csv", "id,branch,stage,created\n1,North,offer,2025-03-03\n2,South,offer,2025-03-04\n");
    put("deals_2.csv", "id,branch,stage,created\n3,North,offer,2025-03-05\n");
    ingest(dir.path(), "deals_1.csv");
    dir
}

fn ingest(dir: &Path, export: &str) {
    voronka(dir, &["ingest", "--lang", "en", "--mapping", "mapping.toml", export]).ok();
}

async fn count(session: &Session, from: &str) -> i64 {
    let rows = session.sql(&format!("SELECT count(*) FROM {from}")).await.unwrap().collect().await.unwrap();
    rows[0].column(0).as_primitive::<Int64Type>().value(0)
}

/// The clock of the tests, seconds since the epoch.
static NOW: AtomicI64 = AtomicI64::new(1_741_000_000);

fn clock() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW.load(Ordering::Relaxed), 0).unwrap()
}

#[test]
fn a_new_ingest_and_a_new_day_are_seen_by_the_next_question() {
    run(async {
        let dir = small();
        let company = Company::open(dir.path()).unwrap();
        let file = dir.path().join("users.toml");
        let north = [("branch".to_owned(), "North".to_owned())];
        voronka::serve::Users::add(&file, "ann", "long enough", &north).unwrap();
        let users = voronka::serve::Users::read(&file).unwrap();
        let (all, ann) = (User::everyone(), users.find("ann").unwrap());
        let settings = Settings { as_of: None, limits: Limits::default(), clock };
        let states = States::open(company, settings).await.unwrap();
        states.check(&users).unwrap();
        // 3 March 2025: what is dated later is not seen by views, and is in the tables
        let before = states.session(&all).await.unwrap();
        assert_eq!((count(&before, "deals").await, count(&before, "scope").await), (2, 1));
        let own = states.session(ann).await.unwrap();
        assert_eq!((count(&own, "deals").await, count(&own, "scope").await, own.version()), (1, 1, 1));
        let running = before.sql("SELECT count(*) FROM deals").await.unwrap();
        ingest(dir.path(), "deals_2.csv");
        let after = states.session(&all).await.unwrap();
        assert_eq!((count(&after, "deals").await, after.version()), (3, 2));
        assert_eq!(count(&states.session(ann).await.unwrap(), "deals").await, 2);
        // what runs keeps its own
        let rows = running.collect().await.unwrap();
        assert_eq!(rows[0].column(0).as_primitive::<Int64Type>().value(0), 2);
        assert_eq!(count(&before, "deals").await, 2);
        NOW.fetch_add(7 * 86_400, Ordering::Relaxed);
        let later = states.session(&all).await.unwrap();
        assert_eq!((count(&later, "scope").await, later.as_of().to_string().as_str()), (3, "2025-03-11"));
        // what cannot be opened is an error, and nothing older is shown in its place
        let regulation = dir.path().join("regulation.toml");
        std::fs::write(&regulation, REGULATION.replace("currency", "curency")).unwrap();
        assert_eq!(count(&states.session(&all).await.unwrap(), "deals").await, 3);
        ingest_again(dir.path());
        assert!(states.session(&all).await.is_err());
        std::fs::write(&regulation, REGULATION).unwrap();
        assert_eq!(count(&states.session(&all).await.unwrap(), "deals").await, 4);
        let twig = [("twig".to_owned(), "x".to_owned())];
        voronka::serve::Users::add(&file, "bob", "long enough", &twig).unwrap();
        let said = states.check(&voronka::serve::Users::read(&file).unwrap()).unwrap_err().to_string();
        assert!(said.contains("`twig`"), "{said}");
    });
}

/// An ingest that reads no regulation of the folder.
fn ingest_again(dir: &Path) {
    std::fs::write(dir.join("deals_3.csv"), "id,branch,stage,created\n4,West,offer,2025-03-06\n").unwrap();
    let good = dir.join("good.toml");
    std::fs::write(&good, REGULATION).unwrap();
    let args = ["ingest", "--lang", "en", "--regulation", "good.toml", "--mapping", "mapping.toml", "deals_3.csv"];
    voronka(dir, &args).ok();
}

#[test]
fn a_statement_without_end_is_cut_off_and_its_work_ends() {
    run(async {
        let dir = small();
        let limits = Limits { statement: Duration::from_secs(1), ..Limits::default() };
        let settings = Settings { as_of: None, limits, clock };
        let states = Arc::new(States::open(Company::open(dir.path()).unwrap(), settings).await.unwrap());
        let endless = [
            "SELECT count(*) FROM generate_series(1, 1000000000000)",
            "SELECT count(*) FROM generate_series(1, 10000000) a CROSS JOIN generate_series(1, 10000000) b",
            "SELECT count(*) FROM generate_series(1, 3000000) a JOIN generate_series(1, 3000000) b ON a.value + b.value = a.value * b.value - 7",
            "SELECT count(*) FROM generate_series(1, 300000) a JOIN generate_series(1, 300000) b ON a.value % 2 = b.value % 2 AND a.value * b.value = 7",
            "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
            "SELECT max(sha) FROM (SELECT a.value * b.value % 7 AS sha FROM generate_series(1, 1000000) a CROSS JOIN generate_series(1, 1000000) b)",
            "SELECT count(*) FROM generate_series(1, 100000) a JOIN generate_series(1, 100000) b ON a.value * b.value % 1000003 = 5",
        ];
        for sql in endless {
            let session = states.session(&User::everyone()).await.unwrap();
            let began = Instant::now();
            let done = states
                .limits()
                .within(async {
                    Ok::<_, ServeError>(
                        session.sql(sql).await?.collect().await.map_err(voronka::session::SessionError::from)?,
                    )
                })
                .await;
            let took = began.elapsed();
            match done {
                Err(ServeError::TooLong { .. }) => {}
                // what takes all memory first is refused for that
                Err(ServeError::Session(error)) if error.is_short_of_memory() => {}
                other => panic!("{sql}: {other:?}"),
            }
            assert!(took < Duration::from_secs(10), "{sql} took {took:?}");
            // others are answered right after
            let began = Instant::now();
            assert_eq!(count(&states.session(&User::everyone()).await.unwrap(), "deals").await, 2);
            assert!(began.elapsed() < Duration::from_secs(10), "after {sql}: {:?}", began.elapsed());
        }
        assert_eq!(states.memory().held(), 0);
    });
}

#[test]
fn many_questions_at_once_each_keep_to_their_rows() {
    let dir = small();
    let wrong = Arc::new(AtomicUsize::new(0));
    run(async {
        let file = dir.path().join("users.toml");
        for name in ["North", "South"] {
            voronka::serve::Users::add(&file, name, "long enough", &[("branch".to_owned(), name.to_owned())]).unwrap();
        }
        let users = Arc::new(voronka::serve::Users::read(&file).unwrap());
        let settings = Settings { as_of: None, limits: Limits::default(), clock };
        let states = Arc::new(States::open(Company::open(dir.path()).unwrap(), settings).await.unwrap());
        let mut asked = tokio::task::JoinSet::new();
        for number in 0..200 {
            let (states, users, wrong) = (Arc::clone(&states), Arc::clone(&users), Arc::clone(&wrong));
            asked.spawn(async move {
                let name = ["North", "South"][number % 2];
                let session = states.session(users.find(name).unwrap()).await.unwrap();
                let others = count(&session, &format!("deals WHERE branch <> '{name}'")).await;
                let own = count(&session, "scope_events").await + count(&session, "deals").await;
                wrong.fetch_add(usize::from(others != 0 || own != 1), Ordering::Relaxed);
            });
        }
        while let Some(done) = asked.join_next().await {
            done.unwrap();
        }
    });
    assert_eq!(wrong.load(Ordering::Relaxed), 0);
}

/// Runs the binary with something on its standard input.
fn with_input(dir: &Path, args: &[&str], input: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_voronka"))
        .args(args)
        .current_dir(dir)
        .env_remove("VORONKA_STORE")
        .env("VORONKA_LANG", "en")
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn users_are_kept_from_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let add = |args: &[&str], password: &str| {
        let args: Vec<&str> = ["serve", "user", "add", "users.toml"].into_iter().chain(args.iter().copied()).collect();
        with_input(dir, &args, password)
    };
    assert_eq!(add(&["ann", "--only", "branch=Юг", "--only", "branch=Север"], "a good password\n").code, 0);
    let bob = add(&["bob"], "another good one");
    assert!(bob.code == 0 && bob.err.contains("sees all rows"), "{}", bob.err);
    let listed = with_input(dir, &["serve", "user", "list", "users.toml"], "").ok();
    assert_eq!(listed, "ann\tbranch=Юг branch=Север\nbob\tall rows\n");
    let again = add(&["bob"], "another good one");
    assert!(again.code == 2 && again.err.contains("a user `bob` already"), "{}", again.err);
    let short = add(&["eve"], "short\n");
    assert!(short.code == 2 && short.err.contains("at least 8"), "{}", short.err);
    assert_eq!(with_input(dir, &["serve", "user", "passwd", "users.toml", "bob"], "a third password\n").code, 0);
    assert_eq!(with_input(dir, &["serve", "user", "remove", "users.toml", "ann"], "").code, 0);
    let users = voronka::serve::Users::read(&dir.join("users.toml")).unwrap();
    assert!(users.find("ann").is_none());
    assert!(users.find("bob").unwrap().verifier().unwrap().admits("a third password"));
}

#[test]
fn a_server_that_cannot_be_safe_does_not_start_and_says_why() {
    let dir = small();
    let dir = dir.path();
    std::fs::write(dir.join("users.toml"), "").unwrap();
    std::fs::write(dir.join("cert.pem"), "no certificate").unwrap();
    std::fs::write(dir.join("key.pem"), "no key").unwrap();
    for (args, says) in [
        (&["serve"][..], "nothing says where to listen"),
        (&["serve", "--pg", "0.0.0.0:0"], "--users, --cert and --key together"),
        (&["serve", "--pg", "127.0.0.1:0", "--users", "none.toml"], "there is no file of users"),
        (&["serve", "--pg", "127.0.0.1:0", "--users", "users.toml"], "users.toml: others can read or change it"),
        (&["serve", "--pg", "127.0.0.1:0", "--cert", "cert.pem"], "--key"),
        (
            &["serve", "--pg", "127.0.0.1:0", "--cert", "cert.pem", "--key", "key.pem"],
            "cert.pem: there is no certificate in it",
        ),
        (
            &["serve", "--http", "127.0.0.1:0", "--cert", "none.pem", "--key", "key.pem"],
            "none.pem: there is no such file",
        ),
        (&["serve", "--http", "127.0.0.1:0", "--store", "nowhere"], "nowhere"),
    ] {
        let ran = with_input(dir, args, "");
        assert!(ran.code == 2 && ran.err.contains(says), "{args:?}: {} {}", ran.code, ran.err);
    }
}
