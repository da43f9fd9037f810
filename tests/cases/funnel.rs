//! How far deals have come, where they stand and since when: by the log, by the present stage, and where neither tells.

use super::{Case, Row};

/// The values of some columns, a line per row.
fn shown(rows: &[Row], columns: &str) -> Vec<String> {
    let line = |row: &Row| columns.split(' ').map(|name| row[name].as_str()).collect::<Vec<_>>().join(" ");
    rows.iter().map(line).collect()
}

fn sum(rows: &[Row], column: &str) -> u64 {
    rows.iter().filter_map(|row| row[column].parse::<u64>().ok()).sum()
}

/// Every deal that reached a stage has gone on, ended or stands there, and who went on reached the next.
#[track_caller]
fn adds_up(funnel: &[Row]) {
    // where some may have been lost, or may stand, in a stage, none known is empty
    let may_be_empty = |name: &str| {
        ["lost", "open"].contains(&name) && sum(funnel, &format!("{name}_unplaced")) + sum(funnel, "unclear") > 0
    };
    let number = |row: &Row, name: &str| match row[name].as_str() {
        "" if may_be_empty(name) => 0,
        known => known.parse::<u64>().unwrap(),
    };
    for row in funnel {
        let parts = ["advanced", "lost", "lost_unplaced", "open", "open_unplaced", "unclear"];
        let whole: u64 = parts.iter().map(|part| number(row, part)).sum();
        assert_eq!(whole, number(row, "reached"), "{row:?}");
    }
    for pair in funnel.windows(2) {
        assert_eq!(number(&pair[0], "advanced"), number(&pair[1], "reached"), "{pair:?}");
    }
}

#[test]
fn n14_a_present_stage_says_how_far_a_deal_has_come() {
    let case = Case::of("n14");
    case.ingest(&["deals.csv"]);
    let funnel = case.query(&["funnel", "--from", "2024-01-01"]);
    adds_up(&funnel);
    let expected = ["new 3 1", "contacted 2 0", "qualified 2 0", "proposal 2 1", "negotiation 1 1", "won 0 0"];
    assert_eq!(shown(&funnel, "stage reached open"), expected);
    // without a log nobody skipped anything, nor went back
    assert!(funnel.iter().all(|row| row["skipped"].is_empty() && row["moved_back"].is_empty()), "{funnel:?}");
}

#[test]
fn f21_the_status_decides_where_the_stage_says_otherwise() {
    let case = Case::of("f21");
    case.ingest(&["deals.csv"]);
    let funnel = case.query(&["funnel", "--from", "2025-01-01"]);
    adds_up(&funnel);
    let expected = ["new 10  1 1 2", "qualified 6  0  0", "offer 6 1 0 1 0", "won 4 0 0 0 0"];
    assert_eq!(shown(&funnel, "stage reached lost lost_unplaced open open_unplaced"), expected);
    // two open deals and a lost one may have come further: a conversion is what lies between
    assert_eq!(shown(&funnel[1..2], "from_first from_first_least from_first_most"), [" 0.6 0.9"]);
    let told = case.query(&["contradictions"]);
    let expected = ["open_in_end 1 5", "won_in_lost 1 10", "end_without_status 1 7", "closed_without_date 1 7"];
    assert_eq!(shown(&told, "contradiction deals example_1"), expected);
    assert_eq!(shown(&case.query(&["data_quality"]), "unknown_stage"), ["1"]);
}

#[test]
fn n15_a_stay_that_nobody_saw_begin_is_not_judged_before_it_is_too_long_in_any_case() {
    let case = Case::of("n15");
    case.ingest(&["deals.csv", "--taken", "2023-02-01"]);
    let standing = |as_of: &str| {
        let rows = case.query(&["time_in_stage", "--from", "2023-01-01", "--as-of", as_of]);
        shown(
            &rows[rows.len() - 1..],
            "stage standing stale stale_unknown stale_share stale_share_least stale_share_most",
        )
    };
    assert_eq!(standing("2023-02-02"), ["negotiation 60  60  0.0 1.0"]);
    // no later export shows that they still stand there
    assert_eq!(standing("2023-02-20"), ["negotiation 60  60  0.0 1.0"]);
    // one does: eighteen days after the first they stand there too long, whenever they came
    case.ingest(&["deals.csv", "--taken", "2023-02-19"]);
    assert_eq!(standing("2023-02-20"), ["negotiation 60 60 0 1.0 1.0 1.0"]);
}

#[test]
fn n17_a_loss_ends_a_stay_and_a_reopened_deal_goes_on() {
    let case = Case::of("n17");
    case.ingest(&["deals.csv", "hist.csv"]);
    let ask = |metric: &str| case.query(&[metric, "--from", "2024-01-01", "--as-of", "2024-02-01"]);
    let expected = ["new 1 1 24.0 0", "qualified 1 1 48.0 0", "proposal 1 0  1"];
    assert_eq!(shown(&ask("time_in_stage"), "stage entered left_stage median_hours standing"), expected);
    let funnel = ask("funnel");
    adds_up(&funnel);
    assert_eq!((sum(&funnel, "lost"), sum(&funnel, "open")), (0, 1));
    // the deals export knows no more than `qualified`, which is told
    let told = shown(&case.query(&["contradictions"]), "contradiction deals example_1");
    assert_eq!(told, ["log_against_stage 1 1"]);
}

/// Who is called stale, deal by deal.
fn stale(case: &Case, as_of: &str) -> Vec<String> {
    let rows = case.query(&["control_list", "--as-of", as_of]);
    let mut stale: Vec<String> = rows
        .iter()
        .filter(|row| row["rule"] == "stale")
        .map(|row| format!("{} {}", row["deal_id"], row["stage"]))
        .collect();
    stale.sort();
    stale
}

#[test]
fn s09_moves_of_one_day_leave_a_deal_in_one_stage() {
    let case = Case::of("s09");
    case.ingest(&["deals.csv", "events.csv"]);
    let rows = case.query(&["time_in_stage", "--from", "2024-01-01", "--as-of", "2024-02-01"]);
    assert_eq!(shown(&rows, "stage standing stale"), ["s1 2 2", "s2 2 2", "s3 1 1"]);
    assert_eq!(stale(&case, "2024-02-01"), ["A s2", "B s1", "C s2", "D s3", "E s1"]);
}

/// Numbers that look random, the same in every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

#[test]
fn every_open_deal_stands_in_one_stage_however_its_days_are_written() {
    let case = Case::of("s09");
    let mut dice = Dice(9);
    let mut deals = "id,client,manager,status,stage,created,closed,amount\n".to_owned();
    let mut events = "event_id,at,id,stage\n".to_owned();
    let (mut open, mut moves) = (0, 0);
    for deal in 0..300 {
        let mut day = 1 + dice.throw(5);
        let created = day;
        let mut last = "s1".to_owned();
        for _ in 0..dice.throw(7) {
            // every other move shares its day with the one before; some ends are reopened
            day += dice.throw(2);
            last = match dice.throw(12) {
                0 => "lost".to_owned(),
                1 => "won".to_owned(),
                _ => format!("s{}", 1 + dice.throw(5)),
            };
            moves += 1;
            events += &format!("{moves},2024-01-{day:02} 00:00:00,{deal},{last}\n");
        }
        let status = if last.starts_with('s') { "open" } else { last.as_str() };
        // some that are open again stand where their last move did not lead
        let (status, stage) = if dice.throw(3) == 0 { ("open", "s2") } else { (status, last.as_str()) };
        let closed = if status == "open" { String::new() } else { format!("2024-01-{day:02} 00:00:00") };
        open += u64::from(status == "open");
        deals += &format!("{deal},c{deal},m,{status},{stage},2024-01-{created:02} 00:00:00,{closed},1\n");
    }
    case.put("deals.csv", deals);
    case.put("events.csv", events);
    case.ingest(&["deals.csv", "events.csv"]);
    for as_of in ["2024-01-15", "2024-02-01"] {
        let rows = case.query(&["time_in_stage", "--from", "2024-01-01", "--as-of", as_of]);
        assert_eq!(sum(&rows, "standing"), open, "as of {as_of}");
        assert_eq!(sum(&rows, "stale_least"), stale(&case, as_of).len() as u64, "as of {as_of}");
        assert!(sum(&rows, "stale_least") > 0, "as of {as_of}");
        let funnel = case.query(&["funnel", "--from", "2024-01-01", "--as-of", as_of]);
        adds_up(&funnel);
        assert_eq!(funnel[0]["reached"], "300");
    }
}

#[test]
fn a_parking_place_is_no_step_of_the_funnel() {
    let case = Case::of("f21");
    let regulation = std::fs::read_to_string(case.dir().join("regulation.toml")).unwrap();
    let offer = "[[stage]]\nid = \"offer\"";
    let parked = format!("[[stage]]\nid = \"Archive\"\ntitle = \"On hold\"\nparking = true\n\n{offer}");
    case.put("regulation.toml", regulation.replace(offer, &parked));
    case.ingest(&["deals.csv"]);
    let funnel = case.query(&["funnel", "--from", "2025-01-01"]);
    adds_up(&funnel);
    // deal 8 waits there: of how far it came that says nothing
    assert_eq!(shown(&funnel, "stage reached open_unplaced"), ["new 10 2", "qualified 6 0", "offer 6 0", "won 4 0"]);
    assert_eq!(shown(&case.query(&["data_quality"]), "unknown_stage"), ["0"]);
}
