//! Charts that a spreadsheet draws itself, from the cells of their sheet.

use rust_xlsxwriter::{
    Chart, ChartAxisLabelPosition, ChartEmptyCells, ChartFont, ChartFormat, ChartLegendPosition, ChartLine,
    ChartLineDashType, ChartMarker, ChartMarkerType, ChartPoint, ChartSolidFill, ChartType,
};

use crate::report::chart::data::{ChartData, Native};
use crate::report::document::Cell;
use crate::report::render::draw::palette::{GRID, MUTED, hex};
use crate::report::render::draw::picture::Color;
use crate::workbook::{Kind, Looks};

/// Size in pixels.
const WIDTH: u32 = 820;
const HEIGHT: u32 = 400;
/// Pixels of a horizontal bar with its gap.
const BAR: u32 = 26;

/// So many labels fit below a chart.
const LABELS: usize = 16;

/// Where the numbers of a chart stand: the sheet, its first and its last row.
pub struct Place<'s> {
    pub sheet: &'s str,
    pub first: u32,
    pub last: u32,
}

impl Place<'_> {
    fn head(&self, column: usize) -> (&str, u32, u16) {
        (self.sheet, self.first - 1, column as u16)
    }

    fn cells(&self, column: usize) -> (&str, u32, u16, u32, u16) {
        (self.sheet, self.first, column as u16, self.last, column as u16)
    }
}

/// The chart; `None` if a spreadsheet has no such kind.
pub fn chart(native: &Native, place: &Place<'_>, kind: Kind, looks: &Looks, data: &ChartData) -> Option<Chart> {
    let mut chart = match native {
        Native::Lines { lines, band, young_from } => of_lines(place, lines, *band, *young_from, data),
        Native::Bars { bars, are_stacked, are_horizontal } => of_bars(place, bars, *are_stacked, *are_horizontal),
        Native::None | Native::Colours { .. } => return None,
    };
    let rows = place.last + 1 - place.first;
    let is_horizontal = matches!(native, Native::Bars { are_horizontal: true, .. });
    let series = match native {
        Native::Bars { bars, are_stacked: false, .. } => bars.len() as u32,
        Native::Bars { .. } => 1,
        Native::Lines { lines, band, .. } => lines.len() as u32 + u32::from(band.is_some()),
        _ => 1,
    };
    let height = if is_horizontal { (rows * (BAR + (series - 1) * 12) + 110).clamp(220, 1200) } else { HEIGHT };
    chart.set_width(WIDTH).set_height(height);
    chart.title().set_hidden();
    chart.legend().set_position(ChartLegendPosition::Top);
    if series == 1 && !matches!(native, Native::Bars { bars, .. } if bars.len() > 1) {
        chart.legend().set_hidden();
    }
    axes(&mut chart, kind, looks, data, is_horizontal);
    Some(chart)
}

fn axes(chart: &mut Chart, kind: Kind, looks: &Looks, data: &ChartData, is_horizontal: bool) {
    let mut font = ChartFont::new();
    font.set_color(hex(MUTED)).set_size(9);
    let mut grid = ChartLine::new();
    grid.set_color(hex(GRID));
    let format = match kind {
        Kind::Number(unit, _) => looks.number_format(unit, 0),
        Kind::Plain | Kind::Text => "General".to_owned(),
    };
    let has_days = matches!(data.rows.first().and_then(|row| row.first()), Some(Cell::Date(_)));
    // x runs from left to right: of horizontal bars it is the axis of the values
    let labels = if is_horizontal { chart.y_axis() } else { chart.x_axis() };
    labels.set_font(&font).set_label_position(ChartAxisLabelPosition::Low).set_major_gridlines(false);
    if has_days {
        labels.set_num_format("dd\\.mm").set_text_axis(true);
    }
    if is_horizontal {
        labels.set_reverse();
    } else {
        let step = data.rows.len().div_ceil(LABELS);
        labels.set_label_interval(step as u16).set_tick_interval(step as u16);
    }
    let values = if is_horizontal { chart.x_axis() } else { chart.y_axis() };
    values.set_font(&font).set_num_format(decimals(&format, kind, data));
    values.set_major_gridlines(true).set_major_gridlines_line(&grid);
    if is_horizontal {
        // the first label stands at the top, and with it the axis: its numbers go to the bottom
        values.set_label_position(ChartAxisLabelPosition::High);
    }
}

/// The format of the axis: with decimals where all values are small.
fn decimals(whole: &str, kind: Kind, data: &ChartData) -> String {
    use crate::model::unit::Unit;
    let most = data.rows.iter().flat_map(|row| row.iter().skip(1)).filter_map(|cell| match cell {
        Cell::Number(value) if value.is_finite() => Some(value.abs()),
        _ => None,
    });
    let most = most.fold(0.0, f64::max);
    let digits = match kind {
        Kind::Number(Unit::Share, _) if most < 0.05 => 1,
        Kind::Number(Unit::Share, _) => 0,
        Kind::Number(..) if most < 1.0 => 2,
        Kind::Number(..) if most < 5.0 => 1,
        _ => 0,
    };
    match digits {
        0 => whole.to_owned(),
        digits => whole.replace("#,##0", &format!("#,##0.{}", "0".repeat(digits))),
    }
}

fn of_lines(
    place: &Place<'_>,
    lines: &[(usize, Color)],
    band: Option<(usize, usize)>,
    young_from: Option<usize>,
    data: &ChartData,
) -> Chart {
    let mut chart = Chart::new(ChartType::Line);
    chart.show_empty_cells_as(ChartEmptyCells::Gaps);
    for (column, color) in lines {
        let mut line = ChartLine::new();
        line.set_color(hex(*color)).set_width(2.25);
        let mut marker = ChartMarker::new();
        marker.set_type(ChartMarkerType::Circle).set_size(5).set_format(&mut filled(*color));
        let series = chart.add_series();
        series.set_name(place.head(*column)).set_categories(place.cells(0)).set_values(place.cells(*column));
        series.set_format(ChartFormat::new().set_line(&line)).set_marker(&marker);
        if let Some(from) = young_from {
            let mut faint = ChartLine::new();
            faint.set_color(hex(*color)).set_width(1.5).set_dash_type(ChartLineDashType::Dash);
            let point = |at: usize| match at >= from {
                true => ChartPoint::new().set_format(ChartFormat::new().set_line(&faint)),
                false => ChartPoint::default(),
            };
            series.set_points(&(0..data.rows.len()).map(point).collect::<Vec<_>>());
        }
    }
    for (column, color) in
        band.into_iter().flat_map(|(low, high)| [low, high]).zip(lines.iter().cycle().map(|(_, color)| *color))
    {
        let mut line = ChartLine::new();
        line.set_color(hex(color.tint(0.4))).set_width(1).set_dash_type(ChartLineDashType::RoundDot);
        let series = chart.add_series();
        series.set_name(place.head(column)).set_categories(place.cells(0)).set_values(place.cells(column));
        series.set_format(ChartFormat::new().set_line(&line)).set_marker(ChartMarker::new().set_none());
    }
    chart
}

fn of_bars(place: &Place<'_>, bars: &[(usize, Color)], are_stacked: bool, are_horizontal: bool) -> Chart {
    let mut chart = Chart::new(match (are_stacked, are_horizontal) {
        (true, true) => ChartType::BarStacked,
        (true, false) => ChartType::ColumnStacked,
        (false, true) => ChartType::Bar,
        (false, false) => ChartType::Column,
    });
    for (column, color) in bars {
        let series = chart.add_series();
        series.set_name(place.head(*column)).set_categories(place.cells(0)).set_values(place.cells(*column));
        series.set_format(&mut filled(*color)).set_gap(45);
    }
    chart
}

fn filled(color: Color) -> ChartFormat {
    let mut format = ChartFormat::new();
    format.set_solid_fill(ChartSolidFill::new().set_color(hex(color))).set_no_border();
    format
}
