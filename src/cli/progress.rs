//! Progress on stderr: a bar on a terminal, a quiet line per step elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};

use super::screen::tell;
use crate::model::progress::Progress;
use crate::model::shown::in_line;

/// Shows what long work is at.
pub struct Shown {
    bar: Option<ProgressBar>,
    last: Mutex<String>,
}

impl Shown {
    /// A bar where stderr is a terminal, lines where it is not.
    #[allow(clippy::disallowed_methods)] // asks what it is, and writes nothing
    pub fn new() -> Shown {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{msg:32} {wide_bar} {percent:>3} %");
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Shown { bar, last: Mutex::new(String::new()) }
    }
}

impl Progress for Shown {
    fn step(&self, what: &str, done: u64, total: u64) {
        match &self.bar {
            Some(bar) => {
                bar.set_length(total);
                bar.set_position(done);
                bar.set_message(in_line(what).into_owned());
            }
            None => {
                let Ok(mut last) = self.last.lock() else { return };
                if *last != what {
                    tell(in_line(what));
                    what.clone_into(&mut last);
                }
            }
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
