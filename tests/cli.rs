//! The forms that scripts rely on.

use std::fs;

use crate::support::{checkout, rows, voronka};

#[test]
fn the_demo_runs_twice_to_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let mut made = Vec::new();
    for out in ["one", "two"] {
        voronka(dir.path(), &["demo", "--out", out, "--lang", "ru"]).ok();
        made.push(fs::read(dir.path().join(out).join("report/weekly.html")).unwrap());
    }
    assert!(made[0] == made[1], "the same sample, two different reports");
    // again over its own folder: allowed, and the same
    voronka(dir.path(), &["demo", "--out", "one", "--lang", "ru"]).ok();
    assert!(made[0] == fs::read(dir.path().join("one/report/weekly.html")).unwrap());
}

#[test]
fn a_demo_never_clears_a_folder_that_is_not_its_own() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("mine")).unwrap();
    fs::write(dir.path().join("mine/letters.txt"), "dear").unwrap();
    for (lang, told) in [("en", "mine is not empty"), ("ru", "mine — не пустая папка")] {
        let ran = voronka(dir.path(), &["demo", "--out", "mine", "--lang", lang]);
        assert!(ran.code == 2 && ran.err.contains(told), "{}", ran.err);
    }
    assert!(dir.path().join("mine/letters.txt").is_file());
}

#[test]
fn init_gives_files_that_check_finds_nothing_wrong_in() {
    let dir = tempfile::tempdir().unwrap();
    for lang in ["ru", "en"] {
        voronka(dir.path(), &["init", lang, "--lang", lang]).ok();
        let company = dir.path().join(lang);
        assert!(voronka(&company, &["check"]).ok().contains("no problems"));
        assert_eq!(voronka(dir.path(), &["init", lang]).code, 2, "a second init must not overwrite");
    }
}

#[test]
fn what_is_shipped_has_no_problems() {
    let sample = checkout("sample_data");
    let ran = voronka(&sample, &["check", "regulation.toml", "mapping.toml"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}

#[test]
fn a_re_ingest_changes_nothing_and_an_old_version_reads_as_before() {
    let dir = tempfile::tempdir().unwrap();
    voronka(dir.path(), &["demo", "--out", "d"]).ok();
    let demo = dir.path().join("d");
    let report = |out: &str, version: &[&str]| {
        let mut args = vec!["report", "weekly", "--as-of", "2025-06-30", "--lang", "ru", "--out", out];
        args.extend(version);
        voronka(&demo, &args).ok();
        fs::read(demo.join(out).join("weekly.html")).unwrap()
    };
    let first = report("first", &["--version", "1"]);

    let exports: Vec<String> = fs::read_dir(&demo)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".csv"))
        .collect();
    let mut args = vec!["ingest", "--mapping", "mapping.toml"];
    args.extend(exports.iter().map(String::as_str));
    voronka(&demo, &args).ok();
    let log = rows(&voronka(&demo, &["log", "--format", "csv"]).ok());
    for row in log.iter().filter(|row| row["ingest"] == "2") {
        assert_eq!((row["new"].as_str(), row["changed"].as_str()), ("0", "0"), "{row:?}");
    }

    // a newer ingest with a new deal
    let header = "ID;Клиент\r\n";
    fs::write(demo.join("late.csv"), header.to_owned() + "late-1;c-late\r\n").unwrap();
    let mapping = "[[export]]\nname = \"late\"\nfiles = \"late.csv\"\n\n[[export.table]]\nfill = \"deals\"\n\
        [export.table.columns]\ndeal_id = \"ID\"\nclient_id = \"Клиент\"\n";
    fs::write(demo.join("late.toml"), mapping).unwrap();
    voronka(&demo, &["ingest", "--mapping", "late.toml", "late.csv"]).ok();
    let count = |version: &[&str]| {
        let mut args = vec!["sql", "SELECT count(*) AS n FROM deals WHERE deal_id = 'late-1'", "--format", "csv"];
        args.extend(version);
        voronka(&demo, &args).ok()
    };
    assert_eq!(count(&[]), "n\n1\n");
    assert_eq!(count(&["--version", "1"]), "n\n0\n");
    assert!(first == report("again", &["--version", "1"]), "an older version's report changed after a newer ingest");
}

#[test]
fn what_is_mended_leaves_the_quarantine_and_a_re_ingest_adds_nothing_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let mapping = "zone = \"UTC\"\n[[export]]\nname = \"deals\"\ndelimiter = \";\"\ndates = \"dd.mm.yyyy\"\n\
        [[export.table]]\nfill = \"deals\"\n[export.table.columns]\ndeal_id = \"ID\"\ncreated_at = \"Создана\"\n";
    fs::write(dir.path().join("mapping.toml"), mapping).unwrap();
    fs::copy(checkout("sample_data/regulation.toml"), dir.path().join("regulation.toml")).unwrap();
    let ingest = |name: &str, second: &str| {
        fs::write(dir.path().join(name), format!("ID;Создана\n1;01.04.2025\n{second}\n")).unwrap();
        voronka(dir.path(), &["ingest", "--mapping", "mapping.toml", "--lang", "ru", name]).ok()
    };
    let quarantined = || {
        let ask = ["query", "quarantined", "--as-of", "2025-06-30", "--format", "csv"];
        let rows = rows(&voronka(dir.path(), &ask).ok());
        let held = voronka(dir.path(), &["sql", "SELECT count(*) AS n FROM quarantine", "--format", "csv"]).ok();
        let shown = |row: &std::collections::BTreeMap<String, String>| {
            ["file", "reason_ru", "reason_en", "refused", "example_line"].map(|c| row[c].clone()).join(" | ")
        };
        (rows.iter().map(shown).collect::<Vec<_>>(), held.replace("n\n", ""))
    };
    let one = "a.csv | не дата вида dd.mm.yyyy | not a date as dd.mm.yyyy | 1 | 3".to_owned();
    ingest("a.csv", "2;31.02.2025");
    assert_eq!(quarantined(), (vec![one.clone()], "1\n".into()));
    // the same file again: still refused, still told, and not a row more
    let said = ingest("a.csv", "2;31.02.2025");
    assert!(said.contains("не дата вида dd.mm.yyyy") && said.contains("данные не изменились"), "{said}");
    assert_eq!(quarantined(), (vec![one.clone()], "1\n".into()));
    // another file
    ingest("b.csv", "3");
    let two = "b.csv | ячеек 1, в заголовке их 2 | 1 cells, the header has 2 | 1 | 3".to_owned();
    assert_eq!(quarantined(), (vec![one, two.clone()], "2\n".into()));
    // the first one mended
    ingest("a.csv", "2;28.02.2025");
    assert_eq!(quarantined(), (vec![two], "1\n".into()));
}

#[test]
fn sql_is_read_only_and_sees_everything() {
    let dir = tempfile::tempdir().unwrap();
    voronka(dir.path(), &["demo", "--out", "d"]).ok();
    let demo = dir.path().join("d");
    let tables = "deals events spend promos staff clients journeys ingests quarantine stages targets rules caps company \
        lost_reasons interests horizons response_buckets scope";
    for table in tables.split_whitespace() {
        let ran = voronka(&demo, &["sql", &format!("SELECT count(*) AS n FROM {table}"), "--format", "json"]);
        assert_eq!(ran.code, 0, "{table}: {}", ran.err);
        assert!(ran.out.contains("\"n\":"), "{table}: {}", ran.out);
    }
    for write in ["DROP TABLE deals", "INSERT INTO deals (deal_id) VALUES ('x')", "CREATE TABLE t AS SELECT 1"] {
        assert_eq!(voronka(&demo, &["sql", write]).code, 2, "{write}");
    }
    // a table is cut and says so; what a program reads is whole
    let all = "SELECT event_id FROM events";
    let table = voronka(&demo, &["sql", all]).ok();
    assert!(table.ends_with("The first 1000 rows; there are more. For all of them add --format csv\n"));
    let counted = voronka(&demo, &["sql", "SELECT count(*) AS n FROM events", "--format", "csv"]).ok();
    let n: usize = counted.lines().nth(1).unwrap().parse().unwrap();
    assert_eq!(voronka(&demo, &["sql", all, "--format", "csv"]).ok().lines().count(), n + 1);
    for format in ["table", "csv", "json", "parquet", "xlsx"] {
        assert_eq!(
            voronka(&demo, &["query", "lead_quality", "--by", "source", "--format", format]).code,
            0,
            "{format}"
        );
    }
}

#[test]
fn rows_are_written_to_a_workbook() {
    use calamine::{Data, Reader, Xlsx, open_workbook};
    let dir = tempfile::tempdir().unwrap();
    voronka(dir.path(), &["demo", "--out", "d"]).ok();
    let demo = dir.path().join("d");
    let sheet = |file: &str| {
        let mut book: Xlsx<_> = open_workbook(demo.join(file)).unwrap();
        let name = book.sheet_names()[0].clone();
        (name.clone(), book.worksheet_range(&name).unwrap())
    };
    let query = ["query", "lead_quality", "--by", "source", "--as-of", "2025-06-30"];
    let run = |file: &str| voronka(&demo, &[&query[..], &["--format", "xlsx", "--out", file]].concat()).ok();
    assert_eq!((run("one.xlsx"), run("two.xlsx")), (String::new(), String::new()));
    let bytes = |file: &str| std::fs::read(demo.join(file)).unwrap();
    assert!(bytes("one.xlsx") == bytes("two.xlsx"), "the same answer came out in other bytes");
    let csv = voronka(&demo, &[&query[..], &["--format", "csv"]].concat()).ok();
    let (name, range) = sheet("one.xlsx");
    assert_eq!((name.as_str(), range.get_value((0, 0))), ("Lead quality", Some(&Data::String("Source".into()))));
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    for (row, record) in (1..).zip(reader.records()) {
        for (column, field) in (0..).zip(&record.unwrap()) {
            let same = match range.get_value((row, column)).unwrap_or(&Data::Empty) {
                Data::Empty => field.is_empty(),
                Data::String(text) => text == field,
                Data::Float(number) => field.parse() == Ok(*number),
                _ => false,
            };
            assert!(same, "{row}, {column}: {field}");
        }
    }
    // a file that cannot be made leaves nothing, and an error leaves the older file
    let none = voronka(&demo, &["sql", "SELECT 1 AS n", "--format", "xlsx", "--out", "no/where.xlsx"]);
    assert!(none.code == 2 && none.err.contains("no/where.xlsx"), "{}", none.err);
    let list = voronka(&demo, &["sql", "SELECT make_array(1) AS many", "--format", "xlsx", "--out", "one.xlsx"]);
    assert!(list.code == 2 && list.err.contains("the list `many`"), "{}", list.err);
    assert!(bytes("one.xlsx") == bytes("two.xlsx"));
    let left = std::fs::read_dir(&demo).unwrap().filter_map(Result::ok);
    assert!(!left.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().starts_with(".voronka.part-")));
}

/// That each of them answers on the sample, the tests `answer` of the binary `files` hold.
#[test]
fn every_metric_is_listed() {
    let dir = tempfile::tempdir().unwrap();
    let list = voronka(dir.path(), &["metrics", "--lang", "en"]).ok();
    let names: Vec<&str> =
        list.lines().filter(|l| !l.starts_with(' ')).filter_map(|l| l.split_whitespace().next()).collect();
    let catalog = voronka::metrics::Catalog::shipped();
    assert_eq!(names, catalog.names().collect::<Vec<_>>());
}

#[test]
fn each_command_has_a_manual_page_and_each_shell_its_completions() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| voronka(dir.path(), args).ok();
    let program = run(&["man"]);
    let listed = program.lines().filter_map(|line| line.strip_prefix("voronka\\-")?.strip_suffix("(1)"));
    let commands: Vec<&str> = listed.collect();
    // what it says of each is held by the help, out of the same definition
    assert!(["demo", "ingest", "report", "man"].iter().all(|c| commands.contains(c)), "{program}");
    for command in &commands {
        let page = run(&["man", command]);
        assert!(page.contains(&format!(".TH voronka-{command} 1")), "{page}");
        assert!(page.contains("VORONKA_STORE"), "{command}: the options that all commands share\n{page}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let completions = run(&["completions", shell]);
        assert!(commands.iter().all(|c| completions.contains(c)), "{shell}");
    }
    let ran = voronka(dir.path(), &["man", "reprot"]);
    assert!(ran.code == 2 && ran.err.contains("report"), "{}", ran.err);
}

#[cfg(unix)]
#[test]
fn the_weekly_job_loads_and_reports_and_makes_no_report_out_of_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let company = dir.path().join("company");
    fs::create_dir_all(company.join("exports")).unwrap();
    for file in ["mapping.toml", "regulation.toml"] {
        fs::copy(checkout("sample_data").join(file), company.join(file)).unwrap();
    }
    fs::copy(checkout("sample_data/deals.csv"), company.join("exports/deals.csv")).unwrap();
    // a weekly report of its own, of one table: the shipped one has its tests
    fs::create_dir(company.join("reports")).unwrap();
    let weekly = "title = \"weekly\"\n[[section]]\nid = \"a\"\ntitle = \"a\"\n[[section.table]]\nid = \"t\"\ntitle = \"t\"\nmetric = \"funnel\"\n";
    fs::write(company.join("reports/weekly.toml"), weekly).unwrap();
    let weekly = || {
        let mut job = std::process::Command::new("sh");
        job.arg(checkout("packaging/examples/weekly.sh")).arg(&company);
        let program = std::path::Path::new(env!("CARGO_BIN_EXE_voronka")).parent().unwrap();
        job.env("PATH", format!("{}:/usr/bin:/bin", program.display())).env_remove("VORONKA_STORE").output().unwrap()
    };
    let made = || fs::read_dir(company.join("out")).map_or(0, Iterator::count);
    let ran = weekly();
    assert!(ran.status.success() && made() == 1, "{}", String::from_utf8_lossy(&ran.stderr));
    fs::remove_dir_all(company.join("out")).unwrap();
    fs::write(company.join("exports/odd.csv"), "what;is;this\n1;2;3\n").unwrap();
    assert_eq!((weekly().status.code(), made()), (Some(2), 0), "nothing was loaded: no report");
}
