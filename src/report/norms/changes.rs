//! What changed since the edition of the regulation before, in words.

use super::facts::{Item, Teller};
use crate::model::lang::Lang;
use crate::model::unit::Unit;
use crate::regulation::{Edition, Regulation};
use crate::report::definition::{Norms, Topic};
use crate::report::document::{Block, Cell, Column, Table};
use crate::report::phrases::Phrases;

/// Something that is not as it was: where it stands, what it is, what it was and is now.
#[derive(Debug, PartialEq)]
struct Change([String; 4]);

/// What changed, or why that cannot be told.
pub(super) fn changes(regulation: &Regulation, teller: &Teller<'_>, say: &Phrases<'_>, part: &Norms) -> Vec<Block> {
    let Some(before) = regulation.before() else {
        return vec![Block::Text(none_before(say))];
    };
    let Some(old) = &before.regulation else {
        return vec![Block::Notice(unreadable(say, before))];
    };
    let changes = compared(teller, old, regulation);
    let lead = Block::Text(lead(say, regulation, before, changes.len()));
    if changes.is_empty() {
        return vec![lead];
    }
    let heads = [
        ("where", say.pick("Где", "Where")),
        ("what", say.pick("Что", "What")),
        ("was", say.pick("Было", "Was")),
        ("is", say.pick("Стало", "Is now")),
    ];
    let column =
        |(name, title): (&str, &str)| Column { name: name.to_owned(), title: title.to_owned(), unit: Unit::Text };
    let cell = |text: String| if text.is_empty() { Cell::Empty } else { Cell::Text(text) };
    let table = Table {
        id: part.id.clone(),
        title: say.text(&part.title).to_owned(),
        columns: heads.map(column).into(),
        rows: changes.into_iter().map(|Change(texts)| texts.map(cell).into()).collect(),
        source: say.pick("регламент", "the regulation").to_owned(),
    };
    vec![lead, Block::Table(table)]
}

fn none_before(say: &Phrases<'_>) -> String {
    say.pick(
        "Прежней редакции хранилище не знает, сравнить не с чем. Каждая загрузка сохраняет действующую редакцию; новую начинайте \
         с новой даты valid_from.",
        "The store knows of no edition before this one, so there is nothing to compare with. Each ingest keeps the edition in \
         force; begin a new one with a new date valid_from.",
    )
    .to_owned()
}

fn unreadable(say: &Phrases<'_>, before: &Edition) -> String {
    let ingest = before.ingest;
    match say.lang {
        Lang::Ru => {
            format!(
                "Прежнюю редакцию, сохранённую загрузкой {ingest}, эта версия программы не читает: сравнить не с чем."
            )
        }
        Lang::En => format!(
            "The edition before this one, kept by ingest {ingest}, cannot be read by this version of the program: there is \
             nothing to compare with."
        ),
    }
}

fn lead(say: &Phrases<'_>, now: &Regulation, before: &Edition, number: usize) -> String {
    let from = |day: Option<chrono::NaiveDate>| match (day, say.lang) {
        (Some(day), Lang::Ru) => format!("с {}", say.numbers.date(day)),
        (Some(day), Lang::En) => format!("from {}", say.numbers.date(day)),
        (None, Lang::Ru) => "без даты".to_owned(),
        (None, Lang::En) => "without a date".to_owned(),
    };
    let (is, was, ingest) = (from(now.valid_from()), from(before.valid_from), before.ingest);
    match (number, say.lang) {
        (0, Lang::Ru) => format!(
            "Эта редакция действует {is}, прежняя — {was} (её сохранила загрузка {ingest}). Правила те же, изменились лишь \
             пояснения в файле."
        ),
        (0, Lang::En) => format!(
            "This edition is in force {is}, the one before it {was} (kept by ingest {ingest}). The rules are the same; only \
             the comments in the file have changed."
        ),
        (_, Lang::Ru) => {
            format!("Эта редакция действует {is}, прежняя — {was} (её сохранила загрузка {ingest}). Отличий: {number}.")
        }
        (_, Lang::En) => format!(
            "This edition is in force {is}, the one before it {was} (kept by ingest {ingest}). Differences: {number}."
        ),
    }
}

/// All differences, part by part.
fn compared(teller: &Teller<'_>, old: &Regulation, new: &Regulation) -> Vec<Change> {
    let mut changes = Vec::new();
    for topic in Topic::ALL {
        of_part(teller, topic, &teller.items(topic, old), &teller.items(topic, new), &mut changes);
    }
    changes
}

fn of_part(teller: &Teller<'_>, topic: Topic, old: &[Item], new: &[Item], changes: &mut Vec<Change>) {
    let lang = teller.numbers.lang;
    let place = |item: &Item| match topic.has_items() {
        true => format!("{} «{}»", topic.title().get(lang), item.title),
        false => topic.title().get(lang).to_owned(),
    };
    let find = |items: &[Item], id: &str| items.iter().position(|item| item.id == id);
    for item in old.iter().filter(|item| find(new, &item.id).is_none()) {
        let what = lang.pick("больше нет", "no more").to_owned();
        changes.push(Change([place(item), what, whole(topic, item, lang), String::new()]));
    }
    for item in new {
        let Some(was) = find(old, &item.id).map(|at| &old[at]) else {
            let what = lang.pick("добавлено", "added").to_owned();
            changes.push(Change([place(item), what, String::new(), whole(topic, item, lang)]));
            continue;
        };
        if was.title != item.title && topic.has_items() {
            let what = lang.pick("Название", "Title").to_owned();
            changes.push(Change([place(item), what, was.title.clone(), item.title.clone()]));
        }
        for stated in topic.states() {
            let facts = [was.fact(stated.key), item.fact(stated.key)];
            // the codes of the file change with the words that say the same, or tell what the words do not
            if facts[0] != facts[1] && !is_said_by_another(topic, stated.key, was, item) {
                let [before, now] = facts.map(|fact| fact.unwrap_or_default().to_owned());
                changes.push(Change([place(item), stated.title().get(lang).to_owned(), before, now]));
            }
        }
    }
    let both = |items: &[Item], others: &[Item]| -> Vec<String> {
        items.iter().filter(|item| find(others, &item.id).is_some()).map(|item| item.id.clone()).collect()
    };
    let ordered = matches!(topic, Topic::Stage | Topic::ClientKind);
    if ordered && both(old, new) != both(new, old) {
        let titles = |items: &[Item]| items.iter().map(|item| item.title.clone()).collect::<Vec<_>>().join(" → ");
        let (place, what) = (topic.title().get(lang).to_owned(), lang.pick("Порядок", "Order").to_owned());
        changes.push(Change([place, what, titles(old), titles(new)]));
    }
}

/// Whether a fact is the text in the file behind another that has changed as well.
fn is_said_by_another(topic: Topic, key: &str, old: &Item, new: &Item) -> bool {
    let words = match (topic, key) {
        (Topic::Stage, "evidence_sql") => "evidence",
        (Topic::Stage, "required_columns") => "required",
        (Topic::ClientKind, "when_sql") => "when",
        _ => return false,
    };
    old.fact(words) != new.fact(words)
}

/// All that an item states, in one text.
fn whole(topic: Topic, item: &Item, lang: Lang) -> String {
    let stated = topic.states().iter().filter_map(|stated| {
        let fact = item.fact(stated.key)?;
        Some(format!("{}: {fact}", stated.title().get(lang)))
    });
    stated.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::render::number::Numbers;

    const OLD: &str = "\
valid_from = 2025-01-01
company = { name = 'Proof', currency = 'RUB', time_zone = 'Europe/Moscow', language = 'ru' }
schedule = { mon = '09:00-18:00', tue = 'off', wed = 'off', thu = 'off', fri = 'off', sat = 'off', sun = 'off' }
response = { sla = '30m' }
stage = [
  { id = 'new', title = { ru = 'Новая', en = 'New' }, sla = '2h' },
  { id = 'talk', title = { ru = 'Разговор', en = 'Talk' }, evidence = 'call >= 1' },
  { id = 'offer', title = { ru = 'Предложение', en = 'Offer' }, qualified = true },
  { id = 'won', title = 'Won', terminal = 'won' },
  { id = 'lost', title = 'Lost', terminal = 'lost' },
]
cap = [{ kind = 'call', per_week = 3 }]
";

    fn changes(replaced: &[(&str, &str)]) -> Vec<[String; 4]> {
        let mut text = OLD.to_owned();
        for (from, to) in replaced {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, to, 1);
        }
        let [old, new] = [OLD, &text].map(|text| Regulation::parse("r.toml", text).unwrap());
        let teller = Teller { numbers: Numbers { lang: Lang::Ru, currency: "₽" }, unit: &|_, _| Unit::Share };
        compared(&teller, &old, &new).into_iter().map(|Change(texts)| texts.map(|t| t.replace('\u{a0}', " "))).collect()
    }

    #[test]
    fn what_changed_is_told_once_and_in_words() {
        let one = |from: &str, to: &str| changes(&[(from, to)]);
        assert!(changes(&[]).is_empty() && one("valid_from", "# a comment\nvalid_from").is_empty());
        assert_eq!(one("'2h'", "'4h'"), [["Этап «Новая»", "Сколько можно стоять", "2 рабочих часа", "4 рабочих часа"]]);
        // the words and the condition of the file are one change
        assert_eq!(
            one("call >= 1", "call >= 2"),
            [["Этап «Разговор»", "Можно перевести, если уже было", "хотя бы один звонок", "звонков не меньше 2"]]
        );
        assert_eq!(one("per_week = 3", "per_month = 9").len(), 2);
        assert_eq!(one("ru = 'Новая'", "ru = 'Свежая'"), [["Этап «Свежая»", "Название", "Новая", "Свежая"]]);
    }

    #[test]
    fn what_came_and_what_went_is_told_whole() {
        let told = changes(&[("cap = [{ kind = 'call', per_week = 3 }]", "cap = [{ kind = 'sms', per_week = 2 }]")]);
        assert_eq!(
            told,
            [
                ["Предел касаний «звонки»", "больше нет", "Не больше в неделю: 3; Не больше в месяц: без предела", ""],
                ["Предел касаний «SMS»", "добавлено", "", "Не больше в неделю: 2; Не больше в месяц: без предела"],
            ]
        );
    }

    #[test]
    fn another_order_of_stages_is_a_change() {
        let talk = "  { id = 'talk', title = { ru = 'Разговор', en = 'Talk' }, evidence = 'call >= 1' },\n";
        let told = changes(&[(talk, ""), ("  { id = 'won'", &format!("{talk}  {{ id = 'won'"))]);
        let orders = ["Новая → Разговор → Предложение → Won → Lost", "Новая → Предложение → Разговор → Won → Lost"];
        assert_eq!(told, [["Этап", "Порядок", orders[0], orders[1]]]);
    }
}
