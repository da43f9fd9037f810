//! Ids: of 19 digits, spoilt by a spreadsheet, with letters of two alphabets.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};

use super::make::{In, parquet, parquet_of, xlsx};
use super::{Company, says};

/// Two clients who are one where their ids are read as floats.
const A: &str = "1234567890123456789";
const B: &str = "1234567890123456788";

const CLIENTS: &str = "client_id = \"Клиент\"\namount = \"Сумма\"";

fn company() -> Company {
    assert_eq!(A.parse::<f64>(), B.parse::<f64>(), "these two prove nothing");
    Company::with_deals("", CLIENTS)
}

/// The deals and clients of A and B stay two.
#[track_caller]
fn stay_two(company: &Company, export: &str) {
    let told = company.loads(&[export]);
    assert!(!told.contains("in quarantine"), "{told}");
    assert_eq!(
        company.sql("SELECT deal_id, client_id, amount FROM deals ORDER BY deal_id"),
        [format!("{B},{B},20.0000"), format!("{A},{A},10.0000")],
        "{told}"
    );
}

#[test]
fn ids_of_19_digits_stay_two_in_csv() {
    let company = company();
    company.put("deals.csv", format!("ID;Клиент;Сумма\n{A};{A};10\n{B};{B};20\n"));
    stay_two(&company, "deals.csv");
}

#[test]
fn ids_of_19_digits_stay_two_in_json_as_numbers_and_as_texts() {
    for quote in ["", "\""] {
        let company = company();
        let line = |id: &str, sum| format!("{{\"ID\":{quote}{id}{quote},\"Клиент\":{id},\"Сумма\":{sum}}}\n");
        company.put("deals.jsonl", line(A, 10) + &line(B, 20));
        stay_two(&company, "deals.jsonl");
    }
}

#[test]
fn ids_of_19_digits_stay_two_in_parquet_as_numbers_and_as_texts() {
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![A.parse::<i64>().unwrap(), B.parse().unwrap()]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec![A, B]));
    for ids in [&numbers, &texts] {
        let company = company();
        let sums: ArrayRef = Arc::new(Int64Array::from(vec![10, 20]));
        let columns = vec![("ID", Arc::clone(ids)), ("Клиент", Arc::clone(&numbers)), ("Сумма", sums)];
        company.put("deals.parquet", parquet_of(columns));
        stay_two(&company, "deals.parquet");
    }
}

#[test]
fn a_workbook_keeps_15_digits_of_a_number_so_such_ids_are_quarantined_and_texts_are_not() {
    let company = company();
    let header = [In::Text("ID"), In::Text("Клиент"), In::Text("Сумма")];
    let row = |id, sum| [id, In::Text("7"), In::Number(sum)];
    let rows: [&[In<'_>]; 4] =
        [&header, &row(In::Number(A), "10"), &row(In::Text(A), "20"), &row(In::Number("5.8E+18"), "30")];
    company.put("deals.xlsx", xlsx(&[("Сделки", &rows)]));
    let told = company.loads(&["deals.xlsx"]);
    says(
        &told,
        &["deals.xlsx (deals; XLSX, «Сделки»): rows 3", "2 × deals.xlsx, `ID`: an id that a spreadsheet turned"],
    );
    assert_eq!(company.of_deals("deal_id"), [A]);
    let reason = "an id that a spreadsheet turned into a number: export it again, as text";
    assert_eq!(
        company.quarantine(),
        [format!("2 | ID | 1234567890123456800 | {reason}"), format!("4 | ID | 5800000000000000000 | {reason}")]
    );
}

#[test]
fn an_id_that_went_through_a_float_is_quarantined_in_every_form() {
    let reason = "an id that a spreadsheet turned into a number: export it again, as text";
    let company = company();
    company.put("deals.csv", "ID;Клиент;Сумма\n5.8e+18;1;1\n5,8E+18;1;1\n7;1.2E+10;1\n8;1;1\n");
    company.loads(&["deals.csv"]);
    assert_eq!(company.of_deals("deal_id"), ["8"]);
    assert_eq!(
        company.quarantine(),
        [
            format!("2 | ID | 5.8e+18 | {reason}"),
            format!("3 | ID | 5,8E+18 | {reason}"),
            format!("4 | Клиент | 1.2E+10 | {reason}"),
        ]
    );
    // pandas makes floats of whole numbers where one of them is missing: 12.0 is 12, and 5.8e18 is nobody
    let company = company_of_floats(
        "deals.parquet",
        parquet(vec![
            ("ID", Float64Array::from(vec![Some(12.0), Some(5.8e18), None])),
            ("Клиент", Float64Array::from(vec![Some(3.0), Some(4.0), Some(5.0)])),
            ("Сумма", Float64Array::from(vec![Some(1.5), Some(2.5), Some(f64::NAN)])),
        ]),
    );
    assert_eq!(company.sql("SELECT deal_id, client_id, amount FROM deals"), ["12,3,1.5000"]);
    let lines = "{\"ID\":12.0,\"Клиент\":3.0,\"Сумма\":1.5}\n{\"ID\":5.8e18,\"Клиент\":4,\"Сумма\":2.5}\n\
                 {\"ID\":null,\"Клиент\":5,\"Сумма\":null}\n";
    let company = company_of_floats("deals.jsonl", lines.into());
    assert_eq!(company.sql("SELECT deal_id, client_id, amount FROM deals"), ["12,3,1.5000"]);
}

fn company_of_floats(name: &str, bytes: Vec<u8>) -> Company {
    let company = company();
    company.put(name, bytes);
    company.loads(&[name]);
    assert_eq!(
        company.quarantine(),
        [
            "2 | ID | 5800000000000000000 | an id that a spreadsheet turned into a number: export it again, as text",
            "3 | ID |  | not filled, and every row needs it",
        ]
    );
    company
}

#[test]
fn leading_zeros_of_an_id_stay() {
    let company = company();
    company.put("deals.csv", "ID;Клиент;Сумма\n007;0012;10\n7;12;20\n");
    company.loads(&["deals.csv"]);
    assert_eq!(company.sql("SELECT deal_id, client_id FROM deals ORDER BY deal_id"), ["007,0012", "7,12"]);
}

#[test]
fn look_alike_letters_are_two_values_and_one_header() {
    // the В of the second source and the с of the first header are Cyrillic, the C of the mapping's header is Latin
    let company = Company::with_deals("", "source = \"Cрок\"\nmanager = \"Менеджер\"");
    company.put("deals.csv", "ID;Срок;Менеджер\n1;B1;Иванов\n2;\u{412}1;Иванов\n");
    let told = company.loads(&["deals.csv"]);
    says(&told, &["the export's column `Срок` is read as `Cрок`: its letters only look the same"]);
    assert_eq!(company.of_deals("source"), ["B1", "\u{412}1"]);
    says(
        &told,
        &["`source`: values that differ only in case, spaces or a look-alike letter", "different: `B1` and `\u{412}1`"],
    );
}
