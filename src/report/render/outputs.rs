//! Files written aside and renamed when all of them are complete, so that a reader never sees half a report.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::RenderError;

/// The file by whose lock a run is known to be alive.
const HELD: &str = ".held";

/// Files on their way into a folder.
pub struct Outputs {
    dir: PathBuf,
    /// The folder's own stem: the report's name.
    name: String,
    /// Removed when dropped.
    aside: TempDir,
    /// Says to others that this run is alive.
    _held: File,
    files: Vec<PathBuf>,
}

impl Outputs {
    /// Begins; the folder is made if need be. Each run writes into a folder of its own, so that two at once do not disturb
    /// each other. What a killed run left aside is removed.
    pub fn open(dir: &Path, name: &str) -> Result<Outputs, RenderError> {
        fs::create_dir_all(dir).map_err(at(dir))?;
        let prefix = format!(".{name}.part-");
        clear(dir, &prefix);
        let aside = tempfile::Builder::new().prefix(&prefix).tempdir_in(dir).map_err(at(dir))?;
        let mark = aside.path().join(HELD);
        let held = File::create(&mark).map_err(at(&mark))?;
        // where a system has no locks, what a killed run leaves stays
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

    /// Puts all files in place: of two runs at once, one after the other.
    pub fn finish(self) -> Result<Vec<PathBuf>, RenderError> {
        // not every system lets a folder be locked; without it, each file is still whole
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

/// Removes what killed runs left. Best effort: what stays is hidden.
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

/// Names the path that an input or output error is about.
pub fn at(path: &Path) -> impl FnOnce(io::Error) -> RenderError {
    let path = path.to_path_buf();
    move |why| RenderError::Writing { path, why }
}
