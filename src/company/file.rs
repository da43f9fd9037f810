//! Files that a person wrote.

use std::io::ErrorKind;
use std::path::Path;

use super::CompanyError;
use super::absent::Absent;
use crate::model::letters::on_disk;

/// Reads a text file that a person wrote.
///
/// # Errors
/// The file does not exist, cannot be read, or is not UTF-8.
pub fn read(file: &Path) -> Result<String, CompanyError> {
    std::fs::read_to_string(on_disk(file)).map_err(|source| match source.kind() {
        ErrorKind::NotFound => Absent::new(file).into(),
        ErrorKind::InvalidData => CompanyError::NotText { file: file.to_owned() },
        _ => CompanyError::Unreadable { file: file.to_owned(), source },
    })
}
