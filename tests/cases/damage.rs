//! A damaged store never answers with other figures, and what is asked ends.

use std::fs;
use std::path::{Path, PathBuf};

use super::Case;
use crate::support::{checkout, voronka};

const FIGURES: &str = "SELECT (SELECT count(*) FROM deals) d, (SELECT sum(amount) FROM deals) a, (SELECT count(*) FROM journeys) j, \
    (SELECT count(*) FROM clients) c, (SELECT count(*) FROM ingests) i";

/// A small company after two ingests.
fn company() -> Case {
    let case = Case::new();
    for name in ["mapping.toml", "regulation.toml", "staff.csv"] {
        fs::copy(checkout("sample_data").join(name), case.dir().join(name)).unwrap();
    }
    for name in ["deals.csv", "clients.csv"] {
        let text = fs::read_to_string(checkout("sample_data").join(name)).unwrap();
        case.put(name, text.lines().take(200).map(|line| format!("{line}\n")).collect::<String>());
    }
    case.ingest(&["deals.csv", "clients.csv", "staff.csv"]);
    let deals = fs::read_to_string(case.dir().join("deals.csv")).unwrap();
    case.put("deals.csv", deals.replace(",00\"", ",50\""));
    case.ingest(&["deals.csv"]);
    case
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
    found.sort();
}

#[test]
fn every_file_removed_emptied_cut_or_flipped_in_turn_gives_no_other_figures() {
    let case = company();
    let (store, sql) = (case.dir().join("store"), ["sql", FIGURES, "--format", "csv"]);
    let whole = voronka(case.dir(), &sql).ok();
    let mut all = Vec::new();
    files(&store, &mut all);
    let mut refused = 0;
    for path in all {
        let bytes = fs::read(&path).unwrap();
        let flipped = |at: usize| {
            let mut other = bytes.clone();
            if let Some(byte) = other.get_mut(at) {
                *byte ^= 1;
            }
            Some(other)
        };
        let damages = [None, Some(Vec::new()), Some(bytes[..bytes.len() / 2].to_vec()), flipped(bytes.len() / 2)];
        for damage in damages {
            match &damage {
                None => fs::remove_file(&path).unwrap(),
                Some(other) => fs::write(&path, other).unwrap(),
            }
            let ran = voronka(case.dir(), &sql);
            assert!(
                ran.code == 2 || (ran.code == 0 && ran.out == whole),
                "{}: {} {}",
                path.display(),
                ran.code,
                ran.out
            );
            refused += u32::from(ran.code == 2);
            fs::write(&path, &bytes).unwrap();
        }
    }
    assert!(refused > 40, "only {refused}");
    assert_eq!(voronka(case.dir(), &sql).ok(), whole);
    assert!(voronka(case.dir(), &["check", "--store"]).out.contains("all whole"));
}

#[test]
fn a_lost_record_is_damage_and_nothing_is_deleted() {
    let case = company();
    let store = case.dir().join("store");
    fs::remove_dir_all(store.join("ingests")).unwrap();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    files(&store, &mut before);
    for args in [&["log"][..], &["sql", "SELECT 1"], &["ingest", "--mapping", "mapping.toml", "deals.csv"], &["check"]]
    {
        let ran = voronka(case.dir(), args);
        assert_eq!(ran.code, 2, "{args:?} {}", ran.out);
        assert!(ran.err.contains("ingests"), "{}", ran.err);
    }
    files(&store, &mut after);
    assert_eq!(before, after);
}

#[test]
fn foreign_folders_are_passed_over() {
    let case = company();
    for dir in ["store", "store/deals", "store/deals/_delta_log", "store/deals/000001-1", "store/deals/000002-1"] {
        fs::create_dir(case.dir().join(dir).join("@eaDir")).unwrap();
        case.put(&format!("{dir}/Thumbs.db"), "x");
        case.put(&format!("{dir}/.DS_Store"), "x");
    }
    case.ingest(&["staff.csv"]);
    assert!(case.run(&["sql", FIGURES, "--format", "csv"]).contains("199"));
}

#[test]
fn what_is_asked_ends() {
    let case = company();
    let sql = |query: &str| voronka(case.dir(), &["sql", query]);
    for query in [
        format!("SELECT 1{}", "+1".repeat(50_000)),
        format!("SELECT 1{}", "::int".repeat(20_000)),
        "SELECT string_agg(repeat('x', 1000000000), '') FROM deals".to_owned(),
        "SELECT lpad('x', 2000000000) FROM deals".to_owned(),
    ] {
        let ran = sql(&query);
        assert_eq!(ran.code, 2, "{}", &query[..30]);
        assert!(ran.err.starts_with("error:") && !ran.err.contains("panicked"), "{}", ran.err);
    }
    assert_eq!(voronka(case.dir(), &["report", "weekly", "--as-of", "9999-12-31"]).code, 2);
    let slow = [
        "sql",
        "SELECT count(*) FROM deals a, deals b, deals c, deals d, deals e WHERE a.amount < b.amount + c.amount + d.amount",
        "--timeout",
        "1s",
    ];
    let ran = voronka(case.dir(), &slow);
    assert!(ran.code == 2 && ran.err.contains("--timeout"), "{}", ran.err);
}

/// The files that say how personal data is kept, and the key beside the store, are looked at, too.
#[test]
fn a_check_tells_of_a_lost_key_and_of_emptied_files_of_privacy() {
    let case = company();
    assert!(case.run(&["check", "--store"]).contains("all whole"));
    for (file, told) in [
        ("store/personal.id", "personal.id: the file is empty"),
        ("store/personal.toml", "personal.toml: the file is empty"),
        ("store.key", "store.key: not a key that an ingest made"),
    ] {
        let whole = fs::read(case.dir().join(file)).unwrap();
        case.put(file, "");
        let ran = voronka(case.dir(), &["check", "--store"]);
        assert!(
            ran.code == 2 && ran.out.contains(told) && !ran.out.contains("all whole"),
            "{file}: {}{}",
            ran.out,
            ran.err
        );
        case.put(file, whole);
    }
    let rule = fs::read(case.dir().join("store/personal.toml")).unwrap();
    fs::remove_file(case.dir().join("store/personal.toml")).unwrap();
    let ran = voronka(case.dir(), &["check", "--store"]);
    assert!(ran.code == 2 && ran.out.contains("personal.toml: the file is missing"), "{}{}", ran.out, ran.err);
    case.put("store/personal.toml", rule);
    fs::rename(case.dir().join("store.key"), case.dir().join("kept.key")).unwrap();
    let ran = voronka(case.dir(), &["check", "--store", "--lang", "ru"]);
    assert!(ran.code == 2 && ran.out.contains("ключа хешей этого хранилища нет"), "{}{}", ran.out, ran.err);
    fs::rename(case.dir().join("kept.key"), case.dir().join("store.key")).unwrap();
    assert!(case.run(&["check", "--store"]).contains("all whole"));
}

/// The store would take the rule of the next mapping for its own, and each client would be there twice.
#[test]
fn an_ingest_stops_where_the_rule_for_personal_data_is_lost() {
    let case = Case::new();
    fs::copy(checkout("sample_data").join("regulation.toml"), case.dir().join("regulation.toml")).unwrap();
    let mapping = |rule: &str| {
        format!(
            "personal = \"{rule}\"\n[[export]]\nname = \"clients\"\nfiles = \"clients.csv\"\n[[export.table]]\nfill = \"clients\"\n\
             [export.table.columns]\nclient_id = {{ from = \"Телефон\", personal = true }}\n"
        )
    };
    case.put("clients.csv", "Телефон\n+7 912 123-45-67\n+7 912 123-45-68\n");
    case.put("mapping.toml", mapping("keep"));
    let ingest = ["ingest", "--mapping", "mapping.toml", "clients.csv", "--lang", "en"];
    case.run(&ingest);
    let rule = fs::read(case.dir().join("store/personal.toml")).unwrap();
    fs::remove_file(case.dir().join("store/personal.toml")).unwrap();
    case.put("mapping.toml", mapping("hash"));
    let ran = voronka(case.dir(), &ingest);
    assert!(ran.code == 2 && ran.err.contains("personal.toml: the file is missing"), "{}{}", ran.out, ran.err);
    case.put("store/personal.toml", rule);
    let ran = voronka(case.dir(), &ingest);
    assert!(ran.code == 2 && ran.err.contains("personal = \"keep\""), "{}{}", ran.out, ran.err);
    assert!(case.run(&["sql", "SELECT count(*) FROM clients", "--format", "csv"]).contains('2'));

    let hashed = ["ingest", "--mapping", "mapping.toml", "--store", "hashed", "clients.csv"];
    case.run(&hashed);
    fs::remove_file(case.dir().join("hashed/personal.id")).unwrap();
    let ran = voronka(case.dir(), &["check", "--store", "hashed", "--lang", "en"]);
    assert!(ran.code == 2 && ran.out.contains("personal.id: the file is missing"), "{}{}", ran.out, ran.err);
}

/// As a first ingest leaves it that was killed: no rows are not what it was to give.
#[test]
fn a_store_without_a_complete_ingest_is_said_to_be_empty() {
    let case = Case::new();
    fs::copy(checkout("sample_data").join("regulation.toml"), case.dir().join("regulation.toml")).unwrap();
    let store = case.dir().join("store");
    tokio::runtime::Runtime::new().unwrap().block_on(voronka::store::Store::open_or_create(&store)).unwrap();
    let ran = voronka(case.dir(), &["sql", "SELECT count(*) FROM deals", "--format", "csv", "--lang", "en"]);
    assert!(ran.code == 0 && ran.err.contains("is empty: no ingest is complete"), "{}{}", ran.out, ran.err);
}
