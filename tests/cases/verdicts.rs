//! Cases.
//! Where nothing has an effect no verdict is given, and a planted effect is found: cases s05 and s06, and small null worlds. The long
//! run, for every metric with a verdict, is `tests/oracles/null_worlds.py`; its results are in `docs/null-worlds.md`.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{Case, Row};

const MAPPING: &str = r#"zone = "UTC"
[[export]]
name = "deals"
files = "deals.csv"
dates = "yyyy-mm-dd HH:MM"
decimal = "."
[[export.table]]
fill = "deals"
[export.table.columns]
deal_id = "id"
client_id = "id"
branch = "branch"
manager = "manager"
source = "source"
contractor = "contractor"
campaign = "campaign"
status = "status"
created_at = "created"
closed_at = "closed"
amount = "amount"
[[export]]
name = "events"
files = "events.csv"
dates = "yyyy-mm-dd HH:MM"
[[export.table]]
fill = "events"
[export.table.columns]
at = "at"
kind = "kind"
deal_id = "id"
direction = "direction"
stage = "stage"
"#;

const REGULATION: &str = r#"[company]
name = "Null"
currency = "USD"
time_zone = "UTC"
language = "en"
[schedule]
mon = "00:00-23:59"
tue = "00:00-23:59"
wed = "00:00-23:59"
thu = "00:00-23:59"
fri = "00:00-23:59"
sat = "00:00-23:59"
sun = "00:00-23:59"
[[stage]]
id = "s1"
title = "S1"
sla = "72h"
[[stage]]
id = "s2"
title = "S2"
qualified = true
sla = "72h"
[[stage]]
id = "s3"
title = "S3"
sla = "72h"
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
counted = "calendar"
buckets = ["1h", "4h"]
[[cap]]
kind = "any"
per_week = 3
"#;

/// Numbers that look random and are the same everywhere: the top bits of Knuth's MMIX generator.
struct Chance(u64);

impl Chance {
    /// From 0 to below `n`.
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) * n) >> 31
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
}

/// Minutes since the first of January 2024, as an export writes them.
fn moment(minutes: u64) -> String {
    let (day, minute) = (minutes / 1440, minutes % 1440);
    let months = [31, 29, 31, 30, 31, 30, 31];
    let mut left = day;
    for (month, days) in (1..).zip(months) {
        if left < days {
            return format!("2024-{month:02}-{:02} {:02}:{:02}", left + 1, minute / 60, minute % 60);
        }
        left -= days;
    }
    panic!("day {day} is beyond July")
}

const DEALS: &str = "id,branch,manager,source,contractor,campaign,status,created,closed,amount\n";

/// s05: in each of three stages a deal is lost by chance alone, whatever was done; it stays for one to five days, and calls come at their own pace.
/// Where an effect is planted, deals that nobody answered in time are lost more often.
fn journeys(worlds: u64, deals: u64, planted: bool) -> Case {
    let (mut rows, mut events) = (DEALS.to_owned(), "at,kind,id,direction,stage\n".to_owned());
    let mut chance = Chance(5);
    for number in 0..worlds * deals {
        let created = chance.below(60 * 1440);
        let first_call = created + 30 + chance.below(450);
        let loss = if planted && first_call > created + 240 { 65 } else { 40 };
        let (mut at, mut status) = (created, "won");
        for stage in ["s1", "s2", "s3"] {
            writeln!(events, "{},stage,{number},,{stage}", moment(at)).unwrap();
            at += 1440 + chance.below(4 * 1440);
            if chance.percent(loss) {
                status = "lost";
                break;
            }
        }
        writeln!(events, "{},stage,{number},,{status}", moment(at)).unwrap();
        let mut call = first_call;
        while call < at {
            writeln!(events, "{},call,{number},outgoing,", moment(call)).unwrap();
            call += 600 + chance.below(2400);
        }
        let world = number % worlds;
        writeln!(rows, "{number},w{world},m{},,,,{status},{},{},100", number % 3, moment(created), moment(at)).unwrap();
    }
    let case = Case::new();
    case.put("deals.csv", rows);
    case.put("events.csv", events);
    case.put("mapping.toml", MAPPING);
    case.put("regulation.toml", REGULATION);
    case.ingest(&["deals.csv", "events.csv"]);
    case
}

/// Deals alone, each a row of [`DEALS`].
fn closed(rows: &str) -> Case {
    let case = Case::new();
    case.put("deals.csv", format!("{DEALS}{rows}"));
    case.put("mapping.toml", MAPPING.split("[[export]]\nname = \"events\"").next().unwrap());
    case.put("regulation.toml", REGULATION);
    case.ingest(&["deals.csv"]);
    case
}

const AS_OF: [&str; 2] = ["--as-of", "2024-12-01"];

fn verdicts<'a>(rows: &'a [Row], column: &str, which: &[&str]) -> Vec<&'a Row> {
    rows.iter().filter(|row| which.contains(&row[column].as_str())).collect()
}

#[test]
fn s05_no_rule_helps_or_hurts_where_nothing_does() {
    let worlds = journeys(20, 150, false);
    let rows = worlds.query(&[&["rule_effect", "--by", "branch"][..], &AS_OF].concat());
    let judged: BTreeSet<&str> =
        rows.iter().filter(|r| r["verdict"] != "not_compared").map(|r| r["rule"].as_str()).collect();
    assert!(["response", "stale", "over_cap"].iter().all(|rule| judged.contains(rule)), "{judged:?}");
    // corrected for all rows together, any at all is a chance of one in twenty
    assert_eq!(verdicts(&rows, "verdict", &["helps", "hurts"]), Vec::<&Row>::new());
    // all worlds together are one company, which finds smaller effects
    let rows = worlds.query(&[&["rule_effect"][..], &AS_OF].concat());
    assert_eq!(verdicts(&rows, "verdict", &["helps", "hurts"]), Vec::<&Row>::new());
}

#[test]
fn a_planted_effect_of_the_first_answer_is_found() {
    let rows = journeys(1, 800, true).query(&[&["rule_effect"][..], &AS_OF].concat());
    let helping: Vec<&str> =
        verdicts(&rows, "verdict", &["helps", "hurts"]).iter().map(|r| r["rule"].as_str()).collect();
    assert_eq!(helping, ["response"], "{rows:?}");
}

#[test]
fn s03_a_rule_that_nobody_could_keep_has_no_effect() {
    let mut deals = String::new();
    for number in 0..40 {
        let status = if number % 2 == 0 { "won" } else { "lost" };
        writeln!(deals, "{number},,m,,,,{status},2024-01-09 10:00,2024-01-20 10:00,100").unwrap();
    }
    let rows = closed(&deals).query(&[&["rule_effect"][..], &AS_OF].concat());
    assert!(rows.iter().all(|row| row["verdict"] == "not_compared"), "{rows:?}");
}

#[test]
fn s06_the_unfilled_branch_is_no_peer() {
    let mut deals = String::new();
    for number in 0..2200 {
        let (branch, won) = match number {
            0..200 => (["North", "South"][number % 2], number < 100),
            _ => ("", false),
        };
        let (status, amount) = if won { ("won", "100") } else { ("lost", "") };
        writeln!(deals, "{number},{branch},m,s,,,{status},2024-01-05 00:00,2024-01-20 00:00,{amount}").unwrap();
    }
    let rows = closed(&deals).query(&[&["base_comparison", "--by", "branch"][..], &AS_OF].concat());
    let of = |branch: &str, figure: &str| rows.iter().find(|r| r["branch"] == branch && r["figure"] == figure).unwrap();
    for figure in ["win_rate", "revenue_per_lead"] {
        assert_eq!(of("", figure)["verdict"], "unfilled");
        assert_eq!(of("", figure)["percentile"], "");
        for branch in ["North", "South"] {
            let row = of(branch, figure);
            assert_eq!((row["verdict"].as_str(), row["percentile"].as_str()), ("no_evidence", "0.5"), "{row:?}");
        }
    }
    // nothing tells of price, so nobody is known to be moved by it or not
    assert!(rows.iter().filter(|r| r["figure"] == "price_share").all(|r| r["value"].is_empty()), "{rows:?}");
}

#[test]
fn amounts_that_are_not_known_judge_nobody() {
    let mut deals = String::new();
    for number in 0..400 {
        let (branch, won) = (["all", "half", "none", "never"][number % 4], number % 3 == 0);
        let known = branch == "all" || branch == "half" && number % 8 == 1;
        let status = if won && branch != "never" { "won" } else { "lost" };
        let amount = if known { (100 + number).to_string() } else { String::new() };
        writeln!(deals, "{number},{branch},m,s,,,{status},2024-01-05 00:00,2024-01-20 00:00,{amount}").unwrap();
    }
    let rows = closed(&deals).query(&[&["base_comparison", "--by", "branch"][..], &AS_OF].concat());
    let of = |branch: &str, figure: &str| rows.iter().find(|r| r["branch"] == branch && r["figure"] == figure).unwrap();
    for branch in ["half", "none"] {
        assert_eq!(of(branch, "revenue_per_lead")["value"], "", "{branch}");
        assert_eq!(of(branch, "revenue_per_lead")["verdict"], "partly_unknown", "{branch}");
        assert_eq!(of(branch, "average_deal")["verdict"], "partly_unknown", "{branch}");
        assert_ne!(of(branch, "average_deal")["unknown"], "0", "{branch}");
    }
    assert_eq!(of("none", "average_deal")["value"], "");
    // who sold nothing earned nothing, and that is known
    assert_eq!(of("never", "revenue_per_lead")["value"], "0.0");
}

/// Deals of many groups by many splits, of which none says anything of the win; `rate` of 100 are won, but in the planted branch.
fn groups(rate: u64, planted: u64) -> Case {
    let (mut deals, mut chance) = (String::new(), Chance(11));
    for number in 0..3000 {
        let mut one_of = |name: &str, n: u64| format!("{name}{}", chance.below(n).min(chance.below(n)));
        let (branch, manager) = (one_of("b", 8), one_of("m", 36));
        let (source, contractor, campaign) = (one_of("s", 2), one_of("c", 20), one_of("k", 150));
        let won = chance.percent(if branch == "b0" { planted } else { rate });
        let (status, amount) = if won { ("won", 50 + 10 * chance.below(20) * chance.below(20)) } else { ("lost", 10) };
        let row = format!("{branch},{manager},{source},{contractor},{campaign},{status}");
        writeln!(deals, "{number},{row},2024-01-05 00:00,2024-01-20 00:00,{amount}").unwrap();
    }
    closed(&deals)
}

#[test]
fn equal_groups_are_not_told_apart() {
    let case = groups(12, 12);
    for split in ["manager", "contractor", "campaign"] {
        let rows = case.query(&[&["base_comparison", "--by", split][..], &AS_OF].concat());
        assert_eq!(verdicts(&rows, "verdict", &["better", "worse"]), Vec::<&Row>::new(), "{split}");
        let rows = case.query(&[&["lead_ranking", "--by", split][..], &AS_OF].concat());
        assert_eq!(verdicts(&rows, "scatter", &["differ"]), Vec::<&Row>::new(), "{split}");
    }
}

#[test]
fn a_better_branch_is_told_apart() {
    let case = groups(12, 24);
    let rows = case.query(&[&["base_comparison", "--by", "branch"][..], &AS_OF].concat());
    let better: BTreeSet<(&str, &str)> =
        verdicts(&rows, "verdict", &["better"]).iter().map(|r| (r["figure"].as_str(), r["branch"].as_str())).collect();
    assert!(better.contains(&("win_rate", "b0")), "{better:?}");
    assert!(better.iter().all(|(_, branch)| *branch == "b0"), "{better:?}");
    let rows = case.query(&[&["lead_ranking", "--by", "branch"][..], &AS_OF].concat());
    assert!(rows.iter().all(|row| row["scatter"] == "differ"), "{rows:?}");
    assert_eq!(rows[0]["branch"], "b0");
}
