use super::*;
use crate::metrics::{MetricColumn, Spending};
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
    let columns = MetricColumn::named(&units);
    #[allow(clippy::cast_precision_loss)]
    let row = |(name, won, leads): &(&str, i64, i64)| {
        let e = wilson(*won as f64, *leads as f64);
        let number = |n: f64| if n.is_finite() { Cell::Number(n) } else { Cell::Empty };
        vec![Cell::Text((*name).to_owned()), Cell::Count(*leads), number(e.value), number(e.low), number(e.high)]
    };
    Grid { columns, dimensions: 1, rows: rows.iter().map(row).collect() }
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
    let head: Vec<(&str, Unit)> = columns.iter().map(|(name, unit, _)| (*name, *unit)).collect();
    let row = columns.iter().map(|(_, _, value)| Cell::Number(*value)).collect();
    Grid { columns: MetricColumn::named(&head), dimensions: 0, rows: vec![row] }
}

fn of_company(column: &str, of: Option<&str>, columns: &[(&str, Unit, f64)]) -> Judged {
    let target = Target { column: column.to_owned(), by: Vec::new(), ..target(Better::Lower, 0.05, 0.15) };
    let mut grid = company(columns);
    let declared = grid.columns.iter_mut().filter(|declared| declared.name == column);
    declared.for_each(|declared| declared.of = of.map(str::to_owned));
    judge(&target, &grid, &[], GROUND).remove(0)
}

#[test]
fn a_company_with_few_cases_is_too_small_to_judge_as_well() {
    let waiting = |first_days_won: f64| {
        let shares = [("won", Unit::Count, 900.0), ("first_days_won", Unit::Count, first_days_won)];
        of_company(
            "waiting_share",
            Some("first_days_won"),
            &[&shares[..], &[("waiting_share", Unit::Share, 0.5)]].concat(),
        )
    };
    // 900 wins, but only those of the first days could have waited
    assert_eq!((waiting(29.0).verdict, waiting(29.0).unknown), (Verdict::Unknown, Some(Unknown::Small)));
    assert_eq!((waiting(30.0).verdict, waiting(30.0).unknown), (Verdict::Red, None));
    // what nobody counts cannot be small
    assert_eq!(of_company("cv_adjusted", None, &[("cv_adjusted", Unit::Ratio, 0.5)]).verdict, Verdict::Red);
    // the first of the known names, where no other is meant
    let cpl = [("leads", Unit::Count, 29.0), ("won", Unit::Count, 300.0), ("cpl", Unit::Money, 1.0)];
    assert_eq!(of_company("cpl", None, &cpl).unknown, Some(Unknown::Small));
}

#[test]
fn an_interval_says_no_more_cases_than_there_are() {
    let rate = |leads: f64, value: f64, low: f64, high: f64| {
        let ends = [("eventual_rate_low", Unit::Share, low), ("eventual_rate_high", Unit::Share, high)];
        let own = [("leads", Unit::Count, leads), ("eventual_rate", Unit::Share, value)];
        of_company("eventual_rate", Some("leads"), &[&own[..], &ends[..]].concat())
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
    let columns = MetricColumn::named(&[("week", Unit::Date), ("win_rate", Unit::Share)]);
    let rows =
        vec![vec![day(16), Cell::Number(0.5)], vec![day(23), Cell::Number(0.01)], vec![day(9), Cell::Number(0.5)]];
    let grid = Grid { columns, dimensions: 0, rows };
    let judged = judge(&target(Better::Higher, 0.12, 0.06), &grid, &[], GROUND);
    assert_eq!(judged.len(), 1);
    assert_eq!((judged[0].row, judged[0].verdict), (1, Verdict::Red));
}

#[test]
fn of_stages_by_horizon_each_is_judged_at_the_last() {
    let columns = [("stage", Unit::Text), ("horizon_days", Unit::Days), ("eventual", Unit::Share)];
    let columns = MetricColumn::named(&columns);
    let row =
        |stage: &str, days: f64, share: f64| vec![Cell::Text(stage.into()), Cell::Number(days), Cell::Number(share)];
    let rows = vec![row("new", 30.0, 0.1), row("new", 90.0, 0.2), row("offer", 30.0, 0.1), row("offer", 90.0, 0.3)];
    let grid = Grid { columns, dimensions: 0, rows };
    assert_eq!(grid.current_rows(), [1, 3]);
}

#[test]
fn nothing_to_judge_is_no_judgement() {
    assert_eq!(judge(&target(Better::Higher, 0.12, 0.06), &grid(&[]), &[], GROUND), vec![]);
}

/// Groups with more columns than a share: name, then numbers; an absent number is no value.
fn table(columns: &[(&str, Unit)], rows: &[(&str, &[Option<f64>])]) -> Grid {
    let columns = MetricColumn::named(&[&[("campaign", Unit::Text)], columns].concat());
    let text = |name: &str| if name.is_empty() { Cell::Empty } else { Cell::Text(name.to_owned()) };
    let row = |(name, numbers): &(&str, &[Option<f64>])| {
        let numbers = numbers.iter().map(|number| number.map_or(Cell::Empty, Cell::Number));
        [text(name)].into_iter().chain(numbers).collect()
    };
    Grid { columns, dimensions: 1, rows: rows.iter().map(row).collect() }
}

#[test]
fn a_value_known_within_bounds_is_judged_only_where_both_ends_agree() {
    let target = target(Better::Higher, 0.12, 0.06);
    let columns = ["leads", "win_rate", "win_rate_low", "win_rate_high", "win_rate_least", "win_rate_most", "undated"];
    let columns =
        columns.map(|name| (name, if ["leads", "undated"].contains(&name) { Unit::Count } else { Unit::Share }));
    let row = |value: Option<f64>, least: f64, most: f64| {
        let [low, high] = value.map_or([least, most], |value| [value, value]).map(|end| wilson(1000.0 * end, 1000.0));
        [Some(1000.0), value, Some(low.low), Some(high.high), Some(least), Some(most), Some(40.0)]
    };
    let rows = [
        row(Some(0.03), 0.02, 0.04),   // red at both ends
        row(Some(0.05), 0.02, 0.13),   // anything
        row(Some(0.20), 0.18, 0.22),   // green at both
        row(None, 0.02, 0.04),         // red at the better end, by more than chance
        row(None, 0.01, 0.059),        // red at both, and beyond the better end no longer
        row(None, 0.02, 0.13),         // anything
        row(None, 0.18, 0.30),         // green at both
        row(None, 0.08, 0.115),        // short of the target at both, and at the better end by chance
        row(Some(0.058), 0.04, 0.059), // red at both, but at the better end the miss of the target is shown as well
    ];
    let names = ["red", "partly", "green", "none", "edge", "none, partly", "none, green", "none, chance", "shown"];
    let rows: Vec<(&str, &[Option<f64>])> = names.into_iter().zip(rows.iter().map(|row| &row[..])).collect();
    let judged = judge(&target, &table(&columns, &rows), &[], GROUND);
    let found: Vec<(Verdict, Option<Unknown>)> = judged.iter().map(|one| (one.verdict, one.unknown)).collect();
    let partial = (Verdict::Unknown, Some(Unknown::Partial));
    let [red, green] = [Verdict::Red, Verdict::Green].map(|verdict| (verdict, None));
    let chance = (Verdict::Unknown, Some(Unknown::Unproven));
    assert_eq!(found, [red, partial, green, red, chance, partial, green, chance, red]);
    assert_eq!(judged[1].unknown_cases, Some((40.0, Some(1000.0))));
    // nobody is called better or worse than what is known in part
    assert!(judged.iter().all(|one| one.rest.is_none()), "{judged:#?}");
}

#[test]
fn what_has_no_name_is_no_group_and_no_peer() {
    let target = target(Better::Higher, 0.12, 0.06);
    let alike = grid(&[("a", 126, 1000), ("b", 126, 1000)]);
    let mut more = alike.clone();
    more.rows.extend(grid(&[("", 900, 1000)]).rows);
    more.rows[2][0] = Cell::Empty;
    let judged = judge(&target, &more, &[], GROUND);
    assert_eq!((judged[2].verdict, judged[2].unknown), (Verdict::Unknown, Some(Unknown::Unnamed)));
    assert_eq!(judged[2].rest, None);
    let rests = |judged: &[Judged]| [judged[0].rest, judged[1].rest];
    assert_eq!(rests(&judged), rests(&judge(&target, &alike, &[], GROUND)));
    assert_eq!(judged[0].rest.unwrap().proven, Some(false));
}

#[test]
fn rules_are_no_peers_of_one_another() {
    let share = ["win_rate", "win_rate_low", "win_rate_high"].map(|name| (name, Unit::Share));
    let columns = MetricColumn::named(&[&[("rule", Unit::Text)], &share[..]].concat());
    let row = |rule: &str, kept: f64| {
        let e = wilson(kept, 1000.0);
        vec![Cell::Text(rule.into()), Cell::Number(e.value), Cell::Number(e.low), Cell::Number(e.high)]
    };
    let rules = Grid { columns, dimensions: 0, rows: vec![row("calls", 900.0), row("tasks", 20.0)] };
    let target = target(Better::Higher, 0.12, 0.06);
    assert!(judge(&target, &rules, &[], GROUND).iter().all(|one| one.rest.is_none()));
    // the same rule in two branches is
    let mut branches = rules.clone();
    branches.columns.insert(0, MetricColumn::new("branch", Unit::Text, Text::default()));
    branches.dimensions = 1;
    let of = |branch: &str, row: &Vec<Cell>| [vec![Cell::Text(branch.into())], row.clone()].concat();
    branches.rows = ["north", "south"].iter().flat_map(|b| rules.rows.iter().map(move |row| of(b, row))).collect();
    let judged = judge(&target, &branches, &[], GROUND);
    assert!(judged.iter().all(|one| one.rest.is_some_and(|rest| rest.proven == Some(false))), "{judged:#?}");
    // one rule alone is still named
    let alone = Grid { rows: rules.rows[..1].to_vec(), ..rules };
    assert!(has_key(&alone, &alone.current_rows()));
}

#[test]
fn a_period_covered_in_part_judges_rates_and_no_sums() {
    let target = target(Better::Higher, 0.12, 0.06);
    let with = |covered: Covered| Ground { covered, ..GROUND };
    let rates = grid(&[("bad", 20, 1000)]);
    assert_eq!(judge(&target, &rates, &[], with(Covered::Part))[0].verdict, Verdict::Red);
    let none = judge(&target, &rates, &[], with(Covered::Nothing));
    assert_eq!((none[0].verdict, none[0].unknown), (Verdict::Unknown, Some(Unknown::Uncovered)));
    let sum = company(&[("leads", Unit::Count, 900.0), ("win_rate", Unit::Ratio, 0.01)]);
    let part = judge(&target, &sum, &[], with(Covered::Part));
    assert_eq!((part[0].verdict, part[0].unknown), (Verdict::Unknown, Some(Unknown::Uncovered)));
    assert_eq!(judge(&target, &sum, &[], GROUND)[0].verdict, Verdict::Red);
    // a number made of sums is incomplete with an interval too
    let ends = [("win_rate_low", Unit::Ratio, 0.005), ("win_rate_high", Unit::Ratio, 0.015)];
    let made = company(&[&[("leads", Unit::Count, 900.0), ("win_rate", Unit::Ratio, 0.01)], &ends[..]].concat());
    assert_eq!(judge(&target, &made, &[], with(Covered::Part))[0].unknown, Some(Unknown::Uncovered));
    assert_eq!(judge(&target, &made, &[], GROUND)[0].verdict, Verdict::Red);
}

#[test]
fn what_lost_most_money_matters_most_whatever_it_earned() {
    let target = Target { column: "romi".to_owned(), ..target(Better::Higher, 0.5, 0.0) };
    let columns = [("leads", Unit::Count), ("revenue", Unit::Money), ("spend", Unit::Money), ("romi", Unit::Share)];
    let row = |leads: f64, revenue: Option<f64>, spend: Option<f64>| {
        let romi = spend.zip(revenue).filter(|(spend, _)| *spend != 0.0).map(|(spend, revenue)| revenue / spend - 1.0);
        [Some(leads), revenue, spend, romi]
    };
    let rows = [
        ("aaa", row(31.0, Some(0.0), Some(10.0))),
        ("big", row(310.0, Some(20_000.0), Some(50_000.0))),
        ("zzz", row(310.0, Some(0.0), Some(34_000.0))),
        ("nobody", row(0.0, Some(0.0), Some(5_000.0))),
        ("few", row(2.0, Some(0.0), Some(1.0))),
        ("free", row(40.0, Some(900.0), None)),
        ("back", row(40.0, Some(900.0), Some(-30.0))),
        ("", row(99.0, Some(99_000.0), Some(100.0))),
    ];
    let rows: Vec<(&str, &[Option<f64>])> = rows.iter().map(|(name, row)| (*name, &row[..])).collect();
    let mut judged = judge(&target, &table(&columns, &rows), &[], GROUND);
    let verdict = |name: &str| {
        let one = judged.iter().find(|one| rows[one.row].0 == name).unwrap();
        (one.verdict, one.unknown)
    };
    for name in ["aaa", "big", "zzz", "nobody"] {
        assert_eq!(verdict(name), (Verdict::Red, None), "{name}");
    }
    assert_eq!(verdict("few"), (Verdict::Unknown, Some(Unknown::Small)));
    assert_eq!(verdict("free"), (Verdict::Unknown, Some(Unknown::NoData)));
    assert_eq!(verdict("back"), (Verdict::Unknown, Some(Unknown::NoData)));
    assert_eq!(verdict(""), (Verdict::Unknown, Some(Unknown::Unnamed)));
    judged.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let order: Vec<&str> = judged.iter().take(4).map(|one| rows[one.row].0).collect();
    assert_eq!(order, ["zzz", "big", "nobody", "aaa"]);
    // where no lead bears the name of anything that money was spent on, the two speak of different things
    let apart: Vec<(&str, &[Option<f64>])> =
        rows.iter().filter(|(name, _)| ["nobody", "free"].contains(name)).copied().collect();
    let judged = judge(&target, &table(&columns, &apart), &[], GROUND);
    assert!(judged.iter().all(|one| one.unknown == Some(Unknown::NoData)), "{judged:#?}");
}

mod unchosen;

#[test]
fn money_spent_is_the_column_that_is_declared_to_be() {
    let target = Target { column: "romi".to_owned(), ..target(Better::Higher, 0.5, 0.0) };
    let columns = [("leads", Unit::Count), ("budget", Unit::Money), ("romi", Unit::Share)];
    let rows: [(&str, &[Option<f64>]); 2] =
        [("paid", &[Some(400.0), Some(9_000.0), Some(-0.4)]), ("free", &[Some(400.0), Some(0.0), Some(-0.4)])];
    let mut grid = table(&columns, &rows);
    // a metric that declares no spend is judged by its value alone
    let verdicts = |grid: &Grid| judge(&target, grid, &[], GROUND).iter().map(|one| one.unknown).collect::<Vec<_>>();
    assert_eq!(verdicts(&grid), [None, None]);
    grid.columns
        .iter_mut()
        .filter(|column| column.name == "budget")
        .for_each(|column| column.spending = Some(Spending::Sum));
    assert_eq!(verdicts(&grid), [None, Some(Unknown::NoData)]);
}
