//! Forms: encodings, archives, folders, workbooks.

use encoding_rs::{Encoding, IBM866, KOI8_R, WINDOWS_1251};

use super::make::{In, gz, xlsx, zip};
use super::{Company, says};

const TEXT: &str =
    "ID;Источник;Сумма\r\n1;Яндекс Директ;1 000,50\r\n2;Сарафанное радио;2\r\n3;Наружная реклама у вокзала;3\r\n";
const COLUMNS: &str = "source = \"Источник\"\namount = \"Сумма\"";
const STORED: [&str; 3] =
    ["1,Яндекс Директ,1000.5000", "2,Сарафанное радио,2.0000", "3,Наружная реклама у вокзала,3.0000"];

fn stored(company: &Company) -> Vec<String> {
    company.sql("SELECT deal_id, source, amount FROM deals ORDER BY deal_id")
}

fn utf16(text: &str, mark: bool, of: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let text = if mark { format!("\u{feff}{text}") } else { text.to_owned() };
    text.encode_utf16().flat_map(of).collect()
}

#[test]
fn the_encoding_is_found_out_and_told() {
    let in_encoding = |encoding: &'static Encoding| encoding.encode(TEXT).0.into_owned();
    let written: [(Vec<u8>, &str); 9] = [
        (TEXT.into(), "utf-8"),
        (format!("\u{feff}{TEXT}").into(), "utf-8"),
        (in_encoding(WINDOWS_1251), "cp1251"),
        (in_encoding(KOI8_R), "koi8-r"),
        (in_encoding(IBM866), "cp866"),
        (utf16(TEXT, true, u16::to_le_bytes), "utf-16"),
        (utf16(TEXT, true, u16::to_be_bytes), "utf-16"),
        (utf16(TEXT, false, u16::to_le_bytes), "utf-16"),
        (utf16(TEXT, false, u16::to_be_bytes), "utf-16be"),
    ];
    for (bytes, name) in written {
        let company = Company::with_deals("", COLUMNS);
        company.put("deals.csv", &bytes);
        says(&company.loads(&["deals.csv"]), &[&format!("deals.csv (deals; {name}, `;`): rows 3")]);
        assert_eq!(stored(&company), STORED, "{name}");
    }
}

#[test]
fn a_stated_encoding_that_the_bytes_contradict_is_refused_and_one_they_do_not_is_believed() {
    let company = Company::with_deals("encoding = \"cp1251\"", COLUMNS);
    company.put("deals.csv", TEXT);
    says(
        &company.refuses(&["deals.csv"]),
        &["deals.csv: the file is utf-8, and the mapping states cp1251", "remove the line `encoding`"],
    );
    company.put("deals.csv", WINDOWS_1251.encode(TEXT).0);
    company.loads(&["deals.csv"]);
    assert_eq!(stored(&company), STORED);
}

#[test]
fn signs_in_the_place_of_letters_are_told() {
    let told = "texts with � in the place of letters: the file came so, or its encoding is another (encoding): 1\n";
    let company = Company::with_deals("", COLUMNS);
    company.put("deals.csv", TEXT.replace("Сарафанное", "Сара\u{fffd}анное"));
    says(&company.loads(&["deals.csv"]), &[told]);
    // a web page has no rows that could be refused alone, either
    let row = |id: u32| format!("<tr><td>{id}<td>вк {id}<td>{id}</tr>");
    let page = format!("<table><tr><td>ID<td>Источник<td>Сумма</tr>{}</table>", (1..90).map(row).collect::<String>());
    let broken = |text: String| {
        let mut bytes = text.into_bytes();
        let at = bytes.iter().rposition(|byte| *byte == 0xba).unwrap();
        bytes[at] = 0xff;
        bytes
    };
    company.put("page.xls", broken(page));
    says(&company.loads(&["page.xls"]), &[told]);
    // where every line is whole or is none, the file is refused with its line
    let line = |id: u32| format!("{{\"ID\":\"{id}\",\"Источник\":\"вк\",\"Сумма\":\"{id}\"}}\n");
    company.put("deals.jsonl", broken((1..90).map(line).collect()));
    let expected = "line 89: bytes that are no utf-8, shown as �: `{\"ID\":\"89\",\"Источник\":\"в��\",";
    says(&company.refuses(&["deals.jsonl"]), &[expected, "mend the line, or export again"]);
}

#[test]
fn packed_files_folders_and_patterns_are_taken_apart() {
    let row = |id: u32| format!("ID;Источник;Сумма\n{id};vk;{id}\n");
    let company = Company::with_deals("", COLUMNS);
    company.put("in/a.csv", row(1));
    company.put("in/b.csv.gz", gz(row(2).as_bytes()));
    let (c, d) = (row(3), gz(row(4).as_bytes()));
    company.put("in/c.zip", zip(&[("c.csv", c.as_bytes()), ("deep/d.csv.gz", &d), ("__MACOSX/._c.csv", b"x")]));
    company.put("in/.hidden", "x");
    company.put("in/~$lock.xlsx", "x");
    company.put("in/notes.md", "x");
    let told = company.loads(&["in"]);
    says(&told, &["a.csv (deals;", "b.csv.gz (deals;", "c.zip/c.csv (deals;", "c.zip/deep/d.csv.gz (deals;"]);
    assert_eq!(company.of_deals("deal_id"), ["1", "2", "3", "4"]);
    says(&company.loads(&["in/*.csv*"]), &["the data has not changed", "a.csv", "b.csv.gz"]);
    says(
        &company.refuses(&["in/*.xls"]),
        &["no such file, and no files in it or like it", "quote a pattern: \"exports/*.csv\""],
    );
    says(&company.refuses(&["in/a.csv", "in/*.csv"]), &["the export is named twice"]);
}

#[test]
fn the_sheet_that_has_the_header_is_the_table_or_the_one_that_is_named() {
    let about: [&[In<'_>]; 2] = [&[In::Text("О выгрузке")], &[In::Text("сделана"), In::Day("45717.5")]];
    let sheet = |ids: [&'static str; 2]| {
        vec![
            vec![In::Text("Сделки за март")],
            vec![In::Text("")],
            vec![In::Text("ID"), In::Text("Источник"), In::Text("Сумма")],
            vec![In::Number(ids[0]), In::Text("сайт"), In::Number("1000.5")],
            vec![In::Text(ids[1]), In::Text("vk"), In::Error("#REF!")],
        ]
    };
    let (one, two) = (sheet(["1", "2"]), sheet(["3", "4"]));
    let one: Vec<&[In<'_>]> = one.iter().map(Vec::as_slice).collect();
    let two: Vec<&[In<'_>]> = two.iter().map(Vec::as_slice).collect();
    let book = xlsx(&[("Сведения", &about), ("Март", &one), ("Апрель", &two)]);
    let company = Company::with_deals("", COLUMNS);
    company.put("deals.xlsx", &book);
    let told = company.refuses(&["deals.xlsx"]);
    says(&told, &["several tables in it have this header: `Март`, `Апрель`\n", "sheet = \"…\""]);
    company.put("deals.xlsx", xlsx(&[("Сведения", &about), ("Март", &one)]));
    says(&company.loads(&["deals.xlsx"]), &["deals.xlsx (deals; XLSX, «Март»): rows 2"]);
    assert_eq!(stored(&company), ["1,сайт,1000.5000"]);
    assert_eq!(company.quarantine(), ["5 | Сумма | #REF! | a spreadsheet's error, no value"]);

    let named = Company::with_deals("sheet = \"Апрель\"", COLUMNS);
    named.put("deals.xlsx", &book);
    named.loads(&["deals.xlsx"]);
    assert_eq!(named.of_deals("deal_id"), ["3"]);
    let wrong = Company::with_deals("sheet = \"Май\"", COLUMNS);
    wrong.put("deals.xlsx", &book);
    says(&wrong.refuses(&["deals.xlsx"]), &["deals.xlsx: there is no sheet `Май`", "it has: Сведения, Март, Апрель"]);
}

#[test]
fn dates_and_numbers_of_a_workbook_need_no_format() {
    let company = Company::with_deals("", "created_at = \"Создана\"\namount = \"Сумма\"");
    let rows: [&[In<'_>]; 4] = [
        &[In::Text("ID"), In::Text("Создана"), In::Text("Сумма")],
        &[In::Number("1"), In::Day("45717.5"), In::Number("1234.5")],
        &[In::Number("2"), In::Day("45733"), In::Number("1E+3")],
        &[In::Number("3"), In::Text("13.03.2025"), In::Text("1 000,5")],
    ];
    company.put("deals.xlsx", xlsx(&[("Сделки", &rows)]));
    company.loads(&["deals.xlsx"]);
    assert_eq!(
        company.sql("SELECT to_char(created_at, '%Y-%m-%d %H:%M'), amount FROM deals ORDER BY deal_id"),
        ["2025-03-01 09:00,1234.5000", "2025-03-16 21:00,1000.0000", "2025-03-12 21:00,1000.5000"]
    );
}

#[test]
fn what_is_no_table_is_refused_by_its_first_bytes_with_the_way_out() {
    let company = Company::with_deals("", COLUMNS);
    let table: [(&[u8], &str, &str); 6] = [
        (b"%PDF-1.7", "this is a PDF", "export a table from the CRM"),
        (b"Rar!\x1a\x07", "this is a RAR archive", "unpack it"),
        (b"[{\"ID\":1}]", "this is one JSON array", "write it as JSON lines"),
        (b"<?xml version=\"1.0\"?><rows/>", "this is XML, and no table", "export a table"),
        (b"<html><body>log in</body></html>", "this is a web page without a table", "a page that asks to log in"),
        (b"\x28\xB5\x2F\xFD\x00", "this is packed by zstd", "unpack it"),
    ];
    for (bytes, what, way_out) in table {
        company.put("deals.csv", bytes);
        says(&company.refuses(&["deals.csv"]), &[what, way_out]);
    }
}
