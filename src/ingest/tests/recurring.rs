//! Texts that recur are looked up: each time they give the value that they gave at first, and what is told of them is told as often.

use super::*;

/// The company's columns that are read in other ways: with words, with what parts them, as they stand.
const MAPPING: &str = r#"
personal = "drop"
[[export]]
name = "deals"
files = "deals*.csv"
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "ID"
status = { from = "Status", values = { "Успех" = "won", "Отказ" = "lost" }, values_else = { const = "open" } }
manager = { from = "Name", first_of = "/", empty = ["—"] }
source = "Source"
[export.table.extra]
title = "Title"
"#;

const TEXTS: [&str; 14] = [
    "Успех",
    "Акимов П.",
    "akimov p.",
    "—",
    "\u{200b}",
    "Ан\u{200b}на",
    "Анна / Борис",
    "/",
    "Пётр \u{fffd}",
    "+7 912 345-67-89",
    "звонить ivanov@mail.ru",
    "12345678901",
    "=\"007\"",
    "#REF!",
];

/// What becomes of a text that so many rows have: what is stored of each, how many rows are refused, and what is told.
async fn told(text: &str, rows: usize) -> (Vec<String>, u64, Vec<String>) {
    let company = Company::new(MAPPING);
    let cell = format!("\"{}\"", text.replace('"', "\"\""));
    let row = |id: usize| format!("{id};{cell};{cell};{cell};{cell}\n");
    let file = format!("ID;Status;Name;Source;Title\n{}", (1..=rows).map(row).collect::<String>());
    let summary = company.ingest(&[company.file("deals.csv", file)]).await.unwrap();
    let stored = company.rows(Table::Deals, &["status", "manager", "source", "title"]).await;
    let refused = summary.quarantined.iter().map(|file| file.rows).sum();
    (stored, refused, summary.notes.iter().map(|note| note.en.clone()).collect())
}

#[tokio::test]
async fn a_text_gives_the_same_each_time() {
    const TIMES: usize = 61;
    let mut refused = 0;
    for text in TEXTS {
        let (one, many) = (told(text, 1).await, told(text, TIMES).await);
        let all: Vec<String> = one.0.iter().flat_map(|row| std::iter::repeat_n(row.clone(), TIMES)).collect();
        assert_eq!(many.0, all, "{text:?}");
        assert_eq!(many.1, one.1 * TIMES as u64, "{text:?}");
        // each note counts: of one row one, or one for each column
        let numbers = |notes: &[String]| -> Vec<usize> {
            let words = notes.iter().flat_map(|note| note.split(|c: char| !c.is_ascii_digit()));
            words.filter_map(|word| word.parse().ok()).collect()
        };
        assert_eq!(many.2.len(), one.2.len(), "{text:?}: {:?}", many.2);
        let counted: Vec<usize> = numbers(&one.2).into_iter().map(|count| count * TIMES).collect();
        assert_eq!(numbers(&many.2), counted, "{text:?}: {:?} {:?}", one.2, many.2);
        refused += one.1;
    }
    assert_eq!(refused, 1, "what a spreadsheet could not calculate is refused each time");
}
