//! What one recipient is sent: the subject, the body, and the parts that it takes.

use std::sync::Arc;

use super::due::Errand;
use super::file::Channel;
use super::package::Package;
use crate::model::lang::{Lang, Text};
use crate::model::shown::is_unseen;
use crate::report::document::Red;
use crate::report::render::letter::Letter;
use crate::report::render::number::Numbers;

/// A subject of more letters is cut: mail programs show less.
const SUBJECT: usize = 160;

/// What one recipient is sent.
#[derive(Debug)]
pub(super) struct Message {
    pub subject: String,
    pub letter: Letter,
    /// What is new of what is red; empty if that was not asked.
    pub new: Vec<String>,
    pub package: Arc<Package>,
    pub parts: Vec<Part>,
}

/// A part of a delivery: it is handed over in one step, and never again once it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// A letter with all its files.
    Letter,
    /// All in one body of JSON.
    Post,
    /// The message of a chat.
    Text,
    /// A file in a chat: its place in the package, and its name.
    File(usize, String),
}

impl Part {
    /// Its name in the log.
    pub fn name(&self) -> String {
        match self {
            Part::Letter => "letter".to_owned(),
            Part::Post => "post".to_owned(),
            Part::Text => "message".to_owned(),
            Part::File(_, name) => format!("file {name}"),
        }
    }

    /// Whether it bears the report's body: the recipient then knows what is red.
    pub fn is_body(&self) -> bool {
        !matches!(self, Part::File(..))
    }
}

/// Makes the message of an errand.
pub(super) fn message(errand: &Errand<'_>, package: &Arc<Package>, new: &[Red]) -> Result<Message, Text> {
    let new: Vec<String> = new.iter().map(|red| one_line(&red.title)).collect();
    let letter = package.letter(&new).map_err(|error| Text::new(error.text(Lang::Ru), error.text(Lang::En)))?;
    let files = || package.files.iter().enumerate().map(|(at, file)| Part::File(at, file.name.clone()));
    let parts = match errand.channel {
        Channel::Mail(_) => vec![Part::Letter],
        Channel::Webhook(_) => vec![Part::Post],
        Channel::Telegram(_) | Channel::Max(_) => std::iter::once(Part::Text).chain(files()).collect(),
    };
    Ok(Message { subject: subject(errand, package, &new), letter, new, package: Arc::clone(package), parts })
}

/// The subject: what is new, the title, the rows, the period, the company. One line, whatever names are in it.
fn subject(errand: &Errand<'_>, package: &Package, new: &[String]) -> String {
    let doc = &package.document;
    let numbers = Numbers { lang: doc.lang, currency: &doc.currency };
    let days = match errand.from == errand.to {
        true => numbers.date(errand.to),
        false => format!("{}–{}", numbers.date(errand.from), numbers.date(errand.to)),
    };
    let rows = errand.recipient.only.iter().map(|(_, value)| value.clone());
    let usual: Vec<String> =
        std::iter::once(doc.title.clone()).chain(rows).chain([days, doc.company.clone()]).collect();
    let usual = usual.join(" · ");
    let told = match new {
        [] => usual,
        [first, rest @ ..] => {
            let more = if rest.is_empty() { String::new() } else { format!(" (+{})", rest.len()) };
            format!(
                "{}: {}{more} · {usual}",
                doc.lang.pick("Новое вне нормы", "New off target"),
                cut(first, SUBJECT / 2)
            )
        }
    };
    cut(&one_line(&told), SUBJECT)
}

/// A text on one line, without what no eye sees: it can neither end a header nor hide in one.
pub(super) fn one_line(text: &str) -> String {
    let seen: String = text.chars().filter(|sign| !is_unseen(*sign)).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_no_header_and_hides_nothing() {
        assert_eq!(one_line("a\r\nBcc: x@y.z\u{202e}\u{0}b\u{2028}c"), "a Bcc: x@y.zb c");
        assert_eq!(cut("абвг", 3), "абв…");
        assert_eq!(cut("абв", 3), "абв");
    }
}
