//! How a draft says which deals were won and lost.

use super::outcome::{Ended, ended};
use super::roles::Given;
use super::source_column::Column;
use super::texts::{Say, quoted, remark};

/// The line of `status`, where there is something to say; `stages` are the columns of the stage.
pub(super) fn line(columns: &[Column], given: &[Given], stages: &[&Column], say: Say) -> Option<String> {
    let free = |at: usize| !given.iter().any(|one| one.at == at);
    // a column of its own says it better than the name of a stage
    let says_all = |column: &Column| {
        let words = column.seen.words.as_ref();
        words.is_some_and(|words| {
            words.keys().any(|word| ended(word) != Ended::Open)
                && words.keys().all(|word| ended(word) != Ended::Open || is_open(word))
        })
    };
    let own = columns.iter().enumerate().find(|(at, column)| free(*at) && column.says("status") && says_all(column));
    match (own, stages) {
        (Some((_, column)), _) => Some(from(column, say)),
        (None, [column]) => Some(from(column, say)),
        (None, []) => {
            let has = |role: &str| given.iter().any(|one| one.role == role);
            (has("amount") || has("closed_at")).then(|| {
                say.say(
                    "status = \"?\" # ? чем кончились сделки: столбец; { const = \"won\" }, если здесь только продажи; или удалите строку: исход неизвестен",
                    "status = \"?\" # ? how the deals ended: a column; { const = \"won\" } if these are sales alone; or remove the line: it is not known",
                )
                .to_owned()
            })
        }
        (None, several) => {
            let names: Vec<String> = several.iter().map(|column| quoted(&column.name)).collect();
            Some(format!(
                "status = {{ from = \"?\", values = {{ \"?\" = \"won\", \"??\" = \"lost\" }}, values_else = {{ const = \"open\" }} }} # {} {}",
                say.say(
                    "? столбец и его слова для выигранных и потерянных сделок:",
                    "? the column and its words for deals won and lost:"
                ),
                names.join(", ")
            ))
        }
    }
}

fn is_open(word: &str) -> bool {
    ["open", "opened", "new", "active", "in progress", "открыта", "открыто", "в работе", "активна"]
        .contains(&word.to_lowercase().as_str())
}

/// A status from the words of a column: what is plain is stated, what may be an end is asked.
fn from(column: &Column, say: Say) -> String {
    let none = std::collections::BTreeMap::new();
    let words = column.seen.words.as_ref().unwrap_or(&none);
    let of = |wanted: Ended| words.iter().filter(move |(word, _)| ended(word) == wanted);
    let mut pairs: Vec<String> = Vec::new();
    pairs.extend(of(Ended::Won).map(|(word, _)| format!("{} = \"won\"", quoted(word))));
    pairs.extend(of(Ended::Lost).map(|(word, _)| format!("{} = \"lost\"", quoted(word))));
    pairs.extend(of(Ended::Unclear).map(|(word, _)| format!("{} = \"?\"", quoted(word))));
    let unclear = of(Ended::Unclear).count() > 0;
    let mut questions: Vec<String> = Vec::new();
    let shown = |wanted: Ended| {
        let shown = of(wanted).take(40).map(|(word, rows)| format!("{} ({})", remark(word), say.count(*rows)));
        shown.collect::<Vec<_>>().join(" · ")
    };
    if unclear {
        let asked = say.say("? won, lost или open", "? won, lost or open");
        questions.push(format!("{asked}: {}", shown(Ended::Unclear)));
    }
    let lacks = |wanted| of(wanted).count() == 0 && !unclear;
    if lacks(Ended::Won) {
        pairs.push("\"?\" = \"won\"".to_owned());
    }
    if lacks(Ended::Lost) {
        pairs.push("\"??\" = \"lost\"".to_owned());
    }
    let missing = match (lacks(Ended::Won), lacks(Ended::Lost)) {
        (true, true) => Some(say.say(
            "? какой из них значит выигрыш, какой проигрыш (если такого нет, удалите)",
            "? which of them means won, which lost (remove what is not there)",
        )),
        (true, false) => Some(say.say(
            "? какой из них значит выигрыш (если такого нет, удалите)",
            "? which of them means won (remove it if none does)",
        )),
        (false, true) => Some(say.say(
            "? какой из них значит проигрыш (если такого нет, удалите)",
            "? which of them means lost (remove it if none does)",
        )),
        (false, false) => None,
    };
    questions.extend(missing.map(str::to_owned));
    let open = shown(Ended::Open);
    if !open.is_empty() {
        questions.push(format!("{}: {open}", say.say("остальные открыты", "the others are open")));
    }
    if column.seen.words.is_none() {
        questions.push(say.say("слов в столбце слишком много", "the column has too many words").to_owned());
    }
    let questions = if questions.is_empty() { String::new() } else { format!(" # {}", questions.join("; ")) };
    format!(
        "status = {{ from = {}, values = {{ {} }}, values_else = {{ const = \"open\" }} }}{questions}",
        quoted(&column.name),
        pairs.join(", ")
    )
}
