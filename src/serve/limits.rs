//! How much a question may take, and how many may ask.

use std::future::Future;
use std::time::{Duration, Instant};

use super::ServeError;
use crate::session::Memory;

/// Bounds of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long one statement may run, its rows sent included.
    pub statement: Duration,
    /// Bytes that one question may hold for sorting, grouping and joining, before it spills.
    pub memory_each: usize,
    /// Bytes that all questions may hold together.
    pub memory_all: usize,
    /// Connections that have logged in.
    pub connections: usize,
    /// Connections of one user.
    pub connections_each: usize,
    /// How long a connection may take until it has logged in.
    pub handshake: Duration,
    /// How long a connection may ask nothing.
    pub idle: Duration,
}

impl Default for Limits {
    /// What the command line says where nobody says otherwise.
    fn default() -> Limits {
        Limits {
            statement: Duration::from_secs(60),
            memory_each: 512 << 20,
            memory_all: 2 << 30,
            connections: 100,
            connections_each: 20,
            handshake: Duration::from_secs(10),
            idle: Duration::from_secs(1800),
        }
    }
}

impl Limits {
    /// Runs work that must end within the time of a statement: planning, computing and sending rows, so that a client who does not read
    /// holds nothing for longer. What is cut off is dropped, and with it what it began.
    ///
    /// # Errors
    /// The work failed, or took too long.
    pub async fn within<T, E: From<ServeError>>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let began = Instant::now();
        match tokio::time::timeout(self.statement, work).await {
            // what fails after its time was cut off
            Ok(done) if done.is_ok() || began.elapsed() < self.statement => done,
            _ => Err(ServeError::TooLong { limit: self.statement }.into()),
        }
    }

    /// The memory of all questions.
    pub fn memory(&self) -> Memory {
        Memory::of(self.memory_all, self.memory_each).with_time(self.statement)
    }
}
