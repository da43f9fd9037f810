//! A scheduler and two executors on this machine: what they answer is what one process answers, and where one of them is killed, the
//! answer is right or an error.

mod failures;
mod nodes;

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

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

use self::nodes::{AS_OF, Nodes, Sample, is_local};

/// Metrics of which a part runs in one process even where a cluster is asked for: it relies on the order of a join whose sides a scheduler may change.
const LOCAL: [&str; 2] = ["adherence", "worklist"];

/// So many questions are asked at once.
const SIDE_BY_SIDE: usize = 6;

/// Sums of floats depend on the order of the rows, and rows of several machines come in any: they may differ by such a part.
const TOLERANCE: f64 = 1e-9;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(32 << 20).build().unwrap()
}

/// Runs on a thread with a large stack, as the command does.
fn with_stack(test: impl FnOnce(&Runtime) + Send + 'static) {
    std::thread::Builder::new().stack_size(32 << 20).spawn(move || test(&runtime())).unwrap().join().unwrap();
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
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
    let cluster = Cluster::connect(address, Some(3), None, tell).await.unwrap();
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
        let local = ran.err.lines().filter(|line| is_local(line));
        let more: Vec<&str> = local.filter(|line| !LOCAL.iter().any(|name| is_told_of(line, name))).collect();
        assert!(more.is_empty(), "{more:?}");
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

/// Whether a line of a command is about a metric.
fn is_told_of(line: &str, metric: &str) -> bool {
    line.starts_with(&format!("{metric} runs locally")) || line.starts_with(&format!("{metric}: считается здесь"))
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
