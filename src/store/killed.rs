//! A process that ingests in a loop is killed, again and again, and the store is whole each time.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::tests::{keys, put, record};
use super::{Store, Transaction};
use crate::model::tables::Table;

const STORE: &str = "VORONKA_TEST_STORE";
const TABLES: [Table; 3] = [Table::Deals, Table::Journeys, Table::Staff];

/// Ingest `n` leaves the keys `a<n>` and `b<n>` in every table, in a bucket each.
async fn check(store: &Store, t: &Transaction) {
    let n = t.base().version;
    let expected: Vec<String> = if n == 0 { vec![] } else { vec![format!("a{n}"), format!("b{n}")] };
    for table in TABLES {
        assert_eq!(keys(t.base(), table), expected, "{} at {n}", table.name());
    }
    assert_eq!(store.log().await.unwrap().len() as u64, n);
    if n > 1 {
        let older = store.snapshot(Some(n - 1)).await.unwrap();
        assert_eq!(keys(&older, Table::Deals)[0], format!("a{}", n - 1));
    }
}

async fn ingest(store: &Store) {
    let mut t = store.begin().await.unwrap();
    check(store, &t).await;
    let n = t.number();
    for table in TABLES {
        put(&mut t, table, 2, 0, &[&format!("a{n}")]);
        put(&mut t, table, 2, 1, &[&format!("b{n}")]);
    }
    t.commit(record(n)).await.unwrap();
}

#[tokio::test]
#[ignore = "runs until it is killed, by the test below"]
async fn ingests_until_killed() {
    let Some(dir) = std::env::var_os(STORE) else { return };
    let store = Store::open_or_create(Path::new(&dir)).await.unwrap();
    loop {
        ingest(&store).await;
    }
}

fn start(dir: &OsStr) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--ignored", "--exact", "store::killed::ingests_until_killed"]).env(STORE, dir);
    child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Kills after each of these times, and looks whether the store is whole in the end. Gives how many ingests got through.
async fn beaten(milliseconds: impl Iterator<Item = u64>) -> u64 {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("store");
    for milliseconds in milliseconds {
        let mut child = start(dir.as_os_str());
        std::thread::sleep(Duration::from_millis(milliseconds));
        assert!(child.try_wait().unwrap().is_none(), "it found the store broken and stopped");
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let store = Store::open_or_create(&dir).await.unwrap();
    ingest(&store).await;
    let t = store.begin().await.unwrap();
    check(&store, &t).await;
    t.base().version - 1
}

#[tokio::test]
async fn killed_at_any_moment_the_store_is_whole() {
    // long enough for a debug build to be in the midst of an ingest, and never a multiple of how long one takes
    beaten([700, 430, 910, 370, 610, 530, 290, 830].into_iter()).await;
}

#[tokio::test]
#[ignore = "takes a minute"]
async fn killed_eighty_times_the_store_is_whole() {
    let through = beaten((0..80).map(|kill| 150 + kill * 311 % 700)).await;
    println!("{through} ingests got through 80 kills");
}
