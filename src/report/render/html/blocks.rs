//! A block of a section as markup.

use super::markup::{Context, escape, source};
use super::{findings, table};
use crate::model::unit::Unit;
use crate::report::document::{Block, Cell, Chart, Tile};
use crate::report::render::drawing::{NARROW, WIDE, draw};
use crate::report::render::error::RenderError;
use crate::report::render::number::NONE;
use crate::report::render::svg;

/// The block's markup.
pub fn render(block: &Block, context: &Context) -> Result<String, RenderError> {
    Ok(match block {
        Block::Text(text) => format!("<p>{}</p>\n", escape(text)),
        Block::Notice(text) => {
            let head = context.words.notice();
            format!("<aside class=\"notice\" role=\"note\"><p><b>{head}.</b> {}</p></aside>\n", escape(text))
        }
        Block::Tiles(tiles) => render_tiles(tiles, context),
        Block::Findings(list) => findings::render(list, context),
        Block::Table(data) => table::render(data, context),
        Block::Chart(chart) => render_chart(chart, context)?,
    })
}

fn render_tiles(tiles: &[Tile], context: &Context) -> String {
    let mut html = String::from("<ul class=\"tiles\">\n");
    for tile in tiles {
        html.push_str(&format!("<li><p class=\"label\">{}</p>\n", escape(&tile.label)));
        html.push_str(&format!("<p class=\"figure\">{}</p>\n", escape(&figure(tile, context))));
        for note in &tile.notes {
            html.push_str(&format!("<p class=\"note\">{}</p>\n", escape(note)));
        }
        html.push_str(&source(&tile.source, context));
        html.push_str("</li>\n");
    }
    html.push_str("</ul>\n");
    html
}

/// A tile's figure in compact form.
fn figure(tile: &Tile, context: &Context) -> String {
    let numbers = &context.numbers;
    match &tile.value {
        Cell::Empty => NONE.to_string(),
        Cell::Text(text) => text.clone(),
        Cell::Count(count) => numbers.compact(*count as f64, Unit::Count),
        Cell::Money(money) => numbers.compact(*money as f64 / 10_000.0, Unit::Money),
        Cell::Number(value) => numbers.compact(*value, tile.unit),
        Cell::Interval { value, .. } => numbers.compact(*value, tile.unit),
        Cell::Bounds { least, most } => numbers.bounds(*least, *most, tile.unit),
        Cell::Date(day) => numbers.date(*day),
    }
}

/// A chart drawn for two widths; the style shows the one that fits the screen.
fn render_chart(chart: &Chart, context: &Context) -> Result<String, RenderError> {
    let mut html = format!(
        "<figure class=\"chart\" id=\"chart-{}\">\n<figcaption>{}</figcaption>\n",
        escape(&chart.id),
        escape(&chart.title)
    );
    for (variant, width) in [("wide", WIDE), ("narrow", NARROW)] {
        let picture = draw(chart, context.numbers, width);
        let svg = svg::element(chart, &picture, &context.numbers, variant, "")?;
        html.push_str(&format!("<div class=\"{variant}\">{svg}</div>\n"));
    }
    html.push_str(&source(&chart.source, context));
    html.push_str("</figure>\n");
    Ok(html)
}
