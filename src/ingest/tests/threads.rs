//! The same bytes from any number of threads and from pieces of any size, whatever the rows above decide about those below.

use std::fmt::Write as _;

use super::*;

const MAPPING: &str = r#"
zone = "Europe/Moscow"
[[export]]
name = "deals"
files = "deals*.csv"
dates = "dd.mm.yyyy HH:MM:SS"
decimal = ","
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "ID"
stage = "Стадия"
created_at = "Создана"
closed_at = "Закрыта"
amount = "Сумма"
[[export]]
name = "events"
files = "events*.csv"
dates = "dd.mm.yyyy HH:MM:SS"
[[export.table]]
fill = "events"
[export.table.columns]
event_id = "ID"
at = "Время"
kind = "Вид"
deal_id = "Сделка"
"#;

const HEADER: &str = "ID;Стадия;Создана;Закрыта;Сумма\n";

/// Deals in which the currency is named late, and whose rows depend on those above in every way there is.
fn deals() -> String {
    let (mut text, mut sum) = (HEADER.to_owned(), 0_i64);
    for id in 1..=900_u32 {
        let stage = ["Новая", "новая", "Hовая", "Успех"][id as usize % 4];
        let created = if id % 97 == 0 { "31.02.2025 10:00:00" } else { "01.03.2025 10:00:00" };
        let closed = if id % 13 == 0 { "01.01.0001" } else { "" };
        let amount = if id < 300 { 0 } else { id };
        let shown = if id < 300 { "0".to_owned() } else { format!("{amount} руб.") };
        sum += i64::from(amount);
        let _ = writeln!(text, "{id};{stage};{created};{closed};{shown}");
        match id {
            // the sum of all rows above, and one that only calls itself so
            500 => drop(writeln!(text, "Итого;;;;{sum} руб.")),
            700 => drop(writeln!(text, "Всего;Новая;01.03.2025 10:00:00;;5 руб.")),
            200 | 600 => text.push_str(HEADER),
            // of one that was refused above, and of one that was taken
            400 => {
                sum += 97 - 98;
                text.push_str("97;Успех;02.03.2025 10:00:00;;97 руб.\n98;Успех;02.03.2025 10:00:00;;-98 руб.\n");
            }
            _ => {}
        }
    }
    text
}

fn events() -> String {
    let mut text = "ID;Время;Вид;Сделка\n".to_owned();
    for id in 0..2000_u32 {
        let kind = if id % 501 == 0 { "" } else { "call" };
        // some come twice, with another deal: the last one counts
        let _ = writeln!(text, "{};01.03.2025 10:{:02}:00;{kind};{}", id % 1700, id % 60, id * 7 % 900);
    }
    text
}

fn division(threads: usize, batch: usize) -> Sizes {
    Sizes {
        rows_at_first: 300,
        rows_at_most: 400,
        cold_events: 4,
        spill: 9000,
        ids: 500,
        reading: Division { threads, batch },
        always_reads: false,
    }
}

/// All that two ingests tell, and all bytes of the store's data after them.
async fn ingested(sizes: Sizes) -> (Vec<String>, BTreeMap<String, Vec<u8>>) {
    let company = Company::new(MAPPING);
    // the quarantine names the folder of an export
    fs::create_dir(company.dir.path().join("exports")).unwrap();
    let exports = [company.file("exports/deals.csv", deals()), company.file("exports/events.csv", events())];
    let mut told = Vec::new();
    for _ in 0..2 {
        let store = company.store().await;
        let summary = ingest(&store, &company.mapping, &exports, IngestOptions::at(at()).sizes(sizes)).await.unwrap();
        told.push(format!("{summary:#?}"));
    }
    let root = company.dir.path().join("store");
    let name = |path: &Path| path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
    // a Delta log names its table by chance, and the record of ingests holds the log's digest
    let data = company.files().into_iter().filter(|path| !name(path).contains("_delta_log"));
    let bytes = data.map(|path| (name(&path), fs::read(&path).unwrap())).collect();
    (told, bytes)
}

#[tokio::test]
async fn any_number_of_threads_gives_the_same_bytes() {
    let (told, bytes) = ingested(division(1, 1 << 20)).await;
    for part in ["суммы `deals.amount` — в RUB", "`новая`", "Итого", "Всего", "01.01.0001", "31.02.2025", "below_zero"]
    {
        let part = if part == "below_zero" { "`-98 руб.`" } else { part };
        assert!(told[0].contains(part), "{part} is not told: {}", told[0]);
    }
    for (threads, batch) in [(1, 700), (2, 700), (3, 5000), (8, 1), (8, 20_000)] {
        let (same, others) = ingested(division(threads, batch)).await;
        assert_eq!(told, same, "{threads} threads, {batch} bytes");
        assert_eq!(bytes.keys().collect::<Vec<_>>(), others.keys().collect::<Vec<_>>());
        for (name, content) in &bytes {
            assert!(others[name] == *content, "{name} differs: {threads} threads, {batch} bytes");
        }
    }
}

#[tokio::test]
async fn the_first_fault_is_told_whichever_thread_finds_another_one_before() {
    // a fault of the whole column, and below it one of the whole file
    let faulty = format!(
        "{}{}1001;\"Новая;01.03.2025 10:00:00;;5 руб.\n{}",
        deals(),
        "1000;Новая;01.03.2025 10:00:00;;5 USD\n".repeat(3),
        "1002;Новая;01.03.2025 10:00:00;;5 руб.\n".repeat(99)
    );
    let mut told = Vec::new();
    for (threads, batch) in [(1, 1 << 20), (2, 500), (8, 1), (8, 9000)] {
        let company = Company::new(MAPPING);
        let path = company.file("deals.csv", &faulty);
        let options = IngestOptions::at(at()).sizes(division(threads, batch));
        let error = ingest(&company.store().await, &company.mapping, &[path], options).await.unwrap_err();
        told.push(error.to_string().replace(&company.dir.path().display().to_string(), ""));
    }
    assert!(told[0].contains("USD"), "{}", told[0]);
    assert!(told.iter().all(|other| *other == told[0]), "{told:?}");
}
