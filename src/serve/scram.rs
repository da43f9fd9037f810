//! SCRAM-SHA-256 (RFC 5802, RFC 7677), the server's side, with what is kept of a password: a salt and two keys, out of which neither
//! the password nor a log-in can be made.
//!
//! pgwire's own exchange needs the salted password, with which whoever reads it can log in.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::{digest, hmac, pbkdf2};
use subtle::ConstantTimeEq as _;

use super::ServeError;
use crate::model::lang::{Text, both};

/// So many rounds a guess of a password costs. RFC 7677 asks for 4,096 at least.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(20_000).unwrap();
/// Bytes of a salt.
const SALT: usize = 16;
/// Bytes of SHA-256.
const LENGTH: usize = digest::SHA256_OUTPUT_LEN;
/// What a kept verifier begins with, as in PostgreSQL.
const NAME: &str = "SCRAM-SHA-256";
/// A message of the exchange is no longer.
const LONGEST: usize = 4096;

type Key = [u8; LENGTH];

/// What is kept of a password, in PostgreSQL's form: `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    iterations: NonZeroU32,
    salt: Vec<u8>,
    stored: Key,
    server: Key,
}

impl fmt::Debug for Verifier {
    /// Without what helps to guess.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NAME}${}", self.iterations)
    }
}

impl Verifier {
    /// Of a new password, with a random salt.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn of(password: &str) -> Result<Verifier, ServeError> {
        let mut salt = vec![0; SALT];
        fill(&mut salt)?;
        Ok(Verifier::salted(password, ITERATIONS, salt))
    }

    fn salted(password: &str, iterations: NonZeroU32, salt: Vec<u8>) -> Verifier {
        let mut password_key: Key = [0; LENGTH];
        // what has no such form is taken as it is, as PostgreSQL does
        let normal = stringprep::saslprep(password).unwrap_or(password.into());
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, &salt, normal.as_bytes(), &mut password_key);
        let client = mac(&password_key, b"Client Key");
        Verifier { iterations, salt, stored: sha256(&client), server: mac(&password_key, b"Server Key") }
    }

    /// Whether it is the password. Takes as long as the iterations take, whatever is given. For log-in by a form.
    pub fn admits(&self, password: &str) -> bool {
        let given = Verifier::salted(password, self.iterations, self.salt.clone());
        bool::from(given.stored.ct_eq(&self.stored))
    }

    /// A verifier that admits nobody, for names that nobody has: the exchange takes as long as any, and shows the same salt each time.
    pub fn of_nobody(name: &str) -> Verifier {
        static SECRET: OnceLock<Key> = OnceLock::new();
        let random = || {
            let mut key = [0; LENGTH];
            // without random numbers it stays as it is, and still nobody has what it is the hash of
            let _ = fill(&mut key);
            key
        };
        let salt = mac(SECRET.get_or_init(random), name.as_bytes())[..SALT].to_vec();
        Verifier { iterations: ITERATIONS, salt, stored: random(), server: random() }
    }

    /// As it is kept.
    pub fn kept(&self) -> String {
        let [salt, stored, server] = [&self.salt[..], &self.stored, &self.server].map(|bytes| STANDARD.encode(bytes));
        format!("{NAME}${}:{salt}${stored}:{server}", self.iterations)
    }

    /// Of what was kept; `None` if it is no such thing, or of fewer iterations than are safe.
    pub fn parse(kept: &str) -> Option<Verifier> {
        let mut parts = kept.split('$');
        let (name, salted, keys) = (parts.next()?, parts.next()?, parts.next()?);
        let ((iterations, salt), (stored, server)) = (salted.split_once(':')?, keys.split_once(':')?);
        let key = |text: &str| Key::try_from(STANDARD.decode(text).ok()?).ok();
        let verifier = Verifier {
            iterations: iterations.parse().ok()?,
            salt: STANDARD.decode(salt).ok()?,
            stored: key(stored)?,
            server: key(server)?,
        };
        let is_safe = (4096..=10_000_000).contains(&verifier.iterations.get()) && verifier.salt.len() >= 8;
        (name == NAME && parts.next().is_none() && is_safe).then_some(verifier)
    }
}

/// One exchange: it has sent its first message and waits for the proof.
#[derive(Debug)]
pub struct Exchange {
    verifier: Verifier,
    /// What the client said of channel binding, in front of its first message.
    header: String,
    /// The client's random part and ours.
    nonce: String,
    /// The client's first message without its header, and ours.
    said: String,
}

impl Exchange {
    /// The answer to `client-first-message` (the data of SASLInitialResponse, mechanism `SCRAM-SHA-256`): what AuthenticationSASLContinue
    /// carries. The client's message may come with `n,,` or `y,,`; channel binding is not offered.
    ///
    /// # Errors
    /// The message is none.
    pub fn begin(verifier: &Verifier, client_first: &[u8]) -> Result<(String, Exchange), ServeError> {
        let mut nonce = [0; 18];
        fill(&mut nonce)?;
        Exchange::begin_with(verifier, client_first, &STANDARD.encode(nonce))
    }

    fn begin_with(verifier: &Verifier, client_first: &[u8], own: &str) -> Result<(String, Exchange), ServeError> {
        let message = text(client_first)?;
        let mut parts = message.splitn(3, ',');
        let (flag, authzid, bare) =
            (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if !["n", "y"].contains(&flag) || !authzid.is_empty() {
            return Err(broken("channel binding or another identity is asked for"));
        }
        let mut attributes = bare.split(',');
        // the name is the one of the connection: PostgreSQL leaves this one empty
        let named = attributes.next().is_some_and(|name| name.starts_with("n="));
        let nonce = attributes.next().and_then(|nonce| nonce.strip_prefix("r=")).unwrap_or_default();
        if !named || nonce.is_empty() || !nonce.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(broken("the first message has no name or no nonce"));
        }
        let nonce = format!("{nonce}{own}");
        let first = format!("r={nonce},s={},i={}", STANDARD.encode(&verifier.salt), verifier.iterations);
        let header = format!("{flag},,");
        let exchange = Exchange { verifier: verifier.clone(), header, nonce, said: format!("{bare},{first}") };
        Ok((first, exchange))
    }

    /// The answer to `client-final-message` (the data of SASLResponse): what AuthenticationSASLFinal carries.
    ///
    /// # Errors
    /// It is not the password; the message is none.
    pub fn finish(self, client_final: &[u8]) -> Result<String, ServeError> {
        let message = text(client_final)?;
        let (without_proof, proof) =
            message.rsplit_once(",p=").ok_or_else(|| broken("the last message has no proof"))?;
        let bound = format!("c={},r={}", STANDARD.encode(&self.header), self.nonce);
        let is_answer = without_proof == bound || without_proof.starts_with(&format!("{bound},"));
        let proof = STANDARD.decode(proof).ok().and_then(|proof| Key::try_from(proof).ok());
        let (true, Some(proof)) = (is_answer, proof) else {
            return Err(broken("the last message does not answer the first"));
        };
        let said = format!("{},{without_proof}", self.said);
        let signature = mac(&self.verifier.stored, said.as_bytes());
        let client: Vec<u8> = proof.iter().zip(signature).map(|(one, other)| one ^ other).collect();
        match bool::from(sha256(&client).ct_eq(&self.verifier.stored)) {
            true => Ok(format!("v={}", STANDARD.encode(mac(&self.verifier.server, said.as_bytes())))),
            false => Err(ServeError::Refused),
        }
    }
}

/// Fills with random bytes.
pub(super) fn fill(bytes: &mut [u8]) -> Result<(), ServeError> {
    SystemRandom::new().fill(bytes).map_err(|_| ServeError::Protocol {
        what: both!("система не даёт случайных чисел", "the system gives no random numbers"),
    })
}

fn mac(key: &Key, message: &[u8]) -> Key {
    own(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref())
}

fn sha256(bytes: &[u8]) -> Key {
    own(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn own(bytes: &[u8]) -> Key {
    let mut key = [0; LENGTH];
    key.copy_from_slice(bytes);
    key
}

fn text(message: &[u8]) -> Result<&str, ServeError> {
    let message = Some(message).filter(|message| message.len() <= LONGEST);
    message.and_then(|message| std::str::from_utf8(message).ok()).ok_or_else(|| broken("a message is no text"))
}

fn broken(what: &str) -> ServeError {
    ServeError::Protocol {
        what: Text::new(
            format!("вход идёт не по SCRAM-SHA-256 ({what})"),
            format!("the log-in does not follow SCRAM-SHA-256: {what}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7677.
    fn example() -> Verifier {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        Verifier::salted("pencil", NonZeroU32::new(4096).unwrap(), salt)
    }

    const FIRST: &[u8] = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
    const OWN: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    const LAST: &str =
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

    #[test]
    fn the_exchange_of_the_standard_is_followed() {
        let (first, exchange) = Exchange::begin_with(&example(), FIRST, OWN).unwrap();
        assert_eq!(first, "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
        let last = exchange.finish(LAST.as_bytes()).unwrap();
        assert_eq!(last, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn whatever_else_is_said_admits_nobody() {
        let begin = || Exchange::begin_with(&example(), FIRST, OWN).unwrap().1;
        // of another password, of another nonce, with another header, without a proof, with one that is no proof
        let other = LAST.replace("dHzb", "dHzc");
        assert!(matches!(begin().finish(other.as_bytes()), Err(ServeError::Refused)));
        for last in
            [LAST.replace("EkqO%", "EkqO&"), LAST.replace("c=biws", "c=eSws"), "c=biws".into(), LAST[..100].into()]
        {
            assert!(matches!(begin().finish(last.as_bytes()), Err(ServeError::Protocol { .. })), "{last}");
        }
        for first in [
            "",
            "n",
            "n,,",
            "n,,n=user",
            "n,,n=user,r=",
            "p=tls-server-end-point,,n=,r=x",
            "n,a=root,n=,r=x",
            "n,,m=1,r=x",
        ] {
            assert!(Exchange::begin(&example(), first.as_bytes()).is_err(), "{first}");
        }
        assert!(Exchange::begin(&example(), &[0xff; 8]).is_err());
        let nobody = Verifier::of_nobody("user");
        let (_, exchange) = Exchange::begin_with(&nobody, FIRST, OWN).unwrap();
        assert!(matches!(exchange.finish(LAST.as_bytes()), Err(ServeError::Refused)));
    }

    #[test]
    fn what_is_kept_admits_the_password_alone() {
        let verifier = Verifier::of("correct horse батарея").unwrap();
        let kept = verifier.kept();
        let read = Verifier::parse(&kept).unwrap();
        assert!(read == verifier && read.admits("correct horse батарея") && !read.admits("correct horse"));
        // two salts are never alike, and neither the password nor its keys are shown
        assert_ne!(kept, Verifier::of("correct horse батарея").unwrap().kept());
        assert_eq!(format!("{read:?}"), "SCRAM-SHA-256$20000");
        for broken in
            ["", "md5abc", "SCRAM-SHA-256$1:AAAAAAAAAAA=$x:y", &kept.replace("$20000:", "$1:"), &kept[..kept.len() - 9]]
        {
            assert_eq!(Verifier::parse(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_name_that_nobody_has_shows_the_same_salt_each_time() {
        let salt = |name| Verifier::of_nobody(name).salt;
        assert_eq!((salt("ann"), salt("ann").len()), (salt("ann"), SALT));
        assert_ne!(salt("ann"), salt("bob"));
        assert!(!Verifier::of_nobody("ann").admits(""));
    }
}
