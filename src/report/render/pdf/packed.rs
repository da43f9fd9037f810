//! Streams, packed.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// The bytes, packed.
pub fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::default());
    // a vector takes all
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}
