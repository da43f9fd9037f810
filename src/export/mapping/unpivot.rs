//! Reads `[export.unpivot]`: how the columns of a sheet become rows.

use std::collections::BTreeSet;

use super::formats::text_or_list;
use super::model::{Header, Unpivot};
use crate::model::lang::{Text, both};
use crate::model::problem::hint;
use crate::model::written::Section;

/// What the columns that are made are called where the mapping does not say it.
const HEADER: &str = "header";
const VALUE: &str = "value";

/// The part of a section that says it; problems are noted. `empty` are the texts that mean an empty cell.
pub(super) fn read(section: &Section<'_>, empty: &[String]) -> Option<Unpivot> {
    let written = section.optional_table("unpivot")?;
    if !section.has("files") {
        written.problem(
            section.line(),
            Text::new(
                "[export.unpivot] без `files`: по заголовку такую таблицу не узнать",
                "[export.unpivot] without `files`: such a sheet cannot be recognised by its header",
            ),
            Text::new("добавьте files = \"plan*.xlsx\" в [[export]]", "add files = \"plan*.xlsx\" to the [[export]]"),
        );
    }
    let header = |text: String| Header { text: text.trim().to_owned(), nth: None };
    let (keep, fill_down) = (text_or_list(&written, "keep"), text_or_list(&written, "fill_down"));
    for name in fill_down.iter().filter(|name| !keep.contains(name)) {
        written.wrong(
            "fill_down",
            both!("`{name}` нет среди `keep`", "`{name}` is not among `keep`"),
            hint(name, keep.iter().map(String::as_str)),
        );
    }
    let mut headers = text_or_list(&written, "headers");
    if headers.is_empty() {
        headers.push(HEADER.to_owned());
    }
    let value = written.optional_text("value").unwrap_or_else(|| VALUE.to_owned());
    let mut names = BTreeSet::new();
    for name in keep.iter().chain(&headers).chain([&value]).filter(|name| !names.insert(name.as_str())) {
        written.problem(
            written.line(),
            both!(
                "столбец `{name}` в [export.unpivot] назван дважды",
                "[export.unpivot] names the column `{name}` twice"
            ),
            Text::new(
                "`keep`, `headers` и `value` — разные имена",
                "`keep`, `headers` and `value` are different names",
            ),
        );
    }
    Some(Unpivot {
        keep: keep.into_iter().map(header).collect(),
        fill_down: fill_down.into_iter().map(header).collect(),
        headers,
        value,
        skip: text_or_list(&written, "skip"),
        empty: empty.to_vec(),
    })
}
