//! An export file: written aside, renamed when all of them are whole.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::error::GenerateError;

/// A file under way.
pub struct Aside {
    path: PathBuf,
    aside: PathBuf,
    writer: BufWriter<File>,
    /// Bytes written.
    pub bytes: u64,
    /// Rows of data written.
    pub rows: u64,
}

/// Byte order mark of UTF-8 exports.
const BOM: &str = "\u{feff}";

impl Aside {
    /// Begins a file of that name.
    pub fn new(folder: &Path, name: &str) -> Result<Aside, GenerateError> {
        let path = folder.join(name);
        let aside = folder.join(format!(".{name}.part"));
        let file = File::create(&aside).map_err(|source| GenerateError::Write { path: aside.clone(), source })?;
        Ok(Aside { path, aside, writer: BufWriter::with_capacity(1 << 20, file), bytes: 0, rows: 0 })
    }

    /// Begins an export with its header.
    pub fn export(folder: &Path, name: &str, header: &str) -> Result<Aside, GenerateError> {
        let mut file = Aside::new(folder, name)?;
        file.bytes(format!("{BOM}{header}\r\n").as_bytes())?;
        Ok(file)
    }

    /// Writes a row of data.
    pub fn row(&mut self, row: &[u8]) -> Result<(), GenerateError> {
        self.rows += 1;
        self.bytes(row)
    }

    /// Writes what is no row of data.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), GenerateError> {
        self.bytes += bytes.len() as u64;
        self.writer.write_all(bytes).map_err(|source| GenerateError::Write { path: self.aside.clone(), source })
    }

    /// The name of the finished file.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Puts the finished files in place.
    pub fn publish(files: Vec<Aside>) -> Result<(), GenerateError> {
        let mut whole = Vec::new();
        for mut file in files {
            let failed = |source| GenerateError::Write { path: file.aside.clone(), source };
            file.writer.flush().map_err(failed)?;
            whole.push((file.aside.clone(), file.path.clone()));
        }
        for (aside, path) in whole {
            fs::rename(&aside, &path).map_err(|source| GenerateError::Write { path, source })?;
        }
        Ok(())
    }
}
