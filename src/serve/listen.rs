//! Listens on an address, and admits connections within limits.
//!
//! A connection that has not logged in waits in an antechamber of bounded size, for a bounded time: where it is full, the oldest of the
//! address with most goes. So half-open connections harm nobody who logs in.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::{Limits, ServeError};

/// A door: where it is and who may come through.
#[derive(Clone)]
pub struct Door {
    /// Where to listen. Beyond loopback only with TLS and users.
    pub address: SocketAddr,
    /// TLS, where there is a certificate. The door itself does the handshake, since PostgreSQL's begins in its own protocol.
    pub tls: Option<TlsAcceptor>,
    /// Whether there is a file of users.
    pub has_users: bool,
    /// How many may come.
    pub limits: Limits,
}

/// Says when to stop. All doors share one.
#[derive(Debug, Clone)]
pub struct Stop {}

impl Stop {
    /// Stops on SIGINT and SIGTERM.
    pub fn on_signals() -> Result<Stop, ServeError> {
        todo!()
    }

    /// Waits until it is time to stop: no new question is taken then, running ones may end.
    pub async fn stopped(&self) {
        todo!()
    }
}

/// The place of one connection. The connection is closed by dropping its future: when it took too long to log in, when it was idle too
/// long, and a while after [`Stop`].
#[derive(Debug, Clone)]
pub struct Seat {
    inner: Arc<()>,
}

impl Seat {
    /// Where the connection comes from.
    pub fn peer(&self) -> SocketAddr {
        todo!()
    }

    /// The connection has logged in: takes a place among all and among those of the user. An error: there are too many.
    /// HTTP, where each request says who asks, calls it once its first request is read, with no user.
    pub fn enter(&self, user: Option<&str>) -> Result<(), ServeError> {
        todo!("{user:?} {:?}", self.inner)
    }

    /// While this is held, a question is being answered, and the connection is not idle. Take one per statement or request.
    pub fn work(&self) -> Working {
        todo!()
    }

    /// Waits until the server stops.
    pub async fn stopped(&self) {
        todo!()
    }
}

/// A question is being answered.
#[derive(Debug)]
pub struct Working {}

/// Listens until it is time to stop; then waits a while for those who are being answered. `on` serves one connection to its end.
pub async fn listen<F, Served>(door: Door, stop: Stop, on: F) -> Result<(), ServeError>
where
    F: Fn(TcpStream, Seat) -> Served + Send + Sync + 'static,
    Served: Future<Output = ()> + Send + 'static,
{
    todo!()
}
