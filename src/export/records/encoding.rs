//! In which encoding an export is: as stated, or found out from its bytes.

use std::io::Read;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{IBM866, KOI8_R, KOI8_U, UTF_16BE, UTF_16LE, WINDOWS_1251, WINDOWS_1252, X_MAC_CYRILLIC};

use crate::export::ExportError;
use crate::export::files::Input;

/// How the bytes of a file become text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Encoding {
    /// With or without its mark.
    #[default]
    Utf8,
    /// As its mark says; without one, as Windows writes it.
    Utf16,
    /// The other way round, without a mark.
    Utf16Be,
    Cp1251,
    Cp1252,
    Cp866,
    Koi8,
    MacCyrillic,
}

impl Encoding {
    /// The encodings that a mapping may state.
    pub(crate) const NAMED: [(&'static str, Encoding); 8] = [
        ("utf-8", Encoding::Utf8),
        ("utf-16", Encoding::Utf16),
        ("utf-16be", Encoding::Utf16Be),
        ("cp1251", Encoding::Cp1251),
        ("cp1252", Encoding::Cp1252),
        ("cp866", Encoding::Cp866),
        ("koi8-r", Encoding::Koi8),
        ("mac-cyrillic", Encoding::MacCyrillic),
    ];

    /// As a mapping states it.
    pub(crate) fn name(self) -> &'static str {
        Encoding::NAMED.iter().find(|(_, encoding)| *encoding == self).map_or("utf-8", |(name, _)| name)
    }

    /// The decoder. `None` if the input is UTF-8 already.
    pub(super) fn decoder(self) -> Option<&'static encoding_rs::Encoding> {
        match self {
            Encoding::Utf8 => None,
            Encoding::Utf16 => Some(UTF_16LE),
            Encoding::Utf16Be => Some(UTF_16BE),
            Encoding::Cp1251 => Some(WINDOWS_1251),
            Encoding::Cp1252 => Some(WINDOWS_1252),
            Encoding::Cp866 => Some(IBM866),
            Encoding::Koi8 => Some(KOI8_R),
            Encoding::MacCyrillic => Some(X_MAC_CYRILLIC),
        }
    }
}

/// So much is looked through for a byte that tells encodings apart, and so much from there on.
const FAR: usize = 64 << 20;
const WINDOW: usize = 1 << 20;

/// The encoding of an export: the stated one unless its bytes speak against it, or the one that they speak for. And
/// whether nothing in it speaks for any.
pub(super) fn settle(input: &Input, stated: Option<Encoding>) -> Result<(Encoding, bool), ExportError> {
    let bytes = telling(input)?;
    settled(input, stated, detect(&bytes)).map(|encoding| (encoding, bytes.is_ascii()))
}

fn settled(input: &Input, stated: Option<Encoding>, found: Detection) -> Result<Encoding, ExportError> {
    let contrary = |found: Encoding| {
        let what =
            format!("the file is {}, and the mapping states {}", found.name(), stated.unwrap_or_default().name());
        Err(ExportError::no_table(
            &input.path,
            what,
            "remove the line `encoding` of its [[export]]: it is found out from the file",
        ))
    };
    match (stated, found) {
        (Some(Encoding::Utf8), Detection::Certainly(Encoding::Utf8)) => Ok(Encoding::Utf8),
        // rows that are in another encoding are quarantined one by one
        (Some(stated), Detection::Unknown | Detection::Probably(_)) => Ok(stated),
        (Some(stated), Detection::Certainly(found)) if stated != found => contrary(found),
        (_, Detection::Certainly(found) | Detection::Probably(found)) => Ok(found),
        (None, Detection::Unknown) => {
            let names: Vec<&str> = Encoding::NAMED.iter().map(|(name, _)| *name).collect();
            let way_out =
                format!("say how it is encoded, encoding = \"…\" in its [[export]], one of: {}", names.join(", "));
            Err(ExportError::no_table(
                &input.path,
                "the file is text in an encoding that its bytes do not tell".into(),
                way_out,
            ))
        }
    }
}

/// The first bytes of a file that tell its encoding.
fn telling(input: &Input) -> Result<Vec<u8>, ExportError> {
    let mut bytes = input.open()?;
    let mut start = Vec::new();
    let mut passed = 0;
    loop {
        let mut piece = Vec::new();
        bytes.by_ref().take(WINDOW as u64).read_to_end(&mut piece).map_err(ExportError::io(&input.path))?;
        let plain = piece.is_ascii() && !piece.contains(&0);
        passed += piece.len();
        let ended = piece.len() < WINDOW;
        match plain {
            true if ended || passed >= FAR => return Ok(if start.is_empty() { piece } else { start }),
            true => start = piece,
            false => {
                // the window begins at the first such byte, wherever it stands in the piece
                bytes.take(WINDOW as u64).read_to_end(&mut piece).map_err(ExportError::io(&input.path))?;
                return Ok(piece);
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detection {
    /// Nothing else fits.
    Certainly(Encoding),
    /// Its letters make words of the language that the users speak.
    Probably(Encoding),
    Unknown,
}

fn detect(bytes: &[u8]) -> Detection {
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Detection::Certainly(Encoding::Utf16);
    }
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        return Detection::Certainly(Encoding::Utf8);
    }
    if let Some(wide) = wide(bytes) {
        return Detection::Certainly(wide);
    }
    if bytes.is_ascii() {
        return Detection::Probably(Encoding::Utf8);
    }
    let (whole, broken) = sequences(bytes);
    // rows in another encoding are a matter of those rows: in the encodings of one byte a letter, what is whole in UTF-8 is
    // met by chance alone, as in a quotation mark after a capital
    if whole > 0 && broken <= whole {
        let certain = whole >= 3 && broken * 10 <= whole;
        return if certain { Detection::Certainly(Encoding::Utf8) } else { Detection::Probably(Encoding::Utf8) };
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(Some(b"ru"), Utf8Detection::Deny);
    let known = [
        (WINDOWS_1251, Encoding::Cp1251),
        (WINDOWS_1252, Encoding::Cp1252),
        (IBM866, Encoding::Cp866),
        (KOI8_R, Encoding::Koi8),
        (KOI8_U, Encoding::Koi8),
        (X_MAC_CYRILLIC, Encoding::MacCyrillic),
    ];
    known
        .into_iter()
        .find(|(of, _)| *of == guess)
        .map_or(Detection::Unknown, |(_, encoding)| Detection::Probably(encoding))
}

/// UTF-16 without its mark: every second byte of what is plain in it is zero.
fn wide(bytes: &[u8]) -> Option<Encoding> {
    let zeros = |from: usize| bytes.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, pairs) = (zeros(0), zeros(1), bytes.len() / 2);
    // delimiters, digits and line ends are plain in any language
    match (even * 10 > pairs, odd * 10 > pairs) {
        (false, true) if even * 20 < odd => Some(Encoding::Utf16),
        (true, false) if odd * 20 < even => Some(Encoding::Utf16Be),
        _ => None,
    }
}

/// How many symbols beyond ASCII are whole in UTF-8, and how many bytes are none of it. A symbol cut by the end is neither.
fn sequences(bytes: &[u8]) -> (usize, usize) {
    let (mut whole, mut broken) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        whole += chunk.valid().chars().filter(|symbol| !symbol.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    let cut = std::str::from_utf8(bytes).err().is_some_and(|error| error.error_len().is_none());
    (whole, broken - usize::from(cut && broken > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "ID;Название сделки;Ответственный\n1;Поставка оборудования;Иванова Мария\n2;Ремонт;Пётр Ёлкин\n";

    fn encoded(with: &'static encoding_rs::Encoding) -> Vec<u8> {
        with.encode(TEXT).0.into_owned()
    }

    #[test]
    fn russian_text_is_known_in_every_encoding_that_windows_and_others_write() {
        for (with, found) in [(WINDOWS_1251, Encoding::Cp1251), (KOI8_R, Encoding::Koi8), (IBM866, Encoding::Cp866)] {
            assert_eq!(detect(&encoded(with)), Detection::Probably(found), "{found:?}");
        }
        assert_eq!(detect(TEXT.as_bytes()), Detection::Certainly(Encoding::Utf8));
        assert_eq!(detect(b"ID;Name\n1;x"), Detection::Probably(Encoding::Utf8));
        let wide = |of: fn(u16) -> [u8; 2]| TEXT.encode_utf16().flat_map(of).collect::<Vec<u8>>();
        assert_eq!(detect(&wide(u16::to_le_bytes)), Detection::Certainly(Encoding::Utf16));
        assert_eq!(detect(&wide(u16::to_be_bytes)), Detection::Certainly(Encoding::Utf16Be));
        let latin = WINDOWS_1252.encode("Id;Ciudad\n1;Málaga\n2;Núñez señor\n").0.into_owned();
        assert_ne!(detect(&latin), Detection::Certainly(Encoding::Utf8));
    }

    #[test]
    fn a_row_in_another_encoding_does_not_make_a_file_of_it() {
        let mut bytes = TEXT.repeat(10).into_bytes();
        bytes.extend_from_slice(b"3;\xCF\xEE;\xC8\n");
        assert_eq!(detect(&bytes), Detection::Certainly(Encoding::Utf8));
        // where little else is Russian than the header, too
        let rows = "1;x\n".repeat(999);
        let bytes =
            [TEXT.split('\n').next().unwrap().as_bytes(), rows.as_bytes(), b"3;\xCF\xEE\xEB\xE0;\xC8\n"].concat();
        assert_eq!(detect(&bytes), Detection::Probably(Encoding::Utf8));
        // a symbol cut by the end of the window is no broken one
        assert_eq!(sequences(&"ф".as_bytes()[..1]), (0, 0));
        assert_eq!(sequences("фя".as_bytes()), (2, 0));
    }
}
