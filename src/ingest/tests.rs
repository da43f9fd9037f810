//! Exports on disk through the whole ingest, and the real data sets where they lie beside the checkout.

mod buckets;
mod cold;
mod dialects;
mod of_clients;
mod quarantine;
mod recurring;
mod repeat;
mod snapshots;
mod threads;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use tempfile::TempDir;

use super::data_file::OldBucket;
use super::rows::Rows;
use super::sizes::Sizes;
use super::*;
use crate::export::datum::Cell;
use crate::export::read::Division;
use crate::model::lang::Lang;
use crate::model::layout::Layout;
use crate::model::tables::Table;
use crate::store::{IngestRecord, TableCount};

mod shipped;

struct Company {
    dir: TempDir,
    mapping: Mapping,
}

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_750_000_000, 0).unwrap()
}

impl Company {
    fn new(mapping: &str) -> Company {
        let mapping = Mapping::parse("mapping.toml", mapping).unwrap_or_else(|problems| panic!("{problems}"));
        Company { dir: TempDir::new().unwrap(), mapping }
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    async fn store(&self) -> Store {
        Store::open_or_create(&self.dir.path().join("store")).await.unwrap()
    }

    async fn ingest(&self, exports: &[PathBuf]) -> Result<Summary, IngestError> {
        ingest(&self.store().await, &self.mapping, exports, IngestOptions::at(at())).await
    }

    async fn refused(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.file(name, text);
        let error = self.ingest(&[path]).await.unwrap_err().to_string();
        assert_eq!(self.store().await.snapshot(None).await.unwrap().version, 0, "{error}");
        error.replace(&format!("{}/", self.dir.path().display()), "")
    }

    /// Some columns of a table, as text, sorted.
    async fn rows(&self, table: Table, columns: &[&str]) -> Vec<String> {
        let snapshot = self.store().await.snapshot(None).await.unwrap();
        let Some(state) = snapshot.tables.get(&table) else { return Vec::new() };
        let mut layout = Layout::new(table, state.extra.clone());
        layout.columns.retain(|(name, _)| columns.contains(&name.as_str()));
        let old = OldBucket::read(state.files.iter().map(|f| f.path.as_path())).unwrap();
        let rows: Rows<'_> = old.rows(&layout).unwrap();
        let shown = |cell: Cell<'_>| match cell {
            Cell::Null => "-".to_owned(),
            Cell::Text(text) => text.to_owned(),
            Cell::Whole(number) => number.to_string(),
            Cell::Real(number) => number.to_string(),
        };
        let line = |row: usize| {
            let cells = columns.iter().map(|name| shown(rows.cell(row, layout.slot(name).unwrap())));
            cells.collect::<Vec<_>>().join(" ")
        };
        let mut lines: Vec<String> = (0..rows.len()).map(line).collect();
        lines.sort();
        lines
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.dir.path().join("store")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => files.push(path),
                }
            }
        }
        files.retain(|f| f.extension().is_some_and(|e| e == "parquet") && !f.to_string_lossy().contains("/ingests/"));
        files.sort();
        files
    }
}

const BITRIX: &str = r#"
zone = "Europe/Moscow"
[[export]]
name = "deals"
files = "deals*.csv"
dates = "dd.mm.yyyy HH:MM:SS"
decimal = ","
currency = "RUB"
empty = ["не закрыта"]
ignore_rows = { column = "ID", equals = "Итого" }
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "ID"
stage = "Стадия"
status = { from = "Стадия", values = { "Успех" = "won" }, values_else = { const = "open" } }
created_at = "Создана"
closed_at = "Закрыта"
amount = "Сумма"
list_amount = { add = ["Сумма", "Скидка"] }
[export.table.extra]
town = "Город"
[[export]]
name = "events"
files = "events*.csv"
dates = "dd.mm.yyyy HH:MM:SS"
[[export.table]]
fill = "events"
[export.table.columns]
at = "Время"
kind = "Вид"
deal_id = "Сделка"
direction = { from = "Куда", values = { "исх" = "outgoing", "вх" = "incoming" } }
stage = "Стадия"
"#;

const DEALS: &str = "\u{feff}ID;Стадия;Создана;Закрыта;Сумма;Скидка;Город\r\n\
    1;Успех;01.03.2025 10:00:00;02.03.2025 10:00:00;1 000,50;100;Пермь\r\n\
    2;Новая;01.03.2025 10:00:00;не закрыта;500;;\"Санкт-Петербург; центр\"\r\n\
    3;Новая;31.02.2025 10:00:00;не закрыта;500;0;Уфа\r\n\
    4;Новая;01.03.2025 10:00:00;500;0;Уфа\r\n\
    5;Успех;01.03.2025 10:00:00;28.02.2025 10:00:00;5 USD;0;Уфа\r\n\
    6;Успех;01.03.2025 10:00:00;28.02.2025 10:00:00;7;0;Уфа\r\n\
    Итого;;;;2 007,50;;";

const EVENTS: &str = "Сделка;Вид;Время;Куда;Стадия\n\
    1;call;01.03.2025 10:05:00;исх;\n\
    1;stage;01.03.2025 10:00:00;;Новая\n\
    1;stage;02.03.2025 10:00:00;;Успех\n\
    9;call;01.03.2025 10:05:00;исх;\n\
    ;call;01.03.2025 10:05:00;исх;\n";

#[tokio::test]
async fn rows_are_taken_or_quarantined_and_a_second_time_changes_nothing() {
    let company = Company::new(BITRIX);
    let exports = [company.file("deals.csv", DEALS), company.file("events.csv", EVENTS)];
    let summary = company.ingest(&exports).await.unwrap();
    let expected = "\
ingest 1
  deals.csv (deals; utf-8, `;`): rows 7, ignored by the mapping 1
  events.csv (events; utf-8, `;`): rows 5
  table   read  new  changed  unchanged  quarantined
  deals      6    3        0          0            3
  events     5    4        0          0            1
  sums               in the files  = written  + unchanged  + quarantined  + repeated  unreadable
  deals.amount           2,007.50   1,507.50            0            500           0      rows 2
  deals.list_amount      1,607.50   1,107.50            0            500           0      rows 2
in quarantine:
  1 × deals.csv: 6 cells, the header has 7 (line 5)
  1 × deals.csv, `Создана`: not a date as dd.mm.yyyy HH:MM:SS (line 4, value `31.02.2025 10:00:00`)
  1 × deals.csv, `Сумма`: an amount in USD, and the mapping states RUB (line 6, value `5 USD`)
  1 × events.csv: neither `deal_id` nor `client_id` is filled (line 6)
  ! `deals.list_amount` is made of parts, and one of them is empty in rows: 1; no amount was taken of them, and their other parts come to 500. Where an empty part is none, let the export have 0 there
  ! deals closed before they were created: 1 (6)
  ! events of deals that the store does not know: 1 (deal 9); they count for no deal. Ingest those deals as well, or see whether their ids are written alike
";
    assert_eq!(summary.text(Lang::En), expected);
    assert_eq!(
        company.rows(Table::Deals, &["deal_id", "status", "amount", "list_amount", "closed_at", "town"]).await,
        [
            "1 won 10005000 11005000 1740898800000000 Пермь",
            "2 open 5000000 - - Санкт-Петербург; центр",
            "6 won 70000 70000 1740726000000000 Уфа",
        ]
    );
    assert_eq!(
        company.rows(Table::Journeys, &["deal_id", "response_at", "events", "town"]).await,
        ["1 1740812700000000 3 Пермь", "2 - 0 Санкт-Петербург; центр", "6 - 0 Уфа",]
    );
    let files = company.files();

    let again = company.ingest(&exports).await.unwrap();
    assert!(again.nothing_changed());
    assert_eq!(again.tables[0].unchanged, 3);
    assert_eq!(again.quarantined, summary.quarantined);
    assert_eq!(company.files(), files);
    assert_eq!(company.rows(Table::Quarantine, &["ingest", "file", "line"]).await.len(), 4);
}

#[tokio::test]
async fn events_that_came_first_are_folded_when_their_deal_comes() {
    let company = Company::new(BITRIX);
    company.ingest(&[company.file("events.csv", EVENTS)]).await.unwrap();
    assert!(company.rows(Table::Journeys, &["deal_id"]).await.is_empty());
    let deals = "ID;Стадия;Создана;Закрыта;Сумма;Скидка;Город\n9;Новая;01.03.2025 10:00:00;;1;1;Уфа\n";
    company.ingest(&[company.file("deals.csv", deals)]).await.unwrap();
    assert_eq!(company.rows(Table::Journeys, &["deal_id", "events"]).await, ["9 1"]);
    // and an event that comes later is folded into the journey that is there
    let later = "Сделка;Вид;Время;Куда;Стадия\n9;meeting;05.03.2025 10:05:00;;\n";
    let summary = company.ingest(&[company.file("events2.csv", later)]).await.unwrap();
    assert_eq!(summary.tables[0].new, 1);
    assert_eq!(company.rows(Table::Journeys, &["deal_id", "events"]).await, ["9 2"]);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_the_way_out() {
    let company = Company::new(BITRIX);
    let table: [(&str, &[u8], &str); 7] = [
        (
            "deals1.csv",
            b"",
            "deals1.csv: the file is empty\n    export it again; if it is right so, leave the file out",
        ),
        (
            "deals2.csv",
            "ID;Стадия;Создана;Закрыта;Сумма;Скидка;Город\n".as_bytes(),
            "deals2.csv: the file has a header and no rows\n    export it again; if it is right so, leave the file out",
        ),
        (
            "deals3.csv",
            "ID;Стадия;Создано;Закрыта;Бюджет;Скидка;Город\n1;2;3;4;5;6;7\n".as_bytes(),
            "deals3.csv:1: the header does not fit [[export]] `deals` of mapping.toml\n    \
             there is no column `Создана`; did you mean `Создано`?\n    there is no column `Сумма`\n    \
             the header has: ID | Стадия | Создано | Закрыта | Бюджет | Скидка | Город",
        ),
        (
            "deals5.csv",
            b"PK\x03\x04rest",
            "deals5.csv: this begins like a zip archive and is none: invalid Zip archive: Could not find EOCD\n    \
             fetch or export it again",
        ),
        (
            "deals6.csv",
            b"<html><table>",
            "deals6.csv: this is a web page without a table\n    \
             export the table from the CRM again: what was saved may be a page that asks to log in",
        ),
        (
            "deals7.csv",
            "ID;Стадия;Стадия;Создана;Закрыта;Сумма;Скидка;Город\n".as_bytes(),
            "deals7.csv:1: the header does not fit [[export]] `deals` of mapping.toml\n    \
             the column `Стадия` is there 2 times (columns 2 and 3): say which, \"Стадия#1\" or \"Стадия#2\"\n    \
             the header has: ID | Стадия | Стадия | Создана | Закрыта | Сумма | Скидка | Город",
        ),
        (
            "other.csv",
            b"a;b\n",
            "other.csv: no [[export]] of mapping.toml is for this file\n    \
             the mapping knows: deals (deals*.csv); events (events*.csv)",
        ),
    ];
    for (name, bytes, expected) in table {
        assert_eq!(company.refused(name, bytes).await, expected, "{name}");
    }
}

const UNSTATED: &str = r#"
zone = "UTC"
[[export]]
name = "spend"
[[export.table]]
fill = "spend"
[export.table.columns]
day = "Day"
cost = "Cost"
"#;

#[tokio::test]
async fn formats_are_proven_or_refused_never_guessed() {
    let company = Company::new(UNSTATED);
    let told = company.refused("a.csv", "Day\tCost\n03/04/2025\t1\n05/06/2025\t2\n").await;
    assert_eq!(
        told,
        "a.csv: `Day`: the date format is not stated, and several fit every value: line 2 has `03/04/2025`, which is \
         3 April 2025 as d/m/yyyy or 4 March 2025 as m/d/yyyy\n    state which in the mapping: dates = \"d/m/yyyy\" or dates = \"m/d/yyyy\""
    );
    let told = company.refused("b.csv", "Day,Cost\n13/04/2025,\"1,234\"\n").await;
    assert_eq!(
        told,
        "b.csv: `Cost`: the decimal mark is not stated, and both fit every value: line 2 has `1,234`, which is 1234 with \
         \".\" and 1.234 with \",\"\n    state it in the mapping: decimal = \".\" or decimal = \",\""
    );
    let told = company.refused("c.csv", "Day;Cost\n13/04/2025;1,5\n04/13/2025;1.5\n").await;
    assert_eq!(
        told,
        "c.csv: `Day`: no one date format fits the whole column: line 3 has `04/13/2025` (the values before it are \
         d/m/yyyy)\n    state it in the mapping, and what does not fit is quarantined alone: dates = \"d/m/yyyy\"\n\
         `Cost`: two notations in one column: line 3 has `1.5`, line 2 has `1,5`\n    \
         state the right one in the mapping, and the others are quarantined: decimal = \",\""
    );
    let proven = company.file("d.csv", "Day|Cost\n03/04/2025|1,5\n13/04/2025|1 000\n");
    company.ingest(&[proven]).await.unwrap();
    assert_eq!(company.rows(Table::Spend, &["day", "cost"]).await, ["20181 15000", "20191 10000000"]);
}

#[tokio::test]
async fn the_period_of_a_refused_row_is_not_that_of_the_next() {
    let company = Company::new(UNSTATED);
    let rows = "Day;Cost\n2025-01-01/2025-01-31;a\n2025-02-01;1,5\n2025-01-30;2\n";
    let summary = company.ingest(&[company.file("a.csv", rows)]).await.unwrap();
    assert_eq!(summary.quarantined.len(), 1);
    assert_eq!(company.rows(Table::Spend, &["day", "cost"]).await, ["20118 20000", "20120 15000"]);
}

#[tokio::test]
async fn a_text_of_symbols_that_no_eye_sees_is_not_filled() {
    let mapping = "[[export]]\nname = \"deals\"\n[[export.table]]\nfill = \"deals\"\n[export.table.columns]\n\
                   deal_id = \"ID\"\nmanager = \"Name\"\n";
    let company = Company::new(mapping);
    let rows = "ID;Name\n1;\u{200b}\n2;\u{feff} Anna\n\u{200b};Boris\n";
    let summary = company.ingest(&[company.file("deals.csv", rows)]).await.unwrap();
    assert_eq!(company.rows(Table::Deals, &["deal_id", "manager"]).await, ["1 -", "2 Anna"]);
    assert_eq!(summary.quarantined[0].rows, 1);
}

#[tokio::test]
async fn a_report_with_title_lines_and_a_footer_is_read_and_adverts_add_up() {
    let mapping = r#"
[[export]]
name = "direct"
encoding = "cp1251"
header_has = "Дата"
dates = "dd.mm.yyyy"
decimal = ","
empty = "--"
ignore_rows = [{ column = "Дата", starts_with = "Итого" }, { column = "Дата", starts_with = "Total rows" }]
[[export.table]]
fill = "spend"
repeated = "sum"
[export.table.columns]
day = "Дата"
campaign = { from = "Кампания", case = "lower" }
cost = { from = "Расход (руб.)", strip = "₽" }
clicks = "Клики"
"#;
    let text = "Отчёт по кампаниям\nпериод 01.03.2025 - 02.03.2025\n\nДата;Кампания;Объявление;Расход (руб.);Клики\n\
        01.03.2025;Бренд;M-1;500,50;10\n01.03.2025;БРЕНД;M-2;1 000,25;--\n02.03.2025;Бренд;M-1;1;2\nИтого;;;1501,75;12\nTotal rows: 3\n";
    let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(text);
    let company = Company::new(mapping);
    let summary = company.ingest(&[company.file("direct.csv", &bytes)]).await.unwrap();
    assert_eq!(summary.files[0].ignored, 2);
    assert_eq!(
        company.rows(Table::Spend, &["day", "campaign", "cost", "clicks"]).await,
        ["20148 бренд 15007500 10", "20149 бренд 10000 2",]
    );
    let again = company.ingest(&[company.file("direct.csv", &bytes)]).await.unwrap();
    assert!(again.nothing_changed());
}

#[tokio::test]
async fn the_number_of_buckets_and_the_spill_change_nothing_but_the_files() {
    let deals = |ids: std::ops::Range<u32>| {
        let row = |id| format!("{id};Новая;01.03.2025 10:00:00;;{id};1;Уфа\n");
        format!("ID;Стадия;Создана;Закрыта;Сумма;Скидка;Город\n{}", ids.map(row).collect::<String>())
    };
    let events = |ids: std::ops::Range<u32>, minute: u32| {
        let row = |id| format!("{id};call;01.03.2025 10:{minute}:00;исх;\n{id};stage;01.03.2025 10:00:00;;Новая\n");
        format!("Сделка;Вид;Время;Куда;Стадия\n{}", ids.map(row).collect::<String>())
    };
    let (mut seen, mut buckets) = (Vec::new(), Vec::new());
    let small = Sizes {
        rows_at_first: 40,
        rows_at_most: 60,
        cold_events: 4,
        spill: 3000,
        ids: 100,
        reading: Division { threads: 3, batch: 1000 },
        always_reads: false,
    };
    for sizes in [Sizes::default(), small] {
        let company = Company::new(BITRIX);
        let first = [company.file("deals1.csv", deals(0..30)), company.file("events1.csv", events(0..40, 10))];
        // beyond the most that the first buckets may hold: they are split
        let second = [company.file("deals2.csv", deals(20..200)), company.file("events2.csv", events(20..400, 20))];
        for exports in [&first, &second, &second, &first] {
            let store = company.store().await;
            let summary =
                ingest(&store, &company.mapping, exports, IngestOptions::at(at()).sizes(sizes)).await.unwrap();
            seen.push(format!("{:?}", summary.tables));
            let snapshot = store.snapshot(None).await.unwrap();
            let journeys = [Table::Deals, Table::Events, Table::Journeys].map(|table| snapshot.tables[&table].buckets);
            assert!(journeys.iter().all(|buckets| *buckets == journeys[0]), "{journeys:?}");
            buckets.push(journeys[0]);
        }
        seen.push(company.rows(Table::Deals, &["deal_id", "amount", "town"]).await.join("\n"));
        seen.push(company.rows(Table::Events, &["event_id", "deal_id", "at"]).await.join("\n"));
        seen.push(company.rows(Table::Journeys, &["deal_id", "response_at", "events", "town"]).await.join("\n"));
    }
    let (one, many) = seen.split_at(seen.len() / 2);
    assert_eq!(one, many);
    assert_eq!(buckets, [1, 1, 1, 1, 2, 32, 32, 32]);
    assert_eq!(one[one.len() - 3].lines().count(), 200);
}

#[tokio::test]
async fn what_the_mapping_states_wrongly_is_told() {
    let stated = BITRIX.replace("files = \"deals*.csv\"", "files = \"deals*.csv\"\ndelimiter = \",\"");
    let told = Company::new(&stated).refused("deals.csv", DEALS).await;
    assert!(told.contains("with delimiter = \";\" all columns are there; the mapping states \",\""), "{told}");
    let stated = BITRIX.replace("files = \"deals*.csv\"", "files = \"deals*.csv\"\nencoding = \"cp1251\"");
    let told = Company::new(&stated).refused("deals.csv", DEALS).await;
    assert_eq!(
        told,
        "deals.csv: the file is utf-8, and the mapping states cp1251\n    \
         remove the line `encoding` of its [[export]]: it is found out from the file"
    );
    let open = format!("{EVENTS}1;\"call;01.03.2025 10:00:00;исх;\n{}", "1;call;01.03.2025 10:00:00;исх;\n".repeat(99));
    let told = Company::new(BITRIX).refused("events.csv", open).await;
    assert!(told.starts_with("events.csv:7: a quote opens here that is not closed in the next 100 lines\n"), "{told}");
}

#[tokio::test]
async fn a_condition_knows_what_means_not_filled() {
    let mapping = format!(
        "{BITRIX}[[export]]\nname = \"won\"\nfiles = \"won*.csv\"\nempty = \"не закрыта\"\ndates = \"dd.mm.yyyy\"\n\
         [[export.table]]\nfill = \"events\"\nwhen = {{ column = \"Закрыта\", filled = true }}\n[export.table.columns]\n\
         at = \"Закрыта\"\nkind = {{ const = \"stage\" }}\ndeal_id = \"ID\"\nstage = {{ const = \"won\" }}\n"
    );
    let company = Company::new(&mapping);
    let won = company.file("won.csv", "ID;Закрыта\n1;02.03.2025\n2;не закрыта\n3;\n");
    let summary = company.ingest(&[won]).await.unwrap();
    assert_eq!((summary.tables[0].new, summary.files[0].unwanted, summary.quarantined.len()), (1, 2, 0));
}

#[tokio::test]
async fn a_refused_export_among_good_ones_leaves_the_store_as_it_was() {
    let company = Company::new(BITRIX);
    let open = format!("{EVENTS}1;\"call;01.03.2025 10:00:00;исх;\n{}", "1;call;01.03.2025 10:00:00;исх;\n".repeat(99));
    let error =
        company.ingest(&[company.file("deals.csv", DEALS), company.file("events.csv", open)]).await.unwrap_err();
    assert!(error.to_string().contains("events.csv:7: a quote opens here"), "{error}");
    assert_eq!(company.store().await.snapshot(None).await.unwrap().version, 0);
    assert!(!company.dir.path().join("store/.spill").exists());
}
