//! The files that a person names: folders, globs and archives taken apart, packed bytes unpacked as they are read.
//!
//! Nothing here believes what a file says of itself: names are only shown, sizes are counted, and a file that unpacks to
//! too much or changes while it is read ends the ingest.

mod archive;
mod form;
mod glob;
mod guard;
mod input;
mod repair_name;

pub(crate) use archive::{SHARED, overlap, spans};
pub(crate) use form::Form;
pub(crate) use guard::{FREE, RATIO};
pub(crate) use input::{ExportId, Input};
pub(crate) use repair_name::{REPAIR_COLUMNS, nearly_repaired, repair_name};

use std::fs;
use std::path::{Path, PathBuf};

use super::ExportError;
use glob::fitting;

/// The exports that a person means: a folder stands for its files, a pattern for what it fits, a zip for its members.
///
/// In the order given; those of a folder or pattern by name.
pub(crate) fn expand(named: &[PathBuf]) -> Result<Vec<Input>, ExportError> {
    let mut inputs = Vec::new();
    for path in named {
        if path.is_dir() {
            let files = listed(path)?;
            if files.is_empty() {
                return Err(ExportError::NoFiles { path: path.clone() });
            }
            files.iter().try_for_each(|file| Input::read(file).map(|found| inputs.extend(found)))?;
        } else if path.exists() {
            inputs.extend(Input::read(path)?);
        } else {
            let files = fitting(path);
            if files.is_empty() {
                return Err(ExportError::NoFiles { path: path.clone() });
            }
            files.iter().try_for_each(|file| Input::read(file).map(|found| inputs.extend(found)))?;
        }
    }
    Ok(inputs)
}

/// The files of a folder that may be exports: neither hidden ones nor the locks of a spreadsheet, nor what people keep
/// beside them.
fn listed(folder: &Path) -> Result<Vec<PathBuf>, ExportError> {
    const BESIDE: [&str; 4] = ["toml", "md", "sql", "key"];
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(ExportError::io(folder))? {
        let path = entry.map_err(ExportError::io(folder))?.path();
        let name = path.file_name().map_or_else(Default::default, |name| name.to_string_lossy());
        let beside = path.extension().is_some_and(|end| BESIDE.iter().any(|known| end.eq_ignore_ascii_case(known)));
        let by_windows = ["thumbs.db", "desktop.ini"].iter().any(|known| name.eq_ignore_ascii_case(known));
        if path.is_file() && !name.starts_with(['.', '~']) && !beside && !by_windows {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests;
