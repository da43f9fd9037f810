//! Exports that would do harm: rows without an end, bombs, names that lead out of the folder, formulas, markup; and a disk
//! that is full, and two ingests at once.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::make::{as_gz, as_zip, bomb, book, zip};
use super::{Company, files, says};
use crate::support::{checkout, voronka};

const SUM: &str = "amount = \"Сумма\"";

#[test]
fn a_row_without_an_end_is_refused_with_its_place() {
    let company = Company::with_deals("delimiter = \";\"", SUM);
    let mut file = BufWriter::new(File::create(company.path("deals.csv")).unwrap());
    file.write_all("ID;Сумма\n1;10\n2;\"".as_bytes()).unwrap();
    let piece = vec![b'x'; 1 << 20];
    (0..66).for_each(|_| file.write_all(&piece).unwrap());
    file.into_inner().unwrap();
    says(
        &company.refuses(&["deals.csv"]),
        &["deals.csv:3: a row begins near here that is longer than 64 MiB", "a quote that is not closed, or no table"],
    );
}

#[test]
fn a_bomb_is_refused_before_it_fills_the_disk() {
    let company = Company::with_deals("", SUM);
    let zeros = bomb(300, 0);
    assert!(zeros.len() < 1 << 20, "{}", zeros.len());
    company.put("deals.gz", as_gz(b"PAR1", &zeros));
    let told = company.refuses(&["deals.gz"]);
    says(&told, &["deals.gz: ", "bytes unpack to more than 256 MiB: no export does that", "unpack it yourself"]);
    // what a zip says of its sizes is not believed
    company.put("deals.zip", as_zip(&[], "deals.parquet", &[bomb_of_parquet(), zeros].concat(), 1000));
    says(&company.refuses(&["deals.zip"]), &["deals.zip/deals.parquet: ", "unpack to more than 256 MiB"]);
    let left: u64 = files(&company.path("store")).iter().map(|(_, bytes)| bytes.len() as u64).sum();
    assert!(left < 1 << 20, "{left} bytes are left in the store");
}

/// A block of deflate that is not packed: the letters by which Parquet is known.
fn bomb_of_parquet() -> Vec<u8> {
    vec![0, 4, 0, 0xfb, 0xff, b'P', b'A', b'R', b'1']
}

#[test]
fn a_workbook_with_a_part_that_unpacks_to_too_much_is_refused() {
    let company = Company::with_deals("", SUM);
    let parts = book(&[("Сделки", String::new())]);
    let parts: Vec<(&str, &[u8])> = parts.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    company.put("deals.xlsx", as_zip(&parts, "xl/sharedStrings.xml", &bomb(257, b' '), 257 << 20));
    says(&company.refuses(&["deals.xlsx"]), &["deals.xlsx: ", "a part of it unpacks to more than 256 MiB"]);
}

#[test]
fn a_name_in_an_archive_is_only_shown() {
    let company = Company::with_deals("", SUM);
    let outside = company.dir.path().parent().unwrap().join("voronka-was-here.csv");
    let rows = "ID;Сумма\n1;10\n2;x\n";
    let names = ["../voronka-was-here.csv", "/voronka-was-here.csv", "..\\voronka-was-here.csv"];
    company.put("in/deals.zip", zip(&names.map(|name| (name, rows.as_bytes()))));
    let before: Vec<_> = files(company.dir.path()).into_iter().map(|(path, _)| path).collect();
    says(&company.loads(&["in/deals.zip"]), &["deals.zip/../voronka-was-here.csv (deals;"]);
    assert!(!outside.exists() && !Path::new("/voronka-was-here.csv").exists());
    let new = files(company.dir.path()).into_iter().map(|(path, _)| path).filter(|path| !before.contains(path));
    assert!(
        new.into_iter().all(|path| path.starts_with(company.path("store")) || path == company.path("store.key")),
        "a file lies outside of the store"
    );
    assert_eq!(company.of_deals("deal_id"), ["1"]);
    assert_eq!(company.sql("SELECT count(DISTINCT file) FROM quarantine"), ["3"]);
}

const FORMULAS: [&str; 6] = ["=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1;1)", "\u{a0}=1", "＝1"];

#[test]
fn formulas_are_texts_in_the_store_and_defused_in_every_csv() {
    let columns = "source = \"Источник\"\namount = \"Сумма\"\nclosed_at = \"Закрыта\"\nstatus = { const = \"won\" }\ncreated_at = \"Закрыта\"";
    let company = Company::with_deals("dates = \"dd.mm.yyyy\"", columns);
    let rows: String = FORMULAS.iter().zip(1..).map(|(text, id)| format!("{id};\"{text}\";-5;01.03.2025\n")).collect();
    company.put("deals.csv", format!("ID;Источник;Сумма;Закрыта\n{rows}"));
    company.loads(&["deals.csv"]);
    let json = company.run(&["sql", "SELECT source FROM deals ORDER BY deal_id", "--format", "json"]).ok();
    for text in FORMULAS {
        assert!(json.contains(&format!("\"source\":\"{}\"", text.trim())), "{text} is not kept: {json}");
    }
    let csv =
        company.run(&["sql", "SELECT source AS \"=name\", amount FROM deals ORDER BY deal_id", "--format", "csv"]).ok();
    assert_defused(&csv);
    assert!(csv.starts_with("'=name,amount\n"), "{csv}");
    assert_eq!(csv.matches(",-5.0000").count(), FORMULAS.len(), "a number is not a formula: {csv}");
    let period = ["--from", "2025-01-01", "--to", "2025-06-30", "--as-of", "2025-06-30"];
    let query = [&["query", "lead_quality", "--by", "source", "--format", "csv"][..], &period].concat();
    assert_defused(&company.run(&query).ok());
}

/// No cell of a CSV begins as a formula does, numbers left out.
#[track_caller]
fn assert_defused(csv: &str) {
    let delimiter = if csv.lines().next().unwrap_or_default().contains(';') { b';' } else { b',' };
    let text = csv.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(text.as_bytes());
    for record in reader.records() {
        for cell in record.unwrap().iter() {
            let begins = cell.trim_start().starts_with(['=', '+', '-', '@', '＝']);
            let number = cell.replace(',', ".").parse::<f64>().is_ok();
            assert!(!begins || number, "a spreadsheet would run `{cell}`");
        }
    }
}

/// Managers and a contractor of the sample company, and what they are called instead.
const RENAMED: [(&str, &str); 3] = [
    ("Быков С.", "<script>alert(1)</script>"),
    ("Громов И.", "=cmd|' /C calc'!A0"),
    ("Орбита Реклама", "<img src=x onerror=alert(1)>"),
];

#[test]
fn markup_and_formulas_in_names_come_out_of_reports_harmless() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["mapping.toml", "regulation.toml"] {
        fs::copy(checkout("sample_data").join(name), dir.path().join(name)).unwrap();
    }
    let exports = ["deals.csv", "clients.csv", "events_2025.csv", "staff.csv", "spend.csv", "promos.csv"];
    for name in exports {
        let text = fs::read_to_string(checkout("sample_data").join(name)).unwrap();
        let mut renamed = text;
        for (from, to) in RENAMED {
            renamed = renamed.replace(from, to);
        }
        fs::write(dir.path().join(name), renamed).unwrap();
    }
    let args = ["ingest", "--mapping", "mapping.toml"];
    voronka(dir.path(), &[&args[..], &exports].concat()).ok();
    let mut shown = 0;
    for report in ["weekly", "control", "contractors"] {
        let args = ["report", report, "--as-of", "2025-06-30", "--format", "html,svg,csv", "--out", report];
        voronka(dir.path(), &args).ok();
        for (path, bytes) in files(&dir.path().join(report)) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            match path.extension().and_then(|end| end.to_str()) {
                Some("csv") => assert_defused(&text),
                _ => {
                    assert!(!text.contains("<script>alert"), "{} runs a manager's name", path.display());
                    assert!(!text.contains("<img src=x"), "{} shows a source's picture", path.display());
                    shown += text.matches("&lt;script").count() + text.matches("&lt;img").count();
                }
            }
        }
    }
    assert!(shown > 5, "the names are shown {shown} times: this proves little");
}

#[test]
fn a_full_disk_leaves_the_store_as_it_was_and_is_told() {
    let company = Company::with_deals("", "amount = \"Сумма\"\nsource = \"Источник\"");
    let rows = |from: u64, to: u64| {
        let text = |id: u64| {
            format!("{:x}{:x}", id.wrapping_mul(0x9e37_79b9_7f4a_7c15), id.wrapping_mul(0xc2b2_ae3d_27d4_eb4f))
        };
        let row = |id: u64| format!("{id};{id};{}\n", text(id));
        format!("ID;Сумма;Источник\n{}", (from..to).map(row).collect::<String>())
    };
    company.put("deals.csv", rows(0, 10));
    company.loads(&["deals.csv"]);
    company.put("more.csv", rows(10, 20_000));
    let before = company.sql("SELECT count(*), sum(amount) FROM deals");
    // no file may grow beyond so many blocks of 512 bytes: a disk without room, for one process
    for blocks in [1, 8, 100] {
        let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let ran = Command::new("sh")
            .args([
                "-c",
                &limited,
                env!("CARGO_BIN_EXE_voronka"),
                "ingest",
                "--lang",
                "en",
                "--mapping",
                "mapping.toml",
            ])
            .arg("more.csv")
            .current_dir(company.dir.path())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(2), "{blocks} blocks: {told}");
        says(&told, &["error: ", "File too large"]);
        assert_eq!(company.sql("SELECT count(*), sum(amount) FROM deals"), before, "{blocks} blocks");
    }
    // with room again, it goes on
    company.loads(&["more.csv"]);
    assert_eq!(company.sql("SELECT count(*) FROM deals"), ["20000"]);
}

/// Begins an ingest and does not wait for its end.
fn begun(company: &Company, export: &str) -> std::process::Child {
    Command::new(env!("CARGO_BIN_EXE_voronka"))
        .args(["ingest", "--lang", "en", "--mapping", "mapping.toml", export])
        .current_dir(company.dir.path())
        .env_remove("VORONKA_STORE")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn two_ingests_at_once_both_end_well_or_one_is_told_of_the_other() {
    for exports in [["a.csv", "b.csv"], ["a.csv", "a.csv"]] {
        for round in 0..3 {
            let company = Company::with_deals("", SUM);
            let rows = |from: u32| (from..from + 3000).map(|id| format!("{id};1\n")).collect::<String>();
            company.put("a.csv", format!("ID;Сумма\n{}", rows(0)));
            company.put("b.csv", format!("ID;Сумма\n{}", rows(2000)));
            if round == 2 {
                // in a store that is there already
                company.put("c.csv", "ID;Сумма\n0;2\n");
                company.loads(&["c.csv"]);
            }
            let running = exports.map(|export| begun(&company, export));
            let ended: Vec<Output> = running.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
            let went_well = ended.iter().filter(|end| end.status.success()).count();
            assert!(went_well > 0, "neither ended well: {}", String::from_utf8_lossy(&ended[0].stderr));
            for (end, export) in ended.iter().zip(exports) {
                if !end.status.success() {
                    let told = String::from_utf8_lossy(&end.stderr);
                    says(
                        &told,
                        &["another ingest is writing this store", "wait until it ends, then run this one again"],
                    );
                    company.loads(&[export]);
                }
            }
            let expected = if exports[0] == exports[1] { "3000,3000,3000.0000" } else { "5000,5000,5000.0000" };
            let found = company.sql("SELECT count(*), count(DISTINCT deal_id), sum(amount) FROM deals");
            assert_eq!(found, [expected], "round {round} of {exports:?}");
        }
    }
}
