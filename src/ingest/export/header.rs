//! The header line: which of its cells the mapping means.

use std::collections::BTreeMap;

use crate::ingest::mapping::Header;
use crate::model::problem::nearest;

/// A header with the columns that were looked for.
pub(super) struct Found {
    pub(super) line: u64,
    pub(super) columns: BTreeMap<Header, usize>,
    /// Columns missing or met twice, each as a sentence.
    pub(super) problems: Vec<String>,
    cells: Vec<String>,
}

impl Found {
    /// The header for a message: all of it as far as that helps.
    pub(super) fn shown(&self) -> String {
        let shown: Vec<&str> = self.cells.iter().take(40).map(String::as_str).collect();
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
}

/// Finds the wanted columns among the cells of a header.
pub(super) fn find(cells: &[String], wanted: impl Iterator<Item = Header>, line: u64) -> Found {
    let mut columns = BTreeMap::new();
    let mut problems = Vec::new();
    for header in wanted {
        let places: Vec<usize> = (0..cells.len()).filter(|at| cells[*at] == header.text).collect();
        match (places.as_slice(), header.nth) {
            ([only], None) => {
                columns.insert(header, *only);
            }
            ([], _) => problems.push(missing(&header.text, cells)),
            (places, Some(nth)) => match places.get(nth - 1) {
                Some(place) => drop(columns.insert(header, *place)),
                None => problems.push(format!(
                    "there is no column `{}` number {nth}: it is there {} time(s)",
                    header.text,
                    places.len()
                )),
            },
            (places, None) => {
                let numbers: Vec<String> = places.iter().map(|place| (place + 1).to_string()).collect();
                let text = &header.text;
                let numbers = numbers.join(" and ");
                problems.push(format!("the column `{text}` is there {} times (columns {numbers}): say which, {{ from = \"{text}\", nth = 1 }}", places.len()));
            }
        }
    }
    Found { line, columns, problems, cells: cells.to_vec() }
}

fn missing(text: &str, cells: &[String]) -> String {
    match nearest(text, cells.iter().map(String::as_str)) {
        Some(near) if near.chars().count() == text.chars().count() && looks_alike(near, text) => {
            format!(
                "there is no column `{text}`: the export's `{near}` only looks the same (Latin and Cyrillic letters mixed); copy it from the export"
            )
        }
        Some(near) => format!("there is no column `{text}`; did you mean `{near}`?"),
        None => format!("there is no column `{text}`"),
    }
}

/// Whether two texts differ only by letters that look the same in Latin and Cyrillic.
fn looks_alike(a: &str, b: &str) -> bool {
    const LATIN: &str = "ABCEHKMOPTXaceopxy";
    const CYRILLIC: &str = "АВСЕНКМОРТХасеорху";
    let latin = |c: char| CYRILLIC.chars().position(|x| x == c).and_then(|at| LATIN.chars().nth(at)).unwrap_or(c);
    a.chars().map(latin).eq(b.chars().map(latin))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(cells: &[&str], wanted: &[(&str, Option<usize>)]) -> Vec<String> {
        let cells: Vec<String> = cells.iter().map(|c| (*c).to_owned()).collect();
        find(&cells, wanted.iter().map(|(text, nth)| Header { text: (*text).to_owned(), nth: *nth }), 1).problems
    }

    #[test]
    fn a_column_is_found_or_its_problem_told() {
        let cells = ["ID", "Источник", "Сумма", "Источник", "Cрок"];
        assert!(problems(&cells, &[("ID", None), ("Источник", Some(2))]).is_empty());
        let told = problems(
            &cells,
            &[("Суммa", None), ("Источник", None), ("Источник", Some(3)), ("Срок", None), ("Город", None)],
        );
        assert_eq!(told.len(), 5);
        assert!(told[0].contains("only looks the same"), "{}", told[0]);
        assert!(told[1].contains("2 times (columns 2 and 4)"), "{}", told[1]);
        assert!(told[2].contains("number 3"), "{}", told[2]);
        assert!(told[3].contains("`Cрок` only looks the same"), "{}", told[3]);
        assert_eq!(told[4], "there is no column `Город`");
    }
}
