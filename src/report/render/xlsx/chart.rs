//! A sheet per chart: its numbers, and beside them the chart.

use rust_xlsxwriter::{
    ConditionalFormat2ColorScale, ConditionalFormat3ColorScale, ConditionalFormatType, Image, ObjectMovement, Worksheet,
};

use super::book::{Book, Fault};
use super::native::{self, Place};
use super::table;
use crate::report::chart::data::{ChartData, Native};
use crate::report::document::{Cell, Chart};
use crate::report::render::draw::palette::hex;
use crate::report::render::draw::play;
use crate::report::render::drawing::{WIDE, draw};
use crate::report::render::error::RenderError;
use crate::workbook::{Column, Kind, RowsAre, Sheet};

/// A chart with more columns of numbers stands below them, not beside.
const BESIDE: usize = 8;

/// The sheet of a chart.
pub fn sheet(book: &Book<'_>, chart: &Chart, name: &str) -> Result<Worksheet, Fault> {
    let data = chart.plot.data(&book.numbers);
    let columns: Vec<Column> = (0..data.columns.len()).map(|at| column(&data, at)).collect();
    let kinds: Vec<Kind> = columns.iter().map(|column| column.kind).collect();
    let has_empty = data.rows.iter().flatten().any(|cell| *cell == Cell::Empty);
    let top = book.top(&chart.title, &chart.source, has_empty || data.rows.is_empty());
    let mut sheet = Sheet::open(Worksheet::new(), name, &book.looks, columns, Some(&top), RowsAre::Held)?;
    for row in &data.rows {
        sheet.row(row.iter().map(table::value))?;
    }
    let head = sheet.head();
    let mut sheet = sheet.close()?;
    let count = data.rows.len() as u32;
    let (row, column) = match data.columns.len() <= BESIDE {
        true => (head, data.columns.len() as u16 + 1),
        false => (head + count + 3, 0),
    };
    let alt = alternative(&chart.plot.describe(&book.numbers));
    let place = Place { sheet: name, first: head + 1, last: head + count };
    let kind = kinds.get(1).copied().unwrap_or(Kind::Plain);
    match &data.native {
        _ if count == 0 => {}
        Native::Colours { pivot, colours } => {
            let last = (data.columns.len() as u16 - 1).max(1);
            let cells = (head + 1, 1, head + count, last);
            colour(&mut sheet, cells, *pivot, colours.map(hex), &data)?;
        }
        Native::None => {
            sheet.insert_image(row, column, &picture(book, chart, &alt)?)?;
        }
        native => {
            if let Some(mut drawn) = native::chart(native, &place, kind, &book.looks, &data) {
                drawn.set_alt_text(&alt);
                sheet.insert_chart(row, column, &drawn)?;
            }
        }
    }
    Ok(sheet)
}

/// Colours cells by their value. Where no value lies on one side of the pivot there is no colour for it.
fn colour(
    sheet: &mut Worksheet,
    (first, left, last, right): (u32, u16, u32, u16),
    pivot: f64,
    [low, middle, high]: [u32; 3],
    data: &ChartData,
) -> Result<(), Fault> {
    let numbers = || {
        data.rows.iter().flatten().filter_map(|cell| match cell {
            Cell::Number(number) => Some(*number),
            _ => None,
        })
    };
    let number = ConditionalFormatType::Number;
    match (numbers().any(|number| number < pivot), numbers().any(|number| number > pivot)) {
        (true, true) => {
            let scale = ConditionalFormat3ColorScale::new().set_midpoint(number, pivot);
            let scale = scale.set_minimum_color(low).set_midpoint_color(middle).set_maximum_color(high);
            sheet.add_conditional_format(first, left, last, right, &scale)?;
        }
        (true, false) => {
            let scale = ConditionalFormat2ColorScale::new().set_maximum(number, pivot);
            let scale = scale.set_minimum_color(low).set_maximum_color(middle);
            sheet.add_conditional_format(first, left, last, right, &scale)?;
        }
        (false, _) => {
            let scale = ConditionalFormat2ColorScale::new().set_minimum(number, pivot);
            let scale = scale.set_minimum_color(middle).set_maximum_color(high);
            sheet.add_conditional_format(first, left, last, right, &scale)?;
        }
    }
    Ok(())
}

/// A description cut to what a spreadsheet takes; the numbers stand beside it.
fn alternative(text: &str) -> String {
    const LONGEST: usize = 255;
    match text.chars().count() <= LONGEST {
        true => text.to_owned(),
        false => text.chars().take(LONGEST - 1).chain(['…']).collect(),
    }
}

fn column(data: &ChartData, at: usize) -> Column {
    let (title, unit) = &data.columns[at];
    let numbers: Vec<f64> = data
        .rows
        .iter()
        .filter_map(|row| match table::value(&row[at]) {
            crate::workbook::Value::Number(number) => Some(number),
            _ => None,
        })
        .collect();
    Column { head: title.clone(), kind: table::kind(*unit, &numbers) }
}

/// The chart as a picture, half as large as it is drawn.
fn picture(book: &Book<'_>, chart: &Chart, alt: &str) -> Result<Image, Fault> {
    let fault = |why: String| Fault::Render(RenderError::Drawing { id: chart.id.clone(), why });
    let file = tempfile::Builder::new().suffix(".png").tempfile().map_err(|why| fault(why.to_string()))?;
    let drawn = draw(chart, book.numbers, WIDE);
    play::png(&drawn, file.path()).map_err(fault)?;
    let image = Image::new(file.path())?;
    Ok(image
        .set_scale_width(0.5)
        .set_scale_height(0.5)
        .set_alt_text(alt)
        .set_object_movement(ObjectMovement::MoveButDontSizeWithCells))
}
