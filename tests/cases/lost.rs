//! Rows and amounts that were once lost, or read under another name, and nothing said so.

use std::fmt::Write;

use super::*;
use crate::dirt::make::{In, book, xlsx, zip};

const PLAIN: &str = "deal_id = \"ID\"\ncreated_at = \"D\"\namount = \"A\"\nstatus = { const = \"open\" }";

/// A folder with a mapping of deals by these columns, and the regulation of another case.
fn company(columns: &str) -> Case {
    let case = Case::new();
    std::fs::copy(checkout("tests/cases/s10/regulation.toml"), case.dir().join("regulation.toml")).unwrap();
    case.put(
        "mapping.toml",
        format!(
            "zone = \"UTC\"\n[[export]]\nname = \"x\"\ndates = \"yyyy-mm-dd\"\ndecimal = \".\"\n[[export.table]]\nfill = \"deals\"\n\
             [export.table.columns]\n{columns}\n"
        ),
    );
    case
}

/// What was said of an ingest, whatever came of it, and its exit code.
fn said(case: &Case, export: &str) -> (i32, String) {
    let ran = voronka(case.dir(), &["ingest", "--lang", "en", "--mapping", "mapping.toml", export]);
    (ran.code, format!("{}{}", ran.out, ran.err))
}

/// The number of deals in the store, and the sum of their amounts.
fn stored(case: &Case) -> (String, String) {
    let row = case.sql("SELECT count(*) AS n, sum(amount) AS a FROM deals").remove(0);
    (row["n"].clone(), row["a"].clone())
}

#[track_caller]
fn says(told: &str, words: &[&str]) {
    words.iter().for_each(|word| assert!(told.contains(word), "`{word}` is not in:\n{told}"));
}

/// Deals with these ids, each of its number as the amount.
fn deals(ids: std::ops::RangeInclusive<u32>) -> String {
    ids.fold(String::new(), |mut text, id| {
        writeln!(text, "{id},2025-03-01,{id}").unwrap();
        text
    })
}

#[test]
fn a_wider_header_below_does_not_take_the_place_of_the_first() {
    let case = company(PLAIN);
    let wide = deals(21..=30).replace('\n', ",x\n");
    case.put("a.csv", format!("ID,D,A\n{}ID,D,A,T\n{wide}", deals(1..=20)));
    let (code, told) = said(&case, "a.csv");
    assert_eq!((code, stored(&case)), (0, ("20".into(), "210.0000".into())), "{told}");
    says(&told, &["10 × a.csv"]);
    // columns by their places alone: the first row is the header
    let case = company("deal_id = \"#1\"\ncreated_at = \"#2\"\namount = \"#3\"\nstatus = { const = \"open\" }");
    case.put("a.csv", format!("ID,D,A\n{}30,2025-03-01,30,x\n{}", deals(1..=20), deals(31..=32)));
    let (_, told) = said(&case, "a.csv");
    assert_eq!(stored(&case), ("22".into(), "273.0000".into()), "{told}");
    // a title above is no header, and rows above are told
    let case = company(PLAIN);
    case.put("a.csv", format!("Report\n\n7,2025-03-01,7\nID,D,A\n{}", deals(1..=2)));
    let (_, told) = said(&case, "a.csv");
    assert_eq!(stored(&case), ("2".into(), "3.0000".into()), "{told}");
    says(
        &told,
        &["rows above the header (it is line 4) that look like data and were not read: 1 (the first is line 3)"],
    );
}

#[test]
fn a_second_header_in_another_order_is_refused() {
    for (second, rows) in [("A,D,ID", "9,2025-03-02,8"), ("D,ID,A", "2025-03-02,8,9"), ("x,id,d,a", "x,8,2025-03-02,9")]
    {
        let case = company(PLAIN);
        case.put("a.csv", format!("ID,D,A\n{}{second}\n{rows}\n", deals(1..=3)));
        let (code, told) = said(&case, "a.csv");
        assert_eq!(code, 2, "{told}");
        says(&told, &["line 5: another header, in another order", "split the file before line 5"]);
    }
    // in the same order it is passed over, however it is written
    let case = company(PLAIN);
    case.put("a.csv", format!("ID,D,A\n{}id , d,\"a\"\n{}", deals(1..=3), deals(4..=4)));
    says(&case.ingest(&["a.csv", "--lang", "en"]), &["rows that are the header once more, passed over: 1"]);
    assert_eq!(stored(&case), ("4".into(), "10.0000".into()));
}

/// A workbook of one sheet of these rows, as XML, whose styles show numbers so: the first is General.
fn styled(rows: &str, formats: &[&str]) -> Vec<u8> {
    let mut parts = book(&[("deals", rows.to_owned())]);
    let numbered = || formats.iter().zip(164..);
    let told: String =
        numbered().map(|(code, id)| format!(r#"<numFmt numFmtId="{id}" formatCode="{code}"/>"#)).collect();
    let styles: String = numbered().map(|(_, id)| format!(r#"<xf numFmtId="{id}" applyNumberFormat="1"/>"#)).collect();
    for (name, text) in &mut parts {
        if name == "xl/styles.xml" {
            *text = format!(
                r#"<?xml version="1.0" encoding="UTF-8"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts>{told}</numFmts><cellXfs><xf numFmtId="0"/>{styles}</cellXfs></styleSheet>"#
            );
        }
    }
    let parts: Vec<(&str, &[u8])> = parts.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    zip(&parts)
}

/// The XML of a deal in a row of a sheet; `amount` is that of its cell.
fn deal(row: u32, amount: &str) -> String {
    let text = |column: char, text: &str| format!(r#"<c r="{column}{row}" t="inlineStr"><is><t>{text}</t></is></c>"#);
    match row {
        1 => format!(r#"<row r="1">{}{}{}</row>"#, text('A', "ID"), text('B', "D"), text('C', "A")),
        _ => format!(r#"<row r="{row}">{}{}{amount}</row>"#, text('A', &format!("d{row}")), text('B', "2025-03-01")),
    }
}

#[test]
fn a_formula_without_a_value_is_no_empty_amount() {
    let case = company(PLAIN);
    let rows = [
        deal(1, ""),
        deal(2, r#"<c r="C2"><f>1+1</f><v></v></c>"#),
        deal(3, r#"<c r="C3"><f>1+1</f></c>"#),
        deal(4, r#"<c r="C4"><f>1+1</f><v>2</v></c>"#),
        deal(5, r#"<c r="C5" t="str"><f>""</f><v></v></c>"#),
    ];
    case.put("a.xlsx", styled(&rows.concat(), &[]));
    let (_, told) = said(&case, "a.xlsx");
    assert_eq!(stored(&case), ("2".into(), "2.0000".into()), "{told}");
    says(
        &told,
        &["2 × a.xlsx, `A`: a formula whose value the file does not have: open the workbook in Excel, save it"],
    );
}

#[test]
fn the_currency_that_a_sheet_shows_is_one() {
    const EUROS: &str = "#,##0.00\\ [$€-407]";
    let amounts = |styles: &[u32]| {
        let rows: Vec<String> =
            (2..).zip(styles).map(|(row, s)| deal(row, &format!(r#"<c r="C{row}" s="{s}"><v>5</v></c>"#))).collect();
        format!("{}{}", deal(1, ""), rows.concat())
    };
    for (styles, formats, words) in [
        (&[1, 2][..], &[EUROS, "[$$-409]#,##0.00"][..], &["line 3 has `5`, which is USD, and others are EUR"][..]),
        (&[1, 2], &["#,##0&quot;р.&quot;", EUROS], &["which is EUR, and others are RUB"]),
        (&[1, 0], &[EUROS], &["without a currency, and others are EUR"]),
        (&[1, 1], &["#,##0\\ &quot;₽&quot;"], &["the amounts of `deals.amount` are in RUB"]),
    ] {
        let case = company(PLAIN);
        case.put("a.xlsx", styled(&amounts(styles), formats));
        let (code, told) = said(&case, "a.xlsx");
        assert_eq!(code, if styles == [1, 1] { 0 } else { 2 }, "{told}");
        says(&told, words);
    }
}

/// Deals whose amounts stand under this header.
fn under(header: &str, amount: &str) -> Case {
    let case = company(&PLAIN.replace("\"A\"", amount));
    case.put("a.csv", format!("ID,D,\"{header}\"\n{}", deals(1..=10)));
    case
}

#[test]
fn a_header_that_says_a_multiple_is_refused_until_it_is_stated() {
    for (header, factor, sum) in [
        ("Сумма, тыс. руб.", "1000", "55000.0000"),
        ("Amount (USD thousands)", "1000", "55000.0000"),
        ("Сумма, млн", "1000000", "55000000.0000"),
        ("Стоимость, коп.", "0.01", "0.5500"),
        ("amount_cents", "0.01", "0.5500"),
        ("amountMicros", "0.000001", "0.0001"),
    ] {
        let case = under(header, &format!("\"{header}\""));
        let (code, told) = said(&case, "a.csv");
        assert_eq!(code, 2, "{told}");
        says(&told, &[&format!("amount = {{ multiply = [\"{header}\", {factor}] }}"), "1 instead of"]);
        if factor != "0.000001" {
            let case = under(header, &format!("{{ multiply = [\"{header}\", {factor}] }}"));
            let (_, told) = said(&case, "a.csv");
            assert_eq!(stored(&case), ("10".into(), sum.into()), "{told}");
        }
        let case = under(header, &format!("{{ multiply = [\"{header}\", 1] }}"));
        said(&case, "a.csv");
        assert_eq!(stored(&case), ("10".into(), "55.0000".into()), "{header}");
    }
}

#[test]
fn a_column_of_currencies_is_known_by_any_name() {
    let file = |header: &str, codes: [&str; 2]| {
        let rows: String = (1..=10).map(|id| format!("{id},2025-03-01,{id},{}\n", codes[id % 2])).collect();
        format!("ID,D,A,{header}\n{rows}")
    };
    for (header, codes) in [
        ("CurrencyIsoCode", ["RUB", "USD"]),
        ("currencyCode", ["RUB", "USD"]),
        ("Ccy", ["RUB", "USD"]),
        ("Вал.", ["RUB", "USD"]),
        ("Ден. единица", ["RUB", "USD"]),
        ("Валюта", ["643", "840"]),
    ] {
        let case = company(PLAIN);
        case.put("a.csv", file(header, codes));
        let (code, told) = said(&case, "a.csv");
        assert_eq!(code, 2, "{told}");
        says(&told, &["line 3 has `2`, which is RUB, and others are USD"]);
    }
    let case = company(PLAIN);
    case.put("a.csv", file("T", ["RUB", "EUR"]));
    let (code, told) = said(&case, "a.csv");
    assert_eq!(code, 2, "{told}");
    says(
        &told,
        &["the column `T` holds nothing but currencies (EUR, RUB)", "currency = \"T\" in [export.table.extra]"],
    );
    // one that is the same everywhere, and one that holds something else, too
    for codes in [["EUR", "EUR"], ["EUR", "new"]] {
        let case = company(PLAIN);
        case.put("a.csv", file("T", codes));
        let (code, told) = said(&case, "a.csv");
        assert_eq!(code, 0, "{told}");
    }
    // the way out
    let case = company(
        &format!("{PLAIN}\n[export.table.extra]\ncurrency = \"T\"")
            .replace("\"A\"", "{ from = \"A\", currency = \"EUR\" }"),
    );
    case.put("a.csv", file("T", ["RUB", "EUR"]));
    let (_, told) = said(&case, "a.csv");
    assert_eq!(stored(&case), ("5".into(), "25.0000".into()), "{told}");
}

#[test]
fn other_sheets_that_have_rows_are_told() {
    let (head, rows): ([In<'_>; 3], _) =
        (["ID", "D", "A"].map(In::Text), ["1", "2"].map(|id| [In::Text(id), In::Text("2025-03-01"), In::Number(id)]));
    let case = company(PLAIN);
    let first: Vec<&[In<'_>]> = vec![&head, &rows[0]];
    case.put("a.xlsx", xlsx(&[("deals", &first), ("more", &[&rows[1][..], &rows[0][..]]), ("none", &[])]));
    let (code, told) = said(&case, "a.xlsx");
    assert_eq!((code, stored(&case)), (0, ("1".into(), "1.0000".into())), "{told}");
    says(&told, &["other sheets that have rows and were not read: 1 (in brackets how many rows): «more» (2)"]);
}

#[test]
fn a_total_that_nobody_stated_does_not_double_the_money() {
    let case = company(PLAIN);
    case.put(
        "a.csv",
        format!(
            "ID,D,A\n{}Итого,2025-03-01,6\n{}Total:,2025-03-01,9\nВсего,2025-03-01,15\n",
            deals(1..=3),
            deals(4..=5)
        ),
    );
    let (code, told) = said(&case, "a.csv");
    assert_eq!((code, stored(&case)), (0, ("5".into(), "15.0000".into())), "{told}");
    says(&told, &["the total of the rows above, no data: say in the [[export]] totals = [\"Итого\"]"]);
    // one that is no sum of them is taken, and told
    let case = company(PLAIN);
    case.put("a.csv", format!("ID,D,A\n{}Grand total,2025-03-01,7\n", deals(1..=3)));
    let (_, told) = said(&case, "a.csv");
    assert_eq!(stored(&case), ("4".into(), "13.0000".into()), "{told}");
    says(
        &told,
        &[
            "called a total and were taken as data: 1 (the first is line 5, `Grand total`)",
            "totals = [\"Grand total\"]",
        ],
    );
}

#[test]
fn amounts_of_which_a_part_is_empty_are_told() {
    let case = company(&PLAIN.replace("\"A\"", "{ subtract = [\"A\", \"B\"] }"));
    let rows: String =
        (1..=20).map(|id| format!("{id},2025-03-01,{id},{}\n", if id % 2 == 0 { "1" } else { "" })).collect();
    case.put("a.csv", format!("ID,D,A,B\n{rows}"));
    let (_, told) = said(&case, "a.csv");
    assert_eq!(stored(&case), ("20".into(), "100.0000".into()), "{told}");
    says(&told, &["one of them is empty in rows: 10; no amount was taken of them, and their other parts come to 100"]);
}

#[test]
fn a_text_of_several_lines_with_commas_is_a_text() {
    let case = company(PLAIN);
    let rows: String = (1..=20)
        .map(|id| format!("{id},2025-03-01,{id},\"Called,\nsaid: yes, no, maybe, later\nand, so, on, here\"\n"))
        .collect();
    case.put("a.csv", format!("ID,D,A,T\n{rows}"));
    let (_, told) = said(&case, "a.csv");
    assert_eq!(stored(&case), ("20".into(), "210.0000".into()), "{told}");
    // a row within a text is one all the same
    let case = company(PLAIN);
    case.put("a.csv", "ID,D,A,T\n1,2025-03-01,1,\"see:\n2,2025-03-02,2,x\"\n");
    says(&said(&case, "a.csv").1, &["one of them looks like a row"]);
}
