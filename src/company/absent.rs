//! A file that does not exist, and what may have been meant.

use std::path::{Path, PathBuf};

use crate::model::lang::Lang;
use crate::model::problem::nearest;

/// How many files a message lists.
const LISTED: usize = 8;

/// A file that does not exist, and the files of its kind beside it, one of which may have been meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text(Lang::En))]
pub struct Absent {
    file: PathBuf,
    /// Names of the files of the same kind in its folder, sorted.
    alike: Vec<String>,
}

impl Absent {
    /// Looks at what lies beside.
    pub fn new(file: &Path) -> Absent {
        let kind = |path: &Path| path.extension().map(|e| e.to_ascii_lowercase());
        let entries = std::fs::read_dir(folder(file)).into_iter().flatten().filter_map(Result::ok);
        let alike = entries.map(|entry| entry.path()).filter(|path| path.is_file() && kind(path) == kind(file));
        let mut alike: Vec<String> = alike.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect();
        alike.sort();
        Absent { file: file.to_owned(), alike }
    }

    /// The message and the way out.
    pub fn text(&self, lang: Lang) -> String {
        let say = |ru: &'static str, en: &'static str| if lang == Lang::Ru { ru } else { en };
        let wanted = self.file.file_name().unwrap_or_default().to_string_lossy();
        let hint = match (nearest(&wanted, self.alike.iter().map(String::as_str)), &self.alike[..]) {
            _ if wanted.contains('*') => say(
                "таких файлов нет: сначала положите их сюда",
                "no file has a name like that: put the files there first",
            )
            .to_owned(),
            (Some(near), _) => format!("{} `{near}`?", say("может быть,", "did you mean")),
            (None, []) => format!(
                "{} {}",
                say("и других файлов такого вида нет в папке", "nor any other file of that kind in"),
                folder(&self.file).display()
            ),
            (None, names) if names.len() <= LISTED => format!("{}: {}", say("есть", "there are"), names.join(", ")),
            (None, names) => {
                let (listed, more) = (names[..LISTED].join(", "), names.len() - LISTED);
                match lang {
                    Lang::Ru => format!("есть: {listed} и ещё {more}"),
                    Lang::En => format!("there are: {listed} and {more} more"),
                }
            }
        };
        format!("{}: {}\n    {hint}", self.file.display(), say("такого файла нет", "there is no such file"))
    }
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}
