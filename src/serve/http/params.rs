//! The parameters of a request: decoded strictly, each known by name, each checked. What is wrong is told with the value and the way out.

use chrono::{Days, Months, NaiveDate};

use super::refusal::Refusal;
use crate::model::lang::{Text, both};
use crate::model::problem::hint;
use crate::model::shown::{in_line, is_unseen};

/// How far ahead of the server's day an answer may look.
const YEARS_AHEAD: u32 = 10;
/// No CRM is older.
const FIRST_YEAR: i32 = 1970;
/// More parameters than any page has.
const MOST: usize = 64;

/// The parameters of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Reads what stands behind the question mark, or the body of a form. Only these names may stand there; `lang` may always.
    ///
    /// # Errors
    /// It is not encoded as it must be; a name is not known.
    pub fn read(text: &str, names: &[&str]) -> Result<Params, Refusal> {
        let mut found = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decoded(name).ok_or_else(|| undecoded(name))?;
            let value = decoded(value).ok_or_else(|| undecoded(value))?;
            if name != "lang" && !names.contains(&name.as_str()) {
                let shown = in_line(&name);
                let what = both!("параметра `{shown}` нет", "there is no parameter `{shown}`");
                let way = match names.is_empty() {
                    true => Text::new("уберите его", "leave it out"),
                    false => hint(&name, names.iter().copied()),
                };
                return Err(Refusal::bad(what, way));
            }
            found.push((name, value));
        }
        match found.len() {
            0..=MOST => Ok(Params(found)),
            count => Err(Refusal::bad(
                both!(
                    "параметров {count}, а бывает не больше {MOST}",
                    "there are {count} parameters, and at most {MOST} may be"
                ),
                Text::new("уберите лишние", "leave some out"),
            )),
        }
    }

    /// The value of a parameter that may stand once; an empty one is none.
    ///
    /// # Errors
    /// It stands twice.
    pub fn one(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.all(name);
        let first = values.next();
        match values.next() {
            None => Ok(first),
            Some(_) => Err(Refusal::bad(
                both!("параметр `{name}` стоит дважды", "the parameter `{name}` stands twice"),
                Text::new("оставьте один", "keep one of them"),
            )),
        }
    }

    /// The values of a parameter, empty ones left out.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// A value as it came, spaces and all: a password.
    pub fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// A day.
    ///
    /// # Errors
    /// It is none, or one that no data are of. `latest` is the last that may be asked for.
    pub fn day(&self, name: &str, latest: NaiveDate) -> Result<Option<NaiveDate>, Refusal> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        let day = (text.len() == 10).then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten();
        let first = NaiveDate::from_ymd_opt(FIRST_YEAR, 1, 1).unwrap_or_default();
        let shown = in_line(text);
        match day {
            Some(day) if (first..=latest).contains(&day) => Ok(Some(day)),
            Some(day) => Err(Refusal::bad(
                both!(
                    "`{name}` — {day}, а бывает с {first} по {latest}",
                    "`{name}` is {day}, and may be from {first} to {latest}"
                ),
                Text::new("возьмите день из этого срока", "take a day of that span"),
            )),
            None => Err(Refusal::bad(
                both!("`{name}` — не день: `{shown}`", "`{name}` is no day: `{shown}`"),
                Text::new("день пишется так: 2025-06-30", "write a day so: 2025-06-30"),
            )),
        }
    }
}

/// The last day as of which an answer may be asked.
pub fn latest(today: NaiveDate) -> NaiveDate {
    today.checked_add_months(Months::new(12 * YEARS_AHEAD)).unwrap_or(today)
}

/// The first day and the day after the last, where a person names the last.
pub fn after(last: NaiveDate) -> NaiveDate {
    last.checked_add_days(Days::new(1)).unwrap_or(last)
}

fn undecoded(text: &str) -> Refusal {
    let shown = in_line(text);
    Refusal::bad(
        both!(
            "параметр записан не так, как пишут в адресах: `{shown}`",
            "a parameter is not written as addresses are: `{shown}`"
        ),
        Text::new(
            "буквы пишутся в UTF-8 знаками %XX, и никаких невидимых знаков",
            "write letters as %XX of their UTF-8, and nothing that no eye sees",
        ),
    )
}

/// A part of an address without its escapes. `None` if it is not UTF-8, is escaped wrongly or holds what no eye sees, NUL among it.
pub fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            plain => plain,
        });
    }
    let text = String::from_utf8(bytes).ok()?;
    (!text.contains(is_unseen)).then_some(text)
}

/// A value as it stands in an address.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        let latest = "2026-12-31".parse().unwrap();
        let read = Params::read(text, &["from", "by"]).and_then(|params| {
            params.one("by")?;
            params.day("from", latest)
        });
        read.unwrap_err().what.en
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, said) in [
            ("form=1", "there is no parameter `form`"),
            ("from=2025-02-30", "`from` is no day: `2025-02-30`"),
            ("from=+2025-2-1", "`from` is no day: ` 2025-2-1`"),
            ("from=1825-01-01", "`from` is 1825-01-01, and may be from 1970-01-01 to 2026-12-31"),
            ("from=<script>", "`from` is no day: `<script>`"),
            ("by=a&by=b", "the parameter `by` stands twice"),
            ("by=%", "a parameter is not written as addresses are: `%`"),
            ("by=%zz", "a parameter is not written as addresses are: `%zz`"),
            ("by=%ff", "a parameter is not written as addresses are: `%ff`"),
            ("by=a%00b", "a parameter is not written as addresses are: `a%00b`"),
            ("by=%E2%80%AE", "a parameter is not written as addresses are: `%E2%80%AE`"),
        ] {
            assert_eq!(wrong(text), said, "{text}");
        }
        assert_eq!(wrong(&"by=&".repeat(65)), "there are 65 parameters, and at most 64 may be");
    }

    #[test]
    fn what_is_encoded_comes_back() {
        for text in ["Иванова А.", "a&b=c+d%20", "<script>alert(1)</script>", "..", "/etc/passwd", ""] {
            assert_eq!(decoded(&encoded(text)).as_deref(), Some(text));
        }
        assert_eq!(decoded("a+b").as_deref(), Some("a b"));
    }
}
