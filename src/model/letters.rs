//! Letters in two pieces: a Mac writes `й` as `и` and a breve in the names of files, and programs there copy it into cells. The
//! eye sees no difference, and a comparison does; so whatever comes in from outside is composed (Unicode NFC), in one place for
//! each way in.

use std::borrow::Cow;
use std::fs;
use std::path::{Component, Path, PathBuf};

use icu_normalizer::ComposingNormalizerBorrowed;

/// A text with each letter in one piece.
pub fn composed(text: &str) -> Cow<'_, str> {
    match may_be_in_pieces(text.as_bytes()) {
        true => ComposingNormalizerBorrowed::new_nfc().normalize(text),
        false => Cow::Borrowed(text),
    }
}

/// As [`composed`]; a text that is so already is not copied.
pub fn into_composed(text: String) -> String {
    let other = match composed(&text) {
        Cow::Borrowed(same) if same.len() == text.len() => None,
        other => Some(other.into_owned()),
    };
    other.unwrap_or(text)
}

/// Whether a text has bytes with which the pieces of letters begin: Latin and Cyrillic letters in one piece have none.
pub fn may_be_in_pieces(text: &[u8]) -> bool {
    // all bytes, not up to the first one: most texts have none, and many bytes are looked at at once
    text.iter().fold(false, |met, byte| met | matches!(byte, 0xcc | 0xcd | 0xe0..))
}

/// A path as the disk has it: the one named, or the only one that differs from it in the pieces of its letters alone.
pub fn on_disk(path: &Path) -> PathBuf {
    if path.symlink_metadata().is_ok() {
        return path.to_owned();
    }
    let mut found = PathBuf::new();
    for part in path.components() {
        let next = found.join(part);
        let Component::Normal(name) = part else {
            found = next;
            continue;
        };
        let alike = || {
            let wanted = composed(name.to_str()?).into_owned();
            let folder = if found.as_os_str().is_empty() { Path::new(".") } else { &found };
            let names = fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.file_name()));
            let mut alike = names.filter(|name| name.to_str().is_some_and(|name| composed(name) == wanted.as_str()));
            alike.next().filter(|_| alike.next().is_none())
        };
        found = match next.symlink_metadata().is_ok() {
            true => next,
            false => match alike() {
                Some(name) => found.join(name),
                None => return path.to_owned(),
            },
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_brought_into_one_piece_and_others_are_left() {
        for (pieces, one) in [
            ("Сергеи\u{306} Королe\u{308}в", "Сергей Королëв"),
            ("Последнии\u{306}", "Последний"),
            ("Cafe\u{301}", "Café"),
            ("Ёлкин — № 5 «й»", "Ёлкин — № 5 «й»"),
            ("", ""),
        ] {
            assert_eq!(composed(pieces), one);
            assert_eq!(into_composed(pieces.to_owned()), one);
            assert!(matches!(composed(one), Cow::Borrowed(_)));
        }
    }

    #[test]
    fn a_file_is_found_in_whatever_pieces_its_name_is() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("Маи\u{306}");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("Сделки маи\u{306}.csv"), "x").unwrap();
        let typed = dir.path().join("Май").join("Сделки май.csv");
        assert_eq!(fs::read_to_string(on_disk(&typed)).unwrap(), "x");
        let absent = dir.path().join("Май").join("Сделки июнь.csv");
        assert_eq!(on_disk(&absent), absent);
    }
}
