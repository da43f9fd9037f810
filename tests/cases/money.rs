//! Revenue, spend and promotions: where history begins, what is nothing and what is unknown, signs, wins without a date.

use std::fmt::Write;

use super::{Case, Row};

const MAPPING: &str = r#"zone = "UTC"
[[export]]
name = "deals"
files = "deals.csv"
dates = "yyyy-mm-dd"
decimal = "."
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "id"
client_id = "client"
branch = "branch"
campaign = "campaign"
stage = "status"
status = "status"
created_at = "created"
closed_at = "closed"
amount = "amount"
[[export]]
name = "spend"
files = "spend.csv"
dates = "yyyy-mm-dd"
decimal = "."
[[export.table]]
fill = "spend"
[export.table.columns]
day = "day"
campaign = "campaign"
cost = "cost"
"#;

const REGULATION: &str = r#"[company]
name = "Probe"
currency = "EUR"
time_zone = "UTC"
language = "en"
[schedule]
mon = "09:00-18:00"
tue = "09:00-18:00"
wed = "09:00-18:00"
thu = "09:00-18:00"
fri = "09:00-18:00"
sat = "off"
sun = "off"
[[stage]]
id = "open"
title = "Open"
qualified = true
[[stage]]
id = "won"
title = "Won"
terminal = "won"
[[stage]]
id = "lost"
title = "Lost"
terminal = "lost"
[response]
sla = "4h"
"#;

const DEALS: &str = "id,client,branch,campaign,status,created,closed,amount\n";
const SPEND: &str = "day,campaign,cost\n";

/// A company of these deals and this spend.
fn company(deals: &str, spend: &str) -> Case {
    let case = Case::new();
    case.put("mapping.toml", MAPPING);
    case.put("regulation.toml", REGULATION);
    case.put("deals.csv", format!("{DEALS}{deals}"));
    let mut exports = vec!["deals.csv"];
    if !spend.is_empty() {
        case.put("spend.csv", format!("{SPEND}{spend}"));
        exports.push("spend.csv");
    }
    case.ingest(&exports);
    case
}

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("`{column}` is `{}` in {row:?}", row[column]))
}

#[track_caller]
fn about(row: &Row, column: &str, expected: f64, by: f64) {
    let found = number(row, column);
    assert!((found - expected).abs() <= by, "{column}: {found}, expected {expected}");
}

/// No figure of these rows is infinite, no number, or less than nothing by nothing.
#[track_caller]
fn sane(rows: &[Row]) {
    for (column, cell) in rows.iter().flatten() {
        let bad = ["inf", "-inf", "NaN", "-0", "-0.0"];
        assert!(!bad.contains(&cell.as_str()), "{column} is {cell}");
    }
}

#[test]
fn s08_history_begins_with_the_first_win() {
    let case = Case::of("s08");
    case.ingest(&["deals.csv", "promos.csv"]);
    let ask =
        |metric: &str, from: &str| case.query(&[metric, "--from", from, "--to", "2024-07-01", "--as-of", "2024-07-01"]);

    // the same quasi-Poisson fit from the first win, in statsmodels
    let lift = &ask("promo_lift", "2024-01-01")[0];
    about(lift, "net_won", -7.5, 0.1);
    about(lift, "net_won_low", -26.0, 0.5);
    about(lift, "net_won_high", 11.0, 0.5);
    assert_eq!(lift["why"], "");

    // however far back one looks: before the first win there are no days
    let windows = ask("promo_windows", "2023-01-01");
    for (window, days, ratio) in
        [("before", "14", 0.98), ("first", "7", 0.88), ("after", "14", 1.04), ("other", "147", 1.0)]
    {
        let row = windows.iter().find(|row| row["window"] == window).unwrap();
        assert_eq!(row["days"], days, "{window}");
        about(row, "ratio_to_other", ratio, 0.005);
    }

    let trend = &ask("promo_trend", "2023-01-01")[0];
    assert!(number(trend, "baseline_change_low") < 0.0 && number(trend, "baseline_change_high") > 0.0, "{trend:?}");
    let steady = &ask("revenue_stability", "2023-01-01")[0];
    assert_eq!(steady["known_weeks"], "26");
    about(steady, "cv_adjusted", 0.055, 0.005);

    for metric in ["revenue_weekly", "promo_weekly"] {
        let weeks = ask(metric, "2023-01-01");
        assert_eq!((weeks.len(), weeks[0]["week"].as_str()), (26, "2024-01-01"), "{metric}");
    }
    // the weeks before have no wins because nobody exported them: nothing is said of a change
    let change = &ask("revenue_change", "2024-01-01")[0];
    assert_eq!((change["revenue_before"].as_str(), change["change"].as_str()), ("", ""));
}

#[test]
fn s07_concentration_takes_all_amounts() {
    let case = Case::of("s07");
    case.ingest(&["deals.csv"]);
    let period = ["--from", "2024-01-01", "--to", "2024-02-01", "--as-of", "2024-02-01"];
    let ask = |metric: &str| case.query(&[&[metric], &period[..]].concat());
    let one = &ask("concentration")[0];
    about(one, "revenue", 150.0, 0.0);
    about(one, "revenue_without_client", 0.0, 0.0);
    about(one, "negative_clients", 1.0, 0.0);
    about(one, "negative_revenue", -50.0, 0.0);
    about(one, "herfindahl", 0.5, 1e-9);
    let weekly: f64 = ask("revenue_weekly").iter().map(|row| number(row, "revenue")).sum();
    about(one, "revenue", weekly, 0.0);
}

#[test]
fn n10_the_greatest_loss_stands_first() {
    let (mut deals, mut spend) = (String::new(), String::new());
    for campaign in (1..=25).map(|at| format!("a{at:02}")).chain(["zzz", "good"].map(str::to_owned)) {
        let (status, amount) = if campaign == "good" { ("won", "1000") } else { ("lost", "") };
        for at in 1..=31 {
            let id = format!("{campaign}-{at}");
            writeln!(deals, "{id},{id},N,{campaign},{status},2024-05-{at:02},2024-06-15,{amount}").unwrap();
        }
        let cost = match campaign.as_str() {
            "zzz" => 34_000,
            "good" => 1_000,
            _ => 10,
        };
        writeln!(spend, "2024-05-02,{campaign},{cost}").unwrap();
    }
    // whose the money was, and who came by themselves, nobody knows: no return, and last
    deals.push_str("free,free,N,,won,2024-05-02,2024-05-03,99999\n");
    spend.push_str("2024-05-02,,50\n");
    let roi = company(&deals, &spend).query(&["campaign_roi", "--by", "campaign", "--as-of", "2024-07-01"]);
    assert_eq!(roi.len(), 28);
    assert_eq!(roi[0]["campaign"], "zzz");
    about(&roi[0], "loss", 34_000.0, 0.0);
    about(&roi[0], "romi", -1.0, 0.0);
    assert_eq!(roi[26]["campaign"], "good");
    let unfilled = &roi[27];
    assert_eq!(unfilled["campaign"], "");
    for column in ["roi", "romi", "drr", "cpl", "cpo", "cac", "loss"] {
        assert_eq!(unfilled[column], "", "{column}");
    }
}

#[test]
fn f24_refunds_and_money_given_back() {
    let case = Case::of("f24");
    case.ingest(&["deals.csv", "spend.csv"]);
    let of = |args: &[&str]| {
        let rows = case.query(&[args, &["--as-of", "2025-04-07"]].concat());
        sane(&rows);
        rows
    };
    let weeks = of(&["revenue_weekly"]);
    about(weeks.last().unwrap(), "revenue", -400.0, 0.0);
    let roi = of(&["campaign_roi", "--by", "campaign"]);
    for row in &roi {
        let has_base = row["campaign"] == "paid";
        assert_eq!(!row["romi"].is_empty(), has_base, "{row:?}");
        // a negative revenue is no base either
        assert_eq!(row["drr"], "", "{row:?}");
    }
    let steady = &of(&["revenue_stability"])[0];
    about(steady, "last_week", -400.0, 0.0);
    about(steady, "change_week", -2.0, 1e-9);
    for metric in ["payback", "payback_month", "weekly_spend"] {
        for row in of(&[metric, "--by", "campaign"]) {
            let share = row.get("paid_share").map_or("", String::as_str);
            assert!(share.is_empty() || row["campaign"] == "paid", "{row:?}");
        }
    }
    of(&["concentration", "--by", "campaign"]);
    of(&["revenue_change", "--by", "campaign"]);
}

#[test]
fn f25_a_change_from_below() {
    // the week before, the last one, and the change that can be told
    for (before, last, change) in [
        ("-100", "-50", None),
        ("-100", "50", None),
        ("0", "100", None),
        ("100", "", Some(-1.0)),
        ("100", "100.04", Some(0.0004)),
        ("0", "-5", None),
    ] {
        let mut deals = String::new();
        for (at, day) in ["2025-02-03", "2025-02-10", "2025-02-17", "2025-02-24", "2025-03-03"].iter().enumerate() {
            writeln!(deals, "x{at},x{at},N,,won,{day},{day},100").unwrap();
        }
        writeln!(deals, "a,a,N,,won,2025-03-10,2025-03-11,{before}").unwrap();
        if !last.is_empty() {
            writeln!(deals, "b,b,N,,won,2025-03-17,2025-03-18,{last}").unwrap();
        }
        deals.push_str("l,l,S,,open,2025-03-10,,\n");
        let case = company(&deals, "");
        let steady = case.query(&["revenue_stability", "--as-of", "2025-03-24"]);
        sane(&steady);
        match change {
            None => assert_eq!(steady[0]["change_week"], "", "{before} to {last}"),
            Some(change) => about(&steady[0], "change_week", change, 1e-9),
        }
        // a week without a win is 0, asked for by itself too, and so is a branch that sold nothing
        let week = ["--from", "2025-03-17", "--to", "2025-03-24", "--as-of", "2025-03-24"];
        let asked = case.query(&[&["revenue_weekly"], &week[..]].concat());
        about(&asked[0], "revenue", last.parse().unwrap_or(0.0), 1e-9);
        let branches = case.query(&[&["revenue_weekly", "--by", "branch"], &week[..]].concat());
        assert_eq!(branches.len(), 2, "{branches:?}");
        about(&branches[0], "revenue", last.parse().unwrap_or(0.0), 1e-9);
        about(&branches[1], "revenue", 0.0, 0.0);
        let south = case.query(&[&["concentration", "--by", "branch"], &week[..]].concat());
        assert!(south.iter().any(|row| row["branch"] == "S" && number(row, "revenue").abs() < 1e-9), "{south:?}");
    }
}

#[test]
fn a_branch_has_no_weeks_before_it_opened() {
    let mut deals = String::new();
    for week in 0..12 {
        let day = chrono::NaiveDate::from_ymd_opt(2025, 1, 6).unwrap() + chrono::Days::new(7 * week);
        writeln!(deals, "o{week},o{week},old,,won,2024-11-01,{day},100").unwrap();
        if week >= 6 {
            // its leads were entered long before it could sell
            writeln!(deals, "n{week},n{week},new,,won,2024-11-01,{day},100").unwrap();
        }
    }
    let case = company(&deals, "");
    let of = |metric: &str| case.query(&[metric, "--by", "branch", "--as-of", "2025-03-31"]);
    let count = |rows: &[Row], branch: &str| rows.iter().filter(|row| row["branch"] == branch).count();
    let weekly = of("revenue_weekly");
    assert_eq!((count(&weekly, "old"), count(&weekly, "new")), (12, 6));
    for row in of("revenue_stability") {
        assert_eq!(row["known_weeks"], if row["branch"] == "old" { "12" } else { "6" });
        about(&row, "cv_adjusted", 0.0, 1e-9);
    }
}

#[test]
fn undated_wins_stand_beside_what_they_may_change() {
    let deals = "a,a,N,ads,won,2025-03-03,2025-03-05,200\nb,b,N,ads,won,2025-03-03,,100\nc,c,N,ads,lost,2025-03-03,2025-03-05,\n";
    let case = company(deals, "2025-03-03,ads,100\n");
    let of = |args: &[&str]| case.query(&[args, &["--from", "2025-03-01", "--to", "2025-04-01"]].concat());
    let roi = &of(&["campaign_roi", "--by", "campaign"])[0];
    for (column, value) in
        [("romi", 1.0), ("romi_least", 1.0), ("romi_most", 2.0), ("undated_won", 1.0), ("undated_revenue", 100.0)]
    {
        about(roi, column, value, 1e-9);
    }
    let back = &of(&["payback", "--by", "campaign"])[0];
    assert_eq!(back["paid_share"], "");
    about(back, "paid_share_least", 2.0, 1e-9);
    about(back, "paid_share_most", 3.0, 1e-9);
    for metric in ["revenue_change", "revenue_stability", "concentration"] {
        let row = &of(&[metric])[0];
        about(row, "undated_won", 1.0, 0.0);
        about(row, "undated_revenue", 100.0, 0.0);
    }
}

#[test]
fn what_was_never_exported_is_no_full_price() {
    let case = company("a,a,N,,won,2025-03-03,2025-03-05,200\nb,,N,,won,2025-03-03,2025-03-06,100\n", "");
    let weeks = case.query(&["revenue_weekly", "--as-of", "2025-03-10"]);
    let week = &weeks[0];
    for column in ["new_full", "repeat_full", "promo", "pressured"] {
        assert_eq!(week[column], "", "{column}");
    }
    about(week, "unknown", 300.0, 0.0);
    about(week, "revenue", 300.0, 0.0);
}

#[test]
fn a_figure_needs_only_what_it_is_made_of() {
    let case = Case::new();
    case.put("regulation.toml", REGULATION);
    // neither status nor closings nor amounts: how many came and what each cost is known all the same
    let mapping = MAPPING
        .lines()
        .filter(|line| !["stage", "status", "closed_at", "amount"].iter().any(|name| line.starts_with(name)));
    case.put("mapping.toml", mapping.collect::<Vec<_>>().join("\n"));
    case.put(
        "deals.csv",
        "id,client,branch,campaign,created\n1,a,N,x,2025-03-03\n2,b,N,x,2025-03-04\n3,c,N,y,2025-03-04\n",
    );
    case.put("spend.csv", format!("{SPEND}2025-03-03,x,100\n2025-03-03,y,-30\n"));
    case.ingest(&["deals.csv", "spend.csv"]);
    let period = ["--from", "2025-03-01", "--to", "2025-04-01", "--as-of", "2025-04-01"];
    let leads = case.query(&[&["lead_quality", "--by", "campaign"], &period[..]].concat());
    assert_eq!((leads[0]["leads"].as_str(), leads[0]["won"].as_str(), leads[0]["win_rate"].as_str()), ("2", "", ""));
    about(&leads[0], "cpl", 50.0, 0.0);
    // money given back bought nobody
    assert_eq!(leads[1]["cpl"], "");

    // wins without amounts are wins
    let case = Case::new();
    case.put("regulation.toml", REGULATION);
    let mapping = MAPPING.lines().filter(|line| !line.starts_with("amount"));
    case.put("mapping.toml", mapping.collect::<Vec<_>>().join("\n"));
    case.put("deals.csv", format!("{DEALS}1,a,N,,won,2025-03-03,2025-03-05,\n2,b,N,,won,2025-03-03,2025-03-19,\n"));
    case.ingest(&["deals.csv"]);
    let weeks = case.query(&["revenue_weekly", "--as-of", "2025-03-24"]);
    let told: Vec<(&str, &str)> = weeks.iter().map(|week| (week["won"].as_str(), week["revenue"].as_str())).collect();
    assert_eq!(told, [("1", ""), ("0", ""), ("1", "")]);
}

#[test]
fn parts_of_a_sum_below_zero_are_no_shares() {
    let deals = "a,a,N,,won,2025-03-03,2025-03-05,100\nb,b,N,,won,2025-03-03,2025-03-06,-300\n";
    let case = company(deals, "");
    let segments = case.query(&["rfm", "--as-of", "2025-04-01"]);
    sane(&segments);
    assert!(segments.iter().all(|row| row["revenue_share"].is_empty()), "{segments:?}");
}
