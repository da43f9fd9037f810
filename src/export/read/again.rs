//! The header once more among the rows, as in files that were put together: with its columns where they were, or elsewhere.

use super::open::Opened;
use super::row::Row;
use crate::export::ExportError;
use crate::model::lang::Text;

/// What the mapped headers of a file look like, to find them among its rows.
pub(super) struct Again {
    /// Each with its column, in small letters. Fewer than two tell nothing: a value may be called so.
    texts: Vec<(usize, String)>,
    /// The lengths of these texts in bytes: most cells of a row have another one, and are not compared.
    lengths: [bool; 256],
    /// So many of them stand in a header once more, at least.
    least: usize,
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Is {
    Row,
    Header,
    /// A header whose columns stand elsewhere: the rows below would be read under wrong names.
    OtherHeader,
}

impl Again {
    pub(super) fn new(opened: &Opened) -> Again {
        let mut places: Vec<usize> = opened.found.columns.values().copied().collect();
        places.sort_unstable();
        places.dedup();
        let texts = places.into_iter().map(|at| (at, lower(opened.found.text(at))));
        Again::of(texts.filter(|(_, text)| text.chars().any(char::is_alphabetic)).collect())
    }

    fn of(mut texts: Vec<(usize, String)>) -> Again {
        let mut seen = std::collections::BTreeSet::new();
        // of two columns of one name the place is no matter of the name
        texts.retain(|(_, text)| seen.insert(text.clone()));
        let mut lengths = [false; 256];
        texts.iter().for_each(|(_, text)| lengths[text.len().min(255)] = true);
        let least = texts.len().min((texts.len() * 2).div_ceil(3).max(3));
        Again { texts, lengths, least }
    }

    /// What a row is.
    pub(super) fn see(&self, row: Row<'_>, opened: &Opened) -> Is {
        if opened.cells > 1 && (0..opened.cells).all(|cell| row.cell(cell) == opened.found.text(cell)) {
            return Is::Header;
        }
        self.look((0..row.record.cells.len()).map(|at| row.cell(at)))
    }

    /// Whether a row is the header once more; the error is for one in another order.
    pub(super) fn passes(&self, row: Row<'_>, opened: &Opened) -> Result<bool, ExportError> {
        match self.see(row, opened) {
            Is::Row => Ok(false),
            Is::Header => Ok(true),
            Is::OtherHeader => Err(other_order(opened, row.record.line)),
        }
    }

    fn look<'r>(&self, cells: impl ExactSizeIterator<Item = &'r str> + Clone) -> Is {
        let count = cells.len();
        if self.texts.len() < 2 || count < self.least {
            return Is::Row;
        }
        // most rows have too few cells of these lengths, which is seen without a text being changed
        let is_other = |cell: &&str| cell.is_empty() || !self.lengths[bare(cell).len().min(255)];
        if cells.clone().filter(is_other).nth(count - self.least).is_some() {
            return Is::Row;
        }
        let mut stand: Vec<(usize, String)> = Vec::new();
        for (at, cell) in cells.enumerate() {
            let cell = bare(cell);
            if !cell.is_empty() && self.lengths[cell.len().min(255)] {
                let cell = lower(cell);
                if self.texts.iter().any(|(_, text)| *text == cell) {
                    stand.push((at, cell));
                }
            }
            // with what is left it cannot be a header any more
            if stand.len() + (count - at - 1) < self.least {
                return Is::Row;
            }
        }
        let is_there = |(at, text): &(usize, String)| stand.iter().any(|(place, cell)| place == at && cell == text);
        let stands = |text: &String| stand.iter().any(|(_, cell)| cell == text);
        if self.texts.iter().all(is_there) {
            return Is::Header;
        }
        let all = self.texts.iter().filter(|(_, text)| stands(text)).count();
        // one that lacks a column is a header, too, as long as nobody can take it for a row
        match all >= self.least {
            true if self.texts.iter().any(|one| stands(&one.1) && !is_there(one)) => Is::OtherHeader,
            _ => Is::Row,
        }
    }
}

/// The refusal of a file that goes on with its columns in another order.
fn other_order(opened: &Opened, line: u64) -> ExportError {
    let what = Text::new(
        format!("строка {line}: ещё один заголовок, с другим порядком столбцов"),
        format!("line {line}: another header, in another order"),
    );
    let way_out = Text::new(
        format!("ничего не загружено: разделите файл перед строкой {line} и загрузите обе части отдельными файлами"),
        format!("nothing was stored: split the file before line {line}, and ingest both parts as files of their own"),
    );
    ExportError::unreadable(&opened.path(), what, way_out)
}

fn bare(text: &str) -> &str {
    // two bytes tell of most texts that there is nothing to be taken off
    if let [first, .., last] = text.as_bytes()
        && [first, last].iter().all(|byte| byte.is_ascii_graphic() && **byte != b'"')
    {
        return text;
    }
    text.trim_start_matches('\u{feff}').trim().trim_matches('"').trim()
}

fn lower(text: &str) -> String {
    bare(text).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_known_among_rows_wherever_its_columns_stand() {
        let texts = |texts: &[&str]| (0..).zip(texts).map(|(at, text)| (at, lower(text))).collect();
        let again = Again::of(texts(&["ID", "Дата", "Сумма", "Расход"]));
        let look = |cells: &[&str]| again.look(cells.iter().copied());
        assert_eq!(look(&["1", "2025-03-01", "5", "6"]), Is::Row);
        assert_eq!(look(&["id", "ДАТА ", "Сумма", "\"Расход\"", "Ещё"]), Is::Header);
        assert_eq!(look(&["\u{feff}ID", "Дата", "Сумма", "Расход"]), Is::Header);
        assert_eq!(look(&["ID", "Дата", "Расход", "Сумма"]), Is::OtherHeader);
        assert_eq!(look(&["Ещё", "ID", "Дата", "Сумма", "Расход"]), Is::OtherHeader);
        assert_eq!(look(&["Дата", "ID", "Сумма"]), Is::OtherHeader);
        assert_eq!(look(&["7", "Дата", "Сумма", "2"]), Is::Row);
        assert_eq!(look(&["ID", "Дата", "Сумма"]), Is::Row);
        let one = Again::of(texts(&["Статус", "Статус"]));
        assert_eq!(one.look(["1", "Статус"].into_iter()), Is::Row);
    }
}
