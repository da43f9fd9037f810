//! One export as bytes: a file, or a member of an archive, packed or not.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use flate2::read::{DeflateDecoder, MultiGzDecoder};
use xxhash_rust::xxh3::Xxh3;

use super::archive::{self, Member, Zip};
use super::form::Form;
use super::guard::{Counted, FREE, Guarded};
use super::repair_name;
use crate::export::ExportError;
use crate::model::letters::composed;

/// An export, ready to be read from its beginning as often as needed.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    /// As it is shown: of a member, the archive's path and its own name.
    pub(crate) path: PathBuf,
    /// The export's name: its file's name; for an archive's member, the names of both.
    pub(crate) name: String,
    /// By what the export is known.
    pub(crate) id: ExportId,
    pub(crate) form: Form,
    /// Whether it holds rows of the quarantine that were mended, and not the export itself.
    pub(crate) repairs: bool,
    /// Its size on the disk, packed as it is.
    pub(crate) bytes: u64,
    file: PathBuf,
    member: Option<Member>,
    gzip: bool,
    stamp: Stamp,
}

/// By what an export is known from one ingest to the next: two branches may call theirs alike.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ExportId {
    /// Its file's name; of a member, the archive's and its own.
    pub(crate) file: String,
    /// The name of the folder in which it lies, empty if not known. A folder that is only called by a number or a day is one of a
    /// row of such: then the one that holds it.
    pub(crate) folder: String,
}

impl ExportId {
    /// A name that tells it from others of the same file name.
    pub(crate) fn qualified(&self) -> String {
        match self.folder.as_str() {
            "" => self.file.clone(),
            folder => format!("{folder}/{}", self.file),
        }
    }
}

/// The name of the folder that tells an export.
fn folder(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let names = whole.ancestors().skip(1).filter_map(|folder| Some(folder.file_name()?.to_string_lossy().into_owned()));
    names.into_iter().find(|name| name.contains(char::is_alphabetic)).unwrap_or_default()
}

/// By what a changed file is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(path: &Path) -> Result<Stamp, ExportError> {
        let found = fs::metadata(path).map_err(ExportError::io(path))?;
        Ok(Stamp { bytes: found.len(), modified: found.modified().ok() })
    }
}

/// How much of a file tells what it is.
const START: u64 = 4096;

impl Input {
    /// The exports in a file: one, or those of an archive.
    pub(super) fn read(path: &Path) -> Result<Vec<Input>, ExportError> {
        let stamp = Stamp::of(path)?;
        let name = path.file_name().map_or_else(String::new, |name| composed(&name.to_string_lossy()).into_owned());
        let mut start = Vec::new();
        let file = File::open(path).map_err(ExportError::io(path))?;
        file.take(4).read_to_end(&mut start).map_err(ExportError::io(path))?;
        let of = repair_name::repaired(&name);
        let mut input = Input {
            path: path.to_owned(),
            repairs: of.is_some(),
            id: ExportId {
                // whose rows are mended is told by the rows
                folder: if of.is_some() { String::new() } else { folder(path) },
                file: of.clone().unwrap_or_else(|| name.clone()),
            },
            name: of.unwrap_or(name),
            form: Form::Xlsx,
            bytes: stamp.bytes,
            file: path.to_owned(),
            member: None,
            gzip: start.starts_with(b"\x1F\x8B"),
            stamp,
        };
        if !start.starts_with(b"PK") {
            input.form = input.form_of()?;
            return Ok(vec![input]);
        }
        let members = match archive::look(path)? {
            Zip::Workbook => return Ok(vec![input]),
            Zip::Archive(members) => members,
        };
        let one = |member: Member| {
            let mut input = input.clone();
            input.name = format!("{}/{}", input.name, composed(&member.name));
            input.id.file.clone_from(&input.name);
            // a name that begins at the root would take the place of the archive's
            input.path = path.join(member.name.trim_start_matches(['/', '\\']));
            input.bytes = member.packed;
            input.member = Some(member);
            input.gzip = input.start()?.starts_with(b"\x1F\x8B");
            input.form = input.form_of()?;
            Ok(input)
        };
        members.into_iter().map(one).collect()
    }

    fn form_of(&self) -> Result<Form, ExportError> {
        let start = self.start()?;
        // an archive in an archive is not looked into; a workbook in one is
        match start.starts_with(b"PK") {
            true => Ok(Form::Xlsx),
            false => Form::of(&start, &self.path),
        }
    }

    fn start(&self) -> Result<Vec<u8>, ExportError> {
        let mut start = Vec::new();
        self.open()?.take(START).read_to_end(&mut start).map_err(ExportError::io(&self.path))?;
        Ok(start)
    }

    /// Its bytes, unpacked.
    pub(crate) fn open(&self) -> Result<Box<dyn Read + Send>, ExportError> {
        let mut file = File::open(&self.file).map_err(ExportError::io(&self.file))?;
        let (from, length) = match &self.member {
            // what is written to it from now on is not read
            None => (0, self.stamp.bytes),
            Some(member) => (member.start, member.packed),
        };
        file.seek(SeekFrom::Start(from)).map_err(ExportError::io(&self.file))?;
        let (file, packed) = Counted::new(file.take(length));
        let bytes: Box<dyn Read + Send> = match &self.member {
            Some(member) if member.deflated => Box::new(DeflateDecoder::new(file)),
            _ => Box::new(file),
        };
        let bytes: Box<dyn Read + Send> = if self.gzip { Box::new(MultiGzDecoder::new(bytes)) } else { bytes };
        let free = self.member.as_ref().map_or(FREE, |member| member.free);
        Ok(if self.is_packed() { Box::new(Guarded::new(bytes, packed, free)) } else { bytes })
    }

    /// The digest of the file's bytes (xxh3, 128 bits), packed as they are.
    pub(crate) fn digest(&self) -> Result<u128, ExportError> {
        let mut file = File::open(&self.file).map_err(ExportError::io(&self.file))?;
        let (mut hasher, mut piece) = (Xxh3::new(), vec![0; 1 << 18]);
        loop {
            match file.read(&mut piece).map_err(ExportError::io(&self.file))? {
                0 => return Ok(hasher.digest128()),
                read => hasher.update(&piece[..read]),
            }
        }
    }

    /// A file with its unpacked bytes, for formats that are not read from the beginning to the end: its own, or a copy
    /// in `scratch` that nobody else sees and that is gone when it is closed.
    pub(crate) fn whole(&self, scratch: &Path) -> Result<File, ExportError> {
        if self.member.is_none() && !self.gzip {
            return File::open(&self.file).map_err(ExportError::io(&self.file));
        }
        let mut copy = tempfile::tempfile_in(scratch).map_err(ExportError::io(scratch))?;
        let mut bytes = self.open()?;
        io::copy(&mut bytes, &mut copy).map_err(ExportError::io(&self.path))?;
        copy.seek(SeekFrom::Start(0)).map_err(ExportError::io(scratch))?;
        Ok(copy)
    }

    /// Whether its bytes pack more than they say on the disk.
    pub(crate) fn is_packed(&self) -> bool {
        self.gzip || self.member.as_ref().is_some_and(|member| member.deflated)
    }

    /// Refuses a file that is another one than when it was opened.
    pub(crate) fn unchanged(&self) -> Result<(), ExportError> {
        match Stamp::of(&self.file)? == self.stamp {
            true => Ok(()),
            false => Err(ExportError::Changed { path: self.file.clone() }),
        }
    }

    /// The names that a pattern may mean, the longest path last.
    pub(crate) fn ends(&self, depth: usize) -> Vec<String> {
        let path = if self.repairs { self.path.with_file_name(&self.name) } else { self.path.clone() };
        let parts: Vec<String> = path.iter().map(|part| composed(&part.to_string_lossy()).into_owned()).collect();
        let end = parts[parts.len() - depth.min(parts.len())..].join("/");
        let bare = end.strip_suffix(".gz").map(str::to_owned);
        std::iter::once(end).chain(bare).collect()
    }
}
