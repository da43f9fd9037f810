use std::fs::{self, File};
use std::num::NonZero;
use std::path::Path;

use arrow::datatypes::Schema;
use arrow::json::ReaderBuilder;
use arrow::util::pretty::pretty_format_batches;
use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryPool, UnboundedMemoryPool};
use datafusion::physical_plan::displayable;
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::kept::PART;
use super::*;
use crate::model::tables::Table;
use crate::session::engine::{self, Resources};

/// Files as of a store: deals with none to four entries and touches, in groups of 40 rows; the third file has no list of touches.
fn write(folder: &Path) {
    let table = Table::Journeys.schema(&[]);
    let columns = |has_touches: bool| {
        let wanted = |name: &str| {
            ["deal_id", "manager", "entries", "returns"].contains(&name) || (has_touches && name == "touch_at")
        };
        Arc::new(Schema::new(table.fields().iter().filter(|f| wanted(f.name())).cloned().collect::<Vec<_>>()))
    };
    for (file, rows) in [(0, 333), (1, 20), (2, 101)] {
        let at = |n: usize| format!("2025-01-{:02}T09:00:00Z", 1 + n % 28);
        let entry = |n: usize| format!(r#"{{"stage":"stage {}","at":"{}","times":{}}}"#, n % 5, at(n), n % 3);
        let row = |n: usize| {
            let entries: Vec<String> = (0..n % 5).map(|more| entry(n + more)).collect();
            let touches: Vec<String> = (0..n % 4).map(|more| format!("\"{}\"", at(n + more))).collect();
            let (entries, touches) = (
                entries.join(","),
                if file == 2 { String::new() } else { format!(r#","touch_at":[{}]"#, touches.join(",")) },
            );
            // an absent list is no empty one
            let entries = if n.is_multiple_of(11) { String::new() } else { format!(r#","entries":[{entries}]"#) };
            format!(r#"{{"deal_id":"{file}-{n:04}","manager":"manager {}"{entries}{touches}}}"#, n % 7)
        };
        let json: Vec<String> = (0..rows).map(row).collect();
        let schema = columns(file != 2);
        let mut reader = ReaderBuilder::new(Arc::clone(&schema)).build(std::io::Cursor::new(json.join("\n"))).unwrap();
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(40)).build();
        let path = File::create(folder.join(format!("b{file:04}-00.parquet"))).unwrap();
        let mut writer = ArrowWriter::try_new(path, schema, Some(properties)).unwrap();
        writer.write(&reader.next().unwrap().unwrap()).unwrap();
        writer.close().unwrap();
    }
}

async fn context(folder: &Path, partitions: usize, batch: usize, decoded: Option<&Arc<Decoded>>) -> SessionContext {
    let resources = Resources { partitions: NonZero::new(partitions), ..Resources::default() };
    let context = engine::context(resources, engine::runtime(resources).unwrap()).unwrap();
    let state = context.state_ref();
    state.write().config_mut().options_mut().set("datafusion.execution.batch_size", &batch.to_string()).unwrap();
    // files so small are dealt out whole otherwise
    state.write().config_mut().options_mut().optimizer.repartition_file_min_size = 1;
    let context = match decoded {
        Some(decoded) => engine::followed_by(&context, Arc::new(DecodeOnce(Arc::clone(decoded)))),
        None => context,
    };
    let table = Table::Journeys.schema(&[]);
    let options = ParquetReadOptions::default().schema(&table);
    context.register_parquet("journeys", folder.to_string_lossy(), options).await.unwrap();
    context
}

const QUESTIONS: [&str; 7] = [
    "SELECT * FROM journeys ORDER BY deal_id",
    "SELECT entries, manager FROM journeys WHERE manager < 'manager 4' ORDER BY deal_id DESC LIMIT 50",
    "SELECT count(entries) AS a, sum(array_length(entries)) AS b, sum(array_length(touch_at)) AS c FROM journeys",
    "SELECT manager, unnest(entries) AS entry FROM journeys WHERE array_length(touch_at) > 1 ORDER BY 1, 2",
    "SELECT a.deal_id, b.entries FROM journeys AS a JOIN journeys AS b ON a.deal_id = b.deal_id WHERE a.entries IS NULL ORDER BY 1",
    "SELECT entries FROM journeys WHERE deal_id = 'nobody'",
    "SELECT returns FROM journeys WHERE deal_id >= '2' ORDER BY deal_id",
];

async fn answer(context: &SessionContext, question: &str) -> String {
    pretty_format_batches(&context.sql(question).await.unwrap().collect().await.unwrap()).unwrap().to_string()
}

#[tokio::test]
async fn what_is_decoded_once_is_what_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("journeys/000001-1");
    fs::create_dir_all(&folder).unwrap();
    write(&folder);
    let plain = context(&folder, 1, 8192, None).await;
    let mut expected = Vec::new();
    for question in QUESTIONS {
        expected.push(answer(&plain, question).await);
    }
    for (partitions, batch) in [(1, 8192), (2, 7), (5, 33), (8, 8192)] {
        let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
        let decoded = Decoded::of(0, &pool).unwrap();
        let context = context(&folder, partitions, batch, Some(&decoded)).await;
        for time in 1..=4 {
            let before = pool.reserved();
            for (question, expected) in QUESTIONS.iter().zip(&expected) {
                assert_eq!(&answer(&context, question).await, expected, "{partitions} {batch} {question}");
            }
            assert!(pool.reserved() > before || time > 1, "lists are kept at once");
            assert!(pool.reserved() == before || time < 4, "what is kept is not read again");
        }
        drop((context, decoded));
        assert_eq!(pool.reserved(), 0);
    }
}

#[tokio::test]
async fn columns_are_kept_only_where_they_fit() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("journeys/000001-1");
    fs::create_dir_all(&folder).unwrap();
    write(&folder);
    let limit = 100_000;
    let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(limit));
    let part = (limit / PART) as u64;
    assert!(Decoded::of(part + 1, &pool).is_none());
    // of more rows than was thought a part is kept, and the others are read as before
    let decoded = Decoded::of(part, &pool).unwrap();
    let (with, without) = (context(&folder, 2, 16, Some(&decoded)).await, context(&folder, 2, 16, None).await);
    for question in QUESTIONS.iter().cycle().take(4 * QUESTIONS.len()) {
        assert_eq!(answer(&with, question).await, answer(&without, question).await, "{question}");
    }
    assert!((1..=2 * limit / PART).contains(&pool.reserved()), "{}", pool.reserved());
}

#[tokio::test]
async fn lists_are_kept_at_once_and_other_columns_when_they_were_read_twice() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("journeys/000001-1");
    fs::create_dir_all(&folder).unwrap();
    write(&folder);
    let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
    let context = context(&folder, 2, 16, Decoded::of(0, &pool).as_ref()).await;
    let kept = async |question: &str| {
        let plan = context.sql(question).await.unwrap().create_physical_plan().await.unwrap();
        let shown = displayable(plan.as_ref()).indent(true).to_string();
        shown.lines().find_map(|line| Some(line.split("kept={").nth(1)?.split('}').next()?.to_owned()))
    };
    let (names, both) = ("SELECT manager FROM journeys", "SELECT deal_id, manager, entries FROM journeys");
    let told = [kept(names).await, kept(both).await, kept(names).await, kept(both).await, kept(both).await];
    let told = told.map(|names| names.unwrap_or_default());
    let (entries, more) = (r#""entries""#, r#""entries", "manager""#);
    assert_eq!(told, ["", entries, r#""manager""#, more, r#""deal_id", "entries", "manager""#]);
}
