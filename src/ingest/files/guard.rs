//! Packed bytes that unpack to too much.

use std::io::{self, Read};

/// So much may come out of anything: exports that are written in one go repeat themselves a lot.
pub(in crate::ingest) const FREE: u64 = 256 << 20;
/// Beyond that, so many bytes out of one. Tables of text pack ten to fifty times; a bomb packs a thousand times.
pub(in crate::ingest) const RATIO: u64 = 200;

/// Hands on what another reader unpacks, until it is too much for what was packed.
pub(super) struct Guarded<R> {
    inner: R,
    packed: u64,
    unpacked: u64,
}

impl<R: Read> Guarded<R> {
    /// Guards a reader that unpacks `packed` bytes.
    pub(super) fn new(inner: R, packed: u64) -> Guarded<R> {
        Guarded { inner, packed, unpacked: 0 }
    }
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.unpacked += read as u64;
        match self.unpacked > FREE && self.unpacked / RATIO > self.packed {
            true => Err(io::Error::other(format!(
                "{} bytes unpack to more than {} MiB: no export does that\n    unpack it yourself, look what it is, and ingest \
                 the file that came out",
                self.packed,
                self.unpacked >> 20
            ))),
            false => Ok(read),
        }
    }
}
