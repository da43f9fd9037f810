//! The definitions of reports: those that ship, and the company's own beside the store. A name that a request gives is looked for among
//! these, and never becomes a part of a path.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::company::{Company, read};
use crate::metrics::Catalog;
use crate::model::lang::{Lang, Text};
use crate::report::definition::{Definition, names, shipped};

/// A report, or why it is none.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Whether it is the company's own.
    pub is_own: bool,
    /// The definition, or what is wrong with it.
    pub definition: Result<Definition, Text>,
}

/// All reports, by name; and the sound definitions, the company's own first.
#[derive(Debug, Default)]
pub struct Reports {
    /// By name.
    pub all: BTreeMap<String, Listed>,
    /// Those that are sound.
    pub sound: Vec<Definition>,
    /// Counts how often there were other metrics or other files.
    pub generation: u64,
}

/// The files that were read: when they changed, and how long they are.
type Stamp = Vec<(String, Option<SystemTime>, u64)>;

/// The definitions, read again when a file changed.
#[derive(Default)]
pub struct Shelf(Mutex<Option<Held>>);

/// What was read, of what.
struct Held {
    stamp: Stamp,
    catalog: Arc<Catalog>,
    /// Metrics are read with each state, and are mostly those that were.
    metrics: blake3::Hash,
    reports: Arc<Reports>,
}

impl Shelf {
    /// The reports of a company.
    pub fn reports(&self, company: &Company, catalog: &Arc<Catalog>) -> Arc<Reports> {
        let stamp = stamp(company);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = held.as_mut().filter(|held| held.stamp == stamp);
        if let Some(held) = same.as_ref().filter(|held| Arc::ptr_eq(&held.catalog, catalog)) {
            return Arc::clone(&held.reports);
        }
        let metrics = blake3::hash(format!("{catalog:?}").as_bytes());
        if let Some(held) = same.filter(|held| held.metrics == metrics) {
            held.catalog = Arc::clone(catalog);
            return Arc::clone(&held.reports);
        }
        let generation = held.as_ref().map_or(0, |held| held.reports.generation) + 1;
        let reports = Arc::new(Reports { generation, ..all(company, catalog, &stamp) });
        *held = Some(Held { stamp, catalog: Arc::clone(catalog), metrics, reports: Arc::clone(&reports) });
        reports
    }
}

/// The company's own definitions that are there.
fn stamp(company: &Company) -> Stamp {
    let entries = fs::read_dir(company.beside("reports")).into_iter().flatten().filter_map(Result::ok);
    let one = |entry: fs::DirEntry| {
        let name = entry.file_name().to_str()?.strip_suffix(".toml")?.to_owned();
        // what begins with a dot is hidden, and an editor's own
        let about = entry.metadata().ok().filter(|_| !name.is_empty() && !name.starts_with('.'))?;
        Some((name, about.modified().ok(), about.len()))
    };
    let mut found: Stamp = entries.filter_map(one).collect();
    found.sort();
    found
}

fn all(company: &Company, catalog: &Catalog, stamp: &Stamp) -> Reports {
    let mut reports = Reports::default();
    for (name, ..) in stamp {
        let file = company.beside("reports").join(format!("{name}.toml"));
        let told = |of: &dyn Fn(Lang) -> String| Text::new(of(Lang::Ru), of(Lang::En));
        let definition = read(&file)
            .map_err(|_| Text::new("файл описания не прочитать", "the file of the definition cannot be read"));
        let definition = definition.and_then(|text| {
            // the place of the file on this machine is nobody's business
            Definition::parse(&format!("reports/{name}.toml"), &text, catalog)
                .map_err(|problems| told(&|lang| problems.text(lang)))
        });
        // its files are called as it is: said here, and not when all of it is computed
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        let definition = definition.and_then(|definition| match is_name {
            true => Ok(definition),
            false => Err(Text::new(
                "имя файла — не имя отчёта: нужны латинские буквы, цифры, `-` и `_`",
                "the file's name is no name of a report: it takes Latin letters, digits, `-` and `_`",
            )),
        });
        reports.all.insert(name.clone(), Listed { name: name.clone(), is_own: true, definition });
    }
    for name in names() {
        let definition = shipped(name, catalog);
        let told =
            |problems: crate::model::problem::Problems| Text::new(problems.text(Lang::Ru), problems.text(Lang::En));
        let listed = || Listed { name: name.to_owned(), is_own: false, definition: definition.map_err(told) };
        reports.all.entry(name.to_owned()).or_insert_with(listed);
    }
    let own_first = [true, false].into_iter().flat_map(|own| reports.all.values().filter(move |one| one.is_own == own));
    reports.sound = own_first.filter_map(|one| one.definition.clone().ok()).collect();
    reports
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_again_and_is_the_same_is_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let (company, shelf) = (Company::of_store(&dir.path().join("store"), None), Shelf::default());
        let read = || {
            let catalog = company.catalog().unwrap();
            shelf.reports(&company, &Arc::new(catalog)).generation
        };
        let first = read();
        assert_eq!(read(), first);
        // a metric of the company's own, and then another text of it
        fs::create_dir(dir.path().join("queries")).unwrap();
        for (divisor, expected) in [(2, first + 1), (2, first + 1), (3, first + 2)] {
            let shipped = include_str!("../../../queries/quality/data_quality.sql");
            let own = shipped.replacen("WITH ", &format!("WITH unused AS (SELECT 1 / {divisor} AS n), "), 1);
            fs::write(dir.path().join("queries/own.sql"), own).unwrap();
            assert_eq!(read(), expected, "{divisor}");
        }
        fs::create_dir(dir.path().join("reports")).unwrap();
        fs::write(dir.path().join("reports/ours.toml"), "title = 1").unwrap();
        assert_eq!(read(), first + 3);
        assert_eq!(read(), first + 3);
    }
}
