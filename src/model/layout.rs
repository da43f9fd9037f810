//! Which column of a table stands where in a row.

use super::lang::Text;
use super::tables::{Kind, Table};

/// The columns of a table: the canonical ones, then the extra ones.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) table: Table,
    pub(crate) extra: Vec<String>,
    pub(crate) columns: Vec<(String, Kind)>,
    /// The slots of the key's columns.
    pub(crate) key: Vec<usize>,
    /// The slots of money.
    pub(crate) money: Vec<usize>,
}

impl Layout {
    /// The layout of a table with these extra columns.
    pub(crate) fn new(table: Table, extra: Vec<String>) -> Layout {
        let canonical = table.columns().iter().map(|c| (c.name.to_owned(), c.kind));
        let columns: Vec<_> = canonical.chain(extra.iter().map(|name| (name.clone(), Kind::Text))).collect();
        let money = (0..columns.len()).filter(|slot| columns[*slot].1 == Kind::Money).collect();
        let mut layout = Layout { table, extra, columns, key: Vec::new(), money };
        layout.key = layout.slots(table.key());
        layout
    }

    /// Where a column stands.
    pub(crate) fn slot(&self, name: &str) -> Result<usize, NoColumn> {
        let missing = || NoColumn { table: self.table, column: name.to_owned() };
        self.columns.iter().position(|(n, _)| n == name).ok_or_else(missing)
    }

    /// Where a fixed number of columns stand.
    pub(crate) fn places<const N: usize>(&self, names: [&str; N]) -> Result<[usize; N], NoColumn> {
        let mut places = [0; N];
        for (place, name) in places.iter_mut().zip(names) {
            *place = self.slot(name)?;
        }
        Ok(places)
    }

    /// Where several columns stand.
    pub(crate) fn slots(&self, names: &[&str]) -> Vec<usize> {
        names.iter().filter_map(|name| self.slot(name).ok()).collect()
    }

    /// How many columns there are.
    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }
}

/// A column that a table does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text().en)]
pub struct NoColumn {
    table: Table,
    column: String,
}

impl NoColumn {
    /// What is wrong, in both languages.
    pub fn text(&self) -> Text {
        let (table, column) = (self.table.name(), &self.column);
        Text::new(
            format!("в таблице {table} нет столбца `{column}`: это ошибка программы; ничего не сохранено"),
            format!("the table {table} has no column `{column}`: this is a fault of the program; nothing was stored"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_name_is_an_error_and_no_other_column() {
        let layout = Layout::new(Table::Deals, vec!["region".to_owned()]);
        assert_eq!(layout.slot("region"), Ok(layout.width() - 1));
        assert_eq!(
            layout.places(["deal_id", "regoin"]).unwrap_err().to_string(),
            layout.slot("regoin").unwrap_err().to_string()
        );
        let told = layout.slot("regoin").unwrap_err().text();
        assert!(
            told.en.contains("deals has no column `regoin`") && told.ru.contains("в таблице deals нет"),
            "{told:?}"
        );
    }
}
