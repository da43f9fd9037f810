//! Charts that are hard to draw: nothing, one thing, too many things, too long names, too large and negative numbers.

use super::{document, iso, wave, weeks};
use crate::model::lang::Lang;
use crate::model::unit::Unit;
use crate::report::document::*;

/// All charts of the sample, then the hard ones.
pub fn charts(lang: Lang) -> Vec<Chart> {
    let blocks = document(lang).sections.into_iter().flat_map(|s| s.blocks);
    let sample = blocks.filter_map(|block| if let Block::Chart(chart) = block { Some(chart) } else { None });
    sample.chain(hard_charts()).collect()
}

/// A document of the hard charts alone, to be looked at.
pub fn hard(lang: Lang) -> Document {
    let mut doc = document(lang);
    doc.name = "hard".into();
    doc.sections.truncate(1);
    doc.sections[0].blocks = hard_charts().into_iter().map(Block::Chart).collect();
    doc
}

fn series(labels: Vec<String>, lines: Vec<(&str, Vec<Option<f64>>)>, unit: Unit) -> Series {
    Series { labels, lines: lines.into_iter().map(|(name, values)| (name.to_string(), values)).collect(), unit }
}

fn names(count: usize) -> Vec<String> {
    let long = [
        "Ромашка",
        "Общество с ограниченной ответственностью «Рога, копыта и сыновья»",
        "X",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ-1234567890-ЩЩЩЩЩЩЩЩ",
    ];
    (0..count).map(|i| format!("{} {i}", long[i % long.len()])).collect()
}

fn line(count: usize, base: f64, salt: f64) -> Vec<Option<f64>> {
    (0..count).map(|i| Some(base * wave(i, salt))).collect()
}

fn hard_charts() -> Vec<Chart> {
    let long = "Очень длинное имя ряда, которое не помещается даже в одну строку узкого экрана телефона, и ещё немного";
    let near: Vec<(&str, Vec<Option<f64>>)> = vec![
        ("один", line(20, 0.20, 0.0)),
        ("два", line(20, 0.201, 0.0)),
        ("три", line(20, 0.202, 0.0)),
        ("четыре", line(20, 0.001, 0.0)),
    ];
    let plots = vec![
        ("one-bar", Plot::Stacked(series(iso(&weeks(1)), vec![("a", vec![Some(1.0)])], Unit::Count))),
        (
            "all-zero",
            Plot::Grouped(series(
                iso(&weeks(8)),
                vec![("a", vec![Some(0.0); 8]), ("b", vec![Some(0.0); 8])],
                Unit::Money,
            )),
        ),
        (
            "two-years",
            Plot::Stacked(series(
                iso(&weeks(110)),
                vec![("a", line(110, 4.2e9, 0.0)), (long, line(110, 3.1e9, 1.0))],
                Unit::Money,
            )),
        ),
        (
            "below-zero",
            Plot::Stacked(series(
                iso(&weeks(12)),
                vec![("прибыль", line(12, 90_000.0, 0.0)), ("убыток", line(12, -40_000.0, 1.0))],
                Unit::Money,
            )),
        ),
        ("loss-only", Plot::Grouped(series(names(5), vec![("убыток", line(5, -40_000.0, 1.0))], Unit::Money))),
        (
            "many-parts",
            Plot::Stacked(series(
                iso(&weeks(9)),
                names(9).iter().map(|n| (n.as_str(), line(9, 10.0, 0.5))).collect(),
                Unit::Count,
            )),
        ),
        (
            "near-lines",
            Plot::Lines { series: series(iso(&weeks(20)), near, Unit::Share), band: None, young_from: None },
        ),
        (
            "all-young",
            Plot::Lines {
                series: series(iso(&weeks(3)), vec![("a", line(3, 0.5, 0.0))], Unit::Share),
                band: Some(vec![Some((0.3, 0.7)), None, Some((0.3, 0.9))]),
                young_from: Some(0),
            },
        ),
        (
            "last-young",
            Plot::Lines {
                series: series(iso(&weeks(40)), vec![("a", line(40, 61_000.0, 0.0))], Unit::Minutes),
                band: None,
                young_from: Some(39),
            },
        ),
        (
            "one-point",
            Plot::Lines {
                series: series(iso(&weeks(1)), vec![("a", vec![Some(3.0)])], Unit::Days),
                band: None,
                young_from: None,
            },
        ),
        (
            "no-point",
            Plot::Lines {
                series: series(iso(&weeks(4)), vec![("a", vec![None, Some(f64::NAN), None, None])], Unit::Days),
                band: None,
                young_from: None,
            },
        ),
        (
            "high-line",
            Plot::Lines {
                series: series(
                    names(6),
                    vec![("a", vec![Some(0.91), Some(0.935), Some(0.93), Some(0.96), Some(0.95), Some(0.94)])],
                    Unit::Share,
                ),
                band: None,
                young_from: None,
            },
        ),
        (
            "word-line",
            Plot::Lines {
                series: series(
                    (1..=30).map(|i| format!("{i}-е касание")).collect(),
                    vec![("шанс", line(30, 0.08, 0.0))],
                    Unit::Share,
                ),
                band: None,
                young_from: None,
            },
        ),
        (
            "funnel-of-one",
            Plot::Funnel {
                stages: names(2),
                reached: vec![3.0, 9_999_999.0],
                open: vec![5.0, 0.0],
                lost: vec![f64::NAN, 12.0],
                unplaced: vec![1.0, 0.0],
                shares: vec![None, Some(3_333_333.0)],
            },
        ),
        (
            "intervals-around-zero",
            Plot::Intervals {
                labels: names(5),
                points: vec![
                    Some((-0.4, -1.2, 0.3)),
                    Some((0.2, 0.1, 0.3)),
                    None,
                    Some((0.0, 0.0, 0.0)),
                    Some((2.0, 1.0, 3.0)),
                ],
                reference: Some(-1.2),
                unit: Unit::Ratio,
            },
        ),
        (
            "intervals-of-money",
            Plot::Intervals {
                labels: names(3),
                points: vec![
                    Some((1_234_567.0, 1_000_000.0, 2_345_678.0)),
                    Some((12_345.0, 10_000.0, 23_456.0)),
                    Some((9e6, 8e6, 1e7)),
                ],
                reference: Some(1e7),
                unit: Unit::Money,
            },
        ),
        (
            "intervals-one",
            Plot::Intervals {
                labels: vec!["A".into()],
                points: vec![Some((0.5, 0.5, 0.5))],
                reference: None,
                unit: Unit::Share,
            },
        ),
        (
            "heat-of-money",
            Plot::Heat {
                rows: names(4),
                columns: names(7),
                values: (0..4).map(|r| line(7, -1_234_567.0 + 900_000.0 * r as f64, 0.0)).collect(),
                pivot: 0.0,
                unit: Unit::Money,
            },
        ),
        (
            "heat-long",
            Plot::Heat {
                rows: iso(&weeks(3)),
                columns: (0..40).map(|i| i.to_string()).collect(),
                values: (0..3).map(|r| line(40, 0.5 * r as f64, 0.0)).collect(),
                pivot: 1.0,
                unit: Unit::Ratio,
            },
        ),
    ];
    let chart = |(id, plot): (&str, Plot)| Chart {
        id: id.into(),
        title: format!("{id}: {long}"),
        source: format!("{id}, {long} {long}"),
        plot,
    };
    plots.into_iter().map(chart).collect()
}
