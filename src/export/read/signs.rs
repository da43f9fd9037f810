//! What is looked for in texts, as far as single bytes tell: most texts have none of it, and one pass shows that.

/// What the bytes of a text may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signs(u8);

impl Signs {
    /// A symbol that no eye sees may begin.
    pub(super) const HIDDEN: Signs = Signs(1);
    /// The sign that stands for bytes that were no letters may begin.
    pub(super) const REPLACED: Signs = Signs(2);
    /// A power of ten may follow.
    pub(super) const POWER: Signs = Signs(4);

    /// Those of a text.
    pub(super) fn of(text: &str) -> Signs {
        Signs(text.bytes().fold(0, |signs, byte| signs | BYTES[usize::from(byte)]))
    }

    /// Whether any byte is one of these.
    pub(super) fn any(self, of: Signs) -> bool {
        self.0 & of.0 != 0
    }
}

/// Of each byte what it may mean.
const BYTES: [u8; 256] = {
    let mut bytes = [0; 256];
    let mut byte = 0;
    while byte < 0x20 {
        bytes[byte] = Signs::HIDDEN.0;
        byte += 1;
    }
    // with which the symbols begin that `is_unseen` names
    bytes[0x7f] = Signs::HIDDEN.0;
    bytes[0xc2] = Signs::HIDDEN.0;
    bytes[0xe2] = Signs::HIDDEN.0;
    bytes[0xef] = Signs::HIDDEN.0 | Signs::REPLACED.0;
    bytes[b'e' as usize] = Signs::POWER.0;
    bytes[b'E' as usize] = Signs::POWER.0;
    bytes
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::shown::is_unseen;

    #[test]
    fn each_symbol_that_is_looked_for_has_its_sign() {
        for symbol in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            let signs = Signs::of(&symbol.to_string());
            assert!(!is_unseen(symbol) || signs.any(Signs::HIDDEN), "{symbol:?}");
            assert!(symbol != char::REPLACEMENT_CHARACTER || signs.any(Signs::REPLACED));
            assert!(!matches!(symbol, 'e' | 'E') || signs.any(Signs::POWER));
        }
        assert_eq!(Signs::of("4021 Иванова П."), Signs(0));
    }
}
