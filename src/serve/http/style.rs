//! The style of all pages: that of reports, and what only served pages have.

use crate::report::render;

/// What only served pages have.
const OWN: &str = include_str!("style.css");

/// The style, and an address that changes with it.
#[derive(Debug)]
pub struct Style {
    /// The rules, the font within them.
    pub text: String,
    /// The address of this very style: a browser keeps it for ever.
    pub address: String,
}

impl Style {
    /// Puts it together.
    pub fn new() -> Style {
        let text = format!("{}\n{OWN}", render::style());
        let digest = blake3::hash(text.as_bytes()).to_hex();
        Style { address: format!("/style.css?of={}", &digest[..16]), text }
    }
}
