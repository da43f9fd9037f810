//! The metrics that can be asked: those that ship, and those of the company.

use std::collections::BTreeMap;
use std::path::Path;

use include_dir::{Dir, include_dir};

use super::{Metric, MetricError, front};
use crate::model::letters::composed;
use crate::model::problem::{Problem, Problems, hint};

/// `queries/`, embedded: each metric, and beside it its proof.
static SHIPPED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/queries");

/// The metrics that can be asked, by name.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    metrics: BTreeMap<String, Metric>,
}

impl Catalog {
    /// The metrics that ship.
    ///
    /// # Panics
    /// If one of them is broken, which `tests/metrics.rs` rules out.
    pub fn shipped() -> Catalog {
        Catalog::load(None).unwrap_or_else(|problems| panic!("a shipped metric is broken:\n{problems}"))
    }

    /// The metrics that ship, and those of a company's folder, which may replace them. Fails with all problems.
    pub fn load(extra_dir: Option<&Path>) -> Result<Catalog, Problems> {
        let (catalog, problems) = Catalog::sound(extra_dir)?;
        match problems.is_empty() {
            true => Ok(catalog),
            false => Err(Problems(problems)),
        }
    }

    /// The metrics that are sound, and the problems of those that are not. Fails where a file cannot be read.
    pub fn sound(extra_dir: Option<&Path>) -> Result<(Catalog, Vec<Problem>), Problems> {
        let (mut catalog, mut problems) = (Catalog::default(), Vec::new());
        for (file, text) in shipped_files("sql") {
            catalog.add(file, text, &mut problems);
        }
        if let Some(dir) = extra_dir {
            let files = sql_files(dir).map_err(|e| unreadable(dir, &e))?;
            let mut own = Catalog::default();
            for file in files {
                let text = std::fs::read_to_string(&file).map_err(|e| unreadable(&file, &e))?;
                own.add(&file.display().to_string(), &composed(&text), &mut problems);
            }
            catalog.metrics.extend(own.metrics);
        }
        Ok((catalog, problems))
    }

    /// Checks one metric's file: all its problems, or the metric.
    pub fn check(file: &str, text: &str) -> Result<Metric, Problems> {
        front::read(file, text)
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.metrics.keys().map(String::as_str)
    }

    /// The metric of that name.
    pub fn get(&self, name: &str) -> Result<&Metric, MetricError> {
        self.metrics
            .get(name)
            .ok_or_else(|| MetricError::Unknown { name: name.to_owned(), hint: hint(name, self.names()) })
    }

    /// The proof that ships beside a shipped metric: rows in, rows out.
    pub fn proof(name: &str) -> Option<&'static str> {
        let stem = format!("{name}.slt");
        shipped_files("slt").into_iter().find(|(file, _)| file.rsplit('/').next() == Some(&stem)).map(|(_, text)| text)
    }

    fn add(&mut self, file: &str, text: &str, problems: &mut Vec<Problem>) {
        match front::read(file, text) {
            Err(more) => problems.extend(more.0),
            Ok(metric) => {
                let name = metric.name.clone();
                if self.metrics.insert(name.clone(), metric).is_some() {
                    let (what, hint) = (format!("there are two metrics `{name}`"), "rename one".to_owned());
                    problems.push(Problem { file: file.to_owned(), line: 0, what, hint });
                }
            }
        }
    }
}

/// The embedded files with this ending, sorted by path.
fn shipped_files(ending: &str) -> BTreeMap<&'static str, &'static str> {
    let mut found = BTreeMap::new();
    let mut dirs = vec![&SHIPPED];
    while let Some(dir) = dirs.pop() {
        dirs.extend(dir.dirs());
        let wanted = dir.files().filter(|f| f.path().extension().is_some_and(|e| e == ending));
        found.extend(wanted.filter_map(|f| Some((f.path().to_str()?, f.contents_utf8()?))));
    }
    found
}

/// The `.sql` files in a folder and in those below it, sorted.
fn sql_files(dir: &Path) -> std::io::Result<Vec<std::path::PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        match path.is_dir() {
            true => files.extend(sql_files(&path)?),
            false if path.extension().is_some_and(|e| e == "sql") => files.push(path),
            false => {}
        }
    }
    files.sort();
    Ok(files)
}

fn unreadable(path: &Path, e: &std::io::Error) -> Problems {
    let (file, what) = (path.display().to_string(), format!("cannot be read: {e}"));
    Problems(vec![Problem { file, line: 0, what, hint: "check that it exists and that you may read it".to_owned() }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_metric_is_sound_and_found() {
        let catalog = Catalog::load(None).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(catalog.names().count() > 20);
        let error = catalog.get("lead_qality").unwrap_err().to_string();
        assert_eq!(error, "there is no metric `lead_qality`\n    did you mean `lead_quality`?");
    }

    #[test]
    fn a_company_may_replace_a_metric() {
        let dir = tempfile::tempdir().unwrap();
        let text = SHIPPED.get_file("quality/data_quality.sql").unwrap().contents_utf8().unwrap();
        std::fs::write(dir.path().join("data_quality.sql"), text.replace("Data quality", "Ours")).unwrap();
        let catalog = Catalog::load(Some(dir.path())).unwrap();
        assert_eq!(catalog.get("data_quality").unwrap().title.en, "Ours");
    }
}
