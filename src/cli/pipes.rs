//! What can be read only once: standard input, pipes, what a shell puts together with `<(…)`. It is read to its end into a file
//! that is gone afterwards, for an export is read more than once.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::said::{self, Said, said};
use crate::model::lang::{Lang, both};
use crate::model::letters::on_disk;

/// So long somebody may take to begin to write into a pipe.
const PATIENCE: Duration = Duration::from_secs(3);

/// Exports that can be read again, and the folder in which some of them lie as long as this lives.
pub struct AtHand {
    pub exports: Vec<PathBuf>,
    folder: Option<TempDir>,
}

impl AtHand {
    /// An error in which the copies have the names that the person knows.
    pub fn renamed(&self, error: anyhow::Error, lang: Lang) -> anyhow::Error {
        let Some(folder) = &self.folder else { return error };
        let (mut text, copies) =
            (said::text(&error, lang), self.exports.iter().filter(|copy| copy.starts_with(folder.path())));
        for place in copies.filter_map(|copy| copy.parent()) {
            text = text.replace(&format!("{}/", place.display()), "");
        }
        match text == said::text(&error, lang) {
            true => error,
            false => anyhow::anyhow!(text),
        }
    }
}

/// Makes exports readable again. The file of a pipe has the pipe's name, that of the standard input is called `stdin`.
pub fn at_hand(named: &[PathBuf]) -> Result<AtHand> {
    let (mut exports, mut folder) = (Vec::new(), None);
    for (number, path) in named.iter().enumerate() {
        let path = on_disk(path);
        let Some(source) = source(&path)? else {
            exports.push(path);
            continue;
        };
        let folder = match &folder {
            Some(folder) => folder,
            None => folder.insert(TempDir::new().context(Said(both!(
                "не создать папку для того, что читается из канала",
                "cannot make a folder for what is read from a pipe"
            )))?),
        };
        // two pipes may have one name
        let place = folder.path().join(number.to_string());
        fs::create_dir(&place)?;
        let copy =
            place.join(if source == Source::Stdin { "stdin".as_ref() } else { path.file_name().unwrap_or_default() });
        let keep =
            |mut bytes: Box<dyn Read>| -> io::Result<u64> { io::copy(&mut bytes, &mut File::create_new(&copy)?) };
        let input: Box<dyn Read> = match source {
            Source::Stdin => Box::new(io::stdin().lock()),
            Source::Pipe => Box::new(opened(&path)?),
        };
        keep(input).with_context(|| Said(both!("не прочитать {}", "cannot read {}", path.display())))?;
        exports.push(copy);
    }
    Ok(AtHand { exports, folder })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Stdin,
    Pipe,
}

/// What a path is, if it is no file and no folder.
fn source(path: &Path) -> Result<Option<Source>> {
    let is_stdin = path == Path::new("-") && !path.exists() || path == Path::new("/dev/stdin");
    if is_stdin {
        if io::stdin().is_terminal() {
            return Err(said!(
                "{}: на вход ничего не подано\n    назовите файл или подайте его: voronka ingest … - < deals.csv",
                "{}: nothing is piped in\n    name a file, or pipe one in: voronka ingest … - < deals.csv",
                path.display()
            ));
        }
        return Ok(Some(Source::Stdin));
    }
    let Ok(found) = fs::metadata(path) else { return Ok(None) };
    if found.is_file() || found.is_dir() {
        return Ok(None);
    }
    match is_pipe(&found) {
        true => Ok(Some(Source::Pipe)),
        false => Err(said!(
            "{}: это устройство, а не файл\n    назовите файл, папку или канал",
            "{}: a device, and no file\n    name a file, a folder or a pipe",
            path.display()
        )),
    }
}

#[cfg(unix)]
fn is_pipe(found: &fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&found.file_type())
}

#[cfg(not(unix))]
fn is_pipe(_: &fs::Metadata) -> bool {
    true
}

/// Opens a pipe, which takes until somebody opens its other end, and so perhaps for ever.
fn opened(path: &Path) -> Result<File> {
    let (said, heard) = channel();
    let pipe = path.to_owned();
    thread::spawn(move || said.send(File::open(pipe)));
    match heard.recv_timeout(PATIENCE) {
        Ok(opened) => opened.with_context(|| Said(both!("не прочитать {}", "cannot read {}", path.display()))),
        Err(_) => Err(said!(
            "{}: канал, в который никто не пишет\n    сначала начните в него писать; или назовите файл",
            "{}: a pipe into which nobody writes\n    begin to write into it first; or name a file",
            path.display()
        )),
    }
}
