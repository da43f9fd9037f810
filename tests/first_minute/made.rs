//! The exports of `tests/exports` as if no preset knew them: their drafts say what the presets say. That the presets load them at
//! the first try, with the figures typed beside them, `tests/exports.rs` holds.

use std::fs;
use std::path::Path;

use crate::support::checkout;
use voronka::draft::draft;
use voronka::model::lang::Lang;

/// Of each made export: the table that its draft fills, and the sum of its money where there is one. It is the one typed in
/// `answer.csv`, but where a note says what else the draft asks.
const MADE: [(&str, &str, &str); 31] = [
    ("amocrm", "deals", "1,487,400.50"),
    ("amocrm_cp1251", "deals", "129,500.50"),
    ("amocrm_xlsx", "deals", "2,122,450.50"),
    ("bitrix24_activities", "events", ""),
    // with the total, a row without an id: asked about
    ("bitrix24_deals", "deals", "3,087,002.50"),
    ("bitrix24_deals_cp1251", "deals", "475,500.00"),
    // a deal in as many rows as it has goods: asked about, with 185,600.00 beside it
    ("bitrix24_deals_excel", "deals", "283,500.00"),
    ("bitrix24_deals_tab", "deals", "159,500.25"),
    ("bitrix24_history", "events", ""),
    ("bitrix24_history_rest", "events", ""),
    // the preset leaves the money of leads to their deals
    ("bitrix24_leads", "deals", "100,000.00"),
    ("calls_calltouch", "events", ""),
    ("calls_sipuni", "events", ""),
    ("calls_uis", "events", ""),
    ("google_ads", "spend", "3,288.74"),
    ("google_ads_eu", "spend", "5,189.73"),
    ("google_ads_ru", "spend", "3,228.64"),
    ("hubspot", "deals", "1,260,068.39"),
    // with the total, a row without a campaign: asked about
    ("meta_ads", "spend", "2,941.00"),
    ("meta_ads_ru", "spend", "13,650.85"),
    ("meta_ads_ru_new", "spend", "191.95"),
    ("meta_ads_xlsx", "spend", "4,700.75"),
    ("pipedrive", "deals", "288,250.50"),
    ("pipedrive_xlsx", "deals", "307,000.25"),
    ("salesforce", "deals", "587,500.50"),
    ("vk_ads", "spend", "11,760.50"),
    ("yandex_direct", "spend", "2,285.31"),
    ("yandex_direct_api", "spend", "2,285.31"),
    ("yandex_direct_utf8", "spend", "1,250.00"),
    ("yandex_metrica", "spend", "1,050.75"),
    ("yookassa", "deals", "16,500.50"),
];

/// The export in a folder of `tests/exports`.
fn export(folder: &Path) -> std::path::PathBuf {
    let mut paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let beside =
        |path: &Path| ["ask.sql", "answer.csv", "preset.txt"].contains(&path.file_name().unwrap().to_str().unwrap());
    paths.find(|path| !beside(path)).unwrap()
}

#[test]
fn the_draft_of_a_made_export_says_what_it_is_and_what_it_holds() {
    let folders =
        fs::read_dir(checkout("tests/exports")).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir());
    assert_eq!(folders.count(), MADE.len());
    let mut wrong = String::new();
    for (name, table, sum) in MADE {
        let drafted =
            draft(&export(&checkout("tests/exports").join(name)), &std::env::temp_dir(), Lang::En, None).unwrap();
        let told = drafted.told.join("\n");
        let asks_total = drafted.text.contains("ignore_rows = { column = \"?\"");
        let is_right = told.contains(&format!("read as {table}"))
            && (sum.is_empty() || told.contains(&format!("sum {sum}")))
            && asks_total == ["bitrix24_deals", "meta_ads"].contains(&name)
            && drafted.text.contains("repeated = \"?\"") == (name == "bitrix24_deals_excel");
        if !is_right {
            wrong += &format!("=== {name}: not {table} {sum}\n{told}\n{}\n", drafted.text);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
