use super::*;
use crate::metrics::MetricColumn;
use crate::model::lang::Text;
use crate::report::findings::evidence::wilson;

/// A whole period, and groups of thirty.
const GROUND: Ground = Ground { small_group: 30.0, covered: Covered::Whole };

fn target(better: Better, green: f64, red: f64) -> Target {
    Target {
        metric: "lead_quality".to_owned(),
        column: "win_rate".to_owned(),
        by: vec!["contractor".to_owned()],
        only: None,
        except: Vec::new(),
        better,
        green,
        red,
        title: Text::new("Продажи", "Sales"),
        advice: Text::default(),
    }
}

fn grid(rows: &[(&str, i64, i64)]) -> Grid {
    let units = [
        ("contractor", Unit::Text),
        ("leads", Unit::Count),
        ("win_rate", Unit::Share),
        ("win_rate_low", Unit::Share),
        ("win_rate_high", Unit::Share),
    ];
    let columns = units.map(|(name, unit)| MetricColumn { name: name.to_owned(), unit, title: Text::default() });
    #[allow(clippy::cast_precision_loss)]
    let row = |(name, won, leads): &(&str, i64, i64)| {
        let e = wilson(*won as f64, *leads as f64);
        let number = |n: f64| if n.is_finite() { Cell::Number(n) } else { Cell::Empty };
        vec![Cell::Text((*name).to_owned()), Cell::Count(*leads), number(e.value), number(e.low), number(e.high)]
    };
    Grid { columns: columns.to_vec(), dimensions: 1, rows: rows.iter().map(row).collect() }
}

fn verdicts(target: &Target, rows: &[(&str, i64, i64)]) -> Vec<(Verdict, Option<Unknown>)> {
    judge(target, &grid(rows), &[], GROUND).into_iter().map(|one| (one.verdict, one.unknown)).collect()
}

#[test]
fn bounds_evidence_and_small_groups_decide() {
    let found = verdicts(
        &target(Better::Higher, 0.12, 0.06),
        &[
            ("good", 150, 1000),
            ("between", 80, 1000),
            ("bad", 20, 1000),
            ("maybe", 10, 100), // 10 % of 100 may well be 12 %
            ("small", 0, 29),
            ("none", 0, 0),
        ],
    );
    let unknown = |why| (Verdict::Unknown, Some(why));
    assert_eq!(
        found,
        [
            (Verdict::Green, None),
            (Verdict::Yellow, None),
            (Verdict::Red, None),
            unknown(Unknown::Unproven),
            unknown(Unknown::Small),
            unknown(Unknown::NoData),
        ]
    );
}

/// A company as a whole: one row of numbers, none of them a dimension.
fn company(columns: &[(&str, Unit, f64)]) -> Grid {
    let column = |(name, unit, _): &(&str, Unit, f64)| MetricColumn {
        name: (*name).to_owned(),
        unit: *unit,
        title: Text::default(),
    };
    let row = columns.iter().map(|(_, _, value)| Cell::Number(*value)).collect();
    Grid { columns: columns.iter().map(column).collect(), dimensions: 0, rows: vec![row] }
}

fn of_company(column: &str, columns: &[(&str, Unit, f64)]) -> Judged {
    let target = Target { column: column.to_owned(), by: Vec::new(), ..target(Better::Lower, 0.05, 0.15) };
    judge(&target, &company(columns), &[], GROUND).remove(0)
}

#[test]
fn a_company_with_few_cases_is_too_small_to_judge_as_well() {
    let waiting = |first_days_won: f64| {
        let shares = [("won", Unit::Count, 900.0), ("first_days_won", Unit::Count, first_days_won)];
        of_company("waiting_share", &[&shares[..], &[("waiting_share", Unit::Share, 0.5)]].concat())
    };
    // 900 wins, but only those of the first days could have waited
    assert_eq!((waiting(29.0).verdict, waiting(29.0).unknown), (Verdict::Unknown, Some(Unknown::Small)));
    assert_eq!((waiting(30.0).verdict, waiting(30.0).unknown), (Verdict::Red, None));
    // what nobody counts cannot be small
    assert_eq!(of_company("cv_adjusted", &[("cv_adjusted", Unit::Ratio, 0.5)]).verdict, Verdict::Red);
    // the first of the known names, where no other is meant
    let cpl = [("leads", Unit::Count, 29.0), ("won", Unit::Count, 300.0), ("cpl", Unit::Money, 1.0)];
    assert_eq!(of_company("cpl", &cpl).unknown, Some(Unknown::Small));
}

#[test]
fn an_interval_says_no_more_cases_than_there_are() {
    let rate = |leads: f64, value: f64, low: f64, high: f64| {
        let ends = [("eventual_rate_low", Unit::Share, low), ("eventual_rate_high", Unit::Share, high)];
        let own = [("leads", Unit::Count, leads), ("eventual_rate", Unit::Share, value)];
        of_company("eventual_rate", &[&own[..], &ends[..]].concat())
    };
    let wide = wilson(8.0, 40.0);
    // half of the 80 are still open: the interval is as wide as that of 40, and nobody should read "of 80"
    let open = rate(80.0, wide.value, wide.low, wide.high);
    assert_eq!((open.cases.map(f64::round), open.of_cases), (Some(40.0), false));
    let settled = rate(40.0, wide.value, wide.low, wide.high);
    assert_eq!((settled.cases.map(f64::round), settled.of_cases), (Some(40.0), true));
    let few = rate(20.0, wide.value, wide.low, wide.high);
    assert_eq!((few.cases, few.unknown), (Some(20.0), Some(Unknown::Small)));
}

#[test]
fn the_bounds_themselves_belong_to_green_and_to_red() {
    for (better, value, verdict) in [
        (Better::Higher, 12, Verdict::Green),
        (Better::Higher, 6, Verdict::Red),
        (Better::Higher, 7, Verdict::Yellow),
        (Better::Lower, 6, Verdict::Green),
        (Better::Lower, 12, Verdict::Red),
        (Better::Lower, 11, Verdict::Yellow),
    ] {
        let (green, red) = if better == Better::Higher { (0.12, 0.06) } else { (0.06, 0.12) };
        let found = verdicts(&target(better, green, red), &[("a", value * 1000, 100_000)]);
        assert_eq!(found[0].0, verdict, "{better:?} {value} %");
    }
}

#[test]
fn equal_contractors_are_not_told_apart_and_a_poor_one_is() {
    let target = target(Better::Higher, 0.12, 0.06);
    let judged = judge(&target, &grid(&[("a", 118, 1000), ("b", 126, 1000), ("poor", 40, 1000)]), &[], GROUND);
    let [a, b, poor] = &judged[..] else { panic!("three groups") };
    assert_eq!(poor.verdict, Verdict::Red);
    assert_eq!(poor.rest.unwrap().proven, Some(true));
    // a misses the bound by a hair, b reaches it: neither is called off target
    assert_eq!((a.verdict, a.unknown), (Verdict::Unknown, Some(Unknown::Unproven)));
    assert_eq!(b.verdict, Verdict::Green);
    let alone = judge(&target, &grid(&[("a", 118, 1000), ("b", 126, 1000)]), &[], GROUND);
    assert!(alone.iter().all(|one| one.rest.unwrap().proven == Some(false)));
    assert!((alone[0].rest.unwrap().value - 0.126).abs() < 1e-9);
}

#[test]
fn many_groups_ask_for_more_evidence() {
    // 14 of 200 against 12 %: p = 0.03, real by itself, not as the best of twenty
    let target = target(Better::Higher, 0.12, 0.075);
    let mut rows = vec![("odd", 14, 200)];
    assert_eq!(verdicts(&target, &rows)[0].0, Verdict::Red);
    rows.extend([("even", 24, 200); 19]);
    assert_eq!(verdicts(&target, &rows)[0], (Verdict::Unknown, Some(Unknown::Unproven)));
}

#[test]
fn a_change_is_told_from_chance() {
    let target = target(Better::Higher, 0.12, 0.06);
    let now = grid(&[("fell", 50, 1000), ("same", 100, 1000), ("new", 100, 1000)]);
    let then = grid(&[("same", 104, 1000), ("fell", 120, 1000), ("gone", 5, 1000)]);
    let judged = judge(&target, &now, &[(Compare::Before, &then)], GROUND);
    let change = |at: usize| judged[at].changes.first().map(|(_, beside)| (beside.value, beside.proven));
    assert_eq!(change(0), Some((0.12, Some(true))));
    assert_eq!(change(1), Some((0.104, Some(false))));
    assert_eq!(change(2), None);
}

#[test]
fn of_weeks_the_last_is_judged() {
    let day = |day: u32| Cell::Date(chrono::NaiveDate::from_ymd_opt(2025, 6, day).unwrap());
    let columns = [("week", Unit::Date), ("win_rate", Unit::Share)].map(|(name, unit)| MetricColumn {
        name: name.to_owned(),
        unit,
        title: Text::default(),
    });
    let rows =
        vec![vec![day(16), Cell::Number(0.5)], vec![day(23), Cell::Number(0.01)], vec![day(9), Cell::Number(0.5)]];
    let grid = Grid { columns: columns.to_vec(), dimensions: 0, rows };
    let judged = judge(&target(Better::Higher, 0.12, 0.06), &grid, &[], GROUND);
    assert_eq!(judged.len(), 1);
    assert_eq!((judged[0].row, judged[0].verdict), (1, Verdict::Red));
}

#[test]
fn of_stages_by_horizon_each_is_judged_at_the_last() {
    let columns = [("stage", Unit::Text), ("horizon_days", Unit::Days), ("eventual", Unit::Share)];
    let columns = columns.map(|(name, unit)| MetricColumn { name: name.to_owned(), unit, title: Text::default() });
    let row =
        |stage: &str, days: f64, share: f64| vec![Cell::Text(stage.into()), Cell::Number(days), Cell::Number(share)];
    let rows = vec![row("new", 30.0, 0.1), row("new", 90.0, 0.2), row("offer", 30.0, 0.1), row("offer", 90.0, 0.3)];
    let grid = Grid { columns: columns.to_vec(), dimensions: 0, rows };
    assert_eq!(current_rows(&grid), [1, 3]);
}

#[test]
fn nothing_to_judge_is_no_judgement() {
    assert_eq!(judge(&target(Better::Higher, 0.12, 0.06), &grid(&[]), &[], GROUND), vec![]);
}

mod unchosen;
