//! `[[target]]`: what figures should be, and the advice for when they are not.

use std::collections::{BTreeMap, BTreeSet};

use super::known::Lines;
use super::rules::{Better, Target};
use crate::model::written::Section;

/// Reads every `[[target]]`, with the lines of its names.
pub fn targets(root: &Section<'_>) -> (Vec<Target>, Vec<Lines>) {
    let mut seen = BTreeMap::new();
    let lines = |section: &Section<'_>| Lines {
        metric: section.line_of("metric"),
        column: section.line_of("column"),
        by: section.line_of("by"),
    };
    root.tables("target").iter().map(|section| (target(section, &mut seen), lines(section))).unzip()
}

type TargetLines = BTreeMap<(String, String, BTreeSet<String>, Option<String>), usize>;

fn target(section: &Section<'_>, seen: &mut TargetLines) -> Target {
    let (metric, column) = (section.text("metric"), section.text("column"));
    let mut by = Vec::new();
    for dimension in section.texts("by") {
        if by.contains(&dimension.value) {
            let what = format!("`{}` stands twice in `by`", dimension.value);
            section.problem(dimension.line, what, "name a dimension once");
        } else {
            by.push(dimension.value);
        }
    }
    let only = section.optional_text("only");
    if only.is_some() && by.len() != 1 {
        let way = "write by = [\"branch\"] beside it: the dimension that the group is one of";
        section.wrong("only", "`only` names one group of one dimension", way);
    }
    let better = section.one_of("better", &[("higher", Better::Higher), ("lower", Better::Lower)]);
    let (green, red) = (section.number("green"), section.number("red"));
    if section.has("green") && section.has("red") {
        bounds(section, better, green, red);
        percent(section, &column, green, red);
    }
    if !metric.is_empty() && !column.is_empty() {
        let key = (metric.clone(), column.clone(), by.iter().cloned().collect(), only.clone());
        let line = section.line();
        if let Some(earlier) = seen.insert(key, line) {
            let by = match (by.is_empty(), &only) {
                (true, _) => String::new(),
                (false, None) => format!(" by {}", by.join(", ")),
                (false, Some(group)) => format!(" by {} for `{group}`", by.join(", ")),
            };
            let what = format!("a second target for {metric}.{column}{by}");
            section.problem(line, what, format!("the first stands in line {earlier}: keep one"));
        }
    }
    let (title, advice) = (section.bilingual("title"), section.bilingual("advice"));
    let except = section.texts("except").into_iter().map(|row| row.value).collect();
    Target { metric, column, by, only, except, better: better.unwrap_or(Better::Higher), green, red, title, advice }
}

fn bounds(section: &Section<'_>, better: Option<Better>, green: f64, red: f64) {
    let (word, sign, turned) = match better {
        Some(Better::Higher) => ("higher", "above", green < red),
        Some(Better::Lower) => ("lower", "below", green > red),
        None => return,
    };
    if turned {
        let what = format!("green {green} and red {red} do not fit better = \"{word}\"");
        section.wrong("green", what, format!("green must lie {sign} red: swap the two, or change `better`"));
    }
}

/// Shares are of one. `green = 80` for a share would make every company green or red for good.
fn percent(section: &Section<'_>, column: &str, green: f64, red: f64) {
    let share = ["share", "rate"].iter().any(|end| column.ends_with(end));
    for (key, bound) in [("green", green), ("red", red)] {
        if share && bound.abs() > 1.0 {
            let what = format!("`{key}` = {bound} for {column}, which is a share of one");
            section.wrong(key, what, format!("write {bound} % as {}", bound / 100.0));
        }
    }
}
