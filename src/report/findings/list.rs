//! The list behind a thing to do: the deals, clients or events that miss the target, the open and the dearest first.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use chrono::DateTime;

use super::judge;
use super::judged::Judged;
use super::look::Look;
use crate::metrics::{self as listed, Listed, MetricColumn};
use crate::model::calendar::Calendar;
use crate::model::lang::Text;
use crate::model::unit::Unit;
use crate::report::document::{Cell, Column, Table};
use crate::report::grid::{Grid, cells};
use crate::report::inputs::Inputs;
use crate::report::phrases::Phrases;

/// A list in a report ends after so many rows, and says so.
const MOST: usize = 50;
/// What a list tells of each row, where it is known: whom it is about, whose it is, where it stands and how much it is.
const TOLD: [&str; 9] = ["deal_id", "client_id", "manager", "stage", "kind", "amount", "created_at", "at", "url"];
/// How a deal stands that is over.
const OVER: [&str; 3] = ["won", "lost", "gone"];
/// What is told elsewhere, or of no use to who works through a list.
const LEFT_OUT: [&str; 7] = ["event_id", "source", "branch", "status", "closed_at", "rule", "contact_days"];

/// A list, and how long the whole is.
pub(super) struct List {
    pub table: Table,
    pub total: usize,
}

/// The list of what misses the target in these rows; `None` if the metric declares no count of it, or it cannot be listed.
pub(super) async fn list(inputs: &mut Inputs<'_>, say: &Phrases<'_>, look: &Look<'_>, bad: &[&Judged]) -> Option<List> {
    let column = look.grid.column(&look.target.column)?.list.clone()?;
    let range = inputs.reach.range(look.ask.period);
    let listed = inputs.metrics.rows(&look.ask, range, &column).await?;
    let grid = grid(&listed, &look.grid, inputs.metrics.calendar())?;
    let mut rows = of_groups(&grid, look, bad);
    // what is over cannot be saved any more
    let is_over =
        |row: usize| matches!(grid.cell(row, "status"), Cell::Text(status) if OVER.contains(&status.as_str()));
    let amount = |row: usize| grid.number(row, "amount").unwrap_or(0.0);
    let is_of_deals = listed.unit != Some(listed::Unit::Client);
    rows.sort_by(|a, b| {
        let open_first = (is_of_deals && is_over(*a)).cmp(&(is_of_deals && is_over(*b)));
        open_first.then(amount(*b).total_cmp(&amount(*a)))
    });
    let total = rows.len();
    rows.truncate(MOST);
    let shown = columns(&grid, bad.len());
    let cell = |row: usize, at: usize| say.titles.shown(&look.ask.metric, &grid, at, &grid.rows[row][at]);
    let column = |at: &usize| {
        let column = &grid.columns[*at];
        Column { name: column.name.clone(), title: say.text(&column.title).to_owned(), unit: column.unit }
    };
    let title = say.text(&look.target.title);
    let counted = match rows.len() < total {
        true => format!("{} {} {} {total}", say.pick("показаны", "showing"), rows.len(), say.pick("из", "of")),
        false => total.to_string(),
    };
    let title = format!("{title}: {} ({counted})", say.text(&listed.column.title).to_lowercase());
    let table = Table {
        id: format!("list-{}-{}", look.ask.metric, look.target.column).replace('_', "-"),
        title,
        columns: shown.iter().map(column).collect(),
        rows: rows.iter().map(|row| shown.iter().map(|at| cell(*row, *at)).collect()).collect(),
        source: say.source(&look.ask, inputs.days(&look.ask, range)),
    };
    (total > 0).then_some(List { table, total })
}

/// The list as cells.
fn grid(listed: &Listed, of: &Grid, calendar: &Calendar) -> Option<Grid> {
    let (mut columns, mut read) = (Vec::new(), Vec::new());
    for (field, array) in listed.batch.schema().fields().iter().zip(listed.batch.columns()) {
        let unit = match field.data_type() {
            DataType::Decimal128(..) => Unit::Money,
            DataType::Timestamp(..) | DataType::Date32 => Unit::Date,
            kind if kind.is_integer() => Unit::Count,
            _ => Unit::Text,
        };
        let title = of.column(field.name()).map_or_else(|| title(field.name()), |known| known.title.clone());
        columns.push(MetricColumn::new(field.name(), unit, title));
        read.push(days(array, calendar).or_else(|| cells(array, unit).ok())?);
    }
    let rows = (0..listed.batch.num_rows()).map(|row| read.iter().map(|column| column[row].clone()).collect());
    Some(Grid { columns, dimensions: 0, rows: rows.collect() })
}

/// The local days of instants; `None` if the column holds none.
fn days(array: &ArrayRef, calendar: &Calendar) -> Option<Vec<Cell>> {
    let DataType::Timestamp(TimeUnit::Microsecond, _) = array.data_type() else { return None };
    let at = array.as_primitive::<TimestampMicrosecondType>();
    let day = |at: Option<i64>| {
        at.and_then(DateTime::from_timestamp_micros).map_or(Cell::Empty, |at| Cell::Date(calendar.day(at)))
    };
    Some(at.iter().map(day).collect())
}

/// The rows of the list that are of the groups that miss the target.
fn of_groups(list: &Grid, look: &Look<'_>, bad: &[&Judged]) -> Vec<usize> {
    let keyed = judge::has_key(&look.grid, &look.grid.current_rows());
    let names: Vec<&str> = look.grid.columns[..look.grid.dimensions + usize::from(keyed)]
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let is_of = |row: usize, one: &Judged| {
        names.iter().all(|name| list.position(name).is_none() || list.cell(row, name) == look.grid.cell(one.row, name))
    };
    (0..list.rows.len()).filter(|row| bad.iter().any(|one| is_of(*row, one))).collect()
}

/// The columns that are shown: what tells several groups apart, the keys, the titles that a mapping kept, then what is known.
fn columns(grid: &Grid, groups: usize) -> Vec<usize> {
    let has_any = |at: &usize| grid.rows.iter().any(|row| row[*at] != Cell::Empty);
    let rank = |at: &usize| {
        let name = grid.columns[*at].name.as_str();
        TOLD.iter().position(|told| *told == name).map_or(1, |place| if place < 2 { place } else { place + 1 })
    };
    let is_shown = |at: &usize| {
        let name = grid.columns[*at].name.as_str();
        has_any(at) && (!LEFT_OUT.contains(&name) || (name == "rule" && groups > 1))
    };
    let mut shown: Vec<usize> = (0..grid.columns.len()).filter(is_shown).collect();
    shown.sort_by_key(|at| (rank(at), *at));
    shown
}

/// What a column of a list is called.
fn title(name: &str) -> Text {
    match name {
        "deal_id" => Text::new("Сделка", "Deal"),
        "client_id" => Text::new("Клиент", "Client"),
        "manager" => Text::new("Менеджер", "Manager"),
        "stage" => Text::new("Этап", "Stage"),
        "kind" => Text::new("Вид", "Kind"),
        "amount" => Text::new("Сумма", "Amount"),
        "created_at" => Text::new("Создана", "Created"),
        "at" => Text::new("Когда", "When"),
        "rule" => Text::new("Правило", "Rule"),
        "url" => Text::new("В CRM", "In the CRM"),
        other => Text::same(other),
    }
}
