//! Opens an export at its header, or says why it is none.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ReaderBuilder};

use super::decode::Decoded;
use super::header::{self, Found};
use crate::ingest::IngestError;
use crate::ingest::mapping::{Encoding, Export};

/// The delimiters that a header line may prove, the likeliest first.
const DELIMITERS: [u8; 4] = [b';', b',', b'\t', b'|'];
/// How far down a header may stand.
const TITLE_LINES: usize = 100;

/// An export, read up to and including its header.
pub(in crate::ingest) struct Opened {
    pub(in crate::ingest) path: PathBuf,
    pub(in crate::ingest) bytes: u64,
    pub(super) reader: csv::Reader<BufReader<Decoded<File>>>,
    pub(super) cells: usize,
    pub(super) delimiter: u8,
    pub(super) found: Found,
    /// Lines before what the reader sees.
    skipped: u64,
}

impl Opened {
    /// Opens a file for a section of the mapping; `mapping` is the name of the mapping file, for messages.
    pub(in crate::ingest) fn open(path: &Path, export: &Export, mapping: &str) -> Result<Opened, IngestError> {
        sniff(path, export, mapping)?;
        let candidates = export.delimiter.map_or(DELIMITERS.to_vec(), |stated| vec![stated]);
        let mut best: Option<Opened> = None;
        let mut failure = None;
        for delimiter in candidates {
            match at_header(path, export, mapping, delimiter) {
                // fewest columns missing, then most columns at all: with a wrong delimiter the header is one cell
                Ok(found) if best.as_ref().is_none_or(|b| found.rank() < b.rank()) => best = Some(found),
                Ok(_) => {}
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        match (best, failure) {
            (Some(opened), _) if opened.found.problems.is_empty() => Ok(opened),
            (Some(opened), _) => {
                let mut problems = opened.found.problems.clone();
                problems.extend(other_delimiter(path, export, mapping));
                Err(IngestError::Header {
                    path: path.to_owned(),
                    line: opened.found.line,
                    section: format!("[[export]] `{}` of {mapping}", export.name),
                    header: opened.found.shown(),
                    problems,
                })
            }
            (None, Some(error)) => Err(error),
            (None, None) => Err(IngestError::NoRows { path: path.to_owned(), what: "the file is empty" }),
        }
    }

    fn rank(&self) -> (usize, usize) {
        (self.found.problems.len(), usize::MAX - self.cells)
    }

    /// The line at which the record just read begins, from 1.
    pub(super) fn line(&self, record: &ByteRecord) -> u64 {
        first_line(&self.reader, record) + self.skipped
    }

    /// The line at which the record just read begins, or that of a blank line before it.
    pub(super) fn begin(&self, record: &ByteRecord) -> u64 {
        record.position().map_or(0, csv::Position::line) + self.skipped
    }

    /// How much was read, in bytes of the file, about.
    pub(super) fn done(&self) -> u64 {
        self.reader.position().byte().min(self.bytes)
    }
}

/// Whether the file would fit with another delimiter than the one that the mapping states.
fn other_delimiter(path: &Path, export: &Export, mapping: &str) -> Option<String> {
    let stated = export.delimiter?;
    let shown = |delimiter: u8| if delimiter == b'\t' { "tab".to_owned() } else { char::from(delimiter).to_string() };
    let fits = |delimiter: &u8| {
        at_header(path, export, mapping, *delimiter).is_ok_and(|opened| opened.found.problems.is_empty())
    };
    let fitting = DELIMITERS.into_iter().filter(|delimiter| *delimiter != stated).find(fits)?;
    let (stated, fitting) = (shown(stated), shown(fitting));
    Some(format!("with delimiter = \"{fitting}\" all columns are there; the mapping states \"{stated}\""))
}

/// The line at which the record just read begins. Its own position would name a blank line before it.
fn first_line<R: Read>(reader: &csv::Reader<R>, record: &ByteRecord) -> u64 {
    let inside = record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
    reader.position().line().saturating_sub(1 + inside)
}

/// Looks at the first bytes: a workbook, a web page or another encoding is told before any column is missed.
fn sniff(path: &Path, export: &Export, mapping: &str) -> Result<(), IngestError> {
    let mut start = Vec::new();
    let file = File::open(path).map_err(IngestError::io(path))?;
    file.take(512).read_to_end(&mut start).map_err(IngestError::io(path))?;
    let refuse =
        |what: &str, way_out| Err(IngestError::NoText { path: path.to_owned(), what: what.to_owned(), way_out });
    let utf16 = start.starts_with(b"\xFF\xFE") || start.starts_with(b"\xFE\xFF");
    let text = String::from_utf8_lossy(&start).to_lowercase();
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if start.is_empty() {
        Err(IngestError::NoRows { path: path.to_owned(), what: "the file is empty" })
    } else if start.starts_with(b"PK\x03\x04") || start.starts_with(b"\xD0\xCF\x11\xE0") {
        refuse("this is an Excel workbook, whatever its name", "save it as CSV (UTF-8) and ingest that")
    } else if ["<html", "<!doctype", "<table", "<?xml"].iter().any(|tag| text.starts_with(tag)) {
        refuse(
            "this is a web page (some CRMs export one under the name .xls)",
            "open it in a spreadsheet and save it as CSV (UTF-8), or export CSV from the CRM",
        )
    } else if utf16 && export.encoding != Some(Encoding::Utf16) {
        let what = format!("the file is UTF-16, and {mapping} does not say so for [[export]] `{}`", export.name);
        refuse(&what, "add encoding = \"utf-16\" there, or export it as UTF-8")
    } else if export.encoding == Some(Encoding::Cp1251) && is_utf8_beyond_ascii(&start) {
        let what = format!("the file is UTF-8, and {mapping} states cp1251 for [[export]] `{}`", export.name);
        refuse(&what, "remove the line `encoding` there, or write encoding = \"utf-8\"")
    } else {
        Ok(())
    }
}

/// Whether bytes are text in UTF-8 that cannot be meant otherwise. The last symbol may be cut.
fn is_utf8_beyond_ascii(start: &[u8]) -> bool {
    let valid = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or(""),
        Err(_) => return false,
    };
    valid.chars().filter(|symbol| !symbol.is_ascii()).count() >= 3
}

fn at_header(path: &Path, export: &Export, mapping: &str, delimiter: u8) -> Result<Opened, IngestError> {
    let file = File::open(path).map_err(IngestError::io(path))?;
    let bytes = file.metadata().map_err(IngestError::io(path))?.len();
    let decoded = Decoded::new(file, export.encoding.unwrap_or(Encoding::Utf8));
    let mut input = BufReader::with_capacity(256 * 1024, decoded);
    let mut line = Vec::new();
    for _ in 0..export.skip {
        line.clear();
        input.read_until(b'\n', &mut line).map_err(IngestError::io(path))?;
    }
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        // a CR before it stays in the last cell and is trimmed there: with the default, lines of CRLF files are off by one
        .terminator(csv::Terminator::Any(b'\n'))
        .flexible(true)
        .escape(export.escape)
        .from_reader(input);
    let skipped = export.skip as u64;
    let mut record = ByteRecord::new();
    for _ in 0..TITLE_LINES {
        if !reader.read_byte_record(&mut record).map_err(|e| IngestError::data(path, e))? {
            let what = if export.header_has.is_some() { break } else { "the file has no header line" };
            return Err(IngestError::NoRows { path: path.to_owned(), what });
        }
        let line = first_line(&reader, &record) + skipped;
        if is_blank(&record) {
            continue;
        }
        let Some(cells) = texts(&record) else {
            return Err(not_utf8(path, line, export, mapping));
        };
        if export.header_has.as_ref().is_none_or(|text| cells.contains(text)) {
            let found = header::find(&cells, export.headers(), line);
            return Ok(Opened { path: path.to_owned(), bytes, reader, cells: cells.len(), delimiter, found, skipped });
        }
    }
    Err(IngestError::NoHeader {
        path: path.to_owned(),
        looked: TITLE_LINES,
        text: export.header_has.clone().unwrap_or_default(),
        mapping: mapping.to_owned(),
    })
}

/// The refusal of a file that is not in the encoding it ought to have.
pub(super) fn not_utf8(path: &Path, line: u64, export: &Export, mapping: &str) -> IngestError {
    IngestError::NotUtf8 { path: path.to_owned(), line, mapping: mapping.to_owned(), export: export.name.clone() }
}

/// Whether a line has nothing on it: what a CR leaves, too.
pub(super) fn is_blank(record: &ByteRecord) -> bool {
    record.len() <= 1 && record.as_slice().trim_ascii().is_empty()
}

fn texts(record: &ByteRecord) -> Option<Vec<String>> {
    record.iter().map(|cell| std::str::from_utf8(cell).ok().map(|text| text.trim().to_owned())).collect()
}
