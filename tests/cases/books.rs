//! Workbooks, JSON and Parquet: what a number is there, and what a file may take.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Date32Array, Int32Array, Int64Array, ListArray, TimestampMillisecondArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field};

use super::*;
use crate::dirt::make::{In, book, gz, parquet_of, xlsx, zip};

/// A case with the regulation of another, for those that have none.
fn case(name: &str) -> Case {
    let case = Case::of(name);
    std::fs::copy(checkout("tests/cases/s10/regulation.toml"), case.dir().join("regulation.toml")).unwrap();
    case
}

/// The values of a column in the store, or what was refused.
#[track_caller]
fn loaded(case: &Case, mapping: &str, export: &str, query: &str) -> Result<Vec<String>, String> {
    let store = case.dir().join("store");
    if store.exists() {
        std::fs::remove_dir_all(store).unwrap();
    }
    let ran = voronka(case.dir(), &["ingest", "--lang", "en", "--mapping", mapping, export]);
    match ran.code {
        // where all rows are in quarantine nothing went wrong with the run
        0 | 1 => {
            let rows = case.sql(query);
            let quarantined = case.sql("SELECT reason FROM quarantine ORDER BY line");
            match quarantined.first() {
                Some(row) => Err(row["reason"].clone()),
                None => Ok(rows.into_iter().map(|row| row.into_values().collect::<Vec<_>>().join(" ")).collect()),
            }
        }
        _ => Err(ran.err),
    }
}

#[track_caller]
fn says(told: &Result<Vec<String>, String>, words: &[&str]) {
    let told = told.as_ref().unwrap_err();
    assert!(words.iter().all(|word| told.contains(word)), "{words:?} in {told}");
}

const DISCOUNT: &str = "SELECT discount FROM promos";

#[test]
fn f01_a_percentage_is_one_in_every_form() {
    let case = case("f01");
    for export in [
        "a_csv_15.csv",
        "b_xlsx_percent_format.xlsx",
        "c_xlsx_plain_15.xlsx",
        "d_xlsx_text.xlsx",
        "f_xls_plain_15.xls",
        "g_json_15.jsonl",
        "h_json_text.jsonl",
        "i_parquet_int.parquet",
        "j_parquet_float.parquet",
    ] {
        assert_eq!(loaded(&case, "mapping.toml", export, DISCOUNT), Ok(vec!["0.15".into()]), "{export}");
    }
    assert_eq!(loaded(&case, "mapping.toml", "e_xlsx_plain_12_5.xlsx", DISCOUNT), Ok(vec!["0.125".into()]));
    // 0.15 may be a share, or 0.15 % as stated: it is asked
    let asked = loaded(&case, "mapping.toml", "k_parquet_share.parquet", DISCOUNT);
    says(
        &asked,
        &["promos.discount", "no number is above 1: line 1 has `0.15`", "remove percent = true", "\"points\""],
    );
    let mapping = std::fs::read_to_string(case.dir().join("mapping.toml")).unwrap();
    case.put("points.toml", mapping.replace("percent = true", "percent = \"points\""));
    assert_eq!(loaded(&case, "points.toml", "k_parquet_share.parquet", DISCOUNT), Ok(vec!["0.0015".into()]));
    case.put("shares.toml", mapping.replace(", percent = true", ""));
    assert_eq!(loaded(&case, "shares.toml", "k_parquet_share.parquet", DISCOUNT), Ok(vec!["0.15".into()]));
    // text is as ambiguous
    case.put("share.csv", "Promotion,Starts,Ends,\"Discount, %\"\nspring,2025-03-01,2025-03-10,0.15\n");
    says(&loaded(&case, "mapping.toml", "share.csv", DISCOUNT), &["no number is above 1: line 2 has `0.15`"]);
}

#[test]
fn f02_a_cell_that_points_at_no_text_is_named() {
    let case = case("f02");
    let columns = "deal_id = \"ID\"\nsource = \"Source\"";
    case.put("mapping.toml", format!("zone = \"UTC\"\n[[export]]\nname = \"deals\"\n[[export.table]]\nfill = \"deals\"\n[export.table.columns]\n{columns}\n"));
    const SOURCES: &str = "SELECT deal_id, source FROM deals WHERE source IS NOT NULL ORDER BY deal_id";
    for export in ["deals.xlsx", "prefixed.xlsx"] {
        assert_eq!(loaded(&case, "mapping.toml", export, SOURCES), Ok(vec!["100 google".into()]), "{export}");
    }
    for (export, number) in [
        ("index_minus_one.xlsx", "-1"),
        ("index_out_of_range.xlsx", "999"),
        ("index_fraction.xlsx", "1.5"),
        ("index_word.xlsx", "abc"),
        ("index_spaces.xlsx", " 3 "),
    ] {
        let told = loaded(&case, "mapping.toml", export, SOURCES);
        says(&told, &[&format!("sheet `Sheet1`, cell B2: it points at the text number `{number}`"), "save it anew"]);
    }
}

const CREATED: &str = "SELECT deal_id, created_at FROM deals ORDER BY deal_id";

#[test]
fn f04_a_workbook_of_1904_is_read_in_its_own_days() {
    let case = case("f04");
    let right = Ok(vec!["2025-03-02T23:00:00Z 1".to_owned(), "2025-03-03T13:30:00Z 2".to_owned()]);
    for export in ["deals.xlsx", "deals_1900.xlsx", "raw.xlsx", "raw_1900.xlsx"] {
        assert_eq!(loaded(&case, "mapping_excel.toml", export, CREATED), right, "{export}");
        match export.starts_with("deals") {
            true => assert_eq!(loaded(&case, "mapping.toml", export, CREATED), right, "{export}"),
            // a number that nothing calls a day is none until it is stated
            false => says(
                &loaded(&case, "mapping.toml", export, CREATED),
                &["`Created`: line 2 has", "which is a number", "dates = \"excel\" (days of a spreadsheet"],
            ),
        }
    }
}

#[test]
fn f09_json_lines_are_read_or_refused_with_the_line_and_the_way_out() {
    let case = case("f09");
    const AMOUNTS: &str = "SELECT amount, deal_id FROM deals ORDER BY deal_id";
    for export in ["blank_lines.jsonl", "bom.jsonl"] {
        let read = Ok(vec!["10.0000 1".to_owned(), "20.0000 2".to_owned()]);
        assert_eq!(loaded(&case, "mapping.toml", export, AMOUNTS), read, "{export}");
    }
    let table: [(&str, &[&str]); 4] = [
        ("array.json", &["this is one JSON array", "one object on each line"]),
        ("nan.jsonl", &["line 2: column 18: NaN, which is no JSON: an empty value is null"]),
        ("trailing_comma.jsonl", &["line 1: column 21: a comma after the object"]),
        ("two_on_a_line.jsonl", &["line 1: column 22: a second object: each stands on a line of its own"]),
    ];
    for (export, words) in table {
        says(&loaded(&case, "mapping.toml", export, AMOUNTS), words);
    }
    for text in ["[]", "[  {\"ID\":1}]", "[\t\n{\"ID\":1}]"] {
        case.put("other.json", text);
        says(&loaded(&case, "mapping.toml", "other.json", AMOUNTS), &["this is one JSON array"]);
    }
}

#[test]
fn f09_moments_since_1970_are_stated_by_their_unit() {
    let case = case("f09");
    let right = Ok(vec!["2025-03-03T10:50:00Z 1".to_owned()]);
    assert_eq!(loaded(&case, "mapping_unix.toml", "s.jsonl", CREATED), right);
    says(
        &loaded(&case, "mapping_unix.toml", "ms.jsonl", CREATED),
        &["a number that is no date as unix; as \"unix_ms\" it is 2025-03-03"],
    );
    let none = loaded(&case, "mapping_none.toml", "ms.jsonl", CREATED);
    says(
        &none,
        &[
            "line 1 has `1740999000000`, which is a number",
            "dates = \"unix_ms\" (milliseconds since 1970: here 2025-03-03)",
        ],
    );
    let mapping = std::fs::read_to_string(case.dir().join("mapping_unix.toml")).unwrap();
    for (unit, zeros) in [("unix_ms", "000"), ("unix_us", "000000"), ("unix_ns", "000000000")] {
        case.put("stated.toml", mapping.replace("\"unix\"", &format!("\"{unit}\"")));
        case.put("other.jsonl", format!("{{\"ID\":1,\"createdate\":1740999000{zeros},\"Amount\":10}}\n"));
        assert_eq!(loaded(&case, "stated.toml", "other.jsonl", CREATED), right, "{unit}");
        // texts of digits, as HubSpot's API writes them, and Parquet's whole numbers
        case.put("text.csv", format!("ID,createdate,Amount\n1,1740999000{zeros},10\n"));
        assert_eq!(loaded(&case, "stated.toml", "text.csv", CREATED), right, "{unit}");
        let whole = |number: i64| Arc::new(Int64Array::from(vec![number])) as ArrayRef;
        let moment = format!("1740999000{zeros}").parse().unwrap();
        let columns = vec![("ID", whole(1)), ("createdate", whole(moment)), ("Amount", whole(10))];
        case.put("other.parquet", parquet_of(columns));
        assert_eq!(loaded(&case, "stated.toml", "other.parquet", CREATED), right, "{unit}");
        // seconds are none of them
        says(&loaded(&case, "stated.toml", "s.jsonl", CREATED), &["a number that is no date as"]);
    }
}

const SPEND: &str = "SELECT day FROM spend ORDER BY day";

#[test]
fn f39_a_day_written_as_a_whole_number_is_read_as_stated_and_never_guessed() {
    let case = case("f39");
    let right = Ok(vec!["2025-03-03".to_owned(), "2025-03-13".to_owned()]);
    for export in ["a.csv", "b.xlsx", "c_text.xlsx", "d.jsonl", "f.parquet"] {
        assert_eq!(loaded(&case, "mapping.toml", export, SPEND), right, "{export}");
    }
    for export in ["b.xlsx", "d.jsonl", "f.parquet"] {
        says(&loaded(&case, "mapping_excel.toml", export, SPEND), &["a number that is no date as excel"]);
        let none = loaded(&case, "mapping_none.toml", export, SPEND);
        says(&none, &["has `20250303`, which is a number", "dates = \"yyyymmdd\" (written so: here 2025-03-03)"]);
    }
    // days since 1970, and days of a spreadsheet: neither is the other
    let mapping = std::fs::read_to_string(case.dir().join("mapping.toml")).unwrap();
    case.put("days.toml", mapping.replace("yyyymmdd", "unix_days"));
    for export in ["h_days.jsonl", "i_days.parquet"] {
        let day = loaded(&case, "days.toml", export, SPEND);
        assert_eq!(day, Ok(vec!["2025-03-03".to_owned()]), "{export}");
        says(&loaded(&case, "mapping.toml", export, SPEND), &["a number that is no date as yyyymmdd"]);
        let none = loaded(&case, "mapping_none.toml", export, SPEND);
        says(&none, &["has `20150`, which is a number", "\"unix_days\" (days since 1970: here 2025-03-03)"]);
    }
    case.put("serial.jsonl", "{\"Day\":45719,\"Campaign\":\"brand\",\"Cost\":10}\n");
    assert_eq!(loaded(&case, "mapping_excel.toml", "serial.jsonl", SPEND), Ok(vec!["2025-03-03".to_owned()]));
    // a year is no day of 1905
    case.put("year.jsonl", "{\"Day\":2025,\"Campaign\":\"brand\",\"Cost\":10}\n");
    says(
        &loaded(&case, "mapping_none.toml", "year.jsonl", SPEND),
        &["`2025`, which is a number", "no day of our time"],
    );
    says(&loaded(&case, "mapping.toml", "year.jsonl", SPEND), &["a number that is no date as yyyymmdd"]);
    // Parquet's own dates need no word
    let spend = |day: ArrayRef| {
        let whole = Arc::new(Int32Array::from(vec![10])) as ArrayRef;
        parquet_of(vec![("Day", day), ("Campaign", whole.clone()), ("Cost", whole)])
    };
    case.put("date.parquet", spend(Arc::new(Date32Array::from(vec![20_150]))));
    let moment = TimestampMillisecondArray::from(vec![1_740_999_000_000]);
    case.put("moment.parquet", spend(Arc::new(moment)));
    for export in ["date.parquet", "moment.parquet"] {
        let day = loaded(&case, "mapping_none.toml", export, SPEND);
        assert_eq!(day, Ok(vec!["2025-03-03".to_owned()]), "{export}");
    }
}

#[test]
fn s10_days_that_a_spreadsheet_swapped_are_asked_about() {
    let case = Case::of("s10");
    let sales = loaded(&case, "mapping.toml", "sales.xlsx", CREATED).unwrap();
    assert_eq!(sales.len(), 2);
    assert!(sales.iter().all(|row| row.starts_with("2019-01-0")), "{sales:?}");
    let told = loaded(&case, "mapping.toml", "spend.xlsx", SPEND);
    says(
        &told,
        &["`spend.day`: line 2 has the date 2019-01-01, line 6 the text `1/13/2019`", "date_cells = \"swapped\""],
    );
    let mapping = std::fs::read_to_string(case.dir().join("mapping.toml")).unwrap();
    let stated =
        |how: &str| mapping.replace("day = \"Date\"", &format!("day = {{ from = \"Date\", date_cells = \"{how}\" }}"));
    case.put("swapped.toml", stated("swapped"));
    let days = loaded(&case, "swapped.toml", "spend.xlsx", SPEND).unwrap();
    assert_eq!(days, ["2019-01-01", "2019-01-02", "2019-01-03", "2019-01-12", "2019-01-13", "2019-01-14"]);
    case.put("right.toml", stated("right"));
    assert_eq!(loaded(&case, "right.toml", "spend.xlsx", SPEND).unwrap()[3], "2019-02-01");
    // dates of all days, and one of them typed as text: told
    let rows: [&[In<'_>]; 4] = [
        &[In::Text("Date"), In::Text("Cost")],
        &[In::Day("43466"), In::Number("1")],
        &[In::Day("43490"), In::Number("2")],
        &[In::Text("1/13/2019"), In::Number("3")],
    ];
    case.put("spend.xlsx", xlsx(&[("Sheet", &rows)]));
    std::fs::remove_dir_all(case.dir().join("store")).unwrap();
    let told = case.ingest(&["spend.xlsx", "--lang", "en"]);
    assert!(
        told.contains("dates that the file itself calls dates: 2, and dates as text: 1 (line 4, `1/13/2019`)"),
        "{told}"
    );
}

const DEALS: &str = "zone = \"UTC\"\ndates = \"yyyy-mm-dd\"\n[[export]]\nname = \"deals\"\n[[export.table]]\nfill = \"deals\"\n\
    [export.table.columns]\ndeal_id = \"ID\"\namount = \"A\"\n";

fn deals() -> Case {
    let case = case("s10");
    case.put("mapping.toml", DEALS.replace("dates = \"yyyy-mm-dd\"\n", ""));
    case
}

/// A workbook with a part of its own.
fn with_part(name: &str, part: &[u8]) -> Vec<u8> {
    let rows = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>ID</t></is></c><c r="B1" t="inlineStr"><is><t>A</t></is></c></row>"#;
    let parts = book(&[("Deals", rows.to_owned())]);
    let others = parts.iter().filter(|(other, _)| other != name).map(|(name, text)| (name.as_str(), text.as_bytes()));
    zip(&others.chain([(name, part)]).collect::<Vec<_>>())
}

#[test]
fn t06_what_would_fill_the_memory_is_refused_before_it_does() {
    let case = deals();
    let refused = |export: &str, bytes: &[u8], words: &[&str]| {
        case.put(export, bytes);
        says(&loaded(&case, "mapping.toml", export, "SELECT 1"), words);
    };
    let styles = format!("<styleSheet><cellXfs>{}</cellXfs></styleSheet>", "<xf/>".repeat(800_000));
    refused(
        "styles.xlsx",
        &with_part("xl/styles.xml", styles.as_bytes()),
        &["xl/styles.xml holds more texts or styles than a workbook of"],
    );
    let texts = format!("<sst>{}</sst>", "<si/>".repeat(5_700_000));
    refused(
        "texts.xlsx",
        &with_part("xl/sharedStrings.xml", texts.as_bytes()),
        &["xl/sharedStrings.xml holds more texts or styles"],
    );
    let wide = |cells: usize| format!("ID,A{}\n1,5{}\n", ",".repeat(cells - 2), ",".repeat(cells - 2));
    refused("wide.csv", wide(20_000).as_bytes(), &["line 1 has 20000 cells, and no table has more than 16384 columns"]);
    refused("wide.csv.gz", &gz(wide(3_000_000).as_bytes()), &["line 1 has more than a million cells", "16384 columns"]);
    // the header is right, and what comes below it is none
    let below = format!("ID,A\n1,5\n{}\n", ",".repeat(20_000));
    refused("below.csv", below.as_bytes(), &["line 3 has 20001 cells", "16384 columns"]);
    let values = Arc::new(Int32Array::from(vec![0; 9 << 20])) as ArrayRef;
    let field = Arc::new(Field::new("item", DataType::Int32, false));
    let list = ListArray::new(field, OffsetBuffer::from_lengths([values.len(), 0]), values, None);
    let whole = Arc::new(Int32Array::from(vec![1, 2])) as ArrayRef;
    let columns = vec![("ID", whole.clone()), ("A", whole), ("Tags", Arc::new(list) as ArrayRef)];
    refused(
        "list.parquet",
        &parquet_of(columns),
        &["the lists of `Tags` hold more than 8388608 values", "export it without"],
    );
    // what is shown of a header is cut
    let long = format!("{},B\n1,5\n", "x".repeat(1 << 20));
    case.put("long.csv", &long);
    let told = loaded(&case, "mapping.toml", "long.csv", "SELECT 1").unwrap_err();
    assert!(told.len() < 2000 && told.contains("xxx…"), "{} bytes", told.len());
}

#[test]
fn t06_as_wide_as_a_spreadsheet_is_no_fault() {
    let case = deals();
    let names: Vec<String> = (2..16_384).map(|n| format!("c{n}")).collect();
    let text = format!("ID,A,{}\n1,5{}\n", names.join(","), ",".repeat(16_382));
    case.put("wide.csv", text);
    assert_eq!(loaded(&case, "mapping.toml", "wide.csv", "SELECT amount FROM deals"), Ok(vec!["5.0000".into()]));
}

#[test]
fn t19_a_stray_cell_in_the_last_column_changes_nothing() {
    let case = deals();
    let cell = |at: &str, text: &str| format!(r#"<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>"#);
    let row = |n: u32, stray: &str| {
        format!(r#"<row r="{n}">{}<c r="B{n}"><v>{n}</v></c>{stray}</row>"#, cell(&format!("A{n}"), &n.to_string()))
    };
    let header = |stray: &str| format!(r#"<row r="1">{}{}{stray}</row>"#, cell("A1", "ID"), cell("B1", "A"));
    let sheet = |rows: Vec<String>| {
        let parts = book(&[("Deals", rows.concat())]);
        zip(&parts.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect::<Vec<_>>())
    };
    const SUM: &str = "SELECT count(*) AS deals, sum(amount) AS total FROM deals";
    let below: Vec<String> = (2..=2000).map(|n| row(n, "")).collect();
    let strays = [
        ("plain", header(""), String::new()),
        ("header", header(&cell("XFD1", "x")), String::new()),
        ("row", header(""), row(2001, &cell("XFD2001", "x"))),
    ];
    for (name, header, last) in strays {
        let rows = std::iter::once(header).chain(below.iter().cloned()).chain([last.clone()]).collect();
        case.put("deals.xlsx", sheet(rows));
        let more = if last.is_empty() { 0 } else { 2001 };
        let right = format!("{} {}.0000", 1999 + u32::from(more > 0), (2..=2000).sum::<u32>() + more);
        assert_eq!(loaded(&case, "mapping.toml", "deals.xlsx", SUM), Ok(vec![right]), "{name}");
    }
}
