//! Files that nobody wrote to be read: each is refused with the reason, and takes neither the memory nor the day.

use std::fs;
use std::io::{Cursor, Write};

use ::parquet::arrow::ArrowWriter;
use ::parquet::arrow::arrow_writer::ArrowWriterOptions;
use ::parquet::file::properties::WriterProperties;
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::export::files;

/// The rows of a file's first sheet, or why there are none.
fn rows(bytes: &[u8]) -> Result<Vec<Vec<String>>, String> {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, bytes).unwrap();
    let read = || -> Result<Vec<Vec<String>>, ExportError> {
        let readable = Readable::new(&files::expand(std::slice::from_ref(&path))?[0], None, dir.path(), None)?;
        let (mut records, mut record) = (readable.records(0, &Cut::default(), b';')?, Record::default());
        let mut rows = Vec::new();
        while records.next(&mut record)? {
            rows.push(record.cells.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect());
        }
        Ok(rows)
    };
    read().map_err(|error| error.to_string())
}

fn refused(bytes: &[u8], why: &str) {
    let told = rows(bytes).unwrap_err();
    assert!(told.contains(why) && told.contains("\n    "), "{told}");
}

#[test]
fn a_text_that_all_rows_share_is_refused_before_it_fills_the_disk() {
    let rows = 400;
    let text = ::arrow::array::StringArray::from(vec!["x".repeat(1 << 20)]);
    let keys = ::arrow::array::Int32Array::from(vec![0; rows]);
    let column = ::arrow::array::DictionaryArray::new(keys, std::sync::Arc::new(text));
    let column: ::arrow::array::ArrayRef = std::sync::Arc::new(column);
    let batch = ::arrow::array::RecordBatch::try_from_iter([("ID", column)]).unwrap();
    // as texts, or as a column of a dictionary
    for is_text in [true, false] {
        let properties = WriterProperties::builder().set_dictionary_page_size_limit(2 << 20).build();
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(is_text);
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new_with_options(&mut bytes, batch.schema(), options).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        assert!(bytes.len() < 2 << 20, "{}", bytes.len());
        refused(&bytes, "its cells come to more than 256 MiB of text: no export does that");
    }
}

#[test]
fn a_row_with_an_open_quote_begins_where_it_begins() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("file");
    for text in ["ID;a\n1;\"x\n2;y\n3;z\n", "ID;a\n1;\"x\n2;y", "ID;a\n1;\"x\n\"\n", "ID;a\n1;\"x\n\""] {
        fs::write(&path, text).unwrap();
        let readable = Readable::new(&files::expand(std::slice::from_ref(&path)).unwrap()[0], None, dir.path(), None);
        let mut records = readable.unwrap().records(0, &Cut::default(), b';').unwrap();
        let (mut record, mut lines) = (Record::default(), Vec::new());
        while records.next(&mut record).unwrap() {
            lines.push(record.line);
        }
        assert_eq!(lines, [1, 2], "{text:?}");
    }
}

#[test]
fn an_open_cell_holds_the_rest_of_the_file_and_no_cell_before_it() {
    assert_eq!(rows(b"ID;a\n1;\"x\n2;\"\"y\n").unwrap()[1], ["1", "x\n2;\"y\n"]);
}

#[test]
fn cells_that_reach_over_others_make_no_table_of_a_page_that_has_none() {
    let deep = "<td rowspan=65534>a".repeat(16_384);
    refused(format!("<table><tr>{deep}{}</table>", "<tr><td>".repeat(60_000)).as_bytes(), "more than 16384 columns");
    let deep = "<td rowspan=65534>a".repeat(16_383);
    refused(format!("<table><tr>{deep}{}</table>", "<tr><td>".repeat(60_000)).as_bytes(), "cells that reach over");
    let wide = format!("<table>{}</table>", "<tr><td colspan=16384>a".repeat(60_000));
    refused(wide.as_bytes(), "cells that reach over");
    refused(format!("<table><tr>{}</table>", "<td>".repeat(20_000)).as_bytes(), "more than 16384 columns");
    let long = format!("<table><tr><td rowspan=9999>{}{}</table>", "a".repeat(1 << 20), "<tr><td>".repeat(9999));
    refused(long.as_bytes(), "its cells come to more than 256 MiB of text");
    let long = format!("<table><tr>{}<tr></table>", format!("<td>{}", "a".repeat(1 << 20)).repeat(70));
    refused(long.as_bytes(), "longer than 64 MiB");
}

#[test]
fn cells_of_a_page_stand_where_a_browser_puts_them() {
    let page = "<table><tr><td rowspan=2>a<td rowspan=3>b<td>c<tr><td>d<tr><td>e<td>f</table>";
    let expected = [["a", "b", "c"], ["a", "b", "d"], ["e", "b", "f"]];
    assert_eq!(rows(page.as_bytes()).unwrap(), expected.map(|row| row.map(str::to_owned).to_vec()));
}

#[test]
fn keys_without_an_end_and_keys_met_twice_are_told() {
    let key = "a".repeat(4000);
    refused(format!("{{\"{key}\":{{\"{key}\":1}}}}").as_bytes(), "a key longer than 4096 bytes");
    refused(br#"{"a":1,"a":2}"#, "line 1: the key `a` is there twice");
    refused(br#"{"a.b":1,"a":{"b":2}}"#, "the key `a.b` is there twice");
    assert_eq!(rows(br#"{"a":1e3,"b":1e400}"#).unwrap()[1], ["1000", "1e400"]);
}

const BEGIN: &str = r#"<Relationships><Relationship Id="r0" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;

fn workbook(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [("_rels/.rels", BEGIN)].iter().chain(parts) {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_sheet_that_cannot_be_read_is_not_left_out() {
    let sheets =
        r#"<workbook xmlns:r="r"><sheets><sheet name="A" r:id="r1"/><sheet name="B" r:id="r2"/></sheets></workbook>"#;
    let relation = |id: &str| {
        let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet";
        format!(r#"<Relationship Id="{id}" Type="{kind}" Target="worksheets/{id}.xml"/>"#)
    };
    let relations = format!("<Relationships>{}{}</Relationships>", relation("r1"), relation("r2"));
    let good = r#"<worksheet><sheetData><row r="1"><c r="A1"><v>7</v></c></row></sheetData></worksheet>"#;
    let book = |second| {
        workbook(&[
            ("xl/workbook.xml", sheets),
            ("xl/_rels/workbook.xml.rels", &relations),
            ("xl/worksheets/r1.xml", good),
            ("xl/worksheets/r2.xml", second),
        ])
    };
    assert_eq!(rows(&book(good)).unwrap(), [["7"]]);
    refused(&book("<worksheet><sheetData"), "sheet `B`");
}

#[test]
fn a_part_that_unpacks_to_too_much_is_told() {
    let relations = "<Relationships/>";
    let texts = " ".repeat(300 << 20);
    let parts = [("xl/workbook.xml", "<workbook/>"), ("xl/_rels/workbook.xml.rels", relations), ("xl/x.xml", &texts)];
    refused(&workbook(&parts), "unpacks to more than 256 MiB");
}

/// An older workbook whose stream is this.
fn older(stream: &[u8]) -> Vec<u8> {
    const END: u32 = 0xFFFF_FFFE;
    let longs = |longs: &[u32]| longs.iter().flat_map(|long| long.to_le_bytes()).collect::<Vec<u8>>();
    let mut file = vec![0; 512];
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1");
    put(26, &[3, 0, 0xFE, 0xFF, 9, 0, 6, 0]);
    put(44, &longs(&[1, 1]));
    put(60, &longs(&[END, 0, END, 0]));
    put(76, &longs(&[0]));
    put(80, &[0xFF; 432]);
    let stream = [stream, &vec![0; 4096_usize.saturating_sub(stream.len())]].concat();
    let sectors = u32::try_from(stream.len().div_ceil(512)).unwrap();
    let mut table: Vec<u32> = [0xFFFF_FFFD, END].into_iter().chain(3..2 + sectors).chain([END]).collect();
    table.resize(128, 0xFFFF_FFFF);
    file.extend(longs(&table));
    for (name, first, length) in [("Root Entry", END, 0), ("Workbook", 2, u32::try_from(stream.len()).unwrap())] {
        let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        entry.resize(116, 0);
        entry.extend(longs(&[first, length, 0]));
        file.extend(entry);
    }
    file.resize(512 * 3, 0);
    file.extend(&stream);
    file.resize(512 * (3 + sectors as usize), 0);
    file
}

fn part(number: u16, data: &[u8]) -> Vec<u8> {
    [&number.to_le_bytes(), &u16::try_from(data.len()).unwrap().to_le_bytes(), data].concat()
}

#[test]
fn an_older_workbook_is_read_or_refused_whatever_it_says_of_itself() {
    let begin = part(0x0809, &[0, 6, 5, 0, 0, 0, 0, 0]);
    let end = part(0x000A, b"");
    let globals = |at: u32| {
        let sheet = [&at.to_le_bytes()[..], &[0, 0, 1, 0, b'A']].concat();
        [begin.clone(), part(0x0085, &sheet), end.clone()].concat()
    };
    let cell = |row: u16, column: u16, number: f64| {
        let place = [row, column, 0].map(u16::to_le_bytes).concat();
        part(0x0203, &[&place[..], &number.to_le_bytes()].concat())
    };
    let at = u32::try_from(globals(0).len()).unwrap();
    let book = |cells: &[Vec<u8>]| older(&[globals(at), begin.clone(), cells.concat(), end.clone()].concat());
    assert_eq!(rows(&book(&[cell(0, 0, 1.5), cell(1, 1, 2.0)])).unwrap(), [vec!["1.5"], vec!["", "2"]]);
    refused(&book(&[cell(0, 0, 1.0), cell(65_535, 65_535, 2.0)]), "reach over more than 10000000 cells");
    refused(&older(&globals(1 << 30)), "a workbook that cannot be read");
    refused(&book(&[part(0x0203, b"\0")]), "a workbook that cannot be read");
}
