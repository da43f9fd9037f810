//! Two currencies never add up and make no return: over files, columns, ingests and the regulation.

use super::Case;
use crate::support::voronka;

const DEALS: &str = "ID,Client,Status,Source,Created,Closed,Amount,Currency\n";

/// The case's mapping and regulation, with deals of one currency.
fn company(currency: &str) -> Case {
    let case = Case::of("f36");
    let one = |id: u32| format!("{id},c{id},won,ads,2025-03-03 10:00:00,2025-03-04 10:00:00,{id}00,{currency}\n");
    case.put("deals_one.csv", format!("{DEALS}{}{}", one(1), one(2)));
    case
}

impl Case {
    /// What an ingest says that is refused; the store is as it was.
    #[track_caller]
    fn refuses(&self, exports: &[&str]) -> String {
        let ran = voronka(self.dir(), &[&["ingest", "--mapping", "mapping.toml"], exports].concat());
        assert_eq!(ran.code, 2, "{}", ran.out);
        ran.err
    }
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

#[test]
fn f36_two_currencies_in_a_file_and_in_two_files() {
    let case = Case::of("f36");
    says(&case.refuses(&["deals_mixed.csv"]), &["line 3 has `300`, which is EUR, and others are USD"]);
    let case = company("USD");
    let told = case.refuses(&["deals_one.csv", "deals_eur.csv"]);
    says(&told, &["two currencies do not add up", "USD", "EUR", "multiply"]);
}

#[test]
fn f36_spend_in_one_and_deals_in_another() {
    let case = company("USD");
    // the regulation is in EUR
    let told = case.ingest(&["deals_one.csv"]);
    says(
        &told,
        &["the amounts of `deals.amount` of deals_one.csv are in USD, and the regulation has currency = \"EUR\""],
    );
    case.put(
        "regulation.toml",
        std::fs::read_to_string(case.dir().join("regulation.toml")).unwrap().replace("EUR", "USD"),
    );
    // another ingest, another table
    let told = case.refuses(&["spend_eur.csv"]);
    says(&told, &["spend_eur.csv: `spend.cost` is in EUR, and `deals.amount` of ingest 1, which the store has in USD"]);
    assert_eq!(case.sql("SELECT count(*) AS n FROM spend")[0]["n"], "0");
    case.put("spend_usd.csv", "Day,Source,Campaign,Cost\n2025-03-03,ads,x,$100\n");
    case.ingest(&["spend_usd.csv"]);
    assert_eq!(case.query(&["campaign_roi", "--as-of", "2025-04-01"])[0]["romi"], "2.0");
}

#[test]
fn a_regulation_of_another_currency_shows_no_figure() {
    let case = company("USD");
    let regulation = std::fs::read_to_string(case.dir().join("regulation.toml")).unwrap();
    std::fs::remove_file(case.dir().join("regulation.toml")).unwrap();
    case.ingest(&["deals_one.csv"]);
    case.put("regulation.toml", &regulation);
    let told = |args: &[&str]| {
        let ran = voronka(case.dir(), args);
        assert_eq!(ran.code, 2, "{}", ran.out);
        ran.err
    };
    let wanted = ["deals.amount (ingest 1) are in USD", "currency = \"EUR\""];
    says(&told(&["query", "revenue_weekly"]), &wanted);
    says(&told(&["report", "weekly", "--out", "out"]), &wanted);
    case.put("regulation.toml", regulation.replace("language = \"en\"", "language = \"ru\""));
    says(&told(&["query", "revenue_weekly", "--lang", "ru"]), &["— в USD, а в регламенте currency = \"EUR\""]);
    case.put("regulation.toml", regulation.replace("EUR", "USD"));
    assert_eq!(case.query(&["revenue_weekly", "--as-of", "2025-03-10"])[0]["revenue"], "300.0000");
}

#[test]
fn columns_of_one_file_have_one_currency() {
    let case = Case::of("f36");
    let mapping = std::fs::read_to_string(case.dir().join("mapping.toml")).unwrap();
    case.put(
        "mapping.toml",
        mapping
            .replace("from = \"Amount\"", "from = \"Amount, EUR\"")
            .replace("from = \"Cost\"", "from = \"cost_sek\""),
    );
    case.put("deals.csv", "ID,Status,Created,Closed,\"Amount, EUR\",cost_sek\n1,won,2025-03-03,2025-03-04,100,900\n");
    says(&case.refuses(&["deals.csv"]), &["`deals.cost` is in SEK"]);
    // what is not filled is in no currency
    case.put("deals.csv", "ID,Status,Created,Closed,\"Amount, EUR\",cost_sek\n1,won,2025-03-03,2025-03-04,100,\n");
    case.ingest(&["deals.csv"]);
    // a header that contradicts the mapping
    case.put(
        "mapping.toml",
        mapping.replace("{ from = \"Amount\", optional = true }", "{ from = \"Amount (USD)\", currency = \"EUR\" }"),
    );
    case.put("deals.csv", "ID,Status,Created,Closed,Amount (USD)\n2,won,2025-03-03,2025-03-04,100\n");
    says(&case.refuses(&["deals.csv"]), &["the header `Amount (USD)` says USD", "multiply = [\"Amount (USD)\", 1]"]);
    // and the way out
    case.put(
        "mapping.toml",
        mapping.replace(
            "{ from = \"Amount\", optional = true }",
            "{ multiply = [\"Amount (USD)\", 0.9], currency = \"EUR\" }",
        ),
    );
    case.ingest(&["deals.csv"]);
    assert_eq!(case.sql("SELECT amount FROM deals WHERE deal_id = '2'")[0]["amount"], "90.0000");
}

#[test]
fn any_column_of_currencies_is_looked_at() {
    for header in ["CURRENCY_ID", "Валюта заказа", "Deal Currency Code", "dealCurrency.currency", "Account currency"]
    {
        for (code, fits) in [("USD", false), ("NOK", false), ("EUR", true), ("euro", true)] {
            let case = Case::of("f36");
            case.put(
                "deals.csv",
                format!("ID,Status,Created,Closed,Amount,{header}\n1,won,2025-03-03,2025-03-04,100,{code}\n"),
            );
            match fits {
                true => assert!(!case.ingest(&["deals.csv"]).contains("no report and no metric is made")),
                false => says(&case.ingest(&["deals.csv"]), &["and the regulation has currency = \"EUR\""]),
            }
        }
    }
    // one that the mapping names
    let case = Case::of("f36");
    let mapping = std::fs::read_to_string(case.dir().join("mapping.toml")).unwrap();
    case.put(
        "mapping.toml",
        mapping.replacen(
            "[[export]]\nname = \"events\"",
            "[export.table.extra]\ncurrency = \"Money\"\n[[export]]\nname = \"events\"",
            1,
        ),
    );
    case.put("deals.csv", "ID,Status,Created,Closed,Amount,Money\n1,won,2025-03-03,2025-03-04,100,USD\n");
    says(&case.ingest(&["deals.csv"]), &["the amounts of `deals.amount` are in USD"]);
    // an amount in some currency is no currency
    let case = Case::of("f36");
    case.put(
        "deals.csv",
        "ID,Status,Created,Closed,Amount,Amount in company currency\n1,won,2025-03-03,2025-03-04,100,USD\n",
    );
    case.ingest(&["deals.csv"]);
}

#[test]
fn bare_amounts_beside_named_ones_are_told() {
    let case = Case::of("f36");
    case.put("deals.csv", "ID,Status,Source,Created,Closed,Amount\n1,won,ads,2025-03-03,2025-03-04,300\n");
    assert!(!case.ingest(&["deals.csv"]).contains("no currency is named"));
    let told = case.ingest(&["spend_eur.csv"]);
    says(&told, &["no currency is named with the amounts of `deals.amount`; they count as EUR"]);
}
