//! Who is logged in: a random token in a cookie, of which only a hash is kept, in memory. A restart logs everybody out.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};

/// A log-in ends after so long, whatever happens.
pub const LONGEST: Duration = Duration::from_secs(12 * 3600);
/// A log-in that nobody uses ends after so long.
const UNUSED: Duration = Duration::from_secs(3 * 3600);
/// So many log-ins one user may have; the one that was not used for longest goes.
const MOST_OF_ONE: usize = 20;
/// So many log-ins there may be in all.
const MOST: usize = 10_000;

/// The log-ins.
#[derive(Debug, Default)]
pub struct Logins(Mutex<BTreeMap<Hash, Login>>);

type Hash = [u8; 32];

#[derive(Debug)]
struct Login {
    user: String,
    /// What the user was when the log-in began.
    mark: [u8; 32],
    ends: Instant,
    used: Instant,
}

impl Logins {
    /// Logs a user in, who is known by this mark. The token, which nobody can guess; `None` if the system gives no randomness.
    pub fn begin(&self, user: &str, mark: [u8; 32]) -> Option<String> {
        let mut secret = [0; 32];
        SystemRandom::new().fill(&mut secret).ok()?;
        let token = URL_SAFE_NO_PAD.encode(secret);
        let now = Instant::now();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, login| login.holds(now));
        while held.values().filter(|login| login.user == user).count() >= MOST_OF_ONE {
            forget_oldest(&mut held, |login| login.user == user);
        }
        while held.len() >= MOST {
            forget_oldest(&mut held, |_| true);
        }
        held.insert(hash(&token), Login { user: user.to_owned(), mark, ends: now + LONGEST, used: now });
        Some(token)
    }

    /// Whose token it is, with the mark, if the log-in has not ended.
    pub fn user(&self, token: &str) -> Option<(String, [u8; 32])> {
        let now = Instant::now();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let hash = hash(token);
        let login = held.get_mut(&hash)?;
        if !login.holds(now) {
            held.remove(&hash);
            return None;
        }
        login.used = now;
        Some((login.user.clone(), login.mark))
    }

    /// Logs out.
    pub fn end(&self, token: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&hash(token));
    }
}

impl Login {
    fn holds(&self, now: Instant) -> bool {
        now < self.ends && now.duration_since(self.used) < UNUSED
    }
}

fn forget_oldest(held: &mut BTreeMap<Hash, Login>, of: impl Fn(&Login) -> bool) {
    let oldest = held.iter().filter(|(_, login)| of(login)).min_by_key(|(_, login)| login.used).map(|(hash, _)| *hash);
    if let Some(oldest) = oldest {
        held.remove(&oldest);
    }
}

/// Looked up by its hash: how long the search takes tells nothing of a token.
fn hash(token: &str) -> Hash {
    *blake3::hash(token.as_bytes()).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(logins: &Logins, user: &str) -> String {
        logins.begin(user, [1; 32]).unwrap()
    }

    fn user(logins: &Logins, token: &str) -> Option<String> {
        logins.user(token).map(|(user, _)| user)
    }

    #[test]
    fn a_token_is_its_users_until_the_log_out() {
        let logins = Logins::default();
        let (one, two) = (begin(&logins, "anna"), begin(&logins, "boris"));
        assert!(one.len() == 43 && one != two);
        assert_eq!((user(&logins, &one).as_deref(), user(&logins, &two).as_deref()), (Some("anna"), Some("boris")));
        assert_eq!(user(&logins, &one[1..]), None);
        assert_eq!(user(&logins, ""), None);
        logins.end(&one);
        assert_eq!((user(&logins, &one), user(&logins, &two).as_deref()), (None, Some("boris")));
    }

    #[test]
    fn the_log_in_that_was_not_used_for_longest_goes_first() {
        let logins = Logins::default();
        let tokens: Vec<String> = (0..MOST_OF_ONE).map(|_| begin(&logins, "anna")).collect();
        let other = begin(&logins, "boris");
        assert!(user(&logins, &tokens[0]).is_some(), "used now");
        let last = begin(&logins, "anna");
        assert_eq!(user(&logins, &tokens[1]), None);
        assert!([&tokens[0], &tokens[2], &other, &last].into_iter().all(|token| user(&logins, token).is_some()));
    }
}
