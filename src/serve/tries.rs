//! Wrong passwords: the more of them, the longer the next may not be tried. Counted by address and name, by address, and by name; a name
//! that nobody has counts like any other. Nobody is locked out from another address.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many wrong passwords for one name from one address cost nothing: people mistype.
const FREE: u32 = 5;
/// So many from one address for all names: an office may have one address.
const FREE_OF_ADDRESS: u32 = 40;
/// After so many for one name from wherever, each further one is answered late.
const FREE_OF_NAME: u32 = 20;
/// How late.
const LATE: Duration = Duration::from_secs(2);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(300);
/// What is older is forgotten.
const KEPT: Duration = Duration::from_secs(900);
/// More is not kept.
const MOST: usize = 20_000;

/// The wrong passwords of late.
#[derive(Debug, Default)]
pub struct Tries(Mutex<BTreeMap<Key, Wrong>>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Both(IpAddr, String),
    Address(IpAddr),
    Name(String),
}

#[derive(Debug, Clone, Copy)]
struct Wrong {
    count: u32,
    last: Instant,
}

impl Tries {
    /// Whether a password may be tried now, and how late it is answered; or how long to wait.
    pub fn may(&self, from: IpAddr, name: &str, now: Instant) -> Result<Duration, Duration> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let [both, address, of_name] = keys(from, name);
        let count = |key: &Key| held.get(key).filter(|wrong| now.duration_since(wrong.last) < KEPT);
        let wait = |key: &Key, free: u32| {
            let wrong = count(key).filter(|wrong| wrong.count >= free)?;
            let pause = Duration::from_secs(1 << (wrong.count - free).min(16)).min(LONGEST);
            pause.checked_sub(now.duration_since(wrong.last)).filter(|left| !left.is_zero())
        };
        if let Some(left) = wait(&both, FREE).max(wait(&address, FREE_OF_ADDRESS)) {
            return Err(left);
        }
        let is_late = count(&of_name).is_some_and(|wrong| wrong.count >= FREE_OF_NAME);
        Ok(if is_late { LATE } else { Duration::ZERO })
    }

    /// The password was wrong.
    pub fn was_wrong(&self, from: IpAddr, name: &str, now: Instant) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = keys(from, name);
        if held.len() + keys.len() > MOST {
            held.retain(|_, wrong| now.duration_since(wrong.last) < KEPT);
            while held.len() + keys.len() > MOST {
                held.pop_first();
            }
        }
        for key in keys {
            let wrong = held.entry(key).or_insert(Wrong { count: 0, last: now });
            let is_old = now.duration_since(wrong.last) >= KEPT;
            *wrong = Wrong { count: if is_old { 1 } else { wrong.count.saturating_add(1) }, last: now };
        }
    }

    /// The password was right: what this address did wrong with this name is forgotten.
    pub fn was_right(&self, from: IpAddr, name: &str) {
        let [both, ..] = keys(from, name);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&both);
    }
}

fn keys(from: IpAddr, name: &str) -> [Key; 3] {
    let from = network(from);
    // a name may be as long as a request allows
    let name: String = name.chars().take(100).collect();
    [Key::Both(from, name.clone()), Key::Address(from), Key::Name(name)]
}

/// One who has an IPv6 address has all of its last 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// One who tries a wrong password, if it may be tried.
    fn tried(tries: &Tries, from: IpAddr, name: &str, now: Instant) -> Result<Duration, Duration> {
        tries.may(from, name, now).inspect(|_| tries.was_wrong(from, name, now))
    }

    #[test]
    fn each_wrong_password_beyond_the_free_ones_doubles_the_wait() {
        let (tries, one, other) = (Tries::default(), IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let mut now = Instant::now();
        for _ in 0..FREE {
            assert_eq!(tried(&tries, one, "anna", now), Ok(Duration::ZERO));
        }
        for wait in [1, 2, 4, 8] {
            let wait = SECOND * wait;
            assert_eq!(tried(&tries, one, "anna", now), Err(wait));
            assert_eq!(tried(&tries, one, "anna", now + wait - SECOND / 2), Err(SECOND / 2));
            now += wait;
            assert_eq!(tried(&tries, one, "anna", now), Ok(Duration::ZERO));
        }
        // neither another name nor another address has to wait
        assert_eq!(tried(&tries, one, "boris", now), Ok(Duration::ZERO));
        assert_eq!(tried(&tries, other, "anna", now), Ok(Duration::ZERO));
        tries.was_right(one, "anna");
        assert_eq!(tried(&tries, one, "anna", now), Ok(Duration::ZERO));
        assert!(tried(&tries, one, "anna", now + KEPT).is_ok());
        // a right password costs nothing, however often
        assert!((0..100).all(|_| tries.may(one, "carol", now).is_ok()));
    }

    #[test]
    fn many_names_from_one_address_and_many_addresses_for_one_name_are_slowed_down() {
        let (tries, now) = (Tries::default(), Instant::now());
        let mut waits = (0..100).filter(|n| tried(&tries, [10, 0, 0, 1].into(), &format!("n{n}"), now).is_err());
        assert_eq!(waits.next(), Some(FREE_OF_ADDRESS));
        let late = |n: u16| tried(&tries, IpAddr::from([0x2001, 0xdb8, n, 0, 0, 0, 0, 1]), "anna", now);
        let answers: Vec<_> = (0..30).map(late).collect();
        assert_eq!(answers.iter().filter(|answer| **answer == Ok(Duration::ZERO)).count(), FREE_OF_NAME as usize);
        assert_eq!(answers[29], Ok(LATE));
        let one_of = |n: u32| IpAddr::from([0x2001, 1, 1, 1, 0, 0, 0, n as u16]);
        let same: Vec<_> = (0..=FREE).map(|n| tried(&tries, one_of(n), "b", now)).collect();
        assert!(same[FREE as usize].is_err(), "one network is one address");
    }
}
