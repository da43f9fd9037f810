//! Deals and contacts by hand. Working hours are Monday to Friday, 9 to 18 in UTC; the 6th of January 2025 is a Monday.

use chrono::DateTime;

use super::contacts::Client;
use super::deal::{Deal, Status};
use super::steps::Move;
use super::*;

const REGULATION: &str = r#"
[company]
name = "Proof"
currency = "RUB"
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
id = "new"
title = { ru = "Новая", en = "New" }
sla = "2h"
[[stage]]
id = "offer"
title = { ru = "Предложение", en = "Offer" }
qualified = true
sla = "4h"
[[stage]]
id = "contract"
title = { ru = "Договор", en = "Contract" }
[[stage]]
id = "won"
title = { ru = "Успешна", en = "Won" }
terminal = "won"
[[stage]]
id = "lost"
title = { ru = "Проиграна", en = "Lost" }
terminal = "lost"
[response]
sla = "30m"
counted = "working"
buckets = ["15m", "1h"]
[contact]
silence_after_refusal_days = 30
[[cap]]
kind = "any"
per_week = 3
[[cap]]
kind = "call"
per_month = 2
"#;

fn judge(regulation: &str) -> Judge {
    Judge::new(&Regulation::parse("regulation.toml", regulation).unwrap())
}

/// `06 09:30`: day and time in January 2025.
fn at(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(&format!("2025-01-{}:00Z", text.replace(' ', "T"))).unwrap().timestamp_micros()
}

fn when(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros).unwrap().format("%d %H:%M").to_string()
}

/// A deal of no client: `+` marks a return; a move seen between two snapshots has both moments, `..` between them.
struct Story<'a> {
    status: Status,
    is_invalid: bool,
    response: Option<&'a str>,
    closed: Option<&'a str>,
    moves: &'a [(&'a str, &'a str)],
    /// From when to when answers are loaded.
    known: (&'a str, &'a str),
}

const OPEN: Story<'_> = Story {
    status: Status::Open,
    is_invalid: false,
    response: None,
    closed: None,
    moves: &[],
    known: ("01 00:00", "31 00:00"),
};

/// `rule stage at`, with `!` and the hours overdue where it was broken. The lead came on Monday at 9, the cut is Friday at 9.
fn told(judge: &Judge, story: &Story<'_>) -> Vec<String> {
    let moves: Vec<Move<'_>> = story
        .moves
        .iter()
        .map(|(stage, moment)| {
            let name = stage.trim_start_matches('+');
            let (earliest, latest) = moment.split_once("..").unwrap_or((moment, moment));
            let (seen, earliest) = (moment.contains(".."), (!earliest.is_empty()).then(|| at(earliest)));
            Move {
                stage: judge.regulation.stages().iter().find(|stage| stage.id == name),
                at: at(latest),
                first: !stage.starts_with('+'),
                earliest,
                seen,
            }
        })
        .collect();
    let deal = Deal {
        status: story.status,
        is_invalid: story.is_invalid,
        created_at: Some(at("06 09:00")),
        response_at: story.response.map(at),
        closed_at: story.closed.map(at),
        moves: &moves,
        answers: Some((at(story.known.0), at(story.known.1))),
        log_from: Some(at("06 00:00")),
    };
    let mut verdicts = Vec::new();
    judge.deal(&deal, at("10 09:00"), &mut verdicts);
    let tell = |v: &verdicts::Verdict<'_>| {
        let broken = match (v.kept, v.overdue_hours) {
            (None, _) => format!(" ?{}", v.missing.map(|(_, why)| why.name()).unwrap_or_default()),
            (Some(true), _) => String::new(),
            (Some(false), hours) => format!(" !{}", hours.map(|hours| format!("{hours}")).unwrap_or_default()),
        };
        let stage = v.stage.map(|stage| format!(" {stage}")).unwrap_or_default();
        format!("{}{stage} {}{broken}", v.rule, v.at.map_or("?".into(), when))
    };
    verdicts.iter().map(tell).collect()
}

#[test]
fn answered_or_the_time_is_over() {
    let judge = judge(REGULATION);
    assert_eq!(told(&judge, &Story { response: Some("06 09:30"), ..OPEN }), ["response 06 09:30"]);
    // answered on Tuesday: half an hour of Monday was allowed, 8.5 hours of it and one of Tuesday were too much
    assert_eq!(told(&judge, &Story { response: Some("07 10:00"), ..OPEN }), ["response 06 09:30 !9.5"]);
    assert_eq!(told(&judge, &OPEN), ["response 06 09:30 !35.5"]);
    let lost = Story { status: Status::Lost, closed: Some("06 12:00"), ..OPEN };
    assert_eq!(told(&judge, &lost), ["response 06 09:30 !2.5"]);
    // nobody had to answer what was no lead, and nobody knows how long a deal waited that ended nobody knows when
    assert!(told(&judge, &Story { is_invalid: true, ..lost }).is_empty());
    assert!(told(&judge, &Story { closed: None, ..lost }).is_empty());
    // what is loaded begins after the lead came, or ends before its time was over
    assert_eq!(told(&judge, &Story { known: ("07 00:00", "31 00:00"), ..OPEN }), ["response 06 09:00 ?before"]);
    assert_eq!(told(&judge, &Story { known: ("01 00:00", "06 09:20"), ..OPEN }), ["response 06 09:00 ?after"]);
    assert_eq!(told(&judge, &Story { known: ("01 00:00", "06 12:00"), ..OPEN }), ["response 06 09:30 !2.5"]);
    // answered on a day of which the time is not known: perhaps at once, perhaps not; on the next day, too late
    assert_eq!(told(&judge, &Story { response: Some("06 00:00"), ..OPEN }), ["response 06 09:00 ?day"]);
    assert_eq!(told(&judge, &Story { response: Some("08 00:00"), ..OPEN }), ["response 06 09:30 !17.5"]);
    assert_eq!(told(&judge, &Story { is_invalid: true, response: Some("06 09:10"), ..lost }), ["response 06 09:10"]);
    // lost before the time was over: neither kept nor broken
    assert!(told(&judge, &Story { closed: Some("06 09:20"), ..lost }).is_empty());
}

#[test]
fn each_stay_in_a_stage_is_judged() {
    let judge = judge(REGULATION);
    let stays = |moves: &[(&str, &str)], status: Status, closed: Option<&str>| {
        let story = Story { response: Some("06 09:00"), moves, status, closed, ..OPEN };
        told(&judge, &story).into_iter().filter(|verdict| verdict.starts_with("stale")).collect::<Vec<_>>()
    };
    let winding = [("new", "06 09:00"), ("offer", "06 10:00"), ("+new", "06 11:00"), ("+offer", "06 17:00")];
    // one hour in new, one in offer, six in new again; on Monday and Tuesday there were four more hours for the second offer
    assert_eq!(
        stays(&winding, Status::Open, None),
        ["stale new 06 10:00", "stale offer 06 11:00", "stale new 06 13:00 !4", "stale offer 07 12:00 !24"]
    );
    assert_eq!(stays(&winding, Status::Lost, Some("06 18:00"))[3], "stale offer 06 18:00");
    // closed before it moved, as exports have it; and nobody knows when
    assert_eq!(stays(&winding[..2], Status::Won, Some("06 09:30")), ["stale new 06 09:30", "stale offer 06 10:00"]);
    // how long its last stay was is not known; of the others the moves tell, else the open deals alone would be judged, and those are
    // the ones that stay long
    assert_eq!(
        stays(&winding, Status::Won, None),
        ["stale new 06 10:00", "stale offer 06 11:00", "stale new 06 13:00 !4", "stale offer 06 17:00 ?between"]
    );
    // a stage that the regulation does not know is left for, and has no time of its own
    assert_eq!(stays(&[("new", "06 09:00"), ("strange", "06 10:00")], Status::Open, None), ["stale new 06 10:00"]);
    // of stages entered at one moment, the deal stands in the latest, in whichever order they are told
    for moves in [[("offer", "06 09:00"), ("new", "06 09:00")], [("new", "06 09:00"), ("offer", "06 09:00")]] {
        assert_eq!(stays(&moves, Status::Open, None), ["stale new 06 09:00", "stale offer 06 13:00 !32"]);
    }
}

#[test]
fn a_stay_between_two_snapshots_is_judged_where_both_ends_say_the_same() {
    let judge = judge(REGULATION);
    let stays = |moves: &[(&str, &str)]| {
        let story = Story { response: Some("06 09:00"), moves, ..OPEN };
        told(&judge, &story).into_iter().filter(|verdict| verdict.starts_with("stale")).collect::<Vec<_>>()
    };
    let left = |moment| [("new", "06 09:00"), ("offer", moment)];
    // two hours in new are allowed: at most one and a half; one or three, so nobody can say; at least three
    assert_eq!(stays(&left("06 10:00..06 10:30")), ["stale new 06 10:30", "stale offer 06 14:30 !30.5"]);
    assert_eq!(stays(&left("06 10:00..06 12:00")), ["stale new 06 12:00 ?between", "stale offer 06 16:00 !29"]);
    assert_eq!(stays(&left("06 12:00..06 17:00")), ["stale new 06 11:00 !1", "stale offer 07 12:00 !24"]);
    // nothing says since when it had been there
    assert_eq!(stays(&[("new", "..06 09:30"), ("offer", "06 10:00")])[0], "stale new 06 10:00 ?between");
}

#[test]
fn a_stage_passed_between_two_snapshots_is_not_called_skipped() {
    let judge = judge(REGULATION);
    // of the second the moment is known, and yet nobody looked in between
    for moment in ["06 10:00..07 09:00", "07 09:00..07 09:00"] {
        let story = Story { response: Some("06 09:00"), moves: &[("new", "06 09:00"), ("contract", moment)], ..OPEN };
        let skipped: Vec<_> = told(&judge, &story).into_iter().filter(|v| v.starts_with("skipped")).collect();
        assert_eq!(skipped, ["skipped new 07 09:00"]);
    }
}

#[test]
fn skipped_and_moved_back() {
    let judge = judge(REGULATION);
    let moved = |moves: &[(&str, &str)], status: Status, closed: Option<&str>| {
        let story = Story { response: Some("06 09:00"), moves, status, closed, ..OPEN };
        let of_moves = |verdict: &String| verdict.starts_with("skipped") || verdict.starts_with("moved");
        told(&judge, &story).into_iter().filter(of_moves).collect::<Vec<_>>()
    };
    let jumped = [("new", "06 09:00"), ("contract", "07 09:00")];
    assert_eq!(
        moved(&jumped, Status::Open, None),
        ["skipped new 07 09:00", "skipped offer 07 09:00 !", "moved_back 07 09:00"]
    );
    // a won deal passed every stage, logged or not
    assert_eq!(
        moved(&jumped, Status::Won, Some("08 09:00")),
        ["skipped new 07 09:00", "skipped offer 07 09:00 !", "skipped contract 08 09:00", "moved_back 07 09:00"]
    );
    // a deal may be lost from anywhere: that skips nothing, and is no move back
    assert!(moved(&[("new", "06 09:00"), ("lost", "07 09:00")], Status::Lost, Some("07 09:00")).is_empty());
    let back = [("new", "06 09:00"), ("offer", "07 09:00"), ("+new", "08 09:00"), ("+offer", "09 09:00")];
    assert_eq!(moved(&back, Status::Open, None), ["skipped new 07 09:00", "moved_back 08 09:00 !"]);
    assert!(moved(&[], Status::Won, Some("08 09:00")).is_empty());
}

#[test]
fn contacts_are_counted_and_refusals_remembered() {
    use super::contacts::{AFTER_OPT_OUT, AFTER_REFUSAL, ANY_HOUR, CAPPED, OVER_ALL, OVER_KIND};
    let mut client = Client::new(Arc::new(judge(REGULATION)));
    let mut happen =
        |kind: &str, moment: &str| client.happen(kind, !["refusal", "opt_out", "mailing"].contains(&kind), at(moment));
    assert_eq!(happen("call", "06 10:00"), CAPPED);
    assert_eq!(happen("email", "06 11:00"), CAPPED);
    assert_eq!(happen("call", "07 10:00"), CAPPED);
    // the fourth of the week
    assert_eq!(happen("email", "08 10:00"), CAPPED + OVER_ALL);
    // a new week, and the third call of the month
    assert_eq!(happen("call", "13 10:00"), CAPPED + OVER_KIND);
    assert_eq!(happen("mailing", "13 10:30"), ANY_HOUR);
    assert_eq!(happen("email", "13 11:00"), CAPPED);
    assert_eq!(happen("refusal", "13 11:00"), 0);
    assert_eq!(happen("email", "14 11:00"), CAPPED + AFTER_REFUSAL);
    assert_eq!(happen("opt_out", "15 11:00"), 0);
    assert_eq!(happen("email", "27 11:00"), CAPPED + AFTER_REFUSAL + AFTER_OPT_OUT);
    // a mailing is no touch, and yet who opted out or refused gets none
    assert_eq!(happen("mailing", "28 11:00"), ANY_HOUR + AFTER_REFUSAL + AFTER_OPT_OUT);

    // no cap of everything: an email has none
    let only_calls = REGULATION.replace("[[cap]]\nkind = \"any\"\nper_week = 3\n", "");
    let mut client = Client::new(Arc::new(judge(&only_calls.replace("silence_after_refusal_days = 30", ""))));
    let mut happen = |kind: &str, moment: &str| client.happen(kind, kind != "refusal", at(moment));
    assert_eq!(happen("refusal", "06 09:00"), 0);
    assert_eq!([happen("email", "06 10:00"), happen("call", "06 10:00")], [0, CAPPED]);
}

#[test]
fn within_a_day_without_hours_nothing_comes_after() {
    use super::contacts::{AFTER_OPT_OUT, AFTER_REFUSAL, ANY_HOUR, CAPPED};
    let mut client = Client::new(Arc::new(judge(&REGULATION.replace("= 30", "= 2"))));
    let mut happen = |kind: &str, moment: &str| client.happen(kind, kind == "call", at(moment));
    assert_eq!(happen("refusal", "07 00:00"), 0);
    assert_eq!(happen("call", "07 15:00"), CAPPED);
    assert_eq!(happen("mailing", "08 15:00"), ANY_HOUR + AFTER_REFUSAL);
    assert_eq!(happen("refusal", "13 12:00"), 0);
    // the silence ends on the 15th at noon: a mailing of that day may have come after it
    assert_eq!(happen("mailing", "14 00:00"), ANY_HOUR + AFTER_REFUSAL);
    assert_eq!(happen("mailing", "15 00:00"), ANY_HOUR);
    assert_eq!(happen("opt_out", "20 00:00"), 0);
    assert_eq!(happen("mailing", "20 18:00"), ANY_HOUR);
    // once opted out is opted out: a second time begins no new day
    assert_eq!(happen("opt_out", "21 00:00"), 0);
    assert_eq!(happen("mailing", "21 18:00"), ANY_HOUR + AFTER_OPT_OUT);
}
