//! SCRAM-SHA-256 (RFC 5802, RFC 7677), the server's side, with what is kept of a password: a salt and two keys, out of which neither
//! the password nor a log-in can be made.
//!
//! pgwire's own exchange needs the salted password, with which whoever reads it can log in.

use super::ServeError;

/// What is kept of a password, in PostgreSQL's form: `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`.
#[derive(Clone)]
pub struct Verifier {}

impl Verifier {
    /// Of a new password, with a random salt.
    pub fn of(password: &str) -> Result<Verifier, ServeError> {
        todo!("{password}")
    }

    /// Whether it is the password. Takes as long as the iterations take, whatever is given. For log-in by a form.
    pub fn admits(&self, password: &str) -> bool {
        todo!("{password}")
    }

    /// A verifier that admits nobody, for names that nobody has: the exchange then takes as long, and shows the same salt each time.
    pub fn of_nobody(name: &str) -> Verifier {
        todo!("{name}")
    }
}

/// One exchange: it has sent its first message and waits for the proof.
#[derive(Debug)]
pub struct Exchange {}

impl Exchange {
    /// The answer to `client-first-message` (the data of SASLInitialResponse, mechanism `SCRAM-SHA-256`): what AuthenticationSASLContinue
    /// carries. The client's messages may come with `n,,` or `y,,`; channel binding is not offered.
    pub fn begin(verifier: &Verifier, client_first: &[u8]) -> Result<(String, Exchange), ServeError> {
        todo!()
    }

    /// The answer to `client-final-message` (the data of SASLResponse): what AuthenticationSASLFinal carries. An error: not the password.
    pub fn finish(self, client_final: &[u8]) -> Result<String, ServeError> {
        todo!()
    }
}
