//! How wide the columns of a table are, how large its letters, and which way its pages lie.

use super::face::Fonts;
use super::flow::Lies;
use super::style::Style;
use super::text;
use crate::report::document::{Column, Table};
use crate::report::render::number::Numbers;
use crate::report::render::shown::{Look, Shown, head, is_text, shown};
use crate::report::render::words::Words;

/// More rows would make a file that nobody prints: a table of 1,000 rows takes some twenty pages.
pub const MOST_ROWS: usize = 1_000;
/// On both sides of a cell.
pub const PAD: f64 = 4.0;
/// The size of the letters beside those of the table: its head, and the ends of an interval.
pub const HEAD: f64 = 0.92;
pub const SMALL: f64 = 0.84;

/// Between a number and the ends of its interval, in font sizes.
pub const GAP: f64 = 0.5;

/// What is tried, in this order, until all columns fit.
const TRIED: [(Lies, f64); 7] = [
    (Lies::Upright, 8.5),
    (Lies::Upright, 7.7),
    (Lies::Upright, 7.0),
    (Lies::Across, 8.2),
    (Lies::Across, 7.2),
    (Lies::Across, 6.4),
    (Lies::Across, 5.6),
];

/// A column is at least so wide, in font sizes, before a word in its head or in its cells is cut.
const HEAD_WORD: f64 = 5.4;
const CELL_WORD: f64 = 8.0;
/// A column asks for no more than this, in font sizes.
const ENOUGH: f64 = 26.0;

/// A cell.
pub struct Written {
    /// What it shows.
    pub text: String,
    /// The ends of an interval.
    pub ends: String,
    /// Where it leads.
    pub url: Option<String>,
    /// Whether it is a lesser text.
    pub lesser: bool,
}

/// A table, laid out.
pub struct Grid {
    /// Which way its pages lie.
    pub lies: Lies,
    /// The size of its letters.
    pub size: f64,
    /// The widths of its columns, in points, with their pads.
    pub wide: Vec<f64>,
    /// The widest ends of an interval of each column, in points: numbers beside them stand under each other.
    pub ends: Vec<f64>,
    /// Whether a column stands to the left.
    pub left: Vec<bool>,
    /// The heads.
    pub heads: Vec<String>,
    /// The rows that are shown.
    pub rows: Vec<Vec<Written>>,
}

/// What a column needs and wants, in font sizes.
#[derive(Clone, Copy)]
struct Wish {
    least: f64,
    best: f64,
    ends: f64,
}

/// Lays a table out.
pub fn grid(fonts: &Fonts, table: &Table, numbers: &Numbers<'_>) -> Grid {
    let looks: Vec<Look> = (0..table.columns.len()).map(|column| Look::of(table, column)).collect();
    let heads: Vec<String> = table.columns.iter().map(|column| head(column, numbers)).collect();
    let row = |row: &Vec<_>| -> Vec<Written> {
        let cells = row.iter().zip(&table.columns).zip(&looks);
        cells.map(|((cell, column), look)| written(shown(cell, column, *look, numbers), numbers)).collect()
    };
    let rows: Vec<Vec<Written>> = table.rows.iter().take(MOST_ROWS).map(row).collect();
    let wishes: Vec<Wish> = (0..table.columns.len())
        .map(|at| wish(fonts, &heads[at], rows.iter().map(|row| &row[at]), is_text(&table.columns[at])))
        .collect();
    let (lies, size) = fit(&wishes);
    Grid {
        lies,
        size,
        wide: widths(&wishes, lies.room(), size),
        ends: wishes.iter().map(|wish| wish.ends * size).collect(),
        left: table.columns.iter().map(|column: &Column| is_text(column)).collect(),
        heads,
        rows,
    }
}

fn written(shown: Shown<'_>, numbers: &Numbers<'_>) -> Written {
    let plain = |text: String| Written { text, ends: String::new(), url: None, lesser: false };
    match shown {
        Shown::Nothing(sign) => Written { lesser: true, ..plain(sign.to_owned()) },
        Shown::Text(text) => plain(text),
        // an address that is none stays a text
        Shown::Link { url, word } => match url::Url::parse(url) {
            Ok(url) => Written { url: Some(url.to_string()), ..plain(word.to_owned()) },
            Err(_) => plain(url.to_owned()),
        },
        Shown::Interval { value, ends } => Written { ends, ..plain(value) },
        Shown::Bounds { word, ends } => Written { lesser: true, ends, ..plain(word.to_owned()) },
    }
    .of(numbers)
}

impl Written {
    /// A blank text would leave a cell that says nothing.
    fn of(mut self, numbers: &Numbers<'_>) -> Written {
        if self.text.trim().is_empty() && self.url.is_none() {
            self.text = Words(numbers.lang).blank().to_owned();
            self.lesser = true;
        }
        self
    }
}

fn wish<'w>(fonts: &Fonts, head: &str, cells: impl Iterator<Item = &'w Written>, is_text: bool) -> Wish {
    let (one, small) = (Style::new(1.0).tabular(), Style::new(SMALL).tabular());
    let word = text::longest(fonts, head, Style::new(HEAD));
    // a head in two lines is short enough
    let half = fonts.wide(head, Style::new(HEAD)) * 0.6;
    let mut wish = Wish { least: word.min(HEAD_WORD), best: word.max(half), ends: 0.0 };
    let mut most = 0.0f64;
    for cell in cells {
        let whole = fonts.wide(&cell.text, one);
        let least = if is_text || cell.lesser { text::longest(fonts, &cell.text, one).min(CELL_WORD) } else { whole };
        wish.ends = wish.ends.max(fonts.wide(&cell.ends, small));
        wish.least = wish.least.max(least).max(wish.ends);
        most = most.max(whole);
    }
    let gap = if wish.ends > 0.0 { GAP } else { 0.0 };
    wish.best = wish.best.max((most + gap + wish.ends).min(ENOUGH)).max(wish.least);
    wish
}

/// The first of what is tried that gives all columns what they need; the last if none does.
fn fit(wishes: &[Wish]) -> (Lies, f64) {
    let least: f64 = wishes.iter().map(|wish| wish.least).sum();
    let pads = 2.0 * PAD * wishes.len() as f64;
    let fits = |(lies, size): &&(Lies, f64)| least * size + pads <= lies.room();
    *TRIED.iter().find(fits).unwrap_or(&TRIED[TRIED.len() - 1])
}

/// Divides the room: what a column needs, then of the rest as much as it wants.
fn widths(wishes: &[Wish], room: f64, size: f64) -> Vec<f64> {
    let pads = 2.0 * PAD;
    let free = room - pads * wishes.len() as f64;
    let (least, best) = wishes.iter().fold((0.0, 0.0), |(l, b), wish| (l + wish.least * size, b + wish.best * size));
    let one = |wish: &Wish| {
        let (own_least, own_best) = (wish.least * size, wish.best * size);
        let inner = if least >= free {
            own_least * free / least
        } else if best >= free {
            own_least + (own_best - own_least) * (free - least) / (best - least)
        } else {
            // a narrow table is not pulled apart
            own_best + own_best * ((free - best) / best).min(0.6)
        };
        inner + pads
    };
    wishes.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lang::Lang;
    use crate::model::unit::Unit;
    use crate::report::document::Cell;

    fn laid(columns: usize, text: &str) -> Grid {
        let fonts = Fonts::open().unwrap();
        let column =
            |at: usize| Column { name: format!("c{at}"), title: format!("Столбец {at}"), unit: Unit::Text };
        let table = Table {
            id: "t".into(),
            title: "t".into(),
            columns: (0..columns).map(column).collect(),
            rows: vec![vec![Cell::Text(text.into()); columns]; 3],
            source: String::new(),
        };
        grid(&fonts, &table, &Numbers { lang: Lang::Ru, currency: "₽" })
    }

    #[test]
    fn a_wide_table_lies_across_and_keeps_to_the_page() {
        assert_eq!(laid(3, "текст").lies, Lies::Upright);
        assert_eq!(laid(20, "слово слово").lies, Lies::Across);
        for columns in [1, 3, 20, 60] {
            let grid = laid(columns, "очень длинный текст с пробелами");
            assert!(grid.wide.iter().sum::<f64>() <= grid.lies.room() + 0.01, "{columns}");
        }
    }
}
