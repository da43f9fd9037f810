//! How much a question may take, and how many may ask.

use std::future::Future;
use std::time::Duration;

use super::ServeError;

/// Bounds of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long one statement may run.
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

impl Limits {
    /// Runs work that must end within the time of a statement. What is cut off is dropped, and with it what it began.
    pub async fn within<T, E: From<ServeError>>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        match tokio::time::timeout(self.statement, work).await {
            Ok(done) => done,
            Err(_) => Err(ServeError::TooLong { limit: self.statement }.into()),
        }
    }
}
