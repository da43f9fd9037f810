//! The page that lists every metric: `docs/metrics.md` is made by it.

use std::fmt::{Display, Write};

use super::{Catalog, Metric};
use crate::model::lang::Lang;

/// All metrics as a Markdown page: what each counts, what it needs, by what it can be split, its columns.
pub fn page(catalog: &Catalog, lang: Lang) -> String {
    let mut out = match lang {
        Lang::Ru => {
            "# Метрики\n\nСтраница собрана из заголовков файлов `queries/`: меняйте их, а не её.\n\n".to_owned()
        }
        Lang::En => {
            "# Metrics\n\nMade from the front matter of the files in `queries/`: change those, not this.\n\n".to_owned()
        }
    };
    for name in catalog.names() {
        if let Ok(metric) = catalog.get(name) {
            one(&mut out, metric, lang);
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// Each as code, with commas.
fn code<T: Display>(names: &[T]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn one(out: &mut String, metric: &Metric, lang: Lang) {
    let (needs, by) = match lang {
        Lang::Ru => ("Нужны", "Измерения"),
        Lang::En => ("Needs", "Dimensions"),
    };
    let further = match (metric.extra_dimensions, lang) {
        (false, _) => "",
        (true, Lang::Ru) => ", другие столбцы сделок",
        (true, Lang::En) => ", further columns of deals",
    };
    // writing into a String does not fail
    let _ = write!(
        out,
        "## `{}` — {}\n\n{}\n\n{needs}: {}. {by}: {}{further}.\n\n",
        metric.name,
        metric.title.get(lang),
        metric.about.get(lang).trim().replace('\n', " "),
        code(&metric.needs),
        code(&metric.dimensions),
    );
    let columns = metric.columns.iter().map(|c| format!("`{}` {}", c.name, c.title.get(lang)));
    let _ = write!(out, "{}\n\n", columns.collect::<Vec<_>>().join(" · "));
}
