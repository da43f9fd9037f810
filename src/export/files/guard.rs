//! Packed bytes that unpack to too much.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// So much may come out of anything: exports that are written in one go repeat themselves a lot.
pub(crate) const FREE: u64 = 256 << 20;
/// Beyond that, so many bytes out of one. Tables of text pack ten to fifty times; a bomb packs a thousand times.
pub(crate) const RATIO: u64 = 200;

/// Counts the bytes that are taken out of a file, for whoever unpacks them.
///
/// What an archive says of its sizes is not believed: a directory may promise a terabyte of packed bytes.
pub(super) struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Counted<R> {
    /// Counts what is read; the count goes to a [`Guarded`].
    pub(super) fn new(inner: R) -> (Counted<R>, Arc<AtomicU64>) {
        let read = Arc::<AtomicU64>::default();
        (Counted { inner, read: read.clone() }, read)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Hands on what another reader unpacks, until it is too much for what was packed.
pub(super) struct Guarded<R> {
    inner: R,
    packed: Arc<AtomicU64>,
    free: u64,
    unpacked: u64,
}

impl<R: Read> Guarded<R> {
    /// Guards a reader that unpacks what `packed` counts; `free` bytes may come out whatever they were packed into.
    pub(super) fn new(inner: R, packed: Arc<AtomicU64>, free: u64) -> Guarded<R> {
        Guarded { inner, packed, free, unpacked: 0 }
    }
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.unpacked += read as u64;
        let packed = self.packed.load(Ordering::Relaxed);
        match self.unpacked > self.free && self.unpacked / RATIO > packed {
            true => Err(io::Error::other(format!(
                "{packed} bytes unpack to more than {} MiB: no export does that\n    unpack it yourself, look what it is, and ingest \
                 the file that came out",
                self.unpacked >> 20
            ))),
            false => Ok(read),
        }
    }
}
