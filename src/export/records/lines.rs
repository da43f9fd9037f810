//! The lines of a text, which may be put back: whether a quote opens a cell of several lines is known only some lines later.

use std::io::{self, BufRead, BufReader, Read};

/// Reads lines, however they end: LF, CR LF, or, in files of old Macs and of some spreadsheets, CR alone.
pub(super) struct Lines<R> {
    input: BufReader<R>,
    end: u8,
    /// Lines that were put back, each with its end, and how far they were read again.
    back: Vec<u8>,
    at: usize,
    /// Bytes read of the input.
    done: u64,
}

impl<R: Read> Lines<R> {
    /// Looks at the beginning of the input for how its lines end.
    pub(super) fn new(mut input: BufReader<R>, quote: u8) -> io::Result<Lines<R>> {
        let end = line_end(input.fill_buf()?, quote);
        Ok(Lines { input, end, back: Vec::new(), at: 0, done: 0 })
    }

    /// Adds the next line, without its end, to a text; false where there is none.
    pub(super) fn next(&mut self, text: &mut Vec<u8>) -> io::Result<bool> {
        if self.at < self.back.len() {
            let rest = &self.back[self.at..];
            let length = rest.iter().position(|byte| *byte == self.end).unwrap_or(rest.len());
            text.extend_from_slice(&rest[..length]);
            self.at += length + 1;
            return Ok(true);
        }
        let read = self.input.read_until(self.end, text)?;
        self.done += read as u64;
        if text.last() == Some(&self.end) && read > 0 {
            text.pop();
        }
        Ok(read > 0)
    }

    /// Puts lines back that were read last, parted by [`Lines::end`].
    pub(super) fn put_back(&mut self, lines: &[u8]) {
        let begin = self.at.checked_sub(lines.len() + 1);
        if let Some(begin) = begin.filter(|begin| self.back.get(*begin..self.at - 1) == Some(lines)) {
            // they were put back before: of many such rows none is copied again
            self.at = begin;
            return;
        }
        let mut back = [lines, &[self.end]].concat();
        back.extend_from_slice(self.back.get(self.at..).unwrap_or_default());
        (self.back, self.at) = (back, 0);
    }

    /// With what they end.
    pub(super) fn end(&self) -> u8 {
        self.end
    }

    /// How much was read, in bytes of the text.
    pub(super) fn done(&self) -> u64 {
        self.done
    }
}

/// With what lines end: CR where a lone one stands outside of quotes, and no LF does.
fn line_end(start: &[u8], quote: u8) -> u8 {
    let (mut quoted, mut lone) = (false, false);
    for (at, byte) in start.iter().enumerate() {
        match byte {
            byte if *byte == quote => quoted = !quoted,
            b'\n' if !quoted => return b'\n',
            b'\r' if !quoted => lone |= start.get(at + 1).is_some_and(|next| !matches!(next, b'\r' | b'\n')),
            _ => {}
        }
    }
    if lone { b'\r' } else { b'\n' }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        let mut lines = Lines::new(BufReader::new(text.as_bytes()), b'"').unwrap();
        let (mut all, mut line) = (Vec::new(), Vec::new());
        while lines.next(&mut line).unwrap() {
            all.push(String::from_utf8(std::mem::take(&mut line)).unwrap());
        }
        all
    }

    #[test]
    fn lines_end_as_they_do() {
        assert_eq!(lines("a\nb\r\n\nc"), ["a", "b\r", "", "c"]);
        assert_eq!(lines("a\rb\rc"), ["a", "b", "c"]);
        assert_eq!(lines("a;\"x\ny\"\rb\r"), ["a;\"x\ny\"", "b"]);
        assert_eq!(lines("a\rx\nb\n"), ["a\rx", "b"]);
        assert_eq!(lines("a\r\r\nb\r\r\n"), ["a\r\r", "b\r\r"]);
    }

    #[test]
    fn lines_that_are_put_back_come_again() {
        let mut lines = Lines::new(BufReader::new("a\nb\nc\n".as_bytes()), b'"').unwrap();
        let mut next = |back: Option<&str>| {
            back.into_iter().for_each(|back| lines.put_back(back.as_bytes()));
            let mut line = Vec::new();
            lines.next(&mut line).unwrap().then(|| String::from_utf8(line).unwrap())
        };
        assert_eq!(next(None).as_deref(), Some("a"));
        assert_eq!(next(Some("a\n")).as_deref(), Some("a"));
        assert_eq!(next(None).as_deref(), Some(""));
        assert_eq!(next(Some("x\ny")).as_deref(), Some("x"));
        assert_eq!(next(Some("z")).as_deref(), Some("z"));
        assert_eq!(
            [next(None), next(None), next(None), next(None)].map(Option::unwrap_or_default),
            ["y", "b", "c", ""]
        );
    }
}
