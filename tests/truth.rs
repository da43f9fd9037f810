//! Planted truth, end to end: exports → store → metrics find each effect, and find nothing where nothing was planted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::support::{checkout, rows, voronka};

type Row = BTreeMap<String, String>;

const AS_OF: &str = "2025-06-30";

struct Company {
    dir: tempfile::TempDir,
    truth: toml::Table,
}

impl Company {
    fn demo() -> Company {
        let dir = tempfile::tempdir().unwrap();
        voronka(dir.path(), &["demo", "--out", "d", "--lang", "en"]).ok();
        let truth = std::fs::read_to_string(checkout("sample_data/truth.toml")).unwrap();
        Company { dir, truth: truth.parse().unwrap() }
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("d")
    }

    fn query(&self, args: &[&str]) -> Vec<Row> {
        let mut all = vec!["query"];
        all.extend(args);
        all.extend(["--as-of", AS_OF, "--format", "csv"]);
        rows(&voronka(&self.folder(), &all).ok())
    }

    fn sql(&self, query: &str) -> Vec<Row> {
        rows(&voronka(&self.folder(), &["sql", query, "--format", "csv"]).ok())
    }

    fn planted(&self, section: &str, key: &str) -> &str {
        self.truth[section][key].as_str().unwrap()
    }

    fn share(&self, section: &str, key: &str) -> f64 {
        self.truth[section][key].as_float().unwrap()
    }

    /// How many deals or clients the truth names, having seen that they are the very ones that the query finds.
    fn exactly(&self, section: &str, key: &str, query: &str) -> f64 {
        let found = self.sql(query);
        let found: BTreeSet<&str> = found.iter().map(|row| row["id"].as_str()).collect();
        let ids = self.truth[section][format!("{key}_ids")].as_array().unwrap();
        let told: BTreeSet<&str> = ids.iter().map(|id| id.as_str().unwrap()).collect();
        assert_eq!(found, told, "{section}.{key}");
        let count = self.truth[section][key].as_integer().unwrap();
        assert_eq!(count as usize, told.len(), "{section}.{key}");
        count as f64
    }
}

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} = `{}` in {row:?}", row[column]))
}

fn of<'a>(rows: &'a [Row], column: &str, value: &str) -> &'a Row {
    rows.iter().find(|row| row[column] == value).unwrap_or_else(|| panic!("no {column} `{value}` in {rows:?}"))
}

/// The z statistic of two shares, pooled: beyond ±1.96 they are told apart at 5 %.
fn z(a: &Row, b: &Row, hits: &str, of: &str) -> f64 {
    let (k1, n1, k2, n2) = (number(a, hits), number(a, of), number(b, hits), number(b, of));
    let pooled = (k1 + k2) / (n1 + n2);
    (k1 / n1 - k2 / n2) / (pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2)).sqrt()
}

#[test]
fn each_planted_effect_is_found_and_nothing_else() {
    let company = Company::demo();
    leads(&company);
    responses(&company);
    prices_and_promotions(&company);
    campaigns(&company);
    touches(&company);
    evidence_and_next_steps(&company);
    quality_checks(&company);
    contact_rules(&company);
    counts(&company);
    dirt(&company);
    report(&company.folder());
}

fn leads(company: &Company) {
    let quality = company.query(&["lead_quality", "--by", "contractor"]);
    let poor = of(&quality, "contractor", company.planted("poor_leads", "contractor"));
    let late = of(&quality, "contractor", company.planted("answered_late", "contractor"));
    let equal = company.truth["equal"]["contractors"].as_array().unwrap();
    let [one, other] = [0, 1].map(|i| of(&quality, "contractor", equal[i].as_str().unwrap()));

    for sound in [one, other] {
        assert!(number(poor, "win_rate_high") < number(sound, "win_rate_low"));
        assert!(number(poor, "qualified_rate_high") < number(sound, "qualified_rate_low"));
        assert!(number(late, "win_rate_high") < number(sound, "win_rate_low"));
        // the late one's leads are as good: they qualify as often
        assert!(number(late, "qualified_rate_high") > number(sound, "qualified_rate_low"));
    }
    for hits in ["won", "qualified", "valid", "price_driven"] {
        let told_apart = z(one, other, hits, "leads");
        assert!(told_apart.abs() < 1.96, "equal contractors told apart by {hits}: z = {told_apart:.2}");
    }
}

fn responses(company: &Company) {
    let by_contractor = company.query(&["response", "--by", "contractor"]);
    let late = company.planted("answered_late", "contractor");
    for row in &by_contractor {
        let median = number(row, "median_minutes");
        assert_eq!(median > 120.0, row["contractor"] == late, "{row:?}");
    }
    let by_branch = company.query(&["response", "--by", "branch"]);
    let slow = of(&by_branch, "branch", company.planted("slow_branch", "branch"));
    let equal = company.truth["equal"]["branches"].as_array().unwrap();
    for (i, name) in equal.iter().enumerate() {
        let branch = of(&by_branch, "branch", name.as_str().unwrap());
        assert!(number(slow, "sla_share_high") < number(branch, "sla_share_low"));
        for next in &equal[i + 1..] {
            let next = of(&by_branch, "branch", next.as_str().unwrap());
            let told_apart = z(branch, next, "within_sla", "judged");
            assert!(told_apart.abs() < 2.39, "equal branches told apart: z = {told_apart:.2}"); // 5 % over three pairs
        }
    }
    // one cooling curve for all: the first bucket wins far more often than the last
    let cooling = company.query(&["cooling"]);
    let judged: Vec<&Row> = cooling.iter().filter(|r| !r["win_rate"].is_empty() && number(r, "leads") > 50.0).collect();
    assert!(number(judged[0], "win_rate_low") > number(judged[judged.len() - 1], "win_rate_high"));
}

fn prices_and_promotions(company: &Company) {
    let by_source = company.query(&["lead_quality", "--by", "source"]);
    let driven = of(&by_source, "source", company.planted("price_driven", "source"));
    for row in by_source.iter().filter(|row| row["source"] != driven["source"]) {
        assert!(number(driven, "price_share_low") > number(row, "price_share_high"), "{row:?}");
    }
    let windows = company.query(&["promo_windows"]);
    let ratio = |window: &str| number(of(&windows, "window", window), "ratio_to_other");
    assert!(ratio("before") < 0.8, "no dip before: {}", ratio("before"));
    assert!(ratio("first") > 2.0, "no rush in the first days: {}", ratio("first"));
    assert!(ratio("after") < 0.9, "no dip after: {}", ratio("after"));
    let dependency = company.query(&["promo_dependency"]);
    assert!(number(&dependency[0], "waiting_share") > 0.2, "{dependency:?}");
    // a client first won by a discount buys again at full price less often
    let repeat = company.query(&["full_price_repeat"]);
    assert!(
        number(of(&repeat, "first", "promo"), "repeat_rate_high")
            < number(of(&repeat, "first", "full"), "repeat_rate_low")
    );
}

fn campaigns(company: &Company) {
    let roi = company.query(&["campaign_roi", "--by", "campaign"]);
    let losing = company.planted("losing_campaign", "campaign");
    let spending: Vec<&Row> = roi.iter().filter(|row| !row["roi"].is_empty()).collect();
    assert!(spending.len() > 4, "{roi:?}");
    for row in spending {
        assert_eq!(number(row, "roi") < 0.0, row["campaign"] == losing, "{row:?}");
    }
    let elasticity = company.query(&["spend_elasticity", "--by", "contractor"]);
    let diminishing = of(&elasticity, "contractor", company.planted("diminishing_returns", "contractor"));
    assert!(number(diminishing, "slope_high") < 1.0, "{diminishing:?}");
}

fn touches(company: &Company) {
    let hazard = company.query(&["touch_hazard"]);
    let from = company.truth["pressure"]["harm_from_touch"].as_integer().unwrap();
    let at = |touch: i64| of(&hazard, "touch", &touch.to_string()).clone();
    assert!(number(&at(from), "harm_hazard_low") > number(&at(from - 1), "harm_hazard_high"));
    for touch in 1..from - 1 {
        assert!(number(&at(touch), "harm_hazard") < 0.03, "harm where none was planted: {:?}", at(touch));
    }
    // the advised stop: the first touch whose harm surely outweighs its wins
    let stop = hazard.iter().find(|row| number(row, "win_hazard_high") < number(row, "harm_hazard_low"));
    let stop = number(stop.expect("a stop is found"), "touch");
    assert!((from - 1..=from).contains(&(stop as i64)), "stop at {stop}");
}

fn evidence_and_next_steps(company: &Company) {
    let entered = |stage: &str, without: &str| {
        format!(
            "WITH entered AS (
                SELECT deal_id, min(at) AS at FROM events WHERE kind = 'stage' AND stage = '{stage}' GROUP BY deal_id
            )
            SELECT deals.deal_id AS id FROM deals JOIN entered ON entered.deal_id = deals.deal_id WHERE {without}"
        )
    };
    let none_of = |what: &str| {
        format!(
            "NOT EXISTS (
                SELECT 1 FROM events WHERE events.deal_id = entered.deal_id AND events.at <= entered.at AND {what}
            )"
        )
    };
    let without = company.exactly("evidence", "without", &entered("proposal", &none_of("events.kind = 'offer'")));
    let of = company.truth["evidence"]["entered"].as_integer().unwrap() as f64;
    assert!((without / of - company.share("evidence", "share_without")).abs() < 0.02, "{without} of {of}");

    // what holds by itself: no false breach is to be found
    let natural = [
        ("contacted", none_of("events.direction = 'outgoing'")),
        ("qualified", "coalesce(deals.interest, '') = ''".to_owned()),
        ("proposal", "deals.amount IS NULL".to_owned()),
        ("negotiation", "deals.amount IS NULL".to_owned()),
    ];
    for (stage, without) in natural {
        assert_eq!(company.sql(&entered(stage, &without)), [], "{stage} without its evidence");
    }

    let query = format!(
        "SELECT deal_id AS id FROM deals WHERE status = 'open' AND NOT EXISTS (
            SELECT 1 FROM events
            WHERE events.deal_id = deals.deal_id AND kind = 'task' AND local_day(at) >= DATE '{AS_OF}'
        )"
    );
    let without = company.exactly("next_step", "without", &query);
    let open = company.truth["next_step"]["open"].as_integer().unwrap() as f64;
    assert!((without / open - company.share("next_step", "share_without")).abs() < 0.08, "{without} of {open}");
}

fn quality_checks(company: &Company) {
    let checked = "SELECT DISTINCT deals.deal_id AS id FROM deals JOIN events ON events.deal_id = deals.deal_id
        WHERE events.kind = 'qa_check' AND events.at > deals.closed_at";
    company.exactly("quality_checks", "checked", checked);
    let items = company.sql(
        "SELECT outcome, count(*) AS checked, sum(score)::bigint AS passed,
            wilson_high(sum(score)::bigint, count(*)) AS passed_high
        FROM events JOIN deals ON deals.deal_id = events.deal_id
        WHERE kind = 'qa_check' GROUP BY outcome",
    );
    let share = company.share("quality_checks", "share_passed");
    for planted in company.truth["quality_checks"]["item"].as_array().unwrap() {
        let item = of(&items, "outcome", planted["item"].as_str().unwrap());
        for column in ["checked", "passed"] {
            assert_eq!(item[column], planted[column].as_integer().unwrap().to_string(), "{item:?}");
        }
        let weak = item["outcome"] == company.planted("quality_checks", "weak_item");
        assert_eq!(number(item, "passed_high") < share, weak, "{item:?}");
    }
    assert_eq!(items.len(), 4);
}

fn contact_rules(company: &Company) {
    let mailed = company.sql(
        "SELECT client_id, count(*) AS mailings FROM events WHERE kind = 'mailing'
        GROUP BY client_id, local_month(at) HAVING count(*) > 4",
    );
    let above: f64 = mailed.iter().map(|row| number(row, "mailings") - 4.0).sum();
    assert_eq!(Some(above as i64), company.truth["mailing"]["mailings_above"].as_integer());
    let mailed: BTreeSet<&str> = mailed.iter().map(|row| row["client_id"].as_str()).collect();
    let told = company.truth["mailing"]["clients_ids"].as_array().unwrap();
    assert_eq!(mailed, told.iter().map(|id| id.as_str().unwrap()).collect());

    let touch = "(touch.kind = 'meeting' OR touch.direction = 'outgoing')";
    let after = |kind: &str, until: &str| {
        format!(
            "SELECT DISTINCT deals.deal_id AS id FROM deals
            JOIN events AS harm ON harm.deal_id = deals.deal_id
            JOIN events AS touch ON touch.deal_id = deals.deal_id
            WHERE harm.kind = '{kind}' AND {touch} AND touch.at > harm.at {until}"
        )
    };
    let within = "AND touch.at < harm.at + INTERVAL '14 days'";
    assert!(company.exactly("contact_rules", "after_refusal", &after("refusal", within)) > 5.0);
    assert!(company.exactly("contact_rules", "after_opt_out", &after("opt_out", "")) > 1.0);
    let out_of_hours = format!(
        "SELECT DISTINCT deals.deal_id AS id FROM deals JOIN events AS touch ON touch.deal_id = deals.deal_id
        WHERE {touch} AND date_part('hour', touch.at + INTERVAL '3 hours') NOT BETWEEN 9 AND 19"
    );
    assert!(company.exactly("contact_rules", "out_of_hours", &out_of_hours) > 20.0);
}

/// What the generator counted while it wrote, to the deal and to the kopeck.
fn counts(company: &Company) {
    let all = &company.query(&["lead_quality"])[0];
    for column in ["leads", "valid", "qualified", "won", "lost", "open"] {
        let expected = company.truth["counted"]["all"][column].as_integer().unwrap();
        assert_eq!(all[column], expected.to_string(), "{column}");
    }
    let quality = company.query(&["lead_quality", "--by", "contractor"]);
    for expected in company.truth["counted"]["contractor"].as_array().unwrap() {
        let row = of(&quality, "contractor", expected["contractor"].as_str().unwrap());
        for column in ["leads", "valid", "qualified", "won", "lost", "open"] {
            assert_eq!(row[column], expected[column].as_integer().unwrap().to_string(), "{column} of {row:?}");
        }
    }
    let revenue = "SELECT sum(amount) AS revenue FROM deals WHERE status = 'won'";
    let revenue = company.sql(revenue);
    let expected = company.truth["counted"]["all"]["revenue"].as_str().unwrap();
    assert_eq!(number(&revenue[0], "revenue"), expected.parse::<f64>().unwrap());
}

fn dirt(company: &Company) {
    let sql = "SELECT file, \"column\", value FROM quarantine ORDER BY file, value";
    let mut found: Vec<[String; 3]> =
        company.sql(sql).into_iter().map(|row| ["file", "column", "value"].map(|c| row[c].clone())).collect();
    let planted = company.truth["dirt"]["quarantine"].as_array().unwrap();
    let mut expected: Vec<[String; 3]> =
        planted.iter().map(|row| ["file", "column", "value"].map(|c| row[c].as_str().unwrap().to_owned())).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

/// The report names what was planted.
fn report(folder: &Path) {
    let page = std::fs::read_to_string(folder.join("report/weekly.html")).unwrap();
    for name in ["Вектор Лид", "Студия Полёт", "Купонаторы", "Щиты", "Юг"] {
        assert!(page.contains(name), "the report does not name {name}");
    }
}
