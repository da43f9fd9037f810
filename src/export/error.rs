//! Why an export cannot be read: place, cause and way out.

mod damage;
mod text;

use std::io;
use std::path::{Path, PathBuf};

use crate::model::lang::Text;
use crate::model::shown::in_line;

/// Why an export was refused. Nothing of it is stored.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// No `[[export]]` of the mapping is for the file.
    #[error("{}: no [[export]] of {mapping} is for this file\n    the mapping knows: {known}", named(path))]
    NoExport {
        /// The export.
        path: PathBuf,
        /// The mapping.
        mapping: String,
        /// The names and patterns of its sections.
        known: String,
    },
    /// None of the sections fits the header of these files.
    #[error(
        "{}: the header fits no [[export]] of {mapping}\n    name the files of the [[export]] that is meant: files = \"…\"",
        listed(paths)
    )]
    Unknown {
        /// The exports.
        paths: Vec<PathBuf>,
        /// What was looked through.
        mapping: String,
    },
    /// Several `[[export]]` are for the file.
    #[error(
        "{}: {mapping} has several [[export]] for this file: {names}\n    make their `files` exclude each other",
        named(path)
    )]
    SeveralExports {
        /// The export.
        path: PathBuf,
        /// The mapping.
        mapping: String,
        /// The names of the sections.
        names: String,
    },
    /// The same file is named twice.
    #[error("{}: the export is named twice\n    name it once", named(path))]
    Twice {
        /// The export.
        path: PathBuf,
    },
    /// The file is empty, or holds a header alone.
    #[error("{}: {what}\n    export it again; if it is right so, leave the file out", named(path))]
    NoRows {
        /// The export.
        path: PathBuf,
        /// What it holds instead of rows.
        what: &'static str,
    },
    /// No table comes out of the file.
    #[error("{}: {}\n    {}", named(path), what.en, way_out.en)]
    NoTable {
        /// The export.
        path: PathBuf,
        /// What it is.
        what: Box<Text>,
        /// What to do.
        way_out: Box<Text>,
    },
    /// A folder without exports, or a pattern that fits nothing.
    #[error(
        "{}: no such file, and no files in it or like it\n    check the path; quote a pattern: \"exports/*.csv\"",
        named(path)
    )]
    NoFiles {
        /// What was named.
        path: PathBuf,
    },
    /// The file became another one while it was read.
    #[error(
        "{}: the file changed while it was read: it is still being written\n    ingest it again when it is complete; nothing was stored",
        named(path)
    )]
    Changed {
        /// The export.
        path: PathBuf,
    },
    /// A row that does not end.
    #[error(
        "{}:{line}: a row begins near here that is longer than {most} MiB\n    a quote that is not closed, or no table: look at the line; escape = \"\\\\\" is for exports that write \\\" inside quotes",
        named(path)
    )]
    EndlessRow {
        /// The export.
        path: PathBuf,
        /// Where the row begins, about.
        line: u64,
        /// How long a row may be, in MiB.
        most: u64,
    },
    /// The bytes are not in the encoding that the mapping states.
    #[error(
        "{}:{line}: not UTF-8\n    say how it is encoded in {mapping}, [[export]] `{export}`: encoding = \"cp1251\" (Windows), or export it as UTF-8",
        named(path)
    )]
    NotUtf8 {
        /// The export.
        path: PathBuf,
        /// The first line that is not.
        line: u64,
        /// The mapping.
        mapping: String,
        /// The section.
        export: String,
    },
    /// The row that `header_has` describes is not there.
    #[error(
        "{}: none of the first {looked} lines has a cell `{text}`, which {mapping} asks for as header_has",
        named(path)
    )]
    NoHeader {
        /// The export.
        path: PathBuf,
        /// How many lines were looked at.
        looked: usize,
        /// The text.
        text: String,
        /// The mapping.
        mapping: String,
    },
    /// Columns that the mapping names are not in the header, or are there twice.
    #[error(
        "{}:{line}: the header does not fit [[export]] `{export}` of {mapping}\n    {}\n    the header has: {header}",
        named(path),
        english(problems, "\n    ")
    )]
    Header {
        /// The export.
        path: PathBuf,
        /// The header's line.
        line: u64,
        /// The mapping.
        mapping: String,
        /// The section of it.
        export: Box<str>,
        /// One for each column.
        problems: Vec<Text>,
        /// The header.
        header: Box<str>,
    },
    /// A quote that is not closed swallowed many lines.
    #[error(
        "{}:{line}: a quote opens here that is not closed in the next {lines} lines\n    mend it in the file; or, if the export writes \\\" inside quotes, add escape = \"\\\\\" to its [[export]]",
        named(path)
    )]
    OpenQuote {
        /// The export.
        path: PathBuf,
        /// Where the row begins.
        line: u64,
        /// How many lines the row holds.
        lines: u64,
    },
    /// The name of a snapshot does not say when it was taken, or says it twice.
    #[error(
        "{}: {what}\n    name the file so that `{format}` ({mapping}, taken) is in it once, or say when with --taken",
        named(path)
    )]
    NotTaken {
        /// The export.
        path: PathBuf,
        /// What its name says.
        what: &'static str,
        /// The format.
        format: String,
        /// The mapping.
        mapping: String,
    },
    /// Several snapshots of one section that nothing tells apart.
    #[error(
        "{}: {what} ([[export]] `{export}` of {mapping})\n    put its date into the name of each (deals_2025-03-03.csv; of the parts of one export, the same) and leave --taken out; or state `taken` in the mapping; or ingest each by itself with --taken",
        listed(paths)
    )]
    TakenTogether {
        /// The exports.
        paths: Vec<PathBuf>,
        /// What is said of them.
        what: &'static str,
        /// The section.
        export: String,
        /// The mapping.
        mapping: String,
    },
    /// Mended rows of a snapshot, of which nothing says when it was taken.
    #[error(
        "{}: these are mended rows of a snapshot, and nothing says when that was taken\n    ingest them with the day of the export: --taken 2025-03-03",
        named(path)
    )]
    RepairsNotTaken {
        /// The file.
        path: PathBuf,
    },
    /// Several files of a section whose deals are known by the number of their row.
    #[error(
        "{}: the section `{export}` knows deals by the number of their row, and each file begins with row 1\n    give each file an [[export]] of its own (`files = \"…\"`), or put them into one file",
        listed(paths)
    )]
    SameNumbers {
        /// The files.
        paths: Vec<PathBuf>,
        /// The section.
        export: String,
    },
    /// An export of a time that is yet to come.
    #[error(
        "{}: the export is said to be taken at {taken}, which is yet to come\n    see its name, --taken and the clock",
        named(path)
    )]
    YetToCome {
        /// The export.
        path: PathBuf,
        /// When.
        taken: String,
    },
    /// Formats that are neither stated nor proven.
    #[error("{}: {}", named(path), english(problems, "\n"))]
    Unproven {
        /// The export.
        path: PathBuf,
        /// One for each column, with the way out.
        problems: Vec<Text>,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", named(path))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// A file as it is named within a message.
pub(crate) fn named(path: &Path) -> String {
    in_line(&path.display().to_string()).into_owned()
}

fn english(texts: &[Text], with: &str) -> String {
    texts.iter().map(|text| text.en.as_str()).collect::<Vec<_>>().join(with)
}

fn listed(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| named(path).to_string()).collect::<Vec<_>>().join(", ")
}

impl ExportError {
    pub(crate) fn io(path: &Path) -> impl Fn(io::Error) -> ExportError + '_ {
        move |source| match damage::of_bytes(&source) {
            Some((what, way_out)) => ExportError::unreadable(path, what, way_out),
            None => ExportError::Io { path: path.to_owned(), source },
        }
    }

    /// No table comes out of the file.
    pub(crate) fn unreadable(path: &Path, what: Text, way_out: Text) -> ExportError {
        ExportError::NoTable { path: path.to_owned(), what: Box::new(what), way_out: Box::new(way_out) }
    }
}
