//! `[[target]]`: what figures should be, and the advice for when they are not.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::{Better, NameLines, Target};
use crate::model::lang::{Text, both};
use crate::model::written::Section;

/// Reads every `[[target]]`, with the lines of its names.
pub fn targets(root: &Section<'_>) -> (Vec<Target>, Vec<NameLines>) {
    let mut seen = BTreeMap::new();
    let lines = |section: &Section<'_>| NameLines {
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
            let what = both!("`{}` стоит в `by` дважды", "`{}` stands twice in `by`", dimension.value);
            section.problem(dimension.line, what, Text::new("назовите разрез один раз", "name a dimension once"));
        } else {
            by.push(dimension.value);
        }
    }
    let only = section.optional_text("only");
    if only.is_some() && by.len() != 1 {
        let way = Text::new(
            "напишите рядом by = [\"branch\"]: разрез, к которому относится группа",
            "write by = [\"branch\"] beside it: the dimension that the group is one of",
        );
        section.wrong(
            "only",
            Text::new("`only` называет одну группу одного разреза", "`only` names one group of one dimension"),
            way,
        );
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
                (true, _) => Text::default(),
                (false, None) => both!(" по {}", " by {}", by.join(", ")),
                (false, Some(group)) => both!(" по {} для `{group}`", " by {} for `{group}`", by.join(", ")),
            };
            let what = both!("вторая цель для {metric}.{column}", "a second target for {metric}.{column}").and(by);
            section.problem(
                line,
                what,
                both!("первая стоит в строке {earlier}: оставьте одну", "the first stands in line {earlier}: keep one"),
            );
        }
    }
    let (title, advice) = (section.bilingual("title"), section.bilingual("advice"));
    let except = section.texts("except").into_iter().map(|row| row.value).collect();
    Target { metric, column, by, only, except, better: better.unwrap_or(Better::Higher), green, red, title, advice }
}

fn bounds(section: &Section<'_>, better: Option<Better>, green: f64, red: f64) {
    let (word, sign, turned) = match better {
        Some(Better::Higher) => ("higher", ("больше", "above"), green < red),
        Some(Better::Lower) => ("lower", ("меньше", "below"), green > red),
        None => return,
    };
    if turned {
        let what = both!(
            "green {green} и red {red} не подходят к better = \"{word}\"",
            "green {green} and red {red} do not fit better = \"{word}\""
        );
        section.wrong(
            "green",
            what,
            Text::new(
                format!("green должен быть {} red: поменяйте их местами или измените `better`", sign.0),
                format!("green must lie {} red: swap the two, or change `better`", sign.1),
            ),
        );
    }
}

/// Shares are of one. `green = 80` for a share would make every company green or red for good.
fn percent(section: &Section<'_>, column: &str, green: f64, red: f64) {
    let share = ["share", "rate"].iter().any(|end| column.ends_with(end));
    for (key, bound) in [("green", green), ("red", red)] {
        if share && bound.abs() > 1.0 {
            let what = both!(
                "`{key}` = {bound} для {column}, а это доля единицы",
                "`{key}` = {bound} for {column}, which is a share of one"
            );
            section.wrong(key, what, both!("{bound} % пишется как {}", "write {bound} % as {}", bound / 100.0));
        }
    }
}
