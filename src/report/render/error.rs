//! Why a document was not rendered.

use std::path::PathBuf;

use crate::model::lang::{Lang, Text};

/// Why a document was not rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// Not the name of a format.
    #[error("there is no report format `{name}`\n    {}", hint.en)]
    UnknownFormat {
        /// The requested name.
        name: String,
        /// The nearest name, or all of them.
        hint: Text,
    },
    /// A format that this program was built without.
    #[error(
        "this voronka was built without PDF\n    the packages have it, and so has: cargo install --locked --path ."
    )]
    NoPdf,
    /// The document is inconsistent: a bug in the code that built it.
    #[error("the document cannot be rendered: {0}")]
    Malformed(String),
    /// A chart could not be drawn.
    #[error("chart `{id}` could not be drawn: {why}")]
    Drawing {
        /// The chart.
        id: String,
        /// The error of the drawing library.
        why: String,
    },
    /// The pages could not be made.
    #[error("the PDF could not be made: {0}")]
    Pdf(String),
    /// A file could not be written.
    #[error("cannot write {}: {why}\n    check that the folder may be written to and that the disk has room", path.display())]
    Writing {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        why: std::io::Error,
    },
}

impl RenderError {
    /// The message in a language.
    pub fn text(&self, lang: Lang) -> String {
        match (self, lang) {
            (_, Lang::En) => self.to_string(),
            (RenderError::UnknownFormat { name, hint }, Lang::Ru) => {
                format!("нет формата отчёта `{name}`\n    {}", hint.ru)
            }
            (RenderError::Malformed(what), Lang::Ru) => format!("отчёт не вывести, это ошибка программы: {what}"),
            (RenderError::Drawing { id, why }, Lang::Ru) => format!("график `{id}` не нарисовать: {why}"),
            (RenderError::NoPdf, Lang::Ru) => "этот voronka собран без PDF\n    он есть в пакетах и в обычной сборке: cargo install --locked --path .".to_owned(),
            (RenderError::Pdf(why), Lang::Ru) => format!("PDF не сделать: {why}"),
            (RenderError::Writing { path, why }, Lang::Ru) => format!(
                "не записать {}: {why}\n    проверьте, что в папку можно писать и что на диске есть место",
                path.display()
            ),
        }
    }
}
