//! Parts of the regulation as tables, and beside each norm how it is now.
//!
//! [`facts`] tells what the regulation states, [`now`] asks the metrics how it is, [`changes`] compares two editions.

mod calendar;
mod changes;
mod facts;
mod now;
mod said;

use self::facts::{Item, Teller};
use self::now::Asker;
use super::definition::{Layout, Norms, Shown, Topic};
use super::document::{Block, Cell, Column, Table};
use super::inputs::Inputs;
use super::missing::Missing;
use super::phrases::Phrases;
use crate::model::unit::Unit;

/// What a part of the regulation is shown by, and what was missing to tell how it is now.
pub(super) struct Made {
    /// Nothing if the regulation states nothing of it.
    pub blocks: Vec<Block>,
    pub missing: Vec<Missing>,
}

/// Shows a part of the regulation.
pub(super) async fn norms(inputs: &mut Inputs<'_>, say: &Phrases<'_>, part: &Norms) -> Made {
    let regulation = inputs.metrics.regulation();
    let items = {
        let metrics = &inputs.metrics;
        let unit = |metric: &str, column: &str| {
            let known = metrics.known(metric).ok();
            known.and_then(|known| known.columns.iter().find(|of| of.name == column)).map_or(Unit::Ratio, |of| of.unit)
        };
        let teller = Teller { numbers: say.numbers, unit: &unit };
        if part.topic == Topic::Changes {
            return Made { blocks: changes::changes(regulation, &teller, say, part), missing: Vec::new() };
        }
        teller.items(part.topic, regulation)
    };
    let items: Vec<Item> = items.into_iter().filter(|item| part.look.is_none_or(|look| item.look == look)).collect();
    let mut asker = Asker::new(inputs, say, part);
    let blocks = match part.layout {
        Layout::Cards => {
            let mut cards = Vec::new();
            for (number, item) in (1..).zip(&items) {
                cards.extend(card(&mut asker, part, item, number).await.map(Block::Table));
            }
            cards
        }
        Layout::Table => table(&mut asker, part, &items).await.map(Block::Table).into_iter().collect(),
    };
    Made { blocks, missing: asker.missing }
}

/// An item with its facts below each other, each beside how it is now; `None` if it states none of those that are shown. A cell
/// beside which nothing is measured stays blank: no data are missing.
async fn card(asker: &mut Asker<'_, '_, '_>, part: &Norms, item: &Item, number: usize) -> Option<Table> {
    if item.is_bare {
        return None;
    }
    let mut rows = Vec::new();
    let mut is_measured = false;
    for shown in part.shown() {
        let (stated, norm) = (shown.stated, item.fact(shown.stated.key));
        let now = if stated.has_now { asker.now(item, stated.key).await } else { None };
        if norm.is_none() && now.is_none() {
            continue;
        }
        is_measured |= now.is_some();
        let text = |text: Option<&str>| Cell::Text(text.unwrap_or_default().to_owned());
        rows.push((asker.say.text(&stated.title()).to_owned(), text(norm), text(now.as_deref())));
    }
    let column = |name: &str, title: &str| Column { name: name.to_owned(), title: title.to_owned(), unit: Unit::Text };
    let mut columns = vec![
        column("stated", asker.say.pick("О чём", "What")),
        column("norm", asker.say.pick("По регламенту", "By the regulation")),
    ];
    if is_measured {
        columns.push(column("now", &asker.heading()));
    }
    let cells = |(title, norm, now): (String, Cell, Cell)| {
        let mut cells = vec![Cell::Text(title), norm];
        cells.extend(is_measured.then_some(now));
        cells
    };
    let many = part.topic.has_items();
    let title = asker.say.text(&part.title);
    (!rows.is_empty()).then(|| Table {
        id: if many { format!("{}-{number}", part.id) } else { part.id.clone() },
        title: if many { item.title.clone() } else { title.to_owned() },
        columns,
        rows: rows.into_iter().map(cells).collect(),
        source: asker.source(),
    })
}

/// Items below each other, their facts as columns; columns in which nothing stands are left out.
async fn table(asker: &mut Asker<'_, '_, '_>, part: &Norms, items: &[Item]) -> Option<Table> {
    let mut columns = Vec::new();
    let measured = part.shown().filter(|shown| shown.is_now).count();
    for shown in part.shown() {
        let Shown { stated, is_now } = shown;
        let mut cells = Vec::new();
        for item in items {
            let said = match is_now {
                true => asker.now(item, stated.key).await,
                false => item.fact(stated.key).map(str::to_owned),
            };
            cells.push(said.unwrap_or_default());
        }
        let title = asker.say.text(&stated.title()).to_owned();
        let (name, title) = match is_now {
            true if measured > 1 => (format!("now_{}", stated.key), format!("{title}: {}", asker.heading())),
            true => (format!("now_{}", stated.key), asker.heading()),
            false => (stated.key.to_owned(), title),
        };
        if cells.iter().any(|cell| !cell.is_empty()) {
            columns.push((Column { name, title, unit: Unit::Text }, cells));
        }
    }
    let title = asker.say.text(&part.topic.title()).to_owned();
    let name = Column { name: "name".to_owned(), title, unit: Unit::Text };
    let row = |(at, item): (usize, &Item)| {
        let own = columns.iter().map(|(_, cells)| Cell::Text(cells[at].clone()));
        [Cell::Text(item.title.clone())].into_iter().chain(own).collect()
    };
    (!items.is_empty()).then(|| Table {
        id: part.id.clone(),
        title: asker.say.text(&part.title).to_owned(),
        rows: items.iter().enumerate().map(row).collect(),
        columns: [name].into_iter().chain(columns.iter().map(|(column, _)| column.clone())).collect(),
        source: asker.source(),
    })
}
