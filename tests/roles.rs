//! The reports of one person: nobody's files hold another's rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::support::{rows, voronka};

/// The company of the demo, with its store.
fn company(dir: &Path) -> std::path::PathBuf {
    voronka(dir, &["demo", "--out", "d", "--lang", "en"]).ok();
    dir.join("d")
}

/// The ids in the first column of a table of the page.
fn first_column(html: &str, table: &str) -> Vec<String> {
    let start = format!("id=\"table-{table}\">");
    let figure = html.split(&start).nth(1).unwrap().split("</figure>").next().unwrap();
    let cells = figure.split("<th scope=\"row\" class=\"text\"").skip(1);
    let text = |cell: &str| cell.split_once('>').unwrap().1.split("</th>").next().unwrap().to_owned();
    cells.map(text).collect()
}

#[test]
fn nobodys_worklist_holds_anothers_rows() {
    let dir = tempfile::tempdir().unwrap();
    let demo = company(dir.path());
    let deals = voronka(&demo, &["sql", "--format", "csv", "SELECT deal_id, client_id, manager FROM deals"]).ok();
    let mut manager_of = BTreeMap::new();
    let mut clients_of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows(&deals) {
        let manager = row["manager"].clone();
        clients_of.entry(manager.clone()).or_default().insert(row["client_id"].clone());
        manager_of.insert(row["deal_id"].clone(), manager);
    }
    let managers: BTreeSet<&String> = clients_of.keys().filter(|manager| !manager.is_empty()).collect();
    assert!(managers.len() > 1, "{managers:?}");

    let args = ["report", "worklist", "--for-each", "manager", "--format", "html,csv", "--as-of", "2025-06-30"];
    let made = voronka(&demo, &[&args[..], &["--lang", "en", "--out", "each"]].concat()).ok();
    let pages: Vec<&str> = made.lines().filter(|line| line.ends_with(".html")).collect();
    assert_eq!(pages.len(), managers.len(), "a page for each: {made}");

    let (mut checked, mut seen) = (0, BTreeSet::new());
    for page in pages {
        let html = fs::read_to_string(demo.join(page)).unwrap();
        let named: Vec<&&String> = managers.iter().filter(|manager| html.contains(manager.as_str())).collect();
        assert_eq!(named.len(), 1, "{page} names {named:?}");
        let manager = named[0].as_str();
        seen.insert(manager.to_owned());
        for table in fs::read_dir(demo.join(page.replace(".html", "-tables"))).unwrap() {
            let path = table.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let text = text.trim_start_matches('\u{feff}');
            let of_file = rows(text);
            for row in &of_file {
                let place = path.display();
                if let Some(deal) = row.get("deal_id").filter(|deal| !deal.is_empty()) {
                    assert_eq!(manager_of[deal], manager, "{place}: the deal {deal}");
                    checked += 1;
                }
                if let Some(client) = row.get("client_id").filter(|client| !client.is_empty()) {
                    assert!(clients_of[manager].contains(client), "{place}: the client {client}");
                    checked += 1;
                }
            }
            // the page shows the same rows
            let first = text.split(',').next().unwrap();
            let of_csv: Vec<String> = of_file.iter().map(|row| row[first].clone()).collect();
            assert_eq!(first_column(&html, path.file_stem().unwrap().to_str().unwrap()), of_csv, "{}", path.display());
        }
    }
    assert_eq!(seen.len(), managers.len(), "everyone has a page of their own");
    assert!(checked > 100, "only {checked} ids were looked at");
}

#[test]
fn a_worklist_wants_to_know_whose_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let demo = company(dir.path());
    let ran = voronka(&demo, &["report", "worklist", "--lang", "en", "--as-of", "2025-06-30"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("the report `worklist` is for one manager"), "{}", ran.err);
    assert!(ran.err.contains("--for-each manager"), "{}", ran.err);

    let names = "SELECT DISTINCT manager FROM deals WHERE manager <> '' ORDER BY manager LIMIT 1";
    let name = rows(&voronka(&demo, &["sql", "--format", "csv", names]).ok())[0]["manager"].clone();
    // the second letter is missing
    let typo: String = name.chars().enumerate().filter(|(at, _)| *at != 1).map(|(_, letter)| letter).collect();
    let ran = voronka(&demo, &["report", "worklist", "--lang", "en", "--for", &typo, "--as-of", "2025-06-30"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains(&format!("no deal has the manager `{typo}`")), "{}", ran.err);
    assert!(ran.err.contains(&format!("did you mean `{name}`?")), "{}", ran.err);
}

#[test]
fn the_handbook_is_made_for_a_role() {
    let dir = tempfile::tempdir().unwrap();
    let demo = company(dir.path());
    let run = |args: &[&str]| {
        let handbook = ["report", "handbook", "--lang", "en", "--as-of", "2025-06-30"];
        voronka(&demo, &[&handbook[..], args].concat())
    };
    let page = |role: &str| fs::read_to_string(demo.join(format!("out/handbook-{role}.html"))).unwrap();
    let made = run(&["--for-each", "role"]).ok();
    assert_eq!(made.lines().filter(|line| line.ends_with(".html")).count(), 5, "{made}");
    let (moves, mailed) = ("May I move a deal to this stage?", "How many clients may be mailed in the coming week?");
    assert!(page("specialist").contains(moves) && !page("specialist").contains(mailed));
    assert!(page("marketing").contains(mailed) && !page("marketing").contains(moves));
    // the first thing on the specialist's page
    let first = page("specialist").split("<h2").nth(1).unwrap().to_owned();
    assert!(first.contains(moves) && first.contains("Proposal"), "{first}");

    let ran = run(&["--for", "specialst"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("the report `handbook` has no role `specialst`"), "{}", ran.err);
    assert!(ran.err.contains("did you mean `specialist`?"), "{}", ran.err);
    // without a role it holds the sections of all
    run(&[]).ok();
    let whole = fs::read_to_string(demo.join("out/handbook.html")).unwrap();
    assert!(whole.contains(moves) && whole.contains(mailed));
}

#[test]
fn the_head_reads_what_changed_since_the_last_edition() {
    let dir = tempfile::tempdir().unwrap();
    let demo = company(dir.path());
    let head = |as_of: &str| {
        let args = ["report", "handbook", "--for", "head", "--lang", "en", "--as-of", as_of];
        voronka(&demo, &args).ok();
        fs::read_to_string(demo.join("out/handbook-head.html")).unwrap().replace('\u{a0}', " ")
    };
    assert!(head("2025-06-30").contains("The store knows of no edition before this one"));
    let file = demo.join("regulation.toml");
    let text = fs::read_to_string(&file).unwrap();
    let changed = text
        .replace("valid_from = 2023-01-01", "valid_from = 2025-06-02")
        .replace("sla = \"3 дня\"", "sla = \"4 дня\"");
    assert_ne!(changed, text);
    fs::write(&file, changed).unwrap();
    let page = head("2025-06-30");
    assert!(page.contains("in force from 2 Jun 2025, the one before it from 1 Jan 2023"), "{page}");
    for said in ["Stage «Proposal»", "Time allowed", "3 working days", "4 working days"] {
        assert!(page.contains(said), "{said}");
    }
    // an older day is judged by the older edition, before which there was none
    assert!(head("2025-05-26").contains("The store knows of no edition before this one"));
}
