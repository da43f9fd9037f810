//! An ingest killed at any moment leaves the store as it was before, or as it is after, and nothing between; the next
//! run completes.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{checkout, voronka};

/// All that a store holds and an ingest may change, in one order.
pub const CONTENT: &str = "\
    SELECT 'deals' AS of, concat_ws('|', deal_id, client_id, stage, manager, amount, created_at, closed_at) AS holds \
        FROM deals \
    UNION ALL SELECT 'events', concat_ws('|', event_id, deal_id, client_id, kind, at, direction, stage) FROM events \
    UNION ALL SELECT 'journeys', concat_ws('|', deal_id, amount, events, cardinality(touch_at), response_at) \
        FROM journeys \
    UNION ALL SELECT 'clients', concat_ws('|', client_id, segment, branch, first_seen) FROM clients \
    UNION ALL SELECT 'quarantine', concat_ws('|', file, line, reason) FROM quarantine \
    UNION ALL SELECT 'ingests', concat_ws('|', ingest, table_name, new, changed, unchanged) FROM ingests \
    ORDER BY of, holds";

/// So many ingests are killed, unless `KILLS` in the environment says otherwise.
const KILLS: u32 = 10;

#[allow(clippy::disallowed_methods)] // a test may read its environment
fn kills() -> u32 {
    std::env::var("KILLS").map_or(KILLS, |kills| kills.parse().expect("KILLS is a number"))
}

/// The exports that change from A to B: in each, what every third row has instead, and how an id is made a new one.
const CHANGED: [(&str, &str, &str, &str); 3] = [
    ("deals.csv", ",00\"", ",50\"", "\"N"),
    ("events_2025.csv", ";исх;", ";вх;", "N"),
    ("clients.csv", ";Частный;", ";Бизнес;", "N"),
];

/// Exports B out of A: every third row changed, and one new row for four old ones.
fn changed(text: &str, from: &str, to: &str, new: &str) -> String {
    let (header, rows) = text.split_once('\n').unwrap();
    let mut out = format!("{header}\n");
    for (number, row) in rows.lines().enumerate() {
        out.push_str(&if number % 3 == 0 { row.replace(from, to) } else { row.to_owned() });
        out.push('\n');
        if number % 4 == 1 {
            out.push_str(&format!("{new}{}\n", row.strip_prefix('"').unwrap_or(row)));
        }
    }
    out
}

/// A folder with exports A, and exports B in a folder of it.
fn company() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("b")).unwrap();
    for name in ["mapping.toml", "regulation.toml", "staff.csv"] {
        fs::copy(checkout("sample_data").join(name), dir.path().join(name)).unwrap();
    }
    for (name, from, to, new) in CHANGED {
        let text = fs::read_to_string(checkout("sample_data").join(name)).unwrap();
        fs::write(dir.path().join(name), &text).unwrap();
        fs::write(dir.path().join("b").join(name), changed(&text, from, to, new)).unwrap();
    }
    dir
}

const A: [&str; 7] =
    ["ingest", "--mapping", "mapping.toml", "deals.csv", "events_2025.csv", "clients.csv", "staff.csv"];
const B: [&str; 6] = ["ingest", "--mapping", "mapping.toml", "b/deals.csv", "b/events_2025.csv", "b/clients.csv"];

fn content(company: &Path) -> String {
    voronka(company, &["sql", CONTENT, "--format", "csv"]).ok()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        match path.is_dir() {
            true => copy(&path, &to),
            false => drop(fs::copy(&path, &to).unwrap()),
        }
    }
}

/// Begins the ingest of B.
fn begin(company: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_voronka"))
        .args(B)
        .current_dir(company)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Whether the ingest of B was still running when it was killed.
fn killed_after(company: &Path, wait: Duration) -> bool {
    let mut child = begin(company);
    std::thread::sleep(wait);
    child.kill().ok();
    !child.wait().unwrap().success()
}

/// As [`killed_after`], with a second ingest of the same at the same time, which is killed a little later: while one
/// writes, the other is told so and does nothing.
fn both_killed_after(company: &Path, wait: Duration) -> bool {
    let mut children = [begin(company), begin(company)];
    std::thread::sleep(wait);
    children[0].kill().ok();
    std::thread::sleep(wait / 10);
    children[1].kill().ok();
    children.map(|mut child| !child.wait().unwrap().success()).iter().all(|killed| *killed)
}

/// A moment of the ingest, from 0 to 1: the same ones in every run. Every second one lies late, where it commits.
fn moments() -> impl Iterator<Item = f64> {
    let mut seed = 20_250_630_u64;
    (0..kills()).map(move |number| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = (seed >> 11) as f64 / (1_u64 << 53) as f64;
        if number % 2 == 0 { share } else { 0.6 + 0.4 * share }
    })
}

#[test]
fn an_ingest_killed_at_any_moment_leaves_the_store_as_before_or_as_after() {
    let dir = company();
    let company = dir.path();
    voronka(company, &A).ok();
    let (store, kept) = (company.join("store"), company.join("kept"));
    copy(&store, &kept);
    let before = content(company);
    let began = Instant::now();
    voronka(company, &B).ok();
    let takes = began.elapsed();
    let after = content(company);
    let different = before.lines().zip(after.lines()).filter(|(a, b)| a != b).count();
    assert!(different > 1000, "the exports B change {different} rows: a half of them would not be seen");
    for table in ["deals", "events", "journeys", "clients"] {
        let of = |content: &str| content.lines().filter(|row| row.starts_with(table)).count();
        assert!(of(&after) > of(&before), "{table} has no new rows");
    }

    let restore = || {
        fs::remove_dir_all(&store).unwrap();
        copy(&kept, &store);
    };
    restore();
    let mut killed = 0;
    for (number, moment) in moments().enumerate() {
        let wait = takes.mul_f64(moment);
        killed +=
            u32::from(if number % 4 == 3 { both_killed_after(company, wait) } else { killed_after(company, wait) });
        let found = content(company);
        // not assert_eq: a megabyte on the screen tells nobody anything
        assert!(found == before || found == after, "a half of an ingest is seen after a kill at {moment:.3} of it");
        if found == after {
            restore();
        }
    }
    let kills = kills();
    assert!(killed * 2 >= kills, "only {killed} of {kills} ingests were killed: this proved little");
    // over what the last dead one left; one that was too quick to be killed is taken back
    let mut wait = takes / 2;
    while !killed_after(company, wait) || content(company) != before {
        restore();
        wait /= 2;
    }
    voronka(company, &B).ok();
    assert!(content(company) == after, "the ingest after the kills did not complete");

    // two at once that nobody kills: each row is there once, whoever came first
    restore();
    let ended = [begin(company), begin(company)].map(|mut child| child.wait().unwrap().success());
    assert!(ended.contains(&true), "neither of two ingests completed");
    voronka(company, &B).ok();
    let rows = |content: &str| {
        content.lines().filter(|row| !row.starts_with("ingests")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(rows(&content(company)) == rows(&after), "two ingests at once left something else than one does");
}
