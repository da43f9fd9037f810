//! Text as programs write it: quotes that mean nothing, line ends, rows of nothing, letters in two pieces, pipes. No row vanishes in
//! another, and what is doubtful is told with its line.

use super::{Case, Row};
use crate::support::{Ran, voronka};

/// What an ingest of a mapping of that name ended with.
fn ingested(case: &Case, mapping: &str, exports: &[&str]) -> Ran {
    voronka(case.dir(), &[&["ingest", "--lang", "en", "--mapping", mapping], exports].concat())
}

/// A regulation by which `sql` can be asked.
fn with_regulation(case: Case) -> Case {
    let regulation = std::fs::read(crate::support::checkout("tests/cases/f30/regulation.toml")).unwrap();
    case.put("regulation.toml", regulation);
    case
}

/// Id and a column of all deals.
fn deals(case: &Case, column: &str) -> Vec<String> {
    let rows = case.sql(&format!("SELECT deal_id, {column} FROM deals ORDER BY deal_id"));
    rows.iter().map(|row: &Row| format!("{} {}", row["deal_id"], row[column])).collect()
}

#[track_caller]
fn says(told: &str, parts: &[&str]) {
    for part in parts {
        assert!(told.contains(part), "`{part}` is not in:\n{told}");
    }
}

#[test]
fn f12_a_quote_that_means_nothing_takes_no_row() {
    // of each file: its deals with what they hold, and the lines that are told
    let table: [(&str, &[&str], &str); 15] = [
        ("inch", &["1 abc\"", "2 pipe 5\" x 3", "3 plain"], ""),
        ("brian", &["1 Jagger", "2 O\"Brian", "3 Keith", "4 L\"Etoile", "5 Watts"], ""),
        ("begins", &["1 \"Lorem\" ipsum", "2 x", "3 a \"b\" c"], "1 (lines 2)"),
        ("backslash", &["1 text with \" escaped quote", "2 plain", "3 also \" there", "4 last"], "2 (lines 2, 4)"),
        ("backslash_end", &["1 ends with \"", "2 plain", "3 also ends \"", "4 last"], "2 (lines 2, 4)"),
        ("backslash_even", &["1 a \"b\" c", "2 plain", "3 d \"e, f\" g", "4 last"], "2 (lines 2, 4)"),
        ("backslash_inch", &["1 TV 55\"", "2 plain", "3 x", "4 TV 32\"", "5 last"], "2 (lines 2, 5)"),
        ("backslash_odd", &["1 TV 55\"", "2 plain", "3 last"], "1 (lines 2)"),
        ("backslash_path", &["1 C:\\exports\\", "2 D:\\data\\", "3 last"], ""),
        ("empty_inner", &["1 he wrote: \"", "2 plain"], "1 (lines 2)"),
        ("inch_all_quoted", &["1 TV 55\"", "2 plain", "3 x"], "1 (lines 2)"),
        ("inch_each", &["1 TV 55\"", "2 TV 32\"", "3 TV 43\"", "4 x"], "3 (lines 2, 3, 4)"),
        ("inch_quoted_text", &["1 TV 55\"", "2 plain", "3 x"], "1 (lines 2)"),
        ("inch_two_quoted", &["1 TV 55\"", "2 plain", "3 x"], "1 (lines 2)"),
        ("unbalanced", &["1 he said \"hi\"", "2 plain", "3 she \"too\"", "4 last"], "2 (lines 2, 4)"),
    ];
    for (file, expected, lines) in table {
        let case = with_regulation(Case::of("f12"));
        let ran = ingested(&case, "mapping.toml", &[&format!("{file}.csv")]);
        assert_eq!(ran.code, 0, "{file}: {}", ran.err);
        assert_eq!(deals(&case, "source"), expected, "{file}: {}", ran.out);
        let told = format!("{file}.csv: lines with a quote that closes nothing: {lines}");
        assert_eq!(ran.out.contains("a quote that closes nothing"), !lines.is_empty(), "{file}: {}", ran.out);
        assert!(lines.is_empty() || ran.out.contains(&told), "{told}\n{}", ran.out);
    }
    let case = with_regulation(Case::of("f12"));
    for file in ["backslash", "backslash_end", "backslash_even", "backslash_inch", "backslash_odd"] {
        let ran = ingested(&case, "mapping_escape.toml", &[&format!("{file}.csv")]);
        assert!(ran.code == 0 && !ran.out.contains("closes nothing"), "{file}: {}", ran.out);
    }
    let ran = ingested(&case, "mapping.toml", &["open.csv"]);
    assert_eq!(ran.code, 2);
    says(&ran.err, &["open.csv:2: a quote opens here that is not closed in the next 3 lines"]);
}

#[test]
fn of_a_thousand_deals_of_which_some_end_in_an_inch_mark_none_is_lost() {
    let case = with_regulation(Case::of("f12"));
    // quoted where there is a blank, with nothing doubled, as a program does that joins cells itself
    let mut text = "ID,Source,Amount\n".to_owned();
    for id in 1..=1000 {
        let source = match id % 7 {
            0 => format!("\"TV {}\"\"", 20 + id % 60),
            1 => format!("\"screen \"{id}\" wide\""),
            3 => "\"plain, with a comma\"".to_owned(),
            _ => format!("s{}", id % 9),
        };
        text += &format!("{id:04},{source},{id}\n");
    }
    case.put("deals.csv", text);
    let ran = ingested(&case, "mapping.toml", &["deals.csv"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let sum = case.sql("SELECT count(*) AS n, sum(amount) AS s FROM deals");
    assert_eq!((sum[0]["n"].as_str(), sum[0]["s"].as_str()), ("1000", "500500.0000"));
    says(&ran.out, &["lines with a quote that closes nothing: 285 (lines 2, 8, 9, 15, 16, …)"]);
}

#[test]
fn a_text_of_several_lines_stays_one_and_what_might_be_rows_is_told() {
    let case = with_regulation(Case::of("f12"));
    case.put(
        "deals.csv",
        "ID,Source,Amount\n1,\"first\n\nsecond, \"\"third\"\"\n\",10\n2,\"a\n2,3\",20\n3,\"x,1\n4,y,2\n5,z\",30\n",
    );
    let ran = ingested(&case, "mapping.toml", &["deals.csv"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(case.sql("SELECT count(*) AS n FROM deals")[0]["n"], "3");
    says(&ran.out, &["rows over several lines of which one looks like a row by itself: 2 (lines 6, 8)"]);
}

#[test]
fn f13_however_lines_end_all_rows_are_read() {
    for file in ["cr_only", "cr_inside_quoted", "cr_inside_bare", "crlf_and_lf", "cr_cr_lf"] {
        let case = with_regulation(Case::of("f13"));
        let ran = ingested(&case, "mapping.toml", &[&format!("{file}.csv")]);
        assert_eq!(ran.code, 0, "{file}: {}", ran.err);
        let first = if file.starts_with("cr_inside") { "1 goo\rgle" } else { "1 google" };
        let rows = case.sql("SELECT deal_id || ' ' || source AS d FROM deals ORDER BY deal_id");
        let read: Vec<&str> = rows.iter().map(|row| row["d"].as_str()).collect();
        assert_eq!(read, [first, "2 direct", "3 mail"], "{file}");
    }
    // old Excel for a Mac: CR between rows, LF within cells
    let case = with_regulation(Case::of("f13"));
    case.put("deals.csv", "ID,Source,Amount\r1,\"two\nlines\",10\r2,b,20\r");
    assert_eq!(ingested(&case, "mapping.toml", &["deals.csv"]).code, 0);
    assert_eq!(deals(&case, "source"), ["1 two\nlines", "2 b"]);
}

#[test]
fn f11_delimiters_alone_are_no_row() {
    for (file, code, read) in [
        ("empty_rows_after", 0, 2),
        ("extra_header", 1, 0),
        ("rows_longer", 1, 0),
        ("title", 0, 2),
        ("trailing_delimiter", 0, 2),
        ("trailing_rows_only", 0, 2),
    ] {
        let case = with_regulation(Case::of("f11"));
        let ran = ingested(&case, "mapping.toml", &[&format!("{file}.csv")]);
        assert_eq!((ran.code, deals(&case, "source").len()), (code, read), "{file}: {}{}", ran.out, ran.err);
        says(&ran.out, &["rows 2\n"]);
    }
    // nor what has nothing but spaces, quotes or unseen signs between them; and a delimiter at the end of the header is no column
    let case = with_regulation(Case::of("f11"));
    case.put("deals.csv", "ID;Source;Amount;Created;\n1;google;10;2025-01-02\n;;;\n \u{a0};\"\";\t;\u{200b};\n\u{feff};;;\r\n2;b;20;2025-01-03;\n");
    let ran = ingested(&case, "mapping.toml", &["deals.csv"]);
    assert_eq!((ran.code, deals(&case, "source")), (0, vec!["1 google".to_owned(), "2 b".to_owned()]), "{}", ran.out);
    let case = with_regulation(Case::of("f11"));
    assert_eq!(ingested(&case, "mapping_params.toml", &["parameters.csv"]).code, 0);
    assert_eq!(case.sql("SELECT count(*) AS n FROM events")[0]["n"], "2");
}

#[test]
fn f11_a_header_that_comes_again_is_no_row() {
    let case = with_regulation(Case::of("f11"));
    case.put(
        "deals.csv",
        "ID;Source;Amount;Created\n1;google;10;2025-01-22\nID;Source;Amount;Created\n2;b;20;2025-01-23\n",
    );
    let ran = ingested(&case, "mapping.toml", &["deals.csv"]);
    assert_eq!((ran.code, deals(&case, "source").len()), (0, 2), "{}", ran.err);
    says(&ran.out, &["rows 2\n", "rows that are the header once more, passed over: 1"]);
}

#[test]
fn f11_rows_of_delimiters_do_not_keep_a_deal_from_being_gone() {
    let case = with_regulation(Case::of("f11"));
    case.put(
        "snap.toml",
        "zone = \"Europe/Berlin\"\n[[export]]\nname = \"deals\"\nsnapshot = true\n[[export.table]]\nfill = \"deals\"\n\
         [export.table.columns]\ndeal_id = \"ID\"\nstage = \"Stage\"\ncreated_at = { from = \"Created\", dates = \"yyyy-mm-dd\" }\n",
    );
    for (file, code) in [("deals_2025-03-03.csv", 0), ("semi_2025-03-10.csv", 0)] {
        assert_eq!(ingested(&case, "snap.toml", &[file]).code, code);
    }
    let gone = case.sql("SELECT deal_id FROM deals WHERE gone_at IS NOT NULL");
    assert_eq!(gone.iter().map(|row| row["deal_id"].as_str()).collect::<Vec<_>>(), ["3"]);
}

#[test]
fn f14_letters_in_two_pieces_are_letters() {
    let case = with_regulation(Case::of("f14"));
    let pieces = "Сделки маи\u{306}.csv";
    std::fs::rename(case.dir().join("may.csv"), case.dir().join(pieces)).unwrap();
    std::fs::rename(case.dir().join("june.csv"), case.dir().join("Сделки июнь.csv")).unwrap();
    // typed in one piece, the file in two; and the other way round
    let ran =
        ingested(&case, "mapping.toml", &["Сделки май.csv", "Сделки июнь.csv", "nfd_header.csv", "nfd_values.csv"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(deals(&case, "status"), ["1 won", "2 won", "3 won", "4 won"]);
    let managers = case.sql("SELECT DISTINCT manager FROM deals");
    assert_eq!(managers.iter().map(|row| row["manager"].as_str()).collect::<Vec<_>>(), ["Сергей Королёв"]);
    assert!(!ran.out.contains("count as different"), "{}", ran.out);
    // whoever asks in pieces
    let asked = case.sql("SELECT count(*) AS n FROM deals WHERE manager = 'Сергеи\u{306} Корол\u{435}\u{308}в'");
    assert_eq!(asked[0]["n"], "4");
    // a mapping in two pieces reads exports in one
    let other = with_regulation(Case::of("f14"));
    let mapping = std::fs::read_to_string(other.dir().join("mapping.toml")).unwrap();
    other.put("mapping.toml", mapping.replace('й', "и\u{306}").replace('ё', "\u{435}\u{308}"));
    std::fs::rename(other.dir().join("june.csv"), other.dir().join("Сделки июнь.csv")).unwrap();
    assert_eq!(ingested(&other, "mapping.toml", &["Сделки июнь.csv"]).code, 0);
    assert_eq!(deals(&other, "status"), ["1 won"]);
}

#[test]
fn f15_names_with_signs_of_a_pattern_are_names() {
    let case = Case::of("f15");
    let rows = std::fs::read(case.dir().join("deals.csv")).unwrap();
    std::fs::create_dir(case.dir().join("exports [GOG]")).unwrap();
    let names = ["deals [1].csv", "deals (1).csv", "50% off #1?.csv", "exports [GOG]/deals.csv", "-dash.csv"];
    names.iter().for_each(|name| case.put(name, &rows));
    for name in [
        "deals [1].csv",
        "deals (1).csv",
        "50% off #1?.csv",
        "exports [GOG]/deals.csv",
        "exports [GOG]/*.csv",
        "./-dash.csv",
    ] {
        let ran = ingested(&case, "mapping.toml", &[name]);
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        says(&ran.out, &["rows 2\n"]);
    }
    assert_eq!(ingested(&case, "mapping_exact.toml", &["deals [1].csv"]).code, 0);
    assert_eq!(ingested(&case, "mapping_pattern.toml", &["deals (1).csv"]).code, 0);
}

/// Runs a line of the shell in the folder, `$V` being the binary: code, standard output and errors.
#[cfg(unix)]
fn shell(case: &Case, line: &str) -> Ran {
    let mut bash = std::process::Command::new("bash");
    bash.args(["-c", line]).current_dir(case.dir()).env("V", env!("CARGO_BIN_EXE_voronka")).env_remove("VORONKA_STORE");
    let output = bash.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
}

#[cfg(unix)]
#[test]
fn f15_t18_what_can_be_read_once_is_read_or_refused_at_once() {
    let case = Case::of("f15");
    let ingest = "timeout 60 $V ingest --lang en --mapping mapping.toml";
    for (line, file) in [
        (format!("cat deals.csv | {ingest} -"), "stdin"),
        (format!("{ingest} - < deals.csv"), "stdin"),
        (format!("cat deals.csv | {ingest} /dev/stdin"), "stdin"),
        (format!("{ingest} <(cat deals.csv)"), ""),
        (format!("mkfifo pipe.csv; (cat deals.csv > pipe.csv) & {ingest} pipe.csv"), "pipe.csv"),
        (format!("mkfifo late.csv; (sleep 1; cat deals.csv > late.csv) & {ingest} late.csv"), "late.csv"),
    ] {
        let ran = shell(&case, &line);
        assert_eq!(ran.code, 0, "{line}: {}", ran.err);
        says(&ran.out, &[&format!("{file} (deals; utf-8, `,`): rows 2")]);
    }
    for (line, why) in [
        (format!("mkfifo nobody.csv; {ingest} nobody.csv"), "nobody.csv: a pipe into which nobody writes"),
        (format!("{ingest} /dev/zero"), "/dev/zero: a device, and no file"),
        (format!("{ingest} - < /dev/null"), "stdin: the file is empty"),
    ] {
        let ran = shell(&case, &line);
        assert_eq!(ran.code, 2, "{line}: {}", ran.out);
        says(&ran.err, &[why]);
    }
    // folders that link to themselves and to each other
    let line = "mkdir l; ln -s . l/a; ln -s . l/b; cp deals.csv l/; ";
    let ran = shell(&case, &format!("{line} {ingest} 'l/**/*.csv'"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    says(&ran.out, &["deals.csv (deals; utf-8, `,`): rows 2"]);
}

#[test]
fn f16_small_factors_and_the_notations_of_accountants() {
    for mapping in ["mapping_one.toml", "mapping_two.toml", "mapping_three.toml"] {
        let case = with_regulation(Case::of("f16"));
        let ran = ingested(&case, mapping, &["spend.csv"]);
        assert_eq!(ran.code, 0, "{mapping}: {}", ran.err);
        let costs = case.sql("SELECT cost FROM spend ORDER BY day");
        let costs: Vec<&str> = costs.iter().map(|row| row["cost"].as_str()).collect();
        assert_eq!(costs[..2], ["134.2000", "1.2346"], "{mapping}");
        says(&ran.out, &["amounts with more than four decimals, rounded: 2"]);
    }
    let case = with_regulation(Case::of("f16"));
    let ran = ingested(&case, "mapping_acc.toml", &["accounting.csv"]);
    assert_eq!(ran.code, 2);
    says(&ran.err, &["line 5 has `\u{2212}5.00`, without a currency", "currency = \"USD\""]);
    let stated = std::fs::read_to_string(case.dir().join("mapping_acc.toml")).unwrap();
    case.put(
        "stated.toml",
        stated.replace("cost = \"Cost\"", "cost = { from = \"Cost\", currency = \"USD\", decimal = \".\" }"),
    );
    let ran = ingested(&case, "stated.toml", &["accounting.csv"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let costs = case.sql("SELECT cost FROM spend ORDER BY day");
    let costs: Vec<&str> = costs.iter().map(|row| row["cost"].as_str()).collect();
    assert_eq!(costs, ["1234.5600", "-5.0000", "-5.0000", "3100.0000", "1.5000", "-7.2500"]);
    let told: Vec<String> = case
        .sql("SELECT line, value, reason FROM quarantine ORDER BY line")
        .iter()
        .map(|row| format!("{} {} {}", row["line"], row["value"], &row["reason"][..12]))
        .collect();
    assert_eq!(told, ["3 ($987.65) a number in ", "6 5.00- a minus behi", "10 $(8.00) a number in "]);
    // in the notation of others
    case.put(
        "comma.csv",
        "Day,Campaign,Cost\n2025-04-01,a,\"(1 234,50)\"\n2025-04-02,a,\"1 234,50-\"\n2025-04-03,a,\"1 234,50\"\n",
    );
    case.put("comma.toml", stated.replace("cost = \"Cost\"", "cost = { from = \"Cost\", decimal = \",\" }"));
    let ran = ingested(&case, "comma.toml", &["comma.csv"]);
    says(&ran.out, &["1 × comma.csv, `Cost`: a number in brackets", "1 × comma.csv, `Cost`: a minus behind a number"]);
}

#[test]
fn f27_names_of_all_kinds_are_stored_and_shown_as_text() {
    let case = with_regulation(Case::of("f30"));
    let names = [
        "שיווק ישיר",
        "تسويق",
        "线上广告",
        "👨\u{200d}👩\u{200d}👧",
        "<script>alert(1)</script>",
        "]]>",
        "&amp;",
        "a\nb",
    ];
    let mut text = "ID,Client,Status,Source,Created,Amount\n".to_owned();
    for (at, name) in names.iter().chain([&"x".repeat(90).as_str(), &"  "]).enumerate() {
        text += &format!("{at},c{at},open,\"{name}\",2025-03-03 10:00:00,1\n");
    }
    case.put("deals.csv", text);
    assert_eq!(ingested(&case, "mapping.toml", &["deals.csv"]).code, 0);
    let ran = voronka(case.dir(), &["report", "weekly", "--as-of", "2025-03-10", "--out", "out <&> %20"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let page = std::fs::read_to_string(case.dir().join("out <&> %20").join("weekly.html")).unwrap();
    assert!(!page.contains("<script>alert") && !page.contains("NaN"));
}

#[test]
fn f30_nothing_and_the_words_for_it_stay_what_they_are() {
    let case = with_regulation(Case::of("f30"));
    assert_eq!(ingested(&case, "mapping.toml", &["deals.csv"]).code, 0);
    assert_eq!(deals(&case, "source"), ["1 NULL", "2 None", "3 nan", "4 ", "5 ", "6 '-5"]);
    let rows = case.sql("SELECT count(*) AS n FROM deals WHERE source IS NULL");
    assert_eq!(rows[0]["n"], "2");
    let shown = case.run(&[
        "sql",
        "SELECT NULL AS a, '' AS b, 'NULL' AS c, -5 AS d, 'a,b' AS e, 'q\"q' AS f",
        "--format",
        "csv",
    ]);
    assert_eq!(shown, "a,b,c,d,e,f\n,,NULL,-5,\"a,b\",\"q\"\"q\"\n");
}

#[cfg(unix)]
#[test]
fn f31_sql_as_people_write_it() {
    let case = with_regulation(Case::of("f30"));
    assert_eq!(ingested(&case, "mapping.toml", &["deals.csv"]).code, 0);
    let asked = |text: &str| {
        case.put("query.sql", text);
        shell(&case, "$V sql --format csv < query.sql")
    };
    for text in [
        "select 1 as one;\n\n-- Some comments\n",
        "-- first; not a statement;\nselect 1 as one -- tail;\n;\n",
        "\u{feff}select 1 as one;",
        "/* a; b */ select 1 as one; /* end; */",
        "select 1 as one;;;",
        "select\u{a0}1 as one;\r\n",
    ] {
        let ran = asked(text);
        assert_eq!((ran.code, ran.out.as_str()), (0, "one\n1\n"), "{text}: {}", ran.err);
    }
    assert_eq!(asked("select 'a;b' as t").out, "t\na;b\n");
    let ran = asked("select 1 as one;\nselect 2 as two;\n");
    assert_eq!(ran.code, 2);
    says(&ran.err, &["there are several statements\n    ask one at a time"]);
    assert!(asked("").code == 2 && asked("-- nothing here").code == 2);
    let ran = shell(
        &case,
        "$V sql 'select * from generate_series(1, 1000000)' --format csv | head -1; exit ${PIPESTATUS[0]}",
    );
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "value\n", ""));
}

#[cfg(unix)]
#[test]
fn f33_t08_a_store_lies_wherever_the_system_allows() {
    use std::os::unix::ffi::OsStrExt;
    let case = with_regulation(Case::of("f33"));
    let plain: &[u8] = b"store x";
    let names: [&[u8]; 15] = [
        "мой склад".as_bytes(),
        b"50% off #1?",
        b"[store]",
        b"a*b",
        b"store%20x",
        b"store%2Fx",
        b"%",
        b"C:\\data",
        b"{x}",
        b"tab\there",
        b"nl\nx",
        b"\xff\xfe",
        b"~x",
        b"a:b?c=d&e",
        b"%25%32%30",
    ];
    // `store%20x` beside the one whose name it is, decoded
    for (at, name) in std::iter::once(&plain).chain(&names).enumerate() {
        let dir = case.dir().join(std::ffi::OsStr::from_bytes(name)).join("s");
        std::fs::create_dir_all(&dir).unwrap();
        let run = |args: &[&str]| {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_voronka"));
            command.current_dir(&dir).args(args).env_remove("VORONKA_STORE");
            let output = command.output().unwrap();
            (
                output.status.code(),
                String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
            )
        };
        for file in ["deals.csv", "mapping.toml", "regulation.toml"] {
            std::fs::copy(case.dir().join(file), dir.join(file)).unwrap();
        }
        let more = format!("ID,Client,Status,Created,Closed,Amount\n3,c3,open,2025-03-03 10:00:00,,{at}\n");
        std::fs::write(dir.join("deals2.csv"), more).unwrap();
        for file in ["deals.csv", "deals2.csv"] {
            let (code, told) = run(&["ingest", "--mapping", "mapping.toml", file]);
            assert_eq!(code, Some(0), "{dir:?}: {told}");
        }
        let (code, told) = run(&["sql", "SELECT count(*) AS n, sum(amount) AS s FROM deals", "--format", "csv"]);
        assert_eq!((code, told), (Some(0), format!("n,s\n3,{}.0000\n", 150 + at)), "{dir:?}");
        let (code, told) =
            run(&["query", "lead_quality", "--from", "2025-01-01", "--as-of", "2025-04-01", "--format", "csv"]);
        assert_eq!(code, Some(0), "{dir:?}: {told}");
        assert!(run(&["log"]).1.contains("deals2.csv"));
    }
    // behind a link, and moved
    std::os::unix::fs::symlink(case.dir().join("store x/s/store"), case.dir().join("link")).unwrap();
    let count =
        |store: &str| case.run(&["--store", store, "sql", "SELECT count(*) AS n FROM deals", "--format", "csv"]);
    assert_eq!(count("link"), "n\n3\n");
    std::fs::rename(case.dir().join("store x/s/store"), case.dir().join("moved %41")).unwrap();
    assert_eq!(count("moved %41"), "n\n3\n");
}

#[test]
fn f35_ids_that_a_spreadsheet_wrote_anew_are_told() {
    let case = with_regulation(Case::of("f35"));
    assert_eq!(ingested(&case, "mapping.toml", &["deals.csv"]).code, 0);
    let ran = ingested(&case, "mapping.toml", &["deals_resaved.csv"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    says(
        &ran.out,
        &[
            "deals: 3 new ids, of which 3 differ from others only by leading zeros",
            "3 of them from ids that the store knew",
            "`7` and `007`",
            "an id that a spreadsheet turned into a number",
        ],
    );
    // the same again is nothing new
    let again = ingested(&case, "mapping.toml", &["deals.csv"]);
    assert!(!again.out.contains("new ids"), "{}", again.out);
    // other ways to write an id anew
    case.put(
        "deals_more.csv",
        "ID;Client;Status;Created;Closed;Amount\n'007;c1;won;;;1\n0012.0;c2;won;;;1\n9000;c3;won;;;1\n",
    );
    let ran = ingested(&case, "mapping.toml", &["deals_more.csv"]);
    says(&ran.out, &["deals: 3 new ids, of which 2 differ from others only by leading zeros"]);
}

#[test]
fn an_ingest_that_gave_no_row_does_not_end_well() {
    let case = with_regulation(Case::of("f35"));
    case.put("deals_bad.csv", "ID,Client,Status,Created,Closed,Amount\n1,c,vague,,,1\n2,c,vague,,,2\n");
    let ran = ingested(&case, "mapping.toml", &["deals_bad.csv"]);
    assert_eq!(ran.code, 1);
    says(&ran.out, &["deals_bad.csv: all its rows are in quarantine, none was loaded"]);
    // beside a good file as well
    let ran = ingested(&case, "mapping.toml", &["deals.csv", "deals_bad.csv"]);
    assert_eq!((ran.code, case.sql("SELECT count(*) AS n FROM deals")[0]["n"].as_str()), (1, "4"));
    // a file of which some rows are good, and one that changes nothing, are fine
    case.put("deals_bad.csv", "ID,Client,Status,Created,Closed,Amount\n1,c,vague,,,1\n2,c,won,,,2\n");
    assert_eq!(ingested(&case, "mapping.toml", &["deals_bad.csv"]).code, 0);
    assert_eq!(ingested(&case, "mapping.toml", &["deals_bad.csv"]).code, 0);
}
