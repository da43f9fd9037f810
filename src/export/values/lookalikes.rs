//! Values that a person takes for one another and a report does not: `google` and `Google`, `B1` and `В1` with a letter of
//! each alphabet. They stay as they are; the summary names them.

use std::collections::{BTreeMap, BTreeSet};

use xxhash_rust::xxh3::xxh3_64;

use crate::model::lang::Text;

/// The columns by which reports split, whichever table they are of: a manager of `staff` is looked for in `deals`.
const WATCHED: [&str; 13] = [
    "branch",
    "campaign",
    "contractor",
    "interest",
    "lost_reason",
    "manager",
    "pipeline",
    "promo",
    "segment",
    "source",
    "stage",
    "supervisor",
    "team",
];
/// A column with more values than these is no list of words, and is not watched any longer.
const MOST: usize = 2000;
/// So many groups are shown.
const SHOWN: usize = 3;

/// The values met, by column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Alike {
    columns: BTreeMap<&'static str, DistinctValues>,
    /// Of one of several threads: what it met first, in order. Whoever puts them together compares them.
    fresh: Option<Vec<(&'static str, String)>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct DistinctValues {
    /// Hashes of the values met so far, sorted: most values recur many times.
    hashes: Vec<u64>,
    /// The values by their folded form: what looks the same is one key.
    forms: BTreeMap<String, BTreeSet<String>>,
}

impl Alike {
    /// The column under the watched name. `None` if its values may be anything.
    pub(crate) fn watched(column: &str) -> Option<&'static str> {
        WATCHED.into_iter().find(|name| *name == column)
    }

    /// Those of one of several threads that go through pieces of a file.
    pub(crate) fn of_pieces() -> Alike {
        Alike { fresh: Some(Vec::new()), ..Alike::default() }
    }

    /// What this thread met first since it was asked last. Added up in the order of the pieces it is what one thread would have met.
    pub(crate) fn take_fresh(&mut self) -> Alike {
        Alike { fresh: self.fresh.as_mut().map(std::mem::take), ..Alike::default() }
    }

    /// Records a value of a column.
    pub(crate) fn see(&mut self, column: &'static str, value: &str) {
        let seen = self.columns.entry(column).or_default();
        let hash = xxh3_64(value.as_bytes());
        if let Err(place) = seen.hashes.binary_search(&hash)
            && seen.hashes.len() < MOST
        {
            seen.hashes.insert(place, hash);
            match &mut self.fresh {
                Some(fresh) => fresh.push((column, value.to_owned())),
                None => drop(seen.forms.entry(looks(value)).or_default().insert(value.to_owned())),
            }
        }
    }

    /// Adds what was met in another file, or in another piece of one.
    pub(crate) fn add(&mut self, other: Alike) {
        other.fresh.into_iter().flatten().for_each(|(column, value)| self.see(column, &value));
        for (column, seen) in other.columns {
            seen.forms.values().flatten().for_each(|value| self.see(column, value));
        }
    }

    /// A sentence for each column in which there are such values.
    pub(crate) fn notes(&self) -> impl Iterator<Item = Text> {
        self.columns.iter().filter_map(|(column, seen)| {
            let groups: Vec<&BTreeSet<String>> = seen.forms.values().filter(|values| values.len() > 1).collect();
            let shown = |and: &str| {
                let group = |values: &&BTreeSet<String>| {
                    values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(and)
                };
                groups.iter().take(SHOWN).map(group).collect::<Vec<_>>().join("; ")
            };
            let (ru, en) = match groups.len().saturating_sub(SHOWN) {
                0 => (String::new(), String::new()),
                more => (format!("; и ещё {more}"), format!("; and {more} more")),
            };
            (!groups.is_empty()).then(|| {
                Text::new(
                    format!(
                        "`{column}`: значения отличаются лишь регистром, пробелами или похожей буквой другого алфавита, а \
                         считаются разными: {}{ru}",
                        shown(" и ")
                    ),
                    format!(
                        "`{column}`: values that differ only in case, spaces or a look-alike letter of another alphabet, and \
                         count as different: {}{en}",
                        shown(" and ")
                    ),
                )
            })
        })
    }
}

/// A value as a person sees it: without case as well.
fn looks(value: &str) -> String {
    folded(&value.to_uppercase()).collect()
}

/// A text without what the eye does not see: letters that look the same in Latin and Cyrillic are one, so are all
/// spaces, and a run of them.
pub(crate) fn folded(text: &str) -> impl Iterator<Item = char> {
    const LATIN: &str = "ABCEHKMOPTXYaceopxyEeISJisj";
    const CYRILLIC: &str = "АВСЕНКМОРТХУасеорхуЁёІЅЈіѕј";
    let latin = |c: char| match c.is_ascii() {
        true => c,
        false => CYRILLIC.chars().position(|x| x == c).and_then(|at| LATIN.chars().nth(at)).unwrap_or(c),
    };
    let spaced = text.split_whitespace().enumerate();
    spaced.flat_map(|(nth, word)| (nth > 0).then_some(' ').into_iter().chain(word.chars())).map(latin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_threads_met_adds_up_to_what_one_would_have_met() {
        // more values than are watched, many of them in several pieces
        let values: Vec<String> = (0..3 * MOST).map(|n| format!("v{}", n * 7919 % 2500)).collect();
        let mut one = Alike::default();
        values.iter().for_each(|value| one.see("source", value));
        let (mut threads, mut all) = ([Alike::of_pieces(), Alike::of_pieces()], Alike::default());
        for (number, piece) in values.chunks(100).enumerate() {
            let thread = &mut threads[number % 3 % 2];
            piece.iter().for_each(|value| thread.see("source", value));
            all.add(thread.take_fresh());
        }
        assert_eq!(all, one);
    }

    #[test]
    fn values_that_look_alike_are_named_across_files() {
        let met = |column: &'static str, values: &[&str]| {
            let mut alike = Alike::default();
            values.iter().for_each(|value| alike.see(column, value));
            alike
        };
        let mut alike = met("source", &["B1", "google", "B1", "vk"]);
        alike.add(met("source", &["\u{412}1", "Google", "yandex"]));
        alike.add(met("manager", &["Иванов И.", "ИВАНОВ  И.", "Петров"]));
        let notes: Vec<String> = alike.notes().map(|note| note.en).collect();
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(notes[0].starts_with("`manager`") && notes[0].contains("`ИВАНОВ  И.` and `Иванов И.`"), "{}", notes[0]);
        assert!(notes[1].contains("`B1` and `\u{412}1`; `Google` and `google`"), "{}", notes[1]);
        assert_eq!(met("source", &["vk", "ok"]).notes().count(), 0);
        assert!(Alike::watched("title").is_none() && Alike::watched("stage").is_some());
    }
}
