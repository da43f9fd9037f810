//! A block of a section as markup.

use maud::{Markup, PreEscaped, html};

use super::markup::{Context, figure};
use super::{actions, findings, table};
use crate::report::document::{Block, Chart, Tile};
use crate::report::render::drawing::{NARROW, WIDE, draw};
use crate::report::render::error::RenderError;
use crate::report::render::svg;

/// The block's markup.
pub fn render(block: &Block, context: &Context) -> Result<Markup, RenderError> {
    Ok(match block {
        Block::Text(text) => html! { p { (text) } "\n" },
        Block::Notice(text) => html! {
            aside class="notice" role="note" { p { b { (context.words.notice()) "." } " " (text) } } "\n"
        },
        Block::Tiles(tiles) => render_tiles(tiles, context),
        Block::Actions(list) => actions::render(list, context),
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
                    p class="label" { (tile.label) (context.mark(&tile.source)) } "\n"
                    p class="figure" { (figure(&tile.value, tile.unit, &context.numbers)) } "\n"
                    @for note in &tile.notes { p class="note" { (note) } "\n" }
                } "\n"
            }
        } "\n"
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
            figcaption { (chart.title) (context.mark(&chart.source)) } "\n"
            @for (variant, width) in [("wide", WIDE), ("narrow", NARROW)] {
                div class=(variant) { (drawn(variant, width)?) } "\n"
            }
        } "\n"
    })
}
