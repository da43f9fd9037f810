//! A store in a bucket through its life: filled, killed at every request, written by two at once, read meanwhile. The bucket is one
//! in memory, with the conditions of S3; that S3 itself is spoken as it should be is shown in `tests/s3.rs`.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use futures::stream::BoxStream;
use futures::{StreamExt as _, stream};
use object_store::memory::InMemory;
use object_store::path::Path as Key;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tempfile::TempDir;

use super::super::place::Place;
use super::super::tests::{first, keys, put, record, second};
use super::super::{Store, StoreError};
use super::cache::Cache;
use super::client::Client;
use super::{Address, View};
use crate::model::tables::Table;

/// A connection to a bucket that breaks after so many requests.
#[derive(Debug)]
struct Breaking {
    bucket: Arc<InMemory>,
    left: Arc<AtomicI64>,
    /// Whether the request that breaks is done all the same, and only its answer is lost.
    is_done: bool,
}

impl fmt::Display for Breaking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("breaking")
    }
}

fn broken<T>() -> Result<T> {
    Err(Error::Generic { store: "test", source: "the connection is broken".into() })
}

impl Breaking {
    /// Whether a request gets through, and whether its answer does.
    fn ask(&self) -> (bool, bool) {
        let left = self.left.fetch_sub(1, Ordering::SeqCst);
        (left > 0 || left == 0 && self.is_done, left > 0)
    }
}

#[async_trait::async_trait]
impl ObjectStore for Breaking {
    async fn put_opts(&self, location: &Key, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        // other tasks get their turn between any two requests
        tokio::task::yield_now().await;
        match self.ask() {
            (true, true) => self.bucket.put_opts(location, payload, options).await,
            (true, false) => {
                let _ = self.bucket.put_opts(location, payload, options).await;
                broken()
            }
            _ => broken(),
        }
    }

    async fn put_multipart_opts(&self, _: &Key, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        broken()
    }

    async fn get_opts(&self, location: &Key, options: GetOptions) -> Result<GetResult> {
        tokio::task::yield_now().await;
        if self.ask().1 { self.bucket.get_opts(location, options).await } else { broken() }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Key>>) -> BoxStream<'static, Result<Key>> {
        if self.ask().0 {
            self.bucket.delete_stream(locations)
        } else {
            stream::once(std::future::ready(broken())).boxed()
        }
    }

    fn list(&self, prefix: Option<&Key>) -> BoxStream<'static, Result<ObjectMeta>> {
        if self.ask().1 { self.bucket.list(prefix) } else { stream::once(std::future::ready(broken())).boxed() }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Key>) -> Result<ListResult> {
        tokio::task::yield_now().await;
        if self.ask().1 { self.bucket.list_with_delimiter(prefix).await } else { broken() }
    }

    async fn copy_opts(&self, _: &Key, _: &Key, _: CopyOptions) -> Result<()> {
        broken()
    }
}

/// A bucket, and the cache of a user.
struct World {
    bucket: Arc<InMemory>,
    cache: TempDir,
}

const FOREVER: i64 = i64::MAX;

impl World {
    fn new() -> World {
        World { bucket: Arc::new(InMemory::new()), cache: tempfile::tempdir().unwrap() }
    }

    /// The store as a process sees it whose connection breaks, and how many requests it has left.
    async fn breaking(&self, left: i64, is_done: bool) -> (std::result::Result<Store, StoreError>, Arc<AtomicI64>) {
        let left = Arc::new(AtomicI64::new(left));
        let bucket = Breaking { bucket: Arc::clone(&self.bucket), left: Arc::clone(&left), is_done };
        let address = Address::parse(Path::new("s3://acme/of us/store")).unwrap();
        let client = Client::with(address, Arc::new(bucket)).unwrap();
        let cache = Cache::within(self.cache.path(), "acme", 1 << 30).unwrap();
        let view = View::with(client, cache).unwrap();
        let opened = async {
            view.make().await?;
            view.look().await?;
            Ok(Store { place: Place::view(view) })
        };
        (opened.await, left)
    }

    async fn store(&self) -> Store {
        self.breaking(FOREVER, false).await.0.unwrap()
    }

    /// All keys in the bucket.
    async fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.bucket.list(None).map(|meta| meta.unwrap().location.to_string()).collect().await;
        names.sort();
        names
    }
}

/// The keys of a table: its files are fetched first.
fn read(snapshot: &super::super::Snapshot, table: Table) -> Vec<String> {
    if let Some(state) = snapshot.tables.get(&table) {
        super::super::at_hand(&state.files).unwrap();
    }
    keys(snapshot, table)
}

#[tokio::test]
async fn a_store_in_a_bucket_is_filled_and_seen_by_others() {
    let world = World::new();
    let store = world.store().await;
    assert_eq!(store.snapshot(None).await.unwrap().version, 0);
    first(&store).await;
    let other = world.store().await;
    let mut t = other.begin().await.unwrap();
    assert_eq!((t.base().version, t.number()), (1, 2));
    second(&mut t);
    t.commit(record(2)).await.unwrap();
    for store in [&store, &other, &world.store().await] {
        let newest = store.snapshot(None).await.unwrap();
        assert_eq!(newest.version, 2);
        assert_eq!(read(&newest, Table::Deals), ["a", "b", "c", "d"]);
        assert_eq!(read(&newest, Table::Staff), ["ivan"]);
        let old = store.snapshot(Some(1)).await.unwrap();
        assert_eq!(read(&old, Table::Deals), ["a", "b", "c"]);
        assert!(!old.tables.contains_key(&Table::Staff));
        assert_eq!(store.log().await.unwrap(), [record(2), record(1)]);
        let checked = store.check().await.unwrap();
        assert_eq!((checked.ingests, checked.damaged), (2, vec![]));
        let error = store.snapshot(Some(7)).await.unwrap_err().to_string();
        assert!(error.starts_with("s3://acme/of us/store: there is no version 7\n"), "{error}");
    }
    let a = store.snapshot(None).await.unwrap().identity;
    assert!(a.is_some() && a == other.snapshot(None).await.unwrap().identity);
    assert!(
        world
            .names()
            .await
            .iter()
            .all(|name| name.starts_with("of us/store/") && !name.contains(".lock") && !name.contains(".spill"))
    );
}

#[tokio::test]
async fn a_store_of_another_kind_is_refused() {
    let world = World::new();
    world.bucket.put_opts(&Key::from("of us/store/notes.txt"), "x".into(), PutOptions::default()).await.unwrap();
    let error = world.breaking(FOREVER, false).await.0.unwrap_err().to_string();
    assert!(error.starts_with("s3://acme/of us/store: not a store, and not empty (it holds `notes.txt`)"), "{error}");
    let world = World::new();
    let address = Address::parse(Path::new("s3://acme/none")).unwrap();
    let client = Client::with(address, Arc::clone(&world.bucket) as _).unwrap();
    let view = View::with(client, Cache::within(world.cache.path(), "none", 1).unwrap()).unwrap();
    let error = view.look().await.unwrap_err().to_string();
    assert!(error.starts_with("s3://acme/none: not a store (it has no `voronka-store.toml`)"), "{error}");
}

#[tokio::test]
async fn killed_at_any_request_the_store_is_as_it_was_or_complete_and_the_next_ingest_completes() {
    die_at_each_request(&|at| &[[false], [true]][at as usize % 2]).await;
}

#[tokio::test]
#[ignore = "takes two minutes"]
async fn killed_before_and_after_each_request_the_store_is_as_it_was_or_complete() {
    die_at_each_request(&|_| &[false, true]).await;
}

/// An ingest whose connection breaks at each of its requests in turn: before the request is done, or right after it.
async fn die_at_each_request(ways: &dyn Fn(i64) -> &'static [bool]) {
    let (mut as_it_was, mut complete, mut is_through) = (0, 0, false);
    for requests in 0..1000 {
        if is_through {
            break;
        }
        for is_done in ways(requests).iter().copied() {
            let world = World::new();
            first(&world.store().await).await;
            let (opened, left) = world.breaking(requests, is_done).await;
            let mut ended = Err(None);
            if let Ok(store) = opened {
                let dead = async {
                    let mut t = store.begin().await?;
                    put(&mut t, Table::Deals, 2, 0, &["a", "c"]);
                    put(&mut t, Table::Deals, 2, 1, &["new"]);
                    put(&mut t, Table::Journeys, 2, 0, &["new"]);
                    put(&mut t, Table::Staff, 1, 0, &["new"]);
                    t.commit(record(2)).await
                };
                ended = dead.await.map_err(Some);
            }
            let rest = left.load(Ordering::SeqCst);
            let seen = world.store().await.snapshot(None).await.unwrap();
            match seen.version {
                1 => {
                    as_it_was += 1;
                    assert!(ended.is_err(), "an ingest that ended well is stored: {requests} {is_done}");
                    assert_eq!(read(&seen, Table::Deals), ["a", "b", "c"]);
                    assert_eq!(read(&seen, Table::Journeys), ["a", "b", "c"]);
                    assert!(!seen.tables.contains_key(&Table::Staff));
                }
                2 => {
                    complete += 1;
                    assert!(matches!(ended, Ok(2) | Err(Some(StoreError::Uncertain { .. }))), "{ended:?}");
                    assert_eq!(read(&seen, Table::Deals), ["a", "c", "new"]);
                    assert_eq!(read(&seen, Table::Staff), ["new"]);
                }
                other => panic!("{other}"),
            }
            let base = seen.version;
            let store = world.store().await;
            let mut t = store.begin().await.unwrap();
            assert_eq!(t.number(), base + 1);
            put(&mut t, Table::Deals, 2, 1, &["b", "d"]);
            t.commit(record(base + 1)).await.unwrap();
            let seen = world.store().await.snapshot(None).await.unwrap();
            assert_eq!(seen.version, base + 1);
            assert_eq!(read(&seen, Table::Deals), ["a", "b", "c", "d"], "{requests} {is_done}");
            // one more, and nothing that the dead one wrote is left in the bucket
            let store = world.store().await;
            let mut t = store.begin().await.unwrap();
            put(&mut t, Table::Clients, 1, 0, &["k"]);
            t.commit(record(base + 2)).await.unwrap();
            let checked = store.check().await.unwrap();
            assert_eq!((checked.ingests as u64, checked.damaged), (base + 2, vec![]));
            let named = named(&store, base + 2).await;
            let data = world
                .names()
                .await
                .into_iter()
                .filter(|name| name.ends_with(".parquet") && !name.contains("_delta_log"));
            let left: Vec<String> = data.filter(|name| !named.contains(name)).collect();
            assert_eq!(left, Vec::<String>::new(), "{requests} {is_done}");
            is_through |= rest > 0;
        }
    }
    println!("as it was {as_it_was}, complete {complete}");
    assert!(is_through && as_it_was > 40 && complete > 2, "{as_it_was} {complete}");
}

/// The keys in the bucket of all files that any version names.
async fn named(store: &Store, newest: u64) -> Vec<String> {
    let mut named = Vec::new();
    for version in 1..=newest {
        let snapshot = store.snapshot(Some(version)).await.unwrap();
        let files = snapshot.tables.values().flat_map(|state| &state.files);
        named.extend(files.map(|file| {
            let within = file.path.strip_prefix(store.dir()).unwrap();
            format!("of us/store/{}", within.display())
        }));
    }
    named
}

/// Two ingests at once, many times: each brings one key of its own, and builds on what it saw.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_ingests_at_once_one_gets_through_and_nothing_is_lost() {
    const ROUNDS: u64 = 25;
    let world = Arc::new(World::new());
    first(&world.store().await).await;
    let (mut through, mut overtaken) = (1, 0);
    for round in 0..ROUNDS {
        let writers = (0..2).map(|writer| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let store = world.store().await;
                let mut t = store.begin().await?;
                let number = t.number();
                let key = format!("w{writer}-{round}");
                // the tables that both change, and one that only one does
                let mut deals = read(t.base(), Table::Deals);
                deals.push(key.clone());
                let deals: Vec<&str> = deals.iter().map(String::as_str).collect();
                put(&mut t, Table::Deals, 1, 0, &deals);
                put(&mut t, Table::Journeys, 1, 0, &deals);
                if (writer + round) % 2 == 0 {
                    put(&mut t, Table::Staff, 1, 0, &[&key]);
                }
                t.commit(record(number)).await.map(|number| (number, key))
            })
        });
        let ended = futures::future::join_all(writers.collect::<Vec<_>>()).await;
        let mut keys = Vec::new();
        for end in ended {
            match end.unwrap() {
                Ok((number, key)) => {
                    through += 1;
                    assert_eq!(number, through);
                    keys.push(key);
                }
                Err(StoreError::Overtaken { .. }) => overtaken += 1,
                Err(other) => panic!("{other}"),
            }
        }
        assert!(!keys.is_empty(), "one of them gets through");
        let seen = world.store().await.snapshot(None).await.unwrap();
        assert_eq!(seen.version, through);
        let deals = read(&seen, Table::Deals);
        assert!(keys.iter().all(|key| deals.contains(key)), "{keys:?} {deals:?}");
        assert_eq!(deals.len() as u64, 3 + through - 1, "nothing is lost, nothing twice: {deals:?}");
    }
    assert!(overtaken > 0, "they did race");
    let checked = world.store().await.check().await.unwrap();
    assert_eq!((checked.ingests as u64, checked.damaged), (through, vec![]));
}

/// A writer that sleeps before its commits, while others complete the same ingest and clear up, wakes and changes nothing.
#[tokio::test]
async fn a_writer_that_slept_does_not_commit_over_a_newer_state() {
    let world = World::new();
    first(&world.store().await).await;
    let (slow, quick) = (world.store().await, world.store().await);
    let mut sleeping = slow.begin().await.unwrap();
    put(&mut sleeping, Table::Deals, 2, 1, &["slow"]);
    put(&mut sleeping, Table::Staff, 1, 0, &["slow"]);
    for number in 2..=4 {
        let mut t = quick.begin().await.unwrap();
        put(&mut t, Table::Deals, 2, 1, &[&format!("quick {number}")]);
        t.commit(record(number)).await.unwrap();
    }
    let before = world.names().await;
    let error = sleeping.commit(record(2)).await.unwrap_err();
    assert!(matches!(error, StoreError::Overtaken { ingest: 2, .. }), "{error}");
    assert_eq!(world.names().await, before, "it leaves nothing");
    let seen = slow.snapshot(None).await.unwrap();
    assert_eq!((seen.version, read(&seen, Table::Deals)), (4, vec!["a".into(), "c".into(), "quick 4".into()]));
    assert!(slow.check().await.unwrap().damaged.is_empty());
    // and whose ingest was overtaken runs it again
    let mut t = slow.begin().await.unwrap();
    put(&mut t, Table::Deals, 2, 1, &["slow"]);
    assert_eq!(t.commit(record(5)).await.unwrap(), 5);
}

/// A reader that opens the store again and again while it is written sees whole versions only.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_during_ingests_sees_one_whole_version() {
    let world = Arc::new(World::new());
    first(&world.store().await).await;
    let writer = tokio::spawn({
        let world = Arc::clone(&world);
        async move {
            for number in 2..=20 {
                let store = world.store().await;
                let mut t = store.begin().await.unwrap();
                for table in [Table::Deals, Table::Journeys, Table::Staff] {
                    put(&mut t, table, 1, 0, &[&format!("{number}")]);
                }
                t.commit(record(number)).await.unwrap();
            }
        }
    });
    let (mut versions, kept) = (std::collections::BTreeSet::new(), world.store().await);
    while !writer.is_finished() {
        for store in [&world.store().await, &kept] {
            let seen = store.snapshot(None).await.unwrap();
            versions.insert(seen.version);
            if seen.version > 1 {
                let expected = [seen.version.to_string()];
                for table in [Table::Deals, Table::Journeys, Table::Staff] {
                    assert_eq!(read(&seen, table), expected, "{}", table.name());
                }
            }
        }
    }
    writer.await.unwrap();
    assert!(versions.len() > 3, "{versions:?}");
}

#[tokio::test]
async fn what_is_damaged_in_the_bucket_is_told_and_what_is_damaged_here_is_fetched_again() {
    let world = World::new();
    let store = world.store().await;
    first(&store).await;
    let path = store.snapshot(None).await.unwrap().tables[&Table::Deals].files[0].path.clone();
    let within = path.strip_prefix(store.dir()).unwrap().display().to_string();
    let key = Key::from(format!("of us/store/{within}"));
    // the kept copies here
    let kept: Vec<_> =
        walk(world.cache.path()).into_iter().filter(|path| path.to_string_lossy().contains("/objects/")).collect();
    drop(store);
    kept.iter().for_each(|path| std::fs::write(path, "damaged").unwrap());
    let store = world.store().await;
    assert_eq!(read(&store.snapshot(None).await.unwrap(), Table::Deals), ["a", "b", "c"]);
    drop(store);
    let whole = world.bucket.get_opts(&key, GetOptions::default()).await.unwrap().bytes().await.unwrap();
    let mut bytes = whole.to_vec();
    bytes[10] ^= 1;
    world.bucket.put_opts(&key, bytes.into(), PutOptions::default()).await.unwrap();
    // of the same length: what is kept here is whole and is read, and `check` reads the bucket
    let store = world.store().await;
    let damaged = store.check().await.unwrap().damaged;
    assert_eq!(damaged.len(), 1);
    assert!(
        damaged[0].en.starts_with(&format!("s3://acme/of us/store/{within}: the file's content is not")),
        "{}",
        damaged[0].en
    );
    // without a kept copy it is found when it is first read
    walk(world.cache.path())
        .iter()
        .filter(|path| path.to_string_lossy().contains("/objects/"))
        .for_each(|path| std::fs::remove_file(path).unwrap());
    let snapshot = world.store().await.snapshot(None).await.unwrap();
    let error = super::super::at_hand(&snapshot.tables[&Table::Deals].files).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    // shorter or missing: at every opening
    world.bucket.put_opts(&key, "short".into(), PutOptions::default()).await.unwrap();
    let error = world.store().await.snapshot(None).await.unwrap_err().to_string();
    assert!(error.contains("and 5 ") || error.contains("has 5 bytes"), "{error}");
    object_store::ObjectStoreExt::delete(world.bucket.as_ref(), &key).await.unwrap();
    let error = world.store().await.snapshot(None).await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("s3://acme/of us/store/{within}: the file is missing")), "{error}");
}

fn walk(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn the_log_of_what_was_sent_has_one_writer() {
    let world = World::new();
    let (one, two) = (world.store().await, world.store().await);
    let entry = super::super::sent::tests::entry("a", super::super::SentEvent::Begun);
    let ((mut first, none), (mut second, _)) = (one.send_log().unwrap(), two.send_log().unwrap());
    assert!(none.is_empty());
    first.write(&entry).unwrap();
    assert!(matches!(second.write(&entry), Err(StoreError::Sending { .. })));
    first.write(&entry).unwrap();
    assert_eq!(two.sent().unwrap(), [entry.clone(), entry]);
}
