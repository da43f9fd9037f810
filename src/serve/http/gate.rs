//! Who asks: by the cookie of a log-in, or by name and password with each request, as scripts do.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::Semaphore;

use super::cookies;
use super::logins::Logins;
use super::refusal::Refusal;
use crate::model::lang::{Lang, Text};
use crate::serve::scram::Verifier;
use crate::serve::tries::Tries;
use crate::serve::{Roll, ServeError, User, Users};

/// A password that came with a request is not checked again for so long: scripts send it with each.
const REMEMBERED: Duration = Duration::from_secs(300);
/// More are not remembered.
const MOST_REMEMBERED: usize = 1_000;
/// So many passwords are checked at once: each takes a core for a while.
const CHECKS: usize = 4;
/// So many names may be checked side by side; the check itself waits for a turn.
const LANES: usize = 64;
/// So long one waits for a check to begin.
const PATIENCE: Duration = Duration::from_secs(10);

/// The gate.
#[derive(Debug)]
pub struct Gate {
    /// Who may come in. `None`: everyone, without a password.
    roll: Option<Roll>,
    logins: Logins,
    tries: Arc<Tries>,
    checks: Semaphore,
    /// Who is checked waits here for others of the same name and address.
    lanes: Vec<tokio::sync::Mutex<()>>,
    /// Names and passwords that were right of late, hashed under a key of this process.
    known: Mutex<BTreeMap<[u8; 32], Instant>>,
    key: [u8; 32],
    over_tls: bool,
}

impl Gate {
    /// A gate for the users of a file.
    pub fn new(roll: Option<Roll>, over_tls: bool) -> Gate {
        let mut key = [0; 32];
        (0..2).for_each(|half| key[half * 16..][..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes()));
        let lanes = (0..LANES).map(|_| tokio::sync::Mutex::default()).collect();
        let tries = roll.as_ref().map(Roll::tries).unwrap_or_default();
        let (logins, known) = (Logins::default(), Mutex::default());
        Gate { roll, logins, tries, checks: Semaphore::new(CHECKS), lanes, known, key, over_tls }
    }

    /// Whether everyone is let in.
    pub fn is_open(&self) -> bool {
        self.roll.is_none()
    }

    /// Who may come in now; `None`: everyone.
    fn users(&self) -> Result<Option<Arc<Users>>, Refusal> {
        let Some(roll) = &self.roll else { return Ok(None) };
        let users = roll.users().map_err(|_| {
            // what is wrong with the file is for whoever looks after the server
            let what =
                Text::new("файл пользователей не такой, каким должен быть", "the file of users is not as it must be");
            let way = Text::new(
                "скажите тому, кто ведёт сервер: voronka serve user list покажет, что с ним",
                "tell whoever runs the server: voronka serve user list says what is wrong with it",
            );
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, what, way)
        })?;
        Ok(Some(users))
    }

    /// Who asks; `None` if nobody said so.
    ///
    /// # Errors
    /// Name or password are wrong, or were wrong too often.
    pub async fn who(&self, headers: &HeaderMap, from: IpAddr) -> Result<Option<User>, Refusal> {
        let Some(users) = self.users()? else { return Ok(Some(User::everyone())) };
        let known = |name: &str, mark: &[u8; 32]| users.find(name).filter(|user| self.mark(user, "") == *mark).cloned();
        let token = cookies::values(headers, self.cookie());
        if let Some(user) =
            token.filter_map(|token| self.logins.user(token)).find_map(|(name, mark)| known(&name, &mark))
        {
            return Ok(Some(user));
        }
        let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
        let Some((name, password)) = value.to_str().ok().and_then(basic) else {
            return Err(Refusal::bad(
                Text::new("заголовок Authorization не разобрать", "the header Authorization cannot be read"),
                Text::new(
                    "пришлите имя и пароль так, как это делает curl --user",
                    "send name and password as curl --user does",
                ),
            ));
        };
        if let Some(user) = users.find(&name).filter(|user| self.is_known(user, &password)) {
            return Ok(Some(user.clone()));
        }
        Ok(Some(self.check(&name, &password, from).await?))
    }

    /// Whether this password of this user was right of late.
    fn is_known(&self, user: &User, password: &str) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&self.mark(user, password)).is_some_and(|at| at.elapsed() < REMEMBERED)
    }

    /// Tells a user with this password, this verifier and these rows from any other: who is given another password or other rows is another.
    fn mark(&self, user: &User, password: &str) -> [u8; 32] {
        let kept = user.verifier().map(Verifier::kept).unwrap_or_default();
        let (name, only) = (user.name(), format!("{:?}", user.only()));
        let lengths = format!("{} {} {}", name.len(), kept.len(), only.len());
        *blake3::keyed_hash(&self.key, format!("{lengths}\n{name}{kept}{only}{password}").as_bytes()).as_bytes()
    }

    /// The user of this name and password. A name that nobody has takes as long, and is told in the same words.
    ///
    /// # Errors
    /// They are wrong, or were wrong too often.
    pub async fn check(&self, name: &str, password: &str, from: IpAddr) -> Result<User, Refusal> {
        let Some(users) = self.users()? else { return Ok(User::everyone()) };
        let busy = || {
            let what = Text::new("входят слишком многие сразу", "too many log in at once");
            Refusal::busy(StatusCode::SERVICE_UNAVAILABLE, what, PATIENCE)
        };
        // one after the other for a name from an address: else many at once would all be tried before the first is wrong
        let lane = blake3::keyed_hash(&self.key, format!("{from} {name}").as_bytes()).as_bytes()[0];
        let lane = &self.lanes[usize::from(lane) % self.lanes.len()];
        let _alone = tokio::time::timeout(PATIENCE, lane.lock()).await.map_err(|_| busy())?;
        let user = users.find(name).cloned();
        if let Some(user) = user.as_ref().filter(|user| self.is_known(user, password)) {
            return Ok(user.clone());
        }
        let late = self.tries.may(from, name, Instant::now()).map_err(|wait| {
            let what = Text::new("слишком много неверных паролей", "too many wrong passwords");
            Refusal::busy(StatusCode::TOO_MANY_REQUESTS, what, wait + Duration::from_millis(999))
        })?;
        tokio::time::sleep(late).await;
        let turn = tokio::time::timeout(PATIENCE, self.checks.acquire()).await.map_err(|_| busy())?;
        let verifier = user.as_ref().and_then(User::verifier).cloned().unwrap_or_else(|| Verifier::of_nobody(name));
        let tried = password.to_owned();
        let is_right = tokio::task::spawn_blocking(move || verifier.admits(&tried)).await.unwrap_or(false);
        drop(turn);
        match user.filter(|_| is_right) {
            Some(user) => {
                self.tries.was_right(from, name);
                let now = Instant::now();
                let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                known.retain(|_, at| now.duration_since(*at) < REMEMBERED);
                if known.len() < MOST_REMEMBERED {
                    known.insert(self.mark(&user, password), now);
                }
                Ok(user)
            }
            None => {
                self.tries.was_wrong(from, name, Instant::now());
                Err(wrong())
            }
        }
    }

    /// Logs in: the cookie to set.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn log_in(&self, user: &User) -> Result<String, Refusal> {
        let token = self.logins.begin(user.name(), self.mark(user, "")).ok_or_else(|| {
            let what = Text::new("система не даёт случайных чисел", "the system gives no randomness");
            Refusal::busy(StatusCode::SERVICE_UNAVAILABLE, what, PATIENCE)
        })?;
        Ok(cookies::set(self.cookie(), &token, super::logins::LONGEST, self.over_tls, true))
    }

    /// Logs out: the cookie that takes the old one away.
    pub fn log_out(&self, headers: &HeaderMap) -> String {
        cookies::values(headers, self.cookie()).for_each(|token| self.logins.end(token));
        cookies::set(self.cookie(), "", Duration::ZERO, self.over_tls, true)
    }

    /// Over TLS no other host and no page below a path can set a cookie of this name.
    fn cookie(&self) -> &'static str {
        if self.over_tls { "__Host-voronka" } else { "voronka" }
    }
}

/// Which of the two is wrong is not said.
fn wrong() -> Refusal {
    let text = |lang| ServeError::Refused.text(lang);
    Refusal::new(
        StatusCode::UNAUTHORIZED,
        Text::new(text(Lang::Ru), text(Lang::En)),
        Text::new("проверьте то и другое и войдите снова", "check both and log in again"),
    )
}

/// Name and password out of the header.
fn basic(value: &str) -> Option<(String, String)> {
    let (scheme, rest) = value.split_once(' ')?;
    let bytes = STANDARD.decode(rest.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(bytes).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_password_come_as_scripts_send_them() {
        let of = |text: &str| basic(&format!("Basic {}", STANDARD.encode(text)));
        assert_eq!(of("anna:p:w"), Some(("anna".to_owned(), "p:w".to_owned())));
        assert_eq!(of("анна:"), Some(("анна".to_owned(), String::new())));
        assert_eq!(of("anna"), None);
        assert_eq!(basic("Bearer YTpi"), None);
        assert_eq!(basic("Basic ?"), None);
        assert_eq!(basic("Basic"), None);
    }

    #[tokio::test]
    async fn without_a_file_of_users_everyone_comes_in() {
        let gate = Gate::new(None, false);
        let who = gate.who(&HeaderMap::new(), [127, 0, 0, 1].into()).await.unwrap().unwrap();
        assert!(gate.is_open() && who.only().is_empty());
    }
}
