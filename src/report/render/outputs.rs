//! Files written aside and renamed when all of them are complete, so that a reader never sees half a report.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::RenderError;

/// Files on their way into a folder.
pub struct Outputs {
    dir: PathBuf,
    /// The folder's own stem: the report's name.
    name: String,
    aside: PathBuf,
    files: Vec<PathBuf>,
}

impl Outputs {
    /// Begins; the folder is made if need be. What a killed run left aside is removed.
    pub fn open(dir: &Path, name: &str) -> Result<Outputs, RenderError> {
        let aside = dir.join(format!(".{name}.part"));
        if aside.exists() {
            fs::remove_dir_all(&aside).map_err(at(&aside))?;
        }
        fs::create_dir_all(&aside).map_err(at(&aside))?;
        Ok(Outputs { dir: dir.to_path_buf(), name: name.to_string(), aside, files: Vec::new() })
    }

    /// A file beside the others: `<name>.<extension>`.
    pub fn page(&mut self, extension: &str, content: &[u8]) -> Result<(), RenderError> {
        let path = self.place(PathBuf::from(format!("{}.{extension}", self.name)))?;
        fs::write(&path, content).map_err(at(&path))
    }

    /// A file in a subfolder: `<name>-<kind>/<id>.<extension>`. The caller writes to the path that is returned.
    pub fn part(&mut self, kind: &str, id: &str, extension: &str) -> Result<PathBuf, RenderError> {
        self.place(Path::new(&format!("{}-{kind}", self.name)).join(format!("{id}.{extension}")))
    }

    fn place(&mut self, relative: PathBuf) -> Result<PathBuf, RenderError> {
        let path = self.aside.join(&relative);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(at(folder))?;
        }
        self.files.push(relative);
        Ok(path)
    }

    /// Puts all files in place.
    pub fn finish(self) -> Result<Vec<PathBuf>, RenderError> {
        let mut placed = Vec::new();
        for relative in &self.files {
            let path = self.dir.join(relative);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).map_err(at(folder))?;
            }
            fs::rename(self.aside.join(relative), &path).map_err(at(&path))?;
            placed.push(path);
        }
        Ok(placed)
    }
}

impl Drop for Outputs {
    fn drop(&mut self) {
        // Best effort: what stays is hidden, and the next run removes it.
        let _ = fs::remove_dir_all(&self.aside);
    }
}

/// Names the path that an input or output error is about.
pub fn at(path: &Path) -> impl FnOnce(io::Error) -> RenderError {
    let path = path.to_path_buf();
    move |why| RenderError::Writing { path, why }
}
