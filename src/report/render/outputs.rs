//! Files written aside and renamed when all of them are complete, so that a reader never sees half a report.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::error::RenderError;

/// The lock file that shows that a run is alive.
const HELD: &str = ".held";

/// Files that are being written, before they are renamed into the target folder.
pub struct Outputs {
    dir: PathBuf,
    /// The folder's own stem: the report's name.
    name: String,
    /// Removed when dropped.
    aside: TempDir,
    /// The lock of this run.
    _held: File,
    files: Vec<PathBuf>,
}

impl Outputs {
    /// Creates the target folder if needed. Each run writes into its own hidden folder, so concurrent runs do not
    /// disturb each other. Folders of killed runs are removed.
    pub fn open(dir: &Path, name: &str) -> Result<Outputs, RenderError> {
        fs::create_dir_all(dir).map_err(at(dir))?;
        let prefix = format!(".{name}.part-");
        clear(dir, &prefix);
        let aside = tempfile::Builder::new().prefix(&prefix).tempdir_in(dir).map_err(at(dir))?;
        let mark = aside.path().join(HELD);
        let held = File::create(&mark).map_err(at(&mark))?;
        // on a system without locks, folders of killed runs stay
        let _ = held.try_lock();
        Ok(Outputs { dir: dir.to_path_buf(), name: name.to_string(), aside, _held: held, files: Vec::new() })
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
        let path = self.aside.path().join(&relative);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(at(folder))?;
        }
        self.files.push(relative);
        Ok(path)
    }

    /// Renames all files into place; concurrent runs do so one after the other.
    pub fn finish(self) -> Result<Vec<PathBuf>, RenderError> {
        // not every system can lock a folder; without the lock, each single file is still complete
        let folder = File::open(&self.dir).ok();
        let _turn = folder.as_ref().map(File::lock);
        let mut placed = Vec::new();
        for relative in &self.files {
            let path = self.dir.join(relative);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).map_err(at(folder))?;
            }
            fs::rename(self.aside.path().join(relative), &path).map_err(at(&path))?;
            placed.push(path);
        }
        Ok(placed)
    }
}

/// Removes folders of killed runs. Errors are ignored: such folders are hidden.
fn clear(dir: &Path, prefix: &str) {
    for entry in fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok) {
        let is_part = entry.file_name().to_string_lossy().starts_with(prefix);
        // the lock of a run ends with its process
        let is_dead = || File::open(entry.path().join(HELD)).is_ok_and(|held| held.try_lock().is_ok());
        if is_part && is_dead() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Adds the path to an input or output error.
pub fn at(path: &Path) -> impl FnOnce(io::Error) -> RenderError {
    let path = path.to_path_buf();
    move |why| RenderError::Writing { path, why }
}
