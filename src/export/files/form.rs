//! What a file is, by its first bytes: its name may say anything.

use std::path::Path;

use crate::export::ExportError;

/// The forms in which tables come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Delimited text.
    Text,
    /// A workbook of the Excel of 2007 and later.
    Xlsx,
    /// A workbook of an older Excel.
    Xls,
    /// A web page with a table on it, whatever its name.
    Html,
    /// A JSON object on each line.
    JsonLines,
    /// Parquet.
    Parquet,
}

impl Form {
    /// The form as people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Form::Text => "CSV",
            Form::Xlsx => "XLSX",
            Form::Xls => "XLS",
            Form::Html => "HTML",
            Form::JsonLines => "JSON lines",
            Form::Parquet => "Parquet",
        }
    }

    /// The form of a file that begins so, zips left out.
    pub(super) fn of(start: &[u8], path: &Path) -> Result<Form, ExportError> {
        let refuse = |what: &str, way_out| Err(ExportError::no_table(path, what.to_owned(), way_out));
        if start.is_empty() {
            return Err(ExportError::NoRows { path: path.to_owned(), what: "the file is empty" });
        }
        if start.starts_with(b"\xD0\xCF\x11\xE0") {
            return Ok(Form::Xls);
        }
        if start.starts_with(b"PAR1") {
            return Ok(Form::Parquet);
        }
        let known: [(&[u8], &str, &'static str); 5] = [
            (b"%PDF", "this is a PDF", "export a table from the CRM: CSV or Excel"),
            (b"Rar!", "this is a RAR archive", "unpack it, and ingest what came out"),
            (b"7z\xBC\xAF", "this is a 7z archive", "unpack it, and ingest what came out"),
            (b"\xFD7zXZ", "this is packed by xz", "unpack it, and ingest what came out"),
            (b"\x28\xB5\x2F\xFD", "this is packed by zstd", "unpack it, and ingest what came out"),
        ];
        if let Some((_, what, way_out)) = known.into_iter().find(|(magic, ..)| start.starts_with(magic)) {
            return refuse(what, way_out);
        }
        let wide = start.starts_with(b"\xFF\xFE") || start.starts_with(b"\xFE\xFF");
        let text: String = match wide {
            // enough to see a tag or a brace
            true => start.iter().filter(|byte| **byte != 0 && byte.is_ascii()).map(|byte| char::from(*byte)).collect(),
            false => String::from_utf8_lossy(start).into_owned(),
        };
        let text = text.trim_start_matches('\u{feff}').trim_start().to_lowercase();
        let begins = |tags: &[&str]| tags.iter().any(|tag| text.starts_with(tag));
        if text.contains("urn:schemas-microsoft-com:office:spreadsheet") && begins(&["<?xml", "<workbook"]) {
            return refuse("this is an Excel 2003 XML sheet", "open it in a spreadsheet, and save it as .xlsx");
        }
        if begins(&["<html", "<!doctype html", "<table", "<meta", "<head", "<body", "<style", "<div", "<!--"])
            || (begins(&["<?xml"]) && text.contains("<html"))
        {
            return Ok(Form::Html);
        }
        if begins(&["<?xml", "<"]) {
            return refuse("this is XML, and no table", "export a table from the system: CSV or Excel");
        }
        if begins(&["{"]) {
            return Ok(Form::JsonLines);
        }
        if text
            .strip_prefix('[')
            .is_some_and(|rest| rest.trim_start().starts_with(['{', ']']) || rest.starts_with(['\r', '\n']))
        {
            return refuse("this is one JSON array", "write it as JSON lines: one object on each line");
        }
        Ok(Form::Text)
    }
}
