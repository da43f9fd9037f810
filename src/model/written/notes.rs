//! What is wrong with a file, noted while it is read.

use std::cell::RefCell;

use crate::model::lang::Text;
use crate::model::problem::Problem;

/// What is wrong with a value, and the way out. The reader adds file and line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// What is wrong, naming the value.
    pub what: Text,
    /// What is allowed, or the nearest name.
    pub hint: Text,
}

impl Wrong {
    /// A wrong value.
    pub fn new(what: Text, hint: Text) -> Wrong {
        Wrong { what, hint }
    }
}

/// The problems of a file that were found so far.
#[derive(Debug)]
pub(super) struct Notes {
    /// The file, as the person named it.
    pub(super) file: String,
    problems: RefCell<Vec<Problem>>,
}

impl Notes {
    /// Of a file of which nothing was read.
    pub(super) fn new(file: &str) -> Notes {
        Notes { file: file.to_owned(), problems: RefCell::default() }
    }

    /// Notes a problem at a line; 0 for the whole file.
    pub(super) fn problem(&self, line: usize, what: Text, hint: Text) {
        self.problems.borrow_mut().push(self.made(line, what, hint));
    }

    /// A problem of this file, not noted.
    pub(super) fn made(&self, line: usize, what: Text, hint: Text) -> Problem {
        Problem { file: self.file.clone(), line, what, hint }
    }

    /// The problems noted, in the order in which they were found.
    pub(super) fn noted(&self) -> Vec<Problem> {
        self.problems.borrow().clone()
    }
}
