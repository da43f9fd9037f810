//! The parts of a workbook, gone through once before its reader takes them: what they would take of the memory, and the cells
//! that point at a text which is not there.
//!
//! Its reader holds all texts and styles in memory, whatever the file says of their number, and takes the first text of the
//! workbook where a cell points at one that is none.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use zip::ZipArchive;

use super::keeping::Keeping;
use super::spreadsheet::broken;
use super::temp_table::LONGEST_CELL;
use crate::export::ExportError;
use crate::export::files::{FREE, RATIO, SHARED, overlap, spans};

/// What a workbook unpacks to, its largest part that is held in memory.
const LARGEST_PART: u64 = 1 << 30;
/// Memory per element beside its bytes, in bytes: of a text, and of a style with its attributes.
const TEXT: u64 = 48;
const STYLE: u64 = 384;
/// How much of a tag, and of a text, is looked at.
const SEEN: u64 = 4096;

/// What is known of the parts looked at so far.
#[derive(Default)]
struct WorkbookParts {
    /// The number of shared texts.
    texts: u64,
    /// The names of the sheets, by what refers to their parts.
    names: BTreeMap<String, String>,
    /// What refers to each part of a sheet.
    places: BTreeMap<String, String>,
    /// The formulas without a value, by the part of their sheet.
    uncalculated: BTreeMap<String, Vec<(u32, u32)>>,
}

impl WorkbookParts {
    /// The name of the sheet of a part, where the workbook names it.
    fn sheet<'k>(&'k self, path: &'k str) -> &'k str {
        self.places.get(path).and_then(|id| self.names.get(id)).map_or(path, String::as_str)
    }
}

/// The formulas of each sheet, by its name, of which the file has no value: their rows and columns from 0, ascending.
pub(super) type Uncalculated = BTreeMap<String, Vec<(u32, u32)>>;

/// The parts that are read at once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// The names of the sheets.
    Workbook,
    /// Where they are.
    Places,
    Texts,
    Styles,
    Other,
    Sheet,
}

impl Part {
    fn of(name: &str) -> Part {
        match name.to_ascii_lowercase().as_str() {
            "xl/workbook.xml" => Part::Workbook,
            "xl/_rels/workbook.xml.rels" => Part::Places,
            name if name.ends_with("sharedstrings.xml") => Part::Texts,
            name if name.ends_with("styles.xml") => Part::Styles,
            name if name.starts_with("xl/worksheets/") => Part::Sheet,
            _ => Part::Other,
        }
    }
}

/// Unpacks every part of a workbook once, into nothing: what it says of its sizes is not believed.
pub(super) fn weigh(keeping: &Keeping<'_>, file: &File) -> Result<Uncalculated, ExportError> {
    let file = file.try_clone().map_err(ExportError::io(keeping.path()))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|e| broken(keeping, e))?;
    if overlap(spans(&mut archive).map_err(|e| broken(keeping, e))?) {
        return Err(broken(keeping, SHARED));
    }
    let bytes = keeping.input.bytes;
    // as of anything that is packed: what packs better than this is no table
    let likely = FREE.max(bytes.saturating_mul(RATIO));
    let mut memory = FREE.max(bytes.saturating_mul(32)).min(2 << 30);
    let mut left = 16 * LARGEST_PART;
    let mut parts: Vec<(Part, usize)> = Vec::new();
    for index in 0..archive.len() {
        let name =
            archive.by_index_raw(index).map_err(|e| broken(keeping, e))?.name().map_or(String::new(), Into::into);
        parts.push((Part::of(&name), index));
    }
    parts.sort_unstable();
    let mut known = WorkbookParts::default();
    for (part, index) in parts {
        let member = archive.by_index(index).map_err(|e| broken(keeping, e))?;
        let name = member.name().map_or(String::new(), Into::into);
        let most = if part == Part::Sheet { left } else { left.min(LARGEST_PART) }.min(likely);
        let each = match part {
            Part::Texts => TEXT,
            Part::Styles => STYLE,
            Part::Workbook | Part::Places | Part::Sheet | Part::Other => 0,
        };
        let tags = memory.checked_div(each).unwrap_or(u64::MAX);
        let seen = look(member.take(most + 1), part, &name, tags, &mut known).map_err(|e| broken(keeping, e))?;
        if seen.bytes > most {
            return Err(broken(keeping, format!("a part of it unpacks to more than {} MiB", most >> 20)));
        }
        if let Some(what) = seen.wrong {
            return Err(broken(keeping, what));
        }
        if part == Part::Sheet && seen.longest > LONGEST_CELL as u64 {
            let what = format!("a cell of {name} is longer than {} MiB", LONGEST_CELL >> 20);
            return Err(broken(keeping, what));
        }
        left -= seen.bytes;
        let taken = match part {
            Part::Texts | Part::Styles => seen.bytes.saturating_add(seen.tags.saturating_mul(each)),
            Part::Workbook | Part::Places => seen.bytes.saturating_mul(4),
            Part::Sheet | Part::Other => 0,
        };
        match memory.checked_sub(taken) {
            Some(rest) => memory = rest,
            None => {
                let what = format!(
                    "{name} holds more texts or styles than a workbook of {} KiB may, and all of them would be in memory at once",
                    bytes.div_ceil(1024)
                );
                return Err(broken(keeping, what));
            }
        }
    }
    let of_parts = std::mem::take(&mut known.uncalculated);
    let named = of_parts.into_iter().map(|(part, mut cells)| {
        cells.sort_unstable();
        (known.sheet(&part).to_owned(), cells)
    });
    Ok(named.collect())
}

/// Counts of one part of a workbook.
#[derive(Default)]
struct PartCounts {
    bytes: u64,
    /// Elements.
    tags: u64,
    /// The longest text or tag.
    longest: u64,
    /// The first cell that points at a text which is not there.
    wrong: Option<String>,
}

/// Goes through a part, tag by tag, until there are more than `most` of them.
fn look(part: impl Read, kind: Part, path: &str, most: u64, known: &mut WorkbookParts) -> io::Result<PartCounts> {
    let mut part = BufReader::with_capacity(64 << 10, part);
    let (mut seen, mut tag, mut text) = (PartCounts::default(), Vec::new(), Vec::new());
    // the cell that is open, where it points at a text
    let mut cell: Option<String> = None;
    let mut formula = Formula::default();
    loop {
        let behind = piece(&mut part, b'<', &mut text)?;
        seen.bytes += behind;
        formula.has_value |= behind > 1 && local(&tag) == b"v";
        seen.longest = seen.longest.max(behind);
        if let Some(place) = cell.as_ref().filter(|_| local(&tag) == b"v")
            && seen.wrong.is_none()
        {
            seen.wrong = points_nowhere(&text, known.texts)
                .map(|what| format!("sheet `{}`, cell {place}: {what}", known.sheet(path)));
        }
        let length = piece(&mut part, b'>', &mut tag)?;
        if length == 0 {
            break;
        }
        // a comment may hold tags
        let mut inside = tag.starts_with(b"!--") && !tag.ends_with(b"--");
        seen.bytes += length;
        while inside {
            let more = piece(&mut part, b'>', &mut text)?;
            seen.bytes += more;
            inside = more > 0 && !text.ends_with(b"--");
        }
        seen.longest = seen.longest.max(length);
        if tag.starts_with(b"/") || tag.starts_with(b"?") || tag.starts_with(b"!") {
            if local(tag.get(1..).unwrap_or_default()) == b"c" {
                cell = None;
                if kind == Part::Sheet && formula.is_uncalculated() {
                    let cells = known.uncalculated.entry(path.to_owned()).or_default();
                    match formula.place().filter(|_| cells.len() < MOST_UNCALCULATED) {
                        Some(place) => cells.push(place),
                        None => {
                            seen.wrong = Some("it has formulas without values: Excel calculates and stores them".into())
                        }
                    }
                }
            }
            continue;
        }
        seen.tags += 1;
        if seen.tags > most {
            break;
        }
        match (kind, local(&tag)) {
            (Part::Sheet, b"c") => {
                let points = !tag.ends_with(b"/") && attribute(&tag, "t").as_deref() == Some("s");
                cell = points.then(|| attribute(&tag, "r").unwrap_or_else(|| "?".to_owned()));
                formula.begin(&tag);
            }
            (Part::Sheet, b"f") => formula.is_one = true,
            (Part::Texts, b"si") => known.texts += 1,
            (Part::Workbook, b"sheet") => {
                let id = ["r:id", "id"].into_iter().find_map(|name| attribute(&tag, name));
                known.names.extend(id.zip(attribute(&tag, "name")));
            }
            (Part::Places, b"Relationship") => {
                let target = attribute(&tag, "Target").map(|target| match target.strip_prefix('/') {
                    Some(target) => target.to_owned(),
                    None => format!("xl/{target}"),
                });
                known.places.extend(target.zip(attribute(&tag, "Id")));
            }
            _ => {}
        }
    }
    Ok(seen)
}

/// How many formulas without a value are told one by one: more is no export.
const MOST_UNCALCULATED: usize = 4_000_000;

/// The cell that is open, as far as it may be a formula.
#[derive(Default)]
struct Formula {
    /// Its tag.
    tag: Vec<u8>,
    is_one: bool,
    has_value: bool,
}

impl Formula {
    fn begin(&mut self, tag: &[u8]) {
        self.tag.clear();
        self.tag.extend_from_slice(tag);
        (self.is_one, self.has_value) = (false, false);
    }

    /// Whether nothing ever calculated it. An empty text has a type of its own.
    fn is_uncalculated(&self) -> bool {
        self.is_one && !self.has_value && attribute(&self.tag, "t").as_deref() != Some("str")
    }

    /// Its row and column, from 0.
    fn place(&self) -> Option<(u32, u32)> {
        let place = attribute(&self.tag, "r")?;
        let letters = place.bytes().take_while(u8::is_ascii_alphabetic);
        let column = letters.fold(0_u32, |sum, letter| {
            sum.saturating_mul(26).saturating_add(u32::from(letter.to_ascii_uppercase() - b'A') + 1)
        });
        let row: u32 = place.trim_start_matches(|c: char| c.is_ascii_alphabetic()).parse().ok()?;
        Some((row.checked_sub(1)?, column.checked_sub(1)?))
    }
}

/// Reads up to a byte, and gives how many bytes there were; their beginning, without that byte, is left in `into`.
fn piece(part: &mut impl BufRead, end: u8, into: &mut Vec<u8>) -> io::Result<u64> {
    into.clear();
    let mut length = part.by_ref().take(SEEN).read_until(end, into)? as u64;
    if into.last() == Some(&end) {
        into.pop();
    } else if length == SEEN {
        length += part.skip_until(end)? as u64;
    }
    Ok(length)
}

/// The name of a tag without its prefix.
fn local(tag: &[u8]) -> &[u8] {
    let end = tag.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'/').unwrap_or(tag.len());
    let name = &tag[..end];
    name.iter().position(|byte| *byte == b':').map_or(name, |colon| &name[colon + 1..])
}

/// The value of an attribute of a tag.
fn attribute(tag: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(tag);
    let mut rest = text.as_ref();
    loop {
        let (before, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, behind) = after[1..].split_once(quote)?;
        if before.trim_end().rsplit(|c: char| c.is_whitespace()).next() == Some(name) {
            let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
            return Some(plain.iter().fold(value.to_owned(), |text, (written, meant)| text.replace(written, meant)));
        }
        rest = behind;
    }
}

/// What is wrong with the number of a text, of which there are so many. Without any number the cell is empty.
fn points_nowhere(number: &[u8], texts: u64) -> Option<String> {
    let is_number = number.iter().all(u8::is_ascii_digit);
    let shown: String = String::from_utf8_lossy(number).chars().take(40).collect();
    match std::str::from_utf8(number).ok().and_then(|number| number.parse::<u64>().ok()).filter(|_| is_number) {
        Some(number) if number < texts => None,
        _ if number.is_empty() => None,
        _ => Some(format!("it points at the text number `{shown}`, and the workbook has {texts}, counted from 0")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_as_they_are_written() {
        let tag = br#"x:c r = "B2" t='s' name="A &amp; B""#;
        assert_eq!(local(tag), b"c");
        assert_eq!(attribute(tag, "r").as_deref(), Some("B2"));
        assert_eq!(attribute(tag, "t").as_deref(), Some("s"));
        assert_eq!(attribute(tag, "name").as_deref(), Some("A & B"));
        assert_eq!((attribute(tag, "x"), attribute(b"c", "r"), local(b"v/")), (None, None, &b"v"[..]));
    }

    #[test]
    fn a_cell_that_points_nowhere_is_named() {
        let mut known = WorkbookParts { texts: 3, ..WorkbookParts::default() };
        known.places.insert("xl/worksheets/sheet1.xml".into(), "rId1".into());
        known.names.insert("rId1".into(), "Deals".into());
        let mut wrong = |cells: &str| {
            let sheet = format!("<?xml?><w><sheetData><row>{cells}</row></sheetData></w>");
            look(sheet.as_bytes(), Part::Sheet, "xl/worksheets/sheet1.xml", u64::MAX, &mut known).unwrap().wrong
        };
        for right in [
            r#"<c r="A1" t="s"><v>2</v></c>"#,
            r#"<c r="A1" t="s"><v/></c><c r="A2" t="s"/><c r="A3"><v>-1</v></c>"#,
            r#"<c r="A1" t="s"><v></v></c><c r="A2" t="n"><v>7</v></c>"#,
            r#"<!-- <c r="A1" t="s"><v>9</v></c> --><x:c r="A1" t="s"><x:v>0</x:v></x:c>"#,
        ] {
            assert_eq!(wrong(right), None, "{right}");
        }
        for number in ["3", "-1", "1.5", " 2 ", "abc", "&#49;", "99999999999999999999", "+1"] {
            let told = wrong(&format!(r#"<c r="A1" t="s"><v>1</v></c><x:c t='s' r="B2"><x:v>{number}</x:v></x:c>"#));
            let expected = format!("sheet `Deals`, cell B2: it points at the text number `{number}`, and");
            assert!(told.as_ref().is_some_and(|told| told.starts_with(&expected)), "{number}: {told:?}");
        }
    }

    #[test]
    fn formulas_without_a_value_are_known() {
        let sheet = r#"<w><c r="A1"><f>B1</f></c><c r="AB12"><f>B1</f><v></v></c><c r="C3"><f>1</f><v/></c>
            <c r="D4"><f>1</f><v>1</v></c><c r="E5" t="str"><f>1</f><v></v></c><c r="F6"/><c r="G7"><v></v></c></w>"#;
        let mut known = WorkbookParts::default();
        look(sheet.as_bytes(), Part::Sheet, "x", u64::MAX, &mut known).unwrap();
        assert_eq!(known.uncalculated["x"], [(0, 0), (11, 27), (2, 2)]);
    }

    #[test]
    fn a_part_is_measured_whatever_it_is() {
        let seen = look(&b"<s><xf/><xf/></s>"[..], Part::Styles, "", u64::MAX, &mut WorkbookParts::default()).unwrap();
        assert_eq!((seen.bytes, seen.tags), (17, 3));
        let seen = look(&b"<s><xf/><xf/></s>"[..], Part::Styles, "", 1, &mut WorkbookParts::default()).unwrap();
        assert_eq!(seen.tags, 2);
        let long = vec![b'x'; 10_000];
        let seen = look(&long[..], Part::Sheet, "", u64::MAX, &mut WorkbookParts::default()).unwrap();
        assert_eq!((seen.bytes, seen.tags, seen.longest), (10_000, 0, 10_000));
        let seen = look(
            &[&long[..], b"<", &long, b">"].concat()[..],
            Part::Sheet,
            "",
            u64::MAX,
            &mut WorkbookParts::default(),
        )
        .unwrap();
        assert_eq!((seen.bytes, seen.tags, seen.longest), (20_002, 1, 10_001));
        assert_eq!(look(&b""[..], Part::Other, "", u64::MAX, &mut WorkbookParts::default()).unwrap().bytes, 0);
    }
}
