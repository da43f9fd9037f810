//! The files that pages offer: a report as a workbook, pages for print, tables; the rows of a metric.

use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use zip::write::SimpleFileOptions;

use super::answer;
use super::refusal::{Refusal, Told};
use crate::model::lang::{Text, both};
use crate::model::shown::in_line;
use crate::report::document::Document;
use crate::report::render::{Format, RenderError, render_all};

/// The formats that a report is offered in.
pub const OFFERED: &[Format] = &[
    Format::Xlsx,
    #[cfg(feature = "pdf")]
    Format::Pdf,
    Format::Csv,
    Format::Html,
];

/// What a link to a file says.
pub fn called(format: Format) -> &'static str {
    match format {
        Format::Xlsx => "Excel",
        #[cfg(feature = "pdf")]
        Format::Pdf => "PDF",
        Format::Csv => "CSV",
        Format::Html => "HTML",
        Format::Svg => "SVG",
        Format::Png => "PNG",
    }
}

/// The format of that name.
///
/// # Errors
/// A report is not offered in it.
pub fn format(name: &str) -> Result<Format, Refusal> {
    OFFERED.iter().copied().find(|format| format.name() == name).ok_or_else(|| {
        let shown = in_line(name);
        let what = both!("отчёта в виде `{shown}` нет", "a report is not made as `{shown}`");
        Refusal::unknown(what, name, OFFERED.iter().map(|format| format.name()))
    })
}

/// A report in a format: the bytes that `voronka report` writes. Several tables go as one archive.
///
/// # Errors
/// It cannot be written.
pub async fn of_report(
    document: &Document,
    format: Format,
    day: NaiveDate,
    sees_all: bool,
) -> Result<Response, Refusal> {
    let mut document = document.clone();
    let name = document.name.clone();
    let written = tokio::task::spawn_blocking(move || written(&mut document, format)).await;
    let bytes = match written {
        Ok(bytes) => bytes.map_err(|error| error.told(sees_all))?,
        Err(_) => {
            return Err(Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                Text::new("файл не записать: ошибка Voronka", "the file cannot be written: a fault of Voronka"),
                Text::new("сделайте отчёт командой voronka report", "make the report with voronka report"),
            ));
        }
    };
    let (ending, kind) = match format {
        Format::Html => ("html", "text/html; charset=utf-8"),
        Format::Xlsx => ("xlsx", XLSX),
        #[cfg(feature = "pdf")]
        Format::Pdf => ("pdf", "application/pdf"),
        Format::Csv | Format::Svg | Format::Png => ("zip", "application/zip"),
    };
    Ok(answer::file(&format!("{name}-{day}.{ending}"), kind, bytes))
}

/// The type of workbooks.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

fn written(document: &mut Document, format: Format) -> Result<Vec<u8>, RenderError> {
    let folder = tempfile::tempdir().map_err(at(&std::env::temp_dir()))?;
    let files = render_all(document, folder.path(), &[format])?;
    let is_archive = !matches!(format, Format::Html | Format::Xlsx) && format.name() != "pdf";
    match &files[..] {
        [file] if !is_archive => std::fs::read(file).map_err(at(file)),
        files => archive(folder.path(), files),
    }
}

fn archive(folder: &Path, files: &[PathBuf]) -> Result<Vec<u8>, RenderError> {
    let failed = |error: zip::result::ZipError| at(folder)(std::io::Error::other(error));
    // the same files are the same archive
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for file in files {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or("table.csv");
        writer.start_file(name, options).map_err(failed)?;
        writer.write_all(&std::fs::read(file).map_err(at(file))?).map_err(at(file))?;
    }
    Ok(writer.finish().map_err(failed)?.into_inner())
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> RenderError {
    let path = path.to_owned();
    move |why| RenderError::Writing { path, why }
}
