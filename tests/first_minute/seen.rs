//! Published data, each file by itself.

use super::First;
use crate::real_data::data;
use crate::support::voronka;

const MAVEN: &str = "SELECT count(*) FILTER (WHERE status = 'won') AS won, \
    cast(sum(amount) FILTER (WHERE status = 'won') AS BIGINT) AS amount, count(*) FILTER (WHERE status = 'lost') AS lost, \
    count(*) FILTER (WHERE stage = 'Engaging') AS engaging, count(*) FILTER (WHERE created_at IS NULL) AS prospecting, \
    count(DISTINCT client_id) AS clients FROM deals";

#[test]
fn opportunities_of_maven() {
    let Some(folder) = data("maven_crm") else { return };
    for (version, dates) in [("original", "yyyy-mm-dd"), ("excel_resaved", "m/d/yyyy")] {
        let dates = format!("dates = [\"{dates}\"]");
        First {
            export: folder.join(version).join("sales_pipeline.csv"),
            asks: 0,
            answers: &[],
            says: &[
                "sales_pipeline.csv: rows 8,800, read as deals",
                "6,711 filled, sum 10,005,534.00",
                "# snapshot = true",
                &dates,
            ],
            figures: &[(MAVEN, "4238,10005534,2473,1589,500,85")],
        }
        .goes_well();
    }
}

#[test]
fn the_other_lists_of_maven() {
    let Some(folder) = data("maven_crm") else { return };
    for version in ["original", "excel_resaved"] {
        let first = |file: &str, asks, says: &[&str], figures: &[(&str, &str)]| {
            let export = folder.join(version).join(file);
            let first = First { export, asks, answers: &[], says, figures };
            if asks == 0 { first.goes_well() } else { drop(first.drafted(tempfile::tempdir().unwrap().path())) }
        };
        let clients = "SELECT count(*), count(DISTINCT segment), count(DISTINCT branch) FROM clients";
        first("accounts.csv", 0, &["rows 85, read as clients"], &[(clients, "85,10,15")]);
        let staff = "SELECT count(*), count(DISTINCT supervisor), count(DISTINCT branch) FROM staff";
        first("sales_teams.csv", 0, &["rows 35, read as staff"], &[(staff, "35,6,3")]);
        // goods and a dictionary are nothing that the store knows
        first("products.csv", 1, &["fill = \"?\"", "if none of these, the file is not needed"], &[]);
    }
}

#[test]
fn leads_and_wins_of_olist() {
    let Some(folder) = data("olist") else { return };
    First {
        export: folder.join("olist_marketing_qualified_leads_dataset.csv"),
        asks: 0,
        answers: &[],
        says: &["rows 8,000, read as deals"],
        figures: &[
            ("SELECT count(*), count(created_at), count(amount) FROM deals", "8000,8000,0"),
            ("SELECT count(*) FROM deals WHERE source = 'paid_search'", "1586"),
        ],
    }
    .goes_well();
    First {
        export: folder.join("olist_closed_deals_dataset.csv"),
        asks: 2,
        // what a seller says to earn is no money of the deal
        answers: &[("amount = \"?\"", "# amount = \"?\""), ("status = \"?\"", "status = { const = \"won\" }")],
        says: &["\"declared_monthly_revenue\" (842 filled, sum "],
        figures: &[(
            "SELECT count(*), count(closed_at), count(amount), count(*) FILTER (WHERE status = 'won') FROM deals",
            "842,842,0,842",
        )],
    }
    .goes_well();
    // a list of sellers: of clients or of nothing, a person says
    let sellers = First {
        export: folder.join("olist_sellers_dataset.csv"),
        asks: 1,
        answers: &[],
        says: &["fill = \"?\""],
        figures: &[],
    };
    sellers.drafted(tempfile::tempdir().unwrap().path());
}

#[test]
fn spend_by_campaign() {
    let Some(folder) = data("digital_marketing_308") else { return };
    First {
        export: folder.join("Marketing.csv"),
        asks: 0,
        answers: &[],
        says: &[
            "cost ← «Mark Spent»: 308 filled, sum 30,590,879.82",
            "claimed_revenue ← «Revenue»: 308 filled, sum 42,889,366.00",
        ],
        figures: &[(
            "SELECT sum(cost), sum(claimed_revenue), sum(claimed_orders) FROM spend",
            "30590879.8200,42889366.0000,8043",
        )],
    }
    .goes_well();
}

#[test]
fn purchases_of_cdnow() {
    let Some(folder) = data("cdnow") else { return };
    let dir = tempfile::tempdir().unwrap();
    // three tries: the first says that spaces part no columns
    for file in ["CDNOW_master.txt", "CDNOW_sample.txt"] {
        let ran = voronka(dir.path(), &["ingest", "--lang", "en", folder.join(file).to_str().unwrap()]);
        assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
        assert!(ran.err.contains("parted by several spaces: save it as CSV, with a header"), "{}", ran.err);
    }
    let text = std::fs::read_to_string(folder.join("CDNOW_master.txt")).unwrap();
    let csv = |line: &str| line.split_whitespace().collect::<Vec<&str>>().join(",") + "\n";
    let export = dir.path().join("purchases.csv");
    std::fs::write(&export, text.lines().map(csv).collect::<String>()).unwrap();
    First {
        export,
        asks: 3,
        answers: &[
            ("deal_id = \"?\"", "deal_id = { row_number = true }"),
            ("amount = \"?\"", "amount = \"dollar_value\""),
            ("status = \"?\"", "status = { const = \"won\" }"),
        ],
        says: &["rows 69,659, read as deals", "69,659 filled, sum 2,500,315.63", "dates = [\"yyyymmdd\"]"],
        figures: &[(
            "SELECT count(*), count(DISTINCT client_id), sum(amount), count(created_at) FROM deals",
            "69659,23570,2500315.6300,69659",
        )],
    }
    .goes_well();
    First {
        export: folder.join("cdnow_customers_summary.csv"),
        asks: 0,
        answers: &[],
        says: &["rows 2,357, read as clients"],
        figures: &[("SELECT count(*) FROM clients", "2357")],
    }
    .goes_well();
}
