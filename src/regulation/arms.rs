//! `[[arm]]`: the arms of a controlled test, and which of them is the control.

use super::rules::Arm;
use super::stages;
use crate::model::lang::{Text, both};
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
    stages::unique(&sections, "arm", arms.iter().map(|arm| arm.id.as_str()), ("группа", "the arm"));
    let Some(first) = sections.first() else { return arms };
    match arms.iter().filter(|arm| arm.is_control).count() {
        1 => {}
        0 => first.problem(
            first.line(),
            Text::new("ни одна группа не контрольная", "no arm is the control"),
            Text::new(
                "добавьте control = true той группе, в которой ничего не меняли",
                "add control = true to the arm that was left as it is",
            ),
        ),
        _ => first.problem(
            first.line(),
            Text::new("контрольных групп несколько", "several arms are the control"),
            Text::new("остальные сравниваются с одной: назовите её", "the others are compared with one: name that one"),
        ),
    }
    let written: Vec<f64> = arms.iter().filter_map(|arm| arm.share).collect();
    let total: f64 = written.iter().sum();
    if let Some((section, _)) = sections.iter().zip(&arms).find(|(_, arm)| arm.share == Some(0.0)) {
        section.wrong(
            "share",
            Text::new("группа с долей 0 не получает сделок", "an arm of the share 0 gets no deals"),
            Text::new("удалите группу или напишите её долю", "remove the arm, or write its share"),
        );
    } else if !written.is_empty() && written.len() < arms.len() {
        let what = Text::new("у одних групп есть доля, у других нет", "some arms have a share and some have none");
        first.problem(
            first.line(),
            what,
            Text::new(
                "напишите долю каждой или ни одной: тогда они равны",
                "write the share of each, or none: then all are equal",
            ),
        );
    } else if !written.is_empty() && (total - 1.0).abs() > ROUNDED {
        let what = both!("доли групп в сумме дают {total}", "the shares of the arms add up to {total}");
        first.problem(
            first.line(),
            what,
            Text::new("напишите доли, которые в сумме дают 1: 0.5 и 0.5", "write shares that add up to 1: 0.5 and 0.5"),
        );
    }
    arms
}
