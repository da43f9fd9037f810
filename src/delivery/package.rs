//! A report made for those who may see the same rows: its document, and its files.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use zip::write::SimpleFileOptions;

use super::due::Errand;
use super::world::World;
use crate::company::held;
use crate::model::lang::{Lang, Text, both};
use crate::report::definition::Definition;
use crate::report::document::Document;
use crate::report::render::letter::{Around, Letter, letter};
use crate::report::render::{Format, RenderError, render_all};
use crate::report::{ReportError, build};

/// What makes ids of pictures: they differ within a letter, and each letter has its own.
const MARK: &str = "voronka";

/// A file that goes with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attached {
    pub name: String,
    pub mime: &'static str,
    pub bytes: Vec<u8>,
}

/// A report, ready to be sent.
#[derive(Debug)]
pub(super) struct Package {
    pub document: Document,
    pub files: Vec<Attached>,
    /// The version of the store that it shows.
    pub version: u64,
    /// The letter that says nothing new, made once for all.
    plain: OnceLock<Letter>,
}

/// Whom a package is for: all whose errands are alike in this get the same.
pub(super) type Wants = (String, Vec<(String, String)>, Option<&'static str>, Vec<Format>, bool);

/// What an errand wants of its package.
pub(super) fn wants(errand: &Errand<'_>) -> Wants {
    let (send, recipient) = (errand.send, errand.recipient);
    let mut formats = send.formats.clone();
    formats.sort();
    formats.dedup();
    let lang = recipient.lang.map(|lang| lang.pick("ru", "en"));
    (send.name(), recipient.only.clone(), lang, formats, send.full)
}

/// Makes the report of an errand: of the rows that its recipient may see and no others. The cause if it is not to be sent: it cannot be
/// made, a part of it could not be computed, or the store has nothing of its period.
pub(super) async fn package(world: &World<'_>, definition: &Definition, errand: &Errand<'_>) -> Result<Package, Text> {
    let mut session = world.session.at(world.session.as_of()).await.map_err(ReportError::from).map_err(told)?;
    for (dimension, value) in definition.only().iter().chain(&errand.recipient.only) {
        let is_held = held(&session, dimension, value).await;
        session = is_held.map_err(|error| Text::new(error.text(Lang::Ru), error.text(Lang::En)))?;
    }
    let lang = errand.recipient.lang.or(definition.lang()).unwrap_or(world.regulation.lang());
    let built = build(&session, world.catalog, definition, session.as_of(), lang, &()).await;
    let mut document = built.map_err(told)?;
    if !document.is_loaded {
        return Err(Text::new(
            "в хранилище нет ничего за этот период: сначала загрузите выгрузки (`voronka ingest`)",
            "the store has nothing of this period: load the exports first (`voronka ingest`)",
        ));
    }
    document.folds &= !errand.send.full;
    let files = files(&mut document, &errand.send.formats)
        .map_err(|error| Text::new(error.text(Lang::Ru), error.text(Lang::En)))?;
    match document.failed.is_empty() {
        true => Ok(Package { document, files, version: session.version(), plain: OnceLock::new() }),
        false => Err(both!(
            "часть отчёта не посчитана: {0}",
            "a part of the report could not be computed: {0}",
            document.failed.join("; ")
        )),
    }
}

fn told(error: ReportError) -> Text {
    Text::new(error.text(Lang::Ru), error.text(Lang::En))
}

impl Package {
    /// The letter, which first says what is new.
    pub fn letter(&self, new: &[String]) -> Result<Letter, RenderError> {
        let names: Vec<String> = self.files.iter().map(|file| file.name.clone()).collect();
        let made = |new: &[String]| letter(&self.document, Around { new, files: &names, mark: MARK });
        if !new.is_empty() {
            return made(new);
        }
        match self.plain.get() {
            Some(letter) => Ok(letter.clone()),
            None => {
                let letter = made(&[])?;
                Ok(self.plain.get_or_init(|| letter).clone())
            }
        }
    }
}

/// The files of a report. Formats of several files, such as tables as CSV, go as one archive.
fn files(document: &mut Document, formats: &[Format]) -> Result<Vec<Attached>, RenderError> {
    let folder = tempfile::tempdir().map_err(writing(&std::env::temp_dir()))?;
    let mut single = Vec::new();
    let mut grouped: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in render_all(document, folder.path(), formats)? {
        match path.parent().filter(|parent| *parent != folder.path()) {
            None => single.push(Attached { name: name(&path), mime: mime(&path), bytes: read(&path)? }),
            Some(parent) => grouped.entry(name(parent)).or_default().push(path.clone()),
        }
    }
    for (folder, paths) in grouped {
        let bytes = archive(&paths)?;
        single.push(Attached { name: format!("{folder}.zip"), mime: "application/zip", bytes });
    }
    Ok(single)
}

fn archive(paths: &[PathBuf]) -> Result<Vec<u8>, RenderError> {
    let failed = |error: zip::result::ZipError| RenderError::Writing {
        path: PathBuf::from("zip"),
        why: std::io::Error::other(error),
    };
    // the same files are the same archive
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for path in paths {
        writer.start_file(name(path), options).map_err(failed)?;
        writer.write_all(&read(path)?).map_err(writing(path))?;
    }
    Ok(writer.finish().map_err(failed)?.into_inner())
}

fn read(path: &Path) -> Result<Vec<u8>, RenderError> {
    std::fs::read(path).map_err(writing(path))
}

fn writing(path: &Path) -> impl FnOnce(std::io::Error) -> RenderError {
    let path = path.to_owned();
    move |why| RenderError::Writing { path, why }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn mime(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Some("pdf") => "application/pdf",
        Some("csv") => "text/csv; charset=utf-8",
        _ => "application/octet-stream",
    }
}
