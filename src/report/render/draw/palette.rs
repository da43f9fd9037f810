//! Colours. The hues are Okabe and Ito's, which people with any common colour blindness can tell apart.

use super::picture::Color;

/// Text.
pub const INK: Color = Color::new(0x1f, 0x29, 0x33);
/// Lesser text.
pub const MUTED: Color = Color::new(0x5b, 0x66, 0x72);
/// Grid lines.
pub const GRID: Color = Color::new(0xe4, 0xe8, 0xec);
/// The zero line.
pub const AXIS: Color = Color::new(0x9a, 0xa3, 0xad);
/// The background of unripe parts and of tracks.
pub const SHADE: Color = Color::new(0xf2, 0xf4, 0xf6);
/// White.
pub const WHITE: Color = Color::new(0xff, 0xff, 0xff);
/// Blue: the first of all series.
pub const BLUE: Color = Color::new(0x00, 0x72, 0xb2);
/// Sky blue.
pub const SKY: Color = Color::new(0x56, 0xb4, 0xe9);
/// Orange.
pub const ORANGE: Color = Color::new(0xe6, 0x9f, 0x00);
/// Vermilion.
pub const VERMILION: Color = Color::new(0xd5, 0x5e, 0x00);
/// Bluish green.
pub const GREEN: Color = Color::new(0x00, 0x9e, 0x73);
/// Reddish purple.
pub const PURPLE: Color = Color::new(0xcc, 0x79, 0xa7);
/// Grey: lost or remaining parts.
pub const GREY: Color = Color::new(0xb4, 0xbc, 0xc5);

/// Sky blue, lightened: it must differ from orange in a greyscale print.
const PALE_SKY: Color = Color::new(0x8c, 0xcc, 0xf0);

/// Parts of a whole: two cool colours, then two warm ones for promotion and pressure.
pub const PARTS: [Color; 7] = [BLUE, PALE_SKY, ORANGE, VERMILION, GREEN, PURPLE, GREY];
/// Compared series: neighbouring colours differ as much as possible.
pub const PEERS: [Color; 7] = [BLUE, ORANGE, GREEN, PURPLE, VERMILION, SKY, GREY];

/// The colour of the `index`th of a list. After the end of the list the colours repeat, paler.
pub fn nth(list: &[Color], index: usize) -> Color {
    let color = list[index % list.len()];
    if index < list.len() { color } else { color.tint(0.5) }
}

/// A colour as `0xRRGGBB`.
pub fn hex(color: Color) -> u32 {
    let (red, green, blue) = color.rgb;
    u32::from_be_bytes([0, red, green, blue])
}
