//! What an older workbook would take to be read, found out before it is: its reader believes what the file says of itself,
//! and holds every cell of the rectangle around a sheet's cells in memory.

use std::collections::BTreeMap;

use encoding_rs::UTF_16LE;

use super::formats;
use super::record::Typed;

/// Cells in the rectangles around the cells of all sheets. A sheet of that form has 65,536 rows.
const MOST_CELLS: u64 = 10_000_000;
/// Bytes of the texts of all cells: the file has a text once, and its reader copies it for every cell.
const MOST_TEXT: u64 = 512 << 20;

const FREE_SECTOR: u32 = 0xFFFF_FFFC;
const END: u32 = 0xFFFF_FFFE;

/// Cells of a sheet by row and column, from 0, with what their formats say of them.
pub(super) type Cells = BTreeMap<(u32, u32), Typed>;

/// Whether a workbook can be read in a memory of a usual size; the error says what is wrong with it. Gives the cells of each
/// sheet that are shown as percentages or with a currency, which its reader does not tell.
pub(super) fn weigh(bytes: &[u8]) -> Result<Vec<Cells>, String> {
    let book = stream(bytes)?;
    let cells: u64 = sheets(&book).map(|sheet| area(sheet).unwrap_or(u64::MAX)).fold(0, u64::saturating_add);
    if cells > MOST_CELLS {
        return Err(format!("its sheets reach over more than {MOST_CELLS} cells, filled or not"));
    }
    let lengths = texts(&book);
    let length = |number: u32| lengths.get(number as usize).copied().unwrap_or(0);
    let text: u64 = sheets(&book).flat_map(texts_of).map(length).fold(0, u64::saturating_add);
    if text > MOST_TEXT {
        return Err(format!("its cells come to more than {} MiB of text, most of it the same", MOST_TEXT >> 20));
    }
    // its reader leaves a cell empty that points at a text which is not there
    let known = lengths.len().max(declared_texts(&book) as usize);
    for (number, sheet) in sheets(&book).enumerate() {
        if let Some((row, column, text)) = pointing(sheet).find(|(.., text)| *text as usize >= known) {
            return Err(format!(
                "sheet {}, row {}, column {}: the cell points at the text number {text}, and the workbook has {known}, counted from 0",
                number + 1,
                u32::from(row) + 1,
                u32::from(column) + 1
            ));
        }
    }
    let styles = styles(&book);
    Ok(sheets(&book).map(|sheet| typed(sheet, &styles)).collect())
}

/// The type that each style of a workbook gives to numbers, by style index.
fn styles(book: &[u8]) -> Vec<Typed> {
    const FORMAT: u16 = 0x041E;
    const STYLE: u16 = 0x00E0;
    let globals = || records(book).take_while(|(number, _)| *number != END_OF_STREAM);
    let text = |data: &[u8]| {
        let (letters, flags) = (short(data, 2)? as usize, *data.get(4)?);
        Some(match flags & 1 {
            0 => data.get(5..5 + letters)?.iter().map(|byte| char::from(*byte)).collect::<String>(),
            _ => UTF_16LE.decode_without_bom_handling(data.get(5..5 + 2 * letters)?).0.into_owned(),
        })
    };
    // of those that each Excel knows, these two: [MS-XLS] 2.4.126
    let mut formats = BTreeMap::from([(9, Typed::Percent), (10, Typed::Percent)]);
    let stated = globals().filter(|(number, _)| *number == FORMAT);
    formats.extend(stated.filter_map(|(_, data)| Some((short(data, 0)?, formats::typed(&text(data)?)))));
    let styles = globals().filter(|(number, _)| *number == STYLE);
    let typed = |data: &[u8]| formats.get(&short(data, 2)?).copied();
    styles.map(|(_, data)| typed(data).unwrap_or(Typed::Number)).collect()
}

/// The cells of a sheet of whose numbers their style says more.
fn typed(sheet: &[u8], styles: &[Typed]) -> Cells {
    const NUMBERS: [u16; 3] = [0x0203, 0x027E, 0x0006];
    const SEVERAL: u16 = 0x00BD;
    let typed = |data: &[u8], at: usize| {
        let style = short(data, at).and_then(|style| styles.get(style as usize)).copied();
        style.filter(|typed| *typed != Typed::Number)
    };
    let mut cells = Cells::new();
    for (number, data) in own(sheet) {
        let Some((row, column)) = short(data, 0).zip(short(data, 2)) else { continue };
        let (row, column) = (u32::from(row), u32::from(column));
        match number {
            SEVERAL => {
                let each = (column..).zip((4..data.len().saturating_sub(2)).step_by(6));
                cells.extend(each.filter_map(|(column, at)| Some(((row, column), typed(data, at)?))));
            }
            _ if NUMBERS.contains(&number) => cells.extend(typed(data, 4).map(|typed| ((row, column), typed))),
            _ => {}
        }
    }
    cells
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn longs(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(4).filter_map(|four| long(four, 0))
}

/// Pieces of equal size, and for each the one that follows it.
struct Chains<'b> {
    pieces: &'b [u8],
    size: usize,
    next: Vec<u32>,
}

impl Chains<'_> {
    fn piece(&self, id: u32) -> Result<&[u8], String> {
        let start = (id as usize).saturating_mul(self.size);
        let end = start.saturating_add(self.size).min(self.pieces.len());
        self.pieces.get(start..end).ok_or_else(|| format!("its sector {id} lies beyond its end"))
    }

    /// A chain from its first piece on, up to a length. No piece is in a chain twice, or it would never end.
    fn read(&self, first: u32, length: usize) -> Result<Vec<u8>, String> {
        let (mut read, mut id) = (Vec::new(), first);
        for _ in 0..=self.pieces.len() / self.size + 1 {
            if id == END {
                return Ok(read);
            }
            let piece = self.piece(id)?;
            read.extend_from_slice(&piece[..piece.len().min(length - read.len())]);
            if read.len() >= length {
                return Ok(read);
            }
            id = *self.next.get(id as usize).ok_or_else(|| format!("its sector {id} is in no table"))?;
        }
        Err("its sectors follow each other in a circle".to_owned())
    }
}

/// The stream in which the sheets are: the file is a small file system.
fn stream(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let cut = || "it is cut short".to_owned();
    let size = match short(bytes, 30) {
        Some(9) => 512,
        Some(12) => 4096,
        _ => return Err("its sectors have no usual size".to_owned()),
    };
    // the header takes the room of a sector
    let mut files = Chains { pieces: bytes.get(size..).ok_or_else(cut)?, size, next: Vec::new() };
    let sectors = files.pieces.len() / size + 1;
    let at = |at: usize| long(bytes, at).ok_or_else(cut);
    let mut tables: Vec<u32> = longs(&bytes[76..512]).collect();
    let mut more = at(68)?;
    while more < FREE_SECTOR - 2 {
        tables.extend(longs(files.piece(more)?));
        more = tables.pop().ok_or_else(cut)?;
        if tables.len() > 109 + sectors * 128 {
            return Err("its tables of sectors follow each other in a circle".to_owned());
        }
    }
    tables.retain(|id| *id < FREE_SECTOR);
    if tables.len() > sectors {
        return Err("it has more tables of sectors than sectors".to_owned());
    }
    for id in tables {
        let next: Vec<u32> = longs(files.piece(id)?).collect();
        files.next.extend(next);
    }
    let folder = files.read(at(48)?, usize::MAX)?;
    let entries = || folder.chunks_exact(128);
    let start = |entry: &[u8]| long(entry, 116).ok_or_else(cut);
    let length = |entry: &[u8]| {
        let high = if size == 512 { Some(0) } else { long(entry, 124) };
        Some(usize::try_from(u64::from(high?) << 32 | u64::from(long(entry, 120)?)).unwrap_or(usize::MAX))
    };
    let length = |entry: &[u8]| length(entry).ok_or_else(cut);
    let named = |name: &str| {
        entries().find(|entry| {
            let text = UTF_16LE.decode_without_bom_handling(&entry[..64]).0;
            text.split('\0').next().is_some_and(|text| text.eq_ignore_ascii_case(name))
        })
    };
    let book = named("Workbook").or_else(|| named("Book")).ok_or("there is no workbook in it")?;
    let root = entries().next().ok_or_else(cut)?;
    let has_small = at(64)? > 0;
    let small = if has_small { files.read(start(root)?, length(root)?)? } else { Vec::new() };
    let next = if has_small { files.read(at(60)?, (at(64)? as usize).saturating_mul(size))? } else { Vec::new() };
    match length(book)? < 4096 {
        true => Chains { pieces: &small, size: 64, next: longs(&next).collect() }.read(start(book)?, length(book)?),
        false => files.read(start(book)?, length(book)?),
    }
}

/// The records of a stream from somewhere on, each with its number, up to one that is cut.
fn records(stream: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = stream;
    std::iter::from_fn(move || {
        let (number, length) = (short(rest, 0)?, short(rest, 2)? as usize);
        let data = rest.get(4..4 + length)?;
        rest = &rest[4 + length..];
        Some((number, data))
    })
}

const BEGIN: u16 = 0x0809;
const END_OF_STREAM: u16 = 0x000A;

fn sheets(book: &[u8]) -> impl Iterator<Item = &[u8]> {
    const SHEET: u16 = 0x0085;
    let globals = records(book).take_while(|(number, _)| *number != END_OF_STREAM);
    globals.filter(|(number, _)| *number == SHEET).filter_map(|(_, data)| book.get(long(data, 0)? as usize..))
}

/// The records of a sheet up to its end, without those of what is drawn on it.
fn own(sheet: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut depth = 0_usize;
    let within = move |(number, data)| {
        match number {
            BEGIN => depth += 1,
            END_OF_STREAM if depth <= 1 => return None,
            END_OF_STREAM => depth -= 1,
            _ => {}
        }
        Some((depth <= 1).then_some((number, data)))
    };
    records(sheet).map_while(within).flatten()
}

/// Cells in a sheet's bounding rectangle, or in the stated one if larger. `None` if the stated one is impossible.
fn area(sheet: &[u8]) -> Option<u64> {
    const STATED: u16 = 0x0200;
    /// BIFF record types of a cell: NUMBER, LABEL, BOOLERR, RK, RSTRING, LABELSST, MULRK, FORMULA.
    const CELLS: [u16; 8] = [0x0203, 0x0204, 0x00D6, 0x0205, 0x027E, 0x00FD, 0x00BD, 0x0006];
    const SEVERAL: u16 = 0x00BD;
    let mut stated = 0;
    let mut around: Option<(u16, u16, u16, u16)> = None;
    for (number, data) in own(sheet) {
        match number {
            STATED => {
                let (rows, columns) = match data.len() {
                    10 => ((short(data, 0)?.into(), short(data, 2)?.into()), (short(data, 4)?, short(data, 6)?)),
                    _ => ((long(data, 0)?, long(data, 4)?), (short(data, 8)?, short(data, 10)?)),
                };
                let high = rows.1.max(rows.0.saturating_add(1)).checked_sub(rows.0)?;
                let left = if columns.0 > 0xFF || columns.1 < columns.0 { 0 } else { columns.0 };
                // an end before the beginning is one that the reader would count from the other side
                if rows.1 > 0 && columns.1 > 0 && rows.1 <= rows.0 {
                    return None;
                }
                stated += u64::from(high) * u64::from(columns.1.max(left + 1) - left);
            }
            _ if CELLS.contains(&number) => {
                let (row, column) = (short(data, 0)?, short(data, 2)?);
                let last = if number == SEVERAL { short(data, data.len().checked_sub(2)?)? } else { column };
                let (top, bottom, left, right) = around.unwrap_or((row, row, column, column));
                around = Some((top.min(row), bottom.max(row), left.min(column), right.max(column).max(last)));
            }
            _ => {}
        }
    }
    let around =
        around.map_or(0, |(top, bottom, left, right)| (u64::from(bottom - top) + 1) * (u64::from(right - left) + 1));
    Some(around.max(stated))
}

/// The cells of a sheet that point at a text: row, column, the text's number in the workbook.
fn pointing(sheet: &[u8]) -> impl Iterator<Item = (u16, u16, u32)> {
    const TEXT: u16 = 0x00FD;
    let cells = own(sheet).filter(|(number, _)| *number == TEXT);
    cells.filter_map(|(_, data)| Some((short(data, 0)?, short(data, 2)?, long(data, 6)?)))
}

/// The texts of a sheet's cells, by their numbers in the workbook.
fn texts_of(sheet: &[u8]) -> impl Iterator<Item = u32> {
    pointing(sheet).map(|(.., text)| text)
}

const TEXTS: u16 = 0x00FC;

/// How many texts a workbook says that it has.
fn declared_texts(book: &[u8]) -> u32 {
    records(book).find(|(number, _)| *number == TEXTS).and_then(|(_, data)| long(data, 4)).unwrap_or(0)
}

/// How many bytes each text of a workbook takes, up to the first that is not to be understood.
///
/// [MS-XLS] 2.4.265 and 2.5.293: a text goes on in the next record wherever it is cut, there with the width of its letters
/// told anew.
fn texts(book: &[u8]) -> Vec<u64> {
    const CONTINUED: u16 = 0x003C;
    let mut parts = records(book).skip_while(|(number, _)| *number != TEXTS);
    let Some((_, first)) = parts.next() else { return Vec::new() };
    let rest = parts.take_while(|(number, _)| *number == CONTINUED).map(|(_, data)| data);
    let mut pieces = Pieces { now: first.get(8..).unwrap_or_default(), rest };
    std::iter::from_fn(|| pieces.text()).collect()
}

/// The payload of the shared string table (SST), continued over several BIFF records.
struct Pieces<'b, R> {
    now: &'b [u8],
    rest: R,
}

impl<'b, R: Iterator<Item = &'b [u8]>> Pieces<'b, R> {
    /// The length of the next text in bytes of UTF-8, at most.
    fn text(&mut self) -> Option<u64> {
        const WIDE: u8 = 1;
        const WITH_SOUNDS: u8 = 4;
        const WITH_FONTS: u8 = 8;
        while self.now.is_empty() {
            self.now = self.rest.next()?;
        }
        let letters = short(self.now, 0)?;
        let mut flags = *self.now.get(2)?;
        let mut head = 3;
        let mut behind = 0;
        if flags & WITH_FONTS > 0 {
            behind += 4 * u64::from(short(self.now, head)?);
            head += 2;
        }
        if flags & WITH_SOUNDS > 0 {
            behind += u64::from(long(self.now, head)?);
            head += 4;
        }
        self.now = self.now.get(head..)?;
        let (mut left, mut bytes) = (usize::from(letters), 0);
        loop {
            let (width, in_utf8) = if flags & WIDE > 0 { (2, 3) } else { (1, 2) };
            let here = left.min(self.now.len() / width);
            bytes += (here * in_utf8) as u64;
            left -= here;
            self.now = &self.now[here * width..];
            if left == 0 {
                break;
            }
            let (first, rest) = self.rest.next()?.split_first()?;
            (flags, self.now) = (*first, rest);
        }
        while behind > self.now.len() as u64 {
            behind -= self.now.len() as u64;
            self.now = self.rest.next()?;
        }
        #[allow(clippy::cast_possible_truncation)] // not more than there is
        let behind = behind as usize;
        self.now = &self.now[behind..];
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: u16, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(data.len()).unwrap();
        [&number.to_le_bytes(), &length.to_le_bytes(), data].concat()
    }

    fn cell(row: u16, column: u16) -> Vec<u8> {
        record(0x0203, &[&row.to_le_bytes()[..], &column.to_le_bytes(), &[0; 10]].concat())
    }

    #[test]
    fn a_sheet_takes_the_rectangle_around_its_cells() {
        let begin = record(0x0809, &[0; 16]);
        let sheet = |cells: &[Vec<u8>]| [begin.clone(), cells.concat(), record(0x000A, b"")].concat();
        assert_eq!(area(&sheet(&[])), Some(0));
        assert_eq!(area(&sheet(&[cell(2, 3)])), Some(1));
        assert_eq!(area(&sheet(&[cell(0, 0), cell(65_535, 65_535)])), Some(1 << 32));
        // a drawing is no part of it
        assert_eq!(area(&sheet(&[cell(0, 0), begin.clone(), cell(9, 9), record(0x000A, b"")])), Some(1));
        let stated = |rows: [u32; 2], columns: [u16; 2]| {
            let rows = rows.map(u32::to_le_bytes).concat();
            record(0x0200, &[rows, columns.map(u16::to_le_bytes).concat(), vec![0; 2]].concat())
        };
        assert_eq!(area(&sheet(&[stated([0, 100], [0, 10])])), Some(1000));
        assert_eq!(area(&sheet(&[stated([5, 2], [0, 10])])), None);
        assert_eq!(area(&sheet(&[stated([0, 0], [0, 0])])), Some(1));
    }

    #[test]
    fn texts_are_measured_across_the_records_that_cut_them() {
        let narrow = |text: &str| [&(text.len() as u16).to_le_bytes()[..], &[0], text.as_bytes()].concat();
        let wide = |letters: u16| [&letters.to_le_bytes()[..], &[1], &vec![0x04; 2 * letters as usize]].concat();
        // followed by two rich-text runs and five bytes of phonetic data
        let decked = [&[3, 0, 12, 2, 0, 5, 0, 0, 0][..], b"abc", &[0; 13]].concat();
        // three letters of this are in the first record, then it is told that the other two are wide
        let cut = [&[5, 0, 0][..], b"abc"].concat();
        let first = [&[0; 8][..], &narrow("ab"), &wide(3), &decked, &cut].concat();
        let second = [&[1][..], &[0x04; 4], &narrow("abcd"), &decked[..15]].concat();
        let third = [&[0; 10][..], &narrow("x")].concat();
        let book = [
            record(0x0809, &[0; 16]),
            record(0x00FC, &first),
            record(0x003C, &second),
            record(0x003C, &third),
            record(0x000A, b""),
        ];
        assert_eq!(texts(&book.concat()), [4, 9, 6, 12, 8, 6, 2]);
        assert_eq!(texts(&book[..2].concat()), [4, 9, 6]);
        assert_eq!(texts(b""), [0; 0]);
        let cell = |number: u32| record(0x00FD, &[&[0; 6][..], &number.to_le_bytes()].concat());
        let begin = record(0x0809, &[0; 16]);
        let sheet = [begin.clone(), cell(3), begin, record(0x000A, b""), cell(0), record(0x000A, b""), cell(1)];
        assert_eq!(texts_of(&sheet.concat()).collect::<Vec<_>>(), [3, 0]);
    }

    #[test]
    fn cells_shown_as_percentages_are_known() {
        let format = |id: u16, text: &str| {
            let text = [&(text.len() as u16).to_le_bytes()[..], &[0], text.as_bytes()].concat();
            record(0x041E, &[&id.to_le_bytes()[..], &text].concat())
        };
        let style = |format: u16| record(0x00E0, &[&[0, 0][..], &format.to_le_bytes(), &[0; 16]].concat());
        let book = [format(164, "0.0%"), format(165, "0\"%\""), style(0), style(9), style(164), style(165)].concat();
        let styles = styles(&book);
        assert_eq!(styles, [Typed::Number, Typed::Percent, Typed::Percent, Typed::Number]);
        let number = |column: u16, style: u16| {
            record(0x0203, &[&[1, 0][..], &column.to_le_bytes(), &style.to_le_bytes(), &[0; 8]].concat())
        };
        let several = [&[2_u8, 0, 5, 0][..], &[0; 6], &[2, 0, 0, 0, 0, 0], &[3, 0, 0, 0, 0, 0], &[7, 0]].concat();
        let sheet =
            [record(0x0809, &[0; 16]), number(0, 0), number(1, 1), number(2, 9), record(0x00BD, &several)].concat();
        assert_eq!(typed(&sheet, &styles), Cells::from([((1, 1), Typed::Percent), ((2, 6), Typed::Percent)]));
    }

    #[test]
    fn a_chain_that_goes_round_is_told() {
        let chains = Chains { pieces: &[1, 2, 3, 4], size: 2, next: vec![1, 0] };
        assert!(chains.read(0, usize::MAX).unwrap_err().contains("in a circle"));
        assert_eq!(chains.read(0, 3), Ok(vec![1, 2, 3]));
        assert!(chains.read(7, 3).is_err());
        assert!(weigh(b"\xD0\xCF\x11\xE0").is_err());
        assert!(weigh(&[0; 600]).is_err());
    }
}
