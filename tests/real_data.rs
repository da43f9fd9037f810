//! Published data sets with known totals. They may not be committed: where they are absent, these tests say so and pass.
//!
//! They are looked for in the folder that `VORONKA_DATA` names, else in `shared/data` beside the checkout.

use std::path::{Path, PathBuf};

use crate::support::{checkout, rows, voronka};

fn data(name: &str) -> Option<PathBuf> {
    #[allow(clippy::disallowed_methods)] // a test may read its environment
    let root = std::env::var("VORONKA_DATA").map_or_else(|_| checkout("../shared/data"), PathBuf::from);
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder.canonicalize().unwrap());
    }
    eprintln!("SKIPPED: no data set `{name}`; put it under VORONKA_DATA to run this test");
    None
}

/// Ingests exports with a mapping of `examples/` into a new store, and gives its folder.
fn ingested(example: &str, mapping: &str, exports: &[PathBuf]) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let example = checkout("examples").join(example);
    std::fs::copy(example.join("regulation.toml"), dir.path().join("regulation.toml")).unwrap();
    let mapping = example.join(mapping);
    let mut args = vec!["ingest", "--mapping", mapping.to_str().unwrap()];
    args.extend(exports.iter().map(|e| e.to_str().unwrap()));
    let summary = voronka(dir.path(), &args).ok();
    (dir, summary)
}

fn query(dir: &Path, args: &[&str]) -> Vec<std::collections::BTreeMap<String, String>> {
    let mut all = vec!["query"];
    all.extend(args);
    all.extend(["--format", "csv"]);
    rows(&voronka(dir, &all).ok())
}

fn weekly(dir: &Path, as_of: &str) -> String {
    for lang in ["ru", "en"] {
        voronka(dir, &["report", "weekly", "--as-of", as_of, "--lang", lang, "--out", lang]).ok();
    }
    std::fs::read_to_string(dir.join("en/weekly.html")).unwrap()
}

#[test]
fn olist_by_origin() {
    let Some(folder) = data("olist") else { return };
    let exports = ["olist_marketing_qualified_leads_dataset.csv", "olist_closed_deals_dataset.csv"];
    let (dir, summary) = ingested("olist", "mapping.toml", &exports.map(|e| folder.join(e)));
    let by_origin = query(dir.path(), &["lead_quality", "--by", "source", "--as-of", "2019-01-01"]);
    let mut found: Vec<(String, u64, u64)> = by_origin
        .iter()
        .map(|r| (r["source"].clone(), r["leads"].parse().unwrap(), r["won"].parse().unwrap()))
        .collect();
    found.sort();
    let expected = [
        ("", 60, 14),
        ("direct_traffic", 499, 56),
        ("display", 118, 6),
        ("email", 493, 15),
        ("organic_search", 2296, 271),
        ("other", 150, 4),
        ("other_publicities", 65, 3),
        ("paid_search", 1586, 195),
        ("referral", 284, 24),
        ("social", 1350, 75),
        ("unknown", 1099, 179),
    ];
    assert_eq!(found, expected.map(|(source, leads, won)| (source.to_owned(), leads, won)));

    // the deal that was won before its first contact: told, and not lost
    assert!(summary.contains("b91cf8812365f50ff4bda4bcd6206b05"), "{summary}");
    let quality = query(dir.path(), &["data_quality", "--as-of", "2019-01-01"]);
    assert_eq!(quality[0]["closed_before_created"], "1");
    assert_eq!(found.iter().map(|(_, _, won)| won).sum::<u64>(), 842);
    weekly(dir.path(), "2018-06-04");
}

const MAVEN_TOTALS: &str = "SELECT count(*) FILTER (WHERE status = 'won') AS won, \
    cast(sum(amount) FILTER (WHERE status = 'won') AS BIGINT) AS amount, \
    count(*) FILTER (WHERE status = 'lost') AS lost, \
    count(*) FILTER (WHERE stage = 'engaging') AS engaging, \
    count(*) FILTER (WHERE stage = 'prospecting') AS prospecting FROM deals";

#[test]
fn maven_in_both_spellings() {
    let Some(folder) = data("maven_crm") else { return };
    let mut all_numbers = Vec::new();
    for (version, mapping) in [("original", "mapping.toml"), ("excel_resaved", "mapping_excel.toml")] {
        let exports = ["sales_pipeline.csv", "sales_teams.csv"].map(|e| folder.join(version).join(e));
        let (dir, _) = ingested("maven_crm", mapping, &exports);
        let totals = voronka(dir.path(), &["sql", MAVEN_TOTALS, "--format", "csv"]).ok();
        assert_eq!(totals, "won,amount,lost,engaging,prospecting\n4238,10005534,2473,1589,500\n");
        let quality = query(dir.path(), &["lead_quality", "--by", "manager", "--as-of", "2018-01-01"]);
        let revenue = query(dir.path(), &["revenue_weekly", "--as-of", "2018-01-01"]);
        all_numbers.push((quality, revenue));
        weekly(dir.path(), "2017-12-25");
    }
    assert!(!all_numbers[0].0.is_empty() && !all_numbers[0].1.is_empty());
    assert_eq!(all_numbers[0], all_numbers[1]);
}

#[test]
fn digital_marketing_romi() {
    let Some(folder) = data("digital_marketing_308") else { return };
    let (dir, _) = ingested("digital_marketing_308", "mapping.toml", &[folder.join("Marketing.csv")]);
    let claimed = query(dir.path(), &["campaign_claimed", "--by", "campaign", "--as-of", "2022-01-01"]);
    assert_eq!(claimed.len(), 11, "names that differ in case are one campaign, because the mapping says so");
    let romi = |name: &str| {
        let row = claimed.iter().find(|r| r["campaign"] == name).unwrap_or_else(|| panic!("no campaign {name}"));
        (row["romi"].parse::<f64>().unwrap() * 1e4).round() / 1e2
    };
    assert_eq!(romi("youtube_blogger"), 277.32);
    assert_eq!(romi("facebook_lal"), -88.64);
    let totals = voronka(dir.path(), &["sql", "SELECT sum(cost), sum(claimed_revenue) FROM spend", "--format", "csv"]);
    assert_eq!(totals.ok().lines().last(), Some("30590879.8200,42889366.0000"));
}
