//! Answers that were computed from a state of the store, kept beside it so that the next command need not compute them again.
//!
//! The folder may be deleted at any time. Nothing in it is believed that was not written whole, from the same files of the store,
//! by the same program: an answer stands in a folder named by both, under the digest of its question, behind a digest of its own.
//! What does not fit is no answer. Why: `docs/decisions/answers.md`.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use arrow::record_batch::RecordBatch;

use super::digest::{Digest, fingerprint};
use super::snapshot::Snapshot;

/// The folder of answers is called like the store, with this behind it.
const ENDING: &str = ".answers";
/// An answer of more bytes is cheaper to compute than to keep.
const LARGEST: usize = 64 << 20;
/// A state whose answers take more bytes begins anew.
const FULL: u64 = 512 << 20;
/// The bytes before an answer: its digest in hexadecimal digits, and a line end.
const HEADER: usize = 33;

/// The kept answers of one state of a store.
#[derive(Debug, Clone)]
pub struct Answers {
    dir: PathBuf,
}

impl Answers {
    /// Those of a state of the store in this folder; `None` if nothing proves which state it is. Answers of other states and of other
    /// builds of the program are removed.
    pub fn beside(store: &Path, snapshot: &Snapshot) -> Option<Answers> {
        let all = folder(store);
        let name = format!("{}-{}", snapshot.identity.as_ref()?, program()?);
        let dir = all.join(&name);
        for other in fs::read_dir(&all).into_iter().flatten().flatten().filter(|other| is_ours(&other.file_name())) {
            if other.file_name() != *name || size(&dir) > FULL {
                let _ = fs::remove_dir_all(other.path());
            }
        }
        Some(Answers { dir })
    }

    /// The answer to a question; `None` if it is not kept, or not whole.
    pub fn get(&self, question: &str) -> Option<RecordBatch> {
        let bytes = fs::read(self.file(question)).ok()?;
        let (header, body) = bytes.split_at_checked(HEADER)?;
        let stated = Digest::parse(std::str::from_utf8(header).ok()?.trim_end())?;
        (stated == sealed(question, body)).then_some(())?;
        let mut batches = StreamReader::try_new(Cursor::new(body), None).ok()?;
        let batch = batches.next()?.ok()?;
        batches.next().is_none().then_some(batch)
    }

    /// Keeps an answer. That it cannot be kept is no error: it is computed again.
    pub fn put(&self, question: &str, answer: &RecordBatch) {
        if answer.get_array_memory_size() <= LARGEST {
            let _ = self.write(question, answer);
        }
    }

    fn write(&self, question: &str, answer: &RecordBatch) -> io::Result<()> {
        let body = body(answer).map_err(io::Error::other)?;
        fs::create_dir_all(&self.dir)?;
        // a name of its own until it is whole: two programs may write the same answer at once
        let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
        io::Write::write_all(&mut file, format!("{}\n", sealed(question, &body)).as_bytes())?;
        io::Write::write_all(&mut file, &body)?;
        file.persist(self.file(question))?;
        Ok(())
    }

    fn file(&self, question: &str) -> PathBuf {
        self.dir.join(format!("{}.arrow", Digest::of(question.as_bytes())))
    }
}

/// The digest of an answer and its question: of two questions with one file name, only one has it.
fn sealed(question: &str, body: &[u8]) -> Digest {
    Digest::of(&[question.as_bytes(), &[0], body].concat())
}

fn body(answer: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let mut writer = StreamWriter::try_new(Vec::new(), &answer.schema())?;
    writer.write(answer)?;
    writer.into_inner()
}

/// The folder of a store's answers, of all its states.
fn folder(store: &Path) -> PathBuf {
    let mut name = store.file_name().unwrap_or_default().to_owned();
    name.push(ENDING);
    store.with_file_name(name)
}

/// Which build of the program this is: two builds may answer differently. The size and the time of the program's file tell them apart.
/// `None` if they cannot be read.
pub fn program() -> Option<String> {
    let path = std::env::current_exe().ok()?;
    let file = fs::metadata(&path).ok()?;
    let modified = file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let told = format!("{} {} {} {modified:?}", env!("CARGO_PKG_VERSION"), path.display(), file.len());
    fingerprint(&told).get(..16).map(str::to_owned)
}

/// Whether a folder is one of ours: only such are ever removed.
fn is_ours(name: &OsStr) -> bool {
    let Some((state, program)) = name.to_str().and_then(|name| name.split_once('-')) else { return false };
    let is_hex =
        |text: &str, digits: usize| text.len() == digits && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex(state, 32) && is_hex(program, 16)
}

/// The bytes of the files in a folder; nothing where there is none.
fn size(dir: &Path) -> u64 {
    let files = fs::read_dir(dir).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringViewArray};

    use super::*;

    fn answer(value: i64) -> RecordBatch {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(value), None]));
        let texts: ArrayRef = Arc::new(StringViewArray::from(vec!["a text that is longer than a view holds", ""]));
        RecordBatch::try_from_iter([("n", numbers), ("t", texts)]).unwrap()
    }

    fn of(store: &Path, state: &str) -> Answers {
        let identity = Some(fingerprint(state));
        Answers::beside(store, &Snapshot { identity, ..Snapshot::default() }).unwrap()
    }

    #[test]
    fn an_answer_is_read_again_by_its_own_question_and_state_alone() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("store");
        let answers = of(&store, "one");
        answers.put("q", &answer(1));
        answers.put("other", &answer(2));
        assert_eq!(
            (answers.get("q"), answers.get("other"), answers.get("none")),
            (Some(answer(1)), Some(answer(2)), None)
        );
        assert_eq!(of(&store, "one").get("q"), Some(answer(1)));
        assert_eq!(of(&store, "two").get("q"), None);
        assert_eq!(of(&store, "one").get("q"), None, "the answers of another state are removed");
        assert!(Answers::beside(&store, &Snapshot::default()).is_none());
    }

    #[test]
    fn an_answer_of_another_build_of_the_program_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("store");
        let answers = of(&store, "one");
        answers.put("q", &answer(1));
        let other = answers.dir.with_file_name(format!("{}-{}", fingerprint("one"), "0".repeat(16)));
        fs::rename(&answers.dir, &other).unwrap();
        assert_eq!(of(&store, "one").get("q"), None);
        assert!(!other.exists(), "the answers of another build are removed");
    }

    #[test]
    fn what_is_damaged_or_of_another_question_is_no_answer() {
        let dir = tempfile::tempdir().unwrap();
        let answers = of(&dir.path().join("store"), "one");
        answers.put("q", &answer(1));
        let whole = fs::read(answers.file("q")).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 4;
            fs::write(answers.file("q"), damaged).unwrap();
            assert_eq!(answers.get("q"), None, "byte {at}");
            fs::write(answers.file("q"), &whole[..at]).unwrap();
            assert_eq!(answers.get("q"), None, "cut at {at}");
        }
        fs::write(answers.file("q"), &whole).unwrap();
        assert_eq!(answers.get("q"), Some(answer(1)));
        fs::copy(answers.file("q"), answers.file("other")).unwrap();
        assert_eq!(answers.get("other"), None);
    }

    #[test]
    fn nothing_is_removed_that_is_not_ours() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("store");
        let own = dir.path().join("store.answers/notes");
        fs::create_dir_all(&own).unwrap();
        of(&store, "one").put("q", &answer(1));
        of(&store, "two").put("q", &answer(1));
        assert!(own.is_dir());
        assert_eq!(fs::read_dir(dir.path().join("store.answers")).unwrap().count(), 2);
    }
}
