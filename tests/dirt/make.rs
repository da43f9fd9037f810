//! Exports in forms that are not text: written here as other programs write them.

use std::io::{Cursor, Write};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::record_batch::RecordBatch;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use parquet::arrow::ArrowWriter;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A Parquet file of these columns.
pub fn parquet<A: arrow::array::Array + 'static>(columns: Vec<(&str, A)>) -> Vec<u8> {
    parquet_of(columns.into_iter().map(|(name, column)| (name, Arc::new(column) as ArrayRef)).collect())
}

/// As [`parquet`], of columns of several types.
pub fn parquet_of(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

pub fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A cell of a workbook.
#[derive(Clone, Copy)]
pub enum In<'t> {
    Text(&'t str),
    /// As the file spells the number.
    Number(&'t str),
    /// A day with its time, as the file counts it.
    Day(&'t str),
    Error(&'t str),
}

/// A workbook of these sheets.
pub fn xlsx(sheets: &[(&str, &[&[In<'_>]])]) -> Vec<u8> {
    let parts = book(&sheets.iter().map(|(name, rows)| (*name, sheet(rows))).collect::<Vec<_>>());
    let parts: Vec<(&str, &[u8])> = parts.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    zip(&parts)
}

/// The parts of a workbook.
pub fn book(sheets: &[(&str, String)]) -> Vec<(String, String)> {
    const XML: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const REL: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    let numbered = || sheets.iter().zip(1..);
    let listed: String =
        numbered().map(|((name, _), n)| format!(r#"<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>"#)).collect();
    let related: String = numbered()
        .map(|(_, n)| format!(r#"<Relationship Id="rId{n}" Type="{REL}/worksheet" Target="worksheets/sheet{n}.xml"/>"#))
        .collect();
    let mut parts = vec![
        (
            "[Content_Types].xml".to_owned(),
            format!(
                r#"{XML}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>"#
            ),
        ),
        (
            "_rels/.rels".to_owned(),
            format!(
                r#"{XML}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/workbook.xml".to_owned(),
            format!(r#"{XML}<workbook xmlns="{MAIN}" xmlns:r="{REL}"><sheets>{listed}</sheets></workbook>"#),
        ),
        (
            "xl/_rels/workbook.xml.rels".to_owned(),
            format!(
                r#"{XML}<Relationships xmlns="{PACKAGE}/relationships">{related}<Relationship Id="rId99" Type="{REL}/styles" Target="styles.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/styles.xml".to_owned(),
            format!(
                r#"{XML}<styleSheet xmlns="{MAIN}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>"#
            ),
        ),
    ];
    parts.extend(numbered().map(|((_, rows), n)| {
        let text = format!(r#"{XML}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>"#);
        (format!("xl/worksheets/sheet{n}.xml"), text)
    }));
    parts
}

fn sheet(rows: &[&[In<'_>]]) -> String {
    let mut text = String::new();
    for (cells, row) in rows.iter().zip(1..) {
        text += &format!(r#"<row r="{row}">"#);
        for (cell, column) in cells.iter().zip('A'..) {
            let at = format!("{column}{row}");
            text += &match cell {
                In::Text("") => String::new(),
                In::Text(inside) => format!(r#"<c r="{at}" t="inlineStr"><is><t>{inside}</t></is></c>"#),
                In::Number(number) => format!(r#"<c r="{at}"><v>{number}</v></c>"#),
                In::Day(days) => format!(r#"<c r="{at}" s="1"><v>{days}</v></c>"#),
                In::Error(fault) => format!(r#"<c r="{at}" t="e"><v>{fault}</v></c>"#),
            };
        }
        text += "</row>";
    }
    text
}

/// A stream of deflate that unpacks to so many MiB of one byte: a block of one MiB, written as often as it takes.
pub fn bomb(mebibytes: usize, byte: u8) -> Vec<u8> {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    let mebibyte = vec![byte; 1 << 20];
    packed.write_all(&mebibyte).unwrap();
    packed.flush().unwrap();
    let first = packed.get_ref().len();
    packed.write_all(&mebibyte).unwrap();
    packed.flush().unwrap();
    // a flush ends on a whole byte: the second block may follow itself, all that it refers to is the same byte before it
    let block = packed.get_ref()[first..].to_vec();
    let start = packed.get_ref()[..first].to_vec();
    let end = [0x03, 0x00];
    [start, block.repeat(mebibytes - 1), end.to_vec()].concat()
}

/// A stream of deflate as a file of gzip. Its sum is wrong: whoever asks for it has read too much already.
pub fn as_gz(begin: &[u8], deflated: &[u8]) -> Vec<u8> {
    // a member of its own for what the file has to begin with
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    [gz(begin), head.to_vec(), deflated.to_vec(), vec![0; 8]].concat()
}

/// A zip of which one member is a stream of deflate that was made elsewhere; `size` is what the archive says of it.
pub fn as_zip(members: &[(&str, &[u8])], name: &str, deflated: &[u8], size: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    let stored = members.iter().map(|(name, bytes)| (*name, *bytes, 0_u16, crc(bytes), bytes.len() as u32));
    let all = stored.chain([(name, deflated, 8, 0, size)]);
    let mut count = 0_u16;
    for (name, bytes, method, crc, size) in all {
        let at = out.len() as u32;
        let mut common = Vec::new();
        common.extend_from_slice(&[20, 0, 0, 0]);
        common.extend_from_slice(&method.to_le_bytes());
        common.extend_from_slice(&[0, 0, 0x21, 0x5a]);
        for number in [crc, bytes.len() as u32, size] {
            common.extend_from_slice(&number.to_le_bytes());
        }
        common.extend_from_slice(&(name.len() as u16).to_le_bytes());
        common.extend_from_slice(&[0, 0]);
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&common);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(bytes);
        directory.extend_from_slice(b"PK\x01\x02\x14\x00");
        directory.extend_from_slice(&common);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&at.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
        count += 1;
    }
    let at = out.len() as u32;
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\x00\x00\x00\x00");
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&(directory.len() as u32).to_le_bytes());
    out.extend_from_slice(&at.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out
}

fn crc(bytes: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum()
}
