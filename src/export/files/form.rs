//! What a file is, by its first bytes: its name may say anything.

use std::path::Path;

use crate::export::ExportError;
use crate::model::lang::Text;

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
        let refuse = |what: Text, way_out: Text| Err(ExportError::unreadable(path, what, way_out));
        if start.is_empty() {
            return Err(ExportError::NoRows { path: path.to_owned(), what: "the file is empty" });
        }
        if start.starts_with(b"\xD0\xCF\x11\xE0") {
            return Ok(Form::Xls);
        }
        if start.starts_with(b"PAR1") {
            return Ok(Form::Parquet);
        }
        if start.starts_with(b"%PDF") {
            let way_out =
                Text::new("выгрузите таблицу из CRM: CSV или Excel", "export a table from the CRM: CSV or Excel");
            return refuse(Text::new("это PDF", "this is a PDF"), way_out);
        }
        let packed: [(&[u8], &str, &str); 4] = [
            (b"Rar!", "это архив RAR", "this is a RAR archive"),
            (b"7z\xBC\xAF", "это архив 7z", "this is a 7z archive"),
            (b"\xFD7zXZ", "это упаковано xz", "this is packed by xz"),
            (b"\x28\xB5\x2F\xFD", "это упаковано zstd", "this is packed by zstd"),
        ];
        if let Some((_, ru, en)) = packed.into_iter().find(|(magic, ..)| start.starts_with(magic)) {
            let way_out = Text::new("распакуйте и загрузите то, что внутри", "unpack it, and ingest what came out");
            return refuse(Text::new(ru, en), way_out);
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
            return refuse(
                Text::new("это таблица Excel 2003 XML", "this is an Excel 2003 XML sheet"),
                Text::new(
                    "откройте её в Excel и сохраните как .xlsx",
                    "open it in a spreadsheet, and save it as .xlsx",
                ),
            );
        }
        if begins(&["<html", "<!doctype html", "<table", "<meta", "<head", "<body", "<style", "<div", "<!--"])
            || (begins(&["<?xml"]) && text.contains("<html"))
        {
            return Ok(Form::Html);
        }
        if begins(&["<?xml", "<"]) {
            return refuse(
                Text::new("это XML, а не таблица", "this is XML, and no table"),
                Text::new(
                    "выгрузите из системы таблицу: CSV или Excel",
                    "export a table from the system: CSV or Excel",
                ),
            );
        }
        if begins(&["{"]) {
            return Ok(Form::JsonLines);
        }
        if text
            .strip_prefix('[')
            .is_some_and(|rest| rest.trim_start().starts_with(['{', ']']) || rest.starts_with(['\r', '\n']))
        {
            return refuse(
                Text::new("это один массив JSON", "this is one JSON array"),
                Text::new(
                    "запишите его построчно: в каждой строке один объект",
                    "write it as JSON lines: one object on each line",
                ),
            );
        }
        Ok(Form::Text)
    }
}
