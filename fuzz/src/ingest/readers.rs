//! What holds of a file, whatever its bytes: it is refused with a message, or each of its rows is taken, refused, ignored or
//! unwanted. Nothing is lost, nothing panics.

use std::fs;
use std::io::{Read, Write};
use std::sync::LazyLock;

use chrono_tz::Tz;
use include_dir::{Dir, include_dir};
use tempfile::TempDir;

use super::IngestError;
use super::choose::choose;
use super::draft::draft;
use super::export::{Opened, Outcome, Plan, Refusal, RowSink, Value, read_rows};
use super::files::{self, Form, Input};
use super::layout;
use super::mapping::{Export, Mapping};
use super::personal::Personal;
use super::records::{Cut, Encoding, RepairOrigin, Readable, Record};
use crate::model::lang::Lang;
use crate::model::tables::Table;
use crate::store::Snapshot;

static PRESETS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../presets");

/// The presets, chosen among by the header; mappings whose columns are meant by their places, so that nearly every file has
/// them; and one that states encoding, delimiter and formats.
static MAPPINGS: LazyLock<Vec<Mapping>> = LazyLock::new(|| {
    let mut presets = Vec::new();
    for file in PRESETS.files() {
        let text = file.contents_utf8().expect("text");
        presets.extend(Mapping::read("preset", text, Some(Tz::Europe__Moscow)).expect("sound").exports);
    }
    let own = [include_str!("places.toml"), include_str!("events.toml"), include_str!("stated.toml")];
    let own = own.map(|text| Mapping::parse("own", text).unwrap_or_else(|problems| panic!("{problems}")));
    let presets = Mapping { file: Mapping::PRESETS.to_owned(), personal: Personal::Keep, exports: presets };
    own.into_iter().chain([presets]).collect()
});

/// A folder of this process for the file and for what is laid down.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    foreign_panics_may_be_caught();
    tempfile::tempdir().expect("a folder for the files")
});

/// The ingest catches what the readers of workbooks and of Parquet panic at, and only there. A panic of ours is a finding.
fn foreign_panics_may_be_caught() {
    const FOREIGN: [&str; 5] = ["/calamine-", "/quick-xml-", "/zip-", "/parquet-", "/arrow-"];
    let finding = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map_or("", |place| place.file());
        if !FOREIGN.iter().any(|of| place.contains(of)) {
            finding(panic);
        }
    }));
}

/// Reads bytes as a file of that name.
pub fn read(name: &str, bytes: &[u8]) {
    let path = FOLDER.path().join(name);
    fs::write(&path, bytes).expect("a file in a folder of ours");
    let inputs = match files::expand(&[path.clone()]) {
        Ok(inputs) => inputs,
        Err(error) => return clear(&error),
    };
    for input in &inputs {
        match Readable::new(input, None, FOLDER.path(), None) {
            Ok(readable) => whole(&readable),
            Err(error) => clear(&error),
        }
    }
    // one way of reading for each file, or there would be a few dozen files a second; the presets are many and seldom fit
    const WAYS: [Option<usize>; 8] = [Some(3), Some(0), Some(1), Some(2), None, Some(0), Some(1), Some(2)];
    let sum = bytes.iter().fold(0_usize, |sum, byte| sum + usize::from(*byte));
    let read = match WAYS[sum % WAYS.len()].and_then(|way| MAPPINGS.get(way)) {
        Some(mapping) => ingest(mapping, inputs),
        None => draft(&path, FOLDER.path(), Lang::Ru).map(|text| sound(&text)),
    };
    if let Err(error) = read {
        clear(&error);
    }
}

/// What a draft lacks is for a person to say, but it is TOML.
fn sound(draft: &str) {
    if let Err(problems) = Mapping::parse("draft", draft) {
        problems.0.iter().for_each(|problem| assert!(!problem.what.starts_with("not TOML"), "{problem}\n{draft}"));
    }
}

/// A message has a place and says something.
fn clear(error: &IngestError) {
    let text = error.to_string();
    assert!(text.contains(FOLDER.path().to_str().unwrap_or_default()) && text.len() > 20, "{text}");
}

/// Every sheet is read twice to its end and gives the same; of UTF-8 text, all that stands between quotes and delimiters is
/// there again.
fn whole(readable: &Readable) {
    for (sheet, _) in readable.sheets() {
        for delimiter in [b';', b','] {
            let [first, second] = [0, 1].map(|_| records(readable, sheet, delimiter));
            assert_eq!(first.is_ok(), second.is_ok());
            let Ok(first) = first else { continue };
            if let Ok(second) = second {
                assert_eq!(first.len(), second.len());
            }
            if readable.input.form == Form::Text && readable.encoding == Some(Encoding::Utf8) {
                let mut bytes = Vec::new();
                if readable.input.open().and_then(|mut open| Ok(open.read_to_end(&mut bytes).is_ok())).unwrap_or(false)
                {
                    let mut bytes = bytes.as_slice();
                    while let Some(after) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
                        bytes = after;
                    }
                    let plain = |byte: &&u8| !matches!(**byte, b'"' | b'\r' | b'\n') && **byte != delimiter;
                    let there: Vec<&u8> = bytes.iter().filter(plain).collect();
                    let cells: Vec<&u8> = first.iter().flatten().flatten().filter(plain).collect();
                    assert!(there == cells, "bytes of a text are lost");
                }
            }
        }
    }
}

type Cells = Vec<Vec<Vec<u8>>>;

fn records(readable: &Readable, sheet: usize, delimiter: u8) -> Result<Cells, IngestError> {
    let mut records = readable.records(sheet, &Cut::default(), delimiter)?;
    let mut record = Record::default();
    let mut all = Cells::new();
    let mut line = 0;
    while records.next(&mut record)? {
        assert!(record.typed.is_empty() || record.typed.len() == record.cells.len());
        assert!(readable.input.form != Form::Text || record.line > line, "lines go on: {} after {line}", record.line);
        line = record.line;
        all.push(record.cells.iter().map(<[u8]>::to_vec).collect());
    }
    Ok(all)
}

fn ingest(mapping: &Mapping, inputs: Vec<Input>) -> Result<(), IngestError> {
    let mut opened = Vec::new();
    for (input, export, _) in choose(mapping, inputs, FOLDER.path())? {
        let readable = Readable::new(&input, export.encoding, FOLDER.path(), None)?;
        opened.push((Opened::open(readable, &export, &mapping.file)?, export));
    }
    let layouts = layout::layouts(mapping, |column| opened.iter().any(|(o, _)| o.has(column)), &Snapshot::default());
    for (opened, export) in opened {
        drop(opened.read_as());
        let mut plan = Plan::new(&export, &opened, &layouts, (mapping.personal, None));
        let widths: Vec<usize> = plan.fills.iter().map(|fill| fill.columns.len()).collect();
        let mut sink = Counted { widths, taken: 0, refused: 0, line: 0, done: 0 };
        let met = read_rows(&opened, &mut plan, &export, &mapping.file, &mut sink)?;
        drop(plan.currencies().collect::<Vec<_>>());
        lost_nothing(&met, &sink, &export);
    }
    Ok(())
}

fn lost_nothing(met: &Outcome, sink: &Counted, export: &Export) {
    let told = met.ignored + met.unwanted + sink.refused;
    assert!(told <= met.rows, "{met:?} {}", sink.refused);
    match export.fills.as_slice() {
        [one] if one.table != Table::Spend => assert_eq!(met.rows - told, sink.taken, "{met:?}"),
        // a row may go to several tables, and of a period to several days
        _ => assert!(sink.taken >= met.rows - told, "{met:?} {}", sink.taken),
    }
}

/// Counts what comes.
struct Counted {
    widths: Vec<usize>,
    taken: u64,
    refused: u64,
    line: u64,
    done: u64,
}

impl RowSink for Counted {
    fn take(&mut self, fill: usize, values: &[Value<'_>]) -> Result<(), IngestError> {
        assert_eq!(values.len(), self.widths[fill]);
        for value in values {
            match value {
                Value::Text(text) => assert!(!text.is_empty()),
                Value::Real(number) => assert!(number.is_finite()),
                Value::Whole(_) | Value::Null => {}
            }
        }
        self.taken += 1;
        Ok(())
    }

    fn begin(&mut self, header: String) {
        assert!(!header.is_empty());
    }

    fn waits(&self, place: RepairOrigin) -> u64 {
        place.line % 3
    }

    fn refuses_deal(&mut self, deal_id: &str) {
        assert!(!deal_id.is_empty());
    }

    fn lists_deal(&mut self, deal_id: &str) {
        assert!(!deal_id.is_empty());
    }

    fn refuse(&mut self, refusal: Refusal) -> Result<(), IngestError> {
        assert!(!refusal.reason.en.is_empty() && !refusal.reason.ru.is_empty());
        self.line = refusal.line;
        self.refused += 1;
        Ok(())
    }

    fn progress(&mut self, done: u64) {
        assert!(done >= self.done, "progress goes on");
        self.done = done;
    }
}

/// A workbook of these parts: what a random change of a packed one never gets to. Parts are parted by a line of `%%`: the
/// sheet, its texts, its formats, the list of sheets.
pub fn packed_workbook(bytes: &[u8]) -> Vec<u8> {
    const NAMES: [&str; 4] = ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml"];
    const WORKBOOK: &[u8] = br#"<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    const BEGIN: &[u8] = br#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Target="xl/workbook.xml" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>"#;
    const RELATIONS: &[u8] = br#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Target="worksheets/sheet1.xml" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/></Relationships>"#;
    let mut parts: Vec<&[u8]> = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(4).position(|four| four == b"\n%%\n").filter(|_| parts.len() < 3) {
        parts.push(&rest[..at]);
        rest = &rest[at + 4..];
    }
    parts.push(rest);
    if parts.len() < 4 {
        parts.resize(3, b"");
        parts.push(WORKBOOK);
    }
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let all = NAMES.into_iter().zip(parts).chain([("xl/_rels/workbook.xml.rels", RELATIONS), ("_rels/.rels", BEGIN)]);
    for (name, part) in all.filter(|(_, part)| !part.is_empty()) {
        writer.start_file(name, stored).expect("a part");
        writer.write_all(part).expect("a part in memory");
    }
    writer.finish().expect("a zip in memory").into_inner()
}
