//! Renders a [`Document`] to files. Renderers neither query nor compute: they show what the document holds, and refuse
//! an inconsistent document. The same document gives the same bytes.
//!
//! - HTML: `<name>.html`, one self-contained page;
//! - CSV: `<name>-tables/<id>.csv`, a file per table; Russian: `;` and a decimal comma, English: `,` and a point; both UTF-8
//!   with a byte order mark, so that Excel opens them by a double click;
//! - XLSX: `<name>.xlsx`, one workbook: a front sheet, a sheet per table and per chart;
//! - PDF: `<name>.pdf`, pages for print; with the feature `pdf` alone;
//! - SVG, PNG: `<name>-charts/<id>.svg` and `.png`, a file per chart with its title and source.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub use self::error::RenderError;
use self::exporter::Exporter;
pub use self::html::{Around, style};
use self::outputs::Outputs;
use super::document::Document;
use crate::model::problem;

mod check;
mod csv;
pub(super) mod draw;
mod drawing;
mod error;
mod exporter;
mod flat;
mod html;
pub(crate) mod letter;
pub(crate) mod number;
mod outputs;
#[cfg(feature = "pdf")]
mod pdf;
mod png;
#[doc(hidden)] // for tests: the golden files of `tests/golden` are made of it
pub mod sample;
mod shown;
mod sources;
mod svg;
mod words;
mod xlsx;

/// An output format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// One self-contained page.
    Html,
    /// One workbook.
    Xlsx,
    /// Pages for print.
    #[cfg(feature = "pdf")]
    Pdf,
    /// A file per table.
    Csv,
    /// A vector drawing per chart.
    Svg,
    /// A picture per chart.
    Png,
}

impl Format {
    /// All formats of this build.
    pub const ALL: [Format; if cfg!(feature = "pdf") { 6 } else { 5 }] = [
        Format::Html,
        Format::Xlsx,
        #[cfg(feature = "pdf")]
        Format::Pdf,
        Format::Csv,
        Format::Svg,
        Format::Png,
    ];

    /// The name, as on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Html => "html",
            Format::Xlsx => "xlsx",
            #[cfg(feature = "pdf")]
            Format::Pdf => "pdf",
            Format::Csv => "csv",
            Format::Svg => "svg",
            Format::Png => "png",
        }
    }

    fn exporter(self) -> &'static dyn Exporter {
        match self {
            Format::Html => &html::Html,
            Format::Xlsx => &xlsx::Xlsx,
            #[cfg(feature = "pdf")]
            Format::Pdf => &pdf::Pdf,
            Format::Csv => &csv::Csv,
            Format::Svg => &svg::Svg,
            Format::Png => &png::Png,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = RenderError;

    fn from_str(text: &str) -> Result<Format, RenderError> {
        let wanted = text.trim().to_lowercase();
        if wanted == "pdf" && !cfg!(feature = "pdf") {
            return Err(RenderError::NoPdf);
        }
        Format::ALL.into_iter().find(|f| f.name() == wanted).ok_or_else(|| RenderError::UnknownFormat {
            name: text.to_string(),
            hint: problem::hint(text, Format::ALL.map(Format::name)),
        })
    }
}

/// Writes the document into `dir` in the requested formats, and returns the paths of the files. All files are written
/// to a temporary folder and renamed together when all of them are complete.
pub fn render(doc: &Document, dir: &Path, formats: &[Format]) -> Result<Vec<PathBuf>, RenderError> {
    check::check(doc)?;
    let mut formats = formats.to_vec();
    formats.sort();
    formats.dedup();
    let mut out = Outputs::open(dir, &doc.name)?;
    for format in formats {
        format.exporter().export(doc, &mut out)?;
    }
    out.finish()
}

/// As [`render`]; where a chart cannot be drawn, a notice takes its place in the document, and is listed in [`Document::failed`].
pub fn render_all(doc: &mut Document, dir: &Path, formats: &[Format]) -> Result<Vec<PathBuf>, RenderError> {
    loop {
        match render(doc, dir, formats) {
            Err(RenderError::Drawing { id, why }) if doc.give_up_chart(&id, &why) => {}
            rendered => return rendered,
        }
    }
}

/// The page of a report, with this around it. Where a chart cannot be drawn, a notice takes its place, as in [`render_all`].
pub fn page(doc: &mut Document, around: &Around) -> Result<String, RenderError> {
    check::check(doc)?;
    loop {
        match html::page(doc, around) {
            Err(RenderError::Drawing { id, why }) if doc.give_up_chart(&id, &why) => {}
            page => return Ok(page?.into_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lang::Lang;

    #[test]
    fn formats_by_name_with_the_nearest_for_a_typo() {
        assert_eq!("HTML".parse::<Format>().unwrap(), Format::Html);
        let error = "hmtl".parse::<Format>().unwrap_err().to_string();
        assert_eq!(error, "there is no report format `hmtl`\n    did you mean `html`?");
        let error = "docx".parse::<Format>().unwrap_err().to_string();
        let all = if cfg!(feature = "pdf") { "html, xlsx, pdf, csv, svg, png" } else { "html, xlsx, csv, svg, png" };
        assert!(error.ends_with(&format!("allowed: {all}")), "{error}");
        match "pdf".parse::<Format>() {
            Ok(format) => assert_eq!(format.name(), "pdf"),
            Err(error) => assert!(error.to_string().contains("without PDF"), "{error}"),
        }
    }

    #[test]
    fn the_same_document_gives_the_same_bytes() {
        let mut doc = sample::document(Lang::Ru);
        let read = |dir: &Path, doc: &Document| -> Vec<(PathBuf, Vec<u8>)> {
            let files = render(doc, dir, &Format::ALL).unwrap();
            files.iter().map(|f| (f.strip_prefix(dir).unwrap().to_path_buf(), std::fs::read(f).unwrap())).collect()
        };
        // One chart and one table: without optimisation a picture takes its time.
        doc.sections = vec![doc.sections.swap_remove(1)];
        doc.sections[0].blocks.remove(2);
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (first, second) = (read(one.path(), &doc), read(two.path(), &doc));
        let pages = usize::from(cfg!(feature = "pdf"));
        assert_eq!(first.len(), 5 + pages, "a page, a workbook, a table, a chart twice; pages for print");
        assert!(first == second);
        // Over an older report as well, and nothing is left beside the files.
        assert!(read(one.path(), &doc) == first);
        let left: Vec<_> = std::fs::read_dir(one.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left.len(), 4 + pages, "{left:?}");
    }

    /// To look at the sample: `cargo test --lib render::tests::look -- --ignored --nocapture`.
    #[test]
    #[ignore = "writes the sample to a folder that stays, to be looked at"]
    fn look() {
        let dir = tempfile::tempdir().unwrap().keep();
        for lang in [Lang::Ru, Lang::En] {
            let dir = dir.join(words::Words(lang).code());
            render(&sample::hard(lang), &dir, &[Format::Html, Format::Png]).unwrap();
            render(&sample::document(lang), &dir, &Format::ALL).unwrap();
        }
        println!("{}", dir.display());
    }
}
