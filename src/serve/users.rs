//! The file of users: names, verifiers of passwords, and the values of dimensions to which they are held.
//!
//! `voronka serve user` writes it, for its owner alone. A file that others can read or that another one owns is refused: it says who
//! may see what.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::ServeError;
use super::scram::Verifier;
use super::tries::Tries;
use crate::model::lang::{Text, both};
use crate::model::problem::hint;
use crate::model::shown::hides;

/// What the file begins with.
const HEAD: &str = "# Who may ask `voronka serve`. Made and changed by `voronka serve user`.\n\
                    # No password can be made out of this; all the same it is for its owner's eyes alone.\n\n";
/// PostgreSQL cuts longer names.
const LONGEST: usize = 63;
/// Shorter ones are guessed.
const SHORTEST_PASSWORD: usize = 8;
/// The file is no larger.
const LARGEST: u64 = 1 << 20;

/// Who may come in.
#[derive(Debug, Clone, Default)]
pub struct Users {
    users: Vec<User>,
}

/// One who may come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    name: String,
    verifier: Option<Verifier>,
    only: Vec<(String, String)>,
}

/// The file as it is written.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    user: Vec<WrittenUser>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenUser {
    name: String,
    password: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    only: BTreeMap<String, Vec<String>>,
}

impl Users {
    /// Reads the file.
    ///
    /// # Errors
    /// It cannot be read; others can read it, or own it; it is not whole.
    pub fn read(file: &Path) -> Result<Users, ServeError> {
        let fault = |what: Text| ServeError::File { file: file.to_owned(), what };
        let absent = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => both!(
                "файла пользователей нет\n    первого заводит `voronka serve user add {} ИМЯ`",
                "there is no file of users\n    `voronka serve user add {} NAME` makes it with the first one",
                file.display()
            ),
            _ => both!("не прочитать: {error}", "cannot be read: {error}"),
        };
        let open = File::open(file).map_err(|error| fault(absent(error)))?;
        let unreadable = |error: io::Error| fault(both!("не прочитать: {error}", "cannot be read: {error}"));
        is_private(file, &open.metadata().map_err(unreadable)?).map_err(fault)?;
        let mut text = String::new();
        open.take(LARGEST).read_to_string(&mut text).map_err(unreadable)?;
        Users::parse(&text).map_err(fault)
    }

    fn parse(text: &str) -> Result<Users, Text> {
        let written: Written = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
            let what = error.message();
            both!("строка {line}: {what}", "line {line}: {what}")
        })?;
        let mut users: Vec<User> = Vec::new();
        for WrittenUser { name, password, only } in written.user {
            check_name(&name)?;
            if users.iter().any(|user| user.name == name) {
                return Err(both!("пользователь `{name}` записан дважды", "the user `{name}` stands there twice"));
            }
            let Some(verifier) = Verifier::parse(&password) else {
                return Err(both!(
                    "у пользователя `{name}` вместо пароля не то, что пишет `voronka serve user`\n    задайте пароль заново: \
                     voronka serve user passwd",
                    "what `{name}` has for a password was not written by `voronka serve user`\n    give another one: voronka serve \
                     user passwd"
                ));
            };
            // one who is held to nothing would see all
            if let Some((dimension, _)) = only.iter().find(|(_, values)| values.is_empty()) {
                return Err(both!(
                    "у пользователя `{name}` нет ни одного значения: {dimension}",
                    "the user `{name}` has no value of {dimension}"
                ));
            }
            let pairs = |(dimension, values): (String, Vec<String>)| {
                values.into_iter().map(move |value| (dimension.clone(), value))
            };
            users.push(User { name, verifier: Some(verifier), only: only.into_iter().flat_map(pairs).collect() });
        }
        users.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Users { users })
    }

    /// The user of that name.
    pub fn find(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    /// All of them, by name.
    pub fn all(&self) -> &[User] {
        &self.users
    }

    /// Adds a user to a file; makes the file where there is none.
    ///
    /// # Errors
    /// There is one of that name; the name or the password will not do; the file cannot be read or written.
    pub fn add(file: &Path, name: &str, password: &str, only: &[(String, String)]) -> Result<(), ServeError> {
        check_name(name).map_err(|what| ServeError::Protocol { what })?;
        let verifier = verifier(password)?;
        change(file, true, |users| {
            if users.find(name).is_some() {
                return Err(both!(
                    "пользователь `{name}` уже есть\n    другой пароль даёт `voronka serve user passwd`",
                    "there is a user `{name}` already\n    `voronka serve user passwd` gives another password"
                ));
            }
            users.users.push(User { name: name.to_owned(), verifier: Some(verifier), only: only.to_vec() });
            Ok(())
        })
    }

    /// Gives a user another password.
    ///
    /// # Errors
    /// There is none of that name; the password will not do; the file cannot be read or written.
    pub fn passwd(file: &Path, name: &str, password: &str) -> Result<(), ServeError> {
        let verifier = verifier(password)?;
        change(file, false, |users| {
            let at = users.position(name)?;
            users.users[at].verifier = Some(verifier);
            Ok(())
        })
    }

    /// Removes a user.
    ///
    /// # Errors
    /// There is none of that name; the file cannot be read or written.
    pub fn remove(file: &Path, name: &str) -> Result<(), ServeError> {
        change(file, false, |users| {
            let at = users.position(name)?;
            users.users.remove(at);
            Ok(())
        })
    }

    fn position(&self, name: &str) -> Result<usize, Text> {
        let known = || self.users.iter().map(|user| user.name.as_str());
        known().position(|known| known == name).ok_or_else(|| {
            both!("нет пользователя `{name}`\n    ", "there is no user `{name}`\n    ").and(hint(name, known()))
        })
    }

    fn written(&self) -> Written {
        let user = |user: &User| {
            let mut only: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (dimension, value) in &user.only {
                only.entry(dimension.clone()).or_default().push(value.clone());
            }
            let password = user.verifier.as_ref().map(Verifier::kept).unwrap_or_default();
            WrittenUser { name: user.name.clone(), password, only }
        };
        Written { user: self.users.iter().map(user).collect() }
    }
}

impl User {
    /// The one user of a server without a file of users: sees all, and has no password.
    pub fn everyone() -> User {
        User { name: "voronka".to_owned(), verifier: None, only: Vec::new() }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the password is checked against. `None` only of [`User::everyone`], who has none.
    pub fn verifier(&self) -> Option<&Verifier> {
        self.verifier.as_ref()
    }

    /// Dimensions and values whose rows the user sees: of one dimension any of its values, of several dimensions all. Empty: sees all.
    pub fn only(&self) -> &[(String, String)] {
        &self.only
    }
}

/// The file of a running server: what is changed in it holds from the next log-in on.
#[derive(Debug, Clone)]
pub struct Roll {
    file: PathBuf,
    known: Arc<Mutex<(Stamp, Arc<Users>)>>,
    tries: Arc<Tries>,
}

/// What tells that a file was written anew.
type Stamp = Option<(SystemTime, u64, u64)>;

impl Roll {
    /// Reads the file for the first time.
    ///
    /// # Errors
    /// As of [`Users::read`].
    pub fn open(file: &Path) -> Result<Roll, ServeError> {
        let known = (stamp(file), Arc::new(Users::read(file)?));
        Ok(Roll { file: file.to_owned(), known: Arc::new(Mutex::new(known)), tries: Arc::default() })
    }

    /// The wrong passwords of late, at whichever door they were tried.
    pub fn tries(&self) -> Arc<Tries> {
        Arc::clone(&self.tries)
    }

    /// Who may come in now.
    ///
    /// # Errors
    /// The file was changed, and is not as it must be: then nobody may.
    pub fn users(&self) -> Result<Arc<Users>, ServeError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stamp(&self.file);
        if now.is_none() || now != known.0 {
            *known = (now, Arc::new(Users::read(&self.file)?));
        }
        Ok(Arc::clone(&known.1))
    }
}

fn stamp(file: &Path) -> Stamp {
    #[cfg(unix)]
    use std::os::unix::fs::MetadataExt as _;
    let metadata = fs::metadata(file).ok()?;
    #[cfg(unix)]
    let node = metadata.ino() ^ (u64::from(metadata.mode()) << 48) ^ metadata.ctime_nsec().unsigned_abs();
    #[cfg(not(unix))]
    let node = 0;
    Some((metadata.modified().ok()?, metadata.len(), node))
}

fn verifier(password: &str) -> Result<Verifier, ServeError> {
    let letters = password.chars().count();
    match letters < SHORTEST_PASSWORD {
        true => Err(ServeError::Protocol {
            what: both!(
                "пароль из {letters} знаков: нужно не меньше {SHORTEST_PASSWORD}",
                "the password has {letters} letters: at least {SHORTEST_PASSWORD} are needed"
            ),
        }),
        false => Verifier::of(password),
    }
}

fn check_name(name: &str) -> Result<(), Text> {
    match name.trim() != name || name.is_empty() || name.len() > LONGEST || hides(name) || name.contains(['\n', '\t']) {
        false => Ok(()),
        true => Err(both!(
            "`{name}` — не имя: нужно от 1 до {LONGEST} байт, без пробелов по краям и невидимых знаков",
            "`{name}` is no name: it has 1 to {LONGEST} bytes, no spaces around it and nothing invisible"
        )),
    }
}

/// Whether a file is its owner's alone, and the owner is who runs this.
#[cfg(unix)]
fn is_private(file: &Path, metadata: &fs::Metadata) -> Result<(), Text> {
    use std::os::unix::fs::MetadataExt as _;
    let mode = metadata.mode() & 0o777;
    if !metadata.is_file() {
        return Err(both!("это не файл", "this is no file"));
    }
    if mode & 0o077 != 0 {
        return Err(both!(
            "его могут читать или менять и другие (права {mode:03o})\n    оставьте только себе: chmod 600 {}",
            "others can read or change it (mode {mode:03o})\n    keep it to yourself: chmod 600 {}",
            file.display()
        ));
    }
    // a file of our own tells who we are
    let own = tempfile::tempfile().and_then(|own| own.metadata()).map(|own| own.uid());
    match own {
        Ok(own) if own == metadata.uid() => Ok(()),
        Ok(own) => Err(both!(
            "он принадлежит другому (uid {}, а сервер работает под {own})\n    chown {own} {}",
            "another one owns it (uid {}, and this runs as {own})\n    chown {own} {}",
            metadata.uid(),
            file.display()
        )),
        Err(error) => Err(both!(
            "не узнать, чей он: нельзя создать временный файл ({error})",
            "whose it is cannot be told: no temporary file can be made ({error})"
        )),
    }
}

#[cfg(not(unix))]
fn is_private(_: &Path, metadata: &fs::Metadata) -> Result<(), Text> {
    match metadata.is_file() {
        true => Ok(()),
        false => Err(both!("это не файл", "this is no file")),
    }
}

/// Reads the file, changes what is in it and puts it back whole, while nobody else does.
fn change(file: &Path, makes: bool, change: impl FnOnce(&mut Users) -> Result<(), Text>) -> Result<(), ServeError> {
    let fault = |what: Text| ServeError::File { file: file.to_owned(), what };
    let unwritable = |error: io::Error| fault(both!("не записать: {error}", "cannot be written: {error}"));
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    #[cfg(unix)]
    let locked = File::open(folder).map_err(unwritable)?;
    #[cfg(unix)]
    locked.lock().map_err(unwritable)?;
    let mut users = match makes && !file.exists() {
        true => Users::default(),
        false => Users::read(file)?,
    };
    change(&mut users).map_err(fault)?;
    users.users.sort_by(|one, other| one.name.cmp(&other.name));
    let text = toml::to_string(&users.written())
        .map_err(|error| fault(both!("не записать: {error}", "cannot be written: {error}")))?;
    // a temporary file is its owner's alone from the beginning
    let mut aside = tempfile::NamedTempFile::new_in(folder).map_err(unwritable)?;
    aside.write_all(HEAD.as_bytes()).and_then(|()| aside.write_all(text.as_bytes())).map_err(unwritable)?;
    aside.as_file().sync_all().map_err(unwritable)?;
    aside.persist(file).map_err(|error| unwritable(error.error))?;
    #[cfg(unix)]
    let _ = locked.sync_all();
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn said<T: std::fmt::Debug>(done: Result<T, ServeError>) -> String {
        done.expect_err("nobody refused it").to_string()
    }

    #[test]
    fn users_are_added_changed_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("users.toml");
        let only = [("branch".to_owned(), "Юг".to_owned()), ("branch".to_owned(), "Север".to_owned())];
        Users::add(&file, "Анна", "правильный пароль", &only).unwrap();
        Users::add(&file, "bob", "another password", &[]).unwrap();
        let users = Users::read(&file).unwrap();
        let anna = users.find("Анна").unwrap();
        assert!(anna.verifier().unwrap().admits("правильный пароль") && anna.only() == only);
        assert!(users.find("bob").unwrap().only().is_empty() && users.find("eve").is_none());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(said(Users::add(&file, "bob", "another password", &[])).contains("a user `bob` already"));
        Users::passwd(&file, "bob", "a third password").unwrap();
        assert!(!Users::read(&file).unwrap().find("bob").unwrap().verifier().unwrap().admits("another password"));
        Users::remove(&file, "Анна").unwrap();
        assert!(said(Users::remove(&file, "bib")).contains("did you mean `bob`?"));
        assert_eq!(Users::read(&file).unwrap().all().len(), 1);
        // nothing else was left in the folder, and no password stands in the file
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(!fs::read_to_string(&file).unwrap().contains("third"));
    }

    #[test]
    fn a_file_that_is_not_as_it_must_be_admits_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("users.toml");
        assert!(said(Users::read(&file)).contains("voronka serve user add"));
        Users::add(&file, "ann", "one password", &[]).unwrap();
        let roll = Roll::open(&file).unwrap();
        assert!(roll.users().unwrap().find("ann").is_some());
        for mode in [0o640, 0o604, 0o666, 0o620] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let refused = said(Users::read(&file));
            assert!(refused.contains(&format!("mode {mode:03o}")) && refused.contains("chmod 600"), "{refused}");
            assert!(roll.users().is_err(), "a running server goes on with {mode:03o}");
        }
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        Users::add(&file, "bob", "two password", &[]).unwrap();
        assert!(roll.users().unwrap().find("bob").is_some());
        let good = fs::read_to_string(&file).unwrap();
        for (broken, says) in [
            (good.replace("name = \"bob\"", "name = \"ann\""), "stands there twice"),
            (good.replace("SCRAM", "scram"), "not written by `voronka serve user`"),
            (good.replace("name = \"bob\"", "nmae = \"bob\""), "line"),
            (good.replace("name = \"bob\"", "name = \" bob\""), "is no name"),
            (format!("{good}only = {{ branch = [] }}\n"), "has no value of branch"),
            (format!("{good}sees = \"all\"\n"), "line"),
        ] {
            fs::write(&file, broken).unwrap();
            let refused = said(Users::read(&file));
            assert!(refused.contains(says), "{refused}");
        }
        assert!(said(Users::add(&file, "x", "short", &[])).contains("at least 8"));
        assert!(said(Users::read(folder.path())).contains("no file"));
    }
}
