//! What is personal stays out of the store, out of others' reports, and off the terminal.

use std::fs;
use std::io::Write;

use super::Case;
use crate::support::{Ran, checkout, voronka};

const SECRETS: [&str; 8] =
    ["Secretova", "Hidden", "secret.example", "903 111-22-33", "9121234567", "9031112233", "Секрет", "anna@"];

/// A folder with the sample company's regulation.
fn company() -> Case {
    let case = Case::new();
    fs::copy(checkout("sample_data/regulation.toml"), case.dir().join("regulation.toml")).unwrap();
    case
}

fn run(case: &Case, args: &[&str]) -> Ran {
    voronka(case.dir(), args)
}

#[track_caller]
fn has_none(text: &str, of: &[&str]) {
    for secret in of {
        assert!(!text.contains(secret), "`{secret}` is in it:\n{text}");
    }
}

/// t03: with the default rule nothing of a client comes into the quarantine, though no column was called personal.
#[test]
fn what_nobody_mapped_does_not_come_into_quarantine() {
    for export in ["hubspot-deals-2025-06-30.csv", "amo_2025-06-30.csv"] {
        let case = company();
        fs::copy(checkout("tests/cases/t03").join(export), case.dir().join(export)).unwrap();
        let said = run(&case, &["ingest", export, "--lang", "en"]);
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        let held = case.run(&["sql", "SELECT * FROM quarantine", "--format", "json"]);
        assert!(held.contains("\"raw\":"), "{held}");
        // a name in a title that was mapped cannot be told from a word
        has_none(&held, &[&SECRETS[..6], &SECRETS[7..], &["Анна Секретова", "Пётр"]].concat());
        let deals = case.run(&["sql", "SELECT * FROM deals", "--format", "json"]);
        has_none(&deals, &SECRETS[2..6]);
        has_none(&case.run(&["quarantine", "--out", "repair"]), &SECRETS);
        for file in fs::read_dir(case.dir().join("repair")).unwrap() {
            has_none(&fs::read_to_string(file.unwrap().path()).unwrap(), &SECRETS[..6]);
        }
    }
}

const MAPPING: &str = r#"
zone = "Europe/Moscow"
[[export]]
name = "deals"
files = "deals*.csv"
dates = "yyyy-mm-dd"
decimal = "."
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "id"
client_id = { from = "phone", normal = "phone" }
campaign = "campaign"
lost_reason = "why"
created_at = "day"
amount = "sum"
[export.table.extra]
title = "title"
"#;

const DEALS: &str = "id,phone,campaign,why,day,sum,title,name\n\
    79121234567,+7 912 123-45-67,call 8 (903) 111-22-33,asks for anna@secret.example,2025-06-01,1,Call of +79121234567,Hidden\n\
    2,8 903 111 22 33,12345678901,x,2025-06-01,nine,Call of +79121234567,Hidden\n\
    3,+7 903 111-22-33,12345,x,2025-06-01\n";

/// t21: titles, reasons and names of campaigns that hold a phone or an e-mail.
#[test]
fn texts_are_searched_for_phones_and_e_mails() {
    let case = company();
    case.put("mapping.toml", MAPPING);
    case.put("deals.csv", DEALS);
    let said = case.run(&["ingest", "--mapping", "mapping.toml", "deals.csv", "--lang", "en"]);
    assert!(
        said.contains("texts in which phones and e-mails were replaced (personal in the mapping is not keep): 3"),
        "{said}"
    );
    let deal = &case.sql("SELECT * FROM deals")[0];
    let client = deal["client_id"].as_str();
    assert!(client.starts_with("h:"), "{client}");
    // one client is the same in a column and in a text; a number by which a deal is known is no phone
    assert_eq!(deal["title"], format!("Call of {client}"));
    assert_eq!(deal["deal_id"], "79121234567");
    assert!(deal["campaign"].starts_with("call h:") && deal["lost_reason"].starts_with("asks for h:"), "{deal:?}");
    let held = case.sql("SELECT line, raw, value FROM quarantine ORDER BY line");
    assert_eq!(held.len(), 2);
    assert!(
        held[0]["raw"].starts_with("2,h:") && held[0]["raw"].contains(&format!(",nine,Call of {client},")),
        "{held:?}"
    );
    assert_eq!(held[1]["raw"], "", "of a row that lacks cells nobody knows which is whose: {held:?}");
    // mended, it is the same client
    case.run(&["quarantine", "--out", "repair"]);
    let path = case.dir().join("repair/deals.csv.repair.csv");
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("nine", "9")).unwrap();
    case.ingest(&["repair/deals.csv.repair.csv"]);
    let clients = case.sql("SELECT deal_id, client_id, title FROM deals ORDER BY deal_id");
    assert_eq!((clients.len(), clients[0]["title"].as_str()), (2, format!("Call of {client}").as_str()));
    assert_eq!(clients[0]["deal_id"], "2");

    // left out altogether
    let case = company();
    case.put("mapping.toml", format!("personal = \"drop\"\n{MAPPING}"));
    case.put("deals.csv", DEALS);
    case.ingest(&["deals.csv"]);
    assert_eq!(case.sql("SELECT title FROM deals")[0]["title"], "Call of ***");
    has_none(&case.run(&["sql", "SELECT * FROM quarantine", "--format", "json"]), &SECRETS);
    // kept, it stays as it came
    let case = company();
    case.put("mapping.toml", format!("personal = \"keep\"\n{MAPPING}"));
    case.put("deals.csv", DEALS);
    case.ingest(&["deals.csv"]);
    assert_eq!(case.sql("SELECT title FROM deals")[0]["title"], "Call of +79121234567");
    assert!(case.sql("SELECT raw FROM quarantine ORDER BY line")[0]["raw"].ends_with(",Hidden"));
}

/// Another rule for personal data in the same store is refused, and says the way out; nothing is stored.
#[test]
fn another_rule_for_personal_data_is_refused() {
    let case = company();
    let export = "id,phone,campaign,why,day,sum,title\n1,+7 912 123-45-67,a,,2025-06-01,1,\n";
    case.put("deals.csv", export);
    let keep = format!("personal = \"keep\"\n{MAPPING}");
    case.put("mapping.toml", &keep);
    case.ingest(&["deals.csv"]);
    let before = case.sql("SELECT client_id FROM deals");
    case.put("hash.toml", MAPPING);
    for (lang, says) in [
        ("en", "this store keeps personal data by personal = \"keep\", and hash.toml states personal = \"hash\""),
        ("ru", "это хранилище хранит персональные данные по personal = \"keep\", а в hash.toml — personal = \"hash\""),
    ] {
        let refused = run(&case, &["ingest", "--mapping", "hash.toml", "deals.csv", "--lang", lang]);
        assert_eq!(refused.code, 2);
        assert!(
            refused.err.contains(says) && refused.err.contains("--store N") | refused.err.contains("--store Н"),
            "{}",
            refused.err
        );
    }
    assert_eq!(case.sql("SELECT client_id FROM deals"), before);
    assert_eq!(run(&case, &["log", "--format", "csv"]).out.lines().count(), 2);
    // the way out: a new store; and back from hashes it is refused as well
    let new = ["ingest", "--store", "new", "--lang", "en", "deals.csv", "--mapping"];
    assert_eq!(run(&case, &[&new[..], &["hash.toml"]].concat()).code, 0);
    let back = run(&case, &[&new[..], &["mapping.toml"]].concat());
    assert!(back.code == 2 && back.err.contains("states personal = \"keep\""), "{}", back.err);
    // an export without anything personal goes into either
    case.put("spend.toml", "zone = \"UTC\"\n[[export]]\nname = \"spend\"\nfiles = \"spend*.csv\"\ndates = \"yyyy-mm-dd\"\ndecimal = \".\"\n[[export.table]]\nfill = \"spend\"\n[export.table.columns]\nday = \"day\"\ncost = \"cost\"\ncampaign = \"campaign\"\n");
    case.put("spend.csv", "day,cost,campaign\n2025-06-01,5,brand\n");
    assert_eq!(run(&case, &["ingest", "--mapping", "spend.toml", "spend.csv"]).code, 0);
    // where a row is known by a name with a phone in it, hashes would make two rows of one
    case.put("spend.csv", "day,cost,campaign\n2025-06-01,5,ask +79121234567\n");
    let refused = run(&case, &["ingest", "--mapping", "spend.toml", "spend.csv", "--lang", "en"]);
    assert!(refused.code == 2 && refused.err.contains("in 1 names and ids by which rows are known"), "{}", refused.err);
}

const SAMPLE: [&str; 8] = [
    "mapping.toml",
    "regulation.toml",
    "deals.csv",
    "events_2025.csv",
    "clients.csv",
    "staff.csv",
    "promos.csv",
    "spend.csv",
];

/// t11: a report that is held to one manager shows no refused row, whoever wrote the metric; and says so.
#[test]
fn a_report_of_one_shows_nobody_s_refused_rows() {
    let case = Case::new();
    for name in SAMPLE {
        fs::copy(checkout("sample_data").join(name), case.dir().join(name)).unwrap();
    }
    case.ingest(&SAMPLE[2..]);
    assert!(!case.sql("SELECT raw FROM quarantine").is_empty());
    fs::create_dir(case.dir().join("queries")).unwrap();
    fs::create_dir(case.dir().join("reports")).unwrap();
    for (name, sql) in [
        ("own", "SELECT '' AS grp, raw AS n FROM quarantine ORDER BY 1, 2"),
        (
            "nested",
            "SELECT '' AS grp, n FROM (SELECT q.value AS n FROM ingests INNER JOIN quarantine AS q ON TRUE) ORDER BY 1, 2",
        ),
    ] {
        let front = "title = 'T'\nabout = 'A'\ngrain = 'one'\nneeds = []\ndimensions = []\ncolumns = [ { name = 'n', unit = 'text', title = 'N' } ]";
        case.put(&format!("queries/{name}.sql"), format!("/*\n{front}\n*/\n{sql}\n"));
        case.put(
            &format!("reports/{name}.toml"),
            format!("title=\"T\"\nfor=\"manager\"\n[[section]]\nid=\"s\"\ntitle=\"S\"\n[[section.table]]\nid=\"t\"\ntitle=\"T\"\nmetric=\"{name}\"\n"),
        );
        let made = run(
            &case,
            &[
                "report",
                name,
                "--for",
                "Быков С.",
                "--as-of",
                "2025-06-30",
                "--format",
                "csv,html",
                "--lang",
                "en",
                "--out",
                name,
            ],
        );
        assert_eq!(made.code, 0, "{}", made.err);
        let mut page = String::new();
        let mut folders = vec![case.dir().join(name)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => page += &fs::read_to_string(path).unwrap(),
                }
            }
        }
        for row in case.sql("SELECT raw FROM quarantine WHERE length(raw) > 10") {
            assert!(!page.contains(&row["raw"]), "{}", row["raw"]);
        }
        assert!(page.contains("whose rows these are cannot be proven"), "{page}");
    }
}

const ESCAPES: &str = r#"
zone = "Europe/Moscow"
[[export]]
name = "deals"
files = "*.csv"
dates = "yyyy-mm-dd"
decimal = "."
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "ID"
created_at = "D"
amount = "A"
source = { from = "S", optional = true }
status = { const = "open" }
"#;

/// What a terminal would obey, and what would turn or hide what stands around it.
fn obeyed(symbol: char) -> bool {
    (symbol.is_control() && !matches!(symbol, '\n' | '\t'))
        || matches!(symbol, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2028}')
}

#[track_caller]
fn is_tame(ran: &Ran) {
    for text in [&ran.out, &ran.err] {
        assert!(!text.contains(obeyed), "{text:?}");
    }
}

/// t07: values, names of files and of members of archives, a bare CR.
#[test]
fn nothing_that_a_terminal_obeys_reaches_it() {
    let case = company();
    case.put("m.toml", ESCAPES);
    let evil = "\u{1b}[2J\u{1b}]0;pwned\u{7}\u{1b}[31mZZ\u{8}\u{202e}\u{2066}\u{9b}31m\u{61c}";
    case.put("d.csv", format!("ID,D,A\n1,2025-06-24,{evil}\n2,2025-06-24,5\n"));
    let member = "\u{1b}[2J\u{1b}[32mOK\nnothing refused\r.csv";
    let mut zip = zip::ZipWriter::new(fs::File::create(case.dir().join("z.zip")).unwrap());
    zip.start_file(member, zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(b"ID,D,A\n1,2025-06-24,zz\n2,2025-06-24,5\n").unwrap();
    zip.finish().unwrap();
    let ran = run(&case, &["ingest", "--mapping", "m.toml", "d.csv", "z.zip", "--lang", "en"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("\\u{1b}[2J") && ran.err.contains("OK\\nnothing refused\\r"), "{}{}", ran.out, ran.err);
    is_tame(&ran);
    for args in [
        &["quarantine"][..],
        &["quarantine", "--out", "rep"],
        &["log"],
        &["sql", "SELECT file, value, raw FROM quarantine"],
        &["sql", "SELECT 'a\rtotal fine' AS \"x\u{1b}[2J\""],
        &["sql", "SELECT \"\u{1b}[2Jx\" FROM deals"],
        &["query", "\u{1b}[2Jx"],
        &["report", "\u{1b}]0;x\u{7}"],
        &["quarantine", "--file", "\u{1b}[2J"],
        &["ingest", "--mapping", "m.toml", "\u{1b}[2J\rnone.csv"],
        &["ingest", "--\u{1b}[2J"],
        &["check", "\u{1b}[2J.toml"],
    ] {
        is_tame(&run(&case, args));
    }
    // in names: of the export, of its columns, of a draft
    case.put("\u{1b}[2J.csv", format!("ID,D,A\n1,2025-06-24,{evil}\n"));
    is_tame(&run(&case, &["ingest", "--mapping", "m.toml", "\u{1b}[2J.csv"]));
    case.put("un\u{1b}[2Jknown.csv", "\u{1b}[31mwhat,who\n1,2\n");
    is_tame(&run(&case, &["ingest", "un\u{1b}[2Jknown.csv"]));
    is_tame(&run(&case, &["ingest", "un\u{1b}[2Jknown.csv"]));
    case.put("broken.csv", format!("ID,D,{evil}\n1,2025-06-24,5\n"));
    let refused = run(&case, &["ingest", "--mapping", "m.toml", "broken.csv", "--lang", "ru"]);
    assert!(refused.code == 2 && refused.err.contains("нет столбца `A`"), "{}", refused.err);
    is_tame(&refused);
    // a CR takes the place of what stands before it
    case.put("c.csv", "ID,D,A\n1,2025-06-24,\"9999\rtotal fine     \"\n");
    let ran = run(&case, &["ingest", "--mapping", "m.toml", "c.csv", "--lang", "en"]);
    assert!(ran.out.contains("value `9999\\rtotal fine"), "{}", ran.out);
    // a value is one line of what is said
    case.put("e.csv", "ID,D,A\n1,2025-06-24,\"9\n  ! all is well\"\n");
    let ran = run(&case, &["ingest", "--mapping", "m.toml", "e.csv", "--lang", "en"]);
    assert!(!ran.out.contains("\n  ! all is well"), "{}", ran.out);
    // programs get values as they are
    let json = case.run(&["sql", "SELECT value FROM quarantine WHERE file = 'd.csv'", "--format", "json"]);
    assert!(json.contains("\\u001b[2J"), "{json}");
}

/// f30: no cell of a CSV is a formula, by whatever mark a spreadsheet cuts it; numbers are numbers.
#[test]
fn cells_of_csv_are_inert_wherever_they_are_cut() {
    let case = company();
    case.put("m.toml", ESCAPES);
    let texts = ["a;=1+1", "x\t@SUM(1)", "two\n=lines", "\"=quoted", " =1", "a, -cmd", "ok; -5", "=1;=2"];
    let rows =
        texts.iter().zip(1..).map(|(text, id)| format!("{id},2025-06-24,-5,\"{}\"\n", text.replace('"', "\"\"")));
    case.put("d.csv", format!("ID,D,A,S\n{}", rows.collect::<String>()));
    case.run(&["ingest", "--mapping", "m.toml", "d.csv", "--lang", "en"]);
    let csv = case.run(&["sql", "SELECT source, amount FROM deals ORDER BY deal_id", "--format", "csv"]);
    for mark in [';', ',', '\t', '\n', '\r'] {
        for cell in csv.split(mark) {
            let bare = cell.trim_start_matches([' ', '"', '\u{a0}']);
            let is_number =
                bare.trim_end_matches(['"', '\n']).split([',', '\n']).next().unwrap_or_default().parse::<f64>().is_ok();
            assert!(!bare.starts_with(['=', '+', '-', '@']) || is_number, "cut by {mark:?}: {cell:?}\n{csv}");
        }
    }
    assert_eq!(csv.matches(",-5.0000").count(), texts.len(), "{csv}");
    let answer = case.run(&["sql", "SELECT NULL AS a, -5 AS b, '-5' AS c, 1.5 AS d, -0.5 AS e", "--format", "csv"]);
    assert_eq!(answer, "a,b,c,d,e\n,-5,'-5,1.5,-0.5\n");
    // mended rows come back as they were
    case.put("e.csv", "ID,D,A,S\n9,2025-06-24,x,\"a;=1, -b\"\n");
    let refused = run(&case, &["ingest", "--mapping", "m.toml", "e.csv"]);
    assert_eq!(refused.code, 1, "{}", refused.err);
    case.run(&["quarantine", "--file", "e.csv", "--out", "rep"]);
    let path = case.dir().join("rep/e.csv.repair.csv");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("a;'=1,' -b"), "{text}");
    fs::write(&path, text.replace(",x,", ",7,")).unwrap();
    case.run(&["ingest", "--mapping", "m.toml", "rep/e.csv.repair.csv"]);
    assert_eq!(case.sql("SELECT source FROM deals WHERE deal_id = '9'")[0]["source"], "a;'=1,' -b");
    let json = case.run(&["sql", "SELECT source FROM deals WHERE deal_id = '9'", "--format", "json"]);
    assert!(json.contains("\"a;=1, -b\""), "{json}");
}

/// A refusal is in the language of the command: that which was asked for, else the regulation's, else Russian.
#[test]
fn a_refusal_is_in_the_language_of_the_command() {
    let case = Case::new();
    case.put("m.toml", ESCAPES.replace("dates = \"yyyy-mm-dd\"\n", "").replace("decimal = \".\"\n", ""));
    case.put("empty.csv", "");
    case.put("head.csv", "ID,D,A\n");
    case.put("lacks.csv", "ID,D\n1,2025-06-24\n");
    case.put("twice.csv", "ID,D,A\n1,03.04.2025,5\n");
    case.put("marks.csv", "ID,D,A\n1,2025-06-24,\"1,5\"\n2,2025-06-24,1.5\n");
    case.put("cp.csv", b"ID,D,A\n1,2025-06-24,5\n\xcf\xf0\xe8,2025-06-24,5\n");
    let told = |export: &str, lang: &str| {
        let ran = run(&case, &[&["ingest", "--mapping", "m.toml", export], &[lang][..]].concat());
        assert_eq!(ran.code, 2, "{}", ran.out);
        ran.err
    };
    for (export, en, ru) in [
        ("empty.csv", "the file is empty", "файл пуст"),
        ("head.csv", "the file has a header and no rows", "в файле есть заголовок, а строк нет"),
        ("lacks.csv", "there is no column `A`", "нет столбца `A`"),
        ("twice.csv", "3 April 2025 as d.m.yyyy", "3 апреля 2025 как d.m.yyyy"),
        ("marks.csv", "two notations in one column", "в одном столбце числа пишутся двояко"),
        ("none.csv", "there is no such file", "такого файла нет"),
    ] {
        let (said_en, said_ru) = (told(export, "--lang=en"), told(export, "--lang=ru"));
        assert!(said_en.contains(en), "{said_en}");
        assert!(said_ru.contains(ru), "{said_ru}");
        let cyrillic = |text: &str| text.chars().any(|symbol| ('а'..='я').contains(&symbol));
        assert!(!cyrillic(&said_en), "{said_en}");
        let way_out = said_ru.split_once("\n    ").map_or("", |(_, rest)| rest);
        assert!(cyrillic(way_out), "no way out in Russian: {said_ru}");
    }
}

const SNAPSHOT: &str = r#"
zone = "Europe/Moscow"
[[export]]
name = "deals"
files = "deals*.csv"
dates = "yyyy-mm-dd HH:MM"
decimal = "."
snapshot = true
taken = "yyyy-mm-dd"
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "ID"
stage = "Stage"
status = { from = "Status", values = { open = "open", won = "won", lost = "lost" } }
created_at = "Created"
closed_at = "Closed"
amount = "Sum"
manager = "Who"
client_id = "Client"
"#;

/// A deal that the full export lists no longer is neither open nor standing from then on; before, it was; what was won stays won.
#[test]
fn a_deal_that_is_gone_is_neither_open_nor_closed() {
    let case = company();
    case.put("mapping.toml", SNAPSHOT);
    let row =
        |id: u32, status: &str, closed: &str| format!("{id},new,{status},2025-05-05 10:00,{closed},100,ann,c{id}\n");
    let head = "ID,Stage,Status,Created,Closed,Sum,Who,Client\n";
    let first = [head, &row(1, "open", ""), &row(2, "open", ""), &row(3, "won", "2025-05-20 12:00")].concat();
    case.put("deals_2025-06-02.csv", first);
    case.put("deals_2025-06-09.csv", [head, &row(1, "open", "")].concat());
    case.ingest(&["deals_2025-06-02.csv"]);
    case.ingest(&["deals_2025-06-09.csv"]);
    let scope = |as_of: &str| {
        let query = "SELECT concat_ws(' ', deal_id, coalesce(status, '-'), is_open, coalesce(undated, '-'), gone_at IS NOT NULL) AS said \
                     FROM scope ORDER BY deal_id";
        let rows = super::super::support::rows(&case.run(&["sql", query, "--as-of", as_of, "--format", "csv"]));
        rows.into_iter().map(|row| row["said"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(scope("2025-06-16"), ["1 open true - false", "2 - false gone true", "3 won false - false"]);
    // on the days on which it was still listed it was open
    assert_eq!(scope("2025-06-05"), ["1 open true - false", "2 open true - false", "3 won false - false"]);
    let one = |metric: &str, column: &str| {
        let rows = case.query(&[metric, "--as-of", "2025-06-16"]);
        rows.iter().map(|row| row[column].parse::<f64>().unwrap_or_default()).sum::<f64>()
    };
    assert_eq!(one("data_quality", "gone"), 1.0);
    assert_eq!((one("data_quality", "deals"), one("staff_load", "open_deals")), (3.0, 1.0));
    assert_eq!(one("time_in_stage", "standing"), 1.0);
    assert_eq!((one("funnel", "open"), one("weekly_conversion", "open")), (1.0, 1.0));
    assert_eq!(one("weekly_conversion", "undated"), 1.0);
    for metric in ["worklist", "control_list", "breaches"] {
        let rows = case.run(&["query", metric, "--as-of", "2025-06-16", "--format", "csv"]);
        assert!(
            !rows.lines().skip(1).any(|line| line.split(',').any(|cell| cell == "2")),
            "{metric} names deal 2:\n{rows}"
        );
    }
    // it is told
    case.run(&["report", "weekly", "--as-of", "2025-06-16", "--format", "html", "--lang", "en"]);
    let page = fs::read_dir(case.dir().join("out"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap_or_default());
    assert!(page.collect::<String>().contains("Gone from the exports: 1 open deals"));
    // listed again, it is open again
    case.put("deals_2025-06-16.csv", [head, &row(1, "open", ""), &row(2, "open", "")].concat());
    case.ingest(&["deals_2025-06-16.csv"]);
    assert_eq!(scope("2025-06-23")[1], "2 open true - false");
}
