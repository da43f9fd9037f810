//! Writes every chart as SVG with its title, source and embedded font, so that it looks the same everywhere.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, PreEscaped, html};

use super::draw::{font, picture::Picture, play};
use super::drawing::{WIDE, draw_captioned};
use super::error::RenderError;
use super::exporter::Exporter;
use super::number::Numbers;
use super::outputs::{Outputs, at};
use crate::report::document::{Block, Chart, Document};

/// Writes `<name>-charts/<id>.svg`.
pub struct Svg;

impl Exporter for Svg {
    fn export(&self, doc: &Document, out: &mut Outputs) -> Result<(), RenderError> {
        let numbers = Numbers { lang: doc.lang, currency: &doc.currency };
        for block in doc.sections.iter().flat_map(|s| &s.blocks) {
            if let Block::Chart(chart) = block {
                let picture = draw_captioned(chart, numbers, WIDE);
                let style = html! { style { (PreEscaped(faces())) } };
                let text = element(chart, &picture, &numbers, "alone", &style)?;
                let path = out.part("charts", &chart.id, "svg")?;
                let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", text.into_string());
                std::fs::write(&path, text).map_err(at(&path))?;
            }
        }
        Ok(())
    }
}

/// The `<svg>` element, with title and description for screen readers. `variant` makes ids unique when a page holds
/// several drawings of a chart; `extra` is inserted before the drawing.
pub fn element(
    chart: &Chart,
    picture: &Picture,
    numbers: &Numbers,
    variant: &str,
    extra: &Markup,
) -> Result<Markup, RenderError> {
    let (body, view) = play::svg(picture).map_err(|why| RenderError::Drawing { id: chart.id.clone(), why })?;
    let (title, desc) = (format!("{}-{variant}-title", chart.id), format!("{}-{variant}-desc", chart.id));
    let (width, height) = (picture.width.round(), picture.height.round());
    Ok(html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(view) width=(width) height=(height) role="img"
            aria-labelledby={ (title) " " (desc) } { "\n"
            title id=(title) { (chart.title) } "\n"
            desc id=(desc) { (chart.plot.describe(numbers)) } "\n"
            (extra) (PreEscaped(body)) "\n"
        }
    })
}

/// The CSS rules that embed the font.
pub fn faces() -> String {
    let face = |weight: &str, bytes: &[u8]| {
        format!(
            "@font-face{{font-family:\"{}\";font-weight:{weight};font-display:block;\
             src:url(data:font/woff2;base64,{}) format(\"woff2\")}}",
            font::FAMILY,
            STANDARD.encode(bytes)
        )
    };
    face("400", font::REGULAR_WOFF2) + "\n" + &face("600 700", font::BOLD_WOFF2)
}
