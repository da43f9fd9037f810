//! What became of each delivery.

use std::path::PathBuf;

use crate::model::lang::{Lang, Text, both};

/// What became of one delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The report.
    pub report: String,
    /// The recipient's name.
    pub recipient: String,
    /// The channel and the address.
    pub channel: &'static str,
    /// The address, without secrets.
    pub address: String,
    /// What became of it.
    pub state: State,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It was accepted now.
    Sent,
    /// It was accepted in an earlier run.
    Already,
    /// Nothing is red that was not in what was last sent: it is not sent.
    NothingNew,
    /// It was not accepted now; the next run tries again.
    Failed(Text),
    /// It was refused, or cannot be made.
    Refused(Text),
    /// It may have been accepted, and is not sent again.
    Unknown(Text),
    /// It was accepted, and the log does not say so.
    Unlogged(Text),
    /// It was not sent, but written into files.
    Written(Vec<PathBuf>),
}

impl Told {
    /// Whether somebody has to look at it.
    pub fn is_trouble(&self) -> bool {
        matches!(self.state, State::Failed(_) | State::Refused(_) | State::Unknown(_) | State::Unlogged(_))
    }

    /// One line: whose, which report, by which channel, and what became of it.
    pub fn text(&self, lang: Lang) -> String {
        let Told { report, recipient, channel, address, state } = self;
        let state = match state {
            State::Sent => Text::new("отправлено", "sent"),
            State::Already => Text::new("уже отправлено раньше", "was sent before"),
            State::NothingNew => {
                Text::new("нового вне нормы нет, не отправлено", "nothing new is off target, not sent")
            }
            State::Failed(why) => {
                Text::new("не отправлено, следующий запуск попробует снова: ", "not sent, the next run tries again: ")
                    .and(why.clone())
            }
            State::Refused(why) => Text::new("не отправлено: ", "not sent: ").and(why.clone()),
            State::Unknown(why) => Text::new("неизвестно, дошло ли: ", "nobody knows whether it arrived: ")
                .and(why.clone())
                .and(Text::new(
                    ". Само второй раз не отправится. Спросите получателя; отправить ещё раз: --resend-unknown",
                    ". It is not sent again by itself. Ask the recipient; to send it again: --resend-unknown",
                )),
            State::Unlogged(why) => {
                Text::new("отправлено, но в журнал не записано: ", "sent, but the log could not be written: ")
                    .and(why.clone())
            }
            State::Written(files) => both!("записано файлов: {0}", "files written: {0}", files.len()),
        };
        format!("{recipient}: {report}, {channel} {address}: {}", state.get(lang))
    }
}
