//! TLS: an acceptor out of a certificate and its key. Whatever is wrong with them is an error, and the server does not start.

use std::path::Path;

use chrono::{DateTime, Utc};
use tokio_rustls::TlsAcceptor;

use super::ServeError;

/// The acceptor of these files, PEM both. `alpn`: the protocols to offer, such as `b"http/1.1"`; PostgreSQL's is `b"postgresql"`.
pub fn acceptor(cert: &Path, key: &Path, alpn: &[&[u8]], now: DateTime<Utc>) -> Result<TlsAcceptor, ServeError> {
    todo!("{} {} {alpn:?} {now}", cert.display(), key.display())
}
