//! `[[stage]]`: the funnel, in order.

use std::collections::BTreeMap;

use super::condition::{self, Condition};
use super::duration::{self, Lengths};
use super::rules::{Stage, Terminal};
use crate::model::lang::{Text, both};
use crate::model::problem::{hint, meant, nearest};
use crate::model::written::{Section, Wrong};

/// Reads every `[[stage]]`, and checks that together they make a funnel.
pub fn stages(root: &Section<'_>, lengths: Lengths) -> Vec<Stage> {
    let sections = root.tables("stage");
    let mut stages = Vec::new();
    for (section, position) in sections.iter().zip(1..) {
        let stage = Stage {
            id: section.text("id"),
            title: section.bilingual("title"),
            position,
            terminal: section.optional_one_of("terminal", &[("won", Terminal::Won), ("lost", Terminal::Lost)]),
            qualified: section.boolean("qualified"),
            parking: section.boolean("parking"),
            sla_hours: section.optional_checked("sla", |sla| Ok(duration::minutes(sla, lengths)? / 60.0)),
            meaning: section.optional_bilingual("meaning"),
            evidence: section.optional_checked("evidence", Condition::evidence),
            required: required(section),
            next_step: section.optional_bilingual("next_step"),
            expected_share: share(section, "expected_share"),
            advice: section.optional_bilingual("advice"),
        };
        if stage.terminal.is_some() && section.has("sla") {
            let what =
                both!("этап `{}` — конечный, и у него есть срок", "stage `{}` is terminal and has an SLA", stage.id);
            section.wrong(
                "sla",
                what,
                Text::new(
                    "с конечного этапа сделка не уходит: удалите sla",
                    "a deal does not leave a terminal stage: remove the sla",
                ),
            );
        }
        if stage.terminal == Some(Terminal::Lost) && stage.qualified {
            let what = both!(
                "этап отказа `{}` не может быть этапом квалификации",
                "the lost stage `{}` cannot be the qualified one",
                stage.id
            );
            section.wrong(
                "qualified",
                what,
                Text::new(
                    "отметьте этап, с которого лиду стоит продавать",
                    "mark the stage from which on a lead is worth selling to",
                ),
            );
        }
        if stage.parking {
            parking(section, &stage);
        }
        stages.push(stage);
    }
    unique(&sections, "id", stages.iter().map(|s| s.id.as_str()), ("этап", "stage"));
    order(&sections, &stages);
    numbers(root, &sections, &stages);
    stages
}

/// A place to wait in says nothing of how far a deal has come, so it can be neither an end nor a mark on the way.
fn parking(section: &Section<'_>, stage: &Stage) {
    let id = &stage.id;
    if stage.terminal.is_some() {
        let what = both!("этап `{id}` — конечный, и он же стоянка", "stage `{id}` is terminal and a parking place");
        section.wrong(
            "parking",
            what,
            Text::new(
                "с конечного этапа сделка не уходит: удалите parking",
                "a deal does not leave a terminal stage: remove the parking",
            ),
        );
    }
    if stage.qualified {
        let what = both!(
            "этап `{id}` — этап квалификации, и он же стоянка",
            "stage `{id}` is the qualified one and a parking place"
        );
        section.wrong(
            "parking",
            what,
            Text::new(
                "стоянка — не шаг воронки: отметьте qualified у шага",
                "a parking place is no step of the funnel: mark a step as qualified",
            ),
        );
    }
    if section.has("expected_share") {
        let what = both!(
            "этап `{id}` — стоянка, и у него есть ожидаемая доля",
            "stage `{id}` is a parking place and has an expected share"
        );
        section.wrong(
            "expected_share",
            what,
            Text::new(
                "стоянка — не шаг, с неё не продвигаются: удалите expected_share",
                "nobody advances from what is no step: remove the expected_share",
            ),
        );
    }
}

/// The columns that must be filled. A name of the company's own is known to the store alone; a near miss is a slip.
fn required(section: &Section<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for name in section.texts("required") {
        let near = nearest(&name, condition::deal_columns());
        match near.filter(|near| *near != name.as_str()) {
            Some(near) => {
                let what = both!("у сделок нет столбца `{}`", "deals have no column `{}`", name.value);
                section.problem(name.line, what, meant(near));
            }
            None => names.push(name.value),
        }
    }
    names
}

/// A share of one that may be absent.
pub fn share(section: &Section<'_>, key: &str) -> Option<f64> {
    let share = section.optional_number(key)?;
    match (0.0..=1.0).contains(&share) {
        true => Some(share),
        false => {
            let what = both!("`{key}` = {share} — не доля единицы", "`{key}` = {share} is no share of one");
            section.wrong(key, what, both!("{share} % пишется как {}", "write {share} % as {}", share / 100.0));
            None
        }
    }
}

/// The id of a stage that there is.
pub fn known(id: &str, stages: &[Stage]) -> Result<String, Wrong> {
    match stages.iter().any(|stage| stage.id == id) {
        true => Ok(id.to_owned()),
        false => Err(Wrong::new(
            both!("нет этапа `{id}`", "there is no stage `{id}`"),
            hint(id, stages.iter().map(|s| s.id.as_str())),
        )),
    }
}

/// Refuses ids that stand twice. `ids` are those of `sections`, in order.
pub fn unique<'a>(sections: &[Section<'_>], key: &str, ids: impl Iterator<Item = &'a str>, (ru, en): (&str, &str)) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (section, id) in sections.iter().zip(ids).filter(|(_, id)| !id.is_empty()) {
        let line = section.line_of(key);
        if id.trim() != id {
            section.wrong(
                key,
                both!("`{id}` начинается или кончается пробелом", "`{id}` begins or ends with a blank"),
                both!("напишите {key} = \"{}\"", "write {key} = \"{}\"", id.trim()),
            );
        }
        match seen.get(id) {
            Some(earlier) => {
                section.wrong(
                    key,
                    both!("{ru} `{id}` — дважды", "{en} `{id}` is written twice"),
                    both!("это уже стоит в строке {earlier}", "it stands in line {earlier} already"),
                );
            }
            None => drop(seen.insert(id, line)),
        }
    }
}

fn order(sections: &[Section<'_>], stages: &[Stage]) {
    let mut ended: Option<&Stage> = None;
    for (section, stage) in sections.iter().zip(stages) {
        match (stage.terminal, ended) {
            (None, Some(end)) => {
                let what = both!(
                    "этап `{}` стоит после конечного этапа `{}`",
                    "stage `{}` stands after the terminal stage `{}`",
                    stage.id,
                    end.id
                );
                section.problem(
                    section.line(),
                    what,
                    Text::new(
                        "конечные этапы — последние: поставьте этот [[stage]] выше них",
                        "terminal stages come last: move this [[stage]] above them",
                    ),
                );
            }
            (Some(Terminal::Won), Some(end)) if end.terminal == Some(Terminal::Lost) => {
                let what = both!(
                    "этап успеха `{}` стоит после этапа отказа `{}`",
                    "the won stage `{}` stands after the lost stage `{}`",
                    stage.id,
                    end.id
                );
                section.problem(
                    section.line(),
                    what,
                    Text::new(
                        "из конечных этапов первым идёт этап успеха",
                        "the won stage comes first of the terminal ones",
                    ),
                );
            }
            _ => {}
        }
        if stage.terminal.is_some() {
            ended = Some(stage);
        }
    }
}

/// One stage is the one from which on a lead counts as qualified.
fn one_qualified(first: &Section<'_>, sections: &[Section<'_>], stages: &[Stage]) {
    let mut qualified = sections.iter().zip(stages).filter(|(_, s)| s.qualified);
    let known = sections.iter().all(|section| !section.has("qualified"));
    match qualified.next() {
        None if known => {
            let hint = Text::new(
                "добавьте qualified = true этапу, с которого лиду стоит продавать",
                "add qualified = true to the stage from which on a lead is worth selling to",
            );
            first.problem(first.line(), Text::new("нет этапа квалификации", "no stage is the qualified one"), hint);
        }
        None => {}
        Some((_, one)) => {
            for (section, stage) in qualified {
                let what = both!(
                    "`{}` — второй этап квалификации, после `{}`",
                    "`{}` is a second qualified stage, after `{}`",
                    stage.id,
                    one.id
                );
                section.wrong(
                    "qualified",
                    what,
                    Text::new(
                        "отметьте только самый ранний: следующие за ним и так считаются",
                        "mark the earliest only: the later ones count as qualified anyway",
                    ),
                );
            }
        }
    }
}

/// One won stage, at least one lost, at least one open, one qualified.
fn numbers(root: &Section<'_>, sections: &[Section<'_>], stages: &[Stage]) {
    let Some(first) = sections.first() else {
        return root.problem(
            0,
            Text::new("нет ни одного [[stage]]", "there is no [[stage]]"),
            Text::new(
                "перечислите этапы воронки по порядку, в конце — успех и отказ",
                "list the funnel's stages in order, the won and the lost one last",
            ),
        );
    };
    let of = |terminal| sections.iter().zip(stages).filter(move |(_, s)| s.terminal == terminal);
    // a misspelt terminal is a problem of its own: do not also call the stage missing
    let certain = sections.iter().zip(stages).all(|(section, s)| s.terminal.is_some() || !section.has("terminal"));
    if certain && of(Some(Terminal::Won)).count() == 0 {
        first.problem(
            first.line(),
            Text::new("нет этапа успеха", "no stage is the won one"),
            Text::new(
                "добавьте terminal = \"won\" этапу успешных сделок",
                "add terminal = \"won\" to the stage of successful deals",
            ),
        );
    }
    if certain && of(Some(Terminal::Lost)).count() == 0 {
        first.problem(
            first.line(),
            Text::new("нет этапа отказа", "no stage is the lost one"),
            Text::new(
                "добавьте terminal = \"lost\" этапу сделок, по которым отказ",
                "add terminal = \"lost\" to the stage of failed deals",
            ),
        );
    }
    if certain && !stages.iter().any(|stage| stage.terminal.is_none() && !stage.parking) {
        first.problem(
            first.line(),
            Text::new("все этапы — конечные или стоянки", "every stage is terminal or a parking place"),
            Text::new(
                "добавьте этапы, которые сделка проходит до конца",
                "add the stages that a deal goes through before it ends",
            ),
        );
    }
    for (section, stage) in of(Some(Terminal::Won)).skip(1) {
        let what = both!("`{}` — второй этап успеха", "`{}` is a second won stage", stage.id);
        section.wrong(
            "terminal",
            what,
            Text::new(
                "этап успеха один: пусть маппинг переводит в него оба",
                "there is one won stage: let the mapping translate both to it",
            ),
        );
    }
    one_qualified(first, sections, stages);
}
