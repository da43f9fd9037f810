//! Reads `[[section.regulation]]`: a part of the regulation, and what of it is shown.

use std::collections::BTreeMap;

use super::{Layout, Norms, Shown, Topic};
use crate::model::lang::{Text, both};
use crate::model::problem::hint;
use crate::model::written::{Section, Written, Wrong};
use crate::regulation::Look;
use crate::report::period::Period;

/// What stands before the key of a norm to name how it is now.
const NOW: &str = "now.";

/// Reads the part of this id; `periods` are those of single metrics. `None` if it names no part of the regulation; a problem was noted.
pub(super) fn read(
    part: &Section<'_>,
    id: String,
    default: Period,
    periods: BTreeMap<String, Period>,
) -> Option<Norms> {
    let title = part.bilingual("title");
    let known = Topic::ALL.map(|topic| (topic.name(), topic));
    let topic = part.one_of("part", &known);
    let layout = part.optional_one_of("layout", &[("table", Layout::Table), ("cards", Layout::Cards)]);
    let period = part.optional_checked("period", Period::parse).unwrap_or(default);
    let has_own_period = period != default;
    let looks = [("daily", Some(Look::Daily)), ("weekly", Some(Look::Weekly)), ("never", None)];
    let look = part.optional_one_of("look", &looks);
    let columns = part.texts("columns");
    let topic = topic?;
    if look.is_some() && topic != Topic::Control {
        let what = Text::new("`look` выбирает из правил контроля", "`look` chooses among the rules of control");
        part.wrong("look", what, Text::new("напишите part = \"control\"", "write part = \"control\""));
    }
    // a part that is stated once is one card
    let layout = layout.unwrap_or(if topic.has_items() { Layout::Table } else { Layout::Cards });
    let columns = columns.iter().filter_map(|name| match shown(topic, name, layout) {
        Ok(shown) => Some(shown),
        Err(Wrong { what, hint }) => {
            part.problem(name.line, what, hint);
            None
        }
    });
    Some(Norms { id, title, topic, columns: columns.collect(), layout, look, period, has_own_period, periods })
}

/// What a column names: a norm, or `now.` and the norm beside which it tells how it is.
fn shown(topic: Topic, name: &Written<String>, layout: Layout) -> Result<Shown, Wrong> {
    let (key, is_now) = name.strip_prefix(NOW).map_or((name.as_str(), false), |key| (key, true));
    let part = topic.name();
    let Some(stated) = topic.stated(key) else {
        let keys = topic.states().iter().map(|stated| stated.key);
        return Err(Wrong::new(
            both!("в части `{part}` нет `{key}`", "the part `{part}` has no `{key}`"),
            hint(key, keys),
        ));
    };
    match is_now {
        true if layout == Layout::Cards => Err(Wrong::new(
            both!("`{}` — столбец таблицы", "`{}` is a column of a table", name.value),
            Text::new(
                "в карточке «как сейчас» стоит рядом с нормой само: напишите норму, без now.",
                "a card tells how it is now beside the norm by itself: write the norm, without now.",
            ),
        )),
        true if !stated.has_now => {
            let measured = topic.states().iter().filter(|stated| stated.has_now).map(|stated| stated.key);
            Err(Wrong::new(
                both!("как сейчас с `{key}`, не измеряется", "how it is now with `{key}` is not measured"),
                hint(key, measured),
            ))
        }
        _ => Ok(Shown { stated, is_now }),
    }
}
