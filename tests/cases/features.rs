//! Mailings after an opt-out, and what people have that could not be said before: a controlled test, money of refunds, touches as
//! a number, campaigns of more than a year.

use std::fmt::Write as _;

use super::{Case, Row};

/// The deals of a controlled test: which arm and which test each is of, how it ended.
const TEST: &str = r#"
zone = "UTC"
[[export]]
name = "deals"
files = "deals.csv"
delimiter = ","
dates = "yyyy-mm-dd"
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "id"
status = "status"
created_at = "created"
closed_at = "closed"
[export.table.extra]
arm = "arm"
world = "world"
"#;

fn company(mapping: &str, files: &[(&str, &str)]) -> Case {
    let case = Case::of("s12");
    case.put("mapping.toml", mapping);
    for (name, text) in files {
        case.put(name, text);
    }
    case
}

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} of {row:?}"))
}

fn of<'r>(rows: &'r [Row], column: &str, value: &str) -> &'r Row {
    rows.iter().find(|row| row[column] == value).unwrap_or_else(|| panic!("no {column} {value} in {rows:?}"))
}

#[test]
fn s12_a_mailing_after_an_opt_out_breaks_the_rule() {
    let case = Case::of("s12");
    case.ingest(&["deals.csv", "events.csv"]);
    let period = ["--from", "2024-01-01", "--to", "2024-02-01", "--as-of", "2024-02-01"];
    let ask = |args: &[&str]| case.query(&[args, &period[..]].concat());
    let rules = ask(&["contact_rules"]);
    let opt_out = of(&rules, "rule", "after_opt_out");
    assert_eq!((opt_out["checked"].as_str(), opt_out["broken"].as_str()), ("4", "2"));
    // at what hours marketing mails, and how often, is not asked here
    assert_eq!(of(&rules, "rule", "out_of_hours")["checked"], "2");
    assert!(rules.iter().all(|row| row["rule"] != "after_refusal"), "no refusal was ever loaded: {rules:?}");
    let kept = ask(&["adherence"]);
    let opt_out = of(&kept, "rule", "after_opt_out");
    assert_eq!((opt_out["breaches"].as_str(), number(opt_out, "kept_share")), ("2", 0.5));
    let breaches = ask(&["breaches"]);
    let mailed: Vec<&Row> = breaches.iter().filter(|row| row["rule"] == "after_opt_out").collect();
    assert_eq!(mailed.iter().map(|row| row["at"].as_str()).collect::<Vec<_>>(), ["2024-01-10", "2024-01-11"]);
    // nobody says who mailed: that is not held against the manager of the deal
    assert!(mailed.iter().all(|row| row["client_id"] == "a" && row["manager"].is_empty()), "{mailed:?}");
    let worklist = case.query(&["worklist", "--as-of", "2024-02-01"]);
    assert!(worklist.iter().filter(|row| row["client_id"] == "a").all(|row| row["forbidden"] == "opted_out"));
}

#[test]
fn s12_a_touch_that_names_nobody_is_nobodys_load() {
    let case = Case::of("s12");
    case.ingest(&["deals.csv", "events.csv"]);
    let args = ["staff_load", "--by", "manager", "--from", "2024-01-01", "--to", "2024-02-01", "--as-of", "2024-02-01"];
    let load = case.query(&args);
    assert_eq!(of(&load, "manager", "ann")["touches"], "1");
    // one more touch was of a deal of boss, and does not say who made it
    let boss = of(&load, "manager", "boss");
    assert_eq!((boss["touches"].as_str(), boss["nobodys_touches"].as_str()), ("", "1"));
}

/// Numbers that look random, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Tests of so many deals each, dealt out by a coin; a deal of an arm is won with the arm's chance.
fn tests(worlds: usize, deals: usize, chance: impl Fn(&str) -> f64) -> String {
    let mut dice = Dice(7);
    let mut csv = String::from("id,arm,world,status,created,closed\n");
    for world in 0..worlds {
        for deal in 0..deals {
            let arm = if dice.roll() < 0.5 { "A" } else { "B" };
            let status = if dice.roll() < chance(arm) { "won" } else { "lost" };
            let _ = writeln!(csv, "{world}-{deal},{arm},{world},{status},2024-01-08,2024-02-{:02}", 1 + deal % 28);
        }
    }
    csv
}

fn arms(case: &Case, by: &str) -> Vec<Row> {
    let period = ["--from", "2024-01-01", "--to", "2024-02-01", "--as-of", "2024-06-01"];
    case.query(&[&["experiment", "--by", by], &period[..]].concat())
}

#[test]
fn where_the_arms_do_not_differ_a_test_seldom_says_they_do() {
    const WORLDS: usize = 400;
    let case = company(TEST, &[("deals.csv", &tests(WORLDS, 50, |_| 0.3))]);
    case.ingest(&["deals.csv"]);
    let rows = arms(&case, "arm,world");
    let compared: Vec<&Row> = rows.iter().filter(|row| !row["p"].is_empty()).collect();
    assert!(compared.len() > WORLDS * 9 / 10);
    let beyond = |row: &&&Row| number(row, "difference_low") > 0.0 || number(row, "difference_high") < 0.0;
    let wrong = compared.iter().filter(|row| number(row, "p") <= 0.05).filter(beyond).count();
    // a test alone is wrong in one of twenty; 400 of them in 20, give or take 7
    assert!(wrong <= WORLDS / 20 + 7, "{wrong} of {WORLDS}");
    // corrected for the 400 that were asked about, hardly any is left
    let called = rows.iter().filter(|row| ["better", "worse"].contains(&row["verdict"].as_str())).count();
    assert!(called <= 1, "{called}");
    let split = rows.iter().filter(|row| row["verdict"] == "srm").count();
    assert!(split <= 4, "{split}");
}

#[test]
fn a_planted_effect_is_found_and_a_split_that_does_not_fit_is_said() {
    let csv = tests(1, 1200, |arm| if arm == "A" { 0.3 } else { 0.42 });
    let case = company(TEST, &[("deals.csv", &csv)]);
    let regulation = std::fs::read_to_string(case.dir().join("regulation.toml")).unwrap();
    let named = "[[arm]]\narm = \"A\"\ncontrol = true\n[[arm]]\narm = \"B\"\n";
    case.put("regulation.toml", format!("{regulation}\n{named}"));
    case.ingest(&["deals.csv"]);
    let rows = arms(&case, "arm");
    assert_eq!(of(&rows, "arm", "A")["verdict"], "control");
    let treated = of(&rows, "arm", "B");
    assert_eq!(treated["verdict"], "better");
    assert!(number(treated, "difference_low") > 0.0 && number(treated, "difference_high") < 0.3, "{treated:?}");
    // every third deal of B that was lost never came to the export
    let kept = |(number, line): &(usize, &str)| !(line.contains(",B,") && line.contains("lost") && number % 3 == 0);
    let missing: Vec<&str> = csv.lines().enumerate().filter(kept).map(|(_, line)| line).collect();
    let case = company(TEST, &[("deals.csv", &missing.join("\n"))]);
    case.ingest(&["deals.csv"]);
    let rows = arms(&case, "arm");
    assert!(rows.iter().all(|row| row["verdict"] == "srm"), "{rows:?}");
}

const MONEY_BACK: &str = r#"
zone = "UTC"
[[export]]
name = "deals"
files = "deals.csv"
delimiter = ","
dates = "yyyy-mm-dd"
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "id"
status = "status"
created_at = "created"
closed_at = "closed"
amount = "amount"
touches = "touches"
[[export]]
name = "refunds"
files = "refunds.csv"
delimiter = ","
dates = "yyyy-mm-dd"
[[export.table]]
fill = "events"
[export.table.columns]
kind = { const = "refund" }
at = "day"
deal_id = "deal"
amount = "money"
[[export]]
name = "spend"
files = "spend.csv"
delimiter = ","
dates = "yyyy-mm-dd"
[[export.table]]
fill = "spend"
[export.table.columns]
day = "period"
cost = "cost"
campaign = "campaign"
"#;

fn shop() -> Case {
    let deals = "id,status,created,closed,amount,touches\n\
        1,won,2024-01-02,2024-01-10,100.50,6\n2,won,2024-01-02,2024-01-17,200,2\n3,lost,2024-01-02,2024-01-18,50,1\n\
        4,lost,2024-01-02,2024-01-18,50,\n";
    let refunds = "day,deal,money\n2024-01-11,1,-30.25\n2024-01-23,2,200\n";
    let spend = "period,cost,campaign\n2022-01-01/2023-12-31,730,long\n2014-01-01/2024-12-31,100,slip\n";
    company(MONEY_BACK, &[("deals.csv", deals), ("refunds.csv", refunds), ("spend.csv", spend)])
}

#[test]
fn the_money_of_refunds_is_told_by_week() {
    let case = shop();
    case.ingest(&["deals.csv", "refunds.csv"]);
    let weeks = case.query(&["refunds", "--from", "2024-01-01", "--to", "2024-01-29", "--as-of", "2024-01-29"]);
    let told: Vec<[&str; 4]> = weeks
        .iter()
        .map(|row| ["week", "refunds", "refunded", "net_revenue"].map(|column| row[column].as_str()))
        .collect();
    // the week of 1 January lies before the first refund that is known, that of the 22nd is not over for them
    assert_eq!(told[0], ["2024-01-08", "1", "30.2500", "70.2500"]);
    assert_eq!(told[1], ["2024-01-15", "0", "0.0000", "200.0000"]);
}

#[test]
fn touches_given_as_a_number_count_while_they_hold() {
    let case = shop();
    case.ingest(&["deals.csv"]);
    let now = case.query(&["touches_by_outcome"]);
    let won = of(&now, "outcome", "won");
    assert_eq!(["touches", "by_number", "by_log"].map(|column| won[column].as_str()), ["8", "2", "0"]);
    assert_eq!(of(&now, "outcome", "lost")["unknown"], "1");
    // what it was in February nobody can say
    let then = case.query(&["touches_by_outcome", "--as-of", "2024-02-01"]);
    assert!(then.iter().all(|row| row["touches"].is_empty() && row["unknown"] == row["deals"]), "{then:?}");
}

#[test]
fn a_campaign_of_two_years_is_spread_and_told() {
    let case = shop();
    let said = case.ingest(&["spend.csv"]);
    let spend = case.sql("SELECT campaign, count(*) AS days, sum(cost) AS cost FROM spend GROUP BY campaign");
    assert_eq!(spend.len(), 1, "{said}");
    assert_eq!((spend[0]["days"].as_str(), number(&spend[0], "cost")), ("730", 730.0));
    assert!(said.contains("of a period longer than a year"), "{said}");
    let refused = case.sql("SELECT value, reason FROM quarantine");
    assert_eq!(refused[0]["value"], "2014-01-01/2024-12-31");
    assert!(refused[0]["reason"].contains("longer than 3660 days"), "{refused:?}");
}
