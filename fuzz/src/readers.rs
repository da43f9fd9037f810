//! What holds of a file, whatever its bytes: it is refused with a message, or each of its rows is taken, refused, ignored or
//! unwanted. Nothing is lost, nothing panics.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::sync::LazyLock;

use chrono::DateTime;
use chrono_tz::Tz;
use tempfile::TempDir;

use crate::draft::{Draft, draft};
use crate::export::choose::{choose, refuse_parts};
use crate::export::datum::Value;
use crate::export::files::{self, Form, Input};
use crate::export::mapping::{Export, Mapping};
use crate::export::read::{Opened, Outcome, Plan, Refusal, RowSink, read_rows};
use crate::export::records::{Cut, Encoding, Readable, Record, RepairOrigin};
use crate::export::values::personal::{Key, Personal};
use crate::export::{ExportError, repair, snapshot_date};
use crate::model::lang::Lang;
use crate::model::layout::Layout;
use crate::model::letters::{composed, may_be_in_pieces};
use crate::model::problem::Problem;
use crate::model::tables::Table;

/// The presets, chosen among by the header; mappings whose columns are meant by their places, so that nearly every file has
/// them; and one that states encoding, delimiter and formats.
static MAPPINGS: LazyLock<Vec<Mapping>> = LazyLock::new(|| {
    let own = [
        include_str!("../mappings/places.toml"),
        include_str!("../mappings/events.toml"),
        include_str!("../mappings/stated.toml"),
    ];
    let own = own.map(|text| Mapping::parse("own", text).unwrap_or_else(|problems| panic!("{problems}")));
    let presets = Mapping::presets(Tz::Europe__Moscow).unwrap_or_else(|problems| panic!("{problems}"));
    let presets = Mapping { personal: Personal::Keep, ..presets };
    own.into_iter().chain([presets]).collect()
});

/// A folder of this process for the file and for the temporary tables that reading writes.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    foreign_panics_may_be_caught();
    tempfile::tempdir().expect("a folder for the files")
});

/// The key with which personal data is hashed.
pub(crate) static KEY: LazyLock<Key> = LazyLock::new(|| Key::new([7; 32]));

/// When the exports are read, in microseconds: at the end of 2025.
const NOW: i64 = 1_767_225_599_000_000;

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
    let inputs =
        match files::expand(std::slice::from_ref(&path)).and_then(|inputs| repair::known(inputs, FOLDER.path())) {
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
        None => {
            let zone = bytes.len().is_multiple_of(2).then_some(Tz::Europe__Moscow);
            draft(&path, FOLDER.path(), Lang::Ru, zone).and_then(|draft| sound(&draft, inputs))
        }
    };
    if let Err(error) = read {
        clear(&error);
    }
}

/// What a draft lacks is for a person to say, but it is TOML; where it lacks nothing, the file is read by it.
fn sound(draft: &Draft, inputs: Vec<Input>) -> Result<(), ExportError> {
    let lines: Vec<&str> = draft.text.lines().collect();
    draft.asked.iter().for_each(|line| assert!(lines[line - 1].contains("?\""), "{line} of {}", draft.text));
    draft.told.iter().for_each(|told| assert!(!told.is_empty()));
    match Mapping::parse("draft", &draft.text) {
        Ok(mapping) => ingest(&mapping, inputs),
        Err(problems) => {
            let is_toml = |problem: &Problem| !problem.what.en.starts_with("not TOML");
            problems.0.iter().for_each(|problem| assert!(is_toml(problem), "{problem}\n{}", draft.text));
            Ok(())
        }
    }
}

/// A message has a place and says something.
fn clear(error: &ExportError) {
    let text = error.to_string();
    assert!(text.contains(FOLDER.path().to_str().unwrap_or_default()) && text.len() > 20, "{text}");
}

/// Every sheet is read twice to its end and gives the same; of UTF-8 text, all that stands between quotes and delimiters is
/// there again, whatever is known of the number of cells.
fn whole(readable: &Readable) {
    for (sheet, _) in readable.sheets() {
        for delimiter in [b';', b','] {
            let [first, second] = [0, 1].map(|_| records(readable, sheet, delimiter, None));
            assert_eq!(first.is_ok(), second.is_ok());
            let Ok(first) = first else { continue };
            if let Ok(second) = second {
                assert_eq!(first.len(), second.len());
            }
            let input = &readable.input;
            if input.form != Form::Text || input.repairs || readable.encoding != Some(Encoding::Utf8) {
                continue;
            }
            let mut bytes = Vec::new();
            if !input.open().is_ok_and(|mut open| open.read_to_end(&mut bytes).is_ok()) {
                continue;
            }
            let mut bytes = bytes.as_slice();
            while let Some(after) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
                bytes = after;
            }
            // a backslash may be what keeps a quote from ending a cell
            let is_escaped = bytes.windows(2).any(|two| two == b"\\\"");
            // blanks between a closing quote and the next delimiter are of no cell
            let is_followed = bytes.windows(2).any(|two| matches!(two, [b'"', b' ' | b'\t' | b'\r']));
            let is_mark = |byte: u8| matches!(byte, b'"' | b'\r' | b'\n') || byte == delimiter;
            let is_blank = |byte: u8| is_followed && matches!(byte, b' ' | b'\t');
            let plain = |byte: &u8| !(is_mark(*byte) || is_blank(*byte) || is_escaped && *byte == b'\\');
            same(bytes, &first, plain);
            let cells = first.first().map_or(0, Vec::len);
            if let Ok(known) = records(readable, sheet, delimiter, Some(cells)) {
                same(bytes, &known, plain);
            }
        }
    }
}

/// Bytes that are `plain` are all in the cells, in order; letters in pieces are in one there.
fn same(bytes: &[u8], cells: &Cells, plain: impl Fn(&u8) -> bool) {
    let there: Vec<u8> = bytes.iter().copied().filter(&plain).collect();
    let cells: Vec<u8> = cells.iter().flatten().flatten().copied().filter(&plain).collect();
    if !may_be_in_pieces(bytes) {
        assert!(there == cells, "bytes of a text are lost");
    } else if let (Ok(there), Ok(cells)) = (std::str::from_utf8(&there), std::str::from_utf8(&cells)) {
        // a Greek question mark is composed to a semicolon, which is no delimiter then
        let plain = |text: &str| composed(text).bytes().filter(&plain).collect::<Vec<u8>>();
        assert!(plain(there) == plain(cells), "letters of a text are lost");
    }
}

type Cells = Vec<Vec<Vec<u8>>>;

fn records(readable: &Readable, sheet: usize, delimiter: u8, cells: Option<usize>) -> Result<Cells, ExportError> {
    let mut records = readable.records(sheet, &Cut::default(), delimiter)?;
    let mut record = Record::default();
    let mut all = Cells::new();
    let mut line = 0;
    while records.next(&mut record)? {
        cells.into_iter().for_each(|cells| records.expect(cells, cells));
        assert!(record.typed.is_empty() || record.typed.len() == record.cells.len());
        if readable.input.form == Form::Text && !readable.input.repairs {
            assert!(record.line > line, "lines go on: {} after {line}", record.line);
            line = record.line + record.lines - 1;
        }
        all.push(record.cells.iter().map(<[u8]>::to_vec).collect());
    }
    Ok(all)
}

/// Reads the files as an ingest does, up to where rows go to the store.
fn ingest(mapping: &Mapping, inputs: Vec<Input>) -> Result<(), ExportError> {
    let chosen = choose(mapping, inputs, FOLDER.path())?;
    refuse_parts(&chosen)?;
    let taken =
        snapshot_date::all(&chosen, &mapping.file, None, DateTime::from_timestamp_micros(NOW).unwrap_or_default())?;
    let mut opened = Vec::new();
    for (input, export, _) in &chosen {
        repair::refuse_sums(input, export, &mapping.file)?;
        let readable = Readable::new(input, export.encoding, FOLDER.path(), None)?;
        opened.push(Opened::open(readable, export, &mapping.file)?);
    }
    for ((opened, (_, export, _)), when) in opened.iter().zip(&chosen).zip(taken) {
        drop(opened.read_as());
        let personal = (mapping.personal, Some(&*KEY));
        let mut plan = Plan::new(export, opened, &layouts(mapping), personal, when.span.latest);
        let mut sink =
            Counted { widths: plan.fills.iter().map(|fill| fill.columns.len()).collect(), ..Counted::default() };
        let met = read_rows(opened, &mut plan, export, &mapping.file, &mut sink)?;
        drop((plan.clashes(), plan.money().collect::<Vec<_>>()));
        drop((plan.currencies().collect::<Vec<_>>(), met.not_taken.notes()));
        lost_nothing(&met, &sink, export, opened.readable.input.repairs);
    }
    Ok(())
}

/// The columns of every table, with all that a mapping adds to it.
fn layouts(mapping: &Mapping) -> BTreeMap<Table, Layout> {
    let extra = |table: Table| {
        let fills = mapping.exports.iter().flat_map(|export| &export.fills).filter(move |fill| fill.table == table);
        fills.flat_map(|fill| &fill.columns).filter(|column| column.extra).map(|column| column.name.clone())
    };
    Table::MAPPED.into_iter().map(|table| (table, Layout::new(table, extra(table).collect()))).collect()
}

fn lost_nothing(met: &Outcome, sink: &Counted, export: &Export, repairs: bool) {
    let told = met.ignored + met.unwanted + sink.refused;
    // of a file of repaired rows, those that wait nowhere are not taken
    let rows = if repairs { sink.repaired - met.oddities.headers } else { met.rows };
    assert_eq!(met.refused, sink.refused, "{met:?}");
    assert!(told <= rows && rows <= met.rows, "{met:?} {} {}", sink.refused, sink.repaired);
    match export.fills.as_slice() {
        [one] if one.table != Table::Spend => assert_eq!(rows - told, sink.taken, "{met:?}"),
        // a row may go to several tables, and of a period to several days
        _ => assert!(sink.taken >= rows - told, "{met:?} {}", sink.taken),
    }
}

/// Counts what comes.
#[derive(Default)]
struct Counted {
    widths: Vec<usize>,
    taken: u64,
    refused: u64,
    repaired: u64,
    done: u64,
}

impl RowSink for Counted {
    type Error = ExportError;

    fn take(&mut self, fill: usize, values: &[Value<'_>]) -> Result<(), ExportError> {
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

    fn mends(&mut self, place: RepairOrigin) {
        assert!(self.waits(place) > 0, "only a row that waits is repaired");
        self.repaired += 1;
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

    fn refuse(&mut self, refusal: Refusal) -> Result<(), ExportError> {
        assert!(!refusal.reason.en.is_empty() && !refusal.reason.ru.is_empty());
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
