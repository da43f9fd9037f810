//! Every chart as a picture, two pixels to a point, on white.

use std::path::PathBuf;

use super::draw::play;
use super::drawing::{WIDE, draw_captioned};
use super::error::RenderError;
use super::exporter::Exporter;
use super::number::Numbers;
use super::outputs::Outputs;
use crate::model::parallel::each;
use crate::report::document::{Block, Chart, Document};

/// Writes `<name>-charts/<id>.png`.
pub struct Png;

impl Exporter for Png {
    fn export(&self, doc: &Document, out: &mut Outputs) -> Result<(), RenderError> {
        let numbers = Numbers { lang: doc.lang, currency: &doc.currency };
        let mut charts = Vec::new();
        for block in doc.sections.iter().flat_map(|s| &s.blocks) {
            if let Block::Chart(chart) = block {
                charts.push((chart, out.part("charts", &chart.id, "png")?));
            }
        }
        let draw = |(chart, path): &(&Chart, PathBuf)| {
            let picture = draw_captioned(chart, numbers, WIDE);
            play::png(&picture, path).map_err(|why| RenderError::Drawing { id: chart.id.clone(), why })
        };
        each(&charts, draw, |_| ()).map(drop)
    }
}
