//! A line of delimited text → its cells, by one of several rules for quotes: programs disagree on them, and some do not know
//! that a quote within a cell has to be doubled.

use csv::ByteRecord;

use super::record::Cut;

/// The delimiter and quoting of cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks {
    pub(super) delimiter: u8,
    pub(super) quote: u8,
    pub(super) escape: Option<u8>,
}

/// How far the strict rule came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// To the end of the record.
    Whole,
    /// To the end of the line, within a quoted cell: the record goes on.
    Open,
    /// To a quote that by this rule cannot stand there.
    Stray,
}

/// Reads a record by the strict rule, a line at a time: a quoted cell ends with a quote before a delimiter or the end of a line,
/// and a quote in it is doubled (or escaped, where the mapping says so).
#[derive(Debug)]
pub(super) struct Strict {
    marks: Marks,
    /// How much of the text was read.
    at: usize,
    quoted: bool,
    cell: Vec<u8>,
}

impl Strict {
    pub(super) fn new(marks: Marks) -> Strict {
        Strict { marks, at: 0, quoted: false, cell: Vec::new() }
    }

    /// Reads on in a text that begins with the record and ends with a line of it, without that one's end.
    pub(super) fn read(&mut self, text: &[u8], cells: &mut ByteRecord) -> Came {
        let Marks { delimiter, quote, .. } = self.marks;
        loop {
            if !self.quoted {
                let rest = &text[self.at..];
                if rest.first() == Some(&quote) {
                    (self.at, self.quoted) = (self.at + 1, true);
                    self.cell.clear();
                    continue;
                }
                let Some(end) = rest.iter().position(|byte| *byte == delimiter) else {
                    cells.push_field(rest);
                    return Came::Whole;
                };
                cells.push_field(&rest[..end]);
                self.at += end + 1;
                continue;
            }
            match self.inside(text) {
                Inside::Open => return Came::Open,
                Inside::Stray => return Came::Stray,
                Inside::Ends(next) => {
                    cells.push_field(&self.cell);
                    self.quoted = false;
                    match next {
                        Some(next) => self.at = next,
                        None => return Came::Whole,
                    }
                }
            }
        }
    }

    /// What was read of a quoted cell that is not closed yet.
    pub(super) fn open_cell(&self) -> &[u8] {
        &self.cell
    }

    fn inside(&mut self, text: &[u8]) -> Inside {
        let Marks { quote, escape, .. } = self.marks;
        loop {
            let rest = &text[self.at..];
            let Some(length) = rest.iter().position(|byte| *byte == quote || Some(*byte) == escape) else {
                self.cell.extend_from_slice(rest);
                self.at = text.len();
                return Inside::Open;
            };
            self.cell.extend_from_slice(&rest[..length]);
            let (symbol, after) = (rest[length], rest.get(length + 1).copied());
            self.at += length + 1;
            if symbol != quote {
                // it is a letter before others than these two
                let escaped = after.filter(|after| *after == quote || Some(*after) == escape);
                self.cell.push(escaped.unwrap_or(symbol));
                self.at += usize::from(escaped.is_some());
                continue;
            }
            if after == Some(quote) {
                self.cell.push(quote);
                self.at += 1;
                continue;
            }
            return match self.marks.ends(text, self.at) {
                Some(next) => Inside::Ends(next),
                None => Inside::Stray,
            };
        }
    }
}

/// Outcome of reading on within a quoted cell.
enum Inside {
    Open,
    Stray,
    /// The cell ends; the next one begins at this offset. `None` if it was the last one.
    Ends(Option<usize>),
}

impl Marks {
    pub(super) fn new(cut: &Cut, delimiter: u8) -> Marks {
        Marks { delimiter, quote: cut.quote, escape: cut.escape }
    }

    /// Whether a cell ends at a place, blanks aside: where the next one begins then, if there is one.
    fn ends(self, text: &[u8], at: usize) -> Option<Option<usize>> {
        let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r') && **byte != self.delimiter;
        let blanks = text[at..].iter().take_while(is_blank).count();
        match text.get(at + blanks) {
            None => Some(None),
            Some(byte) if *byte == self.delimiter => Some(Some(at + blanks + 1)),
            Some(_) => None,
        }
    }

    /// Splits a line that has no quotes.
    pub(super) fn split(self, line: &[u8], cells: &mut ByteRecord) {
        line.split(|byte| *byte == self.delimiter).for_each(|cell| cells.push_field(cell));
    }

    /// The cells of one line by itself, by the first rule by which they fit; `any` allows for a quote that opens a cell and means
    /// nothing.
    pub(super) fn alone(self, line: &[u8], any: bool, fits: impl Fn(&ByteRecord) -> bool) -> Option<ByteRecord> {
        let strict = |marks: Marks| {
            let mut cells = ByteRecord::new();
            (Strict::new(marks).read(line, &mut cells) == Came::Whole).then_some(cells)
        };
        strict(self)
            .filter(&fits)
            .or_else(|| self.escaped().and_then(strict).filter(&fits))
            .or_else(|| self.lenient(line).filter(&fits))
            .or_else(|| self.mixed(line).filter(&fits).filter(|_| any))
            .or_else(|| Some(self.literal(line)).filter(&fits).filter(|_| any))
    }

    /// As they are with `\"` for a quote within quotes, where nothing is stated.
    pub(super) fn escaped(self) -> Option<Marks> {
        let free = self.escape.is_none() && self.quote != b'\\' && self.delimiter != b'\\';
        free.then_some(Marks { escape: Some(b'\\'), ..self })
    }

    /// A quoted cell ends with a quote before a delimiter or the end of the line, be it doubled: every other quote is a letter.
    /// So `"TV 55""` is an inch mark that nobody doubled.
    pub(super) fn lenient(self, line: &[u8]) -> Option<ByteRecord> {
        let (mut cells, mut cell, mut at) = (ByteRecord::new(), Vec::new(), 0);
        loop {
            let rest = &line[at..];
            if rest.first() != Some(&self.quote) {
                let Some(end) = rest.iter().position(|byte| *byte == self.delimiter) else {
                    cells.push_field(rest);
                    return Some(cells);
                };
                cells.push_field(&rest[..end]);
                at += end + 1;
                continue;
            }
            cell.clear();
            at += 1;
            let next = loop {
                let length = line[at..].iter().position(|byte| *byte == self.quote)?;
                cell.extend_from_slice(&line[at..at + length]);
                at += length + 1;
                if let Some(next) = self.ends(line, at) {
                    break next;
                }
                cell.push(self.quote);
                if line.get(at) == Some(&self.quote) {
                    at += 1;
                    if let Some(next) = self.ends(line, at) {
                        break next;
                    }
                }
            };
            cells.push_field(&cell);
            match next {
                Some(next) => at = next,
                None => return Some(cells),
            }
        }
    }

    /// A cell of which only a part is quoted, as `"Lorem" ipsum`, is kept with its quotes; a delimiter in the part is none.
    fn mixed(self, line: &[u8]) -> Option<ByteRecord> {
        let (mut cells, mut at) = (ByteRecord::new(), 0);
        loop {
            let begin = at;
            let mut quoted = line.get(at) == Some(&self.quote);
            while at < line.len() && (quoted || line[at] != self.delimiter) {
                if at > begin && line[at] == self.quote {
                    quoted = !quoted && line.get(begin) == Some(&self.quote);
                }
                at += 1;
            }
            if quoted && at > begin + 1 {
                return None;
            }
            cells.push_field(self.bare(&line[begin..at]));
            if at >= line.len() {
                return Some(cells);
            }
            at += 1;
        }
    }

    /// Every delimiter parts cells, and quotes are letters but around a cell.
    fn literal(self, line: &[u8]) -> ByteRecord {
        let mut cells = ByteRecord::new();
        line.split(|byte| *byte == self.delimiter).for_each(|cell| cells.push_field(self.bare(cell)));
        cells
    }

    /// A cell without the quotes around it, where there are no others.
    fn bare(self, cell: &[u8]) -> &[u8] {
        let trimmed = cell.trim_ascii();
        let inside = trimmed.strip_prefix(&[self.quote]).and_then(|rest| rest.strip_suffix(&[self.quote]));
        inside.filter(|inside| !inside.contains(&self.quote)).unwrap_or(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKS: Marks = Marks { delimiter: b',', quote: b'"', escape: None };

    fn shown(cells: &ByteRecord) -> Vec<&str> {
        cells.iter().map(|cell| std::str::from_utf8(cell).unwrap()).collect()
    }

    #[test]
    fn a_line_is_read_by_the_first_rule_that_fits() {
        let table: [(&str, &[&str]); 16] = [
            ("1,TV 55\",10", &["1", "TV 55\"", "10"]),
            ("1,\"TV 55\"\",10", &["1", "TV 55\"", "10"]),
            ("\"1\",\"TV 55\"\",\"10\"", &["1", "TV 55\"", "10"]),
            ("1,\"TV 55\\\"\",10", &["1", "TV 55\"", "10"]),
            ("1,\"say \"\"hi\"\"\",10", &["1", "say \"hi\"", "10"]),
            ("1,\"say \"\"hi\"\",10", &["1", "say \"hi\"", "10"]),
            ("1,\"ООО \"Ромашка\"\",10", &["1", "ООО \"Ромашка\"", "10"]),
            ("1,\"C:\\data\\\",10", &["1", "C:\\data\\", "10"]),
            ("1,\"Lorem\" ipsum,10", &["1", "\"Lorem\" ipsum", "10"]),
            ("1,\"Lorem, dolor\" ipsum,10", &["1", "\"Lorem, dolor\" ipsum", "10"]),
            ("1,\"Ромашка,10", &["1", "\"Ромашка", "10"]),
            ("1,\"\"\",10", &["1", "\"", "10"]),
            ("1,\"\",10", &["1", "", "10"]),
            ("1,\"a, b\" ,\"10\"\r", &["1", "a, b", "10"]),
            ("\"Ромашка,\"b\",10", &["\"Ромашка", "b", "10"]),
            ("1,\"d \\\"e, f\\\" g\",30", &["1", "d \"e, f\" g", "30"]),
        ];
        for (line, expected) in table {
            let cells = MARKS.alone(line.as_bytes(), true, |cells| cells.len() == 3);
            assert_eq!(cells.as_ref().map(shown), Some(expected.to_vec()), "{line}");
        }
        assert_eq!(MARKS.alone(b"1,\"a", false, |cells| cells.len() == 2), None);
    }

    #[test]
    fn a_strict_record_goes_on_over_lines_and_stops_at_what_cannot_be() {
        let read = |text: &str, marks| {
            let (mut cells, mut strict) = (ByteRecord::new(), Strict::new(marks));
            let ends = text.match_indices('\n').map(|(at, _)| at).chain([text.len()]);
            let came =
                ends.map(|end| strict.read(&text.as_bytes()[..end], &mut cells)).find(|came| *came != Came::Open);
            (came.unwrap_or(Came::Open), cells.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect())
        };
        let whole = |cells: &[&str]| (Came::Whole, cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>());
        assert_eq!(read("1,\"a\n\n\"\"b\",\"\"", MARKS), whole(&["1", "a\n\n\"b", ""]));
        assert_eq!(read("1,,", MARKS), whole(&["1", "", ""]));
        assert_eq!(read("\"a\n\"b", MARKS).0, Came::Stray);
        assert_eq!(read("\"a\nb", MARKS).0, Came::Open);
        let escaped = Marks { escape: Some(b'\\'), ..MARKS };
        assert_eq!(read("\"a\\\"\\\\\\n\n\",b", escaped), whole(&["a\"\\\\n\n", "b"]));
    }
}
