//! A scheduler and two executors on this machine: what they answer is what one process answers, and where one of them is killed, the
//! answer is right or an error.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use arrow::record_batch::RecordBatch;
use arrow::util::display::array_value_to_string;
use chrono::NaiveDate;
use futures::StreamExt as _;
use tokio::runtime::Runtime;
use voronka::cluster::Cluster;
use voronka::company::{Company, Opening};
use voronka::metrics::{Ask, Catalog, Metric};
use voronka::regulation::Regulation;
use voronka::session::Session;

use crate::s3::server::Server;
use crate::support::{Ran, few_clients, voronka};

/// Metrics of which a part runs in one process even where a cluster is asked for: it relies on the order of a join whose sides a scheduler may change.
const LOCAL: [&str; 2] = ["adherence", "worklist"];

/// So many questions are asked at once.
const SIDE_BY_SIDE: usize = 6;

/// Sums of floats depend on the order of the rows, and rows of several machines come in any: they may differ by such a part.
const TOLERANCE: f64 = 1e-9;

/// A node, which ends with the test.
struct Node(Child);

impl Node {
    fn start(args: &[&str]) -> Node {
        Node::within(args, &[])
    }

    /// With this in its environment.
    fn within(args: &[&str], environment: &[(&str, String)]) -> Node {
        let child = Command::new(env!("CARGO_BIN_EXE_voronka"))
            .args(args)
            .env("RUST_MIN_STACK", "33554432")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Node(child)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A cluster of one scheduler and two executors.
struct Nodes {
    address: String,
    ports: [u16; 2],
    data: PathBuf,
    executors: [Option<Node>; 2],
    _scheduler: Node,
}

impl Nodes {
    fn start(data: &Path) -> Nodes {
        let address = format!("127.0.0.1:{}", free_ports());
        let scheduler = Node::start(&["cluster", "scheduler", "--listen", &address]);
        wait_for(&address);
        let ports = [free_ports(), free_ports()];
        let mut nodes = Nodes { address, ports, data: data.to_owned(), executors: [None, None], _scheduler: scheduler };
        nodes.begin(0);
        nodes.begin(1);
        nodes
    }

    fn begin(&mut self, executor: usize) {
        let listen = format!("127.0.0.1:{}", self.ports[executor]);
        let data = self.data.to_string_lossy();
        let args = ["cluster", "executor", "--scheduler", &self.address, "--listen", &listen, "--data", &data];
        self.executors[executor] = Some(Node::start(&[&args[..], &["--tasks", "2", "--memory", "512MiB"]].concat()));
        wait_for(&listen);
    }

    fn kill(&mut self, executor: usize) {
        self.executors[executor] = None;
    }
}

/// A port that is free, as is the one after it.
fn free_ports() -> u16 {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        if port < u16::MAX && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
}

fn wait_for(address: &str) {
    let began = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(began.elapsed() < Duration::from_secs(60), "nobody listens on {address}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(32 << 20).build().unwrap()
}

/// Runs on a thread with a large stack, as the command does.
fn with_stack(test: impl FnOnce(&Runtime) + Send + 'static) {
    std::thread::Builder::new().stack_size(32 << 20).spawn(move || test(&runtime())).unwrap().join().unwrap();
}

const AS_OF: &str = "2025-06-30";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A made-up company with its store.
struct Sample {
    dir: tempfile::TempDir,
}

impl Sample {
    /// The sample company.
    fn new() -> Sample {
        let dir = tempfile::tempdir().unwrap();
        voronka(dir.path(), &["demo", "--out", "company"]).ok();
        Sample { dir }
    }

    /// A company of few clients.
    fn small() -> Sample {
        let sample = Sample { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(sample.folder()).unwrap();
        few_clients(&sample.folder(), AS_OF);
        sample
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("company")
    }

    fn run(&self, args: &[&str]) -> Ran {
        voronka(&self.folder(), args)
    }
}

/// The same store twice: asked here, and on the cluster.
struct Both {
    here: Session,
    there: Session,
    told: Arc<Mutex<Vec<String>>>,
}

async fn both(folder: &Path, address: &str) -> Both {
    let regulation = fs::read_to_string(folder.join("regulation.toml")).unwrap();
    let regulation = Regulation::parse("regulation.toml", &regulation).unwrap();
    let company = Company::of_store(&folder.join("store"), None);
    let opening = Opening::default();
    let open = || company.session_of(&regulation, day(AS_OF), &opening);
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = {
        let told = Arc::clone(&told);
        move |text: &voronka::model::lang::Text| told.lock().unwrap().push(text.en.clone())
    };
    let cluster = Cluster::connect(address, Some(3), tell).await.unwrap();
    let (here, there) = (open().await.unwrap(), open().await.unwrap().computed(Arc::new(cluster)));
    Both { here, there, told }
}

/// A row: its cells that must be equal, and its floats.
type Row = (Vec<String>, Vec<Option<f64>>);

fn rows_of(batch: &RecordBatch) -> Vec<Row> {
    let is_float = |of: &DataType| matches!(of, DataType::Float64 | DataType::Float32);
    let mut rows: Vec<Row> = vec![Row::default(); batch.num_rows()];
    for column in batch.columns() {
        let floats = is_float(column.data_type()).then(|| cast(column, &DataType::Float64).unwrap());
        for (at, row) in rows.iter_mut().enumerate() {
            match &floats {
                Some(floats) => {
                    let floats = floats.as_primitive::<Float64Type>();
                    row.1.push(floats.is_valid(at).then(|| floats.value(at)));
                }
                None => row.0.push(array_value_to_string(column, at).unwrap()),
            }
        }
    }
    rows.sort_by(|one, other| {
        one.0.cmp(&other.0).then(one.1.partial_cmp(&other.1).unwrap_or(std::cmp::Ordering::Equal))
    });
    rows
}

/// In what two answers differ; nothing where they are the same rows in any order.
fn difference(here: &RecordBatch, there: &RecordBatch) -> Option<String> {
    let types = |batch: &RecordBatch| batch.schema().fields().iter().map(|f| f.data_type().clone()).collect::<Vec<_>>();
    if types(here) != types(there) {
        return Some(format!("types {:?} and {:?}", types(here), types(there)));
    }
    let (here, there) = (rows_of(here), rows_of(there));
    if here.len() != there.len() {
        return Some(format!("{} rows here, {} there", here.len(), there.len()));
    }
    let alike = |one: &Option<f64>, other: &Option<f64>| match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => {
            one == other
                || (one.is_nan() && other.is_nan())
                || (one - other).abs() <= TOLERANCE * one.abs().max(other.abs())
        }
        _ => false,
    };
    let differs = here
        .iter()
        .zip(&there)
        .find(|(one, other)| one.0 != other.0 || !one.1.iter().zip(&other.1).all(|(one, other)| alike(one, other)));
    differs.map(|(here, there)| format!("here {here:?}\n    there {there:?}"))
}

fn asks(metric: &Metric) -> Vec<Ask> {
    let (as_of, from) = (day(AS_OF), day("2024-12-30"));
    let whole = Ask { from, to: as_of, as_of, by: Vec::new() };
    let split = metric.dimensions.first().map(|dimension| Ask { by: vec![dimension.clone()], ..whole.clone() });
    std::iter::once(whole).chain(split).collect()
}

#[test]
fn every_metric_has_the_rows_of_one_process_twice() {
    with_stack(|runtime| {
        let sample = Sample::small();
        let folder = sample.folder();
        let nodes = Nodes::start(&folder);
        let both = runtime.block_on(both(&folder, &nodes.address));
        let catalog = Catalog::shipped();
        let metrics = catalog.names().map(|name| catalog.get(name).unwrap());
        let questions: Vec<(&Metric, Ask)> =
            metrics.flat_map(|metric| asks(metric).into_iter().map(move |ask| (metric, ask))).collect();
        let answers = futures::stream::iter(&questions).map(|(metric, ask)| async {
            let here = metric.run(&both.here, ask).await;
            let (mut wrong, mut times) = (Vec::new(), Vec::new());
            for time in ["first", "second"] {
                let began = Instant::now();
                let there = metric.run(&both.there, ask).await;
                let what = format!("{} by {:?}", metric.name, ask.by);
                let differs = match (&here, &there) {
                    (Ok(here), Ok(there)) => difference(&here.batch, &there.batch),
                    (Err(here), Err(there)) if here.to_string() == there.to_string() => None,
                    _ => Some(format!("here {:?}\n    there {:?}", here.as_ref().err(), there.as_ref().err())),
                };
                wrong.extend(differs.map(|differs| format!("{what}, the {time} time: {differs}")));
                times.push((began.elapsed(), what));
            }
            (here.is_ok_and(|here| here.batch.num_rows() > 0), wrong, times)
        });
        // side by side, as a report asks them: each waits for its stages most of the time
        let answers: Vec<_> = runtime.block_on(answers.buffer_unordered(SIDE_BY_SIDE).collect());
        let asked = questions.len();
        let answered = answers.iter().filter(|(is_answered, ..)| *is_answered).count();
        let wrong: Vec<&String> = answers.iter().flat_map(|(_, wrong, _)| wrong).collect();
        let mut times: Vec<_> = answers.iter().flat_map(|(.., times)| times.clone()).collect();
        let told = both.told.lock().unwrap().clone();
        times.sort();
        let slowest: Vec<String> =
            times.iter().rev().take(9).map(|(time, what)| format!("{time:.2?} {what}")).collect();
        assert!(
            wrong.is_empty(),
            "{} of {asked} differ:\n{}\ntold:\n{}\nthe slowest:\n{}",
            wrong.len(),
            wrong.iter().map(|wrong| wrong.as_str()).collect::<Vec<_>>().join("\n"),
            told.join("\n"),
            slowest.join("\n")
        );
        assert!(answered > 60, "only {answered} of {asked} questions have an answer");
        let local = told.iter().filter_map(|told| told.split_once(" runs locally").map(|(name, _)| name));
        let more: Vec<&str> = local.filter(|name| !LOCAL.contains(name)).collect();
        assert!(more.is_empty(), "{more:?}\n{}\nthe slowest:\n{}", told.join("\n"), slowest.join("\n"));
    });
}

#[test]
fn the_weekly_is_the_same_files() {
    let sample = Sample::small();
    let folder = sample.folder();
    let nodes = Nodes::start(&folder);
    // the report, in a process of its own
    for (out, more) in [("here", &[][..]), ("there", &["--cluster", &nodes.address, "--parts", "3"])] {
        let args =
            ["report", "weekly", "--as-of", AS_OF, "--fresh", "--format", "html,csv", "--lang", "en", "--out", out];
        let ran = sample.run(&[&args[..], more].concat());
        assert!(ran.code == 0, "{out}: {}", ran.err);
    }
    let (here, there) = (files(&folder.join("here")), files(&folder.join("there")));
    assert!(here.len() > 20, "{} files", here.len());
    let names = |files: &[(String, String)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&here), names(&there));
    for ((name, here), (_, there)) in here.iter().zip(&there) {
        assert_eq!(here, there, "{name}");
    }
}

#[test]
fn lists_and_queries_are_the_same() {
    let sample = Sample::small();
    let nodes = Nodes::start(&sample.folder());
    let sql = "SELECT status, count(*) AS deals, sum(amount) AS amount FROM deals GROUP BY status ORDER BY status";
    let list = ["rows", "lead_quality", "--by", "source", "--as-of", AS_OF, "--format", "csv", "--limit", "50"];
    for args in [&["sql", sql, "--format", "csv"][..], &list] {
        let here = sample.run(args).ok();
        assert_eq!(sample.run(&[args, &["--cluster", &nodes.address]].concat()).ok(), here, "{args:?}");
    }
    let told = sample.run(&["sql", "SHOW TABLES", "--cluster", &nodes.address]).ok();
    assert!(told.contains("journeys"), "{told}");
}

#[test]
fn questions_that_fail_take_nobody_s_place() {
    let sample = Sample::small();
    let nodes = Nodes::start(&sample.folder());
    let asked = |sql: &str| sample.run(&["sql", sql, "--format", "csv", "--cluster", &nodes.address, "--parts", "3"]);
    let failing = "SELECT stage, sum(1 / (deal_id::bigint - deal_id::bigint)) AS n FROM deals GROUP BY stage";
    // more than there are tasks at once
    for _ in 0..10 {
        let ran = asked(failing);
        assert!(ran.code == 2 && ran.err.contains("DivideByZero"), "{} {}", ran.code, ran.err);
    }
    let sound = "SELECT stage, count(*) AS n FROM deals GROUP BY stage ORDER BY stage";
    assert_eq!(asked(sound).ok(), sample.run(&["sql", sound, "--format", "csv"]).ok());
}

/// Whether a command says that something was computed here.
fn is_local(told: &str) -> bool {
    told.contains("runs locally") || told.contains("считается здесь")
}

/// The files of a report, in all its folders: name and text.
fn files(dir: &Path) -> Vec<(String, String)> {
    let (mut files, mut folders) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(dir).unwrap().to_string_lossy().into_owned();
            files.push((name, String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()));
        }
    }
    files.sort();
    files
}

#[test]
fn an_executor_killed_in_mid_query_gives_the_right_answer_or_an_error() {
    with_stack(|runtime| {
        let sample = Sample::new();
        let folder = sample.folder();
        let mut nodes = Nodes::start(&folder);
        let both = runtime.block_on(both(&folder, &nodes.address));
        let catalog = Catalog::shipped();
        let metric = catalog.get("response").unwrap();
        let ask = asks(metric).remove(0);
        let right = runtime.block_on(metric.run(&both.here, &ask)).unwrap();
        let (there, mut answers, mut errors) = (Arc::new(both.there), 0, Vec::new());
        let began = Instant::now();
        runtime.block_on(metric.run(&there, &ask)).unwrap();
        let takes = began.elapsed();
        for round in 0..6_u32 {
            let killed = (round % 2) as usize;
            let (session, asked, own) = (Arc::clone(&there), ask.clone(), metric.clone());
            let running = runtime.spawn(async move { own.run(&session, &asked).await });
            std::thread::sleep(takes * (round + 1) / 8);
            nodes.kill(killed);
            match runtime.block_on(running).unwrap() {
                Ok(answer) => {
                    assert_eq!(difference(&right.batch, &answer.batch), None, "round {round}");
                    answers += 1;
                }
                Err(error) => {
                    let error = error.to_string();
                    assert!(error.contains(&nodes.address), "round {round}: {error}");
                    errors.push(error);
                }
            }
            nodes.begin(killed);
        }
        assert!(answers > 0, "{errors:?}");
        // and the cluster is as it was
        let answer = runtime.block_on(metric.run(&there, &ask)).unwrap();
        assert_eq!(difference(&right.batch, &answer.batch), None);
    });
}

#[test]
fn a_store_in_a_bucket_is_read_by_executors_with_keys_of_their_own() {
    const STORE: &str = "s3://acme/о нас/store";
    let (sample, server) = (Sample::small(), Server::start());
    let folder = sample.folder();
    // as the one who asks has them; the test itself has none, and the scheduler gets none
    let asked = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_voronka"));
        command.args(args).current_dir(&folder).env("VORONKA_LANG", "en").env("NO_COLOR", "1");
        command.env("XDG_CACHE_HOME", sample.dir.path().join("cache")).envs(server.environment());
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    };
    let ingest = ["ingest", "--mapping", "mapping.toml", "deals.csv", "events_2025.csv", "clients.csv", "staff.csv"];
    asked(&[&ingest[..], &["--store", STORE]].concat()).ok();

    let address = format!("127.0.0.1:{}", free_ports());
    let _scheduler = Node::start(&["cluster", "scheduler", "--listen", &address]);
    wait_for(&address);
    let executor = |data: &str, environment: &[(&str, String)]| {
        let listen = format!("127.0.0.1:{}", free_ports());
        let args =
            ["cluster", "executor", "--scheduler", &address, "--listen", &listen, "--data", data, "--tasks", "2"];
        let node = Node::within(&[&args[..], &["--memory", "256MiB"]].concat(), environment);
        wait_for(&listen);
        node
    };
    let with_keys = server.environment();
    let question = ["query", "lead_quality", "--by", "source", "--as-of", AS_OF, "--format", "csv", "--fresh"];
    let there = [&question[..], &["--store", STORE, "--cluster", &address]].concat();

    // an executor that may read something else of the same bucket
    let elsewhere = executor("s3://acme/other", &with_keys);
    let refused = asked(&there);
    assert!(refused.code == 2 && refused.err.contains("not within --data"), "{} {}", refused.code, refused.err);
    drop(elsewhere);

    let executors = [executor("s3://acme/о нас", &with_keys), executor("s3://acme/о нас/store", &with_keys)];
    let before = server.requests();
    let (here, there) = (asked(&[&question[..], &["--store", STORE]].concat()), asked(&there));
    assert!(!is_local(&there.err), "{}", there.err);
    assert_eq!(here.ok(), there.ok());
    assert!(server.requests() > before, "nobody read the bucket");
    drop(executors);

    // without keys, or with wrong ones, an executor does not begin
    let wrong = with_keys.iter().map(|(name, value)| match *name {
        "AWS_ACCESS_KEY_ID" => (*name, "AKIANOBODY".to_owned()),
        name => (name, value.clone()),
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_voronka"));
    command.args(["cluster", "executor", "--scheduler", &address, "--data", STORE, "--lang", "en"]);
    let output = command.envs(wrong).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && told.contains("AWS_ACCESS_KEY_ID"), "{told}");
    assert!(!told.contains("AKIANOBODY"), "{told}");
}

#[test]
fn what_is_lost_on_the_way_is_computed_here_and_what_ballista_loses_is_not_lost() {
    let sample = Sample::small();
    let nodes = Nodes::start(&sample.folder());
    // a branch of a union that reads nothing, beside one that comes from other tasks: rows were lost, or it never ended
    for branch in ["'x' AS s", "unnest(['a', 'b']) AS s", "unnest(['a', 'b']) AS s FROM deals WHERE 1 = 0"] {
        let sql = format!(
            "SELECT s, count(*) AS n FROM (SELECT source AS s FROM deals UNION ALL SELECT {branch} \
             UNION ALL SELECT stage AS s FROM deals GROUP BY stage) AS u GROUP BY s ORDER BY s"
        );
        let args = ["sql", &sql, "--format", "csv"];
        let here = sample.run(&args).ok();
        for _ in 0..2 {
            let more = ["--cluster", &nodes.address, "--parts", "3", "--timeout", "60s"];
            let there = sample.run(&[&args[..], &more].concat());
            assert!(!is_local(&there.err), "{branch}: {}", there.err);
            assert_eq!(there.ok(), here, "{branch}");
        }
    }
    for over in [
        "count(*) FILTER (WHERE status = 'won') OVER (PARTITION BY source)",
        "lag(amount) IGNORE NULLS OVER (PARTITION BY source ORDER BY deal_id)",
        // rows would be dealt out by a function of ours, which does not arrive there
        "count(*) OVER (PARTITION BY local_month(created_at))",
    ] {
        // of one file alone there would be nothing to deal out
        let half = "SELECT deal_id, status, source, amount, created_at FROM deals WHERE status";
        let sql = format!(
            "SELECT deal_id, {over} AS what FROM ({half} = 'won' UNION ALL {half} <> 'won') AS deals ORDER BY deal_id"
        );
        let args = ["sql", &sql, "--format", "csv"];
        let here = sample.run(&args).ok();
        let there = sample.run(&[&args[..], &["--cluster", &nodes.address, "--parts", "3"]].concat());
        assert!(is_local(&there.err), "{over}: {}", there.err);
        assert_eq!(there.ok(), here, "{over}");
    }
}

#[test]
fn a_node_that_others_could_hear_and_a_scheduler_that_is_none_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (lang, told) in [("en", "--insecure-plaintext"), ("ru", "без шифрования")] {
        let ran = voronka(dir.path(), &["cluster", "scheduler", "--listen", "0.0.0.0:0", "--lang", lang]);
        assert!(ran.code == 2 && ran.err.contains(told), "{}", ran.err);
    }
    let nobody = format!("127.0.0.1:{}", free_ports());
    let args = ["cluster", "executor", "--scheduler", &nobody, "--data", ".", "--lang", "en"];
    let ran = voronka(dir.path(), &args);
    assert!(ran.code == 2 && ran.err.contains(&format!("no scheduler answers at {nobody}")), "{}", ran.err);
}
