//! What becomes of the quarantine when exports are ingested again.

use super::*;

#[tokio::test]
async fn quarantine_holds_what_the_newest_ingest_of_each_export_refused() {
    let company = Company::new(BITRIX);
    let exports = [company.file("deals.csv", DEALS), company.file("events.csv", EVENTS)];
    company.ingest(&exports).await.unwrap();
    let held = async || company.rows(Table::Quarantine, &["ingest", "file", "line", "column", "value"]).await;
    let first = ["1 deals.csv 4 Создана 31.02.2025 10:00:00", "1 deals.csv 5  ", "1 deals.csv 6 Сумма 5 USD"];
    let events = "1 events.csv 6  ";
    assert_eq!(held().await, [first.as_slice(), &[events]].concat());

    // another file: what stands there stays
    let late = "Сделка;Вид;Время;Куда;Стадия\n1;call;yesterday;исх;\n";
    company.ingest(&[company.file("events_late.csv", late)]).await.unwrap();
    let late = "2 events_late.csv 2 Время yesterday";
    assert_eq!(held().await, [first.as_slice(), &[events, late]].concat());

    // one row is mended, the same two are refused: they are this ingest's now, as all of an export's rows are
    let one = company.file("deals.csv", DEALS.replace("31.02.2025", "28.02.2025"));
    company.ingest(std::slice::from_ref(&one)).await.unwrap();
    let two = ["3 deals.csv 5  ", "3 deals.csv 6 Сумма 5 USD"];
    assert_eq!(held().await, [&[events, late], two.as_slice()].concat());
    company.ingest(&[one]).await.unwrap();
    assert_eq!(held().await, [&[events, late], two.as_slice()].concat());

    // all is mended: nothing is left of it
    let mended = "Сделка;Вид;Время;Куда;Стадия\n9;call;01.03.2025 10:05:00;исх;\n";
    company.ingest(&[company.file("events_late.csv", mended)]).await.unwrap();
    assert_eq!(held().await, [&[events], two.as_slice()].concat());
    let good = DEALS.lines().take(3).collect::<Vec<_>>().join("\r\n");
    company.ingest(&[company.file("deals.csv", good), company.file("events.csv", mended)]).await.unwrap();
    assert!(held().await.is_empty());
    // the older versions still say what was refused then
    let older = company.store().await.snapshot(Some(1)).await.unwrap();
    assert_eq!(older.tables[&Table::Quarantine].rows(), 4);
}

/// A store of an early Voronka: several exports in one file, those of every ingest, and no Russian reasons.
#[tokio::test]
async fn quarantine_of_an_early_store_is_put_right_by_the_next_ingest() {
    let company = Company::new(BITRIX);
    let exports = [company.file("deals.csv", DEALS), company.file("events.csv", EVENTS)];
    let store = company.store().await;
    for _ in 0..2 {
        let mut t = store.begin().await.unwrap();
        let mut layout = Layout::new(Table::Quarantine, vec![]);
        layout.columns.retain(|(name, _)| name != "reason_ru");
        let mut rows = Rows::new(layout.width());
        for (file, line) in [("deals.csv", 4), ("other.csv", 2)] {
            let mut row = vec![Cell::Null; layout.width()];
            row[layout.slot("ingest").unwrap()] = Cell::Whole(t.number() as i64);
            row[layout.slot("file").unwrap()] = Cell::Text(file);
            row[layout.slot("line").unwrap()] = Cell::Whole(line);
            rows.cells.extend(row);
        }
        let path = t.new_file(Table::Quarantine, 0);
        data_file::write(&path, &layout, &rows, &[0, 1]).unwrap();
        t.append(Table::Quarantine, vec![(path, 2)]);
        let (tables, notes) = (vec![], vec![]);
        t.commit(IngestRecord { ingest: 0, at: at(), exports: vec![], tables, notes }).await.unwrap();
    }
    company.ingest(&exports[..1]).await.unwrap();
    assert_eq!(
        company.rows(Table::Quarantine, &["ingest", "file", "line", "reason_ru"]).await,
        [
            "1 other.csv 2 -",
            "2 other.csv 2 -",
            "3 deals.csv 4 не дата вида dd.mm.yyyy HH:MM:SS",
            "3 deals.csv 5 ячеек 6, в заголовке их 7",
            "3 deals.csv 6 сумма в USD, а маппинг говорит о RUB",
        ]
    );
}
