//! Phones and e-mails within texts: titles, comments, reasons, names of campaigns. Nobody called them personal, and people
//! write them there all the same.

use std::borrow::Cow;
use std::ops::Range;

use super::personal::{self, Key, Normal, Personal};

/// What stands for what is left out.
const MASK: &str = "***";

/// What becomes of phones and e-mails in the texts of a column, or of a cell that is kept.
#[derive(Debug, Clone)]
pub(crate) struct Scrub {
    key: Option<Key>,
    bare: Bare,
}

/// What a text of digits alone is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bare {
    /// A phone, if it has the length of one.
    Phone,
    /// A number by which something is known, or an amount.
    Number,
}

impl Scrub {
    /// None: what is personal is kept. With a key they are replaced by their hashes, so that one client stays one.
    pub(crate) fn new(personal: Personal, key: Option<&Key>, bare: Bare) -> Option<Scrub> {
        match personal {
            Personal::Keep => None,
            Personal::Hash => Some(Scrub { key: key.cloned(), bare }),
            Personal::Drop => Some(Scrub { key: None, bare }),
        }
    }

    /// Whether what it finds stays distinct: hashes do, masks do not.
    pub(crate) fn tells_apart(&self) -> bool {
        self.key.is_some()
    }

    /// The text without them; none: there are none in it.
    pub(crate) fn clean(&self, text: &str) -> Option<String> {
        let found = find(text, self.bare);
        if found.is_empty() {
            return None;
        }
        let mut clean = String::with_capacity(text.len());
        let mut from = 0;
        for (place, normal) in found {
            clean.push_str(&text[from..place.start]);
            match &self.key {
                Some(key) => clean.push_str(&key.hash(&normal)),
                None => clean.push_str(MASK),
            }
            from = place.end;
        }
        clean.push_str(&text[from..]);
        Some(clean)
    }

    /// The same, of a text that is kept in any case.
    pub(crate) fn cleaned<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.clean(text).map_or(Cow::Borrowed(text), Cow::Owned)
    }
}

/// Where phones and e-mails stand in a text, in order, each in its normal form.
fn find(text: &str, bare: Bare) -> Vec<(Range<usize>, String)> {
    // most texts have neither
    let (mut has_at, mut digits) = (false, 0);
    for byte in text.bytes() {
        has_at |= byte == b'@';
        digits += usize::from(byte.is_ascii_digit());
    }
    let mut found = if has_at { emails(text) } else { Vec::new() };
    let is_number = bare == Bare::Number && digits == text.trim().len();
    if digits >= FEWEST && !is_number {
        found.extend(phones(text, &found));
        found.sort_by_key(|(place, _)| place.start);
    }
    found
}

fn emails(text: &str) -> Vec<(Range<usize>, String)> {
    let mut found: Vec<(Range<usize>, String)> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let of_name = |symbol: char| symbol.is_alphanumeric() || "._%+-'’".contains(symbol);
        let of_host = |symbol: char| symbol.is_alphanumeric() || ".-".contains(symbol);
        let before = &text[..at];
        let name = before.len() - before.trim_end_matches(of_name).len();
        let name = before[at - name..].trim_start_matches(['.', '\'', '’', '-']);
        let after = &text[at + 1..];
        let mut host = after.len() - after.trim_start_matches(of_host).len();
        // what stands right behind it may be hashed already: its `h` is none of the host's letters
        if after[..host].ends_with('h') && personal::begins_with_hash(&after[host - 1..]) {
            host -= 1;
        }
        let Some(host) = host_of(&after[..host]) else { continue };
        let place = at - name.len()..at + 1 + host.len();
        match found.last_mut() {
            // two of them without anything between: what is left of the second is of nobody else
            Some((known, _)) if known.end > place.start => known.end = place.end,
            _ => found.extend(personal::normal(&text[place.clone()], Normal::Email).map(|normal| (place, normal))),
        }
    }
    found
}

/// The host at the beginning of a text: as far as its last label that may be a top-level domain. In `mail.ru.5` the number is a
/// word of the text.
fn host_of(text: &str) -> Option<&str> {
    let mut host = text.trim_end_matches(['.', '-']);
    loop {
        let (rest, last) = host.rsplit_once('.')?;
        if last.chars().count() > 1 && last.starts_with(char::is_alphabetic) {
            return Some(host);
        }
        host = rest.trim_end_matches(['.', '-']);
    }
}

/// A phone has no fewer digits.
const FEWEST: usize = 9;
/// A phone is written in no more groups of digits.
const GROUPS: usize = 8;
/// So many symbols part two groups at most.
const BETWEEN: usize = 3;

/// Digits that stand together.
#[derive(Debug, Clone, Copy)]
struct Group {
    from: usize,
    to: usize,
    /// Where what is written before it begins: a plus, a bracket.
    begins: usize,
    plus: bool,
    bracket: bool,
    /// The separator between it and the group before it.
    parted: Separator,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Separator {
    /// It is the first one, or something else stands there.
    Off,
    Blank,
    Marks,
}

/// Where phones stand that have no digit of an e-mail. What stands before an e-mail or another phone is no word with what
/// follows: a phone may begin right behind them.
fn phones(text: &str, emails: &[(Range<usize>, String)]) -> Vec<(Range<usize>, String)> {
    let is_free = |group: &Group| {
        let next = emails.partition_point(|(place, _)| place.end <= group.from);
        emails.get(next).is_none_or(|(place, _)| group.to <= place.start)
    };
    let groups = groups(text);
    let mut found: Vec<(Range<usize>, String)> = Vec::new();
    let mut at = 0;
    while at < groups.len() {
        let goes_on = |group: &&Group| group.parted != Separator::Off && !group.plus && is_free(group);
        let together = 1 + groups[at + 1..].iter().take(GROUPS - 1).take_while(goes_on).count();
        let begins = groups[at].begins;
        let email = emails[..emails.partition_point(|(place, _)| place.end <= begins)].last();
        let from = email.into_iter().chain(found.last()).map(|(place, _)| place.end).max().unwrap_or(0);
        let is_within = !is_free(&groups[at]) || text[from..begins].ends_with(char::is_alphanumeric);
        let longest = (1..=together).rev().find(|some| !is_within && is_phone(text, from, &groups[at..at + some]));
        let Some(some) = longest else {
            at += 1;
            continue;
        };
        let (first, last) = (groups[at], groups[at + some - 1]);
        let place = first.begins..last.to;
        let digits: String = text[place.clone()].chars().filter(char::is_ascii_digit).collect();
        let normal = personal::normal(&text[place.clone()], Normal::Phone).unwrap_or_else(|| format!("+{digits}"));
        found.push((place, normal));
        at += some;
    }
    found
}

fn groups(text: &str) -> Vec<Group> {
    const MARKS: &str = "-‐‑‒–—().";
    let is_between = |symbol: char| symbol.is_whitespace() && symbol != '\n' || MARKS.contains(symbol);
    let mut groups: Vec<Group> = Vec::new();
    let mut rest = 0;
    while let Some(found) = text[rest..].find(|symbol: char| symbol.is_ascii_digit()) {
        let from = rest + found;
        let to = text[from..].find(|symbol: char| !symbol.is_ascii_digit()).map_or(text.len(), |end| from + end);
        let between = &text[rest..from];
        let parted = match groups.last() {
            Some(last) if last.to == rest && between.chars().all(is_between) && between.chars().count() <= BETWEEN => {
                if between.chars().all(char::is_whitespace) {
                    Separator::Blank
                } else {
                    Separator::Marks
                }
            }
            _ => Separator::Off,
        };
        let before = text[..from].trim_end_matches([' ', '\u{a0}', '(']);
        let plus = before.ends_with('+') && text[before.len()..from].chars().count() <= 2;
        let bracket = text[..from].ends_with('(');
        let begins = match (plus, bracket) {
            (true, _) => before.len() - 1,
            (false, true) => from - 1,
            (false, false) => from,
        };
        groups.push(Group { from, to, begins, plus, bracket, parted });
        rest = to;
    }
    groups
}

const WORD_ENDS: fn(char) -> bool = |symbol| !symbol.is_ascii_alphanumeric() && symbol != '-';

/// Whether what stands before is a piece of a code such as `2f0e1d2c-`: letters and digits, joined by a hyphen.
fn is_of_code(before: Option<&str>) -> bool {
    before.and_then(|word| word.strip_suffix('-')).is_some_and(is_code)
}

/// The same of what stands behind: `-1aaaaaaaaaa3`.
fn is_of_code_after(after: &str) -> bool {
    after.strip_prefix('-').and_then(|word| word.split(WORD_ENDS).next()).is_some_and(is_code)
}

fn is_code(word: &str) -> bool {
    word.contains(|symbol: char| symbol.is_ascii_digit()) && word.contains(|symbol: char| symbol.is_ascii_alphabetic())
}

/// Whether these groups are a phone; the text before `from` is no word with them. What is only a long number is none: amounts,
/// dates, numbers of orders.
fn is_phone(text: &str, from: usize, groups: &[Group]) -> bool {
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else { return false };
    let digits: String = groups.iter().map(|group| &text[group.from..group.to]).collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.to - group.from).collect();
    if !first.plus
        && (is_of_code(text[from..first.begins].rsplit(WORD_ENDS).next()) || is_of_code_after(&text[last.to..]))
    {
        return false;
    }
    if first.plus {
        return match country(&digits) {
            Some(length) => digits.len() == length,
            None => (FEWEST..=15).contains(&digits.len()) && !digits.starts_with('0'),
        };
    }
    if text[last.to..].starts_with(char::is_alphanumeric) {
        return false;
    }
    let begins = |codes: &[&str]| codes.iter().any(|code| digits.starts_with(code));
    let before = &text[..first.begins];
    // the end of a time or of an amount
    let is_end = before.ends_with([':', ',', '.', '/']);
    // 79 121 234 567 is an amount
    let is_amount = groups.len() > 1 && lengths[1..].iter().all(|length| *length == 3);
    let second = digits.as_bytes().get(1).copied().unwrap_or_default();
    match digits.len() {
        _ if is_amount => false,
        // at home: 8 (912) 123-45-67
        11 if begins(&["7", "8"]) && (b'3'..=b'9').contains(&second) => true,
        // without the country: 912 123-45-67, (495) 123-45-67
        10 if begins(&["9"]) && (groups.len() == 1 || groups.len() > 2 || first.bracket) => true,
        10 if first.bracket && lengths[0] == 3 && groups.len() > 1 => true,
        // 415-555-2671, 1-415-555-2671
        10 | 11 if lengths.ends_with(&[3, 3, 4]) && groups.last().is_some_and(|g| g.parted == Separator::Marks) => {
            lengths.len() == 3 || (lengths.len() == 4 && digits.starts_with('1'))
        }
        // 020 7946 0958
        10 | 11 if begins(&["0"]) && !is_end && (3..=5).contains(&lengths[0]) && groups.len() > 1 => {
            groups[1..].iter().all(|group| group.parted == Separator::Blank)
        }
        // from home to abroad
        13..=18 if begins(&["810"]) => true,
        12..=17 if begins(&["00"]) && !is_end => digits[2..].chars().next().is_some_and(|next| next != '0'),
        12 => begins(&["375", "380", "992", "994", "995", "996", "998"]) && !before.ends_with('-'),
        _ => false,
    }
}

/// How many digits the phones of a country have, its code among them.
fn country(digits: &str) -> Option<usize> {
    const LENGTHS: [(&str, usize); 14] = [
        ("7", 11),
        ("1", 11),
        ("373", 11),
        ("374", 11),
        ("375", 12),
        ("380", 12),
        ("992", 12),
        ("993", 11),
        ("994", 12),
        ("995", 12),
        ("996", 12),
        ("998", 12),
        ("44", 12),
        ("33", 11),
    ];
    LENGTHS.iter().find(|(code, _)| digits.starts_with(code)).map(|(_, length)| *length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str, bare: Bare) -> String {
        Scrub { key: None, bare }.cleaned(text).into_owned()
    }

    #[test]
    fn phones_in_a_text_are_found_however_they_are_written() {
        for (text, clean) in [
            ("Входящий звонок от +79121234567", "Входящий звонок от ***"),
            ("перезвонить 8 (912) 123-45-67, вечером", "перезвонить ***, вечером"),
            ("тел.89121234567;доб. 5", "тел.***;доб. 5"),
            ("79121234567", "***"),
            ("wa.me/79121234567?text=1", "wa.me/***?text=1"),
            ("8\u{a0}912\u{a0}123–45–67", "***"),
            ("(495) 123-45-67 и 912 123-45-67", "*** и ***"),
            ("+7 903 111-22-33 +7 903 444-55-66", "*** ***"),
            ("+375 29 123-45-67 15 мая", "*** 15 мая"),
            ("call +1 415 555 2671 or 415-555-2671", "call *** or ***"),
            ("+ 7 (912) 123 45 67", "***"),
            ("01.06.2025 10:00 79121234567", "01.06.2025 10:00 ***"),
            ("00375291234567", "***"),
            ("20250101-79121234567-74951234567", "20250101-***-***"),
            ("London 020 7946 0958", "London ***"),
            ("998901234567", "***"),
            ("+79121234567+79121234568", "******"),
            ("8 912 123-45-67(495) 123-45-67", "******"),
            ("ivan@mail.ru+79121234567", "******"),
            ("+79121234567tel-89121234567", "***tel-***"),
            ("(912) 123-45-67 810-1ivan@mail.ru", "*** ***"),
        ] {
            assert_eq!(masked(text, Bare::Phone), clean, "{text}");
        }
    }

    #[test]
    fn what_is_no_phone_stays() {
        for text in [
            "Договор № 12-345/2025 от 01.06.2025 на 1 234 567,89 руб.",
            "78 912 345 678 руб.",
            "2025-06-01 10:00:00",
            "20250601100000",
            "заказ 1234567890",
            "ИНН 7707083893",
            "40817810099910004312",
            "a89121234567",
            "89121234567b",
            "550e8400-e29b-41d4-a716-446655440000",
            "h:891212345678912123456789",
            "9 121 234 567",
            "1200300",
            "—",
        ] {
            assert_eq!(masked(text, Bare::Phone), text);
        }
        // nor a piece of a code
        for code in ["yk-2f0e1d2c-0010-5000-8000-1aaaaaaaaaa3", "89121234-5678-4abc-9def-891212345678"] {
            assert_eq!(masked(code, Bare::Phone), code);
        }
        // a number by which a deal is known is none, whatever its length; with a plus it is
        for text in ["79121234567", "9121234567"] {
            assert_eq!(masked(text, Bare::Number), text);
            assert_eq!(masked(text, Bare::Phone), "***");
        }
        assert_eq!(masked("+79121234567", Bare::Number), "***");
    }

    #[test]
    fn e_mails_in_a_text_are_found() {
        for (text, clean) in [
            ("Заявка Анна anna@secret.example", "Заявка Анна ***"),
            ("<Ivan.Petrov+crm@Mail.RU>, далее", "<***>, далее"),
            ("mailto:a_b@x-y.co.uk.", "mailto:***."),
            ("почта иван@почта.рф", "почта ***"),
            ("anna1979121@mail.ru", "***"),
            ("@nick и a@b, 5@", "@nick и a@b, 5@"),
            ("79121234567@wa.example", "***"),
            ("ivan@mail.ruanna@mail.ru, далее", "***, далее"),
            ("ivan@mail.ru.9121234567, anna@mail.ru.5 мая", "***.***, ***.5 мая"),
            ("robot@192.168.0.1", "robot@192.168.0.1"),
        ] {
            assert_eq!(masked(text, Bare::Phone), clean, "{text}");
        }
    }

    #[test]
    fn the_hash_in_a_text_is_the_clients_and_stays_as_it_is() {
        let key = Key::new([7; 32]);
        let scrub = Scrub::new(Personal::Hash, Some(&key), Bare::Phone).unwrap();
        let client = key.hash("+79121234567");
        let clean = scrub.clean("звонок 8 912 123 45 67").unwrap();
        assert_eq!(clean, format!("звонок {client}"));
        assert_eq!(scrub.clean(&clean), None);
        // nor is its beginning the end of a host
        let clean = scrub.clean("c3@y.r-(912) 123-45-67").unwrap();
        assert_eq!(clean, format!("c3@y.r-{client}"));
        assert_eq!(scrub.clean(&clean), None);
        assert!(Scrub::new(Personal::Keep, Some(&key), Bare::Phone).is_none());
    }
}
