//! The file of users: names, verifiers of passwords, and the values of dimensions to which they are held.

use std::path::Path;

use super::ServeError;
use super::scram::Verifier;

/// Who may come in.
#[derive(Debug, Clone, Default)]
pub struct Users {
    users: Vec<User>,
}

/// One who may come in.
#[derive(Debug, Clone)]
pub struct User {
    name: String,
    verifier: Option<Verifier>,
    only: Vec<(String, String)>,
}

impl Users {
    /// Reads the file. It is refused where others can read it, or where it is not whole.
    pub fn read(file: &Path) -> Result<Users, ServeError> {
        todo!("{}", file.display())
    }

    /// The user of that name.
    pub fn find(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    /// All of them, by name.
    pub fn all(&self) -> &[User] {
        &self.users
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

    /// What the password is checked against. None: only [`User::everyone`], who has none.
    pub fn verifier(&self) -> Option<&Verifier> {
        self.verifier.as_ref()
    }

    /// Dimensions and values whose rows the user sees: of one dimension any of its values, of several dimensions all. Empty: sees all.
    pub fn only(&self) -> &[(String, String)] {
        &self.only
    }
}
