//! A store through its life: filled, filled again, killed, opened at an older version.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray, new_null_array};
use chrono::{DateTime, Utc};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

use super::*;
use crate::model::tables::Table;

/// A file of a table whose key column holds these texts; other columns are null.
fn write(path: &Path, table: Table, extra: &[String], keys: &[&str]) -> u64 {
    let schema = table.schema(extra);
    let column = |i: usize| -> ArrayRef {
        match i {
            0 => Arc::new(StringArray::from(keys.to_vec())),
            _ => new_null_array(schema.field(i).data_type(), keys.len()),
        }
    };
    let batch = RecordBatch::try_new(schema.clone(), (0..schema.fields().len()).map(column).collect()).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    keys.len() as u64
}

fn at(ingest: u64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + ingest as i64 * 86_400, 0).unwrap()
}

pub(super) fn record(ingest: u64) -> IngestRecord {
    let count =
        TableCount { table: Table::Deals, read: 3, new: 2, changed: 1, unchanged: 0, quarantined: 0, taken: None };
    let exports = vec!["deals.csv".to_owned(), "events, all.csv".to_owned()];
    let (notes, currencies) = (vec!["a note".to_owned()], vec!["deals.amount=USD".to_owned()]);
    IngestRecord { ingest, at: at(ingest), exports, tables: vec![count], notes, currencies }
}

pub(super) fn put(t: &mut Transaction, table: Table, buckets: u32, bucket: u32, keys: &[&str]) {
    let path = t.new_file(table, bucket);
    let rows = write(&path, table, &[], keys);
    t.replace(table, buckets, vec![], bucket, vec![(path, rows)]);
}

/// The keys of a table, sorted: read from the files alone, as the session does.
pub(super) fn keys(snapshot: &Snapshot, table: Table) -> Vec<String> {
    let mut keys = Vec::new();
    for file in snapshot.tables.get(&table).map(|t| t.files.as_slice()).unwrap_or_default() {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&file.path).unwrap()).unwrap();
        for batch in reader.build().unwrap() {
            keys.extend(batch.unwrap().column(0).as_string::<i32>().iter().flatten().map(str::to_owned));
        }
    }
    keys.sort();
    keys
}

async fn store() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open_or_create(&dir.path().join("store")).await.unwrap();
    (dir, store)
}

/// Deals in two buckets, journeys of the same, a quarantined row.
pub(super) async fn first(store: &Store) {
    let mut t = store.begin().await.unwrap();
    put(&mut t, Table::Deals, 2, 0, &["a", "c"]);
    put(&mut t, Table::Deals, 2, 1, &["b"]);
    put(&mut t, Table::Journeys, 2, 0, &["a", "c"]);
    put(&mut t, Table::Journeys, 2, 1, &["b"]);
    assert_eq!(t.commit(record(1)).await.unwrap(), 1);
}

/// Bucket 1 of deals and journeys changes, staff appears.
pub(super) fn second(t: &mut Transaction) {
    put(t, Table::Deals, 2, 1, &["b", "d"]);
    put(t, Table::Journeys, 2, 1, &["b", "d"]);
    put(t, Table::Staff, 1, 0, &["ivan"]);
}

#[tokio::test]
async fn an_empty_store_is_version_0() {
    let (_dir, store) = store().await;
    let snapshot = store.snapshot(None).await.unwrap();
    assert_eq!((snapshot.version, snapshot.tables.len()), (0, 0));
    assert_eq!(store.log().await.unwrap(), vec![]);
    let error = store.snapshot(Some(1)).await.unwrap_err().to_string();
    assert!(error.ends_with("there is no version 1\n    the store is empty: no ingest is complete"), "{error}");
}

#[tokio::test]
async fn an_ingest_replaces_buckets_and_an_older_version_stays() {
    let (_dir, store) = store().await;
    first(&store).await;
    let mut t = store.begin().await.unwrap();
    assert_eq!((t.base().version, t.number()), (1, 2));
    second(&mut t);
    t.commit(record(2)).await.unwrap();

    let newest = store.snapshot(None).await.unwrap();
    assert_eq!(newest.version, 2);
    assert_eq!(keys(&newest, Table::Deals), ["a", "b", "c", "d"]);
    assert_eq!(keys(&newest, Table::Staff), ["ivan"]);
    assert_eq!(newest.tables[&Table::Deals].rows(), 4);
    assert_eq!(newest.tables[&Table::Deals].bucket(1).map(|f| f.rows).sum::<u64>(), 2);
    let old = store.snapshot(Some(1)).await.unwrap();
    assert_eq!(keys(&old, Table::Deals), ["a", "b", "c"]);
    assert!(!old.tables.contains_key(&Table::Staff));
    assert_eq!(old.tables[&Table::Ingests].rows(), 3);
    assert_eq!(store.log().await.unwrap(), [record(2), record(1)]);
    let error = store.snapshot(Some(7)).await.unwrap_err().to_string();
    assert!(error.ends_with("there is no version 7\n    there are versions 1 to 2: see `voronka log`"), "{error}");
}

#[tokio::test]
async fn a_table_untouched_keeps_its_delta_version() {
    let (_dir, store) = store().await;
    first(&store).await;
    let mut t = store.begin().await.unwrap();
    put(&mut t, Table::Staff, 1, 0, &["ivan"]);
    t.commit(record(2)).await.unwrap();
    let newest = store.snapshot(None).await.unwrap();
    assert_eq!(newest.tables[&Table::Deals].delta_version, 0);
    assert_eq!(keys(&newest, Table::Deals), ["a", "b", "c"]);
}

/// Dies before each commit in turn, for one ingest after another, and each time the next one completes.
#[tokio::test]
async fn killed_between_any_two_commits_the_store_is_as_it_was_and_the_next_ingest_completes() {
    for commits in 0..=3 {
        let (_dir, store) = store().await;
        first(&store).await;
        let mut dead = store.begin().await.unwrap();
        // what died wrote other things than what completes: none of it may be seen
        put(&mut dead, Table::Deals, 2, 0, &["dead"]);
        put(&mut dead, Table::Deals, 2, 1, &["dead too"]);
        put(&mut dead, Table::Journeys, 2, 0, &["dead"]);
        put(&mut dead, Table::Staff, 1, 0, &["dead"]);
        let path = dead.new_file(Table::Clients, 0);
        write(&path, Table::Clients, &[], &["half-made"]);
        dead.dies_after = Some(commits);
        assert!(dead.commit(record(2)).await.is_err());

        let seen = store.snapshot(None).await.unwrap();
        assert_eq!(seen.version, 1, "after {commits} commits");
        assert_eq!(keys(&seen, Table::Deals), ["a", "b", "c"]);
        assert_eq!(keys(&seen, Table::Journeys), ["a", "b", "c"]);
        assert!(!seen.tables.contains_key(&Table::Staff));

        let mut t = store.begin().await.unwrap();
        assert_eq!(t.number(), 2);
        assert!(!path.exists(), "a file that was never committed is cleared away");
        put(&mut t, Table::Deals, 2, 1, &["b", "d"]);
        t.commit(record(2)).await.unwrap();
        let seen = store.snapshot(None).await.unwrap();
        assert_eq!(seen.version, 2);
        assert_eq!(keys(&seen, Table::Deals), ["a", "b", "c", "d"], "after {commits} commits");
        assert_eq!(keys(&seen, Table::Journeys), ["a", "b", "c"]);
        assert_eq!(keys(&seen, Table::Staff), [""; 0]);
        assert_eq!(keys(&store.snapshot(Some(1)).await.unwrap(), Table::Deals), ["a", "b", "c"]);

        // one more, and nothing that the dead one wrote is left on the disk
        let mut t = store.begin().await.unwrap();
        second(&mut t);
        t.commit(record(3)).await.unwrap();
        let seen = store.snapshot(None).await.unwrap();
        assert_eq!(keys(&seen, Table::Staff), ["ivan"]);
        for table in [Table::Deals, Table::Journeys, Table::Staff, Table::Clients] {
            assert!(!store.dir().join(table.name()).join("000002-1").exists(), "{} {commits}", table.name());
        }
    }
}

#[tokio::test]
async fn several_deaths_in_a_row_do_not_clash() {
    let (_dir, store) = store().await;
    for commits in [3, 0, 2, 1] {
        let mut t = store.begin().await.unwrap();
        second(&mut t);
        t.dies_after = Some(commits);
        assert!(t.commit(record(1)).await.is_err());
        assert_eq!(store.snapshot(None).await.unwrap().version, 0);
    }
    first(&store).await;
    let seen = store.snapshot(None).await.unwrap();
    assert_eq!(keys(&seen, Table::Deals), ["a", "b", "c"]);
    assert!(!seen.tables.contains_key(&Table::Staff));
    assert_eq!(seen.tables[&Table::Deals].files[0].path, store.dir().join("deals/000001-5/b0000-00.parquet"));
}

#[tokio::test]
async fn the_next_writer_clears_what_a_killed_one_left_of_a_marker() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let store = Store::open_or_create(&path).await.unwrap();
    let [left, other] = ["17", "toml"].map(|end| path.join(format!(".{}.{end}", names::MARKER)));
    for file in [&left, &other] {
        fs::write(file, "format = 1").unwrap();
    }
    drop(store.begin().await.unwrap());
    assert!(!left.exists() && other.exists());
}

#[tokio::test]
async fn a_dropped_ingest_changes_nothing_and_frees_the_lock() {
    let (_dir, store) = store().await;
    first(&store).await;
    let mut t = store.begin().await.unwrap();
    second(&mut t);
    let error = store.begin().await.unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    drop(t);
    assert_eq!(store.begin().await.unwrap().number(), 2);
    assert_eq!(store.snapshot(None).await.unwrap().version, 1);
}

#[tokio::test]
async fn columns_are_added_and_a_dead_ingest_adds_none() {
    let (_dir, store) = store().await;
    first(&store).await;
    let ingest = async |extra: &str, dies: bool| {
        let mut t = store.begin().await.unwrap();
        let extra = vec![extra.to_owned()];
        let path = t.new_file(Table::Deals, 1);
        let rows = write(&path, Table::Deals, &extra, &["b"]);
        t.replace(Table::Deals, 2, extra, 1, vec![(path, rows)]);
        t.dies_after = dies.then_some(1);
        let number = t.number();
        assert_eq!(t.commit(record(number)).await.is_err(), dies);
    };
    ingest("dead", true).await;
    ingest("city", false).await;
    ingest("size", false).await;
    let deals = &store.snapshot(None).await.unwrap().tables[&Table::Deals];
    assert_eq!(deals.extra, ["city", "size"]);
    assert_eq!(deals.schema.field(deals.schema.fields().len() - 1).name(), "size");
    assert_eq!(store.snapshot(Some(2)).await.unwrap().tables[&Table::Deals].extra, ["city"]);
}

#[tokio::test]
async fn buckets_are_resplit_whole_or_not_at_all() {
    let (_dir, store) = store().await;
    first(&store).await;
    let mut t = store.begin().await.unwrap();
    put(&mut t, Table::Deals, 4, 0, &["a"]);
    let error = t.commit(record(2)).await.unwrap_err().to_string();
    assert_eq!(error, "table `deals`: from 2 to 4 buckets, and only 1 were given: rows would be lost");
    let mut t = store.begin().await.unwrap();
    put(&mut t, Table::Deals, 1, 0, &["a", "b", "c"]);
    t.commit(record(2)).await.unwrap();
    let seen = store.snapshot(None).await.unwrap();
    assert_eq!(keys(&seen, Table::Deals), ["a", "b", "c"]);
    assert_eq!((seen.tables[&Table::Deals].buckets, seen.tables[&Table::Deals].files.len()), (1, 1));
}

#[tokio::test]
async fn a_bucket_becomes_empty_and_quarantine_grows() {
    let (_dir, store) = store().await;
    first(&store).await;
    for ingest in 2..=3 {
        let mut t = store.begin().await.unwrap();
        t.replace(Table::Deals, 2, vec![], 0, vec![]);
        let path = t.new_file(Table::Promos, 0);
        let rows = write(&path, Table::Promos, &[], &["p"]);
        t.append(Table::Promos, vec![(path, rows)]);
        t.commit(record(ingest)).await.unwrap();
    }
    let seen = store.snapshot(None).await.unwrap();
    assert_eq!(keys(&seen, Table::Deals), ["b"]);
    assert_eq!(keys(&seen, Table::Promos), ["p", "p"]);
}

#[tokio::test]
async fn files_are_taken_out_of_a_table_and_an_older_version_keeps_them() {
    let (_dir, store) = store().await;
    for key in ["p", "q"] {
        let mut t = store.begin().await.unwrap();
        let path = t.new_file(Table::Promos, 0);
        let rows = write(&path, Table::Promos, &[], &[key]);
        t.append(Table::Promos, vec![(path, rows)]);
        t.commit(record(1)).await.unwrap();
    }
    let mut t = store.begin().await.unwrap();
    let old = t.base().tables[&Table::Promos].files.iter().find(|f| f.path.to_string_lossy().contains("000001-"));
    let old = old.unwrap().path.clone();
    t.remove(Table::Promos, vec![old]);
    t.commit(record(3)).await.unwrap();
    assert_eq!(keys(&store.snapshot(None).await.unwrap(), Table::Promos), ["q"]);
    assert_eq!(keys(&store.snapshot(Some(2)).await.unwrap(), Table::Promos), ["p", "q"]);
}

#[tokio::test]
async fn a_file_that_is_not_what_was_said_stops_the_ingest() {
    let (_dir, store) = store().await;
    let mut t = store.begin().await.unwrap();
    let path = t.new_file(Table::Deals, 0);
    write(&path, Table::Staff, &[], &["ivan"]);
    t.replace(Table::Deals, 1, vec![], 0, vec![(path, 1)]);
    let error = t.commit(record(1)).await.unwrap_err().to_string();
    assert!(error.ends_with("the table has no column `team`"), "{error}");
    let mut t = store.begin().await.unwrap();
    let path = t.new_file(Table::Deals, 0);
    write(&path, Table::Deals, &[], &["a"]);
    t.replace(Table::Deals, 1, vec![], 0, vec![(path, 2)]);
    let error = t.commit(record(1)).await.unwrap_err().to_string();
    assert!(error.ends_with("the file holds 1 rows, the ingest counted 2"), "{error}");
}

#[tokio::test]
async fn many_ingests_are_read_from_a_checkpoint_and_few_files() {
    let (_dir, store) = store().await;
    for ingest in 1..=45 {
        let mut t = store.begin().await.unwrap();
        put(&mut t, Table::Staff, 1, 0, &[&format!("m{ingest}")]);
        t.commit(record(ingest)).await.unwrap();
    }
    let seen = store.snapshot(None).await.unwrap();
    assert!(seen.tables[&Table::Ingests].files.len() <= 32);
    assert_eq!(keys(&seen, Table::Staff), ["m45"]);
    assert!(store.dir().join("staff/_delta_log/00000000000000000040.checkpoint.parquet").exists());
    assert_eq!(keys(&store.snapshot(Some(7)).await.unwrap(), Table::Staff), ["m7"]);
    assert_eq!(store.log().await.unwrap().len(), 45);
}

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::copy(from, to).unwrap();
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

#[tokio::test]
async fn a_record_older_than_the_data_answers_nothing_and_deletes_nothing() {
    let (dir, store) = store().await;
    first(&store).await;
    let parts = ["ingests", names::MARKER];
    parts.iter().for_each(|part| copy(&store.dir().join(part), &dir.path().join(part)));
    for ingest in 2..=3 {
        let mut t = store.begin().await.unwrap();
        put(&mut t, Table::Staff, 1, 0, &[&format!("m{ingest}")]);
        t.commit(record(ingest)).await.unwrap();
    }
    fs::remove_dir_all(store.dir().join("ingests")).unwrap();
    parts.iter().for_each(|part| copy(&dir.path().join(part), &store.dir().join(part)));
    for error in [store.snapshot(None).await.unwrap_err(), store.begin().await.map(drop).unwrap_err()] {
        assert!(matches!(error, StoreError::RolledBack { ingest: 3, newest: 1, .. }), "{error}");
    }
    assert_eq!(layout::attempts(&store.dir().join("staff"), 2).unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_not_a_store_is_said_to_be_none() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    let error = Store::open(path).await.unwrap_err();
    assert!(matches!(error, StoreError::NotAStore { .. }), "{error}");
    fs::write(path.join("letter.txt"), "").unwrap();
    let error = Store::open_or_create(path).await.unwrap_err().to_string();
    assert!(error.contains("it holds `letter.txt`"), "{error}");
    fs::write(path.join(names::MARKER), "format = 9").unwrap();
    let error = Store::open_or_create(path).await.unwrap_err().to_string();
    assert!(error.contains("the store has format 9, and this Voronka knows formats up to 1"), "{error}");
    fs::write(path.join(names::MARKER), "form = 9").unwrap();
    assert!(matches!(Store::open(path).await.unwrap_err(), StoreError::Marker { .. }));
}
