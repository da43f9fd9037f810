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
        t.commit(IngestRecord { ingest: 0, at: at(), exports: vec![], tables, notes, currencies: vec![] })
            .await
            .unwrap();
    }
    std::fs::write(store.dir().join("personal.toml"), "texts = false\n").unwrap();
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

#[tokio::test]
async fn rows_are_written_out_mended_and_read_again() {
    let company = Company::new(
        &BITRIX.replace("fill = \"deals\"", "fill = \"deals\"\nwhen = { column = \"ID\", filled = true }"),
    );
    let deals = "\u{feff}ID;Стадия;Создана;Закрыта;Сумма;Скидка;Город\r\n\
        1;Успех;01.03.2025 10:00:00;;100;;\"=A1; x\"\r\n\
        2;Новая;31.02.2025 10:00:00;;200;;-Уфа\r\n\
        3;Новая;01.03.2025 10:00:00;;5 USD;;\"\"\"Пермь\"\"\"\r\n\
        4;Новая;01.03.2025 10:00:00;;abc;;Омск\r\n";
    company.ingest(&[company.file("deals.csv", deals)]).await.unwrap();
    let snapshot = company.store().await.snapshot(None).await.unwrap();
    let waits = waiting(&snapshot, None).unwrap();
    let shown: Vec<_> = waits.iter().map(|w| (w.column.as_str(), w.rows, w.first_line, w.examples.join(" "))).collect();
    assert_eq!(shown.len(), 3, "{shown:?}");
    assert!(shown.contains(&("Создана", 1, 3, "31.02.2025 10:00:00".to_owned())), "{shown:?}");

    let folder = company.dir.path().join("repair");
    let written = repairs(&snapshot, None, &folder, Lang::Ru).unwrap();
    assert_eq!((written[0].rows, written[0].elsewhere), (3, 0));
    let text = fs::read_to_string(&written[0].path).unwrap();
    assert!(text.starts_with("\u{feff}quarantine_line;quarantine_ingest;quarantine_reason;ID;Стадия;"), "{text}");
    assert!(text.contains("\n3;1;Создана: не дата вида"), "{text}");
    assert!(text.contains(";2;Новая;31.02.2025 10:00:00;;200;;'-Уфа\n"), "{text}");
    // one is mended, one is mended wrongly, and one is left out
    let mended: String = text
        .lines()
        .filter(|line| !line.contains("abc"))
        .map(|line| line.replace("31.02.2025", "28.02.2025").replace("5 USD", "5 EUR") + "\n")
        .collect();
    fs::write(&written[0].path, mended).unwrap();
    let summary = company.ingest(std::slice::from_ref(&written[0].path)).await.unwrap();
    assert_eq!((summary.files[0].file.as_str(), summary.files[0].rows), ("deals.csv", 2));
    assert_eq!(
        company.rows(Table::Deals, &["deal_id", "amount", "town"]).await,
        ["1 1000000 =A1; x", "2 2000000 -Уфа"]
    );
    assert_eq!(
        company.rows(Table::Quarantine, &["ingest", "line", "value"]).await,
        ["1 4 5 EUR", "1 5 abc"],
        "what was not mended waits on, by the line that it has in the export and the ingest that read it there"
    );
    // a row whose line was erased mends none of those that wait, whatever line of the file it stands on
    let header = text.lines().next().unwrap();
    fs::write(&written[0].path, format!("{header}\n\n\n;;;3;Новая;01.03.2025 10:00:00;;5;;\n")).unwrap();
    let summary = company.ingest(std::slice::from_ref(&written[0].path)).await.unwrap();
    assert!(summary.text(Lang::En).contains("not taken: 1 (quarantine_line ?)"), "{}", summary.text(Lang::En));
    assert_eq!(company.rows(Table::Deals, &["deal_id"]).await, ["1", "2"]);
    assert_eq!(company.rows(Table::Quarantine, &["line"]).await, ["4", "5"]);
    // the export itself again, mended: nothing is left
    company
        .ingest(&[company.file("deals.csv", deals.replace("31.02", "28.02").replace("5 USD", "5").replace("abc", "7"))])
        .await
        .unwrap();
    assert!(company.rows(Table::Quarantine, &["line"]).await.is_empty());
}

#[tokio::test]
async fn what_is_personal_does_not_reach_the_quarantine() {
    let mapping = BITRIX.replace(
        "stage = \"Стадия\"\nstatus",
        "client_id = { from = \"Телефон\", normal = \"phone\" }\nstage = \"Стадия\"\nstatus",
    );
    let company = Company::new(&mapping);
    let deals = "ID;Стадия;Создана;Закрыта;Сумма;Скидка;Город;Телефон;Имя\n\
        1;Новая;01.03.2025 10:00:00;;100;;Уфа;8 912 123-45-67;Анна\n\
        2;Новая;31.02.2025 10:00:00;;100;;Уфа;+7 (912) 123 45 67;Анна Петрова\n\
        3;Новая;01.03.2025 10:00:00;;100;;Уфа;89121234567\n";
    company.ingest(&[company.file("deals.csv", deals)]).await.unwrap();
    let [raw, cut] = &company.rows(Table::Quarantine, &["line", "raw"]).await[..] else { panic!("two rows") };
    let client = company.rows(Table::Deals, &["client_id"]).await.remove(0);
    assert_eq!(*raw, format!("3 2;Новая;31.02.2025 10:00:00;;100;;Уфа;{client};"));
    assert_eq!(cut, "4 ");
    let snapshot = company.store().await.snapshot(None).await.unwrap();
    let written = repairs(&snapshot, None, &company.dir.path().join("repair"), Lang::En).unwrap();
    assert_eq!((written[0].rows, written[0].elsewhere), (1, 1));
    let text = fs::read_to_string(&written[0].path).unwrap().replace("31.02", "28.02");
    fs::write(&written[0].path, text).unwrap();
    company.ingest(std::slice::from_ref(&written[0].path)).await.unwrap();
    assert_eq!(
        company.rows(Table::Deals, &["deal_id", "client_id"]).await,
        [format!("1 {client}"), format!("2 {client}")]
    );
}

const HEADER: &str = "ID;Стадия;Создана;Закрыта;Сумма;Скидка;Город\n";

/// A deal whose time is no time, until it is mended.
fn bad(id: u32, amount: u32) -> String {
    format!("{id};Новая;31.02.2025 10:00:00;;{amount};;Уфа\n")
}

fn mended(text: &str) -> String {
    text.replace("31.02", "28.02")
}

/// Writes out what waits of the only export, and gives the file.
async fn out(company: &Company, folder: &str) -> PathBuf {
    let snapshot = company.store().await.snapshot(None).await.unwrap();
    repairs(&snapshot, None, &company.dir.path().join(folder), Lang::Ru).unwrap().remove(0).path
}

#[tokio::test]
async fn a_mended_row_is_taken_while_it_waits_and_no_longer() {
    let company = Company::new(BITRIX);
    let deals = || company.rows(Table::Deals, &["deal_id", "amount"]);
    let held = || company.rows(Table::Quarantine, &["ingest", "line"]);
    company.ingest(&[company.file("deals.csv", [HEADER, &bad(1, 100), &bad(2, 200)].concat())]).await.unwrap();
    let file = [out(&company, "repair").await];
    let all = mended(&fs::read_to_string(&file[0]).unwrap());

    // half of it at first, then the same file with all that there is
    fs::write(&file[0], all.lines().take(2).collect::<Vec<_>>().join("\n")).unwrap();
    assert!(!company.ingest(&file).await.unwrap().text(Lang::En).contains("not taken"));
    assert_eq!(held().await, ["1 3"]);
    fs::write(&file[0], &all).unwrap();
    let told = company.ingest(&file).await.unwrap().text(Lang::En);
    assert!(told.contains("rows that wait in quarantine no more, not taken: 1 (quarantine_line 2):"), "{told}");
    assert_eq!((deals().await, held().await.len()), (vec!["1 1000000".to_owned(), "2 2000000".to_owned()], 0));

    // once more, and nothing of it waits
    let files = company.files();
    let again = company.ingest(&file).await.unwrap();
    assert!(again.nothing_changed() && again.text(Lang::Ru).contains("не взято: 2 (quarantine_line 2, 3)"));
    assert_eq!(company.files(), files);

    // a newer export of that name refuses other rows, at the same lines
    let newer = company.file("deals.csv", [HEADER, &bad(3, 300), &mended(&bad(1, 101))].concat());
    company.ingest(std::slice::from_ref(&newer)).await.unwrap();
    company.ingest(&file).await.unwrap();
    assert_eq!((deals().await, held().await), (vec!["1 1010000".into(), "2 2000000".into()], vec!["5 2".to_owned()]));
    // read beside the export itself, mended rows are those of an older one
    let newest = mended(&fs::read_to_string(out(&company, "newest").await).unwrap());
    fs::write(&file[0], newest).unwrap();
    let told = company.ingest(&[newer, file[0].clone()]).await.unwrap().text(Lang::En);
    assert!(told.contains("not taken: 1 (quarantine_line 2)"), "{told}");
    assert_eq!(held().await, ["5 2"]);
    company.ingest(&file).await.unwrap();
    assert_eq!((deals().await.len(), held().await.len()), (3, 0));
}

#[tokio::test]
async fn of_rows_that_wait_at_one_line_all_are_mended_or_none() {
    let company = Company::new(BITRIX);
    let export = |folder: &str, row: String| {
        fs::create_dir(company.dir.path().join(folder)).unwrap();
        company.file(&format!("{folder}/deals.csv"), [HEADER, &row].concat())
    };
    // a folder for each day is no branch of its own
    company.ingest(&[export("2025-03-03", bad(1, 100)), export("2025-03-10", bad(2, 200))]).await.unwrap();
    let file = [out(&company, "repair").await];
    let all = mended(&fs::read_to_string(&file[0]).unwrap());
    fs::write(&file[0], all.lines().take(2).collect::<Vec<_>>().join("\n")).unwrap();
    let told = company.ingest(&file).await.unwrap().text(Lang::En);
    assert!(told.contains("not all came, not taken: 1 (quarantine_line 2); all of them wait on"), "{told}");
    assert_eq!(company.rows(Table::Quarantine, &["ingest", "line"]).await, ["1 2", "1 2"]);
    assert!(company.rows(Table::Deals, &["deal_id"]).await.is_empty());
    fs::write(&file[0], all).unwrap();
    company.ingest(&file).await.unwrap();
    assert_eq!(company.rows(Table::Deals, &["deal_id"]).await, ["1", "2"]);
    assert!(company.rows(Table::Quarantine, &["line"]).await.is_empty());
}

#[tokio::test]
async fn mended_rows_of_an_export_that_adds_up_are_refused() {
    let company = Company::new(&UNSTATED.replace("fill = \"spend\"", "fill = \"spend\"\nrepeated = \"sum\""));
    company.ingest(&[company.file("spend.csv", "Day;Cost\n2025-03-01;1,5\n2025-03-01;abc\n")]).await.unwrap();
    let told = company.ingest(&[out(&company, "repair").await]).await.unwrap_err().to_string();
    assert!(told.contains("[[export]] `spend` of mapping.toml rows of one key add up (spend, repeated"), "{told}");
    assert!(told.ends_with("ingest it again under its own name: spend.csv"), "{told}");
    assert_eq!(company.rows(Table::Spend, &["cost"]).await, ["15000"]);
}

#[tokio::test]
async fn a_file_of_mended_rows_is_known_by_its_name_and_its_columns() {
    let company = Company::new(BITRIX);
    company.ingest(&[company.file("deals.csv", [HEADER, &bad(1, 100)].concat())]).await.unwrap();
    let text = mended(&fs::read_to_string(out(&company, "repair").await).unwrap());
    for (place, name) in ["quarantine_line", "quarantine_ingest", "quarantine_reason"].into_iter().enumerate() {
        let without = |line: &str| {
            let cells = line.split(';').enumerate().filter(|(at, _)| *at != place).map(|(_, cell)| cell);
            cells.collect::<Vec<_>>().join(";")
        };
        let short = text.lines().map(without).collect::<Vec<_>>().join("\n");
        let told = company.ingest(&[company.file("deals.csv.repair.csv", short)]).await.unwrap_err().to_string();
        assert!(told.contains(&format!("and it has no column `{name}`\n")), "{told}");
    }
    let told = company.ingest(&[company.file("deals_mended.csv", &text)]).await.unwrap_err().to_string();
    assert!(told.contains("it has the column `quarantine_line`") && told.contains("EXPORT.repair.csv"), "{told}");
    // an export may be called so as well
    company.ingest(&[company.file("deals.repair 2.csv", [HEADER, &mended(&bad(2, 200))].concat())]).await.unwrap();
    let summary = company.ingest(&[company.file("deals.csv.repair (1).csv", &text)]).await.unwrap();
    assert_eq!(summary.files[0].file, "deals.csv");
    assert_eq!(company.rows(Table::Deals, &["deal_id"]).await, ["1", "2"]);
    assert!(company.rows(Table::Quarantine, &["line"]).await.is_empty());
}

#[tokio::test]
async fn rows_of_any_width_are_written_out_once() {
    let company = Company::new(BITRIX);
    company.ingest(&[company.file("deals.csv", DEALS)]).await.unwrap();
    let text = fs::read_to_string(out(&company, "repair").await).unwrap();
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(text.contains("\n5;1;ячеек 6, в заголовке их 7;4;Новая;01.03.2025 10:00:00;500;0;Уфа\n"), "{text}");
    assert!(text.contains(";Сумма: сумма в USD, а маппинг говорит о RUB;5;"), "{text}");
    // whoever mends them keeps what is there
    let (snapshot, folder) = (company.store().await.snapshot(None).await.unwrap(), company.dir.path().join("repair"));
    let told = repairs(&snapshot, None, &folder, Lang::Ru).unwrap_err().to_string();
    assert!(told.contains("deals.csv.repair.csv: it is there already") && told.contains("mend and ingest"), "{told}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    // a row that lacks a cell gets it
    let whole = text.replace("10:00:00;500;0;Уфа", "10:00:00;;500;0;Уфа");
    company.ingest(&[company.file("repair/deals.csv.repair.csv", whole)]).await.unwrap();
    assert_eq!(company.rows(Table::Deals, &["deal_id"]).await, ["1", "2", "4", "6"]);
    assert_eq!(company.rows(Table::Quarantine, &["line"]).await, ["4", "6"]);
}

#[tokio::test]
async fn exports_of_one_name_in_two_folders_are_two() {
    let company = Company::new(BITRIX);
    let export = |folder: &str, row: String| {
        fs::create_dir_all(company.dir.path().join(folder)).unwrap();
        company.file(&format!("{folder}/deals.csv"), [HEADER, &row].concat())
    };
    let held = async || company.rows(Table::Quarantine, &["ingest", "file", "folder", "line"]).await;
    let (north, south) = (export("north", bad(1, 100)), export("south", bad(2, 200)));
    company.ingest(std::slice::from_ref(&north)).await.unwrap();
    company.ingest(std::slice::from_ref(&south)).await.unwrap();
    let both = ["1 deals.csv north 2", "2 deals.csv south 2"];
    assert_eq!(held().await, both);
    // again, alone and together: nothing of it changes
    let files = company.files();
    let told = company.ingest(&[north.clone(), south.clone()]).await.unwrap().text(Lang::En);
    assert!(told.contains("  north/deals.csv (deals;") && told.contains("1 × south/deals.csv, "), "{told}");
    assert_eq!((held().await, company.files()), (both.map(str::to_owned).to_vec(), files));

    // each is written out and mended for itself
    let (snapshot, folder) = (company.store().await.snapshot(None).await.unwrap(), company.dir.path().join("repair"));
    let written = repairs(&snapshot, None, &folder, Lang::Ru).unwrap();
    let names: Vec<&str> = written.iter().map(|written| written.file.as_str()).collect();
    assert_eq!(names, ["north/deals.csv", "south/deals.csv"]);
    assert_eq!(waiting(&snapshot, Some("south/deals.csv")).unwrap().len(), 1);
    fs::write(&written[1].path, mended(&fs::read_to_string(&written[1].path).unwrap())).unwrap();
    company.ingest(&[written[1].path.clone()]).await.unwrap();
    assert_eq!(company.rows(Table::Deals, &["deal_id"]).await, ["2"]);
    assert_eq!(held().await, both[..1]);

    // moved to another folder it is the same: what came there waits here no more, whether it is good now or not
    company.ingest(&[export("elsewhere", bad(1, 100))]).await.unwrap();
    assert_eq!(held().await, ["5 deals.csv elsewhere 2"]);
    company.ingest(&[export("new", mended(&bad(1, 100)))]).await.unwrap();
    assert!(held().await.is_empty());
    assert_eq!(company.rows(Table::Deals, &["deal_id"]).await, ["1", "2"]);
}

#[tokio::test]
async fn a_mended_row_does_not_take_the_place_of_a_later_one() {
    let deals = async |company: &Company| company.rows(Table::Deals, &["deal_id", "amount", "stage"]).await;
    let later = async |company: &Company| company.rows(Table::Quarantine, &["line", "later"]).await;
    let lost = |stage: &str, amount: u32| format!("1;{stage};01.03.2025 10:00:00;;{amount};0;Уфа\r\n");

    // in another export of a later day
    let company = Company::new(BITRIX);
    company.ingest(&[company.file("deals.csv", [HEADER, &bad(1, 100)].concat())]).await.unwrap();
    let file = out(&company, "repair").await;
    fs::write(&file, mended(&fs::read_to_string(&file).unwrap())).unwrap();
    company.ingest(&[company.file("deals_late.csv", [HEADER, &lost("Успех", 500)].concat())]).await.unwrap();
    assert_eq!(later(&company).await, ["2 deals"]);
    let told = company.ingest(std::slice::from_ref(&file)).await.unwrap().text(Lang::Ru);
    assert!(told.contains("исправленных строк, о ключе которых после них загружено другое"), "{told}");
    assert_eq!(deals(&company).await, ["1 5000000 Успех"]);
    assert!(later(&company).await.is_empty(), "it is mended");

    // in the same file below it; a good one above it is no later one
    let company = Company::new(BITRIX);
    company.ingest(&[company.file("deals.csv", [HEADER, &bad(1, 100), &lost("Успех", 500)].concat())]).await.unwrap();
    let file = out(&company, "repair").await;
    fs::write(&file, mended(&fs::read_to_string(&file).unwrap())).unwrap();
    company.ingest(std::slice::from_ref(&file)).await.unwrap();
    assert_eq!(deals(&company).await, ["1 5000000 Успех"]);
    let company = Company::new(BITRIX);
    company.ingest(&[company.file("deals.csv", [HEADER, &lost("Успех", 500), &bad(1, 100)].concat())]).await.unwrap();
    assert_eq!(later(&company).await, ["3 "]);
    let file = out(&company, "repair").await;
    fs::write(&file, mended(&fs::read_to_string(&file).unwrap())).unwrap();
    company.ingest(std::slice::from_ref(&file)).await.unwrap();
    assert_eq!(deals(&company).await.len(), 1);
    assert!(deals(&company).await[0].starts_with("1 1000000 "), "{:?}", deals(&company).await);

    // what the later one did not tell is filled, and the export itself, read again, is the newest
    let company = Company::new(BITRIX);
    company.ingest(&[company.file("deals.csv", [HEADER, &bad(1, 100)].concat())]).await.unwrap();
    let again = company.file("deals.csv", [HEADER, &bad(1, 100)].concat());
    company.ingest(&[company.file("deals_late.csv", [HEADER, &lost("Успех", 500)].concat())]).await.unwrap();
    assert_eq!(later(&company).await, ["2 deals"]);
    company.ingest(&[again]).await.unwrap();
    assert_eq!(later(&company).await, ["2 "]);
}
