//! `[[arm]]`: the arms of a controlled test, and which of them is the control.

use super::rules::Arm;
use super::stages;
use crate::model::written::Section;

/// How far the shares of all arms may be from one: people write thirds as 0.33.
const ROUNDED: f64 = 0.02;

/// Reads every `[[arm]]`: one is the control, and either all or none have a share.
pub fn arms(root: &Section<'_>) -> Vec<Arm> {
    let sections = root.tables("arm");
    let read = |section: &Section<'_>| Arm {
        id: section.text("arm"),
        is_control: section.boolean("control"),
        share: stages::share(section, "share"),
    };
    let arms: Vec<_> = sections.iter().map(read).collect();
    stages::unique(&sections, "arm", arms.iter().map(|arm| arm.id.as_str()), "the arm");
    let Some(first) = sections.first() else { return arms };
    match arms.iter().filter(|arm| arm.is_control).count() {
        1 => {}
        0 => {
            first.problem(first.line(), "no arm is the control", "add control = true to the arm that was left as it is")
        }
        _ => first.problem(
            first.line(),
            "several arms are the control",
            "the others are compared with one: name that one",
        ),
    }
    let written: Vec<f64> = arms.iter().filter_map(|arm| arm.share).collect();
    let total: f64 = written.iter().sum();
    if let Some((section, _)) = sections.iter().zip(&arms).find(|(_, arm)| arm.share == Some(0.0)) {
        section.wrong("share", "an arm of the share 0 gets no deals", "remove the arm, or write its share");
    } else if !written.is_empty() && written.len() < arms.len() {
        let what = "some arms have a share and some have none";
        first.problem(first.line(), what, "write the share of each, or none: then all are equal");
    } else if !written.is_empty() && (total - 1.0).abs() > ROUNDED {
        let what = format!("the shares of the arms add up to {total}");
        first.problem(first.line(), what, "write shares that add up to 1: 0.5 and 0.5");
    }
    arms
}
