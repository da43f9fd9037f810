//! How the dates of a column are written, by all its values.

use std::collections::{BTreeMap, BTreeSet};

use crate::export::records::Typed;
use crate::export::values::dates::{self, DateFormat};

/// Forms beside those that an ingest tries by itself.
const MORE: [&str; 25] = [
    "yyyymmdd",
    "yyyy-mm-ddTHH:MM",
    "yyyy-mm-ddTHH:MMZ",
    "yyyy/mm/dd HH:MM",
    "d.m.yy",
    "d.m.yy H:MM",
    "d.m.yy H:MM:SS",
    "d/m/yy",
    "m/d/yy",
    "d/m/yy H:MM",
    "m/d/yy H:MM",
    "d.m.yyyy, H:MM",
    "d.m.yyyy, H:MM:SS",
    "d/m/yyyy, H:MM:SS",
    "m/d/yyyy, H:MM:SS",
    "m/d/yyyy, hh:MM:SS AM",
    "d mon yyyy",
    "d mon yyyy H:MM",
    "d mon yyyy H:MM:SS",
    "d mon, yyyy",
    "d mon, yyyy H:MM:SS",
    "d-mon-yyyy",
    "mon d, yyyy",
    "mon d, yyyy H:MM",
    "unix",
];
/// A column of dates is written in few shapes.
const SHAPES: usize = 40;
/// A shape of which so many values are no dates is none of dates.
const TRIED: u64 = 50;
/// So many words stand for an empty date.
const WORDS: usize = 12;

/// The dates of a column.
#[derive(Default)]
pub(super) struct Days {
    shapes: BTreeMap<String, Shape>,
    /// What the form of the file itself calls a time.
    typed: u64,
    /// Texts without a digit: they stand for an empty cell.
    pub(super) words: BTreeMap<String, u64>,
    /// No column of dates.
    is_other: bool,
}

/// Values that look alike: `13.04.2025` and `1.4.2025`.
struct Shape {
    count: u64,
    /// Those of them that fit no format which reads the others: typing errors.
    failed: u64,
    /// The forms that read all the others.
    forms: Vec<DateFormat>,
    example: String,
}

/// What is known of how a column writes its dates.
pub(super) enum Written {
    /// The file itself says which cells are dates, or there are none.
    Typed,
    /// So; and how many values no form reads, with one of them.
    So { forms: Vec<String>, unread: u64, example: String },
    /// In one of several ways, each with what it makes of a value.
    Either { ways: Vec<(Vec<String>, String)>, example: String },
}

impl Days {
    pub(super) fn see(&mut self, text: &str, typed: Typed) {
        if typed == Typed::Time {
            self.typed += 1;
            return;
        }
        if self.is_other || is_unset(text) {
            return;
        }
        if !text.contains(|c: char| c.is_ascii_digit()) {
            *self.words.entry(text.chars().take(40).collect()).or_default() += 1;
            self.is_other = self.words.len() > WORDS;
            return;
        }
        match dates::ends(text) {
            Some((first, last)) if known().iter().all(|form| form.read(text).is_none()) => {
                self.one(first);
                self.one(last);
            }
            _ => self.one(text),
        }
        if self.shapes.len() > SHAPES {
            (self.is_other, self.shapes) = (true, BTreeMap::new());
        }
    }

    fn one(&mut self, text: &str) {
        let key = shape(text);
        let is_unix = matches!(text.len(), 9..=10) && text.bytes().all(|byte| byte.is_ascii_digit());
        let reads = |form: &&DateFormat| form.read(text).is_some() && (is_unix || form.to_string() != "unix");
        let Some(shape) = self.shapes.get_mut(&key) else {
            let forms = known().iter().filter(reads).cloned().collect();
            self.shapes.insert(key, Shape { count: 1, failed: 0, forms, example: text.to_owned() });
            return;
        };
        shape.count += 1;
        if shape.forms.is_empty() && shape.count < TRIED {
            shape.forms = known().iter().filter(reads).cloned().collect();
            if !shape.forms.is_empty() {
                shape.failed = shape.count - 1;
                text.clone_into(&mut shape.example);
            }
        } else {
            let left: Vec<DateFormat> = shape.forms.iter().filter(reads).cloned().collect();
            match left.is_empty() {
                // a slip proves nothing, and the others are dates all the same
                true => shape.failed += u64::from(!shape.forms.is_empty()),
                false => shape.forms = left,
            }
            // an example that tells the ways apart: 03.03.2025 is one day in all of them
            let says = |text: &str| shape.forms.iter().map(|form| form.read(text)).collect::<Vec<_>>();
            let is_telling = |text: &str| says(text).windows(2).any(|pair| pair[0] != pair[1]);
            if shape.forms.len() > 1 && !is_telling(&shape.example) && is_telling(text) {
                text.clone_into(&mut shape.example);
            }
        }
    }

    /// How many values are dates.
    pub(super) fn read(&self) -> u64 {
        let read = |shape: &Shape| if shape.forms.is_empty() { 0 } else { shape.count - shape.failed };
        self.typed + self.shapes.values().map(read).sum::<u64>()
    }

    /// Whether they are written with marks between day, month and year: no number is written so.
    pub(super) fn is_marked(&self) -> bool {
        let marked = |shape: &&Shape| !shape.forms.is_empty() && !shape.example.bytes().all(|b| b.is_ascii_digit());
        self.typed > 0 || self.shapes.values().any(|shape| marked(&shape))
    }

    /// The orders of day and month that its values prove.
    pub(super) fn proven(&self) -> BTreeSet<String> {
        let one = |shape: &Shape| (shape.forms.len() == 1).then(|| shape.forms.first().map(day_of)).flatten();
        self.shapes.values().filter_map(one).collect()
    }

    /// How the column writes them, where `orders` were proven in this file.
    pub(super) fn written(&self, orders: &BTreeSet<String>) -> Written {
        let own = self.proven();
        let dated: Vec<&Shape> = self.shapes.values().filter(|shape| !shape.forms.is_empty()).collect();
        let other: Vec<&Shape> = self.shapes.values().filter(|shape| shape.forms.is_empty()).collect();
        let unread = other.iter().map(|shape| shape.count).chain(dated.iter().map(|shape| shape.failed)).sum();
        let example = other.first().map(|shape| shape.example.clone());
        let example = example.unwrap_or_default();
        if dated.is_empty() {
            return match unread {
                0 => Written::Typed,
                _ => Written::So { forms: Vec::new(), unread, example },
            };
        }
        let mut ways: Vec<Vec<String>> = vec![Vec::new()];
        let mut shown = String::new();
        for shape in dated {
            let narrowed = [&own, orders].into_iter().find_map(|known| {
                let left: Vec<&DateFormat> = shape.forms.iter().filter(|form| known.contains(&day_of(form))).collect();
                (left.len() == 1).then_some(left)
            });
            let left = narrowed.unwrap_or_else(|| shape.forms.iter().collect());
            if left.len() > 1 {
                shown.clone_from(&shape.example);
            }
            // each of several readings of one shape goes with those of the same order of another
            ways = ways
                .iter()
                .flat_map(|way| left.iter().map(move |form| (way, form)))
                .filter(|(way, form)| left.len() == 1 || way.iter().all(|other| agree(other, &form.to_string())))
                .map(|(way, form)| way.iter().cloned().chain([form.to_string()]).collect())
                .collect();
        }
        ways.iter_mut().for_each(|way| way.dedup());
        match ways.as_slice() {
            [one] => Written::So { forms: one.clone(), unread, example },
            _ => {
                let read = |way: &Vec<String>| {
                    let forms = way.iter().filter_map(|form| DateFormat::parse(form).ok());
                    let day =
                        forms.filter_map(|form| form.read(&shown)).map(|read| read.local.format("%Y-%m-%d")).next();
                    day.map_or_else(String::new, |day| day.to_string())
                };
                Written::Either { ways: ways.iter().map(|way| (way.clone(), read(way))).collect(), example: shown }
            }
        }
    }

    /// One of its dates.
    pub(super) fn example(&self) -> Option<&str> {
        self.shapes.values().find(|shape| !shape.forms.is_empty()).map(|shape| shape.example.as_str())
    }
}

/// What programs write where there is no date.
fn is_unset(text: &str) -> bool {
    text == "0" || ["01.01.0001", "0001-01-01", "0000-00-00"].iter().any(|day| text.starts_with(day))
}

/// The forms that are tried.
fn known() -> &'static [DateFormat] {
    static KNOWN: std::sync::LazyLock<Vec<DateFormat>> = std::sync::LazyLock::new(|| {
        let more = MORE.iter().filter_map(|form| DateFormat::parse(form).ok());
        let mut known: Vec<DateFormat> = dates::known();
        for form in more {
            if !known.contains(&form) {
                known.push(form);
            }
        }
        known
    });
    &KNOWN
}

/// How a value looks: digits as a number of them, letters as one.
fn shape(text: &str) -> String {
    let mut shape = String::new();
    let (mut digits, mut letters) = (0, false);
    for symbol in text.chars().chain(['\0']) {
        if symbol.is_ascii_digit() {
            digits += 1;
        } else if digits > 0 {
            shape.push(match digits {
                1 | 2 => '9',
                4 => 'y',
                8 => '8',
                _ => 'n',
            });
            digits = 0;
        }
        if symbol.is_alphabetic() {
            letters = true;
        } else if letters {
            shape.push('a');
            letters = false;
        }
        if !symbol.is_alphanumeric() && symbol != '\0' {
            shape.push(symbol);
        }
    }
    shape
}

/// How a format writes the day, without the time.
fn day_of(format: &DateFormat) -> String {
    let text = format.to_string();
    let end = text.find(['H', 'h', 'T']).unwrap_or(text.len());
    text[..end].trim_end_matches([' ', ',', 'T']).to_owned()
}

/// Whether two formats have day and month in one order, or one of them names the month.
fn agree(one: &str, other: &str) -> bool {
    let order = |format: &str| Some(format.find('d')? < format.find('m')?);
    let numbered = |format: &str| !format.contains("mon") && !format.starts_with("yyyy");
    !numbered(one) || !numbered(other) || order(one) == order(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(values: &[&str]) -> String {
        let mut days = Days::default();
        values.iter().for_each(|value| days.see(value, Typed::No));
        match days.written(&BTreeSet::new()) {
            Written::Typed => "none".to_owned(),
            Written::So { forms, unread, .. } => format!("{} {unread}", forms.join(" + ")),
            Written::Either { ways, .. } => {
                ways.iter().map(|(way, read)| format!("{} = {read}", way.join(" + "))).collect::<Vec<_>>().join(" or ")
            }
        }
    }

    #[test]
    fn a_column_is_in_the_form_that_all_its_values_prove() {
        for (values, expected) in [
            (vec!["13.04.2025", "1.4.2025"], "d.m.yyyy 0"),
            (vec!["3/4/2025", "3/13/2025"], "m/d/yyyy 0"),
            (vec!["03/04/2025"], "d/m/yyyy = 2025-04-03 or m/d/yyyy = 2025-03-04"),
            (vec!["2025-03-04", "3/13/2025"], "m/d/yyyy + yyyy-mm-dd 0"),
            // the time behind it changes nothing of the order that is proven
            (vec!["13.04.2025", "03.04.2025 10:05"], "d.m.yyyy + d.m.yyyy H:MM 0"),
            (vec!["2026-06-01T09:14:58+05:00"], "yyyy-mm-ddTHH:MM:SSZ 0"),
            (vec!["15 Apr, 2021 00:02:00"], "d mon, yyyy H:MM:SS 0"),
            (vec!["19970101"], "yyyymmdd 0"),
            (vec!["1714000000"], "unix 0"),
            (vec!["13.04.2025", "не закрыта", "12-й год"], "d.m.yyyy 1"),
            (vec!["2025-03-01/2025-03-07"], "yyyy-mm-dd 0"),
            (vec!["—", "0000-00-00"], "none"),
            // in two orders: no form reads all of them
            (vec!["13/04/2025", "04/13/2025", "03/04/2025"], "d/m/yyyy 1"),
        ] {
            assert_eq!(written(&values), expected, "{values:?}");
        }
    }
}
