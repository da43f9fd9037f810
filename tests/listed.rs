//! `voronka rows`: the deals behind a figure, as scripts and people get them.

use std::fs;
use std::path::Path;

use crate::support::{checkout, rows, voronka};

/// Four deals of three clients; the third was closed on a day that nobody wrote down. The phone of the fourth stands in the place of its client.
const DEALS: &str = "ID;Клиент;Название;Источник;Статус;Создана;Закрыта;Сумма\n\
    9;К1;\"Кухня; белая\";Сайт;Успех;01.04.2025;15.04.2025;1200,50\n\
    10;К1;Шкаф;Сайт;В работе;02.04.2025;;\n\
    11;К2;Стол;Карты;Успех;03.04.2025;;300\n\
    a/1;+79121234567;Полка;Карты;Отказ;04.04.2025;05.04.2025;\n";

const MAPPING: &str = r#"zone = "Europe/Moscow"

[[export]]
name = "deals"
files = "deals*.csv"
delimiter = ";"
dates = "dd.mm.yyyy"
decimal = ","

[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "ID"
client_id = { from = "Клиент", personal = true }
source = "Источник"
status = { from = "Статус", values = { "Успех" = "won", "Отказ" = "lost", "В работе" = "open" } }
created_at = "Создана"
closed_at = "Закрыта"
amount = "Сумма"
[export.table.extra]
title = "Название"
"#;

fn company(dir: &Path) {
    let regulation = fs::read_to_string(checkout("sample_data/regulation.toml")).unwrap();
    let urls = "[company]\ndeal_url = \"https://crm.example.com/deal/{deal_id}/\"\nclient_url = \"https://crm.example.com/client/{client_id}\"\n";
    fs::write(dir.join("regulation.toml"), regulation.replace("[company]\n", urls)).unwrap();
    fs::write(dir.join("deals.csv"), DEALS).unwrap();
    fs::write(dir.join("mapping.toml"), MAPPING).unwrap();
    voronka(dir, &["ingest", "--mapping", "mapping.toml", "deals.csv"]).ok();
}

#[test]
fn a_list_names_its_figure_and_tells_of_each_deal_what_is_known() {
    let dir = tempfile::tempdir().unwrap();
    company(dir.path());
    let args =
        ["rows", "lead_quality", "--by", "source", "--only", "source=Сайт", "--as-of", "2025-06-30", "--format", "csv"];
    let ran = voronka(dir.path(), &args);
    assert_eq!(ran.err, "Lead quality — Leads (lead_quality.leads), up to 2025-06-29: 2 rows (deals)\n");
    let listed = rows(&ran.ok());
    let told: Vec<_> =
        listed.iter().map(|row| (&*row["deal_id"], &*row["title"], &*row["url"], &*row["status"])).collect();
    assert_eq!(
        told,
        [
            ("9", "Кухня; белая", "https://crm.example.com/deal/9/", "won"),
            ("10", "Шкаф", "https://crm.example.com/deal/10/", "open")
        ]
    );
    assert!(listed.iter().all(|row| row["source"] == "Сайт"));
    // an id is a part of the address and no more
    let lost = voronka(dir.path(), &["rows", "lead_quality", "--column", "lost", "--format", "csv"]).ok();
    assert_eq!(rows(&lost)[0]["url"], "https://crm.example.com/deal/a%2F1/");
}

#[test]
fn a_hashed_client_is_linked_by_its_newest_deal() {
    let dir = tempfile::tempdir().unwrap();
    company(dir.path());
    let listed = voronka(dir.path(), &["rows", "rfm", "--column", "clients", "--format", "csv"]).ok();
    let listed = rows(&listed);
    assert!(listed.iter().all(|row| row["client_id"].starts_with("h:")), "{listed:?}");
    let urls: Vec<&str> = listed.iter().map(|row| &*row["url"]).collect();
    assert_eq!(urls.len(), 2);
    assert!(urls.contains(&"https://crm.example.com/deal/10/"), "{urls:?}");
    assert!(urls.contains(&"https://crm.example.com/deal/11/"), "{urls:?}");
}

#[test]
fn wins_without_a_date_are_listed_and_a_figure_of_zero_has_an_empty_list() {
    let dir = tempfile::tempdir().unwrap();
    company(dir.path());
    let undated = voronka(dir.path(), &["rows", "wins_without_date", "--format", "csv"]).ok();
    assert_eq!(rows(&undated).iter().map(|row| row["deal_id"].clone()).collect::<Vec<_>>(), ["11"]);
    let none = voronka(dir.path(), &["rows", "data_quality", "--column", "closed_before_created", "--format", "csv"]);
    assert!(none.err.ends_with(": 0 rows (deals)\n"), "{}", none.err);
    assert_eq!(none.ok().lines().count(), 1, "an empty list has a header");
}

#[test]
fn a_list_is_cut_and_says_so_and_a_metric_of_the_company_is_listed_as_any_other() {
    let dir = tempfile::tempdir().unwrap();
    company(dir.path());
    fs::create_dir(dir.path().join("queries")).unwrap();
    let own = r#"/*
title = { ru = "Большие", en = "Large ones" }
grain = "one row"
needs = ["deals.amount"]
dimensions = ["source"]
about = { ru = "Сделки с суммой.", en = "Deals that have an amount." }
columns = [{ name = "large", unit = "count", title = { ru = "Сделки", en = "Deals" } }]
*/
WITH priced AS (SELECT grp, amount > 100 AS is_large FROM scope)
SELECT grp, sum(CASE WHEN is_large THEN 1 ELSE 0 END) AS large
FROM priced
GROUP BY grp
ORDER BY grp
"#;
    fs::write(dir.path().join("queries/large.sql"), own).unwrap();
    let ran = voronka(dir.path(), &["rows", "large", "--limit", "1", "--format", "csv"]);
    assert!(ran.err.ends_with("(large.large): 2 rows (deals); the first 1 are shown\n"), "{}", ran.err);
    assert_eq!(rows(&ran.ok()).len(), 1);
}
