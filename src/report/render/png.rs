//! Every chart as a picture, two pixels to a point, on white.

use super::draw::play;
use super::drawing::{WIDE, draw_captioned};
use super::error::RenderError;
use super::exporter::Exporter;
use super::number::Numbers;
use super::outputs::Outputs;
use crate::report::document::{Block, Document};

/// Writes `<name>-charts/<id>.png`.
pub struct Png;

impl Exporter for Png {
    fn export(&self, doc: &Document, out: &mut Outputs) -> Result<(), RenderError> {
        let numbers = Numbers { lang: doc.lang, currency: &doc.currency };
        for block in doc.sections.iter().flat_map(|s| &s.blocks) {
            if let Block::Chart(chart) = block {
                let picture = draw_captioned(chart, numbers, WIDE);
                let path = out.part("charts", &chart.id, "png")?;
                play::png(&picture, &path).map_err(|why| RenderError::Drawing { id: chart.id.clone(), why })?;
            }
        }
        Ok(())
    }
}
