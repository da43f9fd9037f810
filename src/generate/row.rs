//! One CSV row under construction: digits are written by hand, because 12 million dates pass here.

use super::clock::{Clock, DAY, Second, digits};

/// Whether the fields of a file stand in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quotes {
    /// Every field, as Bitrix24 exports deals.
    Always,
    /// Only fields that need them.
    Needed,
}

/// A row of `;`-separated fields that ends in CRLF.
pub struct Row {
    bytes: Vec<u8>,
    quotes: Quotes,
}

impl Row {
    /// An empty row.
    pub fn new(quotes: Quotes) -> Row {
        Row { bytes: Vec::with_capacity(512), quotes }
    }

    /// Begins the next row.
    pub fn clear(&mut self) -> &mut Row {
        self.bytes.clear();
        self
    }

    /// A field of text.
    pub fn text(&mut self, text: &str) -> &mut Row {
        match self.quotes == Quotes::Needed && text.contains([';', '"', '\n', '\r']) {
            true => self.field(|bytes| {
                bytes.push(b'"');
                bytes.extend(text.replace('"', "\"\"").bytes());
                bytes.push(b'"');
            }),
            false if text.contains('"') => self.field(|bytes| bytes.extend(text.replace('"', "\"\"").bytes())),
            false => self.field(|bytes| bytes.extend_from_slice(text.as_bytes())),
        }
    }

    /// A field that is not filled.
    pub fn blank(&mut self) -> &mut Row {
        self.field(|_| ())
    }

    /// A whole number.
    pub fn number(&mut self, number: u64) -> &mut Row {
        self.field(|bytes| decimal(bytes, number))
    }

    /// A whole number behind a letter.
    pub fn lettered(&mut self, letter: char, number: u64) -> &mut Row {
        self.field(|bytes| {
            bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            decimal(bytes, number);
        })
    }

    /// Kopecks as roubles with a decimal comma.
    pub fn money(&mut self, kopecks: u64) -> &mut Row {
        self.field(|bytes| {
            decimal(bytes, kopecks / 100);
            let mut cents = [b','; 3];
            digits(&mut cents[1..], kopecks % 100);
            bytes.extend_from_slice(&cents);
        })
    }

    /// A day as `dd.mm.yyyy`.
    pub fn day(&mut self, clock: &Clock, day: usize) -> &mut Row {
        self.field(|bytes| bytes.extend_from_slice(clock.text(day)))
    }

    /// An instant as `dd.mm.yyyy HH:MM:SS`.
    pub fn at(&mut self, clock: &Clock, at: Second) -> &mut Row {
        self.field(|bytes| {
            let mut text = *b"dd.mm.yyyy HH:MM:SS";
            let second = (at % DAY) as u64;
            text[..10].copy_from_slice(clock.text((at / DAY) as usize));
            digits(&mut text[11..13], second / 3600);
            digits(&mut text[14..16], second / 60 % 60);
            digits(&mut text[17..19], second % 60);
            bytes.extend_from_slice(&text);
        })
    }

    /// The finished row. Ends it, so call it once.
    pub fn finish(&mut self) -> &[u8] {
        if self.bytes.last() == Some(&b';') {
            self.bytes.pop();
        }
        self.bytes.extend_from_slice(b"\r\n");
        &self.bytes
    }

    fn field(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> &mut Row {
        if self.quotes == Quotes::Always {
            self.bytes.push(b'"');
        }
        write(&mut self.bytes);
        if self.quotes == Quotes::Always {
            self.bytes.push(b'"');
        }
        self.bytes.push(b';');
        self
    }
}

fn decimal(bytes: &mut Vec<u8>, number: u64) {
    let length = number.checked_ilog10().unwrap_or(0) as usize + 1;
    let from = bytes.len();
    bytes.resize(from + length, 0);
    digits(&mut bytes[from..], number);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_read_as_the_crm_writes_them() {
        let clock = Clock::new(chrono::NaiveDate::from_ymd_opt(2025, 6, 30).unwrap()).unwrap();
        let mut row = Row::new(Quotes::Always);
        row.number(0).text("Кухня \"Лофт\"").money(6_840_005).blank();
        assert_eq!(row.finish(), "\"0\";\"Кухня \"\"Лофт\"\"\";\"68400,05\";\"\"\r\n".as_bytes());
        let mut row = Row::new(Quotes::Needed);
        row.at(&clock, 3 * DAY + 3_661).day(&clock, 0).text("а;б").lettered('R', 10).blank();
        assert_eq!(row.finish(), "01.06.2023 01:01:01;29.05.2023;\"а;б\";R10;\r\n".as_bytes());
    }
}
