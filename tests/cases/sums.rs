//! No row and no amount is lost without a number that says so, whatever the form of the file: what was read is what is new, changed,
//! unchanged, refused, ignored and repeated.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};

use super::Case;
use crate::dirt::make::{In, gz, parquet_of, xlsx, zip};

const REGULATION: &str = include_str!("f36/regulation.toml");

/// A row of the file: the id, when it was created, its amount.
type Deal = (String, &'static str, String);

/// Makes a file of deals.
type Make<'a> = &'a dyn Fn(&[Deal]) -> Vec<u8>;

/// Deals whose amounts are below zero, have cents, are repeated, cannot be read, or stand in rows that are refused or ignored.
fn deals(changed: bool) -> Vec<Deal> {
    let mut deals: Vec<Deal> = (1..=200)
        .map(|n: i64| {
            let amount = (n * 7919 % 100_003) * 100 + n % 100 - 2_000_000;
            let amount = if changed && n % 10 == 0 { amount + 5 } else { amount };
            let (sign, cents) = (if amount < 0 { "-" } else { "" }, amount.abs());
            // every 20th tells a date that is none
            let created = if n % 20 == 0 { "soon" } else { "2025-03-03" };
            (
                format!("d{}", if n % 50 == 1 { 7 } else { n }),
                created,
                format!("{sign}{}.{:02}", cents / 100, cents % 100),
            )
        })
        .collect();
    deals.push(("d900".into(), "2025-03-03", "a lot".into()));
    deals.push(("d901".into(), "2025-03-03", String::new()));
    deals.push(("Sum".into(), "2025-03-03", "123456789.00".into()));
    deals
}

fn cents(amount: &str) -> i64 {
    amount.replace('.', "").parse().unwrap_or(0)
}

/// The deals as text.
fn text(deals: &[Deal], delimiter: char, mark: &str, thousands: bool) -> String {
    let mut text = format!("id{delimiter}status{delimiter}created{delimiter}amount\n");
    for (id, created, amount) in deals {
        let mut amount = amount.replace('.', mark);
        let digits = amount.find(mark).unwrap_or(0);
        if thousands && digits > 4 && amount.as_bytes()[digits - 4].is_ascii_digit() {
            amount.insert(digits - 3, ' ');
        }
        writeln!(text, "{id}{delimiter}won{delimiter}{created}{delimiter}{amount}").unwrap();
    }
    text
}

fn book(deals: &[Deal]) -> Vec<u8> {
    let cell = |amount: &'_ str| -> bool { amount.parse::<f64>().is_ok() };
    let head = [In::Text("id"), In::Text("status"), In::Text("created"), In::Text("amount")];
    let rows: Vec<[In<'_>; 4]> = deals
        .iter()
        .map(|(id, created, amount)| {
            let amount = if cell(amount) { In::Number(amount) } else { In::Text(amount) };
            [In::Text(id), In::Text("won"), In::Text(created), amount]
        })
        .collect();
    let mut all: Vec<&[In<'_>]> = vec![&head];
    all.extend(rows.iter().map(|row| row.as_slice()));
    xlsx(&[("deals", &all)])
}

fn json(deals: &[Deal]) -> String {
    let one = |(id, created, amount): &Deal| {
        let amount = if amount.parse::<f64>().is_ok() { amount.clone() } else { format!("\"{amount}\"") };
        format!(r#"{{"id":"{id}","status":"won","created":"{created}","amount":{amount}}}"#)
    };
    deals.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn parquet(deals: &[Deal]) -> Vec<u8> {
    let column = |of: &dyn Fn(&Deal) -> String| -> ArrayRef {
        Arc::new(deals.iter().map(|d| Some(of(d))).collect::<StringArray>())
    };
    parquet_of(vec![
        ("id", column(&|(id, ..)| id.clone())),
        ("status", column(&|_| "won".into())),
        ("created", column(&|(_, created, _)| (*created).to_owned())),
        ("amount", column(&|(.., amount)| amount.clone())),
    ])
}

/// The numbers of the summary's line that begins so; money in cents.
fn numbers(told: &str, begin: &str) -> Vec<i64> {
    let line = told.lines().find(|line| line.split_whitespace().next() == Some(begin));
    let line = line.unwrap_or_else(|| panic!("no line `{begin}` in:\n{told}"));
    let is_money = begin.contains('.');
    let one = |text: &str| match is_money {
        true if text.contains('.') => text.replace([',', '.'], "").parse().unwrap(),
        true => text.replace(',', "").parse::<i64>().unwrap() * 100,
        false => text.parse().unwrap(),
    };
    line.split_whitespace().skip(1).take_while(|text| *text != "rows").map(one).collect()
}

/// The number that stands behind these words; 0: they do not stand there.
fn told_after(told: &str, words: &str) -> i64 {
    let rest = told.split_once(words).map_or("", |(_, rest)| rest);
    let digits: String = rest.chars().skip_while(|c| " :".contains(*c)).take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

#[track_caller]
fn conserved(case: &Case, file: &str, deals: &[Deal]) -> Vec<i64> {
    let told = case.ingest(&[file]);
    let [read, new, changed, unchanged, quarantined] = numbers(&told, "deals")[..] else { panic!("{told}") };
    let (rows, ignored) = (told_after(&told, "): rows"), told_after(&told, "ignored by the mapping"));
    let repeated = told_after(&told, "or of one of its kind");
    assert_eq!((rows, ignored, repeated), (deals.len() as i64, 1, 4), "{told}");
    assert_eq!(rows, read + ignored, "{told}");
    assert_eq!(read, new + changed + unchanged + quarantined + repeated, "{told}");

    let sums = numbers(&told, "deals.amount");
    let [all, written, same, refused, merged] = sums[..] else { panic!("{told}") };
    let wanted = |which: &dyn Fn(&Deal) -> bool| -> i64 {
        deals.iter().filter(|deal| deal.0 != "Sum" && which(deal)).map(|(.., amount)| cents(amount)).sum()
    };
    assert_eq!(all, wanted(&|_| true), "{told}");
    assert_eq!(refused, wanted(&|(_, created, _)| *created == "soon"), "{told}");
    assert_eq!(all, written + same + refused + merged, "{told}");
    assert!(told.contains("rows 1\n"), "the amount that cannot be read: {told}");
    let stored = case.sql("SELECT CAST(round(sum(amount) * 100) AS BIGINT) AS cents FROM deals")[0]["cents"].clone();
    assert_eq!(stored, (written + same).to_string(), "{told}");
    sums
}

#[test]
fn nothing_is_lost_in_any_form() {
    let (first, second) = (deals(false), deals(true));
    let forms: [(&str, &str, Make<'_>); 9] = [
        ("deals.csv", ".", &|d| text(d, ',', ".", false).into_bytes()),
        ("deals.csv", ",", &|d| text(d, ';', ",", true).into_bytes()),
        ("deals.txt", ",", &|d| text(d, '\t', ",", false).into_bytes()),
        ("deals.csv", ".", &|d| [b"\xef\xbb\xbf", text(d, '|', ".", false).replace('\n', "\r\n").as_bytes()].concat()),
        ("deals.csv.gz", ".", &|d| gz(text(d, ',', ".", false).as_bytes())),
        ("deals.zip", ".", &|d| zip(&[("deals.csv", text(d, ',', ".", false).as_bytes())])),
        ("deals.xlsx", ".", &|d| book(d)),
        ("deals.jsonl", ".", &|d| json(d).into_bytes()),
        ("deals.parquet", ".", &|d| parquet(d)),
    ];
    let mut expected: Option<Vec<Vec<i64>>> = None;
    for (file, mark, make) in forms {
        let case = Case::new();
        case.put("regulation.toml", REGULATION);
        case.put(
            "mapping.toml",
            format!(
                "zone = \"UTC\"\n[[export]]\nname = \"deals\"\nfiles = \"deals*\"\ndates = \"yyyy-mm-dd\"\ndecimal = \"{mark}\"\n\
                 ignore_rows = [{{ column = \"id\", equals = \"Sum\" }}]\n[[export.table]]\nfill = \"deals\"\n\
                 [export.table.columns]\ndeal_id = \"id\"\nstatus = \"status\"\ncreated_at = \"created\"\namount = \"amount\"\n"
            ),
        );
        // new, the same again, and with changes
        let told = [&first, &first, &second].map(|deals| {
            case.put(file, make(deals));
            conserved(&case, file, deals)
        });
        let [new, again, changed] = &told;
        assert_eq!((new[2], again[1]), (0, 0), "{file}");
        assert_eq!(new[1], again[2], "{file}");
        assert!(changed[1] != 0 && changed[2] != 0, "{file}");
        // the form makes no difference
        let told = told.to_vec();
        assert_eq!(&told, expected.get_or_insert_with(|| told.clone()), "{file}");
    }
}

#[test]
fn what_is_added_up_and_what_takes_the_place_of_another_is_told() {
    let case = Case::new();
    case.put("regulation.toml", REGULATION);
    let mapping = "zone = \"UTC\"\n[[export]]\nname = \"spend\"\nfiles = \"spend*\"\ndates = \"yyyy-mm-dd\"\ndecimal = \".\"\n[[export.table]]\n\
                   fill = \"spend\"\n[export.table.columns]\nday = \"day\"\nsource = \"source\"\ncost = \"cost\"\n";
    case.put("spend.csv", "day,source,cost\n2025-03-03,ads,10.50\n2025-03-03,ads,4\n2025-03-04,ads,-1\n");
    case.put("mapping.toml", mapping);
    // of two rows of one key the last is kept: 10.50 are in no figure, and that is told
    assert_eq!(numbers(&case.ingest(&["spend.csv"]), "spend.cost"), [1350, 300, 0, 0, 1050]);
    case.put("mapping.toml", mapping.replace("fill = \"spend\"", "fill = \"spend\"\nrepeated = \"sum\""));
    assert_eq!(numbers(&case.ingest(&["spend.csv"]), "spend.cost"), [1350, 1450, -100, 0, 0]);
    assert_eq!(numbers(&case.ingest(&["spend.csv"]), "spend.cost"), [1350, 0, 1350, 0, 0]);
    let told = case.run(&["ingest", "--mapping", "mapping.toml", "spend.csv", "--lang", "ru"]);
    assert!(told.contains("= записано") && told.contains("13,50"), "{told}");
}

#[test]
fn n19_sums_below_zero_are_told() {
    let case = Case::of("n19");
    let told = case.ingest(&["deals.csv", "calls.csv"]);
    assert_eq!(numbers(&told, "deals.amount"), [-1_200_000, -1_200_000, 0, 0, 0]);
    assert!(told.contains("`deals.amount`: amounts below zero: 1 (`-12000`)"), "{told}");
}
