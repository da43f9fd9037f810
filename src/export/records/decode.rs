//! Bytes of an export → UTF-8, a piece at a time.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs::{Decoder, UTF_16LE};

use super::encoding::Encoding;

/// Bytes that may be read until the caller reports progress: this limits the memory of a row.
#[derive(Debug, Clone)]
pub(super) struct Allowance {
    most: u64,
    left: Arc<AtomicU64>,
    /// What cuts a row into cells, and how often it may be met.
    cuts: Option<u8>,
    cells: Arc<AtomicU64>,
}

/// A row may hold so many delimiters, those within quotes too: for each that cuts a cell its end is kept, and a text of delimiters
/// alone would take eight times its size. Far more than the columns that a table may have.
const MOST_CUTS: u64 = 1 << 20;

impl Allowance {
    pub(super) fn of(most: u64) -> Allowance {
        Allowance { most, left: Arc::new(AtomicU64::new(most)), cuts: None, cells: Arc::default() }
    }

    /// The same for rows that are cut into cells.
    pub(super) fn of_cells(most: u64, delimiter: u8) -> Allowance {
        Allowance { cuts: Some(delimiter), ..Allowance::of(most) }
    }

    /// A row was read: the next one has all of it again.
    pub(super) fn renew(&self) {
        self.left.store(self.most, Ordering::Relaxed);
        self.cells.store(0, Ordering::Relaxed);
    }

    /// Whether more cells were met than a row may have.
    pub(super) fn is_cut_too_often(&self) -> bool {
        self.cells.load(Ordering::Relaxed) > MOST_CUTS
    }

    /// Whether more was asked for than allowed.
    pub(super) fn is_spent(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    fn cut(&self, text: &[u8]) -> io::Result<()> {
        let Some(delimiter) = self.cuts else { return Ok(()) };
        let met = text.iter().filter(|byte| **byte == delimiter).count() as u64;
        match self.cells.fetch_add(met, Ordering::Relaxed) + met > MOST_CUTS {
            true => Err(io::Error::other("a row of too many cells")),
            false => Ok(()),
        }
    }

    fn take(&self, bytes: usize) -> io::Result<()> {
        let left = self.left.load(Ordering::Relaxed).saturating_sub(bytes as u64);
        self.left.store(left, Ordering::Relaxed);
        match left {
            0 => Err(io::Error::other("a row without an end")),
            _ => Ok(()),
        }
    }
}

/// Reads another encoding as UTF-8. UTF-8 itself is handed on as it is: whether it is any is seen where values are read,
/// so that the line can be named.
pub(super) struct Decoded<R> {
    inner: R,
    allowance: Allowance,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    /// The range of `raw` that was read and is not decoded yet.
    raw_from: usize,
    raw_to: usize,
    text: Vec<u8>,
    text_from: usize,
    ended: bool,
    begun: bool,
}

const PIECE: usize = 64 * 1024;
const MARK: &[u8] = b"\xEF\xBB\xBF";

impl<R: Read> Decoded<R> {
    pub(super) fn new(inner: R, encoding: Encoding, allowance: Allowance) -> Decoded<R> {
        let decoder = encoding.decoder().map(|encoding| match encoding == UTF_16LE {
            // its mark, where there is one, says which end comes first
            true => encoding.new_decoder(),
            false => encoding.new_decoder_without_bom_handling(),
        });
        let raw = vec![0; PIECE];
        Decoded {
            inner,
            allowance,
            decoder,
            raw,
            raw_from: 0,
            raw_to: 0,
            text: Vec::new(),
            text_from: 0,
            ended: false,
            begun: false,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.text_from = 0;
        while self.text.is_empty() && !self.ended {
            self.raw_to = self.inner.read(&mut self.raw)?;
            self.raw_from = 0;
            self.ended = self.raw_to == 0;
            self.allowance.take(self.raw_to)?;
            let piece = &self.raw[self.raw_from..self.raw_to];
            match &mut self.decoder {
                None => self.text.extend_from_slice(piece),
                Some(decoder) => {
                    let room = decoder.max_utf8_buffer_length(piece.len()).unwrap_or(PIECE * 4);
                    self.text.resize(room, 0);
                    let (_, _, written, _) = decoder.decode_to_utf8(piece, &mut self.text, self.ended);
                    self.text.truncate(written);
                }
            }
            self.allowance.cut(&self.text)?;
        }
        if self.ended {
            // the last line is ended like any other, so that all are counted alike; a blank line more harms nobody
            self.text.push(b'\n');
        }
        if !self.begun {
            self.begun = true;
            // the first piece of a file holds its marks whole: files are read from the beginning. Of those put together by
            // programs that each set one there are several, and the CSV reader would take the second away in silence
            while self.text[self.text_from..].starts_with(MARK) {
                self.text_from += MARK.len();
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.text_from == self.text.len() && !self.ended {
            self.fill()?;
        }
        let length = out.len().min(self.text.len() - self.text_from);
        out[..length].copy_from_slice(&self.text[self.text_from..self.text_from + length]);
        self.text_from += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::WINDOWS_1251;

    use super::*;

    fn decoded(bytes: &[u8], encoding: Encoding) -> String {
        let mut text = String::new();
        Decoded::new(bytes, encoding, Allowance::of(u64::MAX)).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn every_encoding_gives_the_same_text_without_its_mark() {
        assert_eq!(decoded("Сумма;1".as_bytes(), Encoding::Utf8), "Сумма;1\n");
        assert_eq!(decoded("\u{feff}Сумма;1".as_bytes(), Encoding::Utf8), "Сумма;1\n");
        assert_eq!(decoded("\u{feff}\u{feff}\u{feff}Сумма;1".as_bytes(), Encoding::Utf8), "Сумма;1\n");
        let (cp1251, _, _) = WINDOWS_1251.encode("Сумма;1");
        assert_eq!(decoded(&cp1251, Encoding::Cp1251), "Сумма;1\n");
        let utf16: Vec<u8> = "\u{feff}Сумма;1".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decoded(&utf16, Encoding::Utf16), "Сумма;1\n");
        let big: Vec<u8> = "\u{feff}Сумма;1".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decoded(&big, Encoding::Utf16), "Сумма;1\n");
        assert_eq!(decoded(b"", Encoding::Utf8), "\n");
    }

    #[test]
    fn a_long_file_crosses_pieces_unharmed() {
        let text = "Этап воронки;".repeat(20_000);
        let (cp1251, _, _) = WINDOWS_1251.encode(&text);
        assert_eq!(decoded(&cp1251, Encoding::Cp1251), format!("{text}\n"));
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decoded(&utf16, Encoding::Utf16), format!("{text}\n"));
    }
}
