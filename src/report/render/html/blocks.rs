//! A block of a section as markup.

use super::markup::{Context, escape};
use super::{actions, findings, table};
use crate::report::document::{Block, Chart, Tile};
use crate::report::render::drawing::{NARROW, WIDE, draw};
use crate::report::render::error::RenderError;
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
        Block::Actions(list) => actions::render(list, context),
        Block::Findings(list) => findings::render(list, context),
        Block::Table(data) => table::render(data, context),
        Block::Chart(chart) => render_chart(chart, context)?,
    })
}

fn render_tiles(tiles: &[Tile], context: &Context) -> String {
    let mut html = String::from("<ul class=\"tiles\">\n");
    for tile in tiles {
        let mark = context.mark(&tile.source);
        html.push_str(&format!("<li><p class=\"label\">{}{mark}</p>\n", escape(&tile.label)));
        html.push_str(&format!(
            "<p class=\"figure\">{}</p>\n",
            escape(&context.numbers.figure(&tile.value, tile.unit))
        ));
        for note in &tile.notes {
            html.push_str(&format!("<p class=\"note\">{}</p>\n", escape(note)));
        }
        html.push_str("</li>\n");
    }
    html.push_str("</ul>\n");
    html
}

/// A chart drawn for two widths; the style shows the one that fits the screen.
fn render_chart(chart: &Chart, context: &Context) -> Result<String, RenderError> {
    let mut html = format!(
        "<figure class=\"chart\" id=\"chart-{}\">\n<figcaption>{}{}</figcaption>\n",
        escape(&chart.id),
        escape(&chart.title),
        context.mark(&chart.source),
    );
    for (variant, width) in [("wide", WIDE), ("narrow", NARROW)] {
        let picture = draw(chart, context.numbers, width);
        let svg = svg::element(chart, &picture, &context.numbers, variant, "")?;
        html.push_str(&format!("<div class=\"{variant}\">{svg}</div>\n"));
    }
    html.push_str("</figure>\n");
    Ok(html)
}
