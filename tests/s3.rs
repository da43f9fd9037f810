//! A store in a bucket, as users have it: the whole way over HTTP, against a server of our own that can be slow, fail and die.
//! The same way against another server: `tests/clients/s3_moto.sh`.

pub mod server;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use self::server::{Mood, SECRET, Server};
use crate::killed::CONTENT;
use crate::support::{Ran, checkout};

const STORE: &str = "s3://acme/of us/store";

/// So many of the requests of an ingest are those at which it is killed, unless `KILLS` in the environment says otherwise.
const KILLS: usize = 4;

#[allow(clippy::disallowed_methods)] // a test may read its environment
fn kills() -> usize {
    std::env::var("KILLS").map_or(KILLS, |kills| kills.parse().expect("KILLS is a number"))
}

/// A company whose store is in a bucket.
struct World {
    server: Server,
    dir: tempfile::TempDir,
}

/// Deals and events of a few clients; those of `b` change some and add some.
fn exports(dir: &Path) {
    for name in ["mapping.toml", "regulation.toml", "staff.csv"] {
        fs::copy(checkout("sample_data").join(name), dir.join(name)).unwrap();
    }
    for name in ["deals.csv", "events_2025.csv", "clients.csv"] {
        let text = fs::read_to_string(checkout("sample_data").join(name)).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let half = lines.len() / 2;
        fs::create_dir_all(dir.join("a")).unwrap();
        fs::create_dir_all(dir.join("b")).unwrap();
        let part = |rows: &[&str]| [&lines[..1], rows].concat().join("\n") + "\n";
        fs::write(dir.join("a").join(name), part(&lines[1..half])).unwrap();
        fs::write(dir.join("b").join(name), part(&lines[half..half + half / 3]).replace(";исх;", ";вх;")).unwrap();
    }
}

const A: [&str; 7] =
    ["ingest", "--mapping", "mapping.toml", "a/deals.csv", "a/events_2025.csv", "a/clients.csv", "staff.csv"];
const B: [&str; 6] = ["ingest", "--mapping", "mapping.toml", "b/deals.csv", "b/events_2025.csv", "b/clients.csv"];

impl World {
    fn new() -> World {
        let dir = tempfile::tempdir().unwrap();
        exports(dir.path());
        World { server: Server::start(), dir }
    }

    fn command(&self, args: &[&str], store: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_voronka"));
        command.args(args).args(["--store", store]).current_dir(self.dir.path());
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
            command.env_remove(name);
        }
        command.env("XDG_CACHE_HOME", self.dir.path().join("cache")).env("VORONKA_LANG", "en").env("NO_COLOR", "1");
        command.envs(self.server.environment());
        command
    }

    fn run(&self, args: &[&str], store: &str) -> Ran {
        ran(&mut self.command(args, store))
    }

    /// What the store holds.
    fn content(&self, store: &str) -> String {
        self.run(&["sql", CONTENT, "--format", "csv"], store).ok()
    }

    fn start(&self, args: &[&str]) -> Child {
        self.command(args, STORE).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

fn ran(command: &mut Command) -> Ran {
    let output = command.output().expect("the binary runs");
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn all_commands_give_from_a_bucket_what_they_give_from_a_folder() {
    let world = World::new();
    // listings in small pages, and every answer late
    world.server.be(Mood { page: 5, latency: Duration::from_millis(2), ..Mood::default() });
    for args in [&A[..], &B[..]] {
        let (here, there) = (world.run(args, "store").ok(), world.run(args, STORE).ok());
        assert_eq!(here, there);
    }
    assert_eq!(world.content("store"), world.content(STORE));
    for args in [
        &["query", "lead_quality", "--by", "source", "--format", "csv"][..],
        &["query", "response_time", "--by", "manager", "--format", "csv", "--version", "1"],
        &["rows", "lead_quality", "--format", "csv"],
        &["sql", "SELECT count(*), sum(amount) FROM deals", "--format", "csv", "--version", "1"],
        &["quarantine", "--format", "csv"],
        &["metrics"],
        &["presets"],
    ] {
        let args = if args[0] == "query" || args[0] == "rows" {
            [args, &["--as-of", "2025-06-30"]].concat()
        } else {
            args.to_vec()
        };
        let (here, there) = (world.run(&args, "store"), world.run(&args, STORE));
        assert_eq!((here.code, here.out), (there.code, there.out), "{args:?}\n{}\n{}", here.err, there.err);
    }
    let checked = world.run(&["check"], STORE);
    assert!(
        checked.out.contains("s3://acme/of us/store: 2 ingests") && checked.code == 0,
        "{}{}",
        checked.out,
        checked.err
    );
    for store in ["store", STORE] {
        let out = if store == "store" { "here" } else { "there" };
        let args = ["report", "weekly", "--as-of", "2025-06-30", "--out", out, "--format", "html"];
        world.run(&args, store).ok();
    }
    let pages: Vec<_> =
        fs::read_dir(world.dir.path().join("here")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!pages.is_empty());
    for page in pages.iter().filter(|page| page.to_string_lossy().ends_with(".html")) {
        let read = |out: &str| fs::read_to_string(world.dir.path().join(out).join(page)).unwrap();
        assert_eq!(read("here"), read("there"));
    }
    // nothing of this machine is in the bucket
    let keys = world.server.keys();
    assert!(keys.iter().all(|key| key.starts_with("of us/store/")), "{keys:?}");
    assert!(
        !keys.iter().any(|key| [".lock", ".repeat", ".spill", "answers"].iter().any(|own| key.contains(own))),
        "{keys:?}"
    );
    // the views of processes that ended are gone
    let views = fs::read_dir(world.dir.path().join("cache/voronka"))
        .unwrap()
        .flat_map(|store| fs::read_dir(store.unwrap().path().join("views")).unwrap());
    assert_eq!(views.count(), 0);
}

#[test]
fn a_second_question_fetches_no_data_and_a_first_one_waits_for_few_answers() {
    let world = World::new();
    world.run(&A, STORE).ok();
    fs::remove_dir_all(world.dir.path().join("cache")).unwrap();
    let latency = Duration::from_millis(40);
    world.server.be(Mood { latency, ..Mood::default() });
    let began = Instant::now();
    world.content(STORE);
    let (first, asked, sent) = (began.elapsed(), world.server.requests(), world.server.bytes());
    let at_once = world.server.most_at_once();
    world.server.be(Mood { latency, ..Mood::default() });
    let began = Instant::now();
    world.content(STORE);
    let second = began.elapsed();
    let fetched: Vec<String> =
        world.server.log().into_iter().filter(|line| line.contains(".parquet") || line.contains(".json")).collect();
    eprintln!(
        "first {first:?}, {asked} requests, {at_once} at once, {sent} bytes; second {second:?}, {} requests, {} bytes",
        world.server.requests(),
        world.server.bytes()
    );
    assert_eq!(fetched, Vec::<String>::new(), "logs and data files are kept");
    assert!(at_once >= 3, "requests go side by side: of {asked}, {at_once} at once");
}

#[test]
fn every_command_opens_the_store_once() {
    let world = World::new();
    world.run(&A, STORE).ok();
    let requests = |args: &[&str]| {
        world.run(args, STORE).ok();
        world.server.be(Mood::default());
        world.run(args, STORE).ok();
        world.server.requests()
    };
    let rows = requests(&["sql", "SELECT count(*) FROM deals"]);
    for args in [
        &["query", "lead_quality", "--as-of", "2025-06-30"][..],
        &["rows", "lead_quality", "--as-of", "2025-06-30"],
        &["report", "brief", "--as-of", "2025-06-30", "--out", "out", "--format", "html"],
        &["log"],
    ] {
        let asked = requests(args);
        assert!(asked <= rows, "{args:?}: {asked} requests, and a question for rows takes {rows}");
    }
}

#[test]
fn a_server_that_fails_and_cuts_connections_loses_nothing() {
    let world = World::new();
    world.server.be(Mood { fails_each: Some(7), cuts_each: Some(11), ..Mood::default() });
    for args in [&A[..], &B[..]] {
        world.run(args, STORE).ok();
        world.run(args, "store").ok();
    }
    assert_eq!(world.content(STORE), world.content("store"));
}

/// The server dies at one request after another of an ingest: what is stored is A, or A and B.
#[test]
fn killed_at_a_request_the_store_is_as_it_was_or_complete_and_the_next_ingest_completes() {
    let world = World::new();
    world.run(&A, STORE).ok();
    let (before, base) = (world.content(STORE), world.server.content());
    world.server.be(Mood::default());
    world.run(&B, STORE).ok();
    let (after, requests) = (world.content(STORE), world.server.requests());
    let step = (requests / kills()).max(1);
    let mut seen = [0, 0];
    for at in (0..requests).step_by(step) {
        let is_done = at / step % 2 == 1;
        world.server.restore(base.clone());
        world.server.be(Mood { dies_at: Some((at, is_done)), ..Mood::default() });
        let mut child = world.start(&B);
        let began = Instant::now();
        // it would try again for a while: as soon as the server is dead, so is it
        while world.server.requests() <= at && began.elapsed() < Duration::from_secs(120) {
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        world.server.be(Mood::default());
        let content = world.content(STORE);
        let is_complete = content == after;
        assert!(is_complete || content == before, "killed at request {at} of {requests}");
        seen[usize::from(is_complete)] += 1;
        world.run(&B, STORE).ok();
        let without_ingests =
            |text: &str| text.lines().filter(|line| !line.starts_with("ingests")).collect::<Vec<_>>().join("\n");
        assert_eq!(without_ingests(&world.content(STORE)), without_ingests(&after), "killed at request {at}");
        world.run(&["check"], STORE).ok();
    }
    eprintln!("{requests} requests; as it was {}, complete {}", seen[0], seen[1]);
    assert!(seen[0] > 0);
}

#[test]
fn of_two_ingests_at_once_one_gets_through_and_the_other_says_so() {
    let world = World::new();
    world.run(&A, STORE).ok();
    let content = |text: &str| text.lines().filter(|line| !line.starts_with("ingests")).collect::<Vec<_>>().join("\n");
    world.run(&A, "store").ok();
    world.run(&B, "store").ok();
    let expected = content(&world.content("store"));
    let base = world.server.content();
    for latency in [1, 5] {
        world.server.restore(base.clone());
        world.server.be(Mood { latency: Duration::from_millis(latency), ..Mood::default() });
        let children: Vec<Child> = (0..3).map(|_| world.start(&B)).collect();
        let ended: Vec<_> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
        let through = ended.iter().filter(|ended| ended.status.success()).count();
        assert!(through >= 1, "one gets through");
        for failed in ended.iter().filter(|ended| !ended.status.success()) {
            let told = String::from_utf8_lossy(&failed.stderr);
            assert!(told.contains("another ingest was quicker") && told.contains("run it again"), "{told}");
        }
        world.server.be(Mood::default());
        assert_eq!(content(&world.content(STORE)), expected);
        let log = world.run(&["log", "--format", "csv"], STORE).ok();
        let newest = log.lines().nth(1).and_then(|line| line.split(',').next()).unwrap().parse::<usize>().unwrap();
        assert_eq!(newest, 1 + through);
        world.run(&["check"], STORE).ok();
    }
}

#[test]
fn errors_name_the_address_and_the_way_out_and_no_secret() {
    let world = World::new();
    world.run(&A, STORE).ok();
    let told = |store: &str, args: &[&str], changed: &[(&str, &str)]| -> String {
        let mut texts = String::new();
        for lang in ["en", "ru"] {
            let mut command = world.command(args, store);
            command.env("VORONKA_LANG", lang).args(["--lang", lang]);
            for (name, value) in changed {
                if value.is_empty() {
                    command.env_remove(name)
                } else {
                    command.env(name, value)
                };
            }
            let ran = ran(&mut command);
            assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
            assert!(!ran.err.contains(SECRET) && !ran.err.contains("hidden"), "{}", ran.err);
            texts += &ran.err;
        }
        texts
    };
    let ask = ["sql", "SELECT 1"];
    let has = |text: String, words: &[&str]| {
        for word in words {
            assert!(text.contains(word), "`{word}` is not in\n{text}");
        }
    };
    has(told("s3://acme/none", &ask, &[]), &["s3://acme/none: not a store", "s3://acme/none: это не хранилище"]);
    has(
        told("s3://other/store", &ask, &[]),
        &["there is no bucket `other`\n    make it", "бакета `other` нет", "AWS_ENDPOINT_URL"],
    );
    has(told("s3://", &ask, &[]), &["is no name of a bucket", "s3://bucket/path", "не имя бакета"]);
    has(
        told(STORE, &ask, &[("AWS_ACCESS_KEY_ID", "AKIAOTHER"), ("AWS_SECRET_ACCESS_KEY", "hidden")]),
        &[
            "the server does not accept the credentials: InvalidAccessKeyId\n    check AWS_ACCESS_KEY_ID",
            "не принял ключи",
        ],
    );
    has(
        told(STORE, &ask, &[("AWS_ENDPOINT_URL", "http://127.0.0.1:9")]),
        &["the server cannot be reached", "сервер недоступен", "AWS_ENDPOINT_URL"],
    );
    has(
        told(STORE, &ask, &[("AWS_ALLOW_HTTP", "")]),
        &["which is not encrypted\n    take https", "AWS_ALLOW_HTTP=true", "без шифрования"],
    );
    let whole = world.server.content();
    let mut broken = whole.clone();
    broken.get_mut("of us/store/personal.toml").unwrap().0.clear();
    world.server.restore(broken.clone());
    // of a file in a bucket its address is told, and not where this process keeps its copy
    let emptied = told(STORE, &B, &[]);
    has(
        emptied.clone(),
        &["s3://acme/of us/store/personal.toml: the file is empty", "s3://acme/of us/store/personal.toml: файл пуст"],
    );
    broken.remove("of us/store/personal.toml");
    world.server.restore(broken);
    let lost = told(STORE, &B, &[]);
    has(lost.clone(), &["s3://acme/of us/store/personal.toml: the file is missing"]);
    assert!(![emptied, lost].iter().any(|text| text.contains("/views/")));
    world.server.restore(whole);
    world.server.be(Mood { is_read_only: true, ..Mood::default() });
    has(told(STORE, &B, &[]), &["no permission: AccessDenied\n    to read: s3:ListBucket", "нет прав"]);
    world.server.be(Mood { heeds_conditions: false, ..Mood::default() });
    has(told(STORE, &B, &[]), &["without regard to the conditions If-None-Match and If-Match", "не глядя на условия"]);
}
