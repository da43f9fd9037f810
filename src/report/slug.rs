//! Names of people, branches and contractors as parts of file names.

/// Russian letters in Latin ones, as in passports.
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

/// A name in small Latin letters, digits and hyphens; one that has none of these is `other`.
pub fn slug(name: &str) -> String {
    let mut out = String::new();
    for symbol in name.chars().flat_map(char::to_lowercase) {
        match LETTERS.iter().find(|(letter, _)| *letter == symbol) {
            Some((_, latin)) => out.push_str(latin),
            None if symbol.is_ascii_alphanumeric() => out.push(symbol),
            None if !out.ends_with('-') => out.push('-'),
            None => {}
        }
    }
    match out.trim_matches('-') {
        "" => "other".to_owned(),
        out => out.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_file_names() {
        assert_eq!(slug("Акимов П."), "akimov-p");
        assert_eq!(slug("Щукин–Ёжиков / Отдел №2"), "shchukin-ezhikov-otdel-2");
        assert_eq!(slug("../../etc"), "etc");
        assert_eq!(slug("東京"), "other");
    }
}
