//! What people read on a terminal. Everything shown goes through here: what came out of exports, names of files and messages
//! of libraries may hold what a terminal obeys, and here it is written out.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use crate::model::shown::visible;

/// Says a line on standard output.
#[allow(clippy::disallowed_methods)]
pub fn say(line: impl Display) -> io::Result<()> {
    writeln!(io::stdout(), "{}", visible(&line.to_string()))
}

/// Tells a line on standard error. Where nobody listens there is nobody to tell it to.
#[allow(clippy::disallowed_methods)]
pub fn tell(line: impl Display) {
    let _ = writeln!(io::stderr(), "{}", visible(&line.to_string()));
}

/// Tells an error: its label in red where the terminal wants colours.
#[allow(clippy::disallowed_methods)]
pub fn tell_error(error: impl Display) {
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let label = if colours { "\u{1b}[1;31merror:\u{1b}[0m" } else { "error:" };
    let _ = writeln!(io::stderr(), "{label} {}", visible(&error.to_string()));
}

/// Standard output for rows: bytes as they are where a program or a file takes them, written out on a terminal.
#[allow(clippy::disallowed_methods)]
pub fn rows() -> Rows {
    Rows { out: io::stdout(), cleans: io::stdout().is_terminal(), rest: Vec::new() }
}

/// Where rows go.
pub struct Rows {
    out: io::Stdout,
    cleans: bool,
    /// The beginning of a letter whose end has not come yet.
    rest: Vec<u8>,
}

impl Rows {
    /// Whether a person reads them.
    pub fn is_read_by_a_person(&self) -> bool {
        self.cleans
    }
}

impl Write for Rows {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.cleans {
            return self.out.write(bytes);
        }
        self.rest.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.rest) {
            Ok(text) => text.len(),
            // half a letter waits for its other half; what is none is shown as such
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => self.rest.len(),
        };
        let text = String::from_utf8_lossy(&self.rest[..whole]).into_owned();
        self.out.write_all(visible(&text).as_bytes())?;
        self.rest.drain(..whole);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
