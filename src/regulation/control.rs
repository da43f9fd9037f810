//! What is controlled: the rules that a supervisor looks at, the load a manager can carry, quality control.

use std::collections::BTreeMap;

use super::rules::{ChecklistItem, Control, Load, Look, Quality};
use super::stages;
use crate::model::lang::{Text, both};
use crate::model::problem::hint;
use crate::model::written::{Section, Wrong};

/// The rules that Voronka can hold the work against: id, and title in Russian and English.
pub const RULES: [(&str, &str, &str); 13] = [
    ("response", "Первый ответ в срок", "First response in time"),
    ("stale", "Срок на этапе", "Time allowed in a stage"),
    ("evidence", "Основание этапа", "Evidence of the stage"),
    ("required", "Обязательные поля", "Required fields"),
    ("next_step", "Следующий шаг назначен", "A next step is planned"),
    ("skipped", "Этапы без пропусков", "No stage skipped"),
    ("moved_back", "Без возвратов назад", "No moves back"),
    ("over_cap", "Не больше касаний, чем можно", "Contacts within the cap"),
    ("out_of_hours", "Контакты в разрешённые часы", "Contacts within allowed hours"),
    ("after_refusal", "Тишина после отказа", "Silence after a refusal"),
    ("after_opt_out", "Никогда после отписки", "Never after an opt-out"),
    ("load", "Посильная нагрузка", "A load that can be carried"),
    ("mailing", "Рассылки в пределах нормы", "Mailings within their cap"),
];

/// All rules, with what `[[control]]` says of each.
pub fn controls(root: &Section<'_>) -> Vec<Control> {
    let sections = root.tables("control");
    let mut written: BTreeMap<String, (Option<Look>, Option<Text>)> = BTreeMap::new();
    let mut ids = Vec::new();
    for section in &sections {
        let known = |rule: &str| match RULES.iter().any(|(id, ..)| *id == rule) {
            true => Ok(rule.to_owned()),
            false => Err(Wrong::new(
                both!("нет правила `{rule}`", "there is no rule `{rule}`"),
                hint(rule, RULES.map(|(id, ..)| id)),
            )),
        };
        let rule = section.checked("rule", known).unwrap_or_default();
        let look = section.optional_one_of("look", &[("daily", Look::Daily), ("weekly", Look::Weekly)]);
        written.insert(rule.clone(), (look, section.optional_bilingual("advice")));
        ids.push(rule);
    }
    stages::unique(&sections, "rule", ids.iter().map(String::as_str), ("контроль для", "the control of"));
    let control = |(id, ru, en): (&str, &str, &str)| {
        let (look, advice) = written.get(id).cloned().unwrap_or_default();
        Control { rule: id.to_owned(), title: Text::new(ru, en), look, advice }
    };
    RULES.map(control).into()
}

/// `[load]`: what a manager can carry.
pub fn load(root: &Section<'_>) -> Load {
    let section = root.optional_table("load");
    let number = |key| section.as_ref().and_then(|section| section.optional_positive(key));
    Load { open_deals: number("open_deals"), touches_per_day: number("touches_per_day") }
}

/// `[quality]`: how many deals are drawn for an audit, and the checklist.
pub fn quality(root: &Section<'_>) -> Quality {
    let Some(section) = root.optional_table("quality") else { return Quality::default() };
    let sections = section.tables("item");
    let item = |section: &Section<'_>| ChecklistItem { id: section.text("id"), title: section.bilingual("title") };
    let checklist: Vec<_> = sections.iter().map(item).collect();
    stages::unique(
        &sections,
        "id",
        checklist.iter().map(|item| item.id.as_str()),
        ("пункт проверки", "the checklist item"),
    );
    Quality {
        sample: section.optional_positive("sample"),
        seed: section.optional_whole("seed").unwrap_or(Quality::default().seed),
        checklist,
    }
}
