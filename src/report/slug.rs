//! File name parts made of names of people, branches and contractors.

use xxhash_rust::xxh3::xxh3_64;

/// Maximum length of a part: a file name has at most 255 bytes and may contain the report's name and two parts.
const LONGEST: usize = 60;

/// Transliteration of Russian letters, as in passports.
const LETTERS: [(char, &str); 33] = [
    ('а', "a"),
    ('б', "b"),
    ('в', "v"),
    ('г', "g"),
    ('д', "d"),
    ('е', "e"),
    ('ё', "e"),
    ('ж', "zh"),
    ('з', "z"),
    ('и', "i"),
    ('й', "i"),
    ('к', "k"),
    ('л', "l"),
    ('м', "m"),
    ('н', "n"),
    ('о', "o"),
    ('п', "p"),
    ('р', "r"),
    ('с', "s"),
    ('т', "t"),
    ('у', "u"),
    ('ф', "f"),
    ('х', "kh"),
    ('ц', "ts"),
    ('ч', "ch"),
    ('ш', "sh"),
    ('щ', "shch"),
    ('ъ', "ie"),
    ('ы', "y"),
    ('ь', ""),
    ('э', "e"),
    ('ю', "iu"),
    ('я', "ia"),
];

/// A name in lower-case Latin letters, digits and hyphens. A name that is too long or has unknown letters ends in a
/// hash; a name without any usable letter begins with `other`.
pub fn slug(name: &str) -> String {
    let (mut out, mut is_lossy) = (String::new(), false);
    for symbol in name.chars().flat_map(char::to_lowercase) {
        match LETTERS.iter().find(|(letter, _)| *letter == symbol) {
            Some((_, latin)) => out.push_str(latin),
            None if symbol.is_ascii_alphanumeric() => out.push(symbol),
            None => {
                is_lossy |= symbol.is_alphanumeric();
                if !out.ends_with('-') {
                    out.push('-');
                }
            }
        }
    }
    // all of it is ASCII
    let whole = out.trim_matches('-');
    let kept = whole.get(..LONGEST).unwrap_or(whole).trim_matches('-');
    match kept {
        "" => format!("other-{}", told_apart(name)),
        kept if is_lossy || kept.len() < whole.len() => format!("{kept}-{}", told_apart(name)),
        kept => kept.to_owned(),
    }
}

/// A hash of the name: eight hexadecimal digits.
pub fn told_apart(name: &str) -> String {
    format!("{:08x}", xxh3_64(name.as_bytes()) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_file_names() {
        assert_eq!(slug("Акимов П."), "akimov-p");
        assert_eq!(slug("Щукин–Ёжиков / Отдел №2"), "shchukin-ezhikov-otdel-2");
        assert_eq!(slug("../../etc"), "etc");
        let (tokyo, osaka) = (slug("東京"), slug("大阪"));
        assert!(tokyo.starts_with("other-") && osaka.starts_with("other-") && tokyo != osaka, "{tokyo} {osaka}");
        let long = slug(&"щ".repeat(240));
        assert!(long.len() <= 69 && long != slug(&"щ".repeat(241)), "{long}");
        assert_eq!(slug("!!!").len(), "other-12345678".len());
    }
}
