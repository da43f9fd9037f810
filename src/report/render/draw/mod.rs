//! What charts are drawn with: shapes in logical pixels, axes, legends, measured texts. `play` turns a drawing into SVG or PNG.

pub mod axis;
pub mod font;
pub mod frame;
pub mod palette;
pub mod picture;
pub mod play;
pub mod sheet;
