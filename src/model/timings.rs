//! How long the stages of a command took: `--timings`.
//!
//! A stage is measured where it runs, whatever room that is in; nothing is kept, and no clock is read, unless somebody asked.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// All that was measured, once somebody asked.
static MEASURED: OnceLock<Mutex<Vec<Stage>>> = OnceLock::new();

/// A stage and what it took in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The room's word and what it worked on, such as `query funnel`.
    pub name: String,
    /// How often it ran.
    pub times: u64,
    /// The time of all runs. Of stages that run side by side, or within each other, each counts its own.
    pub took: Duration,
    /// The rows that came out, where it has any.
    pub rows: Option<u64>,
}

/// From now on stages are measured.
pub fn ask() {
    MEASURED.get_or_init(Mutex::default);
}

/// Whether somebody asked.
pub fn is_asked() -> bool {
    MEASURED.get().is_some()
}

/// The clock of a stage that begins now. `None` where nobody asked.
#[must_use]
pub fn begin() -> Option<Instant> {
    is_asked().then(Instant::now)
}

/// A stage that [`begin`] began is over.
pub fn end(began: Option<Instant>, name: impl FnOnce() -> String, rows: Option<usize>) {
    if let Some(began) = began {
        add(name(), began.elapsed(), rows);
    }
}

/// Measures stages that follow each other: each call ends the one of that name, and the next one begins.
pub fn laps() -> impl FnMut(&str) {
    let mut began = begin();
    move |name| end(std::mem::replace(&mut began, begin()), || name.to_owned(), None)
}

/// Counts time that was measured by another clock, such as an operator's own.
pub fn add(name: String, took: Duration, rows: Option<usize>) {
    let Some(measured) = MEASURED.get() else { return };
    let mut measured = measured.lock().unwrap_or_else(PoisonError::into_inner);
    let rows = rows.map(|rows| rows as u64);
    match measured.iter_mut().find(|stage| stage.name == name) {
        Some(stage) => {
            stage.times += 1;
            stage.took += took;
            stage.rows = stage.rows.zip(rows).map(|(a, b)| a + b);
        }
        None => measured.push(Stage { name, times: 1, took, rows }),
    }
}

/// All that was measured, what took longest first.
pub fn stages() -> Vec<Stage> {
    let measured = MEASURED.get().map(|measured| measured.lock().unwrap_or_else(PoisonError::into_inner).clone());
    let mut stages = measured.unwrap_or_default();
    stages.sort_by(|a, b| b.took.cmp(&a.took).then_with(|| a.name.cmp(&b.name)));
    stages
}
