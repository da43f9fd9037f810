//! The metrics that can be asked: those that ship, and those of the company.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use super::link::Readable;
use super::select::Select;
use super::statement::Order;
use super::{Metric, MetricError, front};
use crate::model::lang::{Text, both};
use crate::model::letters::composed;
use crate::model::parallel::each;
use crate::model::problem::{Problem, Problems, hint};

/// The folder of SELECTs that metrics share.
const SHARED: &str = "shared";

/// `queries/`, embedded: each metric, and beside it its proof; in `shared/` what several of them read.
static SHIPPED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/queries");

/// The metrics that can be asked, by name.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    metrics: BTreeMap<String, Metric>,
    /// SELECTs of `shared/`: metrics read them by name, and nobody asks for them.
    pieces: BTreeMap<String, Arc<Select>>,
}

/// Parsed content of a file in `queries/`.
enum CatalogFile {
    Metric(Box<Metric>),
    Piece(Select),
}

impl Catalog {
    /// The metrics that ship.
    ///
    /// # Panics
    /// If one of them is broken, which the test `page::metrics` rules out.
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
        let shipped: Vec<_> = shipped_files("sql").into_iter().collect();
        let read = |(file, text): &(&str, &str)| Ok::<_, Infallible>(held(file, text));
        let Ok(all) = each(&shipped, read, |_| ());
        for ((file, _), held) in shipped.iter().zip(all) {
            catalog.add(file, held, &mut problems);
        }
        if let Some(dir) = extra_dir {
            let files = sql_files(dir).map_err(|e| unreadable(dir, &e))?;
            let mut own = Catalog::default();
            for file in files {
                let text = std::fs::read_to_string(&file).map_err(|e| unreadable(&file, &e))?;
                let file = file.display().to_string();
                own.add(&file, held(&file, &composed(&text)), &mut problems);
            }
            catalog.metrics.extend(own.metrics);
            catalog.pieces.extend(own.pieces);
        }
        problems.extend(catalog.link());
        Ok((catalog, problems))
    }

    /// Checks one file as if it stood among the others: all its problems, or the metric; none for a shared piece.
    pub fn check(&self, file: &str, text: &str) -> Result<Option<Metric>, Problems> {
        match held(file, text)? {
            CatalogFile::Piece(_) => Ok(None),
            CatalogFile::Metric(mut metric) => {
                self.readable().link(&mut metric).map_err(|problem| Problems(vec![*problem]))?;
                Ok(Some(*metric))
            }
        }
    }

    fn readable(&self) -> Readable<'_> {
        Readable { metrics: &self.metrics, pieces: &self.pieces }
    }

    /// Gives each metric what it reads by name. One that cannot have it is left out.
    fn link(&mut self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut linked = BTreeMap::new();
        for (name, metric) in &self.metrics {
            let mut metric = metric.clone();
            match self.readable().link(&mut metric) {
                Ok(()) => drop(linked.insert(name.clone(), metric)),
                Err(problem) if problems.contains(problem.as_ref()) => {}
                Err(problem) => problems.push(*problem),
            }
        }
        self.metrics = linked;
        problems
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

    fn add(&mut self, file: &str, held: Result<CatalogFile, Problems>, problems: &mut Vec<Problem>) {
        let (name, is_second) = match held {
            Err(more) => return problems.extend(more.0),
            Ok(CatalogFile::Metric(metric)) => {
                let name = metric.name.clone();
                let is_piece = self.pieces.contains_key(&name);
                (name.clone(), self.metrics.insert(name, *metric).is_some() || is_piece)
            }
            Ok(CatalogFile::Piece(select)) => {
                let name = select.name.clone();
                let is_metric = self.metrics.contains_key(&name);
                (name.clone(), self.pieces.insert(name, Arc::new(select)).is_some() || is_metric)
            }
        };
        if is_second {
            let (what, hint) = (
                both!("метрик `{name}` две", "there are two metrics `{name}`"),
                Text::new("переименуйте одну", "rename one"),
            );
            problems.push(Problem { file: file.to_owned(), line: 0, what, hint });
        }
    }
}

/// Reads a file by the folder in which it stands.
fn held(file: &str, text: &str) -> Result<CatalogFile, Problems> {
    match front::place(file) {
        (folder, name) if folder == SHARED => {
            Select::parse(file, &name, text, Order::Free).map(CatalogFile::Piece).map_err(Problems)
        }
        _ => front::read(file, text).map(|metric| CatalogFile::Metric(Box::new(metric))),
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
    let (file, what) = (path.display().to_string(), both!("не прочитать: {e}", "cannot be read: {e}"));
    Problems(vec![Problem {
        file,
        line: 0,
        what,
        hint: Text::new(
            "проверьте, что он есть и что вам можно его читать",
            "check that it exists and that you may read it",
        ),
    }])
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

    #[test]
    fn a_metric_may_read_another_and_no_circle() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, from: &str, dimensions: &str| {
            let text = format!(
                "/*\ntitle = 'T'\nabout = 'A'\ngrain = 'one row'\nneeds = ['deals.{name}']\ndimensions = {dimensions}\n\
                 columns = [{{ name = 'n', unit = 'count', title = 'N' }}]\n*/\n\
                 SELECT grp, count(*) AS n\nFROM {from}\nGROUP BY grp ORDER BY grp\n"
            );
            std::fs::write(dir.path().join(format!("{name}.sql")), text).unwrap();
        };
        std::fs::create_dir(dir.path().join("shared")).unwrap();
        let piece = "SELECT grp FROM scope WHERE created_at < $to";
        std::fs::write(dir.path().join("shared/lately.sql"), piece).unwrap();
        write("amount", "cost JOIN lately USING (grp)", "'spend'");
        write("cost", "lately", "'deals'");
        let catalog = Catalog::load(Some(dir.path())).unwrap();
        let amount = catalog.get("amount").unwrap();
        assert_eq!(
            amount.reads.iter().map(|r| (r.select.name.as_str(), r.is_kept)).collect::<Vec<_>>(),
            [("lately", true), ("cost", false)]
        );
        assert_eq!(amount.relations.iter().collect::<Vec<_>>(), ["scope"]);
        assert_eq!((amount.has_period, amount.read_needs.len()), (true, 1));
        assert!(catalog.get("lately").is_err(), "a piece is no metric");

        let problems = |dir: &Path| {
            Catalog::load(Some(dir))
                .unwrap_err()
                .0
                .iter()
                .map(|p| format!("{}: {}", p.line, p.what.en))
                .collect::<Vec<_>>()
        };
        write("amount", "cost", "'deals'");
        write("cost", "lately", "'spend'");
        assert_eq!(problems(dir.path()), ["10: `cost` cannot be split by `manager`, and is read here"]);
        write("cost", "amount", "'deals'");
        assert_eq!(
            problems(dir.path()),
            ["10: a circle: amount reads cost reads amount", "10: a circle: cost reads amount reads cost"]
        );
        write("cost", "cost", "'deals'");
        assert_eq!(problems(dir.path()), ["10: a circle: cost reads cost"]);
    }
}
