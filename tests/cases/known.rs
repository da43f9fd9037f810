//! What was never loaded, or not for that time, branch or manager, is not judged.

use super::{Case, Row};

/// The rules that a metric has rows of.
fn rules(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row["rule"].as_str()).collect()
}

fn row<'a>(rows: &'a [Row], column: &str, value: &str) -> &'a Row {
    rows.iter().find(|row| row[column] == value).unwrap_or_else(|| panic!("no {column} = {value} in {rows:?}"))
}

const SINCE: [&str; 4] = ["--from", "2024-01-01", "--as-of", "2024-02-05"];

/// Rules that ask for events: none is judged, nobody is blamed, and what is missing is said.
#[track_caller]
fn nobody_is_judged(case: &Case, judged: &[&str]) {
    let ask = |metric: &str| case.query(&[&[metric], &SINCE[..]].concat());
    assert_eq!(rules(&ask("adherence")), judged);
    assert_eq!(ask("breaches"), [], "breaches");
    assert_eq!(ask("control_list"), [], "control_list");
    assert_eq!(ask("worklist"), [], "worklist");
    let unjudged = ask("unjudged");
    let answers = row(&unjudged, "rule", "response");
    assert_eq!(
        (answers["missing"].as_str(), answers["why"].as_str(), answers["cases"].as_str()),
        ("answer", "never", "2")
    );
    assert_eq!(answers["way_out_en"], "calls and messages with clients");
}

#[test]
fn n05_deals_alone_break_no_rule() {
    let case = Case::of("n05");
    case.ingest(&["deals.csv"]);
    nobody_is_judged(&case, &[]);
}

#[test]
fn n05b_a_snapshot_of_deals_breaks_no_rule_that_asks_for_contacts() {
    let case = Case::of("n05b");
    case.ingest(&["deals.csv", "--taken", "2024-01-09"]);
    let ask = |metric: &str| case.query(&[&[metric], &SINCE[..]].concat());
    // they were in `contacted` on the 9th; whether they still are when its two days are over, no export shows
    assert!(ask("adherence").is_empty() && ask("breaches").is_empty() && ask("control_list").is_empty());
    let unjudged = ask("unjudged");
    let evidence = row(&unjudged, "rule", "evidence");
    assert_eq!((evidence["missing"].as_str(), evidence["why"].as_str()), ("touch", "never"));
    let form = case.query(&[&["qa_sample"], &SINCE[..]].concat());
    assert!(form.iter().all(|row| row["evidence_kept"].is_empty()), "{form:?}");
}

#[test]
fn s03_a_log_of_stages_is_no_log_of_contacts() {
    let case = Case::of("s03");
    case.ingest(&["deals.csv", "moves.csv"]);
    let ask = |metric: &str| case.query(&[&[metric], &SINCE[..]].concat());
    let adherence = ask("adherence");
    assert!(!rules(&adherence).contains(&"response") && !rules(&adherence).contains(&"evidence"), "{adherence:?}");
    let unjudged = ask("unjudged");
    assert_eq!(row(&unjudged, "rule", "evidence")["missing"], "call");
    assert_eq!(row(&unjudged, "rule", "response")["missing"], "answer");
    assert!(ask("worklist").iter().all(|row| row["why"] != "overdue_client" && row["why"] != "response_broken"));
    // a client that nobody was seen to touch is not told to be untouched
    let refused = crate::support::voronka(case.dir(), &[&["query", "client_coverage"], &SINCE[..]].concat());
    assert_eq!(refused.code, 2);
    assert!(
        refused.err.contains("journeys.touch_at") && refused.err.contains("export activities and calls"),
        "{}",
        refused.err
    );
}

/// A company of two branches and four managers: a deal a day each from January to April, and calls as told.
fn company(calls: impl Fn(&str, u32, u32) -> bool) -> Case {
    let case = Case::of("n05");
    let mapping = std::fs::read_to_string(case.dir().join("mapping.toml")).unwrap();
    let mapping = mapping.replace("source = \"source\"", "branch = \"branch\"");
    case.put(
        "mapping.toml",
        mapping
            + r#"
[[export]]
name = "calls"
files = "calls.csv"
dates = "yyyy-mm-dd HH:MM:SS"
[[export.table]]
fill = "events"
[export.table.columns]
event_id = "id"
at = "at"
deal_id = "deal"
kind = { const = "call" }
direction = { const = "outgoing" }
"#,
    );
    let (mut deals, mut all) = ("id,owner,branch,created\n".to_owned(), "id,at,deal\n".to_owned());
    for (month, days) in [(1, 31), (2, 29), (3, 31), (4, 30)] {
        for day in 1..=days {
            for (owner, branch) in [("ann", "North"), ("bob", "North"), ("cyd", "South"), ("dan", "South")] {
                let id = format!("{owner}-{month:02}{day:02}");
                deals += &format!("{id},{owner},{branch},2024-{month:02}-{day:02} 10:00:00\n");
                if calls(owner, month, day) {
                    all += &format!("c-{id},2024-{month:02}-{day:02} 10:05:00,{id}\n");
                }
            }
        }
    }
    case.put("deals.csv", deals);
    case.put("calls.csv", all);
    case.ingest(&["deals.csv", "calls.csv"]);
    case
}

/// Of whom and of which months answers are judged, and how many of these are broken.
fn judged(case: &Case, by: &str) -> Vec<String> {
    let mut told = Vec::new();
    for (month, from, to) in
        [("Jan", "2024-01-01", "2024-02-01"), ("Mar", "2024-03-01", "2024-04-01"), ("Apr", "2024-04-01", "2024-05-01")]
    {
        let args = ["response", "--from", from, "--to", to, "--as-of", "2024-05-06", "--by", by];
        for row in case.query(&args) {
            let (judged, kept): (u32, u32) = (row["judged"].parse().unwrap(), row["within_sla"].parse().unwrap());
            told.push(format!("{month} {} {judged} -{}", row[by], judged - kept));
        }
    }
    // the same in the judgements of all rules, whose day is that on which the answer was due
    let all = ["--from", "2024-01-01", "--to", "2024-05-06", "--as-of", "2024-05-06", "--by", by];
    let (response, adherence) =
        (case.query(&[&["response"], &all[..]].concat()), case.query(&[&["adherence"], &all[..]].concat()));
    for row in adherence.iter().filter(|row| row["rule"] == "response") {
        let same = response.iter().find(|same| same[by] == row[by]).unwrap();
        assert_eq!((&same["judged"], &same["within_sla"]), (&row["checked"], &row["kept"]), "{row:?}");
    }
    told
}

#[test]
fn calls_that_begin_in_march_judge_no_january() {
    let case = company(|_, month, _| month >= 3);
    assert_eq!(
        judged(&case, "branch"),
        [
            "Jan North 0 -0",
            "Jan South 0 -0",
            "Mar North 62 -0",
            "Mar South 62 -0",
            "Apr North 60 -0",
            "Apr South 60 -0"
        ]
    );
}

#[test]
fn calls_that_end_in_march_judge_no_april() {
    let case = company(|_, month, _| month <= 3);
    assert_eq!(
        judged(&case, "branch"),
        [
            "Jan North 62 -0",
            "Jan South 62 -0",
            "Mar North 62 -0",
            "Mar South 62 -0",
            "Apr North 0 -0",
            "Apr South 0 -0"
        ]
    );
}

#[test]
fn the_calls_of_one_branch_judge_no_other() {
    let case = company(|who, _, _| who <= "bob");
    assert_eq!(judged(&case, "branch")[..2], ["Jan North 62 -0", "Jan South 0 -0"]);
    // and it is named
    let unjudged = case.query(&["unjudged", "--as-of", "2024-05-06"]);
    let answers = row(&unjudged, "rule", "response");
    let not_loaded = "outgoing calls and messages: not loaded for some managers or branches: South, cyd, dan";
    assert_eq!(answers["span_en"], not_loaded);
    // nor a part of its time
    let case = company(|who, month, _| who <= "bob" || month == 1);
    assert_eq!(
        judged(&case, "branch"),
        [
            "Jan North 62 -0",
            "Jan South 62 -0",
            "Mar North 62 -0",
            "Mar South 0 -0",
            "Apr North 60 -0",
            "Apr South 0 -0"
        ]
    );
}

#[test]
fn the_calls_of_one_manager_judge_no_other() {
    let case = company(|who, _, _| who != "bob");
    assert_eq!(judged(&case, "manager")[..4], ["Jan ann 31 -0", "Jan bob 0 -0", "Jan cyd 31 -0", "Jan dan 31 -0"]);
    let unjudged = case.query(&["unjudged", "--as-of", "2024-05-06", "--by", "manager"]);
    let bob = unjudged.iter().find(|row| row["manager"] == "bob" && row["rule"] == "response").unwrap();
    assert_eq!((bob["why"].as_str(), bob["cases"].as_str()), ("never", "121"));
}

#[test]
fn who_is_seen_to_call_and_leaves_leads_waiting_is_judged() {
    // bob calls every other lead
    let case = company(|who, _, day| who != "bob" || day % 2 == 0);
    assert_eq!(judged(&case, "manager")[4..6], ["Mar ann 31 -0", "Mar bob 31 -16"]);
}

/// A figure that is not known is empty, and its bounds are these.
#[track_caller]
fn lies_between(row: &Row, column: &str, least: f64, most: f64) {
    let number = |end: &str| row[&format!("{column}_{end}")].parse::<f64>().unwrap();
    assert_eq!(row[column], "", "{row:?}");
    assert!((number("least") - least).abs() < 1e-9 && (number("most") - most).abs() < 1e-9, "{row:?}");
}

#[test]
fn n02_one_undated_win_of_fifty_is_neither_all_nor_nothing() {
    let case = Case::of("n02");
    case.ingest(&["deals.csv"]);
    // the youngest lead is eleven days old: nothing is known of day 30
    let early = case.query(&["eventual_conversion", "--from", "2024-06-01", "--as-of", "2024-06-24"]);
    assert!(
        early.iter().all(|row| row["eventual"].is_empty() && row["undated"] == "1" && row["won"] == "0"),
        "{early:?}"
    );
    let late = case.query(&["eventual_conversion", "--from", "2024-06-01", "--as-of", "2024-09-24"]);
    late.iter().for_each(|row| lies_between(row, "eventual", 0.0, 0.02));
}

#[test]
fn n03_an_undated_win_is_not_won_before_anybody_could_know_it() {
    let case = Case::of("n03");
    case.ingest(&["deals.csv", "--taken", "2024-03-01"]);
    let won = |as_of: &str| case.query(&["lead_quality", "--from", "2024-01-01", "--as-of", as_of])[0].clone();
    let before = won("2024-02-01");
    assert_eq!((before["won"].as_str(), before["open"].as_str(), before["undated"].as_str()), ("0", "1", "1"));
    lies_between(&before, "win_rate", 0.0, 0.5);
    let after = won("2024-03-02");
    assert_eq!((after["won"].as_str(), after["win_rate"].as_str(), after["undated"].as_str()), ("1", "0.5", "1"));
}

#[test]
fn n06_a_planned_closing_ends_nothing() {
    let case = Case::of("n06");
    case.ingest(&["deals.csv"]);
    let by_day = case.query(&["eventual_conversion", "--from", "2024-01-01", "--as-of", "2024-06-01"]);
    for row in by_day {
        assert_eq!((row["won"].as_str(), row["open"].as_str()), ("1", "10"));
        assert!((row["eventual"].parse::<f64>().unwrap() - 1.0 / 11.0).abs() < 1e-9, "{row:?}");
    }
}

#[test]
fn s01_without_dates_of_closings_there_is_no_estimate_and_no_last_place() {
    let case = Case::of("s01");
    case.ingest(&["deals.csv"]);
    let ask =
        |metric: &str, as_of: &str| case.query(&[metric, "--by", "source", "--from", "2024-01-01", "--as-of", as_of]);
    let quality = ask("lead_quality", "2024-06-01");
    lies_between(row(&quality, "source", "undated"), "eventual_rate", 0.0, 0.9);
    assert_eq!(row(&quality, "source", "dated")["eventual_rate"], "0.9");
    // nobody ever exported reasons, promotions or interests
    assert!(quality.iter().all(|row| row["valid_rate"].is_empty() && row["price_share"].is_empty()), "{quality:?}");
    // on the day after they came, nobody can know of any win
    assert!(ask("lead_quality", "2024-01-06").iter().all(|row| row["won"] == "0"));
    let ranking = ask("lead_ranking", "2024-06-01");
    let undated = row(&ranking, "source", "undated");
    assert_eq!((undated["place"].as_str(), undated["raw_rate"].as_str(), undated["undated"].as_str()), ("", "", "90"));
    assert_eq!(row(&ranking, "source", "dated")["place"], "1");
}
