//! Published data sets with known totals. They may not be committed: where they are absent, these tests say so and pass.
//!
//! They are looked for in the folder that `VORONKA_DATA` names, else in `shared/data` beside the checkout.

use std::io::Write;
use std::path::{Path, PathBuf};

use voronka::company::{Company, Opening};
use voronka::metrics::{Ask, MetricError, Picked};

use crate::support::lists::{Compared, lists_fit as lists_fit_of};
use crate::support::{checkout, rows, voronka};

pub(crate) fn data(name: &str) -> Option<PathBuf> {
    #[allow(clippy::disallowed_methods)] // a test may read its environment
    let root = std::env::var("VORONKA_DATA").map_or_else(|_| checkout("../shared/data"), PathBuf::from);
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder.canonicalize().unwrap());
    }
    // past what cargo captures of a test that passes
    let told = "put it into the folder that VORONKA_DATA names to run this test";
    #[allow(clippy::explicit_write)] // eprintln! would be captured
    #[allow(clippy::disallowed_methods)] // a test is read by whoever runs it
    writeln!(std::io::stderr(), "SKIPPED: no data set `{name}`; {told}").unwrap();
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

/// Each figure of each metric is as long as its list. Says how many there were.
fn lists_fit(folder: &Path, as_of: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(32 << 20).build().unwrap();
    let company = Company::open(folder).unwrap();
    let (regulation, catalog) = (company.regulation().unwrap(), company.catalog().unwrap());
    let (mut all, mut wrong, mut absent) = (Compared::default(), Vec::new(), 0);
    for name in catalog.names() {
        let metric = catalog.get(name).unwrap();
        let fit = runtime.block_on(async {
            let session = company.session_of(&regulation, as_of.parse().unwrap(), &Opening::default()).await.unwrap();
            // what the data lack is no fault of a list
            if let Err(MetricError::Missing { .. }) = metric.rows(&session, &ask(as_of), &Picked::default()).await {
                return Ok(None);
            }
            lists_fit_of(metric, &session, ask(as_of).from).await.map(Some)
        });
        match fit {
            Ok(Some(compared)) => {
                all.columns += compared.columns;
                all.figures += compared.figures;
                all.rows += compared.rows;
                all.unknown += compared.unknown;
            }
            Ok(None) => absent += 1,
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    #[allow(clippy::explicit_write)] // eprintln! would be captured
    #[allow(clippy::disallowed_methods)] // a test is read by whoever runs it
    writeln!(std::io::stderr(), "{}: {all:?}, {absent} metrics without data", folder.display()).unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(all.figures > 0);
}

fn ask(as_of: &str) -> Ask {
    let (from, as_of) = (chrono::DateTime::UNIX_EPOCH.date_naive(), as_of.parse().unwrap());
    Ask { from, to: as_of, as_of, by: Vec::new() }
}

/// `VORONKA_LISTS_OF=FOLDER@DAY,…` compares the lists of any companies. It takes minutes: the sample is compared in `tests/files`.
#[test]
fn lists_of_a_company_that_is_named_fit() {
    #[allow(clippy::disallowed_methods)] // a test may read its environment
    let Ok(named) = std::env::var("VORONKA_LISTS_OF") else { return };
    for named in named.split(',') {
        let (folder, as_of) = named.split_once('@').unwrap();
        lists_fit(Path::new(folder), as_of);
    }
}

/// The weekly report in English; the Russian one is made as well.
fn weekly(dir: &Path, as_of: &str) -> String {
    for lang in ["ru", "en"] {
        voronka(dir, &["report", "weekly", "--as-of", as_of, "--lang", lang, "--out", lang]).ok();
    }
    std::fs::read_to_string(dir.join("en/weekly.html")).unwrap()
}

/// Each figure is named as not computed where it would stand, and what is missing for it is said in the one place for that.
fn assert_not_computed(page: &str, figures: &[(&str, &str)]) {
    let (_, gathered) = page.rsplit_once("What could not be judged, and what to export").unwrap();
    for (figure, missing) in figures {
        let told = page.split("Not computed").skip(1).any(|notice| {
            notice.split("</").next().is_some_and(|notice| notice.contains("no data") || notice.contains("No data"))
                && notice.contains(&format!("«{figure}»"))
        });
        assert!(told, "the report does not say that «{figure}» is not computed");
        assert!(gathered.contains(missing), "the report does not say that {missing} is missing: {gathered}");
    }
}

/// The part of a page from a section's title to the next one.
fn section<'a>(page: &'a str, id: &str) -> &'a str {
    let from = page.find(&format!("<section id=\"{id}\"")).unwrap_or_else(|| panic!("no section {id}"));
    let section = &page[from..];
    &section[..section.find("</section>").unwrap()]
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
    // amounts, calls, contractors, spend and promotions are not in these exports: said, and nothing put in their place
    let page = weekly(dir.path(), "2018-06-04");
    assert_not_computed(
        &page,
        &[
            ("Revenue of the week", "deals.amount"),
            ("Answered in time", "journeys.response_at"),
            ("Whose leads buy more rarely than all together?", "contractor"),
            ("Do leads and sales grow with the budget", "spend.cost"),
        ],
    );
    for (id, missing) in [("revenue", "deals.amount"), ("campaigns", "spend.cost"), ("promotions", "promos.starts")] {
        let (section, gathered) = (section(&page, id), section(&page, "unknown"));
        assert!(section.contains("Not computed.") && gathered.contains(missing), "{section}{gathered}");
        assert!(!section.contains("<table") && !section.contains("<svg"), "{section}");
    }
}

const MAVEN_TOTALS: &str = "SELECT count(*) FILTER (WHERE status = 'won') AS won, \
    cast(sum(amount) FILTER (WHERE status = 'won') AS BIGINT) AS amount, \
    count(*) FILTER (WHERE status = 'lost') AS lost, \
    count(*) FILTER (WHERE stage = 'engaging') AS engaging, \
    count(*) FILTER (WHERE stage = 'prospecting') AS prospecting FROM deals";

/// Deal by deal, when it was created and closed.
fn days(dir: &Path) -> String {
    let sql = "SELECT deal_id, created_at, closed_at FROM deals ORDER BY deal_id";
    voronka(dir, &["sql", sql, "--format", "csv"]).ok()
}

/// The folder `excel_resaved`, with a mapping that does not say how dates are written.
fn unstated(mapping: &Path) {
    let stated = std::fs::read_to_string(checkout("examples/maven_crm/mapping_excel.toml")).unwrap();
    assert!(stated.contains("dates = \"m/d/yyyy\"\n"));
    std::fs::write(mapping, stated.replace("dates = \"m/d/yyyy\"\n", "")).unwrap();
}

#[test]
fn maven_with_unstated_dates_is_proven_by_all_its_rows() {
    let Some(folder) = data("maven_crm") else { return };
    let (stated, _) = ingested("maven_crm", "mapping.toml", &[folder.join("original/sales_pipeline.csv")]);
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(checkout("examples/maven_crm/regulation.toml"), dir.path().join("regulation.toml")).unwrap();
    unstated(&dir.path().join("mapping.toml"));
    let export = folder.join("excel_resaved/sales_pipeline.csv");
    voronka(dir.path(), &["ingest", "--mapping", "mapping.toml", export.to_str().unwrap()]).ok();
    assert_eq!(days(dir.path()).lines().count(), 8801);
    assert_eq!(days(dir.path()), days(stated.path()));
}

#[test]
fn maven_with_unstated_dates_is_refused_where_nothing_proves_them() {
    let Some(folder) = data("maven_crm") else { return };
    let dir = tempfile::tempdir().unwrap();
    unstated(&dir.path().join("mapping.toml"));
    // without the rows whose day is beyond the 12th, both orders of day and month fit
    let mut reader = csv::Reader::from_path(folder.join("excel_resaved/sales_pipeline.csv")).unwrap();
    let mut writer = csv::Writer::from_path(dir.path().join("sales_pipeline.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    writer.write_record(&header).unwrap();
    let dates: Vec<usize> = (0..header.len()).filter(|i| header[*i].ends_with("_date")).collect();
    let both = |date: &str| date.split('/').nth(1).is_none_or(|day| day.parse::<u32>().unwrap() <= 12);
    let mut kept = 0;
    for record in reader.records().map(Result::unwrap).filter(|r| dates.iter().all(|i| both(&r[*i]))) {
        writer.write_record(&record).unwrap();
        kept += 1;
    }
    writer.flush().unwrap();
    assert!(dates.len() == 2 && kept > 1000, "{dates:?} {kept}");
    let ran = voronka(dir.path(), &["ingest", "--mapping", "mapping.toml", "sales_pipeline.csv", "--lang", "en"]);
    assert_eq!(ran.code, 2, "{}", ran.out);
    for said in ["`engage_date`", "`close_date`", "not stated", "m/d/yyyy", "d/m/yyyy", "dates = "] {
        assert!(ran.err.contains(said), "{said} is not in: {}", ran.err);
    }
    let log = voronka(dir.path(), &["log", "--format", "csv"]);
    assert!(rows(&log.out).is_empty(), "{}", log.out);
}

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

    // there are no deals: what the cabinet claims is shown, and what only deals can tell is said to be missing
    let page = weekly(dir.path(), "2021-03-01");
    assert_not_computed(
        &page,
        &[
            ("Revenue of the week", "deals.closed_at"),
            ("New leads", "deals.created_at"),
            ("Campaigns over a year, the greatest loss first", "deals.created_at"),
            ("Payback by month of arrival", "deals.created_at"),
        ],
    );
    for id in ["revenue", "funnel", "conversion", "speed", "leads", "promotions", "pressure"] {
        let section = section(&page, id);
        assert!(section.contains("Not computed.") && !section.contains("<table"), "{section}");
    }
    assert!(section(&page, "campaigns").contains("youtube_blogger"));
}
