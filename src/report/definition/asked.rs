//! A metric that a part of a report asks, and the columns of it that the part names.

use super::question::{Question, Rows, Sort};
use crate::metrics::Metric;
use crate::model::lang::{Text, both};
use crate::model::problem::hint;
use crate::model::unit::Unit;
use crate::model::written::{self, Wrong};

/// A metric with the columns that a part may name: the requested dimensions come first.
pub(in crate::report) struct Asked<'a> {
    pub(super) question: Question,
    /// `None` if the metric is unknown; a problem was noted, and its columns cannot be checked.
    pub(super) metric: Option<&'a Metric>,
    /// Whether a dimension is misspelt; a problem was noted, and its columns cannot be checked.
    pub(super) misspelt_by: bool,
}

impl Asked<'_> {
    /// A required column of the metric.
    pub fn column(&self, part: &written::Section<'_>, key: &str) -> String {
        let name = part.text(key);
        if !name.is_empty() {
            self.check_column(part, &name, part.line_of(key));
        }
        name
    }

    /// Notes a problem unless the metric has the column, in each language if its name contains `{lang}`.
    pub fn check_column(&self, part: &written::Section<'_>, name: &str, line: usize) {
        let Some(metric) = self.metric else { return };
        let known = |name: &str| has_column(metric, name) || self.question.by.iter().any(|dim| dim == name);
        if name.contains("{lang}") && ["ru", "en"].iter().all(|lang| known(&name.replace("{lang}", lang)))
            || known(name)
        {
            return;
        }
        let is_dimension = metric.dimensions.iter().any(|dim| dim == name);
        if is_dimension && self.misspelt_by {
            return;
        }
        let dims = self.question.by.iter().map(String::as_str);
        let way = match is_dimension {
            true => both!(
                "`{name}` — разрез: чтобы делить по нему, напишите by = [\"{name}\"]",
                "`{name}` is a dimension: write by = [\"{name}\"] to split by it"
            ),
            false => hint(name, dims.chain(column_names(metric))),
        };
        part.problem(
            line,
            both!("в `{}` нет столбца `{name}`", "`{}` has no column `{name}`", self.question.metric),
            way,
        );
    }

    /// A column of the metric that may be absent.
    pub fn optional_column(&self, part: &written::Section<'_>, key: &str) -> Option<String> {
        part.has(key).then(|| self.column(part, key))
    }

    pub(super) fn rows(&self, part: &written::Section<'_>) -> Rows {
        let sort = part.optional_checked("sort", |text| {
            let (columns, descending) = match text.rsplit_once(' ') {
                Some((columns, "asc")) => (columns, false),
                Some((columns, "desc")) => (columns, true),
                _ => (text, false),
            };
            let mut columns = columns.split(" - ").map(|column| column.trim().to_owned());
            match (columns.next(), columns.next(), columns.next()) {
                (Some(column), less, None) if !column.contains(' ') => Ok(Sort { column, less, descending }),
                _ => Err(Wrong::new(
                    both!("`{text}` — не порядок строк", "`{text}` is no order of rows"),
                    Text::new(
                        "напишите sort = \"leads desc\": столбец или разность двух, и asc или desc",
                        "write sort = \"leads desc\": a column, or one less another, and asc or desc",
                    ),
                )),
            }
        });
        for column in sort.iter().flat_map(|sort| [Some(&sort.column), sort.less.as_ref()]).flatten() {
            self.check_column(part, column, part.line_of("sort"));
        }
        let only = part.has("only").then(|| self.only(part, "only")).flatten();
        let units = [("share", Unit::Share), ("money", Unit::Money), ("ratio", Unit::Ratio)];
        Rows { sort, limit: limit(part), only, ratios_are: part.optional_one_of("ratios_are", &units) }
    }

    /// `{ column = "value" }`: selects rows.
    pub(super) fn only(&self, part: &written::Section<'_>, key: &str) -> Option<(String, String)> {
        let table = part.optional_table(key)?;
        let keys = table.keys();
        let [column] = keys[..] else {
            part.wrong(
                key,
                both!("`{key}` называет один столбец и его значение", "`{key}` must name one column and its value"),
                both!("напишите {key} = {{ kind = \"mixed\" }}", "write {key} = {{ kind = \"mixed\" }}"),
            );
            return None;
        };
        self.check_column(part, column.name, column.line);
        Some((column.name.to_owned(), table.text(column.name)))
    }
}

pub(super) fn limit(part: &written::Section<'_>) -> Option<usize> {
    let limit = part.optional_whole("limit")?;
    match usize::try_from(limit) {
        Ok(limit @ 1..) => Some(limit),
        _ => {
            part.wrong(
                "limit",
                both!("предел в {limit} строк не оставляет ни одной", "a limit of {limit} rows leaves none"),
                Text::new("напишите число от 1 или удалите строку", "write a number from 1, or remove the line"),
            );
            None
        }
    }
}

pub(super) fn has_column(metric: &Metric, name: &str) -> bool {
    metric.columns.iter().any(|column| column.name == name)
}

pub(super) fn column_names(metric: &Metric) -> impl Iterator<Item = &str> {
    metric.columns.iter().map(|column| column.name.as_str())
}
