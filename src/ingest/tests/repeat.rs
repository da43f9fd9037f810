//! Exports that the last ingest read: that it read them is known, and what they tell is the same as if they were read again.

use std::sync::Mutex;

use super::*;
use crate::model::progress::Progress;
use crate::regulation::Regulation;

/// Hears which files are read.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Progress for Heard {
    fn step(&self, what: &str, _: u64, _: u64) {
        self.0.lock().unwrap().push(what.to_owned());
    }
}

/// A company whose ingests are made twice: as they are, and in a second store with everything read each time.
struct Twice {
    lazy: Company,
    diligent: Company,
    minutes: i64,
}

impl Twice {
    fn new(mapping: &str) -> Twice {
        Twice { lazy: Company::new(mapping), diligent: Company::new(mapping), minutes: 0 }
    }

    /// Ingests the same files into both stores. Returns whether the first one read them.
    async fn ingest(&mut self, files: &[(&str, &str)]) -> bool {
        self.ingest_with(files, None).await
    }

    async fn ingest_with(&mut self, files: &[(&str, &str)], regulation: Option<&Regulation>) -> bool {
        self.minutes += 1;
        let now = at() + chrono::Duration::minutes(self.minutes);
        let heard = Heard::default();
        let mut told = Vec::new();
        for (company, always_reads) in [(&self.lazy, false), (&self.diligent, true)] {
            let exports: Vec<PathBuf> = files.iter().map(|(name, text)| company.file(name, text)).collect();
            let sizes = Sizes { always_reads, ..Sizes::default() };
            let options = IngestOptions::at(now).sizes(sizes).regulation(regulation);
            let options = if always_reads { options } else { options.progress(&heard) };
            let store = company.store().await;
            let summary = ingest(&store, &company.mapping, &exports, options).await.unwrap();
            let folder = company.dir.path().file_name().unwrap().to_string_lossy().into_owned();
            let mut shown = vec![format!("{summary:#?}"), format!("{:#?}", store.log().await.unwrap())];
            for table in Table::ALL.into_iter().filter(|table| *table != Table::Ingests) {
                let state = store.snapshot(None).await.unwrap().tables.get(&table).cloned();
                let names = state.iter().flat_map(|state| state.schema.fields()).map(|field| field.name().clone());
                let names: Vec<String> = names.collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                shown.push(format!(
                    "{:?} {}",
                    state.map(|s| s.delta_version),
                    company.rows(table, &names).await.join("\n")
                ));
            }
            told.push(shown.join("\n").replace(&folder, "FOLDER"));
        }
        assert!(told[0] == told[1], "read: {:?}\n{}\n---\n{}", heard.0, told[0], told[1]);
        let heard = heard.0.into_inner().unwrap();
        heard.iter().any(|what| files.iter().any(|(name, _)| name == what))
    }
}

const MORE: &str = "ID;Стадия;Создана;Закрыта;Сумма;Скидка;Город\n1;Успех;01.03.2025 10:00:00;;7,50;100;Пермь\n";

#[tokio::test]
async fn what_the_last_ingest_read_is_not_read_again() {
    let mut company = Twice::new(BITRIX);
    let files = [("deals.csv", DEALS), ("events.csv", EVENTS)];
    assert!(company.ingest(&files).await);
    for _ in 0..3 {
        assert!(!company.ingest(&files).await);
    }
    // one of them alone, and then both, are other exports than the last ones
    assert!(company.ingest(&files[..1]).await);
    assert!(!company.ingest(&files[..1]).await);
    assert!(company.ingest(&files).await);
    assert!(!company.ingest(&files).await);
}

#[tokio::test]
async fn what_another_export_changed_is_overwritten_by_the_old_one() {
    let mut company = Twice::new(BITRIX);
    let old = [("deals.csv", DEALS)];
    assert!(company.ingest(&old).await);
    assert!(company.ingest(&[("deals2.csv", MORE)]).await);
    assert!(company.ingest(&old).await, "deal 1 is another one now");
    assert!(!company.ingest(&old).await);
    // other bytes under the old name
    assert!(company.ingest(&[("deals.csv", MORE)]).await);
    assert!(company.ingest(&old).await);
}

#[tokio::test]
async fn another_mapping_regulation_or_name_is_read() {
    let mut company = Twice::new(BITRIX);
    let files = [("deals.csv", DEALS)];
    assert!(company.ingest(&files).await);
    assert!(company.ingest(&[("deals_of_march.csv", DEALS)]).await);
    assert!(!company.ingest(&[("deals_of_march.csv", DEALS)]).await);
    let other = BITRIX.replace("town = ", "city = ");
    for company in [&mut company.lazy, &mut company.diligent] {
        company.mapping = Mapping::parse("mapping.toml", &other).unwrap();
    }
    assert!(company.ingest(&[("deals_of_march.csv", DEALS)]).await);
    assert!(!company.ingest(&[("deals_of_march.csv", DEALS)]).await);
    let text = include_str!("../../../sample_data/regulation.toml");
    let regulation = Regulation::parse("regulation.toml", text).unwrap();
    assert!(company.ingest_with(&[("deals_of_march.csv", DEALS)], Some(&regulation)).await);
    assert!(!company.ingest_with(&[("deals_of_march.csv", DEALS)], Some(&regulation)).await);
    assert!(company.ingest(&[("deals_of_march.csv", DEALS)]).await);
}

#[tokio::test]
async fn what_depends_on_the_moment_is_read() {
    // a closing after the export, a date that may be right next year, a listing
    let ahead = DEALS.replace("1;Успех;01.03.2025 10:00:00;02.03.2025", "1;Успех;01.03.2025 10:00:00;02.03.2027");
    let beyond = DEALS.replace("2;Новая;01.03.2025", "2;Новая;01.03.2029");
    for text in [&ahead, &beyond] {
        let mut company = Twice::new(BITRIX);
        for _ in 0..3 {
            assert!(company.ingest(&[("deals.csv", text)]).await, "{text}");
        }
    }
    let mut company = Twice::new(&BITRIX.replace("name = \"deals\"", "name = \"deals\"\nsnapshot = true"));
    for _ in 0..3 {
        assert!(company.ingest(&[("deals.csv", DEALS)]).await);
    }
}

#[tokio::test]
async fn what_was_kept_is_not_believed_where_it_is_not_whole_or_of_another_state() {
    let mut company = Twice::new(BITRIX);
    let files = [("deals.csv", DEALS)];
    assert!(company.ingest(&files).await);
    let kept = company.lazy.dir.path().join("store/.repeat");
    let whole = fs::read(&kept).unwrap();
    let mut torn = whole.clone();
    torn.truncate(whole.len() / 2);
    let changed = String::from_utf8(whole.clone()).unwrap().replace("\"keys\":3", "\"keys\":4").into_bytes();
    assert_ne!(changed, whole);
    for damaged in [torn, changed, Vec::new()] {
        fs::write(&kept, damaged).unwrap();
        assert!(company.ingest(&files).await);
        assert!(!company.ingest(&files).await);
    }
    // of an ingest before the last one
    fs::write(&kept, whole).unwrap();
    assert!(company.ingest(&files).await);
    fs::remove_file(&kept).unwrap();
    assert!(company.ingest(&files).await);
}
