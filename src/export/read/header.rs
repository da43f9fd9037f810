//! The header: which of its cells the mapping means.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::export::mapping::{Header, Wanted};
use crate::export::values::lookalikes::folded;
use crate::export::values::multiples;
use crate::model::lang::Text;
use crate::model::problem::nearest;

/// A header with the columns that were looked for.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(super) line: u64,
    pub(crate) columns: BTreeMap<Header, usize>,
    /// Whether any column is looked for by its name, and not by its place alone.
    pub(super) names_any: bool,
    troubles: Vec<Trouble>,
    /// What was taken for what, where that is not plain.
    pub(super) notes: Vec<Text>,
    cells: Vec<String>,
}

/// What is wrong with a header. Worded only where it is told: most rows of a file are no header, and nobody asks them.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Trouble {
    Missing(String),
    NoneOf(Vec<String>),
    /// Said already.
    Unclear(Text),
}

impl Found {
    /// How many columns are missing or met twice.
    pub(crate) fn troubles(&self) -> usize {
        self.troubles.len()
    }

    /// Columns missing or met twice, each as a sentence.
    pub(super) fn problems(&self) -> Vec<Text> {
        let told = |trouble: &Trouble| match trouble {
            Trouble::Missing(name) => missing_one(name, &self.cells),
            Trouble::NoneOf(names) => {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                let names = names.join(", ");
                Text::new(format!("нет ни одного из столбцов {names}"), format!("there is none of the columns {names}"))
            }
            Trouble::Unclear(problem) => problem.clone(),
        };
        self.troubles.iter().map(told).collect()
    }

    /// The header for a message: all of it as far as that helps.
    pub(super) fn shown(&self) -> String {
        let cut = |cell: &String| match cell.char_indices().nth(80) {
            Some((end, _)) => format!("{}…", &cell[..end]),
            None => cell.clone(),
        };
        let shown: Vec<String> = self.cells.iter().take(40).map(cut).collect();
        let more = self.cells.len().saturating_sub(shown.len());
        match more {
            0 => shown.join(" | "),
            more => format!("{} | and {more} more", shown.join(" | ")),
        }
    }

    /// The text of a header cell.
    pub(super) fn text(&self, index: usize) -> &str {
        self.cells.get(index).map_or("", String::as_str)
    }

    /// The column in which the currency of each row stands, where there is one by name; of several the one that names the
    /// column of `amounts`.
    pub(super) fn currency(&self, amounts: &str) -> Option<usize> {
        const NAMES: [&str; 6] = ["валюта", "валюты", "вал", "currency", "curr", "ccy"];
        /// A rate is none.
        const RATES: [&str; 5] = ["курс", "rate", "exchange", "in", "в"];
        /// An amount in some currency is none, but «currency of amount» is.
        const AMOUNTS: [&str; 6] = ["amount", "total", "sum", "value", "price", "сумма"];
        let words = |text: &str| -> Vec<String> {
            // «денежная единица» is one in two words
            let is_unit =
                |words: &[&str]| words[0].to_lowercase().starts_with("ден") && words[1].to_lowercase() == "единица";
            let words = multiples::words(text);
            let unit = words.windows(2).any(is_unit).then(|| "валюта".to_owned());
            words.into_iter().map(str::to_lowercase).chain(unit).collect()
        };
        let has = |words: &[String], names: &[&str]| words.iter().any(|word| names.contains(&word.as_str()));
        let is_one = |at: &usize| {
            let words = words(&self.cells[*at]);
            let is_amount = words.last().is_some_and(|last| AMOUNTS.contains(&last.as_str())) && !has(&words, &["of"]);
            has(&words, &NAMES) && !has(&words, &RATES) && !is_amount
        };
        let all: Vec<usize> = (0..self.cells.len()).filter(is_one).collect();
        let known = words(amounts);
        let shared = |at: &usize| words(&self.cells[*at]).iter().filter(|word| known.contains(word)).count();
        let most = all.iter().map(shared).max()?;
        let nearest: Vec<usize> = all.into_iter().filter(|at| shared(at) == most).collect();
        let is_plain = |at: &usize| words(&self.cells[*at]).iter().all(|word| NAMES.contains(&word.as_str()));
        match nearest.as_slice() {
            [only] => Some(*only),
            several => several.iter().copied().find(is_plain).or_else(|| {
                let of_deal = |at: &usize| has(&words(&self.cells[*at]), &["deal", "сделки", "сделка"]);
                several.iter().copied().find(of_deal)
            }),
        }
    }

    /// Whether any of these columns is there.
    pub(super) fn has(&self, headers: &[Header]) -> bool {
        headers.iter().any(|header| self.columns.contains_key(header))
    }
}

/// What became of one header.
enum Place {
    At(usize),
    /// A column whose name only looks the same.
    Like(usize),
    Missing,
    /// There, but not so: said as a sentence.
    Unclear(Text),
}

/// Finds the wanted columns among the cells of a header.
///
/// `looks` are the cells as [`folded`], for all who look there: a sheet may have thousands.
pub(crate) fn find(
    cells: &[String],
    looks: &OnceCell<Vec<String>>,
    wanted: impl Iterator<Item = Wanted>,
    line: u64,
) -> Found {
    let mut found = Found {
        line,
        columns: BTreeMap::new(),
        names_any: false,
        troubles: Vec::new(),
        notes: Vec::new(),
        cells: cells.to_vec(),
    };
    for Wanted { headers, either, optional } in wanted {
        let mut missing = Vec::new();
        for header in &headers {
            found.names_any |= !header.text.starts_with('#');
            let place = place(header, cells, looks);
            match place {
                Place::At(at) => drop(found.columns.insert(header.clone(), at)),
                Place::Like(at) => {
                    found.columns.insert(header.clone(), at);
                    found.notes.push(Text::new(
                        format!("столбец `{}` выгрузки прочитан как `{}`: буквы лишь похожи", cells[at], header.text),
                        format!(
                            "the export's column `{}` is read as `{}`: its letters only look the same",
                            cells[at], header.text
                        ),
                    ));
                }
                Place::Missing => missing.push(header.text.clone()),
                Place::Unclear(problem) => found.troubles.push(Trouble::Unclear(problem)),
            }
            if either && found.columns.contains_key(header) {
                break;
            }
        }
        if optional || missing.is_empty() || (either && found.has(&headers)) {
            continue;
        }
        match either && missing.len() > 1 {
            true => found.troubles.push(Trouble::NoneOf(missing)),
            false => found.troubles.extend(missing.into_iter().map(Trouble::Missing)),
        }
    }
    found.troubles.dedup();
    found
}

fn place(header: &Header, cells: &[String], looks: &OnceCell<Vec<String>>) -> Place {
    let same = |text: &str| (0..cells.len()).filter(|at| cells[*at] == text).collect::<Vec<usize>>();
    let text = header.text.as_str();
    let literal = same(text);
    if literal.is_empty() && header.nth.is_none() {
        // `#17` is a place, `name#2` the second of that name; a header that is written so is meant itself
        if let Some((name, nth)) = text.rsplit_once('#').and_then(|(name, nth)| Some((name.trim(), nth.parse().ok()?)))
        {
            return match (name, nth) {
                ("", nth @ 1..) if nth <= cells.len() => Place::At(nth - 1),
                ("", _) => {
                    let all = cells.len();
                    Place::Unclear(Text::new(
                        format!("нет столбца номер {nth}: в заголовке их {all}"),
                        format!("there is no column number {nth}: the header has {all} of them"),
                    ))
                }
                (name, nth @ 1..) => self::place(&Header { text: name.to_owned(), nth: Some(nth) }, cells, looks),
                _ => Place::Missing,
            };
        }
    }
    let (places, like) = match literal.is_empty() {
        false => (literal, false),
        true => match text.contains('*') {
            true => ((0..cells.len()).filter(|at| fits(text, &cells[*at])).collect(), false),
            false => {
                let looks = looks.get_or_init(|| cells.iter().map(|cell| folded(cell).collect()).collect());
                let text: String = folded(text).collect();
                ((0..cells.len()).filter(|at| looks[*at] == text).collect(), true)
            }
        },
    };
    match (places.as_slice(), header.nth) {
        ([only], None) if like => Place::Like(*only),
        ([only], None) => Place::At(*only),
        ([], _) => Place::Missing,
        (places, Some(nth)) => match places.get(nth - 1) {
            Some(place) => Place::At(*place),
            None => Place::Unclear(Text::new(
                format!("нет столбца `{text}` номер {nth}: он встречается столько раз: {}", places.len()),
                format!("there is no column `{text}` number {nth}: it is there {} time(s)", places.len()),
            )),
        },
        (places, None) if text.contains('*') => {
            let names: Vec<String> = places.iter().map(|place| format!("`{}`", cells[*place])).collect();
            let names = names.join(", ");
            Place::Unclear(Text::new(
                format!("`{text}` подходит к нескольким столбцам: {names}; назовите нужный"),
                format!("`{text}` fits several columns: {names}; name the one that is meant"),
            ))
        }
        (places, None) => {
            let numbers: Vec<String> = places.iter().map(|place| (place + 1).to_string()).collect();
            let (ru, en, times) = (numbers.join(" и "), numbers.join(" and "), places.len());
            Place::Unclear(Text::new(
                format!(
                    "столбцов `{text}` несколько: {times} (номера {ru}); скажите, который: \"{text}#1\" или \"{text}#2\""
                ),
                format!(
                    "the column `{text}` is there {times} times (columns {en}): say which, \"{text}#1\" or \"{text}#2\""
                ),
            ))
        }
    }
}

/// Whether a text fits a pattern in which `*` stands for any text.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn missing_one(text: &str, cells: &[String]) -> Text {
    match nearest(text, cells.iter().map(String::as_str)) {
        Some(near) => Text::new(
            format!("нет столбца `{text}`; может быть, `{near}`?"),
            format!("there is no column `{text}`; did you mean `{near}`?"),
        ),
        None => Text::new(format!("нет столбца `{text}`"), format!("there is no column `{text}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(cells: &[&str], wanted: &[(&str, Option<usize>)]) -> Found {
        let cells: Vec<String> = cells.iter().map(|c| (*c).to_owned()).collect();
        let wanted = wanted.iter().map(|(text, nth)| {
            let header = Header { text: (*text).to_owned(), nth: *nth };
            Wanted { headers: vec![header], either: false, optional: false }
        });
        find(&cells, &OnceCell::new(), wanted, 1)
    }

    #[test]
    fn a_column_is_found_or_its_problem_told() {
        let cells = ["ID", "Источник", "Сумма", "Источник", "Cрок", "Spend (USD)"];
        assert!(found(&cells, &[("ID", None), ("Источник", Some(2))]).problems().is_empty());
        let told =
            found(&cells, &[("Суммы", None), ("Источник", None), ("Источник", Some(3)), ("Город", None)]).problems();
        assert_eq!(told.len(), 4);
        assert!(told[0].en.contains("did you mean `Сумма`?"), "{}", told[0].en);
        assert!(told[1].en.contains("2 times (columns 2 and 4)"), "{}", told[1].en);
        assert!(told[2].en.contains("number 3"), "{}", told[2].en);
        assert_eq!(told[3].en, "there is no column `Город`");
    }

    #[test]
    fn a_column_may_be_meant_by_its_place_its_number_a_pattern_or_its_looks() {
        let cells = ["ID", "Источник", "Сумма", "Источник", "Cрок  сделки", "Spend (USD)", "Phone #2"];
        let at = |text: &str| {
            let found = found(&cells, &[(text, None)]);
            let problems = found.problems();
            found.columns.into_values().next().ok_or(problems)
        };
        assert_eq!(at("Источник#2"), Ok(3));
        assert_eq!(at("#3"), Ok(2));
        assert_eq!(at("Phone #2"), Ok(6));
        assert_eq!(at("Spend (*)"), Ok(5));
        assert_eq!(at("Срок сделки"), Ok(4));
        assert!(at("#8").unwrap_err()[0].en.contains("the header has 7"));
        assert!(at("*и*").unwrap_err()[0].en.contains("several columns"));
        assert_eq!(found(&cells, &[("Срок сделки", None)]).notes.len(), 1);
        assert!(!fits("a*b*c", "a-c") && fits("a*b*c", "axbyc") && fits("*", "") && !fits("a*a", "a"));
    }

    #[test]
    fn of_several_names_the_first_that_is_there_is_meant() {
        let cells = ["Budget".to_owned()];
        let headers = ["Бюджет", "Budget"].map(|text| Header { text: text.into(), nth: None }).to_vec();
        let wanted = |optional| std::iter::once(Wanted { headers: headers.clone(), either: true, optional });
        let find = |cells: &[String], optional| find(cells, &OnceCell::new(), wanted(optional), 1);
        assert_eq!(find(&cells, false).columns.len(), 1);
        let none = find(&["ID".to_owned()], false);
        assert_eq!(none.problems()[0].en, "there is none of the columns `Бюджет`, `Budget`");
        assert!(find(&["ID".to_owned()], true).problems().is_empty());
    }
}
