//! A block of a section as markup.

use maud::{Markup, PreEscaped, html};

use super::markup::{Context, source};
use super::{findings, table};
use crate::model::unit::Unit;
use crate::report::document::{Block, Cell, Chart, Tile};
use crate::report::render::drawing::{NARROW, WIDE, draw};
use crate::report::render::error::RenderError;
use crate::report::render::number::NONE;
use crate::report::render::svg;

/// The block's markup.
pub fn render(block: &Block, context: &Context) -> Result<Markup, RenderError> {
    Ok(match block {
        Block::Text(text) => html! { p { (text) } "\n" },
        Block::Notice(text) => html! {
            aside class="notice" role="note" { p { b { (context.words.notice()) "." } " " (text) } } "\n"
        },
        Block::Tiles(tiles) => render_tiles(tiles, context),
        Block::Findings(list) => findings::render(list, context),
        Block::Table(data) => table::render(data, context),
        Block::Chart(chart) => render_chart(chart, context)?,
    })
}

fn render_tiles(tiles: &[Tile], context: &Context) -> Markup {
    html! {
        ul class="tiles" { "\n"
            @for tile in tiles {
                li {
                    p class="label" { (tile.label) } "\n"
                    p class="figure" { (figure(tile, context)) } "\n"
                    @for note in &tile.notes { p class="note" { (note) } "\n" }
                    (source(&tile.source, context))
                } "\n"
            }
        } "\n"
    }
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
fn render_chart(chart: &Chart, context: &Context) -> Result<Markup, RenderError> {
    let drawn = |variant: &str, width| {
        let picture = draw(chart, context.numbers, width);
        svg::element(chart, &picture, &context.numbers, variant, &PreEscaped(String::new()))
    };
    Ok(html! {
        figure class="chart" id={ "chart-" (chart.id) } { "\n"
            figcaption { (chart.title) } "\n"
            @for (variant, width) in [("wide", WIDE), ("narrow", NARROW)] {
                div class=(variant) { (drawn(variant, width)?) } "\n"
            }
            (source(&chart.source, context))
        } "\n"
    })
}
