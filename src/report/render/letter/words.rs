//! A letter's own words, in both languages.

use crate::model::lang::{Lang, russian};

/// Words in one language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words(pub Lang);

impl Words {
    /// The heading of what became red since the last letter.
    pub fn newly_red(self) -> &'static str {
        self.0.pick("Новое вне нормы", "New off target")
    }

    /// What names the sections that are not in the letter.
    pub fn also(self) -> &'static str {
        self.0.pick("Ещё в отчёте", "Also in the report")
    }

    /// What names the files that go with it.
    pub fn attached(self) -> &'static str {
        self.0.pick("Во вложении", "Attached")
    }

    /// A table that is in the files alone, or the rest of one.
    pub fn elsewhere(self, rows: usize) -> String {
        let number = u32::try_from(rows).unwrap_or(u32::MAX);
        match self.0 {
            Lang::Ru => format!("{rows} {} — в файле отчёта", russian(number, ["строка", "строки", "строк"])),
            Lang::En if rows == 1 => "1 row, in the file of the report".to_owned(),
            Lang::En => format!("{rows} rows, in the file of the report"),
        }
    }

    /// Rows and columns of a table that the letter leaves out.
    pub fn left_out(self, rows: usize, columns: usize) -> Option<String> {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let of = |n: usize, ru: [&str; 3], en: [&str; 2]| match self.0 {
            _ if n == 0 => None,
            Lang::Ru => Some(format!("{n} {}", russian(number(n), ru))),
            Lang::En => Some(format!("{n} {}", if n == 1 { en[0] } else { en[1] })),
        };
        let rows = of(rows, ["строка", "строки", "строк"], ["row", "rows"]);
        let columns = of(columns, ["столбец", "столбца", "столбцов"], ["column", "columns"]);
        let left: Vec<String> = [rows, columns].into_iter().flatten().collect();
        (!left.is_empty()).then(|| match self.0 {
            Lang::Ru => format!("Ещё {} — в файле отчёта.", left.join(", ")),
            Lang::En => format!("{} more in the file of the report.", left.join(", ")),
        })
    }

    /// How many findings are on target or not judged.
    pub fn quiet(self, count: usize) -> String {
        match self.0 {
            Lang::Ru => format!("В норме и без оценки: {count}."),
            Lang::En => format!("On target or not judged: {count}."),
        }
    }
}
