//! A password, from the terminal without showing it, or the first line of standard input.

use std::io::{self, BufRead as _, IsTerminal as _};

use anyhow::Result;

use super::said::said;
use super::screen::tell;
use crate::model::lang::Lang;

/// Asks for a new password; on a terminal twice.
pub fn new(lang: Lang) -> Result<String> {
    if !io::stdin().is_terminal() {
        return line();
    }
    tell(lang.pick("Пароль (его не видно):", "Password (it is not shown):"));
    let first = unseen()?;
    tell(lang.pick("Ещё раз:", "Once more:"));
    match unseen()? == first {
        true => Ok(first),
        false => {
            Err(said!("это два разных пароля\n    начните снова", "these are two different passwords\n    begin again"))
        }
    }
}

fn line() -> Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Reads a line while the terminal does not show what is typed.
#[cfg(unix)]
fn unseen() -> Result<String> {
    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
    /// Puts the terminal back, whatever happens.
    struct Shown(Termios);
    impl Drop for Shown {
        fn drop(&mut self) {
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
        }
    }
    let shown = Shown(tcgetattr(io::stdin())?);
    let mut hidden = shown.0.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(io::stdin(), OptionalActions::Flush, &hidden)?;
    line()
}

#[cfg(not(unix))]
fn unseen() -> Result<String> {
    line()
}
